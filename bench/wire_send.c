// wire_send DEVICE: frames of 60 bytes (UDP over IPv4, from 1024 ports) as fast as the kernel sends
// them, until SIGTERM.
//
// They never are socket buffers: a program that redirects is run over live frames
// (Documentation/bpf/bpf_prog_run.rst), else the sender would be slower than what it feeds.
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

enum { FRAME_BYTES = 60, SOURCE_PORT_OFFSET = 34, PORTS = 1024, BATCH = 64, ROUND = 1 << 16 };

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
	(void)number;
	is_stopped = 1;
}

static const unsigned char frame[FRAME_BYTES] = {
	0x02, 0,  0,  0, 0, 2,   0x02, 0, 0, 0,   0,  1, 8, 0, 0x45, 0,    0,    46, 0,  1, 0,
	0,    64, 17, 0, 0, 198, 18,   0, 1, 198, 19, 0, 1, 0, 0,    0x13, 0x88, 0,  26, 0, 0,
};

// Writes a random source port, then bpf_redirect(device).
static int load(int device)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_prandom_u32},
		{.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 0, .imm = PORTS - 1},
		{.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = 2, .src_reg = 6, .off = 0},
		{.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = 3, .src_reg = 6, .off = 4},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4, .src_reg = 2},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = FRAME_BYTES},
		{.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3, .off = 1},
		{.code = BPF_STX | BPF_H | BPF_MEM,
	         .dst_reg = 2,
	         .src_reg = 0,
	         .off = SOURCE_PORT_OFFSET},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = device},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "wire_send", "GPL", program,
	                     sizeof(program) / sizeof(program[0]), NULL);
}

static int run(int device)
{
	struct xdp_md context = {.data_end = FRAME_BYTES, .ingress_ifindex = (unsigned)device};
	int program = load(device);
	int error = program < 0 ? program : 0;

	while (error == 0 && !is_stopped) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		            .data_size_in = sizeof(frame), .ctx_in = &context,
		            .ctx_size_in = sizeof(context), .repeat = ROUND,
		            .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

		error = bpf_prog_test_run_opts(program, &options);
	}
	return is_stopped ? 0 : error;
}

int main(int argc, char **argv)
{
	int device = argc == 2 ? (int)if_nametoindex(argv[1]) : 0;
	int error;

	if (device == 0) {
		(void)fprintf(stderr, "usage: wire_send DEVICE\n");
		return 2;
	}
	(void)signal(SIGTERM, stop);
	error = run(device);
	if (error < 0)
		(void)fprintf(stderr, "cannot send: %s\n", strerror(-error));
	return error < 0;
}
