#!/bin/sh
# Installs what rekindle needs to be built and tested, and nothing else.
#
#   tools/setup.sh [--check] [SET...]     sets: build check clang windows stub peers docs (default: build)
#
# It says what it installs, does nothing if everything is there, and never removes or upgrades
# anything. --check only reports: exit status 1 if something is missing. Debian and its children
# are served (apt); elsewhere it names what to install and goes on if the tools can be found.
set -eu

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0"
}

# One line per need: set, Debian package, and what proves that it is there: a command, or a file
# below /usr/include. What is found is accepted wherever it came from.
needs() {
    cat <<'END'
build gcc cc
build libc6-dev stdio.h
build cmake cmake
build ninja-build ninja
build python3 python3
build zlib1g-dev zlib.h
build libjansson-dev jansson.h
build libmbedtls-dev mbedtls/sha256.h
build liblzma-dev lzma.h
check libcmocka-dev cmocka.h
check libunicorn-dev unicorn/unicorn.h
check clang-format clang-format
check pkg-config pkg-config
check g++ c++
check bash bash
check python3-jsonschema python:jsonschema
clang clang clang
clang libclang-rt-14-dev package
clang llvm llvm-symbolizer
windows gcc-mingw-w64-x86-64-posix package
windows libz-mingw-w64-dev package
windows dpkg-dev dpkg-source
windows xz-utils xz
stub gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc
peers python3-serial python:serial
peers python3-tqdm python:tqdm
peers python3-cryptography python:cryptography
peers ser2net ser2net
docs man-db man
docs groff-base groff
END
}

have_package() {
    command -v dpkg-query >/dev/null 2>&1 &&
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

have() { # PACKAGE PROOF
    have_package "$1" && return 0
    case $2 in
    package) return 1 ;;
    python:*) python3 -c "import ${2#python:}" >/dev/null 2>&1 ;;
    *.h)
        for folder in /usr/include /usr/local/include /opt/homebrew/include; do
            [ -e "$folder/$2" ] && return 0
        done
        return 1
        ;;
    *) command -v "$2" >/dev/null 2>&1 ;;
    esac
}

missing_of() { # SETS
    needs | while read -r set package proof; do
        case " $1 " in
        *" $set "*) have "$package" "$proof" || printf '%s ' "$package" ;;
        esac
    done
}

elsewhere() { # MISSING SETS
    {
        echo "setup: this is not a Debian system (no apt-get), so nothing can be installed here by itself."
        echo "setup: missing, by their Debian names: $1"
        echo "setup: Fedora:   dnf install gcc cmake ninja-build python3 zlib-devel xz-devel jansson-devel mbedtls-devel libcmocka-devel"
        echo "setup: Arch:     pacman -S gcc cmake ninja python zlib xz jansson mbedtls2 cmocka"
        echo "setup: macOS:    brew install cmake ninja xz jansson mbedtls@2 cmocka"
    } >&2
    for tool in cc cmake ninja python3; do
        command -v "$tool" >/dev/null 2>&1 || exit 1
    done
    echo "setup: compiler, cmake, ninja and python3 are there: going on; CMake names what it misses" >&2
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install_packages() { # PACKAGE...
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        echo "setup: not root, and there is no sudo. As root, run:" >&2
        echo "setup:     apt-get update && apt-get install --no-install-recommends $*" >&2
        exit 1
    fi
    echo "setup: installing $*"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
        tail -20 "$log" >&2
        echo "setup: apt-get could not install: $*" >&2
        exit 1
    fi
    echo "setup: done"
}

main() {
    only_check=no
    sets=
    for word in "$@"; do
        case $word in
        --check) only_check=yes ;;
        build | check | clang | windows | stub | peers | docs) sets="$sets $word" ;;
        -h | --help) usage && exit 0 ;;
        *)
            echo "setup: unknown set '$word'" >&2
            usage >&2
            exit 2
            ;;
        esac
    done
    sets=${sets:-build}
    missing=$(missing_of "$sets")
    [ -n "$missing" ] || exit 0
    if [ "$only_check" = yes ]; then
        echo "setup: missing: $missing" >&2
        echo "setup: 'make setup' installs it" >&2
        exit 1
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        elsewhere "$missing"
        exit 0
    fi
    # shellcheck disable=SC2086 # a list of package names
    install_packages $missing
}

main "$@"
