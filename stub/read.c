/* READ: frames one behind the other, as the flash has the bytes or packed. */
#include "stub.h"

#include "memory.h"

#define HEAD   5u    /* offset, last */
#define PIECE  1024u /* bytes read from the flash at once */
#define PACK   256u  /* bytes packed per step: their packed form fits into one frame */
#define AHEAD  RK_LZMA_MATCH_MAX
#define PACKED 1u

static struct {
    uint32_t addr, len;
    uint32_t at;     /* bytes read from the flash */
    uint32_t offset; /* of the frame in the making, in what is sent */
    uint32_t used;   /* bytes in it */
    uint32_t crc;
    bool packed, finished;
} reading;

static void send_data(bool last)
{
    put_u32(answer.payload, reading.offset);
    answer.payload[4] = last;
    if (last) {
        put_u32(answer.payload + HEAD + reading.used, reading.crc);
        reading.used += 4;
    }
    send(OP_READ | OP_ANSWER, job.tag, HEAD + reading.used);
    reading.offset += reading.used;
    reading.used = 0;
}

static void put(void *user, uint8_t byte)
{
    (void)user;
    answer.payload[HEAD + reading.used++] = byte;
    if (reading.used == READ_MAX)
        send_data(false);
}

/* Not in the middle of the ring: a piece never wraps, as the ring is a multiple of it. */
static void fetch(void)
{
    uint32_t n = reading.len - reading.at < PIECE ? reading.len - reading.at : PIECE;
    uint8_t *to = ring_out + reading.at % WINDOW;

    flash_read(reading.addr + reading.at, to, n);
    reading.crc = crc_add(reading.crc, to, n);
    reading.at += n;
}

static bool step_plain(void)
{
    uint32_t left = reading.len - reading.at;
    uint32_t n = left < READ_MAX ? left : READ_MAX;

    flash_read(reading.addr + reading.at, answer.payload + HEAD, n);
    reading.crc = crc_add(reading.crc, answer.payload + HEAD, n);
    reading.at += n;
    reading.used = n;
    send_data(reading.at == reading.len);
    return reading.at < reading.len;
}

static bool step_packed(void)
{
    struct rk_lzma_encoder *encoder = &memory.encoder;

    if (reading.at < reading.len && reading.at - encoder->at < PACK + AHEAD) {
        fetch();
        return true;
    }
    if (encoder->at < reading.len) {
        rk_lzma_encode(encoder, encoder->at + PACK, reading.at);
        return true;
    }
    rk_lzma_encode_finish(encoder);
    send_data(true);
    return false;
}

static bool step(void)
{
    if (!frame_fits(PAYLOAD_MAX)) /* a frame is on its way still */
        return true;
    return reading.packed ? step_packed() : step_plain();
}

void read_begin(const struct frame *request, uint32_t len)
{
    uint32_t addr = get_u32(request->payload), count = get_u32(request->payload + 4);

    if (len != 9 || request->payload[8] > PACKED) {
        refuse(OP_READ, request->tag, ERROR_LENGTH, len);
        return;
    }
    if (count == 0 || !range_good(addr, count, 1)) {
        refuse(OP_READ, request->tag, ERROR_RANGE, addr);
        return;
    }
    reading.addr = addr;
    reading.len = count;
    reading.at = reading.offset = reading.used = reading.crc = 0;
    reading.packed = request->payload[8] & PACKED;
    if (reading.packed) {
        memory.encoder.data = ring_out;
        memory.encoder.mask = WINDOW - 1;
        memory.encoder.tries = 1;
        memory.encoder.previous = NULL;
        memory.encoder.put = put;
        rk_lzma_encode_init(&memory.encoder);
    }
    job_begin(OP_READ, request->tag, step);
}
