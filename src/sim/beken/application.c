/* What runs when nobody linked: the text of the boot loader, then an application that understands
 * the ways in which running firmware can be asked to restart. */
#include "sim/beken/beken.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>

/* Lines of the application on UART2, with the time since its start. */
static const struct {
    uint32_t at_ms;
    const char *text;
} script[] = {
    {5, "application start\r\n"},
    {40, "flash, clocks and settings ready\r\n"},
    {450, "Wi-Fi init succ\r\n"},
    {1200, "application running\r\n"},
};
enum { SCRIPT_LINES = sizeof script / sizeof script[0] };

static bool blank(const struct rk_sim *sim, uint32_t addr, uint32_t len)
{
    const uint8_t *cells = rk_nor_cells(sim->nor);

    if (addr + len > rk_nor_size(sim->nor))
        return true;
    return rk_bytes_all(cells + addr, len, 0xFF) || rk_bytes_all(cells + addr, len, 0x00);
}

/* Is there something that the ROM or the loader can start? A ROM chip without it stays in the ROM;
 * a flash loader always goes on, into whatever is there. */
bool beken_boots(const struct rk_sim *sim)
{
    return beken_of(sim)->model->family == BEKEN_LOADER ||
           (!sim->faults.dead_flash && !blank(sim, 0, 4096));
}

static void banner(struct rk_sim *sim)
{
    const struct beken *beken = beken_of(sim);

    for (const char *const *line = beken->loader->banner; *line; line++) {
        char text[160];
        rk_text_format(text, sizeof text, "%s", *line);
        if (strncmp(*line, "ST:", 3) == 0)
            rk_text_append(text, sizeof text, "%08X", (unsigned)beken->start_type);
        rk_text_append(text, sizeof text, "%s", beken->loader->line_end);
        rk_sim_print(sim, beken->loader->banner_uart, sim->now_ns, text);
    }
}

void beken_application_start(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);

    beken->phase = BEKEN_APPLICATION;
    beken->line_len = 0;
    beken->script = 0;
    memset(beken->recent, 0, sizeof beken->recent);
    beken->script_ns = RK_SIM_NEVER;
    if (sim->script.scenario) {
        rk_script_begin(sim);
        return;
    }
    banner(sim);
    beken->script_ns = blank(sim, BEKEN_BOOT_AREA, 4096)
                           ? RK_SIM_NEVER
                           : sim->now_ns + script[0].at_ms * (uint64_t)RK_SIM_MS;
}

void beken_application_line(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    uint32_t now_ms = script[beken->script].at_ms;

    rk_sim_print(sim, RK_SIM_UART2, sim->now_ns, script[beken->script].text);
    beken->script++;
    beken->script_ns =
        beken->script == SCRIPT_LINES
            ? RK_SIM_NEVER
            : sim->now_ns + (script[beken->script].at_ms - now_ms) * (uint64_t)RK_SIM_MS;
}

static bool ends_with(const struct beken *beken, const uint8_t *bytes, size_t len)
{
    return memcmp(beken->recent + sizeof beken->recent - len, bytes, len) == 0;
}

static void remember(struct beken *beken, uint8_t byte)
{
    memmove(beken->recent, beken->recent + 1, sizeof beken->recent - 1);
    beken->recent[sizeof beken->recent - 1] = byte;
}

static bool is_link_check(const struct beken *beken)
{
    static const uint8_t link[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};
    static const uint8_t link_bl2[] = {0x01, 0xE0, 0xFC, 0x01, 0x02};
    static const uint8_t stay[] = {0x01, 0xE0, 0xFC, 0x02, 0xAA, 0x55};

    return ends_with(beken, link, sizeof link) || ends_with(beken, link_bl2, sizeof link_bl2) ||
           ends_with(beken, stay, sizeof stay);
}

/* A client's link check reaches a running application: somebody wants to talk to the loader. As a
 * pty has no reset line, the module then restarts, as if its user had power-cycled it. Where it
 * cannot even hear (another rate, or hanging), it takes as many checks as only a client sends that
 * is looking for a module, not one that tries to get back in step. */
void beken_missed(struct rk_sim *sim, uint8_t byte)
{
    struct beken *beken = beken_of(sim);

    remember(beken, byte);
    if (sim->options.manual_reset || !is_link_check(beken) ||
        ++beken->missed_links < BEKEN_PATIENCE)
        return;
    beken->missed_links = 0;
    rk_sim_restart(sim, RK_SIM_USER);
}

void beken_application_byte(struct rk_sim *sim, uint8_t byte)
{
    static const uint8_t reset[] = {0x01, 0xE0, 0xFC, 0x05, 0xFE, 0x95, 0x27, 0x95, 0x27};
    struct beken *beken = beken_of(sim);
    bool runs = !blank(sim, BEKEN_BOOT_AREA, 4096);

    remember(beken, byte);
    if (!sim->options.manual_reset && is_link_check(beken)) {
        rk_sim_restart(sim, RK_SIM_USER);
        return;
    }
    if (runs && ends_with(beken, reset, sizeof reset)) {
        beken_restart_later(sim, RK_SIM_COMMAND);
        return;
    }
    if (byte != '\r' && byte != '\n') {
        if (beken->line_len < sizeof beken->line)
            beken->line[beken->line_len++] = (char)byte;
        return;
    }
    if (runs && beken->line_len == 6 && memcmp(beken->line, "reboot", 6) == 0)
        beken_restart_later(sim, RK_SIM_COMMAND);
    beken->line_len = 0;
}
