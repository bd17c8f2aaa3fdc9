/* rekindle's own RAM stub, imitated: what docs/bl602-stub-protocol.md says, at the times that the
 * stub takes on the executed chip. Where a whole chip is executed (`emulate`) the real one runs. */
#include "sim/bouffalo/stub.h"

#include "base/bytes.h"
#include "base/cobs.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK         40000000u
#define START_NS      (3u * RK_SIM_MS)
#define GREET_NS      200000u
#define IDLE_NS       (3000ull * RK_SIM_MS)
#define TELL_NS       (50ull * RK_SIM_MS)
#define ALIVE_NS      (100ull * RK_SIM_MS)
#define THINK_NS      150000u /* from a request to its answer */
#define ONE_LINE_NS   215u    /* a byte from the flash at 40 MHz, with its commands */
#define TWO_LINES_NS  130u
#define FOUR_LINES_NS 83u
#define PAGE_NS       30000u /* to the flash, and what belongs to it */
#define PAGE_SLOW_NS  70000u /* over one line */
#define BLANK_NS      3000u  /* a page that is not programmed */
#define SECTOR        4096u
#define WINDOW        0x10000u
#define READ_PIECE    1024u
#define QUEUE         12000u /* bytes that wait for the line before it stops packing */
#define SECTORS_MAX   0x80000u
#define TELL_BYTES    4096u
#define HASH          32u
#define PROGRAM_AT    0x2010000u
#define MAGIC_AT      4u /* in the program: "RKST" */
#define PROTOCOL      1u
#define HELLO_LEN     32u
#define DATA_MAX      4096u

enum op {
    OP_HELLO = 0x01,
    OP_LISTEN = 0x02,
    OP_RESET = 0x03,
    OP_FLASH = 0x10,
    OP_STATUS = 0x11,
    OP_EFUSE = 0x12,
    OP_READ = 0x20,
    OP_ERASE = 0x21,
    OP_WRITE = 0x22,
    OP_DATA = 0x23,
    OP_POLL = 0x24,
    OP_SECTORS = 0x25,
    OP_DIGEST = 0x26,
    OP_STOP = 0x27,
    OP_ANSWER = 0x80,
    OP_ERROR = 0xFF
};
enum { READ_PACKED = 1, READ_SUMS = 2, READ_FLAGS = 3, DIGEST_SHA = 1 };
enum {
    WRITE_ERASE = 1,
    WRITE_PACKED = 2,
    WRITE_UNCHECKED = 4,
    WRITE_FIRST_LAST = 8,
    WRITE_FLAGS = 15
};
enum {
    ERROR_OP = 1,
    ERROR_STATE,
    ERROR_RANGE,
    ERROR_LENGTH,
    ERROR_FLASH,
    ERROR_LZMA,
    ERROR_LOCKED
};
enum { OPEN, DONE, FAILED };
enum phase { STARTS, LISTENS, TRAINED, TALKS };

struct writing {
    bool known, packed, erase, unchecked, first_last, gap, gap_told;
    uint8_t tag, state, code, round;
    uint32_t addr, len, all; /* bytes of the range; of DATA */
    uint32_t received, written, erased, unit, page;
    uint32_t held; /* bytes of the first sector that were programmed at the end */
    uint32_t told_received, told_limit;
    uint64_t told_ns;
    uint8_t *data; /* `all` bytes as they come, then unpacked */
    uint8_t *plain;
};

struct bfl_stub {
    enum phase phase;
    uint64_t phase_ns, heard_ns;
    struct rk_cobs_parser parser;
    uint64_t tx_free_ns;
    bool cut; /* the power fails during the next flash operation */

    uint8_t op, tag; /* of the job under way; 0 = none */
    uint64_t job_ns; /* when it goes on */
    uint64_t alive_ns;
    uint32_t addr, len, done;
    struct bfl_reading *reading;   /* READ, */
    const struct bfl_event *event; /* and what it sends next */
    uint8_t *out;                  /* SECTORS, DIGEST: the answer */
    size_t out_len;
    struct writing w;
};

static struct bfl_stub *stub_of(const struct rk_sim *sim)
{
    return bfl_of(sim)->stub;
}

bool bfl_is_stub(const struct bouffalo *bfl)
{
    const uint8_t *program = bfl->ram + PROGRAM_AT - BFL_RAM_BEGIN;

    return memcmp(program + MAGIC_AT, "RKST", 4) == 0;
}

