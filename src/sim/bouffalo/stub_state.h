/* What the parts of the imitated stub share. */
#ifndef RK_SIM_BOUFFALO_STUB_STATE_H
#define RK_SIM_BOUFFALO_STUB_STATE_H

#include "base/cobs.h"
#include "sim/bouffalo/stub.h"

#define BFL_STUB_THINK_NS 150000u /* from a request to its answer */
#define BFL_STUB_SECTOR   4096u
#define BFL_STUB_WINDOW   0x10000u

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
    struct rk_lzma_decoder *decoder; /* if packed */
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

static inline struct bfl_stub *bfl_stub_of(const struct rk_sim *sim)
{
    return bfl_of(sim)->stub;
}

/* ---- stub.c ---- */

void bfl_stub_answer(struct rk_sim *sim, uint8_t op, uint8_t tag, const uint8_t *bytes, size_t len);
void bfl_stub_refuse(struct rk_sim *sim, uint8_t op, uint8_t tag, uint8_t code, uint32_t detail);
void bfl_stub_begin_job(struct rk_sim *sim, uint8_t op, uint8_t tag, uint64_t first_ns);
void bfl_stub_end_job(struct bfl_stub *stub);
bool bfl_stub_range_good(const struct rk_sim *sim, uint32_t addr, uint32_t len, uint32_t unit);
/* An operation of the flash begins: perhaps the one during which the power fails. */
void bfl_stub_arm_cut(struct rk_sim *sim);
/* The largest unit of an erase at addr, before end. */
uint32_t bfl_stub_unit(uint32_t addr, uint32_t end);
/* Four lines to the flash. */
bool bfl_stub_is_quad(const struct rk_sim *sim);

/* ---- stub_write.c ---- */

void bfl_write_begin(struct rk_sim *sim, const struct rk_cobs_frame *frame);
void bfl_write_data(struct rk_sim *sim, const struct rk_cobs_frame *frame);
void bfl_write_tell(struct rk_sim *sim);
void bfl_write_step(struct rk_sim *sim);
void bfl_write_forget(struct bfl_stub *stub);

#endif
