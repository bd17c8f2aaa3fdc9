/* A virtual module that other programs can connect to. */
#include "cli.h"
#include "sim_port.h"

#include <stdlib.h>
#include <string.h>

/* The options between here and the faces are the keys of a module's specification, by name. */
/* clang-format off */
static const struct option options[] = {
    {"pty", 0, OPTION_FILE, "LINK", "offer UART1 as a pseudo-terminal, with a symbolic link of this name", NULL, false, false},
    {"uart2", 0, OPTION_FILE, "LINK", "the same for UART2, where boot loader and application log", NULL, false, false},
    {"tcp", 0, OPTION_TEXT, "[HOST:]PORT", "offer UART1 on a TCP port", NULL, false, false},
    {"rfc2217", 0, OPTION_TEXT, "[HOST:]PORT", "offer UART1 on a TCP port with baud rate and modem lines", NULL, false, false},
    {"save", 0, OPTION_FILE, "FILE", "write the flash to this file after changes and at the end", NULL, false, false},
    {"flash", 0, OPTION_FILE, "FILE", "content of the flash, e.g. a backup; the file is not changed", NULL, false, false},
    {"emulate", 0, OPTION_SWITCH, NULL, "execute the boot loader and the firmware that are in --flash, instead of imitating them", NULL, false, false},
    {"rom", 0, OPTION_FILE, "FILE", "with --emulate: mask ROM of a BL602, 128 KiB; else its functions are replaced", NULL, false, false},
    {"loader", 0, OPTION_TEXT, "VERSION", "boot loader build, e.g. 1.0.6 for bk7231t", NULL, false, false},
    {"size", 0, OPTION_NUMBER, "BYTES", "flash size, e.g. 4M", NULL, false, false},
    {"jedec", 0, OPTION_NUMBER, "ID", "flash part, e.g. 0x1560EB (size, type, manufacturer)", NULL, false, false},
    {"erase-ms", 0, OPTION_NUMBER, "MS", "time to erase 64 KiB of the flash (250)", NULL, false, false},
    {"page-us", 0, OPTION_NUMBER, "US", "time to program a page of it (700)", NULL, false, false},
    {"sr", 0, OPTION_NUMBER, "VALUE", "initial status registers SR1 | SR2 << 8, e.g. 0x427C", NULL, false, false},
    {"key", 0, OPTION_TEXT, "KEY", "key words in the efuse: tuya, zero, or W:W:W:W", NULL, false, false},
    {"turnaround", 0, OPTION_NUMBER, "US", "time between a command and its answer", NULL, false, false},
    {"crc-rate", 0, OPTION_NUMBER, "BYTES", "bytes per second of the chip's CRC command", NULL, false, false},
    {"ideal", 0, OPTION_SWITCH, NULL, "no pacing and no flash time", NULL, false, false},
    {"seed", 0, OPTION_TEXT, "N", "seed of everything random", NULL, false, false},
    {"drop", 0, OPTION_TEXT, "PPM", "bytes lost, per million (or 0.1%)", NULL, false, false},
    {"add", 0, OPTION_TEXT, "PPM", "bytes added, per million", NULL, false, false},
    {"flip", 0, OPTION_TEXT, "PPM", "bytes with a flipped bit, per million", NULL, false, false},
    {"noise", 0, OPTION_TEXT, "PPM", "chance of a burst of noise on an idle line, per second", NULL, false, false},
    {"silent", 0, OPTION_TEXT, "PPM", "commands not answered, per million", NULL, false, false},
    {"late", 0, OPTION_TEXT, "PPM", "commands answered 0.2 to 1.5 s late, per million", NULL, false, false},
    {"status", 0, OPTION_TEXT, "PPM", "erases and writes answered with an error, per million (ROM chips)", NULL, false, false},
    {"slow", 0, OPTION_NUMBER, "US", "latency of the adapter for each slice", NULL, false, false},
    {"vanish", 0, OPTION_NUMBER, "N", "the adapter disappears at the n-th command", NULL, false, false},
    {"power-cut", 0, OPTION_NUMBER, "N", "the power fails at the n-th command, in the middle of an erase or write", NULL, false, false},
    {"max-baud", 0, OPTION_NUMBER, "BAUD", "above this rate bytes get lost", NULL, false, false},
    {"locked", 0, OPTION_SWITCH, NULL, "the flash stays write-protected", NULL, false, false},
    {"dead-flash", 0, OPTION_SWITCH, NULL, "the flash does not answer", NULL, false, false},
    {"weak-sector", 0, OPTION_NUMBER, "ADDR", "this sector does not take every bit", NULL, false, false},
    {"stale-links", 0, OPTION_NUMBER, "N", "further answers to each link check", NULL, false, false},
    {"readreg-plus-one", 0, OPTION_SWITCH, NULL, "ReadReg echoes the address plus one, as one ROM does", NULL, false, false},
    {"mid-short", 0, OPTION_SWITCH, NULL, "the flash id answer counts one byte too few, as one ROM does", NULL, false, false},
    {"crc-exclusive", 0, OPTION_SWITCH, NULL, "the CRC command ends before its end address", NULL, false, false},
    {"crc-zero", 0, OPTION_SWITCH, NULL, "the CRC command always answers 0", NULL, false, false},
    {"ignore-writes", 0, OPTION_SWITCH, NULL, "erases and writes are acknowledged and change nothing", NULL, false, false},
    {"refuse-reads", 0, OPTION_SWITCH, NULL, "reads are refused with status 6", NULL, false, false},
    {"scenario", 0, OPTION_TEXT, "ID", "let the module fail in a known way; \"help\" lists them", NULL, false, false},
    {"wire", 0, OPTION_TEXT, "STATE", "ok, rx-open, tx-open, swapped, short, low, uart2, loop or none", NULL, false, false},
    {"chatter", 0, OPTION_NUMBER, "BAUD", "with a scenario: numbered lines without end behind its text", NULL, false, false},
    {"unheard", 0, OPTION_SWITCH, NULL, "nobody listens to UART2, the log", NULL, false, false},
    {"boot-low", 0, OPTION_SWITCH, NULL, "BL602: the boot pin GPIO8 is low at reset, the flash starts", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};
/* clang-format on */

/* A comma inside a value is written "\,". */
static void add_value(struct text *spec, const char *value)
{
    for (; *value; value++) {
        if (*value == ',')
            text_add(spec, "\\", 1);
        text_add(spec, value, 1);
    }
}

/* The options as a specification: "bk7231n,flash=dump.bin,drop=100". */
static void build_spec(const struct invocation *in, struct text *spec)
{
    size_t count = 0;
    const struct rk_sim_key *keys = rk_sim_keys(&count);

    add_value(spec, in->positionals[0]);
    if (in->positional_count > 1) {
        text_printf(spec, ",flash=");
        add_value(spec, in->positionals[1]);
    }
    for (size_t i = 0; i < count; i++) {
        const char *value = option_value(in, keys[i].name);
        if (strcmp(keys[i].name, "save") == 0)
            continue;
        if (keys[i].argument && value) {
            text_printf(spec, ",%s=", keys[i].name);
            add_value(spec, value);
        } else if (!keys[i].argument && option_on(in, keys[i].name)) {
            text_printf(spec, ",%s", keys[i].name);
        }
    }
}

static void put_stats(struct cli *cli, const struct rk_sim_stats *stats)
{
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_u64(&json, "commands", stats->commands);
    rk_json_put_u64(&json, "reads_4k", stats->reads_4k);
    rk_json_put_u64(&json, "crcs", stats->crcs);
    rk_json_put_u64(&json, "erases_4k", stats->erases_4k);
    rk_json_put_u64(&json, "erases_64k", stats->erases_64k);
    rk_json_put_u64(&json, "programs_4k", stats->programs_4k);
    rk_json_put_u64(&json, "bytes_in", stats->bytes_in);
    rk_json_put_u64(&json, "bytes_out", stats->bytes_out);
    rk_json_put_u64(&json, "resets", stats->resets);
    rk_json_put_u64(&json, "faults", stats->faults);
    rk_json_object_end(&json);
}

static enum rk_status serve(struct cli *cli, const struct rk_sim_spec *spec)
{
    struct rk_sim_serve_options faces = {.size = sizeof faces,
                                         .pty = option_value(&cli->in, "pty"),
                                         .pty_uart2 = option_value(&cli->in, "uart2"),
                                         .tcp = option_value(&cli->in, "tcp"),
                                         .rfc2217 = option_value(&cli->in, "rfc2217"),
                                         .save_path = option_value(&cli->in, "save")};
    struct rk_sim_stats stats;
    enum rk_status st = sim_port_serve(cli, &spec->options, &faces, &stats);

    if (st == RK_OK)
        put_stats(cli, &stats);
    return st;
}

static int list_models(struct cli *cli)
{
    size_t count = 0;
    const struct rk_sim_model *models = rk_sim_models(&count);
    struct text text = {.bytes = NULL};
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "models");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < count; i++) {
        text_printf(&text, "%-9s %s\n", models[i].name, models[i].description);
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "name", models[i].name);
        rk_json_put_string(&json, "chip", models[i].chip);
        rk_json_put_string(&json, "description", models[i].description);
        rk_json_object_end(&json);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
    return EXIT_OK;
}

