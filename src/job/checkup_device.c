/* Facts from a module that answers: what it is, how well it reads, what is in its flash, whether it
 * can be written. */
#include "job/checkup.h"

#include "base/bytes.h"
#include "base/text.h"
#include "chip/chip.h"
#include "image/beken/app.h"
#include "image/beken/code.h"
#include "image/beken/rf.h"

#include <rekindle/job.h>

#include <stdlib.h>
#include <string.h>

#define SAMPLES       16u
#define FIRST_SAMPLE  0x11000u /* loaders in flash do not let the boot area be read directly */
#define SAMPLE_STRIDE 0x13000u
#define BOOT_CODE     0x9000u
#define LOWEST_BAUD   115200u

static const uint32_t tuya_key[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};

/* ---- identity ---- */

static void note_chip(struct rk_checkup *c, const struct rk_device_info *info)
{
    enum rk_series series = rk_series_of_chip(info->chip);
    const char *id = series == RK_SERIES_N      ? "chip.n"
                     : series == RK_SERIES_T    ? "chip.t"
                     : series == RK_SERIES_7238 ? "chip.7238"
                                                : "chip.other";

    rk_checkup_note(c, "link.ok", "link", 0, "%s answers", info->chip);
    rk_checkup_note(c, id, "link", 0, "%s, chip id %08x", info->chip, (unsigned)info->chip_id);
    if (info->has_jedec && info->jedec[0] == 0 && info->jedec[1] == 0 && info->jedec[2] == 0)
        rk_checkup_note(c, "flash.dead", "flash", 0, "flash id 000000");
    else if (info->has_jedec && !info->flash_name[0])
        rk_checkup_note(c, "flash.unknown", "flash", 0, "flash id %02x%02x%02x is in no table",
                        info->jedec[0], info->jedec[1], info->jedec[2]);
    if (info->write_protected)
        rk_checkup_note(c, "flash.protected", "flash", 0, "status registers %04x",
                        (unsigned)info->status);
}

/* The usual key with some bytes read as zero? */
static bool is_misread_key(const uint32_t key[4])
{
    unsigned same = 0;

    for (unsigned i = 0; i < 16; i++) {
        uint8_t want = (uint8_t)(tuya_key[i / 4] >> (8 * (i % 4)));
        uint8_t got = (uint8_t)(key[i / 4] >> (8 * (i % 4)));
        if (got != want && got != 0)
            return false;
        same += got == want;
    }
    return same >= 10 && same < 16;
}

static void note_key(struct rk_checkup *c, const struct rk_device_info *info)
{
    const uint32_t *key = info->key;
    bool equal = key[0] && key[0] == key[1] && key[1] == key[2] && key[2] == key[3];

    if (info->key_class == RK_KEY_UNREADABLE)
        rk_checkup_note(c, "key.unreadable", "link", 0, "the efuse does not read");
    if (equal)
        rk_checkup_note(c, "key.four-equal", "link", 0, "four equal key words");
    if (info->key_class == RK_KEY_ZERO)
        rk_checkup_note(c, "key.zero", "link", 0, "no key in the efuse");
    if (info->key_class == RK_KEY_TUYA)
        rk_checkup_note(c, "key.tuya", "link", 0, "the key of Tuya's modules");
    if (info->key_class == RK_KEY_VENDOR && is_misread_key(key))
        rk_checkup_note(c, "key.biterror", "link", 0, "Tuya's key with bytes read as 00");
    else if (info->key_class == RK_KEY_VENDOR)
        rk_checkup_note(c, "key.vendor", "link", 0, "a vendor's own key");
}

void rk_checkup_identity(struct rk_checkup *c, struct rk_device *dev)
{
    struct rk_error err = {.status = RK_OK};

    if (!dev->info.flash_size)
        dev->info.flash_size = 2u << 20;
    if (rk_device_identify(dev, &err) != RK_OK)
        rk_checkup_note(c, "identity.unsure", "link", 0, "%.150s", err.message);
    c->linked = true;
    c->device = dev->info;
    note_chip(c, &dev->info);
    note_key(c, &dev->info);
}

/* ---- quality ---- */

struct quality {
    unsigned good, lost, cut, noise, constant, zero, refused;
};

