/* Layouts: the partition tables that public tools write, by name; and their TOML form. */
#ifndef RK_IMAGE_BOUFFALO_LAYOUT_H
#define RK_IMAGE_BOUFFALO_LAYOUT_H

#include "base/buffer.h"
#include "image/bouffalo/partitions.h"

/* One row of data/bl602-layouts.csv. */
struct rk_bfl_layout_entry {
    const char *layout; /* "1m", "2m", "4m", "2m-2021", ... */
    uint32_t flash_size;
    struct rk_bfl_part part;
};
extern const struct rk_bfl_layout_entry rk_bfl_layout_entries[];
extern const size_t rk_bfl_layout_entry_count;

/* A layout by its name. False if there is none. */
bool rk_bfl_layout_named(const char *name, struct rk_bfl_table *out);

/* The usual layout for a flash of that size: the largest that fits. Its name, or NULL below 1 MiB. */
const char *rk_bfl_layout_for(uint32_t flash_size, struct rk_bfl_table *out);

/* Names for messages: "1m, 2m, ...". */
void rk_bfl_layout_names(char *out, size_t cap);

/* Reads the vendor's TOML ([pt_table], [[pt_entry]]). `line` in messages counts from 1.
 * Errors: IMAGE_FORMAT "bl602.toml". */
RK_MUST_CHECK enum rk_status rk_bfl_layout_from_toml(const char *text, size_t len,
                                                     struct rk_bfl_table *out,
                                                     struct rk_error *err);

/* Writes that form. Failures are remembered in the buffer. */
void rk_bfl_layout_to_toml(const struct rk_bfl_table *table, struct rk_buffer *out);

/* Reads whatever it is: a binary table or TOML. Errors: IMAGE_FORMAT "bl602.layout". */
RK_MUST_CHECK enum rk_status rk_bfl_layout_read(const uint8_t *data, size_t len,
                                                struct rk_bfl_table *out, struct rk_error *err);

#endif
