/* OpenBeken records, EasyFlash logs and boot counters in any bytes; then a change and a patch. */
#include "config/obk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *user, const struct rk_obk_item *item)
{
    size_t *sum = user;

    *sum += strlen(item->name) + strlen(item->value);
}

static void try_record(const uint8_t *data, size_t size, const char *platform)
{
    struct rk_obk *obk = NULL;
    struct rk_obk_patch patch;
    size_t sum = 0;

    if (rk_obk_find(data, size, platform, &obk, NULL) != RK_OK)
        return;
    rk_obk_visit(obk, ignore, &sum);
    (void)!rk_obk_set(obk, "pin.5", "Rel;1", NULL);
    (void)rk_obk_seal(obk, &sum);
    if (rk_obk_patch(obk, data, size, &patch, NULL) == RK_OK)
        free(patch.data);
    rk_obk_free(obk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const platforms[] = {NULL, "BK7231N", "W800", "ESP32", "RTL8720D", "BL602"};
    struct rk_obk_boots boots;

    rk_obk_boots(data, size, &boots);
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++)
        try_record(data, size, platforms[i]);
    /* With a right checksum the fuzzer gets past the door. */
    if (size >= RK_OBK_LENGTH) {
        uint8_t *copy = malloc(size);
        if (!copy)
            return 0;
        memcpy(copy, data, size);
        memcpy(copy, "CFG", 3);
        copy[3] = rk_obk_crc8(copy + 4, RK_OBK_LENGTH - 4, true);
        for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++)
            try_record(copy, size, platforms[i]);
        free(copy);
    }
    return 0;
}
