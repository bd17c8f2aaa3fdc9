#!/usr/bin/env python3
"""The commands config and module, and moving house while flashing."""

import glob
import json
import os
import pty
import random
import stat
import subprocess
import tempfile
import unittest
import zlib

from obk_record import Record

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("REKINDLE", os.path.join(SOURCE, "build", "rekindle"))
SHARED = os.path.join(SOURCE, "..", "shared")
MAC = bytes.fromhex("105a17f3d637")
PLACE = 0x1D1000  # of the record on a BK7231N


def blank_flash():
    """A flash with a calibration record and nothing else that means anything."""
    source = random.Random(6)
    flash = bytearray(b"\xff" * (2 << 20))
    flash[0:0x10000] = source.randbytes(0x10000)
    rf = (b"TLV\0" + (34).to_bytes(4, "little") + bytes.fromhex("00111111") + (26).to_bytes(4, "little")
          + bytes.fromhex("01111111") + (4).to_bytes(4, "little") + bytes.fromhex("4e61bc00")
          + bytes.fromhex("02111111") + (6).to_bytes(4, "little") + MAC)
    flash[0x1D0000:0x1D0000 + len(rf)] = rf
    return bytes(flash)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run_program(self, *arguments, code=0):
        env = {name: value for name, value in os.environ.items()
               if not name.startswith("REKINDLE_")}
        env.update(HOME="/nonexistent", NO_COLOR="1", LC_ALL="C")
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder.name, env=env, text=True,
                              capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def result(self, *arguments):
        return json.loads(self.run_program(*arguments, "--json").stdout)["result"]

    def moved(self, *options, flash=None):
        """A module that was flashed with `--config auto`; returns its flash."""
        self.write("flash.bin", flash or blank_flash())
        self.write("app.bin", random.Random(7).randbytes(8192))
        self.run_program("-p", "sim:bk7231n,flash=flash.bin,save", "flash", "app.bin", "--at", "0x20000",
                         "--config", "auto", *options)
        return self.read("flash.bin")


class Littlefs:
    """Metadata blocks of a small LittleFS, written from its specification."""

    SIZE = 4096

    def __init__(self):
        self.blocks = {}

    def block(self, index, revision, tags):
        data, previous = bytearray(revision.to_bytes(4, "little")), 0xFFFFFFFF
        for kind, number, value in tags + [(0x500, 0x3FF, None)]:
            tag = kind << 20 | number << 10 | (4 if value is None else len(value))
            data += (tag ^ previous).to_bytes(4, "big")
            data += (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(4, "little") if value is None else value
            previous = tag
        self.blocks[index] = bytes(data).ljust(self.SIZE, b"\xff")

    def image(self, count=8):
        return b"".join(self.blocks.get(i, b"\xff" * self.SIZE) for i in range(count))


def small_files():
    """autoexec.bat, www/index.html, and a name that leads out of the folder."""
    fs = Littlefs()
    numbers = (0x20001, fs.SIZE, 8, 255, 0x7FFFFFFF, 1022)
    pair = (2).to_bytes(4, "little") + (3).to_bytes(4, "little")
    fs.block(0, 1, [(0x0FF, 0, b"littlefs"), (0x201, 0, b"".join(n.to_bytes(4, "little") for n in numbers)),
                    (0x001, 1, b"autoexec.bat"), (0x201, 1, b"setSSID1 Home"),
                    (0x002, 2, b"www"), (0x200, 2, pair)])
    fs.block(3, 1, [(0x001, 0, b".."), (0x201, 0, b"out"), (0x001, 1, b"index.html"), (0x201, 1, b"<p>")])
    return fs.image()


class Files(Case):
    def setUp(self):
        super().setUp()
        flash = bytearray(blank_flash())
        flash[0x12B000:0x12B000 + len(small_files())] = small_files()
        self.write("flash.bin", flash)

    def test_files_are_listed(self):
        files = self.result("config", "files", "flash.bin")["files"]
        self.assertEqual([(f["path"], f["size"]) for f in files],
                         [("autoexec.bat", 13), ("www", 0), ("www/..", 3), ("www/index.html", 3)])
        text = self.run_program("config", "files", "flash.bin").stdout
        self.assertIn("LittleFS at 0x12b000", text)

    def test_one_is_shown_and_all_are_copied(self):
        shown = self.run_program("config", "files", "flash.bin", "autoexec.bat").stdout
        self.assertEqual(shown, "setSSID1 Home")
        done = self.run_program("config", "files", "flash.bin", "-o", "out")
        self.assertIn("files.skipped", done.stderr + done.stdout)
        self.assertEqual(self.read("out/autoexec.bat"), b"setSSID1 Home")
        self.assertEqual(self.read("out/www/index.html"), b"<p>")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["autoexec.bat", "www"])
        self.assertEqual(os.listdir(self.path("out/www")), ["index.html"])
        self.run_program("config", "files", "flash.bin", "-o", "out", code=12)

    def test_a_module_is_read_as_a_whole(self):
        files = self.result("-p", "sim:bk7231n,flash=flash.bin", "config", "files")["files"]
        self.assertEqual(len(files), 4)

    def test_a_scrubbed_copy_has_no_files(self):
        self.run_program("config", "scrub", "flash.bin", "-o", "public.bin")
        self.assertNotIn(b"setSSID1", self.read("public.bin"))
        self.run_program("config", "files", "public.bin", code=8)


