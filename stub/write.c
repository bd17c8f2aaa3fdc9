/* WRITE: DATA comes into a ring while the flash erases and programs behind it. */
#include "stub.h"

#include "memory.h"

#define HEAD       5u /* offset, round */
#define STATE_LEN  20u
#define TELL_BYTES 4096u
#define TELL_US    50000u
#define ERASE      1u
#define PACKED     2u
#define UNCHECKED  4u
#define FIRST_LAST 8u
#define FLAGS      15u
#define UNPACK     256u /* bytes per step */
#define CHECK      4096u

enum state { OPEN, DONE, FAILED };

static struct {
    bool known; /* there is or was one, and POLL may ask for it */
    uint8_t tag, state, code, round, flags;
    bool gap, gap_told;
    uint32_t addr, len, packed;
    uint32_t received, written, erased; /* bytes of DATA; bytes of the range */
    uint32_t checked, crc;
    uint32_t unit; /* the flash is busy with: bytes erased ... */
    uint32_t page; /* ... or programmed */
    bool holds;    /* it is busy with a page of the first sector, at the end */
    uint32_t held; /* bytes of the first sector that were programmed at the end */
    uint32_t since_us, told_us, told_received, told_limit;
} writing;

union memory memory;
static uint8_t page[PAGE] __attribute__((aligned(4)));
static uint8_t held_back[SECTOR] IN_WRAM __attribute__((aligned(4)));

static bool is_packed(void)
{
    return writing.flags & PACKED;
}

/* Bytes of DATA that are not needed any more. */
static uint32_t consumed(void)
{
    if (!is_packed())
        return writing.written;
    return memory.decoder.in_at < writing.received ? memory.decoder.in_at : writing.received;
}

static uint32_t limit(void)
{
    uint32_t most = consumed() + WINDOW;

    return most < writing.packed ? most : writing.packed;
}

static void tell(void)
{
    uint8_t *p = answer.payload;

    p[0] = writing.state;
    p[1] = writing.code;
    p[2] = writing.gap;
    p[3] = writing.round;
    put_u32(p + 4, writing.received);
    put_u32(p + 8, limit());
    put_u32(p + 12, writing.written);
    put_u32(p + 16, writing.state == DONE ? writing.crc : 0);
    writing.gap = false;
    writing.told_us = now_us();
    writing.told_received = writing.received;
    writing.told_limit = limit();
    send(OP_WRITE | OP_ANSWER, writing.tag, STATE_LEN);
}

static bool fail(enum error code)
{
    writing.state = FAILED;
    writing.code = (uint8_t)code;
    tell();
    return false;
}

void write_forget(void)
{
    writing.known = false;
}

/* ---- DATA ---- */

static void store(uint32_t offset, const uint8_t *data, uint32_t len)
{
    uint32_t at = offset % WINDOW, first = WINDOW - at < len ? WINDOW - at : len;

    memcpy(ring_in + at, data, first);
    memcpy(ring_in, data + first, len - first);
}

void write_data(const struct frame *request, uint32_t len)
{
    uint32_t offset = get_u32(request->payload), count = len - HEAD;

    if (!writing.known || request->tag != writing.tag) {
        if (!writing.known)
            refuse(OP_DATA, request->tag, ERROR_STATE, 0);
        return;
    }
    if (writing.state != OPEN || len < HEAD) {
        tell();
        return;
    }
    if (request->payload[4] != writing.round)
        writing.gap_told = false;
    writing.round = request->payload[4];
    if (offset < writing.received && count <= writing.received - offset)
        return; /* it has been there */
    if (offset == writing.received && count <= limit() - offset) {
        store(offset, request->payload + HEAD, count);
        writing.received += count;
        writing.gap_told = false;
        return;
    }
    if (writing.gap_told)
        return;
    writing.gap = writing.gap_told = true;
    tell();
}

void write_poll(const struct frame *request)
{
    if (writing.known)
        tell();
    else
        refuse(OP_POLL, request->tag, ERROR_STATE, 0);
}

/* ---- what the flash does meanwhile ---- */

/* Bytes of the range that are in memory, in order, behind those written. */
static uint32_t ready(void)
{
    return (is_packed() ? memory.decoder.out_at : writing.received) - writing.written;
}

/* False: the stream is damaged. */
static bool unpack(void)
{
    struct rk_lzma_decoder *decoder = &memory.decoder;
    uint32_t room = WINDOW - ready();

    if (!is_packed() || decoder->out_at == writing.len)
        return true;
    decoder->in_end = writing.received;
    decoder->in_all = writing.received == writing.packed;
    return rk_lzma_decode(decoder, decoder->out_at + (room < UNPACK ? room : UNPACK)) !=
           RK_LZMA_DAMAGED;
}

static uint32_t page_length(void)
{
    uint32_t to_end = writing.len - writing.written;
    uint32_t in_page = PAGE - (writing.addr + writing.written) % PAGE;

    return to_end < in_page ? to_end : in_page;
}

