/* From a diagnosis to a plan: one thing is written or erased, the rest is kept. */
#include "findings.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 8u

static const struct option options[] = {
    {"boot", 0, OPTION_FILE, "FILE", "write the boot loader in this file, image or backup", NULL,
     false, false},
    {"app", 0, OPTION_FILE, "FILE", "write the application in this file", NULL, false, false},
    {"rf", 0, OPTION_FILE, "BACKUP", "write the RF calibration in this backup", NULL, false, false},
    {"tree", 0, OPTION_FILE, "FILE", "BL602: write the device tree in this .dtb, .dts or backup",
     NULL, false, false},
    {"erase", 0, OPTION_CHOICE, "WHAT", "erase only this",
     "obk-config|start-script|boot-counter|tuya-store", true, false},
    CHECKUP_OPTIONS,
    WRITE_OPTIONS,
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

/* What is to be done, by name; filled before the session connects. */
struct wish {
    char name[16];
    const char *why; /* id of the finding; NULL = the user said so */
};
struct wishes {
    struct wish list[STEPS_MAX];
    size_t count;
};

static void wish_for(struct wishes *w, const char *name, size_t len, const char *why)
{
    for (size_t i = 0; i < w->count; i++)
        if (strlen(w->list[i].name) == len && memcmp(w->list[i].name, name, len) == 0)
            return;
    if (w->count == STEPS_MAX)
        return;
    struct wish *wish = &w->list[w->count++];
    rk_text_format(wish->name, sizeof wish->name, "%.*s", (int)len, name);
    wish->why = why;
}

/* What the options say; then what the findings say, as far as there is a file for it. */
static void collect(struct cli *cli, const struct rk_checkup *checkup, struct wishes *w)
{
    struct rk_repair_kind kind;
    const char *what;

    for (size_t i = 0; rk_repair_kind_at(i, &kind); i++)
        if (kind.wants_file && option_value(&cli->in, kind.name))
            wish_for(w, kind.name, strlen(kind.name), NULL);
    for (size_t i = 0; (what = option_nth(&cli->in, "erase", i)) != NULL; i++)
        wish_for(w, what, strlen(what), NULL);
    for (size_t i = 0; checkup && i < checkup->finding_count; i++)
        for (const char *at = checkup->findings[i].repair; *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            wish_for(w, at, len, checkup->findings[i].id);
            at += len;
        }
}

static enum rk_status do_step(struct session *s, const struct wish *wish, bool dry,
                              struct rk_json *json)
{
    struct rk_image_file file = {.name = option_value(&s->cli->in, wish->name)};
    struct rk_write_policy policy;
    struct rk_write_result result = {.verified = false};
    struct rk_repair repair = {.addr = 0};
    uint8_t *data = NULL;
    enum rk_status st = RK_OK;

    if (file.name)
        st = session_load(s, file.name, &data, &file.len);
    file.data = data;
    session_policy(s, &policy);
    policy.no_reset = true; /* the last step restarts it */
    if (st == RK_OK)
        st = rk_repair_prepare(s->dev, wish->name, data ? &file : NULL, &repair, &s->err);
    if (st == RK_OK && repair.len)
        session_print(s, "%-8s %s at 0x%06x+0x%x%s%s", repair.kind.wants_file ? "write" : "erase",
                      repair.kind.what, (unsigned)repair.addr, (unsigned)repair.len,
                      wish->why ? ", for " : "", wish->why ? wish->why : "");
    if (st == RK_OK)
        st = rk_repair_run(s->dev, &repair, &policy, &result, &s->err);
    rk_repair_free(&repair);
    free(data);
    if (st != RK_OK)
        return st;
    rk_json_object_begin(json);
    rk_json_put_string(json, "repair", wish->name);
    rk_json_put_string(json, "finding", wish->why);
    rk_json_put_bool(json, "dry_run", dry);
    rk_json_put_u64(json, "erased", result.erased);
    rk_json_put_u64(json, "programmed", result.programmed);
    rk_json_put_bool(json, "verified", result.verified);
    rk_json_put_string(json, "backup", result.backup.path[0] ? result.backup.path : NULL);
    rk_json_object_end(json);
    return RK_OK;
}

static enum rk_status work(struct session *s, struct rk_json *json)
{
    const struct wishes *w = s->cli->user;
    bool dry = option_on(&s->cli->in, "dry-run");
    enum rk_status st = RK_OK;

    rk_json_object_begin(json);
    rk_json_key(json, "steps");
    rk_json_array_begin(json);
    for (size_t i = 0; i < w->count && st == RK_OK; i++)
        st = do_step(s, &w->list[i], dry, json);
    rk_json_array_end(json);
    rk_json_object_end(json);
    if (st == RK_OK && !dry && !option_on(&s->cli->in, "no-reset"))
        st = rk_device_reset(s->dev, &s->err);
    return st;
}

/* Findings whose repair needs a file that was not named are told, not guessed. */
static bool complete(struct cli *cli, const struct wishes *w)
{
    struct rk_repair_kind kind;

    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; rk_repair_kind_at(k, &kind); k++)
            if (strcmp(kind.name, w->list[i].name) == 0 && kind.wants_file &&
                !option_value(&cli->in, kind.name)) {
                rk_fail(&cli->err, RK_ERR_ARG, "repair.file", "%s has to come from a file",
                        kind.what);
                rk_error_detail(&cli->err, "for %s", w->list[i].why ? w->list[i].why : "");
                rk_error_hint(&cli->err, "name it: --%s FILE", kind.name);
                return false;
            }
    return true;
}

static int run(struct cli *cli)
{
    struct rk_checkup *checkup = NULL;
    struct wishes w = {.count = 0};
    struct text text = {.bytes = NULL};
    char port[256];
    int code = EXIT_OK;

    collect(cli, NULL, &w);
    if (w.count == 0) {
        if (findings_run(cli, &checkup, port, sizeof port) != RK_OK)
            return cli_fail(cli);
        findings_text(&text, checkup);
        if (cli->out.json == JSON_OFF)
            output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
        text_free(&text);
        collect(cli, checkup, &w);
    }
    cli->user = &w;
    if (w.count == 0) {
        rk_fail(&cli->err, RK_ERR_UNSUPPORTED, "repair.none",
                "nothing in the flash needs a repair, as far as was found");
        rk_error_hint(&cli->err, "what was found is above; name a repair to do it all the same");
        code = cli_fail(cli);
    } else {
        code = complete(cli, &w) ? session_run(cli, work) : cli_fail(cli);
    }
    rk_checkup_free(checkup);
    return code;
}

const struct command command_repair = {
    .name = "repair",
    .summary = "write or erase just what a diagnosis found wrong, and keep the rest",
    .usage = "",
    .description =
        "Without options the module is examined as by `rekindle diagnose`, and what the findings "
        "ask for is done; what has to be written comes from the file that --boot, --app, --rf or "
        "--tree names, what is in the way is erased. With options just that is done.\n\n"
        "Each step is a write as by `rekindle flash`: backup first, plan shown, safety rules, only "
        "sectors that differ, verified by the chip. --dry-run shows the plans and changes nothing.",
    .options = options,
    .device = true,
    .run = run,
};
