/* The files of the BL602 against digests and bytes of published ones. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/xz.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/device_tree.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/layout.h"
#include "image/bouffalo/ota.h"
#include "image/bouffalo/pieces.h"
#include "unit/image/bl602_set.h"

#include <stdio.h>

static void assert_digest(const uint8_t *data, size_t len, const char *starts)
{
    uint8_t digest[32];
    char hex[65];

    rk_sha256(data, len, digest);
    rk_sha256_hex(digest, hex);
    hex[strlen(starts)] = '\0';
    assert_string_equal(hex, starts);
}

/* Tables that the vendor's tools and BK7231GUIFlashTool write. */
static void test_layouts_are_the_published_ones(void **state)
{
    static const struct {
        const char *name, *digest;
    } published[] = {
        {"2m", "fd6af18fc4aaf2807277cac767ca19d12af7b55f5ecbb8902ef28bc2430524aa"},
        {"2m-2021", "da4d2fe7d42a71246b0e84d64665b70ad701435f89716c48e6f23ef55340eaa0"},
        {"2m-2020", "52ae9132371db13af48ebcb117693cbce42f1c61d5c18088e019b70cc37b6b5d"},
        {"1m-vendor", "c88b2a83541a724172d14a153d613705803436a54b93e75d55325bb8659df0da"},
        {"4m", "483b527843b4af4cb5822aa0631d286907313db217fd5807cffc29f8357d311b"},
        {"1m", "c8bd9359"},
    };
    uint8_t bytes[RK_BFL_TABLE_SPAN];
    struct rk_bfl_table table;

    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        assert_true(rk_bfl_layout_named(published[i].name, &table));
        assert_digest(bytes, rk_bfl_table_write(&table, bytes), published[i].digest);
    }
    assert_string_equal(rk_bfl_layout_for(2u << 20, &table), "2m");
    assert_string_equal(rk_bfl_layout_for(8u << 20, &table), "4m");
    assert_null(rk_bfl_layout_for(1u << 19, &table));
}

static void translate(const char *text, size_t len, struct rk_bytes *out)
{
    assert_int_equal(rk_bl602_convert((const uint8_t *)text, len, out, NULL), RK_OK);
}

static void test_tables_and_toml(void **state)
{
    uint8_t bytes[RK_BFL_TABLE_SPAN];
    struct rk_bfl_table table;
    struct rk_bytes toml, back;
    size_t len;

    (void)state;
    assert_true(rk_bfl_layout_named("2m", &table));
    table.parts[0].active = 1;
    table.parts[0].age = 7;
    table.parts[0].len = 422972;
    len = rk_bfl_table_write(&table, bytes);
    translate((const char *)bytes, len, &toml);
    translate((const char *)toml.data, toml.len, &back);
    assert_int_equal(back.len, len);
    assert_memory_equal(back.data, bytes, len);
    rk_bytes_free(&toml);
    rk_bytes_free(&back);
}

static void test_mistakes_in_toml(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[pt_table]\naddress0 = 0xE000\n", "there is no [[pt_entry]]"},
        {"[pt_table]\naddress0 = 0xD000\n[[pt_entry]]\n", "line 2"},
        {"[[pt_entry]]\ntype = 0\nname = \"FW\"\n", "lacks a key: device"},
        {"[[pt_entry]]\nname = FW\n", "stands in quotes"},
        {"[[pt_entry]]\nname = \"far too long\"\n", "1 to 8 characters"},
        {"[[pt_entry]]\nname = \"F\xFFW\"\n", "letters, digits"},
        {"[[pt_entry]]\ntype = 256\n", "no number that fits"},
        {"[[pt_entry]]\ntype = 1\ntype = 1\n", "twice"},
        {"[[pt_entry]]\nwords\n", "no assignment"},
        {"[other]\n", "unknown section"},
    };
    struct rk_bfl_table table;
    struct rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            rk_bfl_layout_from_toml(cases[i].text, strlen(cases[i].text), &table, &err),
            RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "bl602.toml");
        if (!strstr(err.message, cases[i].message))
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].message);
    }
}

/* A source whose result by the vendor's compiler is published as a digest. */
static const char source[] =
    "/dts-v1/;\n/* comment */\n/ { model = \"m\"; // comment\n"
    "wifi { region { country_code = <86>; };\n"
    "mac { mode = \"BF\"; sta_mac_addr = [C8 43 57 82 73 40]; ap_mac_addr = [C8 43 57 82 73 02]; "
    "};\n"
    "brd_rf { xtal_mode = \"F\"; xtal = <36 36 0 60 60>; pwr_mode = \"bf\";\n"
    "pwr_table_11b = <20 20 20 18>; pwr_table_11g = <18 18 18 18 18 18 14 14>;\n"
    "pwr_table_11n = <18 18 18 18 18 16 14 14>;\n"
    "pwr_offset = <10 10 10 10 10 10 10 10 10 10 10 10 10 0xA>; }; }; };\n";