static bool is_quad(const struct rk_sim *sim)
{
    return rk_nor_status(sim->nor, sim->now_ns, 0x35) & 2;
}

/* Over four lines if the part is switched to that, else over two; its first bytes have to prove it. */
static uint32_t flash_byte_ns(const struct rk_sim *sim)
{
    if (rk_bytes_all(rk_nor_cells(sim->nor), 64, 0xFF))
        return ONE_LINE_NS;
    return is_quad(sim) ? FOUR_LINES_NS : TWO_LINES_NS;
}

/* ---- sending ---- */

static void say(struct rk_sim *sim, uint8_t op, uint8_t tag, const uint8_t *head, size_t head_len,
                const uint8_t *data, size_t len)
{
    struct bfl_stub *stub = stub_of(sim);
    uint8_t frame[RK_COBS_FRAME_MAX];
    size_t n = rk_cobs_encode(frame, sizeof frame, op, tag, head, head_len, data, len);
    uint64_t think = sim->options.turnaround_us ? sim->options.turnaround_us * 1000ull : THINK_NS;
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
    struct bfl_stub *stub = stub_of(sim);
    struct rk_wire *wire = &sim->tx[RK_SIM_UART1];
    uint64_t at = sim->now_ns + sim->options.turnaround_us * 1000ull;
    static const uint8_t end = 0;

    rk_wire_cut(wire, at);
    stub->tx_free_ns = at;
    rk_sim_faulty_put(sim, wire, at, sim->baud, &end, 1);
}

static void answer(struct rk_sim *sim, uint8_t op, uint8_t tag, const uint8_t *bytes, size_t len)
{
    say(sim, op | OP_ANSWER, tag, NULL, 0, bytes, len);
}

static void refuse(struct rk_sim *sim, uint8_t op, uint8_t tag, uint8_t code, uint32_t detail)
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
    rk_put_le32(p + 8, WINDOW);
    rk_put_le32(p + 12, 160000000);
    for (unsigned i = 0; i < 3; i++)
        p[16 + i] = (uint8_t)(jedec >> 8 * i);
    memcpy(p + 19, bfl->efuse + 0x14, 8);
    memcpy(p + 27, bfl->efuse + 0x10, 4);
    answer(sim, OP_HELLO, tag, p, sizeof p);
}

/* ---- jobs ---- */

static void forget_write(struct bfl_stub *stub)
{
    free(stub->w.data);
    free(stub->w.plain);
    memset(&stub->w, 0, sizeof stub->w);
}

static void end_job(struct bfl_stub *stub)
{
    free(stub->out);
    bfl_reading_free(stub->reading);
    stub->out = NULL;
    stub->reading = NULL;
    stub->op = 0;
    stub->job_ns = RK_SIM_NEVER;
}

static void begin_job(struct rk_sim *sim, uint8_t op, uint8_t tag, uint64_t first_ns)
{
    struct bfl_stub *stub = stub_of(sim);

    stub->op = op;
    stub->tag = tag;
    stub->job_ns = sim->options.ideal ? sim->now_ns : first_ns;
    stub->alive_ns = sim->now_ns + ALIVE_NS;
}

static bool range_good(const struct rk_sim *sim, uint32_t addr, uint32_t len, uint32_t unit)
{
    uint32_t size = rk_nor_size(sim->nor);

    return addr % unit == 0 && len % unit == 0 && addr <= size && len <= size - addr;
}

/* An operation of the flash begins: perhaps the one during which the power fails. */
static void arm_cut(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);

    sim->cut = stub->cut;
    sim->cut_after = 0;
    stub->cut = false;
}

/* ---- READ ---- */

static void begin_read(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = stub_of(sim);
    uint32_t addr = f->len == 9 ? rk_get_le32(f->payload) : 0;
    uint32_t len = f->len == 9 ? rk_get_le32(f->payload + 4) : 0;
    uint8_t flags = f->len == 9 ? f->payload[8] : 0xFF;

    if (flags > READ_FLAGS || sim->faults.refuse_reads) {
        refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return;
    }
    if (len == 0 || !range_good(sim, addr, len, 1) || (flags & READ_SUMS && addr % READ_PIECE)) {
        refuse(sim, f->op, f->tag, ERROR_RANGE, addr);
        return;
    }
    stub->reading =
        bfl_reading_new(addr, len, flags & READ_PACKED, flags & READ_SUMS, flash_byte_ns(sim));
    if (!stub->reading)
        return;
    rk_nor_read(sim->nor, sim->now_ns, addr, stub->reading->raw, len);
    sim->stats.reads_4k += (len + SECTOR - 1) / SECTOR;
    stub->event = bfl_reading_next(stub->reading);
    begin_job(sim, f->op, f->tag, sim->now_ns + stub->event->ns);
}

