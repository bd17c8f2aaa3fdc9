/* The serial line: an interrupt moves bytes between its FIFOs and two rings. */
#include "registers.h"
#include "stub.h"

#define RING_IN      0x2000u
#define RING_OUT     0x4000u
#define TIMEOUT      60u /* bit times after which received bytes below the threshold are fetched */
#define FINE         64u /* counts from which a measurement is exact enough */
#define COARSE_HZ    500000u
#define UNEVEN_HZ    921600u
#define NEAR         25u /* one part in 25 */
#define COUNT_MIN    3u  /* the receiver needs more than three clocks per bit */
#define COUNTS_AGREE 2u

static uint8_t in[RING_IN] IN_WRAM, out[RING_OUT] IN_WRAM;
static volatile uint32_t in_put, in_get, out_put, out_get;
static uint32_t period;
volatile uint8_t uart_lost;

static void drain_receiver(void)
{
    if (reg_read(UART_FIFO) & UART_FIFO_RX_LOST) {
        uart_lost++;
        reg_write(UART_FIFO, 1u << 3);
    }
    for (uint32_t n = reg_read(UART_LEVELS) >> 8 & 0x3F; n > 0; n--) {
        in[in_put % RING_IN] = (uint8_t)reg_read(UART_IN);
        in_put = in_put + 1;
    }
}

static void feed_sender(void)
{
    uint32_t room = reg_read(UART_LEVELS) & 0x3F, get = out_get, end = out_put;

    for (; room > 0 && get != end; room--)
        reg_write(UART_OUT, out[get++ % RING_OUT]);
    out_get = get;
    if (get == end)
        reg_change(UART_MASK, UART_INT_TX_FIFO, UART_INT_TX_FIFO);
}

void uart_interrupt(void) __attribute__((interrupt("machine"), used));
void uart_interrupt(void)
{
    drain_receiver();
    feed_sender();
    reg_write(UART_CLEAR, UART_INT_RX_WAITS);
}

static void interrupts(bool on)
{
    if (on)
        __asm__ volatile("csrsi mstatus, 8" ::: "memory");
    else
        __asm__ volatile("csrci mstatus, 8" ::: "memory");
}

void uart_start(void)
{
    reg_write(UART_ENABLE, UART_INT_ALL);
    reg_write(UART_MASK, UART_INT_ALL);
    reg_write(UART_TX, UART_TX_ON);
    reg_write(UART_RX_TIMEOUT, TIMEOUT);
    *(volatile uint8_t *)(CLIC_PENDING + UART_LINE) = 0;
    *(volatile uint8_t *)(CLIC_ENABLE + UART_LINE) = 1;
    interrupts(true);
}

void uart_listen(void)
{
    reg_write(UART_MASK, UART_INT_ALL);
    reg_write(UART_RX, 0);
    reg_write(UART_FIFO, UART_FIFO_CLEAR);
    reg_write(UART_CLEAR, UART_INT_ALL);
    reg_write(UART_LEVELS, UART_THRESHOLDS);
    in_get = in_put;
    reg_write(UART_RX, UART_RX_MEASURE);
}

/* A short bit is measured coarsely: put it to the usual rate that is meant. */
static uint32_t settle(uint32_t count)
{
    uint32_t rate = uart_hz / count, usual;

    if (count >= FINE)
        return count;
    usual = (rate + COARSE_HZ / 2) / COARSE_HZ * COARSE_HZ;
    if (rate > UNEVEN_HZ - UNEVEN_HZ / NEAR && rate < UNEVEN_HZ + UNEVEN_HZ / NEAR)
        usual = UNEVEN_HZ;
    uint32_t off = usual > rate ? usual - rate : rate - usual;
    return usual && off <= usual / NEAR ? (uart_hz + usual / 2) / usual : count;
}

void uart_set_period(uint32_t clocks)
{
    period = clocks;
    reg_write(UART_RX, 0);
    reg_write(UART_PERIOD, (period - 1) | (period - 1) << 16);
    reg_write(UART_FIFO, 1u << 3);
    reg_write(UART_CLEAR, UART_INT_ALL);
    in_get = in_put;
    reg_write(UART_RX, UART_RX_ON);
    reg_write(UART_MASK, UART_INT_ALL & ~(UART_INT_RX_FIFO | UART_INT_RX_WAITS));
}

uint32_t uart_period(void)
{
    return period;
}

bool uart_measured(void)
{
    if (!(reg_read(UART_STATUS) & UART_INT_RX_END))
        return false;
    uint32_t counts = reg_read(UART_MEASURED);
    uint32_t start = (counts & 0xFFFF) + 1, whole = (counts >> 16) + 1;
    uint32_t off = start > whole ? start - whole : whole - start;
    if (whole <= COUNT_MIN || off > COUNTS_AGREE + whole / FINE) {
        uart_listen(); /* that was no 55 */
        return false;
    }
    uart_set_period(settle(whole));
    return true;
}

bool uart_get(uint8_t *byte)
{
    if (in_get == in_put)
        return false;
    *byte = in[in_get % RING_IN];
    in_get = in_get + 1;
    return true;
}

uint32_t uart_room(void)
{
    return RING_OUT - (out_put - out_get);
}

static void start_sending(void)
{
    if (!(reg_read(UART_MASK) & UART_INT_TX_FIFO))
        return;
    interrupts(false);
    reg_change(UART_MASK, UART_INT_TX_FIFO, 0);
    interrupts(true);
}

void uart_put(const uint8_t *bytes, uint32_t len)
{
    uint32_t put = out_put;

    for (; len > 0; len--) {
        while (put - out_get == RING_OUT) {
            out_put = put;
            start_sending();
        }
        out[put++ % RING_OUT] = *bytes++;
    }
    out_put = put;
    start_sending();
}

void uart_forget(void)
{
    interrupts(false);
    out_get = out_put;
    interrupts(true);
}

void uart_drain(void)
{
    while (out_get != out_put || reg_read(UART_BUSY) & UART_BUSY_TX)
        continue;
}