static void probe_sector(struct rk_device *dev, uint32_t addr, struct quality *q)
{
    uint8_t first[RK_SECTOR_SIZE], second[RK_SECTOR_SIZE];
    uint32_t retries = dev->retries_used, stray = dev->stray_bytes, cut = dev->short_replies;
    struct rk_digest told, again, computed;
    struct rk_error err = {.status = RK_OK};

    enum rk_status st = rk_device_read(dev, addr, first, sizeof first, &err);
    if (st == RK_ERR_DEVICE_REFUSED) {
        q->refused++;
        return;
    }
    if (st == RK_OK)
        st = rk_device_digest(dev, addr, RK_SECTOR_SIZE, &told, &err);
    if (dev->retries_used != retries || st != RK_OK) {
        if (dev->stray_bytes != stray || dev->short_replies != cut)
            q->cut++;
        else
            q->lost++;
    }
    if (st != RK_OK) {
        if (rk_device_resync(dev, &err) != RK_OK)
            q->lost++;
        return;
    }
    rk_digest_of(told.kind, first, sizeof first, &computed);
    if (rk_digest_equal(&told, &computed)) {
        q->good++;
        return;
    }
    if (told.kind == RK_DIGEST_CRC32 && rk_get_le32(told.bytes) == 0xFFFFFFFF)
        q->zero++;
    st = rk_device_read(dev, addr, second, sizeof second, &err);
    if (st == RK_OK)
        st = rk_device_digest(dev, addr, RK_SECTOR_SIZE, &again, &err);
    if (st == RK_OK && memcmp(first, second, sizeof first) == 0 && rk_digest_equal(&told, &again))
        q->constant++;
    else
        q->noise++;
}

static void note_quality(struct rk_checkup *c, const struct quality *q)
{
    if (q->refused)
        rk_checkup_note(c, "read.refused", "link", 0, "%u of %u reads refused", q->refused,
                        SAMPLES);
    if (q->zero >= 2)
        rk_checkup_note(c, "quality.crc-zero", "link", 0, "the chip's CRC was 0 for %u sectors",
                        q->zero);
    if (q->constant >= 2)
        rk_checkup_note(c, "quality.constant", "link", 0,
                        "%u sectors differ from their CRC, the same each time", q->constant);
    if (q->noise >= 2)
        rk_checkup_note(c, "quality.noise", "link", 0, "%u sectors read differently each time",
                        q->noise);
    if (q->cut >= 3 && q->noise < 2)
        rk_checkup_note(c, "quality.short", "link", 0, "%u of %u answers came incomplete", q->cut,
                        SAMPLES);
    if (q->lost >= 3)
        rk_checkup_note(c, "quality.lost", "link", 0, "%u of %u commands were not answered at once",
                        q->lost, SAMPLES);
    if (q->good >= SAMPLES - 1)
        rk_checkup_note(c, "quality.good", "link", 0, "%u of %u sectors agree with their CRC",
                        q->good, SAMPLES);
}

void rk_checkup_quality(struct rk_checkup *c, struct rk_device *dev)
{
    struct quality q = {0};
    struct rk_error err = {.status = RK_OK};

    for (uint32_t i = 0; i < SAMPLES; i++)
        probe_sector(dev, (FIRST_SAMPLE + i * SAMPLE_STRIDE) / RK_SECTOR_SIZE * RK_SECTOR_SIZE, &q);
    note_quality(c, &q);
    if (q.good < SAMPLES - 1)
        return;
    if (dev->driver->set_baud(dev, 0, false, &err) == RK_OK && dev->info.baud == LOWEST_BAUD)
        rk_checkup_note(c, "rate.lower", "link", 0, "faster rates than 115200 lose bytes");
    c->device.baud = dev->info.baud;
}

/* ---- content ---- */

static const char *key_fact(const char *what, enum rk_key_class key, char out[24])
{
    rk_text_format(out, 24, "%s.key-%s", what,
                   key == RK_KEY_TUYA   ? "tuya"
                   : key == RK_KEY_ZERO ? "zero"
                                        : "vendor");
    return out;
}

