/* rekindle image pack for the BL602: an application with everything that belongs to it. */
#include "image_bl602.h"

#include "base/text.h"
#include "store/file.h"

#include <rekindle/bl602.h>
#include <rekindle/identity.h>

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64u << 20)
#define USUAL_SIZE     (2u << 20)

/* What the options say, and the files they name. */
struct request {
    struct cli *cli;
    const uint8_t *app;
    size_t app_len;
    uint8_t *boot, *tree, *table;
    uint8_t mac[6], capcode, jedec[3];
    bool has_jedec;
    uint32_t flash_size;
    struct rk_bl602_sources sources;
};

bool pack_is_bl602(const struct cli *cli, const uint8_t *data, size_t len)
{
    struct rk_image_facts facts;

    if (cli->settings.chip)
        return rk_text_same(cli->settings.chip, "bl602") ||
               rk_text_same(cli->settings.chip, "bl604");
    rk_image_identify(data, len, NULL, &facts);
    return strcmp(facts.family, "bl602") == 0;
}

static enum rk_status load(struct cli *cli, const char *option, uint8_t **data, size_t *len,
                           const uint8_t **seen)
{
    const char *path = option_value(&cli->in, option);
    enum rk_status status = path ? rk_file_read(path, FILE_MAX_BYTES, data, len, &cli->err) : RK_OK;

    *seen = *data;
    return status;
}

static enum rk_status read_layout(struct request *r)
{
    const char *text = option_value(&r->cli->in, "layout");

    if (text && !rk_file_exists(text)) {
        r->sources.layout = text;
        return RK_OK;
    }
    return load(r->cli, "layout", &r->table, &r->sources.table_len, &r->sources.table);
}

static enum rk_status read_tree(struct request *r)
{
    const char *text = option_value(&r->cli->in, "device-tree");

    if (!text || strcmp(text, "default") == 0) {
        r->sources.default_tree = true;
        return RK_OK;
    }
    return load(r->cli, "device-tree", &r->tree, &r->sources.tree_len, &r->sources.tree);
}

static enum rk_status read_numbers(struct request *r)
{
    const char *mac = option_value(&r->cli->in, "mac");
    const char *capcode = option_value(&r->cli->in, "capcode");
    const char *jedec = option_value(&r->cli->in, "jedec");
    const char *size = option_value(&r->cli->in, "size");
    uint64_t trim = 0, id = 0, bytes = USUAL_SIZE;
    enum rk_status status = mac ? rk_mac_parse(mac, r->mac, &r->cli->err) : RK_OK;

    if (status == RK_OK && capcode)
        status = rk_parse_u64(capcode, 63, &trim, &r->cli->err);
    if (status == RK_OK && jedec)
        status = rk_parse_u64(jedec, 0xFFFFFF, &id, &r->cli->err);
    if (status == RK_OK && size)
        status = rk_parse_u64(size, 16u << 20, &bytes, &r->cli->err);
    else if (status == RK_OK && jedec && (id & 0x1F) >= 0x14 && (id & 0x1F) <= 0x18)
        bytes = 1u << (id & 0x1F);
    r->capcode = (uint8_t)trim;
    for (size_t i = 0; i < 3; i++)
        r->jedec[i] = (uint8_t)(id >> (16 - 8 * i));
    r->has_jedec = jedec != NULL;
    r->flash_size = (uint32_t)bytes;
    r->sources.mac = mac ? r->mac : NULL;
    r->sources.capcode = capcode ? &r->capcode : NULL;
    return status;
}

static enum rk_status read_request(struct request *r)
{
    enum rk_status status = read_numbers(r);

    r->sources.size = sizeof r->sources;
    r->sources.accept_unknown_code = r->cli->settings.chip != NULL;
    if (status == RK_OK)
        status = load(r->cli, "boot", &r->boot, &r->sources.boot2_len, &r->sources.boot2);
    if (status == RK_OK)
        status = read_tree(r);
    if (status == RK_OK)
        status = read_layout(r);
    return status;
}

