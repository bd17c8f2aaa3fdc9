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
#define GARBAGE_NOISE 40u /* percent */
#define BREAKS_MIN    4u
#define MARKS_MAX     255u
#define BOOTS_MAX     64u
#define STRANGERS     3u
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
    {"lt.start", APP}, {"lt.setup", APP},
    {"bk.app.heap", APP}, {"bk.app.flash_id", APP}, {"bk.app.ps", APP}, {"bk.app.clk", APP},
    {"bl.os", SETTINGS}, {"bl.wifi_fw", RF}, {"bl.wifi_mgmr", RF_DONE},
    {"obk.initlog", APP}, {"obk.before_delay", BEFORE_DELAY}, {"obk.boot_count", SETTINGS},
    {"obk.config", SETTINGS}, {"obk.before_delay_done", SETTINGS}, {"obk.delay", SETTINGS},
    {"bk.rf.bandgap", RF}, {"bk.rf.rwnxl", RF}, {"bk.rf.txdesc", RF}, {"bk.rf.intc", RF},
    {"bk.rf.cal_start", RF}, {"bk.rf.cal_params", RF}, {"bk.rf.cal_over", RF_DONE},
    {"bk.rf.ext_over", RF_DONE}, {"obk.after_delay", TICK}, {"obk.tick", TICK},
    {"net.wifi_start", WIFI}, {"lt.boot_ok", COMPLETE}, {"obk.boot_ok", COMPLETE},
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
    bool openbeken, bl602, libretiny;
    uint32_t crc[2]; /* of the chip and of the flasher, when they last differed */
    bool headless;   /* the log begins in the middle of a boot */
    uint8_t first[256], next[MARKS_MAX];   /* marks by their first character, counted from 1 */
    unsigned strangers;                    /* lines that no phase knows behind the jump */
    char family;                           /* of the first boot; 0 = none yet */
    bool stranger;                         /* this boot is of the other family */
    bool jumped;                           /* the boot loader of this boot has handed over */
    bool power, watchdog, software, crash; /* causes of restarts that were watched */
};

