/* Frames and answers as they were recorded: on executed loader builds (flash-loader chips) and
 * between public clients and device models built from Beken's sources (ROM chips). */
#include "unit/sim/talk.h"

struct exchange {
    const char *send, *expect;
};

static const uint8_t *pattern_flash(void)
{
    static uint8_t flash[2u << 20];

    if (flash[1] == 0)
        for (size_t i = 0; i < sizeof flash; i++)
            flash[i] = (uint8_t)(i * 7 + (i >> 12) * 13 + 1);
    return flash;
}

static void run(const char *model, const char *loader, uint32_t status,
                const struct exchange *exchanges, size_t count)
{
    struct talk talk;
    struct rk_sim_options opt = {
        .size = sizeof opt,
        .model = model,
        .loader = loader,
        .flash = pattern_flash(),
        .flash_len = 2u << 20,
        .status = status,
    };

    talk_begin(&talk, &opt);
    for (size_t i = 0; i < count; i++)
        talk_ask(&talk, exchanges[i].send, exchanges[i].expect);
    talk_end(&talk);
}
#define RUN(model, loader, status, table)                                                          \
    run(model, loader, status, table, sizeof table / sizeof(table)[0])

/* clang-format off */
static const struct exchange loader_t[] = {
    {LINK, LINK_REPLY},
    {"01 e0 fc 01 11", "04 0e 14 01 e0 fc 11 42 4b 37 32 33 31 53 5f 31 2e 30 2e 35 00 00 00"},
    {"01 e0 fc 05 03 00 00 80 00", ""},
    {"01 e0 fc 02 aa 55", ""},
    {"01 e0 fc ff f4 05 00 0e 9f 00 00 00", ""},
    {"01 e0 fc ff f4 02 00 0c 05", ""},
    {"01 e0 fc ff f4 05 00 0b 00 20 01 00", ""},
    {"01 e0 fc ff f4 07 00 08 00 20 01 00 10 00", ""},
    {"01 e0 fc ff f4 05 00 09 00 00 00 00", "04 0e ff 01 e0 fc f4 07 00 09 06 00 00 00 00 00"},
    {"01 e0 fc ff f4 05 00 09 00 f0 00 00", "04 0e ff 01 e0 fc f4 07 00 09 06 00 f0 00 00 00"},
    {"01 e0 fc ff f4 05 00 09 00 10 01 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 10 01 00 flash:11000"},
    {"01 e0 fc ff f4 05 00 09 01 10 01 00", "04 0e ff 01 e0 fc f4 06 10 09 00 01 10 01 00 flash:11001"},
    {"01 e0 fc ff f4 05 00 09 00 00 20 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 00 20 00 flash:0"},
    {"01 e0 fc ff f4 05 00 09 00 f8 1f 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 f8 1f 00 flash:1ff800"},
    {"01 e0 fc 09 10 00 10 01 00 7f 10 01 00", "04 0e 08 01 e0 fc 10 ff ff ff ff"},
    /* erase without a link check after the CRC: answered, nothing happens */
    {"01 e0 fc ff f4 06 00 0f 20 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00"},
    {"01 e0 fc ff f4 06 00 0f 20 00 10 00 00", "04 0e ff 01 e0 fc f4 07 00 0f 06 20 00 10 00 00"},
    {"01 e0 fc ff f4 06 00 0f 20 00 10 00 80", "04 0e ff 01 e0 fc f4 07 00 0f 06 20 00 10 00 80"},
    {LINK, LINK_REPLY},
    {"01 e0 fc ff f4 06 00 0f 20 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00"},
    {"01 e0 fc ff f4 06 00 0f d8 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 d8 00 00 13 00"},
    {"01 e0 fc ff f4 06 00 0f 52 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 52 00 00 13 00"},
    {"01 e0 fc ff f4 15 00 06 00 00 13 00 count16", "04 0e ff 01 e0 fc f4 07 00 06 00 00 00 13 00 10"},
    {"01 e0 fc ff f4 05 01 06 00 01 13 00 count256", "04 0e ff 01 e0 fc f4 07 00 06 00 00 01 13 00 00"},
    {"01 e0 fc ff f4 31 01 06 00 03 13 00 count300", "04 0e ff 01 e0 fc f4 07 00 06 00 00 03 13 00 2c"},
    {"01 e0 fc ff f4 15 00 06 00 10 00 00 count16", "04 0e ff 01 e0 fc f4 07 00 06 06 00 10 00 00 10"},
    {"01 e0 fc ff f4 05 00 06 00 08 13 00", "04 0e ff 01 e0 fc f4 07 00 06 00 00 08 13 00 00"},
    {"01 e0 fc ff f4 05 10 07 00 10 13 00 count4096", "04 0e ff 01 e0 fc f4 06 00 07 00 00 10 13 00"},
    {"01 e0 fc ff f4 05 02 07 00 30 13 00 count512", "04 0e ff 01 e0 fc f4 06 00 07 00 00 30 13 00"},
    {"01 e0 fc ff f4 05 10 07 00 00 00 00 count4096", "04 0e ff 01 e0 fc f4 06 00 07 06 e0 20 00 00"},
    {"01 e0 fc ff f4 05 00 09 00 10 13 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 10 13 00 "
     "count256 count256 count256 count256 count256 count256 count256 count256 "
     "count256 count256 count256 count256 count256 count256 count256 count256"},
    {"01 e0 fc 01 77", ""},
    {"01 e0 fc ff f4 02 00 77 00", ""},
    {"01 e0 fc 02 0e 00", ""},
    {"01 e0 fc 02 0e 5a", ""},
    /* trailing bytes are accepted, a byte before the frame is not always */
    {"01 e0 fc 03 00 aa bb", LINK_REPLY},
    {"aa 55 01 e0 fc 01 00", LINK_REPLY},
    {"01 01 e0 fc 01 00", ""},
    {"01 e0 01 e0 fc 01 00", ""},
    {"01 e0 fc 00", ""},
    {LINK, LINK_REPLY},
    /* a short frame takes what it lacks from the one before: here the fourth address byte */
    {"01 e0 fc ff f4 05 00 09 00 10 01 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 10 01 00 flash:11000"},
    {"01 e0 fc ff f4 04 00 09 00 20 01", "04 0e ff 01 e0 fc f4 06 10 09 00 00 20 01 00 flash:12000"},
};

