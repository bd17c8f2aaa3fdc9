#include "job/boot_trace.h"

#include <stdlib.h>

enum { SLOTS = 4096, TEXT = 48 };

struct rk_boot_trace {
    struct rk_boot_code code;
    struct {
        bool known;
        uint32_t addr;
        char text[TEXT];
    } slots[SLOTS]; /* functions are called again and again */
};

struct rk_boot_trace *rk_boot_trace_new(const struct rk_emulator *emulator)
{
    struct rk_boot_trace *t = calloc(1, sizeof *t);

    if (t)
        t->code = rk_boot_code_of(emulator);
    return t;
}

void rk_boot_trace_free(struct rk_boot_trace *t)
{
    free(t);
}

const char *rk_boot_trace_near(struct rk_boot_trace *t, uint32_t addr)
{
    size_t i = (addr >> 1 ^ addr >> 13) % SLOTS;

    if (!t->slots[i].known || t->slots[i].addr != addr) {
        t->slots[i].known = true;
        t->slots[i].addr = addr;
        rk_boot_text_behind(&t->code, addr, t->slots[i].text, TEXT);
    }
    return t->slots[i].text;
}
