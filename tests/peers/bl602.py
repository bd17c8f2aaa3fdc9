#!/usr/bin/env python3
"""Runs a public BL602 client, unchanged, against `rekindle sim bl602` on a pty, and its loader under ours.

    REKINDLE_PEERS=FOLDER tests/peers/bl602.py [--rekindle build/rekindle]

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
SESSION_SECONDS = 4.5  # after so long without a byte the loader measures the rate anew


class Module:
    def __init__(self, rekindle, folder, flash):
        path = folder / "flash.bin"
        path.write_bytes(flash)
        self.port = str(folder / "port")
        self.process = subprocess.Popen(
            [rekindle, "sim", "bl602", "--flash", str(path), "--pty", self.port],
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
    options = parser.parse_args()
    rekindle = os.path.abspath(options.rekindle)
    tool = pathlib.Path(os.environ.get("REKINDLE_PEERS", "peers")).resolve() / "bl602tool"
    python = find_python()
    if not (tool / "bltool.py").exists() or not python:
        return skip("needs REKINDLE_PEERS/bl602tool and a python3 with pyserial")
    flash = random.Random(602).randbytes(2 << 20)
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        module = Module(rekindle, folder, flash)
        try:
            code, text = client(python, tool, module.port, "-i")
            good &= told("bl602tool: efuses", code == 0 and MAC_BITS in text, text)
            time.sleep(SESSION_SECONDS)
            out = folder / "out.bin"
            code, text = client(python, tool, module.port, "-r", str(START), str(LENGTH), str(out))
            good &= told("bl602tool: read", code == 0 and out.exists()
                         and out.read_bytes() == flash[START:START + LENGTH], text)
        finally:
            module.stop()
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
