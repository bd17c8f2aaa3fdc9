/* What has to be written so that an application starts on a BL602. */
#include "image/bouffalo/pieces.h"

#include "base/bytes.h"
#include "base/text.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/layout.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR      4096u
#define BODY        0x1000u
#define FIRST_APP   0x10000u
#define USUAL_JEDEC 0xEF4015u /* what every public packer assumes */
#define APP_START   0x2000u   /* what Dev Cube writes into the header of an application */

static enum rk_status no_memory(struct rk_bfl_planner *p)
{
    return rk_fail(p->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

/* ---- what is known of the chip ---- */

static enum rk_status judge_now(struct rk_bfl_planner *p)
{
    struct rk_bl602_report *now = &p->plan->before;

    rk_bl602_judge(p->flash, now);
    for (size_t i = 0; i < now->want_count; i++) {
        const struct rk_bl602_want *w = &now->wants[i];

        if (w->piece == RK_BL602_APP_HEADER || w->piece == RK_BL602_APP)
            continue;
        rk_fail(p->err, RK_ERR_ARG, "bl602.unread", "%u bytes of the %s at 0x%06X were not read",
                w->len, rk_bl602_piece_name(w->piece), w->addr);
        rk_error_at(p->err, w->addr);
        return RK_ERR_ARG;
    }
    for (size_t i = 0; i < now->finding_count; i++) {
        if (strcmp(now->findings[i].id, "efuse-locked") != 0)
            continue;
        rk_fail(p->err, RK_ERR_UNSUPPORTED, "bl602.efuse", "nothing written here would start: %s",
                now->findings[i].text);
        rk_error_hint(p->err, "%s", now->findings[i].remedy);
        return RK_ERR_UNSUPPORTED;
    }
    if (now->table >= 0) {
        uint32_t addr = now->table ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0;
        const uint8_t *bytes = rk_bfl_plan_bytes(p, addr, RK_BFL_TABLE_SPAN);

        if (bytes)
            rk_bfl_table_read(bytes, RK_BFL_TABLE_SPAN, &p->now);
    }
    return RK_OK;
}

static void take_parameters(struct rk_bfl_planner *p, const uint8_t *bytes)
{
    memcpy(p->parameters, bytes, sizeof p->parameters);
    p->parameters[2] = p->parameters[3] = 1; /* clock delay and inversion, as every dump has them */
}

static enum rk_status choose_parameters(struct rk_bfl_planner *p)
{
    const uint8_t *j = p->flash->jedec, *head = rk_bfl_plan_bytes(p, 0, RK_BFL_HEADER);
    uint32_t id = (uint32_t)j[0] << 16 | (uint32_t)j[1] << 8 | j[2];
    const struct rk_bl602_part *part = rk_bl602_part_find(p->flash->has_jedec ? id : USUAL_JEDEC);
    uint8_t generic[RK_BL602_FLASH_PARAMETERS];
    struct rk_bfl_header h;

    if (!p->flash->has_jedec && head && rk_bfl_header_read(head, RK_BFL_HEADER, &h) &&
        h.flash_good) {
        memcpy(p->parameters, head + 12, sizeof p->parameters);
        return RK_OK;
    }
    if (part) {
        take_parameters(p, part->parameters);
        return RK_OK;
    }
    if (p->from->accept_unknown_flash) {
        rk_bl602_part_generic(generic);
        take_parameters(p, generic);
        return RK_OK;
    }
    rk_fail(p->err, RK_ERR_UNSUPPORTED, "bl602.flash-part",
            "the flash part %06X is not in the table of the BL602's parameters", id);
    rk_error_hint(p->err, "--force=flash-part writes slow parameters that every part understands; "
                          "please report the id and the marking of the chip");
    return RK_ERR_UNSUPPORTED;
}

/* ---- layout ---- */

static enum rk_status layout_error(struct rk_bfl_planner *p, const char *detail)
{
    char names[96];

    rk_bfl_layout_names(names, sizeof names);
    bool own = p->now.count && rk_bfl_table_same(&p->now, &p->wanted);
    rk_fail(p->err, RK_ERR_IMAGE_FORMAT, "bl602.layout", "the %spartition table does not suit",
            own ? "module's own " : "");
    rk_error_detail(p->err, "%s", detail);
    rk_error_hint(p->err, "--layout takes a .toml file or one of %s", names);
    return RK_ERR_IMAGE_FORMAT;
}

static void name_layout(struct rk_bfl_planner *p)
{
    struct rk_bfl_table known;

    for (size_t i = 0; i < rk_bfl_layout_entry_count; i++) {
        const char *name = rk_bfl_layout_entries[i].layout;

        if (rk_bfl_layout_named(name, &known) && rk_bfl_table_same(&known, &p->wanted)) {
            rk_text_copy(p->plan->layout, sizeof p->plan->layout, name);
            return;
        }
    }
}

static enum rk_status choose_layout(struct rk_bfl_planner *p)
{
    static const char *const needed[] = {"FW", "PSM", "factory"};
    enum rk_status status = RK_OK;
    char text[80];

    if (p->from->layout) {
        if (!rk_bfl_layout_named(p->from->layout, &p->wanted)) {
            rk_text_format(text, sizeof text, "there is no layout \"%s\"", p->from->layout);
            return layout_error(p, text);
        }
    } else if (p->from->table) {
        status = rk_bfl_layout_read(p->from->table, p->from->table_len, &p->wanted, p->err);
    } else if (p->now.count) {
        p->wanted = p->now;
    } else if (!rk_bfl_layout_for(p->flash_size, &p->wanted)) {
        return layout_error(p, "there is none for a flash below 1 MiB");
    }
    if (status != RK_OK)
        return status;
    if (!rk_bfl_part_of_type(&p->wanted, 0))
        return layout_error(p, "it has no firmware entry (type 0)");
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const struct rk_bfl_part *part =
            i ? rk_bfl_part_named(&p->wanted, needed[i]) : rk_bfl_part_of_type(&p->wanted, 0);

        if (!part || part->addr[0] < p->flash_size)
            continue;
        rk_text_format(text, sizeof text, "it puts \"%s\" at 0x%06X, the flash ends at 0x%06X",
                       part->name, part->addr[0], p->flash_size);
        return layout_error(p, text);
    }
    for (size_t i = 0; i < p->wanted.count; i++) {
        const struct rk_bfl_part *part = &p->wanted.parts[i];

        if (part->addr[0] >= FIRST_APP && part->addr[0] % SECTOR == 0)
            continue;
        if (part->type != 0 && part->max_len[0] == 0)
            continue;
        rk_text_format(text, sizeof text, "it puts \"%s\" at 0x%06X", part->name, part->addr[0]);
        return layout_error(p, text);
    }
    p->plan->layout_changes = !rk_bfl_table_same(&p->now, &p->wanted);
    name_layout(p);
    return RK_OK;
}

/* ---- application ---- */

/* The header it came with stays but for the flash parameters; a bare one gets Dev Cube's. */
static void make_app_header(const struct rk_bfl_planner *p, uint8_t *header)
{
    if (!p->app.has_header) {
        rk_bfl_header_make(header, p->parameters, p->app.code, p->app.len, APP_START);
        return;
    }
    memcpy(header, p->app.header, RK_BFL_HEADER);
    if (p->flash->has_jedec) {
        memcpy(header + 8, "FCFG", 4);
        rk_bfl_header_reseal(header, p->parameters);
    }
}

static enum rk_status plan_app(struct rk_bfl_planner *p)
{
    const struct rk_bfl_part *fw = rk_bfl_part_of_type(&p->wanted, 0);
    uint8_t *header = rk_arena_alloc(p->arena, RK_BFL_HEADER);
    const uint8_t *code = (const uint8_t *)rk_arena_copy(p->arena, p->app.code, p->app.len);
    enum rk_status status;

