#!/usr/bin/env python3
"""Makes BL602 files with the vendor's Python engine and with rekindle, from the same inputs, and
compares every byte: boot headers for every flash part, partition tables, device trees, xz streams.

    REKINDLE_PEERS=FOLDER tests/peers/bl602_files.py [--rekindle build/rekindle]

FOLDER holds a clone of llamaonaskateboard/bflb-mcu-tool (or openbouffalo/bflb-mcu-tool). Nothing of it
belongs to this project. What it needs for talking to probes is not needed here and stubbed out.

Exit status: 0 all that ran passed, 1 something differs, 77 nothing ran.
"""
import argparse
import contextlib
import hashlib
import io
import lzma
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import types
from unittest import mock

START = bytes.fromhex("a14273b0023097c1001f9381a17e")


class Peer:
    """The engine's own functions."""

    def __init__(self, folder):
        # The packages without their __init__, which want drivers for debug probes.
        for name in ("libs", "libs.bl602"):
            package = types.ModuleType(name)
            package.__path__ = [str(folder.joinpath(*name.split(".")))]
            sys.modules[name] = package
        for name in ("pylink", "serial", "ecdsa", "Crypto", "Crypto.Cipher", "Crypto.Hash",
                     "Crypto.Util"):
            try:
                __import__(name)
            except ImportError:
                sys.modules[name] = mock.MagicMock()
        sys.path.insert(0, str(folder))
        with contextlib.redirect_stdout(io.StringIO()):
            from libs import bflb_efuse_boothd_create, bflb_fdt, bflb_pt_creater, bflb_utils
            from libs.bl602.bootheader_cfg_keys import bootheader_cfg_keys
        self.create, self.fdt, self.tables, self.utils = (
            bflb_efuse_boothd_create, bflb_fdt, bflb_pt_creater, bflb_utils)
        self.keys = bootheader_cfg_keys
        self.folder = folder

    def header(self, conf, image, work):
        """A boot header: the default configuration with a part's parameters in place of its own."""
        text = (self.folder / "chips/bl602/efuse_bootheader/efuse_bootheader_cfg.conf").read_text()
        part = dict(line.split("#")[0].replace(" ", "").strip().split("=") for line in conf.read_text().splitlines()
                    if "=" in line and not line.lstrip().startswith("#"))
        lines = []
        for line in text.splitlines():
            key = line.split("=")[0].strip()
            # Clock delay and inversion stay the defaults, as the vendor's graphical tool has them.
            if key in part and key not in ("sfctrl_clk_delay", "sfctrl_clk_invert"):
                line = "%s = %s" % (key, part[key])
            lines.append(line)
        work.write_text("\n".join(lines) + "\n")
        with contextlib.redirect_stdout(io.StringIO()):
            data, _ = self.create.update_data_from_cfg(self.keys, str(work), "BOOTHEADER_CFG")
        data = self.create.bootheader_update_flash_pll_crc(data, "bl602")
        data[120:124] = len(image).to_bytes(4, "little")
        data[132:164] = hashlib.sha256(image).digest()
        data[172:176] = self.utils.get_crc32_bytearray(data[0:172])
        return bytes(data[:176])

    def table(self, toml, out):
        with contextlib.redirect_stdout(io.StringIO()):
            self.tables.PtCreater(str(toml)).create_pt_table(str(out))
        return out.read_bytes()

    def tree(self, dts):
        with contextlib.redirect_stdout(io.StringIO()):
            return self.fdt.parse_dts(dts.read_text(encoding="utf-8")).to_dtb(version=17)


class Comparison:
    def __init__(self, program, peer, work):
        self.program, self.peer, self.work = program, peer, work
        self.failed = self.passed = 0

    def made(self, *arguments):
        out = self.work / "out"
        out.unlink(missing_ok=True)
        run = subprocess.run([self.program, *map(str, arguments), "-o", str(out)], capture_output=True, text=True)
        return out.read_bytes() if run.returncode == 0 else run.stderr.encode()

    def equal(self, what, ours, theirs):
        if ours == theirs:
            self.passed += 1
            return
        self.failed += 1
        places = [i for i in range(min(len(ours), len(theirs))) if ours[i] != theirs[i]]
        print("DIFFERS %s: %d and %d bytes, at %s" % (what, len(ours), len(theirs), places[:16]))

    def headers(self):
        app = self.work / "app"
        app.write_bytes(START + random.Random(1).randbytes(5000))
        image = app.read_bytes() + bytes(-len(app.read_bytes()) % 16)
        for conf in sorted((self.peer.folder / "utils/flash/bl602").glob("*.conf")):
            jedec = conf.stem.split("_")[-1]
            theirs = self.peer.header(conf, image, self.work / "conf")
            ours = self.made("image", "pack", app, "--chip", "bl602", "--as", "app", "--jedec", "0x" + jedec)
            self.equal("boot header for " + conf.stem, ours[:176], theirs)
            self.equal("application for " + conf.stem, ours[176:], b"\xff" * (4096 - 176) + image)

    def tables(self):
        for toml in sorted((self.peer.folder / "chips/bl602/partition").glob("*.toml")):
            self.equal(toml.name, self.made("image", "convert", toml), self.peer.table(toml, self.work / "table"))

    def trees(self):
        for dts in sorted((self.peer.folder / "chips/bl602/device_tree").glob("*.dts")):
            self.equal(dts.name, self.made("image", "convert", dts), self.peer.tree(dts))

    def updates(self):
        app = self.work / "app"
        app.write_bytes(START + random.Random(2).randbytes(9000) + bytes(30000))
        raw = self.made("image", "pack", app, "--chip", "bl602", "--as", "app")
        packed = self.made("image", "pack", app, "--chip", "bl602", "--as", "ota-xz")
        theirs = lzma.compress(raw, check=lzma.CHECK_CRC32, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 32768}])
        self.equal("xz of the update", packed[512:], theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rekindle", default="build/rekindle")
    arguments = parser.parse_args()
    folder = pathlib.Path(os.environ.get("REKINDLE_PEERS", ".")) / "bflb-mcu-tool/bflb_mcu_tool"
    if not (folder / "libs/bflb_fdt.py").is_file():
        print("bflb-mcu-tool is not in REKINDLE_PEERS: nothing ran")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        c = Comparison(os.path.abspath(arguments.rekindle), Peer(folder), pathlib.Path(work))
        for step in (c.headers, c.tables, c.trees, c.updates):
            step()
    print("%d files equal, %d differ" % (c.passed, c.failed))
    sys.exit(1 if c.failed or not c.passed else 0)


if __name__ == "__main__":
    main()
