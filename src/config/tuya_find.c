/* Finds the key block, the protected blocks and the data sectors of a Tuya storage. */
#include "config/tuya_cipher.h"
#include "config/tuya_storage.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS_MAX 512u

static void add_seed(struct rk_tuya *t, const struct rk_tuya_seed *seed)
{
    for (size_t i = 0; i < t->seed_count; i++)
        if (memcmp(t->seeds[i].inner, seed->inner, 16) == 0) {
            if (seed->key_block && !t->seeds[i].key_block)
                t->seeds[i] = *seed;
            return;
        }
    if (t->seed_count < RK_TUYA_SEEDS)
        t->seeds[t->seed_count++] = *seed;
}

static bool is_key_head(const uint8_t plain[32])
{
    return rk_get_le32(plain) == RK_TUYA_MAGIC &&
           rk_get_le32(plain + 4) == rk_tuya_sum(plain + 8, 16);
}

/* True if most of the sector is what a key block has behind its head. */
static bool has_blank_tail(const uint8_t *sector)
{
    unsigned hits = 0;

    for (size_t i = 32; i < RK_TUYA_SECTOR; i += 16)
        hits += memcmp(sector + i, rk_tuya_blank_block, 16) == 0;
    return hits >= 200;
}

/* Undoes one flipped bit in the head of a key block: the right one makes magic and sum agree. */
static bool repair_key_head(struct rk_cipher *master, const uint8_t *sector, uint8_t plain[32])
{
    uint8_t trial[32];

    for (unsigned bit = 0; bit < 256; bit++) {
        memcpy(trial, sector, 32);
        trial[bit / 8] = (uint8_t)(trial[bit / 8] ^ 1u << bit % 8);
        rk_cipher_run(master, trial, plain, 32);
        if (is_key_head(plain))
            return true;
    }
    return false;
}

/* A sector under the master key that is no key block may be a protected block. */
static bool is_protected(struct rk_cipher *master, const uint8_t *sector)
{
    uint8_t plain[RK_TUYA_SECTOR];

    rk_cipher_run(master, sector, plain, sizeof plain);
    return rk_tuya_sum(plain + 8, RK_TUYA_SECTOR - 8) == rk_get_le32(plain + 4);
}

static void look_at_sector(struct rk_tuya *t, struct rk_cipher *master, const uint8_t *data,
                           uint32_t offset)
{
    const uint8_t *sector = data + offset;
    struct rk_tuya_seed seed = {.offset = offset};
    uint8_t plain[32];

    rk_cipher_run(master, sector, plain, sizeof plain);
    if (is_key_head(plain)) {
        seed.key_block = true;
    } else if (rk_get_le32(plain) == RK_TUYA_MAGIC && !has_blank_tail(sector)) {
        if (is_protected(master, sector) && t->protected_count < RK_TUYA_SEEDS)
            t->protected_at[t->protected_count++] = offset;
    } else if (has_blank_tail(sector) && repair_key_head(master, sector, plain)) {
        seed.key_block = seed.repaired = true;
    } else {
        return;
    }
    memcpy(seed.inner, plain + 8, 16);
    add_seed(t, &seed);
}

enum rk_status rk_tuya_find_seeds(struct rk_tuya *t, const uint8_t *data, size_t len, size_t shift)
{
    struct rk_cipher master;

    t->seed_count = t->protected_count = 0;
    t->protected_at = rk_arena_alloc(&t->arena, RK_TUYA_SEEDS * sizeof t->protected_at[0]);
    if (!t->protected_at)
        return RK_ERR_NOMEM;
    rk_cipher_init(&master, rk_tuya_master_key, false);
    for (size_t at = shift; at + RK_TUYA_SECTOR <= len; at += RK_TUYA_SECTOR)
        look_at_sector(t, &master, data, (uint32_t)at);
    rk_cipher_free(&master);
    return RK_OK;
}

/* Page magic, and the size of the bitmap that every sector has. */
static bool is_data_head(const uint8_t plain[16])
{
    uint32_t magic = rk_get_le32(plain);

    return (magic == RK_TUYA_CLASSIC_MAGIC || magic == RK_TUYA_OS3_MAGIC ||
            magic == RK_TUYA_MAGIC) &&
           plain[14] == 4;
}

static size_t count_sectors(struct rk_cipher *cipher, const uint8_t *data, size_t len, size_t shift)
{
    uint8_t plain[16];
    size_t hits = 0;

    for (size_t at = shift; at + RK_TUYA_SECTOR <= len; at += RK_TUYA_SECTOR) {
        rk_cipher_run(cipher, data + at, plain, 16);
        hits += is_data_head(plain);
    }
    return hits;
}

