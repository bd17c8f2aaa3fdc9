/* Makes what `make demo` works on: demo_content FOLDER writes
 *   module.bin    the flash of a BK7231N module as it comes out of a plug
 *   OpenDemo.bin  a firmware for it, boot loader and application (QIO)
 * Both are made of our own bytes: every mark, checksum and cipher of the format is right, but there
 * is no code in them that a chip would run. */
#include "unit/image/model.h"

#include <stdio.h>

static bool write_file(const char *folder, const char *name, const uint8_t *data, size_t len)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(data, 1, len, file) == len;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "demo_content: cannot write %s\n", path);
    return written;
}

/* Another application in its place, with its stamp: code that differs in every sector. */
static void replace_app(uint8_t *qio, size_t end, const struct model *m)
{
    uint8_t *plain = model_app_plain(m), header[96];
    struct rk_scrambler scrambler;

    model_filler(plain + 0x1000, m->app_size - 0x1000, 7);
    rk_scrambler_init(&scrambler, m->key);
    rk_scrambler_run(&scrambler, 0x10000, plain, plain, m->app_size);
    rk_blocks_add(plain, m->app_size, qio + 0x11000);
    model_rbl(header, "app", plain, m->app_size);
    rk_blocks_add(header, 96, qio + end - 102);
    free(plain);
}

int main(int argc, char **argv)
{
    struct model module = model_list[0], firmware = model_list[0];
    size_t module_len, firmware_len;

    if (argc != 2) {
        fprintf(stderr, "usage: demo_content FOLDER\n");
        return 2;
    }
    module.app_size = 0x90000;
    firmware.app_size = 0x70000;
    firmware.app_name = "OpenBK7231N_9.9.9";
    firmware.app_version = NULL;
    uint8_t *dump = model_dump(&module, &module_len), *qio = model_qio(&firmware, &firmware_len);
    replace_app(qio, firmware_len, &firmware);
    /* Settings, as a module in use has them. */
    model_filler(dump + 0x1EE000, 0x8000, 3);
    bool written = write_file(argv[1], "module.bin", dump, module_len) &&
                   write_file(argv[1], "OpenDemo.bin", qio, firmware_len);
    free(dump);
    free(qio);
    return written ? 0 : 1;
}
