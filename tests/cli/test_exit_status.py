"""Every documented exit status is produced by a run, and named the same in JSON and on paper."""

import os
import re
import resource
import signal
import unittest

import support
from support import Case

NAMES = {0: "ok", 1: "internal", 2: "usage", 3: "port-none", 4: "port-denied", 5: "no-link",
         6: "link-lost", 7: "unsupported", 8: "bad-image", 9: "differs", 10: "refused",
         11: "partial", 12: "host-file", 13: "device-fault", 130: "interrupted",
         143: "terminated"}


class ExitStatus(Case):
    def expect(self, code, error, *arguments, **options):
        """A run that fails: status, id and story agree."""
        document = self.run_json(*arguments, code=code, **options)
        self.assertFalse(document["ok"])
        self.assertEqual(document["error"]["exit_name"], NAMES[code])
        self.assertEqual(document["error"]["id"], error)
        return document

    def test_0_ok(self):
        self.assertTrue(self.run_json("-p", self.module(), "info")["ok"])

    def test_1_internal(self):
        with open(self.path("large.bin"), "wb") as file:
            file.truncate(60 << 20)
        with open(support.PROGRAM, "rb") as file:
            sanitized = b"__asan_init" in file.read()
        options = {}
        if sanitized:  # which need more address space than a limit would leave
            options["env"] = support.environment(
                ASAN_OPTIONS="allocator_may_return_null=1:max_allocation_size_mb=16:"
                             "print_summary=0:verbosity=0")
        else:
            limit = (40 << 20, 40 << 20)
            options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
        process = self.start("-p", self.module(), "verify", "large.bin", "0", **options)
        _, err = process.communicate(timeout=support.LIMIT)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn(b"rekindle: error [internal.memory]: ", err)

    def test_2_usage(self):
        self.expect(2, "usage.option", "info", "--nonsense")

    def test_3_no_port(self):
        self.expect(3, "port.not-found", "-p", self.path("absent"), "info")
        self.expect(3, "port.not-found", "-p", "usb:0001:0002", "info")

    def test_4_port_busy(self):
        with self.served() as server:
            first = self.start("-p", self.path("module"), "backup", "a.bin", "--paranoid")
            try:
                support.wait_until(lambda: os.path.exists(self.path("a.bin.part")), "the backup")
                self.expect(4, "port.busy", "-p", self.path("module"), "info")
            finally:
                first.send_signal(signal.SIGINT)
                first.communicate(timeout=support.LIMIT)
        self.assertIsNotNone(server.stats)

    def test_5_silent(self):
        self.expect(5, "link.no-answer", "-p", self.module(extra="silent=1000000"),
                    "--link-timeout", "2", "info")

    def test_6_link_lost(self):
        self.expect(6, "port.gone", "-p", self.module(extra="vanish=30"), "read", "0+256K", "a.bin")
        self.assertFalse(os.path.exists(self.path("a.bin")))

    def test_7_another_chip(self):
        document = self.expect(7, "chip.mismatch", "-p", self.module(), "-c", "bk7231t", "info")
        self.assertIn("BK7231N", document["error"]["message"])

    def test_8_no_image(self):
        self.write("letter.txt", b"Dear module,\n" * 40)
        self.expect(8, "image.no-place", "-p", self.module(), "flash", "letter.txt")

    def test_9_differs(self):
        self.write("other.bin", support.flash_bytes(2))
        document = self.expect(9, "verify.differs", "-p", self.module(), "verify", "other.bin", "0")
        self.assertGreater(document["result"]["differing"], 0)
        document = self.expect(9, "diff.differs", "diff", "flash.bin", "other.bin")
        self.assertGreater(document["result"]["differing"], 0)

    def test_10_refused(self):
        before = support.flash_bytes(1)
        self.write("noise.bin", support.flash_bytes(3, 8192))
        for arguments in (["write", "0x1d0000", "noise.bin"], ["erase", "rf"]):
            document = self.run_json("-p", self.module(), *arguments, "--yes", code=10)
            self.assertEqual(document["error"]["rule"], "calibration")
            self.assertEqual(self.read("flash.bin"), before)
        run = self.run_program("-p", self.module(), "erase", "rf", "--yes", code=10)
        self.assertIn("rekindle: refused [calibration]: ", run.err)

    def test_11_partial_then_resumed(self):
        module = self.module()
        document = self.expect(11, "backup.partial", "-p", module + ",vanish=700", "backup",
                               "b.bin")
        self.assertIn("b.bin.part", document["error"]["hint"])
        self.assertFalse(os.path.exists(self.path("b.bin")))
        document = self.run_json("-p", module, "backup", "b.bin")
        self.assertGreater(document["result"]["resumed"], 0)
        self.assertEqual(self.read("b.bin"), support.flash_bytes(1))

    def test_12_host_file(self):
        self.expect(12, "file.missing", "-p", self.module(), "flash", "absent.bin")

    def test_13_device_fault(self):
        self.expect(13, "flash.silent", "-p", "sim:bk7231n,dead-flash", "backup", "b.bin")
        self.write("noise.bin", support.flash_bytes(3, 65536))
        document = self.expect(13, "flash.sector", "-p", self.module(extra="weak-sector=0x31000"),
                               "write", "0x30000", "noise.bin")
        self.assertEqual(document["error"]["address"], 0x31000)
        self.expect(13, "flash.protected", "-p", self.module(seed=4, extra="sr=0x7c,locked"),
                    "write", "0x50000", "noise.bin")

    def signalled(self, number, code):
        """A real signal during a backup: saved, said, resumed to the exact bytes."""
        self.write("flash.bin", support.flash_bytes(1))
        with self.served("--flash", "flash.bin"):
            process = self.start("-p", self.path("module"), "backup", "b.bin", "--json")
            support.wait_until(lambda: os.path.exists(self.path("b.bin.part")), "the backup")
            process.send_signal(number)
            out, err = process.communicate(timeout=support.LIMIT)
            self.assertEqual(process.returncode, code, err)
            self.assertIn(('"exit_code": %d' % code).encode(), out)
            self.assertRegex(err, rb"rekindle: error \[[a-z.]+\]: ")
            self.assertIn(b"try: ", err)
            self.assertFalse(os.path.exists(self.path("b.bin")))
            self.run_program("-p", self.path("module"), "backup", "b.bin")
        self.assertEqual(self.read("b.bin"), support.flash_bytes(1))

    def test_130_interrupted(self):
        self.signalled(signal.SIGINT, 130)

    def test_143_terminated(self):
        self.signalled(signal.SIGTERM, 143)

    def test_all_are_documented(self):
        page = self.run_program("man").out
        rows = dict(re.findall(r"^\\fB(\d+)\\fR \(([a-z-]+)\)$", page, re.M))
        self.assertEqual(rows, {str(code): name for code, name in NAMES.items()})
        with open(os.path.join(support.SOURCE, "docs", "cli.md"), encoding="utf-8") as file:
            document = file.read()
        for code, name in NAMES.items():
            self.assertRegex(document, r"\| %d \| `?%s`? \|" % (code, name))


if __name__ == "__main__":
    unittest.main()
