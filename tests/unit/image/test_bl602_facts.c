/* Published facts of public BL602 files, from the same files where they are present: among the
 * captures, or in the folder that the environment names as REKINDLE_BL602_FILES. */
#include "unit/image/vectors.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "image/bouffalo/fdt.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/ota.h"
#include "image/bouffalo/partitions.h"

#include <rekindle/bl602.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static uint32_t hex_of(const json_t *object, const char *key)
{
    return (uint32_t)strtoul(text_of(object, key), NULL, 16);
}

static int64_t integer_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- boot headers ---- */

static void check_hash(const json_t *wanted, const struct rk_bfl_header *h, const uint8_t *p,
                       size_t len)
{
    const json_t *places = json_object_get(wanted, "hash_matches_image_at");
    char hex[65];

    rk_sha256_hex(h->hash, hex);
    assert_string_equal(hex, text_of(wanted, "hash"));
    for (size_t i = 0; i < json_array_size(places); i++)
        assert_true(rk_bfl_hash_check(
            h, p, len, strtoul(json_string_value(json_array_get(places, i)) + 1, NULL, 16)));
}

static void check_header(const json_t *wanted, const uint8_t *p, size_t len)
{
    const json_t *bits = json_object_get(wanted, "bits");
    struct rk_bfl_header h;

    assert_true(rk_bfl_header_read(p, len, &h));
    if (strcmp(text_of(wanted, "flash_magic"), "FCFG") == 0)
        assert_int_equal(h.flash_good, json_is_true(json_object_get(wanted, "flash_crc_ok")));
    assert_int_equal(rk_crc32(0, p + 12, 84), hex_of(wanted, "flash_crc_calc"));
    assert_int_equal(rk_get_le32(p + 96), hex_of(wanted, "flash_crc_stored"));
    assert_int_equal(rk_crc32(0, p + 104, 8), hex_of(wanted, "clk_crc_calc"));
    assert_int_equal(h.io_mode, integer_of(wanted, "io_mode"));
    assert_int_equal(h.crystal, integer_of(wanted, "xtal_type"));
    assert_int_equal(h.boot_cfg, hex_of(wanted, "bootcfg"));
    assert_int_equal(h.flat, integer_of(bits, "no_segment"));
    assert_int_equal(h.cached, integer_of(bits, "cache_enable"));
    assert_int_equal(h.length, integer_of(wanted, "img_len_or_segcnt"));
    assert_int_equal(h.start, hex_of(wanted, "img_start"));
    assert_int_equal(rk_crc32(0, p, 172), hex_of(wanted, "crc_calc"));
    if (json_is_true(json_object_get(wanted, "crc_ok")))
        assert_true(h.crc_good);
    if (h.flat && !h.other_chip)
        check_hash(wanted, &h, p, len);
}

/* ---- tables ---- */

static void check_entry(const json_t *wanted, const struct rk_bfl_part *p)
{
    assert_int_equal(p->type, integer_of(wanted, "type"));
    assert_int_equal(p->active, integer_of(wanted, "active"));
    assert_string_equal(p->name, text_of(wanted, "name"));
    assert_int_equal(p->addr[0], number_of(json_object_get(wanted, "addr0")));
    assert_int_equal(p->addr[1], number_of(json_object_get(wanted, "addr1")));
    assert_int_equal(p->max_len[0], number_of(json_object_get(wanted, "max0")));
    assert_int_equal(p->max_len[1], number_of(json_object_get(wanted, "max1")));
    assert_int_equal(p->len, integer_of(wanted, "len"));
    assert_int_equal(p->age, integer_of(wanted, "age"));
}

static void check_table(const json_t *wanted, const struct bytes *file)
{
    uint32_t at = number_of(json_object_get(wanted, "offset"));
    const json_t *entries = json_object_get(wanted, "entries");
    uint8_t again[RK_BFL_TABLE_SPAN];
    struct rk_bfl_table table;
    size_t len;

    assert_true(rk_bfl_table_read(file->data + at, file->len - at, &table));
    assert_int_equal(table.age, integer_of(wanted, "age"));
    assert_int_equal(table.count, json_array_size(entries));
    for (size_t i = 0; i < table.count; i++)
        check_entry(json_array_get(entries, i), &table.parts[i]);
    len = rk_bfl_table_write(&table, again);
    assert_int_equal(len, integer_of(wanted, "total_len"));
    assert_memory_equal(again, file->data + at, len);
}

/* ---- device trees ---- */

static void check_value(const char *path, const json_t *wanted, const uint8_t *value, uint32_t len)
{
    if (json_is_array(wanted)) {
        assert_int_equal(len, 4 * json_array_size(wanted));
        for (size_t i = 0; i < json_array_size(wanted); i++)
            assert_int_equal(rk_get_be32(value + 4 * i),
                             json_integer_value(json_array_get(wanted, i)));
    } else if (strstr(path, "mac_addr")) {
        struct bytes mac = bytes_of_hex(wanted);

        assert_int_equal(len, mac.len);
        assert_memory_equal(value, mac.data, len);
        free(mac.data);
    } else {
        assert_string_equal((const char *)value, json_string_value(wanted));
    }
}

