/* Drives a fuzz target without libFuzzer: fuzz_<noun> [SEED_FOLDER].
 *
 * Feeds the empty input, every seed of the folder (if there is one), every single byte, inputs
 * made of the marks of the formats we read, and a fixed number of seeded mutations of all these.
 * The same inputs in every run and on every machine; a failure is a sanitizer report or a crash. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUTATIONS    1500u
#define INPUT_MAX    8192u
#define SEEDS_MAX    64u
#define LARGE_INPUTS 12u

struct seed {
    uint8_t *data;
    size_t len;
};

static uint64_t random_state = 0x7231BEEF;

/* xorshift64*: reproducible everywhere, which rand() is not. */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545F4914F6CDD1Du) >> 32) % limit;
}

/* Marks that get a random input past the first look of a parser. */
static const char *const marks[] = {
    "BK7231", "RBL",  "UF2\n",  "BFNP",   ":10000000", ":00000001FF", "\x04\x0E", "\x01\xE0\xFC",
    "{\"",    "\":[", "null",   "\"}",    "-1e99",     "sim:",        "tcp://",   "rfc2217://",
    "D0|R1",  "W0.",  "0x1000", "\xFF",   "baud:",     "EF4",         "dis",      "CFG",
    "user",   "ty0",  "\n",     "BLFILE", "\x55\xAA",  "OBK",         "boot",     "\x80",
};

static void run(const uint8_t *data, size_t len)
{
    /* An exact allocation, so that the sanitizer sees one byte too far. */
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        exit(1);
    if (len)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static size_t invent(uint8_t *out)
{
    size_t len = 0, want = 1 + random_below(random_below(8) ? 256 : 6000);

    while (len < want) {
        uint32_t n = 1 + random_below(48), kind = random_below(4);
        const char *mark = marks[random_below(sizeof marks / sizeof marks[0])];

        if (kind == 0)
            n = (uint32_t)strlen(mark);
        if (n > INPUT_MAX - len)
            break;
        for (uint32_t i = 0; i < n; i++)
            out[len + i] = kind == 0   ? (uint8_t)mark[i]
                           : kind == 1 ? (uint8_t)random_below(256)
                           : kind == 2 ? (uint8_t)(0x20 + random_below(95))
                                       : (uint8_t)(random_below(2) ? 0xFF : 0x00);
        len += n;
    }
    return len;
}

static size_t mutate(uint8_t *data, size_t len)
{
    for (uint32_t i = 1 + random_below(6); i > 0 && len > 0; i--) {
        size_t at = random_below((uint32_t)len), n = 1 + random_below(16);

        switch (random_below(6)) {
        case 0:
            data[at] ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            data[at] = (uint8_t)random_below(256);
            break;
        case 2: /* cut the end off */
            len = at;
            break;
        case 3: /* an extreme length or count */
            memset(data + at, random_below(2) ? 0xFF : 0, n < len - at ? n : len - at);
            break;
        case 4: /* take a piece out */
            n = n < len - at ? n : len - at;
            memmove(data + at, data + at + n, len - at - n);
            len -= n;
            break;
        default: /* double a piece */
            n = n < len - at ? n : len - at;
            if (len + n <= INPUT_MAX) {
                memmove(data + at + n, data + at, len - at);
                len += n;
            }
        }
    }
    return len;
}

static size_t seeds_of(const char *path, struct seed *seeds)
{
    size_t count = 0;
    DIR *folder = path ? opendir(path) : NULL;

    if (!folder)
        return 0;
    for (struct dirent *entry; count < SEEDS_MAX && (entry = readdir(folder));) {
        char name[1024];
        uint8_t *data = malloc(INPUT_MAX);
        if (!data)
            exit(1);
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(name, "rb");
        size_t len = file ? fread(data, 1, INPUT_MAX, file) : 0;
        if (file)
            fclose(file);
        if (len)
            seeds[count++] = (struct seed){data, len};
        else
            free(data);
    }
    closedir(folder);
    return count;
}

/* Whole sectors of one byte, of noise, and of a mark repeated: what flash captures start with. */
static void run_large(void)
{
    size_t len = 20 * 4096 + 17;
    uint8_t *data = malloc(len);

    if (!data)
        exit(1);
    for (uint32_t kind = 0; kind < LARGE_INPUTS; kind++) {
        const char *mark = marks[kind];
        for (size_t i = 0; i < len; i++)
            data[i] = kind == 0   ? 0xFF
                      : kind == 1 ? (uint8_t)random_below(256)
                                  : (uint8_t)mark[i % strlen(mark)];
        run(data, len);
    }
    free(data);
}

int main(int argc, char **argv)
{
    struct seed seeds[SEEDS_MAX];
    static uint8_t input[INPUT_MAX];
    size_t count = seeds_of(argc > 1 ? argv[1] : NULL, seeds);

    run(input, 0);
    for (unsigned value = 0; value < 256; value++) {
        input[0] = (uint8_t)value;
        run(input, 1);
    }
    for (size_t i = 0; i < count; i++)
        run(seeds[i].data, seeds[i].len);
    run_large();
    for (uint32_t i = 0; i < MUTATIONS; i++) {
        size_t len;
        if (count && i % 2) {
            const struct seed *seed = &seeds[random_below((uint32_t)count)];
            memcpy(input, seed->data, seed->len);
            len = mutate(input, seed->len);
        } else {
            len = mutate(input, invent(input));
        }
        run(input, len);
    }
    for (size_t i = 0; i < count; i++)
        free(seeds[i].data);
    printf("%u mutations of %zu seeds and of inventions: no fault\n", MUTATIONS, count);
    return 0;
}
