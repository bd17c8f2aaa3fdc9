#!/bin/sh
# Runs every libFuzzer program of a build: tests/fuzz/run.sh BUILD SECONDS [NOUN...]
# Crashing inputs stay in BUILD/crashes/. Exit status 1 if any target fails or none is there.
set -eu

build=$1
seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
failed=
ran=0

for program in "$build"/tests/fuzz/fuzz_*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    noun=$(basename "$program" | sed 's/^fuzz_//')
    if [ $# -gt 0 ]; then
        case " $* " in *" $noun "*) ;; *) continue ;; esac
    fi
    mkdir -p "$build/corpus/$noun" "$build/crashes"
    seeds=
    [ -d "$here/seeds/$noun" ] && seeds=$here/seeds/$noun
    printf 'fuzz %-12s %s s: ' "$noun" "$seconds"
    # shellcheck disable=SC2086 # no seeds, no argument
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$build/crashes/$noun-" \
        "$build/corpus/$noun" $seeds >"$build/corpus/$noun.log" 2>&1; then
        awk '/number_of_executed_units/ { printf "%s inputs, no fault\n", $2 }' \
            "$build/corpus/$noun.log"
    else
        echo FAILED
        tail -25 "$build/corpus/$noun.log"
        failed="$failed $noun"
    fi
    ran=$((ran + 1))
done

[ "$ran" -gt 0 ] || { echo "fuzz: no target found in $build" >&2; exit 1; }
[ -z "$failed" ] || { echo "fuzz: failed:$failed" >&2; exit 1; }
