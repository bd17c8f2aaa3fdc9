/* The check value inside user_param_key: a CRC-7 over the text, stored in it as "crc:NN". */
#ifndef RK_CONFIG_PIN_TEXT_H
#define RK_CONFIG_PIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* CRC-7, polynomial x^7 + x^3 + 1, reflected, start 0, no final xor. */
unsigned rk_crc7(unsigned crc, const char *text, size_t len);

/* Finds ",crc:NN" at the end of the text and computes what it should be: the CRC of everything in
 * front of it and a closing brace. False if the text carries no check value. */
bool rk_pin_text_check(const char *text, size_t len, unsigned *stored, unsigned *computed);

#endif
