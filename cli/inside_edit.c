/* The settings inside, taken out, changed, converted and scrubbed. */
#include "inside.h"

#include "base/buffer.h"
#include "base/text.h"
#include "config/loose.h"
#include "config/secrets.h"
#include "config/tuya_value.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

/* ---- get ---- */

static void put_result(struct inside *in, const char *name, const char *value, bool hidden)
{
    struct rk_json json;

    cli_result_begin(in->cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "name", name);
    rk_json_put_string(&json, "value", value);
    rk_json_put_bool(&json, "hidden", hidden);
    rk_json_object_end(&json);
    if (in->cli->out.json != JSON_OFF)
        return;
    size_t cap = 4 * strlen(value) + 2;
    char *line = malloc(cap);
    if (!line)
        return;
    rk_text_escape(line, cap - 1, (const uint8_t *)value, strlen(value));
    rk_text_append(line, cap, "\n");
    output_result(&in->cli->out, line, strlen(line));
    free(line);
}

/* "gw_di.pk": a member of a key's value. */
static enum rk_status get_member(struct inside *in, const struct rk_tuya_key *key, const char *name,
                                 const char *member)
{
    struct rk_arena arena = {0};
    struct text text = {.bytes = NULL};
    struct rk_json json;
    bool repaired, hide = !in->cli->out.show_secrets && rk_secret_member(key->name, member);
    const struct rk_loose *root =
        rk_loose_parse(&arena, (const char *)key->value, key->text_length, &repaired);
    const struct rk_loose *value = rk_loose_get(root, member);
    enum rk_status st = RK_OK;

    rk_json_init(&json, text_sink, &text, false);
    if (!value)
        st = rk_fail(&in->cli->err, RK_ERR_ARG, "config.field", "%s has no member \"%s\"",
                     key->name, member);
    else if (hide)
        put_result(in, name, "(hidden)", true);
    else if (value->kind == RK_LOOSE_LIST || value->kind == RK_LOOSE_OBJECT)
        rk_loose_write(&json, value, NULL, NULL);
    else
        put_result(in, name, value->kind == RK_LOOSE_NULL ? "" : value->text, false);
    if (text.bytes)
        put_result(in, name, text.bytes, false);
    text_free(&text);
    rk_arena_free(&arena);
    return st;
}

static enum rk_status get_key(struct inside *in, const char *name)
{
    const struct rk_tuya_key *key = rk_tuya_find(in->tuya, name);
    const char *dot = strchr(name, '.');
    bool show = in->cli->out.show_secrets;
    char head[64];

    if (!key && dot && (size_t)(dot - name) < sizeof head) {
        rk_text_format(head, sizeof head, "%.*s", (int)(dot - name), name);
        key = rk_tuya_find(in->tuya, head);
        if (key)
            return get_member(in, key, name, dot + 1);
    }
    if (!key) {
        rk_fail(&in->cli->err, RK_ERR_ARG, "config.field", "there is no key \"%s\"", name);
        rk_error_hint(&in->cli->err, "`rekindle config keys` lists them");
        return RK_ERR_ARG;
    }
    bool hidden = !show && rk_tuya_has_secret(key);
    if (!hidden && key->kind != RK_VALUE_BINARY) {
        put_result(in, name, (const char *)key->value, false);
        return RK_OK;
    }
    struct text text = {.bytes = NULL};
    struct rk_json json;
    rk_json_init(&json, text_sink, &text, false);
    rk_tuya_put_value(&json, key, show);
    put_result(in, name, text.bytes ? text.bytes : "", hidden);
    text_free(&text);
    return RK_OK;
}

enum rk_status inside_get(struct inside *in, const char *name)
{
    char *value = NULL;
    bool secret = false;
    enum rk_status st = inside_need_any(in);

    if (st != RK_OK)
        return st;
    if (in->obk && rk_obk_get(in->obk, name, &value, &secret, &in->cli->err) == RK_OK) {
        bool hide = secret && !in->cli->out.show_secrets;
        put_result(in, name, hide ? "(hidden)" : value, hide);
        free(value);
        rk_error_clear(&in->cli->err);
        return RK_OK;
    }
    if (!in->tuya)
        return in->cli->err.status;
    rk_error_clear(&in->cli->err);
    return get_key(in, name);
}

/* ---- set and import ---- */

/* Writes what was changed: sectors to the module, or a changed copy of the file. */
static enum rk_status store(struct inside *in, uint32_t addr, const uint8_t *data, size_t len)
{
    if (in->module)
        return inside_write_module(in, addr, data, len);
    memcpy(in->data + addr, data, len);
    return inside_output(in, in->data, in->len, in->obk != NULL);
}

static enum rk_status store_record(struct inside *in)
{
    struct rk_obk_patch patch;
    size_t length;

    (void)rk_obk_seal(in->obk, &length);
    enum rk_status st = rk_obk_patch(in->obk, in->data, in->len, &patch, &in->cli->err);
    if (st != RK_OK)
        return st;
    st = store(in, patch.addr, patch.data, patch.len);
    free(patch.data);
    return st;
}

