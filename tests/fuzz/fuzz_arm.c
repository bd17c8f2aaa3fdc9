/* Any bytes as ARM and Thumb code: an end after a bounded number of instructions. */
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 0x4000 };

/* Made once: a bus is large. */
static struct {
    uint8_t memory[MEMORY];
    struct rk_bus *bus;
    struct rk_cpu *cpu;
} machine;

static bool have_machine(void)
{
    if (machine.cpu)
        return true;
    return rk_bus_new(&machine.bus, NULL) == RK_OK &&
           rk_bus_map_memory(machine.bus, 0, MEMORY, machine.memory, RK_BUS_READ_WRITE, NULL) ==
               RK_OK &&
           rk_bus_map_memory(machine.bus, 0xFFFFC000u, MEMORY, machine.memory, RK_BUS_READ_WRITE,
                             NULL) == RK_OK &&
           rk_arm_new(machine.bus, &machine.cpu, NULL) == RK_OK;
}

static void run(bool thumb)
{
    struct rk_cpu *cpu = machine.cpu;
    uint64_t before = cpu->executed;

    rk_bus_changed(machine.bus, 0, MEMORY);
    cpu->core->reset(cpu, 0x40);
    (void)cpu->core->set(cpu, 16, thumb ? 0x33 : 0x13);
    for (unsigned i = 0; i < 13; i++)
        (void)cpu->core->set(cpu, i, 0x1000 * i);
    cpu->lines = 1;
    (void)rk_cpu_run(cpu, 2000);
    cpu->lines = 2;
    (void)rk_cpu_run(cpu, 500);
    if (cpu->executed - before > 2500)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!have_machine())
        return 0;
    for (unsigned thumb = 0; thumb < 2; thumb++) {
        memset(machine.memory, 0, MEMORY);
        memcpy(machine.memory + 0x40, data, size < MEMORY - 0x40 ? size : MEMORY - 0x40);
        run(thumb);
    }
    return 0;
}
