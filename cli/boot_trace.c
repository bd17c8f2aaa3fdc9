#include "boot_trace.h"

#include "base/text.h"
#include "store/file.h"

#include <inttypes.h>
#include <string.h>

static enum rk_status parse_watch(const char *text, unsigned *watch, struct rk_error *err)
{
    static const char *const names[] = {"registers", "functions", "flash"};
    static const unsigned bits[] = {RK_EMULATE_REGISTERS, RK_EMULATE_CALLS, RK_EMULATE_FLASH};

    *watch = 0;
    for (const char *at = text; at;) {
        const char *comma = strchr(at, ',');
        size_t len = comma ? (size_t)(comma - at) : strlen(at), i = 0;
        while (i < 3 && (strlen(names[i]) != len || memcmp(names[i], at, len) != 0))
            i++;
        if (i == 3) {
            rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is nothing that can be traced", text);
            rk_error_hint(err, "registers, functions, flash, or several with commas between");
            return RK_ERR_ARG;
        }
        *watch |= bits[i];
        at = comma ? comma + 1 : NULL;
    }
    return RK_OK;
}

enum rk_status boot_trace_open(struct cli *cli, struct boot_trace *t, unsigned *watch)
{
    const char *what = option_value(&cli->in, "trace");
    const char *path = option_value(&cli->in, "trace-file");

    *t = (struct boot_trace){.cli = cli};
    *watch = 0;
    if (path && !what) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.missing", "nothing is traced into \"%s\"", path);
        rk_error_hint(&cli->err, "add --trace registers, functions or flash");
        return RK_ERR_ARG;
    }
    enum rk_status st = parse_watch(what, watch, &cli->err);
    if (st != RK_OK || !path)
        return st;
    if (rk_file_exists(path))
        return rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists", path);
    t->file = fopen(path, "wb");
    if (!t->file)
        return rk_fail(&cli->err, RK_ERR_FILE, "file.io", "\"%s\" cannot be written", path);
    return RK_OK;
}

static void put(struct boot_trace *t, const char *line)
{
    if (t->file)
        (void)fputs(line, t->file);
    else if (t->cli->out.json == JSON_OFF)
        output_result(&t->cli->out, line, strlen(line));
}

static bool is_same(const struct rk_emulate_trace *a, const struct rk_emulate_trace *b)
{
    return a->kind == b->kind && a->pc == b->pc && a->addr == b->addr && a->value == b->value &&
           a->len == b->len && a->store == b->store && a->opcode == b->opcode;
}

static void end_repeats(struct boot_trace *t)
{
    char line[96];

    if (t->again == 0)
        return;
    rk_text_format(line, sizeof line, "%15.9f            %" PRIu64 " more of these\n",
                   (double)t->last.time_ns / 1e9, t->again);
    put(t, line);
    t->again = 0;
}

static void describe(char *line, size_t cap, const struct rk_emulate_trace *w, const char *near)
{
    rk_text_format(line, cap, "%15.9f %08x ", (double)w->time_ns / 1e9, (unsigned)w->pc);
    switch (w->kind) {
    case RK_EMULATE_REGISTERS:
        rk_text_append(line, cap, "%s %08x", w->store ? "store" : "load ", (unsigned)w->addr);
        if (w->unit)
            rk_text_append(line, cap, " %s%s%s", w->unit, w->name ? "." : "",
                           w->name ? w->name : "");
        rk_text_append(line, cap, " = %0*x\n", (int)(2 * w->len), (unsigned)w->value);
        break;
    case RK_EMULATE_CALLS:
        rk_text_append(line, cap, "call  %08x", (unsigned)w->addr);
        if (*near)
            rk_text_append(line, cap, " near \"%s\"", near);
        rk_text_append(line, cap, "\n");
        break;
    case RK_EMULATE_FLASH:
        rk_text_append(line, cap, "flash %02x %s %06x+%x\n", w->opcode, w->name ? w->name : "",
                       (unsigned)w->addr, (unsigned)w->len);
        break;
    }
}

void boot_trace_add(struct boot_trace *t, const struct rk_emulate_trace *what, const char *near)
{
    char line[256];

    if (is_same(&t->last, what)) {
        t->last.time_ns = what->time_ns;
        t->again++;
        return;
    }
    end_repeats(t);
    t->last = *what;
    describe(line, sizeof line, what, near);
    put(t, line);
}

enum rk_status boot_trace_close(struct boot_trace *t, struct rk_error *err)
{
    end_repeats(t);
    if (!t->file)
        return RK_OK;
    bool good = !ferror(t->file);
    good = fclose(t->file) == 0 && good;
    t->file = NULL;
    return good ? RK_OK : rk_fail(err, RK_ERR_FILE, "file.io", "the trace could not be written");
}
