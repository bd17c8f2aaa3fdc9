#!/bin/bash
# Installs a build into a folder and uses it as a stranger would: tests/house/install.sh BUILD ROOT
# pkg-config finds the library; a C11 and a C++17 program are compiled, linked and run; the program,
# the man page, completions, udev rule and schemas are in place.
set -euo pipefail

build=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$root"
mkdir -p "$root"
root=$(cd "$root" && pwd)
DESTDIR=$root cmake --install "$build" --prefix /usr --strip >/dev/null

must_be() {
    compgen -G "$root/usr/$1" >/dev/null || { echo "install: missing: $1" >&2; exit 1; }
}
must_be bin/rekindle
must_be include/rekindle/rekindle.h
must_be share/man/man1/rekindle.1
must_be share/bash-completion/completions/rekindle
must_be share/zsh/site-functions/_rekindle
must_be share/fish/vendor_completions.d/rekindle.fish
must_be lib/udev/rules.d/70-rekindle.rules
must_be "share/rekindle/*.json"
must_be share/doc/rekindle/README.md

lib=$(dirname "$(find "$root" -name librekindle.so)")
export PKG_CONFIG_PATH=$lib/pkgconfig
for file in librekindle.so.0 librekindle.a pkgconfig/rekindle.pc; do
    [ -e "$lib/$file" ] || { echo "install: missing: $file" >&2; exit 1; }
done
work=$root/work
mkdir -p "$work"
cat >"$work/hello.c" <<'END'
#include <rekindle/rekindle.h>
#include <stdio.h>
int main(void)
{
    struct rk_context *ctx = NULL;
    struct rk_error err;
    size_t count = 0;
    if (rk_context_new(&ctx, NULL, &err) != RK_OK || !rk_sim_models(&count) || count == 0)
        return 1;
    rk_context_free(ctx);
    printf("rekindle %s, %d models\n", rk_version(), (int)count);
    return 0;
}
END
cp "$work/hello.c" "$work/hello.cpp"
# shellcheck disable=SC2046 # flags are words
cc -std=c11 -pedantic -Wall -Werror "$work/hello.c" -o "$work/c" $(pkg-config --cflags --libs rekindle)
# shellcheck disable=SC2046
c++ -std=c++17 -Wall -Werror "$work/hello.cpp" -o "$work/cxx" $(pkg-config --cflags --libs rekindle)
# shellcheck disable=SC2046
cc -std=c11 "$work/hello.c" -o "$work/static" $(pkg-config --cflags rekindle) "$lib/librekindle.a" \
    $(pkg-config --static --libs-only-l rekindle | sed 's/-lrekindle//')
for program in c cxx; do
    LD_LIBRARY_PATH=$lib "$work/$program"
done
"$work/static"
"$root/usr/bin/rekindle" version
cd "$here"
echo "install: all in place"
