/* One page about a module that may be shown in public. */
#include "findings.h"

#include "base/context.h"
#include "base/text.h"
#include "image/view.h"
#include "store/file.h"
#include "store/folder.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES  (128u << 20)
#define LINES_MAX   160u /* of each log, the last ones */
#define BOOTS_SHOWN 3u

#if defined(_WIN32)
#define SYSTEM "Windows"
#elif defined(__APPLE__)
#define SYSTEM "macOS"
#else
#define SYSTEM "Linux"
#endif

static const struct option options[] = {
    CHECKUP_OPTIONS,
    {"output", 'o', OPTION_FILE, "FILE", "write the page into a new file", NULL, false, false},
    {"backup-dir", 'd', OPTION_FOLDER, "FOLDER", "where backups are: what was written is in them",
     NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

struct page {
    struct cli *cli;
    struct text text; /* before anything is taken out */
    const uint8_t *dump;
    size_t dump_len;
    uint8_t *owned; /* a dump from a file */
    struct rk_checkup *checkup;
    const char *chip;
    uint32_t flash_size;
};

/* ---- logs ---- */

struct log_view {
    struct text lines[LINES_MAX];
    size_t count; /* ever taken */
    unsigned boots[LINES_MAX];
};

static void on_line(void *user, const struct rk_monitor_line *line)
{
    struct log_view *view = user;
    struct text *slot = &view->lines[view->count % LINES_MAX];

    slot->len = 0;
    text_printf(slot, "%-20s ", line->phase ? line->phase : "");
    text_add(slot, line->text, line->len < 300 ? line->len : 300);
    view->boots[view->count % LINES_MAX] = line->boot;
    view->count++;
}

/* The last boots of a log, at most LINES_MAX lines. */
static void put_log(struct page *page, const char *title, const uint8_t *log, size_t len)
{
    struct log_view *view = calloc(1, sizeof *view);
    const struct rk_monitor_options opt = {
        .size = sizeof opt, .baud = 115200, .user = view, .line = on_line};
    struct rk_monitor *monitor = NULL;
    struct rk_monitor_stats stats;

    if (!view || rk_monitor_new(&opt, &monitor, NULL) != RK_OK) {
        free(view);
        return;
    }
    rk_monitor_take(monitor, 0, log, len);
    rk_monitor_end(monitor);
    rk_monitor_stats(monitor, &stats);
    text_printf(&page->text,
                "\n## Log: %s\n\n%u starts, %u lines, %u bytes that are no text\n\n```\n", title,
                stats.boots, (unsigned)stats.lines, (unsigned)stats.strange);
    size_t first = view->count > LINES_MAX ? view->count - LINES_MAX : 0;
    for (size_t i = first; i < view->count; i++) {
        const struct text *line = &view->lines[i % LINES_MAX];
        if (view->boots[i % LINES_MAX] + BOOTS_SHOWN > stats.boots && line->bytes) {
            text_add(&page->text, line->bytes, line->len);
            text_add(&page->text, "\n", 1);
        }
    }
    text_printf(&page->text, "```\n");
    for (size_t i = 0; i < LINES_MAX; i++)
        text_free(&view->lines[i]);
    rk_monitor_free(monitor);
    free(view);
}

/* ---- flash ---- */

static enum rk_status put_dump(struct page *page, const char *name, struct rk_error *err)
{
    struct rk_view view = {.sink = text_sink, .user = &page->text, .columns = 64};
    struct rk_inspect_options opt = {.size = sizeof opt, .chip = page->chip};
    struct rk_inspect *report = NULL;
    enum rk_status st = rk_inspect(page->dump, page->dump_len, &opt, &report, err);

    if (st != RK_OK)
        return st;
    text_printf(&page->text, "\n## Flash\n\n```\n");
    rk_view_text(&view, name, report);
    text_printf(&page->text, "```\n");
    rk_inspect_free(report);
    return RK_OK;
}

/* ---- what was written ---- */

static void put_ranges(struct text *text, const struct rk_manifest *manifest)
{
    for (size_t i = 0; i < manifest->sector_count;) {
        size_t end = i;
        while (end < manifest->sector_count && manifest->sectors[end].journalled)
            end++;
        if (end > i)
            text_printf(text, "  - 0x%06x+0x%x\n", (unsigned)(manifest->addr + i * RK_SECTOR_SIZE),
                        (unsigned)((end - i) * RK_SECTOR_SIZE));
        i = end > i ? end : i + 1;
    }
}

static void put_history(struct page *page)
{
    static const char *const states[] = {"nothing was written since", "a write was not finished",
                                         "a write was finished and verified", "given up"};
    struct rk_backup_list list = {.entries = NULL};
    const char *dir = page->cli->settings.backup_dir;

    if (!page->checkup || !page->checkup->linked ||
        rk_backup_list_find(dir, &page->checkup->device, &list, NULL) != RK_OK)
        return;
    text_printf(&page->text, "\n## Backups and writes\n\n");
    for (size_t i = 0; i < list.count && i < 10; i++) {
        const struct rk_manifest *m = &list.entries[i].manifest;
        text_printf(&page->text, "- %s, version %s: %s%s%.16s\n", m->created, m->tool_version,
                    (size_t)m->journal.state < sizeof states / sizeof states[0]
                        ? states[m->journal.state]
                        : "",
                    m->journal.image_sha256[0] ? ", file " : "", m->journal.image_sha256);
        put_ranges(&page->text, m);
    }
    if (list.count == 0)
        text_printf(&page->text, "none in the backup folder\n");
    rk_backup_list_free(&list);
}

/* ---- the page ---- */

static void put_head(struct page *page)
{
    text_printf(&page->text, "# rekindle report\n\n- rekindle %s on %s\n", rk_version(), SYSTEM);
    text_printf(&page->text,
                "- networks, passwords, keys, own addresses, hosts and paths are taken out\n");
}

static void put_identity(struct page *page)
{
    const struct rk_device_info *info = &page->checkup->device;

    text_printf(&page->text, "\n## Module\n\n");
    if (!page->checkup->linked) {
        text_printf(&page->text, "It does not answer on the download wire.\n");
        return;
    }
    text_printf(&page->text, "- chip %s, id %08x, loader %s\n", info->chip, (unsigned)info->chip_id,
                info->loader_in_rom ? "in mask ROM" : info->loader);
    text_printf(&page->text, "- boot loader in flash: CRC %08x%s%s\n", (unsigned)info->fingerprint,
                info->fingerprint_name[0] ? ", " : "", info->fingerprint_name);
    text_printf(&page->text, "- flash %02x%02x%02x %s, %u KiB, status %04x\n", info->jedec[0],
                info->jedec[1], info->jedec[2], info->flash_name,
                (unsigned)(info->flash_size / 1024), (unsigned)info->status);
    text_printf(&page->text, "- key class %s\n", rk_key_class_name(info->key_class));
    if (info->has_mac)
        text_printf(&page->text, "- address %02x:%02x:%02x:%02x:%02x:%02x\n", info->mac[0],
                    info->mac[1], info->mac[2], info->mac[3], info->mac[4], info->mac[5]);
}

static void put_facts(struct page *page)
{
    text_printf(&page->text, "\n## Measured\n\n");
    for (size_t i = 0; i < page->checkup->fact_count; i++) {
        const struct rk_checkup_fact *fact = &page->checkup->facts[i];
        text_printf(&page->text, "- %s (%s): %s\n", fact->id, fact->source, fact->text);
    }
}

static enum rk_status add_port(struct page *page)
{
    struct cli *cli = page->cli;
    char port[256];
    enum rk_status st = findings_run(cli, &page->checkup, port, sizeof port);

    if (st != RK_OK)
        return st;
    page->dump = page->checkup->content;
    page->dump_len = page->checkup->content_len;
    page->chip = page->checkup->linked ? page->checkup->device.chip : NULL;
    put_identity(page);
    text_printf(&page->text, "\n## Findings\n\n```\n");
    findings_text(&page->text, page->checkup);
    text_printf(&page->text, "```\n");
    put_facts(page);
    if (page->checkup->log_len)
        put_log(page, "as heard", page->checkup->log, page->checkup->log_len);
    put_history(page);
    return page->dump ? put_dump(page, "the module", &cli->err) : RK_OK;
}

/* A file is a dump if it is one, else a log. */
static enum rk_status add_file(struct page *page, const char *path)
{
    struct cli *cli = page->cli;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct rk_checkup *checkup = NULL;
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status st = rk_file_read(path, FILE_BYTES, &data, &len, &cli->err);

    if (st != RK_OK)
        return st;
    if (len >= 4096 && rk_monitor_text_score(data, len < 65536 ? len : 65536) < 60) {
        if (page->owned) {
            free(data);
            rk_fail(&cli->err, RK_ERR_ARG, "usage.too-many", "two dumps in one report");
            rk_error_hint(&cli->err, "one dump, and any number of logs");
            return RK_ERR_ARG;
        }
        page->owned = data;
        page->dump = data;
        page->dump_len = len;
        return put_dump(page, name, &cli->err);
    }
    const struct rk_checkup_source source = {.name = name, .bytes = data, .len = len};
    st = rk_checkup_logs(&source, 1, &checkup, &cli->err);
    if (st == RK_OK) {
        text_printf(&page->text, "\n## Findings in %s\n\n```\n", name);
        findings_text(&page->text, checkup);
        text_printf(&page->text, "```\n");
        put_log(page, name, data, len);
    }
    rk_checkup_free(checkup);
    free(data);
    return st;
}

static void put_removed(struct text *text, const struct rk_redacted *r)
{
    text_printf(
        text,
        "\n## Taken out\n\n%u values of the settings, %u values behind words like password, "
        "%u hardware addresses (their last half), %u IP addresses, %u hosts, %u folders, %u "
        "keys\n",
        (unsigned)r->settings, (unsigned)r->values, (unsigned)r->macs, (unsigned)r->ips,
        (unsigned)r->hosts, (unsigned)r->paths, (unsigned)r->keys);
}

static void put_result(struct cli *cli, const char *markdown, const struct rk_redacted *r)
{
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "markdown", markdown);
    rk_json_key(&json, "removed");
    rk_json_object_begin(&json);
    rk_json_put_u64(&json, "settings", r->settings);
    rk_json_put_u64(&json, "values", r->values);
    rk_json_put_u64(&json, "macs", r->macs);
    rk_json_put_u64(&json, "ips", r->ips);
    rk_json_put_u64(&json, "hosts", r->hosts);
    rk_json_put_u64(&json, "paths", r->paths);
    rk_json_put_u64(&json, "keys", r->keys);
    rk_json_object_end(&json);
    rk_json_object_end(&json);
}

static enum rk_status finish(struct page *page)
{
    struct cli *cli = page->cli;
    const char *path = option_value(&cli->in, "output");
    struct rk_redacted removed;
    struct text text = {.bytes = NULL};
    char *clean = NULL;
    size_t len = 0;
    enum rk_status st = rk_redact(page->text.bytes ? page->text.bytes : "", page->text.len,
                                  page->dump, page->dump_len, &clean, &len, &removed, &cli->err);

    if (st != RK_OK)
        return st;
    text_add(&text, clean, len);
    put_removed(&text, &removed);
    if (path)
        st = rk_file_write(path, (const uint8_t *)text.bytes, text.len, true, false, &cli->err);
    else if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes, text.len);
    put_result(cli, text.bytes, &removed);
    text_free(&text);
    free(clean);
    return st;
}

