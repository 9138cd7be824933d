# SPDX-License-Identifier: GPL-2.0-or-later
# make          libiovashim.so and iovashim
# make demo     a guest that cannot start, and starts: on an emulated host with real VFIO drivers
# make check    every test
# make install  what was built, its manual and completions, below PREFIX (DESTDIR, LIBDIR, SYSCONFDIR)
# make help     the other targets

VERSION := 0.1.0
BUILD ?= build
CC ?= gcc
CFLAGS ?= -O2 -g
SYSCONFDIR ?= /etc
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wold-style-definition
DEFS := -D_GNU_SOURCE -DIOVASHIM_VERSION='"$(VERSION)"'
# x86: the CPU checks where indirect branches and returns go.
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIC -fvisibility=hidden -ffunction-sections \
	$(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),-fcf-protection)
# Checking functions take an optimizer, and are in a sanitizer's way.
FORTIFY = $(if $(findstring sanitize,$(CFLAGS))$(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LINK_HARDEN := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
# make V=1 shows the commands.
V ?= 0
COMPILE = $(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) -std=c11 $(WARN) $(DEFS) $(HARDEN) -Isrc -MMD -MP $(CFLAGS) $(FORTIFY)

# What decides: makes no system call.
PURE := advice advice_case advice_expand container describe describe_cause describe_json \
	describe_json_why diagnosis dma_split engine_claim engine_dirty engine_explain engine_guard \
	engine_holes engine_map engine_pieces engine_unmap engine_vaddr hole_set knowledge \
	knowledge_vmms policy policy_decide policy_text text told vmm_args
# What touches the machine.
EDGE := address_space fd_io fd_table guard guest_memory host_facts interpose journal lock mem \
	memslots opened outlet page_proof policy_load ready settings shim shim_fd shim_memory shim_start \
	survey vma vmm_image
CORE_OBJ := $(PURE:%=$(BUILD)/%.o) $(filter-out %/interpose.o,$(EDGE:%=$(BUILD)/%.o)) \
	$(BUILD)/builtin_holes_conf.o

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

# `iovashim`: a file for each verb, over the same objects.
CLI_PACKAGES := jansson libelf libpci libseccomp libsystemd
CLI_OBJ := $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/cli/*.c src/supervisor/*.c)) $(BUILD)/builtin_hosts.o

all: $(BUILD)/libiovashim.so $(BUILD)/iovashim

.PHONY: always explain-check cli-check coverage inert docs-check lifetimes differential soak threads all help deps check unit sanitize static-code compilers format format-check clean demo
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo 'make unit | sanitize | static-code | compilers | lab | format-check: parts of check'
	@echo 'make lab SCENARIO="1 5" KERNEL=6.12: some of the lab; lab-all: also what takes longer'
	@echo 'make differential OPS=10000000 SEED=1: random sequences; soak: for as long as you have'
	@echo 'make faults | analyze | valgrind | fuzz FUZZ_SECONDS=300 | threads | lifetimes PAIRS=1000000 | coverage'
	@echo 'make bench: what it costs, in tables'
	@echo 'make man | deb | uninstall | install-check'
	@echo 'make format | clean'

# What is built by other flags than these is built again.
$(BUILD)/flags: export FLAGS := $(CC) $(WARN) $(DEFS) $(HARDEN) $(FORTIFY) $(CFLAGS) $(LINK_HARDEN)
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

$(BUILD)/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# Who looks for what is installed; built again when that is to be elsewhere.
PLACED := $(BUILD)/policy_load.o $(BUILD)/cli/installed.o
$(PLACED): DEFS += -DSYSCONFDIR='"$(SYSCONFDIR)"' -DLIBDIR='"$(LIBDIR)"' -DDATADIR='"$(DATADIR)"'
$(PLACED): $(BUILD)/places
$(BUILD)/places: always
	@mkdir -p $(@D)
	@echo '$(SYSCONFDIR) $(LIBDIR) $(DATADIR)' | cmp -s - $@ || echo '$(SYSCONFDIR) $(LIBDIR) $(DATADIR)' >$@

$(BUILD)/builtin_holes_conf.c: conf/holes.conf
	@mkdir -p $(@D)
	@{ echo '#include "policy_load.h"'; \
	   echo 'const char builtin_holes_conf[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $<; \
	   echo ';'; \
	   echo 'const size_t builtin_holes_conf_length = sizeof(builtin_holes_conf) - 1;'; } >$@

$(BUILD)/builtin_holes_conf.o: $(BUILD)/builtin_holes_conf.c $(BUILD)/flags
	$(COMPILE) -c -o $@ $<

# Descriptions of hosts that `iovashim plan` knows by name.
$(BUILD)/builtin_hosts.c: $(wildcard src/model/hosts/*.host)
	@mkdir -p $(@D)
	@{ echo '#include "cli/plan_host.h"'; \
	   echo 'const struct builtin_host builtin_hosts[] = {'; \
	   for f in $^; do \
	       echo "{\"$$(basename $$f .host)\","; sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $$f; echo '},'; \
	   done; \
	   echo '{0, 0}};'; } >$@

$(BUILD)/builtin_hosts.o: $(BUILD)/builtin_hosts.c $(BUILD)/flags
	$(COMPILE) -c -o $@ $<

# initfirst: its constructor runs before those of other libraries, which may call ioctl already.
# interpose.o first: its few pointers share a page with what is used of struct shim.
$(BUILD)/libiovashim.so: $(BUILD)/interpose.o $(CORE_OBJ) src/libiovashim.map
	$(if $(filter 0,$(V)),@echo '  LD    $@';) $(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libiovashim.so -Wl,-z,initfirst $(LINK_HARDEN) \
		-Wl,--gc-sections -Wl,--no-undefined -Wl,--as-needed \
		-Wl,--version-script=src/libiovashim.map -o $@ $(BUILD)/interpose.o $(CORE_OBJ)

$(BUILD)/libiovashim.a: $(CORE_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libiovashim.a
	@mkdir -p $(@D)
	$(COMPILE) -Itests -o $@ $< $(BUILD)/libiovashim.a -lcmocka -lpthread

# What of `iovashim plan` runs nothing.
PLAN_PURE := $(addprefix $(BUILD)/cli/plan_,args.o edit.o flash.o host.o judge.o props.o qemu.o rewrite.o values.o) \
	$(BUILD)/builtin_hosts.o
$(BUILD)/unit/test_plan: tests/unit/test_plan.c $(PLAN_PURE) $(BUILD)/libiovashim.a $(BUILD)/libiovamodel.a
	@mkdir -p $(@D)
	$(COMPILE) -Itests -o $@ $(filter %.c %.o %.a,$^) $$(pkg-config --libs jansson) -lcmocka -lpthread

# What of `run --reserve` runs nothing.
RESERVE_PURE := $(addprefix $(BUILD)/cli/,reserve_args.o reserve_holes.o rom_image.o rom_report.o rom_silence.o)
$(BUILD)/unit/test_reserve: tests/unit/test_reserve.c $(RESERVE_PURE) $(PLAN_PURE) $(BUILD)/libiovashim.a $(BUILD)/libiovamodel.a
	@mkdir -p $(@D)
	$(COMPILE) -Itests -o $@ $(filter %.c %.o %.a,$^) $$(pkg-config --libs jansson) -lcmocka -lpthread

$(BUILD)/iovashim: $(CLI_OBJ) $(BUILD)/libiovashim.a $(BUILD)/libiovamodel.a
	$(if $(filter 0,$(V)),@echo '  LD    $@';) $(CC) $(CFLAGS) $(LDFLAGS) -pie $(LINK_HARDEN) -Wl,--gc-sections \
		-Wl,--as-needed -o $@ $^ $$(pkg-config --libs $(CLI_PACKAGES)) -lpthread

# What `iovashim` says and does, verb by verb: tests/cli/VERB.sh BUILD.
CLI_CHECKS := $(patsubst tests/cli/%.sh,cli-check-%,$(wildcard tests/cli/*.sh))
.PHONY: $(CLI_CHECKS)
cli-check: $(CLI_CHECKS)
$(CLI_CHECKS): cli-check-%: tests/cli/%.sh all $(BUILD)/libiovamodel.so $(BUILD)/policy_holes $(BUILD)/plan_client
	@bash $< $(BUILD)

$(BUILD)/plan_client: tests/cli/plan_client.c
	$(COMPILE) -o $@ $<

$(BUILD)/policy_holes: tests/cli/policy_holes.c $(BUILD)/libiovashim.a
	$(COMPILE) -o $@ $(filter %.c %.a,$^) -lpthread

# Failing situations: cause, meaning, and changes that are carried out and help.
explain-check: all $(BUILD)/libiovamodel.so
	tests/model/explain.sh $(BUILD)

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

# Random sequences: the engine over a kernel with holes is a kernel without them.
OPS ?= 10000000
SEED ?= 1
$(BUILD)/differential: tests/model/differential.c tests/model/diff_world.c tests/model/diff_print.c tests/model/diff_world.h tests/model/draw.h \
		$(BUILD)/libiovashim.a $(BUILD)/libiovamodel.a
	$(COMPILE) -Isrc/model -o $@ $(filter %.c %.a,$^) -lpthread
differential: $(BUILD)/differential
	$< --ops $(OPS) --seed $(SEED)
# As long as you have: a new seed each time.
soak: $(BUILD)/differential
	$< --ops 200000000 --seed $$(date +%s)
	@$(MAKE) --no-print-directory lifetimes PAIRS=1000000

# Threads through one engine, as it is and under the thread sanitizer.
$(BUILD)/threads: tests/model/threads.c $(BUILD)/libiovashim.a $(BUILD)/libiovamodel.a
	$(COMPILE) -Isrc/model -o $@ $(filter %.c %.a,$^) -lpthread
threads: $(BUILD)/threads
	$<
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS='-O1 -g -fsanitize=thread' \
		$(BUILD)/tsan/threads
	$(BUILD)/tsan/threads 500

# A container's life, over the model kernel. PAIRS=1000000: does anything grow?
LIFETIMES_ENV = LD_PRELOAD="$(abspath $(BUILD)/libiovashim.so) $(abspath $(BUILD)/libiovamodel.so)" \
	IOVAMODEL_HOST=src/model/hosts/amd.host IOVASHIM_QUIET=1
$(BUILD)/lifetimes: tests/model/lifetimes.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< -lpthread
lifetimes: $(BUILD)/lifetimes $(BUILD)/libiovashim.so $(BUILD)/libiovamodel.so
	$(LIFETIMES_ENV) $<

coverage:
	tests/coverage $(BUILD)/coverage

# The same tests under the address and undefined-behaviour sanitizers.
sanitize:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize \
		CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' unit

# Both compilers, warnings as errors.
compilers:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/gcc CC=gcc all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang all

static-code: all $(BUILD)/libiovamodel.so
	tests/static-code $(BUILD)

FORMATTED = $(shell git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'rom/*.[ch]')
format:
	clang-format -i $(FORMATTED)
format-check:
	clang-format --dry-run --Werror $(FORMATTED)

deps:
	@tools/deps

# Two at a time, and the lab, which uses all there is, by itself. Other files add theirs: CHECKS +=
CHECKS := compilers format-check static-code analyze valgrind inert unit sanitize model-check model-preload-check lifetimes \
	threads differential cli-check explain-check faults fuzz-check docs-check rom-check install-check
check: deps
	@$(MAKE) --no-print-directory -j2 --output-sync=target $(CHECKS)
	@$(MAKE) --no-print-directory lab

inert: $(BUILD)/libiovashim.so
	tests/inert.sh $(BUILD)

docs-check: all
	@set -e; for t in tests/docs/*.sh; do $$t $(BUILD); done

demo: deps all
	@tests/lab/demo.sh

clean:
	rm -rf $(BUILD)

-include $(wildcard src/model/model.mk rom/rom.mk tools/*.mk tests/*/*.mk)
-include $(wildcard $(BUILD)/*.d $(BUILD)/unit/*.d $(BUILD)/cli/*.d $(BUILD)/supervisor/*.d)