/* A frame is ready; the next is made while the line carries some. */
static void step_read(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);
    const struct bfl_event *e = stub->event;
    uint64_t ahead = QUEUE * 10000000000ull / (sim->baud ? sim->baud : 1);

    if (e->sum)
        answer(sim, OP_DIGEST, stub->tag, e->data, e->len);
    else
        say(sim, OP_READ | OP_ANSWER, stub->tag, e->head, e->head_len, e->data, e->len);
    if (e->last) {
        end_job(stub);
        return;
    }
    uint64_t line = stub->tx_free_ns > ahead ? stub->tx_free_ns - ahead : 0;
    stub->event = bfl_reading_next(stub->reading);
    if (!sim->options.ideal)
        stub->job_ns = (sim->now_ns > line ? sim->now_ns : line) + stub->event->ns;
}

/* ---- ERASE, SECTORS, DIGEST ---- */

static uint32_t unit_at(uint32_t addr, uint32_t end)
{
    static const uint32_t units[] = {0x10000, 0x8000};

    for (unsigned i = 0; i < 2; i++)
        if (addr % units[i] == 0 && end - addr >= units[i])
            return units[i];
    return SECTOR;
}

static bool take_range(struct rk_sim *sim, const struct rk_cobs_frame *f, size_t payload,
                       uint32_t unit)
{
    struct bfl_stub *stub = stub_of(sim);

    if (f->len != payload) {
        refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return false;
    }
    stub->addr = rk_get_le32(f->payload);
    stub->len = rk_get_le32(f->payload + 4);
    stub->done = 0;
    if (range_good(sim, stub->addr, stub->len, unit))
        return true;
    refuse(sim, f->op, f->tag, ERROR_RANGE, stub->addr);
    return false;
}

static void step_erase(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);
    uint32_t at = stub->addr + stub->done;

    if (stub->done == stub->len) {
        answer(sim, OP_ERASE, stub->tag, NULL, 0);
        end_job(stub);
        return;
    }
    uint32_t unit = unit_at(at, stub->addr + stub->len);
    arm_cut(sim);
    stub->job_ns = rk_sim_flash_erase(sim, sim->now_ns, at, unit);
    stub->done += unit;
    rk_sim_command_end(sim);
}

