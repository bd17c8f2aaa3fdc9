#include "unit/store/folder_support.h"

#include "base/sha256.h"
#include "store/file.h"
#include "store/folder.h"
#include "store/part.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <stdio.h>

#define SECTORS 40

/* The disk under the store fails, or the computer dies, at the n-th call. Defined here, these
 * take the place of the C library's. */
static int calls_until_death, calls_until_full;

static bool dies_now(void)
{
    return calls_until_death && --calls_until_death == 0;
}

ssize_t write(int fd, const void *buf, size_t len)
{
    if (fd > 2) {
        if (dies_now()) {
            syscall(SYS_write, fd, buf, len / 2); /* half of it arrives */
            _exit(9);
        }
        if (calls_until_full && --calls_until_full == 0) {
            calls_until_full = 1; /* a full disk stays full */
            errno = ENOSPC;
            return -1;
        }
    }
    return syscall(SYS_write, fd, buf, len);
}

int fsync(int fd)
{
    (void)fd;
    if (dies_now())
        _exit(9);
    return 0;
}

int rename(const char *from, const char *to)
{
    if (dies_now())
        _exit(9);
    return (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}

int unlink(const char *path)
{
    if (dies_now())
        _exit(9);
    return (int)syscall(SYS_unlinkat, -100, path, 0);
}

static struct folder folder;
static char path[128], part_path[140], map_path[148], manifest_path[140];
static uint8_t flash[SECTORS * RK_SECTOR_SIZE];
static char sha256[65];

static int prepare(void **state)
{
    uint8_t digest[32];
    (void)state;
    folder_make(&folder);
    folder_file(&folder, "b.bin", path, sizeof path);
    rk_text_format(part_path, sizeof part_path, "%s.part", path);
    rk_text_format(map_path, sizeof map_path, "%s.part.json", path);
    rk_text_format(manifest_path, sizeof manifest_path, "%s.json", path);
    for (size_t i = 0; i < sizeof flash; i++)
        flash[i] = (uint8_t)(i * 7 + i / RK_SECTOR_SIZE);
    rk_sha256(flash, sizeof flash, digest);
    rk_sha256_hex(digest, sha256);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    calls_until_death = calls_until_full = 0;
    folder_remove(&folder);
    return 0;
}

/* What a backup does, from wherever the parts stand. */
static enum rk_status back_up(struct rk_error *err)
{
    struct rk_part part;
    struct rk_manifest manifest;
    bool found;
    enum rk_status status = rk_part_open(&part, path, &found, err);
    if (status != RK_OK)
        return status;
    if (!found) {
        module_manifest(&manifest, sizeof flash);
        status = rk_part_create(&part, path, &manifest, err);
        if (status != RK_OK)
            return status;
    }
    for (size_t i = 0; status == RK_OK && i < SECTORS; i++)
        if (part.manifest.sectors[i].source == RK_SOURCE_MISSING)
            status = rk_part_put(&part, i, flash + i * RK_SECTOR_SIZE, RK_SOURCE_READ, 1, err);
    if (status == RK_OK)
        status = rk_part_finish(&part, sha256, err);
    else
        (void)!rk_part_flush(&part, NULL);
    rk_part_close(&part);
    return status;
}

static void check_finished(void)
{
    struct rk_manifest m = {0};
    uint8_t *data;
    assert_int_equal(rk_manifest_read(manifest_path, &m, NULL), RK_OK);
    assert_true(m.complete);
    assert_int_equal(rk_manifest_load(&m, path, &data, NULL), RK_OK);
    assert_memory_equal(data, flash, sizeof flash);
    free(data);
    rk_manifest_free(&m);
    assert_int_equal(folder_walk(&folder, false), 2);
}

static void a_backup_becomes_a_file_and_a_manifest(void **state)
{
    struct rk_error err;
    (void)state;
    assert_int_equal(back_up(&err), RK_OK);
    check_finished();
    assert_int_equal(back_up(&err), RK_ERR_FILE);
    assert_string_equal(err.id, "file.exists");
    check_finished();
}

static void an_unfinished_backup_is_not_overwritten(void **state)
{
    struct rk_part part;
    struct rk_manifest manifest;
    struct rk_error err;
    (void)state;
    module_manifest(&manifest, sizeof flash);
    assert_int_equal(rk_part_create(&part, path, &manifest, NULL), RK_OK);
    rk_part_close(&part);
    module_manifest(&manifest, sizeof flash);
    assert_int_equal(rk_part_create(&part, path, &manifest, &err), RK_ERR_FILE);
    assert_string_equal(err.id, "backup.unfinished");
    assert_int_equal(back_up(&err), RK_OK);
    check_finished();
}

static void the_map_is_not_believed_against_the_bytes(void **state)
{
    struct rk_part part;
    struct rk_manifest manifest;
    bool found;
    int fd;
    (void)state;
    module_manifest(&manifest, sizeof flash);
    assert_int_equal(rk_part_create(&part, path, &manifest, NULL), RK_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(rk_part_put(&part, i, flash + i * RK_SECTOR_SIZE, RK_SOURCE_READ, 1, NULL),
                         RK_OK);
    assert_int_equal(rk_part_flush(&part, NULL), RK_OK);
    rk_part_close(&part);
    assert_int_equal(rk_file_open_pieces(part_path, false, &fd, NULL), RK_OK);
    assert_int_equal(rk_file_put(fd, part_path, 0x3123, (const uint8_t *)"x", 1, NULL), RK_OK);
    rk_file_close(fd);
    assert_int_equal(rk_part_open(&part, path, &found, NULL), RK_OK);
    assert_true(found);
    assert_int_equal(part.manifest.sectors[2].source, RK_SOURCE_READ);
    assert_int_equal(part.manifest.sectors[3].source, RK_SOURCE_MISSING);
    assert_int_equal(part.manifest.sectors[4].source, RK_SOURCE_READ);
    rk_part_close(&part);
    assert_int_equal(back_up(NULL), RK_OK);
    check_finished();
}

/* The computer dies at every single call that changes the disk. What the map claims then is
 * true, and the next run completes. */
static void death_at_any_write_loses_nothing_that_was_claimed(void **state)
{
    bool completed = false;
    int deaths = 0;
    (void)state;
    for (int n = 1; !completed; n++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            calls_until_death = n;
            _exit(back_up(NULL) == RK_OK ? 0 : 1);
        }
        int code = 0;
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFEXITED(code));
        completed = WEXITSTATUS(code) == 0;
        if (!completed) {
            assert_int_equal(WEXITSTATUS(code), 9);
            deaths++;
            if (rk_file_exists(map_path) && rk_file_exists(part_path)) {
                struct rk_manifest m = {0};
                uint8_t *data = NULL;
                size_t len = 0;
                assert_int_equal(rk_manifest_read(map_path, &m, NULL), RK_OK);
                if (rk_file_read(part_path, sizeof flash, &data, &len, NULL) != RK_OK)
                    len = 0;
                for (size_t i = 0; i < m.sector_count; i++)
                    if (m.sectors[i].source == RK_SOURCE_READ) {
                        assert_true((i + 1) * RK_SECTOR_SIZE <= len);
                        assert_memory_equal(data + i * RK_SECTOR_SIZE, flash + i * RK_SECTOR_SIZE,
                                            RK_SECTOR_SIZE);
                    }
                free(data);
                rk_manifest_free(&m);
            }
            if (!rk_file_exists(path)) {
                assert_int_equal(back_up(NULL), RK_OK);
                assert_true(rk_file_exists(manifest_path));
            }
        }
        struct rk_manifest m = {0};
        uint8_t *data;
        assert_int_equal(rk_manifest_read(manifest_path, &m, NULL), RK_OK);
        assert_int_equal(rk_manifest_load(&m, path, &data, NULL), RK_OK);
        assert_memory_equal(data, flash, sizeof flash);
        free(data);
        rk_manifest_free(&m);
        folder_walk(&folder, true);
    }
    assert_true(deaths > 50);
}

