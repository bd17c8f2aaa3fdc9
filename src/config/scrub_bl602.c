#include "config/scrub_bl602.h"

#include "config/easyflash.h"
#include "image/bouffalo/fdt.h"
#include "image/bouffalo/partitions.h"
#include "image/search.h"

#include <stdlib.h>
#include <string.h>

struct scrub {
    uint8_t *out;
    size_t len;
    struct rk_bfl_table table;
    const uint8_t *code; /* the active firmware slot */
    size_t code_len;
    struct rk_secret_list *secrets;
};

/* A partition as far as it lies in the bytes; 0 if it is not there. */
static size_t partition(const struct scrub *s, const char *name, uint8_t **data)
{
    const struct rk_bfl_part *p = rk_bfl_part_named(&s->table, name);
    size_t room;

    if (!p || p->addr[0] >= s->len)
        return 0;
    room = s->len - p->addr[0];
    *data = s->out + p->addr[0];
    return p->max_len[0] < room ? p->max_len[0] : room;
}

static void remember(struct scrub *s, const uint8_t *value, size_t len)
{
    if (len && rk_search(s->code, s->code_len, 0, value, len) == s->code_len)
        rk_secrets_add(s->secrets, value, len);
}

/* Text keeps its length, so that the tree stays as it is. */
static void scrub_password(struct scrub *s, const struct rk_fdt *tree, const char *path)
{
    uint32_t len = 0;
    const uint8_t *value = rk_fdt_get(tree, path, &len);
    size_t n = value ? strnlen((const char *)value, len) : 0;

    if (n == 0)
        return;
    remember(s, value, n);
    memset(s->out + (value - s->out), 'x', n);
}

static void scrub_tree(struct scrub *s)
{
    struct rk_fdt tree;
    uint8_t *data = NULL;
    size_t len = partition(s, "factory", &data);

    if (len == 0 || !rk_fdt_open(data, len, &tree) || !rk_fdt_sound(&tree))
        return;
    scrub_password(s, &tree, "/wifi/sta/ssid");
    scrub_password(s, &tree, "/wifi/sta/pwd");
    scrub_password(s, &tree, "/wifi/ap/pwd");
}

/* OpenBeken's own record is masked field by field elsewhere. */
static bool is_kept(const struct rk_store_key *key)
{
    return key->harmless || strcmp(key->name, "mY0bcFg") == 0;
}

static enum rk_status scrub_key(struct scrub *s, uint8_t *area, uint32_t len,
                                const struct rk_store_key *key)
{
    struct rk_easyflash_entry now;
    uint8_t *masked;
    enum rk_status status;

    /* Setting another one may have moved it. */
    if (!rk_easyflash_find(area, 0, len, key->name, &now))
        return RK_ERR_UNSUPPORTED;
    masked = malloc(now.length ? now.length : 1);
    if (!masked)
        return RK_ERR_NOMEM;
    remember(s, area + now.value, now.length);
    memset(masked, 'x', now.length);
    status = rk_easyflash_set(area, len, key->name, masked, now.length, NULL);
    free(masked);
    return status;
}

static enum rk_status scrub_keys(struct scrub *s, uint8_t *area, uint32_t len, size_t count)
{
    struct rk_store_key *keys = calloc(count, sizeof *keys);
    enum rk_status status = keys ? RK_OK : RK_ERR_NOMEM;
    bool changed = false;

    if (keys)
        rk_store_keys(area, len, keys, count);
    for (size_t i = 0; i < count && status == RK_OK; i++) {
        if (is_kept(&keys[i]))
            continue;
        status = scrub_key(s, area, len, &keys[i]);
        changed = true;
    }
    free(keys);
    /* The log still has the old values: it is written anew. */
    if (status == RK_OK && changed)
        status = rk_easyflash_tidy(area, len, NULL);
    return status;
}

/* A store that cannot be rewritten is emptied: better no settings than somebody's. */
static enum rk_status scrub_store(struct scrub *s)
{
    uint8_t *area = NULL;
    uint32_t len = (uint32_t)partition(s, "PSM", &area) / RK_EASYFLASH_SECTOR * RK_EASYFLASH_SECTOR;
    size_t count = len ? rk_store_keys(area, len, NULL, 0) : 0;
    enum rk_status status = count ? scrub_keys(s, area, len, count) : RK_OK;

    if (status == RK_OK || status == RK_ERR_NOMEM)
        return status;
    memset(area, 0xFF, len);
    return RK_OK;
}

enum rk_status rk_scrub_bl602(uint8_t *out, size_t len, struct rk_secret_list *secrets)
{
    static const char *const makers[] = {"KEY", "DATA"};
    struct scrub s = {.out = out, .len = len, .secrets = secrets};
    const struct rk_bfl_part *fw;

    if (rk_bfl_table_choose(out, len, &s.table) < 0)
        return RK_OK;
    fw = rk_bfl_part_of_type(&s.table, 0);
    if (fw && fw->addr[fw->active & 1] < len) {
        s.code = out + fw->addr[fw->active & 1];
        s.code_len = len - fw->addr[fw->active & 1];
        if (fw->max_len[fw->active & 1] < s.code_len)
            s.code_len = fw->max_len[fw->active & 1];
    }
    scrub_tree(&s);
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        uint8_t *data = NULL;
        size_t n = partition(&s, makers[i], &data);

        if (n)
            memset(data, 0xFF, n);
    }
    return scrub_store(&s);
}
