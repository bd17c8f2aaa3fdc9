#include "job/boot_log.h"

#include "base/text.h"

#include <rekindle/checkup.h>

#include <stdlib.h>
#include <string.h>

enum { FIRST = 4096 };

bool rk_boot_log_add(struct rk_boot_log *log, unsigned unit, uint8_t byte)
{
    size_t len = log->len[unit];

    if (len == RK_BOOT_LOG_MAX)
        return true;
    if (len == 0 || (len >= FIRST && (len & (len - 1)) == 0)) {
        uint8_t *more = realloc(log->bytes[unit], len ? 2 * len : FIRST);
        if (!more)
            return false;
        log->bytes[unit] = more;
    }
    log->bytes[unit][log->len[unit]++] = byte;
    return true;
}

/* What is true of wires and adapters is not of an emulated chip. */
static bool is_about_wires(const char *id)
{
    return strncmp(id, "uart.", 5) == 0 || strncmp(id, "silent.", 7) == 0 ||
           strncmp(id, "dl.", 3) == 0;
}

static void add(struct rk_boot_result *out, const struct rk_finding *finding)
{
    if (out->finding_count == RK_BOOT_FINDINGS)
        return;
    struct rk_boot_finding *f = &out->findings[out->finding_count++];
    f->verdict = RK_VERDICT_WARN;
    rk_text_copy(f->id, sizeof f->id, finding->id);
    rk_text_format(f->text, sizeof f->text, "log: %s", finding->meaning);
}

bool rk_boot_log_judge(const struct rk_boot_log *log, unsigned unit, bool up,
                       struct rk_boot_result *out)
{
    const struct rk_checkup_source source = {
        .name = unit ? "uart2" : "uart1", .bytes = log->bytes[unit], .len = log->len[unit]};
    struct rk_checkup *checkup = NULL;
    bool abnormal = false;

    /* The verdict stands without it. */
    if (source.len == 0 || rk_checkup_logs(&source, 1, &checkup, NULL) != RK_OK)
        return false;
    for (size_t i = 0; i < checkup->finding_count; i++) {
        const struct rk_finding *finding = &checkup->findings[i];
        bool mode = strncmp(finding->id, "mode.", 5) == 0;
        abnormal |= mode;
        if (finding->kind == RK_FINDING_FAILURE && !is_about_wires(finding->id) && (mode || !up))
            add(out, finding);
    }
    rk_checkup_free(checkup);
    return abnormal;
}

void rk_boot_log_free(struct rk_boot_log *log)
{
    for (unsigned unit = 0; unit < 2; unit++)
        free(log->bytes[unit]);
    memset(log, 0, sizeof *log);
}
