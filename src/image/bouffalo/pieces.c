#include "image/bouffalo/pieces.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/device_tree.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR      4096u
#define BOOT2_START 0x2000u

static enum rk_status no_memory(struct rk_bfl_planner *p)
{
    return rk_fail(p->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

static enum rk_status bad_source(struct rk_error *err, const char *what, const char *detail)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.source", "the file that was given as %s is none",
            what);
    rk_error_detail(err, "%s", detail);
    if (strcmp(what, "device tree") == 0)
        rk_error_hint(err,
                      "needed is a .dtb, a .dts, or a backup of a module whose board is the same");
    else
        rk_error_hint(err, "needed is a boot2 file of the vendor's tools, or a backup of a BL602: "
                           "its first 0xE000 bytes");
    return RK_ERR_IMAGE_FORMAT;
}

enum rk_status rk_bfl_plan_missing(struct rk_bfl_planner *p, enum rk_bl602_piece piece,
                                   const char *detail, const char *hint)
{
    rk_fail(p->err, RK_ERR_IMAGE_FORMAT, "bl602.missing",
            "the module would not start: its %s is missing", rk_bl602_piece_name(piece));
    rk_error_detail(p->err, "%s", detail);
    rk_error_hint(p->err, "%s", hint);
    if (p->plan->before.piece_addr[piece] || piece == RK_BL602_BOOT_HEADER)
        rk_error_at(p->err, p->plan->before.piece_addr[piece]);
    return RK_ERR_IMAGE_FORMAT;
}

enum rk_status rk_bfl_plan_write(struct rk_bfl_planner *p, enum rk_bl602_piece piece, uint32_t addr,
                                 const uint8_t *data, size_t len, const char *why)
{
    struct rk_bl602_write *w;

    if (p->plan->write_count == RK_BL602_WRITES)
        return no_memory(p);
    w = &p->plan->writes[p->plan->write_count++];
    *w = (struct rk_bl602_write){.piece = piece, .addr = addr, .len = (uint32_t)len, .data = data};
    rk_text_copy(w->why, sizeof w->why, why);
    return RK_OK;
}

const uint8_t *rk_bfl_plan_bytes(const struct rk_bfl_planner *p, uint32_t addr, uint32_t len)
{
    struct rk_bl602_report spare = {.size = sizeof spare};
    struct rk_bfl_case c = {.flash = p->flash, .report = &spare, .flash_size = p->flash_size};

    return rk_bfl_bytes(&c, addr, len, false);
}

/* ---- second-stage loader ---- */

struct boot2 {
    uint8_t *header;
    const uint8_t *image;
    size_t len;
    uint32_t start;
    const char *why;
};

static enum rk_status fresh_header(struct rk_bfl_planner *p, struct boot2 *b)
{
    b->header = rk_arena_alloc(p->arena, RK_BFL_HEADER);
    if (!b->header || !b->image)
        return no_memory(p);
    rk_bfl_header_make(b->header, p->parameters, b->image, b->len, b->start);
    return RK_OK;
}

static bool is_sound(const struct rk_bfl_header *h)
{
    return h->crc_good && !h->other_chip && h->plain && h->flat && h->cached &&
           !(h->boot_cfg & RK_BFL_NOT_LOAD) && h->start >= RK_BFL_HEADER &&
           h->start % SECTOR == 0 && h->length > 0 && h->start < RK_BFL_TABLE_0 &&
           h->length <= RK_BFL_TABLE_0 - h->start;
}

/* With its header, alone or at the start of a capture: taken as it is, with the parameters of this
 * module's flash. */
static enum rk_status headed_boot2(struct rk_bfl_planner *p, const uint8_t *data, size_t len,
                                   struct boot2 *b)
{
    struct rk_bfl_header h;

    rk_bfl_header_read(data, len, &h);
    if (!is_sound(&h))
        return bad_source(p->err, "second-stage loader",
                          "its boot header is damaged, for another chip, or for an application");
    if (!rk_bfl_hash_check(&h, data, len, h.start))
        return bad_source(p->err, "second-stage loader",
                          rk_bfl_hash_check(&h, data, len, 0x1000)
                              ? "it is an application with its header"
                              : "its code has another hash than its header says");
    b->header = (uint8_t *)rk_arena_copy(p->arena, data, RK_BFL_HEADER);
    b->image = (const uint8_t *)rk_arena_copy(p->arena, data + h.start, h.length);
    if (!b->header || !b->image)
        return no_memory(p);
    b->len = h.length;
    b->start = h.start;
    memcpy(b->header + 8, "FCFG", 4);
    rk_bfl_header_reseal(b->header, p->parameters);
    return RK_OK;
}

