/* The expected results per capture, where the shared material is at hand. Captures are looked for
 * beside it and in the folder that REKINDLE_DUMPS names. */
#ifndef RK_TESTS_CONFIG_GOLDENS_H
#define RK_TESTS_CONFIG_GOLDENS_H

#include "unit/unit.h"

#include "base/text.h"
#include "store/file.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    json_t *json;
    const char *file; /* name of the capture */
    uint8_t *data;
    size_t len;
};

static bool golden_capture(struct golden *g)
{
    const char *more = getenv("REKINDLE_DUMPS");
    const char *folders[] = {RK_SHARED_DIR "/dumps", more};
    char path[1024];

    for (size_t i = 0; i < 2; i++) {
        if (!folders[i])
            continue;
        rk_text_format(path, sizeof path, "%s/%s", folders[i], g->file);
        if (rk_file_exists(path))
            return rk_file_read(path, 16u << 20, &g->data, &g->len, NULL) == RK_OK;
    }
    return false;
}

/* True if the figures of each capture shall be printed: where REKINDLE_DUMPS is set. */
static inline bool golden_verbose(void)
{
    return getenv("REKINDLE_DUMPS") != NULL;
}

/* Calls `check` for every golden file whose capture is there; returns how many there were. */
static inline unsigned golden_each(void (*check)(const struct golden *))
{
    static const char *const folders[] = {RK_SHARED_DIR "/data/tuya-golden",
                                          RK_SHARED_DIR "/data/tuya-golden/extra"};
    unsigned count = 0;

    for (size_t i = 0; i < 2; i++) {
        DIR *dir = opendir(folders[i]);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            char path[1024];
            struct golden g = {0};
            size_t n = strlen(e->d_name);
            if (n < 6 || strcmp(e->d_name + n - 5, ".json") != 0)
                continue;
            rk_text_format(path, sizeof path, "%s/%s", folders[i], e->d_name);
            g.json = json_load_file(path, 0, NULL);
            g.file = json_string_value(json_object_get(g.json, "file"));
            if (g.file && json_object_get(g.json, "keys") && golden_capture(&g)) {
                check(&g);
                count++;
            }
            free(g.data);
            json_decref(g.json);
        }
        if (dir)
            closedir(dir);
    }
    return count;
}

#endif
