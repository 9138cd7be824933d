# SPDX-License-Identifier: GPL-2.0-or-later
# make bench: what iovashim costs. make cost-check: what of it is the same on every machine.
# Included by the top Makefile.

.PHONY: bench cost-check
CHECKS += cost-check

BENCH := $(addprefix $(BUILD)/bench/, bench libnull_kernel.so memory growth)

$(BUILD)/bench/bench: $(addprefix tests/bench/, bench.c least.c rows.c rows_ioctl.c rows_vfio.c least.h rows.h)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $(filter %.c,$^)

$(BUILD)/bench/memory: tests/bench/memory.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

$(BUILD)/bench/growth: tests/bench/growth.c $(BUILD)/libiovashim.a
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $(filter %.c %.a,$^) -lpthread

# Its functions are not to be replaced by the checking ones they stand in front of.
$(BUILD)/bench/libnull_kernel.so: tests/bench/null_kernel.c
	@mkdir -p $(@D)
	$(COMPILE) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0 -shared -o $@ $<

bench: all $(BENCH) $(BUILD)/libiovamodel.so
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/standin CFLAGS='$(CFLAGS) -DCONTAINER_MINOR=229' \
		$(BUILD)/standin/iovashim
	@tests/bench/bench.sh $(BUILD)
	@echo 'the curves: $(BUILD)/bench/growth.svg'

cost-check: all $(BENCH) $(BUILD)/libiovamodel.so
	@tests/bench/instructions.sh $(BUILD)
	@tests/bench/memory.sh $(BUILD)
