/* Listing serial ports: one function per system. */
#ifndef RK_LINK_PORTS_H
#define RK_LINK_PORTS_H

#include <rekindle/port.h>

/* A growing list. */
struct rk_port_list {
    struct rk_port *ports;
    size_t count, cap;
};

/* Appends an empty entry; NULL if out of memory. */
struct rk_port *rk_port_list_add(struct rk_port_list *list);

/* Fills name of the bridge and its highest rate from vid, pid and description. */
void rk_port_name_bridge(struct rk_port *port);

/* The choice of rk_port_choose() from a list. */
RK_MUST_CHECK enum rk_status rk_port_pick(const struct rk_port *ports, size_t count, char *name,
                                          size_t cap, struct rk_error *err);

/* Adds every serial port of this system. Errors: NOMEM, PORT_IO. Implemented per system. */
RK_MUST_CHECK enum rk_status rk_ports_scan(struct rk_port_list *list, struct rk_error *err);

#ifdef __linux__
/* The same below another root than "/", so that tests can fabricate a machine. */
RK_MUST_CHECK enum rk_status rk_ports_scan_root(struct rk_port_list *list, const char *root,
                                                struct rk_error *err);
#endif

#endif
