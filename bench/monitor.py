#!/usr/bin/env python3
"""Does the monitor lose bytes? A virtual module prints numbered lines without a pause at 2,000,000
bit/s on a pseudo-terminal; the monitor saves what it reads; no number may be missing. Then single lines are
sent, and the time is taken until the monitor shows them with the phase they mean: at most 50 ms.

    bench/monitor.py PROGRAM [SECONDS] [BAUD]
"""
import os
import re
import select
import subprocess
import sys
import tempfile
import time
import tty

LATENCY_MS = 50.0


def latencies(program, count=60):
    """Milliseconds from a line's last byte to its classified line on the screen, sorted."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    monitor = subprocess.Popen([program, "monitor", "-p", os.ttyname(theirs), "--baud", "115200", "--timeout", "30",
                                "--no-input"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    found, seen = [], b""
    try:
        time.sleep(1)
        for number in range(count):
            mark = b"rwnxl_init %03d" % number
            start = time.monotonic()
            os.write(ours, b"[FUNC]" + mark + b"\r\n")
            while mark not in seen or b"bk.rf.rwnxl" not in seen:
                if not select.select([monitor.stdout], [], [], 2)[0]:
                    sys.exit("monitor.py: a line was not shown within 2 s")
                seen += os.read(monitor.stdout.fileno(), 65536)
            found.append((time.monotonic() - start) * 1000)
            time.sleep(0.03)
    finally:
        monitor.kill()
        monitor.wait()
        os.close(ours)
        os.close(theirs)
    return sorted(found)


def main():
    program = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    baud = sys.argv[3] if len(sys.argv) > 3 else "2000000"
    with tempfile.TemporaryDirectory() as folder:
        link, saved = os.path.join(folder, "log"), os.path.join(folder, "saved")
        module = subprocess.Popen([program, "sim", "bk7231n", "--scenario", "silent.uart2", "--chatter",
                                   baud, "--pty", os.path.join(folder, "uart1"), "--uart2", link],
                                  stderr=subprocess.DEVNULL)
        try:
            while not os.path.exists(link) and module.poll() is None:
                time.sleep(0.01)
            subprocess.run([program, "monitor", "-p", link, "--baud", baud, "--timeout", str(seconds),
                            "--save", saved, "--quiet", "--no-input"], stdout=subprocess.DEVNULL,
                           check=True)
        finally:
            module.terminate()
            module.wait()
        with open(saved, "rb") as file:
            data = file.read()
    numbers = [int(n) for n in re.findall(rb"(?m)^(\d{10}) abc.*XY\r$", data)]
    gaps = sum(b - a - 1 for a, b in zip(numbers, numbers[1:]))
    broken = data.count(b"\n") - len(numbers)
    print("%d bytes in %.0f s (%.1f %% of the line), %d lines, %d missing, %d damaged"
          % (len(data), seconds, 100 * len(data) * 10 / int(baud) / seconds, len(numbers), gaps, max(0, broken - 1)))
    shown = latencies(program)
    print("a line is shown and classified after %.1f ms (median), %.1f ms at most (limit %.0f)"
          % (shown[len(shown) // 2], shown[-1], LATENCY_MS))
    return gaps > 0 or broken > 1 or shown[-1] > LATENCY_MS


if __name__ == "__main__":
    sys.exit(main())
