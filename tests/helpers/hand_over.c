#include "hand_over.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "ebpf/ebpf.h"

enum { QUEUES_MAX = 64, PROGRAM_HAS_FRAGMENTS = 1 << 5 };

struct xdp {
	int map_fd;
	bool is_generic;
};

struct hand_over {
	struct xdp xdp;
	int program_fd;
	int interface;
};

int xdp_sockets_fd(const struct xdp *xdp)
{
	return xdp->map_fd;
}

bool xdp_is_native(const struct xdp *xdp)
{
	return !xdp->is_generic;
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

// return bpf_redirect_map(&map, context->rx_queue_index, XDP_DROP);
static int load_program(int map_fd)
{
	const struct bpf_insn program[] = {
		{.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = 2, .src_reg = 1, .off = 16},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
	         .dst_reg = 1,
	         .src_reg = BPF_PSEUDO_MAP_FD,
	         .imm = map_fd},
		{.code = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = PROGRAM_HAS_FRAGMENTS);

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "hand_over", "GPL", program,
	                     sizeof(program) / sizeof(program[0]), &options);
}

int hand_over_load(const char *device, bool is_generic, struct report *report,
                   struct hand_over **ret_hand_over)
{
	struct hand_over *hand_over = calloc(1, sizeof(*hand_over));
	int error;

	if (hand_over == NULL)
		return -ENOMEM;
	hand_over->interface = (int)if_nametoindex(device);
	hand_over->xdp.is_generic = is_generic;
	hand_over->xdp.map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, QUEUES_MAX,
	                                       NULL);
	hand_over->program_fd = load_program(hand_over->xdp.map_fd);
	error = bpf_xdp_attach(hand_over->interface, hand_over->program_fd,
	                       is_generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, NULL);
	*ret_hand_over = hand_over;
	if (error < 0)
		report_note(report, "cannot attach XDP", slice_text(device), "%s",
		            strerror(-error));
	return error;
}

struct xdp *hand_over_xdp(struct hand_over *hand_over)
{
	return hand_over != NULL ? &hand_over->xdp : NULL;
}

int hand_over_open_port(const char *backend, const struct port_device *device,
                        struct port **ret_port)
{
	const struct port_ops *const ports[] = {&port_afxdp, &port_xdp_copy};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (strcmp(ports[i]->name, backend) == 0)
			return ports[i]->open_device(device, ret_port);
	return -ENOTSUP;
}

void hand_over_unload(struct hand_over *hand_over)
{
	if (hand_over == NULL)
		return;
	(void)bpf_xdp_detach(hand_over->interface, XDP_FLAGS_DRV_MODE, NULL);
	(void)bpf_xdp_detach(hand_over->interface, XDP_FLAGS_SKB_MODE, NULL);
	(void)close(hand_over->program_fd);
	(void)close(hand_over->xdp.map_fd);
	free(hand_over);
}
