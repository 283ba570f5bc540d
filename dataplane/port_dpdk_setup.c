#include "dataplane/port_dpdk_setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

enum {
	DESCRIPTORS_DEFAULT = 1024, // of a queue, each way
	DESCRIPTORS_MIN = 64,
	DESCRIPTORS_MAX = 4096,
	CACHE_BUFFERS = 256, // a thread keeps that many for itself
	BUFFER_BYTES = 2048,
	BUFFER_BYTES_LARGEST = 16384,
	MTU_LARGEST = 9000,
	ETHERNET_BYTES = 14 + 2 * 4 + 4, // two tags, and the checksum where the device counts it
	RSS_KEY_BYTES_MAX = 64,
};

// What is asked of one device while it is set up.
struct setup {
	const struct port_device *asked;
	struct dpdk_device *device;
	struct rte_eth_dev_info info;
	struct rte_eth_conf config;
	uint8_t rss_key[RSS_KEY_BYTES_MAX];
	uint32_t buffer_bytes;
	unsigned buffer_count; // of a queue
	uint16_t receive_descriptors;
	uint16_t send_descriptors;
};

static int refuse(const struct setup *setup, int error, const char *reason, const char *detail)
{
	return port_dpdk_setup_refuse(setup->asked, error, reason, detail);
}

static void note(const struct setup *setup, const char *reason, const char *consequence)
{
	report_add(setup->asked->report, &(struct problem){
						 .reason = reason,
						 .consequence = consequence,
						 .object = slice_text(setup->asked->name),
					 });
}

static uint32_t frame_bytes_of(uint32_t mtu)
{
	return mtu + ETHERNET_BYTES;
}

// What the device should take. One that the kernel knows as well keeps the kernel's MTU; another
// has nobody else who would set it, and a wire takes what comes.
static uint32_t choose_mtu(const struct setup *setup)
{
	const struct rte_eth_dev_info *info = &setup->info;
	uint32_t most = info->max_rx_pktlen > ETHERNET_BYTES ? info->max_rx_pktlen - ETHERNET_BYTES
	                                                     : 0;
	uint16_t mtu = RTE_ETHER_MTU;

	if (setup->asked->frame_bytes_max > ETHERNET_BYTES)
		return setup->asked->frame_bytes_max - ETHERNET_BYTES;
	(void)rte_eth_dev_get_mtu(setup->device->id, &mtu);
	if (info->max_mtu > 0 && info->max_mtu < most)
		most = info->max_mtu;
	if (most > MTU_LARGEST)
		most = MTU_LARGEST;
	return info->if_index == 0 && most > mtu ? most : mtu;
}

