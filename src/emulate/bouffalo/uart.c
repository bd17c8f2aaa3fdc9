/* The two UARTs: 32 bytes are kept in both directions, and the receiver can measure the rate of the
 * first byte it gets. */
#include "emulate/bouffalo/soc.h"

enum {
    TX_CONFIG = 0x00,
    RX_CONFIG = 0x04,
    PERIOD = 0x08,
    RX_TIMEOUT = 0x18,
    STATUS = 0x20,
    MASK = 0x24,
    CLEAR = 0x28,
    ENABLE = 0x2C,
    BUSY = 0x30,
    MEASURED = 0x34,
    FIFO = 0x80,
    LEVELS = 0x84,
    DATA_OUT = 0x88,
    DATA_IN = 0x8C
};
enum { TX_END = 1, RX_END = 2, TX_FIFO = 4, RX_FIFO = 8, RX_IDLE = 16 };
enum { RX_ON = 1, RX_MEASURE = 8, CLEAR_TX = 4, CLEAR_RX = 8, RX_OVERRUN = 0x40 };

static uint32_t *reg_of(const struct rk_bl_soc *soc, unsigned unit, uint32_t reg)
{
    return rk_bl_reg(soc, RK_BL_UART + 0x100 * unit + reg);
}

static uint32_t rate(const struct rk_bl_soc *soc, uint32_t period)
{
    return rk_bl_uart_hz(soc) / (period + 1);
}

uint32_t rk_bl_uart_baud(const struct rk_bl_soc *soc, unsigned unit)
{
    return rate(soc, *reg_of(soc, unit, PERIOD) >> 16);
}

static uint64_t byte_ns(const struct rk_bl_soc *soc, unsigned unit)
{
    uint32_t baud = rate(soc, *reg_of(soc, unit, PERIOD) & 0xFFFF);

    return baud ? 10000000000ull / baud : 0;
}

/* Bytes that are written and not yet on the line as a whole. */
static unsigned tx_level(const struct rk_bl_soc *soc, unsigned unit, uint64_t now)
{
    uint64_t span = byte_ns(soc, unit), free_ns = soc->uart[unit].tx_free_ns;

    return free_ns > now && span ? (unsigned)((free_ns - now + span - 1) / span) : 0;
}

static unsigned tx_room(const struct rk_bl_soc *soc, unsigned unit, uint64_t now)
{
    unsigned level = tx_level(soc, unit, now);

    return level < RK_BL_FIFO ? RK_BL_FIFO - level : 0;
}

static uint32_t status_of(const struct rk_bl_soc *soc, unsigned unit)
{
    uint32_t thresholds = *reg_of(soc, unit, LEVELS), now = soc->uart[unit].status;

    if (tx_room(soc, unit, rk_bl_now(soc)) > (thresholds >> 16 & 31))
        now |= TX_FIFO;
    if (soc->uart[unit].rx_count > (thresholds >> 24 & 31))
        now |= RX_FIFO;
    return now;
}

bool rk_bl_uart_line(const struct rk_bl_soc *soc, unsigned unit)
{
    uint32_t wanted = *reg_of(soc, unit, ENABLE) & ~*reg_of(soc, unit, MASK);

    return wanted && status_of(soc, unit) & wanted;
}

static uint32_t take(struct rk_bl_soc *soc, unsigned unit)
{
    struct rk_bl_uart *u = &soc->uart[unit];

    if (!u->rx_count)
        return 0;
    uint32_t byte = u->rx[u->rx_read];
    u->rx_read = (u->rx_read + 1) % RK_BL_FIFO;
    u->rx_count--;
    rk_bl_update_lines(soc);
    return byte;
}

uint32_t rk_bl_uart_read(struct rk_bl_soc *soc, unsigned unit, uint32_t reg)
{
    uint64_t now = rk_bl_now(soc);

    switch (reg) {
    case STATUS:
        return status_of(soc, unit);
    case BUSY:
        return tx_level(soc, unit, now) != 0;
    case LEVELS:
        return (*reg_of(soc, unit, LEVELS) & 0x1F1F0000) | soc->uart[unit].rx_count << 8 |
               tx_room(soc, unit, now);
    case DATA_IN:
        return take(soc, unit);
    default:
        return *reg_of(soc, unit, reg);
    }
}

static void send(struct rk_bl_soc *soc, unsigned unit, uint8_t byte)
{
    struct rk_bl_uart *u = &soc->uart[unit];
    uint64_t now = rk_bl_now(soc), from = u->tx_free_ns > now ? u->tx_free_ns : now;

    if (!(*reg_of(soc, unit, TX_CONFIG) & 1) || tx_room(soc, unit, now) == 0)
        return; /* off, or the byte does not fit any more */
    u->tx_free_ns = from + byte_ns(soc, unit);
    u->status |= TX_END;
    if (soc->events.uart)
        soc->events.uart(soc->events.user, unit, byte, u->tx_free_ns);
}

