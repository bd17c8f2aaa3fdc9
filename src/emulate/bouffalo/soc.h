/* An emulated BL602: what stands around the processor. Register facts were found by executing the
 * public mask ROM, vendor loaders and applications, and from Bouffalo Lab's published SDK
 * (bl_iot_sdk, components/bl602/bl602_std). */
#ifndef RK_EMULATE_BOUFFALO_SOC_H
#define RK_EMULATE_BOUFFALO_SOC_H

#include <rekindle/emulate.h>

#include "base/rng.h"
#include "emulate/tracer.h"
#include "flash/nor.h"

#define RK_BL_NEVER         UINT64_MAX
#define RK_BL_FIFO          32u
#define RK_BL_INTERRUPTS    96u
#define RK_BL_PINS          23u /* GPIO0 to GPIO22 */
#define RK_BL_ROM_LEN       0x20000u
#define RK_BL_TCM_LEN       0x18000u
#define RK_BL_WRAM_LEN      0x2C000u
#define RK_BL_ACCESS_CYCLES 6u
#define RK_BL_JEDEC         0x1540EFu /* W25Q16 */

/* Registers from 0x40000000 on, and those of the radio from 0x44800000 on, as they were written. */
#define RK_BL_REGISTERS 0x40000000u
#define RK_BL_REGS_LEN  0x11000u
#define RK_BL_RADIO     0x44800000u
#define RK_BL_RADIO_LEN 0x500000u
#define RK_BL_AGC       0x54C00000u
#define RK_BL_AGC_LEN   0x10000u
#define RK_BL_BLE       0x28000000u
#define RK_BL_BLE_LEN   0x20000u

/* Blocks. */
enum {
    RK_BL_GLB = 0x40000000,
    RK_BL_RF = 0x40001000,
    RK_BL_SEC = 0x40004000,
    RK_BL_EFUSE = 0x40007000,
    RK_BL_L1C = 0x40009000,
    RK_BL_UART = 0x4000A000, /* UART1 is 0x100 behind UART0 */
    RK_BL_TIMER = 0x4000A500,
    RK_BL_SF = 0x4000B000,
    RK_BL_PDS = 0x4000E000,
    RK_BL_HBN = 0x4000F000,
    RK_BL_CORE_CLOCK = RK_BL_HBN + 0x108 /* where the software keeps the rate, Hz */
};

struct rk_bl_uart {
    uint32_t status; /* events until they are cleared */
    uint8_t rx[RK_BL_FIFO];
    unsigned rx_count, rx_read;
    bool measuring;      /* the next byte tells the rate */
    uint64_t tx_free_ns; /* when the line will have sent what was written */
    uint64_t idle_ns;    /* when the receiver will call the line idle */
};

/* A clock that counts at a rate which may change. */
struct rk_bl_counter {
    uint64_t value, since_ns;
    uint32_t hz;
};

/* The engine for large numbers. */
struct rk_bl_pka {
    uint32_t control, first; /* first word of a command */
    bool half;               /* its second is due */
    uint32_t words_due;      /* of a number that is being written */
    uint32_t word;           /* of the number: the next one to write or read */
    bool done, less;
    uint8_t memory[4096]; /* the registers, most significant byte first */
};

struct rk_bl_soc {
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    struct rk_nor *nor;
    bool nor_lent;       /* it belongs to the virtual module around this chip */
    uint8_t *flash_view; /* the cells twice, one behind the other, for addresses that wrap */
    uint32_t flash_size, image_offset;
    uint8_t *tcm, *wram;
    uint8_t *rom;              /* RK_BL_ROM_LEN bytes */
    bool real_rom;             /* of a chip; else its functions are ours, */
    bool rom_waits;            /* and it waits for a download, or for ever */
    uint32_t rom_at, rom_step; /* the one of them that is under way, and how far it is */
    uint32_t *regs, *radio;
    uint8_t *agc; /* RK_BL_AGC_LEN bytes: program and tables of the gain control */
    uint8_t *ble; /* RK_BL_BLE_LEN bytes: the Bluetooth core, which does nothing */
    uint32_t crystal_hz;

