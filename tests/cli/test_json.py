"""Standard output under --json: exactly one document that the shipped schema accepts."""

import json
import os
import unittest

import support
from support import COMMANDS, Case


class Json(Case):
    def test_every_command(self):
        module = self.module()
        self.write("noise.bin", support.flash_bytes(5, 65536))
        self.write("other.bin", support.flash_bytes(1)[:-1] + b"!")
        self.write("pins.txt", b"{rl1_pin:26,rl1_lv:1,module:CB2S,crc:1,}")
        on = ["-p", module]
        runs = [(0, ["ports"]), (0, ["chips"]), (0, ["help"]), (0, ["help", "flash"]),
                (0, ["version"]), (0, ["completion", "bash"]), (0, ["man"]), (0, ["sim"]),
                (0, [*on, "info"]), (0, [*on, "identify"]), (0, [*on, "reset"]),
                (0, [*on, "backup", "b.bin"]), (0, [*on, "read", "app", "app.bin"]),
                (0, [*on, "verify", "b.bin", "0"]), (9, [*on, "verify", "other.bin", "0"]),
                (0, ["inspect", "b.bin"]), (0, [*on, "inspect"]), (2, ["image", "convert", "b.bin"]),
                (8, ["image", "check", "b.bin"]), (8 if support.has_emulator() else 7, ["boot", "b.bin"]),
                (0, ["diff", "b.bin", "flash.bin"]), (9, ["diff", "b.bin", "other.bin"]),
                (0, ["diff", "b.bin", module]),
                (0, [*on, "write", "0x20000", "noise.bin", "--dry-run"]),
                (0, [*on, "write", "0x20000", "noise.bin"]),
                (0, [*on, "erase", "0x30000+64K"]), (0, [*on, "flash", "noise.bin", "--at=128K"]),
                (0, [*on, "restore", "b.bin"]), (12, [*on, "restore", "absent.bin"]),
                (0, ["module"]), (0, ["module", "CB3S"]), (2, ["module", "CB3X"]),
                (8, ["config", "keys", "noise.bin"]), (2, ["config", "kays", "noise.bin"]),
                (0, ["config", "convert", "pins.txt", "--to", "esphome"]),
                (0, ["monitor", *on, "--timeout", "1"]), (0, ["sim", "--scenario", "help"]),
                (0, ["diagnose", "-p", "sim:bk7231n,scenario=pwr.rf-init"]),
                (0, ["explain"]), (0, ["explain", "pwr.gated"]), (2, ["explain", "pwr"]),
                (0, ["report", "b.bin"]),
                (0, [*on, "repair", "--erase", "obk-config", "--dry-run"]), (12, ["report", "absent"]),
                (2, ["sim", "bk7231n"]), (2, ["sim", "bk9999", "--pty", "x"])]
        seen = set()
        for code, arguments in runs:
            with self.subTest(arguments=arguments):
                document = self.run_json(*arguments, code=code)
                self.assertEqual(document["ok"], code == 0)
                seen.add(document["command"])
        self.assertEqual(seen, {*COMMANDS, "man"})
        self.assertEqual(self.read("flash.bin"), support.flash_bytes(1))

    def test_dry_run_changes_nothing(self):
        self.write("noise.bin", support.flash_bytes(5, 65536))
        result = self.run_json("-p", self.module(), "write", "0x20000", "noise.bin",
                               "--dry-run")["result"]
        self.assertTrue(result["dry_run"])
        self.assertGreater(result["plan"]["rewrite"], 0)
        self.assertEqual(result["programmed"] + result["erased"], 0)
        self.assertEqual(self.read("flash.bin"), support.flash_bytes(1))

    def test_events(self):
        run = self.run_program("-p", self.module(), "--jsonl", "backup", "b.bin")
        lines = [json.loads(line) for line in run.out.splitlines()]
        for event in lines[:-1]:
            self.validate(event, "event")
        self.validate(lines[-1])
        self.assertEqual(lines[-1]["type"], "result")
        self.assertEqual([line["type"] for line in lines].count("result"), 1)
        stages = [line["id"] for line in lines if line["type"] == "stage" and line["finished"]]
        self.assertIn("backup", stages)
        times = [line["t"] for line in lines[:-1]]
        self.assertEqual(times, sorted(times))
        done = [line["done"] for line in lines if line["type"] == "progress"
                and line["id"] == "backup"]
        self.assertEqual(done, sorted(done))

    def test_events_of_a_failure(self):
        run = self.run_program("-p", self.module(extra="silent=1000000"), "--jsonl", "info", code=5)
        last = json.loads(run.out.splitlines()[-1])
        self.validate(last)
        self.assertEqual(last["error"]["exit_name"], "no-link")
        run = self.run_program("--jsonl", "nonsense", code=2)
        self.validate(json.loads(run.out))

    def test_secrets_are_masked(self):
        module = self.module(extra="key=1234:5678:9abc:def0")
        info = self.run_json("-p", module, "info")["result"]
        self.assertEqual((info["key_class"], info["key"]), ("vendor", "***"))
        run = self.run_program("-p", module, "-vvv", "--log", "log.txt", "info")
        for text in (run.out, run.err, self.read("log.txt").decode()):
            for word in ("1234", "5678", "9abc", "def0"):
                self.assertNotIn("0000" + word, text)
        info = self.run_json("-p", module, "--show-secrets", "info")["result"]
        self.assertEqual(info["key"], "00001234 00005678 00009abc 0000def0")

    def test_strange_file_names(self):
        name = 'a "quoted" \\ name\twith \u00e9.bin'
        self.write(name, support.flash_bytes(1))
        document = self.run_json("diff", name, name)
        self.assertEqual(document["result"]["a"], name)
        raw = b"broken-\xff-utf8.bin"
        with open(os.path.join(self.folder.encode(), raw), "wb") as file:
            file.write(support.flash_bytes(2))
        self.run_json("diff", os.fsdecode(raw), os.fsdecode(raw))


if __name__ == "__main__":
    unittest.main()
