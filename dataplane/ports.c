#include "dataplane/ports.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/buffer.h"
#include "dataplane/dpdk.h"
#include "dataplane/port.h"
#include "dataplane/ports_interface.h"
#include "dataplane/ports_machine.h"

struct list {
	void (*visit)(void *context, const struct port_offer *offer);
	void *context;
	struct ports_machine machine;
};

const char *offer_about_name(enum offer_about about)
{
	static const char *const names[OFFER_ABOUT_COUNT] = {
		[OFFER_INTERFACE] = "interface", [OFFER_CARD] = "card",
		[OFFER_BACKEND] = "backend",     [OFFER_RIGHT] = "right",
		[OFFER_KERNEL] = "kernel",
	};

	return names[about];
}

static void visit(const struct list *list, const struct port_offer *offer)
{
	list->visit(list->context, offer);
}

static void list_interface(void *context, const struct interface *interface)
{
	const struct list *list = context;
	enum interface_xdp xdp = ports_interface_xdp(interface, &list->machine);
	AUTO_BUFFER words = {0};
	AUTO_BUFFER help = {0};

	ports_interface_words(interface, xdp, &words);
	buffer_append_byte(&words, '\0');
	if (!interface->is_up)
		buffer_format(&help, "ip link set dev %s up", interface->name);
	buffer_append_byte(&help, '\0');
	if (words.failed || help.failed)
		return;
	visit(list, &(struct port_offer){
			    .about = OFFER_INTERFACE,
			    .name = interface->name,
			    .is_usable = interface->is_up,
			    .can_forward = interface->hardware_type == ARPHRD_ETHER,
			    .words = (const char *)words.data,
			    .help = (const char *)help.data,
		    });
}

// Packet sockets: af-packet and libpcap.
static void list_listener(const struct list *list, const char *name, const char *words)
{
	bool may = ports_machine_may(&list->machine, CAP_NET_RAW);

	visit(list, &(struct port_offer){
			    .about = OFFER_BACKEND,
			    .name = name,
			    .is_usable = may,
			    .words = words,
			    .help = may ? "" : "run as root or with CAP_NET_RAW",
		    });
}

static bool may_run_xdp(const struct list *list)
{
	return ports_machine_may(&list->machine, CAP_BPF) &&
	       ports_machine_may(&list->machine, CAP_NET_ADMIN);
}

static void list_xdp(const struct list *list, const char *name, const char *words)
{
	bool is_built = port_is_built(name);
	bool may = may_run_xdp(list) && ports_machine_may(&list->machine, CAP_NET_RAW);
	const char *help = "";

	if (!is_built)
		help = "build with libxdp, libbpf, clang and bpftool";
	else if (!may)
		help = "run as root or with CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW";
	else if (!list->machine.has_bpffs)
		help = "mount -t bpf bpf /sys/fs/bpf";
	visit(list, &(struct port_offer){
			    .about = OFFER_BACKEND,
			    .name = name,
			    .is_usable = help[0] == '\0',
			    .can_forward = true,
			    .words = is_built ? words : "not in this build",
			    .help = help,
		    });
}

static void list_card(void *context, const struct dpdk_card *card)
{
	const struct list *list = context;
	AUTO_BUFFER words = {0};
	AUTO_BUFFER help = {0};

	if (card->driver[0] != '\0')
		buffer_format(&words, "driver %s", card->driver);
	else
		buffer_append_text(&words, "no driver");
	buffer_append_text(&words, card->is_ready ? ": leaves it to DPDK" : ": not for DPDK");
	buffer_append_byte(&words, '\0');
	if (!card->is_ready)
		buffer_format(&help, "dpdk-devbind.py --bind=vfio-pci %s: the kernel loses it",
		              card->address);
	buffer_append_byte(&help, '\0');
	if (words.failed || help.failed)
		return;
	visit(list, &(struct port_offer){
			    .about = OFFER_CARD,
			    .name = card->address,
			    .is_usable = card->is_ready,
			    .can_forward = true,
			    .words = (const char *)words.data,
			    .help = (const char *)help.data,
		    });
}

static void list_dpdk(const struct list *list)
{
	bool is_built = port_is_built("dpdk");

	visit(list, &(struct port_offer){
			    .about = OFFER_BACKEND,
			    .name = "dpdk",
			    .is_usable = is_built,
			    .can_forward = true,
			    .words = is_built ? "taps and inline between two cards, which a worker "
	                                        "polls; also virtual devices"
	                                      : "not in this build",
			    .help = is_built ? "" : "install libdpdk-dev and build again",
		    });
}

