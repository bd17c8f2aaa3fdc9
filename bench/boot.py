#!/usr/bin/env python3
"""How far firmware gets on the emulated chip, and how fast: boot.py PROGRAM CAPTURE [CAPTURE...]

One line for each capture: the last phase, the real time to it and to the boot loader's jump, and millions of emulated
instructions per second, all as whole processes. Those of loops that only wait are not counted as they are not executed. If REKINDLE_PEERS names a folder with a checkout of BekenEmulator in
it (it needs Unicorn, Capstone and PyCryptodome for Python), that runs the same files in the same run, for --peer
seconds at most: printed are its last line that also rekindle prints, when it came there, and how much earlier rekindle
did. Lines are compared without digits, because the clocks in them differ. The limits are those of the project.
"""
import argparse
import json
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

JUMP_S, UP_S, MIPS, RATIO = 0.2, 2.5, 60.0, 50.0
ANSI = re.compile(r"\x1b\[[0-9;]*m")
OURS = re.compile(r"^ *[0-9.]+ (?:log|uart1) .{22} ?(.*)$")


def plain(line):
    """What of a line of a log is the same in both emulators."""
    return re.sub(r"[0-9]+", "#", ANSI.sub("", line)).strip()


def follow(command, limit, **options):
    """[(seconds, line)] of what a program prints in that time."""
    lines, rest = [], b""
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options) as process:
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() - started < limit:
                if not selector.select(max(0.0, limit - (time.monotonic() - started))):
                    break
                data = os.read(process.stdout.fileno(), 65536)
                now = time.monotonic() - started
                if not data:
                    break
                *whole, rest = re.split(rb"[\r\n]+", rest + data)
                lines += [(now, line.decode(errors="replace")) for line in whole if line]
        process.kill()
    return lines


def run(program, capture, *options):
    """Seconds of the best of three runs, and the result."""
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        done = subprocess.run([program, "boot", capture, "--json", *options], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        seconds.append(time.monotonic() - started)
    return min(seconds), json.loads(done.stdout)["result"]


def peer_folder():
    folder = os.environ.get("REKINDLE_PEERS")
    path = pathlib.Path(folder, "BekenEmulator") if folder else None
    return path if path and (path / "src" / "main.py").is_file() else None


def compare(program, capture, chip, folder, limit):
    """Where the peer gets, as text, and the ratio at its last common line (None if it printed none)."""
    kind = ["-key", "TUYA"] if chip in ("BK7231N", "BK7231T") else []
    if chip in ("BK7238", "BK7252", "BK7252N"):
        kind = ["-chip", chip]
    theirs = follow([sys.executable, "-u", "src/main.py", os.path.abspath(capture), "--with-boot", "--only-uart",
                     *kind], limit, cwd=folder)
    ours = {}
    for seconds, line in follow([program, "boot", capture, "--stay", "--seconds", "5"], 30):
        match = OURS.match(line)
        if match:
            ours.setdefault(plain(match.group(1)), seconds)
    common = {}
    for seconds, line in theirs:
        text = plain(line)
        if len(text) >= 6 and text in ours:
            common.setdefault(text, (seconds, line))
    if not common:
        return "%d lines, none of them known" % len(theirs), None
    text, (seconds, line) = list(common.items())[-1]
    ratio = seconds / max(ours[text], 0.001)
    up = [s for s, other in theirs if "mf_init succ" in other or "Main_Init_After_Delay" in other]
    return "%6.2f s %4.0f x %s  \"%.44s\"" % (seconds, ratio, "up  " if up else "not up", ANSI.sub("", line)), ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=float, default=20.0, metavar="S", help="seconds for BekenEmulator")
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    options = parser.parse_args()
    folder, good = peer_folder(), True
    for capture in options.captures:
        jump, early = run(options.program, capture, "--until", "phase:bk.boot.jump")
        seconds, result = run(options.program, capture)
        name = pathlib.Path(capture).name
        if result is None:
            print("%-40.40s is no firmware" % name, flush=True)
            continue
        if early["outcome"] != "reached":
            jump = 0.0  # a boot loader that says nothing about it
        mips = (result["instructions"] - result["instructions_skipped"]) / seconds / 1e6
        good = good and seconds <= UP_S and jump <= JUMP_S and result["outcome"] == "runs"
        line = "%-40.40s %-8s %-8s %-16s %5.2f s  jump %5.3f s %4.0f MIPS" % (
            name, result["chip"], result["outcome"], result["last_phase"] or "-", seconds, jump, mips)
        good = good and mips >= MIPS
        if folder:
            text, ratio = compare(options.program, capture, result["chip"], folder, options.peer)
            good = good and (ratio is None or ratio >= RATIO)
            line += "  BekenEmulator " + text
        print(line, flush=True)
    print("within the limits" if good else "OUTSIDE of the limits")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
