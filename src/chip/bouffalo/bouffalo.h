/* Inside the BL602 driver: state, and one function per step. The chip is in one of two stages: the
 * mask ROM listens, or a loader that was put into RAM. */
#ifndef RK_CHIP_BOUFFALO_BOUFFALO_H
#define RK_CHIP_BOUFFALO_BOUFFALO_H

#include "chip/bouffalo/frame.h"
#include "chip/bouffalo/stub.h"
#include "chip/chip.h"

#define RK_BFL_EFUSE_SIZE 128u

enum rk_bfl_op {
    RK_BFL_BOOT_INFO = 0x10,
    RK_BFL_LOAD_HEADER = 0x11,
    RK_BFL_SEGMENT_HEADER = 0x17,
    RK_BFL_SEGMENT_DATA = 0x18,
    RK_BFL_CHECK_IMAGE = 0x19,
    RK_BFL_RUN_IMAGE = 0x1A,
    RK_BFL_RATE = 0x20,
    RK_BFL_RESET = 0x21,
    RK_BFL_ERASE = 0x30,
    RK_BFL_WRITE = 0x31,
    RK_BFL_READ = 0x32,
    RK_BFL_JEDEC = 0x36,
    RK_BFL_STATUS = 0x37,
    RK_BFL_WRITE_CHECK = 0x3A,
    RK_BFL_PARAMETERS = 0x3B,
    RK_BFL_HASH = 0x3D,
    RK_BFL_WRITE_PACKED = 0x3F,
    RK_BFL_EFUSE = 0x41,
    RK_BFL_MEMORY_WRITE = 0x50,
    RK_BFL_MEMORY_READ = 0x51
};

/* A chip whose mask ROM speaks the same protocol. */
struct rk_bfl_relative {
    uint32_t version; /* first word of its boot info */
    const char *name;
    unsigned id_at, id_len; /* where its chip id is in it, highest byte first or last: `reversed` */
    bool reversed;
};

struct rk_bfl_state {
    bool loader;      /* a loader runs in RAM; false = mask ROM */
    bool stub;        /* and it is our own */
    bool old;         /* or one of 2020 or 2021, which does not know the boot info */
    bool rom_only;    /* nothing is to be put into RAM */
    bool syncing;     /* inside rk_bfl_resync() */
    bool no_packing;  /* packed data did not get to this loader */
    bool flash_ready; /* ROM stage: its flash controller is set up */
    uint8_t *image;   /* the loader to send, owned; NULL = none was given */
    size_t image_len;
    unsigned tries;  /* handshakes */
    unsigned pulses; /* of the modem lines */
    uint64_t last_pulse_us, last_sent_us;
    bool named;                             /* the user has said that it is one of this family */
    uint8_t info[24];                       /* boot info: 20 bytes of a BL602 */
    const struct rk_bfl_relative *relative; /* it is that; NULL = a BL602 */
    uint8_t tx[RK_BFL_FRAME_MAX];
    uint8_t rx[2 * RK_BFL_FRAME_MAX];
    size_t rx_len, rx_used;

    uint8_t *held; /* what the flash holds from there on, as its loader's digest has confirmed */
    uint32_t held_addr, held_len;

    /* of the stub */
    bool packs; /* LZMA, both ways */
    uint32_t hz;
    uint8_t tag;
    struct rk_cobs_parser parser;
    uint8_t *sums; /* SHA-256 of each sector, */
    uint8_t *sum_known;
    size_t sum_count, sum_next, ahead;
    struct rk_stub_stream *stream; /* what is read, owned; NULL = nothing yet */
    uint32_t read_next, read_ahead;
};

static inline struct rk_bfl_state *rk_bfl_state(const struct rk_device *dev)
{
    return dev->state;
}

/* ---- exchange.c ---- */

struct rk_bfl_command {
    const char *name; /* for messages */
    uint8_t op;
    const uint8_t *payload;
    size_t len;
    bool data;          /* the answer brings data ... */
    size_t answer_len;  /* ... of so many bytes; anything else is no answer. 0 = any */
    uint64_t device_us; /* the chip may need before it answers, or between two signs of life */
    void (*alive)(void *user); /* called at each of these; NULL = nobody wants to know */
    void *user;
};

/* Sends, and waits for the answer, once. answer->data is valid until the next exchange. */
enum rk_status rk_bfl_exchange(struct rk_device *dev, const struct rk_bfl_command *command,
                               struct rk_bfl_answer *answer, struct rk_error *err);
