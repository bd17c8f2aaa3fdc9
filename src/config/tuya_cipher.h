/* The encipherment of Tuya's storage: AES-128 in ECB mode under a fixed master key (key block) or
 * under a data key made of the inner key of the key block and a platform string. */
#ifndef RK_CONFIG_TUYA_CIPHER_H
#define RK_CONFIG_TUYA_CIPHER_H

#include <mbedtls/aes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_TUYA_VARIANTS 6u

/* An expanded key for one direction; free with rk_cipher_free(). */
struct rk_cipher {
    mbedtls_aes_context aes;
    bool encrypts;
};

void rk_cipher_init(struct rk_cipher *cipher, const uint8_t key[16], bool encrypt);
void rk_cipher_free(struct rk_cipher *cipher);

/* Runs len bytes (a multiple of 16) through the cipher; in and out may be the same. */
void rk_cipher_run(struct rk_cipher *cipher, const uint8_t *in, uint8_t *out, size_t len);

extern const uint8_t rk_tuya_master_key[16];

/* The block of sixteen 0xFF bytes under the master key: it fills the rest of every key block. */
extern const uint8_t rk_tuya_blank_block[16];

/* Inner keys that many devices share, most frequent first. */
extern const uint8_t rk_tuya_common_keys[][16];
extern const size_t rk_tuya_common_key_count;

/* Data key of an inner key; variant < RK_TUYA_VARIANTS, the usual one is 0. */
void rk_tuya_data_key(const uint8_t inner[16], unsigned variant, uint8_t out[16]);
const char *rk_tuya_variant_name(unsigned variant);

/* The sum of bytes that Tuya uses as its checksum. */
uint32_t rk_tuya_sum(const uint8_t *data, size_t len);

#endif