class SameAddress(Case):
    def test_two_modules_with_one_address_are_pointed_out(self):
        self.write("flash.bin", blank_flash())
        done = self.run_program("-p", "sim:bk7231n,flash=flash.bin", "-p", "sim:bk7231n,flash=flash.bin",
                                "info", "--json")
        modules = json.loads(done.stdout)["result"]["modules"]
        self.assertEqual([w["id"] for m in modules for w in m["warnings"]], ["module.same-mac"])

    def test_default_addresses_of_two_dumps_are_pointed_out(self):
        default = blank_flash().replace(MAC, bytes.fromhex("c8478c000000"))
        self.write("a.bin", default)
        self.write("b.bin", default[:-1] + b"x")
        self.assertIn("module.same-mac", self.run_program("diff", "a.bin", "b.bin", code=9).stderr)
        self.write("c.bin", blank_flash())
        self.write("d.bin", blank_flash()[:-1] + b"x")
        self.assertNotIn("module.same-mac", self.run_program("diff", "c.bin", "d.bin", code=9).stderr)


class ScrubbedCaptures(Case):
    """What the golden data hides is a secret: none of it may be left, however short it is."""

    @unittest.skipUnless(os.path.isdir(os.path.join(SHARED, "dumps")), "no captures at hand")
    def test_no_value_that_the_golden_data_hides_is_left(self):
        seen = 0
        for name in sorted(glob.glob(os.path.join(SHARED, "dumps", "*.bin"))):
            golden = glob.glob(os.path.join(glob.escape(SHARED), "data", "tuya-golden", "**",
                                            glob.escape(os.path.basename(name)) + ".json"), recursive=True)
            if not golden:
                continue
            with open(golden[0], encoding="utf-8") as file:
                golden = json.load(file)["keys"]
            copy = self.path("public-%d.bin" % seen)
            self.run_program("config", "scrub", name, "-o", copy)
            secrets = self.hidden(golden, self.values(name))
            left = b"\n".join(json.dumps(v).encode() for v in self.values(copy).values())
            with open(copy, "rb") as file:
                left += file.read()
            for where, secret in secrets:
                self.assertNotIn(secret, left, (name, where))
            seen += len(secrets)
        self.assertGreater(seen, 0)

    def values(self, dump):
        keys = self.result("config", "keys", dump, "--show-secrets")["keys"]
        return {key["name"]: key["value"] for key in keys}

    @staticmethod
    def hidden(golden, values):
        found = []
        for name, key in golden.items():
            value = key.get("value")
            if isinstance(value, dict):
                found += [((name, m), str(values[name][m]).encode()) for m, v in value.items()
                          if "redacted" in str(v)]
            elif "redacted" in str(value):
                text = str(values[name])
                found.append(((name,), bytes.fromhex(text) if all(c in "0123456789abcdef" for c in text)
                              and len(text) % 2 == 0 else text.encode()))
        return [(where, secret) for where, secret in found if secret]