static enum rk_status given_boot2(struct rk_bfl_planner *p, struct boot2 *b)
{
    const uint8_t *data = p->from->boot2;
    size_t len = p->from->boot2_len;

    b->why = "the second-stage loader that was given";
    if (len >= RK_BFL_HEADER && memcmp(data, "BFNP", 4) == 0)
        return headed_boot2(p, data, len, b);
    if (!rk_bfl_boot2_starts(data, len) &&
        !(len >= 0xC40 && memcmp(data + 0xC00, "BLFBVERF", 8) == 0 &&
          memcmp(data + 0xC28, "boot2", 5) == 0))
        return bad_source(p->err, "second-stage loader",
                          "nothing in it says that it is one for a BL602");
    if (len > RK_BFL_TABLE_0 - BOOT2_START - 16)
        return bad_source(p->err, "second-stage loader",
                          "it is too long: the tables are at 0xE000");
    b->image = rk_bfl_padded(data, len, p->arena, &b->len);
    b->start = BOOT2_START;
    return fresh_header(p, b);
}

/* The code is still there, only its header is not: of a build that is known, or one whose header
 * says where it is and how long. */
static bool rescued_boot2(struct rk_bfl_planner *p, struct boot2 *b)
{
    const struct rk_bl602_report *now = &p->plan->before;
    uint8_t digest[32];

    b->why = "a new header for the second-stage loader that is there";
    if (now->pieces[RK_BL602_BOOT2] == RK_BL602_VALID) {
        b->start = now->piece_addr[RK_BL602_BOOT2];
        b->len = now->piece_len[RK_BL602_BOOT2];
        b->image = rk_bfl_plan_bytes(p, b->start, (uint32_t)b->len);
        return b->image && b->start >= SECTOR && b->start % SECTOR == 0 &&
               b->start < RK_BFL_TABLE_0 && b->len <= RK_BFL_TABLE_0 - b->start;
    }
    b->start = BOOT2_START;
    for (size_t i = 0; i < rk_bfl_boot2_build_count; i++) {
        b->len = rk_bfl_boot2_builds[i].size;
        b->image = rk_bfl_plan_bytes(p, b->start, (uint32_t)b->len);
        if (!b->image)
            continue;
        rk_sha256(b->image, b->len, digest);
        if (memcmp(digest, rk_bfl_boot2_builds[i].hash, sizeof digest) == 0)
            return true;
    }
    return false;
}

/* Whether something of the boot header or the loader has to be written anew. */
static bool boot_is_right(const struct rk_bl602_report *now)
{
    for (size_t i = 0; i < now->finding_count; i++) {
        const struct rk_bl602_finding *f = &now->findings[i];

        if ((f->piece == RK_BL602_BOOT_HEADER || f->piece == RK_BL602_BOOT2) &&
            (f->verdict == RK_VERDICT_BAD || strcmp(f->id, "header-clock") == 0 ||
             strcmp(f->id, "header-flash") == 0))
            return false;
    }
    return now->pieces[RK_BL602_BOOT_HEADER] == RK_BL602_VALID &&
           now->pieces[RK_BL602_BOOT2] == RK_BL602_VALID;
}

enum rk_status rk_bfl_plan_boot2(struct rk_bfl_planner *p)
{
    const struct rk_bl602_report *now = &p->plan->before;
    struct boot2 b = {.header = NULL};
    enum rk_status status;