/* Tries every key with every derivation; the one that opens most sectors is right. */
static size_t choose_key(struct rk_tuya *t, const uint8_t *data, size_t len, size_t shift)
{
    size_t best = 0;

    for (size_t s = 0; s < t->seed_count; s++) {
        for (unsigned v = 0; v < RK_TUYA_VARIANTS; v++) {
            struct rk_cipher cipher;
            uint8_t key[16];
            rk_tuya_data_key(t->seeds[s].inner, v, key);
            rk_cipher_init(&cipher, key, false);
            size_t hits = count_sectors(&cipher, data, len, shift);
            rk_cipher_free(&cipher);
            if (hits <= best)
                continue;
            best = hits;
            memcpy(t->facts.inner, t->seeds[s].inner, 16);
            memcpy(t->facts.data_key, key, 16);
            t->facts.variant = rk_tuya_variant_name(v);
            t->facts.has_key_block = t->seeds[s].key_block;
            t->facts.key_guessed = t->seeds[s].guessed;
            t->facts.key_repaired = t->seeds[s].repaired;
            t->facts.offset = t->seeds[s].offset;
        }
    }
    return best;
}

static void add_common_keys(struct rk_tuya *t)
{
    for (size_t i = 0; i < rk_tuya_common_key_count; i++) {
        struct rk_tuya_seed seed = {.guessed = true};
        memcpy(seed.inner, rk_tuya_common_keys[i], 16);
        add_seed(t, &seed);
    }
}

static bool sum_is_right(const uint8_t *plain)
{
    return rk_tuya_sum(plain + 8, RK_TUYA_SECTOR - 8) == rk_get_le32(plain + 4);
}

/* The header's second cipher block: the end of the bitmap, then nothing but 0xFF. */
static bool is_data_fill(const uint8_t block[16])
{
    return rk_bytes_all(block + 3, 13, 0xFF);
}

/* Undoes one flipped bit in the first two cipher blocks of a data sector, the header. What the
 * header must contain and the sum over the sector have to agree, so a wrong bit cannot pass. */
static bool repair_data_head(struct rk_cipher *cipher, const uint8_t *sector, uint8_t *plain)
{
    uint8_t trial[16], saved[16];

    for (unsigned half = 0; half < 2; half++) {
        uint8_t *target = plain + 16 * half;
        if (half == 0 ? is_data_head(target) : is_data_fill(target))
            continue;
        memcpy(saved, target, 16);
        for (unsigned bit = 0; bit < 128; bit++) {
            memcpy(trial, sector + 16 * half, 16);
            trial[bit / 8] = (uint8_t)(trial[bit / 8] ^ 1u << bit % 8);
            rk_cipher_run(cipher, trial, target, 16);
            if ((half == 0 ? is_data_head(target) : is_data_fill(target)) && sum_is_right(plain))
                return true;
        }
        memcpy(target, saved, 16);
    }
    return false;
}

static enum rk_status keep_sector(struct rk_tuya *t, const uint8_t *plain, uint32_t offset,
                                  bool repaired)
{
    struct rk_tuya_sector *sector = &t->sectors[t->sector_count];
    char *copy = rk_arena_copy(&t->arena, plain, RK_TUYA_SECTOR);

    if (!copy)
        return RK_ERR_NOMEM;
    sector->offset = offset;
    sector->block = rk_get_le16(plain + 8);
    sector->generation = rk_get_le32(plain + 10);
    sector->sum_right = sum_is_right(plain);
    sector->repaired = repaired;
    t->trusted[t->sector_count] = sector->sum_right || is_data_fill(plain + 16);
    t->plain[t->sector_count++] = (const uint8_t *)copy;
    return RK_OK;
}

/* The block id of a sector without a header, from the index pages in it; -1 if there is none. */
static int block_of_pages(const uint8_t *plain)
{
    struct rk_tuya_index index;

    for (unsigned page = 1; page < RK_TUYA_PAGES; page++)
        if (rk_tuya_index_parse(plain + page * RK_TUYA_PAGE, page, &index))
            return index.block;
    return -1;
}

/* A sector inside the storage whose header cannot be read: keep what its pages say. */
static enum rk_status keep_headless(struct rk_tuya *t, uint8_t *plain, uint32_t offset)
{
    int block = block_of_pages(plain);

    if (block < 0)
        return RK_OK;
    memset(plain, 0xFF, 19);
    rk_put_le16(plain + 8, (uint16_t)block);
    rk_put_le32(plain + 10, 0);
    enum rk_status st = keep_sector(t, plain, offset, false);
    if (st == RK_OK) {
        t->sectors[t->sector_count - 1].sum_right = false;
        t->trusted[t->sector_count - 1] = false;
    }
    return st;
}

