/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that calls ioctl in one of the ways there are, and says whether libiovashim.so is
 * mapped; for the tests of `iovashim check` to build in every way a program can be built. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAP_DMA 0x3b71 /* VFIO_IOMMU_MAP_DMA */

#if defined(BY_SYSCALL)
static volatile long number = SYS_ioctl; /* so that the code does not show which call it is */
#define CALL() syscall(number, 0, MAP_DMA, NULL)
#elif defined(BY_BOTH) /* what matters by syscall(), another by ioctl() */
#define CALL() (syscall(SYS_ioctl, 0, MAP_DMA, NULL) + ioctl(0, TIOCGPGRP, NULL))
#elif defined(BY_INSTRUCTION)
static long by_instruction(void)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_ioctl), "D"(0), "S"(MAP_DMA), "d"(0)
			 : "rcx", "r11", "memory");
	return result;
}
#define CALL() by_instruction()
#elif defined(BY_LIBRARY)
long library_call(void);
#define CALL() library_call()
#elif defined(NO_CALL)
#define CALL() 0
#elif defined(OWN_FUNCTION)
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	(void)fd;
	return request == MAP_DMA;
}
#define CALL() ioctl(0, MAP_DMA)
#else
#define CALL() ioctl(0, MAP_DMA, NULL)
#endif

#if defined(LIBRARY)
long library_call(void);
long library_call(void)
{
	return CALL();
}
#else
int main(void)
{
	char line[4096];
	int found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps || CALL() > 1000)
		return 2;
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, "libiovashim.so") != NULL;
	puts(found ? "preloaded" : "not preloaded");
	return 0;
}
#endif
