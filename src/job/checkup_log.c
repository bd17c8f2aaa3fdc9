/* Facts from a log: boots and how they ended, reset causes, texts. The full evaluation of saved logs
 * knows more; here it is about what a module does while we look. */
#include "job/checkup.h"

#include <rekindle/monitor.h>

#include "base/text.h"
#include "job/boot_mark.h"

#include <stdlib.h>
#include <string.h>

#define SILENCE_US    10000000u
#define GARBAGE_MIN   64u
#define GARBAGE_SCORE 60u
#define BREAKS_MIN    4u
#define BOOTS_MAX     64u
#define GATED_MIN_S   5u
#define GATED_SPREAD  25u /* percent of the mean */

/* The groups of phases that the rules speak of, in the order of a boot. */
enum group {
    NOTHING,
    BOOT,
    APP_START,
    APP,
    BEFORE_DELAY,
    SETTINGS,
    RF,
    RF_DONE,
    TICK,
    WIFI,
    COMPLETE
};
static const char *const group_facts[] = {
    NULL,      "last.boot", "last.app-start", "last.app",  "last.before-delay", "last.app",
    "last.rf", "last.tick", "last.tick",      "last.wifi", "last.complete"};

/* The phases in the order of a boot. */
/* clang-format off */
static const struct {
    const char *phase;
    enum group group;
} order[] = {
    {"bl.boot2", BOOT}, {"bk.boot.banner", BOOT}, {"bk.boot.st", BOOT}, {"bk.boot.jump", BOOT},
    {"bl.start", APP_START}, {"bk.app.start_type", APP_START}, {"bl.board", APP},
    {"bk.app.heap", APP}, {"bk.app.flash_id", APP}, {"bk.app.ps", APP}, {"bk.app.clk", APP},
    {"bl.os", SETTINGS}, {"bl.wifi_fw", RF}, {"bl.wifi_mgmr", RF_DONE},
    {"obk.initlog", APP}, {"obk.before_delay", BEFORE_DELAY}, {"obk.boot_count", SETTINGS},
    {"obk.config", SETTINGS}, {"obk.before_delay_done", SETTINGS}, {"obk.delay", SETTINGS},
    {"bk.rf.bandgap", RF}, {"bk.rf.rwnxl", RF}, {"bk.rf.txdesc", RF}, {"bk.rf.intc", RF},
    {"bk.rf.cal_start", RF}, {"bk.rf.cal_params", RF}, {"bk.rf.cal_over", RF_DONE},
    {"bk.rf.ext_over", RF_DONE}, {"obk.after_delay", TICK}, {"obk.tick", TICK},
    {"net.wifi_start", WIFI}, {"obk.boot_ok", COMPLETE},
};
/* clang-format on */
enum { PHASES = sizeof order / sizeof order[0] };

struct reader {
    struct rk_checkup *checkup;
    const char *source;
    uint32_t line;
    unsigned boots;
    enum group last[BOOTS_MAX]; /* furthest of each boot */
    unsigned rank[BOOTS_MAX];   /* the same as its place in `order` */
    uint32_t uptime[BOOTS_MAX]; /* last of OpenBeken's lines of every second */
    bool openbeken, bl602;
    bool headless;                         /* the log begins in the middle of a boot */
    bool jumped;                           /* the boot loader of this boot has handed over */
    bool power, watchdog, software, crash; /* causes of restarts that were watched */
};

/* Place in `order`, counted from 1; 0 = none. */
static unsigned rank_of(const char *phase)
{
    for (unsigned i = 0; phase && i < PHASES; i++)
        if (strcmp(phase, order[i].phase) == 0)
            return i + 1;
    return 0;
}

