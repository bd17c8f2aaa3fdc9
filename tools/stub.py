#!/usr/bin/env python3
"""Builds the RAM stub of the BL602 from stub/ and the packer of src/base/.

    tools/stub.py            builds it and writes data/bl602-stub.txt
    tools/stub.py --check    builds it and compares: exit status 1 if the table is another program,
                             77 if there is no cross compiler here
    tools/stub.py --elf FILE keeps the program with its symbols, too

The compiler is Debian's gcc-riscv64-unknown-elf (tools/setup.sh stub). The same version gives the same
bytes everywhere; the table names the version that made it.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "data" / "bl602-stub.txt"
PREFIX = "riscv64-unknown-elf-"
SOURCES = ["stub/begin.S", "stub/chip.c", "stub/flash.c", "stub/main.c", "stub/memory.c",
           "stub/range.c", "stub/read.c", "stub/write.c", "src/base/lzma_decode.c"]
# Packing decides how long a backup takes, the size of everything else how long loading takes.
FAST_SOURCES = ["stub/frame.c", "stub/uart.c", "src/base/lzma_encode.c", "src/base/lzma_model.c"]
# The oldest instruction set specification counts CSR instructions in, and has its own libgcc.
FLAGS = ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", "-flto", "-std=c17",
         "-ffreestanding", "-nostdlib", "-msmall-data-limit=0", "-ffunction-sections", "-fdata-sections",
         "-fno-tree-loop-distribute-patterns", "-frandom-seed=rekindle", "-Wall", "-Wextra",
         "-Wconversion", "-Wshadow", "-Werror", "-Isrc", "-Istub", "-Wl,--gc-sections", "-Wl,--build-id=none",
         "-Wl,--no-warn-rwx-segments", "-T", "stub/stub.ld"]
WIDTH = 48


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("stub: %s failed:\n%s" % (command[0], done.stderr))
    return done.stdout


def build(keep):
    with tempfile.TemporaryDirectory() as folder:
        elf = pathlib.Path(folder) / "stub.elf"
        image = pathlib.Path(folder) / "stub.bin"
        objects = []
        for level, sources in (("-Os", SOURCES), ("-O2", FAST_SOURCES)):
            for source in sources:
                objects.append(str(pathlib.Path(folder) / (pathlib.Path(source).stem + ".o")))
                run(PREFIX + "gcc", *FLAGS, level, "-c", "-o", objects[-1], source)
        run(PREFIX + "gcc", *FLAGS, "-Os", "-o", str(elf), *objects, "-lgcc")
        run(PREFIX + "objcopy", "-O", "binary", str(elf), str(image))
        if keep:
            shutil.copy(elf, keep)
        return image.read_bytes()


def text_of(image, compiler):
    head = ("# The RAM stub of the BL602, %d bytes for 0x22010000. Made from stub/ by tools/stub.py with\n"
            "# %s; do not edit.\n" % (len(image), compiler))
    return head + "".join(image[at:at + WIDTH].hex() + "\n" for at in range(0, len(image), WIDTH))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--elf")
    options = parser.parse_args()
    if not shutil.which(PREFIX + "gcc"):
        print("stub: no %sgcc here: tools/setup.sh stub installs it" % PREFIX)
        return 77 if options.check else 1
    compiler = run(PREFIX + "gcc", "--version").splitlines()[0]
    text = text_of(build(options.elf), compiler)
    if not options.check:
        TABLE.write_text(text)
        return 0
    table = TABLE.read_text()
    if table == text:
        return 0
    if compiler not in table:
        print("stub: the table was made by another compiler than %s: not compared" % compiler)
        return 77
    print("stub: data/bl602-stub.txt is not what stub/ builds: run tools/stub.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
