/* The loaders in flash (BK7231T, U, Q, BK7252): observed byte for byte on the executed builds
 * 1.0.4, 1.0.5, 1.0.6, 1.0.15 and Q. They know few commands, never say no to an unknown one, and
 * answer "success" to almost everything. */
#include "sim/beken/beken.h"

#include "base/bytes.h"

#include <string.h>

enum { OK = 0x00, BAD_PARAMETER = 0x06 };

static void link_check(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);

    if (beken->loader->needs_gap && beken->phase == BEKEN_WINDOW) {
        uint64_t idle = 32u * 1000000000ull / sim->baud; /* the UART's idle time, 32 bits */
        beken->gap_ns = sim->byte_at_ns + idle;
        return;
    }
    beken_link(sim);
}

static void boot_version(struct rk_sim *sim)
{
    const char *text = beken_of(sim)->loader->version_text;
    uint8_t field[16] = {0};

    if (!text)
        return;
    memcpy(field, text, strlen(text) < sizeof field ? strlen(text) : sizeof field);
    beken_reply_short(sim, 0x11, field, sizeof field);
}

static uint16_t status(const struct rk_sim *sim)
{
    return (uint16_t)(rk_nor_status(sim->nor, sim->now_ns, 0x05) |
                      (unsigned)rk_nor_status(sim->nor, sim->now_ns, 0x35) << 8);
}

/* Writes the status registers if they differ and waits; returns when that is done. */
static uint64_t set_status(struct rk_sim *sim, uint64_t at, uint8_t value)
{
    const struct beken_protect *protect =
        beken_protect_find(rk_nor_jedec(sim->nor), beken_of(sim)->loader->table);

    return status(sim) == value ? at : beken_flash_write_status(sim, at, value, protect->bytes);
}

/* Whole blocks of 256 bytes, counted in 16 bits; then the flash is locked again, while the flag
 * that would unlock it stays as it is. */
static void check_crc(struct rk_sim *sim, const uint8_t *payload)
{
    struct beken *beken = beken_of(sim);
    uint32_t start = rk_get_le32(payload), end = rk_get_le32(payload + 4);
    uint32_t span = end - start;

    if (end < start || span >= 1u << 24) { /* the loop never meets its end */
        beken->phase = BEKEN_DEAD;
        return;
    }
    const struct beken_protect *protect =
        beken_protect_find(rk_nor_jedec(sim->nor), beken->loader->table);
    uint64_t locked = set_status(sim, sim->now_ns, protect->value);
    beken_crc(sim, start, (uint64_t)((span + 1) / 256 & 0xFFFF) * 256, locked);
}

void beken_loader_short(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    const uint8_t *payload = beken->short_frame + 1;

    (void)len; /* short frames are not checked: missing bytes are those of the frame before */
    if (!rk_sim_command_begin(sim))
        return;
    switch (beken->short_frame[0]) {
    case 0x00:
        link_check(sim);
        break;
    case 0x0E:
        if (payload[0] == 0xA5)
            beken_restart_later(sim, RK_SIM_COMMAND);
        break;
    case 0x0F:
        beken_set_baud(sim, payload);
        break;
    case 0x10:
        check_crc(sim, payload);
        break;
    case 0x11:
        boot_version(sim);
        break;
    default:
        break; /* silence */
    }
    rk_sim_command_end(sim);
}

static bool beyond(const struct rk_sim *sim, uint32_t addr)
{
    return beken_of(sim)->loader->knows_size && addr >= rk_nor_size(sim->nor);
}

static void read_4k(struct rk_sim *sim, uint32_t addr, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    uint8_t refusal[5];

    if (addr < beken->loader->guard || sim->faults.refuse_reads) {
        rk_put_le32(refusal, addr);
        refusal[4] = (uint8_t)(len - 5);
        beken_reply_long(sim, 0x09, BAD_PARAMETER, refusal, sizeof refusal);
        return;
    }
    sim->stats.reads_4k++;
    rk_put_le32(beken->reply + 11, addr);
    rk_nor_read(sim->nor, sim->now_ns, addr, beken->reply + 15, 4096);
    beken_reply_long(sim, 0x09, OK, NULL, 4 + 4096);
}

/* The flag is looked at before the size code: an unused code unprotects and erases nothing. */
static void erase(struct rk_sim *sim, uint8_t code, uint32_t addr, const uint8_t *payload)
{
    struct beken *beken = beken_of(sim);
    uint64_t at = sim->now_ns;

    if (addr < beken->loader->guard || addr >= 0x80000000) {
        beken_reply_long(sim, 0x0F, BAD_PARAMETER, payload, 5);
        return;
    }
    if (beken->armed) {
        at = set_status(sim, at, 0);
        beken->armed = false;
    }
    if ((code == 0x20 || code == 0xD8) && !beyond(sim, addr))
        at = rk_sim_flash_erase(sim, at, addr, code == 0x20 ? 4096 : 65536);
    rk_sim_busy(sim, at, true); /* the processor runs from the same flash */
    beken_reply_long(sim, 0x0F, OK, payload, 5);
}

