/* A folder of its own for a test, and a module to make manifests of. */
#ifndef RK_TESTS_FOLDER_SUPPORT_H
#define RK_TESTS_FOLDER_SUPPORT_H

#include "unit/unit.h"

#include "base/text.h"
#include "store/manifest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
};

static inline void folder_make(struct folder *folder)
{
    rk_text_copy(folder->path, sizeof folder->path, "/tmp/rekindle-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static inline void folder_file(const struct folder *folder, const char *name, char *out, size_t cap)
{
    rk_text_format(out, cap, "%s/%s", folder->path, name);
}

/* Number of files; removes them all if `clear`. */
static inline unsigned folder_walk(const struct folder *folder, bool clear)
{
    unsigned count = 0;
    DIR *stream = opendir(folder->path);
    assert_non_null(stream);
    for (const struct dirent *item; (item = readdir(stream));) {
        char path[400];
        if (item->d_name[0] == '.')
            continue;
        count++;
        rk_text_format(path, sizeof path, "%s/%s", folder->path, item->d_name);
        if (clear)
            unlink(path);
    }
    closedir(stream);
    return count;
}

static inline void folder_remove(const struct folder *folder)
{
    chmod(folder->path, 0700);
    folder_walk(folder, true);
    rmdir(folder->path);
}

static inline struct rk_device_info module_info(void)
{
    struct rk_device_info info = {.size = sizeof info,
                                  .family = "bk72xx",
                                  .chip = "BK7231N",
                                  .chip_evidence = RK_EVIDENCE_CONFIRMED,
                                  .loader = "1.0.1",
                                  .loader_in_rom = true,
                                  .has_fingerprint = true,
                                  .fingerprint = 0xE14191BA,
                                  .fingerprint_name = "BK7231N 1.0.1",
                                  .has_jedec = true,
                                  .jedec = {0xEB, 0x60, 0x15},
                                  .flash_name = "TH25Q16HB",
                                  .flash_size = 0x200000,
                                  .flash_size_evidence = RK_EVIDENCE_ONE,
                                  .has_status = true,
                                  .status = 0x427C,
                                  .key_class = RK_KEY_TUYA,
                                  .key = {0x510fb093, 0xa3cbeadc, 0x5993a17e, 0xc7adeb03},
                                  .has_mac = true,
                                  .mac = {0x38, 0x1F, 0x8D, 1, 2, 3}};
    return info;
}

static inline void module_manifest(struct rk_manifest *m, uint32_t len)
{
    assert_int_equal(rk_manifest_init(m, 0, len, NULL), RK_OK);
    m->device = module_info();
    rk_text_copy(m->tool_version, sizeof m->tool_version, "1.2.3");
    rk_text_copy(m->created, sizeof m->created, "2026-01-01T12:00:00Z");
    rk_text_copy(m->file, sizeof m->file, "b.bin");
    rk_text_copy(m->port, sizeof m->port, "/dev/ttyUSB0");
    rk_text_copy(m->bridge, sizeof m->bridge, "CH340");
}

#endif
