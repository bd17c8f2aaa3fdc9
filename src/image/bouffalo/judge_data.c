/* What the application wants: the device tree and room for its settings. */
#include "image/bouffalo/known.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/fdt.h"

#include <string.h>

#define SECTOR        4096u
#define SETTINGS_MIN  0x2000u
#define SETTINGS_SPAN 0x8000u /* what builds of OpenBL602 of 2025 take, whatever the table says */

/* ---- device tree ---- */

static bool has_mac_order(const struct rk_fdt *tree, char order[8])
{
    uint32_t len;
    const uint8_t *mode = rk_fdt_get(tree, "/wifi/mac/mode", &len);

    if (!mode || len == 0)
        return false;
    rk_text_escape(order, 8, mode, strnlen((const char *)mode, len));
    return true;
}

static void judge_mac(struct rk_bfl_case *c, const struct rk_fdt *tree, uint32_t addr)
{
    static const uint8_t example[6] = {0xC8, 0x43, 0x57, 0x82, 0x73, 0x40};
    static const uint8_t example_ap[6] = {0xC8, 0x43, 0x57, 0x82, 0x73, 0x02};
    uint32_t sta_len = 0, ap_len = 0;
    const uint8_t *sta = rk_fdt_get(tree, "/wifi/mac/sta_mac_addr", &sta_len);
    const uint8_t *ap = rk_fdt_get(tree, "/wifi/mac/ap_mac_addr", &ap_len);
    bool both = sta && ap && sta_len == 6 && ap_len == 6;
    char order[8];

    if (!rk_fdt_has(tree, "/wifi/mac") || !has_mac_order(tree, order)) {
        rk_bfl_find(c, "tree-no-mac", addr, "the device tree has no order of MAC sources");
        return;
    }
    if (strlen(order) != 3)
        rk_bfl_find(c, strlen(order) == 1 && !both ? "tree-assert" : "tree-mode", addr,
                    "the order of MAC sources is \"%s\": it needs three characters", order);
    else if (!strpbrk(order, "MB") && !(strchr(order, 'F') && both))
        rk_bfl_find(c, "tree-assert", addr, "the MAC order \"%s\" leads nowhere", order);
    if (!both)
        rk_bfl_find(c, "tree-no-mac", addr, "the device tree lacks %s",
                    sta ? "ap_mac_addr" : "sta_mac_addr");
    else if (memcmp(sta, example, 6) == 0 || memcmp(ap, example_ap, 6) == 0)
        rk_bfl_find(c, "tree-example-mac", addr,
                    "the device tree has the example's MAC: the one in the efuses counts");
}

static void judge_tree_content(struct rk_bfl_case *c, const uint8_t *data, uint32_t addr,
                               uint32_t room, uint32_t total)
{
    struct rk_bl602_report *r = c->report;
    struct rk_fdt tree;

    if (!rk_fdt_open(data, total, &tree) || !rk_fdt_sound(&tree)) {
        r->pieces[RK_BL602_TREE] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "tree-damaged", addr, "the device tree at 0x%06X is cut short or damaged",
                    addr);
        return;
    }
    r->pieces[RK_BL602_TREE] = RK_BL602_VALID;
    r->piece_len[RK_BL602_TREE] = total;
    if (total > room)
        rk_bfl_find(c, "tree-long", addr, "the device tree has %u bytes, its partition %u", total,
                    room);
    if (!rk_fdt_has(&tree, "/wifi")) {
        r->pieces[RK_BL602_TREE] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "tree-no-wifi", addr, "the device tree has no /wifi");
        return;
    }
    judge_mac(c, &tree, addr);
}

static bool above_firmware(const struct rk_bfl_case *c, uint32_t addr)
{
    const struct rk_bfl_part *fw = rk_bfl_part_of_type(&c->table, 0);

    return !fw || (addr > fw->addr[0] && (fw->addr[1] == 0 || addr > fw->addr[1]));
}

static void judge_tree(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;
    const struct rk_bfl_part *p = rk_bfl_part_named(&c->table, "factory");
    const uint8_t *head, *all;
    uint32_t total;

    if (!p) {
        rk_bfl_find(c, "tree-entry", r->piece_addr[RK_BL602_TABLE],
                    "the table has no \"factory\" entry");
        return;
    }
    r->piece_addr[RK_BL602_TREE] = p->addr[0];
    r->piece_len[RK_BL602_TREE] = p->max_len[0];
    if (p->addr[0] >= c->flash_size)
        return;
    r->pieces[RK_BL602_TREE] = RK_BL602_UNREAD;
    if (!above_firmware(c, p->addr[0])) {
        r->pieces[RK_BL602_TREE] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "tree-address", p->addr[0],
                    "\"factory\" at 0x%06X lies below the firmware: the application refuses it",
                    p->addr[0]);
        return;
    }
    head = rk_bfl_bytes(c, p->addr[0], RK_FDT_HEADER, true);
    if (!head)
        return;
    total = rk_fdt_total(head, RK_FDT_HEADER);
    if (total < RK_FDT_HEADER || total > c->flash_size - p->addr[0]) {
        bool blank = rk_bytes_all(head, RK_FDT_HEADER, 0xFF);

        r->pieces[RK_BL602_TREE] = blank ? RK_BL602_MISSING : RK_BL602_DAMAGED;
        rk_bfl_find(c, blank ? "tree-missing" : "tree-damaged", p->addr[0],
                    blank ? "there is no device tree at 0x%06X: it is blank"
                          : "there is no device tree at 0x%06X, but something else",
                    p->addr[0]);
        return;
    }
    all = rk_bfl_bytes(c, p->addr[0], total, true);
    if (all)
        judge_tree_content(c, all, p->addr[0], p->max_len[0], total);
}

