#!/usr/bin/env python3
"""Runs public clients, unchanged, against `rekindle sim` on a pty and checks every byte.

    REKINDLE_PEERS=FOLDER tests/peers/run.py [--rekindle build/rekindle] [--bench] [--only TEXT]

FOLDER holds clones of OpenBekenIOT/hid_download_py and tuya-cloudcutter/bk7231tools. They need
pyserial (Debian: python3-serial) and tqdm (python3-tqdm). Nothing of them belongs to this project.
Real captures are used as flash content if --captures names a folder with any; else a made-up flash.

Exit status: 0 all that ran passed, 1 something failed, 77 nothing ran.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
FLASH_SIZE = 2 << 20
READ = (0x11000, 0x20000)
WRITE_AT = {"hid": 0x132000, "bt": 0x160000}
WRITE_LEN = 143000  # the end is in the middle of a sector and of a page

# model, settings, rate, which client takes which switch; what a client cannot do is said here
MODELS = [
    dict(model="bk7231t", rate=921600, capture="DS-101JL"),
    dict(model="bk7231t", set=["loader=1.0.6"], rate=921600, capture="GR-W-105"),
    dict(model="bk7231t", set=["loader=1.0.4", "jedec=0x1560EB"], rate=921600, capture="Globe"),
    # this loader ignores erases and writes beyond the flash size; bk7231tools adds it to addresses
    dict(model="bk7231u", rate=921600, refuses="bt write"),
    dict(model="bk7252", rate=921600, set=["size=4M"], refuses="bt write"),
    # its divider makes 921600 a rate of 866667: no client may switch that high
    dict(model="bk7231q", rate=230400, capture="BK7231Q"),
    dict(model="bk7231n", rate=921600, rom=True, capture="Mirabella"),
    dict(model="bk7231m", rate=921600, rom=True),
    dict(model="bl2028n", rate=921600, rom=True),
    # bk7231tools refuses to write to flash parts it does not know, as this chip's usual one
    dict(model="bk7238", set=["jedec=0x1560EB"], rate=921600, rom=True),
    dict(model="bk7252n", rate=921600, rom=True, set=["size=4M"]),
]


def made_up_flash():
    """Random sectors, blank sectors, and no two alike; the same in every run."""
    rng = random.Random(7231)
    out = bytearray()
    for sector in range(FLASH_SIZE // 4096):
        out += b"\xff" * 4096 if sector > 20 and sector % 5 == 3 else rng.randbytes(4096)
    return bytes(out)


class Module:
    """`rekindle sim` on a pty."""

    def __init__(self, options, row, folder, flash, more=()):
        self.file, self.saved = folder / "flash.bin", folder / "saved.bin"
        self.file.write_bytes(flash)
        self.port = str(folder / "port")
        command = [options.rekindle, "sim", row["model"], "--flash", str(self.file), "--save",
                   str(self.saved), "--pty", self.port, *more]
        if options.emulate:
            command.append("--emulate")
        for item in row.get("set", []):
            if options.emulate and item.startswith("loader="):
                continue  # the flash has its own
            name, _, value = item.partition("=")
            command += ["--" + name] + ([value] if value else [])
        self.log = open(folder / "sim.log", "w+b")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        until = time.monotonic() + 5
        while not os.path.exists(self.port):
            if self.process.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                raise RuntimeError("no virtual module: " + self.log.read().decode(errors="replace"))
            time.sleep(0.02)

    def cpu_seconds(self):
        fields = pathlib.Path("/proc/%d/stat" % self.process.pid).read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends it and returns its flash."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.log.close()
        return (self.saved if self.saved.exists() else self.file).read_bytes()


class Client:
    def __init__(self, options, folder):
        self.python = options.python
        self.folder = folder
        self.env = dict(os.environ, LD_PRELOAD=str(options.shim), PYTHONWARNINGS="ignore")

    def call(self, arguments):
        done = subprocess.run([self.python] + arguments, cwd=self.folder, env=self.env, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace").replace("\r", "\n")


class Hid(Client):
    """OpenBekenIOT/hid_download_py, uartprogram."""
    name = "hid"

    def base(self, row, port):
        return ["uartprogram", "-d", port, "-b", str(row["rate"])] + (["-u"] if row.get("rom") else [])

    def read(self, row, port, start, length, out):
        _, text = self.call(self.base(row, port) + ["-r", "-s", "%x" % start, "-l", "%x" % length, out])
        return "Wrote" in text, text  # on ROM chips it always says "CRC check failed": its own mistake

    def write(self, row, port, start, path):
        _, text = self.call(self.base(row, port) + ["-w", "-s", "%x" % start, path])
        return "Write Successful" in text, text

    def info(self, row, port):
        return None, ""


class Bt(Client):
    """tuya-cloudcutter/bk7231tools."""
    name = "bt"

    def base(self, what, row, port):
        return ["-m", "bk7231tools", what, "-d", port, "-b", str(row["rate"])]

    def read(self, row, port, start, length, out):
        code, text = self.call(self.base("read_flash", row, port)
                               + ["-s", hex(start), "-l", hex(length), out])
        return code == 0, text

    def write(self, row, port, start, path):
        code, text = self.call(self.base("write_flash", row, port) + ["-s", hex(start), path])
        return code == 0 and "OK!" in text, text

    def info(self, row, port):
        code, text = self.call(self.base("chip_info", row, port))
        return code == 0 and "Connected!" in text, text


CLIENTS = {"hid_download_py": Hid, "bk7231tools": Bt}


class Report:
    def __init__(self, verbose):
        self.rows, self.verbose = [], verbose

    def add(self, client, module, action, good, seconds, text="", refuses=""):
        result = "ok" if good else "FAILED"
        if refuses == client + " " + action:  # the real loader does not let it either
            result = "FAILED" if good else "refused"
            good = not good
        self.rows.append((client, module, action, result, seconds))
        print("%-4s %-32s %-6s %-7s %7.2f s" % (client, module, action, result, seconds), flush=True)
        if not good or self.verbose:
            print("\n".join("     | " + line for line in text.splitlines()[-12:]))

    def failed(self):
        return sum(row[3] == "FAILED" for row in self.rows)


def timed(function, *arguments):
    begin = time.monotonic()
    good, text = function(*arguments)
    return good, text, time.monotonic() - begin


def flash_for(row, options):
    size = 4 << 20 if "size=4M" in row.get("set", []) else FLASH_SIZE
    flash = made_up_flash()
    if options.captures and row.get("capture"):
        for path in sorted(options.captures.glob("*%s*.bin" % row["capture"])):
            flash = path.read_bytes()
    if size > len(flash):
        rng = random.Random(1)
        flash += rng.randbytes(size - len(flash))
    return flash


def run_row(options, client, row):
    """Everything one client does with one model: (action, good, seconds, text) of each step."""
    data, results = random.Random(99).randbytes(WRITE_LEN), []
    flash, at = flash_for(row, options), WRITE_AT[client.name]
    with tempfile.TemporaryDirectory(prefix="rekindle-peers-") as name:
        folder = pathlib.Path(name)
        out, source = folder / "out.bin", folder / "in.bin"
        source.write_bytes(data)
        module = Module(options, row, folder, flash)
        try:
            good, text, seconds = timed(client.info, row, module.port)
            if good is not None:
                results.append(("info", good, seconds, text))
            good, text, seconds = timed(client.read, row, module.port, *READ, str(out))
            good = good and out.read_bytes() == flash[READ[0]:READ[0] + READ[1]]
            results.append(("read", good, seconds, text))
            good, text, seconds = timed(client.write, row, module.port, at, str(source))
        finally:
            after = module.stop()
        end = (at + WRITE_LEN + 4095) & ~4095
        good = good and after[at:at + WRITE_LEN] == data
        # a real application that was started in between has written its settings
        limit = 0x1E0000 if options.emulate else len(flash)
        if after[:at] != flash[:at] or after[end:limit] != flash[end:limit]:
            good, text = False, text + "\nbytes outside of the range have changed"
        results.append(("write", good, seconds, text))
    return results


def as_expected(client, row, results):
    return all(good != (row.get("refuses") == client.name + " " + action)
               for action, good, _, _ in results)


def matrix(options, clients, report):
    for row in MODELS:
        module_name = ",".join([row["model"]] + row.get("set", []))
        if options.emulate and (row.get("rom") or not row.get("capture")):
            continue  # the loader has to be in the flash
        for client in clients:
            if options.only and options.only not in client.name + " " + module_name:
                continue
            results = run_row(options, client, row)
            if not as_expected(client, row, results):
                # hid_download_py gives a write 50 ms: on a busy machine that is not always enough
                print("%-4s %-32s again" % (client.name, module_name))
                results = run_row(options, client, row)
            for action, good, seconds, text in results:
                report.add(client.name, module_name, action, good, seconds, text,
                           row.get("refuses", ""))


RFC2217 = """
import serial, sys
port = serial.serial_for_url(sys.argv[1], 115200, timeout=0.02)
port.write(bytes.fromhex("01e0fc0100"))
if port.read(8):
    sys.exit("the application answered")
