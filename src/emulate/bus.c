#include "emulate/bus_access.h"

#include <stdlib.h>
#include <string.h>

#define OFFSET(addr) ((addr) & (RK_BUS_PAGE - 1))

enum rk_status rk_bus_new(struct rk_bus **out, struct rk_error *err)
{
    struct rk_bus *bus = calloc(1, sizeof *bus);

    if (bus)
        bus->pages = calloc(RK_BUS_PAGES, sizeof bus->pages[0]);
    if (!bus || !bus->pages) {
        free(bus);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    *out = bus;
    return RK_OK;
}

void rk_bus_free(struct rk_bus *bus)
{
    if (!bus)
        return;
    free(bus->pages);
    free(bus);
}

bool rk_bus_add_watch(struct rk_bus *bus, rk_bus_watch *call, void *user)
{
    if (bus->watch_count == RK_BUS_WATCHES)
        return false;
    bus->watches[bus->watch_count].call = call;
    bus->watches[bus->watch_count++].user = user;
    return true;
}

void rk_bus_remove_watch(struct rk_bus *bus, void *user)
{
    for (size_t i = 0; i < bus->watch_count; i++)
        if (bus->watches[i].user == user)
            bus->watches[i--] = bus->watches[--bus->watch_count];
}

void rk_bus_mark_code(struct rk_bus *bus, uint32_t addr)
{
    struct rk_bus_page *page = rk_bus_page_of(bus, addr);

    page->code = true;
    for (size_t i = 0; bus->aliased && i < bus->memory_count; i++) {
        uint32_t base = bus->memories[i].base, len = bus->memories[i].len;
        uintptr_t first = (uintptr_t)bus->memories[i].bytes, at = (uintptr_t)page->read;
        if (at >= first && at - first < len)
            rk_bus_page_of(bus, base + (uint32_t)(at - first))->code = true;
    }
}

/* Remembers where memory is mapped, to know about bytes at two addresses. */
static bool keep_memory(struct rk_bus *bus, uint32_t base, uint32_t len, const uint8_t *bytes)
{
    if (bus->memory_count == RK_BUS_MEMORIES)
        return false;
    for (size_t i = 0; i < bus->memory_count; i++) {
        const uint8_t *other = bus->memories[i].bytes;
        bus->aliased |= (uintptr_t)bytes < (uintptr_t)other + bus->memories[i].len &&
                        (uintptr_t)other < (uintptr_t)bytes + len;
    }
    bus->memories[bus->memory_count].base = base;
    bus->memories[bus->memory_count].len = len;
    bus->memories[bus->memory_count++].bytes = bytes;
    return true;
}

static void drop_memory(struct rk_bus *bus, uint32_t base, uint32_t len)
{
    for (size_t i = 0; i < bus->memory_count; i++)
        if (bus->memories[i].base == base && bus->memories[i].len == len)
            bus->memories[i--] = bus->memories[--bus->memory_count];
}

static enum rk_status check_range(uint32_t base, uint32_t len, struct rk_error *err)
{
    if (OFFSET(base) || OFFSET(len) || len == 0 || (uint64_t)base + len > (uint64_t)1 << 32)
        return rk_fail(err, RK_ERR_ARG, "internal.argument", "0x%08x+0x%x is no run of whole pages",
                       (unsigned)base, (unsigned)len);
    return RK_OK;
}

void rk_bus_changed(struct rk_bus *bus, uint32_t base, uint32_t len)
{
    for (size_t i = 0; i < bus->watch_count; i++)
        bus->watches[i].call(bus->watches[i].user, base, len);
}

static void set_pages(struct rk_bus *bus, uint32_t base, uint32_t len, struct rk_bus_page first)
{
    for (uint32_t at = 0; at < len; at += RK_BUS_PAGE) {
        struct rk_bus_page *page = rk_bus_page_of(bus, base + at);
        *page = first;
        if (first.read)
            page->read = first.read + at;
        if (first.write)
            page->write = first.write + at;
    }
    rk_bus_changed(bus, base, len);
}

enum rk_status rk_bus_map_memory(struct rk_bus *bus, uint32_t base, uint32_t len, uint8_t *bytes,
                                 enum rk_bus_access access, struct rk_error *err)
{
    enum rk_status st = check_range(base, len, err);

