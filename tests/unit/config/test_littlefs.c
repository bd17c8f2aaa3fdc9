/* LittleFS: images built from the specification, and damage done to them. */
#include "unit/unit.h"

#include "base/rng.h"
#include "littlefs_builder.h"

#include <rekindle/littlefs.h>

#include <stdio.h>
#include <stdlib.h>

static uint8_t big_byte(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 512);
}

/* A file of 1700 bytes in blocks 10, 12, 11, 15: 512, 508, 504 and 508 bytes of it. */
static void put_chain(struct lfs_builder *b)
{
    static const uint32_t at[] = {10, 12, 11, 15}, pointers[] = {0, 1, 2, 1};
    uint32_t done = 0;

    for (unsigned n = 0; n < 4; n++) {
        uint8_t *p = b->flash + (size_t)at[n] * LFS_BLOCK;
        memset(p, 0xFF, LFS_BLOCK);
        for (unsigned k = 0; k < pointers[n]; k++)
            rk_put_le32(p + 4 * k, at[n - (1u << k)]);
        for (uint32_t i = 4 * pointers[n]; i < LFS_BLOCK && done < 1700; i++)
            p[i] = big_byte(done++);
    }
}

/* The usual image: a script, a chain, a folder with a page; the root's older block is stale. */
static void build(struct lfs_builder *b)
{
    memset(b->flash, 0xFF, sizeof b->flash);
    put_chain(b);
    lfs_begin(b, 0, 6);
    lfs_put_superblock(b);
    lfs_put(b, 0x401, 1, "", 0);
    lfs_put(b, 0x001, 1, "stale.txt", 9);
    lfs_put(b, 0x201, 1, "old", 3);
    lfs_commit(b);
    lfs_begin(b, 1, 7);
    lfs_put_superblock(b);
    lfs_put(b, 0x001, 1, "autoexec.bat", 12);
    lfs_put(b, 0x201, 1, "first", 5);
    lfs_commit(b);
    lfs_put(b, 0x201, 1, "setChannel 1 1", 14);
    lfs_put(b, 0x401, 2, "", 0);
    lfs_put(b, 0x001, 2, "big", 3);
    lfs_put_pair(b, 0x202, 2, 15, 1700);
    lfs_put(b, 0x401, 3, "", 0);
    lfs_put(b, 0x002, 3, "www", 3);
    lfs_put_pair(b, 0x200, 3, 20, 21);
    lfs_commit(b);
    lfs_begin(b, 20, 1);
    lfs_put(b, 0x001, 0, "gone", 4);
    lfs_put(b, 0x001, 1, "index.html", 10);
    lfs_put(b, 0x201, 1, "<p>", 3);
    lfs_commit(b);
    lfs_put(b, 0x4FF, 0, "", 0);
    lfs_put_pair(b, 0x601, 0x3FF, 22, 23);
    lfs_commit(b);
    lfs_begin(b, 23, 9);
    lfs_put(b, 0x001, 0, "z", 1);
    lfs_commit(b);
}

static struct rk_littlefs *open_fs(const uint8_t *data, size_t len)
{
    struct rk_littlefs *fs = NULL;
    struct rk_error err = {0};

    if (rk_littlefs_find(data, len, &fs, &err) != RK_OK)
        fail_msg("%s", err.message);
    return fs;
}

static void assert_text(const struct rk_littlefs *fs, size_t i, const char *path, const char *text)
{
    const struct rk_littlefs_file *files;
    uint8_t *bytes = NULL;
    size_t len = 0;

    assert_true(i < rk_littlefs_files(fs, &files));
    assert_string_equal(files[i].path, path);
    assert_int_equal(rk_littlefs_read(fs, i, &bytes, &len, NULL), RK_OK);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(bytes, text, len);
    free(bytes);
}

static void files_are_listed_and_read(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    const struct rk_littlefs_file *files;
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)state;
    build(b);
    struct rk_littlefs *fs = open_fs(b->flash, sizeof b->flash);
    assert_int_equal(rk_littlefs_files(fs, &files), 5);
    assert_text(fs, 0, "autoexec.bat", "setChannel 1 1");
    assert_string_equal(files[1].path, "big");
    assert_int_equal(rk_littlefs_read(fs, 1, &bytes, &len, NULL), RK_OK);
    assert_int_equal(len, 1700);
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], big_byte(i));
    free(bytes);
    assert_true(files[2].folder);
    assert_string_equal(files[2].path, "www");
    assert_text(fs, 3, "www/index.html", "<p>");
    assert_text(fs, 4, "www/z", "");
    assert_int_equal(rk_littlefs_read(fs, 2, &bytes, &len, NULL), RK_ERR_ARG);
    assert_int_equal(rk_littlefs_facts(fs)->damaged, 0);
    rk_littlefs_free(fs);
    test_free(b);
}

/* A dump holds it at some sector. */
static void it_is_found_in_a_dump(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    size_t len = 0x3000 + sizeof b->flash, at = 0, extent = 0;
    uint8_t *dump = test_malloc(len);
    (void)state;
    build(b);
    memset(dump, 0xFF, len);
    memcpy(dump + 0x3000, b->flash, sizeof b->flash);
    struct rk_littlefs *fs = open_fs(dump, len);
    assert_int_equal(rk_littlefs_facts(fs)->offset, 0x3000);
    assert_text(fs, 0, "autoexec.bat", "setChannel 1 1");
    rk_littlefs_free(fs);
    assert_true(rk_littlefs_extent(dump, len, &at, &extent));
    assert_int_equal(at, 0x3000);
    assert_int_equal(extent, sizeof b->flash);
    test_free(dump);
    test_free(b);
}

