#include "findings.h"

#include "signals.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAINS                                                                                      \
    "never connect an adapter to a board that is on the mains: most plugs have no isolation. "     \
    "Take "                                                                                        \
    "it off the mains for good and feed 3.3 V at the module; 5 V destroys the chip"

/* ---- running ---- */

static bool on_cancelled(void *user)
{
    (void)user;
    return signals_stop();
}

static void on_event(void *user, const struct rk_event *event)
{
    struct cli *cli = user;

    if (!event->text || event->secret || event->kind == RK_EVENT_PROGRESS)
        return;
    if (event->kind == RK_EVENT_NEED_USER)
        output_story(&cli->out, "", "please", event->text);
    else if (event->kind == RK_EVENT_STAGE && (event->finished || cli->out.verbose))
        output_story(&cli->out, "", event->id, event->text);
    else if (cli->out.verbose && event->kind != RK_EVENT_LOG)
        output_story(&cli->out, "", event->id, event->text);
}

/* --answer, then the user, then --yes; what needs hands is never assumed to be done. */
static bool on_ask(void *user, const char *id, const char *text)
{
    struct cli *cli = user;
    const char *answer;
    size_t len = strlen(id);

    for (size_t i = 0; (answer = option_nth(&cli->in, "answer", i)) != NULL; i++)
        if (strncmp(answer, id, len) == 0 && answer[len] == '=')
            return answer[len + 1] == 'y' || answer[len + 1] == 'Y';
    if (option_on(&cli->in, "yes"))
        return strcmp(id, "loopback") != 0;
    if (strcmp(id, "reset") == 0) {
        output_story(&cli->out, "", "please", text); /* no need to wait: we listen from now on */
        return true;
    }
    return output_ask(&cli->out, text);
}

enum rk_status findings_run(struct cli *cli, struct rk_checkup **out, char *port, size_t cap)
{
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = cli, .event = on_event, .cancelled = on_cancelled};
    struct rk_checkup_options opt = {.size = sizeof opt, .ask = on_ask, .user = cli};
    const char *listen = option_value(&cli->in, "listen"),
               *log_port = option_value(&cli->in, "log-port");
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL, *log = NULL;

    opt.connect = cli_connect_options(cli);
    opt.listen_ms = listen ? (uint32_t)(strtod(listen, NULL) * 1000) : 0;
    enum rk_status st = rk_context_new(&ctx, &callbacks, &cli->err);
    if (st == RK_OK && cli->settings.port_count)
        rk_text_copy(port, cap, cli->settings.ports[0]);
    else if (st == RK_OK)
        st = rk_port_choose(ctx, port, cap, &cli->err);
    if (st == RK_OK)
        st = rk_link_open(ctx, port, &link, &cli->err);
    if (st == RK_OK && log_port)
        st = rk_link_open(ctx, log_port, &log, &cli->err);
    opt.log = log;
    if (st == RK_OK)
        st = rk_checkup_run(ctx, link, &opt, out, &cli->err);
    rk_link_close(log);
    rk_link_close(link);
    rk_context_free(ctx);
    return st;
}

const char *findings_kind(enum rk_finding_kind kind)
{
    static const char *const kinds[] = {"failure", "state", "ok"};

    return kinds[kind];
}

const char *findings_part(const char **list, size_t *len)
{
    const char *part = *list;

    *len = strcspn(part, "|");
    *list = part + *len + (part[*len] == '|');
    return *part ? part : NULL;
}

/* ---- text ---- */

/* "a|b|c" as numbered steps. */
static void put_steps(struct text *text, const char *steps)
{
    const char *step;
    size_t len;

    for (unsigned n = 1; (step = findings_part(&steps, &len)) != NULL; n++)
        text_printf(text, "      %s %u. %.*s\n", n == 1 ? "do  " : "    ", n, (int)len, step);
}

static void put_facts(struct text *text, const struct rk_checkup *c, const struct rk_finding *f)
{
    for (unsigned i = 0; i < f->fact_count; i++) {
        const struct rk_checkup_fact *fact = &c->facts[f->facts[i]];
        text_printf(text, "      seen  %s%s", fact->source, fact->line ? " line " : "");
        if (fact->line)
            text_printf(text, "%u", (unsigned)fact->line);
        text_printf(text, ": %s\n", fact->text);
    }
}

