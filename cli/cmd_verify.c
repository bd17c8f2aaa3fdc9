#include "cli.h"

#include "base/text.h"

#include <stdlib.h>

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static void put_result(struct session *s, struct rk_json *json, uint32_t addr,
                       const struct rk_verify_result *r)
{
    rk_json_object_begin(json);
    rk_json_put_u64(json, "address", addr);
    rk_json_put_u64(json, "compared", r->compared);
    rk_json_put_u64(json, "differing", r->differing);
    rk_json_key(json, "differences");
    rk_json_array_begin(json);
    for (size_t i = 0; i < r->count; i++) {
        rk_json_object_begin(json);
        rk_json_put_u64(json, "address", r->ranges[i].addr);
        rk_json_put_u64(json, "length", r->ranges[i].len);
        rk_json_object_end(json);
        session_print(s, "differs 0x%06x+0x%x", (unsigned)r->ranges[i].addr,
                      (unsigned)r->ranges[i].len);
    }
    rk_json_array_end(json);
    rk_json_object_end(json);
}

/* Without ADDR: where the file belongs. */
static enum rk_status place(struct session *s, const uint8_t *data, size_t len, uint32_t *addr)
{
    struct rk_image_facts facts;
    struct rk_segment segment[8];
    size_t count = 0;
    const struct rk_device_info *info = rk_device_info(s->dev);

    rk_image_identify(data, len, s->cli->in.positionals[0], &facts);
    enum rk_status st = rk_image_place(&facts, data, len, info->chip, info->flash_size, segment, 8,
                                       &count, &s->err);
    if (st == RK_OK && count)
        *addr = segment[0].addr;
    else if (st != RK_OK)
        rk_error_hint(&s->err, "say where it belongs: rekindle verify FILE ADDR");
    return st;
}

static enum rk_status work(struct session *s, struct rk_json *json)
{
    const struct invocation *in = &s->cli->in;
    struct rk_verify_result result = {.compared = 0};
    uint8_t *data = NULL;
    size_t len = 0;
    uint32_t addr = 0;
    enum rk_status st = session_load(s, in->positionals[0], &data, &len);

    if (st == RK_OK)
        st = in->positional_count > 1 ? rk_parse_u32(in->positionals[1], &addr, &s->err)
                                      : place(s, data, len, &addr);
    if (st == RK_OK) {
        st = rk_job_verify(s->dev, addr, data, len, &result, &s->err);
        if (st == RK_OK || st == RK_ERR_VERIFY)
            put_result(s, json, addr, &result);
    }
    if (st == RK_OK)
        output_story(&s->cli->out, session_prefix(s), "ok", "the module holds exactly this file");
    rk_verify_result_free(&result);
    free(data);
    return st;
}

static int run(struct cli *cli)
{
    uint32_t addr;

    if ((cli->in.positional_count > 1 &&
         rk_parse_u32(cli->in.positionals[1], &addr, &cli->err) != RK_OK) ||
        !(cli->in.positional_count > 1 ? cli_check_file(cli, 0) : cli_check_image(cli, 0)))
        return cli_fail(cli);
    return session_run(cli, work);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "compare the flash with a file, without transferring it",
    .usage = "FILE [ADDR]",
    .description = "Compares by the checksums the chip computes itself and lists the ranges that "
                   "differ; exit status 9 if any does. Without ADDR the file is compared where it "
                   "belongs by its kind.",
    .options = options,
    .min_positionals = 1,
    .max_positionals = 2,
    .device = true,
    .run = run,
};
