#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/dpdk.h"

static char folder[64];
static char seen[1024];

static void make_card(const char *address, const char *class_text, const char *driver)
{
	char path[256];
	char target[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, address);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/%s/class", folder, address);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file, "%s\n", class_text);
	(void)fclose(file);
	if (driver == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s/driver", folder, address);
	(void)snprintf(target, sizeof(target), "../../bus/pci/drivers/%s", driver);
	assert_int_equal(symlink(target, path), 0);
}

static int setup(void **state)
{
	(void)state;
	(void)strcpy(folder, "/tmp/sekisho-cards-XXXXXX");
	seen[0] = '\0';
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void note(void *context, const struct dpdk_card *card)
{
	size_t size = strlen(seen);

	(void)context;
	(void)snprintf(seen + size, sizeof(seen) - size, "%s %s %s\n", card->address, card->driver,
	               card->is_ready ? "ready" : "taken");
}

static void network_cards_are_told_with_who_has_them(void **state)
{
	(void)state;
	make_card("0000:3b:00.1", "0x020000", "vfio-pci");
	make_card("0000:00:1f.2", "0x010601", "ahci");
	make_card("0000:3b:00.0", "0x020000", "ixgbe");
	make_card("0000:5e:00.0", "0x020700", "mlx5_core");
	make_card("0000:5e:00.1", "0x028000", NULL);
	assert_int_equal(dpdk_cards_each(folder, note, NULL), 0);
	assert_string_equal(seen, "0000:3b:00.0 ixgbe taken\n"
	                          "0000:3b:00.1 vfio-pci ready\n"
	                          "0000:5e:00.0 mlx5_core ready\n"
	                          "0000:5e:00.1  taken\n");
}

static void a_machine_without_a_bus_has_no_cards(void **state)
{
	(void)state;
	assert_int_equal(dpdk_cards_each("/nowhere/at/all", note, NULL), -ENOENT);
	assert_string_equal(seen, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(network_cards_are_told_with_who_has_them, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_machine_without_a_bus_has_no_cards, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
