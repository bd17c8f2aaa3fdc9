/* rekindle's own RAM stub, imitated: what docs/bl602-stub-protocol.md says, at the times that the
 * stub takes on the executed chip. Where a whole chip is executed (`emulate`) the real one runs. */
#include "sim/bouffalo/stub_state.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK         40000000u
#define START_NS      (3u * RK_SIM_MS)
#define GREET_NS      200000u
#define IDLE_NS       (3000ull * RK_SIM_MS)
#define ALIVE_NS      (100ull * RK_SIM_MS)
#define ONE_LINE_NS   215u /* a byte from the flash at 40 MHz, with its commands */
#define TWO_LINES_NS  130u
#define FOUR_LINES_NS 83u
#define READ_PIECE    1024u
#define QUEUE         12000u /* bytes that wait for the line before it stops packing */
#define SECTORS_MAX   0x80000u
#define HASH          32u
#define PROGRAM_AT    0x2010000u
#define MAGIC_AT      4u /* in the program: "RKST" */
#define PROTOCOL      1u
#define HELLO_LEN     32u
#define DATA_MAX      4096u

bool bfl_is_stub(const struct bouffalo *bfl)
{
    const uint8_t *program = bfl->ram + PROGRAM_AT - BFL_RAM_BEGIN;

    return memcmp(program + MAGIC_AT, "RKST", 4) == 0;
}

bool bfl_stub_is_quad(const struct rk_sim *sim)
{
    return rk_nor_status(sim->nor, sim->now_ns, 0x35) & 2;
}

/* Over four lines if the part is switched to that, else over two; its first bytes have to prove it. */
static uint32_t flash_byte_ns(const struct rk_sim *sim)
{
    if (rk_bytes_all(rk_nor_cells(sim->nor), 64, 0xFF))
        return ONE_LINE_NS;
    return bfl_stub_is_quad(sim) ? FOUR_LINES_NS : TWO_LINES_NS;
}

/* ---- sending ---- */

static void say(struct rk_sim *sim, uint8_t op, uint8_t tag, const uint8_t *head, size_t head_len,
                const uint8_t *data, size_t len)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    uint8_t frame[RK_COBS_FRAME_MAX];
    size_t n = rk_cobs_encode(frame, sizeof frame, op, tag, head, head_len, data, len);
    uint64_t think =
        sim->options.turnaround_us ? sim->options.turnaround_us * 1000ull : BFL_STUB_THINK_NS;
    uint64_t at = sim->now_ns + (sim->options.ideal ? 0 : think) + sim->late_ns;

    if (sim->mute || sim->power != RK_SIM_RUNS)
        return;
    at = at < stub->tx_free_ns ? stub->tx_free_ns : at;
    rk_sim_faulty_put(sim, &sim->tx[RK_SIM_UART1], at, sim->baud, frame, n);
    sim->stats.bytes_out += n;
    stub->tx_free_ns = sim->options.ideal ? at : at + n * 10000000000ull / sim->baud;
}

/* What waits for the line is not sent any more; 00 ends the frame that breaks off. */
static void cut_line(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    struct rk_wire *wire = &sim->tx[RK_SIM_UART1];
    uint64_t at = sim->now_ns + sim->options.turnaround_us * 1000ull;
    static const uint8_t end = 0;

    rk_wire_cut(wire, at);
    stub->tx_free_ns = at;
    rk_sim_faulty_put(sim, wire, at, sim->baud, &end, 1);
}

void bfl_stub_answer(struct rk_sim *sim, uint8_t op, uint8_t tag, const uint8_t *bytes, size_t len)
{
    say(sim, op | OP_ANSWER, tag, NULL, 0, bytes, len);
}

void bfl_stub_refuse(struct rk_sim *sim, uint8_t op, uint8_t tag, uint8_t code, uint32_t detail)
{
    uint8_t bytes[6] = {op, code};

    rk_put_le32(bytes + 2, detail);
    say(sim, OP_ERROR, tag, NULL, 0, bytes, sizeof bytes);
}

