"""`rekindle sim`: the main job on a virtual module behind a pseudo-terminal and over TCP."""

import os
import socket
import unittest

import support
from support import Case


class Sim(Case):
    def job(self, model):
        """Identify, back up, write, verify, restore: at the end every byte is as before."""
        self.write("dump.bin", support.flash_bytes(1))
        self.write("code.bin", support.flash_bytes(5, 0x8000))
        port = ["-p", self.path("module")]
        with self.served("--flash", "dump.bin", "--save", "now.bin", "--ideal", model=model):
            self.assertIn(model.upper(), self.run_program(*port, "info").out)
            self.run_program(*port, "backup", "b.bin")
            start = self.read("b.bin")
            self.run_program(*port, "write", "0x20000", "code.bin", "--yes")
            self.run_program(*port, "verify", "code.bin", "0x20000")
            self.run_program(*port, "verify", "b.bin", "0", code=9)
            self.run_program(*port, "restore", "b.bin", "--yes")
            self.run_program(*port, "verify", "b.bin", "0")
        self.assertEqual(self.read("now.bin"), start)
        self.assertEqual(self.read("dump.bin"), support.flash_bytes(1), "the dump was changed")

    def test_rom_chip(self):
        self.job("bk7231n")

    def test_flash_loader_chip(self):
        self.job("bk7231t")

    def test_interrupted_backup_reads_on(self):
        """Sectors that were saved before the interruption are not transferred again."""
        with self.served("--flash", self.write("dump.bin", support.flash_bytes(1))):
            with open(self.path("events"), "wb") as events:
                process = self.start("-p", self.path("module"), "--jsonl", "backup", "b.bin",
                                     stdout=events)
            support.wait_until(lambda: self.read("events").count(b'"id":"backup","text":null') > 3,
                               "sectors")
            process.send_signal(2)
            process.communicate(timeout=support.LIMIT)
            self.assertEqual(process.returncode, 130)
            result = self.run_json("-p", self.path("module"), "backup", "b.bin")["result"]
        self.assertGreater(result["resumed"], 0)
        self.assertEqual(self.read("b.bin"), support.flash_bytes(1))

    def test_over_tcp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            number = probe.getsockname()[1]
        self.write("dump.bin", support.flash_bytes(1))
        for option, scheme in (("--tcp", "tcp"), ("--rfc2217", "rfc2217")):
            with self.subTest(scheme=scheme):
                with self.served("--flash", "dump.bin", option, "127.0.0.1:%d" % number):
                    run = self.run_program("-p", "%s://127.0.0.1:%d" % (scheme, number), "info")
                    self.assertIn("BK7231N", run.out)

    def test_link_is_removed_at_the_end(self):
        with self.served() as server:
            self.assertTrue(os.path.islink(self.path("module")))
        self.assertEqual(server.returncode, 0)
        self.assertFalse(os.path.lexists(self.path("module")))
        self.validate(server.document)

    def test_link_does_not_replace_a_file(self):
        self.write("precious", b"data")
        run = self.run_program("sim", "bk7231n", "--pty", "precious", code=2)
        self.assertIn("precious", run.err)
        self.assertEqual(self.read("precious"), b"data")

    def test_bad_options(self):
        for arguments in (["--drop", "lots"], ["--jedec", "zz"], ["--loader", "9.9.9"],
                          ["--size", "3"], ["--key", "x"]):
            with self.subTest(arguments=arguments):
                self.run_program("sim", "bk7231n", "--pty", "link", *arguments, code=2)
        self.run_program("sim", "bk7231n", "--pty", "link", "--flash", "absent.bin", code=12)
        self.run_program("sim", "bk7231n", code=2)
        self.assertIn("bk7231n", self.run_program("sim").out)


if __name__ == "__main__":
    unittest.main()
