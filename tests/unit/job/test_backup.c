#include "unit/job/fake.h"

#include "store/file.h"

static struct folder folder;
static struct fake *fake;
static char path[128];

static int prepare(void **state)
{
    (void)state;
    folder_make(&folder);
    folder_file(&folder, "b.bin", path, sizeof path);
    fake = fake_new(1);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    fake_free(fake);
    folder_remove(&folder);
    return 0;
}

static enum rk_status back_up(const char *to, struct rk_backup_result *out, struct rk_error *err)
{
    struct rk_backup_options opt = {
        .size = sizeof opt, .path = to, .dir = folder.path, .resume = true};
    return rk_job_backup(&fake->dev, &opt, out, err);
}

static void file_is_flash(const char *name)
{
    uint8_t *data;
    size_t len;
    assert_int_equal(rk_file_read(name, FAKE_SIZE, &data, &len, NULL), RK_OK);
    assert_int_equal(len, FAKE_SIZE);
    assert_memory_equal(data, fake->flash, FAKE_SIZE);
    free(data);
}

static void a_backup_transfers_only_what_is_not_blank(void **state)
{
    struct rk_backup_result r;
    struct rk_manifest m = {0};
    (void)state;
    assert_int_equal(back_up(path, &r, NULL), RK_OK);
    file_is_flash(path);
    assert_int_equal(r.sectors, 512);
    assert_int_equal(r.transferred, 0x60 + 3 + 1);
    assert_int_equal(r.blank, 512 - r.transferred);
    assert_int_equal(fake->reads, r.transferred);
    assert_true(fake->digests < 512); /* blank blocks are asked for as a whole */
    assert_int_equal(rk_manifest_read(r.manifest, &m, NULL), RK_OK);
    assert_int_equal(m.sectors[0].source, RK_SOURCE_READ);
    assert_int_equal(m.sectors[0x100].source, RK_SOURCE_BLANK);
    assert_int_equal(m.device.mac[5], 1);
    assert_int_equal(strlen(m.regions[2].sha256), 64);
    assert_string_equal(m.created, "2026-01-01T12:00:00Z");
    rk_manifest_free(&m);
    assert_int_equal(folder_walk(&folder, false), 2);
}

static void an_unchanged_module_is_not_transferred_again(void **state)
{
    struct rk_backup_result first, second;
    (void)state;
    assert_int_equal(back_up(NULL, &first, NULL), RK_OK);
    assert_non_null(strstr(first.path, "/bk7231n-381f8d010201-20260101T120000Z.bin"));
    fake_heal(fake);
    assert_int_equal(back_up(NULL, &second, NULL), RK_OK);
    assert_string_not_equal(first.path, second.path);
    assert_int_equal(second.transferred, 0);
    assert_int_equal(fake->reads, 0);
    assert_int_equal(fake->digests, 32);
    assert_int_equal(second.reused + second.blank, 512);
    assert_string_equal(first.sha256, second.sha256);
    file_is_flash(second.path);
    fake->flash[0x30123] ^= 1;
    fake_heal(fake);
    assert_int_equal(back_up(NULL, &second, NULL), RK_OK);
    assert_int_equal(second.transferred, 1);
    file_is_flash(second.path);
}

static void paranoia_transfers_everything(void **state)
{
    struct rk_backup_options opt = {.size = sizeof opt, .path = path, .transfer_all = true};
    struct rk_backup_result r;
    (void)state;
    fake->flip_read_ppm = 100000;
    assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, NULL), RK_OK);
    assert_true(fake->reads >= 512);
    assert_int_equal(r.transferred, 512);
    file_is_flash(path);
}

static void bad_transfers_are_repeated_until_the_digest_agrees(void **state)
{
    struct rk_backup_result r;
    (void)state;
    fake->flip_read_ppm = 300000;
    fake->flip_digest_ppm = 50000;
    assert_int_equal(back_up(path, &r, NULL), RK_OK);
    assert_true(r.retries > 0);
    file_is_flash(path);
}