static void hello(struct rk_sim *sim, uint8_t tag)
{
    const struct bouffalo *bfl = bfl_of(sim);
    uint32_t jedec = sim->faults.dead_flash ? 0 : rk_nor_jedec(sim->nor);
    uint8_t p[HELLO_LEN] = {'R', 'K', 'S', 'T', PROTOCOL, 3};

    rk_put_le16(p + 6, DATA_MAX);
    rk_put_le32(p + 8, BFL_STUB_WINDOW);
    rk_put_le32(p + 12, 160000000);
    for (unsigned i = 0; i < 3; i++)
        p[16 + i] = (uint8_t)(jedec >> 8 * i);
    memcpy(p + 19, bfl->efuse + 0x14, 8);
    memcpy(p + 27, bfl->efuse + 0x10, 4);
    bfl_stub_answer(sim, OP_HELLO, tag, p, sizeof p);
}

/* ---- jobs ---- */

void bfl_stub_end_job(struct bfl_stub *stub)
{
    free(stub->out);
    bfl_reading_free(stub->reading);
    stub->out = NULL;
    stub->reading = NULL;
    stub->op = 0;
    stub->job_ns = RK_SIM_NEVER;
}

void bfl_stub_begin_job(struct rk_sim *sim, uint8_t op, uint8_t tag, uint64_t first_ns)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    stub->op = op;
    stub->tag = tag;
    stub->job_ns = sim->options.ideal ? sim->now_ns : first_ns;
    stub->alive_ns = sim->now_ns + ALIVE_NS;
}

bool bfl_stub_range_good(const struct rk_sim *sim, uint32_t addr, uint32_t len, uint32_t unit)
{
    uint32_t size = rk_nor_size(sim->nor);

    return addr % unit == 0 && len % unit == 0 && addr <= size && len <= size - addr;
}

/* An operation of the flash begins: perhaps the one during which the power fails. */
void bfl_stub_arm_cut(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    sim->cut = stub->cut;
    sim->cut_after = 0;
    stub->cut = false;
}

/* ---- READ ---- */

static void begin_read(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    uint32_t addr = f->len == 9 ? rk_get_le32(f->payload) : 0;
    uint32_t len = f->len == 9 ? rk_get_le32(f->payload + 4) : 0;
    uint8_t flags = f->len == 9 ? f->payload[8] : 0xFF;

    if (flags > READ_FLAGS || sim->faults.refuse_reads) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return;
    }
    if (len == 0 || !bfl_stub_range_good(sim, addr, len, 1) ||
        (flags & READ_SUMS && addr % READ_PIECE)) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_RANGE, addr);
        return;
    }
    stub->reading =
        bfl_reading_new(addr, len, flags & READ_PACKED, flags & READ_SUMS, flash_byte_ns(sim));
    if (!stub->reading)
        return;
    rk_nor_read(sim->nor, sim->now_ns, addr, stub->reading->raw, len);
    sim->stats.reads_4k += (len + BFL_STUB_SECTOR - 1) / BFL_STUB_SECTOR;
    stub->event = bfl_reading_next(stub->reading);
    bfl_stub_begin_job(sim, f->op, f->tag, sim->now_ns + stub->event->ns);
}

/* A frame is ready; the next is made while the line carries some. */
static void step_read(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    const struct bfl_event *e = stub->event;
    uint64_t ahead = QUEUE * 10000000000ull / (sim->baud ? sim->baud : 1);

    if (e->sum)
        bfl_stub_answer(sim, OP_DIGEST, stub->tag, e->data, e->len);
    else
        say(sim, OP_READ | OP_ANSWER, stub->tag, e->head, e->head_len, e->data, e->len);
    if (e->last) {
        bfl_stub_end_job(stub);
        return;
    }
    uint64_t line = stub->tx_free_ns > ahead ? stub->tx_free_ns - ahead : 0;
    stub->event = bfl_reading_next(stub->reading);
    if (!sim->options.ideal)
        stub->job_ns = (sim->now_ns > line ? sim->now_ns : line) + stub->event->ns;
}

/* ---- ERASE, SECTORS, DIGEST ---- */

uint32_t bfl_stub_unit(uint32_t addr, uint32_t end)
{
    static const uint32_t units[] = {0x10000, 0x8000};

    for (unsigned i = 0; i < 2; i++)
        if (addr % units[i] == 0 && end - addr >= units[i])
            return units[i];
    return BFL_STUB_SECTOR;
}

static bool take_range(struct rk_sim *sim, const struct rk_cobs_frame *f, size_t payload,
                       uint32_t unit)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    if (f->len != payload) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return false;
    }
    stub->addr = rk_get_le32(f->payload);
    stub->len = rk_get_le32(f->payload + 4);
    stub->done = 0;
    if (bfl_stub_range_good(sim, stub->addr, stub->len, unit))
        return true;
    bfl_stub_refuse(sim, f->op, f->tag, ERROR_RANGE, stub->addr);
    return false;
}

