/* The facts of every real capture that is present, against published facts about it; and every
 * conversion there and back again on it. */
#include "unit/unit.h"

#include "base/sha256.h"
#include "image/beken/beken.h"
#include "unit/image/vectors.h"

#include <rekindle/convert.h>
#include <rekindle/inspect.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void check_counts(const json_t *wanted, const struct rk_block_counts *found)
{
    assert_int_equal(found->valid, json_integer_value(json_object_get(wanted, "valid")));
    assert_int_equal(found->blank, json_integer_value(json_object_get(wanted, "blank")));
    assert_int_equal(found->bad, json_integer_value(json_object_get(wanted, "bad")));
}

static void check_rbl(const json_t *wanted, const struct rk_rbl_place *found,
                      enum rk_rbl_state state)
{
    assert_non_null(found);
    assert_int_equal(found->addr, number_of(json_object_get(wanted, "physical")));
    assert_string_equal(found->rbl.partition, text_of(wanted, "name"));
    assert_string_equal(found->rbl.version, text_of(wanted, "version"));
    assert_int_equal(found->rbl.time, json_integer_value(json_object_get(wanted, "timestamp")));
    assert_int_equal(found->rbl.raw_size, json_integer_value(json_object_get(wanted, "raw_size")));
    assert_int_equal(found->rbl.package_size,
                     json_integer_value(json_object_get(wanted, "package_size")));
    assert_int_equal(found->rbl.crc, strtoul(text_of(wanted, "crc32"), NULL, 16));
    assert_int_equal(found->rbl.hash, strtoul(text_of(wanted, "fnv1a"), NULL, 16));
    assert_int_equal(state == RK_RBL_GOOD, json_is_true(json_object_get(wanted, "hash_ok")));
}

static void check_boot(const json_t *wanted, const struct rk_beken *b)
{
    uint8_t digest[32];
    char hex[65];
    size_t payload = (size_t)json_integer_value(json_object_get(wanted, "payload_len"));

    assert_string_equal(b->boot_info.name, text_of(wanted, "version"));
    assert_int_equal(b->boot.entry, strtoul(text_of(wanted, "vector0"), NULL, 16));
    check_counts(json_object_get(wanted, "crc_blocks"), &b->boot.area);
    assert_true(payload <= rk_code_size(&b->boot));
    rk_sha256(b->boot.stored, payload, digest);
    rk_sha256_hex(digest, hex);
    assert_string_equal(hex, text_of(wanted, "payload_sha256"));
    assert_non_null(b->boot_info.build);
    check_rbl(json_object_get(wanted, "rbl"), b->boot_rbl, b->boot_rbl_state);
}

static void check_table(const json_t *wanted, const struct rk_fal *fal)
{
    assert_int_equal(fal->count, json_array_size(wanted));
    for (size_t i = 0; i < fal->count; i++) {
        const json_t *entry = json_array_get(wanted, i);

        assert_string_equal(fal->entries[i].name, text_of(entry, "name"));
        assert_int_equal(fal->entries[i].addr, number_of(json_object_get(entry, "physical_start")));
        assert_int_equal(fal->entries[i].span,
                         number_of(json_object_get(entry, "physical_length")));
        assert_int_equal(fal->entries[i].crc_good, json_is_true(json_object_get(entry, "crc_ok")));
        assert_int_equal(fal->at + i * RK_FAL_ENTRY,
                         number_of(json_object_get(entry, "entry_logical")));
    }
}

static void check_app(const json_t *wanted, const struct rk_beken *b)
{
    assert_string_equal(b->app_info.name, text_of(wanted, "name"));
    assert_string_equal(b->app_info.version, text_of(wanted, "version"));
    assert_string_equal(b->app_info.sdk, text_of(wanted, "sdk_string"));
    if (*text_of(wanted, "build_string"))
        assert_string_equal(b->app_info.build, text_of(wanted, "build_string"));
    assert_int_equal(b->app.entry, strtoul(text_of(wanted, "vector0"), NULL, 16));
    assert_int_equal(b->app.handler, number_of(json_object_get(wanted, "handler_word")));
    assert_int_equal(b->app.blocks, json_integer_value(json_object_get(wanted, "code_blocks")));
    assert_int_equal(RK_APP_ADDR + b->app.blocks * RK_BLOCK_SPAN,
                     number_of(json_object_get(wanted, "code_physical_end")));
    check_counts(json_object_get(wanted, "crc_blocks"), &b->app.area);
    check_rbl(json_object_get(wanted, "rbl"), b->app_rbl, b->app_rbl_state);
}