static void a_full_disk_keeps_what_was_saved(void **state)
{
    (void)state;
    for (int n = 1; n < 60; n += 3) {
        struct rk_error err = {0};
        calls_until_full = n;
        enum rk_status status = back_up(&err);
        calls_until_full = 0;
        if (status == RK_OK) {
            check_finished();
        } else {
            assert_int_equal(status, RK_ERR_FILE);
            assert_string_equal(err.id, "file.disk-full");
            assert_false(rk_file_exists(path));
            assert_int_equal(back_up(&err), RK_OK);
            check_finished();
        }
        folder_walk(&folder, true);
    }
}

static void a_size_limit_is_an_error_not_a_signal(void **state)
{
    struct rlimit old, small;
    struct rk_error err = {0};
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 20 * RK_SECTOR_SIZE;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum rk_status status = back_up(&err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, RK_ERR_FILE);
    assert_string_equal(err.id, "file.too-large");
    assert_int_equal(back_up(NULL), RK_OK);
    check_finished();
}

static void a_read_only_folder_is_said(void **state)
{
    struct rk_error err = {0};
    (void)state;
    if (geteuid() == 0)
        skip(); /* nothing is read-only for root */
    chmod(folder.path, 0500);
    assert_int_equal(back_up(&err), RK_ERR_FILE);
    assert_string_equal(err.id, "file.denied");
    chmod(folder.path, 0700);
    assert_int_equal(folder_walk(&folder, false), 0);
}

