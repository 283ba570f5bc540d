#include "app/daemon_kernel.h"

#include <errno.h>
#include <string.h>

#include "app/clock.h"
#include "base/log.h"

#define RETRY_NS (10 * NS_PER_S)

struct taking {
	struct daemon_kernel *kernel;
	uint32_t device;
};

static void take_hit(void *context, const struct hit *hit)
{
	const struct taking *taking = context;
	struct hit placed = *hit;

	placed.origin.capture_id = taking->device;
	if (!ring_push(taking->kernel->ring, slice_of(&placed, sizeof(placed)), slice_text("")))
		taking->kernel->hits_lost++;
}

// Without it packets are judged as before, and databases cannot be exchanged any more.
static void look_whether_it_lives(struct daemon_kernel *kernel, int error)
{
	if ((error != -EPIPE && error != -ETIMEDOUT) || kernel->was_told_of_end)
		return;
	kernel->was_told_of_end = true;
	log_error("the helper process %s: no reload will succeed until a restart",
	          error == -EPIPE ? "has ended" : "does not answer");
}

void daemon_kernel_take_hits(struct daemon_kernel *kernel)
{
	struct taking taking = {.kernel = kernel};

	if (!kernel->mirrors)
		return;
	for (unsigned i = 0; i < kernel->device_count; i++) {
		taking.device = kernel->devices[i];
		look_whether_it_lives(kernel,
		                      daemon_helper_hits(kernel->helper, i, take_hit, &taking));
	}
}

static const char *why_off(int error)
{
	switch (error) {
	case -ENODEV:
		return "the interface is gone";
	case -EBUSY:
		return "another program is in its place ('ip link set dev DEVICE xdp off' removes "
		       "that)";
	case -ENOENT:
		return "it was unloaded: restart";
	case -EOPNOTSUPP:
		return "libxdp's dispatcher is gone: restart";
	default:
		return strerror(-error);
	}
}

// Without it the sensor sees, and drops, nothing there.
static void tell_guard(struct daemon_kernel *kernel, unsigned device, const char *name,
                       const struct daemon_helper_guard *guard)
{
	int *told = &kernel->guard_errors[device];

	if (guard->error < 0 && guard->error != *told)
		log_error("%s: THE XDP PROGRAM IS OFF, nothing is judged there: %s", name,
		          why_off(guard->error));
	else if (guard->was_off)
		log_error("%s: the XDP program had been taken off: it has been attached again",
		          name);
	else if (guard->error == 0 && *told != 0)
		log_info("%s: the XDP program is attached", name);
	*told = guard->error;
}

static bool take_status(struct daemon_kernel *kernel, unsigned device, struct xdp_status *status)
{
	struct daemon_helper_guard guard;
	struct xdp_status now;

	if (daemon_helper_status(kernel->helper, device, &now, &guard) < 0)
		return false;
	tell_guard(kernel, device, now.device, &guard);
	if (guard.error == 0) {
		*status = now;
		return true;
	}
	memcpy(status->device, now.device, sizeof(status->device));
	status->is_attached = false;
	return true;
}

unsigned daemon_kernel_status(struct daemon_kernel *kernel, struct xdp_status ret_statuses[])
{
	unsigned count = 0;

	for (unsigned i = 0; i < kernel->device_count; i++)
		count += take_status(kernel, i, &ret_statuses[i]);
	return count;
}

int64_t daemon_kernel_mirror_again(struct daemon_kernel *kernel, uint32_t generation)
{
	int64_t next_ns = TIMESTAMP_MAX;
	struct report report = {0};

	if (kernel->helper == NULL || !kernel->mirrors)
		return next_ns;
	int error = daemon_helper_mirror(kernel->helper, NULL, NULL, generation, &report, &next_ns);
	if (error < 0) {
		log_error("what became valid or invalid is not in the XDP maps: %s",
		          report.reason_count > 0 && report.reasons[0].example_count > 0
		                  ? report.reasons[0].examples[0].detail
		                  : strerror(-error));
		next_ns = clock_wall_ns() + RETRY_NS;
	}
	report_clear(&report);
	return next_ns;
}
