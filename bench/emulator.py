#!/usr/bin/env python3
"""How fast captures boot on the emulated chip: emulator.py PROGRAM CAPTURE [CAPTURE...]

Prints, for each capture, the last phase, real seconds and instructions per second of `rekindle boot`. If REKINDLE_PEERS
names a folder with a checkout of BekenEmulator (and this python has the module unicorn), that runs on the same file in
the same run, for at most --peer-seconds, and the line of the log it got to is told. Exit status 1 if a capture does not
get through its radio start, or takes longer than 2.5 s.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

LIMIT_SECONDS, LIMIT_MIPS = 2.5, 60.0
MARK = b"mf_init succ"


def ours(program, capture):
    started = time.monotonic()
    done = subprocess.run([program, "boot", capture, "--json"], capture_output=True, check=False)
    seconds = time.monotonic() - started
    return seconds, json.loads(done.stdout)["result"] or {"outcome": "error", "last_phase": None, "instructions": 0}


def theirs(folder, capture, key, limit):
    """Seconds to the mark or the limit, and whether it was reached; the last line seen."""
    started, last, reached = time.monotonic(), b"", False
    process = subprocess.Popen([sys.executable, "-u", "src/main.py", os.path.abspath(capture), "--with-boot",
                                "--only-uart", *key], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    os.set_blocking(process.stdout.fileno(), False)
    text = b""
    while time.monotonic() - started < limit and process.poll() is None and not reached:
        text += process.stdout.read() or b""
        reached = MARK in text
        time.sleep(0.02)
    process.kill()
    process.wait()
    lines = [line for line in text.split(b"\n") if line.strip()]
    last = lines[-1][:60] if lines else b""
    return time.monotonic() - started, reached, last.decode(errors="replace").strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--peer-seconds", type=float, default=60.0)
    options = parser.parse_args()
    peer = pathlib.Path(os.environ.get("REKINDLE_PEERS", "/nonexistent"), "BekenEmulator")
    good = True
    for capture in options.captures:
        seconds, result = ours(options.program, capture)
        rate = result["instructions"] / 1e6 / seconds
        good = good and result["outcome"] == "runs" and seconds <= LIMIT_SECONDS and rate >= LIMIT_MIPS
        line = "%-40.40s %-8s %-14s %5.2f s %6.1f M/s" % (pathlib.Path(capture).name, result["outcome"],
                                                          result["last_phase"], seconds, rate)
        key = ["-key", "TUYA"] if result.get("chip") in ("BK7231N", "BK7231T") else []
        if peer.is_dir():
            other, reached, last = theirs(peer, capture, key, options.peer_seconds)
            line += "   BekenEmulator %s %.1f s (%s %.0f x): %s" % (
                "reached it in" if reached else "not after", other, "" if reached else "more than", other / seconds, last)
        print(line, flush=True)
    print("within the limits" if good else "OUTSIDE of the limits")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