    if (!header || !code)
        return no_memory(p);
    if (BODY + p->app.len > fw->max_len[0] || fw->addr[0] >= p->flash_size ||
        BODY + p->app.len > p->flash_size - fw->addr[0]) {
        rk_fail(p->err, RK_ERR_RANGE, "bl602.too-large",
                "the application needs 0x%zX bytes with its header, its partition has 0x%X",
                BODY + p->app.len, fw->max_len[0]);
        rk_error_at(p->err, fw->addr[0]);
        rk_error_hint(p->err,
                      "use a smaller build, or a layout with a larger first slot: --layout");
        return RK_ERR_RANGE;
    }
    make_app_header(p, header);
    status =
        rk_bfl_plan_write(p, RK_BL602_APP, fw->addr[0] + BODY, code, p->app.len, "the application");
    if (status == RK_OK)
        status = rk_bfl_plan_write(p, RK_BL602_APP_HEADER, fw->addr[0], header, RK_BFL_HEADER,
                                   "its header");
    return status;
}

/* ---- settings and tables ---- */

#define STORE_MAGIC_AT 8u /* in the first sector of a store */

/* Without a valid table the settings may still be where the new one has them: they stay. */
static bool is_store(const uint8_t *bytes)
{
    return bytes && memcmp(bytes + STORE_MAGIC_AT, "EF40", 4) == 0;
}

/* The settings' new place must be blank or a store. The old place is left as it is. */
static enum rk_status plan_settings(struct rk_bfl_planner *p)
{
    const struct rk_bfl_part *psm = rk_bfl_part_named(&p->wanted, "PSM");
    const struct rk_bfl_part *old = rk_bfl_part_named(&p->now, "PSM");
    uint32_t len = psm ? psm->max_len[0] / SECTOR * SECTOR : 0;
    const uint8_t *bytes = psm ? rk_bfl_plan_bytes(p, psm->addr[0], len) : NULL;
    bool moves = psm && (!old || old->addr[0] != psm->addr[0] || old->max_len[0] < len);

