/* What an emulated processor sees at its addresses: memory, and devices behind registers.
 *
 * Memory is given in pieces of whole 4 KiB pages and reached through one table lookup; a page that
 * is not memory belongs to a device or to nobody. The bus owns none of the memory it maps. */
#ifndef RK_EMULATE_BUS_H
#define RK_EMULATE_BUS_H

#include <rekindle/error.h>

#define RK_BUS_PAGE_BITS 12u
#define RK_BUS_PAGE      (1u << RK_BUS_PAGE_BITS)

/* A block of registers. `width` is 1, 2 or 4 bytes; addr is aligned to it. Reading an address that
 * the device does not know returns 0 and may be told to the owner's trace. */
struct rk_bus_device {
    uint32_t (*read)(void *user, uint32_t addr, unsigned width);
    void (*write)(void *user, uint32_t addr, uint32_t value, unsigned width);
    void *user;
    /* Up to which count of executed instructions reading addr again gives the same and does nothing
     * else, unless an event of the machine or a store comes before; 0 = that is not so. NULL = it
     * never is. */
    uint64_t (*steady)(void *user, uint32_t addr);
};

enum rk_bus_access {
    RK_BUS_READ_ONLY, /* a store does nothing, as on flash that is executed in place */
    RK_BUS_READ_WRITE
};

struct rk_bus;

RK_MUST_CHECK enum rk_status rk_bus_new(struct rk_bus **out, struct rk_error *err);
void rk_bus_free(struct rk_bus *bus);

/* Maps memory at [base, base + len), both multiples of RK_BUS_PAGE; it replaces what was there.
 * `bytes` stays the caller's and must outlive the mapping. The same bytes may be mapped twice. */
RK_MUST_CHECK enum rk_status rk_bus_map_memory(struct rk_bus *bus, uint32_t base, uint32_t len,
                                               uint8_t *bytes, enum rk_bus_access access,
                                               struct rk_error *err);
/* The same for registers. The device is copied. */
RK_MUST_CHECK enum rk_status rk_bus_map_device(struct rk_bus *bus, uint32_t base, uint32_t len,
                                               const struct rk_bus_device *device,
                                               struct rk_error *err);
/* Nothing is there any more. */
void rk_bus_unmap(struct rk_bus *bus, uint32_t base, uint32_t len);

/* The owner changed memory that may hold code without a store of the processor (flash that was
 * programmed, a loaded image): whatever a core has remembered of it is out of date. */
void rk_bus_changed(struct rk_bus *bus, uint32_t base, uint32_t len);

/* Sees every access to a device, with the value that was read or will be written; NULL = nobody. */
typedef void rk_bus_trace(void *user, uint32_t addr, uint32_t value, unsigned width, bool store);
void rk_bus_set_trace(struct rk_bus *bus, rk_bus_trace *trace, void *user);

/* For owners: reads and writes of memory only, any alignment; false if a byte of it is no memory.
 * Devices are not touched. */
bool rk_bus_peek(const struct rk_bus *bus, uint32_t addr, uint8_t *buf, size_t len);
bool rk_bus_poke(struct rk_bus *bus, uint32_t addr, const uint8_t *buf, size_t len);

#endif
