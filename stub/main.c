/* The loop: take requests, go on with the job that is under way, listen again after silence. */
#include "stub.h"

#define IDLE_US            3000000u
#define NEW_RATE_US        1000000u
#define ALIVE_US           100000u
#define EFUSE_MAC          0x14u
#define EFUSE_MAC_LEN      8u
#define EFUSE_USAGE        0x10u
#define STATUS_PATIENCE_US 100000u

struct job job;
struct frame answer;
uint8_t ring_in[WINDOW] IN_WRAM __attribute__((aligned(4))), ring_out[WINDOW] IN_WRAM;

static struct frame request;
static uint32_t heard_us, alive_us;
static bool listening;
static uint32_t old_period; /* to fall back to if nobody uses the new rate; 0 = there is none */

void job_begin(uint8_t op, uint8_t tag, bool (*step)(void))
{
    job.op = op;
    job.tag = tag;
    job.step = step;
    alive_us = now_us();
}

void job_end(void)
{
    job.step = NULL;
}

void send(uint8_t op, uint8_t tag, uint32_t len)
{
    answer.op = op;
    answer.tag = tag;
    frame_send((uint8_t *)&answer, len);
}

void refuse(uint8_t op, uint8_t tag, enum error code, uint32_t detail)
{
    answer.payload[0] = op;
    answer.payload[1] = (uint8_t)code;
    put_u32(answer.payload + 2, detail);
    send(OP_ERROR, tag, 6);
}

void job_alive(uint32_t done, uint32_t all)
{
    if (now_us() - alive_us < ALIVE_US)
        return;
    alive_us = now_us();
    answer.payload[0] = job.op;
    put_u32(answer.payload + 1, done);
    put_u32(answer.payload + 5, all);
    send(OP_ALIVE, job.tag, 9);
}

bool range_good(uint32_t addr, uint32_t len, uint32_t unit)
{
    return addr % unit == 0 && len % unit == 0 && addr <= flash_size() &&
           len <= flash_size() - addr;
}

/* ---- answers ---- */

static void hello(uint8_t tag)
{
    uint8_t *p = answer.payload;

    memcpy(p, "RKST", 4);
    p[4] = PROTOCOL;
    p[5] = cpu_hz > 32000000u ? 3 : 2;
    p[6] = DATA_MAX & 0xFF;
    p[7] = DATA_MAX >> 8;
    put_u32(p + 8, WINDOW);
    put_u32(p + 12, cpu_hz);
    memcpy(p + 16, flash_id, 3);
    memcpy(p + 19, efuse + EFUSE_MAC, EFUSE_MAC_LEN);
    memcpy(p + 27, efuse + EFUSE_USAGE, 4);
    p[31] = uart_lost;
    uart_lost = 0;
    send(OP_HELLO | OP_ANSWER, tag, 32);
}

static void registers(uint8_t *p)
{
    static const uint8_t opcodes[] = {0x05, 0x35, 0x15};

    for (unsigned i = 0; i < sizeof opcodes; i++)
        p[i] = flash_register(opcodes[i]);
}

static void flash(void)
{
    memcpy(answer.payload, flash_id, 3);
    registers(answer.payload + 3);
    send(OP_FLASH | OP_ANSWER, request.tag, 6);
}

static void status(uint32_t len)
{
    if (len < 2 || len > 3) {
        refuse(OP_STATUS, request.tag, ERROR_LENGTH, len);
        return;
    }
    if (!flash_set_register(request.payload[0], request.payload + 1, len - 1)) {
        refuse(OP_STATUS, request.tag, ERROR_LOCKED, flash_register(0x05));
        return;
    }
    uint32_t from = now_us();
    while (flash_busy())
        if (now_us() - from > STATUS_PATIENCE_US) {
            refuse(OP_STATUS, request.tag, ERROR_FLASH, 0);
            return;
        }
    registers(answer.payload);
    send(OP_STATUS | OP_ANSWER, request.tag, 3);
}

static void efuses(uint32_t len)
{
    uint32_t at = request.payload[0] | (uint32_t)request.payload[1] << 8;
    uint32_t count = request.payload[2] | (uint32_t)request.payload[3] << 8;

    if (len != 4) {
        refuse(OP_EFUSE, request.tag, ERROR_LENGTH, len);
    } else if (at + count > EFUSE_BYTES) {
        refuse(OP_EFUSE, request.tag, ERROR_RANGE, at);
    } else {
        memcpy(answer.payload, efuse + at, count);
        send(OP_EFUSE | OP_ANSWER, request.tag, count);
    }
}

static void listen_again(void)
{
    send(OP_LISTEN | OP_ANSWER, request.tag, 0);
    uart_drain();
    old_period = uart_period();
    listening = true;
    uart_listen();
}

/* ---- requests ---- */

static void ask(uint32_t len)
{
    switch (request.op) {
    case OP_HELLO:
        hello(request.tag);
        break;
    case OP_LISTEN:
        listen_again();
        break;
    case OP_RESET:
        send(OP_RESET | OP_ANSWER, request.tag, 0);
        uart_drain();
        chip_restart();
    case OP_FLASH:
        flash();
        break;
    case OP_STATUS:
        status(len);
        break;
    case OP_EFUSE:
        efuses(len);
        break;
    case OP_STOP:
        send(OP_STOP | OP_ANSWER, request.tag, 0);
        break;
    default:
        refuse(request.op, request.tag, ERROR_OP, 0);
        break;
    }
}

static void begin(uint32_t len)
{
    switch (request.op) {
    case OP_READ:
        read_begin(&request, len);
        break;
    case OP_ERASE:
        erase_begin(&request, len);
        break;
    case OP_WRITE:
        write_begin(&request, len);
        break;
    case OP_SECTORS:
        sectors_begin(&request, len);
        break;
    case OP_DIGEST:
        digest_begin(&request, len);
        break;
    default:
        ask(len);
        break;
    }
}

/* Another request ends what is under way; the flash finishes what it is at. */
static void stop_job(void)
{
    if (job.step && job.op == OP_READ)
        frame_forget();
    job_end();
    write_forget();
    uint32_t from = now_us();
    while (flash_busy() && now_us() - from < FLASH_PATIENCE_US)
        continue;
}

static void handle(uint32_t len)
{
    heard_us = now_us();
    old_period = 0;
    if (request.op == OP_DATA) {
        write_data(&request, len);
    } else if (request.op == OP_POLL) {
        write_poll(&request);
    } else {
        stop_job();
        begin(len);
    }
}

static void attend_line(void)
{
    if (listening) {
        if (uart_measured()) {
            listening = false;
            heard_us = now_us();
            hello(0);
        } else if (old_period && now_us() - heard_us > NEW_RATE_US) {
            listening = false;
            uart_set_period(old_period);
            old_period = 0;
            heard_us = now_us();
        }
        return;
    }
    if (old_period && now_us() - heard_us > NEW_RATE_US) {
        uart_set_period(old_period);
        old_period = 0;
        heard_us = now_us();
    }
    int len = frame_receive(&request);
    if (len >= 0) {
        handle((uint32_t)len);
    } else if (job.step) {
        heard_us = now_us();
    } else if (now_us() - heard_us > IDLE_US) {
        listening = true;
        uart_listen();
    }
}

int main(void)
{
    chip_start();
    frame_start();
    uart_start();
    flash_start();
    listening = true;
    uart_listen();
    for (;;) {
        attend_line();
        if (job.step && !job.step())
            job_end();
    }
}
