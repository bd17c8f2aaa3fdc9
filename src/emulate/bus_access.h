/* The fast way to memory, for the cores: one lookup per access. */
#ifndef RK_EMULATE_BUS_ACCESS_H
#define RK_EMULATE_BUS_ACCESS_H

#include "base/bytes.h"
#include "emulate/bus.h"

#define RK_BUS_PAGES    (1u << (32 - RK_BUS_PAGE_BITS))
#define RK_BUS_DEVICES  64u
#define RK_BUS_WATCHES  4u
#define RK_BUS_MEMORIES 64u

struct rk_bus_page {
    uint8_t *read;   /* memory, else NULL */
    uint8_t *write;  /* memory that takes stores, else NULL */
    uint16_t device; /* number of a device plus one, 0 = none */
    bool code;       /* a core remembers instructions of it */
};

/* Told when code that a core remembers has been changed. */
typedef void rk_bus_watch(void *user, uint32_t base, uint32_t len);

struct rk_bus {
    struct rk_bus_page *pages;
    struct rk_bus_device devices[RK_BUS_DEVICES];
    size_t device_count;
    struct {
        rk_bus_watch *call;
        void *user;
    } watches[RK_BUS_WATCHES];
    size_t watch_count;
    struct {
        uint32_t base, len;
        const uint8_t *bytes;
    } memories[RK_BUS_MEMORIES]; /* to find bytes that are mapped twice */
    size_t memory_count;
    bool aliased; /* some are */
    rk_bus_trace *trace;
    void *trace_user;
};

/* Cores register themselves here, and mark pages they take instructions from. */
bool rk_bus_add_watch(struct rk_bus *bus, rk_bus_watch *call, void *user);
void rk_bus_remove_watch(struct rk_bus *bus, void *user);
/* The page at addr, and every other that shows the same bytes, holds remembered code. */
void rk_bus_mark_code(struct rk_bus *bus, uint32_t addr);

static inline struct rk_bus_page *rk_bus_page_of(const struct rk_bus *bus, uint32_t addr)
{
    return &bus->pages[addr >> RK_BUS_PAGE_BITS];
}

/* True if the address is neither memory nor a device. */
static inline bool rk_bus_is_void(const struct rk_bus *bus, uint32_t addr)
{
    const struct rk_bus_page *p = rk_bus_page_of(bus, addr);

    return !p->read && !p->device;
}

/* Device registers; 0 where there is no device. */
uint32_t rk_bus_device_read(const struct rk_bus *bus, uint32_t addr, unsigned width);
void rk_bus_device_write(const struct rk_bus *bus, uint32_t addr, uint32_t value, unsigned width);
/* See struct rk_bus_device. */
uint64_t rk_bus_device_steady(const struct rk_bus *bus, uint32_t addr);

#endif