static void step_erase(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    uint32_t at = stub->addr + stub->done;

    if (stub->done == stub->len) {
        bfl_stub_answer(sim, OP_ERASE, stub->tag, NULL, 0);
        bfl_stub_end_job(stub);
        return;
    }
    uint32_t unit = bfl_stub_unit(at, stub->addr + stub->len);
    bfl_stub_arm_cut(sim);
    stub->job_ns = rk_sim_flash_erase(sim, sim->now_ns, at, unit);
    stub->done += unit;
    rk_sim_command_end(sim);
}

static void begin_sums(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    bool sectors = f->op == OP_SECTORS;

    if (!take_range(sim, f, sectors ? 8 : 9, sectors ? BFL_STUB_SECTOR : 1))
        return;
    if (sectors && stub->len > SECTORS_MAX) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_RANGE, stub->addr);
        return;
    }
    uint32_t step = sectors ? BFL_STUB_SECTOR : stub->len;
    uint8_t *raw = malloc(stub->len + 1u);
    stub->out_len = sectors ? stub->len / BFL_STUB_SECTOR * HASH : HASH;
    stub->out = calloc(1, stub->out_len + HASH);
    if (!raw || !stub->out) {
        free(raw);
        bfl_stub_end_job(stub);
        return;
    }
    sim->stats.crcs++;
    rk_nor_read(sim->nor, sim->now_ns, stub->addr, raw, stub->len);
    for (uint32_t at = 0, i = 0; at < stub->len; at += step, i++)
        rk_sha256(raw + at, step, stub->out + HASH * i);
    if (!sectors && f->payload[8] != DIGEST_SHA) {
        rk_put_le32(stub->out, rk_crc32(0, raw, stub->len));
        stub->out_len = 4;
    }
    free(raw);
    bfl_stub_begin_job(sim, f->op, f->tag, sim->now_ns + stub->len * (uint64_t)flash_byte_ns(sim));
}

/* ---- requests ---- */

static void put_registers(struct rk_sim *sim, uint8_t *p)
{
    static const uint8_t opcodes[] = {0x05, 0x35, 0x15};

    for (unsigned i = 0; i < 3; i++)
        p[i] = rk_nor_status(sim->nor, sim->now_ns, opcodes[i]);
}

static void set_register(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    uint8_t p[3];

    if (f->len < 2 || f->len > 3) {
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return;
    }
    rk_nor_write_enable(sim->nor, sim->now_ns);
    uint64_t ready =
        rk_nor_write_status(sim->nor, sim->now_ns, f->payload[0], f->payload + 1, f->len - 1);
    sim->now_ns = ready > sim->now_ns ? ready : sim->now_ns;
    put_registers(sim, p);
    bfl_stub_answer(sim, f->op, f->tag, p, sizeof p);
}

static void small(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint32_t jedec = sim->faults.dead_flash ? 0 : rk_nor_jedec(sim->nor), at, count;
    uint8_t p[6];

    switch (f->op) {
    case OP_HELLO:
        hello(sim, f->tag);
        break;
    case OP_LISTEN:
        bfl_stub_answer(sim, f->op, f->tag, NULL, 0);
        bfl_stub_of(sim)->phase = LISTENS;
        break;
    case OP_RESET:
        bfl_stub_answer(sim, f->op, f->tag, NULL, 0);
        bfl->phase = BFL_RESET;
        bfl->phase_ns = bfl_stub_of(sim)->tx_free_ns + RK_SIM_MS;
        break;
    case OP_FLASH:
        for (unsigned i = 0; i < 3; i++)
            p[i] = (uint8_t)(jedec >> 8 * i);
        put_registers(sim, p + 3);
        bfl_stub_answer(sim, f->op, f->tag, p, sizeof p);
        break;
    case OP_STATUS:
        set_register(sim, f);
        break;
    case OP_EFUSE:
        at = f->len == 4 ? rk_get_le16(f->payload) : BFL_EFUSE;
        count = f->len == 4 ? rk_get_le16(f->payload + 2) : 1;
        if (at + count > BFL_EFUSE)
            bfl_stub_refuse(sim, f->op, f->tag, f->len == 4 ? ERROR_RANGE : ERROR_LENGTH, at);
        else
            bfl_stub_answer(sim, f->op, f->tag, bfl->efuse + at, count);
        break;
    case OP_STOP:
        bfl_stub_answer(sim, f->op, f->tag, NULL, 0);
        break;
    default:
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_OP, 0);
        break;
    }
}

