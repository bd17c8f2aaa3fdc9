/* Our own program for the RAM of a BL602 (stub/), and how the computer talks to it:
 * docs/bl602-stub-protocol.md. */
#ifndef RK_CHIP_BOUFFALO_STUB_H
#define RK_CHIP_BOUFFALO_STUB_H

#include "base/cobs.h"
#include "chip/chip.h"

/* Built from stub/ by tools/stub.py. */
extern const uint8_t rk_stub_image[];
extern const size_t rk_stub_image_len;

#define RK_STUB_ADDR      0x22010000u /* where it lies and begins */
#define RK_STUB_PROTOCOL  1u
#define RK_STUB_HELLO_LEN 32u

enum rk_stub_op {
    RK_STUB_HELLO = 0x01,
    RK_STUB_LISTEN = 0x02,
    RK_STUB_RESET = 0x03,
    RK_STUB_FLASH = 0x10,
    RK_STUB_STATUS = 0x11,
    RK_STUB_EFUSE = 0x12,
    RK_STUB_READ = 0x20,
    RK_STUB_ERASE = 0x21,
    RK_STUB_WRITE = 0x22,
    RK_STUB_DATA = 0x23,
    RK_STUB_POLL = 0x24,
    RK_STUB_SECTORS = 0x25,
    RK_STUB_DIGEST = 0x26,
    RK_STUB_STOP = 0x27,
    RK_STUB_ANSWER = 0x80,
    RK_STUB_ALIVE = 0xFE,
    RK_STUB_ERROR = 0xFF
};

enum {
    RK_STUB_WRITE_ERASE = 1,
    RK_STUB_WRITE_PACKED = 2,
    RK_STUB_WRITE_UNCHECKED = 4,
    RK_STUB_WRITE_FIRST_LAST = 8,
    RK_STUB_PACKS = 2, /* in HELLO */
    RK_STUB_READ_PACKED = 1,
    RK_STUB_READ_SUMS = 2,
    RK_STUB_DIGEST_SHA = 1
};

/* ---- stub.c: requests and answers ---- */

struct rk_stub_request {
    const char *name; /* for messages: "read its flash" */
    uint8_t op;
    const uint8_t *payload;
    size_t len;
    size_t answer_len;  /* anything else is no answer; SIZE_MAX = any */
    uint64_t device_us; /* what the chip may need, without a sign of life */
};

/* Asks, again and again if need be. */
enum rk_status rk_stub_ask(struct rk_device *dev, const struct rk_stub_request *request,
                           struct rk_cobs_frame *answer, struct rk_error *err);
/* The parts of it: a new tag, which is never 0; sending; the next frame until then (TIMEOUT). */
uint8_t rk_stub_next_tag(struct rk_device *dev);
enum rk_status rk_stub_send(struct rk_device *dev, uint8_t op, uint8_t tag, const uint8_t *head,
                            size_t head_len, const uint8_t *data, size_t len, struct rk_error *err);
enum rk_status rk_stub_receive(struct rk_device *dev, uint64_t until_us,
                               struct rk_cobs_frame *frame, struct rk_error *err);
/* An ff frame in words. */
enum rk_status rk_stub_refused(const char *name, const struct rk_cobs_frame *frame,
                               struct rk_error *err);

/* Is HELLO in what was received? It has come to a stub that was left running. */
bool rk_stub_heard(struct rk_device *dev);
/* Sends bytes 55 at that rate and waits for HELLO. */
enum rk_status rk_stub_greet(struct rk_device *dev, uint32_t baud, bool *heard,
                             struct rk_error *err);
/* Puts the stub into RAM through the ROM and greets it, at the rate wanted or the highest. */
enum rk_status rk_stub_load(struct rk_device *dev, uint32_t baud, struct rk_error *err);
/* After silence: the stub again, or the ROM, which gets a new one. */
enum rk_status rk_stub_resync(struct rk_device *dev, struct rk_error *err);

/* ---- stub_flash.c ---- */

enum rk_status rk_stub_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err);
enum rk_status rk_stub_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                              struct rk_digest *out, struct rk_error *err);
enum rk_status rk_stub_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                             struct rk_error *err);
enum rk_status rk_stub_reset(struct rk_device *dev, struct rk_error *err);

/* The sums of these sectors are out of date. */
void rk_stub_forget(struct rk_device *dev, uint32_t addr, size_t len);

/* ---- stub_read.c, stub_write.c ---- */

enum rk_status rk_stub_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                            struct rk_error *err);
/* Another request ends what is being read. */
void rk_stub_stream_lost(struct rk_device *dev);
/* The flash changes: what was read ahead is out of date. */
void rk_stub_stream_forget(struct rk_device *dev);
void rk_stub_stream_free(struct rk_device *dev);
/* The digest of a block of 64 KiB that has come with what was read. */
bool rk_stub_stream_digest(struct rk_device *dev, uint32_t addr, struct rk_digest *out);
/* Ends what the stub is at, and waits so long for its answer; errors do not matter. */
void rk_stub_stop(struct rk_device *dev, uint64_t patience_us);
enum rk_status rk_stub_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                               size_t len, struct rk_error *err);
/* Erases just ahead of what it programs. */
enum rk_status rk_stub_rewrite(struct rk_device *dev, const struct rk_rewrite *what,
                               struct rk_error *err);

#endif
