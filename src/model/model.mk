# SPDX-License-Identifier: GPL-2.0-or-later
# The model kernel: build/libiovamodel.a for tests, build/libiovamodel.so to preload.
# Included by the top Makefile.

MODEL_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -fPIC -fvisibility=hidden $(HARDEN) $(FORTIFY)

MODEL_SRC := $(addprefix src/model/, dirty.c dma_tree.c host.c host_device.c host_sysfs.c host_text.c \
	model.c pci.c pci_config.c sim_container.c sim_group.c words.c shared_lock.c type1.c type1_dirty.c type1_info.c type1_map.c windows.c)
MODEL_OBJ := $(MODEL_SRC:src/%.c=$(BUILD)/%.o)
MODEL_LIB := $(BUILD)/libiovamodel.a

MODEL_SO := $(BUILD)/libiovamodel.so
MODEL_SO_OBJ := $(addprefix $(BUILD)/model/, arena.o fs.o fs_build.o objects.o preload.o preload_dir.o \
	preload_io.o preload_link.o preload_log.o preload_open.o preload_stat.o)

MODEL_PLAYER := $(BUILD)/kernel_player
MODEL_TESTS := $(patsubst tests/model/%.c,$(BUILD)/tests/%,$(wildcard tests/model/kernel_*_test.c))

.PHONY: model model-check model-preload-check kernel-player
model: $(MODEL_LIB) $(MODEL_SO)

$(BUILD)/model/%.o: src/model/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) $(CFLAGS) $(MODEL_CFLAGS) -MMD -MP -c -o $@ $<

$(MODEL_LIB): $(MODEL_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $(MODEL_OBJ)

# Its own functions are not to be replaced by the checking ones they stand in front of.
$(MODEL_SO_OBJ): MODEL_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0

$(MODEL_SO): $(MODEL_SO_OBJ) $(MODEL_LIB)
	$(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs $(LINK_HARDEN) -Wl,--exclude-libs,ALL -o $@ \
		$(MODEL_SO_OBJ) $(MODEL_LIB) -ldl -lpthread

$(BUILD)/tests/kernel_%: tests/model/kernel_%.c $(MODEL_LIB)
	@mkdir -p $(@D)
	$(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) $(CFLAGS) $(MODEL_CFLAGS) -Isrc/model -MMD -MP -o $@ $< $(MODEL_LIB) -lcmocka -lpthread

# Static: it also runs in the lab's bare initrd. Sanitizers cannot be.
$(MODEL_PLAYER): $(addprefix tests/model/, kernel_player.c player.c player_backend.c player.h) \
		$(MODEL_LIB)
	$(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) $(CFLAGS) $(MODEL_CFLAGS) -Isrc/model $(if $(findstring sanitize,$(CFLAGS)),,-static) -o $@ $(filter %.c %.a,$^) -lpthread

kernel-player: $(MODEL_PLAYER)

$(BUILD)/tests/kernel_descriptors: tests/model/kernel_descriptors.c
	@mkdir -p $(@D)
	$(if $(filter 0,$(V)),@echo '  CC    $@';) $(CC) -O1 -g $(MODEL_CFLAGS) -o $@ $<

model-check: $(MODEL_TESTS) $(MODEL_PLAYER)
	@set -e; for t in $(MODEL_TESTS); do $$t; done
	@tests/model/kernel_recorded.sh $(MODEL_PLAYER)

# Not for sanitizers: they want to be preloaded first themselves.
model-preload-check: $(MODEL_SO) $(BUILD)/tests/kernel_descriptors
	@tests/model/kernel_preload.sh $(BUILD)

-include $(MODEL_OBJ:.o=.d) $(MODEL_SO_OBJ:.o=.d) $(MODEL_TESTS:=.d)
