/* The list of serial ports, and the choice for a user who named none. */
#include "link/ports.h"

#include "base/text.h"
#include "link/bridge.h"
#include "link/serial.h"

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
    const struct rk_bridge *bridge = rk_bridge_find(port->vid, port->pid, port->description);

    if (!bridge)
        return;
    rk_text_copy(port->bridge, sizeof port->bridge, bridge->name);
    port->max_baud = bridge->max_baud;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* USB adapters first, then by name with numbers as numbers: ttyUSB2 before ttyUSB10. */
static int by_name(const void *a, const void *b)
{
    const struct rk_port *p = a, *q = b;
    const char *x = p->name, *y = q->name;

    if (p->usb != q->usb)
        return q->usb - p->usb;
    while (*x && (*x == *y || (is_digit(*x) && is_digit(*y)))) {
        if (!is_digit(*x)) {
            x++;
            y++;
            continue;
        }
        char *x_end, *y_end;
        unsigned long m = strtoul(x, &x_end, 10), n = strtoul(y, &y_end, 10);
        if (m != n)
            return m < n ? -1 : 1;
        x = x_end;
        y = y_end;
    }
    return (unsigned char)*x - (unsigned char)*y;
}

/* Does somebody hold the port? That means asking every process, so only lists for people and the
 * automatic choice do it; Windows tells only when a port is opened. */
static void judge_busy(struct rk_port *port)
{
#ifdef _WIN32
    (void)port;
#else
    char holder[96];

    if (!port->accessible)
        return;
    rk_serial_holder(port->name, holder, sizeof holder);
    port->busy = holder[0] != '\0';
    if (port->busy)
        rk_text_format(port->reason, sizeof port->reason, "held by %s: close it", holder);
#endif
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
    for (size_t i = 0; i < list.count; i++)
        judge_busy(&list.ports[i]);
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

/* "/dev/ttyUSB0 (CH340), ..." of the USB adapters, or of those with a known bridge only. Returns
 * their number. */
static size_t name_adapters(const struct rk_port *ports, size_t count, bool known_only, char *text,
                            size_t cap)
{
    size_t found = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!ports[i].usb || (known_only && !ports[i].bridge[0]))
            continue;
        const char *what = ports[i].bridge[0] ? ports[i].bridge : ports[i].description;
        rk_text_append(text, cap, "%s%s (%s)", found ? ", " : "", ports[i].name,
                       what[0] ? what : "unknown adapter");
        found++;
    }
    return found;
}

static enum rk_status none_to_choose(const struct rk_port *ports, size_t count,
                                     struct rk_error *err)
{
    char names[256];

    rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.none", "no USB serial adapter found");
    if (name_adapters(ports, count, false, names, sizeof names) > 0) {
        rk_error_detail(err, "adapters of unknown kind are not used unasked: %s", names);
        rk_error_hint(err, "if one of them is the right one, name it with -p");
        return RK_ERR_PORT_NOT_FOUND;
    }
    rk_error_detail(err, "%zu other serial port%s here", count, count == 1 ? "" : "s");
    rk_error_hint(err, "plug the adapter in (a cable that only charges carries no data), or name "
                       "the port with -p; `rekindle sim bk7231n` needs no hardware at all");
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

enum rk_status rk_port_pick(const struct rk_port *ports, size_t count, char *name, size_t cap,
                            struct rk_error *err)
{
    char names[256];
    size_t candidates = name_adapters(ports, count, true, names, sizeof names);

    if (candidates == 0)
        return none_to_choose(ports, count, err);
    if (candidates > 1) {
        rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.ambiguous",
                "several USB serial adapters are there");
        rk_error_detail(err, "%s", names);
        rk_error_hint(err, "name one with -p: the wrong guess could reset somebody's printer");
        return RK_ERR_PORT_NOT_FOUND;
    }
    while (!ports->usb || !ports->bridge[0])
        ports++;
    if (!ports->accessible || ports->busy)
        return unusable(ports, err);
    rk_text_copy(name, cap, ports->name);
    return RK_OK;
}

enum rk_status rk_port_choose(struct rk_context *ctx, char *name, size_t cap, struct rk_error *err)
{
    struct rk_port *ports = NULL;
    size_t count = 0;
    enum rk_status st = rk_ports_list(ctx, &ports, &count, err);

    if (st == RK_OK)
        st = rk_port_pick(ports, count, name, cap, err);
    rk_ports_free(ports);
    return st;
}
