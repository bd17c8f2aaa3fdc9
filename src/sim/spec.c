/* The text form of a virtual module: "bk7231n,flash=dump.bin,drop=100". */
#include <rekindle/sim.h>

#include "base/text.h"
#include "sim/scenario.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_FLASH (64u << 20)
#define ITEM_MAX      1100
#define ROM_MAX       (1u << 20)

/* How a value is written. */
enum kind {
    NUMBER,      /* 32 bits, decimal or 0x hexadecimal, K and M */
    SEED,        /* 64 bits */
    PROBABILITY, /* per million, or with % */
    SWITCH
};

#define OPTION(member) offsetof(struct rk_sim_options, member)
#define FAULT(member)                                                                              \
    (offsetof(struct rk_sim_options, faults) + offsetof(struct rk_sim_faults, member))

/* clang-format off */
static const struct rk_sim_key public_keys[] = {
    {"flash", "FILE", "content of the flash, e.g. a backup"},
    {"save", NULL, "write the flash back to that file"},
    {"emulate", NULL, "execute the boot loader and the firmware in the flash, instead of imitating them"},
    {"rom", "FILE", "with emulate: mask ROM of a BL602, 128 KiB; else its functions are replaced"},
    {"loader", "VERSION", "boot loader build, e.g. 1.0.6 for bk7231t"},
    {"size", "BYTES", "flash size, e.g. 4M"},
    {"jedec", "ID", "flash part, e.g. 0x1560EB (size, type, manufacturer)"},
    {"erase-ms", "MS", "time to erase 64 KiB of the flash (250)"},
    {"page-us", "US", "time to program a page of it (700)"},
    {"sr", "VALUE", "initial status registers SR1 | SR2 << 8, e.g. 0x427C"},
    {"key", "tuya|zero|W:W:W:W", "key words in the efuse"},
    {"turnaround", "US", "time between a command and its answer, in microseconds"},
    {"crc-rate", "BYTES", "bytes per second of the chip's CRC command"},
    {"reset", "auto|manual", "manual: a client's link check does not restart the module"},
    {"ideal", NULL, "no pacing and no flash time"},
    {"seed", "N", "seed of everything random"},
    {"drop", "PPM", "bytes lost, per million (or 0.1%)"},
    {"add", "PPM", "bytes added, per million"},
    {"flip", "PPM", "bytes with a flipped bit, per million"},
    {"noise", "PPM", "chance of a burst of noise on an idle line, per second"},
    {"silent", "PPM", "commands not answered, per million"},
    {"late", "PPM", "commands answered 0.2 to 1.5 s late, per million"},
    {"status", "PPM", "erases and writes answered with an error, per million (ROM chips)"},
    {"slow", "US", "latency of the adapter for each slice, in microseconds"},
    {"vanish", "N", "the adapter disappears at the n-th command"},
    {"power-cut", "N", "the power fails at the n-th command, in the middle of an erase or write"},
    {"max-baud", "BAUD", "above this rate bytes get lost"},
    {"locked", NULL, "the flash stays write-protected"},
    {"dead-flash", NULL, "the flash does not answer"},
    {"weak-sector", "ADDR", "this sector does not take every bit"},
    {"stale-links", "N", "further answers to each link check"},
    {"readreg-plus-one", NULL, "ReadReg echoes the address plus one, as one ROM does"},
    {"mid-short", NULL, "the flash id answer counts one byte too few, as one ROM does"},
    {"crc-exclusive", NULL, "the CRC command ends before its end address"},
    {"crc-zero", NULL, "the CRC command always answers 0"},
    {"ignore-writes", NULL, "erases and writes are acknowledged and change nothing"},
    {"refuse-reads", NULL, "reads are refused with status 6"},
    {"scenario", "ID", "the module fails in a known way; `rekindle sim --scenario help` lists them"},
    {"wire", "STATE", "ok, rx-open, tx-open, swapped, short, low, uart2, loop or none"},
    {"chatter", "BAUD", "with a scenario: numbered lines without end behind its text"},
    {"unheard", NULL, "nobody listens to UART2"},
    {"boot-low", NULL, "BL602: the boot pin GPIO8 is low at reset, the flash starts"},
};

