/* The mask ROM's download mode: its commands, its order, its errors. */
#include "sim/bouffalo/stub.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

#define ROM_VERSION 1u
#define HEADER      176u
#define OLD_LOADERS                                                                                \
    30000u /* bytes: 22,064 and 29,264 of the old ones, 37,344 and more of the later */
#define HEADER_CRC    172u
#define HEADER_FLAGS  116u
#define HEADER_COUNT  120u
#define HEADER_ENTRY  124u
#define HEADER_START  128u
#define HEADER_HASH   132u
#define FLAG_SIGN     0x3u
#define FLAG_ENCRYPT  0xCu
#define FLAG_NOT_LOAD (1u << 10)
#define FLAG_NO_CRC   (1u << 16)
#define FLAG_NO_HASH  (1u << 17)
#define NO_CRC        0xDEADBEEFu
#define RAM_END       (BFL_RAM_BEGIN + BFL_RAM)
#define ENTRY         0x22008000u /* if the header names none */

enum {
    BOOT_INFO = 0x10,
    HEADER_LOAD = 0x11,
    KEY_LOAD = 0x12,
    SIGNATURE_LOAD = 0x14,
    IV_LOAD = 0x16,
    SEGMENT_HEADER = 0x17,
    SEGMENT_DATA = 0x18,
    CHECK = 0x19,
    RUN = 0x1A,
    RATE = 0x20,
    RESET = 0x21,
    ERASE = 0x30,
    WRITE = 0x31,
    FLASH_BOOT = 0x33,
    EFUSE_WRITE = 0x40,
    EFUSE_READ = 0x41,
    MEMORY_WRITE = 0x50,
    MEMORY_READ = 0x51
};

bool bfl_rom_knows(uint8_t op)
{
    static const uint8_t known[] = {
        BOOT_INFO,    HEADER_LOAD, KEY_LOAD,    SIGNATURE_LOAD, IV_LOAD,      SEGMENT_HEADER,
        SEGMENT_DATA, CHECK,       RUN,         RATE,           RESET,        ERASE,
        WRITE,        FLASH_BOOT,  EFUSE_WRITE, EFUSE_READ,     MEMORY_WRITE, MEMORY_READ};

    return memchr(known, op, sizeof known) != NULL;
}

/* The error that the ROM finds in a boot header; 0 = none. */
static uint16_t header_fault(const uint8_t *header, size_t len)
{
    if (len != HEADER)
        return 0x0201;
    uint32_t flags = rk_get_le32(header + HEADER_FLAGS);
    uint32_t crc = rk_get_le32(header + HEADER_CRC);
    if (memcmp(header, "BFNP", 4) != 0)
        return 0x0203;
    if (!(flags & FLAG_NO_CRC && crc == NO_CRC) && crc != rk_crc32(0, header, HEADER_CRC))
        return 0x0204;
    if (flags & FLAG_NOT_LOAD)
        return 0x0202;
    if (flags & FLAG_SIGN)
        return 0x0206;
    if (flags & FLAG_ENCRYPT)
        return 0x0205;
    return rk_get_le32(header + HEADER_COUNT) == 0 ? 0x0207 : 0;
}

static void load_header(struct rk_sim *sim, const uint8_t *header, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint16_t fault = header_fault(header, len);

    bfl->load = BFL_NO_HEADER;
    if (bfl->sha)
        rk_sha256_finish(bfl->sha, bfl->hash);
    bfl->sha = NULL;
    if (fault) {
        bfl_fail(sim, fault);
        return;
    }
    bfl->sha = rk_sha256_new();
    bfl->segments_left = rk_get_le32(header + HEADER_COUNT);
    bfl->hash_ignored = rk_get_le32(header + HEADER_FLAGS) & FLAG_NO_HASH;
    memcpy(bfl->hash, header + HEADER_HASH, sizeof bfl->hash);
    bfl->entry = rk_get_le32(header + HEADER_ENTRY);
    if (bfl->entry == 0)
        bfl->entry = rk_get_le32(header + HEADER_START);
    if (bfl->entry == 0)
        bfl->entry = ENTRY;
    bfl->load = BFL_SEGMENTS;
    bfl->loaded = 0;
    bfl_ok(sim);
}

static bool may_load(uint32_t dest, uint32_t len)
{
    uint32_t alias = dest >> 28, at = dest & 0x0FFFFFFF;

    return alias >= 2 && alias <= 5 && at >= BFL_RAM_BEGIN && at < RAM_END && len < RAM_END - at;
}

static void load_segment_header(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (bfl->load != BFL_SEGMENTS) {
        bfl_fail(sim, 0x0104);
    } else if (len != 16) {
        bfl_fail(sim, 0x020F);
    } else if (rk_get_le32(payload + 12) != rk_crc32(0, payload, 12)) {
        bfl_fail(sim, 0x0210);
    } else if (!may_load(rk_get_le32(payload), rk_get_le32(payload + 4))) {
        bfl_fail(sim, 0x0211);
    } else {
        bfl->segment_at = (rk_get_le32(payload) & 0x0FFFFFFF) - BFL_RAM_BEGIN;
        bfl->segment_left = rk_get_le32(payload + 4);
        bfl->load = BFL_DATA;
        if (bfl->sha)
            rk_sha256_update(bfl->sha, payload, len);
        memcpy(bfl->reply + 4, payload, len);
        bfl_data(sim, len);
    }
}

