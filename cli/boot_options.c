#include "boot_options.h"

#include "base/text.h"
#include "store/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ROM_MAX (1u << 20)

static enum rk_status bad_value(struct rk_error *err, const char *what, const char *text,
                                const char *hint)
{
    rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is no %s", text, what);
    rk_error_hint(err, "%s", hint);
    return RK_ERR_ARG;
}

static enum rk_status parse_key(const char *text, struct rk_boot_request *q, struct rk_error *err)
{
    static const uint32_t tuya[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};
    char *end = NULL;

    if (!text)
        return RK_OK;
    q->have_key = true;
    if (strcmp(text, "zero") == 0)
        return RK_OK;
    if (strcmp(text, "tuya") == 0) {
        memcpy(q->key, tuya, sizeof tuya);
        return RK_OK;
    }
    const char *at = text;
    for (unsigned i = 0; i < 4; i++, at = end) {
        while (*at == ' ' || *at == ',' || *at == ':')
            at++;
        unsigned long word = strtoul(at, &end, 16);
        if (end == at || end - at > 10)
            return bad_value(err, "key", text, "zero, tuya, or four words: 510fb093,a3cbeadc,..");
        q->key[i] = (uint32_t)word;
    }
    return *at ? bad_value(err, "key", text, "four words are enough") : RK_OK;
}

enum { PINS = 64, CEN = PINS };

/* What a level is given for; *at goes behind it. More than CEN: nothing that is a pin. */
static unsigned long read_pin(const char **at)
{
    char *end = NULL;

    if (strncmp(*at, "cen=", 4) == 0) {
        *at += 3;
        return CEN;
    }
    unsigned long pin = strtoul(*at, &end, 10);
    if (end == *at || pin >= PINS)
        return ULONG_MAX;
    *at = end;
    return pin;
}

static enum rk_status parse_pins(const char *text, struct rk_boot_request *q, struct rk_error *err)
{
    const char *at = text;

    while (at && *at) {
        unsigned long pin = read_pin(&at);
        if (pin > CEN || *at != '=' || (at[1] != '0' && at[1] != '1') ||
            (at[2] != ',' && at[2] != '\0'))
            return bad_value(err, "list of pin levels", text,
                             "21=0,8=1 or cen=0 for example, with the numbers of GPIOs");
        if (pin == CEN)
            q->held = at[1] == '0';
        else
            *(at[1] == '1' ? &q->pins_high : &q->pins_low) |= (uint64_t)1 << pin;
        at += at[2] ? 3 : 2;
    }
    return RK_OK;
}

static enum rk_status parse_supply(const char *text, struct rk_boot_request *q,
                                   struct rk_error *err)
{
    static const char *const names[] = {"boot", "app", "radio", "wifi"};
    char *end = NULL;

    if (!text)
        return RK_OK;
    double volts = strtod(text, &end);
    for (size_t i = 0; end != text && *end && i < sizeof names / sizeof names[0]; i++) {
        const char *at = strchr(text, '@');
        if (at && strcmp(at + 1, names[i]) == 0 && (end == at || (*end == 'V' && end + 1 == at))) {
            q->supply_phase = volts < 2.9 ? names[i] : NULL;
            return RK_OK;
        }
    }
    return bad_value(err, "supply", text, "2.7V@radio for example; also boot, app, wifi");
}

static enum rk_status parse_seconds(const char *text, struct rk_boot_request *q,
                                    struct rk_error *err)
{
    char *end = NULL;
    double seconds = text ? strtod(text, &end) : 0;

    if (text && (end == text || *end || !(seconds > 0) || seconds > 86400))
        return bad_value(err, "number of seconds", text, "0.001 to 86400");
    q->time_ns = (uint64_t)(seconds * 1e9);
    return RK_OK;
}

static enum rk_status parse_number(struct cli *cli, const char *name, uint64_t *out)
{
    const char *text = option_value(&cli->in, name);
    uint32_t value = 0;
    enum rk_status st = text ? rk_parse_u32(text, &value, &cli->err) : RK_OK;

    *out = value;
    return st;
}

enum rk_status boot_options_read(struct cli *cli, struct rk_boot_request *q,
                                 struct boot_files *files)
{
    const struct invocation *in = &cli->in;
    const char *path = option_value(in, "efuse"), *rom = option_value(in, "rom");
    uint64_t restarts = 0;
    size_t len = 0;
    enum rk_status st = parse_key(option_value(in, "key"), q, &cli->err);

    if (st == RK_OK)
        st = parse_pins(option_value(in, "pins"), q, &cli->err);
    if (st == RK_OK)
        st = parse_supply(option_value(in, "supply"), q, &cli->err);
    if (st == RK_OK)
        st = parse_seconds(option_value(in, "seconds"), q, &cli->err);
    if (st == RK_OK)
        st = parse_number(cli, "max-instructions", &q->instruction_limit);
    if (st == RK_OK)
        st = parse_number(cli, "restarts", &restarts);
    if (st == RK_OK && path)
        st = rk_file_read(path, 4096, &files->efuse, &len, &cli->err);
    if (st == RK_OK && path && len != 32 && len != 128)
        st = bad_value(&cli->err, "efuse file", path, "32 bytes of a Beken chip, 128 of a BL602");
    if (st == RK_OK && rom)
        st = rk_file_read(rom, ROM_MAX, &files->rom, &q->rom_len, &cli->err);
    q->restarts = (uint32_t)restarts;
    q->efuse = files->efuse;
    q->efuse_len = len;
    q->rom = files->rom;
    q->until = option_value(in, "until");
    q->stay = option_on(in, "stay");
    q->chip = cli->settings.chip;
    return st;
}
