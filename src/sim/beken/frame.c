/* Frames on the wire: 01 E0 FC, a length, an opcode, a payload. */
#include "sim/beken/beken.h"

#include "base/bytes.h"

#include <string.h>

#define ROM_FRAME_TIMEOUT_NS (200u * RK_SIM_MS) /* no source has the figure */

static bool is_rom(const struct rk_sim *sim)
{
    return beken_of(sim)->model->family == BEKEN_ROM;
}

void beken_frame_reset(struct beken *beken)
{
    beken->state = FRAME_01;
    beken->need = beken->got = 0;
}

static void short_complete(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    uint32_t len = beken->need;

    beken_frame_reset(beken);
    if (is_rom(sim))
        beken_rom_short(sim, len);
    else
        beken_loader_short(sim, len);
}

static void long_complete(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    uint32_t len = beken->need;

    beken_frame_reset(beken);
    if (is_rom(sim))
        beken_rom_long(sim, len);
    else
        beken_loader_long(sim, len);
}

static void take_short(struct rk_sim *sim, uint8_t byte)
{
    struct beken *beken = beken_of(sim);

    if (beken->got < sizeof beken->short_frame)
        beken->short_frame[beken->got] = byte;
    if (++beken->got == beken->need)
        short_complete(sim);
}

static void take_long(struct rk_sim *sim, uint8_t byte)
{
    struct beken *beken = beken_of(sim);

    if (beken->got < sizeof beken->long_frame)
        beken->long_frame[beken->got] = byte;
    beken->got++;
    if (!is_rom(sim) && beken->long_frame[0] == 0x07 && beken->got == 5) {
        beken->state = FRAME_STREAM;
        beken_loader_stream_begin(sim, beken->need);
    } else if (beken->got == beken->need) {
        long_complete(sim);
    }
}

static void take_header(struct rk_sim *sim, uint8_t byte)
{
    static const uint8_t expected[] = {
        [FRAME_01] = 0x01, [FRAME_E0] = 0xE0, [FRAME_FC] = 0xFC, [FRAME_F4] = 0xF4};
    struct beken *beken = beken_of(sim);

    if (byte == expected[beken->state]) {
        beken->state++;
        return;
    }
    beken_frame_reset(beken);
    /* The flash loaders do not look at this byte again: 01 01 E0 FC .. is lost on them. */
    if (is_rom(sim) && byte == 0x01)
        beken->state = FRAME_E0;
}

void beken_frame_byte(struct rk_sim *sim, uint8_t byte)
{
    struct beken *beken = beken_of(sim);

    switch (beken->state) {
    case FRAME_01:
    case FRAME_E0:
    case FRAME_FC:
    case FRAME_F4:
        take_header(sim, byte);
        break;
    case FRAME_LENGTH:
        beken->need = byte;
        beken->got = 0;
        if (byte == 0x00)
            beken_frame_reset(beken);
        else
            beken->state = byte == 0xFF ? FRAME_F4 : FRAME_SHORT;
        break;
    case FRAME_SHORT:
        take_short(sim, byte);
        break;
    case FRAME_LENGTH_LOW:
        beken->need = byte;
        beken->state = FRAME_LENGTH_HIGH;
        break;
    case FRAME_LENGTH_HIGH:
        beken->need |= (uint32_t)byte << 8;
        beken->got = 0;
        beken->state = FRAME_LONG;
        if (beken->need == 0)
            beken_frame_reset(beken);
        break;
    case FRAME_LONG:
        take_long(sim, byte);
        break;
    case FRAME_STREAM:
        if (!beken_loader_stream_byte(sim, byte))
            beken_frame_reset(beken);
        break;
    }
}

uint64_t beken_frame_timeout_ns(const struct rk_sim *sim)
{
    const struct beken *beken = beken_of(sim);

    if (!is_rom(sim) || beken->state == FRAME_01)
        return RK_SIM_NEVER;
    return beken->last_byte_ns + ROM_FRAME_TIMEOUT_NS;
}

/* A ROM answers a frame that does not go on with status 05: Beken's published download code for
 * later chips, bl_bk_hci_protocol.c. */
void beken_frame_timeout(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    enum beken_frame_state state = beken->state;
    uint32_t got = beken->got;
    uint8_t echo[1 + BEKEN_SHORT_BUFFER];

    if (state == FRAME_SHORT) {
        size_t n = got < BEKEN_SHORT_BUFFER ? got : BEKEN_SHORT_BUFFER;
        echo[0] = (uint8_t)beken->need;
        memcpy(echo + 1, beken->short_frame, n);
        beken_frame_reset(beken);
        beken_reply_short(sim, 0x05, echo, n + 1);
    } else if (state == FRAME_LONG && got > 0) {
        beken_frame_reset(beken);
        beken_reply_long(sim, beken->long_frame[0], 0x05, NULL, 0);
    } else {
        beken_frame_reset(beken);
    }
}

/* ---- replies ---- */

void beken_reply_short(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len)
{
    uint8_t *reply = beken_of(sim)->reply;
    const uint8_t head[] = {0x04, 0x0E, (uint8_t)(4 + len), 0x01, 0xE0, 0xFC, op};

    memcpy(reply, head, sizeof head);
    if (len)
        memcpy(reply + sizeof head, payload, len);
    rk_sim_reply(sim, reply, sizeof head + len);
}

void beken_reply_counted(struct rk_sim *sim, uint8_t op, uint8_t status, const uint8_t *payload,
                         size_t len, size_t counted)
{
    struct beken *beken = beken_of(sim);
    uint8_t echoed = (uint8_t)(beken->wide ? op + BEKEN_WIDE : op);
    uint8_t head[] = {0x04, 0x0E, 0xFF, 0x01, 0xE0, 0xFC, 0xF4, 0, 0, echoed, status};

    rk_put_le16(head + 7, (uint16_t)(2 + counted));
    memcpy(beken->reply, head, sizeof head);
    if (payload)
        memcpy(beken->reply + sizeof head, payload, len);
    rk_sim_reply(sim, beken->reply, sizeof head + len);
}

void beken_reply_long(struct rk_sim *sim, uint8_t op, uint8_t status, const uint8_t *payload,
                      size_t len)
{
    beken_reply_counted(sim, op, status, payload, len, len);
}