static void note_boot(struct rk_checkup *c, const uint8_t *flash)
{
    struct rk_code code;
    char id[24];

    if (rk_bytes_all(flash, BOOT_CODE, 0xFF)) {
        rk_checkup_note(c, "boot.blank", "flash", 0, "0x000000 to 0x009000 is erased");
        return;
    }
    if (rk_bytes_all(flash, RK_SECTOR_SIZE, 0xFF)) {
        rk_checkup_note(c, "boot.head-blank", "flash", 0, "the first sector is erased");
        return;
    }
    if (rk_code_peek(flash, RK_BOOT_SPAN) == RK_CODE_APP) {
        rk_checkup_note(c, "boot.is-app", "flash", 0, "application code at address 0");
        return;
    }
    if (!rk_code_read(flash, RK_BOOT_SPAN, 0, &code))
        return;
    if (code.present) {
        rk_checkup_note(c, "boot.present", "flash", 0, "a boot loader, key %s", code.key.name);
        rk_checkup_note(c, key_fact("boot", code.key.cls, id), "flash", 0,
                        "the boot loader is made with key %s", code.key.name);
        if (code.bad == 0)
            rk_checkup_note(c, "boot.good", "flash", 0, "all %u blocks are right", code.blocks);
    } else {
        rk_checkup_note(c, "boot.unknown", "flash", 0, "no key makes a boot loader of it");
    }
    rk_code_free(&code);
}

static void note_app(struct rk_checkup *c, const uint8_t *flash, size_t len)
{
    enum rk_series series = rk_series_of_chip(c->device.chip);
    struct rk_app_info app;
    struct rk_code code;
    char id[24];

    if (rk_bytes_all(flash + RK_APP_ADDR, RK_SECTOR_SIZE, 0xFF)) {
        rk_checkup_note(c, "app.blank", "flash", 0, "0x011000 is erased");
        return;
    }
    if (!rk_code_read(flash + RK_APP_ADDR, len - RK_APP_ADDR, RK_APP_LOGICAL, &code))
        return;
    if (code.present) {
        rk_app_identify(code.plain, rk_code_size(&code), code.key.cls, &app);
        bool key_fits = c->device.key_class == RK_KEY_UNKNOWN ||
                        c->device.key_class == RK_KEY_UNREADABLE ||
                        c->device.key_class == code.key.cls;
        rk_checkup_note(c, "app.present", "flash", 0, "%s %s, key %s", app.name, app.version,
                        code.key.name);
        rk_checkup_note(c, key_fact("app", code.key.cls, id), "flash", 0,
                        "the application is made with key %s", code.key.name);
        if (series != RK_SERIES_UNKNOWN && app.series != RK_SERIES_UNKNOWN &&
            app.series != RK_SERIES_N && app.series != series)
            rk_checkup_note(c, "app.series-other", "flash", 0, "%s is for %s", app.name,
                            rk_series_text(app.series));
        if (app.series == RK_SERIES_N && series != RK_SERIES_N && series != RK_SERIES_UNKNOWN)
            rk_checkup_note(c, "app.series-n", "flash", 0, "%s is for BK7231N", app.name);
        if (!key_fits)
            rk_checkup_note(c, "app.other-key", "flash", 0,
                            "the application's key is not the chip's");
        if (code.bad == 0 && key_fits && (app.series == series || series == RK_SERIES_UNKNOWN))
            rk_checkup_note(c, "app.good", "flash", 0, "all %u blocks are right", code.blocks);
    } else {
        rk_checkup_note(c, "app.unknown", "flash", 0, "no key makes an application of it");
    }
    rk_code_free(&code);
}

static void note_rf(struct rk_checkup *c, const uint8_t *flash, size_t len)
{
    static const uint32_t places[] = {0x1D0000, 0x1E0000, 0x1E3000, 0x3E0000};
    struct rk_rf rf;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] + RK_SECTOR_SIZE > len || !rk_rf_read(flash + places[i], RK_SECTOR_SIZE, &rf))
            continue;
        rk_checkup_note(c, "rf.present", "flash", 0, "calibration at 0x%06X: %s",
                        (unsigned)places[i], rk_rf_mac_text(rf.mac_state));
        if (rf.mac_state == RK_RF_MAC_DEFAULT)
            rk_checkup_note(c, "rf.default-mac", "flash", 0, "%s", rk_rf_mac_text(rf.mac_state));
        return;
    }
    rk_checkup_note(c, "rf.lost", "flash", 0, "no RF calibration record in the flash");
}

