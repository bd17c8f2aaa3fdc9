#!/usr/bin/env python3
"""check.py and exports.py find what they are for: each rule is broken once in a small tree."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HOUSE = pathlib.Path(__file__).resolve().parent
TOOLS = HOUSE.parents[1] / "tools"


class Rules(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for i in range(20):
            self.put("src/base/f%d.c" % i, "/* Fine. */\n")
        self.put("docs/errors.md", "# Errors\n\n## link.lost\n")

    def tearDown(self):
        self.folder.cleanup()

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self, name):
        out = subprocess.run([sys.executable, str(HOUSE / "check.py"), name, "--root",
                              str(self.root)], capture_output=True, text=True)
        return out.returncode, out.stdout + out.stderr

    def breaks(self, check, path, text, expected):
        status, out = self.check(check)
        if check != "errors":
            self.assertEqual(status, 0, out)
        self.put(path, text)
        status, out = self.check(check)
        self.assertEqual(status, 1, out)
        self.assertIn(expected, out)

    def test_includes(self):
        self.breaks("includes", "src/flash/x.c", '#include "job/job.h"\n', "flash must not include")

    def test_public_header_includes_private(self):
        self.breaks("includes", "include/rekindle/x.h", '#include "base/text.h"\n', "public header")

    def test_long_function(self):
        self.breaks("lengths", "src/base/x.c", "int f(void)\n{\n" + "    ;\n" * 90 + "}\n",
                    "function of 93 lines")

    def test_banned(self):
        self.breaks("banned", "src/base/x.c", "void f(char *a)\n{\n    strcpy(a, \"\");\n}\n",
                    "strcpy() is banned")

    def test_banned_in_comment_is_fine(self):
        self.put("src/base/x.c", "/* strcpy(a, b) is bad */\nstatic const char *s = \"exit(1)\";\n")
        self.assertEqual(self.check("banned")[0], 0)

    def test_library_prints(self):
        self.breaks("banned", "src/base/x.c", "void f(void)\n{\n    printf(\"x\");\n}\n",
                    "the library must not call printf()")

    def test_unfinished(self):
        self.breaks("words", "src/base/x.c", "/* TO" + "DO: later */\n", "unfinished")

    def test_merge(self):
        self.breaks("words", "README.md", "a\n" + "<" * 7 + " main\nb\n", "left over from a merge")

    def test_machine_path(self):
        self.breaks("words", "README.md", "see /ro" + "ot/notes\n", "private word")

    def test_errors(self):
        self.breaks("errors", "src/base/x.c",
                    'return rk_fail(err, RK_ERR_ARG, "usage.thing", "no");\n', "'usage.thing' has no")

    def test_finding(self):
        self.breaks("findings", "src/image/bouffalo/faults.c", '    {"boot-gone", RK_BL602_BOOT2, x},\n',
                    "finding 'boot-gone' is not in docs/bl602.md")

    def test_table(self):
        self.breaks("tables", "data/x.csv", "a,b\n1,2,3\n", "3 fields, the header has 2")

    def test_link(self):
        self.breaks("links", "README.md", "[x](docs/none.md)\n", "dead link")

    def test_anchor(self):
        self.breaks("links", "README.md", "[x](docs/errors.md#nowhere)\n", "dead anchor")


class Exports(unittest.TestCase):
    def test_only_declared_functions(self):
        with tempfile.TemporaryDirectory() as folder:
            header = pathlib.Path(folder) / "x.h"
            header.write_text('/* rk_comment(); */\n#define rk_macro(x) rk_x(x)\n'
                              'extern "C" {\nstruct s { int (*rk_member)(int); };\n'
                              'MUST enum e\nrk_long(int a,\n  const struct s *b) PRINTF(1, 2);\n'
                              'static inline int rk_inline(int a)\n{ return rk_inner(a); }\n'
                              'void rk_short(void);\n}\n')
            out = subprocess.run([sys.executable, str(TOOLS / "exports.py"), str(header)],
                                 capture_output=True, text=True, check=True).stdout
            self.assertEqual(out.split(), ["rk_long", "rk_short"])


if __name__ == "__main__":
    unittest.main()
