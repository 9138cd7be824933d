# SPDX-License-Identifier: GPL-2.0-or-later
# make places-check: what contrib/ has for libvirt, Prometheus, AppArmor, SELinux, Kubernetes, with
#                    the programs that it is for (docs/integration.md); two minutes.

.PHONY: units-check places-check
# The share of make check: systemd's units.
CHECKS += units-check
units-check: all $(BUILD)/libiovamodel.so
	tests/places/units.sh $(BUILD)

places-check: units-check
	@tools/deps --places
	@set -e; for t in prometheus libvirt reserve kubernetes confinement; do tests/places/$$t.sh $(BUILD); done
	bash tests/cli/fleet.sh $(BUILD)
