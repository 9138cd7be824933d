/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UEFI half: a boot-services driver that allocates the holes as reserved memory.
 *
 * Option ROMs run before the consoles are connected, and a firmware ignores what they return: so a
 * failure is kept for the moment before something is booted, and the machine is switched off there.
 */
#include <efi.h>

#include "reserve.h"

enum { PAGE_SHIFT = 12, MOST_FAULTS = 4096 };
#define FIVE_SECONDS 5000000

static EFI_HANDLE image;
static EFI_SYSTEM_TABLE *table;
static enum reserve_result result;
static CHAR16 faults[MOST_FAULTS];
static unsigned int faults_length;

/* Says to another copy that this one is there; has no interface. */
static EFI_GUID own_guid = {
	0x8cf5d2f6, 0x1d0b, 0x4b3c, {0x9d, 0x3a, 0x5e, 0x61, 0x0f, 0x27, 0xc4, 0x88}};
/* UEFI 2.10, 7.1.2: EFI_EVENT_GROUP_READY_TO_BOOT */
static EFI_GUID ready_to_boot = {
	0x7ce88fb3, 0x4bd7, 0x4679, {0x87, 0xa8, 0xa8, 0xd8, 0xde, 0xe5, 0x0d, 0x2b}};

static void keep(CHAR16 c)
{
	if (faults_length + 1 < MOST_FAULTS)
		faults[faults_length++] = c;
}

static void screen(const char *line)
{
	for (; *line; line++) {
		if (*line == '\n')
			keep('\r');
		keep((CHAR16)*line);
	}
}

/* Everything that UEFI's map has and an operating system may not use for ever is "other" here. */
static enum memory_kind kind_of(UINT32 type)
{
	switch (type) {
	case EfiConventionalMemory:
		return MEMORY_FREE;
	case EfiReservedMemoryType:
		return MEMORY_RESERVED;
	default:
		return MEMORY_OTHER;
	}
}

/* Into a new pool; NULL on failure. *@bytes and *@step are the whole's size and a descriptor's. */
static EFI_MEMORY_DESCRIPTOR *get_map(UINTN *bytes, UINTN *step)
{
	EFI_BOOT_SERVICES *bs = table->BootServices;
	EFI_MEMORY_DESCRIPTOR *map = NULL;
	EFI_STATUS status;
	UINT32 version;
	UINTN key;

	for (*bytes = 0;;) {
		status = bs->GetMemoryMap(bytes, map, &key, step, &version);
		if (!EFI_ERROR(status))
			return map;
		if (map)
			bs->FreePool(map);
		if (status != EFI_BUFFER_TOO_SMALL)
			return NULL;
		*bytes += 16 * *step; /* the allocation itself may add some */
		if (EFI_ERROR(bs->AllocatePool(EfiBootServicesData, *bytes, (VOID **)&map)))
			return NULL;
	}
}

static const struct memory *read_map(unsigned int *count)
{
	static struct memory *map;
	EFI_BOOT_SERVICES *bs = table->BootServices;
	EFI_MEMORY_DESCRIPTOR *from;
	UINTN bytes, step;

	if (map)
		bs->FreePool(map);
	map = NULL;
	*count = 0;
	from = get_map(&bytes, &step);
	if (!from)
		return NULL;
	if (!EFI_ERROR(bs->AllocatePool(
		    EfiBootServicesData, bytes / step * sizeof(*map), (VOID **)&map))) {
		for (UINTN at = 0; at + step <= bytes; at += step) {
			const EFI_MEMORY_DESCRIPTOR *d =
				(const EFI_MEMORY_DESCRIPTOR *)((const char *)from + at);

			map[*count].range.first = d->PhysicalStart;
			map[*count].range.last =
				d->PhysicalStart + (d->NumberOfPages << PAGE_SHIFT) - 1;
			map[*count].kind = kind_of(d->Type);
			++*count;
		}
	}
	bs->FreePool(from);
	return map;
}

/* Piece by piece, since an allocation is all or nothing; what fails shows in the map. */
static void reserve(const struct holes *holes, const struct memory *map, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int h = 0; map[i].kind == MEMORY_FREE && h < holes->count; h++) {
			EFI_PHYSICAL_ADDRESS at;
			struct range part;

			if (!range_overlaps(map[i].range, holes->range[h]))
				continue;
			part = range_common(map[i].range, holes->range[h]);
			at = part.first;
			table->BootServices->AllocatePages(AllocateAddress, EfiReservedMemoryType,
				(UINTN)(range_size(part) >> PAGE_SHIFT), &at);
		}
	}
}

static bool active(void)
{
	VOID *interface;

	return !EFI_ERROR(table->BootServices->LocateProtocol(&own_guid, NULL, &interface));
}

static void power_off(void)
{
	table->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
}

static EFIAPI VOID before_boot(EFI_EVENT event, VOID *context)
{
	(void)event;
	(void)context;
	faults[faults_length] = '\0';
	if (table->ConOut)
		table->ConOut->OutputString(table->ConOut, faults);
	if (result != RESERVE_STOP)
		return;
	table->BootServices->Stall(FIVE_SECONDS);
	power_off();
}

/* What boots without saying so before does not get far either. */
static EFIAPI VOID at_exit(EFI_EVENT event, VOID *context)
{
	(void)event;
	(void)context;
	power_off();
}

static void arrange_to_tell(void)
{
	EFI_BOOT_SERVICES *bs = table->BootServices;
	EFI_EVENT event;

	if (EFI_ERROR(bs->CreateEventEx(
		    EVT_NOTIFY_SIGNAL, TPL_CALLBACK, before_boot, NULL, &ready_to_boot, &event)) &&
		result == RESERVE_STOP)
		power_off();
	if (result == RESERVE_STOP && EFI_ERROR(bs->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES,
					      TPL_NOTIFY, at_exit, NULL, &event)))
		power_off();
}

EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *system_table);
EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *system_table)
{
	static const struct firmware uefi = {
		.name = "uefi",
		.screen = screen,
		.read_map = read_map,
		.reserve = reserve,
		.active = active,
	};

	image = handle;
	table = system_table;
	result = reserve_holes(&uefi);
	table->BootServices->InstallProtocolInterface(
		&image, &own_guid, EFI_NATIVE_INTERFACE, NULL);
	if (faults_length)
		arrange_to_tell();
	return EFI_SUCCESS;
}
