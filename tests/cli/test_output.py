"""Streams: results on standard output, the story on standard error; terminals and closed pipes."""

import json
import os
import pty
import subprocess
import threading
import unittest

import support
from support import Case


class Output(Case):
    def test_message_form(self):
        run = self.run_program("-p", self.path("absent"), "info", code=3)
        self.assertEqual(run.out, "")
        lines = run.err.splitlines()
        self.assertRegex(lines[0], r"\Arekindle: error \[port\.not-found\]: .*absent")
        self.assertRegex(lines[-1], r"\Atry: ")

    def test_quiet(self):
        run = self.run_program("-q", "-p", self.module(), "backup", "b.bin")
        self.assertEqual((run.out, run.err), ("b.bin\n", ""))
        run = self.run_program("-q", "-p", self.path("absent"), "info", code=3)
        self.assertIn("rekindle: error", run.err)

    def test_result_and_story_are_apart(self):
        run = self.run_program("-p", self.module(), "backup", "b.bin")
        self.assertEqual(run.out, "b.bin\n")
        self.assertIn("backup", run.err)

    def test_progress_off(self):
        run = self.run_program("--progress=off", "-p", self.module(), "backup", "b.bin")
        self.assertNotIn("%", run.err)
        run = self.run_program("--progress=lines", "-p", self.module(), "backup", "c.bin")
        self.assertIn("%", run.err)

    def on_terminal(self, *arguments, typed=b"", env=None):
        """A run whose standard input and error are a terminal."""
        master, slave = pty.openpty()
        process = self.start(*arguments, stdin=slave, stderr=slave,
                             env=env or support.environment(TERM="xterm", NO_COLOR=None))
        os.close(slave)
        seen = []

        def collect():
            try:
                while data := os.read(master, 4096):
                    seen.append(data)
                    if typed and b"[y/N]" in b"".join(seen):
                        os.write(master, typed)
                        return collect_rest()
            except OSError:
                pass

        def collect_rest():
            while data := os.read(master, 4096):
                seen.append(data)

        def guarded():
            try:
                collect()
            except OSError:
                pass

        thread = threading.Thread(target=guarded)
        thread.start()
        out, _ = process.communicate(timeout=support.LIMIT)
        thread.join(10)
        os.close(master)
        return process.returncode, out.decode(), b"".join(seen).decode()

    def test_bar_on_a_terminal(self):
        code, out, err = self.on_terminal("-p", self.module(), "backup", "b.bin")
        self.assertEqual((code, out), (0, "b.bin\n"))
        self.assertIn("\x1b[2K", err)
        self.assertIn("\x1b[1;32m", err)
        for line in err.replace("\x1b[1A\x1b[2K", "").splitlines():
            if "%" in line:
                self.assertLess(len(line), 80)

    def test_no_color(self):
        env = support.environment(TERM="xterm", NO_COLOR="1")
        _, _, err = self.on_terminal("-p", "absent", "info", env=env)
        self.assertNotIn("\x1b[1;31m", err)
        _, _, err = self.on_terminal("-p", "absent", "info", "--color=always", env=env)
        self.assertIn("\x1b[1;31merror", err)
        _, _, err = self.on_terminal("-p", "absent", "info",
                                     env=support.environment(TERM="dumb", NO_COLOR=None))
        self.assertNotIn("\x1b", err)

    def test_question(self):
        self.write("noise.bin", support.flash_bytes(5, 8192))
        module = self.module()
        arguments = ["-p", module, "write", "0x20000", "noise.bin"]
        code, _, err = self.on_terminal(*arguments, typed=b"n\n")
        self.assertIn("[y/N]", err)
        self.assertEqual(code, 10)
        self.assertEqual(self.read("flash.bin"), support.flash_bytes(1))
        for more in (["--yes"], ["--no-input"]):
            code, _, err = self.on_terminal(*arguments, *more, "--dry-run")
            self.assertNotIn("[y/N]", err)
        code, _, err = self.on_terminal(*arguments, typed=b"y\n")
        self.assertEqual(code, 0)
        self.assertEqual(self.read("flash.bin")[0x21000:0x22000], self.read("noise.bin")[4096:])

    def test_a_closed_pipe_is_no_accident(self):
        for arguments in (["help"], ["-p", self.module(), "info"],
                          ["-p", self.module(), "--jsonl", "backup", "b.bin"]):
            with self.subTest(arguments=arguments):
                reader, writer = os.pipe()
                os.close(reader)
                process = self.start(*arguments, stdout=writer)
                os.close(writer)
                _, err = process.communicate(timeout=support.LIMIT)
                self.assertEqual(process.returncode, 0, err)
                self.assertNotIn(b"error", err)
        self.assertEqual(self.read("b.bin"), support.flash_bytes(1))

    def test_log_and_trace(self):
        module = self.module()
        first = self.run_program("-p", module, "--log", "log.txt", "--trace", "wire.trace", "info")
        log = self.read("log.txt").decode()
        self.assertIn("[link", log)
        again = self.run_program("-p", "replay:wire.trace", "info")
        keep = lambda text: [line for line in text.splitlines() if not line.startswith("link")]
        self.assertEqual(keep(again.out), keep(first.out))

    def test_no_network(self):
        """Nothing is sent anywhere: no socket is made by commands that need none."""
        if subprocess.run(["sh", "-c", "command -v strace"], capture_output=True,
                          check=False).returncode:
            self.skipTest("strace is not installed")
        log = self.path("calls")
        subprocess.run(["strace", "-f", "-o", log, "-e", "trace=socket,connect", support.PROGRAM,
                        "-p", self.module(), "info"], cwd=self.folder, env=support.environment(),
                       capture_output=True, check=False)
        self.assertNotIn("socket(", self.read("calls").decode())


