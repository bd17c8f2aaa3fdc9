/* The chips of the family, and the boot loaders known by their first bytes. A new chip is a row. */
#include "chip/beken/beken.h"

#define MIB       0x100000u
#define SIMULATED RK_SUPPORT_SIMULATED
#define UNTESTED  RK_SUPPORT_UNTESTED
#define BY_LOADER                                                                                  \
    "a virtual module that repeats its executed boot loader byte for byte, and public clients"
#define BY_CLIENTS "public clients against the virtual module, device-side sources, real captures"
#define BY_SOURCES "device-side sources only"

/* clang-format off */
const struct rk_beken_chip rk_beken_chips[] = {
    {.entry = {"BK7231T", "bk72xx", "BK7231S", false, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_LOADER},
     .app_len = 0x121000, .ota_addr = 0x132000, .ota_len = 0xA6000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000, .storage_addr = 0x1ED000, .storage_len = 0x13000},
    {.entry = {"BK7231U", "bk72xx", "", false, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_LOADER},
     .app_len = 0x121000, .ota_addr = 0x132000, .ota_len = 0xA6000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000, .storage_addr = 0x1ED000, .storage_len = 0x13000},
    {.entry = {"BK7231Q", "bk72xx", "", false, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_LOADER},
     .max_baud = 230400,
     .app_len = 0x121000, .ota_addr = 0x132000, .ota_len = 0xA6000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000, .storage_addr = 0x1EB000, .storage_len = 0x15000},
    {.entry = {"BK7252", "bk72xx", "BK7251 BK7221U", false, 4 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_LOADER},
     .app_len = 0x1BA000, .ota_addr = 0x2EC000, .ota_len = 0x112000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000, .storage_addr = 0x397000, .storage_len = 0x12000},
    {.entry = {"BK7231N", "bk72xx", "", true, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_CLIENTS},
     .chip_id = 0x7231C, .id_mask = 0xFFFFF, .key = RK_KEY_TUYA, .reads_key = true,
     .app_len = 0x119000, .ota_addr = 0x12A000, .ota_len = 0xA6000, .rf_addr = 0x1D0000,
     .config_addr = 0x1D1000, .storage_addr = 0x1ED000, .storage_len = 0x13000},
    {.entry = {"BK7231M", "bk72xx", "BL2028N T34", true, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_CLIENTS},
     .chip_id = 0x7231C, .id_mask = 0xFFFFF, .key = RK_KEY_ZERO, .reads_key = true,
     .app_len = 0x119000, .ota_addr = 0x12A000, .ota_len = 0xA6000, .rf_addr = 0x1D0000,
     .config_addr = 0x1D1000, .storage_addr = 0x1ED000, .storage_len = 0x13000},
    {.entry = {"BK7238", "bk72xx", "T1", true, 2 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_CLIENTS},
     .chip_id = 0x7238, .id_mask = 0xFFFFF, .key = RK_KEY_ZERO,
     .app_len = 0x11B000, .ota_addr = 0x12C000, .ota_len = 0xB4000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000, .storage_addr = 0x1F5000, .storage_len = 0xB000},
    {.entry = {"BK7252N", "bk72xx", "T4", true, 4 * MIB, SIMULATED, SIMULATED, SIMULATED, BY_CLIENTS},
     .chip_id = 0x7252A, .id_mask = 0xFFFFF, .key = RK_KEY_ZERO,
     .app_len = 0x1BA000, .ota_addr = 0x2EC000, .ota_len = 0x112000, .rf_addr = 0x1E0000,
     .config_addr = 0x1E1000},
    {.entry = {"BK7236", "bk72xx", "T3", true, 4 * MIB, UNTESTED, UNTESTED, UNTESTED, BY_SOURCES},
     .chip_id = 0x7236, .id_mask = 0xFFFF, .rf_addr = 0x3FE000},
    {.entry = {"BK7258", "bk72xx", "T5", true, 8 * MIB, UNTESTED, UNTESTED, UNTESTED, BY_SOURCES},
     .chip_id = 0x72360000, .id_mask = 0xFFFF0000, .rf_addr = 0x7FE000},
};
const size_t rk_beken_chip_count = sizeof rk_beken_chips / sizeof rk_beken_chips[0];

/* Names and CRCs of bk7231tools' list, completed by those of executed and of public images. */
static const struct rk_beken_fingerprint fingerprints[] = {
    {0xE14191BA, "BK7231N 1.0.1", "BK7231N", true},
    {0x698E014A, "BL2028N (Dreo)", "BK7231M", true},
    {0x8E4E6CDB, "BK7231M (OpenBeken)", "BK7231M", true},
    {0x6BEB0924, "BK7238 1.0.14", "BK7238", true},
    {0x6C86CD3D, "BK7252N (OpenBeken)", "BK7252N", true},
    {0xF42F8C32, "BK7238 T1 2.0.0", "BK7238", true},
    {0xC1ECA871, "BK7231T 1.0.1", "BK7231T", false},
    {0x4B31E44D, "BK7231T 1.0.3 or 1.0.4", "BK7231T", false},
    {0xBA54C1B8, "BK7231T 1.0.5", "BK7231T", true},
    {0xE5CBC953, "BK7231T 1.0.6", "BK7231T", true},
    {0x2739019F, "BK7231U 1.0.6", "BK7231U", false},
    {0x8BCEC3B4, "BK7231U/BK7252 1.0.15", "BK7231U", true},
    {0x39F9B50C, "BK7252 0.1.3", "BK7252", false},
    {0xE3A27C26, "BK7252 SDK", "BK7252", false},
    {0xF0231EF6, "BK7231Q", "BK7231Q", false},
    {0xFF5A3EAC, "BK7231Q", "BK7231Q", false},
    {0x42C221EA, "BK7231Q (Tuya 1.1.3)", "BK7231Q", false},
    {0xB397B8F6, "none: the flash is blank", "", true},
    {0xB7BFA0CE, "none: the flash does not answer", "", true},
};
/* clang-format on */

const struct rk_beken_chip *rk_beken_chip_named(const char *name)
{
    const struct rk_chip_entry *entry = rk_chip_find(name);

    for (size_t i = 0; i < rk_beken_chip_count; i++)
        if (&rk_beken_chips[i].entry == entry)
            return &rk_beken_chips[i];
    return NULL;
}

const struct rk_beken_chip *rk_beken_chip_by_id(uint32_t id, enum rk_key_class key)
{
    const struct rk_beken_chip *found = NULL;

    for (size_t i = 0; i < rk_beken_chip_count; i++) {
        const struct rk_beken_chip *c = &rk_beken_chips[i];
        if (!c->chip_id || (id & c->id_mask) != c->chip_id)
            continue;
        if (c->reads_key && c->key == key)
            return c;
        if (!found)
            found = c;
    }
    return found;
}

const struct rk_beken_fingerprint *rk_beken_fingerprint_find(uint32_t crc)
{
    for (size_t i = 0; i < sizeof fingerprints / sizeof fingerprints[0]; i++)
        if (fingerprints[i].crc == crc)
            return &fingerprints[i];
    return NULL;
}
