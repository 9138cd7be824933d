# SPDX-License-Identifier: GPL-2.0-or-later
# make lab: scenarios on real kernels under emulation (tests/lab/README.md).

.PHONY: lab clean-lab

lab: $(BUILD)/libiovashim.so $(BUILD)/kernel_player
	@LAB_SHIM=$(abspath $(BUILD)/libiovashim.so) tests/lab/run.sh

# Also removes the kernels, which are then fetched again.
clean-lab:
	rm -rf $(BUILD)/lab