class Moving(Case):
    def test_the_new_configuration_joins_the_network(self):
        flash = self.moved("--wifi-ssid", "Home", "--wifi-password", "secret-9", "--mqtt",
                           "192.168.1.10:8883", "--device-name", "kitchen")
        record = Record(flash[PLACE:])
        self.assertEqual(record.version, 5)
        self.assertEqual(record.text("wifi_ssid"), "Home")
        self.assertEqual(record.text("wifi_pass"), "secret-9")
        self.assertEqual(record.text("mqtt_host"), "192.168.1.10")
        self.assertEqual(record.number("mqtt_port"), 8883)
        self.assertEqual(record.text("shortDeviceName"), "kitchen")
        self.assertEqual(record.raw("mac"), MAC)
        self.assertEqual(record.number("genericFlags"), 1 << 10)
        self.assertEqual(flash[PLACE + 3584:PLACE + 4096], b"\xff" * 512)
        self.assertEqual(flash[0x20000:0x22000], self.read("app.bin"))

    def test_the_network_is_asked_for_at_a_terminal(self):
        self.write("flash.bin", blank_flash())
        self.write("app.bin", random.Random(7).randbytes(8192))
        seen = self.answer({b"none):": b"Home\n", b"not shown):": b"secret-9\n", b"[y/N]": b"y\n"},
                           "-p", "sim:bk7231n,flash=flash.bin,save", "flash", "app.bin", "--at",
                           "0x20000", "--config", "auto")
        self.assertNotIn(b"secret-9", seen)
        record = Record(self.read("flash.bin")[PLACE:])
        self.assertEqual(record.text("wifi_ssid"), "Home")
        self.assertEqual(record.text("wifi_pass"), "secret-9")

    def answer(self, answers, *arguments):
        """A run at a terminal at which each question gets its answer; returns what was seen."""
        master, slave = pty.openpty()
        env = {"HOME": "/nonexistent", "TERM": "xterm", "LC_ALL": "C"}
        with subprocess.Popen([PROGRAM, *arguments], cwd=self.folder.name, env=env, stdin=slave,
                              stdout=subprocess.DEVNULL, stderr=slave) as process:
            os.close(slave)
            seen = b""
            try:
                while data := os.read(master, 4096):
                    seen += data
                    for question in [q for q in answers if q in seen]:
                        os.write(master, answers.pop(question))
            except OSError:
                pass
            self.assertEqual(process.wait(60), 0, seen)
        os.close(master)
        return seen

    def test_what_was_carried_over_is_in_the_result(self):
        self.write("flash.bin", blank_flash())
        self.write("app.bin", random.Random(7).randbytes(8192))
        result = self.result("-p", "sim:bk7231n,flash=flash.bin", "flash", "app.bin", "--at", "0x20000",
                             "--config", "auto", "--wifi-ssid", "Home", "--dry-run")
        self.assertEqual(result["settings"], {"from": "defaults", "certain": False, "pins": 0,
                                              "wifi": True, "address": PLACE, "length": 4096})

    def test_a_second_run_finds_everything_done(self):
        before = self.moved("--wifi-ssid", "Home")
        after = self.moved("--wifi-ssid", "Home", flash=before)
        self.assertEqual(before, after)

    def test_a_name_that_is_too_long_changes_nothing(self):
        self.write("flash.bin", blank_flash())
        self.write("app.bin", b"\x55" * 4096)
        self.run_program("-p", "sim:bk7231n,flash=flash.bin,save", "flash", "app.bin", "--at", "0x20000",
                         "--config", "auto", "--wifi-ssid", "x" * 65, code=2)
        self.assertEqual(self.read("flash.bin"), blank_flash())

    @unittest.skipUnless(os.path.isdir(os.path.join(SHARED, "dumps")), "no captures at hand")
    def test_pins_and_roles_equal_the_golden_description(self):
        for name in sorted(glob.glob(os.path.join(SHARED, "dumps", "*.bin"))):
            golden = glob.glob(os.path.join(glob.escape(SHARED), "data", "tuya-golden", "**",
                                            glob.escape(os.path.basename(name)) + ".json"), recursive=True)
            if not golden:
                continue
            with open(golden[0], encoding="utf-8") as file:
                golden = json.load(file)
            if "BK7231N" not in str(golden["storage"]) and golden.get("rf_offset") != 0x1D0000:
                continue
            with open(name, "rb") as file, self.subTest(os.path.basename(name)):
                record = Record(self.moved(flash=file.read())[PLACE:])
                for pin in golden.get("openbeken", {}).get("pins", []):
                    role, channel, _ = record.pin(pin["pin"])
                    # The golden converter ignores levels and counts colours from 0.
                    self.assertEqual(role.removesuffix("_n"), pin["role"].removesuffix("_n"))
                    self.assertEqual(channel, pin["channel"] + (pin["role"] == "PWM"))


