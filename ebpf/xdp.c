#include "ebpf/xdp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ebpf/netdev.h"

static const char PROGRAM_PIN[] = "program";

static int open_program(const char *folder)
{
	char path[XDP_PATH_BYTES];
	int error = xdp_pin_path(folder, PROGRAM_PIN, path);
	int fd = error < 0 ? error : bpf_obj_get(path);

	return fd < 0 && error == 0 ? -errno : fd;
}

static int pin_program(const struct xdp *xdp)
{
	char path[XDP_PATH_BYTES];
	int error = xdp_pin_path(xdp->maps.folder, PROGRAM_PIN, path);

	if (error < 0)
		return error;
	unlink(path);
	return bpf_obj_pin(xdp->program_fd, path) < 0 ? -errno : 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs info;

	return statfs(path, &info) == 0 && (uint32_t)info.f_type == BPF_FS_MAGIC;
}

// Makes `folder` and what is above it. /sys/fs/bpf is mounted first where nobody did: systemd does
// not in containers.
static int make_folder(const char *folder, struct report *report)
{
	char path[XDP_PATH_BYTES];

	if (strncmp(folder, "/sys/fs/bpf", 11) == 0 && !is_bpffs("/sys/fs/bpf"))
		mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700");
	snprintf(path, sizeof(path), "%s", folder);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		report_note(report, "no folder for pins", slice_text(folder), "%s",
		            strerror(errno));
		return -errno;
	}
	if (!is_bpffs(path)) {
		report_note(report, "no folder for pins", slice_text(folder),
		            "it is not in a bpffs; mount -t bpf bpf /sys/fs/bpf");
		return -EINVAL;
	}
	return 0;
}

static void remove_pin(const char *folder, const char *name)
{
	char path[XDP_PATH_BYTES];

	if (xdp_pin_path(folder, name, path) == 0)
		unlink(path);
}

static void remove_pins(const char *folder)
{
	remove_pin(folder, PROGRAM_PIN);
	for (int i = 0; i < XDP_MAP_COUNT; i++) {
		remove_pin(folder, xdp_map_name(i));
		for (uint32_t set = 0; set < XDP_SETS; set++) {
			char name[XDP_PIN_NAME_BYTES];

			snprintf(name, sizeof(name), "%s_%u", xdp_map_name(i), set);
			remove_pin(folder, name);
		}
	}
}

// Removes every pin of ours, and the folder unless others have something there.
static void remove_folder(const char *folder)
{
	remove_pins(folder);
	rmdir(folder);
}

// Takes what is pinned off the device, and its pins away.
static int take_off(const char *device, const char *folder, int program_fd, struct report *report)
{
	// Without the interface there is nothing to detach from.
	int error = xdp_detach((int)if_nametoindex(device), program_fd);

	if (error < 0 && error != -ENOENT && if_nametoindex(device) != 0) {
		report_note(report, "the XDP program cannot be detached", slice_text(device), "%s",
		            strerror(-error));
		return error;
	}
	remove_pins(folder);
	return 0;
}

// Of a program: what it does, and on what.
struct identity {
	uint8_t tag[BPF_TAG_SIZE];
	uint32_t map_ids[XDP_MAP_COUNT + 4];
};

static bool identify(int program_fd, struct identity *ret_identity)
{
	struct bpf_prog_info info = {
		.nr_map_ids = sizeof(ret_identity->map_ids) / sizeof(uint32_t),
		.map_ids = (uintptr_t)ret_identity->map_ids,
	};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size) < 0)
		return false;
	memcpy(ret_identity->tag, info.tag, sizeof(info.tag));
	return true;
}

// Do two programs have the same instructions and maps?
static bool is_same(int one_fd, int other_fd)
{
	struct identity one = {0}, other = {0};

	return identify(one_fd, &one) && identify(other_fd, &other) &&
	       memcmp(&one, &other, sizeof(one)) == 0;
}

// What an earlier process left attached stays when it is the same program over the same maps; else
// ours takes its place.
static int attach(struct xdp *xdp, const struct xdp_open_options *options, int old_fd,
                  struct report *report)
{
	struct xdp_attachment attachment;
	int error = old_fd < 0 ? -ENOENT : xdp_attach_find(xdp->device_index, old_fd, &attachment);

	if (error < 0)
		return xdp_attach(xdp, options, report);
	if (!is_same(old_fd, xdp->program_fd))
		return xdp_attach_instead(xdp, old_fd, report);
	close(xdp->program_fd);
	xdp->program_fd = fcntl(old_fd, F_DUPFD_CLOEXEC, 0);
	return xdp->program_fd < 0 ? -errno : 0;
}

// Maps of another layout cannot be taken over: what left them is unloaded.
static int settle_layout(const char *device, const char *folder, struct report *report)
{
	struct xdp_maps maps;
	int error = xdp_maps_open(folder, &maps);

	if (error == 0)
		xdp_maps_close(&maps);
	if (error != -EPROTO)
		return error == -ENOENT ? 0 : error;
	int program_fd = open_program(folder);
	if (program_fd < 0) {
		report_note(report, "left by a start that was cut short", slice_text(folder),
		            "noted: its maps are made anew");
		remove_pins(folder);
		return 0;
	}
	report_note(report, "maps of another version", slice_text(folder),
	            "noted: they are replaced, and nothing is dropped until they are filled");
	error = take_off(device, folder, program_fd, report);
	close(program_fd);
	return error;
}

