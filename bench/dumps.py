#!/usr/bin/env python3
"""Times what is done to dumps, as whole processes: dumps.py PROGRAM CAPTURE [CAPTURE...]

For each capture `inspect` and `config keys`: the median processor time and the peak memory of several runs. If
REKINDLE_PEERS names a folder with a checkout of bk7231tools in it, its dissect_dump does the same work on the same
files in the same run, and the ratio is printed. (It needs PyCryptodome under the name Crypto; Debian's python3-
pycryptodome calls it Cryptodome: a link of the other name in a folder of PYTHONPATH does.) The limits are those of
the project.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 9
# What is measured, what the peer is told, and the limits: processor ms, MiB, times faster than the peer.
WORKS = [
    (["inspect"], ["-e"], 60.0, 24.0, 20.0),
    (["config", "keys"], ["--storage", "-e"], 40.0, 16.0, 20.0),
]


def once(command, cwd=None):
    """Processor seconds, wall seconds and peak KiB of one child."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("%s ended with status %d: %s" % (command[0], process.returncode, text.decode(errors="replace")))
    if b"skipping storage decryption" in text:
        sys.exit("bk7231tools finds no PyCryptodome: the comparison would not be fair")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss


def peer():
    folder = os.environ.get("REKINDLE_PEERS")
    path = pathlib.Path(folder, "bk7231tools") if folder else None
    return path if path and (path / "bk7231tools").is_dir() else None


def measure(program, capture, work, tools):
    """One line of the table; true if it is within the limits."""
    arguments, options, limit_ms, limit_mib, limit_ratio = work
    runs = [once([program, *arguments, capture]) for _ in range(RUNS)]
    cpu = statistics.median(run[0] for run in runs) * 1000
    memory = max(run[2] for run in runs) / 1024
    good = cpu <= limit_ms and memory <= limit_mib
    line = "%-11s %-36.36s %6.1f ms cpu %5.1f MiB" % (" ".join(arguments), pathlib.Path(capture).name, cpu, memory)
    if tools:
        with tempfile.TemporaryDirectory() as out:
            other = once([sys.executable, "-m", "bk7231tools", "dissect_dump", *options, "-O", out,
                          os.path.abspath(capture)], cwd=tools)[0] * 1000
        good = good and other >= limit_ratio * cpu
        line += "   bk7231tools %7.1f ms cpu: %.0f x" % (other, other / max(cpu, 0.1))
    print(line, flush=True)
    return good


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tools, good = peer(), True
    for capture in sys.argv[2:]:
        for work in WORKS:
            good = measure(sys.argv[1], capture, work, tools) and good
    print("within the limits" if good else "OUTSIDE of the limits")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
