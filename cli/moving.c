#include "moving.h"

#include "ask.h"

#include <stdlib.h>
#include <string.h>

bool moving_wanted(const struct invocation *in)
{
    const char *value = option_value(in, "config");

    return in->command && strcmp(in->command->name, "flash") == 0 && value &&
           strcmp(value, "auto") == 0;
}

enum rk_status moving_read(struct rk_device *dev, bool everything, uint8_t **data, size_t *len,
                           struct rk_error *err)
{
    /* Configuration and calibration of the N series; calibration of the T series up to the end of
     * Tuya's storage. */
    static const struct {
        uint32_t addr, len;
    } usual[] = {{0x1CF000, 0x6000}, {0x1E0000, 0x20000}};
    size_t size = rk_device_info(dev)->flash_size;
    uint8_t *buf = malloc(size ? size : 1);
    enum rk_status st = RK_OK;

    if (!buf)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(buf, 0xFF, size);
    if (everything || size < 0x200000)
        st = rk_job_read(dev, 0, buf, size, err);
    for (size_t i = 0; !everything && size >= 0x200000 && st == RK_OK && i < 2; i++)
        st = rk_job_read(dev, usual[i].addr, buf + usual[i].addr, usual[i].len, err);
    if (st != RK_OK) {
        free(buf);
        return st;
    }
    *data = buf;
    *len = size;
    return RK_OK;
}

void moving_ask(struct cli *cli)
{
    struct network *n = &cli->network;

    if (!moving_wanted(&cli->in) || option_value(&cli->in, "wifi-ssid") ||
        option_on(&cli->in, "yes"))
        return;
    if (!ask_text(&cli->out, "Wi-Fi network the module shall join (empty: none):", false, n->ssid,
                  sizeof n->ssid) ||
        !n->ssid[0] ||
        !ask_text(&cli->out, "Its password (not shown):", true, n->password, sizeof n->password))
        *n = (struct network){.ssid = ""};
}

static void tell(struct session *s, const struct rk_move_report *r)
{
    const char *from = r->from_openbeken ? "the OpenBeken configuration"
                       : r->from_tuya    ? "Tuya's settings"
                                         : "the defaults: the module holds no settings";
    const char *wifi = r->has_wifi ? "it will join your network"
                                   : "no network is given: it will open its access point";

    session_print(s, "settings from %s, %u pins; %s%s", from, (unsigned)r->pins, wifi,
                  r->from_tuya && !r->certain ? "; the pins are doubtful, check them" : "");
}

enum rk_status moving_prepare(struct session *s, struct rk_write_policy *policy, struct moving *out)
{
    const struct invocation *in = &s->cli->in;
    const struct network *asked = &s->cli->network;
    const struct rk_move_options options = {
        .ssid = asked->ssid[0] ? asked->ssid : option_value(in, "wifi-ssid"),
        .password = asked->ssid[0] ? asked->password : option_value(in, "wifi-password"),
        .mqtt_host = option_value(in, "mqtt"),
        .mqtt_user = option_value(in, "mqtt-user"),
        .mqtt_password = option_value(in, "mqtt-password"),
        .name = option_value(in, "device-name"),
    };
    struct rk_obk *obk = NULL;
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status st = moving_read(s->dev, false, &data, &len, &s->err);

    memset(out, 0, sizeof *out);
    if (st == RK_OK)
        st = rk_move_settings(data, len, rk_device_info(s->dev)->chip, &options, &obk, &out->report,
                              &s->err);
    if (st == RK_OK)
        st = rk_obk_patch(obk, data, len, &out->patch, &s->err);
    if (st == RK_OK) {
        out->segment = (struct rk_segment){out->patch.addr, out->patch.len, out->patch.data};
        policy->extra = &out->segment;
        policy->extra_count = 1;
        out->prepared = true;
        tell(s, &out->report);
    }
    rk_obk_free(obk);
    free(data);
    return st;
}

void moving_free(struct moving *moving)
{
    free(moving->patch.data);
    moving->patch.data = NULL;
}

void moving_put(const struct moving *moving, struct rk_json *json)
{
    const struct rk_move_report *r = &moving->report;

    if (!moving->prepared)
        return;
    rk_json_key(json, "settings");
    rk_json_object_begin(json);
    rk_json_put_string(json, "from",
                       r->from_openbeken ? "openbeken"
                       : r->from_tuya    ? "tuya"
                                         : "defaults");
    rk_json_put_bool(json, "certain", r->certain);
    rk_json_put_u64(json, "pins", r->pins);
    rk_json_put_bool(json, "wifi", r->has_wifi);
    rk_json_put_u64(json, "address", moving->patch.addr);
    rk_json_put_u64(json, "length", moving->patch.len);
    rk_json_object_end(json);
}