    if (!moves || len == 0 || psm->addr[0] % SECTOR || psm->addr[0] >= p->flash_size ||
        len > p->flash_size - psm->addr[0] || (bytes && rk_bytes_all(bytes, len, 0xFF)) ||
        (!old && is_store(bytes)))
        return RK_OK;
    if (!old && !bytes && p->flash->known) {
        rk_fail(p->err, RK_ERR_ARG, "bl602.unread", "the place of the settings was not read");
        rk_error_at(p->err, psm->addr[0]);
        return RK_ERR_ARG;
    }
    return rk_bfl_plan_write(p, RK_BL602_SETTINGS, psm->addr[0], NULL, len,
                             "the place of the settings moves here: to be blank");
}

/* Both copies are right already: valid, equal, slot 0. */
static bool tables_stay(const struct rk_bfl_planner *p)
{
    const struct rk_bl602_report *now = &p->plan->before;
    const struct rk_bfl_part *fw = rk_bfl_part_of_type(&p->now, 0);
    struct rk_bfl_table other;
    const uint8_t *bytes =
        rk_bfl_plan_bytes(p, now->table == 1 ? RK_BFL_TABLE_0 : RK_BFL_TABLE_1, RK_BFL_TABLE_SPAN);

    if (p->plan->layout_changes || !now->table_valid[0] || !now->table_valid[1] || !fw ||
        fw->active != 0 || fw->age >> 24 || !bytes ||
        !rk_bfl_table_read(bytes, RK_BFL_TABLE_SPAN, &other))
        return false;
    return rk_bfl_table_same(&p->now, &other) && rk_bfl_part_of_type(&other, 0)->active == 0;
}

/* Both copies alike, newer than what is there: whichever is written, it counts at once, and what is
 * cut short in between leaves the other. */
static enum rk_status plan_tables(struct rk_bfl_planner *p)
{
    const struct rk_bl602_report *now = &p->plan->before;
    uint32_t newest = now->table >= 0 ? now->table_age[now->table] : 0;
    uint8_t *bytes = rk_arena_alloc(p->arena, RK_BFL_TABLE_SPAN);
    uint32_t first = now->table == 0 ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0;
    struct rk_bfl_table table = p->wanted;
    enum rk_status status;
    size_t len;

