#include "sightings/hit_order.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_slices(struct slice a, struct slice b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	return order != 0 ? order : COMPARE(a.size, b.size);
}

static int compare_values(const struct observable *a, const struct observable *b)
{
	int order = COMPARE(a->type, b->type);

	if (order == 0 && a->type == OBSERVABLE_ADDRESS)
		order = memcmp(&a->address, &b->address, sizeof(a->address));
	if (order == 0 && a->type == OBSERVABLE_HASH)
		order = COMPARE(a->algorithm, b->algorithm);
	return order != 0 ? order : compare_slices(a->text, b->text);
}

static int compare_observables(const struct observable *a, const struct observable *b)
{
	int order = COMPARE(a->where, b->where);

	if (order == 0)
		order = compare_values(a, b);
	if (order == 0 && a->type == OBSERVABLE_ADDRESS)
		order = COMPARE(a->port, b->port);
	return order;
}

static int compare_endpoints(const struct origin *a, const struct origin *b)
{
	int order = memcmp(&a->src, &b->src, sizeof(a->src));

	if (order == 0)
		order = memcmp(&a->dst, &b->dst, sizeof(a->dst));
	if (order == 0)
		order = COMPARE(a->src_port, b->src_port);
	if (order == 0)
		order = COMPARE(a->dst_port, b->dst_port);
	return order != 0 ? order : COMPARE(a->protocol, b->protocol);
}

static int compare_origins(const struct origin *a, const struct origin *b)
{
	int order = compare_endpoints(a, b);

	if (order == 0)
		order = COMPARE(a->last_time_ns, b->last_time_ns);
	if (order == 0)
		order = COMPARE(a->packet_count, b->packet_count);
	return order != 0 ? order : COMPARE(a->byte_count, b->byte_count);
}

static int compare_rest(const struct hit *a, const struct hit *b)
{
	int order = compare_observables(&a->observable, &b->observable);

	return order != 0 ? order : compare_origins(&a->origin, &b->origin);
}

static int compare_verdicts(const struct hit *a, const struct hit *b)
{
	int order = COMPARE(a->kind, b->kind);

	if (order == 0)
		order = COMPARE(a->action, b->action);
	if (order == 0)
		order = COMPARE(a->is_vetoed, b->is_vetoed);
	if (order == 0)
		order = COMPARE(a->generation, b->generation);
	return order != 0 ? order : COMPARE(a->outcome, b->outcome);
}

int hit_order_by_time(const struct hit *a, const struct hit *b)
{
	int order = COMPARE(a->origin.time_ns, b->origin.time_ns);

	if (order == 0)
		order = COMPARE(a->origin.capture_id, b->origin.capture_id);
	if (order == 0)
		order = COMPARE(a->origin.packet_number, b->origin.packet_number);
	if (order == 0)
		order = COMPARE(a->indicator_id, b->indicator_id);
	if (order == 0)
		order = compare_rest(a, b);
	return order != 0 ? order : compare_verdicts(a, b);
}

int hit_order_by_capture(const struct hit *a, const struct hit *b)
{
	int order = COMPARE(a->origin.capture_id, b->origin.capture_id);

	if (order == 0)
		order = COMPARE(a->origin.time_ns, b->origin.time_ns);
	if (order == 0)
		order = COMPARE(a->origin.packet_number, b->origin.packet_number);
	if (order == 0)
		order = compare_rest(a, b);
	if (order == 0)
		order = COMPARE(a->indicator_id, b->indicator_id);
	return order != 0 ? order : compare_verdicts(a, b);
}

bool hit_order_is_same_observation(const struct hit *a, const struct hit *b)
{
	return a->origin.capture_id == b->origin.capture_id &&
	       a->origin.time_ns == b->origin.time_ns &&
	       a->origin.packet_number == b->origin.packet_number && compare_rest(a, b) == 0;
}

int hit_order_by_value(const struct hit *a, const struct hit *b)
{
	int order = COMPARE(a->indicator_id, b->indicator_id);

	if (order == 0)
		order = compare_values(&a->observable, &b->observable);
	return order != 0 ? order : hit_order_by_time(a, b);
}

bool hit_order_is_same_value(const struct hit *a, const struct hit *b)
{
	return a->indicator_id == b->indicator_id &&
	       compare_values(&a->observable, &b->observable) == 0;
}
