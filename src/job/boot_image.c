#include "job/boot_image.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SHIFT 0x11000u /* where captures begin that left out the boot loader */

static enum rk_status no_image(const struct rk_image_facts *facts, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "boot.image", "there is nothing to execute in this file");
    rk_error_detail(err, "%s", facts->summary);
    bool part = strcmp(facts->chip, "BL602") == 0 && facts->has_app;
    rk_error_hint(err,
                  part ? "an application alone does not start: `rekindle image pack FILE --chip "
                         "bl602 --boot BOOT2 --as flash` makes a whole flash of it"
                       : "give a backup of the whole flash, or an image (QIO, UA)");
    return RK_ERR_IMAGE_FORMAT;
}

static size_t flash_size_for(size_t len)
{
    size_t size = 2u << 20;

    while (size < len)
        size *= 2;
    return size;
}

/* The image where it belongs in a flash; *flash is allocated. */
static enum rk_status place(const struct rk_boot_request *q, const struct rk_image_facts *facts,
                            const char *chip, uint8_t **flash, size_t *len, struct rk_error *err)
{
    struct rk_segment segments[16];
    size_t count = 0, size = flash_size_for(q->image_len);
    bool shifted = facts->kind == RK_IMAGE_DUMP_SHIFTED;

    if (!shifted && rk_image_place(facts, q->image, q->image_len, chip, (uint32_t)size, segments,
                                   16, &count, NULL) != RK_OK)
        return no_image(facts, err);
    uint8_t *out = malloc(size);
    if (!out)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(out, 0xFF, size);
    for (size_t i = 0; shifted && i < q->image_len; i++)
        out[(SHIFT + i) % size] = q->image[i];
    for (size_t i = 0; i < count; i++)
        if (segments[i].addr <= size && segments[i].len <= size - segments[i].addr)
            memcpy(out + segments[i].addr, segments[i].data, segments[i].len);
    *flash = out;
    *len = size;
    return RK_OK;
}

/* The name of an emulated chip as it is usually written; NULL if there is none. */
static const char *emulated_name(const char *chip)
{
    for (size_t i = 0; rk_emulator_chip(i); i++)
        if (rk_text_same(rk_emulator_chip(i), chip))
            return rk_emulator_chip(i);
    return NULL;
}

enum rk_status rk_boot_lay_out(const struct rk_boot_request *request, struct rk_boot_flash *out,
                               struct rk_error *err)
{
    const char *named = request->chip ? emulated_name(request->chip) : NULL;
    struct rk_image_facts facts;

    if (request->chip && !named) {
        const struct rk_emulate_options none = {.size = sizeof none, .chip = request->chip};
        struct rk_emulator *emulator = NULL;
        return rk_emulator_new(&none, &emulator, err);
    }
    rk_image_identify(request->image, request->image_len, request->name, &facts);
    const char *chip = named ? named : facts.chip;
    if (!chip[0]) {
        no_image(&facts, err);
        rk_error_hint(err, "if it is one all the same, name the chip with --chip");
        return RK_ERR_IMAGE_FORMAT;
    }
    rk_text_copy(out->chip, sizeof out->chip, chip);
    return place(request, &facts, chip, &out->bytes, &out->len, err);
}