    drop_memory(bus, base, len);
    if (st == RK_OK && !keep_memory(bus, base, len, bytes))
        st = rk_fail(err, RK_ERR_ARG, "internal.argument", "too many memories on the bus");
    if (st == RK_OK)
        set_pages(
            bus, base, len,
            (struct rk_bus_page){bytes, access == RK_BUS_READ_WRITE ? bytes : NULL, 0, false});
    return st;
}

enum rk_status rk_bus_map_device(struct rk_bus *bus, uint32_t base, uint32_t len,
                                 const struct rk_bus_device *device, struct rk_error *err)
{
    enum rk_status st = check_range(base, len, err);

    if (st == RK_OK && bus->device_count == RK_BUS_DEVICES)
        st = rk_fail(err, RK_ERR_ARG, "internal.argument", "too many devices on the bus");
    if (st != RK_OK)
        return st;
    bus->devices[bus->device_count++] = *device;
    set_pages(bus, base, len, (struct rk_bus_page){NULL, NULL, (uint16_t)bus->device_count, false});
    return RK_OK;
}

void rk_bus_unmap(struct rk_bus *bus, uint32_t base, uint32_t len)
{
    if (check_range(base, len, NULL) != RK_OK)
        return;
    drop_memory(bus, base, len);
    set_pages(bus, base, len, (struct rk_bus_page){.device = 0});
}

uint32_t rk_bus_device_read(const struct rk_bus *bus, uint32_t addr, unsigned width)
{
    const struct rk_bus_page *page = rk_bus_page_of(bus, addr);

    if (!page->device)
        return 0;
    const struct rk_bus_device *d = &bus->devices[page->device - 1];
    uint32_t value = d->read ? d->read(d->user, addr, width) : 0;
    if (bus->trace)
        bus->trace(bus->trace_user, addr, value, width, false);
    return value;
}

void rk_bus_device_write(const struct rk_bus *bus, uint32_t addr, uint32_t value, unsigned width)
{
    const struct rk_bus_page *page = rk_bus_page_of(bus, addr);

    if (!page->device)
        return;
    const struct rk_bus_device *d = &bus->devices[page->device - 1];
    if (bus->trace)
        bus->trace(bus->trace_user, addr, value, width, true);
    if (d->write)
        d->write(d->user, addr, value, width);
}

uint64_t rk_bus_device_steady(const struct rk_bus *bus, uint32_t addr)
{
    const struct rk_bus_page *page = rk_bus_page_of(bus, addr);

    if (!page->device)
        return UINT64_MAX;
    const struct rk_bus_device *d = &bus->devices[page->device - 1];
    return d->steady ? d->steady(d->user, addr) : 0;
}

void rk_bus_set_trace(struct rk_bus *bus, rk_bus_trace *trace, void *user)
{
    bus->trace = trace;
    bus->trace_user = user;
}

/* What is left of a page from there on, at most len. */
static size_t rest_of_page(uint32_t addr, size_t len)
{
    size_t rest = RK_BUS_PAGE - OFFSET(addr);

    return rest < len ? rest : len;
}

bool rk_bus_peek(const struct rk_bus *bus, uint32_t addr, uint8_t *buf, size_t len)
{
    for (size_t n; len; addr += (uint32_t)n, buf += n, len -= n) {
        const struct rk_bus_page *page = rk_bus_page_of(bus, addr);
        if (!page->read)
            return false;
        n = rest_of_page(addr, len);
        memcpy(buf, page->read + OFFSET(addr), n);
    }
    return true;
}

bool rk_bus_poke(struct rk_bus *bus, uint32_t addr, const uint8_t *buf, size_t len)
{
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        if (!rk_bus_page_of(bus, addr + (uint32_t)i)->read)
            return false;
        n = rest_of_page(addr + (uint32_t)i, len - i);
    }
    for (size_t i = 0; i < len; i += n) {
        uint32_t at = addr + (uint32_t)i;
        n = rest_of_page(at, len - i);
        memcpy(rk_bus_page_of(bus, at)->read + OFFSET(at), buf + i, n);
    }
    if (len)
        rk_bus_changed(bus, addr, (uint32_t)len);
    return true;
}
