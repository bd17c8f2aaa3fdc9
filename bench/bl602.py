#!/usr/bin/env python3
"""How long a BL602 takes through rekindle's own loader, in virtual time: bl602.py PROGRAM [--emulate] [--rom FILE]
[--capture FILE] [--loader FILE] [--app FILE]

2,000,000 baud, 1 ms turnaround, and a flash whose times are those of a real module's log: 213 ms for 64 KiB, 0.5 ms for
a page. Counted from the first byte of the handshake to the last of the verification, as the trace shows them.
What is written cannot be packed, the hardest case; with --loader it packs to 55 %, as applications do (the line
alone takes 4.0 s otherwise, and these loaders do not erase meanwhile). --emulate executes the loader on the emulated chip, --rom the mask ROM, too. The chip's own time is that of the erases
and pages alone, the wire's that of 2 MiB of bytes.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

LENGTH = 795600
ERASE_64K, ERASE_4K, PAGE = 0.213, 0.045, 0.0005
PACKS_TO = 0.55
WIRE = (2 << 20) * 10 / 2e6


def seconds(trace):
    """From the first byte sent to the last event with bytes."""
    lines = [line.split(" ", 2) for line in trace.read_text().splitlines()]
    times = [int(line[0]) for line in lines if len(line) > 1 and line[1] in ("<", ">")]
    return (times[-1] - times[0]) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--emulate", action="store_true")
    parser.add_argument("--rom")
    parser.add_argument("--capture", help="a real half-blank flash for the backup; else a made-up one")
    parser.add_argument("--loader", help="a vendor's loader instead of rekindle's own")
    parser.add_argument("--app", help="a real application instead of a made-up one")
    options = parser.parse_args()
    rng = random.Random(602)
    flash = bytearray(b"\xff" * (2 << 20))
    flash[:0x1000] = rng.randbytes(0x1000)
    flash[0x10000:0x10000 + LENGTH] = rng.randbytes(LENGTH)
    if options.capture:
        backup = pathlib.Path(options.capture).read_bytes()
    else:  # half blank, the rest as compressible as code is
        words = [rng.randbytes(4) for _ in range(600)]
        backup = b"".join(rng.choice(words) for _ in range(1 << 18)) + b"\xff" * (1 << 20)
    if options.app:
        app = pathlib.Path(options.app).read_bytes()
    elif options.loader:
        app = b"".join(rng.randbytes(64) if rng.random() < PACKS_TO - 0.01 else b"\0" * 64
                       for _ in range(LENGTH // 64 + 1))[:LENGTH]
    else:
        app = rng.randbytes(LENGTH)
    length = len(app)
    program = str(pathlib.Path(options.program).resolve())
    settings = "erase-ms=213,page-us=500,sr=0x200,turnaround=1000" + (
        ",emulate" if options.emulate or options.rom else "") + (
        ",rom=%s" % pathlib.Path(options.rom).resolve() if options.rom else "")
    loader = ["--loader", str(pathlib.Path(options.loader).resolve())] if options.loader else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "flash.bin").write_bytes(flash)
        (folder / "backup.bin").write_bytes(backup)
        (folder / "app.bin").write_bytes(app)

        def run(file, *command):
            trace = folder / "trace.txt"
            done = subprocess.run([program, "-p", "sim:bl602,flash=%s,save,%s" % (file, settings), "--chip", "bl602",
                                   *loader, *command, "--trace", str(trace)], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                sys.exit("failed: " + done.stderr[-400:])
            return seconds(trace)

        write = ["write", "0x10000", "app.bin", "--yes", "--no-backup", "--force=no-backup,boot", "--no-reset"]
        chip = length // 65536 * ERASE_64K + (length % 65536 + 4095) // 4096 * ERASE_4K + (length + 255) // 256 * PAGE
        took = run("flash.bin", *write)
        print("write %d bytes   %6.2f s   %4.2f x the chip's own %.2f s" % (length, took, took / chip, chip))
        print("the same again       %6.2f s" % run("flash.bin", *write))
        took = run("backup.bin", "backup", "saved.bin")
        same = (folder / "saved.bin").read_bytes() == backup
        print("backup of 2 MiB      %6.2f s   %4.2f x the wire's %.2f s%s"
              % (took, took / WIRE, WIRE, "" if same else "  DIFFERENT"))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
