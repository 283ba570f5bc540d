#include "ebpf/xdp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

enum {
	RUN_PRIORITY = 10, // before what others put behind libxdp's default of 50
	WORDS_BYTES = 160,
};

// Where its dispatcher fails, libxdp may attach a program alone, as if nothing were; only its
// printer hears why, which is given no context.
static char *dispatcher_words(void)
{
	static _Thread_local char words[WORDS_BYTES] = "";

	return words;
}

// The last failure it speaks of, one line.
static int keep_words(enum libxdp_print_level level, const char *format, va_list arguments)
{
	char line[WORDS_BYTES];
	int size = vsnprintf(line, sizeof(line), format, arguments);

	(void)level;
	line[strcspn(line, "\n")] = '\0';
	if (size > 0 && (strstr(line, "ailed") != NULL || strstr(line, "n't ") != NULL))
		memcpy(dispatcher_words(), line, sizeof(line));
	return size;
}

static uint32_t program_id(int program_fd)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(program_fd, &info, &size) < 0 ? 0 : info.id;
}

static bool is_in_dispatcher(const struct xdp_multiprog *programs, uint32_t id)
{
	struct xdp_program *program = NULL;

	while ((program = xdp_multiprog__next_prog(program, programs)) != NULL)
		if (xdp_program__id(program) == id)
			return true;
	return false;
}

int xdp_attach_find(int device_index, int program_fd, struct xdp_attachment *ret_attachment)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	uint32_t id = program_id(program_fd);
	struct xdp_attachment found = {0};
	struct xdp_multiprog *programs;
	int error = bpf_xdp_query(device_index, 0, &query);

	if (error < 0)
		return error;
	found.is_native = query.attach_mode == XDP_ATTACHED_DRV;
	if (id != 0 && query.prog_id == id) {
		*ret_attachment = found;
		return 0;
	}
	if (query.prog_id == 0)
		return -ENOENT;
	programs = xdp_multiprog__get_from_ifindex(device_index);
	error = (int)libxdp_get_error(programs);
	if (error != 0) // EPERM: only with CAP_SYS_ADMIN can a program be looked up by its id
		return error == -EPERM ? error : -ENOENT;
	found.is_dispatched = !xdp_multiprog__is_legacy(programs) && is_in_dispatcher(programs, id);
	xdp_multiprog__close(programs);
	if (!found.is_dispatched)
		return -ENOENT;
	*ret_attachment = found;
	return 0;
}

bool xdp_attach_is_there(int device_index)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int fd;

	if (bpf_xdp_query(device_index, 0, &query) < 0 || query.prog_id == 0)
		return false;
	fd = bpf_prog_get_fd_by_id(query.prog_id);
	bool is_there = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	                strcmp(info.name, "xdp_filter") == 0;
	if (fd >= 0)
		(void)close(fd);
	return is_there;
}

static int detach_dispatched(int device_index, int program_fd)
{
	struct xdp_program *program = xdp_program__from_fd(program_fd);
	int error = (int)libxdp_get_error(program);

	if (error != 0)
		return error;
	error = xdp_program__detach(program, device_index, XDP_MODE_UNSPEC, 0);
	xdp_program__close(program);
	return error;
}

int xdp_detach(int device_index, int program_fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = program_fd);
	struct xdp_attachment attachment;
	int error = xdp_attach_find(device_index, program_fd, &attachment);

	if (error < 0)
		return error;
	if (attachment.is_dispatched)
		return detach_dispatched(device_index, program_fd);
	return bpf_xdp_detach(device_index,
	                      XDP_FLAGS_REPLACE | (attachment.is_native ? XDP_FLAGS_DRV_MODE
	                                                                : XDP_FLAGS_SKB_MODE),
	                      &options);
}

// By libxdp, as a part of its dispatcher, beside what others have there. Returns 0, or an error:
// the kernel cannot, somebody's program is there without a dispatcher, or the driver has no XDP.
static int attach_dispatched(struct xdp *xdp, enum xdp_attach_mode mode)
{
	struct bpf_object *object = xdp_load_again(xdp);
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = object, .prog_name = "xdp_filter");
	struct xdp_program *program;
	int error, fd;

	dispatcher_words()[0] = '\0';
	if (object == NULL)
		return -ENOMEM;
	program = xdp_program__create(&options);
	error = (int)libxdp_get_error(program);
	if (error != 0) {
		bpf_object__close(object);
		return error;
	}
	xdp_program__set_run_prio(program, RUN_PRIORITY);
	// Neither sees what the section's name says of it; without, no MTU above a page.
	error = xdp_program__set_xdp_frags_support(program, true);
	if (error == 0)
		error = xdp_program__attach(program, xdp->device_index, mode, 0);
	fd = error == 0 ? fcntl(xdp_program__fd(program), F_DUPFD_CLOEXEC, 0) : -1;
	xdp_program__close(program);
	bpf_object__close(object);
	if (error != 0)
		return error;
	if (fd < 0)
		return -errno;
	close(xdp->program_fd);
	xdp->program_fd = fd;
	return 0;
}

