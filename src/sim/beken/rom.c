/* The loader in mask ROM (BK7231N, M, BL2028N, BK7238, BK7252N, BK7236, BK7258). No ROM image is
 * public: the commands are those that public clients use, details come from Beken's published
 * download code for later chips (bl_bk_hci_protocol.c in bk_idk). */
#include "sim/beken/beken.h"

#include "base/bytes.h"

#include <string.h>

enum { OK = 0x00, BAD_LENGTH = 0x04, BAD_PARAMETER = 0x06, UNKNOWN = 0x07, PROGRAM_ERROR = 0x09 };

/* An erase or write that the fault options turn into an error answer. */
static uint8_t faulty_status(struct rk_sim *sim)
{
    if (!rk_rng_chance(&sim->rng, sim->faults.status_ppm))
        return OK;
    sim->stats.faults++;
    return PROGRAM_ERROR;
}

/* ---- short commands ---- */

static void check_crc(struct rk_sim *sim, const uint8_t *payload)
{
    uint32_t start = rk_get_le32(payload), end = rk_get_le32(payload + 4);

    uint64_t last = sim->options.crc_exclusive ? 0 : 1;

    beken_crc(sim, start, end >= start ? (uint64_t)end - start + last : 0, sim->now_ns);
}

static void read_register(struct rk_sim *sim, const uint8_t *payload)
{
    uint8_t echo[8];

    memcpy(echo, payload, 4);
    if (sim->options.readreg_plus_one)
        echo[0]++;
    rk_put_le32(echo + 4, beken_register_read(sim, rk_get_le32(payload)));
    beken_reply_short(sim, 0x03, echo, sizeof echo);
}

static void reboot(struct rk_sim *sim, const uint8_t *payload)
{
    if (payload[0] == 0xA5)
        beken_restart_later(sim, RK_SIM_COMMAND);
    else
        beken_reply_short(sim, 0x0E, payload, 1);
}

/* Length of each short command, counting the opcode; 0 = unknown. */
static uint32_t short_length(const struct beken_model *model, uint8_t op)
{
    switch (op) {
    case 0x00:
        return 1;
    case 0x02:
        return model->has_bl2 ? 1 : 0;
    case 0x01:
    case 0x10:
        return 9;
    case 0x03:
    case 0x70:
        return 5;
    case 0x0E:
    case 0xAA:
        return 2;
    case 0x0F:
        return 6;
    default:
        return 0;
    }
}

static void short_command(struct rk_sim *sim, const uint8_t *payload)
{
    struct beken *beken = beken_of(sim);
    const uint8_t zero = 0;
    uint8_t op = beken->short_frame[0];

    switch (op) {
    case 0x00:
        beken_link(sim);
        break;
    case 0x01:
        beken_register_write(sim, rk_get_le32(payload), rk_get_le32(payload + 4));
        beken_reply_short(sim, op, payload, 8);
        break;
    case 0x02:
        beken->phase = BEKEN_LINKED;
        beken_reply_short(sim, 0x03, &zero, 1);
        break;
    case 0x03:
        read_register(sim, payload);
        break;
    case 0x0E:
        reboot(sim, payload);
        break;
    case 0x0F:
        beken_set_baud(sim, payload);
        break;
    case 0x10:
        check_crc(sim, payload);
        break;
    case 0x70:
        if (memcmp(payload, "SEAN", 4) == 0)
            beken_restart_later(sim, RK_SIM_COMMAND);
        break;
    default: /* AA, stay in the ROM */
        beken->phase = BEKEN_LINKED;
        beken_reply_short(sim, op, payload, 1);
        break;
    }
}

void beken_rom_short(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    uint32_t expected = short_length(beken->model, beken->short_frame[0]);

    if (!rk_sim_command_begin(sim))
        return;
    if (expected == 0) {
        const uint8_t unknown = UNKNOWN;
        beken_reply_short(sim, beken->short_frame[0], &unknown, 1);
    } else if (len < expected) {
        uint8_t echo[1 + BEKEN_SHORT_BUFFER];
        echo[0] = (uint8_t)len;
        memcpy(echo + 1, beken->short_frame, BEKEN_SHORT_BUFFER);
        beken_reply_short(sim, 0x05, echo, 1 + len);
    } else {
        short_command(sim, beken->short_frame + 1);
    }
    rk_sim_command_end(sim);
}

/* ---- long commands ---- */

static void write_bytes(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    const uint8_t *payload = beken->long_frame + 1;
    uint8_t op = beken->long_frame[0], echo[5], status = faulty_status(sim);
    uint32_t n = len - 5;

    if (op == 0x07 ? n != 4096 : n > 256) {
        beken_reply_long(sim, op, BAD_LENGTH, NULL, 0);
        return;
    }
    memcpy(echo, payload, 4);
    echo[4] = (uint8_t)n;
    if (sim->cut && op == 0x07)
        sim->cut_after = rk_rng_below(&sim->rng, 128);
    if (status == OK) {
        sim->stats.programs_4k += op == 0x07;
        rk_sim_busy(sim,
                    rk_sim_flash_program(sim, sim->now_ns, rk_get_le32(payload), payload + 4, n,
                                         BEKEN_PROGRAM),
                    false);
    }
    beken_reply_long(sim, op, status, echo, op == 0x07 ? 4 : 5);
}