static int list_scenarios(struct cli *cli)
{
    struct rk_sim_scenario row;
    struct text text = {.bytes = NULL};
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "scenarios");
    rk_json_array_begin(&json);
    for (size_t i = 0; rk_sim_scenario_at(i, &row); i++) {
        text_printf(&text, "%-28s %s (%s)\n", row.id, row.shows, row.models);
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "id", row.id);
        rk_json_put_string(&json, "models", row.models);
        rk_json_put_string(&json, "shows", row.shows);
        rk_json_object_end(&json);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
    return EXIT_OK;
}

static int run(struct cli *cli)
{
    const char *scenario = option_value(&cli->in, "scenario");
    struct text text = {.bytes = NULL};
    struct rk_sim_spec spec;

    if (scenario && strcmp(scenario, "help") == 0)
        return list_scenarios(cli);
    if (cli->in.positional_count == 0)
        return list_models(cli);
    if (!option_value(&cli->in, "pty") && !option_value(&cli->in, "tcp") &&
        !option_value(&cli->in, "rfc2217")) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.missing", "nobody could connect to this module");
        rk_error_hint(&cli->err,
                      "add --pty LINK, --tcp PORT or --rfc2217 PORT; without another "
                      "program use -p sim:%s",
                      cli->in.positionals[0]);
        return cli_fail(cli);
    }
    if (cli->in.positional_count > 1 && option_value(&cli->in, "flash")) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.extra", "two files for one flash: \"%s\" and \"%s\"",
                cli->in.positionals[1], option_value(&cli->in, "flash"));
        return cli_fail(cli);
    }
    build_spec(&cli->in, &text);
    if (!text.bytes || text.failed) {
        rk_fail(&cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        return cli_fail(cli);
    }
    enum rk_status st = rk_sim_spec_parse(text.bytes, &spec, &cli->err);
    text_free(&text);
    if (st == RK_OK) {
        /* --reset is an option of every command; here it is the module's. */
        const char *reset = option_value(&cli->in, "reset");
        spec.options.manual_reset = reset && strcmp(reset, "manual") == 0;
        st = serve(cli, &spec);
        rk_sim_spec_free(&spec);
    }
    return st == RK_OK ? EXIT_OK : cli_fail(cli);
}

const struct command command_sim = {
    .name = "sim",
    .summary = "run a virtual module that any program can connect to",
    .usage = "[MODEL [FILE]]",
    .description =
        "Plays the module's side of the protocol in real time: boot loader, flash with its real "
        "semantics and timing, faults on request. FILE is the content of its flash. Without MODEL "
        "the models are "
        "listed.\n\n"
        "A pseudo-terminal has no reset line: there the module restarts, as if its power had been "
        "cycled, when a client begins to look for it; --reset manual turns that off. Over RFC 2217 "
        "the modem lines reset it.\n\n"
        "--scenario ID makes a module that fails in a known way: content of the flash, text on "
        "both UARTs and timing are as that failure shows them, so that a diagnosis can be "
        "rehearsed. --scenario help lists them.\n\n"
        "The same settings work in a port specification, with the module in this process and in "
        "virtual time: -p sim:bk7231n,flash=dump.bin,drop=100",
    .options = options,
    .max_positionals = 2,
    .run = run,
};
