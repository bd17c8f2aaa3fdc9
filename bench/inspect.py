#!/usr/bin/env python3
"""Times `rekindle inspect` as a whole process: inspect.py PROGRAM CAPTURE [CAPTURE...]

Prints the best and the median of several runs and the peak memory. If REKINDLE_PEERS names a folder with a checkout
of bk7231tools in it, its dissect_dump runs on the same files in the same run and the ratio is printed.
The limits are those of the project: 60 ms of one core, 24 MiB, 20 times faster.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 9
LIMIT_MS, LIMIT_MIB, LIMIT_RATIO = 60.0, 24.0, 20.0


def once(command, cwd=None):
    """Processor seconds, wall seconds and peak KiB of one child."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("%s ended with status %d" % (command[0], process.returncode))
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss


def peer():
    folder = os.environ.get("REKINDLE_PEERS")
    path = pathlib.Path(folder, "bk7231tools") if folder else None
    return path if path and (path / "bk7231tools").is_dir() else None


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, captures, tools, good = sys.argv[1], sys.argv[2:], peer(), True
    for capture in captures:
        runs = [once([program, "inspect", capture]) for _ in range(RUNS)]
        cpu = statistics.median(run[0] for run in runs) * 1000
        wall = min(run[1] for run in runs) * 1000
        memory = max(run[2] for run in runs) / 1024
        good = good and cpu <= LIMIT_MS and memory <= LIMIT_MIB
        line = "%-40.40s %6.1f ms cpu %6.1f ms best %5.1f MiB" % (
            pathlib.Path(capture).name, cpu, wall, memory)
        if tools:
            with tempfile.TemporaryDirectory() as out:
                other = once([sys.executable, "-m", "bk7231tools", "dissect_dump", "-e", "-O", out,
                              os.path.abspath(capture)], cwd=tools)
            good = good and other[0] * 1000 >= LIMIT_RATIO * cpu
            line += "   bk7231tools %7.1f ms cpu: %.0f x" % (other[0] * 1000, other[0] * 1000 / max(cpu, 0.1))
        print(line)
    print("within the limits" if good else "OUTSIDE of the limits")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
