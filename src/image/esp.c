#include "image/esp.h"

#include "base/bytes.h"

#define MAGIC         0xE9u
#define MERGED_OFFSET 0x1000u /* the second-stage loader in a merged image of the first ESP32 */

/* Header as in the ESP-IDF programming guide, "App Image Format": magic, segment count (1..16),
 * flash mode (0..5), size and speed, entry point, then chip id at 12. The ESP8266 has only the
 * first eight bytes. */
static bool header_at(const uint8_t *p, size_t len, const char **chip)
{
    static const struct {
        uint16_t id;
        const char *name;
    } chips[] = {{0, "ESP32"},     {2, "ESP32-S2"},  {5, "ESP32-C3"},  {9, "ESP32-S3"},
                 {12, "ESP32-C2"}, {13, "ESP32-C6"}, {16, "ESP32-H2"}, {18, "ESP32-P4"}};
    uint32_t entry;

    if (len < 24 || p[0] != MAGIC || p[1] == 0 || p[1] > 16 || p[2] > 5)
        return false;
    entry = rk_get_le32(p + 4);
    if (entry >> 20 != 0x400 && entry >> 20 != 0x401 && entry >> 20 != 0x402 &&
        entry >> 20 != 0x403 && entry >> 20 != 0x408 && entry >> 20 != 0x4FF)
        return false;
    if (rk_get_le32(p + 8) >> 28 == 4 || rk_get_le32(p + 8) >> 28 == 3) {
        *chip = "ESP8266"; /* the first segment follows at once: its load address is here */
        return true;
    }
    for (unsigned i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (rk_get_le16(p + 12) == chips[i].id) {
            *chip = chips[i].name;
            return true;
        }
    }
    return false;
}

bool rk_esp_recognise(const uint8_t *data, size_t len, const char **chip)
{
    if (header_at(data, len, chip))
        return true;
    return len > MERGED_OFFSET && data[0] == 0xFF &&
           header_at(data + MERGED_OFFSET, len - MERGED_OFFSET, chip);
}
