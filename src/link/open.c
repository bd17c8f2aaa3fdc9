/* What a port specification means. */
#include "base/text.h"
#include "link/bridge.h"
#include "link/ports.h"
#include "link/schemes.h"
#include "link/serial.h"
#include "link/virtual.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name; /* first member: the table is searched by it */
    enum rk_status (*open)(struct rk_context *ctx, const char *rest, struct rk_link **out,
                           struct rk_error *err);
} schemes[] = {
    {"sim:", rk_sim_open_link},  {"tcp://", rk_tcp_open}, {"rfc2217://", rk_rfc2217_open},
    {"replay:", rk_replay_open}, {"usb:", rk_usb_open},
};
#define SCHEME_COUNT (sizeof schemes / sizeof schemes[0])

/* What the list of ports knows of a path: bridge, ids. Not finding it is no error: a
 * pseudo-terminal or a link is in no list. */
static enum rk_status look_up(const char *path, struct rk_link_info *info, struct rk_error *err)
{
    struct rk_port_list list = {.ports = NULL};
    enum rk_status st = rk_ports_scan(&list, err);

    for (size_t i = 0; st == RK_OK && i < list.count; i++) {
        const struct rk_port *port = &list.ports[i];
        if (strcmp(port->name, path) != 0 && strcmp(port->stable, path) != 0)
            continue;
        rk_text_copy(info->bridge, sizeof info->bridge, port->bridge);
        rk_text_copy(info->serial, sizeof info->serial, port->serial);
        info->vid = port->vid;
        info->pid = port->pid;
        info->max_baud = port->max_baud;
    }
    free(list.ports);
    return st;
}

static bool matches(const struct rk_port *port, unsigned vid, unsigned pid, const char *serial)
{
    return port->usb && port->vid == vid && port->pid == pid &&
           (!*serial || strcmp(port->serial, serial) == 0);
}

static bool scan_hex16(const char **text, unsigned *value)
{
    char *end = NULL;
    unsigned long v = strtoul(*text, &end, 16);
    bool ok = end != *text && end - *text <= 4 && v <= 0xFFFF && **text != '-' && **text != '+';

    *text = end;
    *value = (unsigned)v;
    return ok;
}

enum rk_status rk_usb_open(struct rk_context *ctx, const char *id, struct rk_link **out,
                           struct rk_error *err)
{
    const char *p = id;
    unsigned vid = 0, pid = 0, found = 0;
    struct rk_port *ports = NULL;
    size_t count = 0;
    char path[sizeof ports->name] = "";
    bool ok = scan_hex16(&p, &vid) && *p == ':' && (p++, scan_hex16(&p, &pid)) &&
              (*p == '\0' || *p == ':');

    if (!ok) {
        rk_fail(err, RK_ERR_ARG, "usage.port", "\"usb:%s\" is not usb:VID:PID[:SERIAL]", id);
        rk_error_hint(err, "for example usb:1a86:7523; `rekindle ports` shows the ids");
        return RK_ERR_ARG;
    }
    const char *serial = *p == ':' ? p + 1 : "";
    enum rk_status st = rk_ports_list(ctx, &ports, &count, err);
    for (size_t i = 0; st == RK_OK && i < count; i++)
        if (matches(&ports[i], vid, pid, serial)) {
            rk_text_copy(path, sizeof path, ports[i].name);
            found++;
        }
    rk_ports_free(ports);
    if (st != RK_OK)
        return st;
    if (found == 1)
        return rk_link_open(ctx, path, out, err);
    rk_fail(err, RK_ERR_PORT_NOT_FOUND, found ? "port.ambiguous" : "port.not-found",
            found ? "%u adapters are usb:%s" : "%u adapters are usb:%s: none is plugged in", found,
            id);
    rk_error_hint(err, found ? "add the serial number, or name the path"
                             : "`rekindle ports` lists what is there");
    return RK_ERR_PORT_NOT_FOUND;
}

static enum rk_status unknown_scheme(const char *spec, size_t len, struct rk_error *err)
{
    char name[24];
    const char *near = NULL;

    rk_text_copy(name, len + 1 < sizeof name ? len + 1 : sizeof name, spec);
    near = rk_text_nearest(name, &schemes[0].name, SCHEME_COUNT, sizeof schemes[0]);
    rk_fail(err, RK_ERR_ARG, "usage.port", "\"%s\" is no kind of port we know", spec);
    if (near)
        rk_error_hint(err, "did you mean %s...?", near);
    else
        rk_error_hint(err, "a device path, usb:VID:PID, tcp://HOST:PORT, rfc2217://HOST:PORT, "
                           "sim:MODEL or replay:FILE");
    return RK_ERR_ARG;
}

enum rk_status rk_link_open(struct rk_context *ctx, const char *spec, struct rk_link **out,
                            struct rk_error *err)
{
    struct rk_link_info info = {.vid = 0};
    const char *colon = strchr(spec, ':');

    for (size_t i = 0; i < SCHEME_COUNT; i++)
        if (strncmp(spec, schemes[i].name, strlen(schemes[i].name)) == 0)
            return schemes[i].open(ctx, spec + strlen(schemes[i].name), out, err);
    /* A path may hold a colon (by-id links do); a word in front of one is a scheme. */
    if (colon && !strchr(spec, '\\') && spec[0] != '/' && spec[0] != '.')
        return unknown_scheme(spec, (size_t)(colon - spec) + (strncmp(colon, "://", 3) ? 1 : 3),
                              err);
    if (!*spec)
        return rk_fail(err, RK_ERR_ARG, "usage.port", "the port has no name");
    enum rk_status st = look_up(spec, &info, err);
    return st == RK_OK ? rk_serial_open(ctx, spec, &info, out, err) : st;
}
