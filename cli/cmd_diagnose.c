/* What is wrong with a module, from its wires or from saved logs. */
#include "findings.h"

#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    CHECKUP_OPTIONS,
    {"rules", 0, OPTION_FILE, "FILE", "judge by these rules (CSV) instead of the built-in ones",
     NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static void show(struct cli *cli, const struct rk_checkup *checkup, const char *source,
                 struct rk_json *json)
{
    struct text text = {.bytes = NULL};

    rk_json_object_begin(json);
    rk_json_put_string(json, "source", source);
    findings_json(json, checkup);
    rk_json_object_end(json);
    findings_text(&text, checkup);
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
}

/* A folder opens like a file, and shows what it is when it is read. */
static bool is_unreadable(FILE *file)
{
    bool bad = fgetc(file) == EOF && ferror(file);

    if (!bad)
        rewind(file);
    return bad;
}

static size_t read_piece(void *user, uint8_t *buf, size_t cap)
{
    return fread(buf, 1, cap, user);
}

#define DUMP_MAX  (8u << 20)
#define RULES_MAX (1u << 20)

/* A file that may be a dump is read whole; NULL = too large for one, or empty. */
static uint8_t *read_dump(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;

    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size > 0 && size <= (long)DUMP_MAX && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size);
    if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *len = bytes ? (size_t)size : 0;
    return bytes;
}

/* Piece by piece: logs may be large. An empty one counts: silence is evidence, too. */
static enum rk_status read_logs(struct cli *cli, struct rk_checkup **out)
{
    struct rk_checkup_source sources[POSITIONALS_MAX] = {{.name = NULL}};
    uint8_t *dumps[POSITIONALS_MAX] = {NULL};
    size_t count = cli->in.positional_count;
    enum rk_status st = RK_OK;

    for (size_t i = 0; i < count && st == RK_OK; i++) {
        const char *path = cli->in.positionals[i], *slash = strrchr(path, '/');
        sources[i].name = slash ? slash + 1 : path;
        dumps[i] = read_dump(path, &sources[i].len);
        sources[i].bytes = dumps[i];
        if (dumps[i])
            continue;
        sources[i].read = read_piece;
        sources[i].user = fopen(path, "rb");
        if (!sources[i].user || is_unreadable(sources[i].user))
            st = rk_file_error(&cli->err, "read", path, errno);
    }
    if (st == RK_OK)
        st = rk_checkup_logs(sources, count, out, &cli->err);
    for (size_t i = 0; i < count; i++) {
        free(dumps[i]);
        if (sources[i].user)
            fclose(sources[i].user);
    }
    return st;
}

static enum rk_status use_rules(struct cli *cli, struct rk_checkup *checkup,
                                struct rk_checkup_ruleset **rules)
{
    const char *path = option_value(&cli->in, "rules");
    uint8_t *bytes;
    size_t len;

    if (!path)
        return RK_OK;
    enum rk_status st = rk_file_read(path, RULES_MAX, &bytes, &len, &cli->err);
    if (st != RK_OK)
        return st;
    st = rk_checkup_ruleset_read(bytes, len, rules, &cli->err);
    free(bytes);
    if (st == RK_OK)
        rk_checkup_rejudge(checkup, *rules);
    return st;
}

static int run(struct cli *cli)
{
    struct rk_checkup_ruleset *rules = NULL;
    const char *source = cli->in.positional_count ? cli->in.positionals[0] : NULL;
    struct rk_checkup *checkup = NULL;
    char port[256] = "";
    struct rk_json json;

    enum rk_status st =
        source ? read_logs(cli, &checkup) : findings_run(cli, &checkup, port, sizeof port);
    if (st == RK_OK)
        st = use_rules(cli, checkup, &rules);
    if (st != RK_OK) {
        rk_checkup_free(checkup);
        return cli_fail(cli);
    }
    cli_result_begin(cli, &json);
    show(cli, checkup, source ? source : port, &json);
    rk_checkup_free(checkup);
    rk_checkup_ruleset_free(rules);
    return EXIT_OK;
}

const struct command command_diagnose = {
    .name = "diagnose",
    .summary = "find out what is wrong with a module, measuring on its wires",
    .usage = "[LOG|DUMP]...",
    .description =
        "Listens to both wires while the module starts, tests echo and link, measures how well it "
        "reads by the chip's own CRC, looks for a faster rate, reads what is in the flash and says "
        "what is wrong, how sure that is, what was seen, what to measure next and what to do. With "
        "files only those are looked at, together: saved logs of devices and of flashers, and "
        "dumps.\n\n"
        "Nothing on the module is changed unless the question `write-test` is answered yes: then a "
        "blank sector is written, read back and erased again. Questions are answered on the "
        "terminal, by --answer ID=yes|no, or by --yes.\n\n"
        "The log of Beken modules is on TX2: a second adapter there is named by --log-port. Of a "
        "virtual module both wires are heard: -p sim:bk7231n,scenario=pwr.rf-init. `rekindle "
        "repair` turns the findings into a plan, `rekindle report` into something to show.",
    .options = options,
    .max_positionals = POSITIONALS_MAX,
    .device = true,
    .run = run,
};