static void take_phase(struct reader *r, const struct rk_monitor_line *line)
{
    unsigned boot = r->boots ? r->boots - 1 : 0, rank = rank_of(line->phase);

    size_t skip = rk_boot_time(line->text, line->len);

    if (boot >= BOOTS_MAX)
        return;
    /* any text behind the jump is an application, also one that no phase knows */
    if (!rank && r->jumped && r->last[boot] == BOOT && line->len >= skip + 4 &&
        line->text[skip] != '\\')
        r->last[boot] = APP_START;
    if (rank > r->rank[boot]) {
        r->rank[boot] = rank;
        if (order[rank - 1].group > r->last[boot])
            r->last[boot] = order[rank - 1].group;
    }
    if (line->phase && strcmp(line->phase, "bk.boot.jump") == 0)
        r->jumped = true;
}

/* Reset causes as boot loader, application and BL602 SDK print them. Only restarts that were
 * watched count: the first start is that of the user. */
static void take_cause(struct reader *r, const char *text)
{
    const char *word = strncmp(text, "ST:0x", 5) == 0 ? text + 5
                       : strncmp(text, "ST:", 3) == 0 ? text + 3
                                                      : NULL;

    if (r->boots < 2)
        return;
    if (word) {
        r->power |= strncmp(word, "00000000", 8) == 0;
        r->software |= strncmp(word, "00010001", 8) == 0;
        r->watchdog |= strncmp(word, "00010002", 8) == 0 || strncmp(word, "00010000", 8) == 0;
        r->crash |= strncmp(word, "0001AD0", 7) == 0 || strncmp(word, "0001ad0", 7) == 0;
    } else if (strstr(text, "Boot Reason:")) {
        r->power |= strstr(text, "POWER_OFF") != NULL;
        r->watchdog |= strstr(text, "_WATCHDOG") != NULL;
        r->crash |= strstr(text, "EXCEPTION") != NULL;
    }
}

static void take_uptime(struct reader *r, const char *text)
{
    const char *number = strstr(text, "Time ");
    unsigned boot = r->boots ? r->boots - 1 : 0;

    if (!number || boot >= BOOTS_MAX)
        return;
    uint32_t value = (uint32_t)strtoul(number + 5, NULL, 10);
    if (value > r->uptime[boot]) /* the last one may be cut off */
        r->uptime[boot] = value;
}

/* A pattern may hold one "*", which stands for anything. */
static bool matches(const char *text, const char *pattern)
{
    const char *star = strchr(pattern, '*'), *at;
    char head[64];

    if (!star)
        return strstr(text, pattern) != NULL;
    rk_text_format(head, sizeof head, "%.*s", (int)(star - pattern), pattern);
    at = strstr(text, head);
    return at && strstr(at + strlen(head), star + 1);
}

/* A text that comes again is a second fact: "fl.crc", "fl.crc.again". */
static void take_marks(struct reader *r, const char *text)
{
    for (size_t i = 0; i < rk_checkup_mark_count; i++) {
        const struct rk_checkup_mark *mark = &rk_checkup_marks[i];
        char again[24];
        if (!matches(text, mark->pattern))
            continue;
        if (rk_checkup_has(r->checkup, mark->fact) && strncmp(mark->fact, "fl.crc", 6) == 0) {
            rk_text_format(again, sizeof again, "%s.again", mark->fact);
            rk_checkup_note(r->checkup, again, r->source, r->line, "once more: %.100s", text);
        }
        rk_checkup_note(r->checkup, mark->fact, r->source, r->line, "%s: %.100s", mark->meaning,
                        text);
    }
}

