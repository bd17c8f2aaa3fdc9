/* The settings inside: verbs and where the bytes come from. */
#include "inside.h"
#include "moving.h"

#include "base/text.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (16u << 20)

static const struct option options[] = {
    {"output", 'o', OPTION_FILE, "FILE", "write the result here", NULL, false, false},
    {"overwrite", 0, OPTION_SWITCH, NULL, "replace FILE if it exists", NULL, false, false},
    {"to", 0, OPTION_CHOICE, "FORM", "form of convert",
     "text|json|template|commands|esphome|tasmota", false, false},
    {"as", 0, OPTION_CHOICE, "FORM", "form of export: every setting, or the OpenBeken record",
     "json|record", false, false},
    {"platform", 0, OPTION_TEXT, "NAME", "platform of the OpenBeken record (default: judge it)",
     NULL, false, false},
    {"model", 0, OPTION_FILE, "FILE", "data point model of a TuyaMCU product for convert", NULL,
     false, false},
    {"backup-dir", 'd', OPTION_FOLDER, "FOLDER", "where the automatic backup is kept", NULL, false,
     false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static const struct verb {
    const char *name;
    size_t min, max; /* arguments behind the source */
    const char *usage;
} verbs[] = {
    {"show", 0, 0, "config show FILE"},
    {"keys", 0, 0, "config keys FILE"},
    {"get", 1, 1, "config get FILE NAME"},
    {"set", 1, POSITIONALS_MAX, "config set FILE NAME=VALUE.. -o FILE"},
    {"export", 0, 0, "config export FILE -o FILE"},
    {"import", 1, 1, "config import FILE SETTINGS -o FILE"},
    {"convert", 0, 0, "config convert FILE --to FORM"},
    {"scrub", 0, 0, "config scrub FILE -o FILE"},
    {"files", 0, 1, "config files FILE [PATH] [-o FOLDER]"},
};

static const struct verb *find_verb(struct cli *cli)
{
    const char *name = cli->in.positionals[0];

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    const char *near =
        rk_text_nearest(name, &verbs[0].name, sizeof verbs / sizeof verbs[0], sizeof verbs[0]);
    rk_fail(&cli->err, RK_ERR_ARG, "usage.verb", "config cannot \"%s\"", name);
    if (near)
        rk_error_hint(&cli->err, "did you mean %s?", near);
    else
        rk_error_hint(&cli->err, "show, keys, get, set, export, import, convert, scrub or files");
    return NULL;
}

/* The result goes to FILE: fail before the work if that cannot be. */
static enum rk_status check_output(struct cli *cli, const struct verb *v, bool module)
{
    const char *output = option_value(&cli->in, "output");
    bool needs = strcmp(v->name, "scrub") == 0 || strcmp(v->name, "export") == 0 ||
                 (!module && (strcmp(v->name, "set") == 0 || strcmp(v->name, "import") == 0));

    if (needs && !output) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.missing", "config %s needs --output FILE", v->name);
        rk_error_hint(&cli->err, "usage: rekindle %s", v->usage);
        return RK_ERR_ARG;
    }
    if (output && strcmp(v->name, "files") != 0 && rk_file_exists(output) &&
        !option_on(&cli->in, "overwrite")) {
        rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists", output);
        rk_error_hint(&cli->err, "choose another name, or --overwrite");
        return RK_ERR_FILE;
    }
    return RK_OK;
}

static enum rk_status perform(struct inside *in, const char *verb, const char *const *arguments,
                              size_t count)
{
    if (strcmp(verb, "show") == 0)
        return inside_show(in);
    if (strcmp(verb, "keys") == 0)
        return inside_keys(in);
    if (strcmp(verb, "get") == 0)
        return inside_get(in, arguments[0]);
    if (strcmp(verb, "set") == 0)
        return inside_set(in, arguments, count);
    if (strcmp(verb, "export") == 0)
        return inside_export(in);
    if (strcmp(verb, "import") == 0)
        return inside_import(in, arguments[0]);
    if (strcmp(verb, "files") == 0)
        return inside_files(in, count ? arguments[0] : NULL);
    return strcmp(verb, "convert") == 0 ? inside_convert(in) : inside_scrub(in);
}

static int run(struct cli *cli)
{
    const struct verb *v = find_verb(cli);
    bool module = option_count(&cli->in, "port") > 0;
    size_t first = module ? 1 : 2;
    struct inside in = {.cli = cli};

    if (!v)
        return cli_fail(cli);
    size_t have = cli->in.positional_count, rest = have > first ? have - first : 0;
    if (have < first || rest < v->min || rest > v->max) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.missing", "these are not the arguments of config %s",
                v->name);
        rk_error_hint(&cli->err, "usage: rekindle %s; with -p PORT in place of the first FILE",
                      v->usage);
        return cli_fail(cli);
    }
    enum rk_status st = check_output(cli, v, module);
    if (st == RK_OK)
        st = inside_load(cli, module ? NULL : cli->in.positionals[1], strcmp(v->name, "files") == 0,
                         &in);
    if (st == RK_OK)
        st = perform(&in, v->name, cli->in.positionals + first, rest);
    inside_free(&in);
    return st == RK_OK ? EXIT_OK : cli_fail(cli);
}

/* ---- the module ---- */

struct module {
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_device *dev;
};

