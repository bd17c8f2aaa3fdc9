/* Reset sequences on the modem lines: "D0|R1|W0.2|R0". */
#include <rekindle/link.h>

#include "base/text.h"
#include "link/sequence.h"

#include <string.h>

#define WAIT_MAX_US 60000000u

static bool scan_seconds(const char *text, size_t len, uint64_t *us)
{
    uint64_t value = 0, unit = 1000000;
    bool fraction = false, digits = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.' && !fraction) {
            fraction = true;
        } else if (text[i] >= '0' && text[i] <= '9' && unit > (fraction ? 1u : 0u)) {
            digits = true;
            if (fraction)
                unit /= 10;
            value = fraction ? value + (uint64_t)(text[i] - '0') * unit
                             : value * 10 + (uint64_t)(text[i] - '0') * 1000000;
        } else {
            return false;
        }
        if (value > WAIT_MAX_US)
            return false;
    }
    *us = value;
    return digits;
}

bool rk_sequence_next(const char **text, struct rk_sequence_step *step)
{
    const char *p = *text;
    size_t len = strcspn(p, "|");
    bool line = len == 2 && (p[0] == 'D' || p[0] == 'R') && (p[1] == '0' || p[1] == '1');

    *step = (struct rk_sequence_step){.dtr = -1, .rts = -1};
    if (line && p[0] == 'D')
        step->dtr = p[1] - '0';
    else if (line)
        step->rts = p[1] - '0';
    else if (len < 2 || p[0] != 'W' || !scan_seconds(p + 1, len - 1, &step->wait_us))
        return false;
    *text = p[len] == '|' ? p + len + 1 : p + len;
    return true;
}

enum rk_status rk_sequence_check(const char *sequence, struct rk_error *err)
{
    const char *p = sequence;
    struct rk_sequence_step step;

    do {
        if (!rk_sequence_next(&p, &step)) {
            rk_fail(err, RK_ERR_ARG, "usage.sequence", "bad reset sequence at \"%.20s\"", p);
            rk_error_hint(err, "items are D0 D1 R0 R1 W<seconds>, separated by |, as in "
                               "\"D0|R1|W0.2|R0\"; at most 60 s each");
            return RK_ERR_ARG;
        }
    } while (*p || p[-1] == '|');
    return RK_OK;
}

enum rk_status rk_link_run_sequence(struct rk_link *link, const char *sequence,
                                    struct rk_error *err)
{
    const char *p = sequence;
    struct rk_sequence_step step;
    enum rk_status st = rk_sequence_check(sequence, err);

    while (st == RK_OK && *p && rk_sequence_next(&p, &step)) {
        if (step.wait_us)
            rk_clock_sleep(rk_link_clock(link), step.wait_us);
        else
            st = rk_link_set_lines(link, step.dtr, step.rts, err);
    }
    return st;
}
