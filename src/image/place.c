/* Where an image belongs in the flash. */
#include <rekindle/image.h>

#include "base/text.h"
#include "image/beken/app.h"
#include "image/beken/code.h"

#include <string.h>

static enum rk_status refuse(const struct rk_image_facts *facts, struct rk_error *err,
                             const char *id, const char *hint)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, id, "this file cannot be placed in the flash: %s",
            facts->summary);
    rk_error_hint(err, "%s", hint);
    return RK_ERR_IMAGE_FORMAT;
}

/* What to do with a kind that has no place; NULL if it has one. */
static const char *way_out(enum rk_image_kind kind)
{
    switch (kind) {
    case RK_IMAGE_DUMP_SHIFTED:
    case RK_IMAGE_DUMP_DOUBLED:
    case RK_IMAGE_DUMP_SWAPPED:
        return "put it right first: rekindle image convert FILE -o FIXED";
    case RK_IMAGE_RBL:
    case RK_IMAGE_UG:
    case RK_IMAGE_UF2:
    case RK_IMAGE_HEX:
        return "unpack it first: rekindle image convert FILE -o IMAGE";
    case RK_IMAGE_RAW_CODE:
        return "add the CRC bytes first: rekindle image pack FILE -o IMAGE";
    case RK_IMAGE_BOOT:
        return "to replace the boot loader name its address: rekindle write 0 FILE --force=boot";
    case RK_IMAGE_RF:
        return "calibration belongs to one module: rekindle image convert can put it into a backup";
    case RK_IMAGE_TUYA_STORAGE:
    case RK_IMAGE_OBK_CONFIG:
        return "settings have no fixed place: rekindle write ADDR FILE";
    case RK_IMAGE_BLANK:
        return "to erase use rekindle erase";
    case RK_IMAGE_ESP:
    case RK_IMAGE_FOREIGN:
        return "get the file that is made for this chip";
    case RK_IMAGE_DIFF2YA:
    case RK_IMAGE_BL602_OTA:
        return "this is an update for the running firmware, not for the flash";
    case RK_IMAGE_BL602_XZ:
    case RK_IMAGE_BL602:
    case RK_IMAGE_BL602_APP:
        return "its place depends on the module's partition table: rekindle flash looks at that";
    case RK_IMAGE_BL602_BOOT:
        return "give it to rekindle flash as --boot FILE, beside an application";
    case RK_IMAGE_BL602_TREE:
        return "give it to rekindle flash as --device-tree FILE, beside an application";
    case RK_IMAGE_BL602_TABLE:
        return "give it to rekindle flash as --layout FILE, beside an application";
    case RK_IMAGE_BL602_RAM:
        return "a flash loader is used with --loader FILE, never written";
    case RK_IMAGE_BL602_EFUSE:
        return "efuses are not written by rekindle";
    case RK_IMAGE_UNKNOWN:
        return "to write it all the same name the address: rekindle write ADDR FILE";
    case RK_IMAGE_QIO:
    case RK_IMAGE_UA:
    case RK_IMAGE_DUMP:
    case RK_IMAGE_BL602_DUMP:
        break;
    }
    return NULL;
}

static bool same_family(const struct rk_image_facts *facts, const char *chip)
{
    bool beken = rk_series_of_chip(chip) != RK_SERIES_UNKNOWN || strncmp(chip, "BK", 2) == 0;

    return strcmp(facts->family, "bl602") == 0 ? !beken : beken;
}

enum rk_status rk_image_place(const struct rk_image_facts *facts, const uint8_t *data, size_t len,
                              const char *chip, uint32_t flash_size, struct rk_segment *segments,
                              size_t cap, size_t *count, struct rk_error *err)
{
    const char *hint = way_out(facts->kind);
    uint32_t addr = facts->kind == RK_IMAGE_UA ? RK_APP_ADDR : 0;

    if (cap == 0)
        return rk_fail(err, RK_ERR_ARG, "image.segments", "no room for a segment");
    /* A file for the other family has no place here, whatever would have to be done with it there. */
    if (hint && (strcmp(facts->family, "bl602") != 0 || same_family(facts, chip)))
        return refuse(facts, err, "image.no-place", hint);
    if (!same_family(facts, chip)) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "image.family", "this image is not for a %s: %s", chip,
                facts->summary);
        rk_error_hint(err, "get the file that is made for this chip");
        return RK_ERR_IMAGE_FORMAT;
    }
    if (facts->truncated) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "image.truncated", "the file is cut short: %s",
                facts->summary);
        rk_error_hint(err, "download or copy the file again and compare its size");
        return RK_ERR_IMAGE_FORMAT;
    }
    if (len > flash_size || addr > flash_size - len) {
        rk_fail(err, RK_ERR_RANGE, "image.too-large", "the image ends at 0x%llX, the flash at 0x%X",
                (unsigned long long)addr + len, flash_size);
        rk_error_at(err, addr);
        return RK_ERR_RANGE;
    }
    segments[0] = (struct rk_segment){.addr = addr, .len = (uint32_t)len, .data = data};
    *count = 1;
    return RK_OK;
}
