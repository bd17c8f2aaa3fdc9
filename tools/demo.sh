#!/bin/sh
# The whole job on a virtual module, before your eyes: tools/demo.sh BUILD [MODEL]
# Shows every command it runs. Exit status 0 only if every byte is where it should be.
set -eu

build=$(cd "$1" && pwd)
model=${2:-bk7231n}
PATH=$build:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/rekindle-demo.XXXXXX")
module=
began=$(date +%s)

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') green=$(printf '\033[32m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
else
    bold='' green='' red='' plain=''
fi

finish() {
    status=$?
    trap - EXIT
    if [ -n "$module" ]; then
        kill "$module" 2>/dev/null || true
        wait "$module" 2>/dev/null || true
    fi
    if [ "$status" -eq 0 ]; then
        rm -rf "$work"
    else
        printf '\n%sThe demo failed%s (status %s). What it left is in %s\n' \
            "$red" "$plain" "$status" "$work"
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

run() {
    printf '%s$ rekindle %s%s\n' "$green" "$*" "$plain"
    rekindle "$@"
}

must_equal() { # FILE FILE WHAT
    cmp "$1" "$2" || { echo "demo: $3 are not the same" >&2; exit 1; }
}

cd "$work"
"$build/demo_content" .

say "1. A module on the desk: $model, virtual, but byte for byte and millisecond for millisecond"
printf '%s$ rekindle sim %s --flash module.bin --save flash.bin --pty ./module &%s\n' \
    "$green" "$model" "$plain"
cp module.bin flash.bin
rekindle sim "$model" --flash module.bin --save flash.bin --pty ./module >sim.log 2>&1 &
module=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -e module ] && break
    sleep 0.1
done
[ -e module ] || { cat sim.log >&2; exit 1; }

say "2. What is it?"
run -p ./module info

say "3. Save everything first. Blank sectors are recognised by checksum and not transferred"
run -p ./module backup before.bin
must_equal before.bin module.bin "backup and flash"

say "4. New firmware: only what differs is written, then verified on the chip"
run -p ./module flash OpenDemo.bin --yes

say "5. Is it really there? The chip compares, nothing is transferred"
dd if=OpenDemo.bin of=app.bin bs=4096 skip=17 count=112 status=none
run -p ./module verify app.bin 0x11000

say "6. Changed our mind: back to the state before"
run -p ./module restore before.bin --yes
run -p ./module verify before.bin

kill -INT "$module"
wait "$module" 2>/dev/null || true
module=
must_equal flash.bin module.bin "the flash now and the flash at the start"

say "Verdict: all passed in $(($(date +%s) - began)) s. The flash is what it was, byte for byte."
