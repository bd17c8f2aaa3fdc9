#!/usr/bin/env python3
"""Runs a public BL602 client, unchanged, against `rekindle sim bl602` on a pty, and its loader under ours.

    REKINDLE_PEERS=FOLDER tests/peers/bl602.py [--rekindle build/rekindle] [--emulate] [--rom FILE]

FOLDER holds a clone of renzenicolai/bl602tool, which needs pyserial. Its flash loader is used from there;
nothing of it belongs to this project. It cannot erase with loaders that say that they are busy, so only
what it reads is compared.

Exit status: 0 all passed, 1 something failed, 77 nothing ran.
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from run import find_python, skip

START, LENGTH = 0x10000, 20000
MAC_BITS = "01010110 00110100 00010010 10010100"  # of the virtual module, as the client prints efuses


class Module:
    def __init__(self, rekindle, folder, flash, extra):
        path = folder / "flash.bin"
        path.write_bytes(flash)
        self.saved = folder / "after.bin"
        self.port = str(folder / "port")
        self.process = subprocess.Popen(
            [rekindle, "sim", "bl602", "--flash", str(path), "--pty", self.port, "--save", str(self.saved), *extra],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not os.path.lexists(self.port) and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)


def client(python, tool, port, *arguments):
    run = subprocess.run([python, "bltool.py", "-p", port, "-b", "500000", *arguments], cwd=tool,
                         capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr


def told(name, good, text=""):
    print("%-5s %s" % ("ok" if good else "FAIL", name))
    if not good and text:
        print(text[-600:])
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rekindle", default="build/rekindle")
    parser.add_argument("--emulate", action="store_true", help="execute the client's loader on the emulated chip")
    parser.add_argument("--rom", help="and a real mask ROM, from this file")
    options = parser.parse_args()
    extra = ["--emulate"] if options.emulate or options.rom else []
    extra += ["--rom", options.rom] if options.rom else []
    rekindle = os.path.abspath(options.rekindle)
    tool = pathlib.Path(os.environ.get("REKINDLE_PEERS", "peers")).resolve() / "bl602tool"
    python = find_python()
    if not (tool / "bltool.py").exists() or not python:
        return skip("needs REKINDLE_PEERS/bl602tool and a python3 with pyserial")
    flash = random.Random(602).randbytes(2 << 20)
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out, image = folder / "out.bin", random.Random(7).randbytes(LENGTH)
        (folder / "in.bin").write_bytes(image)

        def session(*arguments):
            """One run of the client on a module of its own: the client wants it reset before each."""
            module = Module(rekindle, folder, flash, extra)
            try:
                code, text = client(python, tool, module.port, *arguments)
            finally:
                module.stop()
            return code, text, module.saved.read_bytes() if module.saved.exists() else flash

        code, text, _ = session("-i")
        good &= told("bl602tool: efuses", code == 0 and MAC_BITS in text, text)
        code, text, after = session("-r", str(START), str(LENGTH), str(out))
        good &= told("bl602tool: read", code == 0 and out.exists() and after == flash
                     and out.read_bytes() == flash[START:START + LENGTH], text)
        code, text, after = session("-e")
        good &= told("bl602tool: erase", code == 0 and set(after) == {0xFF}, text)
        # it takes its data from the address on, so that anything but 0 writes nothing
        code, text, after = session("-e", "-w", "0", str(folder / "in.bin"), "-v")
        good &= told("bl602tool: write", code == 0 and "Verified!" in text, text)
        good &= told("what it wrote is in the flash, and nothing else", after[:LENGTH] == image
                     and set(after[LENGTH:]) == {0xFF})
        (folder / "flash.bin").write_bytes(flash)
        back = folder / "back.bin"
        run = subprocess.run([rekindle, "-p", "sim:bl602,flash=%s" % (folder / "flash.bin"), "--loader",
                              str(tool / "eflash_loader_40m.bin"), "backup", str(back)],
                             capture_output=True, text=True, timeout=120)
        good &= told("our backup through its loader image", run.returncode == 0
                     and back.exists() and back.read_bytes() == flash, run.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
