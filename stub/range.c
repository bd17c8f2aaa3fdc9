/* ERASE, SECTORS, DIGEST: what works through a range of the flash. */
#include "registers.h"
#include "stub.h"

#define SECTORS_MAX 0x80000u
#define BLOCK       64u /* of SHA-256 */
#define DIGEST_CRC  0u
#define DIGEST_SHA  1u

static struct {
    uint32_t addr, begin, end; /* where it is; the range */
    uint32_t crc;
    uint32_t since_us; /* of the erase under way */
    uint8_t kind;
    bool busy;
} range;

/* A sector and room for the padding of SHA-256 behind it; one is hashed while the next is read. */
static uint8_t both[2][SECTOR + 2 * BLOCK] __attribute__((aligned(4)));
static uint8_t *bytes = both[0];

static void start(const struct frame *request)
{
    memset(&range, 0, sizeof range);
    range.begin = range.addr = get_u32(request->payload);
    range.end = range.addr + get_u32(request->payload + 4);
}

static void alive(void)
{
    job_alive(range.addr - range.begin, range.end - range.begin);
}

static bool aligned_range(const struct frame *request, uint32_t len, uint32_t payload,
                          uint32_t unit)
{
    uint32_t addr = get_u32(request->payload), count = get_u32(request->payload + 4);

    if (len == payload && range_good(addr, count, unit))
        return true;
    refuse(request->op, request->tag, len != payload ? ERROR_LENGTH : ERROR_RANGE,
           len != payload ? len : addr);
    return false;
}

/* ---- ERASE ---- */

static bool erase_step(void)
{
    alive();
    if (range.busy && flash_busy()) {
        if (now_us() - range.since_us < FLASH_PATIENCE_US)
            return true;
        refuse(OP_ERASE, job.tag, ERROR_FLASH, range.addr);
        return false;
    }
    if (range.busy)
        range.addr += flash_unit(range.addr, range.end);
    range.busy = range.addr < range.end;
    if (!range.busy) {
        send(OP_ERASE | OP_ANSWER, job.tag, 0);
        return false;
    }
    range.since_us = now_us();
    if (flash_erase(range.addr, flash_unit(range.addr, range.end)))
        return true;
    refuse(OP_ERASE, job.tag, ERROR_LOCKED, flash_register(0x05));
    return false;
}

void erase_begin(const struct frame *request, uint32_t len)
{
    if (!aligned_range(request, len, 8, SECTOR))
        return;
    start(request);
    job_begin(OP_ERASE, request->tag, erase_step);
}

/* ---- SHA-256 ---- */

static void wait_hash(void)
{
    while (reg_read(SHA_CONTROL) & SHA_BUSY)
        continue;
}

/* The engine of the chip hashes whole blocks; the mask ROM has used it just before. It goes on beside
 * the processor; the other buffer is free. */
static void hash(uint32_t len, bool first)
{
    uint32_t control = SHA_ON | (first ? 0 : SHA_CONTINUE);

    wait_hash();
    reg_write(SHA_CONTROL, SHA_ON);
    reg_write(SHA_SOURCE, (uint32_t)(uintptr_t)bytes);
    reg_write(SHA_CONTROL, control | len / BLOCK << SHA_BLOCKS);
    reg_write(SHA_CONTROL, control | len / BLOCK << SHA_BLOCKS | SHA_TRIGGER);
    bytes = bytes == both[0] ? both[1] : both[0];
}

/* Behind the last byte: 80, zeros, the length in bits, most significant byte first. */
static uint32_t pad(uint32_t used, uint32_t all)
{
    uint32_t bits = all * 8, end = (used + 9 + BLOCK - 1) / BLOCK * BLOCK;

    memset(bytes + used, 0, end - used);
    bytes[used] = 0x80;
    for (unsigned i = 0; i < 4; i++)
        bytes[end - 1 - i] = (uint8_t)(bits >> 8 * i);
    return end;
}

void hash_get(uint8_t *out)
{
    wait_hash();
    for (uint32_t i = 0; i < HASH; i += 4)
        put_u32(out + i, reg_read(SHA_DIGEST + i));
}

void hash_flash(uint32_t addr, uint32_t len, bool first, uint32_t all)
{
    flash_read(addr, bytes, len);
    hash(all ? pad(len, all) : len, first);
}

/* ---- SECTORS ---- */

static bool sectors_step(void)
{
    uint32_t done = (range.addr - range.begin) / SECTOR;
    uint8_t *sums = ring_in; /* the answer in the making: sending signs of life uses `answer` */

    alive();
    if (range.addr == range.end) {
        if (done > 0)
            hash_get(sums + (done - 1) * HASH);
        memcpy(answer.payload, sums, done * HASH);
        send(OP_SECTORS | OP_ANSWER, job.tag, done * HASH);
        return false;
    }
    flash_read(range.addr, bytes, SECTOR);
    uint32_t padded = pad(SECTOR, SECTOR);
    if (done > 0)
        hash_get(sums + (done - 1) * HASH);
    hash(padded, true);
    range.addr += SECTOR;
    return true;
}

/* No CRC-32: boot headers and partition tables end with their own, which makes that of the whole
 * sector the same for all of them. */
void sectors_begin(const struct frame *request, uint32_t len)
{
    if (!aligned_range(request, len, 8, SECTOR))
        return;
    if (get_u32(request->payload + 4) > SECTORS_MAX) {
        refuse(OP_SECTORS, request->tag, ERROR_RANGE, get_u32(request->payload));
        return;
    }
    start(request);
    job_begin(OP_SECTORS, request->tag, sectors_step);
}

/* ---- DIGEST ---- */

static bool digest_step(void)
{
    uint32_t left = range.end - range.addr, n = left < SECTOR ? left : SECTOR;
    bool first = range.addr == range.begin;

    alive();
    if (range.kind == DIGEST_SHA) {
        hash_flash(range.addr, n, first, n == left ? range.end - range.begin : 0);
    } else {
        flash_read(range.addr, bytes, n);
        range.crc = crc_add(range.crc, bytes, n);
    }
    range.addr += n;
    if (n < left)
        return true;
    if (range.kind == DIGEST_SHA) {
        hash_get(answer.payload);
        send(OP_DIGEST | OP_ANSWER, job.tag, HASH);
    } else {
        put_u32(answer.payload, range.crc);
        send(OP_DIGEST | OP_ANSWER, job.tag, 4);
    }
    return false;
}

void digest_begin(const struct frame *request, uint32_t len)
{
    if (!aligned_range(request, len, 9, 1))
        return;
    if (request->payload[8] > DIGEST_SHA) {
        refuse(OP_DIGEST, request->tag, ERROR_LENGTH, len);
        return;
    }
    start(request);
    range.kind = request->payload[8];
    job_begin(OP_DIGEST, request->tag, digest_step);
}
