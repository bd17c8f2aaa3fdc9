#include "store/manifest.h"

#include "base/json.h"
#include "base/text.h"
#include "store/file.h"
#include "store/manifest_names.h"

#include <stdlib.h>
#include <string.h>

/* A text that grows until RK_MANIFEST_FILE_MAX. */
struct growing {
    char *text;
    size_t len, cap;
};

static bool grow(void *user, const char *text, size_t len)
{
    struct growing *out = user;

    if (len > RK_MANIFEST_FILE_MAX - out->len)
        return false;
    if (out->len + len > out->cap) {
        size_t cap = (out->len + len) * 2;
        char *bigger = realloc(out->text, cap);
        if (!bigger)
            return false;
        out->text = bigger;
        out->cap = cap;
    }
    memcpy(out->text + out->len, text, len);
    out->len += len;
    return true;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void put_word(struct rk_json *json, const char *key, struct rk_words words, unsigned value)
{
    rk_json_put_string(json, key, value < words.count ? words.words[value] : NULL);
}

static void put_hex32(struct rk_json *json, const char *key, uint32_t value)
{
    char text[9];

    rk_text_format(text, sizeof text, "%08x", (unsigned)value);
    rk_json_put_string(json, key, text);
}

static void put_bytes(struct rk_json *json, const char *key, bool known, const uint8_t *bytes,
                      size_t len)
{
    if (known)
        rk_json_put_hex(json, key, bytes, len);
    else
        rk_json_put_null(json, key);
}

static void put_device(struct rk_json *json, const struct rk_device_info *device)
{
    rk_json_key(json, "device");
    rk_json_object_begin(json);
    rk_json_put_string(json, "family", device->family);
    rk_json_put_string(json, "chip", device->chip);
    put_word(json, "chip_evidence", rk_evidence_words, device->chip_evidence);
    rk_json_put_string(json, "loader", or_null(device->loader));
    rk_json_put_bool(json, "loader_in_rom", device->loader_in_rom);
    if (device->has_fingerprint)
        put_hex32(json, "fingerprint", device->fingerprint);
    else
        rk_json_put_null(json, "fingerprint");
    rk_json_put_string(json, "fingerprint_name", or_null(device->fingerprint_name));
    put_bytes(json, "jedec", device->has_jedec, device->jedec, sizeof device->jedec);
    rk_json_put_string(json, "flash_name", or_null(device->flash_name));
    rk_json_put_u64(json, "flash_size", device->flash_size);
    put_word(json, "flash_size_evidence", rk_evidence_words, device->flash_size_evidence);
    if (device->has_status)
        rk_json_put_u64(json, "status", device->status);
    else
        rk_json_put_null(json, "status");
    put_word(json, "key_class", rk_key_words, device->key_class);
    put_bytes(json, "mac", device->has_mac, device->mac, sizeof device->mac);
    rk_json_object_end(json);
}

static void put_port(struct rk_json *json, const struct rk_manifest *manifest)
{
    rk_json_key(json, "port");
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", or_null(manifest->port));
    rk_json_put_string(json, "bridge", or_null(manifest->bridge));
    rk_json_put_string(json, "serial", or_null(manifest->adapter));
    rk_json_object_end(json);
}

static void put_regions(struct rk_json *json, const struct rk_manifest *manifest)
{
    rk_json_key(json, "regions");
    rk_json_array_begin(json);
    for (size_t i = 0; i < manifest->region_count; i++) {
        const struct rk_manifest_region *r = &manifest->regions[i];
        rk_json_object_begin(json);
        rk_json_put_string(json, "name", r->region.name);
        put_word(json, "kind", rk_region_words, r->region.kind);
        rk_json_put_u64(json, "address", r->region.addr);
        rk_json_put_u64(json, "length", r->region.len);
        rk_json_put_string(json, "sha256", or_null(r->sha256));
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

/* Each sector on one line: a person can find one by counting or searching. */
static void put_sectors(struct rk_json *json, const struct rk_manifest *manifest)
{
    bool pretty = json->pretty;

    rk_json_key(json, "sectors");
    rk_json_array_begin(json);
    for (size_t i = 0; i < manifest->sector_count; i++) {
        const struct rk_manifest_sector *sector = &manifest->sectors[i];
        rk_json_object_begin(json);
        json->pretty = false;
        rk_json_put_u64(json, "address", manifest->addr + i * RK_SECTOR_SIZE);
        put_word(json, "source", rk_source_words, sector->source);
        put_hex32(json, "crc32", sector->crc32);
        rk_json_put_u64(json, "reads", sector->reads);
        rk_json_object_end(json);
        json->pretty = pretty;
    }
    rk_json_array_end(json);
}

static void put_ranges(struct rk_json *json, const struct rk_manifest *manifest)
{
    rk_json_key(json, "ranges");
    rk_json_array_begin(json);
    for (size_t i = 0, end; i < manifest->sector_count; i = end + 1) {
        for (end = i; end < manifest->sector_count && manifest->sectors[end].journalled; end++)
            ;
        if (end == i)
            continue;
        rk_json_object_begin(json);
        rk_json_put_u64(json, "address", manifest->addr + i * RK_SECTOR_SIZE);
        rk_json_put_u64(json, "length", (end - i) * RK_SECTOR_SIZE);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static void put_journal(struct rk_json *json, const struct rk_manifest *manifest)
{
    rk_json_key(json, "journal");
    rk_json_object_begin(json);
    put_word(json, "state", rk_journal_words, manifest->journal.state);
    rk_json_put_string(json, "image_sha256", or_null(manifest->journal.image_sha256));
    rk_json_put_string(json, "started", or_null(manifest->journal.started));
    put_ranges(json, manifest);
    rk_json_object_end(json);
}

static void put_manifest(struct rk_json *json, const struct rk_manifest *manifest)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "schema", RK_MANIFEST_SCHEMA);
    rk_json_put_bool(json, "complete", manifest->complete);
    rk_json_put_string(json, "tool_version", manifest->tool_version);
    rk_json_put_string(json, "created", manifest->created);
    rk_json_put_string(json, "file", manifest->file);
    rk_json_put_u64(json, "address", manifest->addr);
    rk_json_put_u64(json, "length", manifest->len);
    rk_json_put_string(json, "sha256", or_null(manifest->sha256));
    put_port(json, manifest);
    put_device(json, &manifest->device);
    rk_json_put_string(json, "reused_from", or_null(manifest->reused_from));
    put_regions(json, manifest);
    put_journal(json, manifest);
    put_sectors(json, manifest);
    rk_json_object_end(json);
}

enum rk_status rk_manifest_write(const char *path, const struct rk_manifest *manifest, bool replace,
                                 struct rk_error *err)
{
    struct growing out = {0};
    struct rk_json json;
    enum rk_status status;

    rk_json_init(&json, grow, &out, true);
    put_manifest(&json, manifest);
    if (rk_json_finish(&json))
        status = rk_file_write(path, (const uint8_t *)out.text, out.len, !replace, false, err);
    else
        status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    free(out.text);
    return status;
}
