#include "image/view.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_DEFAULT 64u
#define RESET           "\033[0m"

static const char *verdict_colour(const struct rk_view *view, enum rk_verdict verdict)
{
    static const char *const codes[] = {"\033[32m", "\033[36m", "\033[33m", "\033[31m", "\033[2m"};

    return view->colour ? codes[verdict] : "";
}

static const char *use_colour(const struct rk_view *view, unsigned use)
{
    static const char *const codes[RK_SECTOR_USES] = {
        [RK_SECTOR_BLANK] = "\033[2m",    [RK_SECTOR_FILLED] = "\033[2m",
        [RK_SECTOR_BOOT] = "\033[1;35m",  [RK_SECTOR_APP] = "\033[1;34m",
        [RK_SECTOR_TABLE] = "\033[35m",   [RK_SECTOR_OTA] = "\033[36m",
        [RK_SECTOR_RF] = "\033[1;33m",    [RK_SECTOR_CONFIG] = "\033[1;32m",
        [RK_SECTOR_STORAGE] = "\033[32m", [RK_SECTOR_FILES] = "\033[32m",
        [RK_SECTOR_DATA] = "\033[37m",    [RK_SECTOR_DAMAGED] = "\033[1;31m",
    };

    return view->colour ? codes[use] : "";
}

static const char *reset(const struct rk_view *view)
{
    return view->colour ? RESET : "";
}

static void fact(struct rk_view *view, const char *label, const char *value)
{
    if (value[0])
        rk_view_put(view, "  %-12s %s\n", label, value);
}

static void facts(struct rk_view *view, const struct rk_inspect *r)
{
    const struct rk_image_facts *f = &r->facts;
    char text[192];

    rk_text_format(text, sizeof text, "%s%s", f->chip,
                   f->chip_evidence == RK_EVIDENCE_GUESS ? " (a guess)" : "");
    fact(view, "chip", f->chip[0] ? text : "");
    fact(view, "key", r->key_name);
    rk_text_format(text, sizeof text, "%s%s%s%s", f->boot_name, r->boot_variant[0] ? " " : "",
                   r->boot_variant, f->boot_verified ? ", a known build" : "");
    fact(view, "boot loader", f->boot_name[0] ? text : "");
    rk_text_format(text, sizeof text, "%s %s", f->app_name, f->app_version);
    fact(view, "application", f->app_name[0] || f->app_version[0] ? text : "");
    fact(view, "SDK", r->sdk);
    fact(view, "built", r->build);
    if (f->has_mac) {
        rk_text_format(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x%s", f->mac[0], f->mac[1],
                       f->mac[2], f->mac[3], f->mac[4], f->mac[5],
                       r->calibrated ? ", calibrated" : "");
        fact(view, "MAC", text);
    }
    fact(view, "settings",
         r->has_tuya_storage && r->has_obk_config ? "Tuya storage, OpenBeken"
         : r->has_tuya_storage                    ? "Tuya storage"
         : r->has_obk_config                      ? "OpenBeken"
                                                  : "");
    fact(view, "sha256", r->sha256);
}

static void parts(struct rk_view *view, const struct rk_inspect *r)
{
    if (r->part_count)
        rk_view_put(view, "\nParts\n");
    for (size_t i = 0; i < r->part_count; i++) {
        const struct rk_inspect_part *p = &r->parts[i];

        rk_view_put(view, "  0x%06X +0x%06X  %-12s %-26s %s%-8s%s %s\n", p->addr, p->len, p->kind,
                    p->name, verdict_colour(view, p->verdict), rk_verdict_name(p->verdict),
                    reset(view), p->note);
    }
}

static void tests(struct rk_view *view, const struct rk_inspect_test *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rk_view_put(view, "      %-2s %s%-8s%s %s: %s\n", list[i].id,
                    verdict_colour(view, list[i].verdict), rk_verdict_name(list[i].verdict),
                    reset(view), list[i].name, list[i].text);
}

static enum rk_verdict boots_verdict(enum rk_boots boots)
{
    switch (boots) {
    case RK_BOOTS_YES:
        return RK_VERDICT_GOOD;
    case RK_BOOTS_WITH_BOOT:
        return RK_VERDICT_INFO;
    case RK_BOOTS_UNKNOWN:
        return RK_VERDICT_WARN;
    case RK_BOOTS_NO:
        break;
    }
    return RK_VERDICT_BAD;
}

