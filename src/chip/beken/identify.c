/* Which chip is it, how large is its flash, where are its calibration and MAC. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/crc.h"
#include "base/text.h"
#include "chip/beken/beken.h"

#include <string.h>

#define CHIP_ID_REG     0x00800000u
#define CHIP_ID_REG_NEW 0x44010004u /* BK7236 and later */
#define CHIP_ID_REG_ALT 0x34010004u
#define ASK_TRIES       3
#define RF_MAC_OFFSET   0x24u
#define RF_MAC_TAG      0x11111102u
#define KEY_VOTES       3u
#define PROOF_TRIES     6

/* Asks `reg` a few times; no answer is not an error: *answered tells. "No answer" and "value 0" are
 * different things. */
static enum rk_status ask_register(struct rk_device *dev, uint32_t reg, uint32_t *value,
                                   bool *answered, struct rk_error *err)
{
    *answered = false;
    for (int i = 0; i < ASK_TRIES && !*answered; i++) {
        enum rk_status st = rk_beken_read_reg(dev, reg, value, err);
        *answered = st == RK_OK;
        if (st != RK_OK && !rk_beken_may_retry(st))
            return st;
    }
    return RK_OK;
}

static bool is_id(uint32_t value)
{
    return value != 0 && value != 0xFFFFFFFFu;
}

static enum rk_status find_chip_id(struct rk_device *dev, uint32_t first, uint32_t *id,
                                   struct rk_error *err)
{
    static const uint32_t others[] = {CHIP_ID_REG_NEW, CHIP_ID_REG_ALT};

    *id = first;
    for (size_t i = 0; i < 2 && (!is_id(*id) || !rk_beken_chip_by_id(*id, RK_KEY_UNKNOWN)); i++) {
        uint32_t value = 0;
        bool answered = false;
        enum rk_status st = ask_register(dev, others[i], &value, &answered, err);
        if (st != RK_OK)
            return st;
        if (answered && is_id(value) && rk_beken_chip_by_id(value, RK_KEY_UNKNOWN))
            *id = value;
    }
    return RK_OK;
}

static void take_fingerprint(struct rk_device *dev, uint32_t crc)
{
    const struct rk_beken_fingerprint *known = rk_beken_fingerprint_find(crc);

    dev->info.has_fingerprint = true;
    dev->info.fingerprint = crc;
    if (known)
        rk_text_copy(dev->info.fingerprint_name, sizeof dev->info.fingerprint_name, known->name);
}

/* A page whose bytes the chip's own CRC confirms: what the module is must not depend on noise. */
static enum rk_status read_proven(struct rk_device *dev, uint32_t wire_addr, uint8_t *page,
                                  struct rk_error *err)
{
    for (int i = 0; i < PROOF_TRIES; i++) {
        uint32_t crc = 0;
        enum rk_status st = rk_beken_read_4k(dev, wire_addr, page, err);
        if (st == RK_OK)
            st = rk_beken_crc(dev, wire_addr, wire_addr + RK_SECTOR_SIZE - 1, &crc, err);
        if (st != RK_OK || crc == rk_crc32(0, page, RK_SECTOR_SIZE))
            return st;
    }
    rk_fail(err, RK_ERR_UNSTABLE_READ, "read.unstable",
            "sector 0x%06x does not read as its CRC says", (unsigned)wire_addr);
    rk_error_hint(err, "a lower baud rate, shorter wires, a common ground, a stronger 3.3 V "
                       "supply; then run it again");
    rk_error_at(err, wire_addr);
    return RK_ERR_UNSTABLE_READ;
}

/* Reads the boot loader's first page through an alias that lies there for every size up to 8 MiB. */
static enum rk_status read_loader_page(struct rk_device *dev, uint8_t *page, struct rk_error *err)
{
    return read_proven(dev, 0x800000, page, err);
}

/* The JEDEC id decides how large the flash is: two answers in a row have to agree. */
static enum rk_status read_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err)
{
    uint8_t before[3];
    enum rk_status st = rk_beken_jedec(dev, id, err);

