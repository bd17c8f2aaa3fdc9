#include "sim/scenario.h"

#include "base/text.h"
#include "sim/machine.h"

#include <stdlib.h>
#include <string.h>

#define LOG_BAUD   115044u /* 26 MHz over its divider: what "115200" really is */
#define TEXT_MAX   512u
#define RAM_CODE   0x003F0FB4u /* link register of a core that took interrupts before it restarted */
#define FAST_CODE  0x00E862ACu
#define WORD_CRASH 0x0001AD00u

const struct rk_scenario *rk_scenario_find(const char *id)
{
    for (size_t i = 0; i < rk_scenario_count; i++)
        if (strcmp(rk_scenarios[i].id, id) == 0)
            return &rk_scenarios[i];
    return NULL;
}

bool rk_scenario_fits(const struct rk_scenario *scenario, const char *model)
{
    size_t len = strlen(model);

    for (const char *at = scenario->models; *at;) {
        size_t word = strcspn(at, " ");
        if (word == len && memcmp(at, model, len) == 0)
            return true;
        at += word + (at[word] == ' ');
    }
    return false;
}

/* Flip-flops that nothing has set wake up nearly the same at each power-up of one chip. */
static void wake_up(struct rk_script *script)
{
    static const uint32_t pattern[2] = {0xA0147AE6u, 0x6717D990u};

    for (int i = 0; i < 2; i++) {
        script->link_words[i] = pattern[i] ^ 1u << rk_rng_below(&script->rng, 20);
        script->link_words[i] ^= 1u << rk_rng_below(&script->rng, 20);
    }
}

void rk_script_restarted(struct rk_sim *sim, uint32_t word)
{
    struct rk_script *script = &sim->script;

    script->running = false;
    script->next_ns = RK_SIM_NEVER;
    script->word = word;
    if (!script->scenario)
        return;
    if (word == 0) {
        wake_up(script);
    } else {
        script->link_words[0] = RAM_CODE;
        script->link_words[1] = FAST_CODE;
    }
}

static void schedule(struct rk_sim *sim)
{
    struct rk_script *script = &sim->script;
    uint64_t base = sim->tx[script->uart].free_ns;

    if (script->step >= script->scenario->step_count) {
        script->next_ns = sim->options.chatter ? base : RK_SIM_NEVER;
        return;
    }
    if (base < sim->now_ns || sim->options.ideal)
        base = sim->now_ns;
    script->next_ns = base + script->scenario->steps[script->step].wait_ms * (uint64_t)RK_SIM_MS;
}

void rk_script_begin(struct rk_sim *sim)
{
    struct rk_script *script = &sim->script;

    if (!script->scenario)
        return;
    script->running = true;
    script->starts++;
    script->step = 0;
    script->uart = RK_SIM_UART2;
    script->baud = LOG_BAUD;
    schedule(sim);
}

/* ---- text ---- */

static const char *reason_name(uint32_t word)
{
    return word == 0            ? "BL_RST_POWER_OFF"
           : word == 0x77646F67 ? "BL_RST_SOFTWARE_WATCHDOG"
                                : "BL_RST_SOFTWARE";
}

/* The application's own code for the retention word, as the BK7231N SDK decodes it. */
static unsigned start_code(uint32_t word)
{
    if ((word & 0xFFFFFF00u) == WORD_CRASH)
        return (word & 0xFF) == 5 ? 5 : 5 + (word & 0xFF);
    return word == 0 ? 0 : word == 0x00010001 ? 1 : word == 0x00010002 ? 2 : 0xB;
}

static void put_field(const struct rk_script *script, const char *name, char *out, size_t cap)
{
    if (strcmp(name, "st") == 0)
        rk_text_format(out, cap, "%08X", (unsigned)script->word);
    else if (strcmp(name, "start") == 0)
        rk_text_format(out, cap, "%x %x", start_code(script->word), (unsigned)script->word);
    else if (strcmp(name, "irq") == 0)
        rk_text_format(out, cap, "%08x", (unsigned)script->link_words[0]);
    else if (strcmp(name, "fiq") == 0)
        rk_text_format(out, cap, "%08x", (unsigned)script->link_words[1]);
    else if (strcmp(name, "reason") == 0)
        rk_text_copy(out, cap, reason_name(script->word));
    else
        rk_text_format(out, cap, "%u", (unsigned)(script->starts + 20));
}

