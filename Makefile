# plain-jobs: one word for everything. Meson does the building; see meson.build and HACKING.md.
#
#   make help          lists the words
#   make BUILD=/tmp/x  puts the debug tree there; likewise RELEASE= CLANG= VALGRIND=

BUILD    ?= build
RELEASE  ?= build-release
CLANG    ?= build-clang
VALGRIND ?= build-valgrind
PREFIX   ?= /usr/local
T        ?=

export DESTDIR

.PHONY: all help release install deps demo bench check check-valgrind stress lint clang format clean
.NOTPARALLEL:

all: ## the debug tree, with ASan and UBSan: build/plain
	@tools/configure $(BUILD) debug
	@ninja -C $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

release: ## optimised and hardened: build-release/plain
	@tools/configure $(RELEASE) release
	@ninja -C $(RELEASE)

bench: release ## figures on an idle PostgreSQL at DATABASE_URL, in turn with its peers
	@RELEASE=$(abspath $(RELEASE)) bench/run.sh $(ROUNDS)

install: ## the release tree to $(DESTDIR)$(PREFIX)
	@tools/configure $(RELEASE) release -Dprefix=$(PREFIX)
	@ninja -C $(RELEASE)
	@meson install -C $(RELEASE) --no-rebuild

deps: ## what building and testing needs, with apt (as root or with sudo)
	@tools/deps build check

demo: ## builds the release tree and shows jobs at work
	@tools/deps build
	@$(MAKE) --no-print-directory release
	@PLAIN=$(abspath $(RELEASE))/plain examples/demo/run

check: ## all tests; make check T=cron runs those whose name contains cron
	@tools/deps build check
	@T='$(T)' tools/check $(BUILD) --release $(RELEASE)

check-valgrind: ## the unit tests under valgrind
	@tools/deps build check
	@T='$(T)' tools/check --valgrind $(VALGRIND)

stress: ## the tests at full size, and the unit tests under valgrind; about an hour
	@tools/deps build check
	@T='$(T)' PLAIN_STRESS=1 tools/check $(BUILD) --release $(RELEASE) \
		--valgrind $(VALGRIND)

clang: ## everything with clang and -Werror
	@CC=clang tools/configure $(CLANG) debug -Dwerror=true
	@ninja -C $(CLANG)

lint: ## format, static analysis, and the rules of the house
	@tools/deps build check
	@CC=clang tools/configure $(CLANG) debug -Dwerror=true
	@tools/lint $(CLANG)

format: ## clang-format on every C file
	@tools/c-files | xargs clang-format -i

clean: ## removes the build folders
	rm -rf $(BUILD) $(RELEASE) $(CLANG) $(VALGRIND)
