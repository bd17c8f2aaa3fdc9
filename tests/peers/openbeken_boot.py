#!/usr/bin/env python3
"""Do public OpenBeken images start on the emulated chips, and count their starts? openbeken_boot.py PROGRAM IMAGE...

Every QIO image must come to the end of its start (`Info:MAIN:Main_Init_After_Delay`). Then, from an empty flash on: it
is restarted before it calls a start good, each time with the flash that the start before left. The fifth start in
a row, after four that failed, must be in safe mode, and the fourth must not. The images are other people's and not here.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

FAILED = 4
SAFE = "safe mode activated"


def boot(program, image, *options):
    done = subprocess.run([program, "boot", str(image), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    return done.stdout.decode(errors="replace")


def check(program, image):
    """What is wrong with it; empty if nothing is."""
    result = json.loads(boot(program, image, "--json"))["result"]
    if not result or result["outcome"] != "runs" or not result["last_phase"].startswith("obk."):
        return "does not come up: %s" % (result and result["summary"])
    if "Info:MAIN:Main_Init_After_Delay" not in boot(program, image):
        return "prints no Info:MAIN of its start"
    with tempfile.TemporaryDirectory(prefix="rekindle-boots-") as folder:
        for start in range(1, FAILED + 2):
            flash = pathlib.Path(folder, "flash%d.bin" % start)
            log = boot(program, image, "--chip", result["chip"], "--save", str(flash))
            if (SAFE in log) != (start > FAILED):
                return "start %d: safe mode %s" % (start, "too early" if SAFE in log else "missing")
            image = flash
    return ""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, good = os.path.abspath(sys.argv[1]), True
    for image in sys.argv[2:]:
        fault = check(program, image)
        print("%-72.72s %s" % (pathlib.Path(image).name, fault or "up; safe mode behind %d failed starts" % FAILED),
              flush=True)
        good = good and not fault
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
