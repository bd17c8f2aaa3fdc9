"""Help, manual pages and completions come from the tables: each names every option."""

import re
import shutil
import subprocess
import unittest

import support
from support import COMMANDS, Case

OPTION = re.compile(r"^ {2}(?:-(\w),| {3}) --([a-z0-9-]+)", re.M)


def options_in(help_text):
    return {name: letter for letter, name in OPTION.findall(help_text)}


class Help(Case):
    def test_the_commands(self):
        text = self.run_program("help").out
        listed = re.findall(r"^  ([a-z]+) +\S", text.split("commands\n")[1].split("\n\n")[0], re.M)
        self.assertEqual(listed, COMMANDS)
        self.assertEqual(self.run_program("--help").out, text)
        self.assertEqual(self.run_program("-h").out, text)

    def test_each_command(self):
        common = options_in(self.run_program("help").out)
        self.assertIn("port", common)
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.run_program("help", command).out
                self.assertIn("usage: rekindle " + command, text)
                self.assertEqual(self.run_program(command, "--help").out, text)
                self.assertEqual(self.run_program("-h", command).out, text)
                self.assertLessEqual(common.items(), options_in(text).items())
        self.assertEqual(self.run_program("help", "identify").out,
                         self.run_program("help", "info").out)

    def test_manual_pages_name_every_option(self):
        pages = self.run_program("man", "list").out.split()
        self.assertEqual(pages, ["rekindle", *COMMANDS])
        for command in COMMANDS:
            with self.subTest(command=command):
                page = self.run_program("man", command).out
                names = {re.sub(r"\\-", "-", name)
                         for name in re.findall(r"\\fB\\-\\-([a-z0-9\\-]+)\\fR", page)}
                self.assertEqual(names, set(options_in(self.run_program("help", command).out)))
                self.assertTrue(page.startswith(".TH REKINDLE\\-%s 1" % command))

    @unittest.skipUnless(shutil.which("mandoc") or shutil.which("groff"), "no man formatter")
    def test_manual_pages_are_good_roff(self):
        for command in ("", *COMMANDS):
            page = self.run_program("man", *filter(None, [command])).out
            checker = (["mandoc", "-T", "lint", "-W", "error"] if shutil.which("mandoc")
                       else ["groff", "-man", "-ww", "-z", "-Tascii"])
            result = subprocess.run(checker, input=page.encode(), capture_output=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, b""), command)

    def test_completions_name_every_option(self):
        everything = {}
        for command in COMMANDS:
            everything.update(options_in(self.run_program("help", command).out))
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell=shell):
                script = self.run_program("completion", shell).out
                for word in (*everything, *COMMANDS):
                    self.assertIn(word, script)
                if shutil.which(shell):
                    check = subprocess.run([shell, "-n"], input=script.encode(), check=False,
                                           capture_output=True)
                    self.assertEqual((check.returncode, check.stderr), (0, b""))

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes(self):
        script = self.run_program("completion", "bash").out

        def complete(*words):
            ask = ('%s\nCOMP_WORDS=(%s)\nCOMP_CWORD=%d\n_rekindle\nprintf "%%s\\n" '
                   '"${COMPREPLY[@]}"' % (script, " ".join("'%s'" % w for w in words),
                                          len(words) - 1))
            result = subprocess.run(["bash", "-c", ask], capture_output=True, check=True)
            return result.stdout.decode().split()

        self.assertEqual(complete("rekindle", "back"), ["backup"])
        self.assertEqual(complete("rekindle", "backup", "--para"), ["--paranoid"])
        self.assertEqual(complete("rekindle", "--progress", "l"), ["lines"])
        self.assertNotIn("--paranoid", complete("rekindle", "info", "--"))

    def test_rules(self):
        text = self.run_program("help", "rules").out
        for rule in ("no-backup", "chip", "key", "boot", "boot-brick", "calibration", "size",
                     "layout", "foreign-backup", "protect", "unstable", "same-port"):
            self.assertRegex(text, r"(?m)^  %s +refuses " % rule)

    def test_version(self):
        version = self.run_program("version").out
        self.assertRegex(version, r"\Arekindle \d+\.\d+\.\d+\n\Z")
        self.assertEqual(self.run_program("--version").out, version)
        self.assertEqual(self.run_program("-V").out, version)


if __name__ == "__main__":
    unittest.main()
