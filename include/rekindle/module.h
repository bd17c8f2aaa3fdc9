/* Modules: what is behind a name such as CB3S, and which pad carries which signal. */
#ifndef REKINDLE_MODULE_H
#define REKINDLE_MODULE_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rk_module {
    const char *name;    /* "CB3S" */
    const char *part;    /* the chip as its maker calls it: "RTL8710BX" */
    const char *chip;    /* as the field's firmware calls it: "RTL8710B"; may be empty */
    uint32_t flash_size; /* bytes; 0 = unknown */
    uint32_t pads;       /* 0 = unknown */
    const char *pinout;  /* "1=CEN 2=P23 ..", pads named T.. are test pads; may be empty */
};

/* The modules known, ordered by name; returns their number. */
size_t rk_modules(const struct rk_module **out);

/* The module of that name (upper and lower case are the same), or NULL. */
const struct rk_module *rk_module_find(const char *name);

/* One pad of a pinout. */
struct rk_module_pad {
    char pad[8];      /* "1", "TRX2" */
    char signal[12];  /* "P26", "CEN", "VCC3.3" */
    const char *note; /* what the signal is for when flashing, e.g. "UART1 RX"; "" for others */
};

/* Splits the pinout; writes at most cap pads and returns how many there are. Signals of the
 * download UART, of the log UART, reset and supply carry a note. */
size_t rk_module_pads(const struct rk_module *module, struct rk_module_pad *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
