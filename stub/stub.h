/* The RAM stub of the BL602: what docs/bl602-stub-protocol.md promises. One loop, nothing blocks:
 * every part does a little and returns. Only the UART's interrupt runs beside it. */
#ifndef STUB_H
#define STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL          1u
#define SECTOR            4096u
#define PAGE              256u
#define WINDOW            0x10000u
#define DATA_MAX          4096u
#define PAYLOAD_MAX       4104u
#define READ_MAX          2048u /* data in one frame of a READ */
#define EFUSE_BYTES       128u
#define HASH              32u      /* SHA-256 */
#define FLASH_PATIENCE_US 5000000u /* data sheets: a 64 KiB block takes 2 s at most */

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
    OP_ALIVE = 0xFE,
    OP_ERROR = 0xFF
};

enum error {
    ERROR_NONE = 0,
    ERROR_OP = 1,
    ERROR_STATE = 2,
    ERROR_RANGE = 3,
    ERROR_LENGTH = 4,
    ERROR_FLASH = 5,
    ERROR_LZMA = 6,
    ERROR_LOCKED = 7
};

/* Large memory: outside of the tightly coupled 64 KiB in which the program itself lies. */
#define IN_WRAM __attribute__((section(".wram")))

static inline uint32_t get_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void put_u32(uint8_t *p, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* memory.c: the compiler wants these two as well. */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int value, size_t len);

/* ---- chip.c ---- */
extern uint32_t cpu_hz, uart_hz;
extern uint8_t efuse[EFUSE_BYTES];
void chip_start(void);
void chip_restart(void) __attribute__((noreturn));
uint32_t now_us(void);

/* ---- uart.c ---- */
extern volatile uint8_t uart_lost;
void uart_start(void);
void uart_listen(void);
/* While it listens: true as soon as a rate was measured and set. */
bool uart_measured(void);
uint32_t uart_period(void);
void uart_set_period(uint32_t period);
bool uart_get(uint8_t *byte);
/* Bytes that uart_put() takes without waiting. */
uint32_t uart_room(void);
void uart_put(const uint8_t *bytes, uint32_t len);
void uart_drain(void);
/* What was put and has not gone out yet will not. */
void uart_forget(void);

/* ---- frame.c ---- */
struct frame {
    uint8_t op, tag;
    uint8_t payload[PAYLOAD_MAX + 4]; /* with the CRC behind it */
};
extern uint32_t crc_table[256];
void frame_start(void);
/* The next request, complete and with a good CRC: its payload's length, or -1 if there is none yet. */
int frame_receive(struct frame *frame);
/* Sends op, tag and payload of that length, with room for the CRC behind them; waits while the line has
 * no room for it. */
void frame_send(uint8_t *body, uint32_t len);
bool frame_fits(uint32_t len);
/* Frames that wait for the line are not sent any more. */
void frame_forget(void);
uint32_t crc_add(uint32_t crc, const uint8_t *data, uint32_t len);

/* ---- flash.c ---- */
extern uint8_t flash_id[3];
void flash_start(void);
uint32_t flash_size(void);
uint8_t flash_register(uint8_t opcode);
bool flash_busy(void);
void flash_read(uint32_t addr, uint8_t *buf, uint32_t len);
/* These begin an operation; false if the flash does not take the write-enable. */
bool flash_erase(uint32_t addr, uint32_t len);
bool flash_program(uint32_t addr, const uint8_t *data, uint32_t len);
bool flash_set_register(uint8_t opcode, const uint8_t *data, uint32_t len);
/* The largest unit at addr that is aligned and lies before `end`. */
uint32_t flash_unit(uint32_t addr, uint32_t end);

/* ---- jobs: what takes longer than an answer ---- */

/* The one that is under way. step() does a little of it and returns false at its end. */
struct job {
    uint8_t op, tag;
    bool (*step)(void);
};
extern struct job job;
extern struct frame answer; /* the frame in which answers are made */
void job_begin(uint8_t op, uint8_t tag, bool (*step)(void));
void job_end(void);
void send(uint8_t op, uint8_t tag, uint32_t len);
void refuse(uint8_t op, uint8_t tag, enum error code, uint32_t detail);
/* Tells every 100 ms that the job goes on. */
void job_alive(uint32_t done, uint32_t all);

/* read.c, write.c, range.c: the requests. They refuse, answer, or begin a job. */
void read_begin(const struct frame *request, uint32_t len);
void write_begin(const struct frame *request, uint32_t len);
void write_data(const struct frame *request, uint32_t len);
void write_poll(const struct frame *request);
void write_forget(void);
void erase_begin(const struct frame *request, uint32_t len);
void sectors_begin(const struct frame *request, uint32_t len);
void digest_begin(const struct frame *request, uint32_t len);
/* SHA-256 of flash that is read for it, piece by piece: all but the last are of whole 64 bytes, at most
 * a sector. With the last one, all = the bytes hashed altogether, else 0. */
void hash_flash(uint32_t addr, uint32_t len, bool first, uint32_t all);
void hash_get(uint8_t *out);
/* Is [addr, addr + len) inside the flash, at multiples of `unit`? */
bool range_good(uint32_t addr, uint32_t len, uint32_t unit);

/* Memory that reading and writing use in turn. */
extern uint8_t ring_in[WINDOW], ring_out[WINDOW];

#endif