    if (boot_is_right(now))
        return RK_OK;
    if (p->from->boot2) {
        status = given_boot2(p, &b);
    } else if (now->pieces[RK_BL602_BOOT2] == RK_BL602_VALID &&
               !rk_bfl_plan_bytes(p, now->piece_addr[RK_BL602_BOOT2],
                                  now->piece_len[RK_BL602_BOOT2])) {
        /* A digest has shown that it is right; for a new header its bytes are needed. */
        rk_fail(p->err, RK_ERR_ARG, "bl602.unread",
                "%u bytes of the second-stage loader at 0x%06X were not read",
                now->piece_len[RK_BL602_BOOT2], now->piece_addr[RK_BL602_BOOT2]);
        rk_error_at(p->err, now->piece_addr[RK_BL602_BOOT2]);
        return RK_ERR_ARG;
    } else if (rescued_boot2(p, &b)) {
        b.image = (const uint8_t *)rk_arena_copy(p->arena, b.image, b.len);
        status = fresh_header(p, &b);
    } else {
        const struct rk_bl602_finding *f = rk_bl602_fatal(now);

        return rk_bfl_plan_missing(
            p,
            now->pieces[RK_BL602_BOOT_HEADER] == RK_BL602_VALID ? RK_BL602_BOOT2
                                                                : RK_BL602_BOOT_HEADER,
            f ? f->text : "", f && f->remedy[0] ? f->remedy : "give a boot2 file with --boot FILE");
    }
    if (status == RK_OK)
        status = rk_bfl_plan_write(p, RK_BL602_BOOT2, b.start, b.image, b.len, b.why);
    if (status == RK_OK)
        status = rk_bfl_plan_write(p, RK_BL602_BOOT_HEADER, 0, b.header, RK_BFL_HEADER,
                                   "the header the mask ROM looks for");
    return status;
}

/* ---- device tree ---- */

static bool is_valid_tree(const uint8_t *data, size_t len)
{
    struct rk_fdt tree;

    return data && rk_fdt_open(data, len, &tree) && rk_fdt_sound(&tree) &&
           rk_fdt_has(&tree, "/wifi");
}

/* The tree in a capture of some module: where its own table says. */
static const uint8_t *tree_of_capture(const uint8_t *data, size_t len, size_t *tree_len)
{
    struct rk_bfl_table table;
    const struct rk_bfl_part *factory =
        rk_bfl_table_choose(data, len, &table) < 0 ? NULL : rk_bfl_part_named(&table, "factory");

    if (!factory || factory->addr[0] >= len ||
        !is_valid_tree(data + factory->addr[0], len - factory->addr[0]))
        return NULL;
    *tree_len = rk_fdt_total(data + factory->addr[0], 8);
    return data + factory->addr[0];
}

static enum rk_status copied(const uint8_t *data, size_t len, struct rk_bytes *out,
                             struct rk_error *err)
{
    out->data = malloc(len);
    if (!out->data)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(out->data, data, len);
    out->len = len;
    return RK_OK;
}

enum rk_status rk_bfl_tree_given(const uint8_t *data, size_t len, struct rk_bytes *out,
                                 struct rk_error *err)
{
    struct rk_dt tree = {.root = NULL};
    bool flat = len >= 4 && rk_get_be32(data) == 0xD00DFEED;

    *out = (struct rk_bytes){0};
    if (!flat && len > RK_BFL_TABLE_1) {
        data = tree_of_capture(data, len, &len);
        if (!data)
            return bad_source(err, "device tree", "it is a capture without a valid device tree");
        flat = true;
    }
    enum rk_status status = flat ? rk_dt_from_fdt(data, len, &tree, err)
                                 : rk_dt_from_dts((const char *)data, len, &tree, err);
    if (status != RK_OK)
        return status;
    status = flat ? copied(data, len, out, err) : rk_dt_to_fdt(&tree, &out->data, &out->len, err);
    rk_dt_free(&tree);
    if (status == RK_OK && !is_valid_tree(out->data, out->len)) {
        rk_bytes_free(out);
        return bad_source(err, "device tree", "it has no /wifi");
    }
    return status;
}

static enum rk_status given_tree(struct rk_bfl_planner *p, struct rk_dt *tree)
{
    struct rk_bytes flat;
    enum rk_status status = rk_bfl_tree_given(p->from->tree, p->from->tree_len, &flat, p->err);

    if (status != RK_OK)
        return status;
    status = rk_dt_from_fdt(flat.data, flat.len, tree, p->err);
    rk_bytes_free(&flat);
    return status;
}

/* The valid tree of this module, wherever its old table has it: it knows the board's radio. */
static const uint8_t *own_tree(const struct rk_bfl_planner *p, uint32_t addr, uint32_t room)
{
    const struct rk_bfl_part *old = rk_bfl_part_named(&p->now, "factory");
    uint32_t places[2] = {addr, old ? old->addr[0] : addr};

    for (size_t i = 0; i < 2; i++) {
        const uint8_t *head = rk_bfl_plan_bytes(p, places[i], 8);
        uint32_t total = head ? rk_fdt_total(head, 8) : 0;
        const uint8_t *data =
            total && total <= room ? rk_bfl_plan_bytes(p, places[i], total) : NULL;

        if (is_valid_tree(data, total))
            return data;
    }
    return NULL;
}

