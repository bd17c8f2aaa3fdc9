/* BL602 flashes: the bytes are laid over one that boots, so that every judge sees something like a
 * header, a table, a slot, a device tree; then an application is planned for it. Whatever comes out,
 * a plan leaves a flash that boots. */
#include "base/bytes.h"
#include "base/crc.h"
#include "image/bouffalo/header.h"
#include "unit/image/bl602_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_FLASH 0x100000u

/* Where bytes do most harm. */
static const uint32_t places[] = {0,       12,      100,     116,     0x2000,  0xE000,
                                  0xE010,  0xF000,  0xF00C,  0x10000, 0x1000C, 0x11000,
                                  0xE4000, 0xFC000, 0xFC028, 0xFC038};

static void spoil(uint8_t *flash, const uint8_t *data, size_t size)
{
    while (size >= 4) {
        uint32_t at = places[data[0] % (sizeof places / sizeof places[0])] + data[1];
        size_t n = (data[2] & 15) + 1u;

        n = n < size - 3 ? n : size - 3;
        memcpy(flash + at, data + 3, n);
        if (data[2] & 0x10)
            rk_bfl_header_reseal(flash, NULL);
        if (data[2] & 0x20)
            rk_bfl_header_reseal(flash + 0x10000, NULL);
        if (data[2] & 0x40) {
            uint32_t count = rk_get_le16(flash + 0xE006) & 15;

            rk_put_le32(flash + 0xE00C, rk_crc32(0, flash + 0xE000, 12));
            rk_put_le32(flash + 0xE010 + 36 * count, rk_crc32(0, flash + 0xE010, 36 * count));
        }
        data += 3 + n;
        size -= 3 + n;
    }
}

/* Made once: a flash that boots. */
static struct set *boots(void)
{
    static struct set *made;
    struct set *s = made ? made : set_new();
    struct rk_bl602_flash view = {.data = s->flash, .len = FUZZ_FLASH};
    struct rk_bl602_plan *plan = NULL;

    if (made)
        return made;
    made = s;
    if (rk_bl602_plan(&view, s->app, 4999, &s->sources, &plan, NULL) != RK_OK)
        abort();
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};
    struct set *s = boots();
    uint8_t *flash = malloc(FUZZ_FLASH);
    struct rk_bl602_flash view = {.data = flash, .len = FUZZ_FLASH};
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_report report;

    if (!flash)
        return 0;
    memcpy(flash, s->flash, FUZZ_FLASH);
    spoil(flash, data, size);
    rk_bl602_judge(&view, &report);
    if (rk_bl602_plan(&view, s->app, 4999, size & 1 ? &s->sources : &nothing, &plan, NULL) ==
        RK_OK) {
        set_apply(plan, flash);
        rk_bl602_judge(&view, &report);
        if (!report.complete)
            abort();
    }
    rk_bl602_plan_free(plan);
    free(flash);
    return 0;
}
