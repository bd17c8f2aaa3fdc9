/* Block protection as arithmetic on status register values, from the row of a flash part.
 * The field is what BP bits hold before shifting; its meaning per part is in the table. */
#ifndef RK_FLASH_PROTECTION_H
#define RK_FLASH_PROTECTION_H

#include "flash/parts.h"

#include <stdbool.h>

/* Ways of writing two status registers; which one a part understands differs. */
enum rk_status_form {
    RK_STATUS_ONE,     /* 01 with one byte */
    RK_STATUS_BOTH,    /* 01 with two bytes */
    RK_STATUS_SEPARATE /* 01 with the first, then 31 (or the row's opcode) with the second */
};

/* The protection bits that stand for `field` (the row's `protect` or `unprotect`), in place. */
uint32_t rk_protection_bits(const struct rk_flash_part *part, uint8_t field);

/* `status` (SR1 | SR2 << 8) with the protection bits replaced by those of `bits`; all others (QE,
 * ...) are kept. */
uint32_t rk_protection_merge(const struct rk_flash_part *part, uint32_t status, uint32_t bits);

/* Equal, apart from "write in progress" and "write enabled"? */
bool rk_protection_same(uint32_t status, uint32_t other);

/* How many forms are worth trying: a part with one readable register gets nothing but the
 * one-byte form, because any other would overwrite bits that nobody has seen. */
unsigned rk_protection_forms(const struct rk_flash_part *part);

/* The n-th form to try, n < 3: the part's own first, then the others. */
enum rk_status_form rk_protection_form(const struct rk_flash_part *part, unsigned attempt);

#endif