static void check_data(const json_t *wanted, const struct rk_beken *b)
{
    const json_t *rf = json_object_get(wanted, "rf"), *kv = json_object_get(wanted, "tuya_kv");
    const json_t *copies = json_object_get(kv, "protected_sectors");
    char mac[20];
    size_t seen = 0;

    assert_int_equal(b->rf_offset, number_of(json_object_get(rf, "offset")));
    assert_int_equal(b->rf.length, number_of(json_object_get(rf, "tlv_length")));
    assert_int_equal(b->rf.well_formed, json_is_true(json_object_get(rf, "well_formed")));
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", b->rf.mac[0], b->rf.mac[1],
             b->rf.mac[2], b->rf.mac[3], b->rf.mac[4], b->rf.mac[5]);
    assert_string_equal(mac, text_of(rf, "mac"));
    assert_int_equal(b->rf_offset + b->rf.mac_offset, number_of(json_object_get(rf, "mac_offset")));
    assert_true(b->has_tuya && b->tuya.key_good);
    assert_int_equal(b->tuya.addr, number_of(json_object_get(kv, "offset")));
    assert_int_equal(b->tuya.blocks, json_integer_value(json_object_get(kv, "data_blocks")));
    assert_int_equal(b->tuya.blocks_good == b->tuya.blocks,
                     json_is_true(json_object_get(kv, "all_block_checksums_ok")));
    for (size_t i = 0; i < b->area_count; i++)
        seen += b->areas[i].kind == RK_AREA_TUYA_BACKUP;
    assert_int_equal(seen, json_array_size(copies));
}

/* Ranges of blank and not blank sectors. */
static void check_map(const json_t *wanted, const struct rk_inspect *report)
{
    size_t index;
    json_t *range;

    json_array_foreach(wanted, index, range)
    {
        uint32_t from = number_of(json_array_get(range, 0)),
                 to = number_of(json_array_get(range, 1));
        bool blank = strcmp(json_string_value(json_array_get(range, 2)), "blank") == 0;

        for (uint32_t at = from; at < to; at += RK_SECTOR_SIZE)
            assert_int_equal(report->sectors[at / RK_SECTOR_SIZE].use == RK_SECTOR_BLANK, blank);
    }
}

static void check_whole(const json_t *wanted, const struct bytes *image)
{
    struct rk_inspect *report;
    const struct rk_inspect_boot *boot;
    struct rk_error err;
    struct rk_beken b;
    const char *chip = text_of(json_object_get(wanted, "chip"), "guess");

    assert_true(rk_beken_read(image->data, image->len, &b));
    assert_int_equal(b.kind, RK_IMAGE_DUMP);
    assert_string_equal(b.boot.key.name, "Tuya");
    assert_string_equal(b.app.key.name, "Tuya");
    check_boot(json_object_get(wanted, "bootloader"), &b);
    check_table(json_object_get(wanted, "partition_table"), &b.fal);
    check_app(json_object_get(wanted, "app"), &b);
    check_data(wanted, &b);
    rk_beken_free(&b);

    assert_int_equal(rk_inspect(image->data, image->len, NULL, &report, &err), RK_OK);
    assert_string_equal(report->facts.chip, chip);
    assert_string_equal(report->sha256, text_of(wanted, "sha256"));
    check_map(json_object_get(wanted, "sector_map"), report);
    for (size_t i = 0; i < report->boot_count; i++) {
        boot = &report->boots[i];
        if ((boot->boots == RK_BOOTS_YES) != (strcmp(boot->chip, chip) == 0))
            fail_msg("%s on %s: %s (%s)", text_of(wanted, "file"), boot->chip,
                     rk_boots_name(boot->boots), boot->reason);
    }
    rk_inspect_free(report);
}

static void test_facts(void **state)
{
    json_t *file = vectors_load("beken-dump-facts.json"), *item;
    size_t index, seen = 0;

    (void)state;
    json_array_foreach(json_object_get(file, "dumps"), index, item)
    {
        struct bytes image = capture_load(text_of(item, "file"));

        if (!image.data)
            continue;
        print_message("%s\n", text_of(item, "file"));
        check_whole(item, &image);
        free(image.data);
        seen++;
    }
    json_decref(file);
    if (seen == 0)
        skip();
}

static const char *const captures[] = {
    "BK7231N_Tuya_ledRGBPlafon_5ch_PWM_16000Hz_TuyaOS_3.3.43.bin",
    "BK7231Q_Tuya_MOES_Relay_WA2_1.1.3.bin",
    "Globe Electric 37783 RGBCT Bulb v2.0.0.bin",
    "Mirabella Genio I003632 Plug.bin",
    "SmartLED 8044 1 Gange Smart Switch.bin",
    "Tuya Generic DS-101JL 4 Gang Smart Switch.bin",
    "Tuya Generic GR-W-105 Water Shutoff Valve v1.1.5.bin",
    "Tuya Generic Motion Sensor CBU v1.0.6 Kraslaw.bin",
};

