/* What the second-stage loader wants of the firmware slots. */
#include "image/bouffalo/known.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/bouffalo/boot2.h"

#include <string.h>

#define BODY 0x1000u /* of the image, behind the start of the slot */
#define XZ_MAGIC                                                                                   \
    "\xFD"                                                                                         \
    "7zXZ"

struct verdict {
    const char *id; /* NULL: nothing is wrong */
    char text[144];
};

static void fault(struct verdict *v, const char *id, const char *what, uint32_t addr)
{
    v->id = id;
    rk_text_format(v->text, sizeof v->text, "%s at 0x%06X", what, addr);
}

/* What is at the start of a slot instead of a header. */
static void judge_no_header(struct rk_bl602_slot *slot, const uint8_t *p, struct verdict *v)
{
    slot->header = slot->image = RK_BL602_DAMAGED;
    if (rk_bytes_all(p, RK_BFL_HEADER, 0xFF)) {
        slot->header = slot->image = RK_BL602_MISSING;
        fault(v, "app-missing", "there is no application", slot->addr);
    } else if (rk_bfl_app_starts(p, RK_BFL_HEADER)) {
        fault(v, "app-bare", "an application lies without its header", slot->addr);
    } else if (memcmp(p, "BFAP", 4) == 0) {
        fault(v, "app-chip", "there is an application for another chip of the family", slot->addr);
    } else {
        fault(v, "app-foreign", "there is something else instead of an application", slot->addr);
    }
}

static void judge_header(const struct rk_bfl_header *h, struct rk_bl602_slot *slot,
                         struct verdict *v)
{
    slot->header = RK_BL602_VALID;
    if (h->other_chip)
        fault(v, "app-chip", "the application is for another chip of the family", slot->addr);
    else if (!h->crc_good)
        fault(v, "app-crc", "the header of the application has a wrong CRC", slot->addr);
    else if (h->length == 0 || !h->plain || !h->flat || h->boot_cfg & RK_BFL_NOT_LOAD)
        fault(v, "app-options", "the header of the application asks for what does not start",
              slot->addr);
    else if (!h->cached)
        fault(v, "app-cache", "the header of the application switches the cache off", slot->addr);
    if (v->id)
        slot->header = RK_BL602_DAMAGED;
}

static void judge_slot(struct rk_bfl_case *c, unsigned index, struct verdict *v)
{
    struct rk_bl602_slot *slot = &c->report->slots[index];
    const uint8_t *p;

    c->piece = RK_BL602_APP_HEADER;
    p = rk_bfl_bytes(c, slot->addr, RK_BFL_HEADER, true);
    *v = (struct verdict){.id = NULL};
    slot->header = slot->image = RK_BL602_UNREAD;
    if (slot->addr >= c->flash_size) {
        slot->header = slot->image = RK_BL602_NO_PLACE;
        fault(v, "app-missing", "the flash ends before the firmware slot", slot->addr);
        return;
    }
    if (!p)
        return;
    if (memcmp(p, XZ_MAGIC, 6) == 0) {
        const char *why = rk_bfl_packed_fault(c, index);

        slot->header = slot->image = why ? RK_BL602_DAMAGED : RK_BL602_PACKED;
        v->id = why ? "app-packed-bad" : NULL;
        rk_text_format(v->text, sizeof v->text, "the packed update at 0x%06X will not start: %s",
                       slot->addr, why ? why : "");
        return;
    }
    if (!rk_bfl_header_read(p, RK_BFL_HEADER, &c->apps[index])) {
        judge_no_header(slot, p, v);
        return;
    }
    judge_header(&c->apps[index], slot, v);
    slot->image_len = c->apps[index].length;
    c->piece = RK_BL602_APP;
    slot->image = rk_bfl_image_state(c, &c->apps[index], slot->addr + BODY, true);
    if (!v->id && slot->image != RK_BL602_VALID && slot->image != RK_BL602_UNREAD)
        fault(v, "app-hash",
              slot->image == RK_BL602_MISSING ? "the application's code is missing"
                                              : "the code of the application has a wrong hash",
              slot->addr + BODY);
}