    for (int i = 0; i < PROOF_TRIES && st == RK_OK; i++) {
        memcpy(before, id, sizeof before);
        st = rk_beken_jedec(dev, id, err);
        if (memcmp(before, id, sizeof before) == 0)
            break;
    }
    return st;
}

/* Flash part of a ROM chip: JEDEC id, size, status registers. */
static enum rk_status probe_flash_part(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    struct rk_device_info *info = &dev->info;
    enum rk_status st = read_jedec(dev, info->jedec, err);

    if (st != RK_OK)
        return st;
    uint32_t id = info->jedec[0] | (uint32_t)info->jedec[1] << 8 | (uint32_t)info->jedec[2] << 16;
    const struct rk_flash_part *part = rk_flash_part_find(id);
    info->has_jedec = true;
    if (part)
        s->part = *part;
    else
        rk_flash_part_generic(id, &s->part);
    rk_text_format(info->flash_name, sizeof info->flash_name, "%s", part ? part->name : "");
    info->flash_size = rk_flash_size_of_code(info->jedec[2]);
    info->flash_size_evidence = info->flash_size ? RK_EVIDENCE_ONE : RK_EVIDENCE_GUESS;
    if (!info->flash_size)
        info->flash_size = s->chip->entry.usual_flash_size;
    st = rk_beken_read_status(dev, &info->status, err);
    info->has_status = st == RK_OK;
    info->write_protected = info->has_status && (info->status & s->part.mask) !=
                                                    rk_protection_bits(&s->part, s->part.unprotect);
    return st;
}

static enum rk_status read_key(struct rk_device *dev, struct rk_error *err)
{
    enum rk_status st = rk_beken_read_key(dev, 1, err);

    /* Anything but one of the two common keys may be a reading error. */
    if (st == RK_OK && dev->info.key_class != RK_KEY_TUYA && dev->info.key_class != RK_KEY_ZERO)
        st = rk_beken_read_key(dev, KEY_VOTES, err);
    return st;
}

/* Chips that share an id differ in their key or in the size of their flash. */
static void choose_chip(struct rk_device *dev)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    s->chip = rk_beken_chip_by_id(dev->info.chip_id, dev->info.key_class);
    if (strcmp(s->chip->entry.name, "BK7236") == 0 && dev->info.flash_size >= 0x800000)
        s->chip = rk_beken_chip_named("BK7258");
    dev->info.chip_evidence = RK_EVIDENCE_ONE;
}

static enum rk_status unknown_chip(const struct rk_device *dev, struct rk_error *err)
{
    rk_fail(err, RK_ERR_UNSUPPORTED, "chip.unknown",
            "a Beken chip with the unknown id 0x%08x answers", (unsigned)dev->info.chip_id);
    rk_error_hint(err, "please report it with the marking on the chip");
    return RK_ERR_UNSUPPORTED;
}

static enum rk_status probe_rom(struct rk_device *dev, uint32_t first_id, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    struct rk_device_info *info = &dev->info;
    uint32_t crc = 0;

    s->rom = info->loader_in_rom = true;
    enum rk_status st = find_chip_id(dev, first_id, &info->chip_id, err);
    if (st != RK_OK)
        return st;
    s->chip = rk_beken_chip_by_id(info->chip_id, RK_KEY_UNKNOWN);
    if (!s->chip)
        return unknown_chip(dev, err);
    info->key_class = s->chip->key;
    if (s->chip->reads_key)
        st = read_key(dev, err);
    if (st == RK_OK)
        st = probe_flash_part(dev, err);
    if (st == RK_OK)
        choose_chip(dev);
    /* 257 bytes, as public tools have it: that tells ROM loaders from flash loaders. */
    if (st == RK_OK)
        st = rk_beken_crc(dev, 0, 0x100, &crc, err);
    if (st == RK_OK)
        take_fingerprint(dev, crc);
    return st;
}