static int attach_mode(struct xdp *xdp, enum xdp_attach_mode mode)
{
	uint32_t flag = mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;

	if (attach_dispatched(xdp, mode) == 0)
		return 0;
	return bpf_xdp_attach(xdp->device_index, xdp->program_fd,
	                      XDP_FLAGS_UPDATE_IF_NOEXIST | flag, NULL);
}

static void explain(struct report *report, const char *device, int error)
{
	struct slice object = slice_text(device);

	if (error == -EBUSY || error == -EEXIST)
		report_note(report, "another XDP program is there", object,
		            "it was not put there by libxdp's dispatcher, so ours cannot stand "
		            "beside it; ip link set dev %s xdp off removes it",
		            device);
	else if (error == -EPERM)
		report_note(report, "no permission", object,
		            "attaching an XDP program needs CAP_NET_ADMIN (run as root)");
	else
		report_note(report, "the XDP program cannot be attached", object,
		            "%s; a large MTU, LRO or few free queues are reasons that drivers "
		            "have (dmesg may say)",
		            strerror(-error));
}

static void note_alone(const struct xdp *xdp, struct report *report)
{
	struct xdp_attachment attachment;
	const char *words = dispatcher_words();

	if (xdp_attach_find(xdp->device_index, xdp->program_fd, &attachment) == 0 &&
	    !attachment.is_dispatched)
		report_note(report, "alone on the interface", slice_text(xdp->device),
		            "noted: libxdp's dispatcher cannot be used, so no other XDP program "
		            "can stand beside it%s%s",
		            words[0] == '\0' ? "" : "; ", words);
}

int xdp_attach(struct xdp *xdp, const struct xdp_open_options *options, struct report *report)
{
	int error = -EOPNOTSUPP;

	libxdp_set_print(keep_words);
	if (!options->is_generic)
		error = attach_mode(xdp, XDP_MODE_NATIVE);
	if (error < 0 && error != -EPERM && error != -EBUSY && error != -EEXIST) {
		if (!options->is_generic)
			report_note(report, "no native XDP", slice_text(xdp->device),
			            "%s; generic mode is used, which is several times slower",
			            strerror(-error));
		error = attach_mode(xdp, XDP_MODE_SKB);
	}
	if (error < 0) {
		explain(report, xdp->device, error);
		return error == -EEXIST ? -EBUSY : error;
	}
	note_alone(xdp, report);
	return 0;
}

int xdp_attach_instead(struct xdp *xdp, int old_fd, struct report *report)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = old_fd);
	struct xdp_attachment attachment;
	enum xdp_attach_mode mode;
	int error = xdp_attach_find(xdp->device_index, old_fd, &attachment);

	libxdp_set_print(keep_words);
	if (error < 0)
		return error;
	mode = attachment.is_native ? XDP_MODE_NATIVE : XDP_MODE_SKB;
	if (attachment.is_dispatched) {
		// The dispatcher has no exchange: for a moment both judge, by the same maps.
		error = attach_dispatched(xdp, mode);
		if (error == 0)
			error = detach_dispatched(xdp->device_index, old_fd);
	} else {
		error = bpf_xdp_attach(
			xdp->device_index, xdp->program_fd,
			XDP_FLAGS_REPLACE |
				(attachment.is_native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE),
			&options);
	}
	if (error < 0)
		explain(report, xdp->device, error);
	return error;
}

// What was unloaded has no pins any more, either.
static bool is_pinned(const struct xdp *xdp)
{
	char path[XDP_PATH_BYTES];

	return xdp_pin_path(xdp->maps.folder, xdp_map_name(XDP_MAP_CONFIG), path) == 0 &&
	       access(path, F_OK) == 0;
}

int xdp_keep_attached(struct xdp *xdp, bool *ret_was_off)
{
	struct xdp_attachment attachment;
	int error = xdp_attach_find(xdp->device_index, xdp->program_fd, &attachment);

	*ret_was_off = false;
	if (error != -ENOENT)
		return error;
	if (!is_pinned(xdp))
		return -ENOENT;
	// libxdp would make folders, which the helper process may not.
	if (xdp->is_dispatched)
		return -EOPNOTSUPP;
	error = bpf_xdp_attach(xdp->device_index, xdp->program_fd,
	                       XDP_FLAGS_UPDATE_IF_NOEXIST |
	                               (xdp->is_native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE),
	                       NULL);
	if (error < 0)
		return error == -EEXIST ? -EBUSY : error;
	*ret_was_off = true;
	return 0;
}
