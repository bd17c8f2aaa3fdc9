/* Identification, placement and the whole report with all its views, on any bytes. The first byte
 * chooses how the rest is dressed up, so that code behind checksums is reached. */
#include <rekindle/inspect.h>

#include "image/beken/blocks.h"
#include "image/view.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool swallow(void *user, const char *text, size_t len)
{
    (void)text;
    *(size_t *)user += len;
    return true;
}

static void examine(const uint8_t *data, size_t size)
{
    struct rk_inspect *report = NULL;
    struct rk_segment segment;
    struct rk_json json;
    size_t count = 0, written = 0;
    struct rk_view view = {
        .sink = swallow, .user = &written, .colour = true, .verbose = true, .entropy = true};

    if (rk_inspect(data, size, NULL, &report, NULL) != RK_OK)
        return;
    if (rk_image_place(&report->facts, data, size, "BK7231N", 0x200000, &segment, 1, &count,
                       NULL) == RK_OK &&
        segment.len > 0x200000)
        abort();
    rk_view_text(&view, "x", report);
    rk_view_svg(&view, "<x>", report);
    rk_json_init(&json, swallow, &written, false);
    rk_json_object_begin(&json);
    rk_view_json(&json, report);
    rk_json_object_end(&json);
    if (!rk_json_finish(&json) || view.failed)
        abort();
    rk_inspect_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *image;
    size_t len;

    if (size == 0)
        return 0;
    switch (data[0] & 3) {
    case 0: /* as it is */
        examine(data + 1, size - 1);
        return 0;
    case 1: /* code blocks with right CRCs */
        len = rk_blocks_span(size - 1);
        image = malloc(len ? len : 1);
        if (image) {
            rk_blocks_add(data + 1, size - 1, image);
            examine(image, len);
        }
        break;
    default: /* a flash of 512 KiB with the bytes at its start, or in its upper half */
        len = 0x80000;
        image = size <= len / 2 ? malloc(len) : NULL;
        if (image) {
            memset(image, 0xFF, len);
            memcpy(image + (data[0] & 1 ? len / 2 : 0), data + 1, size - 1);
            examine(image, len);
        }
        break;
    }
    free(image);
    return 0;
}
