#!/bin/sh
# Builds rekindle.exe on Debian 12: tools/windows.sh [BUILD_FOLDER]. Installs what is missing (asks
# sudo if need be), cross-builds jansson and mbedtls from Debian's sources, then everything of ours
# with warnings as errors. If wine is there, or REKINDLE_WINE=install is set, the program also runs.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$top/build-windows}
prefix=$build/prefix
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

say() { echo "windows: $*"; }

missing=
for package in gcc-mingw-w64-x86-64-posix libz-mingw-w64-dev cmake ninja-build python3 dpkg-dev xz-utils; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ "${REKINDLE_WINE:-}" = install ] && ! command -v wine64 /usr/lib/wine/wine64 >/dev/null && missing="$missing wine64"
if [ -n "$missing" ]; then
  say "installing$missing"
  $sudo apt-get update -q
  # shellcheck disable=SC2086
  $sudo apt-get install -qy --no-install-recommends $missing
fi

# Debian's sources, from the same places as its packages.
fetch_sources() {
  if ! apt-get source --print-uris jansson mbedtls >/dev/null 2>&1; then
    say "adding the source packages to apt: /etc/apt/sources.list.d/rekindle-source.*"
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
      sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources |
        $sudo tee /etc/apt/sources.list.d/rekindle-source.sources >/dev/null
    else
      sed -n 's/^deb /deb-src /p' /etc/apt/sources.list |
        $sudo tee /etc/apt/sources.list.d/rekindle-source.list >/dev/null
    fi
    $sudo apt-get update -q
  fi
  apt-get source -q jansson mbedtls
}

cross() { # source folder, build folder, options of cmake
  source=$1 folder=$2
  shift 2
  cmake -S "$source" -B "$folder" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$top/cmake/mingw.cmake" \
    -DRK_WINDOWS_PREFIX="$prefix" -DCMAKE_BUILD_TYPE=Release "$@"
}

if [ ! -f "$prefix/done" ]; then
  mkdir -p "$build/sources"
  (cd "$build/sources" && fetch_sources)
  say "building jansson and mbedtls"
  cross "$build"/sources/jansson-*/ "$build/jansson" -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF >"$build/jansson.log" 2>&1
  cmake --build "$build/jansson" --target install >>"$build/jansson.log" 2>&1
  cross "$build"/sources/mbedtls-*/ "$build/mbedtls" -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DENABLE_TESTING=OFF -DENABLE_PROGRAMS=OFF -DMBEDTLS_FATAL_WARNINGS=OFF >"$build/mbedtls.log" 2>&1
  cmake --build "$build/mbedtls" --target install >>"$build/mbedtls.log" 2>&1
  touch "$prefix/done"
fi

say "building rekindle"
cross "$top" "$build/rekindle" -DREKINDLE_TESTS=OFF -DREKINDLE_WERROR=ON >"$build/rekindle.log" 2>&1 ||
  { tail -20 "$build/rekindle.log"; exit 1; }
cmake --build "$build/rekindle" >>"$build/rekindle.log" 2>&1 ||
  { grep -E 'error|warning|undefined' -A4 "$build/rekindle.log" | head -60; exit 1; }

program=$build/rekindle/rekindle.exe
if [ ! -f "$program" ]; then
  say "the library is built; there is no program in this tree yet"
  exit 0
fi
x86_64-w64-mingw32-strip -o "$build/rekindle.exe" "$program"
say "built $build/rekindle.exe, $(stat -c %s "$build/rekindle.exe") bytes"
wine=$(command -v wine64 || command -v wine || echo /usr/lib/wine/wine64)
if [ -x "$wine" ]; then
  WINEPREFIX=$build/wine WINEDEBUG=-all timeout 120 "$wine" "$build/rekindle.exe" version
else
  say "not run: wine is not installed (REKINDLE_WINE=install installs it)"
fi
