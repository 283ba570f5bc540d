// What a build without libbpf, libxdp, clang and bpftool has in place of the XDP program.
#include "ebpf/ebpf.h"

#include <errno.h>

static int refuse(struct report *report, const char *device)
{
	report_note(report, "not in this build", slice_text(device),
	            "sekisho was built without XDP; it needs libbpf, libxdp, clang and bpftool "
	            "(meson option bpf)");
	return -ENOTSUP;
}

int xdp_open(const struct xdp_open_options *options, struct report *report, struct xdp **ret_xdp)
{
	(void)ret_xdp;
	return refuse(report, options->device);
}

void xdp_check_peer(struct xdp *xdp, struct report *report)
{
	(void)xdp;
	(void)report;
}

int xdp_keep_attached(struct xdp *xdp, bool *ret_was_off)
{
	(void)xdp, (void)ret_was_off;
	return -ENOTSUP;
}

void xdp_close(struct xdp *xdp)
{
	(void)xdp;
}

int xdp_unload(const char *device, const char *pin_path, struct report *report)
{
	(void)pin_path;
	return refuse(report, device);
}

bool xdp_is_in_use(const char *device, const char *pin_path)
{
	(void)device, (void)pin_path;
	return false;
}

int xdp_mirror(struct xdp *xdp, const struct database *database, uint32_t generation,
               int64_t now_ns, struct report *report, struct xdp_mirror_figures *ret_figures)
{
	(void)xdp, (void)database, (void)generation, (void)now_ns, (void)ret_figures;
	return refuse(report, "");
}

void xdp_beat(struct xdp *xdp)
{
	(void)xdp;
}

void xdp_set_dry_run(struct xdp *xdp, bool is_dry_run)
{
	(void)xdp, (void)is_dry_run;
}

void xdp_flow_set(struct xdp *xdp, const struct xdp_flow_key *key, enum xdp_flow_state state,
                  uint32_t indicator_id)
{
	(void)xdp, (void)key, (void)state, (void)indicator_id;
}

uint32_t xdp_flow_done(struct xdp *xdp, const struct xdp_flow_key *key, const uint8_t *before)
{
	(void)xdp, (void)key, (void)before;
	return 0;
}

void xdp_flow_left(struct xdp *xdp, const struct xdp_flow_key *key, uint32_t number)
{
	(void)xdp, (void)key, (void)number;
}

int xdp_sockets_fd(const struct xdp *xdp)
{
	(void)xdp;
	return -ENOTSUP;
}

bool xdp_is_native(const struct xdp *xdp)
{
	(void)xdp;
	return false;
}

bool xdp_is_dispatched(const struct xdp *xdp)
{
	(void)xdp;
	return false;
}

unsigned xdp_copies(struct xdp *xdp, unsigned count_max,
                    void (*take)(void *context, const uint8_t *data, uint32_t captured_bytes,
                                 uint32_t wire_bytes, int64_t time_ns, bool is_dropped),
                    void *context)
{
	(void)xdp, (void)count_max, (void)take, (void)context;
	return 0;
}

int xdp_copies_fd(const struct xdp *xdp)
{
	(void)xdp;
	return -1;
}

int xdp_hits(struct xdp *xdp, void (*take)(void *context, const struct hit *hit), void *context)
{
	(void)xdp, (void)take, (void)context;
	return -ENOTSUP;
}

int xdp_status(const char *device, const char *pin_path, struct report *report,
               struct xdp_status *ret_status)
{
	(void)pin_path, (void)ret_status;
	return refuse(report, device);
}

int xdp_dump(const char *device, const char *pin_path,
             bool (*visit)(void *context, const struct xdp_entry *entry), void *context,
             struct report *report)
{
	(void)pin_path, (void)visit, (void)context;
	return refuse(report, device);
}
