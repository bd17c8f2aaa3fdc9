/* A serial NOR flash chip: cells that programming only clears, pages that wrap, erase units, a
 * busy time for everything, status registers that protect, and what remains when the power fails
 * in the middle.
 *
 * The chip knows nothing of who drives it: virtual modules and an emulated flash controller use
 * it alike. Time is handed in (nanoseconds from an arbitrary start); it never goes back. */
#ifndef RK_FLASH_NOR_H
#define RK_FLASH_NOR_H

#include <rekindle/error.h>

#include "base/archive.h"

#define RK_NOR_PAGE 256u

struct rk_nor_options {
    uint32_t jedec;         /* size << 16 | type << 8 | manufacturer */
    uint32_t size;          /* bytes, a power of two from 4 KiB to 64 MiB */
    const uint8_t *content; /* initial content, copied; the rest is FF */
    size_t content_len;     /* bytes of it, at most size */
    uint32_t status;        /* SR1 | SR2 << 8 | SR3 << 16 as it was last written */
    bool instant;           /* operations take no time */
    uint32_t erase_64k_ms;  /* times that are not the usual ones; 0 = as usual */
    uint32_t page_us;
    uint64_t seed; /* decides what a torn operation leaves behind */
};

struct rk_nor;

/* Errors: ARG (size), NOMEM. Free with rk_nor_free(). */
RK_MUST_CHECK enum rk_status rk_nor_new(const struct rk_nor_options *opt, struct rk_nor **out,
                                        struct rk_error *err);
void rk_nor_free(struct rk_nor *nor);

/* Defects, to be changed at any time. */
struct rk_nor_defects {
    bool dead;            /* answers nothing: every byte read is 00 */
    bool locked;          /* status registers keep their value */
    bool ignore_writes;   /* cells keep their value */
    bool weak;            /* one sector does not take every bit */
    uint32_t weak_sector; /* its address */
};
void rk_nor_set_defects(struct rk_nor *nor, const struct rk_nor_defects *defects);

uint32_t rk_nor_size(const struct rk_nor *nor);
uint32_t rk_nor_jedec(const struct rk_nor *nor);

/* All cells as they are, for inspection: no command, no defects. rk_nor_size() bytes. */
const uint8_t *rk_nor_cells(const struct rk_nor *nor);

/* True if a cell of [addr, addr + len) was ever erased or programmed (256-byte pages). */
bool rk_nor_touched(const struct rk_nor *nor, uint32_t addr, uint32_t len);

/* Number of operations ever begun that change cells; grows when the content may have changed. */
uint64_t rk_nor_changes(const struct rk_nor *nor);

/* Write in progress? */
bool rk_nor_busy(const struct rk_nor *nor, uint64_t now_ns);

/* ---- commands ----
 * A busy chip takes none of them but the status reads, as the data sheets say: reads give FF,
 * the others are lost. Addresses count modulo the size: the chip has no higher address lines.
 * Those that change something need rk_nor_write_enable() immediately before and return the time
 * at which the chip is ready again (now_ns if the command was ignored). */

void rk_nor_read(const struct rk_nor *nor, uint64_t now_ns, uint32_t addr, uint8_t *buf,
                 size_t len);
void rk_nor_write_enable(struct rk_nor *nor, uint64_t now_ns);
void rk_nor_write_disable(struct rk_nor *nor, uint64_t now_ns);

/* Programs within one 256-byte page: bits are only cleared, addresses wrap inside the page, and of
 * more than 256 bytes the last 256 count. A page with a protected cell is left alone. */
uint64_t rk_nor_program(struct rk_nor *nor, uint64_t now_ns, uint32_t addr, const uint8_t *data,
                        size_t len);

/* Erases the unit of `len` bytes (4096, 32768, 65536) that contains addr, unless any of it is
 * protected. */
uint64_t rk_nor_erase(struct rk_nor *nor, uint64_t now_ns, uint32_t addr, uint32_t len);

/* Erases everything, unless anything is protected. */
uint64_t rk_nor_erase_chip(struct rk_nor *nor, uint64_t now_ns);

/* Reads a status register by its SPI opcode: 05, 35, 15. Others, and registers this part does not
 * have, read 00. */
uint8_t rk_nor_status(const struct rk_nor *nor, uint64_t now_ns, uint8_t opcode);

/* Writes status registers by SPI opcode 01 (one or two bytes), 31 or 11. A single byte with 01
 * clears SR2 on the parts that have no opcode of their own for it, as their data sheets warn. */
uint64_t rk_nor_write_status(struct rk_nor *nor, uint64_t now_ns, uint8_t opcode,
                             const uint8_t *data, size_t len);

/* One raw SPI transfer (chip select low, n bytes out and in at the same time, high): opcodes 9F
 * 05 35 15 01 31 11 03 0B 02 06 04 20 52 D8 60 C7 AB B9. out and in may be the same array.
 * Returns the time at which the chip is ready. */
uint64_t rk_nor_transfer(struct rk_nor *nor, uint64_t now_ns, const uint8_t *out, uint8_t *in,
                         size_t n);

/* Is any cell of [addr, addr + len) write-protected by the status registers? Decodes BP0..BP4, TB,
 * SEC and CMP as GigaDevice, Winbond and their second sources do, and BP0..BP3 of the parts whose
 * protection mask is 3C. The WP# pin and the SRP bits are not modelled. */
bool rk_nor_protected(const struct rk_nor *nor, uint32_t addr, uint32_t len);

/* The power fails. An operation that is under way is torn: a page is programmed up to some byte, a
 * unit half erased, with bits between; which ones follows from the seed and the place. The write
 * enable latch is cleared. */
void rk_nor_power_loss(struct rk_nor *nor, uint64_t now_ns);

/* Saves or loads the cells and everything else that is not a defect. Loading, the chip has to have the
 * same size. */
void rk_nor_archive(struct rk_nor *nor, struct rk_archive *a);

/* The bus is reset or powered again: the chip is ready and write-disabled. */
void rk_nor_power_on(struct rk_nor *nor);

#endif
