/* Espressif images: recognised so that they can be named and refused. */
#ifndef RK_IMAGE_ESP_H
#define RK_IMAGE_ESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if data begins with a plausible image header. *chip names it ("ESP32-C3", "ESP8266"). */
bool rk_esp_recognise(const uint8_t *data, size_t len, const char **chip);

#endif
