/* A piece of code in flash: blocks, key, and its plain bytes. */
#ifndef RK_IMAGE_BEKEN_CODE_H
#define RK_IMAGE_BEKEN_CODE_H

#include "image/beken/blocks.h"
#include "image/beken/key.h"

#define RK_BOOT_SPAN   0x11000u /* physical size of the boot loader area: 2048 blocks */
#define RK_APP_ADDR    0x11000u /* physical address of the application */
#define RK_APP_LOGICAL 0x10000u

struct rk_code {
    bool present;       /* a vector table was found */
    uint32_t addr;      /* where it is in the bytes that were given */
    uint32_t base;      /* logical address it was made for */
    uint32_t blocks;    /* from the first block to the first blank one */
    uint32_t bad;       /* blocks among these whose CRC is wrong */
    uint32_t first_bad; /* offset of the first of them from addr */
    uint32_t entry;     /* word 0, the branch to the start */
    uint32_t handler;   /* word 8, the first address of the vector table */
    struct rk_code_key key;
    struct rk_block_counts area; /* all blocks of the area, RBL and rest included */
    uint8_t *stored;             /* CRC bytes removed, still enciphered: blocks * 32 bytes */
    uint8_t *plain;              /* deciphered; NULL if no key fits */
};

/* What begins at data: an application, a boot loader or nothing. */
enum rk_code_kind { RK_CODE_NONE, RK_CODE_BOOT, RK_CODE_APP };

/* Looks only at the first two blocks and known keys: cheap enough to ask everywhere. */
enum rk_code_kind rk_code_peek(const uint8_t *data, size_t len);

/* Reads the code that begins at data, made for logical address base, in an area of at most len
 * bytes. False only if memory is short; out->present tells whether there is code. Free with
 * rk_code_free(). */
bool rk_code_read(const uint8_t *data, size_t len, uint32_t base, struct rk_code *out);
void rk_code_free(struct rk_code *code);

/* Bytes of code->stored and code->plain. */
static inline size_t rk_code_size(const struct rk_code *code)
{
    return (size_t)code->blocks * RK_BLOCK_DATA;
}

#endif