/* A loader without a version and with unknown bytes: those of BK7231U and BK7252 let read from
 * 0x2000 on, that of BK7231Q does not. */
static enum rk_status guess_by_guard(struct rk_device *dev, struct rk_error *err)
{
    uint8_t page[RK_BEKEN_DATA_MAX];
    enum rk_status st = rk_beken_read_4k(dev, 0x2000, page, err);

    rk_beken_state(dev)->chip =
        rk_beken_chip_named(st == RK_ERR_DEVICE_REFUSED ? "BK7231Q" : "BK7231U");
    dev->info.chip_evidence = RK_EVIDENCE_GUESS;
    return st == RK_ERR_DEVICE_REFUSED ? RK_OK : st;
}

static enum rk_status probe_flash_loader(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    struct rk_device_info *info = &dev->info;
    uint8_t page[RK_BEKEN_DATA_MAX];
    enum rk_status st = RK_OK;

    s->rom = false;
    st = read_loader_page(dev, page, err);
    if (st == RK_OK)
        take_fingerprint(dev, rk_crc32(0, page, 256));
    else if (!dev->bare || (st != RK_ERR_UNSTABLE_READ && st != RK_ERR_DEVICE_REFUSED))
        return st;
    const struct rk_beken_fingerprint *known = rk_beken_fingerprint_find(info->fingerprint);
    s->link_rearms = known && known->link_rearms; /* unknown loaders: the careful assumption */
    if (strncmp(info->loader, "BK7231S", 7) == 0) {
        s->chip = rk_beken_chip_named("BK7231T");
        info->chip_evidence = known ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE;
        /* The loader's own word counts more than its bytes, which may be damaged. */
        if (strcmp(info->loader, "BK7231S_1.0.5") == 0 ||
            strcmp(info->loader, "BK7231S_1.0.6") == 0)
            s->link_rearms = true;
    } else if (known && known->chip[0]) {
        s->chip = rk_beken_chip_named(known->chip);
        info->chip_evidence = RK_EVIDENCE_ONE;
    } else {
        st = guess_by_guard(dev, err);
        if (st != RK_OK)
            return st;
    }
    info->flash_size = s->chip->entry.usual_flash_size;
    info->flash_size_evidence = RK_EVIDENCE_GUESS;
    return RK_OK;
}

/* Only mask ROMs know registers. A ROM whose answers got lost gives itself away by refusing the
 * version command, which a flash loader either answers or swallows. */
static enum rk_status ask_family(struct rk_device *dev, uint32_t *id, bool *rom,
                                 struct rk_error *err)
{
    char *text = dev->info.loader;

    for (int round = 0; round < 2; round++) {
        enum rk_status st = ask_register(dev, CHIP_ID_REG, id, rom, err);
        if (st != RK_OK || *rom)
            return st;
        for (int i = 0; i < 2; i++) {
            text[0] = '\0';
            st = rk_beken_boot_version(dev, text, sizeof dev->info.loader, err);
            if (st == RK_OK || !rk_beken_may_retry(st))
                break;
        }
        if (rk_beken_may_retry(st) || (st == RK_OK && text[0]))
            return RK_OK;
        if (st != RK_OK)
            return st;
    }
    return rk_fail(err, RK_ERR_PROTOCOL, "link.protocol",
                   "the module refuses commands of a mask ROM, and its registers cannot be read");
}

static enum rk_status wrong_chip(const struct rk_device *dev, const char *asked,
                                 struct rk_error *err)
{
    rk_fail(err, RK_ERR_CHIP_MISMATCH, "chip.mismatch", "this is a %s, not a %s", dev->info.chip,
            asked);
    if (dev->info.chip_id)
        rk_error_detail(err, "chip id 0x%x, %s", (unsigned)dev->info.chip_id,
                        dev->info.key_class == RK_KEY_ZERO ? "all-zero key" : "enciphered");
    else
        rk_error_detail(err, "boot loader %s, fingerprint %08x",
                        dev->info.loader[0] ? dev->info.loader : "without a version",
                        (unsigned)dev->info.fingerprint);
    rk_error_hint(err, "leave out --chip: the chip is found by itself");
    return RK_ERR_CHIP_MISMATCH;
}

