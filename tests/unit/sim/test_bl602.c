/* The virtual BL602 answers as the executed ROM and the executed loaders did: the bytes are from
 * transcripts of these. */
#include "base/bytes.h"
#include "base/rng.h"
#include "base/xz.h"
#include "unit/sim/bl602_loader.h"
#include "unit/sim/talk.h"

static void flood(struct talk *talk, uint32_t baud)
{
    uint8_t sync[1200];

    memset(sync, 0x55, sizeof sync);
    talk->baud = baud;
    talk_send_bytes(talk, sync, baud / 10 * 6 / 1000);
}

/* Demands OK and pauses as a client has to. */
static void handshake(struct talk *talk, uint32_t baud)
{
    flood(talk, baud);
    talk_listen(talk, 100000);
    assert_int_equal(talk->got_len, 2);
    assert_memory_equal(talk->got, "OK", 2);
}

static void begin(struct talk *talk)
{
    const struct rk_sim_options opt = {.size = sizeof opt, .model = "bl602"};

    talk_begin(talk, &opt);
    handshake(talk, 500000);
}

/* The answer to a frame begins with these bytes. */
static void ask_bytes(struct talk *talk, const uint8_t *frame, size_t len, const char *answer,
                      size_t answer_len)
{
    talk_send_bytes(talk, frame, len);
    talk_listen(talk, 300000);
    assert_true(talk->got_len >= answer_len);
    assert_memory_equal(talk->got, answer, answer_len);
}

static void load_part(struct talk *talk, uint8_t op, const uint8_t *data, size_t len,
                      const char *answer)
{
    uint8_t frame[4 + 4092] = {op, 0, (uint8_t)len, (uint8_t)(len >> 8)};

    if (len)
        memcpy(frame + 4, data, len);
    ask_bytes(talk, frame, 4 + len, answer, 2);
}

static void load(struct talk *talk)
{
    static uint8_t image[LOADER_SIZE];

    loader_make(image);
    load_part(talk, 0x11, image, 176, "OK");
    load_part(talk, 0x17, image + 176, 16, "OK");
    for (size_t at = 192; at < sizeof image; at += 4080)
        load_part(talk, 0x18, image + at, sizeof image - at < 4080 ? sizeof image - at : 4080,
                  "OK");
    load_part(talk, 0x19, NULL, 0, "OK");
    load_part(talk, 0x1A, NULL, 0, "OK");
    handshake(talk, 2000000);
}

static void rom_answers_its_transcript(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk);
    talk_ask(&talk, "10 00 00 00",
             "4f 4b 14 00 01 00 00 00 00 00 00 00 03 00 00 00 56 34 12 94 94 24 1f 00");
    talk_ask(&talk, "11 00 af 00 count175", "46 4c 01 02");
    talk_ask(&talk, "11 00 b0 00 count176", "46 4c 03 02");
    talk_ask(&talk, "1a 00 00 00", "46 4c 04 01");
    talk_ask(&talk, "19 00 00 00", "46 4c 16 02");
    talk_ask(&talk, "50 00 08 00 00 00 03 42 78 56 34 12", "4f 4b");
    talk_ask(&talk, "51 00 08 00 00 00 03 42 04 00 00 00", "4f 4b 04 00 78 56 34 12");
    talk_ask(&talk, "51 00 08 00 00 00 00 21 08 00 00 00", "46 4c 04 05");
    talk_ask(&talk, "41 00 08 00 14 00 00 00 08 00 00 00", "4f 4b 08 00 56 34 12 94 94 24 1f 00");
    talk_ask(&talk, "30 00 08 00 00 10 00 00 ff 1f 00 00", "4f 4b");
    talk_ask(&talk, "31 00 09 00 00 10 00 00 68 65 6c 6c 6f", "4f 4b");
    size_t len;
    assert_memory_equal(rk_sim_flash(talk.sim, &len) + 0x1000, "hello", 5);
    talk_end(&talk);
}

/* Commands it does not know are dropped byte by byte: what was their payload is taken for commands. */
static void rom_parses_the_payload_of_unknown_commands(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk);
    talk_ask(&talk, "23 00 04 00 10 27 00 00",
             "4f 4b 14 00 01 00 00 00 00 00 00 00 03 00 00 00 56 34 12 94 94 24 1f 00");
    talk_end(&talk);
}

