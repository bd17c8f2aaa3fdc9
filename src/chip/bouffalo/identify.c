/* What a BL602 is: boot info, flash part, regions. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/text.h"
#include "chip/bouffalo/bouffalo.h"
#include "flash/bl602_parts.h"

#include <rekindle/bl602.h>

#include <stdlib.h>
#include <string.h>

#define TABLE_0   0xE000u
#define TABLE_END 0x10000u
#define TABLE_MAX 640u /* bytes of one of the two: sixteen entries and a little more */

static void take_info(struct rk_device *dev)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    struct rk_device_info *info = &dev->info;

    rk_text_copy(info->chip, sizeof info->chip, "BL602");
    info->chip_evidence = RK_EVIDENCE_CONFIRMED;
    info->loader_in_rom = true;
    rk_text_copy(info->loader, sizeof info->loader,
                 s->stub     ? "rekindle"
                 : s->loader ? "in RAM"
                             : "mask ROM");
    info->loader_can[0] = '\0';
    if (s->stub)
        rk_text_format(info->loader_can, sizeof info->loader_can,
                       "protocol %u, %u MHz: %sstreams, erases ahead, hashes while it reads",
                       RK_STUB_PROTOCOL, (unsigned)(s->hz / 1000000), s->packs ? "packs, " : "");
    for (unsigned i = 0; i < 6; i++)
        info->mac[i] = s->info[17 - i];
    info->has_mac = !rk_bytes_all(info->mac, 6, 0);
}

static enum rk_status refuse_relative(const struct rk_bfl_state *s, struct rk_error *err)
{
    const struct rk_bfl_relative *r = s->relative;
    char id[17] = "";

    if (!r)
        return RK_OK;
    for (unsigned i = 0; i < r->id_len; i++)
        rk_text_format(id + 2 * i, sizeof id - 2 * i, "%02x",
                       s->info[r->id_at + (r->reversed ? r->id_len - 1 - i : i)]);
    rk_fail(err, RK_ERR_UNSUPPORTED, "bl602.relative", "this is a %s: rekindle only tells that",
            r->name);
    rk_error_detail(err, "ROM version %08x, chip id %s", (unsigned)r->version, id);
    rk_error_hint(err, "nothing was done to it; Bouffalo Lab's own tools, or pine64's blisp for a "
                       "BL702, can flash it");
    return RK_ERR_UNSUPPORTED;
}

/* It is a BL602: is that what the user has named? */
static enum rk_status refuse_another(const struct rk_connect_options *opt, struct rk_error *err)
{
    const struct rk_chip_entry *named = opt->chip ? rk_chip_find(opt->chip) : NULL;

    if (!named || rk_text_same(named->name, "BL602"))
        return RK_OK;
    rk_fail(err, RK_ERR_CHIP_MISMATCH, "chip.mismatch", "this is a BL602, not a %s", named->name);
    rk_error_hint(err, "leave out --chip, or name the chip that it is");
    return RK_ERR_CHIP_MISMATCH;
}

static enum rk_status refuse_secure(const struct rk_bfl_state *s, struct rk_error *err)
{
    if (s->info[4] == 0 && s->info[5] == 0)
        return RK_OK;
    rk_fail(err, RK_ERR_UNSUPPORTED, "bl602.secure", "this chip wants signed or enciphered code");
    rk_error_detail(err, "sign type %u, encipherment %u in the efuses", s->info[4], s->info[5]);
    rk_error_hint(err, "without its maker's key nothing can be put on it that it would start");
    return RK_ERR_UNSUPPORTED;
}

static enum rk_status ask_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err)
{
    const struct rk_bfl_command command = {.name = "tell its flash part",
                                           .op = RK_BFL_JEDEC,
                                           .data = true,
                                           .answer_len = 4,
                                           .device_us = 100000};
    struct rk_bfl_answer answer;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_jedec(dev, id, err);
    if (!rk_bfl_state(dev)->loader)
        return rk_bfl_rom_jedec(dev, id, err);
    enum rk_status st = rk_bfl_repeat(dev, &command, &answer, err);
    if (st == RK_OK)
        memcpy(id, answer.data, 3);
    return st;
}

/* Gives the loader the parameters of the part; those that it knows itself are the same. */
static enum rk_status send_parameters(struct rk_device *dev, const struct rk_bl602_part *part,
                                      struct rk_error *err)
{
    uint8_t payload[4 + RK_BL602_FLASH_PARAMETERS] = {0xFF, 0x01, 0x01, 0x00};
    const struct rk_bfl_command command = {.name = "take the flash parameters",
                                           .op = RK_BFL_PARAMETERS,
                                           .payload = payload,
                                           .len = sizeof payload,
                                           .device_us = 100000};
    struct rk_bfl_answer answer;

    if (!part || part->in_rom || !rk_bfl_state(dev)->loader || rk_bfl_state(dev)->stub)
        return RK_OK;
    memcpy(payload + 4, part->parameters, RK_BL602_FLASH_PARAMETERS);
    return rk_bfl_repeat(dev, &command, &answer, err);
}

static enum rk_status find_flash(struct rk_device *dev, struct rk_error *err)
{
    struct rk_device_info *info = &dev->info;
    uint8_t id[3];
    enum rk_status st = ask_jedec(dev, id, err);

