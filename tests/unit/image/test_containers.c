#include "unit/unit.h"

#include "image/beken/rbl.h"
#include "image/beken/uf2.h"
#include "image/beken/ug.h"
#include "image/hex.h"
#include "image/lz.h"
#include "unit/image/model.h"
#include "unit/image/vectors.h"

static const char sentence[] =
    "The quick brown fox jumps over the lazy dog, and the quick brown fox jumps over the lazy dog "
    "again. aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end of the quick "
    "brown text";

/* The sentence, packed by the original libraries. */
static const char quicklz_hex[] =
    "4d5ec20000008054686520717569636b2062726f776e20666f78206a756d7073206f766572200280"
    "0190747c6c617a7920646f672c20616e648a040392180020616761696e2e20616161039e01002065"
    "09000080e9016f667a1f74657874";
static const char fastlz1_hex[] =
    "1f54686520717569636b2062726f776e20666f78206a756d7073206f76657220740f6865206c617a"
    "7920646f672c20616e646011e01e300820616761696e2e2061e038000120652079016f66e0087c03"
    "74657874";
static const char fastlz2_hex[] =
    "3f54686520717569636b2062726f776e20666f78206a756d7073206f76657220740f6865206c617a"
    "7920646f672c20616e646011e01e300820616761696e2e2061e038000120652079016f66e0087c03"
    "74657874";

typedef bool unpacker(const uint8_t *in, size_t len, uint8_t *out, size_t cap, size_t *made);

static struct bytes from_hex(const char *hex)
{
    json_t *text = json_string(hex);
    struct bytes out = bytes_of_hex(text);

    json_decref(text);
    return out;
}

static void check_packed(const char *hex, unpacker *unpack)
{
    struct bytes packed = from_hex(hex);
    uint8_t out[512];
    size_t made = 0;

    assert_true(unpack(packed.data, packed.len, out, sizeof out, &made));
    assert_int_equal(made, strlen(sentence));
    assert_memory_equal(out, sentence, made);
    /* Too little room, and every truncation: an error, never a byte too many. */
    assert_false(unpack(packed.data, packed.len, out, made - 1, &made));
    for (size_t cut = 0; cut < packed.len; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);

        assert_non_null(part);
        memcpy(part, packed.data, cut);
        if (unpack(part, cut, out, sizeof out, &made))
            assert_true(made < strlen(sentence));
        free(part);
    }
    free(packed.data);
}

static void test_packers(void **state)
{
    (void)state;
    check_packed(quicklz_hex, rk_quicklz_unpack);
    check_packed(fastlz1_hex, rk_fastlz_unpack);
    check_packed(fastlz2_hex, rk_fastlz_unpack);
}

