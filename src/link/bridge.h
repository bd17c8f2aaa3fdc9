/* USB-UART bridges known by their ids: data/usb-bridges.csv. */
#ifndef RK_LINK_BRIDGE_H
#define RK_LINK_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

struct rk_bridge {
    uint16_t vid, pid;
    const char *name;
    uint32_t max_baud; /* from the data sheet, or what users report for clones; 0 = unknown */
};

extern const struct rk_bridge rk_bridges[];
extern const size_t rk_bridge_count;

/* The row of an id, or NULL. */
const struct rk_bridge *rk_bridge_find(uint16_t vid, uint16_t pid);

#endif
