/* SPI NOR parts as the BL602's boot header, boot ROM and flash loaders describe them. */
#ifndef RK_FLASH_BL602_PARTS_H
#define RK_FLASH_BL602_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BL602_FLASH_PARAMETERS 84u

/* One row of data/bl602-spi-flash.csv: the parameter sets of Bouffalo Lab's flashing tools. */
struct rk_bl602_part {
    uint32_t jedec;   /* in wire order: manufacturer << 16 | type << 8 | size */
    const char *name; /* "W25Q16JV" */
    uint32_t size;    /* bytes */
    bool in_rom;      /* the boot ROM's own table has it */
    /* Boot header bytes 12 .. 95, with clock delay and clock inversion (bytes 2 and 3) 0. */
    uint8_t parameters[RK_BL602_FLASH_PARAMETERS];
};

extern const struct rk_bl602_part rk_bl602_parts[];
extern const size_t rk_bl602_part_count;

/* The row of a JEDEC id (in wire order), or NULL. */
const struct rk_bl602_part *rk_bl602_part_find(uint32_t jedec);

/* Parameters for a part that is not in the table, as Bouffalo Lab's default configuration has them:
 * one wire, no continuous reads. Slow, but every part can do it. `out` has
 * RK_BL602_FLASH_PARAMETERS bytes. */
void rk_bl602_part_generic(uint8_t *out);

/* Size in bytes that the third JEDEC byte says: 0x15 is 2 MiB, 0x35 (Macronix, Zbit) too; 0 if it
 * is no size code. */
uint32_t rk_bl602_size_of_code(uint8_t code);

#endif
