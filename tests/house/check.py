#!/usr/bin/env python3
"""The rules of the house that a machine can judge: check.py CHECK... | all [--root FOLDER].

Every finding is one line "file:line: what is wrong"; exit status 1 if there is any. Only Python's
own library is used, and only files that belong to the tree are looked at (git's list if there is
a repository, else everything outside the build folders).
"""
import argparse
import csv
import pathlib
import re
import shutil
import subprocess
import sys

FUNCTION_MAX = 80
FILE_MAX = 800

# Which layer of src/ may include which other one. Everything may include base and itself, and the
# public headers. See the picture in CONTRIBUTING.md.
LAYERS = {
    "base": set(),
    "store": set(),
    "link": {"store"},
    "flash": set(),
    "image": {"flash"},
    "config": {"image"},
    "diagnosis": set(),
    "chip": {"flash"},
    "sim": {"flash", "image", "link", "store"},
    "emulate": {"flash", "image", "sim", "diagnosis"},
    "job": {"store", "flash", "image", "config", "diagnosis", "chip", "sim", "emulate"},
}

BANNED = {
    "strcpy": "rk_text_*", "strcat": "rk_text_*", "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "gets": "fgets", "strtok": "a cursor", "atoi": "rk_text_to_*", "atol": "rk_text_to_*",
    "atof": "a parser that reports errors", "alloca": "malloc", "rand": "base/rng.h",
    "srand": "base/rng.h", "localtime": "gmtime_r", "gmtime": "gmtime_r", "tmpnam": "mkstemp",
    "sleep": "the clock", "usleep": "the clock", "nanosleep": "the clock",
}
# The only places that may really let time pass, with the reason.
MAY_SLEEP = {
    "src/base/clock.c",  # the clock itself
    "tests/peers/adapter_shim.c",  # stands for an adapter's FIFO in real time
}
# What the library, as opposed to the program, must never do.
BANNED_IN_LIBRARY = {
    "printf": "an event", "puts": "an event", "putchar": "an event", "perror": "an error value",
    "exit": "an error value", "abort": "an error value", "getenv": "an option",
    "signal": "the program", "sigaction": "the program",
}

# Words that say where or how the tree was made; none has a business in it. Put together from
# pieces, so that this file does not find itself.
PRIVATE = re.compile("|".join([
    "/wor" + "k/", "/ro" + "ot/", "/ho" + "me/[a-z]", "sub" + "agent", "anthro" + "pic",
    r"\bll" + r"m\b", "chat" + "gpt", r"\bclau" + r"de\b", "co" + "pilot", "artifact" + "ory",
    "pypi" + r"\.(?:org|io)", "deb" + r"\.debian\.org", "proxy" + r"\.golang\.org",
    "npm" + r"js\.org"]), re.I)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)")
SECRET = re.compile("|".join([
    "-----BEGIN [A-Z ]*PRIVATE" + " KEY", r"\bgh[pousr]_[A-Za-z0-9]{30}", r"\bAKIA[0-9A-Z]{16}\b",
    r"\bxox[bap]-[0-9A-Za-z-]{20}"]))

ERROR_ID = re.compile(r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"')

findings = []


def found(path, line, text):
    findings.append("%s:%d: %s" % (path, line, text))


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = sorted(self.listed())

    def listed(self):
        try:
            out = subprocess.run(["git", "-C", str(self.root), "ls-files", "-co",
                                  "--exclude-standard"], capture_output=True, text=True, check=True)
            names = [n for n in out.stdout.splitlines() if (self.root / n).is_file()]
            if names:
                return names
        except (OSError, subprocess.CalledProcessError):
            pass
        return [str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()
                and not any(part == ".git" or part.startswith("build")
                            for part in p.relative_to(self.root).parts)]

    def matching(self, pattern):
        return [name for name in self.files if re.search(pattern, name)]

    def text(self, name):
        return (self.root / name).read_bytes().decode("utf-8", "replace")


def code_of(text):
    """The text without comments and without the contents of literals; lines stay lines."""
    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] * 2
        return re.sub(r"[^\n]", " ", token)
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.S)


