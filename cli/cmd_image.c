/* rekindle image VERB: files to files, no module involved. */
#include "cli.h"
#include "image_bl602.h"

#include "base/text.h"
#include "image/view.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_MAX_BYTES (64u << 20)

/* clang-format off */
static const struct option options[] = {
    {"output", 'o', OPTION_FILE, "FILE", "the new file (never replaces one)", NULL, false, false},
    {"key", 0, OPTION_TEXT, "KEY", "key of the module: tuya, zero, uascent, or four hexadecimal words", NULL, false, false},
    {"boot", 0, OPTION_FILE, "FILE", "convert: put the boot loader of this file in front; pack: the BL602's second-stage loader", NULL, false, false},
    {"rf", 0, OPTION_FILE, "FILE", "convert: put the RF sector of this backup in", NULL, false, false},
    {"fix-crc", 0, OPTION_SWITCH, NULL, "convert: write right CRC bytes behind damaged blocks", NULL, false, false},
    {"pad", 0, OPTION_NUMBER, "SIZE", "convert: fill up with FF to this size", NULL, false, false},
    {"align", 0, OPTION_NUMBER, "SIZE", "convert: fill up with FF to a multiple of this size", NULL, false, false},
    {"as", 0, OPTION_CHOICE, "KIND", "pack: what to make", "ua|rbl|ug|set|flash|app|ota|ota-xz", false, false},
    {"label", 0, OPTION_TEXT, "TEXT", "pack: version written into an OTA package", NULL, false, false},
    {"device-tree", 0, OPTION_FILE, "FILE", "pack, BL602: .dtb, .dts or a capture; default: a plain one", NULL, false, false},
    {"layout", 0, OPTION_TEXT, "LAYOUT", "pack, BL602: partition table: .toml file, binary, or a name such as 2m", NULL, false, false},
    {"jedec", 0, OPTION_TEXT, "ID", "pack, BL602: JEDEC id of the flash part; default: 0xEF4015", NULL, false, false},
    {"size", 0, OPTION_TEXT, "SIZE", "pack, BL602: size of the flash; default: what the id says, 2M", NULL, false, false},
    {"mac", 0, OPTION_TEXT, "MAC", "pack, BL602: MAC address for the device tree", NULL, false, false},
    {"capcode", 0, OPTION_TEXT, "TRIM", "pack, BL602: crystal trim for the device tree, 0 to 63", NULL, false, false},
    {"against", 0, OPTION_FILE, "DUMP", "check: would a module with this flash accept the update?", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};
/* clang-format on */

static enum rk_status load(struct cli *cli, const char *path, uint8_t **data, size_t *len)
{
    return rk_file_read(path, FILE_MAX_BYTES, data, len, &cli->err);
}

static enum rk_status usage(struct cli *cli, const char *message, const char *hint)
{
    rk_fail(&cli->err, RK_ERR_ARG, "usage.image", "%s", message);
    rk_error_hint(&cli->err, "%s", hint);
    return RK_ERR_ARG;
}

static enum rk_status need_output(struct cli *cli)
{
    const char *path = option_value(&cli->in, "output");

    if (!path)
        return usage(cli, "the name of the new file is missing", "add -o FILE");
    if (!rk_file_exists(path))
        return RK_OK;
    rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists", path);
    rk_error_hint(&cli->err, "choose another name: files are never replaced");
    return RK_ERR_FILE;
}

enum rk_status image_save(struct cli *cli, const struct rk_bytes *bytes,
                          const struct rk_convert_story *story)
{
    const char *path = option_value(&cli->in, "output");
    enum rk_status status = rk_file_write(path, bytes->data, bytes->len, true, false, &cli->err);
    struct rk_image_facts facts;
    struct rk_json json;
    char line[256];

    if (status != RK_OK)
        return status;
    rk_image_identify(bytes->data, bytes->len, NULL, &facts);
    rk_json_init(&json, text_sink, &cli->result, cli->out.json == JSON_DOCUMENT);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "file", path);
    rk_json_put_u64(&json, "size", bytes->len);
    rk_json_put_u64(&json, "address", bytes->addr);
    rk_json_put_string(&json, "kind", rk_image_kind_name(facts.kind));
    rk_json_put_string(&json, "summary", facts.summary);
    rk_json_key(&json, "steps");
    rk_json_array_begin(&json);
    for (size_t i = 0; story && i < story->count; i++) {
        output_story(&cli->out, "", "image", story->steps[i]);
        rk_json_string(&json, story->steps[i]);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (cli->out.json != JSON_OFF)
        return RK_OK;
    rk_text_format(line, sizeof line, "%s: %zu bytes, %s\n", path, bytes->len, facts.summary);
    output_result(&cli->out, line, strlen(line));
    return RK_OK;
}

static enum rk_status read_key(struct cli *cli, uint32_t words[4], bool *given)
{
    const char *text = option_value(&cli->in, "key");

    *given = text != NULL;
    return text ? rk_key_parse(text, words, &cli->err) : RK_OK;
}

static enum rk_status read_size(struct cli *cli, const char *name, size_t *out)
{
    const char *text = option_value(&cli->in, name);
    uint64_t value = 0;
    enum rk_status status = text ? rk_parse_u64(text, FILE_MAX_BYTES, &value, &cli->err) : RK_OK;

    *out = (size_t)value;
    return status;
}

/* ---- the verbs ---- */

static enum rk_status convert(struct cli *cli, const uint8_t *data, size_t len)
{
    const char *boot_path = option_value(&cli->in, "boot"), *rf_path = option_value(&cli->in, "rf");
    struct rk_convert_options opt = {.size = sizeof opt, .fix_crc = option_on(&cli->in, "fix-crc")};
    struct rk_convert_story story = {0};
    struct rk_bytes out = {0};
    uint32_t key[4];
    uint8_t *boot = NULL, *rf = NULL;
    bool keyed = false;
    enum rk_status status = read_key(cli, key, &keyed);

    if (status == RK_OK)
        status = read_size(cli, "pad", &opt.pad_to);
    if (status == RK_OK)
        status = read_size(cli, "align", &opt.align);
    if (status == RK_OK && boot_path)
        status = load(cli, boot_path, &boot, &opt.boot_len);
    if (status == RK_OK && rf_path)
        status = load(cli, rf_path, &rf, &opt.rf_len);
    opt.boot = boot;
    opt.rf = rf;
    opt.key = keyed ? key : NULL;
    if (status == RK_OK)
        status = rk_convert(data, len, &opt, &out, &story, &cli->err);
    if (status == RK_OK)
        status = image_save(cli, &out, &story);
    rk_bytes_free(&out);
    free(boot);
    free(rf);
    return status;
}

static enum rk_status extract(struct cli *cli, const uint8_t *data, size_t len)
{
    const char *wanted = cli->in.positional_count > 2 ? cli->in.positionals[2] : "";
    struct rk_bytes out = {0};
    enum rk_status status;

    for (int what = 0; what < RK_EXTRACT_COUNT; what++) {
        if (strcmp(wanted, rk_extract_name((enum rk_extract)what)) != 0)
            continue;
        status = rk_convert_extract(data, len, (enum rk_extract)what, &out, &cli->err);
        if (status == RK_OK)
            status = image_save(cli, &out, NULL);
        rk_bytes_free(&out);
        return status;
    }
    return usage(cli, wanted[0] ? "there is no such part" : "the name of the part is missing",
                 "one of boot, ua, app, loader, rf, storage, config, ota, table, tree");
}

static enum rk_status pack(struct cli *cli, const uint8_t *data, size_t len)
{
    const char *as = option_value(&cli->in, "as");
    bool package = as && strcmp(as, "ua") != 0, keyed = false;
    struct rk_package_options opt = {.size = sizeof opt,
                                     .version = option_value(&cli->in, "label"),
                                     .time = (uint32_t)time(NULL),
                                     .ug = as && strcmp(as, "ug") == 0};
    struct rk_bytes out = {0};
    uint32_t key[4] = {0};
    enum rk_status status;

    if (pack_is_bl602(cli, data, len))
        return pack_bl602(cli, data, len);
    status = read_key(cli, key, &keyed);
    if (as && strcmp(as, "ua") != 0 && strcmp(as, "rbl") != 0 && !opt.ug)
        return usage(cli, "only a BL602 has such a file", "--as ua, rbl or ug");
    if (status == RK_OK && !package && !keyed)
        return usage(cli, "the key of the module is missing",
                     "--key tuya for most BK7231N and BK7231T, --key zero for modules without one");
    if (status == RK_OK)
        status = package ? rk_convert_package(data, len, &opt, &out, &cli->err)
                         : rk_convert_pack(data, len, key, &out, &cli->err);
    if (status == RK_OK)
        status = image_save(cli, &out, NULL);
    rk_bytes_free(&out);
    return status;
}

static enum rk_status rekey(struct cli *cli, const uint8_t *data, size_t len)
{
    struct rk_bytes out = {0};
    uint32_t key[4] = {0};
    bool keyed = false;
    enum rk_status status = read_key(cli, key, &keyed);
    bool encrypt = strcmp(cli->in.positionals[0], "encrypt") == 0;

    if (status == RK_OK && encrypt != keyed)
        return encrypt ? usage(cli, "the key is missing", "--key tuya, for example")
                       : usage(cli, "decrypt finds the key itself",
                               "to encipher for another key: rekindle image encrypt");
    if (status == RK_OK)
        status = rk_convert_rekey(data, len, key, &out, &cli->err);
    if (status == RK_OK)
        status = image_save(cli, &out, NULL);
    rk_bytes_free(&out);
    return status;
}

/* Judges an update against flash content: text into *story, JSON into *json. */
static enum rk_status judge_update(struct cli *cli, const uint8_t *data, size_t len,
                                   const uint8_t *flash, size_t flash_len, struct text *story,
                                   struct rk_json *json, struct rk_error *err)
{
    struct rk_update update;
    struct rk_view view = {.sink = text_sink, .user = story, .colour = cli->out.color};
    enum rk_status status = rk_update_check(data, len, flash, flash_len, &update, err);

    if (status != RK_OK)
        return status;
    rk_json_object_begin(json);
    rk_view_update_json(json, &update);
    rk_json_object_end(json);
    if (cli->out.json == JSON_OFF)
        rk_view_update_text(&view, &update);
    if (update.accepted)
        return RK_OK;
    return rk_fail(err, RK_ERR_IMAGE_FORMAT, "update.refused", "the update would be refused: %s",
                   update.reason);
}

static enum rk_status check_update(struct cli *cli, const uint8_t *data, size_t len,
                                   const char *against)
{
    struct text story = {.bytes = NULL};
    struct rk_json json;
    uint8_t *flash = NULL;
    size_t flash_len = 0;
    enum rk_status status = load(cli, against, &flash, &flash_len);

    cli_result_begin(cli, &json);
    if (status == RK_OK)
        status = judge_update(cli, data, len, flash, flash_len, &story, &json, &cli->err);
    free(flash);
    output_result(&cli->out, story.bytes ? story.bytes : "", story.len);
    text_free(&story);
    return status;
}

/* The same against what a connected module holds now. */
static enum rk_status check_module(struct session *s, struct rk_json *json)
{
    uint32_t size = rk_device_info(s->dev)->flash_size;
    uint8_t *update = NULL, *flash = malloc(size ? size : 1);
    size_t len = 0;
    enum rk_status status;

    if (!flash)
        return rk_fail(&s->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    status = session_load(s, s->cli->in.positionals[1], &update, &len);
    if (status == RK_OK)
        status = rk_job_read(s->dev, 0, flash, size, &s->err);
    if (status == RK_OK)
        status = judge_update(s->cli, update, len, flash, size, &s->story, json, &s->err);
    free(update);
    free(flash);
    return status;
}

/* Without a dump: is the image sound for some chip (or the one that is named)? */
static enum rk_status check_image(struct cli *cli, const uint8_t *data, size_t len)
{
    struct rk_inspect_options opt = {
        .size = sizeof opt, .name = cli->in.positionals[1], .chip = cli->settings.chip};
    struct rk_inspect *report = NULL;
    const struct rk_inspect_boot *best = NULL;
    struct text story = {.bytes = NULL};
    struct rk_view view = {.sink = text_sink, .user = &story, .colour = cli->out.color};
    struct rk_json json;
    enum rk_status status = rk_inspect(data, len, &opt, &report, &cli->err);

    if (status != RK_OK)
        return status;
    for (size_t i = 0; i < report->boot_count && !best; i++) {
        if (report->boots[i].boots != RK_BOOTS_NO)
            best = &report->boots[i];
    }
    rk_json_init(&json, text_sink, &cli->result, cli->out.json == JSON_DOCUMENT);
    rk_json_object_begin(&json);
    rk_view_json(&json, report);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF) {
        rk_view_text(&view, cli->in.positionals[1], report);
        output_result(&cli->out, story.bytes ? story.bytes : "", story.len);
    }
    text_free(&story);
    if (!best) {
        const struct rk_inspect_boot *own = opt.chip && report->boot_count
                                                ? &report->boots[0]
                                                : rk_inspect_boot_for(report, report->facts.chip);

        status = rk_fail(&cli->err, RK_ERR_IMAGE_FORMAT, "image.not-bootable",
                         "this would not start on %s",
                         opt.chip ? opt.chip : "any chip that is known here");
        rk_error_detail(&cli->err, "%s", own ? own->reason : report->facts.summary);
        if (own && own->remedy[0])
            rk_error_hint(&cli->err, "%s", own->remedy);
    }
    rk_inspect_free(report);
    return status;
}

static enum rk_status check(struct cli *cli, const uint8_t *data, size_t len)
{
    const char *against = option_value(&cli->in, "against");

    return against ? check_update(cli, data, len, against) : check_image(cli, data, len);
}

static const struct verb {
    const char *name;
    bool writes;
    size_t positionals; /* with the verb */
    enum rk_status (*run)(struct cli *cli, const uint8_t *data, size_t len);
} verbs[] = {
    {"convert", true, 2, convert}, {"extract", true, 3, extract}, {"pack", true, 2, pack},
    {"check", false, 2, check},    {"encrypt", true, 2, rekey},   {"decrypt", true, 2, rekey},
};

static int run(struct cli *cli)
{
    const struct verb *verb = NULL;
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status status = RK_OK;

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && !verb; i++) {
        if (strcmp(cli->in.positionals[0], verbs[i].name) == 0)
            verb = &verbs[i];
    }
    if (!verb)
        status = usage(cli, "there is no such thing to do with an image",
                       "convert, extract, pack, check, encrypt or decrypt");
    else if (cli->in.positional_count > verb->positionals)
        status = usage(cli, "too many arguments", "rekindle help image shows the forms");
    else if (verb->writes)
        status = need_output(cli);
    if (status == RK_OK)
        status = load(cli, cli->in.positionals[1], &data, &len);
    if (status == RK_OK && verb->run == check && option_value(&cli->in, "port")) {
        free(data);
        return session_run(cli, check_module);
    }
    if (status == RK_OK)
        status = verb->run(cli, data, len);
    free(data);
    return status == RK_OK ? EXIT_OK : cli_fail(cli);
}