void rk_checkup_content(struct rk_checkup *c, struct rk_device *dev)
{
    size_t len = dev->info.flash_size;
    uint8_t *flash = malloc(len);
    struct rk_error err = {.status = RK_OK};

    if (!flash || rk_job_read(dev, 0, flash, len, &err) != RK_OK) {
        rk_checkup_note(c, "content.unread", "flash", 0, "%.150s", err.message);
        free(flash);
        return;
    }
    c->content = flash;
    c->content_len = len;
    c->device.baud = dev->info.baud;
    if (rk_bytes_all(flash, len, 0xFF)) {
        rk_checkup_note(c, "flash.blank", "flash", 0, "every byte is FF");
        return;
    }
    if (rk_bytes_all(flash, len, 0x00)) {
        rk_checkup_note(c, "flash.zeros", "flash", 0, "every byte is 00");
        return;
    }
    struct rk_inspect_options opt = {.size = sizeof opt, .chip = c->device.chip};
    if (rk_inspect(flash, len, &opt, &c->flash, &err) != RK_OK)
        c->flash = NULL;
    if (strcmp(dev->info.family, "bk72xx") != 0)
        return;
    note_boot(c, flash);
    note_app(c, flash, len);
    note_rf(c, flash, len);
}

/* ---- dumps ---- */

#define DUMP_LEAST 0x40000u
#define DATA_ADDR  0x1D0000u

/* The pieces of a BL602's flash by their magic numbers; false if there is not one of them. */
static bool note_bl602(struct rk_checkup *c, const char *name, const uint8_t *flash, size_t len)
{
    bool boot2 = memcmp(flash, "BFNP", 4) == 0, app = memcmp(flash + 0x10000, "BFNP", 4) == 0;
    bool table = memcmp(flash + 0xE000, "BFPT", 4) == 0 || memcmp(flash + 0xF000, "BFPT", 4) == 0;
    bool tree = false;

    for (size_t at = 0x10000; at + 4 <= len && !tree; at += RK_SECTOR_SIZE)
        tree = memcmp(flash + at, "\xD0\x0D\xFE\xED", 4) == 0;
    if (!boot2 && !app && !table)
        return false;
    rk_checkup_note(c, boot2 ? "bl.dump-boot2" : "bl.dump-no-boot2", name, 0, "0x000000 %s",
                    boot2 ? "is a boot header" : "is no boot header (BFNP)");
    rk_checkup_note(c, table ? "bl.dump-table" : "bl.dump-no-table", name, 0, "0x00E000: %s",
                    table ? "a partition table" : "no partition table (BFPT)");
    rk_checkup_note(c, app ? "bl.dump-app" : "bl.dump-no-app", name, 0, "0x010000 %s",
                    app ? "is an application" : "is no application (BFNP)");
    rk_checkup_note(c, tree ? "bl.dump-tree" : "bl.dump-no-tree", name, 0, "%s",
                    tree ? "there is a device tree" : "no device tree (D00DFEED) anywhere");
    return true;
}

/* Boot loader and application each of its own key: one of them cannot run. */
static void note_keys(struct rk_checkup *c, const char *name)
{
    bool boot_zero = rk_checkup_has(c, "boot.key-zero"),
         app_zero = rk_checkup_has(c, "app.key-zero");

    if (rk_checkup_has(c, "boot.present") && rk_checkup_has(c, "app.present") &&
        boot_zero != app_zero)
        rk_checkup_note(c, "dump.two-keys", name, 0,
                        "boot loader and application are made with different keys");
}

/* A read that began behind the boot loader and wrapped around: NULL = it is none, or no memory. */
static uint8_t *unwrapped(const uint8_t *bytes, size_t len)
{
    size_t tail = len - RK_BOOT_SPAN;
    uint8_t *out;

    if (rk_code_peek(bytes, RK_BOOT_SPAN) != RK_CODE_APP ||
        rk_code_peek(bytes + tail, RK_BOOT_SPAN) != RK_CODE_BOOT)
        return NULL;
    out = malloc(len);
    if (out) {
        memcpy(out, bytes + tail, RK_BOOT_SPAN);
        memcpy(out + RK_BOOT_SPAN, bytes, tail);
    }
    return out;
}

