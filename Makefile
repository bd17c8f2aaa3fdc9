# A thin front for CMake.
BUILD ?= build
PREFIX ?= /usr/local

.PHONY: all check clean
all:
	cmake -S . -B $(BUILD) -G Ninja
	cmake --build $(BUILD)

check:
	cmake -S . -B $(BUILD)-check -G Ninja -DREKINDLE_SANITIZE=ON -DREKINDLE_WERROR=ON
	cmake --build $(BUILD)-check
	ctest --test-dir $(BUILD)-check --output-on-failure -j2

clean:
	rm -rf $(BUILD) $(BUILD)-check