// Where frames do not fit into one buffer they come in several, or buffers are larger.
static void choose_buffers(struct setup *setup)
{
	struct rte_eth_conf *config = &setup->config;
	uint32_t frame_bytes = frame_bytes_of(config->rxmode.mtu);

	setup->buffer_bytes = BUFFER_BYTES;
	if (frame_bytes <= BUFFER_BYTES || setup->device->is_capture_driver)
		return;
	if ((setup->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0 &&
	    (setup->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0) {
		config->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		config->txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		setup->device->gives_chains = true;
		setup->device->takes_chains = true;
		return;
	}
	setup->buffer_bytes = RTE_ALIGN_CEIL(frame_bytes, 128);
}

// Both directions of a flow, and its fragments, come to one queue: the hash is over the addresses
// alone, and the key repeats every 16 bits, so that source and destination may change places (Woo
// and Park, "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012).
static void choose_spreading(struct setup *setup)
{
	uint64_t can = setup->info.flow_type_rss_offloads;
	struct rte_eth_rss_conf *rss = &setup->config.rx_adv_conf.rss_conf;

	if (setup->asked->queue_count == 1)
		return;
	if ((can & RTE_ETH_RSS_IP) == 0 || setup->info.hash_key_size > RSS_KEY_BYTES_MAX) {
		note(setup, "the device chooses the queue of a packet itself",
		     "noted: the two directions of a flow may meet different workers");
		return;
	}
	for (unsigned i = 0; i < RSS_KEY_BYTES_MAX; i += 2) {
		setup->rss_key[i] = 0x6d;
		setup->rss_key[i + 1] = 0x5a;
	}
	setup->config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	rss->rss_key = setup->rss_key;
	rss->rss_key_len = setup->info.hash_key_size > 0 ? setup->info.hash_key_size : 40;
	rss->rss_hf = can & RTE_ETH_RSS_IP;
	if ((can & RTE_ETH_RSS_LEVEL_INNERMOST) != 0)
		rss->rss_hf |= RTE_ETH_RSS_LEVEL_INNERMOST;
	else
		note(setup, "the device spreads tunnelled packets by their outer addresses",
		     "noted: a tunnel stays on one worker");
}

// Buffers of one queue: as many as were asked for, or for every descriptor, in and out (of the
// peer), for bursts being judged, and for what threads keep.
static void choose_descriptors(struct setup *setup)
{
	size_t asked = setup->asked->buffer_bytes / BUFFER_BYTES;
	size_t descriptors = asked > 0 ? asked / 2 : DESCRIPTORS_DEFAULT;
	unsigned needed;

	if (descriptors < DESCRIPTORS_MIN)
		descriptors = DESCRIPTORS_MIN;
	if (descriptors > DESCRIPTORS_MAX)
		descriptors = DESCRIPTORS_MAX;
	setup->receive_descriptors = (uint16_t)rte_align32prevpow2((uint32_t)descriptors);
	setup->send_descriptors = DESCRIPTORS_DEFAULT;
	needed = setup->receive_descriptors + DESCRIPTORS_DEFAULT + 4 * PORT_BURST_MAX +
	         2 * CACHE_BUFFERS;
	setup->buffer_count = asked > needed ? (unsigned)asked : needed;
}

static int configure(struct setup *setup)
{
	struct dpdk_device *device = setup->device;
	uint16_t count = device->queue_count;
	int error;

	if (count > setup->info.max_rx_queues || count > setup->info.max_tx_queues) {
		char detail[80];

		(void)snprintf(detail, sizeof(detail), "%u queues in, %u out, %u workers",
		               setup->info.max_rx_queues, setup->info.max_tx_queues, count);
		return refuse(setup, 0, "the device has fewer queues than there are workers",
		              detail);
	}
	setup->config.intr_conf.lsc = (*setup->info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	setup->config.intr_conf.rmv = (*setup->info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
	setup->config.rxmode.mtu = choose_mtu(setup);
	device->frame_bytes_max = frame_bytes_of(setup->config.rxmode.mtu);
	choose_buffers(setup);
	choose_spreading(setup);
	choose_descriptors(setup);
	error = rte_eth_dev_configure(device->id, count, count, &setup->config);
	if (error < 0)
		return refuse(setup, error, "DPDK cannot configure the device", "");
	error = rte_eth_dev_adjust_nb_rx_tx_desc(device->id, &setup->receive_descriptors,
	                                         &setup->send_descriptors);
	return error < 0 ? refuse(setup, error, "DPDK cannot configure the device", "") : 0;
}

// Like rte_pktmbuf_pool_create(). Buffers that no card reads may lie across the borders of pages:
// they are close together then, as net_af_xdp expects (it hands the whole run over to the kernel).
static struct rte_mempool *make_pool(const struct setup *setup, unsigned count, unsigned flags)
{
	const int socket_id = rte_eth_dev_socket_id(setup->device->id);
	struct rte_pktmbuf_pool_private terms = {
		.mbuf_data_room_size = (uint16_t)(setup->buffer_bytes + RTE_PKTMBUF_HEADROOM),
	};
	unsigned element_bytes = (unsigned)sizeof(struct rte_mbuf) + terms.mbuf_data_room_size;
	struct rte_mempool *pool;
	char name[RTE_MEMPOOL_NAMESIZE];

	(void)snprintf(name, sizeof(name), "sekisho-pool-%u", (unsigned)setup->device->id);
	pool = rte_mempool_create_empty(name, count, element_bytes, CACHE_BUFFERS, sizeof(terms),
	                                socket_id, flags);
	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) < 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_pktmbuf_pool_init(pool, &terms);
	if (rte_mempool_populate_default(pool) < 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int create_pool(struct setup *setup)
{
	struct dpdk_device *device = setup->device;

	device->pool = make_pool(setup, device->queue_count * setup->buffer_count,
	                         setup->info.if_index != 0 ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0);
	if (device->pool != NULL)
		return 0;
	return refuse(setup, -ENOMEM, "no memory for packets",
	              "more hugepages, or a larger -m with --no-huge");
}

static int set_up_queues(const struct setup *setup)
{
	const struct dpdk_device *device = setup->device;
	struct rte_eth_rxconf receive = setup->info.default_rxconf;
	struct rte_eth_txconf send = setup->info.default_txconf;
	int error = 0;

	receive.offloads = setup->config.rxmode.offloads;
	send.offloads = setup->config.txmode.offloads;
	for (uint16_t i = 0; i < device->queue_count && error == 0; i++) {
		error = rte_eth_rx_queue_setup(device->id, i, setup->receive_descriptors,
		                               (unsigned)rte_eth_dev_socket_id(device->id),
		                               &receive, device->pool);
		if (error == 0)
			error = rte_eth_tx_queue_setup(device->id, i, setup->send_descriptors,
			                               (unsigned)rte_eth_dev_socket_id(device->id),
			                               &send);
	}
	return error;
}

// A virtual device may say only here how large its buffers have to be.
static int prepare_queues(struct setup *setup)
{
	int pool_error = create_pool(setup);
	int error = pool_error < 0 ? pool_error : set_up_queues(setup);

	if (pool_error == 0 && error < 0 && setup->buffer_bytes < BUFFER_BYTES_LARGEST) {
		rte_mempool_free(setup->device->pool);
		setup->buffer_bytes = BUFFER_BYTES_LARGEST;
		pool_error = create_pool(setup);
		error = pool_error < 0 ? pool_error : set_up_queues(setup);
	}
	if (pool_error < 0)
		return pool_error; // told
	return error < 0 ? refuse(setup, error, "DPDK cannot set up the device's queues", "") : 0;
}

int port_dpdk_setup_refuse(const struct port_device *asked, int error, const char *reason,
                           const char *detail)
{
	report_note(asked->report, reason, slice_text(asked->name), "%s%s%s", detail,
	            detail[0] != '\0' && error != 0 ? ": " : "",
	            error != 0 ? rte_strerror(-error) : "");
	return error != 0 ? error : -EINVAL;
}

int port_dpdk_setup(const struct port_device *asked, struct dpdk_device *device)
{
	struct setup setup = {.asked = asked, .device = device};
	int error = rte_eth_dev_info_get(device->id, &setup.info);

	if (error < 0)
		return refuse(&setup, error, "DPDK cannot ask the device", "");
	device->is_capture_driver = strcmp(setup.info.driver_name, "net_pcap") == 0;
	device->changes_frames = strcmp(setup.info.driver_name, "net_af_packet") == 0;
	device->gives_chains = device->is_capture_driver;
	device->takes_chains = device->is_capture_driver;
	error = configure(&setup);
	return error < 0 ? error : prepare_queues(&setup);
}
