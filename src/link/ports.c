/* The list of serial ports, and the choice for a user who named none. */
#include "link/ports.h"

#include "base/text.h"
#include "link/bridge.h"

#include <stdlib.h>
#include <string.h>

struct rk_port *rk_port_list_add(struct rk_port_list *list)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        struct rk_port *bigger = realloc(list->ports, cap * sizeof *bigger);
        if (!bigger)
            return NULL;
        list->ports = bigger;
        list->cap = cap;
    }
    struct rk_port *port = &list->ports[list->count++];
    memset(port, 0, sizeof *port);
    return port;
}

void rk_port_name_bridge(struct rk_port *port)
{
    const struct rk_bridge *bridge = rk_bridge_find(port->vid, port->pid);

    if (!bridge)
        return;
    rk_text_copy(port->bridge, sizeof port->bridge, bridge->name);
    port->max_baud = bridge->max_baud;
}

static int by_name(const void *a, const void *b)
{
    const struct rk_port *p = a, *q = b;

    return p->usb != q->usb ? q->usb - p->usb : strcmp(p->name, q->name);
}

enum rk_status rk_ports_list(struct rk_context *ctx, struct rk_port **out, size_t *count,
                             struct rk_error *err)
{
    struct rk_port_list list = {.ports = NULL};
    enum rk_status st = rk_ports_scan(&list, err);

    (void)ctx;
    if (st != RK_OK) {
        free(list.ports);
        return st;
    }
    if (list.count)
        qsort(list.ports, list.count, sizeof *list.ports, by_name);
    *out = list.ports;
    *count = list.count;
    return RK_OK;
}

void rk_ports_free(struct rk_port *ports)
{
    free(ports);
}

static enum rk_status none_to_choose(const struct rk_port *ports, size_t count,
                                     struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.none", "no USB serial adapter found");
    rk_error_detail(err, "%zu other serial port%s here", count, count == 1 ? "" : "s");
    (void)ports;
    rk_error_hint(err,
                  "plug the adapter in, or name the port with -p; `rekindle sim bk7231n` needs "
                  "no hardware at all");
    return RK_ERR_PORT_NOT_FOUND;
}

static enum rk_status several(const struct rk_port *ports, size_t count, struct rk_error *err)
{
    char names[256] = "";

    for (size_t i = 0; i < count; i++)
        if (ports[i].usb)
            rk_text_append(names, sizeof names, "%s%s (%s)", names[0] ? ", " : "", ports[i].name,
                           ports[i].bridge[0] ? ports[i].bridge : ports[i].description);
    rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.ambiguous", "several USB serial adapters are there");
    rk_error_detail(err, "%s", names);
    rk_error_hint(err, "name one with -p: the wrong guess could reset somebody's printer");
    return RK_ERR_PORT_NOT_FOUND;
}

static enum rk_status unusable(const struct rk_port *port, struct rk_error *err)
{
    enum rk_status st = port->busy ? RK_ERR_PORT_BUSY : RK_ERR_PORT_DENIED;

    rk_fail(err, st, port->busy ? "port.busy" : "port.denied", "the only adapter, %s, %s",
            port->name, port->busy ? "is in use" : "cannot be opened");
    rk_error_hint(err, "%s", port->reason);
    return st;
}

enum rk_status rk_port_choose(struct rk_context *ctx, char *name, size_t cap, struct rk_error *err)
{
    struct rk_port *ports = NULL;
    size_t count = 0, candidates = 0;
    const struct rk_port *only = NULL;
    enum rk_status st = rk_ports_list(ctx, &ports, &count, err);

    if (st != RK_OK)
        return st;
    for (size_t i = 0; i < count; i++)
        if (ports[i].usb) {
            only = &ports[i];
            candidates++;
        }
    if (candidates == 0)
        st = none_to_choose(ports, count, err);
    else if (candidates > 1 || !only->bridge[0])
        st = several(ports, count, err);
    else if (!only->accessible || only->busy)
        st = unusable(only, err);
    else
        rk_text_copy(name, cap, only->name);
    rk_ports_free(ports);
    return st;
}
