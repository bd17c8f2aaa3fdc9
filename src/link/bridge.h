/* USB-UART bridges known by their ids: data/usb-bridges.csv. */
#ifndef RK_LINK_BRIDGE_H
#define RK_LINK_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

struct rk_bridge {
    uint16_t vid, pid;
    const char *product; /* part of the product text that tells it from others with these ids */
    const char *name;
    uint32_t max_baud; /* from the data sheet, or what users report for clones; 0 = unknown */
};

extern const struct rk_bridge rk_bridges[];
extern const size_t rk_bridge_count;

/* The row that fits best, i.e. with the longest product text found in `product` (may be empty), or
 * NULL. */
const struct rk_bridge *rk_bridge_find(uint16_t vid, uint16_t pid, const char *product);

#endif