static void test_device_tree_is_compiled_as_by_the_vendor(void **state)
{
    struct rk_bytes tree, text, again;

    (void)state;
    translate(source, sizeof source - 1, &tree);
    assert_int_equal(tree.len, 594);
    assert_digest(tree.data, tree.len,
                  "264d52f66eabb77c6c23dabc041a6ea380ba3a91d13b0e916bd18bd01338de4e");
    translate((const char *)tree.data, tree.len, &text);
    translate((const char *)text.data, text.len, &again);
    assert_int_equal(again.len, tree.len);
    assert_memory_equal(again.data, tree.data, tree.len);
    rk_bytes_free(&tree);
    rk_bytes_free(&text);
    rk_bytes_free(&again);
}

static void test_mistakes_in_device_trees(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"/ {};", "/dts-v1/"},
        {"/dts-v1/;\n/ { a = <1 x>; };", "no number"},
        {"/dts-v1/;\n/ { a = \"b; };\n", "without its end"},
        {"/dts-v1/;\n/ { a = [1]; };\n", "two hexadecimal digits"},
        {"/dts-v1/;\n/ { a = &b; };\n", "a value is expected"},
        {"/dts-v1/;\n/ { a = <&b>; };\n", "references"},
        {"/dts-v1/;\n/ { b {\n", "ends inside"},
        {"/dts-v1/;\n/ { };\nx\n", "behind the end"},
        {"/dts-v1/;\n/include/ \"x.dtsi\";\n/ { };\n", "includes another file"},
        {"/dts-v1/;\n/ { a = \"\\q\"; };\n", "unknown escape"},
    };
    struct rk_dt tree;
    struct rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rk_dt_from_dts(cases[i].text, strlen(cases[i].text), &tree, &err),
                         RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "bl602.tree");
        if (!strstr(err.message, cases[i].message))
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].message);
    }
}

/* Every cut of a tree is refused, never read past. */
static void test_cut_device_trees(void **state)
{
    struct rk_bytes tree;
    struct rk_dt out;

    (void)state;
    translate(source, sizeof source - 1, &tree);
    for (size_t len = 0; len < tree.len; len++) {
        uint8_t *cut = malloc(len ? len : 1);

        memcpy(cut, tree.data, len);
        assert_int_not_equal(rk_dt_from_fdt(cut, len, &out, NULL), RK_OK);
        free(cut);
    }
    rk_bytes_free(&tree);
}

static void test_default_tree_has_what_the_firmware_reads(void **state)
{
    static const char *const paths[] = {
        "/wifi/region/country_code",
        "/wifi/mac/mode",
        "/wifi/mac/sta_mac_addr",
        "/wifi/mac/ap_mac_addr",
        "/wifi/brd_rf/xtal",
        "/wifi/brd_rf/pwr_offset",
        "/bluetooth/brd_rf/pwr_table_ble",
        "/uart/uart@4000A000/baudrate",
        "/uart/uart@4000A100/feature/tx",
    };
    struct rk_bytes flat;
    struct rk_fdt tree;

    (void)state;
    translate(rk_bfl_default_tree, strlen(rk_bfl_default_tree), &flat);
    assert_true(rk_fdt_open(flat.data, flat.len, &tree) && rk_fdt_sound(&tree));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_non_null(rk_fdt_get(&tree, paths[i], NULL));
    assert_false(rk_fdt_has(&tree, "/wifi/none"));
    rk_bytes_free(&flat);
}

/* Sizes and CRCs of the header in front of OpenBL602 1.18.57, as published in a whole image: what
 * does not depend on the code. */
static void test_header_bytes(void **state)
{
    static const uint8_t code[32] = {1};
    const struct rk_bl602_part *part = rk_bl602_part_find(0xEF4015);
    uint8_t parameters[RK_BL602_FLASH_PARAMETERS], head[RK_BFL_HEADER];

    (void)state;
    assert_non_null(part);
    memcpy(parameters, part->parameters, sizeof parameters);
    parameters[2] = parameters[3] = 1;
    rk_bfl_header_make(head, parameters, code, sizeof code, 0x2000);
    assert_int_equal(rk_get_le32(head + 96), 0x37EC2E3A);
    assert_int_equal(rk_get_le32(head + 112), 0x3B3019E9);
    assert_int_equal(rk_get_le32(head + 116), 0x3300);
    assert_int_equal(rk_get_le32(head + 120), 32);
    assert_int_equal(rk_get_le32(head + 128), 0x2000);
}