    uint64_t cycles_base, base_ps; /* time is base_ps and what the cycles since then took */
    uint32_t ps_per_cycle;
    uint64_t deadline_ps; /* when something else than the processor acts */
    uint64_t reset_ns;
    bool reset_wanted;
    enum rk_emulate_reset reset_cause;
    uint32_t resets, exceptions_before; /* exceptions that it came back from, or before the reset */

    uint64_t pending[2], enabled[2]; /* interrupts by number */
    uint8_t level[RK_BL_INTERRUPTS]; /* as configured */
    uint32_t clic_config;
    struct rk_bl_counter mtime;
    uint64_t mtimecmp;
    uint32_t msip;
    struct rk_bl_uart uart[2];
    uint64_t flash_ready_ns; /* of the controller, not of the chip */
    uint8_t flash_buffer[256];
    uint32_t digest[8];
    uint64_t digest_ready_ns;
    struct rk_bl_pka pka;
    struct rk_rng rng;
    uint64_t watchdog_ns;
    uint32_t watchdog_keys;
    uint8_t efuse[128];
    uint32_t a2e, a2e_mask, e2a, e2a_mask; /* mail boxes between application and radio */
    uint64_t pins_high, pins_low;

    uint64_t instruction_limit;
    bool stop_wanted;
    struct rk_emulate_events events;
    struct rk_tracer tracer;
};

/* ---- soc.c ---- */
RK_MUST_CHECK enum rk_status rk_bl_soc_new(const struct rk_emulate_options *opt, struct rk_nor *nor,
                                           struct rk_bl_soc **out, struct rk_error *err);
void rk_bl_soc_free(struct rk_bl_soc *soc);
uint64_t rk_bl_now(const struct rk_bl_soc *soc);
/* Time passes up to then without an instruction. */
void rk_bl_skip(struct rk_bl_soc *soc, uint64_t to_ns);
void rk_bl_reset(struct rk_bl_soc *soc, enum rk_emulate_reset cause);
enum rk_emulate_stop rk_bl_run(struct rk_bl_soc *soc, uint64_t until_ns);
/* Are interrupts switched on? They are off in handlers and critical sections, too. */
bool rk_bl_takes_interrupts(const struct rk_bl_soc *soc);
/* From now on a cycle takes so long. */
void rk_bl_set_speed(struct rk_bl_soc *soc, uint32_t hz);
static inline void rk_bl_reschedule(struct rk_bl_soc *soc)
{
    soc->cpu->yield = true;
}

static inline uint64_t rk_bl_now_ps(const struct rk_bl_soc *soc)
{
    return soc->base_ps + (soc->cpu->executed - soc->cycles_base) * soc->ps_per_cycle;
}

/* What an access to a register takes beside the instruction. */
static inline void rk_bl_access(struct rk_bl_soc *soc)
{
    soc->base_ps += (uint64_t)RK_BL_ACCESS_CYCLES * soc->ps_per_cycle;
    if (rk_bl_now_ps(soc) >= soc->deadline_ps)
        rk_bl_reschedule(soc);
}

/* A register as it was written. */
static inline uint32_t *rk_bl_reg(const struct rk_bl_soc *soc, uint32_t addr)
{
    return &soc->regs[(addr - RK_BL_REGISTERS) / 4];
}

/* Maps the ROM of a chip. */
RK_MUST_CHECK enum rk_status rk_bl_map_rom(struct rk_bl_soc *soc, struct rk_error *err);

/* ---- pins.c ---- */
/* The levels as the chip reads them, bit n = GPIOn. */
uint32_t rk_bl_pins_read(const struct rk_bl_soc *soc);
/* Is the mask ROM told to wait for a download, by GPIO8 or by the efuses? */
bool rk_bl_wants_download(const struct rk_bl_soc *soc);

/* ---- snapshot.c, names.c ---- */
void rk_bl_archive(struct rk_bl_soc *soc, struct rk_archive *a);
struct rk_register_name rk_bl_register_name(uint32_t addr);

/* ---- registers.c ---- */
RK_MUST_CHECK enum rk_status rk_bl_map_registers(struct rk_bl_soc *soc, struct rk_error *err);
void rk_bl_reset_registers(struct rk_bl_soc *soc);

