# A thin front for CMake: `make help` lists what there is.
PREFIX  ?= /usr/local
DESTDIR ?=
SECONDS ?= 60
BUILD   ?= build
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
CONFIGURE = cmake -S . -B

.DEFAULT_GOAL := all
.PHONY: all help setup demo check debug install uninstall bench fuzz windows format lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install the packages that building and testing need (Debian; says what it installs)
	@tools/setup.sh build check

all: ## build the program and the libraries into build/
	@tools/setup.sh --check build
	@test -f $(BUILD)/build.ninja || $(CONFIGURE) $(BUILD) -G Ninja \
	    -DCMAKE_BUILD_TYPE=Release -DREKINDLE_TESTS=OFF -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	@cmake --build $(BUILD) -j $(JOBS)

demo: ## install what is missing, build, and do the main job on a virtual module
	@tools/setup.sh build
	@$(MAKE) --no-print-directory all
	@cmake --build $(BUILD) -j $(JOBS) --target demo_content
	@tools/demo.sh $(BUILD)

check: ## install what is missing, build with sanitizers, and run every test
	@tools/setup.sh build check
	@$(CONFIGURE) $(BUILD)-check -G Ninja \
	    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DREKINDLE_SANITIZE=ON -DREKINDLE_WERROR=ON
	@cmake --build $(BUILD)-check -j $(JOBS)
	@ctest --test-dir $(BUILD)-check --output-on-failure --no-tests=error -j $(JOBS)

debug: ## build without optimisation into build-debug/
	@cmake --preset debug
	@cmake --build --preset debug -j $(JOBS)

install: all ## install below PREFIX (default /usr/local), with DESTDIR for packagers
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(PREFIX) --strip

uninstall: ## remove what `make install` put there
	@xargs -I{} rm -fv "$(DESTDIR){}" < $(BUILD)/install_manifest.txt

bench: ## print the table of speed and size (REKINDLE_PEERS=FOLDER adds the Python clients)
	@tools/setup.sh build
	@$(MAKE) --no-print-directory all
	@cmake --build $(BUILD) -j $(JOBS) --target bench

fuzz: ## run every fuzz target for SECONDS (default 60)
	@tools/setup.sh build clang
	@cmake --preset fuzz
	@cmake --build --preset fuzz -j $(JOBS)
	@tests/fuzz/run.sh build-fuzz $(SECONDS)

windows: ## cross-build rekindle.exe with mingw-w64
	@tools/setup.sh build windows
	@tools/windows.sh

format: ## put all sources into the house format
	@clang-format -i $$(git ls-files '*.c' '*.h')

lint: ## format, length, layering and wording checks, without building
	@python3 tests/house/check.py all

clean: ## remove every build folder
	rm -rf build build-*
