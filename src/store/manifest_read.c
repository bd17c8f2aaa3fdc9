#include "store/manifest.h"

#include "base/text.h"
#include "store/manifest_names.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A JSON object under examination; the first failure is kept and all later ones ignored. */
struct reader {
    const json_t *object;
    struct rk_error *err;
    enum rk_status *status;
};

static void reject(struct reader *r, const char *key, const char *what)
{
    if (*r->status != RK_OK)
        return;
    *r->status = rk_fail(r->err, RK_ERR_FILE, "manifest.format",
                         "this is not a manifest of ours: \"%s\" %s", key, what);
    rk_error_hint(r->err, "the file was damaged or made by something else");
}

/* The member if it is there and not null. */
static const json_t *member(const struct reader *r, const char *key)
{
    const json_t *value = json_object_get(r->object, key);

    return json_is_null(value) ? NULL : value;
}

static struct reader enter(struct reader *r, const char *key)
{
    const json_t *value = member(r, key);

    if (!json_is_object(value))
        reject(r, key, "must be an object");
    return (struct reader){json_is_object(value) ? value : NULL, r->err, r->status};
}

/* A text of at most cap - 1 bytes; null and absent are the empty text. */
static void get_text(struct reader *r, const char *key, char *out, size_t cap)
{
    const json_t *value = member(r, key);

    out[0] = '\0';
    if (!value)
        return;
    if (!json_is_string(value) || json_string_length(value) >= cap)
        reject(r, key, "must be a text of reasonable length");
    else
        rk_text_copy(out, cap, json_string_value(value));
}

static uint32_t get_u32(struct reader *r, const char *key, uint32_t max)
{
    const json_t *value = member(r, key);

    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        (uint64_t)json_integer_value(value) <= max)
        return (uint32_t)json_integer_value(value);
    reject(r, key, "must be a whole number in its range");
    return 0;
}

static bool get_bool(struct reader *r, const char *key)
{
    const json_t *value = member(r, key);

    if (!json_is_boolean(value))
        reject(r, key, "must be true or false");
    return json_is_true(value);
}

