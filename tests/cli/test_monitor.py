"""The monitor: boots, phases, rates, ends, saving, sending, two wires."""
import json
import os
import unittest

import support


class Monitor(support.Case):
    def test_a_loop_is_shown_boot_by_boot(self):
        run = self.run_program("monitor", "-p", "sim:bk7231n,scenario=pwr.rf-init", "--timeout", "2")
        self.assertIn("---- boot 1 uart2 ----", run.out)
        self.assertIn("---- boot 5 uart2 ----", run.out)
        self.assertRegex(run.out, r"(?m)^ +0\.\d+ uart2 bk\.boot\.jump +J 0x10000$")
        self.assertRegex(run.out, r"(?m)bk\.rf\.cal_start +\[FUNC\]c\\xd0$")
        self.assertRegex(run.out, r"(?m)^ +0\.\d+ uart1 +\\x00$")

    def test_json_counts(self):
        result = self.run_json("monitor", "-p", "sim:bk7231n,scenario=pwr.rf-init", "--timeout", "2")["result"]
        one, two = result["streams"]
        self.assertEqual((one["stream"], two["stream"]), ("uart1", "uart2"))
        self.assertGreaterEqual(two["boots"], 5)
        self.assertEqual(two["baud"], 115200)
        self.assertTrue(two["baud_found"])
        self.assertIsNone(result["found"])

    def test_until(self):
        port = "sim:bk7231n,scenario=ok.boot-complete"
        run = self.run_json("monitor", "-p", port, "--until", "Boot complete", "--timeout", "60")
        self.assertTrue(run["result"]["found"])
        self.assertAlmostEqual(run["result"]["streams"][0]["seconds"], 32, delta=2)
        run = self.run_json("monitor", "-p", port, "--until", "Boot complete", "--timeout", "5", code=9)
        self.assertEqual(run["error"]["id"], "monitor.not-seen")
        self.assertFalse(run["result"]["found"])

    def test_events(self):
        run = self.run_program("monitor", "-p", "sim:bk7231n,scenario=rst.watchdog", "--timeout", "20",
                               "--jsonl")
        lines = [json.loads(line) for line in run.out.splitlines()]
        for event in lines[:-1]:
            self.validate(event, "event")
        self.validate({k: v for k, v in lines[-1].items() if k != "type"})
        starts = [event for event in lines if event.get("boot_start")]
        self.assertEqual([event["boot"] for event in starts], list(range(1, len(starts) + 1)))
        phases = [event["phase"] for event in lines if event["type"] == "line" and event["phase"]]
        self.assertIn("bk.rf.cal_over", phases)
        self.assertTrue(any(event["type"] == "rate" and event["found"] for event in lines))

    def test_saved_bytes_are_as_they_came(self):
        self.run_program("monitor", "-p", "sim:bk7231n,scenario=pwr.rf-init", "--timeout", "1", "--save",
                         "log.bin")
        data = self.read("log-2.bin")
        self.assertTrue(data.startswith(b"\r\r\nV:BK7231N_1.0.1\r\r\n"))
        self.assertIn(b"[FUNC]c\xd0", data)

    def test_two_ports_a_reset_and_what_is_sent(self):
        with self.served("--scenario", "ok.boot-complete", "--uart2", "log") as module:
            run = self.run_json("monitor", "-p", self.path("log"), "-p", self.path("module"), "--until",
                                "cset:0", "--timeout", "20", "--send", "x")
            self.assertEqual([s["stream"] for s in run["result"]["streams"]], ["log", "module"])
            self.assertEqual(run["result"]["streams"][0]["lost"], 0)
            self.assertIsNone(module.poll())

    def test_what_is_typed_goes_to_the_module(self):
        self.write("keys", b"reboot\r\n")
        with self.served("--scenario", "ok.boot-complete", "--uart2", "log"), \
                open(self.path("keys"), "rb") as keys:
            self.run_program("monitor", "-p", self.path("log"), "--until", "cset:0", "--timeout", "20")
            self.run_program("monitor", "-p", self.path("module"), "-p", self.path("log"), "--until",
                             "bk_misc_init_start_type 1 10001", "--timeout", "20", stdin=keys)

    def test_the_program_ends_when_its_reader_goes(self):
        read, write = os.pipe()
        os.close(read)
        process = self.start("monitor", "-p", "sim:bk7231n,scenario=pwr.rf-init", "--timeout", "1000",
                             stdout=write)
        os.close(write)
        process.communicate(timeout=support.LIMIT)
        self.assertEqual(process.returncode, 0)

    def test_bad_uses(self):
        self.run_program("monitor", "-p", "sim:bk7231x", code=2)
        self.run_program("monitor", "-p", "/nonexistent/port", code=3)
        self.run_program("monitor", "-p", "sim:bk7231n", "--save", "no/such/folder/x", code=12)