enum rk_status rk_beken_probe(struct rk_device *dev, const struct rk_connect_options *opt,
                              struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t id = 0;
    bool answered = false;
    enum rk_status st = ask_family(dev, &id, &answered, err);

    if (st == RK_OK)
        st = answered ? probe_rom(dev, id, err) : probe_flash_loader(dev, err);
    if (st != RK_OK)
        return st;
    rk_text_copy(dev->info.chip, sizeof dev->info.chip, s->chip->entry.name);
    dev->info.untested = s->chip->entry.write == RK_SUPPORT_UNTESTED;
    dev->info.baud = rk_link_baud(dev->link);
    if (opt->chip && !rk_text_same(opt->chip, "auto")) {
        const struct rk_beken_chip *asked = rk_beken_chip_named(opt->chip);
        /* A guess of ours is no reason to contradict. */
        if (asked && asked != s->chip && dev->info.chip_evidence <= RK_EVIDENCE_GUESS &&
            asked->entry.loader_in_rom == s->rom) {
            s->chip = asked;
            rk_text_copy(dev->info.chip, sizeof dev->info.chip, asked->entry.name);
        } else if (asked != s->chip) {
            return wrong_chip(dev, opt->chip, err);
        }
    }
    return RK_OK;
}

/* Flash loaders have no id command: beyond the end the flash begins again. */
static enum rk_status size_by_wrap(struct rk_device *dev, struct rk_error *err)
{
    uint8_t first[RK_BEKEN_DATA_MAX], other[RK_BEKEN_DATA_MAX];
    struct rk_beken_state *s = rk_beken_state(dev);
    enum rk_status st = read_loader_page(dev, first, err);

    if (st != RK_OK || rk_bytes_all(first, sizeof first, first[0]))
        return st;
    uint32_t size = 0x200000;
    for (; size < 0x800000; size *= 2) {
        st = read_proven(dev, size, other, err);
        if (st != RK_OK)
            return st;
        if (memcmp(first, other, sizeof first) == 0)
            break;
    }
    dev->info.flash_size = size;
    dev->info.flash_size_evidence = RK_EVIDENCE_ONE;
    /* One loader build serves BK7231U and BK7252; they differ in the flash they come with. */
    if (strcmp(s->chip->entry.name, "BK7231U") == 0 && dev->info.flash_size > 0x200000) {
        s->chip = rk_beken_chip_named("BK7252");
        rk_text_copy(dev->info.chip, sizeof dev->info.chip, s->chip->entry.name);
    }
    return RK_OK;
}

static bool is_rf_sector(const uint8_t *page)
{
    return memcmp(page, "TLV", 4) == 0 && rk_get_le32(page + 4) < RK_SECTOR_SIZE;
}

static void take_mac(struct rk_device *dev, const uint8_t *page)
{
    const uint8_t *mac = page + RF_MAC_OFFSET;

    if (rk_get_le32(page + RF_MAC_OFFSET - 8) != RF_MAC_TAG ||
        rk_get_le32(page + RF_MAC_OFFSET - 4) != 6 || rk_bytes_all(mac, 6, 0xFF) ||
        rk_bytes_all(mac, 6, 0))
        return;
    dev->info.has_mac = true;
    memcpy(dev->info.mac, mac, 6);
}

/* The RF sector: where this chip usually has it, else where relatives have it. */
static enum rk_status find_rf(struct rk_device *dev, uint32_t *addr, struct rk_error *err)
{
    const struct rk_beken_chip *chip = rk_beken_state(dev)->chip;
    const uint32_t places[] = {chip->rf_addr, 0x1D0000, 0x1E0000, 0x1E3000, 0x3FE000};
    uint8_t page[RK_BEKEN_DATA_MAX];