def check_includes(tree):
    """Includes follow the arrows: no layer reaches for one above it."""
    for name in tree.matching(r"^(src|cli|include)/.*\.[ch]$"):
        parts = name.split("/")
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not match:
                continue
            quoted, target = match.group(1) == '"', match.group(2)
            layer = target.split("/")[0]
            if parts[0] == "include":
                if quoted or not re.match(r"rekindle/\w+\.h$|std(bool|def|int|io|arg)\.h$", target):
                    found(name, number, "a public header includes %s" % target)
            elif parts[0] == "src":
                here = parts[1]
                if here not in LAYERS:
                    found(name, number, "unknown layer '%s': add it to the picture" % here)
                elif quoted and layer in LAYERS and layer not in LAYERS[here] | {here, "base"}:
                    found(name, number, "%s must not include %s" % (here, target))
                elif quoted and layer in ("cli", "tests"):
                    found(name, number, "the library must not include %s" % target)


def check_lengths(tree):
    """Functions of at most 80 lines, files of at most 800."""
    for name in tree.matching(r"\.[ch]$"):
        lines = code_of(tree.text(name)).splitlines()
        if len(lines) > FILE_MAX:
            found(name, len(lines), "file of %d lines, at most %d" % (len(lines), FILE_MAX))
        start = None
        for number, line in enumerate(lines, 1):
            if line.rstrip() == "{":
                start = number
            elif line.rstrip() == "}" and start:
                if number - start + 2 > FUNCTION_MAX:
                    found(name, start, "function of %d lines, at most %d"
                          % (number - start + 2, FUNCTION_MAX))
                start = None


def check_banned(tree):
    """No function that invites mistakes; the library neither prints, exits nor sleeps."""
    call = re.compile(r"(?<![\w.>])([a-z_]\w*)\s*\(")
    for name in tree.matching(r"\.[ch]$"):
        for number, line in enumerate(code_of(tree.text(name)).splitlines(), 1):
            for word in call.findall(line):
                if word in BANNED and not (name in MAY_SLEEP and "sleep" in word):
                    found(name, number, "%s() is banned: use %s" % (word, BANNED[word]))
                elif name.startswith("src/") and word in BANNED_IN_LIBRARY:
                    found(name, number, "the library must not call %s(): %s instead"
                          % (word, BANNED_IN_LIBRARY[word]))


def is_text(tree, name):
    return b"\0" not in (tree.root / name).read_bytes()[:4096]


def check_words(tree):
    """Nothing unfinished, private or secret; plain ends of lines."""
    for name in tree.files:
        if not is_text(tree, name) or name.endswith(".seed"):
            continue
        for number, line in enumerate(tree.text(name).split("\n"), 1):
            for pattern, what in ((PRIVATE, "private word"), (UNFINISHED, "unfinished"),
                                  (CONFLICT, "left over from a merge"),
                                  (SECRET, "looks like a secret")):
                match = pattern.search(line)
                if match:
                    found(name, number, "%s: '%s'" % (what, match.group(0)))
            if line != line.rstrip() and not name.endswith((".patch", ".csv", ".txt", ".log")):
                found(name, number, "blanks at the end of the line")


def check_format(tree):
    """clang-format has nothing to say."""
    program = shutil.which("clang-format")
    if not program:
        print("format: clang-format is not installed: not checked")
        return
    files = tree.matching(r"\.[ch]$")
    out = subprocess.run([program, "--dry-run", *files], cwd=tree.root, capture_output=True,
                         text=True).stderr
    for path, line in dict(re.findall(r"^([^\s:]+):(\d+):\d+: warning: ", out, flags=re.M)).items():
        found(path, int(line), "not in house format: run 'make format'")


def error_ids(tree):
    """Ids given to rk_fail() anywhere in the library and the program, with one place each."""
    ids = {}
    for name in tree.matching(r"^(src|cli)/.*\.c$"):
        text = tree.text(name)
        for match in re.finditer(r"\b(?:rk_fail|\w*_fail|\w*fail_\w+|refuse\w*|\w*_refuse)\s*\(", text):
            rest = text[match.end():match.end() + 600]
            end = rest.find(");")
            for found_id in ERROR_ID.finditer(rest[:end if end >= 0 else 600]):
                line = text.count("\n", 0, match.end() + found_id.start()) + 1
                ids.setdefault(found_id.group(1), (name, line))
    return {i: place for i, place in ids.items() if not re.search(r"\.(?:json|bin|part|csv|txt)$", i)}


