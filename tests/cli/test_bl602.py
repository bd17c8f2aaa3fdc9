"""Images of the BL602 on the command line: packing, taking apart, translating, judging."""

import os
import random

import support

START = bytes.fromhex("a14273b0023097c1001f9381a17e")
LOADER = bytes.fromhex("9721021f9381018873700430")


class Bl602(support.Case):
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

    def pack(self, *arguments, code=0):
        return self.run_json("image", "pack", "app.bin", "--boot", "boot2.bin", *arguments, code=code)

    def test_set(self):
        result = self.pack("-o", "set")["result"]
        self.assertEqual(result["layout"], "2m")
        names = {os.path.basename(file["file"]) for file in result["files"]}
        self.assertTrue({"boot2.bin", "partition.bin", "FW_OTA.bin", "FW_OTA.bin.ota", "ro_params.dtb",
                         "whole_flash_data.bin"} <= names)
        whole = self.read("set/whole_flash_data.bin")
        self.assertEqual(whole[:0x2000 + 30000], self.read("set/boot2.bin")[:0x2000 + 30000])
        self.assertEqual(whole[0xE000:0xE110], self.read("set/partition.bin"))
        self.assertEqual(whole[0xF000:0xF110], self.read("set/partition.bin"))
        firmware = self.read("set/FW_OTA.bin")
        self.assertEqual(whole[0x10000:0x10000 + len(firmware)], firmware)
        self.assertTrue(whole.endswith(self.read("set/ro_params.dtb")))
        self.pack("-o", "set", code=12)

    def test_whole_flash_is_judged(self):
        self.pack("--as", "flash", "-o", "flash.bin")
        result = self.run_json("inspect", "flash.bin")["result"]
        self.assertEqual(result["kind"], "bl602-dump")
        self.assertEqual(result["boots"][0]["verdict"], "yes")
        self.assertTrue(result["bl602"]["complete"])
        flash = bytearray(self.read("flash.bin"))
        flash[0x2000] ^= 1
        self.write("dead.bin", bytes(flash))
        result = self.run_json("inspect", "dead.bin")["result"]
        self.assertEqual(result["bl602"]["uart"], "silent")
        self.assertEqual([f["id"] for f in result["bl602"]["findings"] if f["verdict"] == "bad"], ["boot2-hash"])
        self.assertIn("backup", result["boots"][0]["remedy"])
        text = self.run_program("inspect", "dead.bin").out
        self.assertIn("the serial line shows nothing, for ever", text)
        self.run_program("image", "check", "dead.bin", code=8)
        self.run_program("image", "check", "flash.bin")

    def test_parts_and_back(self):
        self.pack("--as", "flash", "-o", "flash.bin")
        for part in ("boot", "ua", "app", "loader", "table", "tree"):
            self.run_program("image", "extract", "flash.bin", part, "-o", part)
        self.assertEqual(self.read("app")[:70001], self.read("app.bin"))
        self.assertEqual(self.read("loader"), self.read("boot2.bin"))
        self.run_program("image", "convert", "table", "-o", "table.toml")
        self.run_program("image", "convert", "table.toml", "-o", "table2")
        self.assertEqual(self.read("table"), self.read("table2"))
        self.run_program("image", "convert", "tree", "-o", "tree.dts")
        self.run_program("image", "convert", "tree.dts", "-o", "tree2")
        self.assertEqual(self.read("tree"), self.read("tree2"))
        self.run_program("image", "pack", "app", "--boot", "boot", "--device-tree", "tree.dts",
                         "--layout", "table.toml", "--as", "flash", "-o", "again.bin")
        self.assertEqual(self.read("flash.bin"), self.read("again.bin"))

    def test_updates(self):
        self.pack("--as", "flash", "-o", "flash.bin")
        for kind in ("ota", "ota-xz"):
            self.run_program("image", "pack", "app.bin", "--as", kind, "--label", "1.2", "-o", kind)
            result = self.run_json("image", "check", kind, "--against", "flash.bin")["result"]
            self.assertTrue(result["accepted"])
            self.assertEqual(result["version"], "1.2")
            self.run_program("image", "convert", kind, "-o", kind + ".bin")
            self.run_program("image", "pack", "app.bin", "--as", "app", "-o", kind + ".app")
            self.assertEqual(self.read(kind + ".bin"), self.read(kind + ".app"))

    def test_identity(self):
        self.pack("--as", "flash", "--mac", "02:11:22:33:44:55", "--capcode", "40", "-o", "flash.bin")
        self.assertIn("02:11:22:33:44:55", self.run_program("inspect", "flash.bin").out)
        tree = {e["path"]: e["value"] for e in self.run_json("inspect", "flash.bin")["result"]["device_tree"]}
        self.assertEqual(tree["/wifi/brd_rf/xtal"], "40 40 0 60 60")
        self.run_program("config", "set", "flash.bin", "mac=02:66:77:88:99:AA", "-o", "other.bin")
        self.assertIn("02:66:77:88:99:aa", self.run_program("inspect", "other.bin").out)
        self.assertTrue(self.run_json("inspect", "other.bin")["result"]["bl602"]["complete"])

    def test_efuses(self):
        efuse = bytearray(128)
        efuse[20:27] = bytes.fromhex("e7969f94942418")
        self.write("efuse.bin", bytes(efuse))
        result = self.run_json("inspect", "efuse.bin")["result"]
        self.assertEqual(result["kind"], "bl602-efuse")
        self.assertEqual(result["mac"], "24:94:94:9f:96:e7")

    def test_refusals(self):
        missing = self.run_json("image", "pack", "app.bin", "-o", "x", code=8)["error"]
        self.assertEqual(missing["id"], "bl602.missing")
        self.assertIn("--boot", missing["hint"])
        for code, error, arguments in ((8, "bl602.layout", ["--layout", "7m"]),
                                       (8, "bl602.layout", ["--size", "1M", "--layout", "2m"]),
                                       (8, "bl602.source", ["--device-tree", "app.bin"]),
                                       (2, "usage.image", ["--as", "ug"]), (2, "config.mac", ["--mac", "1"])):
            run = self.pack("-o", "x", *arguments, code=code)
            self.assertEqual(run["error"]["id"], error, arguments)
        self.assertFalse(os.path.exists(self.path("x")))


if __name__ == "__main__":
    support.main()
