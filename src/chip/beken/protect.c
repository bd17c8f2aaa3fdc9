/* Write protection of the SPI flash on ROM chips: block protection bits in the status registers.
 * Flash loaders do this themselves, see rk_beken_rearm(). */
#include "base/context.h"
#include "chip/beken/beken.h"
#include "flash/protection.h"

#define WIP             0x01u
#define WIP_POLLS       40
#define WIP_PAUSE_US    5000u
#define UNPROTECT_TRIES 6

enum rk_status rk_beken_read_status(struct rk_device *dev, uint32_t *status, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t all = 0;

    for (unsigned i = 0; i < s->part.status_count && i < 3; i++) {
        uint8_t value = 0;
        if (s->part.read_ops[i] == 0)
            break;
        for (int poll = 0; poll < WIP_POLLS; poll++) {
            enum rk_status st = rk_beken_read_sr(dev, s->part.read_ops[i], &value, err);
            if (st != RK_OK)
                return st;
            if (i > 0 || !(value & WIP))
                break;
            rk_clock_sleep(rk_link_clock(dev->link), WIP_PAUSE_US);
        }
        all |= (uint32_t)value << (8 * i);
    }
    *status = all;
    return RK_OK;
}

/* Writes the registers in one of the known forms. */
static enum rk_status write_status(struct rk_device *dev, enum rk_status_form form, uint32_t status,
                                   struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint8_t values[2] = {(uint8_t)status, (uint8_t)(status >> 8)};
    uint8_t second = s->part.write_ops[1] ? s->part.write_ops[1] : 0x31;
    enum rk_status st;

    if (form == RK_STATUS_BOTH)
        return rk_beken_write_sr(dev, 0x01, values, 2, err);
    st = rk_beken_write_sr(dev, 0x01, values, 1, err);
    if (st != RK_OK || form == RK_STATUS_ONE)
        return st;
    rk_clock_sleep(rk_link_clock(dev->link), 2 * WIP_PAUSE_US);
    return rk_beken_write_sr(dev, second, values + 1, 1, err);
}

/* Brings the protection bits to `bits`, trying the part's own write form first. */
static enum rk_status set_bits(struct rk_device *dev, uint32_t bits, uint32_t *seen, bool *reached,
                               struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    *reached = false;
    for (unsigned attempt = 0; attempt <= UNPROTECT_TRIES; attempt++) {
        enum rk_status st = rk_beken_read_status(dev, seen, err);
        if (st != RK_OK)
            return st;
        if (rk_protection_merge(&s->part, *seen, bits) == *seen) {
            *reached = true;
            return RK_OK;
        }
        if (attempt == UNPROTECT_TRIES)
            break;
        st = write_status(dev, rk_protection_form(&s->part, attempt),
                          rk_protection_merge(&s->part, *seen, bits), err);
        if (st != RK_OK)
            return st;
        rk_clock_sleep(rk_link_clock(dev->link), 2 * WIP_PAUSE_US);
    }
    return RK_OK;
}

enum rk_status rk_beken_unprotect(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t before = 0, seen = 0;
    bool reached = false;
    enum rk_status st = rk_beken_read_status(dev, &before, err);

    if (st == RK_OK)
        st = set_bits(dev, rk_protection_bits(&s->part, s->part.unprotect), &seen, &reached, err);
    if (st != RK_OK)
        return st;
    if (!reached) {
        rk_fail(err, RK_ERR_WRITE_PROTECTED, "flash.protected", "the flash stays write-protected");
        rk_error_detail(err, "part %s, status registers 0x%04x before and 0x%04x after %u tries",
                        s->part.name, (unsigned)before, (unsigned)seen, UNPROTECT_TRIES);
        rk_error_hint(err, "power-cycle the module and try again with a better 3.3 V supply; if "
                           "it stays, the flash part is locked for good");
        return RK_ERR_WRITE_PROTECTED;
    }
    if (!s->unprotected && seen != before) {
        s->saved_status = before;
        s->unprotected = true;
    }
    dev->info.status = seen;
    return RK_OK;
}

enum rk_status rk_beken_reprotect(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t seen = 0;
    bool reached = false;

    if (!s->unprotected)
        return RK_OK;
    enum rk_status st = set_bits(dev, s->saved_status, &seen, &reached, err);
    if (st != RK_OK)
        return st;
    s->unprotected = false;
    dev->info.status = seen;
    if (!reached)
        rk_warn(dev->ctx, "flash.protect",
                "the write protection could not be put back "
                "(status registers 0x%04x); the module works without",
                (unsigned)seen);
    return RK_OK;
}
