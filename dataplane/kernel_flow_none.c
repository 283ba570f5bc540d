#include "dataplane/kernel_flow.h"

// A build without XDP has no path with a program on it.

void kernel_flow_done(const struct pipeline_path *path, const struct flow *flow)
{
	(void)path;
	(void)flow;
}

void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id)
{
	(void)path;
	(void)flow;
	(void)indicator_id;
}
