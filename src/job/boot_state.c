#include "job/boot_state.h"

#include <string.h>

static void archive_unsigned(struct rk_archive *a, unsigned *value, unsigned max)
{
    uint32_t wide = *value;

    rk_archive_u32(a, &wide);
    rk_archive_require(a, wide <= max);
    *value = wide <= max ? wide : 0;
}

static void archive_log(struct rk_boot_log *log, unsigned unit, struct rk_archive *a)
{
    size_t len = log->len[unit];

    rk_archive_size(a, &len);
    rk_archive_require(a, len <= RK_BOOT_LOG_MAX);
    if (!a->loading) {
        rk_archive_put(a, log->bytes[unit], len);
        return;
    }
    for (size_t i = 0; i < len && !a->damaged; i++) {
        uint8_t byte = 0;
        rk_archive_u8(a, &byte);
        if (!rk_boot_log_add(log, unit, byte))
            a->no_memory = true;
    }
}

void rk_boot_state_archive(struct rk_boot_state *s, struct rk_archive *a)
{
    rk_archive_part(a, "boot");
    for (unsigned i = 0; i < 2; i++) {
        size_t len = s->lines[i].len;
        rk_archive_size(a, &len);
        rk_archive_require(a, len < RK_BOOT_LINE_MAX);
        if (a->damaged)
            return;
        s->lines[i].len = len;
        rk_archive_bytes(a, s->lines[i].text, len);
        archive_log(&s->log, i, a);
    }
    rk_archive_u64(a, &s->log_bytes);
    rk_archive_bytes(a, s->last_phase, sizeof s->last_phase);
    rk_archive_require(a, memchr(s->last_phase, '\0', sizeof s->last_phase) != NULL);
    archive_unsigned(a, &s->rank, 99);
    archive_unsigned(a, &s->start_rank, 99);
    archive_unsigned(a, &s->furthest_unit, 1);
    rk_archive_u32(a, &s->lines_after_radio);
    rk_archive_u32(a, &s->starts);
    rk_archive_bool(a, &s->up);
    rk_archive_bool(a, &s->collapsed);
    rk_archive_u64(a, &s->stuck_ns);
    rk_archive_u64(a, &s->stuck_bytes);
    rk_archive_u64(a, &s->brown_out_ns);
}