static void check_tree(const json_t *wanted, const uint8_t *data, size_t len)
{
    struct rk_fdt tree;
    struct rk_fdt_item item;
    const char *path;
    json_t *value;
    uint32_t at = 0, size;
    int properties = 0;

    assert_true(rk_fdt_open(data, len, &tree) && rk_fdt_sound(&tree));
    assert_int_equal(tree.total, integer_of(wanted, "total_size"));
    while ((item = rk_fdt_next(&tree, &at)).token != RK_FDT_STOP)
        properties += item.token == RK_FDT_PROPERTY;
    assert_int_equal(properties, integer_of(wanted, "properties"));
    json_object_foreach((json_t *)(uintptr_t)wanted, path, value)
    {
        char full[160];
        const uint8_t *found;

        if (json_is_integer(value))
            continue;
        snprintf(full, sizeof full, "/%s", path);
        found = rk_fdt_get(&tree, full, &size);
        assert_non_null(found);
        check_value(path, value, found, size);
    }
}

/* ---- files ---- */

static void check_ota(const json_t *wanted, const struct bytes *file)
{
    struct rk_bfl_ota ota;
    uint8_t again[RK_BFL_OTA_HEADER];

    assert_true(rk_bfl_ota_read(file->data, file->len, &ota));
    assert_true(ota.complete && ota.hash_good);
    assert_int_equal(ota.packed, strstr(text_of(wanted, "type"), "XZ") != NULL);
    rk_bfl_ota_make(again, file->data + RK_BFL_OTA_HEADER, ota.body_len, ota.packed, ota.hardware,
                    ota.software);
    assert_memory_equal(again, file->data, RK_BFL_OTA_HEADER);
}

static void check_contents(const json_t *contents, const struct bytes *file)
{
    const char *name;
    json_t *part;

    json_object_foreach((json_t *)(uintptr_t)contents, name, part)
    {
        uint32_t at = number_of(json_object_get(part, "addr"));
        const json_t *tree = json_object_get(part, "device_tree");

        if (json_is_object(tree) && at < file->len)
            check_tree(tree, file->data + at, file->len - at);
    }
}

static void check_kind(const json_t *wanted, const struct rk_image_facts *facts)
{
    static const struct {
        const char *text;
        enum rk_image_kind kind;
    } kinds[] = {
        {"flash dump", RK_IMAGE_BL602_DUMP},        {"FW with header", RK_IMAGE_BL602},
        {"boot2 with header", RK_IMAGE_BL602_BOOT}, {"RAM image", RK_IMAGE_BL602_RAM},
        {"OTA file", RK_IMAGE_BL602_OTA},           {"xz stream", RK_IMAGE_BL602_XZ},
        {"partition table", RK_IMAGE_BL602_TABLE},  {"flattened device tree", RK_IMAGE_BL602_TREE}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(text_of(wanted, "kind"), kinds[i].text, strlen(kinds[i].text)) == 0 &&
            facts->kind != kinds[i].kind)
            fail_msg("%s: %s, not %s", text_of(wanted, "source"), rk_image_kind_name(facts->kind),
                     kinds[i].text);
}

static void check_file(const json_t *wanted, const struct bytes *file)
{
    const json_t *tables = json_object_get(wanted, "partition_tables");
    struct rk_image_facts facts;
    const char *offset;
    json_t *header;

    rk_image_identify(file->data, file->len, NULL, &facts);
    check_kind(wanted, &facts);
    json_object_foreach(json_object_get(wanted, "boot_headers"), offset, header)
    {
        size_t at = strtoul(offset, NULL, 16);

        if (strcmp(text_of(header, "magic"), "BFNP") == 0)
            check_header(header, file->data + at, file->len - at);
    }
    for (size_t i = 0; i < json_array_size(tables); i++)
        check_table(json_array_get(tables, i), file);
    check_contents(json_object_get(wanted, "partition_contents"), file);
    if (json_is_object(json_object_get(wanted, "device_tree")))
        check_tree(json_object_get(wanted, "device_tree"), file->data, file->len);
    if (json_is_object(json_object_get(wanted, "ota")))
        check_ota(json_object_get(wanted, "ota"), file);
}

static struct bytes load(const char *path)
{
    struct bytes out = {NULL, 0};
    FILE *file = fopen(path, "rb");

    if (!file)
        return out;
    out.data = malloc(4u << 20);
    assert_non_null(out.data);
    out.len = fread(out.data, 1, 4u << 20, file);
    fclose(file);
    return out;
}

/* The file of that digest: a capture, or REKINDLE_BL602_FILES/<digest>. */
static bool find_file(const json_t *wanted, struct bytes *out)
{
    const char *folder = getenv("REKINDLE_BL602_FILES");
    uint8_t digest[32];
    char path[512], hex[65];

    snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, text_of(wanted, "file"));
    *out = load(path);
    if (!out->data && folder) {
        snprintf(path, sizeof path, "%s/%s", folder, text_of(wanted, "sha256"));
        *out = load(path);
    }
    if (!out->data)
        return false;
    rk_sha256(out->data, out->len, digest);
    rk_sha256_hex(digest, hex);
    return strcmp(hex, text_of(wanted, "sha256")) == 0;
}

static void test_published_facts(void **state)
{
    json_t *json = vectors_load("bl602-image-facts.json");
    const json_t *files = json_object_get(json, "files");
    size_t checked = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *wanted = json_array_get(files, i);
        struct bytes file;

        if (find_file(wanted, &file)) {
            check_file(wanted, &file);
            checked++;
        }
        free(file.data);
    }
    print_message("%zu of %zu files are there\n", checked, json_array_size(files));
    json_decref(json);
    if (checked == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