static void write_fifo(struct rk_bl_soc *soc, unsigned unit, uint32_t value)
{
    struct rk_bl_uart *u = &soc->uart[unit];
    uint32_t *reg = reg_of(soc, unit, FIFO);

    if (value & CLEAR_RX) {
        u->rx_count = 0;
        *reg &= ~(uint32_t)RX_OVERRUN;
    }
    *reg = (*reg & RX_OVERRUN) | (value & 3);
}

void rk_bl_uart_write(struct rk_bl_soc *soc, unsigned unit, uint32_t reg, uint32_t value)
{
    struct rk_bl_uart *u = &soc->uart[unit];

    switch (reg) {
    case DATA_OUT:
        send(soc, unit, (uint8_t)value);
        rk_bl_reschedule(soc);
        break;
    case CLEAR:
        u->status &= ~value;
        break;
    case FIFO:
        write_fifo(soc, unit, value);
        break;
    default:
        *reg_of(soc, unit, reg) = value;
        break;
    }
    if (reg == RX_CONFIG)
        u->measuring = value & RX_MEASURE;
    if (reg == ENABLE || reg == MASK || reg == LEVELS)
        rk_bl_reschedule(soc);
    rk_bl_update_lines(soc);
}

/* A length that the register can tell. */
static uint32_t clip(uint32_t cycles)
{
    return cycles < 1 ? 1 : cycles > 0x10000 ? 0x10000 : cycles;
}

/* The length of the first low stretch, and of one bit if the byte is 55. */
static void measure(struct rk_bl_soc *soc, unsigned unit, uint8_t byte, uint32_t baud)
{
    uint32_t bit = clip(rk_bl_uart_hz(soc) / baud), low = bit;

    for (unsigned i = 0; i < 8 && !(byte >> i & 1); i++)
        low += bit;
    *reg_of(soc, unit, MEASURED) = (clip(low) - 1) | (byte == 0x55 ? bit - 1 : 0xFFFFu) << 16;
    soc->uart[unit].measuring = false;
    soc->uart[unit].status |= RX_END;
}

void rk_bl_uart_receive(struct rk_bl_soc *soc, unsigned unit, uint8_t byte, uint32_t baud)
{
    struct rk_bl_uart *u = &soc->uart[unit];
    uint32_t own = rk_bl_uart_baud(soc, unit);

    if (!(*reg_of(soc, unit, RX_CONFIG) & RX_ON))
        return;
    if (u->measuring) {
        measure(soc, unit, byte, baud ? baud : own ? own : 1);
    } else if (u->rx_count == RK_BL_FIFO) {
        *reg_of(soc, unit, FIFO) |= RX_OVERRUN;
    } else {
        u->rx[(u->rx_read + u->rx_count) % RK_BL_FIFO] = byte;
        u->rx_count++;
        u->idle_ns = rk_bl_now(soc) +
                     (own ? (*reg_of(soc, unit, RX_TIMEOUT) & 0xFF) * 1000000000ull / own : 0);
    }
    rk_bl_update_lines(soc);
    rk_bl_reschedule(soc);
}

/* When the transmitter will have room, if anybody waits for that. */
static uint64_t tx_need_ns(const struct rk_bl_soc *soc, unsigned unit, uint64_t now)
{
    uint32_t wanted = *reg_of(soc, unit, ENABLE) & ~*reg_of(soc, unit, MASK);
    uint32_t threshold = *reg_of(soc, unit, LEVELS) >> 16 & 31;
    uint64_t free_ns = soc->uart[unit].tx_free_ns;
    uint64_t left = (RK_BL_FIFO - 1 - threshold) * byte_ns(soc, unit);

    if (!(wanted & TX_FIFO) || free_ns <= now + left)
        return RK_BL_NEVER;
    return free_ns - left;
}

uint64_t rk_bl_uart_next(const struct rk_bl_soc *soc)
{
    uint64_t next = RK_BL_NEVER, now = rk_bl_now(soc);

    for (unsigned i = 0; i < 2; i++) {
        uint64_t need = tx_need_ns(soc, i, now);
        next = soc->uart[i].idle_ns < next ? soc->uart[i].idle_ns : next;
        next = need < next ? need : next;
    }
    return next;
}

void rk_bl_uart_tick(struct rk_bl_soc *soc, uint64_t now)
{
    for (unsigned i = 0; i < 2; i++)
        if (soc->uart[i].idle_ns <= now) {
            soc->uart[i].idle_ns = RK_BL_NEVER;
            if (soc->uart[i].rx_count)
                soc->uart[i].status |= RX_IDLE;
        }
}