static enum rk_status set_mac(struct inside *in, const char *text)
{
    struct rk_identity id;
    uint8_t mac[6];
    enum rk_status st = rk_mac_parse(text, mac, &in->cli->err);

    if (st == RK_OK && !rk_identity_find(in->data, in->len, &id)) {
        rk_fail(&in->cli->err, RK_ERR_IMAGE_FORMAT, "config.place",
                "there is no calibration record that could hold an address");
        rk_error_hint(&in->cli->err, "restore the RF sector from a backup of this module first");
        st = RK_ERR_IMAGE_FORMAT;
    }
    if (st == RK_OK)
        st = rk_identity_set(in->data, in->len, &id, mac, &in->cli->err);
    return st == RK_OK ? store(in, id.sector, in->data + id.sector, RK_SECTOR_SIZE) : st;
}

static enum rk_status set_one(struct inside *in, const char *change)
{
    const char *equal = strchr(change, '=');
    char name[48];

    if (!equal || equal == change || (size_t)(equal - change) >= sizeof name) {
        rk_fail(&in->cli->err, RK_ERR_ARG, "usage.value", "\"%s\" is not NAME=VALUE", change);
        rk_error_hint(&in->cli->err, "for example mqtt.host=192.168.1.10 or \"pin.26=Rel;1\"");
        return RK_ERR_ARG;
    }
    rk_text_format(name, sizeof name, "%.*s", (int)(equal - change), change);
    char *before = NULL;
    bool secret = false;
    enum rk_status st = rk_obk_get(in->obk, name, &before, &secret, &in->cli->err);
    if (st == RK_OK)
        st = rk_obk_set(in->obk, name, equal + 1, &in->cli->err);
    if (st == RK_OK) {
        char line[200];
        bool hide = secret && !in->cli->out.show_secrets;
        rk_text_format(line, sizeof line, "%s: \"%s\" -> \"%s\"", name, hide ? "..." : before,
                       hide ? "..." : equal + 1);
        output_story(&in->cli->out, "", "set", line);
    }
    free(before);
    return st;
}

enum rk_status inside_set(struct inside *in, const char *const *changes, size_t count)
{
    enum rk_status st = RK_OK;

    if (count == 1 && strncmp(changes[0], "mac=", 4) == 0 && !in->obk)
        return set_mac(in, changes[0] + 4);
    if (count == 1 && strncmp(changes[0], "rf.mac=", 7) == 0)
        return set_mac(in, changes[0] + 7);
    if (!in->obk) {
        in->cli->err = in->obk_error;
        return in->cli->err.status;
    }
    for (size_t i = 0; i < count && st == RK_OK; i++)
        st = set_one(in, changes[i]);
    return st == RK_OK ? store_record(in) : st;
}

/* Settings of a file: fields of an export, or an OpenBeken template. */
static enum rk_status import_json(struct inside *in, const struct rk_loose *root)
{
    const struct rk_loose *fields = rk_loose_get(root, "fields");
    const struct rk_loose *pins = rk_loose_get(root, "pins");
    const char *command = rk_loose_text(root, "command"), *flags = rk_loose_text(root, "flags");
    char name[48];
    enum rk_status st = RK_OK;

    for (const struct rk_loose *m = fields ? fields->first : NULL; m && st == RK_OK; m = m->next)
        if (strcmp(m->text, "(hidden)") != 0)
            st = rk_obk_set(in->obk, m->key, m->text, &in->cli->err);
    if (pins && st == RK_OK)
        rk_obk_clear_pins(in->obk);
    for (const struct rk_loose *m = pins ? pins->first : NULL; m && st == RK_OK; m = m->next) {
        rk_text_format(name, sizeof name, "pin.%s", m->key);
        st = rk_obk_set(in->obk, name, m->text, &in->cli->err);
    }
    if (command && st == RK_OK)
        st = rk_obk_set(in->obk, "startup", command, &in->cli->err);
    if (flags && st == RK_OK)
        st = rk_obk_set(in->obk, "flags", flags, &in->cli->err);
    if (!fields && !pins) {
        rk_fail(&in->cli->err, RK_ERR_IMAGE_FORMAT, "config.text",
                "the file holds neither fields nor a template");
        rk_error_hint(&in->cli->err, "import what config export wrote, or an OpenBeken template");
        return RK_ERR_IMAGE_FORMAT;
    }
    return st;
}

enum rk_status inside_import(struct inside *in, const char *file)
{
    struct rk_arena arena = {0};
    struct rk_obk *record = NULL;
    uint8_t *data = NULL;
    size_t len = 0;
    bool repaired;
    enum rk_status st = rk_file_read(file, 1u << 20, &data, &len, &in->cli->err);

    if (st != RK_OK)
        return st;
    if (!in->obk) {
        in->cli->err = in->obk_error;
        free(data);
        return in->cli->err.status;
    }
    const struct rk_loose *root = rk_loose_parse(&arena, (const char *)data, len, &repaired);
    if (root) {
        st = import_json(in, root);
    } else {
        const struct rk_obk_platform *p = rk_obk_facts(in->obk)->platform;
        st = rk_obk_find(data, len, p ? p->name : NULL, &record, &in->cli->err);
        if (st == RK_OK)
            st = rk_obk_copy(in->obk, record, &in->cli->err);
    }
    if (st == RK_OK)
        st = store_record(in);
    rk_obk_free(record);
    rk_arena_free(&arena);
    free(data);
    return st;
}

