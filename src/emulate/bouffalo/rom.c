#include "emulate/bouffalo/rom.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "emulate/riscv.h"

enum {
    TABLE = 0x10800, /* of addresses, behind the start of the ROM */
    TABLE_PAGE = 0x10000,
    FUNCTIONS = 0x1000, /* where ours would be */
    STEP = 4,
    COUNT = 178,
    API_VERSION = 0x06020002,
    RA = 1,
    A0 = 10,
    PIECE = 256
};

/* ---- memory ---- */

/* As much of a run as lies in the page of its first byte. */
static size_t in_page(uint32_t addr, size_t len)
{
    size_t rest = RK_BUS_PAGE - addr % RK_BUS_PAGE;

    return rest < len ? rest : len;
}

bool rk_bl_rom_get(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t addr, uint8_t *out,
                   size_t len)
{
    call->stores = false;
    for (size_t n; len > 0; addr += (uint32_t)n, out += n, len -= n) {
        call->bad = addr;
        n = in_page(addr, len);
        if (rk_bus_is_void(soc->bus, addr))
            return false;
        if (rk_bus_peek(soc->bus, addr, out, n))
            continue;
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)rk_bus_device_read(soc->bus, addr + (uint32_t)i, 1);
    }
    return true;
}

bool rk_bl_rom_put(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t addr,
                   const uint8_t *bytes, size_t len)
{
    call->stores = true;
    for (size_t n; len > 0; addr += (uint32_t)n, bytes += n, len -= n) {
        const struct rk_bus_page *page = rk_bus_page_of(soc->bus, addr);
        call->bad = addr;
        n = in_page(addr, len);
        if (rk_bus_is_void(soc->bus, addr))
            return false;
        if (page->write)
            (void)rk_bus_poke(soc->bus, addr, bytes, n);
        for (size_t i = 0; i < n && !page->read; i++) /* to code in the flash: nothing happens */
            rk_bus_device_write(soc->bus, addr + (uint32_t)i, bytes[i], 1);
    }
    return true;
}

static void take_cycles(struct rk_bl_soc *soc, uint64_t cycles)
{
    rk_bl_skip(soc, rk_bl_now(soc) + cycles * soc->ps_per_cycle / 1000);
}

/* From the front to the end, as the ROM copies. `halves`: half cycles for a byte, as the real
 * functions were seen to take. */
static bool copy(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t len, unsigned halves)
{
    uint32_t to = call->a[0], from = call->a[1];
    uint8_t piece[PIECE];

    for (uint32_t n; len > 0; len -= n, to += n, from += n) {
        uint32_t apart = to - from;
        n = len < PIECE ? len : PIECE;
        if (apart && apart < n)
            n = apart; /* what was copied is copied on */
        if (!rk_bl_rom_get(soc, call, from, piece, n) || !rk_bl_rom_put(soc, call, to, piece, n))
            return false;
        take_cycles(soc, (uint64_t)n * halves / 2);
    }
    call->result = call->a[0];
    return true;
}

static bool copy_bytes(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return copy(soc, call, call->a[2], 10);
}

static bool copy_words(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return copy(soc, call, call->a[2] * 4, 3);
}

static bool copy_fast(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return copy(soc, call, call->a[2], (call->a[0] | call->a[1]) & 3 ? 10 : 3);
}

static bool fill(struct rk_bl_soc *soc, struct rk_bl_call *call, const uint8_t word[4],
                 uint32_t len, unsigned cycles)
{
    uint8_t piece[PIECE];
    uint32_t to = call->a[0];

    for (unsigned i = 0; i < PIECE; i++)
        piece[i] = word[i & 3];
    for (uint32_t n; len > 0; len -= n, to += n) {
        n = len < PIECE ? len : PIECE;
        if (!rk_bl_rom_put(soc, call, to, piece, n))
            return false;
        take_cycles(soc, (uint64_t)n * cycles);
    }
    call->result = call->a[0];
    return true;
}

