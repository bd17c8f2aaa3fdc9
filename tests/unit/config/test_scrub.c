/* Scrubbed copies: readable, and without a single secret. */
#include "unit/config/goldens.h"
#include "unit/config/storage_builder.h"

#include "config/secret_list.h"

#include <rekindle/product.h>
#include <rekindle/scrub.h>

#include <stdio.h>

#define SIZE (16u * 4096u)

/* True if the text stands in any sector, deciphered under the key. */
static bool stands_in(const uint8_t *data, size_t len, const uint8_t key[16], const void *text,
                      size_t text_length)
{
    struct rk_cipher cipher;
    uint8_t *plain = malloc(len);
    bool found = memmem(data, len, text, text_length) != NULL;

    rk_cipher_init(&cipher, key, false);
    rk_cipher_run(&cipher, data, plain, len / 16 * 16);
    rk_cipher_free(&cipher);
    found |= memmem(plain, len, text, text_length) != NULL;
    free(plain);
    return found;
}

static void secrets_go_and_the_rest_stays(void **state)
{
    static const char *const secrets[] = {"MyPassword1", "TheNetwork", "old-password",
                                          "0123456789abcdef", "localkey12"};
    uint8_t *flash = malloc(SIZE), s[4096], *out = NULL, key[16];
    struct rk_scrub_report report;
    struct rk_tuya *t = NULL;
    (void)state;
    memset(flash, 0xFF, SIZE);
    builder_key_block(flash);
    builder_sector(s, 0, 4);
    builder_value(s, 1, "gw_wsm",
                  "{\"ssid\":\"TheNetwork\",\"passwd\":\"MyPassword1\",\"stat\":2}");
    builder_value(s, 5, "gw_ai", "{lckey:localkey12,key:0123456789abcdef,time_z:+01:00}");
    builder_value(s, 9, "user_param_key", "{rl1_pin:26,crc:85,}");
    memcpy(s + 128 * 20, "old-password", 12);
    builder_store(flash + 4096, s, 0);
    builder_sector(s, 0, 3);
    builder_value(s, 1, "gw_wsm",
                  "{\"ssid\":\"TheNetwork\",\"passwd\":\"old-password\",\"stat\":2}");
    builder_store(flash + 2 * 4096, s, 0);
    memcpy(flash + 8 * 4096 + 77, "..TheNetwork..", 14);
    assert_int_equal(rk_scrub(flash, SIZE, &out, &report, NULL), RK_OK);
    assert_true(report.proven);
    assert_int_equal(report.elsewhere, 1);
    rk_tuya_data_key(builder_inner, 0, key);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_true(stands_in(flash, SIZE, key, secrets[i], strlen(secrets[i])));
        if (stands_in(out, SIZE, key, secrets[i], strlen(secrets[i])))
            fail_msg("%s is still there", secrets[i]);
    }
    assert_int_equal(rk_tuya_read(out, SIZE, &t, NULL), RK_OK);
    const struct rk_tuya_key *pins = rk_tuya_find(t, "user_param_key");
    assert_true(pins->certain && pins->check_right);
    const struct rk_tuya_key *wsm = rk_tuya_find(t, "gw_wsm");
    assert_true(wsm->certain);
    assert_string_equal((const char *)wsm->value,
                        "{\"ssid\":\"xxxxxxxxxx\",\"passwd\":\"xxxxxxxxxxx\",\"stat\":2}");
    assert_string_equal((const char *)rk_tuya_find(t, "gw_ai")->value,
                        "{lckey:xxxxxxxxxx,key:xxxxxxxxxxxxxxxx,time_z:+01:00}");
    rk_tuya_free(t);
    free(out);
    free(flash);
}

