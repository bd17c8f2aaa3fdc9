/* UF2 as LibreTiny and ESPHome make it: 512-byte blocks with tags that say for which partition and
 * for which way of flashing the data are. */
#ifndef RK_IMAGE_BEKEN_UF2_H
#define RK_IMAGE_BEKEN_UF2_H

#include <rekindle/error.h>

#define RK_UF2_BLOCK     512u
#define RK_UF2_PARTS_MAX 8

struct rk_uf2_part {
    char name[17];
    uint32_t addr, len; /* in flash */
};

struct rk_uf2 {
    uint32_t family;
    const char *chip; /* "BK7231N"; NULL for a family we do not know */
    uint32_t blocks;  /* how many the file claims */
    bool complete;
    char board[48], firmware[40], version[24], sdk[24];
    size_t part_count;
    struct rk_uf2_part parts[RK_UF2_PARTS_MAX];
};

/* Reads the first block. False if it is no UF2 block. */
bool rk_uf2_read(const uint8_t *data, size_t len, struct rk_uf2 *out);

/* Makes the flash image a UART flasher would write: [*addr, *addr + *out_len), gaps FF. *out is
 * allocated. Errors: IMAGE_FORMAT (damaged, no data for a UART flasher, no partition table), NOMEM. */
RK_MUST_CHECK enum rk_status rk_uf2_unpack(const uint8_t *data, size_t len, uint8_t **out,
                                           size_t *out_len, uint32_t *addr, struct rk_error *err);

#endif