    if (tables_stay(p))
        return RK_OK;
    if (!bytes)
        return no_memory(p);
    table.age = now->table < 0 ? 0 : newest == UINT32_MAX ? newest : newest + 1;
    for (size_t i = 0; i < table.count; i++) {
        struct rk_bfl_part *part = &table.parts[i];

        if (part->type != 0)
            continue;
        part->active = 0;
        part->len = 0;
        part->age &= 0xFFFFFF;
        break;
    }
    len = rk_bfl_table_write(&table, bytes);
    status = rk_bfl_plan_write(p, RK_BL602_TABLE, first, bytes, len, "the partition table");
    if (status == RK_OK)
        status = rk_bfl_plan_write(p, RK_BL602_TABLE,
                                   first == RK_BFL_TABLE_0 ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0, bytes,
                                   len, "its second copy");
    return status;
}

/* ---- the result ---- */

static void apply(const struct rk_bl602_plan *plan, uint8_t *data, uint8_t *known, uint32_t size)
{
    for (size_t i = 0; i < plan->write_count; i++) {
        const struct rk_bl602_write *w = &plan->writes[i];
        uint32_t end = (w->addr + w->len + SECTOR - 1) / SECTOR * SECTOR;

        if (w->addr >= size || end > size)
            continue;
        memset(data + w->addr, 0xFF, end - w->addr);
        if (w->data)
            memcpy(data + w->addr, w->data, w->len);
        memset(known + w->addr / SECTOR, 1, (end - w->addr) / SECTOR);
    }
}

static bool is_touched(const struct rk_bl602_plan *plan, const struct rk_bl602_digest *d)
{
    for (size_t i = 0; i < plan->write_count; i++) {
        const struct rk_bl602_write *w = &plan->writes[i];

        if (w->addr < d->addr + d->len &&
            d->addr < (w->addr + w->len + SECTOR - 1) / SECTOR * SECTOR)
            return true;
    }
    return false;
}

/* The digests that still hold with everything written. */
static enum rk_status keep_digests(struct rk_bfl_planner *p, struct rk_bl602_flash *flash)
{
    struct rk_bl602_digest *kept =
        rk_arena_alloc(p->arena, (flash->digest_count + 1) * sizeof *kept);
    size_t count = 0;

    if (!kept)
        return no_memory(p);
    for (size_t i = 0; i < flash->digest_count; i++)
        if (!is_touched(p->plan, &flash->digests[i]))
            kept[count++] = flash->digests[i];
    flash->digests = kept;
    flash->digest_count = count;
    return RK_OK;
}

/* What stands in the way of the planned flash, as an error. */
static enum rk_status result_error(struct rk_bfl_planner *p)
{
    const struct rk_bl602_report *after = &p->plan->after;
    const struct rk_bl602_finding *f = rk_bl602_fatal(after);

    for (size_t i = 0; i < after->finding_count && !f; i++)
        if (after->findings[i].verdict == RK_VERDICT_WARN &&
            after->pieces[after->findings[i].piece] != RK_BL602_VALID)
            f = &after->findings[i];
    if (!f)
        return rk_fail(p->err, RK_ERR_IMAGE_FORMAT, "bl602.missing",
                       "the module would not start, and it does not say why");
    if (f->piece == RK_BL602_TABLE || f->piece == RK_BL602_SETTINGS ||
        strcmp(f->id, "app-covers") == 0 || strcmp(f->id, "tree-entry") == 0 ||
        strcmp(f->id, "tree-address") == 0)
        return layout_error(p, f->text);
    rk_bfl_plan_missing(p, f->piece, f->text, f->remedy);
    rk_error_at(p->err, f->addr);
    return RK_ERR_IMAGE_FORMAT;
}

/* Builds of OpenBL602 up to 1.18.57 take 32 KiB for their settings wherever the table ends them; which
 * later one stopped doing so is not known. None is put where that would erase something. */
static const struct rk_bl602_finding *eraser(const struct rk_bfl_planner *p)
{
    const struct rk_bl602_report *after = &p->plan->after;
    unsigned version[3];

    if (!rk_bfl_openbl602_version(p->app.code, p->app.len, version))
        return NULL;
    for (size_t i = 0; i < after->finding_count; i++)
        if (strcmp(after->findings[i].id, "settings-erase-boot") == 0 ||
            strcmp(after->findings[i].id, "settings-erase-tree") == 0)
            return &after->findings[i];
    return NULL;
}

static enum rk_status judge_result(struct rk_bfl_planner *p)
{
    uint32_t size = p->flash_size, sectors = (size + SECTOR - 1) / SECTOR;
    uint8_t *data = malloc(size), *known = calloc(sectors, 1);
    struct rk_bl602_flash flash = *p->flash;
    enum rk_status status = RK_OK;

