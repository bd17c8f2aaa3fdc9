/* What is written beside an application: from a blank flash, and from flashes that lack something. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"
#include "unit/image/bl602_set.h"

#define APP   0x10000u
#define BODY  0x11000u
#define TREE  0x1F8000u
#define BOOT2 0x2000u

/* A flash that boots. */
static struct set *ready(void)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;

    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    return s;
}

static enum rk_status plan_into(struct set *s, const struct rk_bl602_sources *sources,
                                struct rk_bl602_plan **plan, struct rk_error *err)
{
    struct rk_bl602_flash view = set_view(s);

    return rk_bl602_plan(&view, s->app, sizeof s->app, sources, plan, err);
}

static size_t writes_of(const struct rk_bl602_plan *plan, enum rk_bl602_piece piece)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->write_count; i++)
        count += plan->writes[i].piece == piece;
    return count;
}

static void test_blank_flash_gets_everything(void **state)
{
    struct set *s = set_new();
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_report after;
    struct rk_bl602_flash view = set_view(s);

    (void)state;
    assert_int_equal(plan_into(s, &s->sources, &plan, NULL), RK_OK);
    assert_int_equal(plan->before.boots, RK_BOOTS_NO);
    assert_int_equal(plan->before.uart, RK_BL602_UART_SILENT);
    assert_string_equal(plan->layout, "2m");
    assert_true(plan->after.complete);
    assert_int_equal(writes_of(plan, RK_BL602_APP), 1);
    assert_int_equal(writes_of(plan, RK_BL602_BOOT2), 1);
    assert_int_equal(writes_of(plan, RK_BL602_TABLE), 2);
    assert_int_equal(writes_of(plan, RK_BL602_TREE), 1);
    set_apply(plan, s->flash);
    rk_bl602_judge(&view, &after);
    assert_true(after.complete);
    assert_int_equal(after.uart, RK_BL602_UART_APP);
    assert_memory_equal(s->flash + BODY, s->app, sizeof s->app);
    rk_bl602_plan_free(plan);
    free(s);
}

/* The boot header becomes valid last but for the tables: until then the old state holds. */
static void test_order_of_writes(void **state)
{
    static const enum rk_bl602_piece order[] = {
        RK_BL602_APP,         RK_BL602_APP_HEADER, RK_BL602_TREE, RK_BL602_BOOT2,
        RK_BL602_BOOT_HEADER, RK_BL602_TABLE,      RK_BL602_TABLE};
    struct set *s = set_new();
    struct rk_bl602_plan *plan = NULL;

    (void)state;
    assert_int_equal(plan_into(s, &s->sources, &plan, NULL), RK_OK);
    assert_int_equal(plan->write_count, sizeof order / sizeof order[0]);
    for (size_t i = 0; i < plan->write_count; i++)
        assert_int_equal(plan->writes[i].piece, order[i]);
    rk_bl602_plan_free(plan);
    free(s);
}

static void test_only_the_application_where_the_rest_is_right(void **state)
{
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};
    struct set *s = ready();
    struct rk_bl602_plan *plan = NULL;

    (void)state;
    assert_int_equal(plan_into(s, &nothing, &plan, NULL), RK_OK);
    assert_int_equal(plan->write_count, 2);
    assert_int_equal(plan->writes[0].addr, BODY);
    assert_int_equal(plan->writes[1].addr, APP);
    rk_bl602_plan_free(plan);
    free(s);
}

/* Every piece alone missing, with no source for it: an error that names it, never a plan. */
static void test_missing_piece_without_source(void **state)
{
    static const struct {
        uint32_t addr, len;
        const char *id, *word;
    } holes[] = {
        {0, 4096, "bl602.missing", "boot header"},
        {BOOT2, 4096, "bl602.missing", "second-stage loader"},
        {TREE, 4096, "bl602.missing", "device tree"},
    };
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};

    (void)state;
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        struct set *s = ready();
        struct rk_bl602_plan *plan = NULL;
        struct rk_error err = {.status = RK_OK};

        memset(s->flash + holes[i].addr, 0xFF, holes[i].len);
        assert_int_equal(plan_into(s, &nothing, &plan, &err), RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, holes[i].id);
        assert_non_null(strstr(err.message, holes[i].word));
        assert_true(err.hint[0]);
        assert_null(plan);
        assert_int_equal(plan_into(s, &s->sources, &plan, NULL), RK_OK);
        assert_true(plan->after.complete);
        rk_bl602_plan_free(plan);
        free(s);
    }
}