static bool note_beken(struct rk_checkup *c, const char *name, const uint8_t *bytes, size_t len)
{
    uint8_t *turned = unwrapped(bytes, len);
    const uint8_t *flash = turned ? turned : bytes;

    note_boot(c, flash);
    note_app(c, flash, len);
    /* an image as it was built has nothing yet where a module keeps its data */
    if (len > DATA_ADDR && !rk_bytes_all(flash + DATA_ADDR, len - DATA_ADDR, 0xFF))
        note_rf(c, flash, len);
    note_keys(c, name);
    free(turned);
    return rk_checkup_has(c, "boot.present") || rk_checkup_has(c, "boot.is-app") ||
           rk_checkup_has(c, "app.present") || rk_checkup_has(c, "rf.present");
}

bool rk_checkup_dump(struct rk_checkup *c, const char *name, const uint8_t *bytes, size_t len)
{
    size_t before = c->fact_count;

    /* a dump has whole sectors; an image as it was built at least begins with code */
    if (len < DUMP_LEAST ||
        (len % RK_SECTOR_SIZE && rk_code_peek(bytes, RK_BOOT_SPAN) == RK_CODE_NONE))
        return false;
    if (rk_bytes_all(bytes, len, 0xFF)) {
        rk_checkup_note(c, "flash.blank", name, 0, "every byte is FF");
    } else if (rk_bytes_all(bytes, len, 0x00)) {
        rk_checkup_note(c, "flash.zeros", name, 0, "every byte is 00");
    } else if (!note_bl602(c, name, bytes, len) && !note_beken(c, name, bytes, len)) {
        c->fact_count = before;
        return false;
    }
    for (size_t i = before; i < c->fact_count; i++)
        rk_text_copy(c->facts[i].source, sizeof c->facts[i].source, name);
    rk_checkup_note(c, "dump", name, 0, "a dump of %u KiB", (unsigned)(len / 1024));
    return true;
}

/* ---- write test ---- */

/* The last blank sector of the flash; UINT32_MAX if there is none. */
static uint32_t spare_sector(const struct rk_checkup *c)
{
    for (size_t at = c->content_len; at >= RK_SECTOR_SIZE + RK_BOOT_SPAN; at -= RK_SECTOR_SIZE)
        if (rk_bytes_all(c->content + at - RK_SECTOR_SIZE, RK_SECTOR_SIZE, 0xFF))
            return (uint32_t)(at - RK_SECTOR_SIZE);
    return UINT32_MAX;
}

static void note_write_error(struct rk_checkup *c, const struct rk_error *err)
{
    if (err->status == RK_ERR_WRITE_PROTECTED)
        rk_checkup_note(c, "write.locked", "flash", 0, "%.150s", err->message);
    else
        rk_checkup_note(c, "write.refused", "flash", 0, "%.150s", err->message);
}

static void compare_written(struct rk_checkup *c, struct rk_device *dev, uint32_t addr,
                            const uint8_t *pattern)
{
    uint8_t back[RK_SECTOR_SIZE];
    struct rk_error err = {.status = RK_OK};

    if (rk_device_read(dev, addr, back, sizeof back, &err) != RK_OK)
        return;
    if (memcmp(back, pattern, sizeof back) == 0)
        rk_checkup_note(c, "write.ok", "flash", 0, "a blank sector was written, read and erased");
    else if (rk_bytes_all(back, sizeof back, 0xFF))
        rk_checkup_note(c, "write.no-effect", "flash", 0, "sector 0x%06X stays blank",
                        (unsigned)addr);
    else
        rk_checkup_note(c, "write.bad", "flash", 0, "sector 0x%06X holds something else",
                        (unsigned)addr);
}

void rk_checkup_write_test(struct rk_checkup *c, struct rk_device *dev)
{
    uint32_t addr = c->content ? spare_sector(c) : UINT32_MAX;
    uint8_t pattern[RK_SECTOR_SIZE];
    struct rk_error err = {.status = RK_OK};

    if (addr == UINT32_MAX)
        return;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 0x3B ^ i >> 4);
    enum rk_status st = rk_device_write_begin(dev, &err);
    if (st == RK_OK)
        st = rk_device_erase(dev, addr, RK_SECTOR_SIZE, &err);
    if (st == RK_OK)
        st = rk_device_program(dev, addr, pattern, sizeof pattern, &err);
    if (st == RK_OK) {
        compare_written(c, dev, addr, pattern);
        st = rk_device_erase(dev, addr, RK_SECTOR_SIZE, &err);
    }
    if (st != RK_OK)
        note_write_error(c, &err);
    if (rk_device_write_end(dev, &err) != RK_OK)
        note_write_error(c, &err);
}