/* ---- clocks.c ---- */
/* The clocks were configured anew. */
void rk_bl_clocks_changed(struct rk_bl_soc *soc);
uint32_t rk_bl_uart_hz(const struct rk_bl_soc *soc);
uint32_t rk_bl_root_hz(const struct rk_bl_soc *soc);
uint64_t rk_bl_counter_value(const struct rk_bl_counter *c, uint64_t now_ns);
/* When it will have reached that value; RK_BL_NEVER if it does not count. */
uint64_t rk_bl_counter_when(const struct rk_bl_counter *c, uint64_t value);
void rk_bl_counter_set(struct rk_bl_counter *c, uint64_t now_ns, uint64_t value, uint32_t hz);

/* ---- interrupts.c ---- */
enum {
    RK_BL_IRQ_SOFTWARE = 3,
    RK_BL_IRQ_TIMER = 7,
    RK_BL_IRQ_UART0 = 45,
    RK_BL_IRQ_UART1 = 46,
    RK_BL_IRQ_RADIO = 70,
    RK_BL_IRQ_E2A = 79
};
void rk_bl_interrupts_reset(struct rk_bl_soc *soc);
RK_MUST_CHECK enum rk_status rk_bl_map_interrupts(struct rk_bl_soc *soc, struct rk_error *err);
/* Something about interrupts changed: the processor's line is set anew. */
void rk_bl_update_lines(struct rk_bl_soc *soc);

/* ---- uart.c ---- */
uint32_t rk_bl_uart_read(struct rk_bl_soc *soc, unsigned unit, uint32_t reg);
void rk_bl_uart_write(struct rk_bl_soc *soc, unsigned unit, uint32_t reg, uint32_t value);
bool rk_bl_uart_line(const struct rk_bl_soc *soc, unsigned unit);
/* `baud` is the rate on the wire; 0 = that of the receiver. */
void rk_bl_uart_receive(struct rk_bl_soc *soc, unsigned unit, uint8_t byte, uint32_t baud);
uint32_t rk_bl_uart_baud(const struct rk_bl_soc *soc, unsigned unit);
uint64_t rk_bl_uart_next(const struct rk_bl_soc *soc);
void rk_bl_uart_tick(struct rk_bl_soc *soc, uint64_t now);

/* ---- flash.c ---- */
RK_MUST_CHECK enum rk_status
rk_bl_flash_new(struct rk_bl_soc *soc, const struct rk_emulate_options *opt, struct rk_error *err);
uint32_t rk_bl_flash_read(struct rk_bl_soc *soc, uint32_t reg);
void rk_bl_flash_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value);
/* One transfer with the flash chip: `command` as in the controller's register, data from and to
 * flash_buffer. Returns how long it takes, ns. */
uint64_t rk_bl_flash_transfer(struct rk_bl_soc *soc, const uint8_t bytes[8], uint32_t command);
/* The content of the flash was changed from outside. */
void rk_bl_flash_changed(struct rk_bl_soc *soc);
void rk_bl_flash_set_offset(struct rk_bl_soc *soc, uint32_t offset);

/* ---- security.c ---- */
uint32_t rk_bl_security_read(struct rk_bl_soc *soc, uint32_t reg);
void rk_bl_security_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value);

/* ---- pka.c ---- */
uint32_t rk_bl_pka_read(struct rk_bl_soc *soc, uint32_t reg);
void rk_bl_pka_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value);

/* ---- watchdog.c ---- */
uint32_t rk_bl_timer_read(struct rk_bl_soc *soc, uint32_t reg);
void rk_bl_timer_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value);

/* ---- radio.c ---- */
RK_MUST_CHECK enum rk_status rk_bl_map_radio(struct rk_bl_soc *soc, struct rk_error *err);
void rk_bl_radio_reset(struct rk_bl_soc *soc);
bool rk_bl_radio_line(const struct rk_bl_soc *soc);
/* Calibration registers of the RF part, which are in the first block. */
void rk_bl_rf_write(struct rk_bl_soc *soc, uint32_t addr, uint32_t value);

/* ---- rom.c: the mask ROM's functions, where there is none of a chip; see rom.h ---- */
#define RK_BL_ROM 0x21000000u
/* Instead of mapping a ROM. */
RK_MUST_CHECK enum rk_status rk_bl_rom_map(struct rk_bl_soc *soc, struct rk_error *err);
/* The processor is at an address of the ROM: does what is there. False: nothing is. */
bool rk_bl_rom_call(struct rk_bl_soc *soc, uint32_t pc);

#endif