/* After a failed start the copies disagree: writing one copy only would start what lies in the
 * other slot. */
static void test_stale_slot_does_not_win(void **state)
{
    struct set *s = ready();
    struct rk_bfl_table table;
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_report r;

    (void)state;
    assert_true(rk_bfl_table_read(s->flash + RK_BFL_TABLE_0, 4096, &table));
    table.age = 1;
    table.parts[0].active = 1;
    table.parts[0].age = 1;
    memset(s->flash + RK_BFL_TABLE_1, 0xFF, 4096);
    rk_bfl_table_write(&table, s->flash + RK_BFL_TABLE_1);
    memcpy(s->flash + table.parts[0].addr[1], s->flash + APP, 0x20000);
    s->flash[BODY + 7] ^= 1;
    rk_bl602_judge(&view, &r);
    assert_int_equal(r.active_slot, 1);
    assert_int_equal(r.boots, RK_BOOTS_YES);
    assert_int_equal(plan_into(s, &s->sources, &plan, NULL), RK_OK);
    assert_int_equal(writes_of(plan, RK_BL602_TABLE), 2);
    assert_int_equal(plan->writes[plan->write_count - 2].addr, RK_BFL_TABLE_0);
    set_apply(plan, s->flash);
    rk_bl602_judge(&view, &r);
    assert_int_equal(r.active_slot, 0);
    assert_int_equal(r.table_age[0], 2);
    assert_true(r.complete);
    rk_bl602_plan_free(plan);
    free(s);
}

static void test_header_is_made_anew_from_the_code_that_is_there(void **state)
{
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};
    struct set *s = ready();
    struct rk_bl602_plan *plan = NULL;
    struct rk_bfl_header h;

    (void)state;
    s->flash[12] ^= 0x10; /* flash parameters; header CRC made right again */
    rk_put_le32(s->flash + 172, rk_crc32(0, s->flash, 172));
    assert_int_equal(plan_into(s, &nothing, &plan, NULL), RK_OK);
    assert_string_equal(rk_bl602_fatal(&plan->before)->id, "header-flash");
    assert_int_equal(writes_of(plan, RK_BL602_BOOT_HEADER), 1);
    set_apply(plan, s->flash);
    assert_true(rk_bfl_header_read(s->flash, RK_BFL_HEADER, &h));
    assert_true(h.flash_good && h.crc_good);
    rk_bl602_plan_free(plan);
    free(s);
}

static void expect_refusal(struct set *s, const uint8_t *app, size_t len, const char *id,
                           const char *detail)
{
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_error err = {.status = RK_OK};

    assert_int_not_equal(rk_bl602_plan(&view, app, len, &s->sources, &plan, &err), RK_OK);
    assert_null(plan);
    assert_string_equal(err.id, id);
    assert_true(err.hint[0]);
    if (!strstr(err.detail, detail) && !strstr(err.message, detail))
        fail_msg("\"%s\" / \"%s\" does not say \"%s\"", err.message, err.detail, detail);
}