static bool is_seed_sector(const struct rk_tuya *t, uint32_t offset)
{
    for (size_t i = 0; i < t->seed_count; i++)
        if (!t->seeds[i].guessed && t->seeds[i].offset == offset)
            return true;
    return false;
}

/* First and last data sector with a readable header. */
static void find_bounds(struct rk_cipher *cipher, const uint8_t *data, size_t len, size_t shift,
                        size_t *first, size_t *last)
{
    uint8_t plain[16];

    *first = SIZE_MAX;
    *last = 0;
    for (size_t at = shift; at + RK_TUYA_SECTOR <= len; at += RK_TUYA_SECTOR) {
        rk_cipher_run(cipher, data + at, plain, 16);
        if (!is_data_head(plain))
            continue;
        if (*first == SIZE_MAX)
            *first = at;
        *last = at;
    }
}

static enum rk_status load_all(struct rk_tuya *t, struct rk_cipher *cipher, const uint8_t *data,
                               size_t len, size_t shift)
{
    uint8_t plain[RK_TUYA_SECTOR];
    size_t first, last;
    enum rk_status st = RK_OK;

    find_bounds(cipher, data, len, shift, &first, &last);
    /* One more sector on both sides: the storage's own ends may be the damaged ones. */
    first = first >= shift + RK_TUYA_SECTOR ? first - RK_TUYA_SECTOR : first;
    last += RK_TUYA_SECTOR;
    for (size_t at = first;
         st == RK_OK && at <= last && at + RK_TUYA_SECTOR <= len && t->sector_count < SECTORS_MAX;
         at += RK_TUYA_SECTOR) {
        if (rk_bytes_all(data + at, RK_TUYA_SECTOR, 0xFF) || is_seed_sector(t, (uint32_t)at))
            continue;
        rk_cipher_run(cipher, data + at, plain, sizeof plain);
        bool readable = is_data_head(plain);
        bool repaired =
            !(readable && is_data_fill(plain + 16)) && repair_data_head(cipher, data + at, plain);
        if (readable || repaired)
            st = keep_sector(t, plain, (uint32_t)at, repaired);
        else
            st = keep_headless(t, plain, (uint32_t)at);
    }
    return st;
}

/* Of all copies of a block the one with the highest generation is live. */
static void mark_live(struct rk_tuya *t)
{
    for (size_t i = 0; i < t->sector_count; i++) {
        bool newest = true;
        for (size_t j = 0; j < t->sector_count && newest; j++)
            newest = j == i || t->sectors[j].block != t->sectors[i].block ||
                     t->sectors[j].generation < t->sectors[i].generation ||
                     (t->sectors[j].generation == t->sectors[i].generation && j > i);
        t->sectors[i].live = newest;
        t->facts.bad_sectors += !t->sectors[i].sum_right;
    }
    t->facts.sectors = (uint32_t)t->sector_count;
}

enum rk_status rk_tuya_load_sectors(struct rk_tuya *t, const uint8_t *data, size_t len,
                                    size_t shift, bool *found)
{
    struct rk_cipher cipher;

    *found = false;
    size_t hits = choose_key(t, data, len, shift);
    if (hits == 0) {
        add_common_keys(t);
        hits = choose_key(t, data, len, shift);
    }
    if (hits == 0)
        return RK_OK;
    t->sectors = rk_arena_alloc(&t->arena, SECTORS_MAX * sizeof t->sectors[0]);
    t->plain = rk_arena_alloc(&t->arena, SECTORS_MAX * sizeof t->plain[0]);
    t->trusted = rk_arena_alloc(&t->arena, SECTORS_MAX * sizeof t->trusted[0]);
    if (!t->sectors || !t->plain || !t->trusted)
        return RK_ERR_NOMEM;
    rk_cipher_init(&cipher, t->facts.data_key, false);
    enum rk_status st = load_all(t, &cipher, data, len, shift);
    rk_cipher_free(&cipher);
    if (st != RK_OK)
        return st;
    mark_live(t);
    *found = t->sector_count > 0;
    if (*found) {
        uint32_t magic = rk_get_le32(t->plain[0]);
        for (size_t i = 1; i < t->sector_count && magic != RK_TUYA_OS3_MAGIC; i++)
            magic = rk_get_le32(t->plain[i]);
        t->facts.kind = magic == RK_TUYA_OS3_MAGIC ? RK_TUYA_OS3 : RK_TUYA_CLASSIC;
        if (!t->facts.has_key_block)
            t->facts.offset = t->sectors[0].offset;
    }
    return RK_OK;
}