static void what_never_agrees_is_kept_and_flagged(void **state)
{
    struct rk_backup_result r;
    struct rk_error err = {0};
    struct rk_manifest m = {0};
    char map[160];
    (void)state;
    fake->flip_digest_ppm = 1000000;
    assert_int_equal(back_up(path, &r, &err), RK_ERR_UNSTABLE_READ);
    assert_string_equal(err.id, "read.unstable");
    assert_string_equal(fake->warning, "read.unstable");
    assert_false(rk_file_exists(path));
    rk_text_format(map, sizeof map, "%s.part.json", path);
    assert_int_equal(rk_manifest_read(map, &m, NULL), RK_OK);
    assert_int_equal(m.sectors[3].source, RK_SOURCE_UNSTABLE);
    rk_manifest_free(&m);
    fake_heal(fake);
    assert_int_equal(back_up(path, &r, &err), RK_OK);
    file_is_flash(path);
}

static void an_interrupted_backup_goes_on(void **state)
{
    struct rk_backup_result r;
    struct rk_error err = {0};
    (void)state;
    fake->unplug_at = 250;
    assert_int_equal(back_up(path, &r, &err), RK_ERR_PARTIAL);
    assert_string_equal(err.id, "backup.partial");
    assert_non_null(strstr(err.detail, "port.gone"));
    fake_heal(fake);
    assert_int_equal(back_up(path, &r, &err), RK_OK);
    assert_true(r.resumed > 0);
    assert_true(r.transferred + r.blank < 512);
    file_is_flash(path);
}

static void a_changed_sector_is_not_resumed(void **state)
{
    struct rk_backup_result r;
    (void)state;
    fake->unplug_at = 250;
    assert_int_equal(back_up(path, &r, NULL), RK_ERR_PARTIAL);
    fake_heal(fake);
    fake->flash[0x123] ^= 1;
    assert_int_equal(back_up(path, &r, NULL), RK_OK);
    file_is_flash(path);
}

static void another_module_does_not_continue(void **state)
{
    struct rk_backup_result r;
    struct rk_error err = {0};
    (void)state;
    fake->unplug_at = 250;
    assert_int_equal(back_up(path, &r, NULL), RK_ERR_PARTIAL);
    fake_heal(fake);
    fake->dev.info.mac[5] ^= 1;
    assert_int_equal(back_up(path, &r, &err), RK_ERR_FILE);
    assert_string_equal(err.id, "backup.other-module");
    assert_int_equal(fake->digests, 0);
}

static void without_a_name_the_unfinished_one_is_found(void **state)
{
    struct rk_backup_result r;
    (void)state;
    fake->unplug_at = 250;
    assert_int_equal(back_up(NULL, &r, NULL), RK_ERR_PARTIAL);
    fake_heal(fake);
    assert_int_equal(back_up(NULL, &r, NULL), RK_OK);
    assert_true(r.resumed > 0);
    assert_int_equal(folder_walk(&folder, false), 2);
    file_is_flash(r.path);
}

static void a_loss_before_the_first_sector_leaves_no_files(void **state)
{
    struct rk_backup_result r;
    (void)state;
    fake->unplug_at = 3;
    assert_int_equal(back_up(path, &r, NULL), RK_ERR_PORT_GONE);
    assert_int_equal(folder_walk(&folder, false), 0);
}

static void nothing_but_one_byte_is_no_backup(void **state)
{
    struct rk_backup_result r;
    struct rk_error err = {0};
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct rk_backup_options opt = {.size = sizeof opt, .path = path, .transfer_all = all == 1};
        memset(fake->flash, 0, FAKE_SIZE);
        assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, &err), RK_ERR_FLASH_FAULT);
        assert_string_equal(err.id, "flash.silent");
        memset(fake->flash, 0xFF, FAKE_SIZE);
        if (all)
            folder_walk(&folder, true);
        assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, &err), RK_ERR_FLASH_FAULT);
        assert_string_equal(err.id, "flash.blank");
        assert_false(rk_file_exists(path));
        folder_walk(&folder, true);
    }
}

static void files_that_are_there_are_never_touched(void **state)
{
    struct rk_backup_result r;
    struct rk_error err = {0};
    (void)state;
    assert_int_equal(rk_file_write(path, (const uint8_t *)"mine", 4, true, false, NULL), RK_OK);
    assert_int_equal(back_up(path, &r, &err), RK_ERR_FILE);
    assert_string_equal(err.id, "file.exists");
    assert_int_equal(fake->digests + fake->reads, 0);
    assert_int_equal(folder_walk(&folder, false), 1);
}