static void begin(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    if (stub->op == OP_READ)
        cut_line(sim);
    bfl_stub_end_job(stub);
    bfl_write_forget(stub);
    switch (f->op) {
    case OP_READ:
        begin_read(sim, f);
        break;
    case OP_ERASE:
        if (take_range(sim, f, 8, BFL_STUB_SECTOR))
            bfl_stub_begin_job(sim, f->op, f->tag, sim->now_ns + BFL_STUB_THINK_NS);
        break;
    case OP_WRITE:
        bfl_write_begin(sim, f);
        break;
    case OP_SECTORS:
    case OP_DIGEST:
        begin_sums(sim, f);
        break;
    default:
        small(sim, f);
        break;
    }
}

static void handle(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    stub->heard_ns = bfl_of(sim)->frame_ns = sim->now_ns;
    bool taken = rk_sim_command_begin(sim);
    bool works = f->op == OP_WRITE || f->op == OP_ERASE || f->op == OP_DATA;
    if (sim->cut && works) { /* it fails in the middle of what the flash does next */
        stub->cut = true;
        sim->cut = false;
    }
    if (taken && f->op == OP_DATA)
        bfl_write_data(sim, f);
    else if (taken && f->op == OP_POLL && stub->w.known)
        bfl_write_tell(sim);
    else if (taken && f->op == OP_POLL)
        bfl_stub_refuse(sim, f->op, f->tag, ERROR_STATE, 0);
    else if (taken)
        begin(sim, f);
    sim->late_ns = 0;
    rk_sim_command_end(sim);
}

/* ---- the line and time ---- */

bool bfl_stub_start(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl->stub = calloc(1, sizeof *bfl->stub);
    if (!bfl->stub)
        return false;
    bfl->stub->phase_ns = sim->now_ns + START_NS;
    bfl->stub->job_ns = RK_SIM_NEVER;
    return true;
}

void bfl_stub_end(struct bouffalo *bfl)
{
    if (bfl->stub) {
        bfl_stub_end_job(bfl->stub);
        bfl_write_forget(bfl->stub);
    }
    free(bfl->stub);
    bfl->stub = NULL;
}

void bfl_stub_measure(struct rk_sim *sim, uint8_t byte, uint32_t baud)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    if (stub->phase != LISTENS || byte != 0x55 || baud == 0)
        return;
    uint32_t divider = (CLOCK + baud / 2) / baud;
    if (divider < 4)
        return;
    sim->baud = CLOCK / divider;
    stub->phase = TRAINED;
    stub->phase_ns = sim->now_ns + GREET_NS;
}

void bfl_stub_byte(struct rk_sim *sim, uint8_t byte)
{
    struct bfl_stub *stub = bfl_stub_of(sim);
    struct rk_cobs_frame frame;

    if (stub->phase == TALKS && rk_cobs_parse(&stub->parser, byte, &frame))
        handle(sim, &frame);
}

uint64_t bfl_stub_timer_ns(const struct rk_sim *sim)
{
    const struct bfl_stub *stub = bfl_stub_of(sim);

    if (stub->phase != TALKS)
        return stub->phase == LISTENS ? RK_SIM_NEVER : stub->phase_ns;
    return stub->op ? stub->job_ns : stub->heard_ns + IDLE_NS;
}

static void work(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    stub->heard_ns = sim->now_ns;
    switch (stub->op) {
    case OP_READ:
        step_read(sim);
        break;
    case OP_ERASE:
        step_erase(sim);
        break;
    case OP_WRITE:
        bfl_write_step(sim);
        break;
    default:
        bfl_stub_answer(sim, stub->op, stub->tag, stub->out, stub->out_len);
        bfl_stub_end_job(stub);
        break;
    }
}

void bfl_stub_timer(struct rk_sim *sim)
{
    struct bfl_stub *stub = bfl_stub_of(sim);

    switch (stub->phase) {
    case STARTS:
        stub->phase = LISTENS;
        break;
    case TRAINED:
        stub->phase = TALKS;
        stub->heard_ns = sim->now_ns;
        memset(&stub->parser, 0, sizeof stub->parser);
        hello(sim, 0);
        break;
    case LISTENS:
        break;
    case TALKS:
        if (stub->op)
            work(sim);
        else
            stub->phase = LISTENS;
        break;
    }
}
