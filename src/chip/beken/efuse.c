/* The encryption key in the efuse of ROM chips, through the control registers of the SDK.
 * BK7238 and BK7252N have four bytes only: the index wraps and the words repeat. */
#include "base/bytes.h"
#include "chip/beken/beken.h"

#include <string.h>

#define EFUSE_CONTROL 0x00800074u
#define EFUSE_OUTPUT  0x00800078u
#define EFUSE_START   0x00000001u
#define EFUSE_FIELDS  0x00001F02u /* byte index and direction */
#define EFUSE_VALID   0x00000100u
#define KEY_BYTES     16u
#define VOTES_MAX     5u
#define POLLS         100

static const uint32_t tuya_key[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};

static enum rk_status retry_reg(struct rk_device *dev, uint32_t reg, uint32_t *value,
                                struct rk_error *err)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = rk_beken_read_reg(dev, reg, value, err);
        if (!rk_beken_may_retry(st))
            return st;
        if (attempt >= dev->retries)
            return rk_beken_give_up(st, err);
        st = rk_beken_recover(dev, err);
        if (st != RK_OK)
            return st;
    }
}

/* Reads byte `index`; *valid tells whether the chip vouches for it. */
static enum rk_status read_byte(struct rk_device *dev, unsigned index, uint8_t *value, bool *valid,
                                struct rk_error *err)
{
    uint32_t control = 0, output = 0;
    enum rk_status st = retry_reg(dev, EFUSE_CONTROL, &control, err);

    *valid = false;
    if (st == RK_OK)
        st = rk_beken_write_reg(dev, EFUSE_CONTROL,
                                (control & ~EFUSE_FIELDS) | index << 8 | EFUSE_START, err);
    if (rk_beken_may_retry(st))
        return rk_beken_recover(dev, err);
    control = EFUSE_START;
    for (int poll = 0; st == RK_OK && control & EFUSE_START && poll < POLLS; poll++)
        st = retry_reg(dev, EFUSE_CONTROL, &control, err);
    if (st == RK_OK)
        st = retry_reg(dev, EFUSE_OUTPUT, &output, err);
    *value = (uint8_t)output;
    *valid = st == RK_OK && output & EFUSE_VALID;
    return st;
}

/* The value that most of the votes have; false if there is no majority. */
static bool majority(const uint8_t *votes, unsigned count, uint8_t *value)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned same = 0;
        for (unsigned k = 0; k < count; k++)
            same += votes[k] == votes[i];
        if (2 * same > count) {
            *value = votes[i];
            return true;
        }
    }
    return false;
}

static enum rk_key_class classify(const uint32_t key[4])
{
    if ((key[0] | key[1] | key[2] | key[3]) == 0)
        return RK_KEY_ZERO;
    return memcmp(key, tuya_key, sizeof tuya_key) == 0 ? RK_KEY_TUYA : RK_KEY_VENDOR;
}

enum rk_status rk_beken_read_key(struct rk_device *dev, unsigned times, struct rk_error *err)
{
    uint8_t key[KEY_BYTES];
    bool readable = true;

    times = times < 1 ? 1 : times > VOTES_MAX ? VOTES_MAX : times;
    for (unsigned i = 0; i < KEY_BYTES; i++) {
        uint8_t votes[VOTES_MAX];
        unsigned count = 0;
        for (unsigned attempt = 0; count < times && attempt < times + 3; attempt++) {
            bool valid = false;
            enum rk_status st = read_byte(dev, i, &votes[count], &valid, err);
            if (st != RK_OK)
                return st;
            count += valid;
        }
        if (count < times || !majority(votes, count, &key[i])) {
            readable = false;
            break;
        }
    }
    if (!readable) {
        dev->info.key_class = RK_KEY_UNREADABLE;
        return RK_OK;
    }
    for (unsigned i = 0; i < 4; i++)
        dev->info.key[i] = rk_get_le32(key + 4 * i);
    dev->info.key_class = classify(dev->info.key);
    return RK_OK;
}
