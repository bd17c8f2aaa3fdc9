#!/usr/bin/env python3
"""Whose reader finds which Tuya keys: tuya_keys.py PROGRAM GOLDEN_FOLDER DUMP_FOLDER [DUMP_FOLDER..]

For every golden result whose capture is in one of the folders: how many keys `rekindle config keys` finds, how many of
them have the golden value by hash, and how many keys and equal values bk7231tools finds (a checkout in the folder that
REKINDLE_PEERS names). Prints a table in Markdown; exit status 1 if a key is missing, differs, or was found only by the
other tool.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def ours(program, capture):
    done = subprocess.run([program, "config", "keys", str(capture), "--json"], capture_output=True, check=True)
    return {key["name"]: key["sha256"] for key in json.loads(done.stdout)["result"]["keys"]}


def theirs(capture):
    folder = pathlib.Path(os.environ["REKINDLE_PEERS"], "bk7231tools")
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.executable, "-m", "bk7231tools", "dissect_dump", "--storage", "-e", "-O", out,
                        str(capture.resolve())], cwd=folder, capture_output=True, check=False)
        mark, found = "_storage_", {}
        for path in pathlib.Path(out).glob("*" + mark + "*.bin"):
            name = path.name[path.name.index(mark) + len(mark):-len(".bin")]
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    program, goldens, folders = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    peer, good = "REKINDLE_PEERS" in os.environ, True
    print("| file | golden keys | rekindle: found, equal | bk7231tools: found, equal |\n|---|---|---|---|")
    for path in sorted(goldens.rglob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        capture = next((p for p in (pathlib.Path(f, golden["file"]) for f in folders) if p.exists()), None)
        if not capture:
            continue
        want = {name: key["sha256"] for name, key in golden["keys"].items()}
        mine = ours(program, capture)
        other = theirs(capture) if peer else {}
        equal = [sum(found.get(name) == value for name, value in want.items()) for found in (mine, other)]
        missed = [name for name in other if name not in mine]
        good = good and equal[0] == len(want) and not missed
        print("| %s | %d | %d, %d | %s |%s" % (
            golden["file"], len(want), len(mine), equal[0],
            "%d, %d" % (len(other), equal[1]) if peer else "not run", " MISSED " + ", ".join(missed) if missed else ""))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
