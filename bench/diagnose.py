#!/usr/bin/env python3
"""How fast is a long log read? Writes 100 MiB of a boot log and of dots, and measures processor time
and memory of `diagnose`; fails above 2 s or 16 MiB.

    bench/diagnose.py PROGRAM [MIB]
"""
import os
import subprocess
import sys
import tempfile

BOOT = b"""V:BK7231N_1.0.1\r\r
REG:cpsr     spsr     r13      r14\r\r
ST:00000000\r\r
J 0x10000\r\r
bk_misc_init_start_type 0 0\r
prvHeapInit-start addr:0x4142f0, size:113936\r
[Flash]id:0xeb6015\r
Entering initLog()...\r
Info:MAIN:Main_Init_Before_Delay\r
Info:MAIN:Main_Init_Delay\r
[load]bandgap_calm=0x62->0x22,vddig=4->5\r
[FUNC]rwnxl_init\r
calibration_main over\r
""" + b"".join(b"Info:MAIN:Time %d, idle 181000/s, free 79000, MQTT 0(0), bWifi 1, secondsWithNoPing -1, "
               b"socks 2/38\r\n" % second for second in range(1, 40))


def measure(program, path):
    pid = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", 'exec "$0" diagnose "$1" >/dev/null', program, path)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise subprocess.CalledProcessError(status, program)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    program = sys.argv[1]
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        for name, unit in (("boots", BOOT), ("dots", b"." * 4096)):
            path = os.path.join(folder, name + ".log")
            block = unit * ((1 << 20) // len(unit) + 1)
            with open(path, "wb") as file:
                while file.tell() < size << 20:
                    file.write(block)
            seconds, memory = measure(program, path)
            slow |= seconds > 2 or memory > 16
            print("%-6s %d MiB in %.2f s of one core, %.1f MiB of memory" % (name, size, seconds, memory))
            os.remove(path)
    return slow


if __name__ == "__main__":
    sys.exit(main())