port.rts = port.dtr = True
port.rts = port.dtr = False
for _ in range(100):
    port.write(bytes.fromhex("01e0fc0100"))
    if port.read(8) == bytes.fromhex("040e0501e0fc0100"):
        break
else:
    sys.exit("no link")
port.timeout = 1
port.write(bytes.fromhex("01e0fc060f0084030014"))
port.baudrate = 230400
if port.read(12) != bytes.fromhex("040e0901e0fc0f0084030014"):
    sys.exit("no answer at the new rate")
with open(sys.argv[2], "wb") as out:
    for address in range(0x11000, 0x15000, 0x1000):
        port.write(bytes.fromhex("01e0fcfff4050009") + address.to_bytes(4, "little"))
        out.write(port.read(4111)[15:])
"""


def rfc2217(options, report):
    """pyserial's own RFC 2217 client: modem lines, rates and data over the network. It pauses 50 ms
    after each change of a line, so this takes the chip that waits longest for a link check."""
    row = dict(model="bk7231q", set=["reset=manual"])
    flash = flash_for(row, options)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="rekindle-peers-") as name:
        folder = pathlib.Path(name)
        module = Module(options, row, folder, flash, ["--rfc2217", str(number)])
        time.sleep(1.5)  # the application runs by now
        out = folder / "out.bin"
        begin = time.monotonic()
        done = subprocess.run([options.python, "-c", RFC2217, "rfc2217://127.0.0.1:%d" % number,
                               str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        seconds = time.monotonic() - begin
        module.stop()
        good = done.returncode == 0 and out.read_bytes() == flash[0x11000:0x15000]
        report.add("net", "bk7231q,reset=manual", "read", good, seconds, done.stdout.decode(errors="replace"))


def bench(options, clients, report):
    """Reads the whole flash with each client and with rekindle itself, one after the other on the
    same virtual module, and prints how much longer than the bare bytes on the wire it takes."""
    row = dict(model=options.bench_model, rate=921600, rom=options.bench_model != "bk7231t")
    flash, wire = flash_for(row, options), FLASH_SIZE * 10 / 921600
    figures = {}
    with tempfile.TemporaryDirectory(prefix="rekindle-peers-") as name:
        folder = pathlib.Path(name)
        module = Module(options, row, folder, flash)
        try:
            runs = [(client.name, client.read, (row, module.port, 0x11000, FLASH_SIZE - 0x11000))
                    for client in clients]
            runs.insert(0, ("own", own_read(options), (row, module.port, 0x11000, FLASH_SIZE - 0x11000)))
            for who, function, arguments in runs:
                out = str(folder / (who + ".bin"))
                cpu = module.cpu_seconds()
                good, text, seconds = timed(function, *arguments, out)
                good = good and pathlib.Path(out).read_bytes() == flash[0x11000:]
                report.add(who, row["model"], "bench", good, seconds, text)
                if good:
                    bare = wire * (FLASH_SIZE - 0x11000) / FLASH_SIZE
                    figures[who] = dict(seconds=round(seconds, 2), wire_ratio=round(seconds / bare, 3),
                                        module_cpu_percent=round(100 * (module.cpu_seconds() - cpu)
                                                                 / seconds, 1))
        finally:
            module.stop()
    for who, figure in figures.items():
        if "own" in figures:
            figure["times_ours"] = round(figure["seconds"] / figures["own"]["seconds"], 2)
        print("%-4s %7.2f s, %.3f x the bare wire, %s%% of a processor for the virtual module%s"
              % (who, figure["seconds"], figure["wire_ratio"], figure["module_cpu_percent"],
                 ", %.2f x our time" % figure["times_ours"] if "times_ours" in figure else ""))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")


def own_read(options):
    def run(row, port, start, length, out):
        command = [part.format(rekindle=options.rekindle, port=port, baud=row["rate"], start=hex(start),
                               length=hex(length), out=out) for part in options.own.split()]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        return done.returncode == 0, done.stdout.decode(errors="replace")
    return run


def find_python():
    for candidate in (sys.executable, "/usr/bin/python3", "python3"):
        if candidate and shutil.which(candidate) and subprocess.run(
                [candidate, "-c", "import serial, tqdm"], stderr=subprocess.DEVNULL).returncode == 0:
            return candidate
    return None


def skip(why):
    print("SKIPPED: public clients did NOT run: " + why, file=sys.stderr)
    sys.exit(77)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rekindle", default=str(HERE.parent.parent / "build" / "rekindle"))
    parser.add_argument("--peers", default=os.environ.get("REKINDLE_PEERS", ""))
    parser.add_argument("--captures", default=None, help="folder of real captures (*.bin)")
    parser.add_argument("--emulate", action="store_true",
                        help="the boot loaders of the captures are executed, not imitated")
    parser.add_argument("--only", default="", help="only rows that contain this, e.g. 'bt bk7231n'")
    parser.add_argument("--bench", action="store_true", help="read 2 MiB with each and print ratios")
    parser.add_argument("--bench-model", default="bk7231n")
    parser.add_argument("--own", help="how rekindle reads, for --bench",
                        default="{rekindle} -p {port} --baud {baud} read {start}+{length} {out}")
    parser.add_argument("--json", help="file for the figures of --bench")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    if not options.peers:
        skip("the environment variable REKINDLE_PEERS names no folder with their clones")
    if not os.access(options.rekindle, os.X_OK):
        sys.exit("no program at " + options.rekindle)
    options.rekindle = os.path.abspath(options.rekindle)
    options.captures = pathlib.Path(options.captures) if options.captures else None
    options.python = find_python()
    if not options.python:
        skip("no python3 here has both pyserial and tqdm (Debian: python3-serial python3-tqdm)")
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        skip("no C compiler for the adapter shim")
    with tempfile.TemporaryDirectory(prefix="rekindle-shim-") as name:
        options.shim = pathlib.Path(name) / "adapter_shim.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(options.shim),
                        str(HERE / "adapter_shim.c"), "-ldl"], check=True)
        clients = []
        for folder, kind in CLIENTS.items():
            path = pathlib.Path(options.peers) / folder
            if path.is_dir():
                clients.append(kind(options, path))
            else:
                print("SKIPPED: no %s in %s" % (folder, options.peers), file=sys.stderr)
        if not clients:
            skip("none of their clones is in " + options.peers)
        report = Report(options.verbose)
        (bench if options.bench else matrix)(options, clients, report)
        if not options.bench and not options.emulate and options.only in "net bk7231q":
            rfc2217(options, report)
        print("%d runs, %d failed" % (len(report.rows), report.failed()))
        sys.exit(1 if report.failed() else 0)


if __name__ == "__main__":
    main()
