#include "job/boot_mark.h"

#include "base/text.h"

#include <string.h>

/* How boot logs begin: the versions that Beken's boot loaders print (observed on executed builds),
 * the first line of BL602 SDKs, the boot2 of BL602 debug builds, LibreTiny's first line. */
#define TEXT(text) text, sizeof text - 1
static const struct {
    const char *text;
    uint8_t len;
} banners[] = {
    {TEXT("V:BK7231")},         {TEXT("V: BK7231")},          {TEXT("V:T1_")},
    {TEXT("V: T1_")},           {TEXT("BK7231n_1")},          {TEXT("BK7231u_1")},
    {TEXT("BK7231s_1")},        {TEXT("BK7238_1")},           {TEXT("BK7252N_1")},
    {TEXT("BK7251_1")},         {TEXT("Starting bl602 now")}, {TEXT("BLSP_Boot2")},
    {TEXT("BLSP Boot2 start")}, {TEXT("LibreTiny v")},
};
enum { BANNERS = sizeof banners / sizeof banners[0] };

/* Phases in the order in which they are looked for; `at` = the line begins with it. */
/* clang-format off */
static const struct {
    const char *id, *text;
    uint8_t len;
    bool at;
} phases[] = {
    {"bk.boot.banner", TEXT("V:BK7231"), true}, {"bk.boot.banner", TEXT("V: BK7231"), true},
    {"bk.boot.banner", TEXT("V:T1_"), true}, {"bk.boot.banner", TEXT("V: T1_"), true},
    {"bk.boot.banner", TEXT("BK7231n_1"), true},
    {"bk.boot.banner", TEXT("BK7231N_1."), true}, {"bk.boot.banner", TEXT("BK7231s_1"), true},
    {"bk.boot.banner", TEXT("BK7231u_1"), true}, {"bk.boot.banner", TEXT("BK7238_1"), true},
    {"bk.boot.banner", TEXT("BK7252N_1"), true}, {"bk.boot.banner", TEXT("BK7251_1"), true}, {"bk.boot.st", TEXT("ST:"), true},
    {"bk.boot.jump", TEXT("J 0x"), true}, {"bk.boot.jump", TEXT("go os_addr(0x"), true},
    {"bk.boot.jump", TEXT("Jump 0x"), true},
    {"bk.boot.jump", TEXT("jump to:0x"), true}, {"bk.app.start_type", TEXT("bk_misc_init_start_type"), true},
    {"bk.app.heap", TEXT("prvHeapInit-start addr:0x"), true}, {"bk.app.heap", TEXT("[MEM DBG] heap init"), true},
    {"bk.app.flash_id", TEXT("[Flash]id:0x"), true}, {"bk.app.ps", TEXT("sctrl_sta_ps_init"), true},
    {"bk.app.clk", TEXT("cset:"), true}, {"obk.initlog", TEXT("Entering initLog"), true},
    {"obk.before_delay_done", TEXT("Main_Init_Before_Delay done"), false},
    {"obk.before_delay", TEXT("Info:MAIN:Main_Init_Before_Delay"), true},
    {"obk.boot_count", TEXT("Boot Count "), false}, {"obk.config", TEXT("CFG_InitAndLoad:"), false},
    {"obk.delay", TEXT("Info:MAIN:Main_Init_Delay"), true},
    {"bk.rf.bandgap", TEXT("[load]bandgap_calm="), true}, {"bk.rf.bandgap", TEXT("bandgap_calm_in_efuse="), true},
    {"bk.rf.rwnxl", TEXT("[FUNC]rwnxl_init"), true}, {"bk.rf.txdesc", TEXT("[bk]tx_t"), true}, {"bk.rf.txdesc", TEXT("txd"), true},
    {"bk.rf.intc", TEXT("[FUNC]intc_init"), true}, {"bk.rf.cal_start", TEXT("[FUNC]c"), true},
    {"bk.rf.cal_params", TEXT("gpio_level="), true}, {"bk.rf.cal_params", TEXT("get rfcali_mode:"), false},
    {"bk.rf.cal_over", TEXT("calibration_main over"), true},
    {"bk.rf.ext_over", TEXT("func_init_extended OVER"), false},
    {"obk.after_delay", TEXT("Info:MAIN:Main_Init_After_Delay"), true},
    {"obk.boot_ok", TEXT("Boot complete time reached"), false},
    {"obk.tick", TEXT("Info:MAIN:Time "), true}, {"obk.tick", TEXT("Info:MAIN:[SAFE] Time "), true},
    {"stk.mf_init", TEXT("mf_init succ"), false}, {"stk.start", TEXT("[01-01 18:12:15 TUYA "), true},
    {"net.wifi_start", TEXT("Soft_AP_start"), true}, {"net.wifi_start", TEXT("[saap]MM_"), false},
    {"net.wifi_start", TEXT("[sa_sta]MM_"), false}, {"net.wifi_start", TEXT("WIFI_STA_CONNECTING"), false},
    {"bl.boot2", TEXT("BLSP_Boot2"), true}, {"bl.boot2", TEXT("BLSP Boot2"), true},
    {"net.wifi_start", TEXT("MANUAL_SCAN_REQ"), true},
    {"bl.start", TEXT("Booting BL602 Chip"), true},
    {"lt.start", TEXT("LibreTiny v"), false}, {"net.wifi_start", TEXT("]: Starting scan"), false},
    {"net.wifi_start", TEXT("]: Connecting to "), false},
    {"lt.setup", TEXT("]: Running through setup()"), false},
    {"lt.setup", TEXT("]: setup() finished"), false},
    {"lt.boot_ok", TEXT("]: Boot seems successful"), false},
    {"bl.boot2", TEXT("[BOOT2] Active Partition"), false}, {"bl.start", TEXT("Starting bl602 now"), false},
    {"bl.board", TEXT("[MAIN] [BOARD]"), false}, {"bl.os", TEXT("[OS] Starting"), true},
    {"bl.wifi_fw", TEXT("Start Wi-Fi fw @"), true}, {"bl.wifi_mgmr", TEXT("[APP] [EVT] INIT DONE"), true},
    {"bl.wifi_mgmr", TEXT("[APP] [EVT] MGMR DONE"), true}, {"obk.delay", TEXT("Main_Init_Delay"), true},
    {"obk.delay", TEXT("delaying start"), true}, {"obk.initlog", TEXT("Commands registered!"), true},
    {"obk.initlog", TEXT("initLog() done"), true}, {"bk.rf.cal_params", TEXT("DPLL Unlock"), true},
};
/* clang-format on */

