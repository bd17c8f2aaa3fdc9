#!/usr/bin/env python3
"""The command boot: firmware on an emulated chip."""

import glob
import hashlib
import json
import os
import struct
import unittest
import zlib

import support

SHARED = os.path.join(support.SOURCE, "..", "shared") if hasattr(support, "SOURCE") else os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "..", "shared")
DUMPS = os.path.join(SHARED, "dumps")
HAVE_DUMPS = os.path.isdir(DUMPS)


HAVE_EMULATOR = support.has_emulator()


def bl602_capture(name):
    return next(path for path in glob.glob(os.path.join(DUMPS, "*.bin")) if name in path)


def beken_captures():
    return [path for path in sorted(glob.glob(os.path.join(DUMPS, "*.bin")))
            if "BL602" not in path and "pinecone" not in path]


@unittest.skipUnless(HAVE_EMULATOR, "built without the emulator")
class Boot(support.Case):
    def test_what_is_no_firmware_is_refused(self):
        self.write("text.bin", b"no firmware at all\n" * 300)
        run = self.run_program("boot", "text.bin", code=8)
        self.assertIn("boot.image", run.err)

    def test_what_is_no_snapshot_is_refused(self):
        self.write("x.snap", b"RKSNAP\r\n" + bytes(100))
        self.assertIn("snapshot.format", self.run_program("boot", "--resume", "x.snap", code=8).err)
        self.run_program("boot", code=2)
        self.run_program("boot", "x.snap", "--resume", "x.snap", code=2)
        self.run_program("boot", "--resume", "x.snap", "--pins", "21=0", code=2)

    def test_options_are_checked(self):
        self.write("x.bin", b"\x5a" * 4096)
        for option in (["--key", "abc"], ["--pins", "21"], ["--supply", "2.7V@nowhere"], ["--seconds", "-1"],
                       ["--trace", "everything"], ["--trace-file", "x.txt"],
                       ["--pins", "cen=2"],
                       ["--uart1", "x:y"], ["--uart1", "pty:p"], ["--uart1", "pty:p", "--pins", "8=1", "--chip", "BL602"],
                       ["--uart1", "pty:p", "--supply", "2.7V@app", "--chip", "BL602"],
                       ["--uart1", "pty:p", "--key", "zero", "--chip", "BL602"], ["--chip", "BK9999"]):
            self.run_program("boot", "x.bin", *option, code=2)

    @unittest.skipUnless(HAVE_DUMPS, "no captures at hand")
    def test_a_mask_rom_has_its_size(self):
        self.write("short.rom", b"\x13\x00\x00\x00" * 100)
        run = self.run_program("boot", bl602_capture("Axus"), "--rom", "short.rom", code=2)
        self.assertIn("emulate.rom", run.err)


