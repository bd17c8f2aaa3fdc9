#!/usr/bin/env python3
"""Every public header compiles alone, as C11 and as C++17, with every compiler that is here.

    test_headers.py INCLUDE_FOLDER

Each header is also included twice (include guard), and strictly: -pedantic, warnings are errors.
"""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

C_FLAGS = ["-x", "c", "-std=c11", "-Wstrict-prototypes"]
CXX_FLAGS = ["-x", "c++", "-std=c++17", "-Wno-shadow"]  # struct stat and stat() are fine
COMMON = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"]
COMPILERS = [("gcc", C_FLAGS), ("clang", C_FLAGS), ("cc", C_FLAGS),
             ("g++", CXX_FLAGS), ("clang++", CXX_FLAGS)]


def compiles(job):
    include, header, compiler, flags = job
    line = "#include <rekindle/%s>\n" % header
    out = subprocess.run([compiler, *COMMON, *flags, "-I", include, "-"], input=line * 2, text=True,
                         capture_output=True)
    return (header, compiler, out.returncode, out.stderr)


def main():
    include = pathlib.Path(sys.argv[1])
    headers = sorted(p.name for p in (include / "rekindle").glob("*.h"))
    present = [(c, f) for c, f in COMPILERS if shutil.which(c)]
    if not headers or not present:
        sys.exit("no headers or no compiler")
    jobs = [(str(include), h, c, f) for h in headers for c, f in present]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for header, compiler, status, text in pool.map(compiles, jobs):
            if status:
                failed += 1
                print("%s with %s:\n%s" % (header, compiler, text))
    print("%d headers, %s" % (len(headers), " ".join(c for c, _ in present)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
