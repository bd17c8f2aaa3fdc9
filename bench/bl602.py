#!/usr/bin/env python3
"""How long a BL602 takes through rekindle's own loader, in virtual time: bl602.py PROGRAM [--rom FILE] [--capture FILE]
[--loader FILE] [--app FILE]

2,000,000 baud, 1 ms turnaround, and a flash whose times are those of a real module's log: 213 ms for 64 KiB, 0.5 ms for
a page. Counted from the first byte of the handshake to the last of the verification, as the trace shows them. First with
the loader imitated, then executed on the emulated chip, and with --rom (or REKINDLE_BL602_ROM=FILE) put there by the
mask ROM of a chip. --capture backs up a real half-blank flash, too. --loader measures a vendor's loader. What is
written cannot be packed, the hardest case; with --loader it packs to 55 %, as applications do (the line alone takes
4.0 s otherwise, and these loaders do not erase meanwhile). Exit status 1 if a target is missed.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

SIZE = 2 << 20
LENGTH = 795600
PACKS_TO = 0.55
CHIP = 4.2 / LENGTH  # seconds per byte: erases and pages alone, from that log
WIRE = SIZE * 10 / 2e6
LIKE = 0.05  # how far the imitated loader may be from the executed one

missed = 0


def row(what, target, measured, good=None):
    global missed
    verdict = "" if good is None else "met" if good else "MISSED"
    missed += good is False
    print("%-58s %-16s %-22s %s" % (what, target, measured, verdict), flush=True)


def seconds(trace):
    """From the first byte sent to the last event with bytes."""
    lines = [line.split(" ", 2) for line in trace.read_text().splitlines()]
    times = [int(line[0]) for line in lines if len(line) > 1 and line[1] in ("<", ">")]
    return (times[-1] - times[0]) / 1e6


class Bench:
    def __init__(self, program, folder, loader, capture, app):
        self.program, self.folder, self.loader = program, folder, loader
        rng = random.Random(602)
        flash = bytearray(b"\xff" * SIZE)
        flash[:0x1000] = rng.randbytes(0x1000)
        flash[0x10000:0x10000 + LENGTH] = rng.randbytes(LENGTH)
        self.files = {"flash.bin": bytes(flash), "app.bin": rng.randbytes(LENGTH), "random.bin": rng.randbytes(SIZE)}
        if app:
            self.files["app.bin"] = pathlib.Path(app).read_bytes()
        elif loader:
            self.files["app.bin"] = b"".join(rng.randbytes(64) if rng.random() < PACKS_TO - 0.01 else bytes(64)
                                             for _ in range(LENGTH // 64 + 1))[:LENGTH]
        words = [rng.randbytes(4) for _ in range(600)]  # half blank, the rest as compressible as code is
        self.files["half.bin"] = b"".join(rng.choice(words) for _ in range(1 << 18)) + b"\xff" * (1 << 20)
        if capture:
            self.files["capture.bin"] = pathlib.Path(capture).read_bytes()

    def run(self, file, settings, *command):
        trace = self.folder / "trace.txt"
        port = "sim:bl602,flash=%s,save,erase-ms=213,page-us=500,sr=0x200,turnaround=1000%s" % (file, settings)
        done = subprocess.run([self.program, "-p", port, "--chip", "bl602", *self.loader, *command, "--trace", str(trace)],
                              cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit("failed: " + done.stderr[-400:])
        return seconds(trace)

    def backup(self, file, settings):
        for old in self.folder.glob("saved.bin*"):
            old.unlink()
        took = self.run(file, settings, "backup", "saved.bin")
        if (self.folder / "saved.bin").read_bytes() != self.files[file]:
            sys.exit("bench: the backup of %s is wrong" % file)
        return took

    def measure(self, settings):
        """All times of one kind of chip, by name."""
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)
        write = ["write", "0x10000", "app.bin", "--yes", "--no-backup", "--force=no-backup,boot", "--no-reset"]
        times = {"write": self.run("flash.bin", settings, *write), "again": self.run("flash.bin", settings, *write)}
        for name in ("half", "random", "capture"):
            if name + ".bin" in self.files:
                times[name] = self.backup(name + ".bin", settings)
        return times


def show(title, times, length, vendor):
    print("\n%s\n%s" % (title, "-" * len(title)))
    chip, most = CHIP * length, 1.5 if vendor else 1.15
    row("write %d bytes, all different, verified" % length, "<= %.2f s" % (most * chip),
        "%5.2f s = %.3f x chip" % (times["write"], times["write"] / chip), times["write"] <= most * chip)
    row("write the same again", "<= 0.6 s", "%5.2f s" % times["again"], times["again"] <= 0.6)
    for name, what, limit in (("half", "backup of 2 MiB, half blank, verified", 0.35),
                              ("capture", "the same, of a capture", 0.35),
                              ("random", "the same, of random bytes: nothing packs", 1.05)):
        if name in times:
            row(what, "" if vendor else "<= %.2f x wire" % limit, "%5.2f s = %.3f x" % (times[name], times[name] / WIRE),
                None if vendor else times[name] <= limit * WIRE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rom", default=os.environ.get("REKINDLE_BL602_ROM"))
    parser.add_argument("--capture", default=os.environ.get("REKINDLE_BL602_CAPTURE"))
    parser.add_argument("--loader", help="a vendor's loader instead of rekindle's own")
    parser.add_argument("--app", help="a real application instead of a made-up one")
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    loader = ["--loader", str(pathlib.Path(options.loader).resolve())] if options.loader else []
    setting = "BL602, virtual clock, 2 MiB, 2000000 baud, 1 ms turnaround: "
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as name:
        bench = Bench(program, pathlib.Path(name), loader, options.capture, options.app)
        length = len(bench.files["app.bin"])
        imitated = bench.measure("")
        show(setting + "imitated", imitated, length, options.loader)
        executed = bench.measure(",emulate")
        show(setting + "executed", executed, length, options.loader)
        if not options.loader:
            off = max(abs(imitated[key] / executed[key] - 1) for key in executed if key != "again")
            row("the imitated loader's time, against the executed one's", "<= %d %% off" % (100 * LIKE),
                "%.1f %%" % (100 * off), off <= LIKE)
        if options.rom:
            rom = pathlib.Path(options.rom).resolve()
            show(setting + "executed with its mask ROM", bench.measure(",emulate,rom=%s" % rom), length,
                 options.loader)
    print("\n%s" % ("every target met" if not missed else "%d targets MISSED" % missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
