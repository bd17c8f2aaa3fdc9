/* The page of one finding of the checkup. */
#include "findings.h"

#include "base/text.h"

#include <string.h>

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

/* "a|b": where the rule is from. */
static void put_sources(struct text *text, struct rk_json *json, const char *sources)
{
    char source[200];

    rk_json_key(json, "sources");
    rk_json_array_begin(json);
    for (bool first = true; *sources; first = false) {
        size_t len = strcspn(sources, "|");
        text_printf(text, "%s%.*s\n", first ? "\nsources   " : "          ", (int)len, sources);
        rk_text_format(source, sizeof source, "%.*s", (int)len, sources);
        rk_json_string(json, source);
        sources += len + (sources[len] == '|');
    }
    rk_json_array_end(json);
}

static void put_rule(struct cli *cli, struct text *text, struct rk_json *json,
                     const struct rk_finding *rule)
{
    static const char *const kinds[] = {"failure", "state", "ok"};
    struct rk_checkup one = {.finding_count = 1, .logs_only = true, .findings = {*rule}};
    struct text page = {.bytes = NULL};

    rk_json_object_begin(json);
    rk_json_put_string(json, "id", rule->id);
    rk_json_put_string(json, "kind", kinds[rule->kind]);
    rk_json_put_real(json, "confidence", rule->confidence / 100.0, 2);
    rk_json_put_string(json, "meaning", rule->meaning);
    rk_json_put_string(json, "next", rule->next[0] ? rule->next : NULL);
    rk_json_put_string(json, "remedy", rule->remedy);
    rk_json_put_string(json, "repair", rule->repair[0] ? rule->repair : NULL);
    findings_text(&page, &one);
    put_sources(&page, json, rule->sources);
    rk_json_object_end(json);
    if (cli->in.positional_count == 0) {
        text_printf(text, "%-30s %s\n", rule->id, rule->meaning);
        text_free(&page);
        return;
    }
    const char *body = page.bytes ? strchr(page.bytes, '\n') : NULL; /* behind the head */
    if (body) {
        body += strspn(body, "\n");
        if (text->len)
            text_add(text, "\n", 1);
        text_add(text, body, strlen(body));
    }
    text_free(&page);
}

static int run(struct cli *cli)
{
    const char *id = cli->in.positional_count ? cli->in.positionals[0] : NULL;
    struct text text = {.bytes = NULL};
    struct rk_finding rule;
    const char *last = "", *meaning = "";
    size_t shown = 0;
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "findings");
    rk_json_array_begin(&json);
    for (size_t i = 0; rk_checkup_rule_at(i, &rule); i++) {
        bool again = strcmp(rule.id, last) == 0 && (!id || strcmp(rule.meaning, meaning) == 0);
        if (again || (id && strcmp(rule.id, id) != 0))
            continue;
        last = rule.id;
        meaning = rule.meaning;
        put_rule(cli, &text, &json, &rule);
        shown++;
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
    if (shown && cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
    if (shown)
        return EXIT_OK;
    rk_fail(&cli->err, RK_ERR_ARG, "explain.unknown", "there is no finding \"%.60s\"", id);
    rk_error_hint(&cli->err, "`rekindle explain` lists them all");
    return cli_fail(cli);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "what a finding of `diagnose` means and what to do about it",
    .usage = "[ID]",
    .description =
        "Prints meaning, next measurement, remedy and sources of one finding by its id, as "
        "`rekindle diagnose` names it; without ID all findings are listed. "
        "`rekindle sim MODEL --scenario ID` is a module that shows it.",
    .options = options,
    .max_positionals = 1,
    .run = run,
};