/* The key words as a flasher prints them; never the words themselves. */
static void take_key(struct reader *r, const char *text)
{
    static const uint32_t tuya[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};
    const char *at = strstr(text, "Encryption key: ");
    uint32_t key[4];
    unsigned same = 0, wrong = 0;

    if (!at)
        return;
    at += strlen("Encryption key: ");
    for (int i = 0; i < 4; i++) {
        char *end;
        key[i] = (uint32_t)strtoul(at, &end, 16);
        if (end - at != 8)
            return;
        at = end + (*end == ' ');
    }
    for (unsigned i = 0; i < 16; i++) {
        uint8_t got = (uint8_t)(key[i / 4] >> (8 * (i % 4)));
        uint8_t want = (uint8_t)(tuya[i / 4] >> (8 * (i % 4)));
        same += got == want;
        wrong += got != want && got != 0;
    }
    const char *fact = same == 16                             ? "fl.key-tuya"
                       : !(key[0] | key[1] | key[2] | key[3]) ? "fl.key-zero"
                       : key[0] == key[1] && key[1] == key[2] && key[2] == key[3]
                           ? "fl.key-four-equal"
                       : same >= 10 && wrong == 0 ? "fl.key-biterror"
                                                  : "fl.key-vendor";
    rk_checkup_note(r->checkup, fact, r->source, r->line, "the flasher printed the efuse key");
}

static void on_line(void *user, const struct rk_monitor_line *line)
{
    struct reader *r = user;

    r->line++;
    if (line->boot_start) {
        /* text in front of the first banner is the rest of a boot */
        r->headless |= line->boot == 1 && r->last[0] != NOTHING;
        r->boots = line->boot + r->headless;
        r->jumped = false;
    }
    if (line->phase && strcmp(line->phase, "obk.tick") == 0)
        take_uptime(r, line->text);
    r->openbeken |= line->phase && strncmp(line->phase, "obk.", 4) == 0;
    r->bl602 |= line->phase && strncmp(line->phase, "bl.", 3) == 0;
    take_phase(r, line);
    take_cause(r, line->text + rk_boot_time(line->text, line->len));
    take_marks(r, line->text);
    take_key(r, line->text);
}

static void note_causes(struct reader *r)
{
    struct rk_checkup *c = r->checkup;

    if (r->power)
        rk_checkup_note(c, "rst.power", r->source, 0, "the core had lost its power at a restart");
    if (r->watchdog)
        rk_checkup_note(c, "rst.watchdog", r->source, 0, "the watchdog restarted it");
    if (r->software)
        rk_checkup_note(c, "rst.software", r->source, 0, "it restarted itself");
    if (r->crash || rk_checkup_has(c, "text.crash"))
        rk_checkup_note(c, "crash", r->source, 0, "a crash dump or the reset cause of a crash");
}

/* How long the starts lived that ended with another one: all alike, and long. */
static void note_uptime(struct reader *r)
{
    unsigned n = r->boots < BOOTS_MAX ? r->boots : BOOTS_MAX;
    uint32_t least = UINT32_MAX, most = 0;

    for (unsigned i = 0; i + 1 < n; i++) {
        least = r->uptime[i] < least ? r->uptime[i] : least;
        most = r->uptime[i] > most ? r->uptime[i] : most;
    }
    if (n >= 3 && least >= GATED_MIN_S && most - least <= most * GATED_SPREAD / 100)
        rk_checkup_note(r->checkup, "uptime.constant", r->source, 0,
                        "%u starts that lived %u to %u s", r->boots - 1, (unsigned)least,
                        (unsigned)most);
}

static void note_end(struct reader *r, const struct rk_heard *heard)
{
    struct rk_checkup *c = r->checkup;
    unsigned seen = r->boots < BOOTS_MAX ? r->boots : BOOTS_MAX;
    /* of boots that ended with another boot; of the only one if there is no other */
    unsigned from = 0, to = seen > 1 ? seen - 1 : 1, rank = 0;
    enum group furthest = NOTHING;

    for (unsigned i = from; i < to; i++) {
        furthest = r->last[i] > furthest ? r->last[i] : furthest;
        if (r->rank[i] > rank) {
            rank = r->rank[i];
            rk_text_copy(c->last_phase, sizeof c->last_phase, order[rank - 1].phase);
        }
    }
    if (seen > 1)
        rk_checkup_note(c, "boots.loop", r->source, 0, "%u starts while nobody touched it",
                        r->boots);
    if (seen > 2)
        rk_checkup_note(c, "boots.three", r->source, 0, "%u starts", r->boots);
    if (group_facts[furthest])
        rk_checkup_note(c, group_facts[furthest], r->source, 0, "the furthest phase is %s",
                        c->last_phase[0] ? c->last_phase : "the start of the application");
    if (seen <= 1 && furthest && heard->end_us - heard->last_us >= SILENCE_US)
        rk_checkup_note(c, "log.stopped", r->source, r->line, "no text for %.0f s behind %s",
                        (double)(heard->end_us - heard->last_us) / 1e6, c->last_phase);
}

