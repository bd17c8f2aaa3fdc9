#include "envelope.h"

#include <string.h>

static void put_error(struct rk_json *json, const struct rk_error *err)
{
    rk_json_key(json, "error");
    if (err->status == RK_OK) {
        rk_json_null(json);
        return;
    }
    rk_json_object_begin(json);
    rk_json_put_string(json, "id", err->id[0] ? err->id : "internal");
    rk_json_put_string(json, "status", rk_status_name(err->status));
    rk_json_put_string(json, "exit_name", exit_status_name(exit_status_of(err->status)));
    rk_json_put_string(json, "message", err->message);
    rk_json_put_string(json, "detail", err->detail[0] ? err->detail : NULL);
    rk_json_put_string(json, "hint", err->hint[0] ? err->hint : NULL);
    rk_json_put_string(json, "rule", err->rule[0] ? err->rule : NULL);
    rk_json_key(json, "address");
    if (err->has_addr)
        rk_json_u64(json, err->addr);
    else
        rk_json_null(json);
    rk_json_key(json, "os_error");
    if (err->os_error)
        rk_json_i64(json, err->os_error);
    else
        rk_json_null(json);
    rk_json_object_end(json);
}

static void put_head(struct rk_json *json, const struct cli *cli, int exit_code)
{
    rk_json_put_string(json, "schema", "rekindle/1");
    rk_json_key(json, "tool");
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", "rekindle");
    rk_json_put_string(json, "version", rk_version());
    rk_json_object_end(json);
    rk_json_put_string(json, "command", cli->in.command ? cli->in.command->name : NULL);
    rk_json_put_bool(json, "ok", exit_code == EXIT_OK);
    rk_json_put_u64(json, "exit_code", (uint64_t)exit_code);
}

static void put_port(struct rk_json *json, const struct session *s)
{
    const struct rk_link_info *info = s && s->link ? rk_link_info(s->link) : NULL;

    rk_json_key(json, "port");
    if (!s || !s->port[0]) {
        rk_json_null(json);
        return;
    }
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", s->port);
    rk_json_put_string(json, "kind", info ? info->kind : NULL);
    rk_json_key(json, "vid");
    if (info && info->vid)
        rk_json_u64(json, info->vid);
    else
        rk_json_null(json);
    rk_json_key(json, "pid");
    if (info && info->vid)
        rk_json_u64(json, info->pid);
    else
        rk_json_null(json);
    rk_json_put_string(json, "serial", info && info->serial[0] ? info->serial : NULL);
    rk_json_put_string(json, "bridge", info && info->bridge[0] ? info->bridge : NULL);
    rk_json_object_end(json);
}

static void put_warnings(struct rk_json *json, const struct text *warnings)
{
    struct text array = {.bytes = NULL};

    text_printf(&array, "[");
    if (warnings && warnings->len)
        text_add(&array, warnings->bytes, warnings->len);
    text_printf(&array, "]");
    rk_json_key(json, "warnings");
    rk_json_raw(json, array.bytes ? array.bytes : "[]", array.bytes ? array.len : 2);
    text_free(&array);
}

static void put_result(struct rk_json *json, const struct text *result)
{
    rk_json_key(json, "result");
    rk_json_raw(json, result->bytes, result->len);
}

static void finish(struct cli *cli, struct rk_json *json, struct text *document)
{
    rk_json_object_end(json);
    rk_json_finish(json);
    output_result(&cli->out, document->bytes ? document->bytes : "", document->len);
    text_free(document);
}

static void begin(struct cli *cli, struct rk_json *json, struct text *document, int exit_code)
{
    rk_json_init(json, text_sink, document, cli->out.json == JSON_DOCUMENT);
    rk_json_object_begin(json);
    if (cli->out.json == JSON_LINES)
        rk_json_put_string(json, "type", "result");
    put_head(json, cli, exit_code);
}

void envelope_print(struct cli *cli, int exit_code)
{
    struct text document = {.bytes = NULL};
    struct rk_json json;

    begin(cli, &json, &document, exit_code);
    rk_json_put_null(&json, "port");
    put_result(&json, &cli->result);
    put_warnings(&json, NULL);
    put_error(&json, &cli->err);
    finish(cli, &json, &document);
}

static void put_module(struct rk_json *json, const struct session *s)
{
    int code = exit_status_of(s->status);

    rk_json_object_begin(json);
    rk_json_put_bool(json, "ok", code == EXIT_OK);
    rk_json_put_u64(json, "exit_code", (uint64_t)code);
    put_port(json, s);
    put_result(json, &s->result);
    put_warnings(json, &s->warnings);
    put_error(json, &s->err);
    rk_json_object_end(json);
}

void envelope_print_sessions(struct cli *cli, const struct session *sessions, size_t count,
                             int exit_code)
{
    struct text document = {.bytes = NULL};
    struct rk_json json;

    begin(cli, &json, &document, exit_code);
    put_port(&json, count == 1 ? sessions : NULL);
    if (count == 1) {
        put_result(&json, &sessions->result);
        put_warnings(&json, &sessions->warnings);
        put_error(&json, &sessions->err);
    } else {
        rk_json_key(&json, "result");
        rk_json_object_begin(&json);
        rk_json_key(&json, "modules");
        rk_json_array_begin(&json);
        for (size_t i = 0; i < count; i++)
            put_module(&json, &sessions[i]);
        rk_json_array_end(&json);
        rk_json_object_end(&json);
        put_warnings(&json, NULL);
        put_error(&json, &cli->err);
    }
    finish(cli, &json, &document);
}

void envelope_event(struct session *s, const struct rk_event *event)
{
    static const char *const kinds[] = {"log", "stage", "progress", "warning", "need-user"};
    struct text line = {.bytes = NULL};
    struct rk_json json;
    uint64_t us = rk_clock_now(rk_clock_system()) - s->cli->started_us;

    rk_json_init(&json, text_sink, &line, false);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "type", kinds[event->kind]);
    rk_json_put_real(&json, "t", (double)us / 1e6, 3);
    rk_json_put_string(&json, "port", s->port);
    rk_json_put_string(&json, "id", event->id);
    rk_json_put_string(&json, "text", event->text);
    if (event->kind == RK_EVENT_PROGRESS) {
        rk_json_put_u64(&json, "done", event->done);
        rk_json_put_u64(&json, "total", event->total);
        rk_json_put_u64(&json, "address", event->addr);
        rk_json_put_u64(&json, "retries", event->retries);
    }
    if (event->kind == RK_EVENT_STAGE)
        rk_json_put_bool(&json, "finished", event->finished);
    rk_json_object_end(&json);
    rk_json_finish(&json);
    output_result(&s->cli->out, line.bytes ? line.bytes : "", line.len);
    text_free(&line);
}
