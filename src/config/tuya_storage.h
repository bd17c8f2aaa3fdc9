/* Inside of the Tuya reader, shared by its steps: finding the keys and the sectors, putting values
 * together from pages. */
#ifndef RK_CONFIG_TUYA_STORAGE_H
#define RK_CONFIG_TUYA_STORAGE_H

#include <rekindle/tuya.h>

#include "base/arena.h"

#define RK_TUYA_SECTOR        4096u
#define RK_TUYA_PAGE          128u
#define RK_TUYA_PAGES         32u
#define RK_TUYA_SEEDS         16u
#define RK_TUYA_MAGIC         0x13579753u /* key block and protected block */
#define RK_TUYA_CLASSIC_MAGIC 0x98761234u
#define RK_TUYA_OS3_MAGIC     0x135726ABu

/* An inner key and where it was read. */
struct rk_tuya_seed {
    uint8_t inner[16];
    uint32_t offset;
    bool key_block; /* from a key block, else from a protected block or the list of common keys */
    bool guessed;   /* a common key */
    bool repaired;  /* one bit of the key block was undone */
};

struct rk_tuya {
    struct rk_arena arena;
    struct rk_tuya_facts facts;
    struct rk_tuya_seed seeds[RK_TUYA_SEEDS];
    size_t seed_count;
    uint32_t *protected_at; /* offsets of protected blocks with a right checksum */
    size_t protected_count;
    struct rk_tuya_sector *sectors;
    const uint8_t **plain; /* deciphered contents, parallel to sectors */
    bool *trusted;         /* the bitmap of index pages can be believed, parallel to sectors */
    size_t sector_count;
    struct rk_tuya_key *keys;
    size_t key_count;
    struct rk_tuya_key *guarded; /* entries of protected blocks */
    size_t guarded_count;
};

#define RK_TUYA_PARTS_MAX 27u
#define RK_TUYA_NAME_MAX  110u

/* One index page: which value has this name, and on which pages it lies. */
struct rk_tuya_index {
    uint32_t sum, length;
    uint16_t block;
    unsigned part_count;
    struct {
        uint16_t block;
        uint8_t first, last; /* pages, both included */
    } parts[RK_TUYA_PARTS_MAX];
    char name[RK_TUYA_NAME_MAX];
};

/* Reads an index page of RK_TUYA_PAGE bytes that should have this page number. False if anything
 * in it contradicts the format. The bytes behind the parts may be left over from earlier. */
bool rk_tuya_index_parse(const uint8_t *page, unsigned number, struct rk_tuya_index *out);

/* Fills seeds and protected_at. Sectors are taken at shift, shift + 4096, ... */
enum rk_status rk_tuya_find_seeds(struct rk_tuya *t, const uint8_t *data, size_t len, size_t shift);

/* Finds the data key and deciphers every data sector. *found says if there is any. */
enum rk_status rk_tuya_load_sectors(struct rk_tuya *t, const uint8_t *data, size_t len,
                                    size_t shift, bool *found);

/* Reads the keys out of the deciphered sectors. */
enum rk_status rk_tuya_read_pages(struct rk_tuya *t);

/* Reads the entries of the protected blocks. */
enum rk_status rk_tuya_read_protected(struct rk_tuya *t, const uint8_t *data);

/* Reads the text storage of ESP8266 modules. *found says if there is one. */
enum rk_status rk_tuya_read_psm(struct rk_tuya *t, const uint8_t *data, size_t len, bool *found);

/* Fills what follows from name and value: kind, text length, secrecy, check value. */
void rk_tuya_classify(struct rk_tuya_key *key);

#endif