static enum rk_status adapt_tree(struct rk_bfl_planner *p, struct rk_dt *tree)
{
    enum rk_status status = RK_OK;
    uint8_t cells[20] = {0};

    if (p->from->mac) {
        status = rk_dt_set(tree, "/wifi/mac/sta_mac_addr", p->from->mac, 6, p->err);
        if (status == RK_OK)
            status = rk_dt_set(tree, "/wifi/mac/ap_mac_addr", p->from->mac, 6, p->err);
    }
    if (status == RK_OK && p->from->capcode) {
        /* in, out, and three numbers that no firmware reads, as retail trees have them */
        rk_put_be32(cells, *p->from->capcode);
        rk_put_be32(cells + 4, *p->from->capcode);
        rk_put_be32(cells + 12, 60);
        rk_put_be32(cells + 16, 60);
        status = rk_dt_set(tree, "/wifi/brd_rf/xtal", cells, sizeof cells, p->err);
    }
    return status;
}

static enum rk_status write_tree(struct rk_bfl_planner *p, struct rk_dt *tree,
                                 const struct rk_bfl_part *place, const char *why)
{
    uint8_t *flat = NULL;
    const uint8_t *kept;
    size_t len = 0;
    enum rk_status status = adapt_tree(p, tree);

    if (status == RK_OK)
        status = rk_dt_to_fdt(tree, &flat, &len, p->err);
    if (status != RK_OK)
        return status;
    kept = (const uint8_t *)rk_arena_copy(p->arena, flat, len);
    free(flat);
    if (!kept)
        return no_memory(p);
    if (!is_valid_tree(kept, len))
        return bad_source(p->err, "device tree", "it has no /wifi");
    if (len > place->max_len[0]) {
        rk_fail(p->err, RK_ERR_RANGE, "bl602.too-large",
                "the device tree has %zu bytes, its partition %u", len, place->max_len[0]);
        rk_error_at(p->err, place->addr[0]);
        return RK_ERR_RANGE;
    }
    return rk_bfl_plan_write(p, RK_BL602_TREE, place->addr[0], kept, len, why);
}

/* Nobody has looked whether there is one: without a valid table it was not known where. */
static bool is_unread(const struct rk_bfl_planner *p, const struct rk_bfl_part *place)
{
    uint32_t addr = place->addr[0];

    return p->flash->known && addr < p->flash_size && place->max_len[0] > 0 &&
           !rk_bfl_plan_bytes(p, addr, SECTOR < place->max_len[0] ? SECTOR : place->max_len[0]);
}

enum rk_status rk_bfl_plan_tree(struct rk_bfl_planner *p)
{
    const struct rk_bfl_part *place = rk_bfl_part_named(&p->wanted, "factory");
    const uint8_t *own = place ? own_tree(p, place->addr[0], place->max_len[0]) : NULL;
    bool stays = own && own == rk_bfl_plan_bytes(p, place->addr[0], 8);
    const char *why = "the device tree that was given";
    struct rk_dt tree = {.root = NULL};
    enum rk_status status;

    if (!place)
        return RK_OK; /* the judgement of the result names it */
    if (!own && !p->from->tree && is_unread(p, place)) {
        rk_fail(p->err, RK_ERR_ARG, "bl602.unread", "the place of the device tree was not read");
        rk_error_at(p->err, place->addr[0]);
        return RK_ERR_ARG;
    }
    if (!p->from->tree && stays && !p->from->mac && !p->from->capcode)
        return RK_OK;
    if (p->from->tree) {
        status = given_tree(p, &tree);
    } else if (own) {
        why = stays ? "the module's device tree, changed" : "the module's own device tree, moved";
        status = rk_dt_from_fdt(own, rk_fdt_total(own, 8), &tree, p->err);
    } else if (p->from->default_tree) {
        why = "a plain device tree";
        status = rk_dt_from_dts(rk_bfl_default_tree, strlen(rk_bfl_default_tree), &tree, p->err);
    } else {
        return rk_bfl_plan_missing(
            p, RK_BL602_TREE, "without it there are no radio settings and no MAC address",
            "give this module's backup or a .dtb or .dts file with --device-tree FILE, or "
            "--device-tree default for a plain one");
    }
    if (status == RK_OK)
        status = write_tree(p, &tree, place, why);
    rk_dt_free(&tree);
    return status;
}