static void openbeken_secrets_go(void **state)
{
    static const uint8_t mac[6] = {0x10, 0x5A, 0x17, 1, 2, 3};
    uint8_t *flash = malloc(0x200000), *out = NULL;
    struct rk_scrub_report report;
    struct rk_obk *obk = NULL;
    struct rk_obk_patch patch;
    size_t len;
    char *value;
    (void)state;
    memset(flash, 0xFF, 0x200000);
    assert_int_equal(rk_obk_new("BK7231N", mac, &obk, NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "wifi.ssid", "TheNetwork", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "wifi.password", "MyPassword1", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "mqtt.password", "broker-secret", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "pin.26", "Rel;1", NULL), RK_OK);
    (void)rk_obk_seal(obk, &len);
    assert_int_equal(rk_obk_patch(obk, flash, 0x200000, &patch, NULL), RK_OK);
    memcpy(flash + patch.addr, patch.data, patch.len);
    free(patch.data);
    rk_obk_free(obk);
    assert_int_equal(rk_scrub(flash, 0x200000, &out, &report, NULL), RK_OK);
    assert_true(report.proven);
    assert_int_equal(report.secrets, 3);
    assert_null(memmem(out, 0x200000, "MyPassword1", 11));
    assert_null(memmem(out, 0x200000, "broker-secret", 13));
    assert_int_equal(rk_obk_find(out, 0x200000, NULL, &obk, NULL), RK_OK);
    assert_int_equal(rk_obk_get(obk, "pin.26", &value, NULL, NULL), RK_OK);
    assert_string_equal(value, "Rel;1");
    free(value);
    rk_obk_free(obk);
    free(out);
    /* A damaged record cannot be masked field by field: its sector is emptied. */
    flash[0x1D1500] ^= 1;
    assert_int_equal(rk_scrub(flash, 0x200000, &out, &report, NULL), RK_OK);
    assert_null(memmem(out, 0x200000, "MyPassword1", 11));
    free(out);
    free(flash);
}

static void bytes_without_settings_stay(void **state)
{
    uint8_t data[5000], *out = NULL;
    struct rk_scrub_report report;
    (void)state;
    memset(data, 0x5A, sizeof data);
    assert_int_equal(rk_scrub(data, sizeof data, &out, &report, NULL), RK_OK);
    assert_memory_equal(data, out, sizeof data);
    assert_int_equal(report.secrets, 0);
    free(out);
}

static void check_capture(const struct golden *g)
{
    struct rk_scrub_report report;
    struct rk_error err = {0};
    struct rk_tuya *before = NULL, *after = NULL;
    struct rk_product *p = NULL, *q = NULL;
    struct rk_secret_list secrets = {0};
    const struct rk_tuya_key *keys;
    char *a = NULL, *b = NULL;
    uint8_t *out = NULL;

    if (rk_scrub(g->data, g->len, &out, &report, &err) != RK_OK)
        fail_msg("%s: %s", g->file, err.message);
    assert_true(report.proven);
    assert_int_equal(rk_tuya_read(g->data, g->len, &before, NULL), RK_OK);
    assert_int_equal(rk_tuya_read(out, g->len, &after, NULL), RK_OK);
    size_t count = rk_tuya_keys(before, &keys);
    for (size_t i = 0; i < count; i++) {
        const struct rk_tuya_key *k = rk_tuya_find(after, keys[i].name);
        if (!k || k->length != keys[i].length || !k->certain)
            fail_msg("%s: \"%s\" did not survive", g->file, keys[i].name);
        rk_secrets_of_key(&secrets, &keys[i]);
    }
    /* What is left in the copy, key by key and byte by byte. */
    for (size_t i = 0; i < count; i++) {
        const struct rk_tuya_key *k = rk_tuya_find(after, keys[i].name);
        assert_false(rk_secrets_in(&secrets, k->value, k->length));
    }
    for (size_t i = 0; i < secrets.count; i++)
        if (secrets.items[i].len >= RK_SECRET_SEARCHED)
            assert_false(stands_in(out, g->len, rk_tuya_facts(before)->data_key,
                                   secrets.items[i].bytes, secrets.items[i].len));
    assert_int_equal(rk_product_of_tuya(before, &p, NULL), RK_OK);
    assert_int_equal(rk_product_of_tuya(after, &q, NULL), RK_OK);
    assert_int_equal(rk_product_write(p, RK_PRODUCT_TEXT, &a, NULL), RK_OK);
    assert_int_equal(rk_product_write(q, RK_PRODUCT_TEXT, &b, NULL), RK_OK);
    assert_string_equal(a, b);
    if (golden_verbose())
        printf("%-60.60s secrets %u, searched %u, sectors %u, elsewhere %u\n", g->file,
               (unsigned)report.secrets, (unsigned)report.searched, (unsigned)report.sectors,
               (unsigned)report.elsewhere);
    free(a);
    free(b);
    rk_product_free(p);
    rk_product_free(q);
    rk_secrets_free(&secrets);
    rk_tuya_free(before);
    rk_tuya_free(after);
    free(out);
}

static void captures_lose_every_secret(void **state)
{
    (void)state;
    if (golden_each(check_capture) == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_go_and_the_rest_stays),
        cmocka_unit_test(openbeken_secrets_go),
        cmocka_unit_test(bytes_without_settings_stay),
        cmocka_unit_test(captures_lose_every_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
