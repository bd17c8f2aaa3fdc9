/* What a BL602 tells about itself, and the memory that its ROM lets a client reach. Of the
 * peripherals only the flash controller is there: enough to read the flash through the ROM. */
#include "sim/bouffalo/bouffalo.h"

#include "base/bytes.h"

#include <string.h>

#define EFUSE_USAGE 0x10u
#define EFUSE_MAC   0x14u
#define SF_COMMAND  0x4000B008u
#define SF_WORD_0   0x4000B00Cu
#define SF_WORD_1   0x4000B010u
#define SF_BUFFER   0x4000B700u
#define SF_TRIGGER  2u

void bfl_efuse_make(uint8_t efuse[BFL_EFUSE], const uint8_t mac[6])
{
    uint8_t zeros = 48;

    memset(efuse, 0, BFL_EFUSE);
    rk_put_le32(efuse + EFUSE_USAGE, 3); /* as modules have it: ROM protected, no log */
    for (unsigned i = 0; i < 6; i++) {
        efuse[EFUSE_MAC + i] = mac[5 - i];
        for (unsigned bit = 0; bit < 8; bit++)
            zeros = (uint8_t)(zeros - (mac[i] >> bit & 1));
    }
    efuse[EFUSE_MAC + 6] = zeros;
}

void bfl_boot_info(struct rk_sim *sim, uint32_t version)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t *info = bfl->reply + 4;

    memset(info, 0, 20);
    rk_put_le32(info, version);
    memcpy(info + 8, bfl->efuse + EFUSE_USAGE, 4);
    memcpy(info + 12, bfl->efuse + EFUSE_MAC, 8);
    bfl_data(sim, 20);
}

void bfl_efuse_read(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (len != 8) {
        bfl_fail(sim, 0x0404);
        return;
    }
    uint32_t addr = rk_get_le32(payload), count = rk_get_le32(payload + 4);
    if (addr >= BFL_EFUSE) {
        bfl_fail(sim, 0x0405);
        return;
    }
    if (count > BFL_EFUSE - addr)
        count = BFL_EFUSE - addr;
    memcpy(bfl->reply + 4, bfl->efuse + addr, count);
    bfl_data(sim, count);
}

static uint32_t *word_at(struct bouffalo *bfl, uint32_t addr)
{
    for (unsigned i = 0; i < bfl->word_count; i++)
        if (bfl->words[i].addr == addr)
            return &bfl->words[i].value;
    if (bfl->word_count == BFL_WORDS)
        return &bfl->words[BFL_WORDS].value; /* further words are forgotten */
    bfl->words[bfl->word_count].addr = addr;
    return &bfl->words[bfl->word_count++].value;
}

/* One transfer of the flash controller: command and address bytes, pause bytes, data read. */
static void transfer(struct rk_sim *sim, uint32_t command)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t bytes[16 + 256] = {0};
    size_t head = 0, data = 0;

    rk_put_be32(bytes, *word_at(bfl, SF_WORD_0));
    rk_put_be32(bytes + 4, *word_at(bfl, SF_WORD_1));
    if (command >> 27 & 1)
        head += (command >> 20 & 7) + 1;
    if (command >> 26 & 1)
        head += (command >> 17 & 7) + 1;
    if (head > 8)
        head = 8;
    if (command >> 25 & 1) {
        size_t pause = (command >> 12 & 31) + 1;
        head += pause > 8 ? 8 : pause;
    }
    if (command >> 24 & 1)
        data = (command >> 2 & 0xFF) + 1;
    (void)rk_nor_transfer(sim->nor, sim->now_ns, bytes, bytes, head + data);
    memcpy(bfl->buffer, bytes + head, data);
}

uint32_t bfl_memory_read(struct rk_sim *sim, uint32_t addr)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (addr >= SF_BUFFER && addr < SF_BUFFER + sizeof bfl->buffer)
        return rk_get_le32(bfl->buffer + (addr - SF_BUFFER) / 4 * 4);
    for (unsigned i = 0; i < bfl->word_count; i++)
        if (bfl->words[i].addr == addr)
            return bfl->words[i].value;
    return 0;
}

void bfl_memory_write(struct rk_sim *sim, uint32_t addr, uint32_t value)
{
    if (addr == SF_COMMAND && value & SF_TRIGGER) {
        transfer(sim, value);
        value &= ~SF_TRIGGER;
    }
    *word_at(bfl_of(sim), addr) = value;
}
