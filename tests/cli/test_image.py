"""inspect and image, driven from outside: files in, files out, exit statuses, bad input."""

import os
import random
import struct
import subprocess
import xml.dom.minidom
import zlib

import support
from support import Case

KEY = (0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03)  # the public key of Tuya's modules


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def blocks(data):
    data += b"\xff" * (-len(data) % 32)
    return b"".join(data[i:i + 32] + struct.pack(">H", crc16(data[i:i + 32]))
                    for i in range(0, len(data), 32))


def rotate(word, n):
    return (word >> n | word << 32 - n) & 0xFFFFFFFF


def encipher(data, base):
    """The scrambler for the one key that is used here: only its 32-bit stage is on."""
    out = bytearray()
    for i in range(0, len(data), 4):
        x = rotate(base + i, 8) ^ KEY[0]
        stream = rotate(x, 15) ^ (0xE519A4F1 & (x >> 2 & 15) * 0x11111111) ^ KEY[2]
        out += struct.pack("<I", struct.unpack_from("<I", data, i)[0] ^ stream)
    return bytes(out)


def vectors(entry, handler):
    words = [0xEA000000 | entry] + [0xE59FF014] * 7
    words += [handler + 32 * i for i in range(7)] + [0xDEADBEEF]
    return struct.pack("<16I", *words)


def entry(name, device, offset, length):
    head = b"01PE" + name.ljust(24, b"\0") + device.ljust(24, b"\0")
    head += struct.pack("<II", offset, length)
    return head + struct.pack("<I", zlib.crc32(head))


def application(enciphered=True):
    """A UA file of our own bytes for a BK7231N."""
    plain = vectors(0x0E, 0x106C0) + bytes(0xC0) + b"BK7231\0\0" + bytes(0x300)
    plain += b"oem_bk7231n_test\0" + b"1.2.3\0"
    plain += bytes(i * i >> 3 & 0xFF for i in range(0x2000 - len(plain)))
    return blocks(encipher(plain, 0x10000) if enciphered else plain)


def loader():
    code = vectors(0x200, 0x1000) + bytes(0x100) + b"BK7231N_1.0.1\0"
    code = code.ljust(0x3000, b"\x55")
    table = (entry(b"bootloader", b"beken_onchip_crc", 0, 0x10000)
             + entry(b"app", b"beken_onchip_crc", 0x10000, 0x108700)
             + entry(b"download", b"beken_onchip", 0x12A000, 0xA6000))
    return blocks(encipher(code, 0) + table).ljust(0x11000, b"\xff")


