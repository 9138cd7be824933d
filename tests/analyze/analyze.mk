# SPDX-License-Identifier: GPL-2.0-or-later
# make analyze: all of src/ through three analyzers; what one of them finds fails. A file is looked at
# again when it, or a header of its, has changed. clang's takes minutes to walk as many paths as it
# does by itself: make analyze ANALYZE_NODES=225000. Included by the top Makefile.
#
# A finding is mended, not silenced. Where the analyzer is wrong and the code is the simplest that it
# can be, it is silenced for that file and kind alone, here, with the reason.

.PHONY: analyze valgrind

ANALYZED := $(patsubst src/%.c,%,$(wildcard src/*.c src/cli/*.c src/supervisor/*.c src/model/*.c))
ANALYZED_BY_GCC := $(ANALYZED:%=$(BUILD)/analyze/gcc/%)
ANALYZE_NODES ?= 4000
ANALYZED_BY_CLANG := $(ANALYZED:%=$(BUILD)/analyze/clang-$(ANALYZE_NODES)/%)
ANALYZE_DEFS := $(DEFS) -DSYSCONFDIR='"/etc"' -DLIBDIR='"/usr/lib"' -DDATADIR='"/usr/share"'

# gcc loses sight of what is kept in arrays and lists: leaks are the leak sanitizer's (make sanitize,
# fuzz-check).
ANALYZE_GCC := -Wno-analyzer-malloc-leak
# Standard input is not its to close.
ANALYZE_GCC_event_stream := -Wno-analyzer-file-leak
# The list is NULL only while it has no items.
ANALYZE_GCC_report_layout := -Wno-analyzer-null-dereference
# Only members are dropped, and these are found.
ANALYZE_GCC_type1 := -Wno-analyzer-null-dereference

$(ANALYZED_BY_GCC): $(BUILD)/analyze/gcc/%: src/%.c
	@mkdir -p $(@D)
	@gcc -std=c11 $(ANALYZE_DEFS) -O1 -Isrc -fanalyzer -Werror $(ANALYZE_GCC) $(ANALYZE_GCC_$(notdir $*)) -MMD -MP -MF $@.d -MT $@ -c -o /dev/null $<
	@touch $@
$(ANALYZED_BY_CLANG): $(BUILD)/analyze/clang-$(ANALYZE_NODES)/%: src/%.c
	@mkdir -p $(@D)
	@clang -std=c11 $(ANALYZE_DEFS) -Isrc --analyze -Xclang -analyzer-werror -Xclang -analyzer-output=text \
		-Xclang -analyzer-config -Xclang max-nodes=$(ANALYZE_NODES) $(ANALYZE_CLANG_$(notdir $*)) -MMD -MP -MF $@.d -MT $@ -o /dev/null $<
	@touch $@

# tests/analyze/cppcheck: what is silenced, and why.
$(BUILD)/analyze/cppcheck: $(ANALYZED:%=src/%.c) $(wildcard src/*.h src/*/*.h) tests/analyze/cppcheck
	@mkdir -p $(@D)/cppcheck.d
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
		--suppressions-list=tests/analyze/cppcheck --cppcheck-build-dir=$(@D)/cppcheck.d \
		-D_GNU_SOURCE -D__x86_64__ -U__clang__ -DIOVASHIM_VERSION='""' -DSYSCONFDIR='""' -DLIBDIR='""' \
		-DDATADIR='""' '-Djson_array_foreach(a,i,v)=for(i=0;(v=json_array_get(a,i));i++)' \
		'-Djson_object_foreach(o,k,v)=for(k=json_key(o);(v=json_object_get(o,k));)' -Isrc src
	@touch $@

analyze: $(ANALYZED_BY_GCC) $(ANALYZED_BY_CLANG) $(BUILD)/analyze/cppcheck
	@echo 'analyze: gcc, clang and cppcheck: $(words $(ANALYZED)) files, nothing found'

# The unit tests, leaks too. A VMM over the model takes valgrind minutes: the model has 8 GiB of addresses.
valgrind: $(UNIT)
	@mkdir -p $(BUILD)/analyze
	@set -e; for t in $(UNIT); do \
		valgrind -q --error-exitcode=99 --leak-check=full --suppressions=tests/analyze/valgrind.supp $$t \
			>$(BUILD)/analyze/valgrind.log 2>&1 || { cat $(BUILD)/analyze/valgrind.log; exit 1; }; done
	@echo 'valgrind: $(words $(UNIT)) tests, nothing found'

-include $(wildcard $(BUILD)/analyze/*/*.d $(BUILD)/analyze/*/*/*.d)
