/* A packed update in the active slot: whether the second-stage loader can unpack and start it. */
#include "image/bouffalo/known.h"

#include "base/text.h"
#include "base/xz.h"

#include <stdlib.h>
#include <string.h>

#define BODY       0x1000u
#define DICTIONARY 32768u
#define UNPACKED   (16u << 20)

static const char *judge_content(const uint8_t *raw, size_t len, const struct rk_bl602_slot *other)
{
    struct rk_bfl_header h;

    if (!rk_bfl_header_read(raw, len, &h) || !h.crc_good || !rk_bfl_hash_check(&h, raw, len, BODY))
        return "what is packed in it is no sound application";
    return len > other->max_len ? "it does not fit into the other slot when unpacked" : NULL;
}

const char *rk_bfl_packed_fault(struct rk_bfl_case *c, unsigned index)
{
    const struct rk_bl602_slot *slot = &c->report->slots[index];
    uint32_t room = c->flash_size - slot->addr;
    uint32_t len = slot->max_len < room ? slot->max_len : room;
    const uint8_t *data = rk_bfl_bytes(c, slot->addr, len, true);
    struct rk_error why = {.status = RK_OK};
    struct rk_xz_facts xz;
    const char *fault;
    uint8_t *raw = NULL;
    size_t raw_len = 0;

    if (!data)
        return NULL;
    if (!rk_xz_read(data, len, &xz) || !xz.crc32 || xz.dictionary > DICTIONARY)
        return "it is packed in a way no loader knows";
    if (rk_xz_unpack(data, len, UNPACKED, &raw, &raw_len, &why) != RK_OK)
        return why.status == RK_ERR_IMAGE_FORMAT ? "it is cut short or damaged" : NULL;
    fault = judge_content(raw, raw_len, &c->report->slots[!index]);
    free(raw);
    return fault;
}
