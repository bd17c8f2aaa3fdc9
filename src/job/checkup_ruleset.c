/* Rules of the user's own, in the form of data/checkup-rules.csv. */
#include "job/checkup.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 9 };
static const char *const kinds[] = {"failure", "state", "ok"};

struct rk_checkup_ruleset {
    char *text; /* all strings of the rules, in place */
    size_t count;
    struct rk_checkup_rule *rules;
};

/* Ends the field at *at and moves behind it. Returns the field; *last when it ended its row. */
static char *take_field(char **at, bool *last)
{
    char *field = *at, *to = *at, *from = *at;
    bool quoted = *from == '"';

    from += quoted;
    while (*from) {
        if (quoted && *from == '"') {
            quoted = from[1] == '"';
            from += 1 + quoted;
            if (quoted)
                *to++ = '"';
            continue;
        }
        if (!quoted && (*from == ',' || *from == '\n'))
            break;
        if (*from != '\r')
            *to++ = *from;
        from++;
    }
    *last = *from != ',';
    *at = from + (*from != '\0');
    *to = '\0';
    return field;
}

static enum rk_status bad_rule(struct rk_error *err, size_t line, const char *what)
{
    rk_fail(err, RK_ERR_ARG, "rules.bad", "line %zu of the rules: %s", line, what);
    rk_error_hint(err, "the columns are those of data/checkup-rules.csv");
    return RK_ERR_ARG;
}

static enum rk_status take_rule(char *const *field, unsigned count, size_t line,
                                struct rk_checkup_rule *rule, struct rk_error *err)
{
    unsigned kind = 0;
    char *end;

    if (count != COLUMNS)
        return bad_rule(err, line, "nine columns are wanted");
    while (kind < 3 && strcmp(field[1], kinds[kind]) != 0)
        kind++;
    if (!field[0][0] || kind == 3)
        return bad_rule(err, line, "an id and a kind (failure, state, ok) are wanted");
    unsigned long confidence = strtoul(field[4], &end, 10);
    if (*end || end == field[4] || confidence > 100)
        return bad_rule(err, line, "the confidence is a number from 0 to 100");
    *rule = (struct rk_checkup_rule){.id = field[0],
                                     .kind = (enum rk_finding_kind)kind,
                                     .all = field[2],
                                     .none = field[3],
                                     .confidence = (unsigned)confidence,
                                     .meaning = field[5],
                                     .next = field[6],
                                     .remedy = field[7],
                                     .repair = field[8],
                                     .sources = ""};
    return RK_OK;
}

static enum rk_status take_rows(struct rk_checkup_ruleset *set, struct rk_error *err)
{
    char *at = set->text;
    enum rk_status st = RK_OK;

    for (size_t line = 1; *at && st == RK_OK; line++) {
        char *field[COLUMNS + 1];
        unsigned count = 0;
        bool last = false;
        while (!last) {
            char *text = take_field(&at, &last);
            if (count <= COLUMNS)
                field[count++] = text;
        }
        if ((count == 1 && !field[0][0]) || (line == 1 && strcmp(field[0], "id") == 0))
            continue;
        st = take_rule(field, count, line, &set->rules[set->count], err);
        set->count += st == RK_OK;
    }
    return st;
}

enum rk_status rk_checkup_ruleset_read(const uint8_t *csv, size_t len,
                                       struct rk_checkup_ruleset **out, struct rk_error *err)
{
    struct rk_checkup_ruleset *set = calloc(1, sizeof *set);
    size_t lines = 1;
    enum rk_status st = RK_OK;

    for (size_t i = 0; i < len; i++)
        lines += csv[i] == '\n';
    if (set) {
        set->text = calloc(len + 1, 1);
        set->rules = calloc(lines, sizeof set->rules[0]);
    }
    if (!set || !set->text || !set->rules) {
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    } else if (len && memchr(csv, 0, len)) {
        st = bad_rule(err, 1, "this is no text");
    } else {
        if (len)
            memcpy(set->text, csv, len);
        st = take_rows(set, err);
    }
    if (st != RK_OK) {
        rk_checkup_ruleset_free(set);
        return st;
    }
    *out = set;
    return RK_OK;
}

void rk_checkup_ruleset_free(struct rk_checkup_ruleset *set)
{
    if (!set)
        return;
    free(set->text);
    free(set->rules);
    free(set);
}

void rk_checkup_rejudge(struct rk_checkup *checkup, const struct rk_checkup_ruleset *set)
{
    rk_checkup_judge_by(checkup, set->rules, set->count);
}