static int lock(const char *device, const char *folder, struct report *report)
{
	int fd = xdp_lock(folder);

	if (fd == -EBUSY)
		report_note(report, "another process works with its maps", slice_text(device),
		            "'sekisho run', which takes databases itself, or 'sekisho xdp load'");
	else if (fd < 0)
		report_note(report, "the folder of its pins cannot be locked", slice_text(device),
		            "%s: %s", folder, strerror(-fd));
	return fd;
}

static int load_and_attach(const struct xdp_open_options *options, const char *folder,
                           struct report *report, struct xdp **ret_xdp)
{
	AUTO(xdp) xdp = NULL;
	struct xdp_attachment attachment = {0};
	int error = xdp_load(options, folder, report, &xdp);
	int old_fd = open_program(folder);

	if (error == 0) {
		xdp->device_index = (int)if_nametoindex(options->device);
		error = attach(xdp, options, old_fd, report);
	}
	if (error == 0)
		error = pin_program(xdp);
	if (error == 0)
		error = xdp_attach_find(xdp->device_index, xdp->program_fd, &attachment);
	if (error < 0 && old_fd < 0)
		remove_folder(folder);
	if (old_fd >= 0)
		close(old_fd);
	if (error < 0)
		return error;
	xdp->is_native = attachment.is_native;
	xdp->is_dispatched = attachment.is_dispatched;
	*ret_xdp = TAKE(xdp);
	return 0;
}

int xdp_open(const struct xdp_open_options *options, struct report *report, struct xdp **ret_xdp)
{
	char folder[XDP_PATH_BYTES];
	int error = xdp_pin_folder(options->device, options->pin_path, folder);

	if (error < 0 || if_nametoindex(options->device) == 0) {
		report_note(report, "no such interface", slice_text(options->device), "%s",
		            error < 0 ? "its name is too long" : "ip link lists what there is");
		return error < 0 ? error : -ENODEV;
	}
	error = make_folder(folder, report);
	int lock_fd = error < 0 ? error : lock(options->device, folder, report);
	if (lock_fd < 0)
		return lock_fd;
	error = settle_layout(options->device, folder, report);
	if (error == 0)
		error = load_and_attach(options, folder, report, ret_xdp);
	if (error < 0)
		close(lock_fd);
	else
		(*ret_xdp)->lock_fd = lock_fd;
	return error;
}

void xdp_close(struct xdp *xdp)
{
	if (xdp == NULL)
		return;
	xdp_copies_close(xdp);
	xdp_hits_forget(xdp->hits);
	xdp_mirror_forget(xdp->mirror);
	xdp_maps_close(&xdp->maps);
	if (xdp->program_fd >= 0)
		close(xdp->program_fd);
	if (xdp->lock_fd >= 0)
		close(xdp->lock_fd);
	free(xdp);
}

static void explain_nothing(const char *device, int error, struct report *report)
{
	if (error == -ENOENT && xdp_attach_is_there((int)if_nametoindex(device)))
		report_note(report, "nothing to unload", slice_text(device),
		            "there is a program of sekisho, but its pins are not here (in another "
		            "bpffs? --pins); ip link set dev %s xdp off removes it",
		            device);
	else
		report_note(report, "nothing to unload", slice_text(device), "%s",
		            error == -ENOENT ? "no program of sekisho's is pinned for it"
		                             : strerror(-error));
}

int xdp_unload(const char *device, const char *pin_path, struct report *report)
{
	char folder[XDP_PATH_BYTES];
	int error = xdp_pin_folder(device, pin_path, folder);
	int program_fd = error < 0 ? error : open_program(folder);

	if (program_fd < 0) {
		explain_nothing(device, program_fd, report);
		return program_fd;
	}
	error = take_off(device, folder, program_fd, report);
	close(program_fd);
	if (error == 0)
		rmdir(folder);
	return error;
}

int xdp_sockets_fd(const struct xdp *xdp)
{
	return xdp->maps.fds[XDP_MAP_SOCKETS];
}

bool xdp_is_native(const struct xdp *xdp)
{
	return xdp->is_native;
}

bool xdp_is_dispatched(const struct xdp *xdp)
{
	return xdp->is_dispatched;
}

void xdp_check_peer(struct xdp *xdp, struct report *report)
{
	uint64_t features;
	char peer[IFNAMSIZ] = "";

	// Kernels before 6.3 do not say: it is taken for able.
	if (xdp->peer_index == 0 || netdev_xdp_features(xdp->peer_index, &features) < 0 ||
	    (features & NETDEV_XDP_TARGET) != 0)
		return;
	xdp->maps.config->flags &= ~(uint32_t)XDP_CONFIG_PEER;
	report_note(
		report, "cannot be redirected to",
		slice_text(if_indextoname(xdp->peer_index, peer)),
		"by the kernel, its driver says: flows that are done cost user space as much as "
		"others, and when the sensor dies nothing passes from %s, however it fails",
		xdp->device);
}
