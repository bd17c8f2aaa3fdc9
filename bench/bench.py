#!/usr/bin/env python3
"""The table of speed and size: bench.py --protocol BENCH_PROTOCOL --rekindle REKINDLE.

Protocol times come from the virtual clock and are the same on every machine. Processor, memory and
start-up are measured for real, with `rekindle sim` on a pty. With REKINDLE_PEERS=FOLDER the public
Python clients in that folder read the same virtual module in the same run. Exit status 1 if a
target is missed.
"""
import argparse
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLASH_SIZE = 2 << 20
START_RUNS = 15

missed = 0


def row(what, target, measured, good=None):
    global missed
    verdict = "" if good is None else "met" if good else "MISSED"
    missed += good is False
    print("%-58s %-16s %-22s %s" % (what, target, measured, verdict), flush=True)


def title(text):
    print("\n%s\n%s" % (text, "-" * len(text)))


def protocol(program):
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    v = {name: float(value) for name, value in (line.split() for line in out.splitlines())}
    wire = v["wire"]

    def timed(what, name, limit=None):
        ratio = v[name] / wire
        row(what, "<= %.2f x wire" % limit if limit else "",
            "%6.2f s = %.3f x" % (v[name], ratio), ratio <= limit if limit else None)

    title("Protocol, virtual clock: BK7231N, 2 MiB, 921600 baud, 1 ms turnaround")
    row("the bare bytes on the wire", "", "%6.2f s" % wire)
    timed("read, nothing skipped", "read", 1.06)
    timed("read, verified by the chip's CRC", "read-verified")
    for suffix, note in (("", "CRC as fast as the model's"), ("-slow-crc", "CRC at 400 KB/s")):
        timed("backup, 38 %% blank, verified (%s)" % note, "backup" + suffix,
              0.75 if not suffix else None)
        row("backup again, nothing changed (%s)" % note, "0 sectors",
            "%6.2f s, %d sectors" % (v["again" + suffix], v["again%s-transferred" % suffix]),
            v["again%s-transferred" % suffix] == 0)
        row("write 512 KiB, all different (%s)" % note, "",
            "%6.2f s, %d erased" % (v["write" + suffix], v["write%s-erased" % suffix]))
        touched = v["same%s-erased" % suffix] + v["same%s-programmed" % suffix]
        row("write the same again (%s)" % note, "0 erased, written",
            "%6.2f s, %d sectors" % (v["same" + suffix], touched), touched == 0)


def made_up_flash():
    rng = random.Random(38)
    return b"".join(b"\xff" * 4096 if i > 280 and i < 476 else rng.randbytes(4096)
                    for i in range(FLASH_SIZE // 4096))


def watch(process):
    """Waits for the end; returns status, usage and the peak of resident memory in KiB. (ru_maxrss
    would count what the process was before it became the program: a copy of this script.)"""
    peak = 0
    while True:
        try:
            text = pathlib.Path("/proc/%d/status" % process.pid).read_text()
            peak = max([peak] + [int(line.split()[1]) for line in text.splitlines()
                                 if line.startswith("VmHWM:")])
        except OSError:
            pass
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, usage, peak
        time.sleep(0.01)


def wait_for(link):
    end = time.monotonic() + 10
    while not link.exists() and time.monotonic() < end:
        time.sleep(0.02)


def real_read(program, folder):
    """Processor time and memory of a read at 921600 baud in real time."""
    flash = folder / "flash.bin"
    flash.write_bytes(made_up_flash())
    link = folder / "module"
    module = subprocess.Popen([program, "sim", "bk7231n", "--flash", str(flash), "--pty", str(link)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(link)
        began = time.monotonic()
        reader = subprocess.Popen([program, "-p", str(link), "-b", "921600", "read", "0+1M",
                                   str(folder / "out.bin")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status, usage, peak = watch(reader)
        seconds = time.monotonic() - began
    finally:
        module.send_signal(signal.SIGINT)
        module.wait()
    if status or (folder / "out.bin").read_bytes() != flash.read_bytes()[:1 << 20]:
        sys.exit("bench: the read failed")
    percent = 100 * (usage.ru_utime + usage.ru_stime) / seconds
    row("processor during a read of 1 MiB at 921600 baud", "< 5 %", "%.1f %% of a core" % percent,
        percent < 5)
    row("peak memory of that read", "< 16 MiB", "%.1f MiB" % (peak / 1024),
        0 < peak < 16 * 1024)


def backup_memory(program, folder):
    """Peak memory of a whole backup; the module's own memory is in another process."""
    flash, link = folder / "flash.bin", folder / "module2"
    module = subprocess.Popen([program, "sim", "bk7231n", "--ideal", "--flash", str(flash), "--pty",
                               str(link)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(link)
        worker = subprocess.Popen([program, "-p", str(link), "backup", str(folder / "b.bin")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status, _, peak = watch(worker)
    finally:
        module.send_signal(signal.SIGINT)
        module.wait()
    row("peak memory of a backup of 2 MiB", "< 16 MiB", "%.1f MiB" % (peak / 1024),
        status == 0 and 0 < peak < 16 * 1024)


def start(program):
    """From the start of the program to its first byte on the wire: a pty we listen on."""
    times = []
    for _ in range(START_RUNS):
        master, slave = pty.openpty()
        tty.setraw(slave)
        began = time.monotonic()
        child = subprocess.Popen([program, "-p", os.ttyname(slave), "--reset", "none", "-t", "1",
                                  "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready, _, _ = select.select([master], [], [], 5)
        times.append(time.monotonic() - began if ready else 5)
        child.kill()
        child.wait()
        os.close(master)
        os.close(slave)
    middle = 1000 * sorted(times)[len(times) // 2]
    row("start to first byte on the wire (median of %d)" % START_RUNS, "< 20 ms",
        "%.1f ms" % middle, middle < 20)


def size(program, folder):
    copy = folder / "stripped"
    shutil.copy(program, copy)
    subprocess.run(["strip", str(copy)], check=True)
    mebibytes = copy.stat().st_size / (1 << 20)
    row("size of the stripped program", "< 1.5 MiB", "%.2f MiB" % mebibytes, mebibytes < 1.5)


def peers(program):
    if not os.environ.get("REKINDLE_PEERS"):
        print("\nREKINDLE_PEERS is not set: no comparison with the public Python clients")
        return
    title("The public Python clients on the same virtual module, in real time")
    done = subprocess.run([sys.executable, str(ROOT / "tests" / "peers" / "run.py"), "--rekindle",
                           program, "--bench"])
    if done.returncode not in (0, 77):
        global missed
        missed += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--rekindle", required=True)
    args = parser.parse_args()
    program = str(pathlib.Path(args.rekindle).resolve())
    print("%-58s %-16s %-22s %s" % ("what", "target", "measured", "verdict"))
    protocol(args.protocol)
    title("Program, real time on this machine")
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as name:
        real_read(program, pathlib.Path(name))
        backup_memory(program, pathlib.Path(name))
        start(program)
        size(program, pathlib.Path(name))
    peers(program)
    print("\n%s" % ("every target met" if not missed else "%d targets MISSED" % missed))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
