#include <rekindle/move.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/obk.h"

#include <rekindle/identity.h>

#include <stdlib.h>
#include <string.h>

uint32_t rk_move_product(const struct rk_product *product, struct rk_obk *obk)
{
    char name[16], value[48], startup[1024] = "";
    uint32_t count = 0;
    uint64_t taken = 0;

    for (size_t i = 0; i < product->pin_count; i++) {
        const struct rk_product_pin *pin = &product->pins[i];
        if (!pin->role[0] || pin->pin > 63 || taken >> pin->pin & 1)
            continue;
        rk_text_format(name, sizeof name, "pin.%u", pin->pin);
        rk_text_format(value, sizeof value, "%s;%u", pin->role, pin->channel);
        if (rk_obk_set(obk, name, value, NULL) != RK_OK)
            continue;
        taken |= (uint64_t)1 << pin->pin;
        count++;
    }
    for (size_t i = 0; i < product->command_count; i++)
        rk_text_append(startup, sizeof startup, "%s%s",
                       i                            ? "; "
                       : product->command_count > 1 ? "backlog "
                                                    : "",
                       product->commands[i]);
    if (startup[0])
        (void)!rk_obk_set(obk, "startup", startup, NULL);
    return count;
}

/* The record of an OpenBeken backup, for the new platform: the same fields at their places there. */
struct copy {
    struct rk_obk *to;
    bool pins;
};

static void copy_item(void *user, const struct rk_obk_item *item)
{
    struct copy *c = user;

    if (strncmp(item->name, "pin.", 4) == 0 && !c->pins)
        return;
    /* Counters, calibration and fields the new layout does not have stay as they are there. */
    (void)!rk_obk_set(c->to, item->name, item->value, NULL);
}

static bool from_openbeken(const uint8_t *backup, size_t len, struct rk_obk *obk,
                           struct rk_move_report *report)
{
    struct rk_obk *old = NULL;

    if (rk_obk_find(backup, len, NULL, &old, NULL) != RK_OK)
        return false;
    const struct rk_obk_platform *a = old->facts.platform, *b = obk->facts.platform;
    /* Pin numbers mean the same on chips of one family only. */
    struct copy c = {obk, !a || strncmp(a->name, b->name, 4) == 0};
    rk_obk_visit(old, copy_item, &c);
    /* Sealing counts one change: a move that is repeated ends with the same bytes. */
    uint16_t changes = rk_get_le16(old->bytes + 0x10);
    rk_put_le16(obk->bytes + 0x10, (uint16_t)(changes ? changes - 1 : 0));
    report->from_openbeken = report->certain = true;
    for (unsigned i = 0; i < rk_obk_pin_room(obk); i++)
        report->pins += obk->bytes[rk_obk_layouts[obk->layout].pins + i] != 0;
    rk_obk_free(old);
    return true;
}

static enum rk_status from_tuya(const uint8_t *backup, size_t len, struct rk_obk *obk,
                                struct rk_move_report *report, struct rk_error *err)
{
    struct rk_tuya *tuya = NULL;
    struct rk_product *product = NULL;
    enum rk_status st = rk_tuya_read(backup, len, &tuya, NULL);

    if (st == RK_ERR_IMAGE_FORMAT || st == RK_ERR_ARG)
        return RK_OK;
    if (st == RK_OK)
        st = rk_product_of_tuya(tuya, &product, NULL);
    if (st == RK_OK) {
        report->from_tuya = true;
        report->certain = product->certain;
        report->pins = rk_move_product(product, obk);
    } else {
        rk_fail(err, st, "internal.memory", "out of memory");
    }
    rk_product_free(product);
    rk_tuya_free(tuya);
    return st;
}

/* "host" or "host:port". */
static enum rk_status set_broker(struct rk_obk *obk, const char *text, struct rk_error *err)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    enum rk_status st = RK_OK;

    rk_text_copy(host, sizeof host, text);
    if (colon && (size_t)(colon - text) < sizeof host) {
        host[colon - text] = '\0';
        st = rk_obk_set(obk, "mqtt.port", colon + 1, err);
    }
    return st == RK_OK ? rk_obk_set(obk, "mqtt.host", host, err) : st;
}

static enum rk_status add_options(struct rk_obk *obk, const struct rk_move_options *o,
                                  struct rk_error *err)
{
    const char *const fields[][2] = {
        {"wifi.ssid", o->ssid},      {"wifi.password", o->password},
        {"mqtt.user", o->mqtt_user}, {"mqtt.password", o->mqtt_password},
        {"name.short", o->name},     {"name.long", o->name},
        {"mqtt.client", o->name},
    };
    enum rk_status st = o->mqtt_host ? set_broker(obk, o->mqtt_host, err) : RK_OK;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && st == RK_OK; i++)
        if (fields[i][1])
            st = rk_obk_set(obk, fields[i][0], fields[i][1], err);
    return st;
}

enum rk_status rk_move_settings(const uint8_t *backup, size_t len, const char *platform,
                                const struct rk_move_options *options, struct rk_obk **out,
                                struct rk_move_report *report, struct rk_error *err)
{
    static const uint8_t no_mac[6];
    struct rk_identity id;
    struct rk_obk *obk = NULL;
    char *ssid = NULL;

    memset(report, 0, sizeof *report);
    report->has_mac = rk_identity_find(backup, len, &id) && id.state == RK_MAC_GOOD;
    if (report->has_mac)
        memcpy(report->mac, id.mac, 6);
    enum rk_status st = rk_obk_new(platform, report->has_mac ? id.mac : no_mac, &obk, err);
    if (st != RK_OK)
        return st;
    if (!from_openbeken(backup, len, obk, report))
        st = from_tuya(backup, len, obk, report, err);
    if (st == RK_OK && options)
        st = add_options(obk, options, err);
    if (st == RK_OK)
        st = rk_obk_get(obk, "wifi.ssid", &ssid, NULL, err);
    if (st == RK_OK) {
        size_t length;
        report->has_wifi = ssid[0] != '\0';
        (void)rk_obk_seal(obk, &length);
        *out = obk;
    } else {
        rk_obk_free(obk);
    }
    free(ssid);
    return st;
}