static struct rk_bl602_finding *report_verdict(struct rk_bfl_case *c, unsigned index,
                                               const struct verdict *v)
{
    return rk_bfl_find(c, v->id, c->report->slots[index].addr, "%s", v->text);
}

/* What lies behind the active slot's application, and whether it reaches into it. */
static void judge_extent(struct rk_bfl_case *c, const struct rk_bl602_slot *slot)
{
    uint32_t end = slot->addr + BODY + slot->image_len;

    if (slot->image != RK_BL602_VALID)
        return;
    for (size_t i = 0; i < c->table.count; i++) {
        const struct rk_bfl_part *p = &c->table.parts[i];
        bool needed = strcmp(p->name, "PSM") == 0 || strcmp(p->name, "factory") == 0;

        if (needed && p->addr[0] >= slot->addr && p->addr[0] < end) {
            rk_bfl_find(c, "app-covers", p->addr[0],
                        "the application ends at 0x%06X and covers \"%s\" at 0x%06X", end, p->name,
                        p->addr[0]);
            return;
        }
    }
    if (BODY + slot->image_len > slot->max_len)
        rk_bfl_find(c, "app-long", slot->addr,
                    "the application has 0x%X bytes with its header, its slot 0x%X",
                    BODY + slot->image_len, slot->max_len);
}

static bool works(const struct rk_bl602_slot *slot)
{
    return slot->image == RK_BL602_VALID && slot->header == RK_BL602_VALID;
}

static void judge_other(struct rk_bfl_case *c, unsigned active, const struct verdict *v)
{
    struct rk_bl602_slot *slots = c->report->slots;
    struct verdict other = {.id = NULL};
    unsigned index = !active;

    if (slots[index].present)
        judge_slot(c, index, &other);
    if (v->id && works(&slots[index])) {
        struct rk_bl602_finding *f = report_verdict(c, active, v);

        f->verdict = RK_VERDICT_WARN;
        f->shows = RK_BL602_UART_UNKNOWN;
        f->uart[0] = '\0';
        rk_bfl_find(c, "app-rollback", slots[index].addr,
                    "slot %u is active and not valid: slot %u at 0x%06X starts instead", active,
                    index, slots[index].addr);
    } else if (v->id) {
        report_verdict(c, active, v);
    } else if (active == 1 && works(&slots[0]) && works(&slots[1])) {
        rk_bfl_find(c, "slot-stale", slots[1].addr,
                    "slot 1 at 0x%06X is active; slot 0 holds a valid application too",
                    slots[1].addr);
    }
}

/* Without a table a loader of version 8 takes the usual place. */
static void judge_default(struct rk_bfl_case *c)
{
    struct rk_bl602_slot *slot = &c->report->slots[0];
    struct verdict v;

    *slot = (struct rk_bl602_slot){.present = true, .addr = 0x10000};
    judge_slot(c, 0, &v);
    if (v.id)
        report_verdict(c, 0, &v);
}

void rk_bfl_judge_apps(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;
    struct rk_bl602_slot *slot = &r->slots[r->active_slot];
    struct verdict v;

    if (!c->tables || !rk_bfl_part_of_type(&c->table, 0)) {
        if (!c->tables && c->boot2_v8)
            judge_default(c);
        if (!slot->present)
            return;
    } else {
        judge_slot(c, r->active_slot, &v);
        if (v.id || r->active_slot == 1)
            judge_other(c, r->active_slot, &v);
        if (slot->image == RK_BL602_PACKED)
            rk_bfl_find(c, "app-packed", slot->addr,
                        "a packed update at 0x%06X: the next start unpacks it into the other slot",
                        slot->addr);
        judge_extent(c, slot);
    }
    r->pieces[RK_BL602_APP_HEADER] = slot->header;
    r->pieces[RK_BL602_APP] = slot->image;
    r->piece_addr[RK_BL602_APP_HEADER] = slot->addr;
    r->piece_addr[RK_BL602_APP] = slot->addr + BODY;
    r->piece_len[RK_BL602_APP_HEADER] = RK_BFL_HEADER;
    r->piece_len[RK_BL602_APP] = slot->image_len;
}