/* ---- export, convert, scrub ---- */

struct export
{
    struct rk_json *json;
    bool show, secret;
};

static void export_field(void *user, const struct rk_obk_item *item)
{
    struct export *e = user;
    bool hide = item->secret && !e->show;

    e->secret |= item->secret && !hide;
    rk_json_put_string(e->json, item->name, hide ? "(hidden)" : item->value);
}

static bool export_json(struct inside *in, struct rk_buffer *out)
{
    struct rk_json json;
    struct export e = {&json, in->cli->out.show_secrets, false};
    const struct rk_tuya_key *keys;

    rk_json_init(&json, rk_buffer_sink, out, true);
    rk_json_object_begin(&json);
    if (in->obk) {
        rk_json_key(&json, "fields");
        rk_json_object_begin(&json);
        rk_obk_visit(in->obk, export_field, &e);
        rk_json_object_end(&json);
    }
    size_t count = in->tuya ? rk_tuya_keys(in->tuya, &keys) : 0;
    for (size_t i = 0; i < count; i++) {
        rk_json_key(&json, keys[i].name);
        rk_tuya_put_value(&json, &keys[i], e.show);
        e.secret |= e.show && rk_tuya_has_secret(&keys[i]);
    }
    rk_json_object_end(&json);
    (void)rk_json_finish(&json);
    return e.secret;
}

enum rk_status inside_export(struct inside *in)
{
    const char *form = option_value(&in->cli->in, "as");
    struct rk_buffer out = {0};
    enum rk_status st = inside_need_any(in);

    if (st != RK_OK)
        return st;
    if (form && strcmp(form, "record") == 0) {
        if (!in->obk) {
            in->cli->err = in->obk_error;
            return in->cli->err.status;
        }
        const struct rk_obk_facts *f = rk_obk_facts(in->obk);
        return inside_output(in, in->data + f->place.offset, f->length, true);
    }
    bool secret = export_json(in, &out);
    st = out.failed ? rk_fail(&in->cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory")
                    : inside_output(in, out.text, out.used, secret);
    rk_buffer_free(&out);
    return st;
}

static enum rk_status load_model(struct inside *in)
{
    const char *path = option_value(&in->cli->in, "model");
    uint8_t *data = NULL;
    size_t len = 0;

    if (!path)
        return RK_OK;
    enum rk_status st = rk_file_read(path, 4u << 20, &data, &len, &in->cli->err);
    if (st == RK_OK)
        st = rk_product_set_model(in->product, (const char *)data, len, &in->cli->err);
    free(data);
    return st;
}

enum rk_status inside_convert(struct inside *in)
{
    const char *name = option_value(&in->cli->in, "to");
    enum rk_product_format format = RK_PRODUCT_TEXT;
    struct rk_json json;
    char *text = NULL;
    enum rk_status st = RK_OK;

    if (name)
        (void)rk_product_format_find(name, &format);
    /* No storage: the file may be the text of one. */
    if (!in->product &&
        rk_product_of_text((const char *)in->data, in->len, &in->product, NULL) != RK_OK) {
        in->cli->err = in->tuya_error;
        return in->cli->err.status;
    }
    st = load_model(in);
    if (st == RK_OK)
        st = rk_product_write(in->product, format, &text, &in->cli->err);
    if (st == RK_OK) {
        cli_result_begin(in->cli, &json);
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "form", name ? name : "text");
        rk_json_put_string(&json, "text", text);
        rk_json_object_end(&json);
        st = inside_output(in, text, strlen(text), false);
    }
    free(text);
    return st;
}

enum rk_status inside_scrub(struct inside *in)
{
    struct rk_scrub_report report;
    struct rk_json json;
    uint8_t *out = NULL;
    char line[160];
    enum rk_status st = rk_scrub(in->data, in->len, &out, &report, &in->cli->err);

    if (st != RK_OK)
        return st;
    st = inside_output(in, out, in->len, false);
    free(out);
    if (st != RK_OK)
        return st;
    cli_result_begin(in->cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "file", option_value(&in->cli->in, "output"));
    rk_json_put_u64(&json, "secrets", report.secrets);
    rk_json_put_u64(&json, "searched", report.searched);
    rk_json_put_u64(&json, "sectors", report.sectors);
    rk_json_put_u64(&json, "elsewhere", report.elsewhere);
    rk_json_put_bool(&json, "proven", report.proven);
    rk_json_object_end(&json);
    rk_text_format(line, sizeof line,
                   "%u secrets removed from %u sectors; the copy was searched for %u of them: "
                   "none is left",
                   (unsigned)report.secrets, (unsigned)report.sectors, (unsigned)report.searched);
    output_story(&in->cli->out, "", "scrub", line);
    return RK_OK;
}