static int run(struct cli *cli)
{
    struct page page = {.cli = cli};
    enum rk_status st = RK_OK;

    put_head(&page);
    /* the dump first: its secrets are looked for in everything */
    for (size_t i = 0; i < cli->in.positional_count && st == RK_OK; i++)
        st = add_file(&page, cli->in.positionals[i]);
    if (st == RK_OK && (cli->in.positional_count == 0 || option_count(&cli->in, "port")))
        st = add_port(&page);
    if (st == RK_OK)
        st = finish(&page);
    rk_checkup_free(page.checkup);
    text_free(&page.text);
    free(page.owned);
    return st == RK_OK ? EXIT_OK : cli_fail(cli);
}

const struct command command_report = {
    .name = "report",
    .summary = "a page about a module to show in public, with everything private taken out",
    .usage = "[DUMP] [LOG]...",
    .description =
        "Writes one Markdown page for a forum or a bug report: version, module, findings, what was "
        "measured, the last boots, the map of the flash, which backups exist and what was written "
        "since. Without files the module at the port is examined as by `rekindle diagnose`; a dump "
        "and logs are taken as they are.\n\n"
        "Networks, passwords, keys, the own half of hardware addresses, IP addresses, host names "
        "and folders are taken out, also where a secret of the settings stands somewhere else; the "
        "end of the page counts them. The dump itself is never in the page: `rekindle config "
        "scrub` "
        "makes a copy of it that may be shown.",
    .options = options,
    .max_positionals = POSITIONALS_MAX,
    .device = true,
    .run = run,
};