static void rom_forgets_a_session_after_two_seconds(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk);
    talk.now_us += 1800000;
    talk_ask(&talk, "1a 00 00 00", "46 4c 04 01");
    talk.now_us += 2100000;
    handshake(&talk, 115200);
    talk_ask(&talk, "1a 00 00 00", "46 4c 04 01");
    talk_end(&talk);
}

/* A first byte that is not 55 trains a wrong rate: nothing sensible comes back. */
/* ... until a client knocks at another rate, as one with a reset line would have reset it by then. */
static void first_byte_trains_the_rate(void **state)
{
    const struct rk_sim_options opt = {.size = sizeof opt, .model = "bl602"};
    struct talk talk;

    (void)state;
    talk_begin(&talk, &opt);
    talk.baud = 460800;
    talk_send(&talk, "10 00 00 00");
    talk_listen(&talk, 200000);
    assert_false(talk.got_len == 2 && memcmp(talk.got, "OK", 2) == 0);
    handshake(&talk, 460800);
    talk_ask(&talk, "1a 00 00 00", "46 4c 04 01");
    talk_end(&talk);
}

static void loader_answers_its_transcript(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk);
    load(&talk);
    talk_ask(&talk, "10 00 00 00",
             "4f 4b 14 00 ff ff ff ff 00 00 00 00 03 00 00 00 56 34 12 94 94 24 1f 00");
    talk_ask(&talk, "36 00 00 00", "4f 4b 04 00 ef 40 15 80");
    talk_ask(&talk, "3b 05 04 00 ff 01 01 00", "4f 4b");
    talk_ask(&talk, "31 9c 14 00 00 10 00 00 count16", "4f 4b");
    talk_ask(&talk, "3a 00 00 00", "4f 4b");
    talk_ask(&talk, "32 00 08 00 00 10 00 00 10 00 00 00", "4f 4b 10 00 count16");
    talk_ask(&talk, "30 d8 08 00 00 e0 00 00 0f e1 00 00", "50 44 4f 4b");
    talk_ask(&talk, "35 00 04 00 00 00 00 00", "");
    talk_ask(&talk, "36 55 00 00", "46 4c 03 01");
    talk_ask(&talk, "3b 05 05 00 00 00 00 00 00", "46 4c 08 00");
    talk_ask(&talk, "3b 05 05 00 00 00 00 00 00", "46 4c 08 00");
    talk_ask(&talk, "3b 05 05 00 00 00 00 00 00", "46 4c 08 00");
    handshake(&talk, 2000000); /* the third error has ended the session */
    talk_end(&talk);
}

static void loader_hashes_the_flash(void **state)
{
    struct talk talk;
    uint8_t expected[32];

    (void)state;
    begin(&talk);
    load(&talk);
    talk_send(&talk, "3d 00 08 00 00 e0 00 00 10 01 00 00");
    talk_listen(&talk, 100000);
    size_t len;
    rk_sha256(rk_sim_flash(talk.sim, &len) + 0xE000, 0x110, expected);
    assert_int_equal(talk.got_len, 36);
    assert_memory_equal(talk.got, "OK\x20\0", 4);
    assert_memory_equal(talk.got + 4, expected, 32);
    talk_end(&talk);
}

/* A stream of 20,000 bytes, as a client sends it: 0x80000000 begins it, OK comes before the work. */
static void send_packed(struct talk *talk, const uint8_t *packed, size_t len)
{
    uint8_t frame[8 + 2048] = {0x3F};

    for (size_t at = 0; at < len; at += 2048) {
        size_t n = len - at < 2048 ? len - at : 2048;
        frame[2] = (uint8_t)(n + 4);
        frame[3] = (uint8_t)((n + 4) >> 8);
        rk_put_le32(frame + 4, at ? 0 : 0x80020000u);
        memcpy(frame + 8, packed + at, n);
        ask_bytes(talk, frame, 8 + n, "OK", 2);
    }
}

