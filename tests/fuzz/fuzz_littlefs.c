/* Any bytes as a file system, and any tags in commits whose checksums hold: listed and read to the
 * end. */
#include "unit/config/littlefs_builder.h"

#include <rekindle/littlefs.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *data, size_t size)
{
    const struct rk_littlefs_file *files;
    struct rk_littlefs *fs = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (rk_littlefs_find(data, size, &fs, NULL) != RK_OK)
        return;
    size_t count = rk_littlefs_files(fs, &files);
    for (size_t i = 0; i < count && i < 64; i++)
        if (rk_littlefs_read(fs, i, &bytes, &len, NULL) == RK_OK) {
            if (len != files[i].size)
                abort();
            free(bytes);
        }
    rk_littlefs_free(fs);
}

/* Takes tags from the input: type, id, length, data; type 0 closes the commit. */
static size_t fill_block(struct lfs_builder *b, const uint8_t *data, size_t size)
{
    size_t used = 0;

    while (size - used >= 4 && b->at + 80 < LFS_BLOCK) {
        uint32_t type = rk_get_le16(data + used) & 0x7FF, len = data[used + 3] & 0x1F;
        uint32_t id = data[used + 2] & 0xF;
        used += 4;
        if (type == 0)
            break;
        if (len > size - used)
            len = (uint32_t)(size - used);
        lfs_put(b, type, id, data + used, len);
        used += len;
    }
    lfs_commit(b);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lfs_builder b;
    size_t used = 0;

    read_all(data, size);
    memset(b.flash, 0xFF, sizeof b.flash);
    for (uint32_t i = 0; i < 16; i++) {
        lfs_begin(&b, i, i);
        if (i < 2)
            lfs_put_superblock(&b);
        used += fill_block(&b, data + used, size - used);
    }
    read_all(b.flash, sizeof b.flash);
    return 0;
}