static const struct {
    const char *name;
    enum kind kind;
    size_t offset;
} fields[] = {
    {"size", NUMBER, OPTION(flash_size)},
    {"jedec", NUMBER, OPTION(jedec)},
    {"sr", NUMBER, OPTION(status)},
    {"erase-ms", NUMBER, OPTION(erase_ms)},
    {"page-us", NUMBER, OPTION(page_us)},
    {"turnaround", NUMBER, OPTION(turnaround_us)},
    {"crc-rate", NUMBER, OPTION(crc_bytes_per_second)},
    {"ideal", SWITCH, OPTION(ideal)},
    {"seed", SEED, FAULT(seed)},
    {"drop", PROBABILITY, FAULT(drop_ppm)},
    {"add", PROBABILITY, FAULT(add_ppm)},
    {"flip", PROBABILITY, FAULT(flip_ppm)},
    {"noise", PROBABILITY, FAULT(noise_ppm)},
    {"silent", PROBABILITY, FAULT(silent_ppm)},
    {"late", PROBABILITY, FAULT(late_ppm)},
    {"status", PROBABILITY, FAULT(status_ppm)},
    {"slow", NUMBER, FAULT(slow_us)},
    {"vanish", NUMBER, FAULT(vanish_at)},
    {"power-cut", NUMBER, FAULT(power_cut_at)},
    {"max-baud", NUMBER, FAULT(max_baud)},
    {"locked", SWITCH, FAULT(locked)},
    {"dead-flash", SWITCH, FAULT(dead_flash)},
    {"weak-sector", NUMBER, FAULT(weak_sector)},
    {"stale-links", NUMBER, OPTION(stale_links)},
    {"readreg-plus-one", SWITCH, OPTION(readreg_plus_one)},
    {"mid-short", SWITCH, OPTION(mid_short)},
    {"crc-exclusive", SWITCH, OPTION(crc_exclusive)},
    {"crc-zero", SWITCH, FAULT(crc_zero)},
    {"ignore-writes", SWITCH, FAULT(ignore_writes)},
    {"refuse-reads", SWITCH, FAULT(refuse_reads)},
    {"chatter", NUMBER, OPTION(chatter)},
    {"unheard", SWITCH, OPTION(log_off)},
    {"boot-low", SWITCH, OPTION(boot_low)},
    {"emulate", SWITCH, OPTION(emulate)},
};
/* clang-format on */

const struct rk_sim_key *rk_sim_keys(size_t *count)
{
    *count = sizeof public_keys / sizeof public_keys[0];
    return public_keys;
}

static const struct rk_sim_key *find_key(const char *name)
{
    for (size_t i = 0; i < sizeof public_keys / sizeof public_keys[0]; i++)
        if (strcmp(public_keys[i].name, name) == 0)
            return &public_keys[i];
    return NULL;
}

static enum rk_status bad_value(struct rk_error *err, const char *name, const char *value,
                                const char *expected)
{
    rk_fail(err, RK_ERR_ARG, "sim.value", "\"%s\" is no value for %s of a virtual module", value,
            name);
    rk_error_hint(err, "expected: %s", expected);
    return RK_ERR_ARG;
}

/* "250" per million, or "0.025%": up to four decimals. */
static enum rk_status parse_probability(const char *name, const char *text, uint32_t *out,
                                        struct rk_error *err)
{
    size_t len = strlen(text);
    char digits[16];
    unsigned scale = 10000, point = 0;
    uint64_t value = 0;

    if (len == 0 || len >= sizeof digits || text[len - 1] != '%') {
        if (rk_parse_u64(text, 1000000, &value, NULL) != RK_OK)
            return bad_value(err, name, text, "a number per million (100), or percent (0.01%)");
        *out = (uint32_t)value;
        return RK_OK;
    }
    for (size_t i = 0; i < len - 1; i++) {
        bool is_point = text[i] == '.' && !point;
        if (!is_point && (text[i] < '0' || text[i] > '9' || scale == 0))
            return bad_value(err, name, text, "a number per million (100), or percent (0.01%)");
        if (is_point) {
            point = 1;
            continue;
        }
        value = point ? value + (uint64_t)(text[i] - '0') * (scale /= 10)
                      : value * 10 + (uint64_t)(text[i] - '0') * scale;
    }
    if (value > 1000000 || len < 2)
        return bad_value(err, name, text, "0% to 100%");
    *out = (uint32_t)value;
    return RK_OK;
}