/* What build 1.0.5 left behind 16 written bytes: its write buffer is 32 bytes and not cleared. */
static uint64_t dirty_tail(struct rk_sim *sim, uint64_t at, uint32_t addr, uint32_t n)
{
    static const uint8_t stale[] = {0x00, 0xFF, 0xFF, 0xFF, 0xAE, 0xBD, 0x1A, 0x37, 0xBC};
    uint32_t rest = 32 - n;

    if (addr % 32 != 0 || n == 0 || n >= 32)
        return at;
    return rk_sim_flash_program(sim, at, addr + n, stale, rest < sizeof stale ? rest : sizeof stale,
                                BEKEN_PROGRAM);
}

static void write_part(struct rk_sim *sim, uint32_t addr, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    uint32_t n = len > 5 ? len - 5 : 0;
    uint8_t echo[5];

    rk_put_le32(echo, addr);
    echo[4] = (uint8_t)(len - 5);
    if (addr < beken->loader->guard) {
        beken_reply_long(sim, 0x06, BAD_PARAMETER, echo, sizeof echo);
        return;
    }
    if (n > sizeof beken->long_frame - 5)
        n = sizeof beken->long_frame - 5;
    if (!beyond(sim, addr)) {
        uint64_t at =
            rk_sim_flash_program(sim, sim->now_ns, addr, beken->long_frame + 5, n, BEKEN_PROGRAM);
        if (beken->loader->dirty_tail)
            at = dirty_tail(sim, at, addr, n);
        rk_sim_busy(sim, at, true);
    }
    beken_reply_long(sim, 0x06, OK, echo, sizeof echo);
}

void beken_loader_long(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    const uint8_t *payload = beken->long_frame + 1;

    if (!rk_sim_command_begin(sim))
        return;
    switch (beken->long_frame[0]) {
    case 0x06:
        write_part(sim, rk_get_le32(payload), len);
        break;
    case 0x09:
        read_4k(sim, rk_get_le32(payload), len);
        break;
    case 0x0F:
        erase(sim, payload[0], rk_get_le32(payload + 1), payload);
        break;
    default:
        break; /* silence */
    }
    rk_sim_command_end(sim);
}

/* ---- write 4K: programmed in pieces of 256 bytes while it arrives ---- */

static void stream_reply(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    uint8_t echo[4];

    rk_put_le32(echo, rk_get_le32(beken->long_frame + 1));
    if (beken->stream.refused) /* the limit overwrites half of the address */
        rk_put_le16(echo, (uint16_t)beken->loader->guard_write4k);
    if (!beken->stream.lost)
        beken_reply_long(sim, 0x07, beken->stream.refused ? BAD_PARAMETER : OK, echo, 4);
    rk_sim_command_end(sim);
}

void beken_loader_stream_begin(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    uint32_t addr = rk_get_le32(beken->long_frame + 1);

    beken->stream = (struct beken_stream){.addr = addr, .left = len - 5};
    beken->stream.refused = addr < beken->loader->guard_write4k;
    beken->stream.lost = !rk_sim_command_begin(sim);
    if (sim->cut)
        sim->cut_after = rk_rng_below(&sim->rng, 128);
    if (beken->stream.left == 0) {
        stream_reply(sim);
        beken_frame_reset(beken);
    }
}

bool beken_loader_stream_byte(struct rk_sim *sim, uint8_t byte)
{
    struct beken *beken = beken_of(sim);
    struct beken_stream *stream = &beken->stream;

    stream->piece[stream->used++] = byte;
    if (stream->used < sizeof stream->piece)
        return true;
    stream->used = 0;
    if (!stream->refused && !stream->lost && !beyond(sim, stream->addr)) {
        uint64_t end = rk_sim_flash_program(sim, sim->now_ns, stream->addr, stream->piece,
                                            sizeof stream->piece, BEKEN_PROGRAM);
        rk_sim_busy(sim, end, false); /* between the 32-byte units interrupts are taken */
    }
    stream->addr += (uint32_t)sizeof stream->piece;
    /* Any length but 5 + a multiple of 256 misses zero, and the frame never ends. */
    stream->left -= (uint32_t)sizeof stream->piece;
    if (stream->left != 0)
        return true;
    sim->stats.programs_4k++;
    stream_reply(sim);
    return false;
}
