/* What the mask ROM wants: the boot header at 0 and the second-stage loader it describes. */
#include "image/bouffalo/known.h"

#include "base/bytes.h"
#include "base/text.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/boot2.h"

#include <string.h>

#define APP_BODY 0x1000u

/* Words of the efuses: word 0 and the software usage word, as the SDK's register header has them. */
#define EFUSE_SECURE     0xBFu      /* AES mode, signature mode, secure boot, enciphered CPU */
#define EFUSE_MEDIA_OFF  (1u << 24) /* no start from flash */
#define EFUSE_CRYSTAL(w) ((w) >> 4 & 7)

static void judge_efuse(struct rk_bfl_case *c)
{
    const uint8_t *efuse = c->flash->efuse;

    if (!efuse)
        return;
    if (efuse[0] & EFUSE_SECURE)
        rk_bfl_find(c, "efuse-locked", 0,
                    "the efuses ask for signed or enciphered code: word 0x%08X",
                    rk_get_le32(efuse));
    if (rk_get_le32(efuse + 16) & EFUSE_MEDIA_OFF)
        rk_bfl_find(c, "efuse-locked", 0, "the efuses switch the start from flash off: word 0x%08X",
                    rk_get_le32(efuse + 16));
}

/* The parameters of the part that is really there, if its id is known, against the header's. What
 * differs between tool versions (clock delays, erase time-outs) does not count. */
static void judge_parameters(struct rk_bfl_case *c, const uint8_t *head)
{
    const struct rk_bl602_flash *f = c->flash;
    uint32_t id = (uint32_t)f->jedec[0] << 16 | (uint32_t)f->jedec[1] << 8 | f->jedec[2];
    const struct rk_bl602_part *part = f->has_jedec ? rk_bl602_part_find(id) : NULL;

    if (!part)
        return;
    if ((head[12] & 0x0F) > (part->parameters[0] & 0x0F) || head[25] != part->parameters[13])
        rk_bfl_find(c, "flash-parameters", 12,
                    "read mode 0x%02X of maker 0x%02X, but the flash is a %s (%06X)", head[12],
                    head[25], part->name, id);
}

static void judge_crystal(struct rk_bfl_case *c, const struct rk_bfl_header *h)
{
    bool fused = c->flash->efuse && EFUSE_CRYSTAL(rk_get_le32(c->flash->efuse + 16));
    static const char *const names[] = {"none",   "24 MHz", "32 MHz",   "38.4 MHz",
                                        "40 MHz", "26 MHz", "RC 32 MHz"};

    if (!h->clock_good)
        rk_bfl_find(c, "header-clock", 100, "its clock settings have a wrong magic or CRC");
    else if (h->crystal != RK_BFL_CRYSTAL_40M && !fused)
        rk_bfl_find(c, "crystal", 104, "the header says crystal: %s",
                    h->crystal < 7 ? names[h->crystal] : "unknown");
}

/* Faults of a header that the ROM stops at. NULL if there are none. */
static const char *header_fault(const struct rk_bfl_header *h, char *text, size_t cap)
{
    if (h->other_chip) {
        rk_text_copy(text, cap, "the boot header is one of another chip of the family");
        return "header-chip";
    }
    if (!h->crc_good) {
        rk_text_copy(text, cap, "the CRC of the boot header is wrong");
        return "header-crc";
    }
    if (!h->plain || !h->flat || !h->cached || h->boot_cfg & RK_BFL_NOT_LOAD || h->length == 0) {
        rk_text_format(text, cap, "the boot header asks for what does not start: %s",
                       h->length == 0                       ? "an image of no length"
                       : h->boot_cfg & RK_BFL_SIGN          ? "a signature"
                       : h->boot_cfg & RK_BFL_ENCRYPT       ? "encipherment"
                       : h->boot_cfg & RK_BFL_NOT_LOAD      ? "no start at all"
                       : !(h->boot_cfg & RK_BFL_NO_SEGMENT) ? "segments for the RAM"
                                                            : "no cache");
        return "header-options";
    }
    return NULL;
}