/* The tests are shown for the chip the image is made for, or for all with `verbose`. */
static void boots(struct rk_view *view, const struct rk_inspect *r)
{
    if (r->boot_count)
        rk_view_put(view, "\nWill it boot?\n");
    for (size_t i = 0; i < r->boot_count; i++) {
        const struct rk_inspect_boot *b = &r->boots[i];
        bool own = strcmp(b->chip, r->facts.chip) == 0;

        rk_view_put(view, "  %-8s %s%s%s%s%s\n", b->chip,
                    verdict_colour(view, boots_verdict(b->boots)), rk_boots_name(b->boots),
                    reset(view), b->reason[0] ? "  " : "", b->reason);
        if (b->remedy[0] && (own || view->verbose))
            rk_view_put(view, "           %s\n", b->remedy);
        if (b->uart[0])
            rk_view_put(view, "           the serial line shows %s\n", b->uart);
        if (own || view->verbose || r->boot_count == 1)
            tests(view, b->tests, b->test_count);
    }
}

static void map(struct rk_view *view, const struct rk_inspect *r, bool entropy)
{
    static const char shades[] = " .:-=+*#%@";
    unsigned columns = view->columns ? view->columns : COLUMNS_DEFAULT;
    int last = -1;

    for (size_t i = 0; i < r->sector_count; i++) {
        unsigned use = r->sectors[i].use;

        if (i % columns == 0)
            rk_view_put(view, "%s  %06zX  ", i ? "\n" : "", r->start + i * RK_SECTOR_SIZE);
        if (entropy) {
            rk_view_put(view, "%c", shades[r->sectors[i].entropy * 9u / 248u]);
            continue;
        }
        rk_view_put(view, "%s%s%c", i % columns && (int)use != last ? reset(view) : "",
                    i % columns == 0 || (int)use != last ? use_colour(view, use) : "",
                    rk_sector_use_symbol((enum rk_sector_use)use));
        last = (int)use;
        if (i % columns == columns - 1)
            rk_view_put(view, "%s", reset(view));
    }
    rk_view_put(view, "%s\n", reset(view));
}

static void legend(struct rk_view *view, const struct rk_inspect *r)
{
    bool seen[RK_SECTOR_USES] = {false};

    for (size_t i = 0; i < r->sector_count; i++)
        seen[r->sectors[i].use] = true;
    rk_view_put(view, "         ");
    for (unsigned use = 0; use < RK_SECTOR_USES; use++) {
        if (seen[use])
            rk_view_put(view, " %s%c%s %s ", use_colour(view, use),
                        rk_sector_use_symbol((enum rk_sector_use)use), reset(view),
                        rk_sector_use_name((enum rk_sector_use)use));
    }
    rk_view_put(view, "\n");
}

void rk_view_text(struct rk_view *view, const char *name, const struct rk_inspect *r)
{
    char plain[512];

    rk_text_escape(plain, sizeof plain, (const uint8_t *)name, strlen(name));
    rk_view_put(view, "%s: %zu bytes\n  %s\n", plain, r->file_size, r->facts.summary);
    facts(view, r);
    parts(view, r);
    boots(view, r);
    if (r->sector_count < 2)
        return;
    rk_view_put(view, "\nMap, one character for 4 KiB\n");
    map(view, r, false);
    legend(view, r);
    if (!view->entropy)
        return;
    rk_view_put(view, "\nEntropy, from blank to random\n");
    map(view, r, true);
}

void rk_view_update_text(struct rk_view *view, const struct rk_update *u)
{
    enum rk_verdict verdict = !u->accepted ? RK_VERDICT_BAD
                              : u->ignored ? RK_VERDICT_WARN
                                           : RK_VERDICT_GOOD;

    rk_view_put(view, "update%s%s: %s%s%s%s%s\n", u->version[0] ? " " : "", u->version,
                verdict_colour(view, verdict),
                !u->accepted ? "would be refused"
                : u->ignored ? "would be ignored"
                             : "would be accepted",
                reset(view), u->reason[0] ? "  " : "", u->reason);
    tests(view, u->tests, u->test_count);
}
