"""The report: what it holds, and that nothing private is in it."""
import glob
import json
import os
import unittest

import support
import test_config
from test_config import SHARED

LOG = b"""V:BK7231N_1.0.1\r
ST:00000000\r
J 0x10000\r
bk_misc_init_start_type 0 0\r
Info:MAIN:Using SSID [My Home Net]\r
Info:MAIN:Using Pass [geheim-9]\r
Info:GEN:dhcp=0 ip=192.168.17.4 mac=b8:06:0d:12:34:56\r
Info:MQTT:mqtt://broker.example.org:1883\r
read /Users/anna/dumps/plug.bin\r
Info:MAIN:Boot complete time reached (30 seconds)\r
"""
PRIVATE = ["My Home Net", "geheim-9", "192.168.17", "12:34:56", "broker.example", "anna"]


class Report(support.Case):
    def test_a_log_loses_what_is_private(self):
        self.write("boot.log", LOG)
        run = self.run_program("report", "boot.log")
        for text in PRIVATE:
            self.assertNotIn(text, run.out)
        for text in ("V:BK7231N_1.0.1", "b8:06:0d:xx:xx:xx", "plug.bin", "ok.boot-complete"):
            self.assertIn(text, run.out)
        removed = self.run_json("report", "boot.log")["result"]["removed"]
        self.assertEqual(removed, {"settings": 0, "values": 2, "macs": 1, "ips": 1, "hosts": 1, "paths": 1,
                                   "keys": 0})

    def test_a_module(self):
        run = self.run_program("report", "-p", "sim:bk7231n,scenario=dl.bootloader-blank", "-o", "r.md")
        self.assertEqual(run.out, "")
        page = self.read("r.md").decode()
        for text in ("# rekindle report", "dl.bootloader-blank", "b8:06:0d:xx:xx:xx", "OpenBK7231N", "## Flash"):
            self.assertIn(text, page)
        self.assertNotIn("00:00:01", page)
        self.run_program("report", "-p", "sim:bk7231n,scenario=dl.bootloader-blank", "-o", "r.md", code=12)

    @unittest.skipUnless(os.path.isdir(os.path.join(SHARED, "dumps")), "no captures at hand")
    def test_no_secret_of_a_capture_is_in_its_report(self):
        """Also not where it stands in a log beside it."""
        seen = 0
        for name in sorted(glob.glob(os.path.join(SHARED, "dumps", "*.bin"))):
            golden = glob.glob(os.path.join(glob.escape(SHARED), "data", "tuya-golden", "**",
                                            glob.escape(os.path.basename(name)) + ".json"), recursive=True)
            if not golden:
                continue
            with open(golden[0], encoding="utf-8") as file:
                golden = json.load(file)["keys"]
            keys = self.run_json("config", "keys", name, "--show-secrets")["result"]["keys"]
            secrets = test_config.ScrubbedCaptures.hidden(golden, {key["name"]: key["value"] for key in keys})
            secrets = [secret for _, secret in secrets if len(secret) >= 5]
            self.write("all.log", b"".join(b"it says " + s + b" here\n" for s in secrets))
            page = self.run_program("report", name, "all.log").out.encode()
            for secret in secrets:
                self.assertNotIn(secret, page)
            seen += len(secrets)
        self.assertGreater(seen, 0)


if __name__ == "__main__":
    unittest.main()