static void a_commit_without_its_end_does_not_count(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    (void)state;
    build(b);
    lfs_begin(b, 1, 7);
    lfs_put_superblock(b);
    lfs_put(b, 0x001, 1, "a", 1);
    lfs_put(b, 0x201, 1, "whole", 5);
    lfs_commit(b);
    lfs_put(b, 0x201, 1, "half", 4);
    struct rk_littlefs *fs = open_fs(b->flash, sizeof b->flash);
    assert_text(fs, 0, "a", "whole");
    rk_littlefs_free(fs);
    /* The newer block is damaged: the older one speaks. */
    b->flash[LFS_BLOCK + 9] ^= 1;
    fs = open_fs(b->flash, sizeof b->flash);
    assert_text(fs, 0, "stale.txt", "old");
    rk_littlefs_free(fs);
    test_free(b);
}

static void a_move_that_was_cut_off_is_finished(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    const struct rk_littlefs_file *files;
    uint8_t move[12];
    (void)state;
    build(b);
    lfs_begin(b, 23, 10);
    lfs_put(b, 0x001, 0, "z", 1);
    rk_put_le32(move, 0x4FFu << 20 | 1u << 10);
    rk_put_le32(move + 4, 1);
    rk_put_le32(move + 8, 0);
    lfs_put(b, 0x7FF, 0x3FF, move, sizeof move);
    lfs_commit(b);
    /* All pairs are on one list; the root's goes on to the folder's. */
    lfs_begin(b, 1, 8);
    lfs_put_superblock(b);
    lfs_put(b, 0x001, 1, "from", 4);
    lfs_put(b, 0x002, 2, "www", 3);
    lfs_put_pair(b, 0x200, 2, 20, 21);
    lfs_put_pair(b, 0x600, 0x3FF, 20, 21);
    lfs_commit(b);
    struct rk_littlefs *fs = open_fs(b->flash, sizeof b->flash);
    assert_int_equal(rk_littlefs_files(fs, &files), 3);
    assert_string_equal(files[0].path, "www");
    rk_littlefs_free(fs);
    test_free(b);
}

static void damage_is_told(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    const struct rk_littlefs_file *files;
    struct rk_littlefs *fs = NULL;
    struct rk_error err = {0};
    uint8_t *bytes = NULL;
    size_t len;
    (void)state;
    build(b);
    rk_put_le32(b->flash + 15 * LFS_BLOCK, 5000); /* a pointer of the chain */
    memset(b->flash + 20 * LFS_BLOCK, 0, LFS_BLOCK);
    fs = open_fs(b->flash, sizeof b->flash);
    assert_int_equal(rk_littlefs_files(fs, &files), 3);
    assert_false(files[1].intact);
    assert_false(files[2].intact);
    assert_int_equal(rk_littlefs_facts(fs)->damaged, 2);
    assert_int_equal(rk_littlefs_read(fs, 1, &bytes, &len, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "files.damaged");
    rk_littlefs_free(fs);
    b->flash[40] ^= 1;
    b->flash[LFS_BLOCK + 40] ^= 1;
    assert_int_equal(rk_littlefs_find(b->flash, sizeof b->flash, &fs, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "files.damaged");
    memset(b->flash, 0xFF, 2 * LFS_BLOCK);
    assert_int_equal(rk_littlefs_find(b->flash, sizeof b->flash, &fs, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "files.none");
    test_free(b);
}

/* Folders in a circle, and any flipped bits: an end in any case. */
static void hostile_images_come_to_an_end(void **state)
{
    struct lfs_builder *b = test_malloc(sizeof *b);
    uint8_t *copy = test_malloc(sizeof b->flash);
    struct rk_rng rng;
    (void)state;
    build(b);
    lfs_begin(b, 20, 5);
    for (uint32_t id = 0; id < 8; id++) {
        lfs_put(b, 0x002, id, "again", 5);
        lfs_put_pair(b, 0x200, id, 20, 21);
    }
    lfs_put_pair(b, 0x601, 0x3FF, 20, 21);
    lfs_commit(b);
    struct rk_littlefs *fs = open_fs(b->flash, sizeof b->flash);
    assert_true(rk_littlefs_facts(fs)->damaged > 0);
    rk_littlefs_free(fs);
    build(b);
    rng.state = 5;
    for (unsigned i = 0; i < 3000; i++) {
        memcpy(copy, b->flash, sizeof b->flash);
        for (unsigned k = 0; k < 1 + i % 4; k++)
            copy[rk_rng_below(&rng, 24 * LFS_BLOCK)] ^= (uint8_t)(1u << rk_rng_below(&rng, 8));
        if (rk_littlefs_find(copy, sizeof b->flash, &fs, NULL) == RK_OK)
            rk_littlefs_free(fs);
    }
    test_free(copy);
    test_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_listed_and_read),
        cmocka_unit_test(it_is_found_in_a_dump),
        cmocka_unit_test(a_commit_without_its_end_does_not_count),
        cmocka_unit_test(a_move_that_was_cut_off_is_finished),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(hostile_images_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