static const struct exchange loader_u[] = {
    {LINK, LINK_REPLY},
    {"01 e0 fc 01 11", ""},
    {"01 e0 fc ff f4 05 00 09 00 f0 00 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 f0 00 00 flash:f000"},
    {"01 e0 fc ff f4 05 00 09 00 10 00 00", "04 0e ff 01 e0 fc f4 07 00 09 06 00 10 00 00 00"},
    {"01 e0 fc ff f4 05 10 07 00 00 00 00 count4096", "04 0e ff 01 e0 fc f4 06 00 07 06 00 20 00 00"},
    {"01 e0 fc ff f4 06 00 0f 20 00 00 20 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 20 00"},
};

static const struct exchange rom_n[] = {
    {LINK, LINK_REPLY},
    {"01 e0 fc 01 11", "04 0e 05 01 e0 fc 11 07"},
    {"01 e0 fc 01 02", "04 0e 05 01 e0 fc 02 07"},
    {"01 e0 fc 05 03 00 00 80 00", "04 0e 0c 01 e0 fc 03 00 00 80 00 1c 23 07 00"},
    {"01 e0 fc 02 aa 55", "04 0e 05 01 e0 fc aa 55"},
    {"01 e0 fc ff f4 05 00 0e 9f 00 00 00", "04 0e ff 01 e0 fc f4 06 00 0e 00 00 eb 60 15"},
    {"01 e0 fc ff f4 02 00 0c 05", "04 0e ff 01 e0 fc f4 04 00 0c 00 05 7c"},
    {"01 e0 fc ff f4 02 00 0c 35", "04 0e ff 01 e0 fc f4 04 00 0c 00 35 42"},
    {"01 e0 fc ff f4 04 00 0d 01 00 02", "04 0e ff 01 e0 fc f4 05 00 0d 00 01 00 02"},
    {"01 e0 fc ff f4 02 00 0c 05", "04 0e ff 01 e0 fc f4 04 00 0c 00 05 00"},
    {"01 e0 fc ff f4 02 00 0c 35", "04 0e ff 01 e0 fc f4 04 00 0c 00 35 02"},
    {"01 e0 fc ff f4 05 00 09 00 10 01 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 10 01 00 flash:11000"},
    {"01 e0 fc ff f4 05 00 09 00 00 00 00", "04 0e ff 01 e0 fc f4 06 10 09 00 00 00 00 00 flash:0"},
    {"01 e0 fc ff f4 06 00 0f 20 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00"},
    {"01 e0 fc ff f4 06 00 0f d8 00 00 13 00", "04 0e ff 01 e0 fc f4 07 00 0f 00 d8 00 00 13 00"},
    {"01 e0 fc ff f4 05 00 0b 00 00 13 00", "04 0e ff 01 e0 fc f4 06 00 0b 00 00 00 13 00"},
    {"01 e0 fc ff f4 05 10 07 00 10 13 00 count4096", "04 0e ff 01 e0 fc f4 06 00 07 00 00 10 13 00"},
    {"01 e0 fc ff f4 15 00 06 00 00 13 00 count16", "04 0e ff 01 e0 fc f4 07 00 06 00 00 00 13 00 10"},
    {"01 e0 fc ff f4 06 00 08 00 00 13 00 10", "04 0e ff 01 e0 fc f4 16 00 08 00 00 00 13 00 count16"},
    {"01 e0 fc 09 10 00 20 13 00 ff 2f 13 00", "04 0e 08 01 e0 fc 10 f5 98 ab 0e"}, /* 4096 x FF */
    {"01 e0 fc 09 10 00 20 13 00 00 21 13 00", "04 0e 08 01 e0 fc 10 09 47 68 4c"}, /* 257 x FF */
    {"01 e0 fc 09 10 00 10 13 00 ff 1f 13 00", "04 0e 08 01 e0 fc 10 7d df 6e 5d"}, /* 00..FF repeated */
    {"01 e0 fc 09 10 00 10 13 00 00 11 13 00", "04 0e 08 01 e0 fc 10 78 35 d8 e4"}, /* 00..FF, 00 */
    {"01 e0 fc 09 01 74 00 80 00 01 03 00 00", "04 0e 0c 01 e0 fc 01 74 00 80 00 01 03 00 00"},
    {"01 e0 fc 02 0e 00", "04 0e 05 01 e0 fc 0e 00"},
    {"01 e0 fc 01 77", "04 0e 05 01 e0 fc 77 07"},
    {"01 e0 fc ff f4 02 00 77 00", "04 0e ff 01 e0 fc f4 02 00 77 07"},
    {"01 e0 fc ff f4 0d 00 07 00 10 13 00 count8", "04 0e ff 01 e0 fc f4 02 00 07 04"},
    {"72 65 62 6f 6f 74 0a 01 e0 fc 01 00", LINK_REPLY},
    {"00 00 00 01 01 e0 fc 01 00", LINK_REPLY},
    {"01 e0 fc 05 70 53 45 41 4f", ""},
};

