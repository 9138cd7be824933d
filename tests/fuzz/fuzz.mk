# SPDX-License-Identifier: GPL-2.0-or-later
# libFuzzer targets, built with clang. `make fuzz` looks for something new for FUZZ_SECONDS each;
# `make fuzz-check` only goes through what was found before. Included by the top Makefile.

FUZZ_SECONDS ?= 300
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ := policy engine elf host info sysfs report
FUZZ_WITH_engine := tests/model/diff_world.c tests/model/diff_print.c
FUZZ_WITH_elf := src/cli/elf_facts.c src/cli/elf_code.c src/cli/ld_cache.c
FUZZ_WITH_report := $(wildcard src/cli/report_*.c) src/cli/event_metrics.c src/cli/prometheus.c
FUZZ_WITH_sysfs := $(addprefix src/cli/holes_, conf.c data.c json.c missing.c nfd.c parse.c print.c \
	prometheus.c read.c tell.c tree.c union.c width.c) src/cli/prometheus.c
FUZZ_LIBS_elf := -lelf
FUZZ_LIBS_sysfs := -ljansson
FUZZ_LIBS_report := -ljansson

.PHONY: fuzz fuzz-check fuzz-libraries

fuzz-libraries:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(FUZZ_FLAGS)' \
		$(BUILD)/fuzz/libiovashim.a $(BUILD)/fuzz/libiovamodel.a
$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/model/diff_world.c tests/model/diff_print.c tests/model/diff_world.h tests/fuzz/fuzz.h \
		src/*.[ch] src/model/*.[ch] src/cli/*.[ch] | fuzz-libraries
	$(if $(filter 0,$(V)),@echo '  FUZZ  $@';) clang -std=c11 -Isrc -Isrc/model -Itests/model $(DEFS) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ \
		$< $(FUZZ_WITH_$*) \
		$(BUILD)/fuzz/libiovashim.a $(BUILD)/fuzz/libiovamodel.a -lpthread $(FUZZ_LIBS_$*)
fuzz: $(FUZZ:%=$(BUILD)/fuzz/fuzz_%)
	@set -e; for t in $(FUZZ); do mkdir -p $(BUILD)/fuzz/new/$$t; \
		$(BUILD)/fuzz/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
		$$([ ! -e tests/fuzz/$$t.dict ] || echo -dict=tests/fuzz/$$t.dict) \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/new/$$t tests/fuzz/corpus/$$t; done
# The last line tells how many inputs there were; all of them if one of them is a finding.
fuzz-check: $(FUZZ:%=$(BUILD)/fuzz/fuzz_%)
	@set -e; for t in $(FUZZ); do \
		$(BUILD)/fuzz/fuzz_$$t -runs=0 -artifact_prefix=$(BUILD)/fuzz/ tests/fuzz/corpus/$$t \
			>$(BUILD)/fuzz/$$t.log 2>&1 || { cat $(BUILD)/fuzz/$$t.log; exit 1; }; \
		echo "$$t: $$(tail -n 1 $(BUILD)/fuzz/$$t.log)"; done
