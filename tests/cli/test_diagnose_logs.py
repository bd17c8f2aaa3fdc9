#!/usr/bin/env python3
"""The command diagnose on saved logs: the same findings however a terminal or a forum changed the text."""
import json
import os
import re
import unittest

import support

LOGS = os.path.join(support.SOURCE, "..", "shared", "data", "logs")
CRASH_LOOP = (b"V:BK7231S_1.0.5\nCPSR:000000D3\nR0:00000000\nJ 0x10000\nprvHeapInit-start addr:0x413e00, size:115200\n"
              b"[Flash]id:0xeb6015\nwdt reset\n")


def stamped(form):
    def change(data):
        lines = data.split(b"\n")
        return b"\n".join((form % (i // 3600 % 24, i // 60 % 60, i % 60, i * 37 % 1000)).encode() + line if line else line
                          for i, line in enumerate(lines))
    return change


VARIANTS = {
    "as it is": lambda data: data,
    "CR LF": lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\n"),
    "CR CR LF": lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\r\n"),
    "times": stamped("[%02d:%02d:%02d.%03d] - "),
    "dates": stamped("2026-01-02 %02d:%02d:%02d.%03d "),
    "arrows": stamped("%02d:%02d:%02d.%03d -> "),
    "UTF-16": lambda data: b"\xff\xfe" + data.decode("latin1").encode("utf-16le"),
    "colours": lambda data: b"\n".join(b"\x1b[32m" + x + b"\x1b[0m" if x.strip() else x for x in data.split(b"\n")),
    "blanks squeezed": lambda data: re.sub(rb" +", b" ", data),
    "one byte of noise in front": lambda data: b"\xff" + data,
    "pasted twice": lambda data: data + data,
}


def hash_of(text):
    return sum(text.encode())


class Variants(support.Case):
    def diagnose(self, data):
        self.write("log", data)
        result = json.loads(self.run_program("diagnose", "log", "--json").out)["result"]
        return sorted(verdict["id"] for verdict in result["verdicts"]), result["last_phase"], result["boots"]

    def test_a_log_says_the_same_however_it_was_saved(self):
        plain = self.diagnose(CRASH_LOOP)
        self.assertEqual(plain[2], 1)
        for variant, change in VARIANTS.items():
            with self.subTest(variant=variant):
                self.assertEqual(self.diagnose(change(CRASH_LOOP)), plain)

    @unittest.skipUnless(os.path.isdir(LOGS), "no sample logs at hand")
    def test_samples(self):
        with open(os.path.join(LOGS, "expected-detail.json"), encoding="utf-8") as file:
            expected = json.load(file)
        seen = 0
        for name, want in sorted(expected.items()):
            path = os.path.join(LOGS, name)
            if not os.path.exists(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            for variant, change in VARIANTS.items():
                if variant != "as it is" and (seen + hash_of(variant)) % 4 or (not data and variant != "as it is"):
                    continue  # a quarter of all combinations each
                if name.startswith("uart.") and variant != "as it is":
                    continue  # noise has no lines
                if variant in ("times", "dates", "arrows") and re.search(rb"\d\d:\d\d:\d\d\.\d\d\d\]", data[:4000]):
                    continue  # has times already
                with self.subTest(log=name, variant=variant):
                    self.assertEqual(self.diagnose(change(data)),
                                     (sorted(want["diagnoses"]), want["last_phase"], want["boots"]))
            seen += 1
        self.assertGreater(seen, 0)

    @unittest.skipUnless(os.path.isdir(LOGS), "no sample logs at hand")
    def test_the_four_logs_of_one_user(self):
        logs = [os.path.join(LOGS, name) for name in sorted(os.listdir(LOGS)) if ".seed" in name]
        result = json.loads(self.run_program("diagnose", *logs, "--json").out)["result"]
        failures = [v["id"] for v in result["verdicts"] if v["kind"] == "failure"]
        self.assertEqual(sorted(failures), ["bl.flash-incomplete", "pwr.rf-init"])
        incomplete = next(v for v in result["verdicts"] if v["id"] == "bl.flash-incomplete")
        self.assertIn("0x1F8000", incomplete["next"])


if __name__ == "__main__":
    unittest.main()
