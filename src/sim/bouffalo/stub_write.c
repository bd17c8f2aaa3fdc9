/* WRITE of the imitated stub. */
#include "base/bytes.h"
#include "base/crc.h"
#include "sim/bouffalo/stub_state.h"

#include <stdlib.h>
#include <string.h>

#define TELL_NS      (50ull * RK_SIM_MS)
#define PAGE_NS      30000u /* to the flash, and what belongs to it */
#define PAGE_SLOW_NS 70000u /* over one line */
#define BLANK_NS     3000u  /* a page that is not programmed */
#define TELL_BYTES   4096u

void bfl_write_forget(struct bfl_stub *stub)
{
    free(stub->w.data);
    free(stub->w.plain);
    free(stub->w.decoder);
    memset(&stub->w, 0, sizeof stub->w);
}

static uint32_t limit_of(const struct writing *w)
{
    uint32_t taken = w->packed ? w->decoder->in_at : w->written;
    uint64_t most = (uint64_t)(taken < w->received ? taken : w->received) + BFL_STUB_WINDOW;

    return most < w->all ? (uint32_t)most : w->all;
}

void bfl_write_tell(struct rk_sim *sim)
{
    struct writing *w = &bfl_stub_of(sim)->w;
    uint8_t p[20] = {w->state, w->code, w->gap, w->round};

    rk_put_le32(p + 4, w->received);
    rk_put_le32(p + 8, limit_of(w));
    rk_put_le32(p + 12, w->written);
    if (w->state == DONE && !w->unchecked) {
        uint8_t *now = malloc(w->len);
        if (now) {
            rk_nor_read(sim->nor, sim->now_ns, w->addr, now, w->len);
            rk_put_le32(p + 16, rk_crc32(0, now, w->len));
        }
        free(now);
    }
    w->gap = false;
    w->told_ns = sim->now_ns;
    w->told_received = w->received;
    w->told_limit = limit_of(w);
    bfl_stub_answer(sim, OP_WRITE, w->tag, p, sizeof p);
}

static void fail(struct rk_sim *sim, uint8_t code)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    stub->w.state = FAILED;
    stub->w.code = code;
    bfl_write_tell(sim);
    bfl_stub_end_job(stub);
}

static bool good_write(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    uint8_t flags = f->len == 13 ? f->payload[12] : 0xFF;
    uint32_t all = f->len == 13 ? rk_get_le32(f->payload + 8) : 0;
    uint32_t len = f->len == 13 ? rk_get_le32(f->payload + 4) : 0;

    if (flags > WRITE_FLAGS || all == 0 || all > 64u << 20 ||
        (!(flags & WRITE_PACKED) && all != len) ||
        (flags & WRITE_FIRST_LAST && !(flags & WRITE_ERASE))) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return false;
    }
    uint32_t addr = rk_get_le32(f->payload);
    if (len && bfl_stub_range_good(sim, addr, len, flags & WRITE_ERASE ? BFL_STUB_SECTOR : 1))
        return true;
    bfl_stub_refuse(sim, f->op, f->tag, ERROR_RANGE, addr);
    return false;
}

static bool start_unpacking(struct writing *w)
{
    w->plain = malloc(w->len);
    w->decoder = calloc(1, sizeof *w->decoder);
    if (!w->plain || !w->decoder)
        return false;
    w->decoder->in = w->data;
    w->decoder->in_mask = w->decoder->out_mask = UINT32_MAX;
    w->decoder->out = w->plain;
    w->decoder->out_len = w->len;
    rk_lzma_decode_init(w->decoder);
    return true;
}

/* As far as its memory reaches. False: the stream is damaged. */
static bool unpack(struct writing *w)
{
    uint32_t left = w->len - w->written;

    if (!w->packed)
        return true;
    w->decoder->in_end = w->received;
    w->decoder->in_all = w->received == w->all;
    return rk_lzma_decode(w->decoder,
                          w->written + (left < BFL_STUB_WINDOW ? left : BFL_STUB_WINDOW)) !=
           RK_LZMA_DAMAGED;
}