/* Something is at 0, and it is no header of the BL602. */
static void judge_foreign(struct rk_bfl_case *c, const uint8_t *head)
{
    if (rk_bytes_all(head, RK_BFL_HEADER, 0xFF) || rk_bytes_all(head, RK_BFL_HEADER, 0)) {
        c->report->pieces[RK_BL602_BOOT_HEADER] = RK_BL602_MISSING;
        rk_bfl_find(c, "header-missing", 0, "there is no boot header at 0x000000: it is blank");
        return;
    }
    c->report->pieces[RK_BL602_BOOT_HEADER] = RK_BL602_DAMAGED;
    rk_bfl_find(c, "header-foreign", 0, "there is no boot header at 0x000000, but %s",
                memcmp(head, "BFAP", 4) == 0             ? "one of another chip of the family"
                : rk_bfl_app_starts(head, RK_BFL_HEADER) ? "an application without its header"
                                                         : "something else");
}

/* An application with its header where the second-stage loader belongs: its code lies at 0x1000,
 * whatever the header says. */
static bool is_app_at_zero(struct rk_bfl_case *c, enum rk_bl602_state state)
{
    const uint8_t *start = rk_bfl_bytes(c, APP_BODY, 64, false);

    if (state == RK_BL602_VALID && !c->boot.hash_ignored && c->boot.start != APP_BODY)
        return false;
    if (c->boot.start == APP_BODY)
        return start && rk_bfl_app_starts(start, 64);
    return (start && rk_bfl_app_starts(start, 64)) ||
           (!c->boot.hash_ignored &&
            rk_bfl_image_state(c, &c->boot, APP_BODY, false) == RK_BL602_VALID);
}

static void judge_boot2(struct rk_bfl_case *c)
{
    const struct rk_bfl_header *h = &c->boot;
    struct rk_bl602_report *r = c->report;
    enum rk_bl602_state state;
    const uint8_t *body = rk_bfl_bytes(c, h->start, h->length, false);

    c->piece = RK_BL602_BOOT2;
    state = rk_bfl_image_state(c, h, h->start, true);
    r->pieces[RK_BL602_BOOT2] = state;
    r->piece_addr[RK_BL602_BOOT2] = h->start;
    r->piece_len[RK_BL602_BOOT2] = h->length;
    rk_bfl_boot2_version(body, body ? h->length : 0, h->hash, r->boot2, sizeof r->boot2);
    c->boot2_v8 = r->boot2[0] == '8';
    if (is_app_at_zero(c, state)) {
        r->pieces[RK_BL602_BOOT2] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "header-app", 0,
                    "an application with its header lies where the second-stage loader belongs");
    } else if (state == RK_BL602_VALID && h->start >= APP_BODY &&
               (h->start >= RK_BFL_TABLE_0 || h->length > RK_BFL_TABLE_0 - h->start)) {
        r->pieces[RK_BL602_BOOT2] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "boot2-range", h->start,
                    "the image ends at 0x%06X, the tables begin at 0x%06X", h->start + h->length,
                    RK_BFL_TABLE_0);
    } else if (state == RK_BL602_MISSING) {
        rk_bfl_find(c, "boot2-missing", h->start, "there is no second-stage loader at 0x%06X",
                    h->start);
    } else if (state == RK_BL602_DAMAGED) {
        rk_bfl_find(c, "boot2-hash", h->start,
                    "the %u bytes of the second-stage loader at 0x%06X have another hash than the "
                    "header says",
                    h->length, h->start);
    }
}

void rk_bfl_judge_boot(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;
    const uint8_t *head = rk_bfl_bytes(c, 0, RK_BFL_HEADER, true);
    const char *fault;
    char text[96];

    judge_efuse(c);
    r->piece_len[RK_BL602_BOOT_HEADER] = RK_BFL_HEADER;
    if (!head)
        return;
    if (!rk_bfl_header_read(head, RK_BFL_HEADER, &c->boot)) {
        judge_foreign(c, head);
        return;
    }
    fault = header_fault(&c->boot, text, sizeof text);
    r->pieces[RK_BL602_BOOT_HEADER] = fault ? RK_BL602_DAMAGED : RK_BL602_VALID;
    if (fault)
        rk_bfl_find(c, fault, 0, "%s", text);
    judge_boot2(c);
    if (!c->boot.flash_good) {
        struct rk_bl602_finding *f =
            rk_bfl_find(c, "header-flash", 8, "its flash parameters have a wrong magic or CRC");
        if (c->boot2_v8) {
            f->verdict = RK_VERDICT_WARN;
            f->shows = RK_BL602_UART_UNKNOWN;
            f->uart[0] = '\0';
        } else {
            r->pieces[RK_BL602_BOOT_HEADER] = RK_BL602_DAMAGED;
        }
    } else {
        judge_parameters(c, head);
    }
    judge_crystal(c, &c->boot);
}