static bool begin_erase(void)
{
    writing.unit = flash_unit(writing.addr + writing.erased, writing.addr + writing.len);
    writing.since_us = now_us();
    return flash_erase(writing.addr + writing.erased, writing.unit);
}

/* True if it holds nothing but FF: it needs not be programmed. */
static bool is_blank(const uint8_t *data, uint32_t len)
{
    const uint32_t *words = (const uint32_t *)(const void *)data;
    uint32_t all = UINT32_MAX;

    for (uint32_t i = 0; i < len / 4; i++)
        all &= words[i];
    for (uint32_t i = len / 4 * 4; i < len; i++)
        all &= data[i] | 0xFFFFFF00u;
    return all == UINT32_MAX;
}

static bool program(uint32_t offset, const uint8_t *data, uint32_t len)
{
    writing.since_us = now_us();
    return flash_program(writing.addr + offset, data, len);
}

/* Takes the next page; one of nothing but FF counts as written at once, as does one that is held
 * back. */
static bool begin_page(uint32_t len)
{
    const uint8_t *ring = is_packed() ? ring_out : ring_in;
    uint32_t at = writing.written % WINDOW, to_wrap = WINDOW - at < len ? WINDOW - at : len;
    bool hold = writing.flags & FIRST_LAST && writing.written < SECTOR;
    uint8_t *to = hold ? held_back + writing.written : page;

    memcpy(to, ring + at, to_wrap);
    memcpy(to + to_wrap, ring, len - to_wrap);
    if (hold || is_blank(page, len)) {
        writing.written += len;
        return true;
    }
    writing.page = len;
    return program(writing.written, page, len);
}

/* The pages of the first sector, at the end. */
static bool begin_held(void)
{
    uint8_t *next = held_back + writing.held;

    writing.held += PAGE;
    if (is_blank(next, PAGE))
        return true;
    writing.holds = true;
    return program(writing.held - PAGE, next, PAGE);
}

static bool check(void)
{
    uint32_t left = writing.len - writing.checked, n = left < CHECK ? left : CHECK;

    if (writing.flags & UNCHECKED)
        n = left = 0;
    flash_read(writing.addr + writing.checked, ring_in, n);
    writing.crc = crc_add(writing.crc, ring_in, n);
    writing.checked += n;
    if (n < left)
        return true;
    writing.state = DONE;
    tell();
    return false;
}

/* The flash is ready: the next thing for it. */
static bool advance(void)
{
    writing.erased += writing.unit;
    writing.written += writing.page;
    writing.unit = writing.page = 0;
    writing.holds = false;
    if (writing.written == writing.len) {
        if (writing.flags & FIRST_LAST && writing.held < SECTOR)
            return begin_held() || fail(ERROR_LOCKED);
        return check();
    }
    if (writing.flags & ERASE && writing.written == writing.erased)
        return begin_erase() || fail(ERROR_LOCKED);
    uint32_t len = page_length();
    if (ready() >= len)
        return begin_page(len) || fail(ERROR_LOCKED);
    return true;
}

static bool step(void)
{
    if (writing.received - writing.told_received >= TELL_BYTES ||
        limit() - writing.told_limit >= TELL_BYTES || now_us() - writing.told_us >= TELL_US)
        tell();
    if (!unpack())
        return fail(ERROR_LZMA);
    if ((writing.unit || writing.page || writing.holds) && flash_busy())
        return now_us() - writing.since_us < FLASH_PATIENCE_US || fail(ERROR_FLASH);
    return advance();
}

static bool good_request(const struct frame *request, uint32_t len)
{
    uint32_t addr = get_u32(request->payload), count = get_u32(request->payload + 4);
    uint32_t packed = get_u32(request->payload + 8);
    uint8_t flags = request->payload[12];

    if (len != 13 || flags > FLAGS || packed == 0 || (!(flags & PACKED) && packed != count) ||
        (flags & FIRST_LAST && !(flags & ERASE))) {
        refuse(OP_WRITE, request->tag, ERROR_LENGTH, len);
        return false;
    }
    if (count == 0 || !range_good(addr, count, flags & ERASE ? SECTOR : 1)) {
        refuse(OP_WRITE, request->tag, ERROR_RANGE, addr);
        return false;
    }
    return true;
}

void write_begin(const struct frame *request, uint32_t len)
{
    if (!good_request(request, len))
        return;
    memset(&writing, 0, sizeof writing);
    writing.known = true;
    writing.tag = request->tag;
    writing.addr = get_u32(request->payload);
    writing.len = get_u32(request->payload + 4);
    writing.packed = get_u32(request->payload + 8);
    writing.flags = request->payload[12];
    if (is_packed()) {
        memory.decoder.in = ring_in;
        memory.decoder.in_mask = WINDOW - 1;
        memory.decoder.out = ring_out;
        memory.decoder.out_mask = WINDOW - 1;
        memory.decoder.out_len = writing.len;
        rk_lzma_decode_init(&memory.decoder);
    }
    tell();
    job_begin(OP_WRITE, request->tag, step);
}
