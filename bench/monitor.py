#!/usr/bin/env python3
"""Does the monitor lose bytes? A virtual module prints numbered lines without a pause at 2,000,000
bit/s on a pseudo-terminal; the monitor saves what it reads; no number may be missing.

    bench/monitor.py PROGRAM [SECONDS] [BAUD]
"""
import os
import re
import subprocess
import sys
import tempfile
import time


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
    return gaps > 0 or broken > 1


if __name__ == "__main__":
    sys.exit(main())