static enum rk_status module_open(struct cli *cli, struct module *m)
{
    const struct settings *set = &cli->settings;
    const struct rk_connect_options opt = cli_connect_options(cli);
    enum rk_status st = rk_context_new(&m->ctx, NULL, &cli->err);

    if (st == RK_OK)
        st = rk_link_open(m->ctx, set->ports[0], &m->link, &cli->err);
    if (st == RK_OK)
        st = rk_device_connect(m->ctx, m->link, &opt, &m->dev, &cli->err);
    return st;
}

static void module_close(struct module *m)
{
    rk_device_free(m->dev);
    rk_link_close(m->link);
    rk_context_free(m->ctx);
}

static enum rk_status interpret(struct inside *in)
{
    enum rk_status st = rk_tuya_read(in->data, in->len, &in->tuya, &in->tuya_error);

    if (st == RK_OK)
        st = rk_product_of_tuya(in->tuya, &in->product, &in->cli->err);
    if (st == RK_ERR_NOMEM)
        return rk_fail(&in->cli->err, st, "internal.memory", "out of memory");
    st = rk_obk_find(in->data, in->len, option_value(&in->cli->in, "platform"), &in->obk,
                     &in->obk_error);
    if (st == RK_ERR_ARG) {
        in->cli->err = in->obk_error;
        return st;
    }
    return RK_OK;
}

static enum rk_status load_module(struct inside *in, bool whole)
{
    struct module m = {0};
    enum rk_status st = module_open(in->cli, &m);

    in->module = true;
    in->name = in->cli->settings.ports[0];
    if (st == RK_OK)
        st = moving_read(m.dev, whole, &in->data, &in->len, &in->cli->err);
    if (st == RK_OK)
        st = interpret(in);
    /* Nothing at the usual places: the whole flash is searched. */
    if (st == RK_OK && !whole && !in->tuya && !in->obk) {
        free(in->data);
        in->data = NULL;
        st = moving_read(m.dev, true, &in->data, &in->len, &in->cli->err);
        if (st == RK_OK)
            st = interpret(in);
    }
    module_close(&m);
    return st;
}

enum rk_status inside_load(struct cli *cli, const char *name, bool whole, struct inside *out)
{
    *out = (struct inside){.cli = cli, .name = name};
    if (!name)
        return load_module(out, whole);
    enum rk_status st = rk_file_read(name, FILE_MAX_BYTES, &out->data, &out->len, &cli->err);
    return st == RK_OK ? interpret(out) : st;
}

void inside_free(struct inside *in)
{
    rk_product_free(in->product);
    rk_tuya_free(in->tuya);
    rk_obk_free(in->obk);
    free(in->data);
}

enum rk_status inside_need_any(struct inside *in)
{
    if (in->tuya || in->obk)
        return RK_OK;
    in->cli->err = in->obk_error.has_addr ? in->obk_error : in->tuya_error;
    return in->cli->err.status;
}

enum rk_status inside_write_module(struct inside *in, uint32_t addr, const uint8_t *data,
                                   size_t len)
{
    struct rk_write_policy policy = {.lifted = in->cli->settings.lifted,
                                     .dry_run = option_on(&in->cli->in, "dry-run"),
                                     .backup_dir = in->cli->settings.backup_dir};
    struct rk_write_result result = {.verified = false};
    struct module m = {0};
    enum rk_status st = module_open(in->cli, &m);

    if (st == RK_OK)
        st = rk_job_write(m.dev, addr, data, len, &policy, &result, &in->cli->err);
    module_close(&m);
    if (st == RK_OK && result.backup.path[0])
        output_story(&in->cli->out, "", "backup", result.backup.path);
    return st;
}

enum rk_status inside_output(struct inside *in, const void *data, size_t len, bool secret)
{
    const char *path = option_value(&in->cli->in, "output");

    if (!path) {
        if (in->cli->out.json == JSON_OFF)
            output_result(&in->cli->out, data, len);
        return RK_OK;
    }
    if (secret)
        output_warning(&in->cli->out, "", "config.secrets",
                       "the file carries passwords and keys: it is readable by you only");
    return rk_file_write(path, data, len, !option_on(&in->cli->in, "overwrite"), secret,
                         &in->cli->err);
}

const struct command command_config = {
    .name = "config",
    .summary = "read, explain, convert and edit the settings inside a flash",
    .usage = "show|keys|get|set|export|import|convert|scrub|files FILE [ARGUMENTS]",
    .description =
        "Reads the settings of Tuya firmware and of OpenBeken out of a backup, or out of the "
        "module behind -p (then FILE is left out).\n\n"
        "show: what the module is and what its pins do. keys: every key of Tuya's storage with "
        "its checksum's verdict. get NAME: one key, member (gw_di.pk) or field (wifi.ssid). "
        "set NAME=VALUE: changes fields of an OpenBeken configuration, or mac. export, import: "
        "settings as a file. convert --to FORM: pins as OpenBeken template or commands, ESPHome "
        "or Tasmota. scrub: a copy without any secret, for showing in public. files: what "
        "OpenBeken's "
        "file system (LittleFS) holds; PATH shows one file, -o FOLDER copies one or all.\n\n"
        "Passwords and keys are masked unless --show-secrets. Changes never touch FILE: they go to "
        "--output, or, with -p, to the module after a verified backup.",
    .options = options,
    .min_positionals = 1,
    .max_positionals = POSITIONALS_MAX,
    .run = run,
};
