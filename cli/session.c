/* Work on modules: opening, connecting, events, threads, verdicts. */
#include "cli.h"
#include "envelope.h"
#include "progress.h"
#include "signals.h"

#include "base/context.h"
#include "base/text.h"
#include "store/file.h"

#include <rekindle/identity.h>

#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64u << 20)
#define EVENT_EVERY_US 250000u /* progress events per JSON line */

bool cli_check_range(struct cli *cli, const char *text)
{
    uint32_t addr, len;

    return (text[0] >= 'a' && text[0] <= 'z') ||
           rk_parse_range(text, &addr, &len, &cli->err) == RK_OK;
}

bool cli_check_image(struct cli *cli, size_t positional)
{
    const char *name = cli->in.positionals[positional];
    struct rk_image_facts facts;
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status st = rk_file_read(name, FILE_MAX_BYTES, &data, &len, &cli->err);

    if (st == RK_OK) {
        rk_image_identify(data, len, name, &facts);
        if (facts.kind == RK_IMAGE_UNKNOWN) {
            struct rk_segment segment;
            size_t count = 0;
            st = rk_image_place(&facts, data, len, "", UINT32_MAX, &segment, 1, &count, &cli->err);
        }
    }
    free(data);
    return st == RK_OK;
}

bool cli_check_file(struct cli *cli, size_t positional)
{
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status st =
        rk_file_read(cli->in.positionals[positional], FILE_MAX_BYTES, &data, &len, &cli->err);

    free(data);
    return st == RK_OK;
}

const char *session_prefix(const struct session *s)
{
    return s->count > 1 ? s->port : "";
}

void session_numbered(const struct session *s, const char *path, char *out, size_t cap)
{
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);

    if (s->count == 1)
        rk_text_copy(out, cap, path);
    else
        rk_text_format(out, cap, "%.*s-%zu%s", (int)stem, path, s->index + 1, path + stem);
}

static void write_log(struct session *s, const struct rk_event *event)
{
    static const char *const levels[] = {"error", "warn", "info", "debug", "wire"};
    uint64_t us = rk_clock_now(rk_clock_system()) - s->cli->started_us;

    if (!s->cli->out.log || !event->text || event->secret)
        return;
    progress_pause();
    fprintf(s->cli->out.log, "%9.3f %s %-5s [%s] %s\n", (double)us / 1e6, s->port,
            levels[event->level], event->id, event->text);
    progress_resume();
}

static void keep_warning(struct session *s, const struct rk_event *event)
{
    struct rk_json json;

    if (s->warnings.len)
        text_add(&s->warnings, ",", 1);
    rk_json_init(&json, text_sink, &s->warnings, false);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "id", event->id);
    rk_json_put_string(&json, "message", event->text);
    rk_json_object_end(&json);
}

static void tell(struct session *s, const struct rk_event *event)
{
    struct output *out = &s->cli->out;
    const char *prefix = session_prefix(s);

    switch (event->kind) {
    case RK_EVENT_PROGRESS:
        progress_update(s->row, event);
        break;
    case RK_EVENT_STAGE:
        if (event->finished)
            progress_clear(s->row);
        if (event->finished || out->verbose > 0)
            output_story(out, prefix, event->id, event->text);
        break;
    case RK_EVENT_WARNING:
        output_warning(out, prefix, event->id, event->text);
        break;
    case RK_EVENT_NEED_USER:
        output_story(out, prefix, "please", event->text);
        break;
    case RK_EVENT_LOG:
        if ((unsigned)event->level < RK_LEVEL_INFO + out->verbose)
            output_story(out, prefix, event->id, event->text);
        break;
    }
}

