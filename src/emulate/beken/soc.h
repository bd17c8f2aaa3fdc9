/* An emulated Beken chip: what stands around the processor. Register facts were found by executing
 * public boot loaders and applications and from Beken's published SDK (beken378). */
#ifndef RK_EMULATE_BEKEN_SOC_H
#define RK_EMULATE_BEKEN_SOC_H

#include <rekindle/emulate.h>

#include "emulate/cpu.h"
#include "emulate/tracer.h"
#include "flash/nor.h"
#include "image/beken/scrambler.h"

#define RK_BK_NEVER      UINT64_MAX
#define RK_BK_FIFO       128u
#define RK_BK_CRYSTAL_HZ 26000000u
#define RK_BK_SLOW_HZ    32000u
#define RK_BK_VOIDS_MAX  64u
/* What an instruction takes: between execution from the cache at 80 or 120 MHz and what flash alone
 * allows, 5 to 10 cycles. */
#define RK_BK_NS_FAST 25u
#define RK_BK_NS_SLOW 60u
#define RK_BK_TCM     0x10000u
#define RK_BK_RAM     0x40000u
#define RK_BK_SDRAM   0x40000u
#define RK_BK_SYSTEM  0x200000u /* bytes of registers of the system block and the transceiver */
#define RK_BK_BLOCK   0x100000u /* of the modem, and of the MAC */

/* What differs from chip to chip: one row. */
struct rk_bk_model {
    const char *chip; /* "BK7231N" */
    uint32_t chip_id, device_id;
    uint32_t pwm_base;    /* of the PWM unit that serves as a timer; 0 = none */
    bool pwm_only;        /* there are no other timers at 0x802A00 (BK7231Q) */
    uint32_t sdram;       /* address of further RAM; 0 = none */
    bool zero_key;        /* code is not enciphered on the usual part */
    bool rom;             /* a mask ROM runs first; it is in no dump */
    uint32_t status_word; /* register that keeps the reset reason */
    uint32_t jedec;       /* usual flash part: manufacturer, type, size */
};
const struct rk_bk_model *rk_bk_models(size_t *count);
/* NULL if there is none of that name. */
const struct rk_bk_model *rk_bk_model_find(const char *chip);

struct rk_bk_uart {
    uint32_t config, thresholds, enable, status;
    uint8_t rx[RK_BK_FIFO];
    unsigned rx_count, rx_read;
    uint64_t tx_free_ns; /* when the line will have sent what was written */
    uint64_t idle_ns;    /* when the receiver will call the line idle; RK_BK_NEVER = it has */
};

/* A counter that fires again and again. */
struct rk_bk_timer {
    uint32_t end; /* in its own ticks */
    uint64_t started_ns, next_ns;
};

struct rk_bk_soc {
    const struct rk_bk_model *model;
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    struct rk_nor *nor;
    bool nor_lent;   /* it belongs to the virtual module around this chip */
    uint32_t key[4]; /* as used: zeros without one */
    struct rk_scrambler scrambler;
    uint8_t *flash_view; /* what the processor sees of the flash */
    uint32_t view_len;
    uint8_t *tcm, *ram, *sdram;
    uint32_t *system;                /* registers at 0x800000, as they were written */
    uint32_t *modem;                 /* 0x1000000 */
    uint32_t *mac;                   /* 0xC0000000 */
    uint32_t voids[RK_BK_VOIDS_MAX]; /* pages without anything that were accessed all the same */
    size_t void_count;

    uint32_t ns_per_instruction;
    uint64_t skipped_ns; /* time that passed without instructions */
    uint64_t reset_ns;   /* when it was last reset */
    bool waiting;        /* the processor waits for an interrupt */
    bool reset_wanted;
    enum rk_emulate_reset reset_cause;
    uint32_t resets;

    uint32_t latched; /* interrupt sources that stay until they are acknowledged */
    struct rk_bk_uart uart[2];
    struct rk_bk_timer timers[6], pwm[6];
    uint64_t watchdog_ns;
    bool watchdog_armed; /* the first half of its key was written */
    uint32_t adc_samples;
    uint64_t adc_ns; /* of its next samples */
    uint32_t flash_words_in[8], flash_in, flash_out[8], flash_out_at;
    uint8_t flash_status;
    uint8_t efuse[32];
    uint64_t pins_high, pins_low; /* levels from outside; others follow their pull */
    uint64_t mac_timers_ns[10];

    uint64_t instruction_limit;
    bool stop_wanted;
    struct rk_emulate_events events;
    struct rk_tracer tracer;
};

/* ---- soc.c ---- */
/* `nor`: the flash, which stays its owner's; NULL = one of its own, made of the options. */
RK_MUST_CHECK enum rk_status rk_bk_soc_new(const struct rk_emulate_options *opt,
                                           const struct rk_bk_model *model, struct rk_nor *nor,
                                           struct rk_bk_soc **out, struct rk_error *err);
