/* The settings inside, shown: as text for people and as JSON. */
#include "inside.h"
#include "store_keys.h"

#include "base/sha256.h"
#include "base/text.h"
#include "config/product.h"
#include "config/tuya_value.h"

#include <rekindle/easyflash.h>

#include <stdlib.h>
#include <string.h>

/* What is written at the same time for people and for programs. */
struct report {
    struct inside *in;
    struct text text;
    struct rk_json json;
};

static void begin(struct report *r, struct inside *in)
{
    memset(r, 0, sizeof *r);
    r->in = in;
    cli_result_begin(in->cli, &r->json);
    rk_json_object_begin(&r->json);
    rk_json_put_string(&r->json, "source", in->name);
}

static enum rk_status end(struct report *r)
{
    rk_json_object_end(&r->json);
    if (r->in->cli->out.json == JSON_OFF && r->text.bytes)
        output_result(&r->in->cli->out, r->text.bytes, r->text.len);
    text_free(&r->text);
    return RK_OK;
}

static void show_identity(struct report *r)
{
    static const char *const places[] = {"", "rf-sector", "device-tree"};
    static const char *const states[] = {"good", "default", "blank", "multicast"};
    struct rk_identity id;
    char mac[24];

    rk_json_key(&r->json, "identity");
    if (!rk_identity_find(r->in->data, r->in->len, &id)) {
        rk_json_null(&r->json);
        text_printf(&r->text, "MAC address   not found\n");
        return;
    }
    rk_text_format(mac, sizeof mac, "%02X:%02X:%02X:%02X:%02X:%02X", id.mac[0], id.mac[1],
                   id.mac[2], id.mac[3], id.mac[4], id.mac[5]);
    rk_json_object_begin(&r->json);
    rk_json_put_string(&r->json, "mac", mac);
    rk_json_put_string(&r->json, "state", states[id.state]);
    rk_json_put_string(&r->json, "place", places[id.place]);
    rk_json_put_u64(&r->json, "offset", id.offset);
    rk_json_object_end(&r->json);
    text_printf(&r->text, "MAC address   %s at 0x%06x%s\n", mac, (unsigned)id.offset,
                id.state == RK_MAC_DEFAULT
                    ? ", a default: other modules without calibration have it, too"
                : id.state == RK_MAC_GOOD ? ""
                                          : ", which is no address of a device");
}

static void show_tuya(struct report *r)
{
    const struct rk_tuya *t = r->in->tuya;
    const struct rk_tuya_key *keys;
    size_t doubtful = 0;

    rk_json_key(&r->json, "tuya");
    if (!t) {
        rk_json_null(&r->json);
        return;
    }
    const struct rk_tuya_facts *f = rk_tuya_facts(t);
    size_t count = rk_tuya_keys(t, &keys);
    for (size_t i = 0; i < count; i++)
        doubtful += !keys[i].certain;
    rk_json_object_begin(&r->json);
    rk_json_put_string(&r->json, "kind", rk_tuya_kind_name(f->kind));
    rk_json_put_u64(&r->json, "offset", f->offset);
    rk_json_put_string(&r->json, "variant", f->variant);
    rk_json_put_bool(&r->json, "key_guessed", f->key_guessed);
    rk_json_put_bool(&r->json, "key_repaired", f->key_repaired);
    rk_json_put_u64(&r->json, "sectors", f->sectors);
    rk_json_put_u64(&r->json, "bad_sectors", f->bad_sectors);
    rk_json_put_u64(&r->json, "protected_copies", f->protected_copies);
    rk_json_put_u64(&r->json, "keys", count);
    rk_json_put_u64(&r->json, "doubtful", doubtful);
    rk_json_object_end(&r->json);
    text_printf(&r->text, "Tuya storage  %s at 0x%06x, %zu keys", rk_tuya_kind_name(f->kind),
                (unsigned)f->offset, count);
    if (doubtful)
        text_printf(&r->text, ", %zu of them doubtful", doubtful);
    if (f->bad_sectors)
        text_printf(&r->text, ", %u of %u sectors damaged", (unsigned)f->bad_sectors,
                    (unsigned)f->sectors);
    text_printf(&r->text, "\n");
}

static void show_product(struct report *r)
{
    char *text = NULL;

    rk_json_key(&r->json, "product");
    if (!r->in->product) {
        rk_json_null(&r->json);
        return;
    }
    rk_product_put(&r->json, r->in->product);
    if (rk_product_write(r->in->product, RK_PRODUCT_TEXT, &text, NULL) == RK_OK)
        text_printf(&r->text, "\n");
    if (text)
        text_add(&r->text, text, strlen(text));
    free(text);
}

static void put_field(void *user, const struct rk_obk_item *item)
{
    struct report *r = user;
    bool hide = item->secret && !r->in->cli->out.show_secrets;
    const char *value = hide ? "(hidden)" : item->value;

    rk_json_put_string(&r->json, item->name, value);
    text_printf(&r->text, "  %-18s %s\n", item->name, value);
}

