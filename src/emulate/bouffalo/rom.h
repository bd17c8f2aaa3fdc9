/* The functions of the BL602's mask ROM, replaced: what firmware reaches through the table of
 * addresses at 0x21010800, and what the ROM does after a reset. No byte of a real ROM is here; the
 * order of the table and the meaning of the functions are those of Bouffalo Lab's SDK
 * (bl602_romdriver.h), and firmware runs the same with a real ROM.
 *
 * The functions have addresses at which there is no memory: when the processor comes to one, it
 * stops, the function is done for it, and it goes on at the return address. */
#ifndef RK_EMULATE_BOUFFALO_ROM_H
#define RK_EMULATE_BOUFFALO_ROM_H

#include "emulate/bouffalo/soc.h"

/* A call: a0 to a7, what comes back in a0, and the address that could not be accessed. A function that
 * waits for the flash says `again`: it is called once more after a moment in which interrupts are
 * served, and finds in `step` what it has left there. */
struct rk_bl_call {
    uint32_t a[8];
    uint32_t result;
    uint32_t bad;
    bool stores;   /* what could not be done was a store */
    uint32_t step; /* 0 = the first time */
    bool again;
};

/* False: an address of the call leads nowhere. */
typedef bool rk_bl_function(struct rk_bl_soc *soc, struct rk_bl_call *call);

/* ---- rom.c ---- */
/* Bytes from and to the processor's addresses, registers included. False, and call->bad is set: there
 * is nothing, or it cannot be written. */
bool rk_bl_rom_get(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t addr, uint8_t *out,
                   size_t len);
bool rk_bl_rom_put(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t addr,
                   const uint8_t *bytes, size_t len);

/* ---- rom_flash.c ---- */
/* Makes the part use four lines if its parameters, of a boot header, want that. */
void rk_bl_rom_prepare_flash(struct rk_bl_soc *soc, const uint8_t *parameters);
rk_bl_function rk_bl_rom_flash_read_register, rk_bl_rom_flash_write_register,
    rk_bl_rom_flash_read_command, rk_bl_rom_flash_write_command, rk_bl_rom_flash_busy,
    rk_bl_rom_flash_write_enable, rk_bl_rom_flash_quad, rk_bl_rom_flash_erase_chip,
    rk_bl_rom_flash_erase_sector, rk_bl_rom_flash_erase_32k, rk_bl_rom_flash_erase_64k,
    rk_bl_rom_flash_erase, rk_bl_rom_flash_program, rk_bl_rom_flash_read, rk_bl_rom_flash_unique,
    rk_bl_rom_flash_jedec, rk_bl_rom_flash_device, rk_bl_rom_flash_powerdown, rk_bl_rom_flash_wake,
    rk_bl_rom_flash_restore, rk_bl_rom_flash_reset, rk_bl_rom_flash_identify,
    rk_bl_rom_flash_parameters, rk_bl_rom_flash_command, rk_bl_rom_flash_owner,
    rk_bl_rom_flash_set_offset, rk_bl_rom_flash_get_offset, rk_bl_rom_flash_enable_cache,
    rk_bl_rom_flash_window, rk_bl_rom_flash_enable;
rk_bl_function rk_bl_rom_xip_save, rk_bl_rom_xip_restore, rk_bl_rom_xip_erase, rk_bl_rom_xip_write,
    rk_bl_rom_xip_read, rk_bl_rom_xip_jedec, rk_bl_rom_xip_device, rk_bl_rom_xip_unique,
    rk_bl_rom_xip_erase_len, rk_bl_rom_xip_view;

/* ---- rom_boot.c ---- */
/* What the ROM does after a reset. */
void rk_bl_rom_start(struct rk_bl_soc *soc);
/* What it does at the end of a download: the memory is as loaded, `ram` from the address `base` on, and
 * the processor goes to `entry`. */
void rk_bl_rom_run(struct rk_bl_soc *soc, const uint8_t *ram, uint32_t base, size_t len,
                   uint32_t entry);
rk_bl_function rk_bl_rom_system_clock;

#endif
