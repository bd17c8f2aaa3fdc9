#!/usr/bin/env python3
"""Runs public BL602 clients, unchanged, against `rekindle sim bl602` on a pty, and their loaders under ours.

    REKINDLE_PEERS=FOLDER tests/peers/bl602.py [--rekindle build/rekindle] [--emulate] [--rom FILE] [--only TEXT]

FOLDER holds what is there of
  bl602tool       a clone of renzenicolai/bl602tool; needs pyserial
  blisp           a clone of pine64/blisp with its submodules, built in blisp/build (-DBLISP_BUILD_CLI=ON)
  bflb-mcu-tool   a clone of openbouffalo/bflb-mcu-tool, the vendor's engine; needs pyserial, toml, configobj,
                  portalocker and cryptography. It runs in a copy, as it writes into its own tree. Its modules for
                  debug probes (pylink, cklink) are empty here.
Flash loaders are those that the clients bring; nothing of them belongs to this project.

Exit status: 0 all that ran passed, 1 something failed, 77 nothing ran.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from run import find_python, skip

START, LENGTH = 0x10000, 20000
IMAGE_LENGTH = 100000
PREFIX = 0x2000  # between the boot header at 0 and the image
MAC_BITS = "01010110 00110100 00010010 10010100"  # of the virtual module, as bl602tool prints efuses
MAC_BYTES = "563412949424"  # as the others print its chip id


class Module:
    def __init__(self, setup, flash):
        folder = setup.folder
        path = folder / "flash.bin"
        path.write_bytes(flash)
        self.saved = folder / "after.bin"
        self.saved.unlink(missing_ok=True)
        self.port = str(folder / "port")
        self.process = subprocess.Popen(
            [setup.rekindle, "sim", "bl602", "--flash", str(path), "--pty", self.port, "--save", str(self.saved),
             *setup.extra], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:  # a chip that is executed cannot wait for its turn
            os.setpriority(os.PRIO_PROCESS, self.process.pid, -15)
        except PermissionError:
            pass
        deadline = time.monotonic() + 10
        while not os.path.lexists(self.port) and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)


class Setup:
    """What all clients need, and the tally."""

    def __init__(self, options, folder):
        self.rekindle = os.path.abspath(options.rekindle)
        self.extra = ["--emulate"] if options.emulate or options.rom else []
        self.extra += ["--rom", os.path.abspath(options.rom)] if options.rom else []
        self.folder = folder
        self.peers = pathlib.Path(os.environ.get("REKINDLE_PEERS", "peers")).resolve()
        self.python = find_python()
        self.good, self.ran = True, 0
        self.shim = folder / "adapter_shim.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(self.shim), str(HERE / "adapter_shim.c"), "-ldl"],
                       check=True)

    def session(self, flash, command, cwd, **environment):
        """One run of a client on a module of its own, as it wants that reset first. PORT stands for its port."""
        module = Module(self, flash)
        port = os.path.realpath(module.port)
        begin = time.monotonic()
        try:
            run = subprocess.run([port if word == "PORT" else str(word) for word in command], cwd=cwd, timeout=180,
                                 capture_output=True, text=True, errors="replace",
                                 env=dict(os.environ, LD_PRELOAD=str(self.shim), PYTHONWARNINGS="ignore", **environment))
        finally:
            module.stop()
        self.seconds = time.monotonic() - begin
        return run.returncode, run.stdout + run.stderr, module.saved.read_bytes() if module.saved.exists() else flash

    def told(self, name, good, text=""):
        self.ran += 1
        self.good &= bool(good)
        print("%-5s %5.1f s  %s" % ("ok" if good else "FAIL", self.seconds, name), flush=True)
        if not good and text:
            print(text[-600:])

    def backup(self, name, loader, flash):
        """Ours, through a client's loader image."""
        path, back = self.folder / "flash.bin", self.folder / "back.bin"
        path.write_bytes(flash)
        for old in self.folder.glob("back.bin*"):
            old.unlink()
        begin = time.monotonic()
        run = subprocess.run([self.rekindle, "-p", "sim:bl602,flash=%s%s" % (path, ",emulate" if self.extra else ""),
                              "--loader", str(loader), "backup", str(back)], capture_output=True, text=True, timeout=180)
        self.seconds = time.monotonic() - begin
        self.told(name, run.returncode == 0 and back.exists() and back.read_bytes() == flash, run.stderr)


def bl602tool(setup, flash, image):
    tool, out, source = setup.peers / "bl602tool", setup.folder / "out.bin", setup.folder / "in.bin"
    if not (tool / "bltool.py").exists() or not setup.python:
        return
    source.write_bytes(image[:LENGTH])
    base = [setup.python, "bltool.py", "-p", "PORT", "-b", "500000"]
    code, text, _ = setup.session(flash, base + ["-i"], tool)
    setup.told("bl602tool: efuses", code == 0 and MAC_BITS in text, text)
    code, text, after = setup.session(flash, base + ["-r", START, LENGTH, out], tool)
    setup.told("bl602tool: read", code == 0 and after == flash and out.exists()
               and out.read_bytes() == flash[START:START + LENGTH], text)
    code, text, after = setup.session(flash, base + ["-e"], tool)
    setup.told("bl602tool: erase", code == 0 and set(after) == {0xFF}, text)
    # it takes its data from the address on, so that anything but 0 writes nothing
    code, text, after = setup.session(flash, base + ["-e", "-w", "0", source, "-v"], tool)
    setup.told("bl602tool: write, and nothing else", code == 0 and "Verified!" in text
               and after[:LENGTH] == image[:LENGTH] and set(after[LENGTH:]) == {0xFF}, text)
    setup.backup("our backup through the loader of bl602tool", tool / "eflash_loader_40m.bin", flash)


