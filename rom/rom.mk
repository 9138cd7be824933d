# SPDX-License-Identifier: GPL-2.0-or-later
# make rom            build/iovashim-reserve.rom (rom/README.md)
# make rom-check      its quick tests, emulated; make rom-check-all: all of them

.PHONY: rom rom-again rom-check rom-check-all rom-kernel

ROM := $(BUILD)/iovashim-reserve.rom
# pci-testdev's: a ROM whose IDs are not its device's is not started.
ROM_DEFS := -DROM_VENDOR=0x1b36 -DROM_DEVICE=0x0005 $(DEFS)
ROM_SHARED := cut fw_cfg holes map report reserve
ROM_WARN := $(WARN) -Wstack-usage=512
ROM_FREESTANDING := -std=gnu11 $(ROM_WARN) $(ROM_DEFS) -Os -ffreestanding -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none -fno-ident -ffunction-sections -Irom -Isrc -MMD -MP

# gcc, whatever $(CC): named address spaces in 16-bit code. Not -g: it would only be thrown away.
ROM_CC ?= gcc
ROM_SAY = $(if $(filter 0,$(V)),@echo '  ROM   $@';)
ROM_BIOS_OBJ := $(addprefix $(BUILD)/rom/bios/,bios_entry.o bios_hook.o bios.o $(ROM_SHARED:%=%.o))
ROM_BIOS_FLAGS := -m16 -march=i386 -mregparm=3 -mpreferred-stack-boundary=2 -fno-pic -fno-jump-tables \
	-fomit-frame-pointer -fno-delete-null-pointer-checks -DROM_BIOS

# The hook runs on its caller's stack: four frames deep, plus 50 bytes of its own.
$(addprefix $(BUILD)/rom/bios/,bios_hook.o cut.o): ROM_WARN += -Wstack-usage=96

ROM_EFI_OBJ := $(addprefix $(BUILD)/rom/efi/,efi.o $(ROM_SHARED:%=%.o))
ROM_EFI_FLAGS := -fpic -fshort-wchar -mno-red-zone -maccumulate-outgoing-args -DGNU_EFI_USE_MS_ABI \
	-isystem /usr/include/efi -isystem /usr/include/efi/x86_64
ROM_EFI_LIB ?= /usr/lib

rom: $(ROM)
all: $(ROM)

$(BUILD)/rom/bios/%.o: rom/%.c
	@mkdir -p $(@D)
	$(ROM_SAY) $(ROM_CC) $(ROM_BIOS_FLAGS) $(ROM_FREESTANDING) -c -o $@ $<
$(BUILD)/rom/bios/%.o: rom/%.S
	@mkdir -p $(@D)
	$(ROM_SAY) $(ROM_CC) -m16 $(ROM_DEFS) -MMD -MP -c -o $@ $<
$(BUILD)/rom/efi/%.o: rom/%.c
	@mkdir -p $(@D)
	$(ROM_SAY) $(ROM_CC) $(ROM_EFI_FLAGS) $(ROM_FREESTANDING) -c -o $@ $<

$(BUILD)/rom/bios.elf: $(ROM_BIOS_OBJ) rom/bios.lds
	$(ROM_SAY) ld -m elf_i386 --no-warn-rwx-segments --build-id=none -T rom/bios.lds -o $@ $(ROM_BIOS_OBJ)
$(BUILD)/rom/bios.bin: $(BUILD)/rom/bios.elf
	@objcopy -O binary $< $@
$(BUILD)/rom/efi.so: $(ROM_EFI_OBJ)
	$(ROM_SAY) ld -nostdlib -znocombreloc --no-warn-rwx-segments --build-id=none -z noexecstack -shared \
		-Bsymbolic --no-undefined -T $(ROM_EFI_LIB)/elf_x86_64_efi.lds -o $@ \
		$(ROM_EFI_LIB)/crt0-efi-x86_64.o $(ROM_EFI_OBJ) -L$(ROM_EFI_LIB) -lgnuefi
$(BUILD)/rom/efi.efi: $(BUILD)/rom/efi.so
	@objcopy -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' \
		-j .reloc --target efi-bsdrv-x86_64 $< $@

$(BUILD)/rom/wrap: rom/wrap.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<
$(ROM): $(BUILD)/rom/wrap $(BUILD)/rom/bios.bin $(BUILD)/rom/efi.efi
	$(ROM_SAY) $^ $@

-include $(wildcard $(BUILD)/rom/*.d $(BUILD)/rom/bios/*.d $(BUILD)/rom/efi/*.d $(BUILD)/rom/host/*.d)

# Its pure parts, on the host.
$(BUILD)/rom/host/%.o: rom/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<
$(BUILD)/unit/test_rom: tests/unit/test_rom.c $(addprefix $(BUILD)/rom/host/,cut.o holes.o map.o)
	@mkdir -p $(@D)
	$(COMPILE) -I. -o $@ $^ -lcmocka

# The same sources, built elsewhere, are the same ROM.
rom-again: $(ROM)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/rom/again $(BUILD)/rom/again/iovashim-reserve.rom >/dev/null
	@cmp $(ROM) $(BUILD)/rom/again/iovashim-reserve.rom && rm -r $(BUILD)/rom/again && echo 'ok rom reproducible'

# Emulated machines, SeaBIOS and OVMF; no hardware, KVM or root is needed.
rom-kernel:
	@tests/lab/kernel.sh 6.12
rom-check: rom-again rom-kernel
	@set -e; for t in linux faults; do bash tests/rom/$$t.sh $(BUILD); done
rom-check-all: all $(BUILD)/libiovamodel.so rom-again rom-kernel
	@tools/deps --rom
	@set -e; for t in linux faults grub others kexec migrate full-size; do bash tests/rom/$$t.sh $(BUILD) all; done
	@bash tests/cli/reserve.sh $(BUILD) all
