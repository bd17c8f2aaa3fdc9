#include "job/boot_mark.h"

#include "base/text.h"

#include <string.h>

/* How boot logs begin: the versions that Beken's boot loaders print (observed on executed builds),
 * the first line of BL602 SDKs, the boot2 of BL602 debug builds, LibreTiny's first line. */
static const char *const banners[] = {
    "V:BK7231",         "V: BK7231",   "V:T1_",     "V: T1_",   "BK7231n_1",          "BK7231u_1",
    "BK7231s_1",        "BK7238_1",    "BK7252N_1", "BK7251_1", "Starting bl602 now", "BLSP_Boot2",
    "BLSP Boot2 start", "LibreTiny v",
};
enum { BANNERS = sizeof banners / sizeof banners[0] };

/* Phases in the order in which they are looked for; `at` = the line begins with it. */
/* clang-format off */
static const struct {
    const char *id, *text;
    bool at;
} phases[] = {
    {"bk.boot.banner", "V:BK7231", true}, {"bk.boot.banner", "V: BK7231", true},
    {"bk.boot.banner", "V:T1_", true}, {"bk.boot.banner", "V: T1_", true},
    {"bk.boot.banner", "BK72", true}, {"bk.boot.st", "ST:", true},
    {"bk.boot.jump", "J 0x", true}, {"bk.boot.jump", "go os_addr(0x", true},
    {"bk.boot.jump", "jump to:0x", true}, {"bk.app.start_type", "bk_misc_init_start_type", true},
    {"bk.app.heap", "prvHeapInit-start addr:0x", true}, {"bk.app.heap", "[MEM DBG] heap init", true},
    {"bk.app.flash_id", "[Flash]id:0x", true}, {"bk.app.ps", "sctrl_sta_ps_init", true},
    {"bk.app.clk", "cset:", true}, {"obk.initlog", "Entering initLog", true},
    {"obk.before_delay_done", "Main_Init_Before_Delay done", false},
    {"obk.before_delay", "Info:MAIN:Main_Init_Before_Delay", true},
    {"obk.boot_count", "Boot Count ", false}, {"obk.config", "CFG_InitAndLoad:", false},
    {"obk.delay", "Info:MAIN:Main_Init_Delay", true},
    {"bk.rf.bandgap", "[load]bandgap_calm=", true}, {"bk.rf.bandgap", "bandgap_calm_in_efuse=", true},
    {"bk.rf.rwnxl", "[FUNC]rwnxl_init", true}, {"bk.rf.txdesc", "[bk]tx_t", true}, {"bk.rf.txdesc", "txd", true},
    {"bk.rf.intc", "[FUNC]intc_init", true}, {"bk.rf.cal_start", "[FUNC]c", true},
    {"bk.rf.cal_params", "gpio_level=", true}, {"bk.rf.cal_params", "get rfcali_mode:", false},
    {"bk.rf.cal_over", "calibration_main over", true},
    {"bk.rf.ext_over", "func_init_extended OVER", false},
    {"obk.after_delay", "Info:MAIN:Main_Init_After_Delay", true},
    {"obk.boot_ok", "Boot complete time reached", false},
    {"obk.tick", "Info:MAIN:Time ", true}, {"obk.tick", "Info:MAIN:[SAFE] Time ", true},
    {"stk.mf_init", "mf_init succ", false}, {"stk.start", "[01-01 18:12:15 TUYA ", true},
    {"net.wifi_start", "Soft_AP_start", true}, {"net.wifi_start", "[saap]MM_", false},
    {"net.wifi_start", "[sa_sta]MM_", false}, {"net.wifi_start", "WIFI_STA_CONNECTING", false},
    {"bl.boot2", "BLSP_Boot2", true}, {"bl.boot2", "BLSP Boot2", true},
    {"bl.boot2", "[BOOT2] Active Partition", false}, {"bl.start", "Starting bl602 now", false},
    {"bl.board", "[MAIN] [BOARD]", false}, {"bl.os", "[OS] Starting", true},
    {"bl.wifi_fw", "Start Wi-Fi fw @", true}, {"bl.wifi_mgmr", "[APP] [EVT] INIT DONE", true},
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
        size_t n = strlen(banners[i]);
        if (n > len || memcmp(line + len - n, banners[i], n) != 0)
            continue;
        /* "V: BK7231n_1." holds two marks; the longer has counted already */
        if (banners[i][0] == 'B' && n + 2 <= len && memchr(line + len - n - 2, ':', 2))
            continue;
        return len - n;
    }
    return RK_NO_MARK;
}

size_t rk_boot_time(const char *line, size_t len)
{
    size_t at = 0, colons = 0;

    while (at < len && at < 40 && strchr("0123456789:.,-/ T[]", line[at]))
        colons += line[at++] == ':';
    if (colons < 2 || at == 0 || at >= 40)
        return 0;
    /* the end of the time belongs to it, a bracket behind it to the text */
    while (at > 0 && line[at - 1] == '[')
        at--;
    if (at < len && strchr("->|", line[at]))
        at++;
    while (at < len && (line[at] == ' ' || line[at] == '>' || line[at] == '\t'))
        at++;
    return at;
}

const char *rk_boot_phase(const char *line, size_t len)
{
    size_t skip = rk_boot_time(line, len);

    line += skip;
    len -= skip;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        size_t n = strlen(phases[i].text);
        if (n > len)
            continue;
        if (phases[i].at ? memcmp(line, phases[i].text, n) == 0
                         : strstr(line, phases[i].text) != NULL)
            return phases[i].id;
    }
    return NULL;
}