static void list_backends(const struct list *list)
{
	list_listener(list, "af-packet",
	              "taps: any number of workers share an interface; both directions");
	list_listener(list, "pcap", "taps by libpcap: one worker; \"any\" is all interfaces");
	list_xdp(list, "afxdp", "taps and inline between two interfaces, a worker each queue");
	list_xdp(list, "xdp-copy",
	         "mode xdp: the kernel forwards, the program drops and copies what needs a look");
	list_dpdk(list);
	visit(list, &(struct port_offer){
			    .about = OFFER_BACKEND,
			    .name = "replay",
			    .is_usable = true,
			    .words = "a capture file at a set rate, for tests",
			    .help = "",
		    });
}

static void list_right(const struct list *list, unsigned capability, const char *name,
                       const char *words)
{
	bool has = ports_machine_may(&list->machine, capability);

	visit(list, &(struct port_offer){
			    .about = OFFER_RIGHT,
			    .name = name,
			    .is_usable = has,
			    .words = words,
			    .help = has ? ""
	                                : "run as root, or see AmbientCapabilities= in "
	                                  "systemd.exec(5)",
		    });
}

static void list_rights(const struct list *list)
{
	list_right(list, CAP_NET_RAW, "CAP_NET_RAW", "to listen: af-packet, pcap, afxdp");
	list_right(list, CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach XDP programs");
	list_right(list, CAP_BPF, "CAP_BPF", "to load XDP programs and fill their maps");
	list_right(list, CAP_IPC_LOCK, "CAP_IPC_LOCK",
	           "buffers of afxdp and dpdk beyond RLIMIT_MEMLOCK");
}

static void list_feature(const struct list *list, const char *name, enum ports_answer answer,
                         const char *words, const char *help)
{
	visit(list, &(struct port_offer){
			    .about = OFFER_KERNEL,
			    .name = name,
			    .is_usable = answer == ANSWER_YES,
			    .words = words,
			    .help = answer == ANSWER_YES ? "" : help,
		    });
}

static void list_huge_pages(const struct list *list)
{
	const struct ports_machine *machine = &list->machine;
	AUTO_BUFFER words = {0};
	AUTO_BUFFER help = {0};

	buffer_format(&words, "%" PRIu64 " MB free, for dpdk", machine->huge_bytes_free >> 20);
	buffer_append_byte(&words, '\0');
	if (machine->huge_page_bytes > 0)
		buffer_format(&help,
		              "echo 512 > /sys/kernel/mm/hugepages/hugepages-%" PRIu64
		              "kB/nr_hugepages; or --no-huge, slower",
		              machine->huge_page_bytes >> 10);
	else
		buffer_append_text(&help, "a kernel with CONFIG_HUGETLBFS; or --no-huge, slower");
	buffer_append_byte(&help, '\0');
	if (!words.failed && !help.failed)
		list_feature(list, "huge pages",
		             machine->huge_bytes_free > 0 ? ANSWER_YES : ANSWER_NO,
		             (const char *)words.data, (const char *)help.data);
}

static enum ports_answer since(const struct list *list, unsigned major, unsigned minor)
{
	return ports_machine_is_since(&list->machine, major, minor) ? ANSWER_YES : ANSWER_NO;
}

static void list_kernel(const struct list *list)
{
	const struct ports_machine *machine = &list->machine;
	enum ports_answer dispatcher = machine->has_extension_programs;

	list_feature(list, "BTF", machine->has_btf ? ANSWER_YES : ANSWER_NO,
	             "the kernel's types, for XDP programs", "a kernel with CONFIG_DEBUG_INFO_BTF");
	list_feature(list, "bpffs", machine->has_bpffs ? ANSWER_YES : ANSWER_NO,
	             "where XDP maps outlive the daemon: /sys/fs/bpf",
	             "mount -t bpf bpf /sys/fs/bpf");
	list_feature(list, "dispatcher", dispatcher,
	             dispatcher == ANSWER_NO ? "no extension programs: one XDP program an interface"
	                                     : "several XDP programs on one interface, by libxdp",
	             dispatcher == ANSWER_UNKNOWN
	                     ? "not known: ask as root"
	                     : "a kernel that allows programs of the type BPF_PROG_TYPE_EXT");
	list_feature(list, "XDP frames above a page", since(list, 5, 18),
	             "XDP programs on MTUs above about 3500, where the driver can", "Linux 5.18");
	list_feature(list, "AF_XDP frames above a page", since(list, 6, 6),
	             "afxdp on MTUs above about 3500, where the driver can", "Linux 6.6");
	list_huge_pages(list);
}

int ports_list(void (*visit_offer)(void *context, const struct port_offer *offer), void *context)
{
	struct list list = {.visit = visit_offer, .context = context};
	int error;

	ports_machine_read(&list.machine);
	error = interface_each(list_interface, &list);
	if (error < 0)
		return error;
	// Without a PCI bus there are no cards.
	(void)dpdk_cards_each("/sys/bus/pci/devices", list_card, &list);
	list_backends(&list);
	list_rights(&list);
	list_kernel(&list);
	return 0;
}