/* ---- settings ---- */

/* The first application that is known by its text to take a fixed span for its settings, or one
 * that may: builds of OpenBL602 up to 1.18.57 do. */
static bool app_takes_span(struct rk_bfl_case *c)
{
    const struct rk_bl602_slot *slot = &c->report->slots[c->report->active_slot];
    const uint8_t *code = slot->image == RK_BL602_VALID
                              ? rk_bfl_bytes(c, slot->addr + 0x1000, slot->image_len, false)
                              : NULL;
    unsigned version[3];

    return code && rk_bfl_openbl602_version(code, slot->image_len, version) &&
           (version[0] < 1 ||
            (version[0] == 1 && (version[1] < 18 || (version[1] == 18 && version[2] <= 57))));
}

static bool is_formatted(struct rk_bfl_case *c, const struct rk_bfl_part *psm)
{
    const uint8_t *head = rk_bfl_bytes(c, psm->addr[0], SECTOR, false);

    return head && memcmp(head + 8, "EF40", 4) == 0;
}

/* Observed on OpenBL602 1.18.57: it formats 32 KiB from the start of PSM, across the neighbours and,
 * where the flash ends, from address 0 on. */
static void judge_span(struct rk_bfl_case *c, const struct rk_bfl_part *psm)
{
    uint64_t end = (uint64_t)psm->addr[0] + SETTINGS_SPAN;
    const struct rk_bfl_part *factory = rk_bfl_part_named(&c->table, "factory");
    bool boot = end > c->flash_size;
    bool tree = factory && factory->addr[0] >= psm->addr[0] && factory->addr[0] < end;
    struct rk_bl602_finding *f;

    if (psm->max_len[0] >= SETTINGS_SPAN)
        return;
    if (boot || tree) {
        f = rk_bfl_find(c, boot ? "settings-erase-boot" : "settings-erase-tree", psm->addr[0],
                        "PSM has %u KiB at 0x%06X; builds that take 32 KiB erase %s",
                        psm->max_len[0] / 1024, psm->addr[0],
                        boot && tree ? "the device tree and the boot header"
                        : boot       ? "the boot header"
                                     : "the device tree");
        if (app_takes_span(c))
            return;
        /* Another build, or one that is not known. What has formatted the store already and left the
         * neighbours alone keeps to its place. */
        f->verdict = is_formatted(c, psm) ? RK_VERDICT_INFO : RK_VERDICT_WARN;
        f->shows = RK_BL602_UART_UNKNOWN;
        f->uart[0] = '\0';
        return;
    }
    for (size_t i = 0; i < c->table.count; i++) {
        const struct rk_bfl_part *p = &c->table.parts[i];

        if (p != psm && p->type != 0 && p->addr[0] >= psm->addr[0] && p->addr[0] < end) {
            rk_bfl_find(c, "settings-erase-data", p->addr[0],
                        "builds that take 32 KiB for settings erase \"%s\" at 0x%06X", p->name,
                        p->addr[0]);
            return;
        }
    }
}

static void judge_settings(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;
    const struct rk_bfl_part *p = rk_bfl_part_named(&c->table, "PSM");
    const uint8_t *head;

    if (!p) {
        rk_bfl_find(c, "settings-entry", r->piece_addr[RK_BL602_TABLE],
                    "the table has no \"PSM\" entry");
        return;
    }
    r->piece_addr[RK_BL602_SETTINGS] = p->addr[0];
    r->piece_len[RK_BL602_SETTINGS] = p->max_len[0];
    if (p->addr[0] >= c->flash_size || p->addr[0] % SECTOR)
        return;
    if (p->max_len[0] < SETTINGS_MIN)
        rk_bfl_find(c, "settings-small", p->addr[0], "PSM has %u bytes", p->max_len[0]);
    judge_span(c, p);
    r->pieces[RK_BL602_SETTINGS] = RK_BL602_UNREAD;
    head = rk_bfl_bytes(c, p->addr[0], SECTOR, true);
    if (!head)
        return;
    r->pieces[RK_BL602_SETTINGS] = RK_BL602_VALID;
    if (memcmp(head + 8, "EF40", 4) != 0 && !rk_bytes_all(head, SECTOR, 0xFF)) {
        r->pieces[RK_BL602_SETTINGS] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "settings-foreign", p->addr[0],
                    "what is in PSM at 0x%06X is no key-value store", p->addr[0]);
    }
}

void rk_bfl_judge_data(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;

    r->pieces[RK_BL602_TREE] = RK_BL602_NO_PLACE;
    r->pieces[RK_BL602_SETTINGS] = RK_BL602_NO_PLACE;
    if (!c->tables)
        return;
    c->piece = RK_BL602_TREE;
    judge_tree(c);
    c->piece = RK_BL602_SETTINGS;
    judge_settings(c);
}