    *addr = chip->rf_addr;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] + RK_SECTOR_SIZE > dev->info.flash_size || (i && places[i] == places[0]))
            continue;
        enum rk_status st = read_proven(dev, places[i], page, err);
        if (st != RK_OK)
            return st;
        if (is_rf_sector(page)) {
            *addr = places[i];
            take_mac(dev, page);
            return RK_OK;
        }
    }
    return RK_OK;
}

static void add_region(struct rk_device *dev, const char *name, enum rk_region_kind kind,
                       uint32_t addr, uint32_t len)
{
    if (len == 0 || addr >= dev->info.flash_size || dev->region_count == RK_REGIONS_MAX)
        return;
    if (len > dev->info.flash_size - addr)
        len = dev->info.flash_size - addr;
    struct rk_region *r = &dev->regions[dev->region_count];
    size_t at = dev->region_count++;
    for (; at > 0 && dev->regions[at - 1].addr > addr; at--)
        dev->regions[at] = dev->regions[at - 1];
    r = &dev->regions[at];
    memset(r, 0, sizeof *r);
    rk_text_copy(r->name, sizeof r->name, name);
    r->kind = kind;
    r->addr = addr;
    r->len = len;
}

/* Later regions give way to earlier ones: nothing may overlap. */
static void list_regions(struct rk_device *dev, uint32_t rf)
{
    const struct rk_beken_chip *c = rk_beken_state(dev)->chip;

    dev->region_count = 0;
    add_region(dev, "boot", RK_REGION_BOOT, 0, RK_BEKEN_APP_ADDR);
    add_region(dev, "app", RK_REGION_APP, RK_BEKEN_APP_ADDR, c->app_len);
    add_region(dev, "ota", RK_REGION_OTA, c->ota_addr, c->ota_len);
    add_region(dev, "rf", RK_REGION_CALIBRATION, rf, RK_SECTOR_SIZE);
    add_region(dev, "config", RK_REGION_SETTINGS, c->config_addr, RK_SECTOR_SIZE);
    add_region(dev, "storage", RK_REGION_SETTINGS, c->storage_addr, c->storage_len);
    for (size_t i = 0; i + 1 < dev->region_count; i++) {
        struct rk_region *r = &dev->regions[i], *next = &dev->regions[i + 1];
        if (r->len > next->addr - r->addr)
            r->len = next->addr - r->addr;
    }
}

enum rk_status rk_beken_locate(struct rk_device *dev, struct rk_error *err)
{
    uint32_t rf = 0;
    enum rk_status st = RK_OK;

    if (!rk_beken_state(dev)->rom)
        st = size_by_wrap(dev, err);
    if (st == RK_OK)
        st = find_rf(dev, &rf, err);
    if (st == RK_OK)
        list_regions(dev, rf);
    return st;
}

/* The id says one size; the flash must not repeat within it. */
static enum rk_status confirm_size(struct rk_device *dev, struct rk_error *err)
{
    uint32_t half = dev->info.flash_size / 2, below = 0, above = 0;
    static const uint32_t pages[] = {0x0, RK_BEKEN_APP_ADDR, 0x12000, 0x1D0000};

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        uint32_t page = pages[i] % half;
        enum rk_status st = rk_beken_crc(dev, page, page + RK_SECTOR_SIZE - 1, &below, err);
        if (st == RK_OK)
            st = rk_beken_crc(dev, page + half, page + half + RK_SECTOR_SIZE - 1, &above, err);
        if (st != RK_OK)
            return st;
        if (below != above) {
            dev->info.flash_size_evidence = RK_EVIDENCE_CONFIRMED;
            return RK_OK;
        }
    }
    return RK_OK;
}

enum rk_status rk_beken_identify(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    enum rk_status st = RK_OK;

    if (s->chip->reads_key)
        st = rk_beken_read_key(dev, KEY_VOTES, err);
    if (st == RK_OK && s->rom && dev->info.flash_size >= 2 * RK_SECTOR_SIZE)
        st = confirm_size(dev, err);
    return st == RK_OK ? rk_beken_locate(dev, err) : st;
}
