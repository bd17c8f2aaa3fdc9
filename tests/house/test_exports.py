#!/usr/bin/env python3
"""The shared library exports exactly what the public headers declare.

    test_exports.py SHARED_LIBRARY STATIC_LIBRARY HEADER_FOLDER

Both libraries also keep no writable data of their own: a library without globals has none.
"""
import pathlib
import re
import subprocess
import sys

# What compilers and sanitizers add.
NOT_OURS = re.compile(r"^(_init|_fini|_edata|_end|__bss_start|__|\.L|_ZN?|asan|ubsan|completed|"
                      r"p\.0$|__compound_literal)")

# Declared, and about to come.
PENDING = {"rk_link_trace"}


def symbols(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def exported_of(library):
    for line in symbols("nm", "-D", "--defined-only", library):
        fields = line.split()
        if len(fields) >= 2 and fields[-2] in "TDBRVWi":
            yield fields[-1].split("@")[0]


def writable_of(library):
    """Objects in writable sections; constants with addresses in them (.data.rel.ro) are not."""
    for line in symbols("objdump", "-t", library):
        match = re.match(r"[0-9a-f]+ .{6}O (\.(?:data|bss|tdata|tbss)\S*)\s+[0-9a-f]+\s+(\S+)$", line)
        if match and not match.group(1).startswith(".data.rel.ro"):
            yield match.group(2)


def main():
    shared, static, headers = sys.argv[1:4]
    tool = pathlib.Path(__file__).resolve().parents[2] / "tools" / "exports.py"
    declared = set(subprocess.run(
        [sys.executable, str(tool), *map(str, sorted(pathlib.Path(headers).glob("*.h")))],
        capture_output=True, text=True, check=True).stdout.split())
    exported = {name for name in exported_of(shared) if not NOT_OURS.match(name)}
    writable = sorted({name for name in writable_of(static) if not NOT_OURS.match(name)})
    problems = ["declared but not exported: " + n for n in sorted(declared - exported - PENDING)]
    problems += ["exported but not declared: " + n for n in sorted(exported - declared)]
    problems += ["writable global in the library: " + n for n in writable]
    print("\n".join(problems) if problems else "%d functions exported" % len(exported))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
