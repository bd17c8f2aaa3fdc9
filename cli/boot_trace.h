/* The trace of an emulated start as text. What happens again and again is counted, not repeated. */
#ifndef CLI_BOOT_TRACE_H
#define CLI_BOOT_TRACE_H

#include "cli.h"

#include <rekindle/boot.h>

struct boot_trace {
    struct cli *cli;
    FILE *file; /* NULL = standard output, among the lines of the log */
    struct rk_emulate_trace last;
    uint64_t again; /* how often it came once more */
};

/* Reads --trace and --trace-file; *watch is what to ask for. */
enum rk_status boot_trace_open(struct cli *cli, struct boot_trace *t, unsigned *watch);
void boot_trace_add(struct boot_trace *t, const struct rk_emulate_trace *what, const char *near);
/* Errors: FILE (not everything could be written). */
enum rk_status boot_trace_close(struct boot_trace *t, struct rk_error *err);

#endif