    if (!data || !known) {
        free(data);
        free(known);
        return no_memory(p);
    }
    memset(data, 0xFF, size);
    memcpy(data, p->flash->data, p->flash->len < size ? p->flash->len : size);
    for (uint32_t i = 0; i < sectors && (size_t)i * SECTOR < p->flash->len; i++)
        known[i] = !p->flash->known || p->flash->known[i];
    apply(p->plan, data, known, size);
    flash.data = data;
    flash.len = size;
    flash.known = known;
    flash.flash_size = size;
    status = keep_digests(p, &flash);
    if (status == RK_OK)
        rk_bl602_judge(&flash, &p->plan->after);
    if (status == RK_OK && !p->plan->after.complete)
        status = result_error(p);
    else if (status == RK_OK && eraser(p))
        status = layout_error(p, eraser(p)->text);
    free(data);
    free(known);
    return status;
}

/* ---- what stands beside the application ---- */

static bool is_missing(enum rk_status status, const struct rk_error *err)
{
    return status == RK_ERR_IMAGE_FORMAT && strcmp(err->id, "bl602.missing") == 0;
}

/* Names everything that is missing at once. */
static enum rk_status plan_neighbours(struct rk_bfl_planner *p)
{
    struct rk_error *err = p->err, tree = {0};

    p->err = &tree;
    enum rk_status tree_status = rk_bfl_plan_tree(p);
    bool no_tree = is_missing(tree_status, &tree);
    struct rk_error boot = {0};
    p->err = &boot;
    enum rk_status status = tree_status == RK_OK || no_tree ? rk_bfl_plan_boot2(p) : RK_OK;
    p->err = err;
    if (no_tree && is_missing(status, &boot)) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.missing",
                "the module would not start: its second-stage loader and its device tree are "
                "missing");
        rk_error_detail(err, "%s", boot.detail);
        rk_error_hint(err, "%s; %s", boot.hint, tree.hint);
        return status;
    }
    if (status == RK_OK && tree_status == RK_OK)
        return RK_OK;
    if (err)
        *err = status != RK_OK ? boot : tree;
    return status != RK_OK ? status : tree_status;
}

static enum rk_status make(struct rk_bfl_planner *p, const uint8_t *app, size_t app_len)
{
    enum rk_status status = judge_now(p);

    if (status == RK_OK)
        status =
            rk_bfl_app_read(app, app_len, p->from->accept_unknown_code, p->arena, &p->app, p->err);
    if (status == RK_OK)
        status = choose_parameters(p);
    if (status == RK_OK)
        status = choose_layout(p);
    if (status == RK_OK)
        status = plan_app(p);
    if (status == RK_OK)
        status = plan_settings(p);
    if (status == RK_OK)
        status = plan_neighbours(p);
    if (status == RK_OK)
        status = plan_tables(p);
    if (status == RK_OK)
        status = judge_result(p);
    rk_text_copy(p->plan->app, sizeof p->plan->app, p->app.what);
    return status;
}

enum rk_status rk_bl602_plan(const struct rk_bl602_flash *flash, const uint8_t *app, size_t app_len,
                             const struct rk_bl602_sources *sources, struct rk_bl602_plan **out,
                             struct rk_error *err)
{
    static const struct rk_bl602_sources none = {.size = sizeof none};
    struct rk_bl602_plan *plan = calloc(1, sizeof *plan);
    struct rk_arena *arena = calloc(1, sizeof *arena);
    struct rk_bfl_planner p = {.flash = flash,
                               .from = sources ? sources : &none,
                               .plan = plan,
                               .arena = arena,
                               .flash_size =
                                   flash->flash_size ? flash->flash_size : (uint32_t)flash->len,
                               .err = err};
    enum rk_status status;

    if (!plan || !arena) {
        free(plan);
        free(arena);
        return no_memory(&p);
    }
    plan->size = sizeof *plan;
    plan->memory = arena;
    status = make(&p, app, app_len);
    if (status != RK_OK) {
        rk_bl602_plan_free(plan);
        return status;
    }
    *out = plan;
    return RK_OK;
}

void rk_bl602_plan_free(struct rk_bl602_plan *plan)
{
    if (!plan)
        return;
    rk_arena_free(plan->memory);
    free(plan->memory);
    free(plan);
}
