"""What the tests of the program share: running it, virtual modules, flash contents, JSON checks.

The program is named by the environment variable REKINDLE (default: build/rekindle). Every test works in a folder of its own.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("REKINDLE", os.path.join(SOURCE, "build", "rekindle"))
SCHEMA = os.path.join(SOURCE, "cli", "schema", "rekindle-1.schema.json")
SECTOR = 4096
FLASH_SIZE = 2 << 20
LIMIT = 120  # seconds after which a run counts as hanging

COMMANDS = ["ports", "info", "backup", "restore", "flash", "inspect",
            "image", "boot", "read", "write", "erase", "verify",
            "diff", "reset", "config", "module", "monitor", "diagnose", "explain", "repair", "report", "sim", "chips", "completion", "help", "version"]


def has_emulator():
    """Was the program built with it?"""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0" * 64)
        file.flush()
        done = subprocess.run([PROGRAM, "boot", file.name], capture_output=True, check=False)
        return b"emulate.off" not in done.stderr


def flash_bytes(seed, size=FLASH_SIZE):
    """A plausible flash: two sectors of three filled, the rest blank."""
    source = random.Random(seed)
    sectors = (source.randbytes(SECTOR) if i % 3 else b"\xff" * SECTOR
               for i in range(size // SECTOR))
    return b"".join(sectors)


def environment(**changes):
    """Nothing of the user's own settings."""
    keep = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update(COLUMNS="80", NO_COLOR="1", TERM="dumb", HOME="/nonexistent", LC_ALL="C")
    env.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
    env.update(changes)
    return {name: value for name, value in env.items() if value is not None}


class Run:
    """A finished run."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __str__(self):
        return "exit %d\n--- stdout\n%s\n--- stderr\n%s" % (self.code, self.out, self.err)


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.01)


class Case(unittest.TestCase):
    maxDiff = None
    _schema = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rekindle-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def start(self, *arguments, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.folder,
                                env=env or environment(), **options)

    def run_program(self, *arguments, code=0, **options):
        """Runs the program and checks its exit status and what holds for every run."""
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail("hangs: " + " ".join(arguments))
        run = Run(process.returncode, (out or b"").decode(), (err or b"").decode())
        self.assertNotIn("Sanitizer", run.err)
        self.assertNotIn("runtime error", run.err)
        self.assertEqual(run.code, code, "%s: %s" % (" ".join(arguments), run))
        self.assertNotIn("\r", run.err, "carriage return in a file")
        self.assertNotIn("\x1b", run.err, "escape sequence in a file")
        return run

    def run_json(self, *arguments, code=0, **options):
        """The same with --json: one valid document."""
        run = self.run_program(*arguments, "--json", code=code, **options)
        document = json.loads(run.out)
        self.validate(document)
        self.assertEqual(document["exit_code"], code)
        return document

    def validate(self, document, part="document"):
        """Checks a document, or an event, against the schema that is installed."""
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed")
        if Case._schema is None:
            with open(SCHEMA, encoding="utf-8") as file:
                Case._schema = json.load(file)
            jsonschema.Draft202012Validator.check_schema(Case._schema)
        schema = dict(Case._schema, **{"$ref": "#/$defs/" + part})
        jsonschema.Draft202012Validator(schema).validate(document)

    def module(self, seed=1, model="bk7231n", extra="", name="flash.bin"):
        """A virtual module inside the program under test; its flash is the file `name`."""
        if not os.path.exists(self.path(name)):
            self.write(name, flash_bytes(seed))
        return "sim:%s,flash=%s,save%s" % (model, name, "," + extra if extra else "")

    @contextlib.contextmanager
    def served(self, *options, model="bk7231n", link="module"):
        """A virtual module in a program of its own, on a pseudo-terminal named `link`. Gives the
        process; its counters are in .stats after the end of the block."""
        log = open(self.path(link + ".log"), "wb")
        process = self.start("sim", model, "--pty", link, "--json", *options, stderr=log)
        process.stats = None
        try:
            wait_until(lambda: os.path.exists(self.path(link)) or process.poll() is not None,
                       "the virtual module")
            self.assertIsNone(process.poll(), "the virtual module did not start: %s" %
                              self.read(link + ".log"))
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                out, _ = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                out, _ = process.communicate()
            log.close()
            with contextlib.suppress(ValueError):
                document = json.loads(out or b"")
                process.stats = document["result"]
                process.document = document


def main():
    unittest.main(verbosity=2)
