#include "store/manifest.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/file.h"
#include "store/manifest_names.h"

#include <stdlib.h>
#include <string.h>

static const char *const source_words[] = {"missing", "read",   "voted",
                                           "blank",   "reused", "unstable"};
static const char *const journal_words[] = {"none", "writing", "done", "abandoned"};
static const char *const evidence_words[] = {"none", "guess", "one", "confirmed"};
static const char *const key_words[] = {"unknown", "zero", "tuya", "vendor", "unreadable"};
static const char *const region_words[] = {"other",       "boot",     "app",       "ota",
                                           "calibration", "settings", "partitions"};

#define WORDS(table)                                                                               \
    {                                                                                              \
        table, sizeof table / sizeof table[0]                                                      \
    }
const struct rk_words rk_source_words = WORDS(source_words);
const struct rk_words rk_journal_words = WORDS(journal_words);
const struct rk_words rk_evidence_words = WORDS(evidence_words);
const struct rk_words rk_key_words = WORDS(key_words);
const struct rk_words rk_region_words = WORDS(region_words);

_Static_assert(sizeof source_words / sizeof source_words[0] == RK_SOURCE_COUNT, "a word each");
_Static_assert(sizeof journal_words / sizeof journal_words[0] == RK_JOURNAL_COUNT, "a word each");
_Static_assert(sizeof evidence_words / sizeof evidence_words[0] == RK_EVIDENCE_CONFIRMED + 1,
               "a word each");
_Static_assert(sizeof key_words / sizeof key_words[0] == RK_KEY_UNREADABLE + 1, "a word each");
_Static_assert(sizeof region_words / sizeof region_words[0] == RK_REGION_PARTITIONS + 1,
               "a word each");

const char *rk_sector_source_name(enum rk_sector_source source)
{
    return (size_t)source < rk_source_words.count ? rk_source_words.words[source] : "missing";
}

enum rk_status rk_manifest_init(struct rk_manifest *manifest, uint32_t addr, uint32_t len,
                                struct rk_error *err)
{
    memset(manifest, 0, sizeof *manifest);
    manifest->addr = addr;
    manifest->len = len;
    manifest->sector_count = len / RK_SECTOR_SIZE;
    manifest->sectors = calloc(manifest->sector_count + 1, sizeof *manifest->sectors);
    if (!manifest->sectors)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return RK_OK;
}

void rk_manifest_free(struct rk_manifest *manifest)
{
    free(manifest->sectors);
    memset(manifest, 0, sizeof *manifest);
}

enum rk_status rk_manifest_read(const char *path, struct rk_manifest *out, struct rk_error *err)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum rk_status status = rk_file_read(path, RK_MANIFEST_FILE_MAX, &text, &len, err);

    if (status == RK_OK)
        status = rk_manifest_parse((const char *)text, len, out, err);
    if (status != RK_OK)
        rk_error_context(err, "manifest \"%s\"", path);
    free(text);
    return status;
}

enum rk_status rk_manifest_load(const struct rk_manifest *manifest, const char *data_path,
                                uint8_t **data, struct rk_error *err)
{
    uint8_t digest[32], *bytes = NULL;
    char hex[65];
    size_t len = 0;
    enum rk_status status = rk_file_read(data_path, RK_MANIFEST_DATA_MAX, &bytes, &len, err);

    if (status != RK_OK)
        return status;
    rk_sha256(bytes, len, digest);
    rk_sha256_hex(digest, hex);
    if (len == manifest->len && strcmp(hex, manifest->sha256) == 0) {
        *data = bytes;
        return RK_OK;
    }
    free(bytes);
    rk_fail(err, RK_ERR_FILE, "backup.altered", "\"%s\" is not the file its manifest describes",
            data_path);
    rk_error_detail(err, "%zu bytes of %u, SHA-256 %s, manifest says %s", len,
                    (unsigned)manifest->len, hex, manifest->sha256);
    rk_error_hint(err, "the file was changed or cut after the backup: use another backup");
    return RK_ERR_FILE;
}

bool rk_mac_is_personal(const uint8_t mac[6])
{
    static const uint8_t sdk_block[3] = {0xC8, 0x47, 0x8C};

    return memcmp(mac, sdk_block, sizeof sdk_block) != 0 && !(mac[0] & 1) &&
           !rk_bytes_all(mac, 6, 0);
}

enum rk_same_module rk_manifest_same_module(const struct rk_manifest *manifest,
                                            const struct rk_device_info *device)
{
    const struct rk_device_info *then = &manifest->device;

    if (strcmp(then->family, device->family) != 0 || !rk_text_same(then->chip, device->chip))
        return RK_MODULE_OTHER;
    if (then->flash_size != device->flash_size)
        return RK_MODULE_OTHER;
    if (then->has_jedec && device->has_jedec &&
        memcmp(then->jedec, device->jedec, sizeof then->jedec) != 0)
        return RK_MODULE_OTHER;
    if (!then->has_mac || !device->has_mac)
        return RK_MODULE_POSSIBLE;
    return memcmp(then->mac, device->mac, sizeof then->mac) == 0 ? RK_MODULE_SAME : RK_MODULE_OTHER;
}