def around(flash, after, end):
    """What a write up to there leaves alone: the last erase ends with a sector."""
    sector = (end // 4096 + 1) * 4096
    return after[sector:] == flash[sector:]


def blisp(setup, flash, image):
    program, source = setup.peers / "blisp/build/tools/blisp/blisp", setup.folder / "blisp.bin"
    if not program.exists():
        return
    source.write_bytes(image)
    code, text, after = setup.session(flash, [program, "write", "-c", "bl60x", "-p", "PORT", source], setup.folder)
    setup.told("blisp: chip id", "ChipID: " + MAC_BYTES in text, text)
    # a file without a boot header gets one at 0, and its own place behind it
    setup.told("blisp: write", code == 0 and "Flash complete!" in text and after[:4] == b"BFNP"
               and after[PREFIX:PREFIX + len(image)] == image and around(flash, after, PREFIX + len(image)), text)
    code, text, after = setup.session(flash, [program, "write", "-c", "bl60x", "-p", "PORT", "-b", "2000000", "--reset",
                                              source], setup.folder)
    setup.told("blisp: write at 2,000,000 baud, and reset", code == 0 and after[PREFIX:PREFIX + len(image)] == image,
               text)


def engine(setup, flash, image):
    tool, source = setup.peers / "bflb-mcu-tool/bflb_mcu_tool", setup.folder / "engine.bin"
    if not (tool / "core/bflb_mcu_tool.py").exists() or not setup.python:
        return
    copy, empty, out = setup.folder / "engine", setup.folder / "empty", setup.folder / "read.bin"
    shutil.copytree(tool, copy)
    empty.mkdir()
    for name in ("pylink", "cklink"):
        (empty / (name + ".py")).write_text("")
    words = [random.Random(1).randbytes(64) for _ in range(50)]
    packed = b"".join(random.Random(2).choice(words) for _ in range(len(image) // 64))  # it packs what it writes
    source.write_bytes(packed)
    path = "%s:%s" % (empty, copy)
    code, text, after = setup.session(flash, [setup.python, "__main__.py", "--chipname", "bl602", "--port", "PORT",
                                              "--baudrate", "2000000", "--xtal", "40M", "--addr", "0x2000",
                                              "--firmware", source], copy, PYTHONPATH=path)
    setup.told("bflb-mcu-tool: write packed and verify", code == 0 and "[All Success" in text and "decompress" in text
               and after[:4] == b"BFNP" and after[PREFIX:PREFIX + len(packed)] == packed
               and around(flash, after, PREFIX + len(packed)), text)
    base = [setup.python, "libs/bflb_eflash_loader.py", "--chipname", "bl602", "-p", "PORT", "-b", "2000000", "-c",
            "chips/bl602/eflash_loader/eflash_loader_cfg.conf", "--flash", "--start", hex(START), "--end"]
    code, text, after = setup.session(flash, base + [hex(START + 0xFFFF), "-r", "--file", out], copy, PYTHONPATH=path)
    setup.told("bflb-mcu-tool: read", "[All Success" in text and after == flash
               and out.exists() and out.read_bytes() == flash[START:START + 0x10000], text)
    code, text, after = setup.session(flash, base + [hex(START + 0x2FFF), "-e"], copy, PYTHONPATH=path)
    setup.told("bflb-mcu-tool: erase", "[All Success" in text
               and after == flash[:START] + b"\xff" * 0x3000 + flash[START + 0x3000:], text)
    setup.backup("our backup through the loader of bflb-mcu-tool",
                 copy / "chips/bl602/eflash_loader/eflash_loader_40m.bin", flash)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rekindle", default="build/rekindle")
    parser.add_argument("--emulate", action="store_true", help="execute the clients' loaders on the emulated chip")
    parser.add_argument("--rom", help="and a real mask ROM, from this file")
    parser.add_argument("--only", default="", help="clients whose name contains this")
    options = parser.parse_args()
    flash, image = random.Random(602).randbytes(2 << 20), random.Random(7).randbytes(IMAGE_LENGTH)
    with tempfile.TemporaryDirectory() as name:
        setup = Setup(options, pathlib.Path(name))
        for client in (bl602tool, blisp, engine):
            if options.only in client.__name__:
                client(setup, flash, image)
        if setup.ran == 0:
            return skip("needs REKINDLE_PEERS with bl602tool, blisp or bflb-mcu-tool, and a python3 with pyserial")
    return 0 if setup.good else 1


if __name__ == "__main__":
    sys.exit(main())
