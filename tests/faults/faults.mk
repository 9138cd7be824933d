# SPDX-License-Identifier: GPL-2.0-or-later
# make faults: what goes wrong around the shim, and what becomes of it (tests/faults/README.md).
# Included by the top Makefile.

.PHONY: faults

FAULT_PARTS := $(addprefix $(BUILD)/faults/,vmm faulty.so roomy.so other-preload.so other-constructor.so \
	other-first.so other-plugin.so other-host)
FAULT_LIBRARY = $(COMPILE) -shared -fno-stack-protector -U_FORTIFY_SOURCE -o $@ $(filter %.c,$^)

$(BUILD)/faults/vmm: tests/faults/vmm.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Wl,-z,now -o $@ $< -lpthread
$(BUILD)/faults/faulty.so: tests/faults/faulty.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(FAULT_LIBRARY)
$(BUILD)/faults/roomy.so: tests/faults/roomy.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(FAULT_LIBRARY)
$(BUILD)/faults/other-%.so: tests/faults/other.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(FAULT_LIBRARY) $(OTHER_$*) -fvisibility=default
$(BUILD)/faults/other-host: tests/faults/other.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -DHOST -o $@ $<
OTHER_preload := -DPRELOAD
OTHER_constructor := -DCONSTRUCTOR
# Before every other constructor, ours too.
OTHER_first := -DCONSTRUCTOR -Wl,-z,initfirst
OTHER_plugin := -DPLUGIN

faults: all $(BUILD)/libiovamodel.so $(FAULT_PARTS)
	@tests/faults/faults.sh $(BUILD)