static void loader_unpacks_what_is_written(void **state)
{
    static uint8_t image[20000];
    struct rk_rng rng = {5};
    uint8_t *packed;
    size_t packed_len, flash_len;
    struct talk talk;

    (void)state;
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(rk_rng_next(&rng) & 15);
    if (rk_xz_pack(image, sizeof image, &packed, &packed_len, NULL) != RK_OK)
        skip();
    begin(&talk);
    load(&talk);
    const uint8_t *flash = rk_sim_flash(talk.sim, &flash_len);
    send_packed(&talk, packed, packed_len / 2);
    talk_ask(&talk, "3a 00 00 00", "4f 4b"); /* cut short: it does not tell */
    assert_memory_not_equal(flash + 0x20000, image, sizeof image);
    send_packed(&talk, packed, packed_len);
    talk_ask(&talk, "3a 00 00 00", "4f 4b");
    assert_memory_equal(flash + 0x20000, image, sizeof image);
    assert_int_equal(flash[0x20000 + sizeof image], 0xFF);
    packed[8] ^= 1; /* a check that it does not know, or a damaged head */
    packed[7] = 4;
    uint8_t frame[8 + 64] = {0x3F, 0, 68, 0, 0, 0, 3, 0x80};
    memcpy(frame + 8, packed, 64);
    ask_bytes(&talk, frame, sizeof frame, "OKFL\x0c\0", 6);
    talk_ask(&talk, "3f 00 04 00 00 00 00 80", "46 4c 0b 00");
    free(packed);
    talk_end(&talk);
}

/* A client that looks for a module while the loader runs meets the ROM, as if somebody had reset it;
 * not if resets are to come from outside only. */
static void a_new_client_meets_the_rom(void **state)
{
    static const uint8_t check[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};

    (void)state;
    for (int manual = 0; manual < 2; manual++) {
        const struct rk_sim_options opt = {
            .size = sizeof opt, .model = "bl602", .manual_reset = manual != 0};
        struct talk talk;
        talk_begin(&talk, &opt);
        handshake(&talk, 500000);
        load(&talk);
        talk.baud = 115200;
        talk_send_bytes(&talk, check, sizeof check);
        talk_listen(&talk, 100000);
        flood(&talk, 500000);
        talk_listen(&talk, 100000);
        if (manual) {
            assert_int_not_equal(talk.got_len, 2);
        } else {
            assert_int_equal(talk.got_len, 2);
            talk_ask(&talk, "10 00 00 00",
                     "4f 4b 14 00 01 00 00 00 00 00 00 00 03 00 00 00 56 34 12 94 94 24 1f 00");
        }
        talk_end(&talk);
    }
}

static void wrong_image_is_refused(void **state)
{
    static uint8_t image[LOADER_SIZE];
    struct talk talk;

    (void)state;
    begin(&talk);
    loader_make(image);
    image[300] ^= 1;
    load_part(&talk, 0x11, image, 176, "OK");
    load_part(&talk, 0x17, image + 176, 16, "OK");
    size_t at = 0;
    for (; at + 4092 < LOADER_DATA; at += 4092)
        load_part(&talk, 0x18, image + 192 + at, 4092, "OK");
    load_part(&talk, 0x18, image, 4000, "FL"); /* more than announced */
    load_part(&talk, 0x18, image + 192 + at, LOADER_DATA - at, "OK");
    load_part(&talk, 0x19, NULL, 0, "FL");
    load_part(&talk, 0x1A, NULL, 0, "FL");
    talk_end(&talk);
}

static void pin_low_is_silent_with_a_blank_flash(void **state)
{
    const struct rk_sim_options opt = {.size = sizeof opt, .model = "bl602", .boot_low = true};
    struct talk talk;

    (void)state;
    talk_begin(&talk, &opt);
    flood(&talk, 500000);
    talk_listen(&talk, 100000);
    assert_int_equal(talk.got_len, 0);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rom_answers_its_transcript),
        cmocka_unit_test(rom_parses_the_payload_of_unknown_commands),
        cmocka_unit_test(rom_forgets_a_session_after_two_seconds),
        cmocka_unit_test(first_byte_trains_the_rate),
        cmocka_unit_test(loader_answers_its_transcript),
        cmocka_unit_test(loader_hashes_the_flash),
        cmocka_unit_test(loader_unpacks_what_is_written),
        cmocka_unit_test(a_new_client_meets_the_rom),
        cmocka_unit_test(wrong_image_is_refused),
        cmocka_unit_test(pin_low_is_silent_with_a_blank_flash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