static void on_event(void *user, const struct rk_event *event)
{
    struct session *s = user;

    if (event->kind == RK_EVENT_WARNING)
        keep_warning(s, event);
    write_log(s, event);
    if (event->secret && !s->cli->out.show_secrets)
        return;
    tell(s, event);
    if (s->cli->out.json != JSON_LINES ||
        (event->kind == RK_EVENT_LOG && event->level > RK_LEVEL_INFO))
        return;
    if (event->kind == RK_EVENT_PROGRESS) {
        uint64_t now = rk_clock_now(rk_clock_system());
        if (now - s->event_us < EVENT_EVERY_US && event->done < event->total)
            return;
        s->event_us = now;
    }
    envelope_event(s, event);
}

static bool on_cancelled(void *user)
{
    (void)user;
    return signals_stop();
}

/* Puts a recorder between us and the port, if --trace wants one. */
static enum rk_status record(struct session *s)
{
    const char *trace = option_value(&s->cli->in, "trace");
    char path[1024];

    if (!trace)
        return RK_OK;
    session_numbered(s, trace, path, sizeof path);
    return rk_link_trace(s->link, path, &s->link, &s->err);
}

static enum rk_status open_port(struct session *s)
{
    const struct rk_connect_options opt = cli_connect_options(s->cli);
    enum rk_status st = RK_OK;

    if (!s->port[0])
        st = rk_port_choose(s->ctx, s->port, sizeof s->port, &s->err);
    if (st == RK_OK)
        st = rk_link_open(s->ctx, s->port, &s->link, &s->err);
    if (st == RK_OK)
        st = record(s);
    return st == RK_OK ? rk_device_connect(s->ctx, s->link, &opt, &s->dev, &s->err) : st;
}

/* Modules without a MAC cannot be told apart by the names that jobs give to backups: of several at
 * once each gets a name of its own. */
static enum rk_status name_backup(struct session *s)
{
    const char *dir = s->cli->settings.backup_dir;
    char chip[16], date[24];

    if (s->count == 1 || !option_find(s->cli->in.command, "backup-dir"))
        return RK_OK;
    enum rk_status st = rk_device_identify(s->dev, &s->err);
    if (st != RK_OK || rk_device_info(s->dev)->has_mac)
        return st;
    rk_text_copy(chip, sizeof chip, rk_device_info(s->dev)->chip);
    for (char *p = chip; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    rk_text_utc(date, sizeof date, rk_context_utc(s->ctx), true);
    rk_text_format(s->backup_path, sizeof s->backup_path, "%s%s%s-nomac-%s-m%zu.bin",
                   dir ? dir : "", dir ? "/" : "", chip, date, s->index + 1);
    return RK_OK;
}

struct thread_argument {
    struct session *session;
    session_work *work;
};

static void *work_on(void *argument)
{
    struct thread_argument *a = argument;
    struct session *s = a->session;
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = s, .event = on_event, .cancelled = on_cancelled};
    struct rk_json json;

    s->status = rk_context_new(&s->ctx, &callbacks, &s->err);
    if (s->status == RK_OK)
        s->status = open_port(s);
    if (s->status == RK_OK)
        s->status = name_backup(s);
    rk_json_init(&json, text_sink, &s->result, s->cli->out.json == JSON_DOCUMENT);
    json.indent = s->count > 1 ? 4 : 1;
    if (s->status == RK_OK)
        s->status = a->work(s, &json);
    progress_clear(s->row);
    output_result(&s->cli->out, s->story.bytes ? s->story.bytes : "", s->story.len);
    if (s->status != RK_OK) {
        s->err.status = s->status;
        if (s->status == RK_ERR_CANCELLED && !s->err.hint[0])
            rk_error_hint(&s->err, "run the same command again: it goes on from here");
        output_error(&s->cli->out, session_prefix(s), &s->err);
    }
    return NULL;
}

static void close_session(struct session *s)
{
    rk_device_free(s->dev);
    rk_link_close(s->link);
    rk_context_free(s->ctx);
    text_free(&s->result);
    text_free(&s->warnings);
    text_free(&s->story);
}