static void test_bad_applications(void **state)
{
    struct set *s = ready();
    size_t len = BODY - APP + SET_APP_BYTES;
    uint8_t *file = malloc(len), *big = calloc(1, 0xE0000);

    (void)state;
    memcpy(file, s->flash + APP, len);
    expect_refusal(s, s->boot2, sizeof s->boot2, "bl602.application", "second-stage loader");
    expect_refusal(s, big, 0xE0000, "bl602.application", "no code");
    set_fill(big, 0xE0000, 1);
    expect_refusal(s, big, 0xE0000, "bl602.application", "nothing in it says");
    set_app(big, 0xE0000, "OpenBL602_1.18.99");
    expect_refusal(s, big, 0xE0000, "bl602.too-large", "partition has");
    file[0x1000 + 33] ^= 1;
    expect_refusal(s, file, len, "bl602.application", "another hash");
    file[0x1000 + 33] ^= 1;
    expect_refusal(s, file, len - 1, "bl602.application", "cut short");
    file[104] = 5; /* a 26 MHz crystal */
    rk_bfl_header_reseal(file, NULL);
    expect_refusal(s, file, len, "bl602.application", "crystal");
    file[104] = 4;
    file[118] |= 8; /* the mark of the BL702 */
    rk_bfl_header_reseal(file, NULL);
    expect_refusal(s, file, len, "bl602.application", "another chip");
    file[118] &= (uint8_t)~8;
    rk_bfl_header_reseal(file, NULL);
    file[172] ^= 1;
    expect_refusal(s, file, len, "bl602.application", "CRC");
    free(file);
    free(big);
    free(s);
}

/* Digests stand for bytes that were not read, until something is written over them. */
static void test_digests(void **state)
{
    struct set *s = ready();
    uint8_t known[SET_FLASH / 4096];
    struct rk_bl602_digest digests[2] = {{.addr = BOOT2, .len = SET_BOOT2},
                                         {.addr = BODY, .len = SET_APP_BYTES}};
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_error err = {.status = RK_OK};

    (void)state;
    memset(known, 1, sizeof known);
    memset(known + BOOT2 / 4096, 0, SET_BOOT2 / 4096 + 1);
    memset(known + BODY / 4096, 0, SET_APP_BYTES / 4096 + 1);
    view.known = known;
    view.digests = digests;
    view.digest_count = 2;
    digests[0].len = rk_get_le32(s->flash + 120);
    for (size_t i = 0; i < 2; i++)
        rk_sha256(s->flash + digests[i].addr, digests[i].len, digests[i].sha256);
    s->app[5000] ^= 1; /* another application of the same length */
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &nothing, &plan, &err), RK_OK);
    assert_int_equal(plan->write_count, 2);
    rk_bl602_plan_free(plan);
    plan = NULL;
    s->flash[12] ^= 0x10; /* a new header is needed, and for that the loader's bytes */
    rk_put_le32(s->flash + 172, rk_crc32(0, s->flash, 172));
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &nothing, &plan, &err),
                     RK_ERR_ARG);
    assert_string_equal(err.id, "bl602.unread");
    assert_int_equal(err.addr, BOOT2);
    free(s);
}

/* OTA files and xz streams are applications too; a cut or damaged one is refused. */
static void test_updates_as_applications(void **state)
{
    struct set *s = ready();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    size_t len = BODY - APP + SET_APP_BYTES;
    struct rk_bytes ota;

    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        if (rk_bl602_pack_ota(s->flash + APP, len, packed, NULL, NULL, &ota, NULL) != RK_OK)
            continue;
        assert_int_equal(rk_bl602_plan(&view, ota.data, ota.len, &s->sources, &plan, NULL), RK_OK);
        assert_memory_equal(plan->writes[0].data, s->flash + BODY, SET_APP_BYTES);
        rk_bl602_plan_free(plan);
        expect_refusal(s, ota.data, ota.len - 1, "bl602.application", "cut short");
        ota.data[800] ^= 1;
        expect_refusal(s, ota.data, ota.len, "bl602.application", "hash");
        ota.data[800] ^= 1;
        if (packed)
            expect_refusal(s, ota.data + 512, (ota.len - 512) / 2, "xz.damaged", "cut short");
        rk_bytes_free(&ota);
    }
    free(s);
}

/* 1 MiB parts: the vendor's layout loses the boot header to builds that take 32 KiB for settings;
 * a 2 MiB table puts what it needs past the end. */
