/* The flash of a BL602 through its mask ROM alone: the ROM erases and programs; for reading, its
 * memory commands drive the flash controller as SF_Ctrl_SendCmd of the public SDK does. Observed on
 * the executed ROM only. */
#include "base/bytes.h"
#include "chip/bouffalo/bouffalo.h"

#include <string.h>

#define SF_CTRL    0x4000B000u
#define SF_OWNER   0x4000B004u
#define SF_COMMAND 0x4000B008u
#define SF_WORD    0x4000B00Cu
#define SF_BUFFER  0x4000B700u
#define TO_BUS     0x14u /* who may use the buffer */
#define TO_FLASH   0x34u
#define TRIGGER    2u
#define READ_MAX   256u
#define JEDEC      0x9F000000u /* command byte in front */
#define FAST_READ  0x0B000000u

/* An erase that ends before it begins: sets up pins and controller, and erases nothing. */
static enum rk_status wake_flash(struct rk_device *dev, struct rk_error *err)
{
    uint8_t range[8];
    const struct rk_bfl_command command = {
        .name = "set up its flash", .op = RK_BFL_ERASE, .payload = range, .len = sizeof range};
    struct rk_bfl_answer answer;

    if (rk_bfl_state(dev)->flash_ready)
        return RK_OK;
    rk_put_le32(range, 1);
    rk_put_le32(range + 4, 0);
    enum rk_status st = rk_bfl_repeat(dev, &command, &answer, err);
    rk_bfl_state(dev)->flash_ready = st == RK_OK;
    return st;
}

/* One transfer of the flash: `word` is command byte and address, `shape` the controller's command
 * register without the length. The bytes read are in its buffer afterwards. */
static enum rk_status transfer(struct rk_device *dev, uint32_t word, uint32_t shape, size_t len,
                               struct rk_error *err)
{
    uint32_t command = shape | (uint32_t)(len - 1) << 2;
    const uint32_t pairs[][2] = {
        {SF_CTRL, TO_BUS},     {SF_OWNER, 0xA0000000u}, {SF_WORD, word},
        {SF_COMMAND, command}, {SF_CTRL, TO_FLASH},     {SF_COMMAND, command | TRIGGER},
        {SF_CTRL, TO_BUS},
    };
    uint8_t wire[sizeof pairs];
    const struct rk_bfl_command write = {
        .name = "read its flash", .op = RK_BFL_MEMORY_WRITE, .payload = wire, .len = sizeof wire};
    struct rk_bfl_answer answer;

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        rk_put_le32(wire + 8 * i, pairs[i][0]);
        rk_put_le32(wire + 8 * i + 4, pairs[i][1]);
    }
    return rk_bfl_repeat(dev, &write, &answer, err);
}

static enum rk_status take(struct rk_device *dev, uint8_t *buf, size_t len, struct rk_error *err)
{
    size_t whole = (len + 3) / 4 * 4;
    uint8_t range[8];
    const struct rk_bfl_command command = {.name = "read its flash",
                                           .op = RK_BFL_MEMORY_READ,
                                           .payload = range,
                                           .len = sizeof range,
                                           .data = true,
                                           .answer_len = whole};
    struct rk_bfl_answer answer;

    rk_put_le32(range, SF_BUFFER);
    rk_put_le32(range + 4, (uint32_t)whole);
    enum rk_status st = rk_bfl_repeat(dev, &command, &answer, err);
    if (st == RK_OK)
        memcpy(buf, answer.data, len);
    return st;
}

enum rk_status rk_bfl_rom_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err)
{
    enum rk_status st = wake_flash(dev, err);

    if (st == RK_OK)
        st = transfer(dev, JEDEC, 0x09000000u, 3, err);
    return st == RK_OK ? take(dev, id, 3, err) : st;
}

enum rk_status rk_bfl_rom_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                               struct rk_error *err)
{
    /* command, three address bytes, one byte of pause, data */
    const uint32_t shape = 1u << 27 | 1u << 26 | 2u << 17 | 1u << 25 | 1u << 24;
    enum rk_status st = wake_flash(dev, err);

    while (st == RK_OK && len > 0) {
        size_t n = len < READ_MAX ? len : READ_MAX;
        st = transfer(dev, FAST_READ | addr, shape, n, err);
        if (st == RK_OK)
            st = take(dev, buf, n, err);
        addr += (uint32_t)n;
        buf += n;
        len -= n;
    }
    return st;
}