static unsigned get_word(struct reader *r, const char *key, struct rk_words words)
{
    const char *text = json_string_value(member(r, key));

    for (unsigned i = 0; text && i < words.count; i++)
        if (strcmp(text, words.words[i]) == 0)
            return i;
    reject(r, key, "is none of the known words");
    return 0;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly len bytes as lower-case hex. False if the member is null or absent. */
static bool get_hex(struct reader *r, const char *key, uint8_t *out, size_t len)
{
    const json_t *value = member(r, key);

    if (!value)
        return false;
    const char *text = json_string_value(value);
    bool good = text && strlen(text) == 2 * len;
    for (size_t i = 0; good && i < len; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        out[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    if (!good)
        reject(r, key, "must be lower-case hex of the right length");
    return good;
}

static bool get_hex32(struct reader *r, const char *key, uint32_t *out)
{
    uint8_t b[4] = {0};

    if (!get_hex(r, key, b, sizeof b))
        return false;
    *out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return true;
}

/* A SHA-256 as text; absent is the empty text. */
static void get_sha256(struct reader *r, const char *key, char out[65])
{
    uint8_t digest[32];

    out[0] = '\0';
    if (get_hex(r, key, digest, sizeof digest))
        get_text(r, key, out, 65);
}

static void read_device(struct reader r, struct rk_device_info *out)
{
    get_text(&r, "family", out->family, sizeof out->family);
    get_text(&r, "chip", out->chip, sizeof out->chip);
    out->chip_evidence = (enum rk_evidence)get_word(&r, "chip_evidence", rk_evidence_words);
    get_text(&r, "loader", out->loader, sizeof out->loader);
    out->loader_in_rom = get_bool(&r, "loader_in_rom");
    out->has_fingerprint = get_hex32(&r, "fingerprint", &out->fingerprint);
    get_text(&r, "fingerprint_name", out->fingerprint_name, sizeof out->fingerprint_name);
    out->has_jedec = get_hex(&r, "jedec", out->jedec, sizeof out->jedec);
    get_text(&r, "flash_name", out->flash_name, sizeof out->flash_name);
    out->flash_size = get_u32(&r, "flash_size", RK_MANIFEST_DATA_MAX);
    out->flash_size_evidence =
        (enum rk_evidence)get_word(&r, "flash_size_evidence", rk_evidence_words);
    out->has_status = member(&r, "status") != NULL;
    if (out->has_status)
        out->status = get_u32(&r, "status", 0xFFFFFF);
    out->key_class = (enum rk_key_class)get_word(&r, "key_class", rk_key_words);
    out->has_mac = get_hex(&r, "mac", out->mac, sizeof out->mac);
}

static void read_regions(struct reader *r, struct rk_manifest *out)
{
    const json_t *list = member(r, "regions");

    if (!json_is_array(list) || json_array_size(list) > RK_MANIFEST_REGIONS_MAX) {
        reject(r, "regions", "must be an array of a few regions");
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct reader item = {json_array_get(list, i), r->err, r->status};
        struct rk_manifest_region *region = &out->regions[out->region_count++];
        get_text(&item, "name", region->region.name, sizeof region->region.name);
        region->region.kind = (enum rk_region_kind)get_word(&item, "kind", rk_region_words);
        region->region.addr = get_u32(&item, "address", RK_MANIFEST_DATA_MAX);
        region->region.len = get_u32(&item, "length", RK_MANIFEST_DATA_MAX);
        get_sha256(&item, "sha256", region->sha256);
    }
}

static void read_sectors(struct reader *r, struct rk_manifest *out)
{
    const json_t *list = member(r, "sectors");

    if (!json_is_array(list) || json_array_size(list) != out->sector_count) {
        reject(r, "sectors", "must have an entry for each sector");
        return;
    }
    for (size_t i = 0; i < out->sector_count; i++) {
        struct reader item = {json_array_get(list, i), r->err, r->status};
        struct rk_manifest_sector *sector = &out->sectors[i];
        sector->source = (enum rk_sector_source)get_word(&item, "source", rk_source_words);
        if (!get_hex32(&item, "crc32", &sector->crc32))
            reject(&item, "crc32", "is missing");
        sector->reads = get_u32(&item, "reads", UINT32_MAX);
    }
}

static void read_journal(struct reader r, struct rk_manifest *out)
{
    out->journal.state = (enum rk_journal_state)get_word(&r, "state", rk_journal_words);
    get_sha256(&r, "image_sha256", out->journal.image_sha256);
    get_text(&r, "started", out->journal.started, sizeof out->journal.started);
    const json_t *ranges = member(&r, "ranges");
    if (!json_is_array(ranges) || json_array_size(ranges) > out->sector_count) {
        reject(&r, "ranges", "must be an array of ranges");
        return;
    }
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        struct reader item = {json_array_get(ranges, i), r.err, r.status};
        uint32_t addr = get_u32(&item, "address", RK_MANIFEST_DATA_MAX);
        uint32_t len = get_u32(&item, "length", RK_MANIFEST_DATA_MAX);
        if (addr % RK_SECTOR_SIZE || len % RK_SECTOR_SIZE || addr < out->addr || len > out->len ||
            addr - out->addr > out->len - len) {
            reject(&item, "ranges", "reach outside of the backup");
            return;
        }
        for (uint32_t at = 0; at < len; at += RK_SECTOR_SIZE)
            out->sectors[(addr - out->addr + at) / RK_SECTOR_SIZE].journalled = true;
    }
}

static void read_head(struct reader *r, struct rk_manifest *out)
{
    out->complete = get_bool(r, "complete");
    get_text(r, "tool_version", out->tool_version, sizeof out->tool_version);
    get_text(r, "created", out->created, sizeof out->created);
    get_text(r, "file", out->file, sizeof out->file);
    get_sha256(r, "sha256", out->sha256);
    if (out->complete && !out->sha256[0])
        reject(r, "sha256", "is missing although the backup is complete");
    get_text(r, "reused_from", out->reused_from, sizeof out->reused_from);
    struct reader port = enter(r, "port");
    get_text(&port, "name", out->port, sizeof out->port);
    get_text(&port, "bridge", out->bridge, sizeof out->bridge);
    get_text(&port, "serial", out->adapter, sizeof out->adapter);
}

static enum rk_status read_manifest(const json_t *root, struct rk_manifest *out,
                                    struct rk_error *err)
{
    enum rk_status status = RK_OK;
    struct reader r = {root, err, &status};
    char schema[40];

    get_text(&r, "schema", schema, sizeof schema);
    if (strcmp(schema, RK_MANIFEST_SCHEMA) != 0)
        reject(&r, "schema", "is not \"" RK_MANIFEST_SCHEMA "\"");
    uint32_t addr = get_u32(&r, "address", RK_MANIFEST_DATA_MAX);
    uint32_t len = get_u32(&r, "length", RK_MANIFEST_DATA_MAX);
    if (addr % RK_SECTOR_SIZE || len % RK_SECTOR_SIZE || len == 0)
        reject(&r, "length", "and address must be whole sectors");
    if (status == RK_OK)
        status = rk_manifest_init(out, addr, len, err);
    if (status != RK_OK)
        return status;
    read_head(&r, out);
    read_device(enter(&r, "device"), &out->device);
    read_regions(&r, out);
    read_sectors(&r, out);
    read_journal(enter(&r, "journal"), out);
    return status;
}

enum rk_status rk_manifest_parse(const char *text, size_t len, struct rk_manifest *out,
                                 struct rk_error *err)
{
    json_error_t json_error;
    struct rk_manifest manifest = {0};
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &json_error);

    if (!json_is_object(root)) {
        json_decref(root);
        rk_fail(err, RK_ERR_FILE, "manifest.format", "this is not a manifest of ours");
        rk_error_detail(err, "line %d: %s", json_error.line,
                        root ? "an object is expected" : json_error.text);
        rk_error_hint(err, "the file was damaged or made by something else");
        return RK_ERR_FILE;
    }
    enum rk_status status = read_manifest(root, &manifest, err);
    json_decref(root);
    if (status != RK_OK)
        rk_manifest_free(&manifest);
    else
        *out = manifest;
    return status;
}
