#include "image/view.h"

#include <rekindle/bl602.h>

#include <stdio.h>
#include <string.h>

static void put_optional(struct rk_json *json, const char *key, const char *text)
{
    if (text[0])
        rk_json_put_string(json, key, text);
    else
        rk_json_put_null(json, key);
}

static void put_tests(struct rk_json *json, const struct rk_inspect_test *tests, size_t count)
{
    rk_json_key(json, "tests");
    rk_json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "id", tests[i].id);
        rk_json_put_string(json, "name", tests[i].name);
        rk_json_put_string(json, "verdict", rk_verdict_name(tests[i].verdict));
        rk_json_put_string(json, "text", tests[i].text);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static void put_facts(struct rk_json *json, const struct rk_inspect *r)
{
    const struct rk_image_facts *f = &r->facts;
    char mac[20];

    rk_json_put_string(json, "kind", rk_image_kind_name(f->kind));
    put_optional(json, "family", f->family);
    put_optional(json, "chip", f->chip);
    rk_json_put_string(json, "chip_evidence", rk_evidence_name(f->chip_evidence));
    rk_json_put_string(json, "key_class", rk_key_class_name(f->key_class));
    put_optional(json, "key_name", r->key_name);
    rk_json_put_string(json, "summary", f->summary);
    rk_json_put_u64(json, "size", r->file_size);
    rk_json_put_string(json, "sha256", r->sha256);
    rk_json_put_u64(json, "start", r->start);
    put_optional(json, "boot_loader", f->boot_name);
    put_optional(json, "boot_variant", r->boot_variant);
    rk_json_put_bool(json, "boot_verified", f->boot_verified);
    put_optional(json, "app_name", f->app_name);
    put_optional(json, "app_version", f->app_version);
    put_optional(json, "sdk", r->sdk);
    put_optional(json, "build", r->build);
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", f->mac[0], f->mac[1], f->mac[2],
             f->mac[3], f->mac[4], f->mac[5]);
    put_optional(json, "mac", f->has_mac ? mac : "");
    rk_json_put_bool(json, "calibrated", r->calibrated);
    rk_json_put_bool(json, "tuya_storage", r->has_tuya_storage);
    rk_json_put_bool(json, "obk_config", r->has_obk_config);
    rk_json_put_bool(json, "truncated", f->truncated);
    rk_json_put_u64(json, "bad_blocks", f->bad_blocks);
    rk_json_put_u64(json, "blank_bytes", r->blank_bytes);
    rk_json_put_u64(json, "damaged_sectors", r->damaged_sectors);
}

