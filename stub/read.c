/* READ: frames one behind the other, as the flash has the bytes or packed. */
#include "stub.h"

#include "memory.h"

#define HEAD        5u    /* offset, flags */
#define STORED_HEAD 9u    /* and where in the range its bytes belong */
#define PIECE       1024u /* bytes read from the flash at once */
#define PACK        256u  /* bytes packed per step: their packed form fits into one frame */
#define AHEAD       RK_LZMA_MATCH_MAX
#define FRAME_FIRST 256u /* frames begin small, so that the line is busy soon */
#define BLOCK       0x10000u
#define CHUNK       4096u /* for each it is decided whether packing pays */
#define RUN_MAX     16u   /* chunks that are not even tried */
#define WORTH(n)    ((n) - (n) / 32)

enum { PACKED = 1, SUMS = 2, FLAGS = 3 };
enum { LAST = 1, STORED = 2 };

static struct {
    uint32_t addr, len;
    uint32_t at;     /* bytes read from the flash */
    uint32_t offset; /* of the frame in the making, in what is sent */
    uint32_t used;   /* bytes in it */
    uint32_t size;   /* of frames, so far */
    uint32_t crc;
    uint8_t flags;
    /* packed: the chunk in hand */
    uint32_t chunk_end, chunk_len;
    uint32_t chunk_sent; /* bytes that were sent before it */
    uint32_t run;        /* chunks that were stored the last time */
    bool stored;
    /* the block whose sum is made */
    bool summing, summed;
    uint32_t block;
} reading;

/* ---- frames ---- */

static void grow(void)
{
    reading.size = reading.size < READ_MAX ? reading.size * 2 : READ_MAX;
    memory.encoder.out_cap = reading.size;
}

static void send_data(uint8_t flags, uint32_t head)
{
    put_u32(answer.payload, reading.offset);
    answer.payload[4] = flags;
    if (flags & LAST) {
        put_u32(answer.payload + head + reading.used, reading.crc);
        reading.used += 4;
    }
    send(OP_READ | OP_ANSWER, job.tag, head + reading.used);
    reading.offset += reading.used;
    reading.used = 0;
    grow();
}

/* What is packed lies in the frame already. */
static void send_packed(uint8_t flags)
{
    reading.used = memory.encoder.out_len;
    memory.encoder.out_len = 0;
    send_data(flags, HEAD);
}

static void full(void *user)
{
    (void)user;
    send_packed(0);
}

/* ---- sums ---- */

/* The sum of a block is that of its bytes read once more. */
static void add_to_sum(uint32_t addr, uint32_t n)
{
    uint32_t at = addr % BLOCK, end = reading.addr + reading.len;

    if (at == 0) {
        reading.summing = end - addr >= BLOCK;
        reading.block = addr;
    }
    if (!reading.summing)
        return;
    hash_flash(addr, n, at == 0, at + n == BLOCK ? BLOCK : 0);
    reading.summed = at + n == BLOCK;
}

static void send_sum(void)
{
    static uint8_t body[2 + 4 + HASH + 4] = {OP_DIGEST | OP_ANSWER};

    if (!reading.summed)
        return;
    reading.summed = false;
    body[1] = job.tag;
    put_u32(body + 2, reading.block);
    hash_get(body + 6);
    frame_send(body, 4 + HASH);
}

/* ---- steps ---- */

/* Not in the middle of the ring: a piece never wraps, as the ring is a multiple of it. */
static void fetch(void)
{
    uint32_t left = reading.len - reading.at, n = left < PIECE ? left : PIECE;
    uint8_t *to = ring_out + reading.at % WINDOW;

    send_sum();
    flash_read(reading.addr + reading.at, to, n);
    reading.crc = crc_add(reading.crc, to, n);
    if (reading.flags & SUMS)
        add_to_sum(reading.addr + reading.at, n);
    reading.at += n;
}

