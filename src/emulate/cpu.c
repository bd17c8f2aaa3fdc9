#include "emulate/cpu.h"

void rk_cpu_free(struct rk_cpu *cpu)
{
    if (cpu)
        cpu->core->free(cpu);
}

enum rk_cpu_stop rk_cpu_run(struct rk_cpu *cpu, uint64_t budget)
{
    cpu->stop_at = cpu->executed + budget < cpu->executed ? UINT64_MAX : cpu->executed + budget;
    cpu->yield = false;
    return cpu->core->run(cpu);
}

void rk_cpu_archive(struct rk_cpu *cpu, struct rk_archive *a)
{
    struct rk_cpu_register r;

    rk_archive_part(a, "cpu ");
    rk_archive_u64(a, &cpu->executed);
    rk_archive_u32(a, &cpu->lines);
    rk_archive_u32(a, &cpu->fault.pc);
    rk_archive_u32(a, &cpu->fault.addr);
    rk_archive_u32(a, &cpu->fault.code);
    rk_archive_u32(a, &cpu->exceptions);
    for (unsigned i = 0; cpu->core->get(cpu, i, &r); i++) {
        rk_archive_u32(a, &r.value);
        if (a->loading)
            (void)cpu->core->set(cpu, i, r.value);
    }
}

bool rk_cpu_break(struct rk_cpu *cpu, uint32_t addr, bool on)
{
    for (size_t i = 0; i < cpu->break_count; i++)
        if (cpu->breaks[i] == addr) {
            if (!on)
                cpu->breaks[i] = cpu->breaks[--cpu->break_count];
            return true;
        }
    if (!on)
        return true;
    if (cpu->break_count == RK_CPU_BREAKS)
        return false;
    cpu->breaks[cpu->break_count++] = addr;
    return true;
}
