#include "image/report.h"

#include "base/bytes.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ENTROPY_SCALE 31.0 /* 8 bits per byte become 248 */

struct rk_inspect_part *rk_report_part(struct rk_inspect *report, const char *kind, uint32_t addr,
                                       uint32_t len, enum rk_verdict verdict)
{
    struct rk_inspect_part *part;

    if (report->part_count == RK_INSPECT_PARTS)
        return NULL;
    part = &report->parts[report->part_count++];
    *part = (struct rk_inspect_part){.addr = addr, .len = len, .verdict = verdict};
    rk_text_copy(part->kind, sizeof part->kind, kind);
    return part;
}

static int by_address(const void *left, const void *right)
{
    const struct rk_inspect_part *a = left, *b = right;

    if (a->addr != b->addr)
        return a->addr < b->addr ? -1 : 1;
    if (a->len != b->len)
        return a->len > b->len ? -1 : 1;
    return strcmp(a->kind, b->kind);
}

void rk_report_sort(struct rk_inspect *report)
{
    qsort(report->parts, report->part_count, sizeof report->parts[0], by_address);
}

/* count * log2(count) for every count a sector can have. */
static double *weight_table(void)
{
    double *table = malloc((RK_SECTOR_SIZE + 1) * sizeof *table);

    if (!table)
        return NULL;
    table[0] = 0;
    for (unsigned n = 1; n <= RK_SECTOR_SIZE; n++)
        table[n] = n * log2(n);
    return table;
}

static uint8_t entropy_of(const uint8_t *p, size_t len, const double *weight)
{
    uint32_t seen[256] = {0};
    double sum = 0;

    for (size_t i = 0; i < len; i++)
        seen[p[i]]++;
    for (size_t i = 0; i < 256; i++)
        sum += weight[seen[i]];
    return (uint8_t)(ENTROPY_SCALE * (log2((double)len) - sum / (double)len));
}

enum rk_status rk_report_sectors(struct rk_inspect *report, const uint8_t *flash, size_t len,
                                 struct rk_error *err)
{
    size_t count = len / RK_SECTOR_SIZE + (len % RK_SECTOR_SIZE != 0);
    double *weight = weight_table();

    if (count)
        report->sectors = calloc(count, sizeof report->sectors[0]);
    if (!weight || (count && !report->sectors)) {
        free(weight);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    report->sector_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = flash + i * RK_SECTOR_SIZE;
        size_t part = len - i * RK_SECTOR_SIZE;

        part = part < RK_SECTOR_SIZE ? part : RK_SECTOR_SIZE;
        report->sectors[i].use = RK_SECTOR_DATA;
        if (rk_bytes_all(p, part, p[0])) {
            report->sectors[i].use = p[0] == 0xFF ? RK_SECTOR_BLANK : RK_SECTOR_FILLED;
            report->blank_bytes += p[0] == 0xFF ? (uint32_t)part : 0;
            continue;
        }
        report->sectors[i].entropy = entropy_of(p, part, weight);
    }
    free(weight);
    return RK_OK;
}

void rk_report_mark(struct rk_inspect *report, uint32_t addr, uint32_t len, enum rk_sector_use use)
{
    size_t first = addr / RK_SECTOR_SIZE, last;

    if (len == 0)
        return;
    last = ((size_t)addr + len - 1) / RK_SECTOR_SIZE;
    for (size_t i = first; i <= last && i < report->sector_count; i++) {
        if (report->sectors[i].use != RK_SECTOR_BLANK)
            report->sectors[i].use = (uint8_t)use;
    }
}

static const struct {
    const char *name;
    char symbol;
    const char *colour;
} uses[RK_SECTOR_USES] = {
    [RK_SECTOR_BLANK] = {"blank", '.', "#e9ecef"},
    [RK_SECTOR_FILLED] = {"filled", '0', "#adb5bd"},
    [RK_SECTOR_BOOT] = {"boot", 'B', "#e8590c"},
    [RK_SECTOR_APP] = {"app", 'A', "#1971c2"},
    [RK_SECTOR_TABLE] = {"table", 'P', "#862e9c"},
    [RK_SECTOR_OTA] = {"ota", 'O', "#0c8599"},
    [RK_SECTOR_RF] = {"rf", 'R', "#f08c00"},
    [RK_SECTOR_CONFIG] = {"config", 'C', "#2f9e44"},
    [RK_SECTOR_STORAGE] = {"storage", 'S', "#5c940d"},
    [RK_SECTOR_FILES] = {"files", 'F', "#66a80f"},
    [RK_SECTOR_DATA] = {"data", 'd', "#868e96"},
    [RK_SECTOR_DAMAGED] = {"damaged", 'X', "#c92a2a"},
};

static bool is_use(enum rk_sector_use use)
{
    return (unsigned)use < RK_SECTOR_USES;
}

const char *rk_sector_use_name(enum rk_sector_use use)
{
    return is_use(use) ? uses[use].name : "";
}

char rk_sector_use_symbol(enum rk_sector_use use)
{
    return is_use(use) ? uses[use].symbol : '?';
}

const char *rk_sector_use_colour(enum rk_sector_use use)
{
    return is_use(use) ? uses[use].colour : "#000000";
}

const char *rk_verdict_name(enum rk_verdict verdict)
{
    static const char *const names[] = {"good", "info", "warn", "bad", "untested"};

    return (unsigned)verdict < sizeof names / sizeof names[0] ? names[verdict] : "untested";
}

const char *rk_boots_name(enum rk_boots boots)
{
    static const char *const names[] = {"no", "yes", "with-boot-loader", "unknown"};

    return (unsigned)boots < sizeof names / sizeof names[0] ? names[boots] : "unknown";
}