class Image(Case):
    def setUp(self):
        super().setUp()
        self.write("ua.bin", application())
        self.write("boot.bin", loader())

    def test_inspect(self):
        result = self.run_json("inspect", "ua.bin")["result"]
        self.assertEqual((result["kind"], result["family"], result["chip"], result["key_class"]),
                         ("ua", "bk72xx", "BK7231N", "tuya"))
        self.assertEqual((result["app_name"], result["app_version"]), ("oem_bk7231n_test", "1.2.3"))
        boots = {boot["chip"]: boot["verdict"] for boot in result["boots"]}
        self.assertEqual(boots["BK7231N"], "with-boot-loader")
        self.assertEqual(boots["BK7231M"], "no")
        part = result["parts"][0]
        self.assertEqual((part["kind"], part["address"], part["length"], part["verdict"]),
                         ("app", 0x11000, os.path.getsize(self.path("ua.bin")), "good"))
        self.assertIn("Will it boot?", self.run_program("inspect", "ua.bin").out)

    def test_chip_filter(self):
        result = self.run_json("inspect", "ua.bin", "--chip", "BK7231N")["result"]
        self.assertEqual([boot["chip"] for boot in result["boots"]], ["BK7231N"])

    def test_svg(self):
        self.run_program("inspect", "ua.bin", "--svg", "map.svg")
        xml.dom.minidom.parse(self.path("map.svg"))
        self.run_program("inspect", "ua.bin", "--svg", "map.svg", code=12)

    def test_build_and_take_apart(self):
        before = self.read("ua.bin")
        self.run_program("image", "convert", "ua.bin", "--boot", "boot.bin", "-o", "qio.bin")
        self.assertEqual(self.run_json("inspect", "qio.bin")["result"]["kind"], "qio")
        self.run_program("image", "extract", "qio.bin", "ua", "-o", "again.bin")
        self.assertEqual(self.read("again.bin"), before)
        self.run_program("image", "decrypt", "qio.bin", "-o", "plain.bin")
        result = self.run_json("inspect", "plain.bin")["result"]
        self.assertEqual((result["chip"], result["key_class"]), ("BK7231M", "zero"))
        self.run_program("image", "encrypt", "plain.bin", "--key", "tuya", "-o", "back.bin")
        self.assertEqual(self.read("back.bin"), self.read("qio.bin"))
        self.assertEqual(self.read("ua.bin"), before)

    def test_shifted_capture(self):
        self.run_program("image", "convert", "ua.bin", "--boot", "boot.bin", "--pad", "2M",
                         "-o", "dump.bin")
        dump = self.read("dump.bin")
        self.write("shifted.bin", dump[0x11000:] + dump[:0x11000])
        self.assertEqual(self.run_json("inspect", "shifted.bin")["result"]["kind"], "dump-shifted")
        self.run_program("image", "convert", "shifted.bin", "-o", "right.bin")
        self.assertEqual(self.read("right.bin"), dump)

    def test_update(self):
        self.run_program("image", "convert", "ua.bin", "--boot", "boot.bin", "--pad", "2M",
                         "-o", "dump.bin")
        self.run_program("image", "pack", "ua.bin", "--as", "ug", "--label", "4.5", "-o", "new.ug")
        result = self.run_json("image", "check", "new.ug", "--against", "dump.bin")["result"]
        self.assertTrue(result["accepted"])
        self.assertEqual(result["version"], "4.5")
        package = bytearray(self.read("new.ug"))
        package[300] ^= 1
        self.write("bad.ug", bytes(package))
        self.run_program("image", "check", "bad.ug", "--against", "dump.bin", code=8)
        module = self.run_json("-p", "sim:bk7231n,flash=dump.bin", "image", "check", "new.ug")
        self.assertEqual(module["result"], result)
        self.run_program("-p", "sim:bk7231n,flash=dump.bin", "image", "check", "bad.ug", code=8)
        self.run_program("image", "convert", "new.ug", code=2)
        self.run_program("image", "convert", "new.ug", "-o", "x.bin", code=2)
        self.run_program("image", "convert", "new.ug", "--key", "tuya", "-o", "x.bin")
        self.assertEqual(self.read("x.bin"), self.read("ua.bin"))

    def test_check(self):
        self.run_program("image", "check", "ua.bin")
        self.run_program("image", "check", "ua.bin", "--chip", "BK7231T", code=8)

    def test_nothing_is_replaced(self):
        before = self.read("boot.bin")
        self.run_program("image", "extract", "ua.bin", "app", "-o", "boot.bin", code=12)
        self.assertEqual(self.read("boot.bin"), before)

    def test_usage(self):
        self.run_program("image", "frobnicate", "ua.bin", code=2)
        self.run_program("image", "extract", "ua.bin", "spleen", "-o", "x", code=2)
        self.run_program("image", "extract", "ua.bin", "rf", "-o", "x", code=8)
        self.run_program("image", "encrypt", "ua.bin", "-o", "x", code=2)
        self.run_program("image", "encrypt", "ua.bin", "--key", "secret", "-o", "x", code=2)
        self.run_program("image", "convert", "ua.bin", "-o", "x", code=8)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_bad_input(self):
        self.write("empty", b"")
        self.run_program("inspect", "empty", code=12)
        self.run_program("inspect", "absent", code=12)
        self.run_program("inspect", ".", code=12)
        with open(self.path("sparse"), "wb") as file:
            file.truncate(1 << 30)
        self.run_program("inspect", "sparse", code=12)
        for name, data, kind in (("one", b"x", "blank"), ("noise", random.Random(3).randbytes(5000), "unknown"),
                                 ("cut", self.read("ua.bin")[:-7], "ua")):
            self.write(name, data)
            self.assertEqual(self.run_json("inspect", name)["result"]["kind"], kind)
        os.mkfifo(self.path("pipe"))
        feeder = subprocess.Popen(["sh", "-c", "cat ua.bin > pipe"], cwd=self.folder)
        self.assertEqual(self.run_json("inspect", "pipe")["result"]["kind"], "ua")
        feeder.wait(30)

    def test_module(self):
        self.run_program("image", "convert", "ua.bin", "--boot", "boot.bin", "--pad", "2M",
                         "-o", "flash.bin")
        file, module = (self.run_json(*arguments)["result"] for arguments in
                        (("inspect", "flash.bin"), ("-p", self.module(), "inspect")))
        for key in ("kind", "chip", "key_class", "app_name", "sha256", "parts", "sectors"):
            self.assertEqual(file[key], module[key])

    def test_erased_module(self):
        """An application alone is refused; joined with a boot loader it makes a module that boots."""
        self.write("flash.bin", b"\xff" * support.FLASH_SIZE)
        on = ["-p", self.module(), "--force=no-backup", "--no-backup"]
        run = self.run_json(*on[:2], "flash", "ua.bin", *on[2:], code=10)
        self.assertEqual(run["error"]["rule"], "layout")
        self.assertIn("--boot", run["error"]["hint"])
        self.assertEqual(self.read("flash.bin"), b"\xff" * support.FLASH_SIZE)
        # The loader of this test is no build that anybody knows: that has to be said too.
        run = self.run_json(*on[:2], "flash", "ua.bin", "--boot", "boot.bin", *on[2:], code=10)
        self.assertEqual(run["error"]["rule"], "boot")
        self.run_program(*on[:2], "flash", "ua.bin", "--boot", "boot.bin", "--force=boot", *on[2:])
        result = self.run_json("inspect", "flash.bin", "--chip", "BK7231N")["result"]
        self.assertEqual(result["boots"][0]["verdict"], "yes")


if __name__ == "__main__":
    support.main()
