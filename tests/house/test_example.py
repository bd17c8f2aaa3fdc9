#!/usr/bin/env python3
"""examples/backup.c does what docs/library.md says of it: test_example.py PROGRAM."""
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()


class Example(unittest.TestCase):
    def run_in(self, folder, *args):
        return subprocess.run([str(PROGRAM), *args], cwd=folder, capture_output=True, text=True,
                              timeout=100)

    def test_backup(self):
        with tempfile.TemporaryDirectory() as folder:
            flash = bytearray(b"\xff" * (2 << 20))
            flash[:0x40000] = random.Random(1).randbytes(0x40000)
            (pathlib.Path(folder) / "dump.bin").write_bytes(flash)
            out = self.run_in(folder, "sim:bk7231n,flash=dump.bin", "copy.bin")
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertIn("BK7231N, flash 2048 KiB", out.stdout)
            self.assertIn("448 of them blank", out.stdout)
            self.assertEqual((pathlib.Path(folder) / "copy.bin").read_bytes(), bytes(flash))

    def test_error_has_name_and_hint(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.run_in(folder, "sim:bk7231x")
            self.assertEqual(out.returncode, 1)
            self.assertIn("[sim.model]", out.stderr)
            self.assertIn("try:", out.stderr)

    def test_usage(self):
        self.assertEqual(self.run_in(".").returncode, 2)


if __name__ == "__main__":
    unittest.main()
