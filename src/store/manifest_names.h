/* The words of a manifest, shared by its writer and its reader. */
#ifndef RK_STORE_MANIFEST_NAMES_H
#define RK_STORE_MANIFEST_NAMES_H

#include <stddef.h>

/* The table's entry `i` is the word for value i of the enumeration. */
struct rk_words {
    const char *const *words;
    size_t count;
};

extern const struct rk_words rk_source_words;   /* enum rk_sector_source */
extern const struct rk_words rk_journal_words;  /* enum rk_journal_state */
extern const struct rk_words rk_evidence_words; /* enum rk_evidence */
extern const struct rk_words rk_key_words;      /* enum rk_key_class */
extern const struct rk_words rk_region_words;   /* enum rk_region_kind */

#endif