static void put_parts(struct rk_json *json, const struct rk_inspect *r)
{
    rk_json_key(json, "partitions");
    rk_json_array_begin(json);
    for (size_t i = 0; i < r->partition_count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "name", r->partitions[i].name);
        rk_json_put_u64(json, "address", r->partitions[i].addr);
        rk_json_put_u64(json, "length", r->partitions[i].len);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
    rk_json_key(json, "parts");
    rk_json_array_begin(json);
    for (size_t i = 0; i < r->part_count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "kind", r->parts[i].kind);
        rk_json_put_u64(json, "address", r->parts[i].addr);
        rk_json_put_u64(json, "length", r->parts[i].len);
        rk_json_put_string(json, "name", r->parts[i].name);
        rk_json_put_string(json, "verdict", rk_verdict_name(r->parts[i].verdict));
        put_optional(json, "note", r->parts[i].note);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static void put_boots(struct rk_json *json, const struct rk_inspect *r)
{
    rk_json_key(json, "boots");
    rk_json_array_begin(json);
    for (size_t i = 0; i < r->boot_count; i++) {
        const struct rk_inspect_boot *b = &r->boots[i];

        rk_json_object_begin(json);
        rk_json_put_string(json, "chip", b->chip);
        rk_json_put_string(json, "verdict", rk_boots_name(b->boots));
        put_optional(json, "reason", b->reason);
        put_optional(json, "remedy", b->remedy);
        put_optional(json, "uart", b->uart);
        put_tests(json, b->tests, b->test_count);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

/* Runs of sectors with the same use, and the entropy of each sector in bits per byte. */
static void put_map(struct rk_json *json, const struct rk_inspect *r)
{
    size_t i = 0;

    rk_json_key(json, "sectors");
    rk_json_array_begin(json);
    while (i < r->sector_count) {
        size_t first = i;

        while (i < r->sector_count && r->sectors[i].use == r->sectors[first].use)
            i++;
        rk_json_object_begin(json);
        rk_json_put_u64(json, "address", r->start + first * RK_SECTOR_SIZE);
        rk_json_put_u64(json, "length", (i - first) * RK_SECTOR_SIZE);
        rk_json_put_string(json, "use",
                           rk_sector_use_name((enum rk_sector_use)r->sectors[first].use));
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
    rk_json_key(json, "entropy");
    rk_json_array_begin(json);
    for (i = 0; i < r->sector_count; i++)
        rk_json_real(json, r->sectors[i].entropy / 31.0, 2);
    rk_json_array_end(json);
}

static void put_pieces(struct rk_json *json, const struct rk_bl602_report *b)
{
    rk_json_key(json, "pieces");
    rk_json_array_begin(json);
    for (size_t i = 0; i < RK_BL602_PIECES; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "piece", rk_bl602_piece_name((enum rk_bl602_piece)i));
        rk_json_put_string(json, "state", rk_bl602_state_name(b->pieces[i]));
        rk_json_put_u64(json, "address", b->piece_addr[i]);
        rk_json_put_u64(json, "length", b->piece_len[i]);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static void put_tables(struct rk_json *json, const struct rk_bl602_report *b)
{
    rk_json_key(json, "tables");
    rk_json_array_begin(json);
    for (int i = 0; i < 2; i++) {
        rk_json_object_begin(json);
        rk_json_put_bool(json, "valid", b->table_valid[i]);
        rk_json_put_u64(json, "age", b->table_age[i]);
        rk_json_put_bool(json, "counts", b->table == i);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
    rk_json_put_u64(json, "active_slot", b->active_slot);
}

static void put_findings(struct rk_json *json, const struct rk_bl602_report *b)
{
    rk_json_key(json, "findings");
    rk_json_array_begin(json);
    for (size_t i = 0; i < b->finding_count; i++) {
        const struct rk_bl602_finding *f = &b->findings[i];

        rk_json_object_begin(json);
        rk_json_put_string(json, "id", f->id);
        rk_json_put_string(json, "piece", rk_bl602_piece_name(f->piece));
        rk_json_put_string(json, "verdict", rk_verdict_name(f->verdict));
        rk_json_put_u64(json, "address", f->addr);
        rk_json_put_string(json, "text", f->text);
        put_optional(json, "uart", f->uart);
        put_optional(json, "remedy", f->remedy);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

/* The judgement of a BL602's flash, piece by piece. */
static void put_bl602(struct rk_json *json, const struct rk_bl602_report *b)
{
    rk_json_key(json, "bl602");
    if (!b) {
        rk_json_null(json);
        return;
    }
    rk_json_object_begin(json);
    rk_json_put_bool(json, "complete", b->complete);
    rk_json_put_string(json, "uart", rk_bl602_uart_name(b->uart));
    put_pieces(json, b);
    put_tables(json, b);
    put_findings(json, b);
    rk_json_object_end(json);
}

void rk_view_json(struct rk_json *json, const struct rk_inspect *r)
{
    put_facts(json, r);
    put_parts(json, r);
    put_boots(json, r);
    put_bl602(json, r->bl602);
    put_map(json, r);
}

void rk_view_update_json(struct rk_json *json, const struct rk_update *u)
{
    rk_json_put_bool(json, "accepted", u->accepted);
    rk_json_put_bool(json, "ignored", u->ignored);
    put_optional(json, "version", u->version);
    put_optional(json, "reason", u->reason);
    put_tests(json, u->tests, u->test_count);
}
