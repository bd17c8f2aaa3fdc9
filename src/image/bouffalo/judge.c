/* The judgement of a whole BL602 flash: the stages in boot order, and the conclusion. */
#include "image/bouffalo/known.h"

#include "base/text.h"
#include "flash/bl602_parts.h"

#include <string.h>

const char *rk_bl602_piece_name(enum rk_bl602_piece piece)
{
    static const char *const names[RK_BL602_PIECES] = {
        "boot header", "second-stage loader", "partition table", "application header",
        "application", "device tree",         "settings store"};

    return (unsigned)piece < RK_BL602_PIECES ? names[piece] : "";
}

const char *rk_bl602_state_name(enum rk_bl602_state state)
{
    static const char *const names[] = {"unread",  "valid",    "missing",
                                        "damaged", "no-place", "packed"};

    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "";
}

const char *rk_bl602_uart_name(enum rk_bl602_uart uart)
{
    static const char *const names[] = {"unknown",   "silent",    "loop",
                                        "app-stops", "app-lacks", "app"};

    return (unsigned)uart < sizeof names / sizeof names[0] ? names[uart] : "";
}

const struct rk_bl602_finding *rk_bl602_fatal(const struct rk_bl602_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].verdict == RK_VERDICT_BAD)
            return &report->findings[i];
    return NULL;
}

/* The finding that decides what is seen: the first that stops the start, else the first that makes
 * the application complain. */
static const struct rk_bl602_finding *deciding(const struct rk_bl602_report *r)
{
    const struct rk_bl602_finding *fatal = rk_bl602_fatal(r);

    for (size_t i = 0; i < r->finding_count && !fatal; i++)
        if (r->findings[i].shows != RK_BL602_UART_UNKNOWN)
            return &r->findings[i];
    return fatal;
}

static void conclude(struct rk_bl602_report *r)
{
    const struct rk_bl602_finding *f = deciding(r);

    if (f && f->verdict == RK_VERDICT_BAD)
        r->boots = RK_BOOTS_NO;
    else
        r->boots = r->want_count ? RK_BOOTS_UNKNOWN : RK_BOOTS_YES;
    if (f) {
        r->uart = f->shows;
        rk_text_copy(r->uart_text, sizeof r->uart_text, f->uart);
    } else if (r->want_count) {
        r->uart = RK_BL602_UART_UNKNOWN;
        rk_text_copy(r->uart_text, sizeof r->uart_text, "not known: not all of it was read");
    } else {
        r->uart = RK_BL602_UART_APP;
        rk_text_copy(r->uart_text, sizeof r->uart_text, "the application's log");
    }
    r->complete = r->boots == RK_BOOTS_YES;
    for (size_t i = 0; i < RK_BL602_PIECES; i++)
        r->complete = r->complete && (r->pieces[i] == RK_BL602_VALID || i == RK_BL602_SETTINGS);
}

static bool halves_equal(const struct rk_bl602_flash *f)
{
    return !f->known && f->len >= 2u << 20 && f->len % 2 == 0 &&
           memcmp(f->data, f->data + f->len / 2, f->len / 2) == 0;
}

void rk_bl602_judge(const struct rk_bl602_flash *flash, struct rk_bl602_report *out)
{
    struct rk_bfl_case c = {.flash = flash, .report = out};

    *out = (struct rk_bl602_report){.size = sizeof *out, .table = -1};
    c.flash_size = flash->flash_size ? flash->flash_size : (uint32_t)flash->len;
    for (size_t i = RK_BL602_APP_HEADER; i < RK_BL602_PIECES; i++)
        out->pieces[i] = RK_BL602_NO_PLACE;
    if (!flash->flash_size && halves_equal(flash)) {
        c.flash_size /= 2;
        rk_bfl_find(&c, "flash-repeats", c.flash_size, "the second half repeats the first");
    }
    rk_bfl_judge_boot(&c);
    rk_bfl_judge_tables(&c);
    rk_bfl_judge_apps(&c);
    rk_bfl_judge_data(&c);
    conclude(out);
}