static bool fill_bytes(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint8_t byte = (uint8_t)call->a[1], word[4] = {byte, byte, byte, byte};

    return fill(soc, call, word, call->a[2], 3);
}

static bool fill_words(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint8_t word[4];

    rk_put_le32(word, call->a[1]);
    return fill(soc, call, word, call->a[2] * 4, 1);
}

static bool compare(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t a = call->a[0], b = call->a[1];
    uint8_t one, other;

    for (uint32_t left = call->a[2]; left > 0; left--, a++, b++) {
        if (!rk_bl_rom_get(soc, call, a, &one, 1) || !rk_bl_rom_get(soc, call, b, &other, 1))
            return false;
        call->result = (uint32_t)(one - other);
        if (one != other)
            break;
    }
    take_cycles(soc, 7ull * (a - call->a[0]));
    return true;
}

static bool checksum(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t from = call->a[0], len = call->a[1];
    uint8_t piece[PIECE];

    for (uint32_t n; len > 0; len -= n, from += n) {
        n = len < PIECE ? len : PIECE;
        if (!rk_bl_rom_get(soc, call, from, piece, n))
            return false;
        call->result = rk_crc32(call->result, piece, n);
        take_cycles(soc, 57ull * n);
    }
    return true;
}

/* ---- time and clocks ---- */

static bool delay(struct rk_bl_soc *soc, uint64_t ns)
{
    rk_bl_skip(soc, rk_bl_now(soc) + ns);
    return true;
}

static bool delay_us(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return delay(soc, call->a[0] * 1000ull);
}

static bool delay_ms(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return delay(soc, call->a[0] * 1000000ull);
}

/* The first argument is the rate of the processor in MHz. */
static bool delay_loops(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return delay(soc, call->a[1] * 1000ull);
}

static bool write_bits(struct rk_bl_soc *soc, uint32_t addr, uint32_t mask, uint32_t value)
{
    *rk_bl_reg(soc, addr) = (*rk_bl_reg(soc, addr) & ~mask) | (value & mask);
    rk_bl_clocks_changed(soc);
    return true;
}

enum { ROOT_PLL = 2 }; /* also when bit 0 is set beside it */

static bool get_root(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t root = *rk_bl_reg(soc, RK_BL_HBN + 0x30) & 3;

    call->result = root < ROOT_PLL ? root : ROOT_PLL;
    return true;
}

static bool set_root(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t mask = call->a[0] == ROOT_PLL ? ROOT_PLL : 3;

    return write_bits(soc, RK_BL_HBN + 0x30, mask, call->a[0]);
}

/* The ROM takes down the rate it comes to, from the one it had. */
static bool set_dividers(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    *rk_bl_reg(soc, RK_BL_CORE_CLOCK) /= (call->a[0] & 0xFF) + 1;
    return write_bits(soc, RK_BL_GLB, 0x00FFFF00, (call->a[0] & 0xFF) << 8 | call->a[1] << 16);
}

static bool get_bus_divider(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->result = *rk_bl_reg(soc, RK_BL_GLB) >> 16 & 0xFF;
    return true;
}

static bool get_core_divider(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->result = *rk_bl_reg(soc, RK_BL_GLB) >> 8 & 0xFF;
    return true;
}

/* Only what the ROM says about the rate: nobody listens to the crystal for that. */
static bool count_crystal(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    static const uint32_t hz[] = {32000000, 24000000, 32000000, 38400000,
                                  40000000, 26000000, 32000000};

    if (call->a[0] < sizeof hz / sizeof hz[0])
        *rk_bl_reg(soc, RK_BL_CORE_CLOCK) = hz[call->a[0]];
    return true;
}

/* 160 MHz without a crystal, and the flash is executed again. */
static bool clock_from_rc(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    *rk_bl_reg(soc, RK_BL_CORE_CLOCK) = 160000000;
    *rk_bl_reg(soc, RK_BL_HBN + 0x30) |= ROOT_PLL;
    (void)write_bits(soc, RK_BL_GLB, 0x00FFFF00, 1 << 16);
    return rk_bl_rom_flash_window(soc, call);
}