static void run_all(struct session *sessions, size_t count, session_work *work)
{
    struct thread_argument arguments[PORTS_MAX];
    pthread_t threads[PORTS_MAX];
    bool running[PORTS_MAX] = {false};

    for (size_t i = 0; i < count; i++) {
        arguments[i] = (struct thread_argument){&sessions[i], work};
        if (count > 1)
            running[i] = pthread_create(&threads[i], NULL, work_on, &arguments[i]) == 0;
        if (!running[i])
            work_on(&arguments[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (running[i])
            pthread_join(threads[i], NULL);
}

/* Two modules on one network must not have one address; those that lost their calibration do. */
static void compare_addresses(struct session *sessions, size_t count)
{
    char text[200];

    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct rk_device_info *a =
                sessions[k].dev ? rk_device_info(sessions[k].dev) : NULL;
            const struct rk_device_info *b =
                sessions[i].dev ? rk_device_info(sessions[i].dev) : NULL;
            if (!a || !b || !a->has_mac || !b->has_mac || memcmp(a->mac, b->mac, 6) != 0)
                continue;
            rk_text_format(text, sizeof text,
                           "the modules on %s and %s have the same MAC address%s: give one of them "
                           "another with `rekindle config set mac=..`",
                           sessions[k].port, sessions[i].port,
                           rk_mac_judge(a->mac) == RK_MAC_DEFAULT ? ", a default of the SDK" : "");
            const struct rk_event event = {
                .kind = RK_EVENT_WARNING, .id = "module.same-mac", .text = text};
            keep_warning(&sessions[i], &event);
            output_warning(&sessions[i].cli->out, session_prefix(&sessions[i]), event.id, text);
            break;
        }
}

int session_run(struct cli *cli, session_work *work)
{
    size_t count = cli->settings.port_count ? cli->settings.port_count : 1;
    struct session *sessions = calloc(count, sizeof *sessions);
    int code = EXIT_OK;

    if (!sessions) {
        rk_fail(&cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        return cli_fail(cli);
    }
    progress_begin(&cli->out, count);
    for (size_t i = 0; i < count; i++) {
        struct session *s = &sessions[i];
        s->cli = cli;
        s->index = i;
        s->count = count;
        if (cli->settings.port_count)
            rk_text_copy(s->port, sizeof s->port, cli->settings.ports[i]);
        s->row = progress_row(i, session_prefix(s));
    }
    run_all(sessions, count, work);
    progress_end();
    compare_addresses(sessions, count);
    for (size_t i = 0; i < count; i++)
        code = exit_status_worse(code, exit_status_of(sessions[i].status));
    if (code == EXIT_INTERRUPTED && signals_exit_status())
        code = signals_exit_status();
    if (cli->out.json != JSON_OFF)
        envelope_print_sessions(cli, sessions, count, code);
    cli->reported = true;
    for (size_t i = 0; i < count; i++)
        close_session(&sessions[i]);
    free(sessions);
    return code;
}

void session_print(struct session *s, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    if (s->cli->out.json != JSON_OFF)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (s->count > 1)
        text_printf(&s->story, "%s: ", s->port);
    text_printf(&s->story, "%s\n", line);
}

static bool approve(void *user, const struct rk_plan *plan)
{
    struct session *s = user;
    struct rk_plan_totals totals;

    rk_plan_totals(plan, &totals);
    if (!s->cli->out.may_ask || option_on(&s->cli->in, "yes") || s->count > 1 ||
        totals.rewrite + totals.program + totals.erase == 0)
        return true;
    return output_ask(&s->cli->out, "write this to the module?");
}

void session_policy(struct session *s, struct rk_write_policy *policy)
{
    const struct invocation *in = &s->cli->in;

    *policy = (struct rk_write_policy){
        .lifted = s->cli->settings.lifted,
        .dry_run = option_on(in, "dry-run"),
        .no_backup = option_on(in, "no-backup"),
        .no_reset = option_on(in, "no-reset"),
        .backup_dir = s->cli->settings.backup_dir,
        .backup_path = s->backup_path[0] ? s->backup_path : NULL,
        .approve = approve,
        .user = s,
    };
}

enum rk_status session_load(struct session *s, const char *path, uint8_t **data, size_t *len)
{
    return rk_file_read(path, FILE_MAX_BYTES, data, len, &s->err);
}

static enum rk_status no_region(struct session *s, const struct rk_region *regions, size_t count,
                                const char *text)
{
    char names[200] = "";

    for (size_t i = 0; i < count; i++)
        rk_text_append(names, sizeof names, "%s%s", i ? ", " : "", regions[i].name);
    rk_fail(&s->err, RK_ERR_ARG, "usage.range", "\"%s\" is no range and no region of this module",
            text);
    rk_error_hint(&s->err, "write START+LENGTH (0x11000+64K), START-END, all, or one of %s", names);
    return RK_ERR_ARG;
}

enum rk_status session_range(struct session *s, const char *text, uint32_t *addr, uint32_t *len)
{
    size_t count = 0;
    const struct rk_region *regions = rk_device_regions(s->dev, &count);

    if (text[0] < 'a' || text[0] > 'z')
        return rk_parse_range(text, addr, len, &s->err);
    if (strcmp(text, "all") == 0) {
        *addr = 0;
        *len = rk_device_info(s->dev)->flash_size;
        return RK_OK;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(regions[i].name, text) == 0) {
            *addr = regions[i].addr;
            *len = regions[i].len;
            return RK_OK;
        }
    return no_region(s, regions, count, text);
}

static void put_plan(struct rk_json *json, const struct rk_plan_totals *plan)
{
    rk_json_key(json, "plan");
    rk_json_object_begin(json);
    rk_json_put_u64(json, "same", plan->same);
    rk_json_put_u64(json, "program", plan->program);
    rk_json_put_u64(json, "rewrite", plan->rewrite);
    rk_json_put_u64(json, "erase", plan->erase);
    rk_json_put_u64(json, "erases_4k", plan->erases_4k);
    rk_json_put_u64(json, "erases_64k", plan->erases_64k);
    rk_json_put_u64(json, "bytes_to_program", plan->bytes_to_program);
    rk_json_put_u64(json, "seconds", plan->seconds);
    rk_json_object_end(json);
}

static void tell_write(struct session *s, const struct rk_write_result *result)
{
    char text[256];

    if (option_on(&s->cli->in, "dry-run")) {
        output_story(&s->cli->out, session_prefix(s), "ok", "nothing was changed (--dry-run)");
        return;
    }
    if (result->erased + result->programmed == 0)
        rk_text_format(text, sizeof text, "everything was there already, nothing was written");
    else
        rk_text_format(
            text, sizeof text, "%u sectors written and verified in %.1f s",
            (unsigned)(result->programmed > result->erased ? result->programmed : result->erased),
            result->seconds);
    rk_text_append(text, sizeof text, "%s", result->restarted ? "; the module was restarted" : "");
    output_story(&s->cli->out, session_prefix(s), "ok", text);
}

void session_put_write(struct session *s, struct rk_json *json,
                       const struct rk_write_result *result)
{
    tell_write(s, result);
    rk_json_put_bool(json, "dry_run", option_on(&s->cli->in, "dry-run"));
    put_plan(json, &result->plan);
    rk_json_put_string(json, "backup", result->backup.path[0] ? result->backup.path : NULL);
    rk_json_put_bool(json, "backup_reused", result->backup_reused);
    rk_json_put_bool(json, "resumed", result->resumed);
    rk_json_put_u64(json, "erased", result->erased);
    rk_json_put_u64(json, "programmed", result->programmed);
    rk_json_put_u64(json, "retries", result->retries);
    rk_json_put_bool(json, "verified", result->verified);
    rk_json_put_bool(json, "restarted", result->restarted);
    rk_json_put_real(json, "seconds", result->seconds, 3);
}

void session_put_result(struct session *s, struct rk_json *json,
                        const struct rk_write_result *result)
{
    rk_json_object_begin(json);
    session_put_write(s, json, result);
    rk_json_object_end(json);
}