void rk_bk_soc_free(struct rk_bk_soc *soc);
uint64_t rk_bk_now(const struct rk_bk_soc *soc);
/* Time passes up to then without an instruction: the chip is held, or without power. */
void rk_bk_skip(struct rk_bk_soc *soc, uint64_t to_ns);
/* The content of the flash was changed from outside. */
void rk_bk_flash_changed(struct rk_bk_soc *soc);
/* The key of a chip that nobody named another for. */
void rk_bk_usual_key(const struct rk_bk_model *model, struct rk_emulate_options *opt);
/* The processor starts at 0; after a power-on memory is forgotten, too. */
void rk_bk_reset(struct rk_bk_soc *soc, enum rk_emulate_reset cause);
/* Nothing is in the page at addr: from now on it reads as zeros. False if there is too much of that. */
bool rk_bk_serve_void(struct rk_bk_soc *soc, uint32_t addr);
/* Saves or loads all of it. */
void rk_bk_archive(struct rk_bk_soc *soc, struct rk_archive *a);
/* The unit that has a register at addr, and what it is called there. */
struct rk_register_name rk_bk_register_name(uint32_t addr);
/* Runs up to that time. */
enum rk_emulate_stop rk_bk_run(struct rk_bk_soc *soc, uint64_t until_ns);
/* Something about interrupts changed: the processor's lines are set anew. */
void rk_bk_update_lines(struct rk_bk_soc *soc);
/* Something about time changed: the run loop shall look at the next event again. */
static inline void rk_bk_reschedule(struct rk_bk_soc *soc)
{
    soc->cpu->yield = true;
}

/* ---- units: each has its registers, its next event, and what happens then ---- */
uint32_t rk_bk_uart_read(struct rk_bk_soc *soc, unsigned unit, uint32_t reg);
void rk_bk_uart_write(struct rk_bk_soc *soc, unsigned unit, uint32_t reg, uint32_t value);
/* See struct rk_bus_device. */
uint64_t rk_bk_uart_steady(const struct rk_bk_soc *soc, unsigned unit, uint32_t reg);
bool rk_bk_uart_line(const struct rk_bk_soc *soc, unsigned unit);
void rk_bk_uart_receive(struct rk_bk_soc *soc, unsigned unit, uint8_t byte);
uint64_t rk_bk_uart_next(const struct rk_bk_soc *soc);
void rk_bk_uart_tick(struct rk_bk_soc *soc, uint64_t now);
uint32_t rk_bk_uart_baud(const struct rk_bk_uart *u);

uint32_t rk_bk_timer_read(struct rk_bk_soc *soc, uint32_t reg);
void rk_bk_timer_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value);
uint32_t rk_bk_pwm_read(struct rk_bk_soc *soc, uint32_t reg);
void rk_bk_pwm_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value);
void rk_bk_watchdog_write(struct rk_bk_soc *soc, uint32_t value);
bool rk_bk_timer_line(const struct rk_bk_soc *soc);
bool rk_bk_pwm_line(const struct rk_bk_soc *soc);
uint64_t rk_bk_timers_next(const struct rk_bk_soc *soc);
void rk_bk_timers_tick(struct rk_bk_soc *soc, uint64_t now);

RK_MUST_CHECK enum rk_status
rk_bk_flash_new(struct rk_bk_soc *soc, const struct rk_emulate_options *opt, struct rk_error *err);
/* What the processor sees of the flash, made anew with the key as it is now. */
void rk_bk_flash_decipher(struct rk_bk_soc *soc);
uint32_t rk_bk_flash_read(struct rk_bk_soc *soc, uint32_t reg);
void rk_bk_flash_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value);

uint32_t rk_bk_mac_read(struct rk_bk_soc *soc, uint32_t addr);
void rk_bk_mac_write(struct rk_bk_soc *soc, uint32_t addr, uint32_t value);
/* False for one that runs with time. */
bool rk_bk_mac_is_steady(uint32_t reg);
bool rk_bk_mac_line(const struct rk_bk_soc *soc);
uint64_t rk_bk_mac_next(const struct rk_bk_soc *soc);
void rk_bk_mac_tick(struct rk_bk_soc *soc, uint64_t now);

bool rk_bk_adc_line(const struct rk_bk_soc *soc);
void rk_bk_adc_tick(struct rk_bk_soc *soc, uint64_t now);
/* Maps every block of registers. */
RK_MUST_CHECK enum rk_status rk_bk_map_registers(struct rk_bk_soc *soc, struct rk_error *err);
/* A register of the system block as it was written, for units that keep theirs there. */
static inline uint32_t *rk_bk_system(const struct rk_bk_soc *soc, uint32_t addr)
{
    return &soc->system[(addr - 0x800000) / 4];
}

#endif
