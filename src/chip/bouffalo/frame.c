#include "chip/bouffalo/frame.h"

#include "base/bytes.h"

#include <string.h>

size_t rk_bfl_encode(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload, size_t len)
{
    if (len > RK_BFL_DATA_MAX || cap < 4 + len)
        return 0;
    uint8_t sum = (uint8_t)((len & 0xFF) + (len >> 8));
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + payload[i]);
    out[0] = op;
    out[1] = sum;
    rk_put_le16(out + 2, (uint16_t)len);
    if (len)
        memcpy(out + 4, payload, len);
    return 4 + len;
}

/* Does an answer begin at p, as far as there is something? */
static bool begins(const uint8_t *p, size_t len)
{
    static const char *const words[] = {"OK", "FL", "PD"};

    for (size_t i = 0; i < 3; i++)
        if (memcmp(p, words[i], len < 2 ? len : 2) == 0)
            return true;
    return false;
}

enum rk_bfl_decoded rk_bfl_decode(const uint8_t *buf, size_t len, bool data, size_t *consumed,
                                  size_t *noise, struct rk_bfl_answer *answer)
{
    size_t at = 0;

    memset(answer, 0, sizeof *answer);
    while (at < len && !begins(buf + at, len - at))
        at++;
    *noise = *consumed = at;
    const uint8_t *p = buf + at;
    size_t left = len - at;
    if (left < 2)
        return RK_BFL_NEED_MORE;
    if (p[0] == 'P') {
        *consumed = at + 2;
        return RK_BFL_PENDING;
    }
    answer->refused = p[0] == 'F';
    if (!answer->refused && !data) {
        *consumed = at + 2;
        return RK_BFL_ANSWER;
    }
    if (left < 4)
        return RK_BFL_NEED_MORE;
    if (answer->refused) {
        answer->code = rk_get_le16(p + 2);
        *consumed = at + 4;
        return RK_BFL_ANSWER;
    }
    answer->len = rk_get_le16(p + 2);
    if (left - 4 < answer->len)
        return RK_BFL_NEED_MORE;
    answer->data = p + 4;
    *consumed = at + 4 + answer->len;
    return RK_BFL_ANSWER;
}

/* Codes as the vendor's protocol note and its open second-stage loader name them. */
static const struct {
    uint16_t code;
    const char *text;
} codes[] = {
    {0x0001, "the flash cannot be initialised"},
    {0x0002, "wrong parameters of an erase"},
    {0x0003, "the erase failed"},
    {0x0004, "wrong length of a read or write"},
    {0x0005, "wrong address of a write"},
    {0x0006, "the write failed"},
    {0x0008, "wrong length of flash parameters"},
    {0x0009, "the status register cannot be read"},
    {0x000A, "the status register cannot be written"},
    {0x0101, "unknown command"},
    {0x0102, "wrong length: bytes were lost"},
    {0x0103, "wrong checksum: bytes were changed"},
    {0x0104, "not in this state"},
    {0x0201, "wrong length of the boot header"},
    {0x0202, "the boot header says that the image is not to be loaded"},
    {0x0203, "no boot header"},
    {0x0204, "the boot header's CRC is wrong"},
    {0x0205, "the chip wants enciphered code"},
    {0x0206, "the chip wants signed code"},
    {0x0207, "the boot header names no segment"},
    {0x020F, "wrong length of a segment header"},
    {0x0210, "a segment header's CRC is wrong"},
    {0x0211, "a segment is for a place that must not be written"},
    {0x0214, "more data than announced: bytes were lost or doubled"},
    {0x0216, "the image is not complete"},
    {0x0217, "the image's hash is wrong"},
    {0x0219, "the image's signature is wrong"},
    {0x0404, "wrong length of an efuse read"},
    {0x0405, "wrong address of an efuse read"},
    {0x0501, "wrong length of a memory write"},
    {0x0504, "memory that cannot be read"},
    {0x0A0A, "the chip is protected"},
};

const char *rk_bfl_code_text(uint16_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].text;
    return "a code that is in no public list";
}
