"""The command line: what is accepted, and what a wrong one is told."""

import os
import unittest

import support
from support import Case


class Usage(Case):
    def refused(self, arguments, said, hint=""):
        run = self.run_program(*arguments, code=2)
        self.assertEqual(run.out, "")
        self.assertRegex(run.err, r"\Arekindle: error \[(usage|rule|chip|sim|number|range)\.[a-z-]+\]: ")
        self.assertIn(said, run.err)
        self.assertIn(hint, run.err)
        return run

    def test_unknown_words_get_a_suggestion(self):
        self.refused(["inof"], 'there is no command "inof"', 'did you mean "info"?')
        self.refused(["info", "--prot", "x"], 'there is no option "--prot"', "--port")
        self.refused(["backup", "--resme"], "--resme", "did you mean --resume?")
        self.refused(["info", "--progress", "bra"], '"bra" is no value for --progress',
                     "auto|bar|lines|off")
        self.refused(["flash", "a", "--force", "calibraton"], "calibraton", "calibration")
        self.refused(["-p", "sim:bk7231m,dorp=1", "info"], "dorp", "drop")
        self.refused(["-p", "sim:bk7231z", "info"], "bk7231z", "bk7231")
        self.refused(["help", "falsh"], "falsh", "flash")
        self.refused(["completion", "tcsh"], "tcsh", "bash")
        self.refused(["-c", "bk7231x", "-p", "sim:bk7231n", "info"], "bk7231x", "BK7231")

    def test_usage_follows_the_error(self):
        run = self.refused(["verify"], "verify needs FILE [ADDR]")
        self.assertIn("usage: rekindle verify", run.err)
        self.assertIn("rekindle help verify", run.err)

    def test_names_are_never_abbreviated(self):
        for name in ("--verbos", "--js", "--back", "--no-res"):
            self.refused(["backup", name], name)
        self.refused(["back"], '"back"')

    def test_nothing_is_ignored(self):
        self.refused(["chips", "extra"], '"extra" is one argument too many')
        self.refused(["chips", "--paranoid"], "--paranoid")
        self.refused(["info", "--json=yes"], "takes no value")
        self.refused(["info", "-Z"], "-Z")
        self.refused(["info", "-p"], "--port needs PORT")
        self.refused(["info", "--port="], "--port needs PORT")
        self.refused(["info", "--no-port"], "--no-port")
        self.refused(["info", "-p", "nowhere://x"], "nowhere://x")

    def test_bad_numbers(self):
        module = self.module()
        self.write("some.bin", b"\x5a" * 4096)
        for number in ("", "x", "0x", "1000h", "12q", "-1", "4294967296", "1e3", "0x1g", "5M0"):
            with self.subTest(number=number):
                self.refused(["-p", module, "write", "--", number, "some.bin"], "")
        for text in ("--retries=many", "--baud=fast", "--baud=1", "--link-timeout=soon",
                     "--link-timeout=-1", "--reset=maybe"):
            with self.subTest(text=text):
                self.refused(["-p", module, "info", text], text.split("=")[1])
        for text in ("0x11000", "5-3", "0+", "0x10-", "+4K", "0+0", "1K+1Q"):
            with self.subTest(text=text):
                self.refused(["-p", module, "read", text, "out.bin"], "")
                self.assertFalse(os.path.exists(self.path("out.bin")))

    def test_numbers_are_decimal_unless_0x(self):
        module = self.module()
        for text, start, length in (("1000+8", 1000, 8), ("0x1000+0x10", 4096, 16),
                                    ("4K+1K", 4096, 1024), ("0x1000-0x1800", 4096, 2048),
                                    ("1M+3", 1 << 20, 3), ("1-4098", 1, 4097)):
            with self.subTest(text=text):
                name = "r%d-%d.bin" % (start, length)
                result = self.run_json("-p", module, "read", text, name)["result"]
                self.assertEqual((result["address"], result["length"]), (start, length))
                self.assertEqual(self.read(name), support.flash_bytes(1)[start:start + length])

    def test_outside_of_the_flash(self):
        document = self.run_json("-p", self.module(), "read", "0x1ff000+8K", "r.bin", code=2)
        self.assertEqual(document["error"]["id"], "range.outside")
        self.run_program("-p", self.module(), "erase", "0x200000+4K", code=2)

    def test_every_form_of_an_option(self):
        module = self.module()
        for arguments in (["--port", module, "info"], ["--port=" + module, "info"],
                          ["info", "--port", module], ["info", "-p", module],
                          ["-p" + module, "info"], ["info", "-qp", module],
                          ["-v", "--no-verbose", "-p", module, "identify"]):
            with self.subTest(arguments=arguments):
                self.assertIn("BK7231N", self.run_program(*arguments).out)
        self.write("-odd", support.flash_bytes(1))
        self.run_program("diff", "--", "-odd", "flash.bin")
        self.run_program("diff", "./-odd", "-odd", code=2)

    def test_json_even_of_a_usage_error(self):
        for arguments in (["--json", "inof"], ["info", "--json", "--nonsense"],
                          ["--nonsense", "info", "--json"], ["--json"], ["verify", "--json"]):
            with self.subTest(arguments=arguments):
                run = self.run_program(*arguments, code=0 if arguments == ["--json"] else 2)
                if arguments != ["--json"]:
                    import json
                    document = json.loads(run.out)
                    self.validate(document)
                    self.assertEqual(document["error"]["exit_name"], "usage")

    def test_no_argument_is_a_friendly_help(self):
        run = self.run_program()
        self.assertIn("first steps", run.out)
        self.assertEqual(run.err, "")

    def test_port_named_twice(self):
        self.refused(["-p", "/dev/null", "-p", "/dev/null", "info"], "twice")

    def test_rules_are_lifted_only_by_name(self):
        self.write("noise.bin", support.flash_bytes(3, 4096))
        self.write("noise.bin", os.urandom(4096))
        module = self.module()
        self.run_program("-p", module, "write", "0x1d0000", "noise.bin", "--yes", "--force=boot",
                         code=10)
        self.run_program("-p", module, "write", "0x1d0000", "noise.bin", "--no-backup", code=10)
        self.run_program("-p", module, "write", "0x1d0000", "noise.bin",
                         "--force=boot,calibration")
        self.assertEqual(self.read("flash.bin")[0x1d0000:0x1d1000], self.read("noise.bin"))