static void test_small_flash(void **state)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_error err = {.status = RK_OK};

    (void)state;
    view.len = view.flash_size = 1u << 20;
    set_app(s->app, sizeof s->app, "OpenBL602_1.18.57");
    s->sources.layout = "2m";
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "bl602.layout");
    s->sources.layout = "1m-vendor";
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "bl602.layout");
    assert_non_null(strstr(err.detail, "boot header"));
    set_app(s->app, sizeof s->app, "OpenBL602_1.18.99"); /* nobody knows about this one */
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err),
                     RK_ERR_IMAGE_FORMAT);
    set_app(s->app, sizeof s->app, "another firmware");
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err), RK_OK);
    assert_true(plan->after.complete);
    rk_bl602_plan_free(plan);
    set_app(s->app, sizeof s->app, "OpenBL602_1.18.57");
    s->sources.layout = NULL;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err), RK_OK);
    assert_string_equal(plan->layout, "1m");
    assert_true(plan->after.complete);
    rk_bl602_plan_free(plan);
    free(s);
}

static void test_flash_parts(void **state)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_error err = {.status = RK_OK};

    (void)state;
    view.has_jedec = true;
    memcpy(view.jedec, "\xC8\x40\x15", 3);
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err), RK_OK);
    set_apply(plan, s->flash);
    assert_int_equal(s->flash[25], 0xC8);
    assert_int_equal(s->flash[APP + 25], 0xC8);
    rk_bl602_plan_free(plan);
    memcpy(view.jedec, "\x01\x02\x15", 3);
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err),
                     RK_ERR_UNSUPPORTED);
    assert_string_equal(err.id, "bl602.flash-part");
    s->sources.accept_unknown_flash = true;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err), RK_OK);
    rk_bl602_plan_free(plan);
    free(s);
}

/* The layout changes: the module's own device tree goes along, the settings' new place is blank. */
static void test_layout_change(void **state)
{
    struct rk_bl602_sources other = {.size = sizeof other};
    struct set *s = ready();
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_report r;

    (void)state;
    memset(s->flash + 0x1F1000, 0x55, 0x1000);
    other.table =
        (const uint8_t *)"[[pt_entry]]\n"
                         "type=0\nname=\"FW\"\ndevice=0\naddress0=0x10000\nsize0=0xC0000\n"
                         "address1=0xD0000\nsize1=0x80000\nlen=0\n"
                         "[[pt_entry]]\n"
                         "type=3\nname=\"PSM\"\ndevice=0\naddress0=0x1F0000\nsize0=0x8000\n"
                         "address1=0\nsize1=0\nlen=0\n"
                         "[[pt_entry]]\n"
                         "type=7\nname=\"factory\"\ndevice=0\naddress0=0x1FC000\n"
                         "size0=0x4000\naddress1=0\nsize1=0\nlen=0\n";
    other.table_len = strlen((const char *)other.table);
    assert_int_equal(plan_into(s, &other, &plan, NULL), RK_OK);
    assert_true(plan->layout_changes);
    assert_int_equal(writes_of(plan, RK_BL602_SETTINGS), 1);
    assert_int_equal(writes_of(plan, RK_BL602_TREE), 1);
    set_apply(plan, s->flash);
    rk_bl602_judge(&view, &r);
    assert_true(r.complete);
    assert_int_equal(r.table_age[0], 1);
    assert_memory_equal(s->flash + 0x1FC000, s->flash + TREE, 1024);
    rk_bl602_plan_free(plan);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blank_flash_gets_everything),
        cmocka_unit_test(test_order_of_writes),
        cmocka_unit_test(test_only_the_application_where_the_rest_is_right),
        cmocka_unit_test(test_missing_piece_without_source),
        cmocka_unit_test(test_stale_slot_does_not_win),
        cmocka_unit_test(test_header_is_made_anew_from_the_code_that_is_there),
        cmocka_unit_test(test_bad_applications),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_updates_as_applications),
        cmocka_unit_test(test_small_flash),
        cmocka_unit_test(test_flash_parts),
        cmocka_unit_test(test_layout_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
