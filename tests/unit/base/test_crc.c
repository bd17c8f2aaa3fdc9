#include "unit/unit.h"

#include "base/crc.h"

#include <string.h>

/* Vectors of the fact sheet on the UART protocol, section 6 (zlib form). */
static void crc32_matches_public_vectors(void **state)
{
    uint8_t block[4096];
    (void)state;
    assert_int_equal(rk_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926);
    memset(block, 0xFF, sizeof block);
    assert_int_equal(rk_crc32(0, block, 4096), 0xF154670A);
    assert_int_equal(rk_crc32(0, block, 257), 0xB397B8F6);
    memset(block, 0, sizeof block);
    assert_int_equal(rk_crc32(0, block, 4096), 0xC71C0011);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)i;
    assert_int_equal(rk_crc32(0, block, 257), 0x1B27CA87);
    assert_int_equal(rk_crc32(rk_crc32(0, block, 100), block + 100, 3996), 0xA2912082);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(crc32_matches_public_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
