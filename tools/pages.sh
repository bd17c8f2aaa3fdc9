#!/bin/sh
# Lets the program print its man pages and completions: tools/pages.sh PROGRAM OUTPUT
set -eu

program=$1
output=$2
mkdir -p "$output/man"
for shell in bash zsh fish; do
    "$program" completion "$shell" >"$output/$shell"
done
for name in $("$program" man list); do
    if [ "$name" = rekindle ]; then
        "$program" man >"$output/man/rekindle.1"
    else
        "$program" man "$name" >"$output/man/rekindle-$name.1"
    fi
done
