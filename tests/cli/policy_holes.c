// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the holes of a policy as the library reads it, FIRST-LAST NAME a line: for holes.sh. */
#include "host_facts.h"
#include "policy_load.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct policy_error error;
	struct host_kernel host;
	struct policy policy;
	const char *origin;

	if (argc != 2)
		return 2;
	host_kernel_read(&host);
	if (policy_load(&policy, argv[1], &host.policy, &origin, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	for (size_t i = 0; i < policy.n_holes; i++)
		printf("0x%016llx-0x%016llx %s\n", (unsigned long long)policy.holes[i].range.first,
			(unsigned long long)policy.holes[i].range.last, policy.holes[i].name);
	policy_free(&policy);
	return 0;
}