@unittest.skipUnless(HAVE_DUMPS and HAVE_EMULATOR, "no captures at hand, or no emulator")
class Captures(support.Case):
    def result(self, *arguments, code=0):
        return json.loads(self.run_program("boot", *arguments, "--json", code=code).out)["result"]

    def test_captures_reach_the_end_of_their_radio_start(self):
        for path in beken_captures():
            result = self.result(path)
            self.assertEqual((result["outcome"], result["last_phase"]), ("runs", "stk.mf_init"), path)

    def test_the_same_run_gives_the_same(self):
        runs = [self.run_program("boot", beken_captures()[0]).out for _ in range(2)]
        self.assertEqual(runs[0], runs[1])

    def damaged(self, change):
        with open(next(p for p in beken_captures() if "Mirabella" in p), "rb") as file:
            data = bytearray(file.read())
        change(data)
        self.write("damaged.bin", data)
        result = self.result("damaged.bin", "--chip", "BK7231N", "--seconds", "1", code=9)
        return result["outcome"], [f["id"] for f in result["findings"] if f["verdict"] == "bad"]

    def test_faults_are_named(self):
        def fill(begin, end):
            return lambda data: data.__setitem__(slice(begin, end), b"\xff" * (end - begin))

        outcome, ids = self.damaged(fill(0, 0x11000))
        self.assertIn("B1", ids)
        self.assertEqual(outcome, "crashes")
        outcome, ids = self.damaged(fill(0x11000, 0x121000))
        self.assertIn("A1", ids)
        self.assertNotEqual(outcome, "runs")
        _, ids = self.damaged(lambda data: data.__setitem__(0x11000 + 34 * 300, data[0x11000 + 34 * 300] ^ 1))
        self.assertIn("A2", ids)

    def test_bl602_captures_start(self):
        for name, text in (("Axus", "normal mode"), ("pinecone", "at_server start success!")):
            path = bl602_capture(name)
            result = self.result(path, "--until", text, "--seconds", "3")
            self.assertEqual((result["chip"], result["outcome"], result["starts"]), ("BL602", "reached", 1), name)

    def test_faults_of_a_bl602_are_named(self):
        with open(bl602_capture("Axus"), "rb") as file:
            good = file.read()

        def silent(finding, *places):
            data = bytearray(good)
            for place in places:
                data[place] ^= 0x55
            self.write("damaged.bin", data)
            result = self.result("damaged.bin", "--chip", "BL602", "--seconds", "1", code=9)
            self.assertEqual(result["outcome"], "silent")
            self.assertIn(finding, [f["id"] for f in result["findings"] if f["verdict"] == "bad"])

        silent("L1", 0x30)
        silent("L2", 0x3000)
        silent("P1", 0xE010, 0xF010)
        silent("F1", 0x10030)
        silent("F2", 0x20000)

    def test_a_bl602_is_put_under_conditions(self):
        path = bl602_capture("Axus")
        for option, outcome, cause in ((["--supply", "2.7V@radio"], "restarts", "bl.power-loop"),
                                       (["--pins", "8=1"], "silent", "pin.strap"),
                                       (["--pins", "cen=0"], "silent", "pin.cen")):
            result = self.result(path, *option, code=9)
            self.assertEqual((result["outcome"], [f["id"] for f in result["findings"]]), (outcome, [cause]))
        self.write("short.bin", bytes(32))
        for option in (["--key", "zero"], ["--pins", "23=1"], ["--efuse", "short.bin"]):
            self.assertIn("emulate.condition", self.run_program("boot", path, *option, code=2).err)

    def test_a_missing_calibration_is_named(self):
        with open(next(p for p in beken_captures() if "Mirabella" in p), "rb") as file:
            data = bytearray(file.read())
        data[0x1D0000:0x1D1000] = b"\xff" * 4096
        self.write("damaged.bin", data)
        result = self.result("damaged.bin", "--chip", "BK7231N")
        self.assertIn("R1", [f["id"] for f in result["findings"]])

    def test_another_key_ends_at_once(self):
        result = self.result(beken_captures()[0], "--key", "zero", code=9)
        self.assertEqual(result["outcome"], "crashes")
        self.assertIn("A4", [f["id"] for f in result["findings"]])

    def test_the_flash_is_saved_and_the_file_is_not_changed(self):
        path = beken_captures()[0]
        with open(path, "rb") as file:
            before = file.read()
        self.result(path, "--save", "after.bin", "--stay", "--seconds", "1.5")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(len(self.read("after.bin")), len(before))

    def test_a_rehearsal_keeps_what_does_not_boot_from_the_module(self):
        path = next(p for p in beken_captures() if "Mirabella" in p)
        with open(path, "rb") as file:
            before = file.read()
        self.write("module.bin", before)
        broken = bytearray(before[0x11000:0x11000 + 0x100000 // 34 * 34])
        broken[34 * 40:34 * 600] = b"\xff" * (34 * 560)
        self.write("broken.bin", broken)
        flash = ["-p", "sim:bk7231n,flash=module.bin,save", "flash", "--rehearse", "--yes", "--at", "0x11000"]
        run = self.run_program(*flash, "broken.bin", code=9)
        self.assertIn("rehearsal.fails", run.err)
        self.assertEqual(self.read("module.bin"), before)
        good = bytearray(before[0x11000:0x11000 + 0x100000 // 34 * 34])
        self.write("good.bin", good)
        self.assertIn("rehearse", self.run_program(*flash, "good.bin").err)

    def test_a_rehearsal_keeps_it_from_a_bl602_too(self):
        with open(bl602_capture("Axus"), "rb") as file:
            before = file.read()
        self.write("module.bin", before)
        broken = bytearray(before)
        broken[0x12000:0x40000] = bytes(0x2E000)  # and the header says that this is right
        length = struct.unpack_from("<I", broken, 0x10078)[0]
        broken[0x10084:0x100A4] = hashlib.sha256(broken[0x11000:0x11000 + length]).digest()
        struct.pack_into("<I", broken, 0x100AC, zlib.crc32(broken[0x10000:0x100AC]))
        self.write("broken.bin", broken)
        run = self.run_program("-p", "sim:bl602,flash=module.bin,save", "flash", "--rehearse", "--yes", "broken.bin",
                               code=9)
        self.assertIn("rehearsal.fails", run.err)
        self.assertIn("crashes", run.err)
        self.assertEqual(self.read("module.bin"), before)

    def test_a_resumed_run_goes_on_as_if_never_stopped(self):
        path = next(p for p in beken_captures() if "Mirabella" in p)
        whole = self.run_program("boot", path, "--stay", "--seconds", "1.2").out
        first = self.run_program("boot", path, "--stay", "--seconds", "0.4137", "--snapshot", "a.snap", code=9).out
        second = self.run_program("boot", "--resume", "a.snap", "--stay", "--seconds", "0.7863").out

        def log(text):
            return "".join(line[37:] for line in text.splitlines() if line[10:14] in ("log ", "uart"))

        self.assertGreater(min(len(log(first)), len(log(second))), 100)
        self.assertEqual(log(whole), log(first) + log(second))
        self.assertEqual(whole.splitlines()[-1], second.splitlines()[-1])  # time, instructions, starts

    def test_a_trace_names_what_happens(self):
        path = next(p for p in beken_captures() if "Mirabella" in p)
        self.run_program("boot", path, "--until", "phase:bk.boot.jump", "--trace", "registers,functions,flash",
                         "--trace-file", "trace.txt")
        lines = self.read("trace.txt").decode().splitlines()
        for part in ("store 00802200 uart2.config", "call  ", "flash 9f identify 000000+3", "more of these",
                     "near \""):
            self.assertTrue(any(part in line for line in lines), part)

    def test_a_weak_supply_restarts_it(self):
        path = next(p for p in beken_captures() if "Mirabella" in p)
        result = self.result(path, "--supply", "2.7V@app", "--restarts", "2", code=9)
        self.assertEqual((result["outcome"], result["starts"]), ("restarts", 3))

    def test_the_log_names_its_cause(self):
        path = next(p for p in beken_captures() if "Mirabella" in p)
        for option, outcome, cause in ((["--supply", "2.7V@radio"], "restarts", "pwr.rf-init"),
                                       (["--pins", "21=0", "--seconds", "1"], "stops", "mode.ate")):
            result = self.result(path, *option, code=9)
            self.assertEqual((result["outcome"], [f["id"] for f in result["findings"]]), (outcome, [cause]))


if __name__ == "__main__":
    unittest.main()