static bool reset_system(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)call;
    soc->reset_wanted = true;
    soc->reset_cause = RK_EMULATE_PIN;
    return true;
}

static bool reset_power(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)call;
    soc->reset_wanted = true;
    soc->reset_cause = RK_EMULATE_POWER_ON;
    return true;
}

/* ---- small things ---- */

static bool sleep_for_ever(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)call;
    soc->rom_waits = true;
    return true;
}

static bool one(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)soc;
    call->result = 1;
    return true;
}

static bool parity(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)soc;
    for (uint32_t i = 0; i < (call->a[1] & 0xFF); i++)
        call->result ^= call->a[0] >> (i & 31) & 1;
    return true;
}

/* No trim of a part's own: the lowest bits of the record are cleared. */
static bool no_trim(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t mask)
{
    uint8_t word[4];

    if (!rk_bl_rom_get(soc, call, call->a[0], word, sizeof word))
        return false;
    rk_put_le32(word, rk_get_le32(word) & ~mask);
    return rk_bl_rom_put(soc, call, call->a[0], word, sizeof word);
}

static bool no_trim_fast(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return no_trim(soc, call, 0x3FF);
}

static bool no_trim_slow(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return no_trim(soc, call, 0xFFF);
}

/* Two words, which count how often the cache had what was asked for: nothing here is cached. */
static bool no_hits(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    static const uint8_t none[4];

    return rk_bl_rom_put(soc, call, call->a[0], none, 4) &&
           rk_bl_rom_put(soc, call, call->a[1], none, 4);
}

/* Says that the flash was not being deciphered: it never is. */
static bool no_cipher(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    static const uint8_t off = 0;

    return rk_bl_rom_put(soc, call, call->a[0], &off, 1);
}

enum { AON_CRYSTAL = 0x4000F884 };

static bool set_capacity(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return write_bits(soc, AON_CRYSTAL, 0xFFFu << 16,
                      (call->a[0] & 63) << 22 | (call->a[1] & 63) << 16);
}

static bool get_capacity(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->result = *rk_bl_reg(soc, AON_CRYSTAL) >> 22 & 63;
    return true;
}

/* ---- the table ---- */

/* By the numbers of bl602_romdriver.h. The others are about voltages, pins, trims and ciphers, which
 * nothing here depends on: they report success. */