const struct command command_image = {
    .name = "image",
    .summary = "convert, cut, pack, check, encipher and decipher image files",
    .usage = "convert|extract|pack|check|encrypt|decrypt FILE [PART]",
    .description =
        "convert FILE -o NEW: puts a capture in order (shifted, halves swapped, read too far), "
        "unpacks UF2, HEX, RBL and UG, joins a boot loader and an application (--boot), takes over "
        "an RF sector (--rf), corrects CRC bytes (--fix-crc), fills up (--pad, --align).\n\n"
        "extract FILE PART -o NEW: cuts out boot, ua, app, loader, rf, storage, config, ota, table "
        "or tree.\n\n"
        "pack FILE --key KEY -o NEW: makes flash bytes of linker output; --as rbl or --as ug makes "
        "an OTA package.\n\n"
        "pack APP --chip bl602 --boot BOOT2 -o FOLDER: makes everything a BL602 needs: "
        "second-stage "
        "loader with its header, partition table, application with its header, device tree, OTA "
        "files, and a whole flash of these. --as flash, app, ota or ota-xz makes one file. See "
        "docs/bl602.md.\n\n"
        "check FILE: exit status 8 if it would start on no chip; --against DUMP tells whether a "
        "module with that flash would accept the update, -p PORT whether the connected one "
        "would.\n\n"
        "encrypt FILE --key KEY -o NEW enciphers for another key, decrypt removes the key. The "
        "input is never changed, and no file is ever replaced.",
    .options = options,
    .min_positionals = 2,
    .max_positionals = 3,
    .run = run,
};
