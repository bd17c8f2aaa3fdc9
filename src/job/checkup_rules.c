/* Facts, and what the rules make of them. */
#include "job/checkup.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rk_checkup_has(const struct rk_checkup *checkup, const char *id)
{
    for (size_t i = 0; i < checkup->fact_count; i++)
        if (strcmp(checkup->facts[i].id, id) == 0)
            return true;
    return false;
}

void rk_checkup_note(struct rk_checkup *checkup, const char *id, const char *source, uint32_t line,
                     const char *fmt, ...)
{
    va_list args;

    if (rk_checkup_has(checkup, id) || checkup->fact_count == RK_CHECKUP_FACTS)
        return;
    struct rk_checkup_fact *fact = &checkup->facts[checkup->fact_count++];
    rk_text_copy(fact->id, sizeof fact->id, id);
    rk_text_copy(fact->source, sizeof fact->source, source);
    fact->line = line;
    va_start(args, fmt);
    vsnprintf(fact->text, sizeof fact->text, fmt, args);
    va_end(args);
}

/* Index of the fact that the word of `len` characters names; fact_count if it is not there. */
static size_t find_fact(const struct rk_checkup *checkup, const char *word, size_t len)
{
    size_t i = 0;

    while (i < checkup->fact_count &&
           !(strlen(checkup->facts[i].id) == len && memcmp(checkup->facts[i].id, word, len) == 0))
        i++;
    return i;
}

/* Does the rule hold? Fills the facts behind it. */
static bool holds(const struct rk_checkup *checkup, const struct rk_checkup_rule *rule,
                  struct rk_finding *out)
{
    for (const char *at = rule->none; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (find_fact(checkup, at, len) < checkup->fact_count)
            return false;
        at += len;
    }
    for (const char *at = rule->all; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " "), fact = find_fact(checkup, at, len);
        if (fact == checkup->fact_count)
            return false;
        if (out->fact_count < sizeof out->facts)
            out->facts[out->fact_count++] = (uint8_t)fact;
        at += len;
    }
    return true;
}

static struct rk_finding finding_of(const struct rk_checkup_rule *rule)
{
    return (struct rk_finding){.id = rule->id,
                               .kind = rule->kind,
                               .confidence = rule->confidence,
                               .meaning = rule->meaning,
                               .next = rule->next,
                               .remedy = rule->remedy,
                               .repair = rule->repair,
                               .sources = rule->sources};
}

bool rk_checkup_rule_at(size_t index, struct rk_finding *out)
{
    if (index >= rk_checkup_rule_count)
        return false;
    *out = finding_of(&rk_checkup_rules[index]);
    return true;
}

/* All facts but one are there, at least two are wanted, and none speaks against it. */
static bool nearly_holds(const struct rk_checkup *checkup, const struct rk_checkup_rule *rule,
                         struct rk_finding *out)
{
    unsigned wanted = 0;

    for (const char *at = rule->none; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (find_fact(checkup, at, len) < checkup->fact_count)
            return false;
        at += len;
    }
    for (const char *at = rule->all; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " "), fact = find_fact(checkup, at, len);
        wanted++;
        if (fact < checkup->fact_count && out->fact_count < sizeof out->facts)
            out->facts[out->fact_count++] = (uint8_t)fact;
        at += len;
    }
    return wanted >= 2 && out->fact_count + 1 == wanted;
}

static int order(const void *a, const void *b)
{
    const struct rk_finding *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->confidence != y->confidence)
        return x->confidence > y->confidence ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* Several rules may lead to one finding. */
bool rk_checkup_found(const struct rk_checkup *checkup, const char *id)
{
    for (size_t i = 0; i < checkup->finding_count; i++)
        if (strcmp(checkup->findings[i].id, id) == 0)
            return true;
    return false;
}

/* Findings that hold are added to those there are if `find`; near ones make the candidates. */
static void add_findings(struct rk_checkup *checkup, const struct rk_checkup_rule *rules,
                         size_t count, bool find)
{
    checkup->candidate_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct rk_finding finding = finding_of(&rules[i]), near = finding;
        if (rk_checkup_found(checkup, finding.id))
            continue;
        if (find && checkup->finding_count < RK_CHECKUP_FINDINGS &&
            holds(checkup, &rules[i], &finding))
            checkup->findings[checkup->finding_count++] = finding;
        else if (checkup->candidate_count < 8 && nearly_holds(checkup, &rules[i], &near))
            checkup->candidates[checkup->candidate_count++] = near;
    }
    qsort(checkup->findings, checkup->finding_count, sizeof checkup->findings[0], order);
}

void rk_checkup_judge_by(struct rk_checkup *checkup, const struct rk_checkup_rule *rules,
                         size_t count)
{
    checkup->finding_count = 0;
    add_findings(checkup, rules, count, true);
}

void rk_checkup_judge(struct rk_checkup *checkup)
{
    rk_checkup_judge_by(checkup, rk_checkup_rules, rk_checkup_rule_count);
}

void rk_checkup_weigh(struct rk_checkup *checkup)
{
    add_findings(checkup, rk_checkup_rules, rk_checkup_rule_count, false);
}

void rk_checkup_free(struct rk_checkup *checkup)
{
    if (!checkup)
        return;
    rk_inspect_free(checkup->flash);
    free(checkup->content);
    free(checkup->log);
    free(checkup);
}
