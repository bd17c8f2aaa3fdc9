/* Compares files and modules with each other, sector by sector. */
#include "cli.h"

#include "base/text.h"
#include "store/file.h"

#include <rekindle/identity.h>

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64u << 20)

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

/* One side: all its bytes, and regions if it is a module. */
struct side {
    uint8_t *data;
    size_t len;
    struct rk_region regions[32];
    size_t region_count;
};

/* A port specification rather than a file name. */
static bool is_port(const char *name)
{
    static const char *const schemes[] = {
        "sim:", "tcp://", "rfc2217://", "usb:", "replay:", "/dev/", "COM"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(name, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

static enum rk_status read_module(struct cli *cli, const char *name, struct side *side)
{
    const struct rk_connect_options opt = cli_connect_options(cli);
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL;
    struct rk_device *dev = NULL;
    enum rk_status st = rk_context_new(&ctx, NULL, &cli->err);

    if (st == RK_OK)
        st = rk_link_open(ctx, name, &link, &cli->err);
    if (st == RK_OK)
        st = rk_device_connect(ctx, link, &opt, &dev, &cli->err);
    if (st == RK_OK) {
        size_t count = 0;
        const struct rk_region *regions = rk_device_regions(dev, &count);
        side->len = rk_device_info(dev)->flash_size;
        side->data = malloc(side->len);
        side->region_count = count < 32 ? count : 32;
        memcpy(side->regions, regions, side->region_count * sizeof *regions);
        st = side->data ? rk_job_read(dev, 0, side->data, side->len, &cli->err)
                        : rk_fail(&cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    rk_device_free(dev);
    rk_link_close(link);
    rk_context_free(ctx);
    return st;
}

static enum rk_status load(struct cli *cli, const char *name, struct side *side)
{
    return is_port(name) ? read_module(cli, name, side)
                         : rk_file_read(name, FILE_MAX_BYTES, &side->data, &side->len, &cli->err);
}

static const char *region_at(const struct side *a, const struct side *b, size_t addr)
{
    const struct side *side = a->region_count ? a : b;

    for (size_t i = 0; i < side->region_count; i++)
        if (addr >= side->regions[i].addr && addr - side->regions[i].addr < side->regions[i].len)
            return side->regions[i].name;
    return NULL;
}

static bool sector_differs(const struct side *a, const struct side *b, size_t at, size_t end,
                           size_t *bytes)
{
    size_t before = *bytes;

    for (size_t i = at; i < end; i++)
        *bytes += i >= a->len || i >= b->len || a->data[i] != b->data[i];
    return *bytes > before;
}

static void put_range(struct rk_json *json, struct text *text, const struct side *a,
                      const struct side *b, size_t first, size_t end, size_t bytes)
{
    const char *region = region_at(a, b, first);

    rk_json_object_begin(json);
    rk_json_put_u64(json, "address", first);
    rk_json_put_u64(json, "length", end - first);
    rk_json_put_u64(json, "bytes", bytes);
    rk_json_put_string(json, "region", region);
    rk_json_object_end(json);
    text_printf(text, "0x%06zx+0x%-6zx %zu bytes differ%s%s\n", first, end - first, bytes,
                region ? "  " : "", region ? region : "");
}

/* Runs of differing sectors, as JSON and as text. Returns the number of differing bytes. */
static size_t compare(const struct side *a, const struct side *b, struct rk_json *json,
                      struct text *text)
{
    size_t len = a->len > b->len ? a->len : b->len, total = 0, run_bytes = 0, first = 0;
    bool in_run = false;

    for (size_t at = 0; at < len; at += RK_SECTOR_SIZE) {
        size_t end = len - at > RK_SECTOR_SIZE ? at + RK_SECTOR_SIZE : len;
        size_t bytes = 0;
        bool differs = sector_differs(a, b, at, end, &bytes);
        if (in_run && (!differs || region_at(a, b, at) != region_at(a, b, first))) {
            put_range(json, text, a, b, first, at, run_bytes);
            in_run = false;
        }
        if (differs && !in_run) {
            in_run = true;
            first = at;
            run_bytes = 0;
        }
        run_bytes += bytes;
        total += bytes;
    }
    if (in_run)
        put_range(json, text, a, b, first, len, run_bytes);
    return total;
}

/* Dumps of one module have its address in common, those of two modules only a default. */
static void compare_addresses(struct cli *cli, const struct side *a, const struct side *b)
{
    struct rk_identity x, y;

    if (rk_identity_find(a->data, a->len, &x) && rk_identity_find(b->data, b->len, &y) &&
        memcmp(x.mac, y.mac, 6) == 0 && x.state == RK_MAC_DEFAULT)
        output_warning(&cli->out, "", "module.same-mac",
                       "both have the same MAC address, a default of the SDK: if these are two "
                       "modules, give one of them another with `rekindle config set`");
}

static enum rk_status report(struct cli *cli, const struct side *a, const struct side *b)
{
    struct text text = {.bytes = NULL};
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "a", cli->in.positionals[0]);
    rk_json_put_string(&json, "b", cli->in.positionals[1]);
    rk_json_put_u64(&json, "length_a", a->len);
    rk_json_put_u64(&json, "length_b", b->len);
    rk_json_key(&json, "differences");
    rk_json_array_begin(&json);
    size_t total = compare(a, b, &json, &text);
    rk_json_array_end(&json);
    rk_json_put_u64(&json, "differing", total);
    rk_json_object_end(&json);
    if (cli->out.json == JSON_OFF && text.bytes)
        output_result(&cli->out, text.bytes, text.len);
    text_free(&text);
    compare_addresses(cli, a, b);
    if (total == 0)
        return RK_OK;
    rk_fail(&cli->err, RK_ERR_VERIFY, "diff.differs", "%s and %s differ in %zu bytes",
            cli->in.positionals[0], cli->in.positionals[1], total);
    if (a->len != b->len)
        rk_error_detail(&cli->err, "lengths 0x%zx and 0x%zx", a->len, b->len);
    return RK_ERR_VERIFY;
}

static int run(struct cli *cli)
{
    struct side a = {.data = NULL}, b = {.data = NULL};
    enum rk_status st = load(cli, cli->in.positionals[0], &a);

    if (st == RK_OK)
        st = load(cli, cli->in.positionals[1], &b);
    if (st == RK_OK)
        st = report(cli, &a, &b);
    free(a.data);
    free(b.data);
    if (st != RK_OK)
        return cli_fail(cli);
    output_story(&cli->out, "", "ok", "no difference");
    return EXIT_OK;
}

const struct command command_diff = {
    .name = "diff",
    .summary = "compare files and modules with each other",
    .usage = "A B",
    .description =
        "A and B are files or port specifications (a path below /dev, COMn, sim:, tcp:, "
        "rfc2217:, usb:). Lists the runs of sectors that differ, by region if a module is "
        "among them; exit status 9 if there are any.",
    .options = options,
    .min_positionals = 2,
    .max_positionals = 2,
    .run = run,
};