static void show_openbeken(struct report *r)
{
    static const char *const crcs[] = {"both", "signed", "unsigned"};
    struct rk_obk_boots boots;

    rk_json_key(&r->json, "openbeken");
    if (!r->in->obk) {
        rk_json_null(&r->json);
        return;
    }
    const struct rk_obk_facts *f = rk_obk_facts(r->in->obk);
    rk_json_object_begin(&r->json);
    rk_json_put_u64(&r->json, "version", f->version);
    rk_json_put_u64(&r->json, "length", f->length);
    rk_json_put_u64(&r->json, "offset", f->place.offset);
    rk_json_put_string(&r->json, "platform", f->platform ? f->platform->name : NULL);
    rk_json_put_string(&r->json, "checksum", crcs[f->crc]);
    text_printf(&r->text, "\nOpenBeken configuration, version %u, at 0x%06x%s%s\n",
                (unsigned)f->version, (unsigned)f->place.offset, f->platform ? ", platform " : "",
                f->platform ? f->platform->name : "");
    rk_json_key(&r->json, "fields");
    rk_json_object_begin(&r->json);
    rk_obk_visit(r->in->obk, put_field, r);
    rk_json_object_end(&r->json);
    rk_obk_boots(r->in->data, r->in->len, &boots);
    if (boots.found) {
        unsigned started = boots.boots, stayed = boots.successes;
        unsigned failures = started > stayed ? started - stayed : 0;
        rk_json_put_u64(&r->json, "boots", boots.boots);
        rk_json_put_u64(&r->json, "boot_failures", failures);
        text_printf(&r->text, "Started %u times, the last %u without staying up%s\n", started,
                    failures, failures > 4 ? ": in safe mode" : "");
    }
    rk_json_object_end(&r->json);
}

enum rk_status inside_show(struct inside *in)
{
    struct report r;
    enum rk_status st = inside_need_any(in);

    if (st != RK_OK)
        return st;
    begin(&r, in);
    show_identity(&r);
    show_tuya(&r);
    show_product(&r);
    show_openbeken(&r);
    return end(&r);
}

/* A value in one line of at most `limit` characters. */
static void line_of(const struct rk_tuya_key *key, bool show_secrets, char *out, size_t limit)
{
    struct text text = {.bytes = NULL};
    struct rk_json json;

    rk_json_init(&json, text_sink, &text, false);
    rk_tuya_put_value(&json, key, show_secrets);
    rk_text_copy(out, limit, text.bytes ? text.bytes : "");
    if (text.len >= limit && limit > 4)
        rk_text_copy(out + limit - 4, 4, "...");
    text_free(&text);
}

static void show_key(struct report *r, const struct rk_tuya_key *k)
{
    bool show = r->in->cli->out.show_secrets;
    uint8_t digest[32];
    char hex[65], line[80];

    rk_sha256(k->value, k->length, digest);
    rk_sha256_hex(digest, hex);
    rk_json_object_begin(&r->json);
    rk_json_put_string(&r->json, "name", k->name);
    rk_json_put_string(&r->json, "kind", rk_value_kind_name(k->kind));
    rk_json_key(&r->json, "value");
    rk_tuya_put_value(&r->json, k, show);
    rk_json_put_u64(&r->json, "length", k->length);
    rk_json_put_string(&r->json, "sha256", hex);
    rk_json_key(&r->json, "where");
    rk_json_object_begin(&r->json);
    rk_json_put_u64(&r->json, "block", k->block);
    rk_json_put_u64(&r->json, "page", k->page);
    rk_json_put_u64(&r->json, "offset", k->offset);
    rk_json_object_end(&r->json);
    rk_json_put_bool(&r->json, "certain", k->certain);
    rk_json_put_bool(&r->json, "doubtful", !k->certain);
    rk_json_put_string(&r->json, "doubt", k->certain ? NULL : k->doubt);
    rk_json_object_end(&r->json);
    line_of(k, show, line, sizeof line);
    text_printf(&r->text, "%-20s %-7s %5u  %-8s %s\n", k->name[0] ? k->name : "(no name)",
                rk_value_kind_name(k->kind), (unsigned)k->length,
                k->certain ? "certain" : "doubtful", line);
    if (!k->certain)
        text_printf(&r->text, "%-20s   %s\n", "", k->doubt);
}

enum rk_status inside_keys(struct inside *in)
{
    const struct rk_tuya_key *keys;
    struct report r;

    if (!in->tuya && rk_store_keys(in->data, in->len, NULL, 0) > 0) {
        begin(&r, in);
        store_keys_show(in->data, in->len, in->cli->out.show_secrets, &r.text, &r.json);
        return end(&r);
    }
    if (!in->tuya) {
        in->cli->err = in->tuya_error;
        if (in->obk)
            rk_error_hint(&in->cli->err, "there is an OpenBeken configuration: use config show");
        return in->cli->err.status;
    }
    begin(&r, in);
    rk_json_key(&r.json, "keys");
    rk_json_array_begin(&r.json);
    size_t count = rk_tuya_keys(in->tuya, &keys);
    for (size_t i = 0; i < count; i++)
        show_key(&r, &keys[i]);
    rk_json_array_end(&r.json);
    return end(&r);
}
