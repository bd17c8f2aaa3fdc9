#include "cli.h"

#include "base/text.h"

#include <string.h>

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static const char *key_name(enum rk_key_class key)
{
    static const char *const names[] = {"unknown", "zero", "tuya", "vendor", "unreadable"};

    return (size_t)key < sizeof names / sizeof names[0] ? names[key] : "unknown";
}

static const char *evidence_name(enum rk_evidence evidence)
{
    static const char *const names[] = {"none", "guess", "one", "confirmed"};

    return (size_t)evidence < sizeof names / sizeof names[0] ? names[evidence] : "none";
}

static const char *kind_name(enum rk_region_kind kind)
{
    static const char *const names[] = {"other",       "boot",     "app",       "ota",
                                        "calibration", "settings", "partitions"};

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "other";
}

static void put_optional(struct rk_json *json, const char *key, const char *text)
{
    rk_json_put_string(json, key, text[0] ? text : NULL);
}

static void put_flash(struct rk_json *json, const struct rk_device_info *info)
{
    rk_json_key(json, "flash");
    rk_json_object_begin(json);
    rk_json_key(json, "jedec");
    if (info->has_jedec)
        rk_json_hex(json, info->jedec, 3);
    else
        rk_json_null(json);
    put_optional(json, "part", info->flash_name);
    rk_json_put_u64(json, "size", info->flash_size);
    rk_json_put_string(json, "size_evidence", evidence_name(info->flash_size_evidence));
    rk_json_key(json, "status");
    if (info->has_status)
        rk_json_u64(json, info->status);
    else
        rk_json_null(json);
    rk_json_key(json, "protected");
    if (info->has_status)
        rk_json_bool(json, info->write_protected);
    else
        rk_json_null(json);
    rk_json_object_end(json);
}

static void put_key(struct session *s, struct rk_json *json, const struct rk_device_info *info)
{
    bool readable = info->key_class == RK_KEY_TUYA || info->key_class == RK_KEY_VENDOR;

    rk_json_put_string(json, "key_class", key_name(info->key_class));
    rk_json_key(json, "key");
    if (!readable || !s->cli->out.show_secrets) {
        rk_json_string(json, readable ? "***" : NULL);
        return;
    }
    char text[40];
    rk_text_format(text, sizeof text, "%08x %08x %08x %08x", (unsigned)info->key[0],
                   (unsigned)info->key[1], (unsigned)info->key[2], (unsigned)info->key[3]);
    rk_json_string(json, text);
}

static void put_regions(struct rk_json *json, const struct rk_device *dev)
{
    size_t count = 0;
    const struct rk_region *regions = rk_device_regions(dev, &count);

    rk_json_key(json, "regions");
    rk_json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "name", regions[i].name);
        rk_json_put_string(json, "kind", kind_name(regions[i].kind));
        rk_json_put_u64(json, "address", regions[i].addr);
        rk_json_put_u64(json, "length", regions[i].len);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
}

static void put_info(struct session *s, struct rk_json *json, const struct rk_device_info *info)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "family", info->family);
    rk_json_put_string(json, "chip", info->chip);
    rk_json_put_string(json, "chip_evidence", evidence_name(info->chip_evidence));
    rk_json_put_bool(json, "untested", info->untested);
    rk_json_key(json, "chip_id");
    if (info->chip_id)
        rk_json_u64(json, info->chip_id);
    else
        rk_json_null(json);
    rk_json_key(json, "loader");
    rk_json_object_begin(json);
    put_optional(json, "version", info->loader);
    rk_json_put_bool(json, "in_rom", info->loader_in_rom);
    put_optional(json, "can", info->loader_can);
    put_optional(json, "known_as", info->fingerprint_name);
    rk_json_key(json, "fingerprint");
    if (info->has_fingerprint) {
        char text[12];
        rk_text_format(text, sizeof text, "%08x", (unsigned)info->fingerprint);
        rk_json_string(json, text);
    } else {
        rk_json_null(json);
    }
    rk_json_object_end(json);
    put_flash(json, info);
    put_key(s, json, info);
    rk_json_key(json, "mac");
    if (info->has_mac)
        rk_json_hex(json, info->mac, 6);
    else
        rk_json_null(json);
    rk_json_put_u64(json, "baud", info->baud);
    put_regions(json, s->dev);
    rk_json_object_end(json);
}