/* The same, repeated with resynchronisation as often as the device allows. */
enum rk_status rk_bfl_repeat(struct rk_device *dev, const struct rk_bfl_command *command,
                             struct rk_bfl_answer *answer, struct rk_error *err);
/* Forgets everything received. */
enum rk_status rk_bfl_discard(struct rk_device *dev, struct rk_error *err);
bool rk_bfl_may_retry(enum rk_status status);

/* ---- link.c ---- */

enum rk_status rk_bfl_try_link(struct rk_device *dev, const struct rk_connect_options *opt,
                               uint64_t slice_us, bool *linked, struct rk_error *err);
/* Lets the module measure the rate. *heard: it has said OK. */
enum rk_status rk_bfl_handshake(struct rk_device *dev, uint32_t baud, uint64_t wait_us, bool *heard,
                                struct rk_error *err);
/* Asks for the boot info: which stage it is. */
enum rk_status rk_bfl_boot_info(struct rk_device *dev, uint64_t wait_us, struct rk_error *err);
/* The ROM was found at the low rate at which all families are looked for: makes it faster, if it and the
 * adapter can. */
enum rk_status rk_bfl_hurry(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_explain(struct rk_device *dev, struct rk_error *err);
/* The relative whose boot info begins so; NULL = none that is known. */
const struct rk_bfl_relative *rk_bfl_relative_of(const uint8_t *info, size_t len);
enum rk_status rk_bfl_resync(struct rk_device *dev, struct rk_error *err);
/* Looks for ROM or vendor's loader at the rates they may have. */
enum rk_status rk_bfl_knock_again(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_reset(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_keepalive(struct rk_device *dev, struct rk_error *err);

/* ---- loader.c ---- */

/* Sends the loader and starts it at the rate wanted, 0 = the highest that works. */
enum rk_status rk_bfl_load(struct rk_device *dev, uint32_t baud, struct rk_error *err);
/* Header, segment header and data, `chunk` bytes at a time; then the jump. */
enum rk_status rk_bfl_send_image(struct rk_device *dev, const uint8_t *image, size_t chunk,
                                 struct rk_error *err);
/* After 2 s of silence the ROM forgets what it has and measures the rate anew. False: it is gone. */
bool rk_bfl_start_over(struct rk_device *dev);
/* Can these bytes be a loader? Errors: IMAGE_FORMAT "bl602.loader". */
enum rk_status rk_bfl_check_loader(const uint8_t *image, size_t len, struct rk_error *err);

/* ---- rom.c: the flash through the mask ROM alone ---- */

enum rk_status rk_bfl_rom_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err);
enum rk_status rk_bfl_rom_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                               struct rk_error *err);

/* ---- identify.c ---- */

enum rk_status rk_bfl_probe(struct rk_device *dev, const struct rk_connect_options *opt,
                            struct rk_error *err);
enum rk_status rk_bfl_locate(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_identify(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_set_baud(struct rk_device *dev, uint32_t baud, bool try_all,
                               struct rk_error *err);

/* ---- flash.c ---- */

enum rk_status rk_bfl_flash_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                 struct rk_error *err);
enum rk_status rk_bfl_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                             struct rk_digest *out, struct rk_error *err);
enum rk_status rk_bfl_write_begin(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_write_end(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_bfl_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                            struct rk_error *err);
/* The same through a vendor's loader; alive() is called about once for each unit that it erases. */
enum rk_status rk_bfl_erase_range(struct rk_device *dev, uint32_t addr, uint32_t len,
                                  void (*alive)(void *user), void *user, struct rk_error *err);
enum rk_status rk_bfl_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                              uint32_t len, struct rk_error *err);
/* One frame of it. A loader has answered before it has written; the check asks how that went. */
enum rk_status rk_bfl_write_frame(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                  size_t len, struct rk_error *err);
enum rk_status rk_bfl_write_check(struct rk_device *dev, struct rk_error *err);
/* Digests of this range need not be asked for until something in it is written. */
void rk_bfl_remember(struct rk_device *dev, uint32_t addr, const uint8_t *data, uint32_t len);

/* ---- rewrite.c ---- */

enum rk_status rk_bfl_rewrite(struct rk_device *dev, const struct rk_rewrite *what,
                              struct rk_error *err);

#endif