static void free_request(struct request *r)
{
    free(r->boot);
    free(r->tree);
    free(r->table);
}

/* ---- what is made ---- */

static enum rk_status make_plan(struct request *r, struct rk_bl602_plan **plan)
{
    uint8_t *blank = malloc(r->flash_size ? r->flash_size : 1);
    struct rk_bl602_flash flash = {.size = sizeof flash,
                                   .data = blank,
                                   .len = r->flash_size,
                                   .flash_size = r->flash_size,
                                   .has_jedec = r->has_jedec};
    enum rk_status status;

    if (!blank)
        return rk_fail(&r->cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(blank, 0xFF, r->flash_size);
    memcpy(flash.jedec, r->jedec, sizeof flash.jedec);
    status = rk_bl602_plan(&flash, r->app, r->app_len, &r->sources, plan, &r->cli->err);
    free(blank);
    return status;
}

static enum rk_status make_app(struct request *r, struct rk_bytes *out)
{
    return rk_bl602_pack_app(r->app, r->app_len, r->has_jedec ? r->jedec : NULL,
                             r->sources.accept_unknown_code, out, &r->cli->err);
}

static enum rk_status make_ota(struct request *r, bool packed, struct rk_bytes *out)
{
    struct rk_bytes app = {0};
    enum rk_status status = make_app(r, &app);

    if (status == RK_OK)
        status = rk_bl602_pack_ota(app.data, app.len, packed, NULL,
                                   option_value(&r->cli->in, "label"), out, &r->cli->err);
    rk_bytes_free(&app);
    return status;
}

static enum rk_status make_one(struct request *r, const char *as)
{
    struct rk_bl602_plan *plan = NULL;
    struct rk_bytes out = {0};
    enum rk_status status;

    if (strcmp(as, "app") == 0)
        status = make_app(r, &out);
    else if (strcmp(as, "flash") != 0)
        status = make_ota(r, strcmp(as, "ota-xz") == 0, &out);
    else if ((status = make_plan(r, &plan)) == RK_OK)
        status = rk_bl602_plan_image(plan, &out, &r->cli->err);
    if (status == RK_OK)
        status = image_save(r->cli, &out, NULL);
    rk_bl602_plan_free(plan);
    rk_bytes_free(&out);
    return status;
}

/* ---- the set ---- */

struct set {
    struct request *request;
    const char *folder;
    struct rk_json json;
    struct text story;
};

static enum rk_status put_file(struct set *s, const char *name, uint32_t addr, const uint8_t *data,
                               size_t len)
{
    struct cli *cli = s->request->cli;
    char path[1024];
    enum rk_status status;

    rk_text_format(path, sizeof path, "%s/%s", s->folder, name);
    status = rk_file_write(path, data, len, true, false, &cli->err);
    if (status != RK_OK)
        return status;
    rk_json_object_begin(&s->json);
    rk_json_put_string(&s->json, "file", path);
    rk_json_put_u64(&s->json, "address", addr);
    rk_json_put_u64(&s->json, "size", len);
    rk_json_object_end(&s->json);
    text_printf(&s->story, "0x%06X  %8zu bytes  %s\n", addr, len, path);
    return RK_OK;
}

static const struct rk_bl602_write *write_of(const struct rk_bl602_plan *plan,
                                             enum rk_bl602_piece piece)
{
    for (size_t i = 0; i < plan->write_count; i++)
        if (plan->writes[i].piece == piece)
            return &plan->writes[i];
    return NULL;
}

/* The pieces that are written as they are. */
static enum rk_status put_pieces(struct set *s, const struct rk_bl602_plan *plan,
                                 const struct rk_bytes *whole)
{
    const struct rk_bl602_write *boot = write_of(plan, RK_BL602_BOOT2);
    const struct rk_bl602_write *table = write_of(plan, RK_BL602_TABLE);
    const struct rk_bl602_write *tree = write_of(plan, RK_BL602_TREE);
    enum rk_status status = RK_OK;

    if (boot)
        status = put_file(s, "boot2.bin", 0, whole->data, boot->addr + boot->len);
    if (status == RK_OK && table)
        status = put_file(s, "partition.bin", 0xE000, table->data, table->len);
    if (status == RK_OK && tree)
        status = put_file(s, "ro_params.dtb", tree->addr, tree->data, tree->len);
    if (status == RK_OK)
        status = put_file(s, "whole_flash_data.bin", 0, whole->data, whole->len);
    return status;
}

static enum rk_status put_updates(struct set *s, uint32_t addr)
{
    struct rk_bytes app = {0}, raw = {0}, packed = {0};
    enum rk_status status = make_app(s->request, &app);

