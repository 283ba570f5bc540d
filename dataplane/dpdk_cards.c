#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/dpdk.h"

// Of PCI class codes the first byte: network controllers (PCI Code and ID Assignment, 1.2).
enum { PCI_CLASS_NETWORK = 0x02 };

enum { PATH_BYTES = 512 };

// Drivers that leave the card to a process, and those whose cards kernel and process share.
static const char *const ready_drivers[] = {"vfio-pci",  "uio_pci_generic", "igb_uio",
                                            "mlx5_core", "mlx4_core",       NULL};

static bool is_ready_driver(const char *driver)
{
	for (size_t i = 0; ready_drivers[i] != NULL; i++)
		if (strcmp(driver, ready_drivers[i]) == 0)
			return true;
	return false;
}

static bool is_network_card(const char *folder, const char *address)
{
	char path[PATH_BYTES];
	unsigned class_code = 0;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s/class", folder, address) >= (int)sizeof(path))
		return false;
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%x", &class_code) != 1)
		class_code = 0;
	(void)fclose(file);
	return class_code >> 16 == PCI_CLASS_NETWORK;
}

// The name of what the link "driver" leads to, "" when there is none. Lives as long as `target`.
static const char *read_driver(const char *folder, const char *address, char target[PATH_BYTES])
{
	char path[PATH_BYTES];
	const char *slash;
	ssize_t size = -1;

	if (snprintf(path, sizeof(path), "%s/%s/driver", folder, address) < (int)sizeof(path))
		size = readlink(path, target, PATH_BYTES - 1);
	target[size < 0 ? 0 : size] = '\0';
	slash = strrchr(target, '/');
	return slash != NULL ? slash + 1 : target;
}

static int is_address(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int dpdk_cards_each(const char *path, void (*visit)(void *context, const struct dpdk_card *card),
                    void *context)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_address, alphasort);

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		const char *address = entries[i]->d_name;
		char target[PATH_BYTES];

		if (is_network_card(path, address)) {
			const char *driver = read_driver(path, address, target);

			visit(context, &(struct dpdk_card){
					       .address = address,
					       .driver = driver,
					       .is_ready = is_ready_driver(driver),
				       });
		}
		free(entries[i]);
	}
	free(entries);
	return 0;
}
