#include "flash/protection.h"

uint32_t rk_protection_bits(const struct rk_flash_part *part, uint8_t field)
{
    return ((field & ((1u << part->bits) - 1u)) << part->shift) & part->mask;
}

uint32_t rk_protection_merge(const struct rk_flash_part *part, uint32_t status, uint32_t bits)
{
    return (status & ~(uint32_t)part->mask) | (bits & part->mask);
}

bool rk_protection_same(uint32_t status, uint32_t other)
{
    return ((status ^ other) & ~0x3u) == 0;
}

unsigned rk_protection_forms(const struct rk_flash_part *part)
{
    return part->read_ops[1] ? 3 : 1;
}

enum rk_status_form rk_protection_form(const struct rk_flash_part *part, unsigned attempt)
{
    static const enum rk_status_form orders[3][3] = {
        {RK_STATUS_ONE, RK_STATUS_BOTH, RK_STATUS_SEPARATE},
        {RK_STATUS_BOTH, RK_STATUS_SEPARATE, RK_STATUS_ONE},
        {RK_STATUS_SEPARATE, RK_STATUS_BOTH, RK_STATUS_ONE},
    };
    unsigned order = part->status_count < 2 ? 0 : part->write_ops[1] ? 2 : 1;

    return orders[order][attempt % 3];
}