static void begin_sums(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = stub_of(sim);
    bool sectors = f->op == OP_SECTORS;

    if (!take_range(sim, f, sectors ? 8 : 9, sectors ? SECTOR : 1))
        return;
    if (sectors && stub->len > SECTORS_MAX) {
        refuse(sim, f->op, f->tag, ERROR_RANGE, stub->addr);
        return;
    }
    uint32_t step = sectors ? SECTOR : stub->len;
    uint8_t *raw = malloc(stub->len + 1u);
    stub->out_len = sectors ? stub->len / SECTOR * HASH : HASH;
    stub->out = calloc(1, stub->out_len + HASH);
    if (!raw || !stub->out) {
        free(raw);
        end_job(stub);
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
    begin_job(sim, f->op, f->tag, sim->now_ns + stub->len * (uint64_t)flash_byte_ns(sim));
}

/* ---- WRITE ---- */

static uint32_t limit_of(const struct writing *w)
{
    uint64_t most = (uint64_t)(w->packed ? w->received : w->written) + WINDOW;

    return most < w->all ? (uint32_t)most : w->all;
}

static void tell(struct rk_sim *sim)
{
    struct writing *w = &stub_of(sim)->w;
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
    answer(sim, OP_WRITE, w->tag, p, sizeof p);
}

static void fail(struct rk_sim *sim, uint8_t code)
{
    struct bfl_stub *stub = stub_of(sim);

    stub->w.state = FAILED;
    stub->w.code = code;
    tell(sim);
    end_job(stub);
}

static bool good_write(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    uint8_t flags = f->len == 13 ? f->payload[12] : 0xFF;
    uint32_t all = f->len == 13 ? rk_get_le32(f->payload + 8) : 0;
    uint32_t len = f->len == 13 ? rk_get_le32(f->payload + 4) : 0;

    if (flags > WRITE_FLAGS || all == 0 || all > 64u << 20 ||
        (!(flags & WRITE_PACKED) && all != len) ||
        (flags & WRITE_FIRST_LAST && !(flags & WRITE_ERASE))) {
        refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return false;
    }
    uint32_t addr = rk_get_le32(f->payload);
    if (len && range_good(sim, addr, len, flags & WRITE_ERASE ? SECTOR : 1))
        return true;
    refuse(sim, f->op, f->tag, ERROR_RANGE, addr);
    return false;
}

static void begin_write(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = stub_of(sim);
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
    w->plain = w->packed ? malloc(w->len) : NULL;
    if (!w->data || (w->packed && !w->plain)) {
        forget_write(stub);
        return;
    }
    tell(sim);
    sim->stats.programs_4k += (w->len + SECTOR - 1) / SECTOR;
    begin_job(sim, f->op, f->tag, sim->now_ns + THINK_NS);
}

static void take_data(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct writing *w = &stub_of(sim)->w;

    if (!w->known || f->tag != w->tag) {
        if (!w->known)
            refuse(sim, f->op, f->tag, ERROR_STATE, 0);
        return;
    }
    if (w->state != OPEN || f->len < 5) {
        tell(sim);
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
            tell(sim);
        return;
    }
    if (w->gap_told)
        return;
    w->gap = w->gap_told = true;
    tell(sim);
}

/* A page is programmed, unless it is nothing but FF. */
static void program_page(struct rk_sim *sim, uint32_t offset, uint32_t len)
{
    struct bfl_stub *stub = stub_of(sim);
    const struct writing *w = &stub->w;
    const uint8_t *from = (w->packed ? w->plain : w->data) + offset;

    if (rk_bytes_all(from, len, 0xFF)) {
        stub->job_ns = sim->now_ns + BLANK_NS;
        return;
    }
    arm_cut(sim);
    stub->job_ns =
        rk_sim_flash_program(sim, sim->now_ns, w->addr + offset, from, len, RK_NOR_PAGE) +
        (is_quad(sim) ? PAGE_NS : PAGE_SLOW_NS);
    rk_sim_command_end(sim);
}

/* All is written but for the first sector, perhaps. */
static void end_write(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);
    struct writing *w = &stub->w;

    if (w->first_last && w->held < SECTOR) {
        program_page(sim, w->held, RK_NOR_PAGE);
        w->held += RK_NOR_PAGE;
        return;
    }
    w->state = DONE;
    tell(sim);
    end_job(stub);
}

/* The next thing for the flash. */
static void step_write(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);
    struct writing *w = &stub->w;

    w->erased += w->unit;
    w->written += w->page;
    w->unit = w->page = 0;
    if (limit_of(w) - w->told_limit >= TELL_BYTES || sim->now_ns >= w->told_ns + TELL_NS)
        tell(sim);
    if (w->written == w->len) {
        end_write(sim);
        return;
    }
    uint32_t at = w->addr + w->written, page = RK_NOR_PAGE - at % RK_NOR_PAGE;
    page = page < w->len - w->written ? page : w->len - w->written;
    bool whole = w->packed ? w->received == w->all : w->received - w->written >= page;
    stub->job_ns = sim->now_ns + RK_SIM_MS / 4;
    if (w->erase && w->written == w->erased) {
        w->unit = unit_at(at, w->addr + w->len);
        arm_cut(sim);
        stub->job_ns = rk_sim_flash_erase(sim, sim->now_ns, at, w->unit);
        rk_sim_command_end(sim);
    } else if (whole) {
        /* the real stub does not wait for all of a packed stream, but the bytes are the same */
        if (w->packed && w->written == 0 && !bfl_unpack(w->data, w->all, w->plain, w->len)) {
            fail(sim, ERROR_LZMA);
            return;
        }
        w->page = page;
        if (w->first_last && w->written < SECTOR)
            stub->job_ns = sim->now_ns + BLANK_NS;
        else
            program_page(sim, w->written, page);
    }
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
        refuse(sim, f->op, f->tag, ERROR_LENGTH, (uint32_t)f->len);
        return;
    }
    rk_nor_write_enable(sim->nor, sim->now_ns);
    uint64_t ready =
        rk_nor_write_status(sim->nor, sim->now_ns, f->payload[0], f->payload + 1, f->len - 1);
    sim->now_ns = ready > sim->now_ns ? ready : sim->now_ns;
    put_registers(sim, p);
    answer(sim, f->op, f->tag, p, sizeof p);
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
        answer(sim, f->op, f->tag, NULL, 0);
        stub_of(sim)->phase = LISTENS;
        break;
    case OP_RESET:
        answer(sim, f->op, f->tag, NULL, 0);
        bfl->phase = BFL_RESET;
        bfl->phase_ns = stub_of(sim)->tx_free_ns + RK_SIM_MS;
        break;
    case OP_FLASH:
        for (unsigned i = 0; i < 3; i++)
            p[i] = (uint8_t)(jedec >> 8 * i);
        put_registers(sim, p + 3);
        answer(sim, f->op, f->tag, p, sizeof p);
        break;
    case OP_STATUS:
        set_register(sim, f);
        break;
    case OP_EFUSE:
        at = f->len == 4 ? rk_get_le16(f->payload) : BFL_EFUSE;
        count = f->len == 4 ? rk_get_le16(f->payload + 2) : 1;
        if (at + count > BFL_EFUSE)
            refuse(sim, f->op, f->tag, f->len == 4 ? ERROR_RANGE : ERROR_LENGTH, at);
        else
            answer(sim, f->op, f->tag, bfl->efuse + at, count);
        break;
    case OP_STOP:
        answer(sim, f->op, f->tag, NULL, 0);
        break;
    default:
        refuse(sim, f->op, f->tag, ERROR_OP, 0);
        break;
    }
}

