"""Files that are missing, unreadable, empty, oversized, truncated, in the way: said what and
where, nothing written to the module, the old file intact."""

import os
import resource
import stat
import unittest

import support
from support import Case


class Files(Case):
    def refused(self, code, name, *arguments):
        """A run that ends before anything is changed on the module."""
        before = support.flash_bytes(1)
        module = self.module()
        self.write("trace.txt", b"")
        document = self.run_json("-p", module, *arguments, "--yes", code=code)
        self.assertIn(name, document["error"]["message"])
        self.assertTrue(document["error"]["hint"], document["error"])
        self.assertEqual(self.read("flash.bin"), before)
        return document

    def test_nothing_is_sent_for_a_bad_file(self):
        self.write("empty.bin", b"")
        with open(self.path("huge.bin"), "wb") as file:
            file.truncate((64 << 20) + 1)
        os.mkdir(self.path("folder"))
        self.write("letter.txt", b"hello\n" * 100)
        files = {"absent.bin": (12, "file.missing"), "empty.bin": (12, "file.empty"),
                 "huge.bin": (12, "file.too-large"), "folder": (12, "file.directory")}
        with self.served() as server:
            for name, (code, error) in files.items():
                for command in (["flash", name], ["restore", name], ["verify", name],
                                ["verify", name, "0"], ["write", "0", name],
                                ["flash", name, "--at", "0x11000"], ["diff", name, "letter.txt"]):
                    with self.subTest(command=command):
                        document = self.run_json("-p", self.path("module"), *command, code=code)
                        self.assertEqual(document["error"]["id"], error)
                        self.assertIn(name, document["error"]["message"])
            for command in (["flash", "letter.txt"], ["verify", "letter.txt"]):
                document = self.run_json("-p", self.path("module"), *command, code=8)
                self.assertEqual(document["error"]["id"], "image.no-place")
            for command in (["read", "0x", "r.bin"], ["erase", "5-3"], ["backup", "-r", "0+"]):
                self.run_program("-p", self.path("module"), *command, code=2)
            self.run_program("-p", self.path("module"), "--trace", "absent/trace", "info", code=12)
        self.assertEqual(server.stats["bytes_in"], 0)

    @unittest.skipIf(os.name != "posix" or os.geteuid() == 0, "root may read and write everything")
    def test_no_permission(self):
        self.write("secret.bin", support.flash_bytes(1))
        os.chmod(self.path("secret.bin"), 0)
        self.refused(12, "secret.bin", "flash", "secret.bin")
        os.mkdir(self.path("closed"), 0o500)
        self.refused(12, "closed", "backup", "closed/b.bin")

    def test_a_truncated_backup_is_none(self):
        for length in (1, 4095, 4096, 1000000, support.FLASH_SIZE - 1, support.FLASH_SIZE + 1):
            with self.subTest(length=length):
                data = support.flash_bytes(2) + b"\0"
                self.write("cut.bin", data[:length])
                self.refused(8, "cut.bin", "restore", "cut.bin")

    def test_too_long_for_the_flash(self):
        self.write("long.bin", support.flash_bytes(2, 0x10000))
        document = self.run_json("-p", self.module(), "write", "0x1ff000", "long.bin", "--yes",
                                 code=2)
        self.assertEqual(document["error"]["id"], "range.outside")
        self.assertEqual(self.read("flash.bin"), support.flash_bytes(1))

    def test_nothing_is_overwritten(self):
        self.write("old.bin", b"precious")
        self.refused(12, "old.bin", "backup", "old.bin")
        self.refused(12, "old.bin", "read", "0+4K", "old.bin")
        self.assertEqual(self.read("old.bin"), b"precious")
        self.run_program("-p", self.module(), "read", "0x1000+4K", "old.bin", "--overwrite")
        self.assertEqual(self.read("old.bin"), support.flash_bytes(1)[0x1000:0x2000])

    def test_no_such_folder(self):
        self.refused(12, "absent/b.bin", "backup", "absent/b.bin")
        self.refused(12, "absent/b.bin", "read", "0+4K", "absent/b.bin")
        self.assertFalse(os.path.exists(self.path("absent")))

    def test_disk_full(self):
        """A limit on file sizes stops writing as a full disk does."""
        self.write("flash.bin", support.flash_bytes(1))
        self.write("old.bin", b"precious")
        module = "sim:bk7231n,flash=flash.bin"
        full = {"restore_signals": False,
                "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))}
        document = self.run_json("-p", module, "read", "0x1000+8K", "old.bin", "--overwrite",
                                 code=12, **full)
        self.assertIn("old.bin", document["error"]["message"])
        self.assertEqual(self.read("old.bin"), b"precious")
        document = self.run_json("-p", module, "backup", "b.bin", code=12, **full)
        self.assertFalse(os.path.exists(self.path("b.bin")))
        for name in ("b.bin.part", "b.bin.part.json"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.run_program("-p", module, "backup", "b.bin")
        self.assertEqual(self.read("b.bin"), support.flash_bytes(1))
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".tmp")], [])

    def test_a_device_node_is_not_replaced(self):
        os.mkfifo(self.path("pipe"))
        document = self.run_json("-p", self.module(), "read", "0+4K", "pipe", "--overwrite",
                                 code=12)
        self.assertEqual(document["error"]["id"], "file.special")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))

    def test_a_stray_part_file_is_no_trap(self):
        for content in (b"", b"nonsense", b"{}", b"\x00" * 5000):
            with self.subTest(content=content[:10]):
                self.write("b.bin.part", content)
                self.write("b.bin.part.json", content)
                document = self.run_json("-p", self.module(), "backup", "b.bin", code=12)
                self.assertIn("b.bin.part.json", document["error"]["message"])
                self.assertEqual(self.read("b.bin.part"), content)
                document = self.run_json("-p", self.module(), "backup", "b.bin", "--no-resume",
                                         code=12)
                self.assertEqual(document["error"]["id"], "backup.unfinished")
        self.run_program("-p", self.module(), "backup", "another.bin")
        self.assertEqual(self.read("another.bin"), support.flash_bytes(1))


if __name__ == "__main__":
    unittest.main()