class SeveralModules(Case):
    def test_each_gets_a_verdict(self):
        a, b = self.module(1, name="a.bin"), self.module(2, model="bk7231t", name="b.bin")
        document = self.run_json("-p", a, "-p", b, "backup", "save.bin")
        modules = document["result"]["modules"]
        self.assertEqual([m["port"]["name"] for m in modules], [a, b])
        self.assertEqual([m["result"]["file"] for m in modules], ["save-1.bin", "save-2.bin"])
        self.assertEqual(self.read("save-1.bin"), support.flash_bytes(1))
        self.assertEqual(self.read("save-2.bin"), self.read("b.bin"))

    def test_names_of_backups_do_not_collide(self):
        modules = []
        for i in range(4):
            modules += ["-p", self.module(i, name="m%d.bin" % i)]
        document = self.run_json(*modules, "backup")
        names = [m["result"]["file"] for m in document["result"]["modules"]]
        self.assertEqual(len(set(names)), 4, names)
        for i, name in enumerate(names):
            self.assertEqual(self.read(name), support.flash_bytes(i))

    def test_the_worst_counts(self):
        good = self.module(1, name="a.bin")
        silent = self.module(2, name="b.bin", extra="silent=1000000")
        gone = self.module(3, name="c.bin", extra="vanish=20")
        run = self.run_program("-p", good, "-p", silent, "-p", gone, "info", code=6)
        self.assertIn("%s: chip      BK7231N" % good, run.out)
        self.assertIn("rekindle: %s: error [link.no-answer]" % silent, run.err)
        self.assertIn("rekindle: %s: error [port.gone]" % gone, run.err)
        document = self.run_json("-p", good, "-p", silent, "info", code=5)
        self.assertEqual([m["exit_code"] for m in document["result"]["modules"]], [0, 5])

    def test_events_name_their_port(self):
        a, b = self.module(1, name="a.bin"), self.module(2, name="b.bin")
        run = self.run_program("--jsonl", "-p", a, "-p", b, "info")
        lines = [json.loads(line) for line in run.out.splitlines()]
        self.assertEqual({line["port"] for line in lines[:-1]}, {a, b})
        self.validate(lines[-1])


if __name__ == "__main__":
    unittest.main()
