#include <rekindle/module.h>

#include "base/text.h"
#include "config/tables.h"

#include <string.h>

size_t rk_modules(const struct rk_module **out)
{
    *out = rk_module_rows;
    return rk_module_row_count;
}

const struct rk_module *rk_module_find(const char *name)
{
    for (size_t i = 0; i < rk_module_row_count; i++)
        if (rk_text_same(rk_module_rows[i].name, name))
            return &rk_module_rows[i];
    return NULL;
}

/* What a signal is for when a module is flashed. Pins of the Beken download UART and log UART are
 * the same on all chips of the family. */
static const char *note_of(const struct rk_module *module, const char *signal)
{
    static const struct {
        const char *chips, *signal, *note;
    } notes[] = {
        {"", "CEN", "chip enable: pull low to reset"},
        {"", "RST", "reset"},
        {"", "VCC3.3", "3.3 V supply"},
        {"", "GND", "ground"},
        {"BK72", "P11", "UART1 TX: download port"},
        {"BK72", "P10", "UART1 RX: download port"},
        {"BK72", "P0", "UART2 TX: log"},
        {"BK72", "P1", "UART2 RX: log"},
        {"BL602", "GPIO16", "UART TX: download port"},
        {"BL602", "GPIO7", "UART RX: download port"},
        {"BL602", "GPIO8", "boot: high for download"},
    };

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (strcmp(notes[i].signal, signal) == 0 &&
            strncmp(module->chip, notes[i].chips, strlen(notes[i].chips)) == 0)
            return notes[i].note;
    return "";
}

static void copy_run(char *dst, size_t cap, const char *src, size_t len)
{
    if (len >= cap)
        len = cap - 1;
    memcpy(dst, src, len);
    dst[len] = '\0';
}

size_t rk_module_pads(const struct rk_module *module, struct rk_module_pad *out, size_t cap)
{
    size_t count = 0;

    for (const char *p = module->pinout; *p;) {
        size_t len = strcspn(p, " ");
        const char *equal = memchr(p, '=', len);
        if (equal) {
            if (count < cap) {
                struct rk_module_pad *pad = &out[count];
                copy_run(pad->pad, sizeof pad->pad, p, (size_t)(equal - p));
                copy_run(pad->signal, sizeof pad->signal, equal + 1, len - (size_t)(equal - p) - 1);
                pad->note = note_of(module, pad->signal);
            }
            count++;
        }
        p += len;
        while (*p == ' ')
            p++;
    }
    return count;
}