bool rk_boot_mark_ends(uint8_t byte)
{
    /* the last characters of the banners above; asked for every byte of a log */
    static const bool last[256] = {
        ['1'] = true, ['2'] = true, ['_'] = true, ['w'] = true, ['t'] = true, ['v'] = true};

    return last[byte];
}

size_t rk_boot_mark(const uint8_t *line, size_t len)
{
    for (size_t i = 0; i < BANNERS; i++) {
        size_t n = banners[i].len;
        if (n > len || banners[i].text[0] != line[len - n] ||
            memcmp(line + len - n, banners[i].text, n) != 0)
            continue;
        /* "V: BK7231n_1." holds two marks; the longer has counted already */
        if (banners[i].text[0] == 'B' && n + 2 <= len && memchr(line + len - n - 2, ':', 2))
            continue;
        return len - n;
    }
    return RK_NO_MARK;
}

/* Length of a time, date or counter that begins with a digit; 0 if it is none. */
static size_t time_length(const char *line, size_t len)
{
    size_t at = 0;

    if (len == 0 || line[0] < '0' || line[0] > '9')
        return 0;
    while (at < len && line[at] && strchr("0123456789:.,/-TZ+", line[at]))
        at++;
    if (at < len && line[at] == 's')
        at++;
    return at;
}

/* Length of what stands in brackets, if it is only times; with the brackets. */
static size_t bracket_length(const char *line, size_t len)
{
    size_t at = 1;

    if (len < 3 || line[0] != '[')
        return 0;
    while (at < len && line[at] == ' ')
        at++;
    while (at < len && line[at] != ']') {
        size_t n = time_length(line + at, len - at);
        if (n == 0)
            return 0;
        at += n;
        while (at < len && line[at] == ' ')
            at++;
    }
    return at < len ? at + 1 : 0;
}

/* Length of a word by which a terminal says where a line came from. */
static size_t origin_length(const char *line, size_t len)
{
    static const char *const words[] = {"RX", "TX", "Rx", "<-", "->", "<", ">", "|"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (n >= len || memcmp(line, words[i], n) != 0)
            continue;
        while (n < len && strchr("<>:|-", line[n]))
            n++;
        if (n < len && line[n] == ' ')
            return n;
    }
    return 0;
}

size_t rk_boot_time(const char *line, size_t len)
{
    size_t at = 0, n;

    for (;;) {
        size_t rest = len - at;
        if ((n = bracket_length(line + at, rest)) != 0) {
            at += n;
        } else if ((n = time_length(line + at, rest)) != 0) {
            if (n == rest || !strchr(" \t>|-", line[at + n]))
                return at;
            at += n;
        } else if ((n = origin_length(line + at, rest)) != 0) {
            at += n;
        } else {
            return at;
        }
        while (at < len && (line[at] == ' ' || line[at] == '\t' || line[at] == '>'))
            at++;
        if (at + 1 < len && (line[at] == '-' || line[at] == '|') && line[at + 1] == ' ')
            at += 2;
        else if (at + 2 < len && memcmp(line + at, "-> ", 3) == 0)
            at += 3;
    }
}

const char *rk_boot_phase(const char *line, size_t len)
{
    size_t skip = rk_boot_time(line, len);

    line += skip;
    len -= skip;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (phases[i].len > len)
            continue;
        if (phases[i].at
                ? phases[i].text[0] == line[0] && memcmp(line, phases[i].text, phases[i].len) == 0
                : strstr(line, phases[i].text) != NULL)
            return phases[i].id;
    }
    return NULL;
}