static void begin(struct rk_sim *sim, const struct rk_cobs_frame *f)
{
    struct bfl_stub *stub = stub_of(sim);

    if (stub->op == OP_READ)
        cut_line(sim);
    end_job(stub);
    forget_write(stub);
    switch (f->op) {
    case OP_READ:
        begin_read(sim, f);
        break;
    case OP_ERASE:
        if (take_range(sim, f, 8, SECTOR))
            begin_job(sim, f->op, f->tag, sim->now_ns + THINK_NS);
        break;
    case OP_WRITE:
        begin_write(sim, f);
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
    struct bfl_stub *stub = stub_of(sim);

    stub->heard_ns = bfl_of(sim)->frame_ns = sim->now_ns;
    bool taken = rk_sim_command_begin(sim);
    bool works = f->op == OP_WRITE || f->op == OP_ERASE || f->op == OP_DATA;
    if (sim->cut && works) { /* it fails in the middle of what the flash does next */
        stub->cut = true;
        sim->cut = false;
    }
    if (taken && f->op == OP_DATA)
        take_data(sim, f);
    else if (taken && f->op == OP_POLL && stub->w.known)
        tell(sim);
    else if (taken && f->op == OP_POLL)
        refuse(sim, f->op, f->tag, ERROR_STATE, 0);
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
        end_job(bfl->stub);
        forget_write(bfl->stub);
    }
    free(bfl->stub);
    bfl->stub = NULL;
}

void bfl_stub_measure(struct rk_sim *sim, uint8_t byte, uint32_t baud)
{
    struct bfl_stub *stub = stub_of(sim);

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
    struct bfl_stub *stub = stub_of(sim);
    struct rk_cobs_frame frame;

    if (stub->phase == TALKS && rk_cobs_parse(&stub->parser, byte, &frame))
        handle(sim, &frame);
}

uint64_t bfl_stub_timer_ns(const struct rk_sim *sim)
{
    const struct bfl_stub *stub = stub_of(sim);

    if (stub->phase != TALKS)
        return stub->phase == LISTENS ? RK_SIM_NEVER : stub->phase_ns;
    return stub->op ? stub->job_ns : stub->heard_ns + IDLE_NS;
}

static void work(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);

    stub->heard_ns = sim->now_ns;
    switch (stub->op) {
    case OP_READ:
        step_read(sim);
        break;
    case OP_ERASE:
        step_erase(sim);
        break;
    case OP_WRITE:
        step_write(sim);
        break;
    default:
        answer(sim, stub->op, stub->tag, stub->out, stub->out_len);
        end_job(stub);
        break;
    }
}

void bfl_stub_timer(struct rk_sim *sim)
{
    struct bfl_stub *stub = stub_of(sim);

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