static const struct exchange rom_7238[] = {
    {LINK, LINK_REPLY},
    {"01 e0 fc 05 03 00 00 80 00", "04 0e 0c 01 e0 fc 03 00 00 80 00 38 72 00 00"},
    {"01 e0 fc ff f4 05 00 0e 9f 00 00 00", "04 0e ff 01 e0 fc f4 06 00 0e 00 00 85 60 15"},
};

static const struct exchange rom_7258[] = {
    {LINK, "04 0e 06 01 e0 fc fe 95 27 " LINK_REPLY},
    {"01 e0 fc 01 02", "04 0e 05 01 e0 fc 03 00"},
    {"01 e0 fc ff f4 05 00 e9 00 10 01 00", "04 0e ff 01 e0 fc f4 06 10 e9 00 00 10 01 00 flash:11000"},
};
/* clang-format on */

static void loader_of_t(void **state)
{
    (void)state;
    RUN("bk7231t", "1.0.5", 0x4E7C, loader_t);
}

static void loader_of_u_and_7252(void **state)
{
    (void)state;
    RUN("bk7231u", NULL, 0x007C, loader_u);
    RUN("bk7252", NULL, 0x007C, loader_u);
}

static void rom_of_n(void **state)
{
    (void)state;
    RUN("bk7231n", NULL, 0x427C, rom_n);
}

static void rom_of_others(void **state)
{
    (void)state;
    RUN("bk7238", NULL, 0, rom_7238);
    RUN("bk7258", NULL, 0, rom_7258);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loader_of_t),
        cmocka_unit_test(loader_of_u_and_7252),
        cmocka_unit_test(rom_of_n),
        cmocka_unit_test(rom_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