    if (status == RK_OK)
        status = put_file(s, "FW_OTA.bin", addr, app.data, app.len);
    if (status == RK_OK)
        status = make_ota(s->request, false, &raw);
    if (status == RK_OK)
        status = put_file(s, "FW_OTA.bin.ota", 0, raw.data, raw.len);
    if (status == RK_OK) {
        status = make_ota(s->request, true, &packed);
        if (status == RK_OK)
            status = put_file(s, "FW_OTA.bin.xz.ota", 0, packed.data, packed.len);
        else if (status == RK_ERR_UNSUPPORTED)
            status = RK_OK; /* a build without xz makes the rest */
    }
    rk_bytes_free(&app);
    rk_bytes_free(&raw);
    rk_bytes_free(&packed);
    return status;
}

static enum rk_status make_set(struct request *r)
{
    struct set s = {.request = r, .folder = option_value(&r->cli->in, "output")};
    struct rk_bl602_plan *plan = NULL;
    struct rk_bytes whole = {0};
    enum rk_status status = make_plan(r, &plan);

    if (status == RK_OK)
        status = rk_bl602_plan_image(plan, &whole, &r->cli->err);
    if (status == RK_OK)
        status = rk_file_make_folder(s.folder, &r->cli->err);
    if (status != RK_OK) {
        rk_bl602_plan_free(plan);
        rk_bytes_free(&whole);
        return status;
    }
    cli_result_begin(r->cli, &s.json);
    rk_json_object_begin(&s.json);
    rk_json_put_string(&s.json, "folder", s.folder);
    rk_json_put_string(&s.json, "layout", plan->layout);
    rk_json_key(&s.json, "files");
    rk_json_array_begin(&s.json);
    status = put_pieces(&s, plan, &whole);
    if (status == RK_OK)
        status = put_updates(&s, write_of(plan, RK_BL602_APP_HEADER)->addr);
    rk_json_array_end(&s.json);
    rk_json_object_end(&s.json);
    if (r->cli->out.json == JSON_OFF && status == RK_OK)
        output_result(&r->cli->out, s.story.bytes ? s.story.bytes : "", s.story.len);
    text_free(&s.story);
    rk_bl602_plan_free(plan);
    rk_bytes_free(&whole);
    return status;
}

enum rk_status pack_bl602(struct cli *cli, const uint8_t *data, size_t len)
{
    const char *as = option_value(&cli->in, "as");
    struct request r = {.cli = cli, .app = data, .app_len = len};
    enum rk_status status = read_request(&r);

    if (status == RK_OK && as &&
        (strcmp(as, "ua") == 0 || strcmp(as, "rbl") == 0 || strcmp(as, "ug") == 0)) {
        status = rk_fail(&cli->err, RK_ERR_ARG, "usage.image", "a BL602 has no %s file", as);
        rk_error_hint(&cli->err, "--as set, flash, app, ota or ota-xz");
    } else if (status == RK_OK) {
        status = as && strcmp(as, "set") != 0 ? make_one(&r, as) : make_set(&r);
    }
    free_request(&r);
    return status;
}