class Editing(Case):
    def setUp(self):
        super().setUp()
        self.moved("--wifi-ssid", "Home", "--wifi-password", "secret-9")
        self.original = self.read("flash.bin")

    def test_set_writes_a_valid_record_into_a_copy(self):
        self.run_program("config", "set", "flash.bin", "name.short=lamp", "pin.26=Rel;1",
                         "pin.10=Btn;1;2", "flag.37=1", "startup=backlog startDriver NTP",
                         "-o", "out.bin")
        flash = self.read("out.bin")
        old, new = Record(self.original[PLACE:]), Record(flash[PLACE:])
        self.assertEqual(self.read("flash.bin"), self.original)
        self.assertEqual(new.text("shortDeviceName"), "lamp")
        self.assertEqual(new.pin(26), ("Rel", 1, 0))
        self.assertEqual(new.pin(10), ("Btn", 1, 2))
        self.assertEqual(new.number("genericFlags2"), 1 << 5)
        self.assertEqual(new.text("initCommandLine"), "backlog startDriver NTP")
        self.assertEqual(new.number("changeCounter"), old.number("changeCounter") + 1)
        changed = {"crc", "changeCounter", "shortDeviceName", "pins", "genericFlags2", "initCommandLine"}
        for name in old.fields:
            if name not in changed:
                self.assertEqual(old.raw(name), new.raw(name), name)
        self.assertEqual(flash[:PLACE] + flash[PLACE + 4096:],
                         self.original[:PLACE] + self.original[PLACE + 4096:])

    def test_set_on_a_module_keeps_a_backup(self):
        os.mkdir(self.path("backups"))
        self.run_program("-p", "sim:bk7231n,flash=flash.bin,save", "config", "set", "mqtt.host=broker",
                         "--backup-dir", "backups")
        self.assertEqual(Record(self.read("flash.bin")[PLACE:]).text("mqtt_host"), "broker")
        backups = glob.glob(self.path("backups/*.bin"))
        self.assertEqual(len(backups), 1)
        with open(backups[0], "rb") as file:
            self.assertEqual(file.read(), self.original)

    def test_the_start_up_command_goes_and_the_rest_stays(self):
        self.run_program("config", "set", "flash.bin", "startup=restart", "pin.26=Rel;1", "-o", "loop.bin")
        on = ["-p", "sim:bk7231n,flash=loop.bin,save"]
        old = Record(self.read("loop.bin")[PLACE:])
        self.run_program(*on, "repair", "--erase", "start-script", "--dry-run")
        self.assertEqual(Record(self.read("loop.bin")[PLACE:]).text("initCommandLine"), "restart")
        self.run_program(*on, "repair", "--erase", "start-script")
        new = Record(self.read("loop.bin")[PLACE:])
        self.assertEqual(new.text("initCommandLine"), "")
        self.assertEqual(new.text("wifi_ssid"), "Home")
        for name in set(old.fields) - {"crc", "changeCounter", "initCommandLine"}:
            self.assertEqual(old.raw(name), new.raw(name), name)

    def test_secrets_are_masked_unless_wanted(self):
        shown = self.run_program("config", "show", "flash.bin")
        self.assertNotIn("secret-9", shown.stdout + shown.stderr)
        self.assertNotIn("secret-9", self.run_program("config", "show", "flash.bin", "--json").stdout)
        self.assertEqual(self.run_program("config", "get", "flash.bin", "wifi.password").stdout,
                         "(hidden)\n")
        self.assertEqual(self.run_program("config", "get", "flash.bin", "wifi.password",
                                          "--show-secrets").stdout, "secret-9\n")

    def test_exports_with_secrets_are_private(self):
        self.run_program("config", "export", "flash.bin", "-o", "plain.json")
        self.assertNotIn(b"secret-9", self.read("plain.json"))
        done = self.run_program("config", "export", "flash.bin", "-o", "all.json", "--show-secrets")
        self.assertIn("config.secrets", done.stderr)
        self.assertIn(b"secret-9", self.read("all.json"))
        self.run_program("config", "export", "flash.bin", "-o", "record", "--as", "record")
        for name in ("all.json", "record"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o600)
        self.run_program("config", "set", "flash.bin", "wifi.password=other", "-o", "changed.bin")
        for name in ("all.json", "record"):
            self.run_program("config", "import", "changed.bin", name, "-o", name + ".bin")
            self.assertEqual(Record(self.read(name + ".bin")[PLACE:]).text("wifi_pass"), "secret-9")

    def test_templates_are_imported(self):
        self.write("template.json", json.dumps({"pins": {"6": "Relay;1", "8": "WifiLED_n;0"},
                                                "command": "startDriver NTP", "flags": "1024"}).encode())
        self.run_program("config", "import", "flash.bin", "template.json", "-o", "out.bin")
        record = Record(self.read("out.bin")[PLACE:])
        self.assertEqual(record.pin(6), ("Rel", 1, 0))
        self.assertEqual(record.pin(8), ("WifiLED_n", 0, 0))
        self.assertEqual(record.text("initCommandLine"), "startDriver NTP")

    def test_scrub_removes_every_secret(self):
        result = self.result("config", "scrub", "flash.bin", "-o", "public.bin")
        self.assertTrue(result["proven"])
        flash = self.read("public.bin")
        self.assertNotIn(b"secret-9", flash)
        self.assertEqual(flash[:PLACE], self.original[:PLACE])
        self.assertEqual(Record(flash[PLACE:]).text("shortDeviceName"),
                         Record(self.original[PLACE:]).text("shortDeviceName"))

    def test_the_address_is_changed_where_the_chip_keeps_it(self):
        self.run_program("config", "set", "flash.bin", "rf.mac=02:11:22:33:44:55", "-o", "out.bin")
        flash = self.read("out.bin")
        self.assertEqual(flash[0x1D0024:0x1D002A], bytes.fromhex("021122334455"))
        self.assertEqual(flash[:0x1D0024] + flash[0x1D002A:],
                         self.original[:0x1D0024] + self.original[0x1D002A:])
        self.run_program("config", "set", "flash.bin", "rf.mac=c8:47:8c:00:00:00", "-o", "o.bin", code=2)

    def test_nonsense_is_refused_before_anything_is_written(self):
        for change in ("pin.29=Rel;1", "pin.26=Relais;1", "wifi.sid=x", "name.short=" + "x" * 40, "=x", "x"):
            self.run_program("config", "set", "flash.bin", change, "-o", "out.bin", code=2)
            self.assertFalse(os.path.exists(self.path("out.bin")))
        self.run_program("config", "set", "flash.bin", "name.short=x", code=2)
        self.run_program("config", "sett", "flash.bin", code=2)
        self.run_program("config", "keys", "flash.bin", code=8)
        self.run_program("config", "set", "flash.bin", "name.short=x", "-o", "flash.bin", code=12)
        self.assertEqual(self.read("flash.bin"), self.original)