static void check_rbl(uint8_t cipher, uint8_t packing)
{
    struct model m = model_list[0];
    uint8_t *raw = model_app_plain(&m), *file = NULL, *back = NULL;
    struct rk_rbl rbl = {.cipher = cipher, .packing = packing, .time = 5}, read;
    struct rk_error err;
    size_t len = 0, back_len = 0;

    snprintf(rbl.partition, sizeof rbl.partition, "app");
    snprintf(rbl.version, sizeof rbl.version, "1.2.3");
    assert_int_equal(rk_rbl_pack(&rbl, raw, m.app_size, &file, &len, &err), RK_OK);
    assert_int_equal(rk_rbl_unpack(file, len, &read, &back, &back_len, &err), RK_OK);
    assert_int_equal(back_len, m.app_size);
    assert_memory_equal(back, raw, back_len);
    assert_string_equal(read.version, "1.2.3");
    assert_true(rk_rbl_same(&rbl, &read));
    free(back);
    assert_int_equal(rk_rbl_unpack(file, len - 1, &read, &back, &back_len, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "rbl.truncated");
    file[200] ^= 1;
    assert_int_equal(rk_rbl_unpack(file, len, &read, &back, &back_len, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "rbl.crc");
    file[200] ^= 1;
    file[30] ^= 1;
    assert_int_equal(rk_rbl_unpack(file, len, &read, &back, &back_len, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "rbl.header");
    free(file);
    free(raw);
}

static void test_rbl(void **state)
{
    (void)state;
    check_rbl(RK_RBL_CIPHER_AES256, RK_RBL_PACKING_GZIP);
    check_rbl(RK_RBL_CIPHER_NONE, RK_RBL_PACKING_GZIP);
    check_rbl(RK_RBL_CIPHER_AES256, RK_RBL_PACKING_NONE);
    check_rbl(RK_RBL_CIPHER_NONE, RK_RBL_PACKING_NONE);
}

/* Packages whose body is made of packed blocks. */
static void test_rbl_blocks(void **state)
{
    const char *const bodies[] = {quicklz_hex, fastlz2_hex};

    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        struct bytes packed = from_hex(bodies[i]);
        uint8_t file[RK_RBL_HEADER + 512] = {0}, *out = NULL;
        struct rk_rbl rbl = {.packing = (uint8_t)(RK_RBL_PACKING_QUICKLZ + i),
                             .raw_size = 2 * (uint32_t)strlen(sentence),
                             .package_size = 2 * (uint32_t)(packed.len + 4)};
        struct rk_error err;
        size_t out_len = 0;
        char twice[512];

        snprintf(twice, sizeof twice, "%s%s", sentence, sentence);
        for (size_t k = 0; k < 2; k++) {
            uint8_t *p = file + RK_RBL_HEADER + k * (packed.len + 4);

            p[3] = (uint8_t)packed.len;
            memcpy(p + 4, packed.data, packed.len);
        }
        rbl.crc = rk_crc32(0, file + RK_RBL_HEADER, rbl.package_size);
        rbl.hash = rk_fnv1a((const uint8_t *)twice, strlen(twice));
        rk_rbl_write(&rbl, file);
        assert_int_equal(
            rk_rbl_unpack(file, RK_RBL_HEADER + rbl.package_size, &rbl, &out, &out_len, &err),
            RK_OK);
        assert_int_equal(out_len, strlen(twice));
        assert_memory_equal(out, twice, out_len);
        free(out);
        free(packed.data);
    }
}

static void test_ug(void **state)
{
    uint8_t file[RK_UG_HEADER + 100];
    struct rk_ug ug;

    (void)state;
    memset(file, 7, sizeof file);
    rk_ug_write("1.18.219", file + RK_UG_HEADER, 100, file);
    assert_true(rk_ug_read(file, sizeof file, &ug));
    assert_string_equal(ug.version, "1.18.219");
    assert_true(ug.header_good && ug.complete && ug.body_good);
    assert_true(rk_ug_read(file, sizeof file - 1, &ug));
    assert_false(ug.complete || ug.body_good);
    file[50] = 8;
    assert_true(rk_ug_read(file, sizeof file, &ug));
    assert_true(ug.header_good && !ug.body_good);
    file[0] = 0;
    assert_false(rk_ug_read(file, sizeof file, &ug));
}

/* ---- UF2 ---- */

static void uf2_block(uint8_t *p, uint32_t flags, uint32_t addr, uint32_t len, uint32_t number,
                      uint32_t count)
{
    memset(p, 0, 512);
    rk_put_le32(p, 0x0A324655);
    rk_put_le32(p + 4, 0x9E5D5157);
    rk_put_le32(p + 8, flags | 0x2000);
    rk_put_le32(p + 12, addr);
    rk_put_le32(p + 16, len);
    rk_put_le32(p + 20, number);
    rk_put_le32(p + 24, count);
    rk_put_le32(p + 28, 0x7B3EF230);
    rk_put_le32(p + 508, 0x0AB16F30);
}

static uint8_t *uf2_tag(uint8_t *p, uint32_t type, const void *value, size_t len)
{
    p[0] = (uint8_t)(4 + len);
    p[1] = (uint8_t)type;
    p[2] = (uint8_t)(type >> 8);
    p[3] = (uint8_t)(type >> 16);
    memcpy(p + 4, value, len);
    return p + (4 + len + 3) / 4 * 4;
}

static void uf2_file(uint8_t file[3 * 512])
{
    uint8_t table[48] = {0}, *tag;

    memcpy(table, "01PE", 4);
    memcpy(table + 4, "app", 3);
    rk_put_le32(table + 36, 0x11000);
    rk_put_le32(table + 40, 0x119000);
    uf2_block(file, 0x8001, 0, 0, 0, 3);
    tag = uf2_tag(file + 32, 0xCA25C8, "generic-bk7231n", 15);
    tag = uf2_tag(tag, 0x00DE43, "test", 4);
    tag = uf2_tag(tag, 0x9FC7BC, "2.0", 3);
    uf2_tag(tag, 0x8288ED, table, sizeof table);
    uf2_block(file + 512, 0x8000, 0, 256, 1, 3);
    memset(file + 512 + 32, 0xA1, 256);
    uf2_tag(file + 512 + 32 + 256, 0xC0EE0C,
            "\x00\x01\x00"
            "app",
            7);
    uf2_block(file + 1024, 0, 512, 100, 2, 3);
    memset(file + 1024 + 32, 0xA2, 100);
}

static void test_uf2(void **state)
{
    uint8_t file[3 * 512], *out = NULL;
    struct rk_uf2 uf2;
    struct rk_error err;
    size_t len = 0;
    uint32_t addr = 0;

    (void)state;
    uf2_file(file);
    assert_true(rk_uf2_read(file, sizeof file, &uf2));
    assert_string_equal(uf2.chip, "BK7231N");
    assert_string_equal(uf2.board, "generic-bk7231n");
    assert_string_equal(uf2.firmware, "test");
    assert_string_equal(uf2.version, "2.0");
    assert_int_equal(uf2.part_count, 1);
    assert_int_equal(rk_uf2_unpack(file, sizeof file, &out, &len, &addr, &err), RK_OK);
    assert_int_equal(addr, 0x11000);
    assert_int_equal(len, 612);
    assert_int_equal(out[0], 0xA1);
    assert_int_equal(out[256], 0xFF);
    assert_int_equal(out[512], 0xA2);
    free(out);
    assert_int_equal(rk_uf2_unpack(file, 1024, &out, &len, &addr, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "uf2.truncated");
    file[1024] = 0;
    assert_int_equal(rk_uf2_unpack(file, sizeof file, &out, &len, &addr, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "uf2.damaged");
}

/* A block that claims a place outside of every flash must not be believed. */
static void test_uf2_far_block(void **state)
{
    uint8_t file[3 * 512], *out = NULL;
    struct rk_error err;
    size_t len = 0;
    uint32_t addr = 0;

    (void)state;
    uf2_file(file);
    rk_put_le32(file + 1024 + 12, 0xFFFFFF00);
    assert_int_equal(rk_uf2_unpack(file, sizeof file, &out, &len, &addr, &err),
                     RK_ERR_IMAGE_FORMAT);
}

/* ---- Intel HEX ---- */

static enum rk_status unhex(const char *text, struct bytes *out, uint32_t *addr,
                            struct rk_error *err)
{
    return rk_hex_unpack((const uint8_t *)text, strlen(text), &out->data, &out->len, addr, err);
}

static void test_hex(void **state)
{
    struct bytes out = {NULL, 0};
    struct rk_error err;
    uint32_t addr = 0;

    (void)state;
    assert_int_equal(unhex(":020000040001F9\r\n:0410000001020304E2\r\n:021006000506DD\n"
                           ":00000001FF\r\n",
                           &out, &addr, &err),
                     RK_OK);
    assert_int_equal(addr, 0x11000);
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.data, "\1\2\3\4\xFF\xFF\5\6", 8);
    free(out.data);
    assert_int_equal(unhex(":0410000001020304E3\n:00000001FF\n", &out, &addr, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_non_null(strstr(err.message, "line 1"));
    assert_int_equal(unhex(":0410000001020304E2\n", &out, &addr, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "hex.truncated");
    assert_int_equal(unhex(":0410000001020304E2\nhello\n", &out, &addr, &err), RK_ERR_IMAGE_FORMAT);
    /* Two bytes 4 GiB apart: nothing of that size is allocated. */
    assert_int_equal(
        unhex(":01000000AA55\n:02000004FFFFFC\n:01FFFE00AA58\n:00000001FF\n", &out, &addr, &err),
        RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "hex.span");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packers),    cmocka_unit_test(test_rbl),
        cmocka_unit_test(test_rbl_blocks), cmocka_unit_test(test_ug),
        cmocka_unit_test(test_uf2),        cmocka_unit_test(test_uf2_far_block),
        cmocka_unit_test(test_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
