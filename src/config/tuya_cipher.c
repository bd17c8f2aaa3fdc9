#include "config/tuya_cipher.h"

#include <string.h>

const uint8_t rk_tuya_master_key[16] = "qwertyuiopasdfgh";

const uint8_t rk_tuya_blank_block[16] = {0x46, 0xDC, 0xED, 0x0E, 0x67, 0x2F, 0x3B, 0x70,
                                         0xAE, 0x12, 0x76, 0xA3, 0xF8, 0x71, 0x2E, 0x03};

const uint8_t rk_tuya_common_keys[][16] = {
    {0xCB, 0x4E, 0x3E, 0xA4, 0x00, 0x30, 0x9D, 0xAB, 0x65, 0x6D, 0x8D, 0xBF, 0xE4, 0xB9, 0x3F,
     0x35},
    {0xDB, 0xE5, 0xF5, 0xDE, 0x2A, 0x14, 0x41, 0x6A, 0xBE, 0x3E, 0xFA, 0x8D, 0xB6, 0x43, 0xBE,
     0xF8},
    {0xDB, 0x4B, 0x57, 0x74, 0xA8, 0x74, 0xE6, 0x87, 0xA1, 0xCB, 0x99, 0xCB, 0x33, 0x8F, 0x17,
     0xDD},
    {0xDB, 0xE5, 0xF5, 0xDE, 0x2A, 0x14, 0x41, 0x6A, 0xBE, 0x3E, 0xFA, 0x8D, 0xB6, 0x43, 0xBE,
     0xF0},
    {0xDB, 0xE5, 0xF5, 0xB7, 0xD2, 0x8C, 0x63, 0x59, 0xF5, 0x4D, 0x6F, 0x3E, 0x26, 0x0B, 0x00,
     0x43},
};
const size_t rk_tuya_common_key_count = sizeof rk_tuya_common_keys / sizeof rk_tuya_common_keys[0];

static const uint8_t key_base[16] = "HHRRQbyemofrtytf";

/* Which platforms derive their key how. The four bytes are the start of the platform's name. */
static const struct {
    const char *name;
    const char *platform; /* NULL: the base doubled; empty: the base alone */
} variants[RK_TUYA_VARIANTS] = {
    {"8710", "8710"}, {"NULL", NULL},     {"8721D", "8721"},
    {"bare", ""},     {"8711AM", "8711"}, {"RDA", "RDA5"},
};

void rk_tuya_data_key(const uint8_t inner[16], unsigned variant, uint8_t out[16])
{
    const char *platform = variants[variant].platform;

    for (unsigned i = 0; i < 16; i++) {
        unsigned extra = !platform ? key_base[i] : platform[0] ? (uint8_t)platform[i % 4] : 0u;
        out[i] = (uint8_t)(inner[i] + key_base[i] + extra);
    }
}

const char *rk_tuya_variant_name(unsigned variant)
{
    return variants[variant].name;
}

uint32_t rk_tuya_sum(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += data[i];
    return sum;
}

void rk_cipher_init(struct rk_cipher *cipher, const uint8_t key[16], bool encrypt)
{
    mbedtls_aes_init(&cipher->aes);
    cipher->encrypts = encrypt;
    if (encrypt)
        (void)mbedtls_aes_setkey_enc(&cipher->aes, key, 128);
    else
        (void)mbedtls_aes_setkey_dec(&cipher->aes, key, 128);
}

void rk_cipher_free(struct rk_cipher *cipher)
{
    mbedtls_aes_free(&cipher->aes);
}

void rk_cipher_run(struct rk_cipher *cipher, const uint8_t *in, uint8_t *out, size_t len)
{
    int mode = cipher->encrypts ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT;

    for (size_t i = 0; i + 16 <= len; i += 16)
        (void)mbedtls_aes_crypt_ecb(&cipher->aes, mode, in + i, out + i);
}