static void test_packed_application(void **state)
{
    struct set *s = set_new();
    struct rk_bytes firmware, ota, raw, packed, back;
    struct rk_image_facts facts;

    (void)state;
    assert_int_equal(rk_bl602_pack_app(s->app, sizeof s->app, NULL, false, &firmware, NULL), RK_OK);
    assert_int_equal(firmware.len, 0x1000 + SET_APP_BYTES);
    assert_true(rk_bytes_all(firmware.data + RK_BFL_HEADER, 0x1000 - RK_BFL_HEADER, 0xFF));
    assert_true(rk_bytes_all(firmware.data + 0x1000 + SET_APP, SET_APP_BYTES - SET_APP, 0));
    rk_image_identify(firmware.data, firmware.len, NULL, &facts);
    assert_int_equal(facts.kind, RK_IMAGE_BL602);
    assert_string_equal(facts.app_version, "1.18.99");
    assert_int_equal(rk_bl602_pack_ota(firmware.data, firmware.len, false, NULL, "1.2", &ota, NULL),
                     RK_OK);
    assert_int_equal(rk_bl602_convert(ota.data, ota.len, &raw, NULL), RK_OK);
    assert_int_equal(raw.len, firmware.len);
    ota.data[600] ^= 1;
    assert_int_equal(rk_bl602_convert(ota.data, ota.len, &back, NULL), RK_ERR_IMAGE_FORMAT);
    if (rk_bl602_pack_ota(firmware.data, firmware.len, true, NULL, NULL, &packed, NULL) == RK_OK) {
        assert_int_equal(rk_bl602_convert(packed.data, packed.len, &back, NULL), RK_OK);
        assert_int_equal(back.len, firmware.len);
        assert_memory_equal(back.data, firmware.data, firmware.len);
        rk_bytes_free(&back);
        rk_bytes_free(&packed);
    }
    rk_bytes_free(&firmware);
    rk_bytes_free(&ota);
    rk_bytes_free(&raw);
    free(s);
}

static void test_xz(void **state)
{
    uint8_t *packed = NULL, *raw = NULL;
    size_t len = 0, raw_len = 0;
    struct rk_xz_facts facts;
    struct rk_error err = {.status = RK_OK};
    uint8_t data[5000];

    (void)state;
    set_fill(data, sizeof data, 7);
    memset(data + 100, 0, 4000);
    if (rk_xz_pack(data, sizeof data, &packed, &len, &err) != RK_OK) {
        assert_string_equal(err.id, "xz.missing");
        skip();
    }
    /* As in the vendor's files: no sizes in the block header, LZMA2, 32 KiB, CRC-32. */
    assert_memory_equal(packed,
                        "\xFD"
                        "7zXZ\0\0\1\x69\x22\xDE\x36\2\0\x21\1\6",
                        17);
    assert_true(rk_xz_read(packed, len, &facts));
    assert_int_equal(facts.dictionary, 32768);
    assert_true(facts.crc32);
    assert_int_equal(rk_xz_unpack(packed, len, sizeof data, &raw, &raw_len, NULL), RK_OK);
    assert_int_equal(raw_len, sizeof data);
    assert_memory_equal(raw, data, raw_len);
    free(raw);
    for (size_t cut = 0; cut < len; cut += 7) {
        assert_int_equal(rk_xz_unpack(packed, cut, sizeof data, &raw, &raw_len, &err),
                         RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "xz.damaged");
    }
    assert_int_equal(rk_xz_unpack(packed, len, sizeof data - 1, &raw, &raw_len, &err),
                     RK_ERR_IMAGE_FORMAT);
    free(packed);
}

/* Every row of the parameter table: size as the id says, pages of 256 bytes. */
static void test_flash_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < rk_bl602_part_count; i++) {
        const struct rk_bl602_part *part = &rk_bl602_parts[i];

        assert_int_equal(rk_bl602_size_of_code((uint8_t)part->jedec), part->size);
        assert_int_equal(rk_get_le16(part->parameters + 14), 256);
        assert_ptr_equal(rk_bl602_part_find(part->jedec), part);
    }
    assert_null(rk_bl602_part_find(0x010203));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts_are_the_published_ones),
        cmocka_unit_test(test_tables_and_toml),
        cmocka_unit_test(test_mistakes_in_toml),
        cmocka_unit_test(test_device_tree_is_compiled_as_by_the_vendor),
        cmocka_unit_test(test_mistakes_in_device_trees),
        cmocka_unit_test(test_cut_device_trees),
        cmocka_unit_test(test_default_tree_has_what_the_firmware_reads),
        cmocka_unit_test(test_header_bytes),
        cmocka_unit_test(test_packed_application),
        cmocka_unit_test(test_xz),
        cmocka_unit_test(test_flash_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