class Explaining(Case):
    def test_pin_texts_are_converted(self):
        self.write("pins.txt", b"{rl1_pin:26,rl1_lv:1,module:CB2S,crc:1,}")
        self.assertIn("Relay, channel 1, on P26, active high",
                      self.run_program("config", "convert", "pins.txt").stdout)
        template = json.loads(self.run_program("config", "convert", "pins.txt", "--to", "template").stdout)
        self.assertEqual(template["pins"], {"26": "Rel;1"})
        self.assertIn("platform: gpio",
                      self.run_program("config", "convert", "pins.txt", "--to", "esphome").stdout)
        self.run_program("config", "convert", "pins.txt", "--to", "tasmota", code=7)

    def test_hostile_text_reaches_no_terminal(self):
        self.write("pins.txt", b'{"module":"CB\\u001b[31m2S","rl1_pin":26,"crc":1}')
        for form in ("text", "esphome", "commands"):
            self.assertNotIn("\x1b", self.run_program("config", "convert", "pins.txt", "--to", form).stdout)

    def test_modules_are_drawn(self):
        drawn = self.run_program("module", "cb3s").stdout
        self.assertIn("BK7231N", drawn)
        self.assertIn("P11  UART1 TX", drawn)
        pads = {pad["pad"]: pad["signal"] for pad in self.result("module", "CB3S")["pads"]}
        self.assertEqual(pads["15"], "P10")
        self.assertIn("did you mean", self.run_program("module", "CB3X", code=2).stderr)

    @unittest.skipUnless(os.path.isdir(os.path.join(SHARED, "dumps")), "no captures at hand")
    def test_keys_equal_the_golden_data(self):
        for name in sorted(glob.glob(os.path.join(SHARED, "dumps", "*.bin"))):
            golden = glob.glob(os.path.join(glob.escape(SHARED), "data", "tuya-golden", "**",
                                            glob.escape(os.path.basename(name)) + ".json"), recursive=True)
            if not golden:
                continue
            with open(golden[0], encoding="utf-8") as file:
                expected = json.load(file)["keys"]
            with self.subTest(os.path.basename(name)):
                keys = {key["name"]: key for key in self.result("config", "keys", name)["keys"]}
                self.assertEqual(sorted(keys), sorted(expected))
                for key, value in expected.items():
                    self.assertEqual(keys[key]["sha256"], value["sha256"])
                    self.assertEqual(keys[key]["length"], value["len"])
                    self.assertTrue(keys[key]["certain"])


if __name__ == "__main__":
    unittest.main()