static void load_segment_data(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (bfl->load != BFL_DATA) {
        bfl_fail(sim, 0x0104);
        return;
    }
    if (len > bfl->segment_left) {
        bfl_fail(sim, 0x0214);
        return;
    }
    if (bfl->sha)
        rk_sha256_update(bfl->sha, payload, len);
    memcpy(bfl->ram + bfl->segment_at, payload, len);
    bfl->segment_at += (uint32_t)len;
    bfl->segment_left -= (uint32_t)len;
    bfl->loaded += (uint32_t)len;
    if (bfl->segment_left == 0)
        bfl->load = --bfl->segments_left ? BFL_SEGMENTS : BFL_COMPLETE;
    bfl_ok(sim);
}

static void check_image(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t hash[32] = {0};

    if (bfl->load != BFL_COMPLETE) {
        bfl_fail(sim, 0x0216);
        return;
    }
    if (bfl->sha)
        rk_sha256_finish(bfl->sha, hash);
    bfl->sha = NULL;
    if (!bfl->hash_ignored && memcmp(hash, bfl->hash, sizeof hash) != 0) {
        bfl->load = BFL_NO_HEADER;
        bfl_fail(sim, 0x0217);
        return;
    }
    bfl->load = BFL_CHECKED;
    bfl_ok(sim);
}

static void run_image(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (bfl->load != BFL_CHECKED) {
        bfl_fail(sim, 0x0104);
        return;
    }
    bfl_ok(sim);
    bfl->loader = true;
    bfl->old = bfl->loaded < OLD_LOADERS;
    bfl_listen(sim);
    if (bfl_is_stub(bfl) && !bfl_stub_start(sim))
        sim->power = RK_SIM_OFF; /* no memory */
}

static void change_rate(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    if (len != 8)
        return;
    uint32_t before = rk_get_le32(payload), after = rk_get_le32(payload + 4);
    uint64_t rate = before ? (uint64_t)sim->baud * after / before : 0;
    if (rate == 0 || rate > 8000000)
        return;
    sim->baud = (uint32_t)rate;
    bfl_ok(sim);
}

static void erase(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    if (len != 8) {
        bfl_fail(sim, 0x0002);
        return;
    }
    uint32_t addr = rk_get_le32(payload), last = rk_get_le32(payload + 4);
    uint64_t at = sim->now_ns;
    while (addr <= last && addr < rk_nor_size(sim->nor) && sim->power == RK_SIM_RUNS) {
        uint32_t unit = bfl_erase_unit(addr, last);
        at = rk_sim_flash_erase(sim, at, addr, unit);
        addr = addr / unit * unit + unit;
    }
    rk_sim_busy(sim, at, false);
    bfl_ok(sim);
}

static void program(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    if (len <= 4) {
        bfl_fail(sim, 0x0004);
    } else if (rk_get_le32(payload) == UINT32_MAX) {
        bfl_fail(sim, 0x0005);
    } else {
        rk_sim_busy(sim,
                    rk_sim_flash_program(sim, sim->now_ns, rk_get_le32(payload), payload + 4,
                                         len - 4, RK_NOR_PAGE),
                    false);
        bfl_ok(sim);
    }
}

static void memory_write(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    if (len == 0 || len % 8) {
        bfl_fail(sim, 0x0501);
        return;
    }
    for (size_t at = 0; at < len; at += 8)
        bfl_memory_write(sim, rk_get_le32(payload + at), rk_get_le32(payload + at + 4));
    bfl_ok(sim);
}

static void memory_read(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint32_t addr = len == 8 ? rk_get_le32(payload) : 0;
    uint32_t count = len == 8 ? rk_get_le32(payload + 4) : 0;

    if (len != 8 || (addr & 0x0FFF0000) == 0x01000000) { /* the lower half of the ROM */
        bfl_fail(sim, 0x0504);
        return;
    }
    count = (count > BFL_ROM_MAX ? BFL_ROM_MAX : count) / 4 * 4;
    for (uint32_t at = 0; at < count; at += 4)
        rk_put_le32(bfl->reply + 4 + at, bfl_memory_read(sim, addr + at));
    bfl_data(sim, count);
}

static void reset(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl_ok(sim);
    bfl->phase = BFL_RESET;
    bfl->phase_ns = sim->now_ns + 10u * RK_SIM_MS;
}

/* Commands that do not load an image. */
static void serve(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len)
{
    switch (op) {
    case RATE:
        change_rate(sim, payload, len);
        break;
    case RESET:
        reset(sim);
        break;
    case ERASE:
        erase(sim, payload, len);
        break;
    case WRITE:
        program(sim, payload, len);
        break;
    case EFUSE_READ:
        bfl_efuse_read(sim, payload, len);
        break;
    case MEMORY_WRITE:
        memory_write(sim, payload, len);
        break;
    case MEMORY_READ:
        memory_read(sim, payload, len);
        break;
    case EFUSE_WRITE:
        bfl_fail(sim, 0x0401);
        break; /* nobody burns fuses of a virtual module */
    default:
        break;
    }
}

void bfl_rom(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len)
{
    switch (op) {
    case BOOT_INFO:
        bfl_boot_info(sim, ROM_VERSION);
        break;
    case HEADER_LOAD:
        load_header(sim, payload, len);
        break;
    case SEGMENT_HEADER:
        load_segment_header(sim, payload, len);
        break;
    case SEGMENT_DATA:
        load_segment_data(sim, payload, len);
        break;
    case CHECK:
        check_image(sim);
        break;
    case RUN:
        run_image(sim);
        break;
    case KEY_LOAD:
    case SIGNATURE_LOAD:
    case IV_LOAD:
        bfl_fail(sim, 0x0104);
        break; /* of signed and enciphered images */
    default:
        serve(sim, op, payload, len);
        break;
    }
}