static bool only_zeros(const struct rk_heard *heard)
{
    for (size_t i = 0; i < heard->len; i++)
        if (heard->bytes[i])
            return false;
    return heard->len >= BREAKS_MIN;
}

/* UART1 while nobody is linked: breaks, or the application of a factory test. */
static void read_download_wire(struct rk_checkup *checkup, const struct rk_heard *heard,
                               const struct reader *r)
{
    if (only_zeros(heard))
        rk_checkup_note(checkup, "uart1.breaks", "uart1", 0,
                        "%zu breaks and nothing else on the download wire", heard->len);
    else if (heard->len == 1 && heard->bytes[0] == 0)
        rk_checkup_note(checkup, "line.low", "uart1", 0, "one break and then nothing");
    if (r->boots == 0 && (r->last[0] == APP_START || r->last[0] >= APP))
        rk_checkup_note(checkup, "uart1.app", "uart1", 1,
                        "an application logs here, without a boot loader in front");
}

void rk_checkup_read_log(struct rk_checkup *checkup, const struct rk_heard *heard, unsigned uart)
{
    struct reader *r = calloc(1, sizeof *r);
    const struct rk_monitor_options opt = {
        .size = sizeof opt, .baud = heard->baud, .user = r, .line = on_line};
    struct rk_monitor *monitor = NULL;
    unsigned score = heard->len ? rk_monitor_text_score(heard->bytes, heard->len) : 0;

    if (!r || rk_monitor_new(&opt, &monitor, NULL) != RK_OK) {
        free(r);
        return;
    }
    r->checkup = checkup;
    r->source = heard->name ? heard->name : uart == 1 ? "uart1" : "uart2";
    if (heard->len == 0 && uart == 2)
        rk_checkup_note(checkup, "log.silent", "uart2", 0, "not a byte in %.0f s",
                        (double)(heard->end_us - heard->start_us) / 1e6);
    for (size_t i = 0; i < heard->mark_count; i++) {
        size_t at = heard->marks[i].offset;
        size_t end = i + 1 < heard->mark_count ? heard->marks[i + 1].offset : heard->len;
        rk_monitor_take(monitor, heard->marks[i].time_us, heard->bytes + at, end - at);
    }
    rk_monitor_end(monitor);
    if (uart == 1)
        read_download_wire(checkup, heard, r);
    if (heard->len >= GARBAGE_MIN && score < GARBAGE_SCORE) {
        rk_checkup_note(checkup, "log.garbage", r->source, 0, "%u of 100 bytes are no text",
                        100 - score);
    } else if (r->line > 0 && (uart == 2 || r->boots > 0)) {
        rk_checkup_note(checkup, "log.text", r->source, 1, "%u lines of text", (unsigned)r->line);
        checkup->log_baud = heard->baud;
        if (r->boots > checkup->boots || checkup->boots == 0)
            checkup->boots = r->boots ? r->boots : 1;
        if (r->boots)
            rk_checkup_note(checkup, "log.banner", r->source, 0, "%u starts", r->boots);
        if (r->bl602)
            rk_checkup_note(checkup, "bl.log", r->source, 0, "the log of a BL602");
        if (!r->boots && !r->openbeken && r->last[0] >= APP && !r->bl602)
            rk_checkup_note(checkup, "uart1.app", r->source, 1,
                            "an application logs without a boot loader in front");
        note_end(r, heard);
        note_causes(r);
        note_uptime(r);
    }
    rk_monitor_free(monitor);
    free(r);
}
