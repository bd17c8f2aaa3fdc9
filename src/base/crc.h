/* Checksums of the field. */
#ifndef RK_BASE_CRC_H
#define RK_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as zlib has it (polynomial EDB88320 reflected, start and final inversion). `crc` is the
 * value so far, 0 to begin. Beken's loaders send the complement of it. */
uint32_t rk_crc32(uint32_t crc, const uint8_t *data, size_t len);

/* CRC-16 of a 32-byte code block: polynomial 8005, start FFFF, not reflected, no final xor. */
uint16_t rk_crc16_beken(const uint8_t *data, size_t len);

/* Its slicing tables, made by tools/tables.py. */
extern const uint16_t rk_crc16_tables[4][256];

#endif
