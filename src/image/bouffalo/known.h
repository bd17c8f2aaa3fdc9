/* A flash that may be known only in part, and what the judges of it share. */
#ifndef RK_IMAGE_BOUFFALO_KNOWN_H
#define RK_IMAGE_BOUFFALO_KNOWN_H

#include <rekindle/bl602.h>

#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"

/* A judgement in the making. */
struct rk_bfl_case {
    const struct rk_bl602_flash *flash;
    struct rk_bl602_report *report;
    uint32_t flash_size;
    enum rk_bl602_piece piece; /* what is being judged: whom wants are for */
    struct rk_bfl_header boot; /* at 0 */
    bool boot2_v8;             /* the second-stage loader is one of version 8 */
    bool tables;               /* a copy is valid: `table` is the one that counts */
    struct rk_bfl_table table;
    struct rk_bfl_header apps[2]; /* of the slots */
    struct rk_bl602_finding spare;
};

/* The bytes [addr, addr + len) if all of them are known; else NULL. With `want` set they are asked
 * for. */
const uint8_t *rk_bfl_bytes(struct rk_bfl_case *c, uint32_t addr, uint32_t len, bool want);

/* Whether an image has its header's hash. UNREAD asks for it. */
enum rk_bl602_state rk_bfl_image_state(struct rk_bfl_case *c, const struct rk_bfl_header *header,
                                       uint32_t addr, bool want);

/* True if the sector at addr is known and blank. */
bool rk_bfl_blank(struct rk_bfl_case *c, uint32_t addr, uint32_t len);

/* Notes a finding whose kind is in faults.c; `fmt` is its sentence. Never NULL: what does not fit
 * into the report goes to a spare place. */
struct rk_bl602_finding *rk_bfl_find(struct rk_bfl_case *c, const char *id, uint32_t addr,
                                     const char *fmt, ...) RK_PRINTF(4, 5);

/* Why the packed update in a slot will not start; NULL if nothing speaks against it. */
const char *rk_bfl_packed_fault(struct rk_bfl_case *c, unsigned index);

/* The stages, in boot order. */
void rk_bfl_judge_boot(struct rk_bfl_case *c);
void rk_bfl_judge_tables(struct rk_bfl_case *c);
void rk_bfl_judge_apps(struct rk_bfl_case *c);
void rk_bfl_judge_data(struct rk_bfl_case *c);

#endif
