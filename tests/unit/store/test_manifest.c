#include "unit/store/folder_support.h"

#include "store/file.h"

#include <jansson.h>

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static void fill(struct rk_manifest *m)
{
    module_manifest(m, 4 * RK_SECTOR_SIZE);
    m->complete = true;
    memset(m->sha256, 'a', 64);
    for (size_t i = 0; i < m->sector_count; i++)
        m->sectors[i] = (struct rk_manifest_sector){.crc32 = 0xF154670A + (uint32_t)i,
                                                    .source = (enum rk_sector_source)(i + 1),
                                                    .reads = (uint32_t)i,
                                                    .journalled = i == 0 || i == 2 || i == 3};
    m->region_count = 1;
    m->regions[0] =
        (struct rk_manifest_region){.region = {"rf", RK_REGION_CALIBRATION, 0x1D0000, 0x1000}};
    memset(m->regions[0].sha256, 'b', 64);
    m->journal.state = RK_JOURNAL_WRITING;
    memset(m->journal.image_sha256, 'c', 64);
    rk_text_copy(m->journal.started, sizeof m->journal.started, "2026-01-01T12:01:00Z");
}

static void what_is_written_is_read_back(void **state)
{
    char path[128];
    struct rk_manifest m, r = {0};
    (void)state;
    fill(&m);
    folder_file(&folder, "b.bin.json", path, sizeof path);
    assert_int_equal(rk_manifest_write(path, &m, false, NULL), RK_OK);
    assert_int_equal(rk_manifest_write(path, &m, false, NULL), RK_ERR_FILE);
    assert_int_equal(rk_manifest_write(path, &m, true, NULL), RK_OK);
    assert_int_equal(rk_manifest_read(path, &r, NULL), RK_OK);
    assert_true(r.complete);
    assert_string_equal(r.tool_version, m.tool_version);
    assert_string_equal(r.created, m.created);
    assert_string_equal(r.sha256, m.sha256);
    assert_string_equal(r.port, m.port);
    assert_string_equal(r.bridge, m.bridge);
    assert_string_equal(r.adapter, "");
    assert_string_equal(r.device.chip, "BK7231N");
    assert_int_equal(r.device.fingerprint, 0xE14191BA);
    assert_memory_equal(r.device.jedec, m.device.jedec, 3);
    assert_memory_equal(r.device.mac, m.device.mac, 6);
    assert_int_equal(r.device.status, 0x427C);
    assert_int_equal(r.device.key_class, RK_KEY_TUYA);
    assert_int_equal(r.sector_count, 4);
    assert_memory_equal(r.sectors, m.sectors, 4 * sizeof m.sectors[0]);
    assert_int_equal(r.region_count, 1);
    assert_memory_equal(&r.regions[0].region, &m.regions[0].region, sizeof m.regions[0].region);
    assert_int_equal(r.journal.state, RK_JOURNAL_WRITING);
    assert_string_equal(r.journal.image_sha256, m.journal.image_sha256);
    assert_int_equal(folder_walk(&folder, true), 1);
    rk_manifest_free(&m);
    rk_manifest_free(&r);
}

static void the_key_is_never_written(void **state)
{
    char path[128];
    struct rk_manifest m;
    uint8_t *text;
    size_t len;
    (void)state;
    fill(&m);
    folder_file(&folder, "b.bin.json", path, sizeof path);
    assert_int_equal(rk_manifest_write(path, &m, false, NULL), RK_OK);
    assert_int_equal(rk_file_read(path, 1 << 20, &text, &len, NULL), RK_OK);
    assert_null(memmem(text, len, "510fb093", 8));
    assert_non_null(memmem(text, len, "\"tuya\"", 6));
    free(text);
    folder_walk(&folder, true);
    rk_manifest_free(&m);
}

/* Each change makes a text that must be refused with the member's name. */
static void wrong_members_are_named(void **state)
{
    static const struct {
        const char *path, *value, *member;
    } wrong[] = {
        {"schema", "\"rekindle-backup/2\"", "schema"},
        {"length", "4097", "length"},
        {"length", "-4096", "length"},
        {"length", "1099511627776", "length"},
        {"length", "8192", "sectors"},
        {"complete", "1", "complete"},
        {"sha256", "\"AA\"", "sha256"},
        {"sha256", "null", "sha256"},
        {"device", "[]", "device"},
        {"device", "{}", "chip_evidence"},
        {"sectors", "[1,2,3,4]", "source"},
        {"sectors", "{}", "sectors"},
        {"regions", "7", "regions"},
        {"regions", "[{\"name\":\"much too long for a region\"}]", "name"},
        {"journal", "{\"state\":\"maybe\",\"ranges\":[]}", "state"},
        {"journal", "{\"state\":\"done\",\"ranges\":[{\"address\":4096,\"length\":16384}]}",
         "ranges"},
        {"journal", "{\"state\":\"done\",\"ranges\":[{\"address\":1,\"length\":4096}]}", "ranges"},
        {"file", "12", "file"},
    };
    char path[128];
    struct rk_manifest m;
    (void)state;
    fill(&m);
    folder_file(&folder, "b.bin.json", path, sizeof path);
    assert_int_equal(rk_manifest_write(path, &m, false, NULL), RK_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct rk_error err = {0};
        struct rk_manifest r = {0};
        json_t *root = json_load_file(path, 0, NULL);
        assert_non_null(root);
        json_object_set_new(root, wrong[i].path, json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
        char *text = json_dumps(root, 0);
        assert_int_equal(rk_manifest_parse(text, strlen(text), &r, &err), RK_ERR_FILE);
        assert_string_equal(err.id, "manifest.format");
        assert_non_null(strstr(err.message, wrong[i].member));
        free(text);
        json_decref(root);
    }
    rk_manifest_free(&m);
    folder_walk(&folder, true);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {"{", "[]", "7", "{\"a\":1,\"a\":2}", "\xff"};
    struct rk_manifest r = {0};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(rk_manifest_parse(texts[i], strlen(texts[i]), &r, NULL), RK_ERR_FILE);
}

static void modules_are_told_apart(void **state)
{
    struct rk_manifest m;
    struct rk_device_info other = module_info();
    (void)state;
    module_manifest(&m, RK_SECTOR_SIZE);
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_SAME);
    other.mac[5]++;
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_OTHER);
    other.has_mac = false;
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_POSSIBLE);
    other.jedec[0]++;
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_OTHER);
    other = module_info();
    other.flash_size *= 2;
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_OTHER);
    other = module_info();
    rk_text_copy(other.chip, sizeof other.chip, "BK7231M");
    assert_int_equal(rk_manifest_same_module(&m, &other), RK_MODULE_OTHER);
    rk_manifest_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_key_is_never_written),
        cmocka_unit_test(wrong_members_are_named),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(modules_are_told_apart),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