/* To another key and back; shifted and put in order; cut apart and joined: identical bytes. */
static void round_trips(const struct bytes *image)
{
    static const uint32_t other[4] = {0x4862379A, 0x8612784B, 0x85C5E258, 0x75754528};
    struct rk_bytes there, back, ua, app, packed;
    struct rk_inspect *report;
    struct rk_beken b;
    struct rk_error err;
    uint8_t *shifted = malloc(image->len);

    assert_non_null(shifted);
    assert_true(rk_beken_read(image->data, image->len, &b));
    assert_int_equal(rk_convert_rekey(image->data, image->len, other, &there, &err), RK_OK);
    assert_int_equal(rk_inspect(there.data, there.len, NULL, &report, &err), RK_OK);
    assert_int_equal(report->facts.key_class, RK_KEY_VENDOR);
    assert_string_equal(report->key_name, "Uascent");
    rk_inspect_free(report);
    assert_int_equal(rk_convert_rekey(there.data, there.len, b.app.key.words, &back, &err), RK_OK);
    assert_int_equal(back.len, image->len);
    assert_memory_equal(back.data, image->data, image->len);
    rk_bytes_free(&there);
    rk_bytes_free(&back);

    memcpy(shifted, image->data + 0x11000, image->len - 0x11000);
    memcpy(shifted + image->len - 0x11000, image->data, 0x11000);
    assert_int_equal(rk_convert_order(shifted, image->len, &back, &err), RK_OK);
    assert_memory_equal(back.data, image->data, image->len);
    rk_bytes_free(&back);

    assert_int_equal(rk_convert_extract(image->data, image->len, RK_EXTRACT_UA, &ua, &err), RK_OK);
    assert_int_equal(ua.addr, 0x11000);
    assert_memory_equal(ua.data, image->data + 0x11000, ua.len);
    assert_int_equal(rk_convert_extract(image->data, image->len, RK_EXTRACT_APP, &app, &err),
                     RK_OK);
    assert_int_equal(rk_convert_pack(app.data, app.len, b.app.key.words, &packed, &err), RK_OK);
    assert_int_equal(packed.len, ua.len);
    assert_memory_equal(packed.data, ua.data, ua.len);
    rk_bytes_free(&packed);
    rk_bytes_free(&app);
    rk_bytes_free(&ua);
    rk_beken_free(&b);
    free(shifted);
}

/* An OTA package of the application holds exactly its plain code. */
static void package_trip(const struct bytes *image)
{
    struct rk_package_options opt = {.size = sizeof opt, .version = "9.9.9", .ug = true};
    struct rk_bytes package, raw;
    struct rk_error err;
    struct rk_beken b;

    assert_true(rk_beken_read(image->data, image->len, &b));
    assert_int_equal(rk_convert_package(image->data, image->len, &opt, &package, &err), RK_OK);
    assert_int_equal(rk_convert_unpack(package.data, package.len, &raw, &err), RK_OK);
    assert_true(raw.len <= rk_code_size(&b.app) && raw.len > 0x80000);
    assert_memory_equal(raw.data, b.app.plain, raw.len);
    rk_bytes_free(&raw);
    package.data[package.len / 2] ^= 1;
    assert_int_equal(rk_convert_unpack(package.data, package.len, &raw, &err), RK_ERR_IMAGE_FORMAT);
    rk_bytes_free(&package);
    rk_beken_free(&b);
}

static void test_round_trips(void **state)
{
    size_t seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        struct bytes image = capture_load(captures[i]);

        if (!image.data)
            continue;
        round_trips(&image);
        package_trip(&image);
        free(image.data);
        seen++;
    }
    if (seen == 0)
        skip();
}

/* Joining a capture's own boot loader and application gives back its first bytes. */
static void test_merge(void **state)
{
    struct bytes image = capture_load(captures[3]);
    struct rk_bytes boot, ua, qio;
    struct rk_error err;

    (void)state;
    if (!image.data)
        skip();
    assert_int_equal(rk_convert_extract(image.data, image.len, RK_EXTRACT_BOOT, &boot, &err),
                     RK_OK);
    assert_int_equal(rk_convert_extract(image.data, image.len, RK_EXTRACT_UA, &ua, &err), RK_OK);
    assert_int_equal(rk_convert_merge(boot.data, boot.len, image.data, image.len, &qio, &err),
                     RK_OK);
    assert_int_equal(qio.len, 0x129F70);
    assert_memory_equal(qio.data, image.data, 0x129F0A);
    rk_bytes_free(&qio);
    assert_int_equal(rk_convert_merge(boot.data, boot.len, ua.data, ua.len, &qio, &err), RK_OK);
    assert_memory_equal(qio.data, image.data, 0x129F0A);
    rk_bytes_free(&qio);
    rk_bytes_free(&boot);
    rk_bytes_free(&ua);
    free(image.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts),
                                       cmocka_unit_test(test_round_trips),
                                       cmocka_unit_test(test_merge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