class Diagnose(support.Case):
    def test_a_module_is_diagnosed(self):
        result = self.run_json("diagnose", "-p", "sim:bk7231n,scenario=pwr.rf-init")["result"]
        first = result["verdicts"][0]
        self.assertEqual((first["id"], first["kind"]), ("pwr.rf-init", "failure"))
        self.assertTrue(first["remedy"] and first["evidence"])
        self.assertGreaterEqual(result["boots"], 5)
        run = self.run_program("diagnose", "-p", "sim:bk7231n,scenario=pwr.rf-init")
        self.assertIn("mains", run.out)

    def test_the_write_test_is_asked_for(self):
        port = "sim:bk7231n,scenario=dl.write-failed"
        ids = lambda *more: [v["id"] for v in self.run_json("diagnose", "-p", port, *more)["result"]["verdicts"]]
        self.assertNotIn("dl.write-failed", ids())
        self.assertEqual(ids("--answer", "write-test=yes")[0], "dl.write-failed")

    def test_a_healthy_module_has_no_failure(self):
        result = self.run_json("diagnose", "-p", "sim:bk7231n,scenario=ok.boot-complete", "--yes")["result"]
        self.assertEqual([(v["id"], v["kind"]) for v in result["verdicts"]],
                         [("ok.boot-complete", "ok"), ("ok.flash", "ok")])

    def test_a_saved_log(self):
        self.run_program("monitor", "-p", "sim:bk7231n,scenario=rst.watchdog", "--timeout", "40", "--save", "l")
        result = self.run_json("diagnose", "l-2")["result"]
        self.assertEqual(result["verdicts"][0]["id"], "rst.watchdog")
        self.run_program("diagnose", "absent.log", code=12)


class Documents(support.Case):
    def test_every_finding_is_documented(self):
        with open(os.path.join(support.SOURCE, "docs", "diagnosis.md"), encoding="utf-8") as file:
            page = file.read()
        findings = self.run_json("explain")["result"]["findings"]
        self.assertGreater(len(findings), 60)
        for finding in findings:
            self.assertIn("| `%s` |" % finding["id"], page)
            self.assertTrue(finding["sources"], finding["id"])
        self.assertIn("500 mA", self.run_program("explain", "pwr.rf-init").out)

    def test_every_scenario_is_a_finding(self):
        ids = {finding["id"] for finding in self.run_json("explain")["result"]["findings"]}
        for row in self.run_json("sim", "--scenario", "help")["result"]["scenarios"]:
            self.assertIn(row["id"], ids)


class Scenarios(support.Case):
    def test_they_are_listed(self):
        rows = self.run_json("sim", "--scenario", "help")["result"]["scenarios"]
        self.assertIn("pwr.rf-init", [row["id"] for row in rows])
        run = self.run_program("sim", "bk7231n", "--scenario", "pwr.rf-int", "--pty", "m", code=2)
        self.assertIn("pwr.rf-init", run.err)


if __name__ == "__main__":
    unittest.main()