static void a_range_is_backed_up_alone(void **state)
{
    struct rk_backup_options opt = {
        .size = sizeof opt, .path = path, .have_range = true, .addr = 0x1ED000, .len = 0x4000};
    struct rk_backup_result r;
    struct rk_error err = {0};
    uint8_t *data;
    size_t len;
    (void)state;
    assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, NULL), RK_OK);
    assert_int_equal(rk_file_read(path, FAKE_SIZE, &data, &len, NULL), RK_OK);
    assert_int_equal(len, 0x4000);
    assert_memory_equal(data, fake->flash + 0x1ED000, len);
    free(data);
    opt.len = 0x4001;
    assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, &err), RK_ERR_RANGE);
    opt.len = 0x20000;
    assert_int_equal(rk_job_backup(&fake->dev, &opt, &r, &err), RK_ERR_RANGE);
    assert_string_equal(err.id, "range.outside");
}

static void reading_any_range_is_exact(void **state)
{
    static const struct {
        uint32_t addr, len;
    } ranges[] = {{0, 1}, {0xFFF, 2}, {0x1234, 0x5678}, {0x60000 - 5, 10}, {FAKE_SIZE - 3, 3}};
    uint8_t buf[0x6000];
    (void)state;
    fake->flip_read_ppm = 200000;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        assert_int_equal(rk_job_read(&fake->dev, ranges[i].addr, buf, ranges[i].len, NULL), RK_OK);
        assert_memory_equal(buf, fake->flash + ranges[i].addr, ranges[i].len);
    }
    assert_int_equal(rk_job_read(&fake->dev, FAKE_SIZE - 3, buf, 4, NULL), RK_ERR_RANGE);
    assert_int_equal(rk_job_read(&fake->dev, 0, buf, 0, NULL), RK_ERR_RANGE);
}

static void verifying_names_the_ranges_that_differ(void **state)
{
    uint8_t *copy = malloc(FAKE_SIZE);
    struct rk_verify_result v;
    struct rk_error err = {0};
    (void)state;
    memcpy(copy, fake->flash, FAKE_SIZE);
    assert_int_equal(rk_job_verify(&fake->dev, 0, copy, FAKE_SIZE, &v, &err), RK_OK);
    assert_int_equal(fake->reads, 0);
    rk_verify_result_free(&v);
    copy[0x2000] ^= 1;
    copy[0x3FFF] ^= 1;
    copy[0x150000] ^= 1;
    fake->flip_digest_ppm = 20000; /* a damaged answer is no difference */
    assert_int_equal(rk_job_verify(&fake->dev, 0, copy, FAKE_SIZE, &v, &err), RK_ERR_VERIFY);
    assert_int_equal(v.count, 2);
    assert_int_equal(v.ranges[0].addr, 0x2000);
    assert_int_equal(v.ranges[0].len, 0x2000);
    assert_int_equal(v.ranges[1].addr, 0x150000);
    assert_int_equal(v.differing, 0x3000);
    rk_verify_result_free(&v);
    /* Bytes around an odd range do not count. */
    memcpy(copy, fake->flash, FAKE_SIZE);
    assert_int_equal(rk_job_verify(&fake->dev, 0x1003, copy + 0x1003, 0x2345, &v, &err), RK_OK);
    rk_verify_result_free(&v);
    copy[0x1003] ^= 1;
    assert_int_equal(rk_job_verify(&fake->dev, 0x1003, copy + 0x1003, 0x2345, &v, &err),
                     RK_ERR_VERIFY);
    assert_int_equal(v.ranges[0].addr, 0x1003);
    rk_verify_result_free(&v);
    free(copy);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_transfers_only_what_is_not_blank),
        TEST(an_unchanged_module_is_not_transferred_again),
        TEST(paranoia_transfers_everything),
        TEST(bad_transfers_are_repeated_until_the_digest_agrees),
        TEST(what_never_agrees_is_kept_and_flagged),
        TEST(an_interrupted_backup_goes_on),
        TEST(a_changed_sector_is_not_resumed),
        TEST(another_module_does_not_continue),
        TEST(without_a_name_the_unfinished_one_is_found),
        TEST(a_loss_before_the_first_sector_leaves_no_files),
        TEST(nothing_but_one_byte_is_no_backup),
        TEST(files_that_are_there_are_never_touched),
        TEST(a_range_is_backed_up_alone),
        TEST(reading_any_range_is_exact),
        TEST(verifying_names_the_ranges_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
