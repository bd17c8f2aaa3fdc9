/* What can be wrong with a BL602 flash, and what the serial line shows of it. The effects were
 * observed by executing the dumped mask ROM, second-stage loaders of 2020, v6.4 and v8.1.3, and
 * OpenBL602 1.18.57, with one fault at a time. */
#include "image/bouffalo/known.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SILENCE  "nothing, for ever: the mask ROM stops and does not fall back to its UART mode"
#define SILENT_2 "nothing, for ever: the second-stage loader finds no application and keeps quiet"
#define NO_RADIO "'wifi NULL.', 'bt NULL.', 'uart uart@4000A000 NULL.'; no MAC, no radio settings"
#define GET_BOOT2                                                                                  \
    "write the second-stage loader with its header: 0x000000-0x00E000 of this module's backup, "   \
    "or a boot2 file (--boot FILE)"
#define GET_TABLE "write both copies of the table, with age 0 and slot 0 active: flash does that"
#define GET_APP   "write the application with its header: rekindle flash APP.bin"
#define GET_TREE                                                                                   \
    "write the device tree: from this module's backup, or a .dtb or .dts file (--device-tree "     \
    "FILE)"

static const struct fault {
    const char *id;
    enum rk_bl602_piece piece;
    enum rk_verdict verdict;
    enum rk_bl602_uart shows;
    const char *uart, *remedy;
} faults[] = {
    /* clang-format off */
    {"flash-repeats", RK_BL602_BOOT_HEADER, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "this is a capture of a smaller chip, read too far: rekindle image convert cuts it"},
    {"efuse-locked", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE,
     "this chip wants signed or enciphered code, or does not start from flash: nothing here makes that"},

    {"header-missing", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"header-foreign", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"header-crc", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"header-chip", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"header-app", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE,
     "an application does not belong at address 0: put the second-stage loader back, then rekindle flash APP.bin"},
    {"header-options", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"header-flash", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT,
     "nothing: the second-stage loader starts and cannot read its tables (debug builds: 'No valid PT')",
     "rebuild the header with the parameters of this flash part: rekindle flash does that"},
    {"flash-parameters", RK_BL602_BOOT_HEADER, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "rebuild the header with the parameters of this flash part: rekindle flash does that"},
    {"header-clock", RK_BL602_BOOT_HEADER, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN,
     "the usual log, perhaps at another rate: the chip stays at 32 MHz until the application changes that",
     "rebuild the header with right clock settings: rekindle flash does that"},
    {"crystal", RK_BL602_BOOT_HEADER, RK_VERDICT_BAD, RK_BL602_UART_UNKNOWN,
     "garbage at 2,000,000 baud, or nothing: every clock is off by the ratio of the crystals",
     "all modules known have a 40 MHz crystal: rebuild the header with it"},
    {"boot2-missing", RK_BL602_BOOT2, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"boot2-hash", RK_BL602_BOOT2, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},
    {"boot2-range", RK_BL602_BOOT2, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENCE, GET_BOOT2},

    {"tables-missing", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_SILENT,
     "nothing, for ever: the second-stage loader has no table (debug builds: 'No valid PT' every 0.5 s)", GET_TABLE},
    {"tables-damaged", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_SILENT,
     "nothing, for ever: the second-stage loader has no table (debug builds: 'No valid PT' every 0.5 s)", GET_TABLE},
    {"tables-default", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_APP_STOPS,
     "the application starts from 0x010000, then 'Dead loop. Reason: NO valid Param Parition found'", GET_TABLE},
    {"table-missing", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "", GET_TABLE},
    {"table-damaged", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "", GET_TABLE},
    {"tables-differ", RK_BL602_TABLE, RK_VERDICT_INFO, RK_BL602_UART_UNKNOWN, "", ""},
    {"layouts-differ", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "", GET_TABLE},
    {"table-types", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "the first update would overwrite the wrong entry: write a table with a type of its own for each entry"},
    {"firmware-entry", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_TABLE},
    {"firmware-address", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_TABLE},
    {"slot-copy", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_LOOP,
     "nothing for a while, or for ever: the loader copies one slot over the other, loaders of 2020 again and again",
     GET_TABLE},
    {"slot-trial", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "loaders of version 8 roll such a slot back: write a table with age 0"},
    {"past-end", RK_BL602_TABLE, RK_VERDICT_BAD, RK_BL602_UART_APP_LACKS,
     "'wifi NULL.' and settings that do not last: what lies past the end comes out somewhere else",
     "write a layout made for this flash size: rekindle flash --layout FILE"},
    {"past-end-partly", RK_BL602_TABLE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "keep what is stored there short, or write a layout made for this flash size"},

    {"app-missing", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-bare", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2,
     "it was written without its header: rekindle flash APP.bin adds it and writes the code behind"},
    {"app-foreign", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-crc", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-chip", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2,
     "get the application that is made for the BL602"},
    {"app-options", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-cache", RK_BL602_APP_HEADER, RK_VERDICT_BAD, RK_BL602_UART_LOOP,
     "nothing that lasts: the second-stage loader starts again and again", GET_APP},
    {"app-hash", RK_BL602_APP, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-packed", RK_BL602_APP, RK_VERDICT_INFO, RK_BL602_UART_UNKNOWN, "", ""},
    {"app-packed-bad", RK_BL602_APP, RK_VERDICT_BAD, RK_BL602_UART_SILENT, SILENT_2, GET_APP},
    {"app-rollback", RK_BL602_APP, RK_VERDICT_WARN, RK_BL602_UART_APP,
     "the application of the other slot: the second-stage loader rolls back", GET_APP},
    {"slot-stale", RK_BL602_APP, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN,
     "the application of slot 1, not the one in slot 0",
     "to start slot 0 write both copies of the table with age 0: rekindle flash does that"},
    {"app-long", RK_BL602_APP, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "an update would overwrite its end: use a layout with a larger first slot"},
    {"app-covers", RK_BL602_APP, RK_VERDICT_BAD, RK_BL602_UART_UNKNOWN,
     "the application, until it writes there; then nothing", "use a smaller build, or a layout with room for it"},

    {"tree-entry", RK_BL602_TREE, RK_VERDICT_BAD, RK_BL602_UART_APP_STOPS,
     "'addr from partition is 00000000, ret is -2', then 'Dead loop. Reason: NO valid Param Parition found'", GET_TABLE},
    {"tree-address", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS,
     "'[XIP] addr from partition is .., ret is -22', then " NO_RADIO, GET_TABLE},
    {"tree-missing", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS, NO_RADIO, GET_TREE},
    {"tree-damaged", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS, NO_RADIO, GET_TREE},
    {"tree-no-wifi", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS, NO_RADIO, GET_TREE},
    {"tree-no-mac", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS,
     "'sta_mac_addr NULL.' or 'ap_mac_addr NULL.': the MAC comes from the efuses or not at all", GET_TREE},
    {"tree-mode", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_APP_LACKS, "no 'Set MAC' line", GET_TREE},
    {"tree-assert", RK_BL602_TREE, RK_VERDICT_BAD, RK_BL602_UART_APP_STOPS,
     "'ASSERT: hal_board.c', and nothing more", GET_TREE},
    {"tree-long", RK_BL602_TREE, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "its end lies in the next partition: use a shorter tree"},
    {"tree-example-mac", RK_BL602_TREE, RK_VERDICT_INFO, RK_BL602_UART_UNKNOWN, "", ""},

    {"settings-entry", RK_BL602_SETTINGS, RK_VERDICT_BAD, RK_BL602_UART_APP_STOPS,
     "'error when get PSM partition -2', then 'Dead Loop. Reason: no Valid PSM partition found'", GET_TABLE},
    {"settings-erase-boot", RK_BL602_SETTINGS, RK_VERDICT_BAD, RK_BL602_UART_APP,
     "the application once; after that start nothing, for ever: it has formatted the boot header away",
     "write a layout that leaves 32 KiB from the start of PSM, e.g. --layout 1m on a flash of 1 MiB"},
    {"settings-erase-tree", RK_BL602_SETTINGS, RK_VERDICT_BAD, RK_BL602_UART_APP_LACKS,
     "the application once; from the second start on " NO_RADIO,
     "write a layout that leaves 32 KiB from the start of PSM, e.g. --layout 1m on a flash of 1 MiB"},
    {"settings-erase-data", RK_BL602_SETTINGS, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "keep a backup of the partitions behind PSM"},
    {"settings-small", RK_BL602_SETTINGS, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "settings need at least 8 KiB: use a layout with a larger PSM"},
    {"settings-foreign", RK_BL602_SETTINGS, RK_VERDICT_WARN, RK_BL602_UART_UNKNOWN, "",
     "the application formats it at its first start: keep a backup of what is there"},
    /* clang-format on */
};

struct rk_bl602_finding *rk_bfl_find(struct rk_bfl_case *c, const char *id, uint32_t addr,
                                     const char *fmt, ...)
{
    struct rk_bl602_report *r = c->report;
    struct rk_bl602_finding *f =
        r->finding_count < RK_BL602_FINDINGS ? &r->findings[r->finding_count++] : &c->spare;
    va_list args;

    *f = (struct rk_bl602_finding){.addr = addr, .verdict = RK_VERDICT_BAD};
    rk_text_copy(f->id, sizeof f->id, id);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(faults[i].id, id) != 0)
            continue;
        f->piece = faults[i].piece;
        f->verdict = faults[i].verdict;
        f->shows = faults[i].shows;
        rk_text_copy(f->uart, sizeof f->uart, faults[i].uart);
        rk_text_copy(f->remedy, sizeof f->remedy, faults[i].remedy);
    }
    va_start(args, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, args);
    va_end(args);
    return f;
}