class Settings(Case):
    def test_precedence(self):
        os.mkdir(self.path("user"))
        os.mkdir(self.path("user/rekindle"))
        module = self.module()
        home = {"XDG_CONFIG_HOME": self.path("user")}

        def chosen(*arguments, **env):
            run = self.run_program("info", "-v", *arguments, env=support.environment(**home, **env),
                                   code=7)
            return run.err

        def config(name, chip):
            self.write(name, ("# a comment\n[rekindle]\nport = %s\nchip = %s\n" %
                              (module, chip)).encode())

        config("user/rekindle/config.ini", "bk7252")
        self.assertRegex(chosen(), r"chip = bk7252 \(from .*user/rekindle/config.ini\)")
        config("rekindle.ini", "bk7231t")
        self.assertIn("chip = bk7231t (from rekindle.ini)", chosen())
        self.assertIn("chip = bk7231u (from the environment)", chosen(REKINDLE_CHIP="bk7231u"))
        self.assertIn("not a bk7238", chosen("-c", "bk7238", REKINDLE_CHIP="bk7231u"))
        config("mine.ini", "bk7252n")
        self.assertIn("chip = bk7252n (from mine.ini)", chosen("--config", "mine.ini"))
        self.run_program("info", "--no-config", env=support.environment(**home), code=3)

    def test_a_project_file_cannot_lift_rules(self):
        for line in ("force = calibration", "yes = 1", "nonsense", "[other]", "port ="):
            self.write("rekindle.ini", ("\n" + line + "\n").encode())
            document = self.run_json("chips", code=2)
            self.assertEqual(document["error"]["id"], "config.line")
            self.assertIn("rekindle.ini:2", document["error"]["message"])
        self.run_program("chips", "--config", "absent.ini", code=12)


if __name__ == "__main__":
    unittest.main()
