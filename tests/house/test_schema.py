#!/usr/bin/env python3
"""A validator we did not write agrees with the shipped schema: test_schema.py REKINDLE SCHEMA.

Needs python3-jsonschema; without it the test says that it was skipped (exit status 77).
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    schema = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    with tempfile.TemporaryDirectory() as folder:
        flash = random.Random(3).randbytes(0x30000) + b"\xff" * ((2 << 20) - 0x30000)
        (pathlib.Path(folder) / "flash.bin").write_bytes(flash)
        module = ["-p", "sim:bk7231n,flash=flash.bin"]
        runs = [(0, ["version"]), (0, ["chips"]), (0, [*module, "info"]),
                (0, [*module, "backup", "b.bin"]), (0, [*module, "verify", "b.bin", "0"]),
                (2, [*module, "flash"]),
                (12, [*module, "flash", "absent.bin"]), (3, ["-p", "absent", "info"])]
        failed = 0
        for code, arguments in runs:
            out = subprocess.run([program, "--json", *arguments], cwd=folder, capture_output=True,
                                 text=True, timeout=60)
            errors = [e.message for e in validator(schema).iter_errors(json.loads(out.stdout))]
            if errors or out.returncode != code:
                failed += 1
                print("%s: exit %d, expected %d: %s\n%s" % (arguments, out.returncode, code, errors,
                                                           out.stdout))
    print("%d documents validated" % len(runs))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
