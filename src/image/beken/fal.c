#include "image/beken/fal.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "image/beken/blocks.h"

#include <string.h>

#define DEVICE        28u
#define DEVICE_NAME   "beken_onchip"
#define DEVICE_BLOCKS "beken_onchip_crc"

static bool is_entry(const uint8_t *p)
{
    return memcmp(p, "01PE", 4) == 0 && memcmp(p + DEVICE, DEVICE_NAME, strlen(DEVICE_NAME)) == 0;
}

static void read_entry(const uint8_t *p, struct rk_fal_entry *out)
{
    uint32_t crc = rk_get_le32(p + 60);

    rk_text_escape(out->name, sizeof out->name, p + 4, strnlen((const char *)p + 4, 24));
    out->in_blocks = memcmp(p + DEVICE, DEVICE_BLOCKS, strlen(DEVICE_BLOCKS)) == 0;
    out->offset = rk_get_le32(p + 52);
    out->len = rk_get_le32(p + 56);
    out->addr = out->in_blocks ? rk_physical(out->offset) : out->offset;
    out->span = out->in_blocks ? rk_physical(out->len) : out->len;
    out->has_crc = crc != 0;
    out->crc_good = crc == rk_crc32(0, p, 60);
}

bool rk_fal_find(const uint8_t *stored, size_t len, struct rk_fal *out)
{
    size_t last = len;

    *out = (struct rk_fal){0};
    for (size_t at = len < RK_FAL_ENTRY ? 0 : len - RK_FAL_ENTRY + 1; at > 0;) {
        at--;
        if (stored[at] == '0' && is_entry(stored + at)) {
            last = at;
            break;
        }
    }
    if (last == len)
        return false;
    while (last >= RK_FAL_ENTRY && out->count + 1 < RK_FAL_MAX &&
           is_entry(stored + last - RK_FAL_ENTRY)) {
        last -= RK_FAL_ENTRY;
        out->count++;
    }
    out->count++;
    out->at = (uint32_t)last;
    for (size_t i = 0; i < out->count; i++)
        read_entry(stored + last + i * RK_FAL_ENTRY, &out->entries[i]);
    return true;
}

const struct rk_fal_entry *rk_fal_entry(const struct rk_fal *fal, const char *name)
{
    for (size_t i = 0; i < fal->count; i++) {
        if (strcmp(fal->entries[i].name, name) == 0)
            return &fal->entries[i];
    }
    return NULL;
}
