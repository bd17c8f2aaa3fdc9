"""Repairs: one thing is put right, everything else stays as it was."""
import unittest

import support


class Repair(support.Case):
    def setUp(self):
        super().setUp()
        self.run_program("backup", "-p", "sim:bk7231n,scenario=ok.boot-complete", "good.bin")
        self.good = self.read("good.bin")

    def damaged(self, *ranges):
        data = bytearray(self.good)
        for start, end in ranges:
            data[start:end] = b"\xff" * (end - start)
        self.write("bad.bin", data)
        return ["-p", "sim:bk7231n,flash=bad.bin,save"]

    def test_what_is_missing_is_written_and_the_rest_kept(self):
        on = self.damaged((0, 0x9900), (0x1D0000, 0x1D1000))
        arguments = [*on, "repair", "--boot", "good.bin", "--rf", "good.bin", "--force=boot"]
        before = self.read("bad.bin")
        steps = self.run_json(*arguments, "--dry-run")["result"]["steps"]
        self.assertEqual([step["repair"] for step in steps], ["boot", "rf"])
        self.assertEqual(self.read("bad.bin"), before)
        steps = self.run_json(*arguments)["result"]["steps"]
        self.assertTrue(all(step["verified"] and step["backup"] for step in steps))
        self.assertEqual(self.read("bad.bin"), self.good)

    def test_only_what_is_named_is_erased(self):
        data = bytearray(self.good)
        data[0x1D1000:0x1D5000] = bytes(range(256)) * 64
        self.write("bad.bin", data)
        on = ["-p", "sim:bk7231n,flash=bad.bin,save"]
        self.run_json(*on, "repair", "--erase", "boot-counter")
        data[0x1D3000:0x1D4000] = b"\xff" * 0x1000
        self.assertEqual(self.read("bad.bin"), bytes(data))
        self.run_json(*on, "repair", "--erase", "obk-config")
        data[0x1D1000:0x1D2000] = b"\xff" * 0x1000
        self.assertEqual(self.read("bad.bin"), bytes(data))

    def test_what_is_not_there_is_not_taken_out(self):
        error = self.run_json(*self.damaged(), "repair", "--erase", "start-script", code=8)["error"]
        self.assertEqual(error["id"], "config.none")

    def test_the_findings_ask_for_files(self):
        error = self.run_json("-p", "sim:bk7231n,scenario=dl.bootloader-blank", "repair", code=2)["error"]
        self.assertEqual(error["id"], "repair.file")
        self.assertIn("--boot", error["hint"])

    def test_findings_that_need_no_file_are_repaired(self):
        steps = self.run_json("-p", "sim:bk7231n,scenario=hang.flash-vars", "repair")["result"]["steps"]
        self.assertEqual([(s["repair"], s["finding"]) for s in steps], [("boot-counter", "hang.flash-vars")])

    def test_what_no_write_cures_is_not_written(self):
        error = self.run_json("-p", "sim:bk7231n,scenario=pwr.rf-init", "repair", code=7)["error"]
        self.assertEqual(error["id"], "repair.none")

    def test_rules_hold(self):
        on = self.damaged((0, 0x9900))
        self.assertEqual(self.run_json(*on, "repair", "--boot", "good.bin", code=10)["error"]["rule"], "boot")
        self.write("noise.bin", support.flash_bytes(3, 0x20000))
        self.run_json(*on, "repair", "--boot", "noise.bin", code=8)
        self.run_json(*on, "repair", "--rf", "noise.bin", code=8)


if __name__ == "__main__":
    unittest.main()