static enum rk_status parse_key_words(const char *text, struct rk_sim_options *opt,
                                      struct rk_error *err)
{
    static const uint32_t tuya[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};
    const char *p = text;
    uint32_t words[4] = {0};

    if (strcmp(text, "tuya") == 0) {
        memcpy(words, tuya, sizeof words);
    } else if (strcmp(text, "zero") != 0) {
        for (int i = 0; i < 4; i++) {
            size_t digits = strspn(p, "0123456789abcdefABCDEF");
            if (digits == 0 || digits > 8 || p[digits] != (i < 3 ? ':' : '\0'))
                return bad_value(err, "key", text, "tuya, zero, or four hexadecimal words W:W:W:W");
            words[i] = (uint32_t)strtoul(p, NULL, 16);
            p += digits + 1;
        }
    }
    memcpy(opt->key, words, sizeof words);
    opt->have_key = true;
    return RK_OK;
}

static enum rk_status set_wiring(struct rk_sim_options *opt, const char *value,
                                 struct rk_error *err)
{
    static const char *const names[] = {
        [RK_SIM_WIRED] = "ok",         [RK_SIM_WIRE_RX] = "rx-open",
        [RK_SIM_WIRE_TX] = "tx-open",  [RK_SIM_WIRE_CROSS] = "swapped",
        [RK_SIM_WIRE_SHORT] = "short", [RK_SIM_WIRE_LOW] = "low",
        [RK_SIM_WIRE_UART2] = "uart2", [RK_SIM_WIRE_LOOP] = "loop",
        [RK_SIM_WIRE_NONE] = "none",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            opt->wiring = (enum rk_sim_wiring)i;
            return RK_OK;
        }
    return bad_value(err, "wire", value, find_key("wire")->help);
}

static enum rk_status parse_item(struct rk_sim_spec *spec, char *item, struct rk_error *err);

/* The settings of a scenario, then what the user says behind it. */
static enum rk_status set_scenario(struct rk_sim_spec *spec, const char *id, struct rk_error *err)
{
    const struct rk_scenario *scenario = rk_scenario_find(id);
    enum rk_status st = RK_OK;
    char item[64];

    rk_text_copy(spec->scenario, sizeof spec->scenario, id);
    spec->options.scenario = spec->scenario;
    if (!scenario)
        return RK_OK; /* rk_sim_new() says so */
    for (const char *at = scenario->settings; *at && st == RK_OK; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        rk_text_format(item, sizeof item, "%.*s", (int)len, at);
        st = parse_item(spec, item, err);
        at += len;
    }
    return st;
}

static enum rk_status set_special(struct rk_sim_spec *spec, const char *name, const char *value,
                                  struct rk_error *err)
{
    if (strcmp(name, "flash") == 0) {
        rk_text_copy(spec->flash_path, sizeof spec->flash_path, value);
    } else if (strcmp(name, "rom") == 0) {
        free(spec->rom);
        spec->rom = NULL;
        enum rk_status st = rk_file_read(value, ROM_MAX, &spec->rom, &spec->options.rom_len, err);
        spec->options.rom = spec->rom;
        return st;
    } else if (strcmp(name, "save") == 0) {
        spec->save = true;
    } else if (strcmp(name, "loader") == 0) {
        rk_text_copy(spec->loader, sizeof spec->loader, value);
        spec->options.loader = spec->loader;
    } else if (strcmp(name, "key") == 0) {
        return parse_key_words(value, &spec->options, err);
    } else if (strcmp(name, "reset") == 0) {
        if (strcmp(value, "auto") != 0 && strcmp(value, "manual") != 0)
            return bad_value(err, name, value, "auto or manual");
        spec->options.manual_reset = strcmp(value, "manual") == 0;
    } else if (strcmp(name, "scenario") == 0) {
        return set_scenario(spec, value, err);
    } else if (strcmp(name, "wire") == 0) {
        return set_wiring(&spec->options, value, err);
    }
    return RK_OK;
}

