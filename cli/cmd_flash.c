#include "cli.h"
#include "flash_bl602.h"
#include "moving.h"

#include "base/text.h"

#include <stdlib.h>

static const struct option options[] = {
    {"at", 0, OPTION_NUMBER, "ADDR", "place the file here, whatever it is", NULL, false, false},
    {"boot", 0, OPTION_FILE, "FILE", "join an application with the boot loader in this file first",
     NULL, false, false},
    {"device-tree", 0, OPTION_FILE, "FILE",
     "BL602 that has none: .dtb, .dts, a capture, or \"default\" for a plain one", NULL, false,
     false},
    {"layout", 0, OPTION_TEXT, "LAYOUT",
     "BL602: another partition table: .toml file, binary, or a name such as 2m", NULL, false,
     false},
    {"rehearse", 0, OPTION_SWITCH, NULL,
     "first do it on an emulated copy of the module, and go on only if that boots", NULL, false,
     false},
    WRITE_OPTIONS,
    {"wifi-ssid", 0, OPTION_TEXT, "NAME", "with --config auto: network to join", NULL, false,
     false},
    {"wifi-password", 0, OPTION_TEXT, "TEXT", "with --config auto: its password", NULL, false,
     false},
    {"mqtt", 0, OPTION_TEXT, "HOST[:PORT]", "with --config auto: MQTT broker", NULL, false, false},
    {"mqtt-user", 0, OPTION_TEXT, "NAME", "with --config auto: MQTT user", NULL, false, false},
    {"mqtt-password", 0, OPTION_TEXT, "TEXT", "with --config auto: MQTT password", NULL, false,
     false},
    {"device-name", 0, OPTION_TEXT, "NAME", "with --config auto: name of the device", NULL, false,
     false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

/* An erased module needs more than an application: one bootable image is made of both files. */
static enum rk_status join_boot(struct session *s, const char *path, uint8_t **data, size_t *len)
{
    struct rk_bytes joined = {.data = NULL};
    uint8_t *boot = NULL;
    size_t boot_len = 0;
    enum rk_status st = session_load(s, path, &boot, &boot_len);

    if (st == RK_OK)
        st = rk_convert_merge(boot, boot_len, *data, *len, &joined, &s->err);
    free(boot);
    if (st != RK_OK)
        return st;
    free(*data);
    *data = joined.data;
    *len = joined.len;
    return RK_OK;
}

/* Perhaps on a copy of the module first. */
static enum rk_status flash_it(struct session *s, const struct rk_image_file *image, bool bl602,
                               const struct rk_write_policy *policy, struct rk_write_result *result)
{
    struct flash_bl602 pieces = {.boot = NULL};
    const struct rk_bl602_sources *sources = bl602 ? &pieces.sources : NULL;
    enum rk_status st = bl602 ? flash_bl602_load(s, &pieces) : RK_OK;

    if (st == RK_OK && option_on(&s->cli->in, "rehearse"))
        st = rk_job_rehearse(s->dev, image, sources, policy, &s->err);
    if (st == RK_OK)
        st = bl602 ? rk_job_flash_bl602(s->dev, image, sources, policy, result, &s->err)
                   : rk_job_flash(s->dev, image, policy, result, &s->err);
    flash_bl602_free(&pieces);
    return st;
}

static enum rk_status work(struct session *s, struct rk_json *json)
{
    const struct invocation *in = &s->cli->in;
    const char *at = option_value(in, "at");
    struct rk_image_file image = {.name = in->positionals[0]};
    struct rk_write_policy policy;
    struct rk_write_result result = {.verified = false};
    struct moving moving = {.prepared = false};
    uint8_t *data = NULL;
    enum rk_status st = session_load(s, image.name, &data, &image.len);

    bool bl602 = st == RK_OK && !at && flash_is_bl602(s, data, image.len);
    if (st == RK_OK && !bl602 && option_value(in, "boot"))
        st = join_boot(s, option_value(in, "boot"), &data, &image.len);
    image.data = data;
    image.have_addr = at != NULL;
    if (st == RK_OK && at)
        st = rk_parse_u32(at, &image.addr, &s->err);
    session_policy(s, &policy);
    if (st == RK_OK && moving_wanted(in))
        st = moving_prepare(s, &policy, &moving);
    if (st == RK_OK)
        st = flash_it(s, &image, bl602, &policy, &result);
    moving_free(&moving);
    free(data);
    if (st != RK_OK)
        return st;
    rk_json_object_begin(json);
    session_put_write(s, json, &result);
    moving_put(&moving, json);
    rk_json_object_end(json);
    return RK_OK;
}

static int run(struct cli *cli)
{
    bool fine = option_value(&cli->in, "at") ? cli_check_file(cli, 0) : cli_check_image(cli, 0);

    if (!fine)
        return cli_fail(cli);
    moving_ask(cli);
    return session_run(cli, work);
}

const struct command command_flash = {
    .name = "flash",
    .summary = "program an image: back up, write what differs, verify, restart",
    .usage = "FILE",
    .description =
        "Recognises the file by its content (a whole image, QIO; an application, UA; a full dump), "
        "refuses what does not belong on this module, makes a verified backup, computes what has "
        "to "
        "change sector by sector, writes only that, verifies it on the chip and restarts the "
        "module.\n\n"
        "The boot loader and the RF calibration are left alone unless the rules `boot` and "
        "`calibration` are lifted. A module whose flash is erased needs a boot loader too: --boot "
        "FILE joins the application with the boot loader found in FILE (alone, or in a whole image "
        "or backup). An interrupted run is continued by running the command again: "
        "the "
        "backup of the untouched module is kept.\n\n"
        "A BL602 needs neighbours beside its application: partition table, second-stage loader, "
        "device tree. What the module has and is right stays; what it lacks comes from --boot, "
        "--device-tree and --layout, and if something is missing nothing is written.\n\n"
        "--rehearse reads the module, does everything on an emulated copy of it first, starts what "
        "comes out, and touches the module only if its application comes up there.\n\n"
        "--config auto moves house: what the old settings say about pins, roles and the address is "
        "written as an OpenBeken configuration in the same plan, with the network and the broker "
        "named by the options below, or asked for at a terminal, so that the module joins them "
        "without "
        "its access point.",
    .options = options,
    .min_positionals = 1,
    .max_positionals = 1,
    .device = true,
    .run = run,
};