static void an_altered_backup_is_not_believed(void **state)
{
    struct rk_manifest m = {0};
    struct rk_error err = {0};
    uint8_t *data;
    int fd;
    (void)state;
    assert_int_equal(back_up(NULL), RK_OK);
    assert_int_equal(rk_file_open_pieces(path, false, &fd, NULL), RK_OK);
    assert_int_equal(rk_file_put(fd, path, 77, (const uint8_t *)"x", 1, NULL), RK_OK);
    rk_file_close(fd);
    assert_int_equal(rk_manifest_read(manifest_path, &m, NULL), RK_OK);
    assert_int_equal(rk_manifest_load(&m, path, &data, &err), RK_ERR_FILE);
    assert_string_equal(err.id, "backup.altered");
    rk_manifest_free(&m);
}

static void the_folder_lists_this_modules_backups_newest_first(void **state)
{
    struct rk_device_info info = module_info();
    struct rk_backup_list list;
    char other[160];
    (void)state;
    assert_int_equal(back_up(NULL), RK_OK);
    /* A newer one, a foreign one, one without data, and rubbish. */
    for (int i = 0; i < 4; i++) {
        struct rk_manifest m;
        module_manifest(&m, sizeof flash);
        m.complete = true;
        memset(m.sha256, '0', 64);
        rk_text_copy(m.created, sizeof m.created, "2026-02-01T12:00:00Z");
        m.device.mac[5] ^= i == 1;
        rk_text_format(other, sizeof other, "%s/%d.bin.json", folder.path, i);
        assert_int_equal(rk_manifest_write(other, &m, true, NULL), RK_OK);
        if (i == 3)
            assert_int_equal(rk_file_write(other, (const uint8_t *)"{]", 2, false, false, NULL),
                             RK_OK);
        other[strlen(other) - 5] = '\0';
        if (i != 2)
            assert_int_equal(rk_file_write(other, flash, sizeof flash, true, false, NULL), RK_OK);
        rk_manifest_free(&m);
    }
    assert_int_equal(rk_backup_list_find(folder.path, &info, &list, NULL), RK_OK);
    assert_int_equal(list.count, 2);
    assert_non_null(strstr(list.entries[0].data_path, "/0.bin"));
    assert_string_equal(list.entries[1].data_path, path);
    assert_int_equal(list.entries[1].same, RK_MODULE_SAME);
    rk_backup_list_free(&list);
    assert_int_equal(rk_backup_list_find("/nonexistent", &info, &list, NULL), RK_OK);
    assert_int_equal(list.count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_becomes_a_file_and_a_manifest),
        TEST(an_unfinished_backup_is_not_overwritten),
        TEST(the_map_is_not_believed_against_the_bytes),
        TEST(death_at_any_write_loses_nothing_that_was_claimed),
        TEST(a_full_disk_keeps_what_was_saved),
        TEST(a_size_limit_is_an_error_not_a_signal),
        TEST(a_read_only_folder_is_said),
        TEST(an_altered_backup_is_not_believed),
        TEST(the_folder_lists_this_modules_backups_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