    if (st != RK_OK)
        return st;
    memcpy(info->jedec, id, sizeof id);
    info->has_jedec = true;
    if (rk_bytes_all(id, 3, 0) || rk_bytes_all(id, 3, 0xFF)) {
        rk_fail(err, RK_ERR_FLASH_FAULT, "flash.silent", "the flash does not answer");
        rk_error_hint(err, "is the module whole, and its 3.3 V supply strong enough?");
        return RK_ERR_FLASH_FAULT;
    }
    const struct rk_bl602_part *part =
        rk_bl602_part_find(rk_get_be32((const uint8_t[4]){0, id[0], id[1], id[2]}));
    rk_text_copy(info->flash_name, sizeof info->flash_name, part ? part->name : "");
    info->flash_size = part ? part->size : rk_bl602_size_of_code(id[2]);
    info->flash_size_evidence = part ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE;
    if (info->flash_size == 0) {
        rk_fail(err, RK_ERR_UNSUPPORTED, "flash.size-unknown",
                "the flash part %02x%02x%02x has an unknown size", id[0], id[1], id[2]);
        rk_error_hint(err, "if it is the same each time, please report it with the marking of the "
                           "flash chip; if not, the supply or the module is at fault");
        return RK_ERR_UNSUPPORTED;
    }
    return send_parameters(dev, part, err);
}

enum rk_status rk_bfl_probe(struct rk_device *dev, const struct rk_connect_options *opt,
                            struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    enum rk_status st = refuse_relative(s, err);

    if (st == RK_OK)
        st = refuse_another(opt, err);
    if (st == RK_OK)
        st = refuse_secure(s, err);
    if (st == RK_OK && !s->loader)
        st = rk_bfl_hurry(dev, err);
    if (st == RK_OK && !s->loader && s->image)
        st = rk_bfl_load(dev, opt->baud, err);
    else if (st == RK_OK && !s->loader && !s->rom_only)
        st = rk_stub_load(dev, opt->baud, err);
    if (st != RK_OK)
        return st;
    dev->rewrites = s->loader;
    take_info(dev);
    return find_flash(dev, err);
}

enum rk_status rk_bfl_set_baud(struct rk_device *dev, uint32_t baud, bool try_all,
                               struct rk_error *err)
{
    (void)baud;
    (void)try_all;
    (void)err;
    dev->info.baud = rk_link_baud(dev->link); /* settled by the handshake */
    return RK_OK;
}

static void add_region(struct rk_device *dev, const char *name, enum rk_region_kind kind,
                       uint32_t addr, uint32_t len)
{
    if (len == 0 || addr >= dev->info.flash_size || dev->region_count == RK_REGIONS_MAX)
        return;
    if (len > dev->info.flash_size - addr)
        len = dev->info.flash_size - addr;
    size_t at = dev->region_count++;
    for (; at > 0 && dev->regions[at - 1].addr > addr; at--)
        dev->regions[at] = dev->regions[at - 1];
    struct rk_region *r = &dev->regions[at];
    memset(r, 0, sizeof *r);
    rk_text_copy(r->name, sizeof r->name, name);
    r->kind = kind;
    r->addr = addr;
    r->len = len;
}

static void list_regions(struct rk_device *dev, const struct rk_bl602_report *report)
{
    dev->region_count = 0;
    add_region(dev, "boot", RK_REGION_BOOT, 0, TABLE_0);
    add_region(dev, "tables", RK_REGION_BOOT, TABLE_0, TABLE_END - TABLE_0);
    add_region(dev, "app", RK_REGION_APP, report->slots[0].addr, report->slots[0].max_len);
    add_region(dev, "ota", RK_REGION_OTA, report->slots[1].addr, report->slots[1].max_len);
    if (report->piece_addr[RK_BL602_TREE])
        add_region(dev, "factory", RK_REGION_CALIBRATION, report->piece_addr[RK_BL602_TREE],
                   report->piece_len[RK_BL602_TREE]);
    if (report->piece_addr[RK_BL602_SETTINGS])
        add_region(dev, "config", RK_REGION_SETTINGS, report->piece_addr[RK_BL602_SETTINGS],
                   report->piece_len[RK_BL602_SETTINGS]);
    for (size_t i = 0; i + 1 < dev->region_count; i++) {
        struct rk_region *r = &dev->regions[i];
        uint32_t room = dev->regions[i + 1].addr - r->addr;
        if (r->len > room)
            r->len = room;
        r->len = (r->len + RK_SECTOR_SIZE - 1) / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
    }
}

enum rk_status rk_bfl_locate(struct rk_device *dev, struct rk_error *err)
{
    uint8_t known[TABLE_END / RK_SECTOR_SIZE] = {0};
    uint8_t *bytes = calloc(1, TABLE_END);
    struct rk_bl602_report report = {.size = sizeof report};
    const struct rk_bl602_flash flash = {.size = sizeof flash,
                                         .data = bytes,
                                         .len = TABLE_END,
                                         .known = known,
                                         .flash_size = dev->info.flash_size};

    if (!bytes)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = RK_OK;
    memset(bytes, 0xFF, TABLE_END);
    for (uint32_t at = TABLE_0; st == RK_OK && at < TABLE_END; at += RK_SECTOR_SIZE)
        st = rk_bfl_flash_read(dev, at, bytes + at, TABLE_MAX, err);
    if (st == RK_OK) {
        memset(known + TABLE_0 / RK_SECTOR_SIZE, 1, (TABLE_END - TABLE_0) / RK_SECTOR_SIZE);
        rk_bl602_judge(&flash, &report);
        list_regions(dev, &report);
    }
    free(bytes);
    return st;
}

enum rk_status rk_bfl_identify(struct rk_device *dev, struct rk_error *err)
{
    enum rk_status st = rk_bfl_state(dev)->stub ? RK_OK : rk_bfl_boot_info(dev, 100000, err);

    if (st == RK_OK)
        take_info(dev);
    return st == RK_OK ? rk_bfl_locate(dev, err) : st;
}