void bfl_write_begin(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    struct writing *w = &stub->w;

    if (!good_write(sim, f))
        return;
    w->known = true;
    w->tag = f->tag;
    w->addr = rk_get_le32(f->payload);
    w->len = rk_get_le32(f->payload + 4);
    w->all = rk_get_le32(f->payload + 8);
    w->erase = f->payload[12] & WRITE_ERASE;
    w->packed = f->payload[12] & WRITE_PACKED;
    w->unchecked = f->payload[12] & WRITE_UNCHECKED;
    w->first_last = f->payload[12] & WRITE_FIRST_LAST;
    w->data = malloc(w->all);
    if (!w->data || (w->packed && !start_unpacking(w))) {
        bfl_write_forget(stub);
        return;
    }
    bfl_write_tell(sim);
    sim->stats.programs_4k += (w->len + BFL_STUB_SECTOR - 1) / BFL_STUB_SECTOR;
    bfl_stub_begin_job(sim, f->op, f->tag, sim->now_ns + BFL_STUB_THINK_NS);
}

void bfl_write_data(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct writing *w = &bfl_stub_of(sim)->w;

    if (!w->known || f->tag != w->tag) {
        if (!w->known)
            bfl_stub_refuse(sim, f->op, f->tag, ERROR_STATE, 0);
        return;
    }
    if (w->state != OPEN || f->len < 5) {
        bfl_write_tell(sim);
        return;
    }
    uint32_t offset = rk_get_le32(f->payload), count = (uint32_t)f->len - 5;
    if (f->payload[4] != w->round)
        w->gap_told = false;
    w->round = f->payload[4];
    if (offset < w->received && count <= w->received - offset)
        return;
    if (offset == w->received && count <= limit_of(w) - offset) {
        memcpy(w->data + offset, f->payload + 5, count);
        w->received += count;
        w->gap_told = false;
        if (w->received - w->told_received >= TELL_BYTES)
            bfl_write_tell(sim);
        return;
    }
    if (w->gap_told)
        return;
    w->gap = w->gap_told = true;
    bfl_write_tell(sim);
}

/* A page is programmed, unless it is nothing but FF. */
static void program_page(struct rk_sim *sim, uint32_t offset, uint32_t len)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    const struct writing *w = &stub->w;
    const uint8_t *from = (w->packed ? w->plain : w->data) + offset;

    if (rk_bytes_all(from, len, 0xFF)) {
        stub->job_ns = sim->now_ns + BLANK_NS;
        return;
    }
    bfl_stub_arm_cut(sim);
    stub->job_ns =
        rk_sim_flash_program(sim, sim->now_ns, w->addr + offset, from, len, RK_NOR_PAGE) +
        (bfl_stub_is_quad(sim) ? PAGE_NS : PAGE_SLOW_NS);
    rk_sim_command_end(sim);
}

/* All is written but for the first sector, perhaps. */
static void end_write(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    struct writing *w = &stub->w;

    if (w->first_last && w->held < BFL_STUB_SECTOR) {
        program_page(sim, w->held, RK_NOR_PAGE);
        w->held += RK_NOR_PAGE;
        return;
    }
    w->state = DONE;
    bfl_write_tell(sim);
    bfl_stub_end_job(stub);
}

/* The next thing for the flash. */
void bfl_write_step(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    struct writing *w = &stub->w;

    w->erased += w->unit;
    w->written += w->page;
    w->unit = w->page = 0;
    if (limit_of(w) - w->told_limit >= TELL_BYTES || sim->now_ns >= w->told_ns + TELL_NS)
        bfl_write_tell(sim);
    if (w->written == w->len) {
        end_write(sim);
        return;
    }
    uint32_t at = w->addr + w->written, page = RK_NOR_PAGE - at % RK_NOR_PAGE;
    page = page < w->len - w->written ? page : w->len - w->written;
    if (!unpack(w)) {
        fail(sim, ERROR_LZMA);
        return;
    }
    uint32_t ready = (w->packed ? w->decoder->out_at : w->received) - w->written;
    stub->job_ns = sim->now_ns + RK_SIM_MS / 4;
    if (w->erase && w->written == w->erased) {
        w->unit = bfl_stub_unit(at, w->addr + w->len);
        bfl_stub_arm_cut(sim);
        stub->job_ns = rk_sim_flash_erase(sim, sim->now_ns, at, w->unit);
        rk_sim_command_end(sim);
    } else if (ready >= page) {
        w->page = page;
        if (w->first_last && w->written < BFL_STUB_SECTOR)
            stub->job_ns = sim->now_ns + BLANK_NS;
        else
            program_page(sim, w->written, page);
    }
}