/* Fills the fields {name} of a text; returns its length. */
static size_t fill(const struct rk_script *script, const struct rk_step *step, char out[TEXT_MAX])
{
    size_t used = 0;

    for (size_t i = 0; i < step->len && used < TEXT_MAX; i++) {
        const char *at = step->text + i;
        const char *end = *at == '{' ? memchr(at, '}', step->len - i) : NULL;
        char name[16], value[40] = "";
        if (!end || end - at > 10) {
            out[used++] = *at;
            continue;
        }
        rk_text_format(name, sizeof name, "%.*s", (int)(end - at - 1), at + 1);
        put_field(script, name, value, sizeof value);
        for (const char *p = value; *p && used < TEXT_MAX; p++)
            out[used++] = *p;
        i += (size_t)(end - at);
    }
    return used;
}

static void print(struct rk_sim *sim, const struct rk_step *step)
{
    struct rk_script *script = &sim->script;
    char text[TEXT_MAX];
    size_t len = fill(script, step, text);

    rk_wire_put(&sim->tx[script->uart], sim->now_ns, script->baud, !sim->options.ideal,
                (const uint8_t *)text, len);
}

/* Numbered lines without a pause, so that it shows when one is missing. */
static void chat(struct rk_sim *sim)
{
    struct rk_script *script = &sim->script;
    char line[72];

    for (int i = 0; i < 16; i++) {
        rk_text_format(line, sizeof line,
                       "%010u abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXY\r\n",
                       (unsigned)script->chatted++);
        rk_wire_put(&sim->tx[script->uart], sim->now_ns, sim->options.chatter, !sim->options.ideal,
                    (const uint8_t *)line, strlen(line));
    }
    schedule(sim);
}

/* ---- steps ---- */

/* The transmit lines fall when the supply does: a break, one byte 00 for a receiver. */
static void drop_line(struct rk_sim *sim)
{
    static const uint8_t zero = 0;

    rk_wire_put(&sim->tx[RK_SIM_UART1], sim->now_ns, LOG_BAUD, !sim->options.ideal, &zero, 1);
}

static void power_lost(struct rk_sim *sim, uint32_t off_ms)
{
    if (off_ms == 0) {
        rk_sim_restart(sim, RK_SIM_POWER);
        drop_line(sim);
        return;
    }
    sim->power = RK_SIM_HELD;
    rk_wire_cut(&sim->tx[RK_SIM_UART1], sim->now_ns);
    rk_wire_cut(&sim->tx[RK_SIM_UART2], sim->now_ns);
    drop_line(sim);
    sim->script.running = false;
    sim->script.next_ns = sim->now_ns + off_ms * (uint64_t)RK_SIM_MS;
}

void rk_script_step(struct rk_sim *sim)
{
    struct rk_script *script = &sim->script;

    if (!script->running) { /* the power comes back */
        rk_sim_restart(sim, RK_SIM_POWER);
        return;
    }
    if (script->step >= script->scenario->step_count) {
        chat(sim);
        return;
    }
    const struct rk_step *step = &script->scenario->steps[script->step++];
    switch ((enum rk_step_kind)step->kind) {
    case RK_STEP_TEXT:
        print(sim, step);
        break;
    case RK_STEP_RESET:
        if (step->value == 0) {
            power_lost(sim, 0);
            return;
        }
        rk_sim_restart(sim, RK_SIM_WATCHDOG);
        rk_script_restarted(sim, step->value);
        return;
    case RK_STEP_OFF:
        power_lost(sim, step->value);
        return;
    case RK_STEP_UART:
        script->uart = step->value == 1 ? RK_SIM_UART1 : RK_SIM_UART2;
        break;
    case RK_STEP_BAUD:
        script->baud = step->value;
        break;
    case RK_STEP_ERASE:
        rk_nor_write_enable(sim->nor, sim->now_ns);
        (void)rk_nor_erase(sim->nor, sim->now_ns, step->value, 4096);
        break;
    case RK_STEP_END:
        break;
    }
    schedule(sim);
}
