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

    /* all that can be read, also of parts that write only one: the others must keep their bits */
    for (unsigned i = 0; i < 3 && s->part.read_ops[i] != 0; i++) {
        uint8_t value = 0;
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

/* Brings the registers to `want`, trying the part's own write form first. *reached: all bits are
 * as wanted; *unlocked: at least the protection bits are. */
static enum rk_status set_status(struct rk_device *dev, uint32_t want, uint32_t *seen,
                                 bool *reached, bool *unlocked, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    unsigned forms = rk_protection_forms(&s->part);

    *reached = *unlocked = false;
    for (unsigned attempt = 0; attempt <= UNPROTECT_TRIES; attempt++) {
        enum rk_status st = rk_beken_read_status(dev, seen, err);
        if (st != RK_OK)
            return st;
        *unlocked = ((*seen ^ want) & s->part.mask) == 0;
        *reached = rk_protection_same(*seen, want);
        if (*reached || attempt == UNPROTECT_TRIES)
            return RK_OK;
        st = write_status(dev, rk_protection_form(&s->part, attempt % forms), want, err);
        if (st != RK_OK)
            return st;
        rk_clock_sleep(rk_link_clock(dev->link), 2 * WIP_PAUSE_US);
    }
    return RK_OK;
}

static void tell_lost_bits(struct rk_device *dev, uint32_t want, uint32_t seen)
{
    rk_warn(dev->ctx, "flash.status-bits",
            "the flash did not keep all of its other status bits: 0x%04x instead of 0x%04x",
            (unsigned)seen, (unsigned)want);
}

enum rk_status rk_beken_unprotect(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t before = 0, seen = 0;
    bool reached = false, unlocked = false;

    if (s->part.mask == 0)
        return RK_OK; /* a part without protection */
    enum rk_status st = rk_beken_read_status(dev, &before, err);
    if (st != RK_OK)
        return st;
    if (!s->unprotected)
        s->saved_status = before; /* also when the next step ends half-way */
    uint32_t want = rk_protection_merge(&s->part, s->saved_status,
                                        rk_protection_bits(&s->part, s->part.unprotect));
    if (!rk_protection_same(before, want))
        s->unprotected = true;
    st = set_status(dev, want, &seen, &reached, &unlocked, err);
    if (st != RK_OK)
        return st;
    if (!unlocked) {
        rk_fail(err, RK_ERR_WRITE_PROTECTED, "flash.protected", "the flash stays write-protected");
        rk_error_detail(err, "part %s, status registers 0x%04x before and 0x%04x after %u tries",
                        s->part.name, (unsigned)before, (unsigned)seen, UNPROTECT_TRIES);
        rk_error_hint(err, "power-cycle the module and try again with a better 3.3 V supply; if "
                           "it stays, the flash part is locked for good");
        return RK_ERR_WRITE_PROTECTED;
    }
    if (!reached)
        tell_lost_bits(dev, want, seen);
    dev->info.status = seen;
    return RK_OK;
}

enum rk_status rk_beken_reprotect(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t seen = 0;
    bool reached = false, locked = false;

    if (!s->unprotected)
        return RK_OK;
    enum rk_status st = set_status(dev, s->saved_status, &seen, &reached, &locked, err);
    if (st != RK_OK)
        return st;
    s->unprotected = false;
    dev->info.status = seen;
    if (locked && !reached)
        tell_lost_bits(dev, s->saved_status, seen);
    if (!locked)
        rk_warn(dev->ctx, "flash.protect",
                "the write protection could not be put back "
                "(status registers 0x%04x); the module works without",
                (unsigned)seen);
    return RK_OK;
}
