/* What ReadReg and WriteReg of a mask ROM reach: ids, efuse, the ROM itself. */
#include "sim/beken/beken.h"

#include "base/rng.h"

#define EFUSE_START 0x1u
#define EFUSE_VALID 0x100u
#define EFUSE_POLLS 2 /* reads for which the block stays busy */

static uint8_t efuse_byte(const struct beken *beken, unsigned index)
{
    index %= beken->model->efuse_bytes;
    return (uint8_t)(index < 16 ? beken->key[index / 4] >> (8 * (index % 4)) : 0);
}

static uint32_t read_efuse_control(struct beken *beken)
{
    if (beken->efuse_polls > 0)
        beken->efuse_polls--;
    else
        beken->efuse_control &= ~EFUSE_START;
    return beken->efuse_control;
}

/* No mask ROM is public: a stand-in that is different in every word. */
static uint32_t rom_word(uint32_t offset)
{
    struct rk_rng rng = {offset / 4};

    return (uint32_t)(rk_rng_next(&rng) >> 32);
}

uint32_t beken_register_read(struct rk_sim *sim, uint32_t addr)
{
    struct beken *beken = beken_of(sim);
    const struct beken_model *model = beken->model;

    if (addr == model->id_addr)
        return model->id;
    if (model->id2_addr && addr == model->id2_addr)
        return model->id2;
    if (model->efuse_bytes && addr == model->efuse_control)
        return read_efuse_control(beken);
    if (model->efuse_bytes && addr == model->efuse_data)
        return beken->efuse_control & EFUSE_START
                   ? 0
                   : EFUSE_VALID | efuse_byte(beken, beken->efuse_control >> 8 & 0x1F);
    if (addr >= model->rom_addr && addr - model->rom_addr < model->rom_len)
        return rom_word(addr - model->rom_addr);
    for (unsigned i = 0; i < beken->register_count; i++)
        if (beken->registers[i].addr == addr)
            return beken->registers[i].value;
    return 0;
}

void beken_register_write(struct rk_sim *sim, uint32_t addr, uint32_t value)
{
    struct beken *beken = beken_of(sim);
    unsigned i = 0;

    if (beken->model->efuse_bytes && addr == beken->model->efuse_control) {
        beken->efuse_control = value;
        beken->efuse_polls = value & EFUSE_START ? EFUSE_POLLS : 0;
        return;
    }
    while (i < beken->register_count && beken->registers[i].addr != addr)
        i++;
    if (i == sizeof beken->registers / sizeof beken->registers[0])
        i = addr / 4 % i; /* full: some older value is forgotten */
    else if (i == beken->register_count)
        beken->register_count++;
    beken->registers[i].addr = addr;
    beken->registers[i].value = value;
}
