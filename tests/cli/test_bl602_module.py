"""A BL602 on the command line: the house commands unchanged, through its ROM and through a loader."""

import hashlib
import random
import struct
import zlib

import support
from test_bl602 import LOADER, START

SIZE = 1 << 20


def ram_image():
    """A made-up loader: header, one segment, no code of anybody."""
    data = bytes(i * 7 & 255 for i in range(32768))
    segment = struct.pack("<III", 0x22010000, len(data), 0)
    segment += struct.pack("<I", zlib.crc32(segment))
    header = bytearray(172)
    header[:5] = b"BFNP\1"
    struct.pack_into("<III", header, 116, 0x300, 1, 0)
    header[132:164] = hashlib.sha256(segment + data).digest()
    return bytes(header) + struct.pack("<I", zlib.crc32(header)) + segment + data


class Bl602Module(support.Case):
    def setUp(self):
        super().setUp()
        source = random.Random(602)
        app = bytearray(source.randbytes(70001))
        app[:len(START)] = START
        app[4096:4114] = b"OpenBL602_1.18.99\0"
        boot = bytearray(source.randbytes(30000))
        boot[:len(LOADER)] = LOADER
        boot[1024:1035] = b"BLSP boot2\0"
        self.write("app.bin", bytes(app))
        self.write("boot2.bin", bytes(boot))
        self.write("loader.bin", ram_image())
        self.write("flash.bin", b"\xff" * SIZE)

    def module(self, *arguments, code=0, loader=True):
        how = ("--loader", "loader.bin") if loader else ()
        return self.run_json("-p", "sim:bl602,ideal,save,flash=flash.bin,size=1M", "-c", "bl602", *how,
                             *arguments, code=code)

    def test_info(self):
        for loader in (False, True):
            result = self.module("info", loader=loader)["result"]
            self.assertEqual(result["chip"], "BL602")
            self.assertEqual(result["flash"]["size"], SIZE)

    def test_flash(self):
        missing = self.module("flash", "app.bin", "--yes", "--no-backup", "--force=no-backup", code=8)
        self.assertEqual(missing["error"]["id"], "bl602.missing")
        self.assertEqual(self.read("flash.bin"), b"\xff" * SIZE)
        self.module("flash", "app.bin", "--yes", "--no-backup", "--force=no-backup", "--boot",
                    "boot2.bin", "--device-tree", "default")
        self.assertTrue(self.run_json("inspect", "flash.bin")["result"]["bl602"]["complete"])
        self.module("backup", "back.bin")
        self.assertEqual(self.read("back.bin"), self.read("flash.bin"))
        self.module("verify", "back.bin", loader=False)

    def test_repair_of_the_device_tree(self):
        self.module("flash", "app.bin", "--yes", "--no-backup", "--force=no-backup", "--boot",
                    "boot2.bin", "--device-tree", "default")
        good = self.read("flash.bin")
        self.write("good.bin", good)
        tree = good.index(bytes.fromhex("d00dfeed"))
        self.write("tree.dtb", good[tree:tree + int.from_bytes(good[tree + 4:tree + 8], "big")])
        self.run_program("image", "convert", "tree.dtb", "-o", "tree.dts")
        for source in ("good.bin", "tree.dtb", "tree.dts"):
            self.write("flash.bin", good[:tree] + b"\xff" * 0x2000 + good[tree + 0x2000:])
            self.assertFalse(self.run_json("inspect", "flash.bin")["result"]["bl602"]["complete"])
            self.module("repair", "--tree", source)
            self.assertEqual(self.read("flash.bin"), good, source)
        self.module("repair", "--tree", "app.bin", code=8)
        self.write("bare.dts", b"/dts-v1/;\n/ {\n\tmodel = \"none\";\n};\n")
        error = self.module("repair", "--tree", "bare.dts", code=8)["error"]
        self.assertEqual(error["id"], "bl602.source")
        error = self.module("repair", "--boot", "good.bin", code=7)["error"]
        self.assertEqual(error["id"], "repair.place")
        self.assertEqual(self.read("flash.bin"), good)

    def refused(self, code, error, *arguments):
        """The command fails so, and nothing of the flash has changed."""
        before = self.read("flash.bin")
        found = self.module(*arguments, "--yes", "--no-backup", "--force=no-backup", code=code)["error"]
        self.assertEqual(found["id"], error, arguments)
        self.assertEqual(self.read("flash.bin"), before, arguments)
        return found

    def complete(self):
        self.module("flash", "app.bin", "--yes", "--no-backup", "--force=no-backup", "--boot",
                    "boot2.bin", "--device-tree", "default")
        return self.read("flash.bin")

    def test_bad_input_erases_nothing(self):
        found = self.refused(8, "bl602.missing", "flash", "app.bin")
        self.assertIn("second-stage loader and its device tree", found["message"])
        self.assertIn("--boot FILE", found["hint"])
        self.assertIn("--device-tree", found["hint"])
        pieces = ("flash", "app.bin", "--boot", "boot2.bin", "--device-tree", "default")
        self.refused(8, "bl602.layout", *pieces, "--layout", "2m")
        self.refused(8, "bl602.layout", *pieces, "--layout", "1m-vendor")
        self.refused(12, "file.missing", *pieces, "--layout", "none.toml")
        self.refused(8, "bl602.source", "flash", "app.bin", "--boot", "app.bin")
        good = self.complete()
        headed = good[0x10000:0x11000] + good[0x11000:0x11000 + 70016]
        self.write("headed.bin", headed)
        self.write("other.bin", headed[:0x3000] + b"\0" + headed[0x3001:])
        self.write("cut.bin", headed[:-100])
        for name in ("other.bin", "cut.bin", "loader.bin", "boot2.bin"):
            self.refused(8, "bl602.application", "flash", name)
        for address in ("0", "0x2000", "0x20000"):  # an application with its header, where none starts
            self.refused(10, "refused.layout", "flash", "headed.bin", "--at", address)
        self.refused(10, "refused.boot", "write", "0", "headed.bin")
        self.refused(7, "chip.mismatch", "-c", "bl702", "flash", "app.bin")

    def test_table_of_a_larger_flash(self):
        self.run_program("image", "pack", "app.bin", "--boot", "boot2.bin", "--as", "flash", "-o", "two.bin")
        self.write("flash.bin", self.read("two.bin")[:SIZE].ljust(SIZE, b"\xff"))
        self.assertIn("own partition table", self.refused(8, "bl602.layout", "flash", "app.bin")["message"])

    def test_lost_tables_cost_no_settings(self):
        good = bytearray(self.complete())
        good[0xE4008:0xE400C] = b"EF40"  # a store of settings
        lost = bytearray(good)
        lost[0xE010] ^= 1
        lost[0xF010] ^= 1
        self.write("flash.bin", bytes(lost))
        self.module("flash", "app.bin", "--yes", "--no-backup", "--force=no-backup")
        self.assertEqual(self.read("flash.bin"), bytes(good))

    def test_relative(self):
        """A BL702 is told by its boot info, and nothing else is sent to it."""
        self.run_program("-p", "sim:bl602", "-c", "bl602", "info", "--trace", "met.trace")
        lines = []
        for line in self.read("met.trace").decode().splitlines():
            if " < 4f 4b 14 00 01 00 00 00" in line:
                lines.append(line.split(" ")[0] + " < 4f 4b 18 00 01 00 02 07" + " 00" * 12 + " 18 b9 05 11 22 33 44 55")
                break
            lines.append(line)
        self.write("relative.trace", "\n".join(lines).encode() + b"\n")
        error = self.run_json("-p", "replay:relative.trace", "-c", "bl602", "info", code=7)["error"]
        self.assertEqual(error["id"], "bl602.relative")
        self.assertIn("BL702", error["message"])
        self.assertIn("18b9051122334455", error["detail"])

    def test_loader(self):
        error = self.run_json("-p", "sim:bl602", "-c", "bl602", "--loader", "app.bin", "info", code=8)["error"]
        self.assertEqual(error["id"], "bl602.loader")


if __name__ == "__main__":
    support.main()