/* Bytes of the ring as they are; where they belong is said if packed ones are between them. */
static void send_stored(uint32_t from, uint32_t n)
{
    bool packed = reading.flags & PACKED;
    uint32_t head = packed ? STORED_HEAD : HEAD, at = from % WINDOW;
    uint32_t first = WINDOW - at < n ? WINDOW - at : n;

    put_u32(answer.payload + HEAD, from);
    memcpy(answer.payload + head, ring_out + at, first);
    memcpy(answer.payload + head + first, ring_out, n - first);
    reading.used = n;
    bool last = from + n == reading.len;
    if (last)
        send_sum();
    send_data((packed ? STORED : 0) | (last ? LAST : 0), head);
}

static bool step_plain(void)
{
    uint32_t from = reading.offset, left = reading.len - from;
    uint32_t n = left < reading.size ? left : reading.size;

    if (reading.at - from < n) {
        fetch();
        return true;
    }
    send_stored(from, n);
    return n < left;
}

/* The next chunk. One that follows chunks which did not get smaller is not packed either, nor are
 * more and more behind it. */
static void begin_chunk(void)
{
    struct rk_lzma_encoder *encoder = &memory.encoder;
    uint32_t sent = reading.offset + encoder->out_len - reading.chunk_sent;
    bool dense = !reading.stored && reading.chunk_len && sent > WORTH(reading.chunk_len);

    reading.run = reading.stored ? reading.run : !dense ? 0 : reading.run ? reading.run * 2 : 1;
    reading.run = reading.run < RUN_MAX ? reading.run : RUN_MAX;
    reading.stored = dense;
    if (dense) {
        rk_lzma_encode_finish(encoder);
        send_packed(0);
    }
    reading.chunk_len = dense ? CHUNK * reading.run : CHUNK;
    reading.chunk_end = encoder->at + reading.chunk_len;
    reading.chunk_sent = reading.offset + encoder->out_len;
}

static bool step_stored(void)
{
    struct rk_lzma_encoder *encoder = &memory.encoder;
    uint32_t end = reading.chunk_end < reading.len ? reading.chunk_end : reading.len;
    uint32_t left = end - encoder->at, n = left < reading.size ? left : reading.size;

    if (reading.at - encoder->at < n) {
        fetch();
        return true;
    }
    uint32_t from = encoder->at;
    rk_lzma_encode_skip(encoder, n);
    send_stored(from, n);
    return encoder->at < reading.len;
}

static bool step_packed(void)
{
    struct rk_lzma_encoder *encoder = &memory.encoder;

    if (encoder->at < reading.len && encoder->at >= reading.chunk_end)
        begin_chunk();
    if (reading.stored)
        return step_stored();
    if (reading.at < reading.len && reading.at - encoder->at < PACK + AHEAD) {
        fetch();
        return true;
    }
    if (encoder->at < reading.len) {
        rk_lzma_encode(encoder, encoder->at + PACK, reading.at);
        return true;
    }
    rk_lzma_encode_finish(encoder);
    send_sum();
    send_packed(LAST);
    return false;
}

static bool step(void)
{
    if (!frame_fits(PAYLOAD_MAX)) /* enough is on its way */
        return true;
    return reading.flags & PACKED ? step_packed() : step_plain();
}

static void start_packing(void)
{
    struct rk_lzma_encoder *encoder = &memory.encoder;

    encoder->data = ring_out;
    encoder->mask = WINDOW - 1;
    encoder->tries = 2;
    encoder->previous = (uint16_t *)(void *)ring_in;
    encoder->out = answer.payload + HEAD;
    encoder->full = full;
    rk_lzma_encode_init(encoder);
}

void read_begin(const struct frame *request, uint32_t len)
{
    uint32_t addr = get_u32(request->payload), count = get_u32(request->payload + 4);

    if (len != 9 || request->payload[8] > FLAGS) {
        refuse(OP_READ, request->tag, ERROR_LENGTH, len);
        return;
    }
    if (count == 0 || !range_good(addr, count, 1) || (request->payload[8] & SUMS && addr % PIECE)) {
        refuse(OP_READ, request->tag, ERROR_RANGE, addr);
        return;
    }
    memset(&reading, 0, sizeof reading);
    reading.addr = addr;
    reading.len = count;
    reading.flags = request->payload[8];
    reading.size = FRAME_FIRST;
    memory.encoder.out_cap = FRAME_FIRST;
    if (reading.flags & PACKED)
        start_packing();
    job_begin(OP_READ, request->tag, step);
}
