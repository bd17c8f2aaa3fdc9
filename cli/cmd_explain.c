/* The page of one finding of the checkup. */
#include "findings.h"

#include <string.h>

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static void put_json(struct rk_json *json, const struct rk_finding *rule)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "id", rule->id);
    rk_json_put_string(json, "kind", findings_kind(rule->kind));
    rk_json_put_real(json, "confidence", rule->confidence / 100.0, 2);
    rk_json_put_string(json, "meaning", rule->meaning);
    rk_json_put_string(json, "next", rule->next[0] ? rule->next : NULL);
    rk_json_put_string(json, "remedy", rule->remedy);
    rk_json_put_string(json, "repair", rule->repair[0] ? rule->repair : NULL);
    findings_put_parts(json, "sources", rule->sources);
    rk_json_object_end(json);
}

static void put_page(struct text *text, const struct rk_finding *rule)
{
    const char *sources = rule->sources, *head = "\nsources   ", *source;
    size_t len;

    if (text->len)
        text_add(text, "\n", 1);
    findings_rule_text(text, rule);
    for (; (source = findings_part(&sources, &len)) != NULL; head = "          ")
        text_printf(text, "%s%.*s\n", head, (int)len, source);
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
        put_json(&json, &rule);
        if (id)
            put_page(&text, &rule);
        else
            text_printf(&text, "%-30s %s\n", rule.id, rule.meaning);
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
