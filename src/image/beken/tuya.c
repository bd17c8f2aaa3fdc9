#include "image/beken/tuya.h"

#include "base/bytes.h"

#include <mbedtls/aes.h>
#include <string.h>

#define SECTOR         4096u
#define BLOCKS_MAX     20u
#define KEY_MAGIC      0x13579753u
#define DATA_MAGIC     0x98761234u
#define DATA_MAGIC_OS3 0x135726ABu

static const unsigned char outer_key[17] = "qwertyuiopasdfgh";

static bool decipher(const unsigned char key[16], const uint8_t *in, size_t len, uint8_t *out)
{
    mbedtls_aes_context aes;
    bool good;

    mbedtls_aes_init(&aes);
    good = mbedtls_aes_setkey_dec(&aes, key, 128) == 0;
    for (size_t at = 0; good && at < len; at += 16)
        good = mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_DECRYPT, in + at, out + at) == 0;
    mbedtls_aes_free(&aes);
    return good;
}

static uint32_t byte_sum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += p[i];
    return sum;
}

/* The data key is the inner key and two fixed texts, added byte by byte. */
static void data_key(const uint8_t inner[16], unsigned char out[16])
{
    static const char platform[] = "8710_2M", pepper[] = "HHRRQbyemofrtytf";

    for (size_t i = 0; i < 16; i++)
        out[i] = (unsigned char)(platform[i & 3] + pepper[i] + inner[i]);
}

bool rk_tuya_storage_read(const uint8_t *flash, size_t len, uint32_t addr,
                          struct rk_tuya_storage *out)
{
    uint8_t plain[SECTOR];
    unsigned char key[16];

    *out = (struct rk_tuya_storage){.addr = addr, .len = SECTOR};
    if (addr > len || len - addr < SECTOR || !decipher(outer_key, flash + addr, 32, plain) ||
        rk_get_le32(plain) != KEY_MAGIC)
        return false;
    out->key_good = rk_get_le32(plain + 4) == byte_sum(plain + 8, 16);
    data_key(plain + 8, key);
    for (size_t i = 1; i <= BLOCKS_MAX && len - addr >= (i + 1) * SECTOR; i++) {
        uint32_t magic;

        if (!decipher(key, flash + addr + i * SECTOR, SECTOR, plain))
            return false;
        magic = rk_get_le32(plain);
        if (magic != DATA_MAGIC && magic != DATA_MAGIC_OS3)
            continue;
        out->tuyaos3 = magic == DATA_MAGIC_OS3;
        out->blocks++;
        out->blocks_good += rk_get_le32(plain + 4) == byte_sum(plain + 8, SECTOR - 8);
        out->len = (uint32_t)(i + 1) * SECTOR;
    }
    return true;
}

bool rk_tuya_backup_check(const uint8_t *sector, size_t len)
{
    uint8_t plain[SECTOR];

    if (len < SECTOR || !decipher(outer_key, sector, 16, plain) || rk_get_le32(plain) != KEY_MAGIC)
        return false;
    return decipher(outer_key, sector, SECTOR, plain) &&
           rk_get_le32(plain + 4) == byte_sum(plain + 8, SECTOR - 8);
}