static void tell_flash(struct session *s, const struct rk_device_info *info)
{
    static const char *const sure[] = {"", " (a guess)", "", " (confirmed)"};

    if (info->has_jedec)
        session_print(s, "flash     %u KiB%s, %s %02x%02x%02x", (unsigned)(info->flash_size / 1024),
                      sure[info->flash_size_evidence & 3],
                      info->flash_name[0] ? info->flash_name : "unknown part", info->jedec[0],
                      info->jedec[1], info->jedec[2]);
    else
        session_print(s, "flash     %u KiB%s; this loader cannot tell the part",
                      (unsigned)(info->flash_size / 1024), sure[info->flash_size_evidence & 3]);
    if (info->has_status)
        session_print(s, "protected %s (status registers 0x%04x)",
                      info->write_protected ? "yes, removed for writing and put back" : "no",
                      (unsigned)info->status);
}

static void tell_key(struct session *s, const struct rk_device_info *info)
{
    if ((info->key_class == RK_KEY_TUYA || info->key_class == RK_KEY_VENDOR) &&
        s->cli->out.show_secrets)
        session_print(s, "key       %s: %08x %08x %08x %08x", key_name(info->key_class),
                      (unsigned)info->key[0], (unsigned)info->key[1], (unsigned)info->key[2],
                      (unsigned)info->key[3]);
    else
        session_print(s, "key       %s%s", key_name(info->key_class),
                      info->loader_in_rom ? "" : " (cannot be read over this loader)");
}

/* What the module is talked to through. */
static const char *loader_text(const struct rk_device_info *info)
{
    if (strcmp(info->family, "bl602") != 0)
        return info->loader_in_rom ? "in mask ROM" : info->loader;
    return strcmp(info->loader, "rekindle") == 0 ? "rekindle's own, in RAM; started by the mask ROM"
           : strcmp(info->loader, "in RAM") == 0 ? "as given, in RAM; started by the mask ROM"
                                                 : "in mask ROM";
}

static void tell_info(struct session *s, const struct rk_device_info *info)
{
    size_t count = 0;
    const struct rk_region *regions = rk_device_regions(s->dev, &count);

    session_print(s, "chip      %s%s", info->chip,
                  info->untested ? " (support untested on the real thing)" : "");
    session_print(s, "loader    %s%s%s", loader_text(info),
                  info->fingerprint_name[0] ? "; in flash: " : "", info->fingerprint_name);
    if (info->loader_can[0])
        session_print(s, "          %s", info->loader_can);
    tell_flash(s, info);
    tell_key(s, info);
    if (info->has_mac)
        session_print(s, "mac       %02x:%02x:%02x:%02x:%02x:%02x", info->mac[0], info->mac[1],
                      info->mac[2], info->mac[3], info->mac[4], info->mac[5]);
    else
        session_print(s, "mac       not found: no RF calibration record in the flash");
    session_print(s, "link      %s at %u baud", s->port, (unsigned)info->baud);
    for (size_t i = 0; i < count; i++)
        session_print(s, "%-9s %-8s 0x%06x+0x%06x", i ? "" : "regions", regions[i].name,
                      (unsigned)regions[i].addr, (unsigned)regions[i].len);
}

static enum rk_status work(struct session *s, struct rk_json *json)
{
    enum rk_status st = rk_device_identify(s->dev, &s->err);

    if (st != RK_OK)
        return st;
    put_info(s, json, rk_device_info(s->dev));
    tell_info(s, rk_device_info(s->dev));
    return RK_OK;
}

static int run(struct cli *cli)
{
    return session_run(cli, work);
}

const struct command command_info = {
    .name = "info",
    .alias = "identify",
    .summary = "identify the module: chip, loader, flash, key, MAC, regions",
    .usage = "",
    .description = "Links with the module and finds out what it is. Nothing on it is changed. The "
                   "module stays in its loader afterwards; `rekindle reset` starts it again.",
    .options = options,
    .device = true,
    .run = run,
};