static void read_bytes(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    uint8_t op = beken->long_frame[0];
    uint32_t addr = rk_get_le32(beken->long_frame + 1);
    uint32_t n = op == 0x09 ? 4096 : beken->long_frame[5];

    if (op == 0x08 && n == 0)
        n = 256;
    if (sim->faults.refuse_reads) {
        beken_reply_long(sim, op, BAD_PARAMETER, beken->long_frame + 1, 4);
        return;
    }
    sim->stats.reads_4k += op == 0x09;
    rk_put_le32(beken->reply + 11, addr);
    rk_nor_read(sim->nor, sim->now_ns, addr, beken->reply + 15, n);
    beken_reply_long(sim, op, OK, NULL, 4 + n);
}

static void erase(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    const uint8_t *payload = beken->long_frame + 1;
    uint8_t op = beken->long_frame[0];
    uint8_t code = op == 0x0B ? 0x20 : payload[0];
    uint32_t addr = rk_get_le32(op == 0x0B ? payload : payload + 1);
    uint8_t status = faulty_status(sim);
    uint32_t unit = code == 0x20 ? 4096 : code == 0x52 ? 32768 : code == 0xD8 ? 65536 : 0;

    if (status == OK && unit)
        rk_sim_busy(sim, rk_sim_flash_erase(sim, sim->now_ns, addr, unit), false);
    beken_reply_long(sim, op, status, payload, op == 0x0B ? 4 : 5);
}

static void erase_chip(struct rk_sim *sim)
{
    rk_sim_busy(sim, rk_sim_flash_erase_chip(sim, sim->now_ns), false);
    beken_reply_long(sim, 0x0A, OK, beken_of(sim)->long_frame + 1, 1);
}

static void read_status(struct rk_sim *sim)
{
    uint8_t opcode = beken_of(sim)->long_frame[1];
    uint8_t echo[2] = {opcode, rk_nor_status(sim->nor, sim->now_ns, opcode)};

    beken_reply_long(sim, 0x0C, OK, echo, sizeof echo);
}

/* Does not wait for the flash: the next command may find it busy. */
static void write_status(struct rk_sim *sim, uint32_t len)
{
    const uint8_t *payload = beken_of(sim)->long_frame + 1;
    size_t n = len > 2 ? len - 2 : 0;

    if (n > 2)
        n = 2;
    rk_nor_write_enable(sim->nor, sim->now_ns);
    (void)rk_nor_write_status(sim->nor, sim->now_ns, payload[0], payload + 1, n);
    beken_reply_long(sim, 0x0D, OK, payload, 1 + n);
}

static void raw_transfer(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    size_t n = len - 1 < 256 ? len - 1 : 256;
    uint8_t in[256] = {0};

    (void)rk_nor_transfer(sim->nor, sim->now_ns, beken->long_frame + 1, in, n);
    /* one ROM counts one byte too few in the answer to 9F, but sends it */
    beken_reply_counted(sim, 0x0E, OK, in, n, n - (sim->options.mid_short && n == 4));
}

/* The lowest length of each long command, counting the opcode; 0 = unknown. */
static uint32_t long_length(const struct beken_model *model, uint8_t op)
{
    switch (op) {
    case 0x06:
    case 0x07:
        return 6;
    case 0x08:
    case 0x0F:
        return 6;
    case 0x09:
    case 0x0B:
        return 5;
    case 0x0A:
        return model->has_bl2 ? 0 : 2;
    case 0x0C:
    case 0x0E:
        return 2;
    case 0x0D:
        return 3;
    default:
        return 0;
    }
}

static void long_command(struct rk_sim *sim, uint8_t op, uint32_t len)
{
    switch (op) {
    case 0x06:
    case 0x07:
        write_bytes(sim, len);
        break;
    case 0x08:
    case 0x09:
        read_bytes(sim);
        break;
    case 0x0A:
        erase_chip(sim);
        break;
    case 0x0B:
    case 0x0F:
        erase(sim);
        break;
    case 0x0C:
        read_status(sim);
        break;
    case 0x0D:
        write_status(sim, len);
        break;
    default:
        raw_transfer(sim, len);
        break;
    }
}

void beken_rom_long(struct rk_sim *sim, uint32_t len)
{
    struct beken *beken = beken_of(sim);
    uint8_t op = beken->long_frame[0];

    beken->wide = beken->model->has_bl2 && op >= BEKEN_WIDE + 0x06 && op <= BEKEN_WIDE + 0x0B;
    if (beken->wide)
        op = beken->long_frame[0] = (uint8_t)(op - BEKEN_WIDE);
    uint32_t least = long_length(beken->model, op);

    if (op == 0x0A && beken->model->has_bl2)
        return; /* swallowed by the second loader */
    if (!rk_sim_command_begin(sim))
        return;
    if (least == 0)
        beken_reply_long(sim, op, UNKNOWN, NULL, 0);
    else if (len < least)
        beken_reply_long(sim, op, BAD_LENGTH, NULL, 0);
    else
        long_command(sim, op, len);
    rk_sim_command_end(sim);
}