def check_errors(tree):
    """Every error id has its section in docs/errors.md; sections are in order, none twice."""
    page = tree.text("docs/errors.md")
    headings = [re.split(r"[,\s`]+", heading.strip("`")) for heading in
                re.findall(r"^## (`?[a-z][a-z0-9-]*(?:\.[a-z0-9., `-]+)?)$", page, flags=re.M)]
    sections = [name for heading in headings for name in heading]
    ids = error_ids(tree)
    for one, (name, line) in sorted(ids.items()):
        if one not in sections:
            found(name, line, "error id '%s' has no section in docs/errors.md" % one)
    order = [heading[0].split(".") for heading in headings]
    for before, after in zip(order, order[1:]):
        if before > after:
            found("docs/errors.md", 1, "section '%s' comes too late" % ".".join(after))
    for one in sorted({s for s in sections if sections.count(s) > 1}):
        found("docs/errors.md", 1, "section '%s' is there twice" % one)


def check_findings(tree):
    """Everything that can be wrong with a BL602 flash is explained in docs/bl602.md."""
    page = tree.text("docs/bl602.md") if "docs/bl602.md" in tree.files else ""
    name = "src/image/bouffalo/faults.c"
    if name not in tree.files:
        return
    for number, line in enumerate(tree.text(name).splitlines(), 1):
        match = re.match(r'    \{"([a-z0-9-]+)", RK_BL602_', line)
        if match and "| `%s` |" % match.group(1) not in page:
            found(name, number, "finding '%s' is not in docs/bl602.md" % match.group(1))


def check_rules(tree):
    """Every finding of data/checkup-rules.csv is listed in docs/diagnosis.md and has sources, and no other has."""
    def ids(name):
        return [row["id"] for row in csv.DictReader(tree.text(name).splitlines())] if name in tree.files else []
    rules, sources = ids("data/checkup-rules.csv"), ids("data/checkup-sources.csv")
    page = tree.text("docs/diagnosis.md") if "docs/diagnosis.md" in tree.files else ""
    for one in sorted(set(rules)):
        if "| `%s` |" % one not in page:
            found("data/checkup-rules.csv", 1, "finding '%s' is not in docs/diagnosis.md" % one)
        if one not in sources:
            found("data/checkup-sources.csv", 1, "finding '%s' has no sources" % one)
    for one in sorted(set(sources) - set(rules)):
        found("data/checkup-sources.csv", 1, "there is no finding '%s'" % one)


def check_tables(tree):
    """data/*.csv: rows as long as their header, no row twice, ends with a newline."""
    for name in tree.matching(r"^data/.*\.csv$"):
        text = tree.text(name)
        if not text.endswith("\n"):
            found(name, text.count("\n") + 1, "no newline at the end")
        rows = list(csv.reader(text.splitlines()))
        rows = [(i, r) for i, r in enumerate(rows, 1) if r and not r[0].startswith("#")]
        seen = set()
        for number, row in rows:
            if len(row) != len(rows[0][1]):
                found(name, number, "%d fields, the header has %d" % (len(row), len(rows[0][1])))
            if tuple(row) in seen:
                found(name, number, "the same row twice")
            seen.add(tuple(row))


def check_links(tree):
    """Relative links and anchors of the Markdown files lead somewhere."""
    def anchors(name):
        heads = re.findall(r"^#+\s+(.*)$", re.sub(r"```.*?```", "", tree.text(name), flags=re.S),
                           flags=re.M)
        return {re.sub(r"[^\w\- ]", "", h.lower().replace("`", "")).strip().replace(" ", "-")
                for h in heads}
    index = tree.text("docs/README.md") if "docs/README.md" in tree.files else ""
    for name in tree.matching(r"^docs/[^/]+\.md$"):
        if index and name != "docs/README.md" and "(%s)" % name[5:] not in index:
            found(name, 1, "not listed in docs/README.md")
    for name in tree.matching(r"\.md$"):
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                place = (tree.root / name).parent / path if path else tree.root / name
                if not place.exists():
                    found(name, number, "dead link: %s" % target)
                elif anchor and place.suffix == ".md":
                    relative = str(place.resolve().relative_to(tree.root.resolve()))
                    if anchor not in anchors(relative):
                        found(name, number, "dead anchor: %s" % target)


CHECKS = {name[6:]: function for name, function in list(globals().items())
          if name.startswith("check_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checks", nargs="+", choices=sorted(CHECKS) + ["all"], metavar="CHECK")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    args = parser.parse_args()
    tree = Tree(args.root)
    if len(tree.matching(r"\.[ch]$")) < 20:
        sys.exit("check.py: %s does not look like the source tree" % args.root)
    for name in sorted(CHECKS) if "all" in args.checks else args.checks:
        CHECKS[name](tree)
    if findings:
        print("\n".join(findings))
        sys.exit(1)


if __name__ == "__main__":
    main()