static rk_bl_function *const functions[COUNT] = {
    [7] = set_capacity,
    [8] = get_capacity,
    [20] = delay_loops,
    [21] = delay_us,
    [22] = delay_ms,
    [23] = copy_bytes,
    [24] = copy_words,
    [25] = copy_fast,
    [26] = fill_bytes,
    [27] = fill_words,
    [28] = compare,
    [33] = one, /* the efuses have been loaded */
    [34] = parity,
    [35] = no_trim_fast,
    [36] = no_trim_slow,
    [38] = get_root,
    [39] = set_dividers,
    [40] = get_bus_divider,
    [41] = get_core_divider,
    [42] = count_crystal,
    [43] = rk_bl_rom_system_clock,
    [44] = clock_from_rc,
    [47] = reset_system,
    [48] = reset_system,
    [49] = reset_power,
    [59] = sleep_for_ever,
    [62] = reset_power,
    [67] = set_root,
    [96] = rk_bl_rom_flash_enable,
    [98] = rk_bl_rom_flash_read_register,
    [99] = rk_bl_rom_flash_write_register,
    [100] = rk_bl_rom_flash_busy,
    [101] = rk_bl_rom_flash_write_enable,
    [102] = rk_bl_rom_flash_quad,
    [104] = rk_bl_rom_flash_erase_chip,
    [105] = rk_bl_rom_flash_erase_sector,
    [106] = rk_bl_rom_flash_erase_32k,
    [107] = rk_bl_rom_flash_erase_64k,
    [108] = rk_bl_rom_flash_erase,
    [109] = rk_bl_rom_flash_program,
    [110] = rk_bl_rom_flash_unique,
    [111] = rk_bl_rom_flash_jedec,
    [112] = rk_bl_rom_flash_device,
    [113] = rk_bl_rom_flash_powerdown,
    [114] = rk_bl_rom_flash_wake,
    [117] = rk_bl_rom_flash_reset,
    [119] = rk_bl_rom_flash_window,
    [120] = rk_bl_rom_flash_window,
    [123] = rk_bl_rom_flash_window,
    [124] = no_hits,
    [127] = rk_bl_rom_flash_read,
    [128] = rk_bl_rom_flash_read_command,
    [129] = rk_bl_rom_flash_write_command,
    [130] = rk_bl_rom_flash_restore,
    [135] = rk_bl_rom_flash_parameters,
    [137] = rk_bl_rom_flash_identify,
    [138] = rk_bl_rom_flash_enable,
    [140] = rk_bl_rom_flash_owner,
    [151] = rk_bl_rom_flash_set_offset,
    [152] = rk_bl_rom_flash_get_offset,
    [154] = rk_bl_rom_flash_command,
    [161] = rk_bl_rom_xip_save,
    [162] = rk_bl_rom_xip_restore,
    [163] = rk_bl_rom_xip_erase,
    [164] = rk_bl_rom_xip_write,
    [165] = rk_bl_rom_xip_read,
    [166] = rk_bl_rom_xip_jedec,
    [167] = rk_bl_rom_xip_device,
    [168] = rk_bl_rom_xip_unique,
    [169] = rk_bl_rom_xip_view,
    [170] = rk_bl_rom_xip_read,
    [171] = rk_bl_rom_xip_write,
    [172] = rk_bl_rom_xip_erase_len,
    [173] = no_cipher,
    [175] = checksum,
};

enum rk_status rk_bl_rom_map(struct rk_bl_soc *soc, struct rk_error *err)
{
    rk_put_le32(soc->rom + TABLE, API_VERSION);
    for (uint32_t i = 4; i < COUNT; i++)
        rk_put_le32(soc->rom + TABLE + 4 * i, RK_BL_ROM + FUNCTIONS + STEP * i);
    return rk_bus_map_memory(soc->bus, RK_BL_ROM + TABLE_PAGE, RK_BUS_PAGE, soc->rom + TABLE_PAGE,
                             RK_BUS_READ_ONLY, err);
}

static uint32_t argument(const struct rk_bl_soc *soc, unsigned index)
{
    struct rk_cpu_register r = {0};

    (void)soc->cpu->core->get(soc->cpu, index, &r);
    return r.value;
}

bool rk_bl_rom_call(struct rk_bl_soc *soc, uint32_t pc)
{
    uint32_t at = pc - (RK_BL_ROM + FUNCTIONS);
    struct rk_bl_call call = {.result = 0};

    if (pc == RK_BL_ROM) {
        rk_bl_rom_start(soc);
        return true;
    }
    if (at % STEP || at / STEP < 4 || at / STEP >= COUNT)
        return false;
    for (unsigned i = 0; i < 8; i++)
        call.a[i] = argument(soc, A0 + i);
    call.step = soc->rom_at == pc ? soc->rom_step : 0;
    soc->cpu->executed++;
    if (functions[at / STEP] && !functions[at / STEP](soc, &call)) {
        (void)rk_rv_trap((struct rk_rv *)soc->cpu, argument(soc, RA),
                         call.stores ? RK_RV_STORE_FAULT : RK_RV_LOAD_FAULT, call.bad);
        return true;
    }
    soc->rom_at = call.again ? pc : soc->rom_at == pc ? 0 : soc->rom_at;
    soc->rom_step = soc->rom_at == pc ? call.step : soc->rom_step;
    if (call.again)
        return true;
    (void)soc->cpu->core->set(soc->cpu, A0, call.result);
    soc->cpu->core->set_pc(soc->cpu, argument(soc, RA));
    return true;
}
