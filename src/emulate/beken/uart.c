/* UART1 and UART2, with the 128 bytes each keeps in both directions, beside the one on the line: who
 * prints faster than the line has to wait, or bytes are lost, and a reset cuts off what is still in
 * there. */
#include "emulate/beken/soc.h"

enum {
    CONFIG = 0x00,
    THRESHOLDS = 0x04,
    STATUS = 0x08,
    DATA = 0x0C,
    ENABLE = 0x10,
    PENDING = 0x14
};
enum {
    TX_FULL = 1 << 16,
    TX_EMPTY = 1 << 17,
    RX_FULL = 1 << 18,
    RX_EMPTY = 1 << 19,
    MAY_WRITE = 1 << 20,
    MAY_READ = 1 << 21
};
enum { INT_TX_NEED = 1, INT_RX_NEED = 2, INT_RX_OVERFLOW = 4, INT_TX_END = 32, INT_RX_END = 64 };

uint32_t rk_bk_uart_baud(const struct rk_bk_uart *u)
{
    uint32_t divider = (u->config >> 8 & 0x1FFF) + 1;

    return RK_BK_CRYSTAL_HZ / divider;
}

static uint64_t bit_ns(const struct rk_bk_uart *u)
{
    return ((u->config >> 8 & 0x1FFF) + 1) * (uint64_t)1000000000 / RK_BK_CRYSTAL_HZ;
}

/* Bytes that are written and not yet on the line as a whole. */
static unsigned tx_level(const struct rk_bk_uart *u, uint64_t now)
{
    uint64_t span = 10 * bit_ns(u);

    return u->tx_free_ns > now ? (unsigned)((u->tx_free_ns - now + span - 1) / span) : 0;
}

/* Conditions that last are seen for as long as they do; the others until they are acknowledged. */
static uint32_t pending(const struct rk_bk_uart *u, uint64_t time)
{
    uint32_t now = u->status;

    if (tx_level(u, time) <= (u->thresholds & 0xFF))
        now |= INT_TX_NEED;
    if (u->rx_count > (u->thresholds >> 8 & 0xFF))
        now |= INT_RX_NEED;
    return now;
}

bool rk_bk_uart_line(const struct rk_bk_soc *soc, unsigned unit)
{
    const struct rk_bk_uart *u = &soc->uart[unit];

    return pending(u, rk_bk_now(soc)) & u->enable;
}

static uint32_t tx_status(unsigned level)
{
    unsigned shown = level < RK_BK_FIFO ? level : RK_BK_FIFO;

    return shown | (level == 0 ? TX_EMPTY : 0) | (level < RK_BK_FIFO ? MAY_WRITE : TX_FULL);
}

uint32_t rk_bk_uart_read(struct rk_bk_soc *soc, unsigned unit, uint32_t reg)
{
    struct rk_bk_uart *u = &soc->uart[unit];
    uint32_t byte = 0;

    switch (reg) {
    case CONFIG:
        return u->config;
    case THRESHOLDS:
        return u->thresholds;
    case STATUS:
        return tx_status(tx_level(u, rk_bk_now(soc))) | u->rx_count << 8 |
               (u->rx_count ? MAY_READ : RX_EMPTY) | (u->rx_count == RK_BK_FIFO ? RX_FULL : 0);
    case DATA:
        if (u->rx_count) {
            byte = u->rx[u->rx_read];
            u->rx_read = (u->rx_read + 1) % RK_BK_FIFO;
            u->rx_count--;
            rk_bk_update_lines(soc);
        }
        /* Boot loaders take bits 7..0, drivers of applications bits 15..8. */
        return byte | byte << 8;
    case ENABLE:
        return u->enable;
    case PENDING:
        return pending(u, rk_bk_now(soc));
    default:
        return 0;
    }
}

/* What tells of the transmitter stays as it is until the next byte has left. */
uint64_t rk_bk_uart_steady(const struct rk_bk_soc *soc, unsigned unit, uint32_t reg)
{
    const struct rk_bk_uart *u = &soc->uart[unit];
    uint64_t now = rk_bk_now(soc);
    unsigned level = tx_level(u, now);

    if (reg == DATA)
        return 0;
    if ((reg != STATUS && reg != PENDING) || level == 0)
        return UINT64_MAX;
    uint64_t left = u->tx_free_ns - (level - 1) * 10 * bit_ns(u);
    return soc->cpu->executed + (left - now - 1) / soc->ns_per_instruction;
}

static void send(struct rk_bk_soc *soc, unsigned unit, uint8_t byte)
{
    struct rk_bk_uart *u = &soc->uart[unit];
    uint64_t now = rk_bk_now(soc), from = u->tx_free_ns > now ? u->tx_free_ns : now;

    if (tx_level(u, now) > RK_BK_FIFO)
        return; /* it did not look whether there is room: the byte is lost */
    u->tx_free_ns = from + 10 * bit_ns(u);
    u->status |= INT_TX_END;
    if (soc->events.uart)
        soc->events.uart(soc->events.user, unit, byte, u->tx_free_ns);
}

void rk_bk_uart_write(struct rk_bk_soc *soc, unsigned unit, uint32_t reg, uint32_t value)
{
    struct rk_bk_uart *u = &soc->uart[unit];

    switch (reg) {
    case CONFIG:
        u->config = value;
        break;
    case THRESHOLDS:
        u->thresholds = value;
        break;
    case DATA:
        send(soc, unit, (uint8_t)value);
        break;
    case ENABLE:
        u->enable = value;
        rk_bk_reschedule(soc);
        break;
    case PENDING:
        u->status &= ~value;
        break;
    default:
        break;
    }
    rk_bk_update_lines(soc);
}

void rk_bk_uart_receive(struct rk_bk_soc *soc, unsigned unit, uint8_t byte)
{
    struct rk_bk_uart *u = &soc->uart[unit];
    static const uint8_t idle_bits[] = {32, 64, 128, 255};

    if (!(u->config & 2))
        return; /* the receiver is off */
    if (u->rx_count == RK_BK_FIFO) {
        u->status |= INT_RX_OVERFLOW;
    } else {
        u->rx[(u->rx_read + u->rx_count) % RK_BK_FIFO] = byte;
        u->rx_count++;
    }
    u->idle_ns = rk_bk_now(soc) + idle_bits[u->thresholds >> 16 & 3] * bit_ns(u);
    rk_bk_update_lines(soc);
    rk_bk_reschedule(soc);
}

/* When the transmitter will want more, if anybody waits for that. */
static uint64_t tx_need_ns(const struct rk_bk_uart *u, uint64_t now)
{
    uint64_t left = (u->thresholds & 0xFF) * 10 * bit_ns(u);

    if (!(u->enable & INT_TX_NEED) || u->tx_free_ns <= now + left)
        return RK_BK_NEVER;
    return u->tx_free_ns - left;
}

uint64_t rk_bk_uart_next(const struct rk_bk_soc *soc)
{
    uint64_t next = RK_BK_NEVER, now = rk_bk_now(soc);

    for (unsigned i = 0; i < 2; i++) {
        const struct rk_bk_uart *u = &soc->uart[i];
        uint64_t need = tx_need_ns(u, now);
        next = u->idle_ns < next ? u->idle_ns : next;
        next = need < next ? need : next;
    }
    return next;
}

void rk_bk_uart_tick(struct rk_bk_soc *soc, uint64_t now)
{
    for (unsigned i = 0; i < 2; i++)
        if (soc->uart[i].idle_ns <= now) {
            soc->uart[i].idle_ns = RK_BK_NEVER;
            soc->uart[i].status |= INT_RX_END;
        }
}