/* Does what is to be done mean work at the supply? */
static bool needs_power(const char *id)
{
    static const char *const starts[] = {"pwr.", "wire.", "bl.power", "rst.brown-out", "host.port"};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(id, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void put_finding(struct text *text, const struct rk_checkup *c, const struct rk_finding *f)
{
    text_printf(text, "%-9s %s (%u %%): %s\n",
                f->kind == RK_FINDING_FAILURE ? "finding"
                : f->kind == RK_FINDING_OK    ? "good"
                                              : "note",
                f->id, f->confidence, f->meaning);
    put_facts(text, c, f);
    if (f->next[0])
        text_printf(text, "      next  %s\n", f->next);
    put_steps(text, f->remedy);
}

static void put_safety(struct text *text)
{
    text_printf(text, "\nsafety    %s\n", MAINS);
}

void findings_rule_text(struct text *text, const struct rk_finding *rule)
{
    put_finding(text, NULL, rule);
    if (needs_power(rule->id))
        put_safety(text);
}

void findings_text(struct text *text, const struct rk_checkup *c)
{
    bool power = false;

    if (c->linked)
        text_printf(text, "module    %s, %u KiB flash%s%s\n", c->device.chip,
                    (unsigned)(c->device.flash_size / 1024),
                    c->device.fingerprint_name[0] ? ", boot loader " : "",
                    c->device.fingerprint_name);
    else if (!c->logs_only)
        text_printf(text, "module    does not answer on the download wire\n");
    text_printf(text, "log       %u starts%s%s\n", c->boots,
                c->last_phase[0] ? ", furthest phase " : "", c->last_phase);
    for (size_t i = 0; i < c->finding_count; i++) {
        text_add(text, "\n", 1);
        put_finding(text, c, &c->findings[i]);
        power |= needs_power(c->findings[i].id);
    }
    if (c->finding_count == 0)
        text_printf(text, "\nnot enough evidence for a finding\n");
    for (size_t i = 0; i < c->missing_count; i++)
        text_printf(text, "%s%s\n", i ? "          " : "\nmissing   ", c->missing[i]);
    if (power)
        put_safety(text);
}

/* ---- JSON ---- */

static bool has_fact(const struct rk_checkup *c, const char *id)
{
    for (size_t i = 0; i < c->fact_count; i++)
        if (strcmp(c->facts[i].id, id) == 0)
            return true;
    return false;
}

static void json_facts(struct rk_json *json, const struct rk_checkup *c, const struct rk_finding *f)
{
    rk_json_key(json, "evidence");
    rk_json_array_begin(json);
    for (unsigned i = 0; i < f->fact_count; i++) {
        const struct rk_checkup_fact *fact = &c->facts[f->facts[i]];
        rk_json_object_begin(json);
        rk_json_put_string(json, "fact", fact->id);
        rk_json_put_string(json, "source", fact->source);
        rk_json_key(json, "line");
        if (fact->line)
            rk_json_u64(json, fact->line);
        else
            rk_json_null(json);
        rk_json_put_string(json, "text", fact->text);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

void findings_put_parts(struct rk_json *json, const char *key, const char *list)
{
    const char *part;
    char text[200];
    size_t len;

    rk_json_key(json, key);
    rk_json_array_begin(json);
    while ((part = findings_part(&list, &len)) != NULL) {
        rk_text_format(text, sizeof text, "%.*s", (int)len, part);
        rk_json_string(json, text);
    }
    rk_json_array_end(json);
}

static void json_findings(struct rk_json *json, const char *key, const struct rk_checkup *c,
                          const struct rk_finding *list, size_t count)
{
    rk_json_key(json, key);
    rk_json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "id", list[i].id);
        rk_json_put_string(json, "kind", findings_kind(list[i].kind));
        rk_json_put_real(json, "confidence", list[i].confidence / 100.0, 2);
        rk_json_put_string(json, "meaning", list[i].meaning);
        json_facts(json, c, &list[i]);
        rk_json_put_string(json, "next", list[i].next[0] ? list[i].next : NULL);
        findings_put_parts(json, "remedy", list[i].remedy);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

void findings_json(struct rk_json *json, const struct rk_checkup *c)
{
    rk_json_put_string(json, "chip", c->linked ? c->device.chip : NULL);
    rk_json_key(json, "boots");
    if (c->boots || !c->logs_only || has_fact(c, "log.empty"))
        rk_json_u64(json, c->boots);
    else
        rk_json_null(json); /* no log of a device */
    rk_json_put_string(json, "last_phase", c->last_phase[0] ? c->last_phase : NULL);
    bool power = false;
    for (size_t i = 0; i < c->finding_count; i++)
        power |= needs_power(c->findings[i].id);
    rk_json_put_string(json, "safety", power ? MAINS : NULL);
    rk_json_key(json, "log_baud");
    if (c->log_baud)
        rk_json_u64(json, c->log_baud);
    else
        rk_json_null(json);
    json_findings(json, "verdicts", c, c->findings, c->finding_count);
    json_findings(json, "candidates", c, c->candidates, c->candidate_count);
    rk_json_key(json, "facts");
    rk_json_array_begin(json);
    for (size_t i = 0; i < c->fact_count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "id", c->facts[i].id);
        rk_json_put_string(json, "source", c->facts[i].source);
        rk_json_put_string(json, "text", c->facts[i].text);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
    rk_json_key(json, "missing");
    rk_json_array_begin(json);
    for (size_t i = 0; i < c->missing_count; i++)
        rk_json_string(json, c->missing[i]);
    rk_json_array_end(json);
}