static enum rk_status set_value(struct rk_sim_spec *spec, const struct rk_sim_key *key,
                                const char *value, struct rk_error *err)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        void *at = (char *)&spec->options + fields[i].offset;
        if (strcmp(fields[i].name, key->name) != 0)
            continue;
        switch (fields[i].kind) {
        case SWITCH:
            *(bool *)at = true;
            return RK_OK;
        case PROBABILITY:
            return parse_probability(key->name, value, at, err);
        case SEED:
            return rk_parse_u64(value, UINT64_MAX, at, err);
        case NUMBER:
            return rk_parse_u32(value, at, err);
        }
    }
    return set_special(spec, key->name, value, err);
}

static enum rk_status parse_item(struct rk_sim_spec *spec, char *item, struct rk_error *err)
{
    char *value = strchr(item, '=');

    if (value)
        *value++ = '\0';
    const struct rk_sim_key *key = find_key(item);
    if (!key) {
        rk_fail(err, RK_ERR_ARG, "sim.key", "a virtual module has no setting \"%s\"", item);
        const char *near =
            rk_text_nearest(item, &public_keys[0].name, sizeof public_keys / sizeof public_keys[0],
                            sizeof public_keys[0]);
        if (near)
            rk_error_hint(err, "did you mean \"%s\"?", near);
        else
            rk_error_hint(err, "`rekindle help sim` lists them");
        return RK_ERR_ARG;
    }
    if (!key->argument && value)
        return bad_value(err, key->name, value, "nothing: it is a switch");
    if (key->argument && (!value || !*value))
        return bad_value(err, key->name, value ? value : "", key->argument);
    return set_value(spec, key, value ? value : "", err);
}

/* Copies the text up to the next unescaped comma; returns what follows, NULL at the end. */
static const char *next_item(const char *text, char *item, size_t cap, bool *fits)
{
    size_t used = 0;

    *fits = true;
    for (; *text && *text != ','; text++) {
        if (text[0] == '\\' && text[1] == ',')
            text++;
        if (used + 1 < cap)
            item[used++] = *text;
        else
            *fits = false;
    }
    item[used] = '\0';
    return *text == ',' ? text + 1 : NULL;
}

static enum rk_status load_flash(struct rk_sim_spec *spec, struct rk_error *err)
{
    if (!spec->flash_path[0]) {
        if (spec->save)
            return bad_value(err, "save", "", "flash=FILE beside it");
        return RK_OK;
    }
    if (spec->save && !rk_file_exists(spec->flash_path))
        return RK_OK;
    enum rk_status st =
        rk_file_read(spec->flash_path, LARGEST_FLASH, &spec->flash, &spec->options.flash_len, err);
    if (st == RK_OK)
        spec->options.flash = spec->flash;
    return st;
}

enum rk_status rk_sim_spec_parse(const char *text, struct rk_sim_spec *out, struct rk_error *err)
{
    char item[ITEM_MAX];
    bool fits;
    enum rk_status st = RK_OK;

    memset(out, 0, sizeof *out);
    out->options.size = sizeof out->options;
    const char *rest = next_item(text, item, sizeof item, &fits);
    if (!fits || strlen(item) >= sizeof out->model)
        return rk_fail(err, RK_ERR_ARG, "sim.model", "there is no virtual module \"%.40s\"", item);
    rk_text_copy(out->model, sizeof out->model, item);
    out->options.model = out->model;
    while (rest && st == RK_OK) {
        rest = next_item(rest, item, sizeof item, &fits);
        if (!fits)
            st = rk_fail(err, RK_ERR_ARG, "sim.value", "a setting of more than %d characters",
                         ITEM_MAX);
        else
            st = parse_item(out, item, err);
    }
    if (st == RK_OK)
        st = load_flash(out, err);
    if (st != RK_OK)
        rk_sim_spec_free(out);
    return st;
}

void rk_sim_spec_free(struct rk_sim_spec *spec)
{
    free(spec->flash);
    free(spec->rom);
    spec->flash = spec->rom = NULL;
    spec->options.rom = NULL;
    spec->options.rom_len = 0;
    spec->options.flash = NULL;
    spec->options.flash_len = 0;
}