struct rk_log {
    struct reader reader;
    struct rk_monitor *monitor;
    unsigned uart;
    uint32_t baud;
    uint64_t bytes, last_us;
    bool letters; /* something else than 00 came */
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
    /* the first line of an application, cut off */
    if (!rank && r->last[boot] == BOOT && strncmp(line->text + skip, "bk_misc_", 8) == 0)
        r->last[boot] = APP_START;
    /* text behind the jump is an application, also one that no phase knows; one line may be noise */
    if (!rank && r->jumped && r->last[boot] == BOOT && line->len >= skip + 4 &&
        line->text[skip] != '\\' && ++r->strangers == STRANGERS)
        r->last[boot] = APP;
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
        r->software |= strstr(text, "BL_RST_SOFTWARE") && !strstr(text, "_WATCHDOG");
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
static bool stands_at(const char *text, const char *pattern)
{
    while (*pattern && *pattern != '*' && *text == *pattern) {
        text++;
        pattern++;
    }
    return !*pattern || (*pattern == '*' && strstr(text, pattern + 1));
}

/* A text that comes again is a second fact: "fl.crc", "fl.crc.again". */
static void take_mark(struct reader *r, const struct rk_checkup_mark *mark, const char *text)
{
    char again[24];

    if (rk_checkup_has(r->checkup, mark->fact) && strncmp(mark->fact, "fl.crc", 6) == 0) {
        rk_text_format(again, sizeof again, "%s.again", mark->fact);
        rk_checkup_note(r->checkup, again, r->source, r->line, "once more: %.100s", text);
    }
    rk_checkup_note(r->checkup, mark->fact, r->source, r->line, "%s: %.100s", mark->meaning, text);
}

/* One pass over the line: at each character only the patterns that begin with it. */
static void take_marks(struct reader *r, const char *text)
{
    for (const char *at = text; *at; at++)
        for (uint8_t i = r->first[(uint8_t)*at]; i; i = r->next[i - 1]) {
            const struct rk_checkup_mark *mark = &rk_checkup_marks[i - 1];
            if (stands_at(at, mark->pattern))
                take_mark(r, mark, text);
        }
}

static void index_marks(struct reader *r)
{
    for (size_t i = rk_checkup_mark_count; i-- > 0;) {
        uint8_t first = (uint8_t)rk_checkup_marks[i].pattern[0];
        r->next[i] = r->first[first];
        r->first[first] = (uint8_t)(i + 1);
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

/* Checksums that differ: always in the same way, or in another way each time? */
static void take_crc(struct reader *r, const char *text)
{
    const char *chip = strstr(text, "Send by BK 0x"), *ours = strstr(text, "our CRC 0x");
    uint32_t crc[2];

    if (!chip || !ours)
        return;
    crc[0] = (uint32_t)strtoul(chip + strlen("Send by BK 0x"), NULL, 16);
    crc[1] = (uint32_t)strtoul(ours + strlen("our CRC 0x"), NULL, 16);
    if (crc[0] == 0)
        rk_checkup_note(r->checkup, "fl.zero-crc", r->source, r->line, "%.120s", text);
    if (r->crc[0] | r->crc[1])
        rk_checkup_note(r->checkup,
                        memcmp(crc, r->crc, sizeof crc) == 0 ? "fl.same-crc" : "fl.other-crc",
                        r->source, r->line, "%.120s", text);
    memcpy(r->crc, crc, sizeof crc);
}

/* Whose banner begins a boot: 'S' of a BL602, 'V' of a Beken chip. */
static char family_of(const char *text)
{
    return strstr(text, "bl602") || strstr(text, "BLSP") ? 'S' : 'V';
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
        r->strangers = 0;
        char family = family_of(line->text);
        r->family = r->family ? r->family : family;
        r->stranger = family != r->family;
    }
    if (r->stranger) { /* two logs in one file: the second module's starts are not the first one's */
        take_marks(r, line->text);
        return;
    }
    if (line->phase && strcmp(line->phase, "obk.tick") == 0)
        take_uptime(r, line->text);
    r->openbeken |= line->phase && strncmp(line->phase, "obk.", 4) == 0;
    r->bl602 |= line->phase && strncmp(line->phase, "bl.", 3) == 0;
    r->libretiny |= line->phase && strncmp(line->phase, "lt.", 3) == 0;
    take_phase(r, line);
    take_cause(r, line->text + rk_boot_time(line->text, line->len));
    take_marks(r, line->text);
    take_key(r, line->text);
    take_crc(r, line->text);
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

static void note_end(struct reader *r, uint64_t silence_us)
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
    if (seen <= 1 && furthest && silence_us >= SILENCE_US)
        rk_checkup_note(c, "log.stopped", r->source, r->line, "no text for %.0f s behind %s",
                        (double)silence_us / 1e6, c->last_phase);
}

/* UART1 while nobody is linked: breaks, or the application of a factory test. */
static void read_download_wire(const struct rk_log *log)
{
    const struct reader *r = &log->reader;
    struct rk_checkup *c = r->checkup;

    if (!log->letters && log->bytes >= BREAKS_MIN)
        rk_checkup_note(c, "uart1.breaks", "uart1", 0,
                        "%u breaks and nothing else on the download wire", (unsigned)log->bytes);
    if (rk_checkup_has(c, "text.bk7231"))
        rk_checkup_note(c, "wire.on-log", "uart1", 1,
                        "the log of a BK7231 comes on the wire that should download");
    if (r->boots == 0 && (r->last[0] == APP_START || r->last[0] >= APP))
        rk_checkup_note(c, "uart1.app", "uart1", 1,
                        "an application logs here, without a boot loader in front");
}

struct rk_log *rk_log_begin(struct rk_checkup *checkup, unsigned uart, const char *name,
                            uint32_t baud)
{
    struct rk_log *log = calloc(1, sizeof *log);
    struct rk_monitor_options opt = {.size = sizeof opt, .baud = baud, .line = on_line};

    if (!log)
        return NULL;
    opt.user = &log->reader;
    if (rk_monitor_new(&opt, &log->monitor, NULL) != RK_OK) {
        free(log);
        return NULL;
    }
    log->uart = uart;
    log->baud = baud;
    log->reader.checkup = checkup;
    log->reader.source = name ? name : uart == 1 ? "uart1" : "uart2";
    index_marks(&log->reader);
    return log;
}

void rk_log_feed(struct rk_log *log, uint64_t time_us, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && !log->letters; i++)
        log->letters = bytes[i] != 0;
    log->bytes += len;
    log->last_us = time_us;
    rk_monitor_take(log->monitor, time_us, bytes, len);
}

static void note_text(struct rk_log *log, uint64_t end_us)
{
    struct reader *r = &log->reader;
    struct rk_checkup *c = r->checkup;

    rk_checkup_note(c, "log.text", r->source, 1, "%u lines of text", (unsigned)r->line);
    c->log_baud = log->baud;
    /* the log of a flasher has no starts */
    unsigned starts = r->boots ? r->boots : r->last[0] != NOTHING;
    if (starts > c->boots)
        c->boots = starts;
    if (starts)
        rk_checkup_note(c, "log.device", r->source, 1, "the log of a device");
    if (r->boots)
        rk_checkup_note(c, "log.banner", r->source, 0, "%u starts", r->boots);
    if (r->bl602)
        rk_checkup_note(c, "bl.log", r->source, 0, "the log of a BL602");
    if (!r->boots && !r->openbeken && !r->libretiny && !rk_checkup_has(c, "text.tuya") &&
        r->last[0] >= APP && !r->bl602)
        rk_checkup_note(c, "uart1.app", r->source, 1,
                        "an application logs without a boot loader in front");
    note_end(r, end_us > log->last_us ? end_us - log->last_us : 0);
    note_causes(r);
    note_uptime(r);
}

void rk_log_end(struct rk_log *log, uint64_t start_us, uint64_t end_us)
{
    struct rk_checkup *c = log->reader.checkup;
    struct rk_monitor_stats stats;

    rk_monitor_end(log->monitor);
    rk_monitor_stats(log->monitor, &stats);
    unsigned noise = log->bytes ? (unsigned)(stats.strange * 100 / log->bytes) : 0;
    if (log->bytes == 0 && log->uart == 2)
        rk_checkup_note(c, "log.silent", log->reader.source, 0, "not a byte in %.0f s",
                        (double)(end_us - start_us) / 1e6);
    if (log->uart == 1)
        read_download_wire(log);
    if (log->letters && log->bytes >= GARBAGE_MIN && noise > GARBAGE_NOISE)
        rk_checkup_note(c, "log.garbage", log->reader.source, 0, "%u of 100 bytes are no text",
                        noise);
    else if (log->reader.line > 0 && (log->uart == 2 || log->reader.boots > 0))
        note_text(log, end_us);
    rk_monitor_free(log->monitor);
    free(log);
}
