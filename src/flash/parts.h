/* SPI NOR parts: what is needed to size, unprotect and protect them. */
#ifndef RK_FLASH_PARTS_H
#define RK_FLASH_PARTS_H

#include <stddef.h>
#include <stdint.h>

/* One row of data/beken-spi-flash.csv. */
struct rk_flash_part {
    uint32_t jedec;       /* size << 16 | type << 8 | manufacturer, as Beken tools print it */
    const char *name;     /* "TH25Q16HB" */
    const char *maker;    /* "TH" */
    uint32_t size;        /* bytes */
    uint8_t status_count; /* status registers that take part, 1 to 3 */
    uint8_t unprotect;    /* field value that removes protection (before shifting) */
    uint8_t protect;      /* field value that protects everything */
    uint16_t mask;        /* protection bits in SR1 | SR2 << 8 */
    uint8_t shift, bits;  /* position and width of the field inside the mask */
    uint8_t read_ops[3];  /* SPI opcodes that read SR1, SR2, SR3; 0 = none */
    uint8_t write_ops[3]; /* SPI opcodes that write them; [1] 0 = one opcode for all */
};

extern const struct rk_flash_part rk_flash_parts[];
extern const size_t rk_flash_part_count;

/* The row of a JEDEC id, or NULL. */
const struct rk_flash_part *rk_flash_part_find(uint32_t jedec);

/* A row for a part that is not in the table: size from the id, two status registers, the most
 * common protection mask. *part is filled; its name is "unknown". */
void rk_flash_part_generic(uint32_t jedec, struct rk_flash_part *part);

/* Size in bytes that the third JEDEC byte says (0x15 = 2 MiB); 0 if it is no size code. */
uint32_t rk_flash_size_of_code(uint8_t code);

#endif
