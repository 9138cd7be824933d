# SPDX-License-Identifier: GPL-2.0-or-later
# make lab: scenarios on real kernels under emulation (tests/lab/README.md).

.PHONY: lab lab-all lab-selftest clean-lab bench-lab

lab: $(addprefix $(BUILD)/,libiovashim.so iovashim libiovamodel.so iovashim-reserve.rom kernel_player)
	@LAB_SHIM=$(abspath $(BUILD)/libiovashim.so) LAB_IOVASHIM=$(abspath $(BUILD)/iovashim) tests/lab/run.sh

# Also what takes longer than make check has.
lab-all:
	@LAB_ALL=1 $(MAKE) --no-print-directory lab

# What supervisor and preload cost on real kernels with real VFIO: the figures in docs/performance.md.
bench-lab:
	@SCENARIO="25 26" LAB_LANES=1 $(MAKE) --no-print-directory lab

# What the lab makes of hosts that die, and of cases that fail; four minutes.
lab-selftest:
	@tests/lab/selftest.sh

# Also removes the kernels, which are then fetched again.
clean-lab:
	rm -rf $(BUILD)/lab
