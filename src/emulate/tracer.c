#include "emulate/tracer.h"

static void tell(const struct rk_tracer *t, struct rk_emulate_trace *what)
{
    what->time_ns = t->now(t->machine);
    what->pc = t->cpu->core->at(t->cpu);
    t->events.trace(t->events.user, what);
}

static void on_access(void *user, uint32_t addr, uint32_t value, unsigned width, bool store)
{
    const struct rk_tracer *t = user;
    struct rk_register_name known = t->name(addr);
    struct rk_emulate_trace what = {.kind = RK_EMULATE_REGISTERS,
                                    .addr = addr,
                                    .value = value,
                                    .len = width,
                                    .store = store,
                                    .unit = known.unit,
                                    .name = known.name};

    tell(t, &what);
}

static void on_call(void *user, uint32_t target)
{
    struct rk_emulate_trace what = {.kind = RK_EMULATE_CALLS, .addr = target};

    tell(user, &what);
}

void rk_tracer_start(struct rk_tracer *t, const struct rk_emulate_options *opt, struct rk_cpu *cpu)
{
    t->events = opt->events;
    t->watch = opt->events.trace ? opt->watch : 0;
    t->cpu = cpu;
    if (t->watch & RK_EMULATE_REGISTERS)
        rk_bus_set_trace(cpu->bus, on_access, t);
    if (t->watch & RK_EMULATE_CALLS) {
        cpu->on_call = on_call;
        cpu->call_user = t;
    }
}

static const char *command_name(uint8_t opcode)
{
    switch (opcode) {
    case 0x9F:
        return "identify";
    case 0x05:
    case 0x35:
    case 0x15:
        return "read status";
    case 0x01:
    case 0x31:
    case 0x11:
        return "write status";
    case 0x03:
    case 0x0B:
    case 0x6B:
    case 0xBB:
    case 0xEB:
        return "read";
    case 0x06:
        return "write enable";
    case 0x04:
        return "write disable";
    case 0x02:
    case 0x32:
        return "program";
    case 0x20:
    case 0x52:
    case 0xD8:
        return "erase";
    case 0x60:
    case 0xC7:
        return "erase all";
    default:
        return NULL;
    }
}

void rk_tracer_flash(const struct rk_tracer *t, uint8_t opcode, uint32_t addr, uint32_t len)
{
    struct rk_emulate_trace what = {.kind = RK_EMULATE_FLASH,
                                    .addr = addr,
                                    .len = len,
                                    .opcode = opcode,
                                    .name = command_name(opcode)};

    if (t->watch & RK_EMULATE_FLASH)
        tell(t, &what);
}

struct rk_register_name rk_register_name_find(const struct rk_register_unit *units, size_t count,
                                              uint32_t addr)
{
    for (size_t i = 0; i < count; i++) {
        const struct rk_register_unit *u = &units[i];
        if (addr < u->addr || addr - u->addr >= u->len)
            continue;
        uint32_t number = (addr - u->addr) / 4;
        const char *const *name = u->registers;
        for (; name && *name && number; number--)
            name++;
        return (struct rk_register_name){u->name, name ? *name : NULL};
    }
    return (struct rk_register_name){NULL, NULL};
}
