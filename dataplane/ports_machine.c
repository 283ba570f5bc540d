#include "dataplane/ports_machine.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/magic.h>

#include "base/slice.h"

static uint64_t read_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void read_version(struct ports_machine *machine)
{
	struct utsname name;

	if (uname(&name) == 0)
		(void)sscanf(name.release, "%u.%u", &machine->kernel_major, &machine->kernel_minor);
}

static bool is_bpffs(const char *path)
{
	struct statfs system;

	return statfs(path, &system) == 0 && system.f_type == BPF_FS_MAGIC;
}

// A program that would replace something of the kernel itself is refused by kernels that know
// extension programs, in these words; by others for its type, without words. (libbpf's probe does
// the same.)
static enum ports_answer probe_extension_programs(const struct ports_machine *machine)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char log[1024] = "";
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_EXT,
		.insns = (uintptr_t)instructions,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
		.attach_btf_id = 1,
	};
	long fd;

	if (!ports_machine_may(machine, CAP_BPF) || !ports_machine_may(machine, CAP_PERFMON) ||
	    !ports_machine_may(machine, CAP_NET_ADMIN))
		return ANSWER_UNKNOWN;
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
	if (fd >= 0)
		(void)close((int)fd);
	return strstr(log, "Cannot replace kernel functions") != NULL ? ANSWER_YES : ANSWER_NO;
}

static uint64_t read_number(const char *folder, const char *name)
{
	char path[256];
	uint64_t number = 0;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return 0;
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = 0;
	(void)fclose(file);
	return number;
}

static void read_huge_pages(struct ports_machine *machine)
{
	static const char pattern[] = "/sys/kernel/mm/hugepages/hugepages-*kB";
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		uint64_t kilobytes = 0;

		if (sscanf(found.gl_pathv[i], "/sys/kernel/mm/hugepages/hugepages-%" SCNu64 "kB",
		           &kilobytes) != 1)
			continue;
		if (machine->huge_page_bytes == 0 || kilobytes << 10 < machine->huge_page_bytes)
			machine->huge_page_bytes = kilobytes << 10;
		machine->huge_bytes_free += read_number(found.gl_pathv[i], "free_hugepages") *
		                            (kilobytes << 10);
	}
	globfree(&found);
}

void ports_machine_read(struct ports_machine *ret_machine)
{
	struct ports_machine machine = {
		.capabilities = read_capabilities(),
		.has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0,
		.has_bpffs = is_bpffs("/sys/fs/bpf"),
	};

	machine.has_extension_programs = probe_extension_programs(&machine);
	read_version(&machine);
	read_huge_pages(&machine);
	*ret_machine = machine;
}
