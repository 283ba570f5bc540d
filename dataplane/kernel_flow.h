// dataplane/kernel_flow.h — telling the XDP program of a flow, where the build has one.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/pipeline.h"

// HOT. Nothing of the flow is wanted any more: the kernel sees to it from now on. The path's
// programs are told, if there are any.
void kernel_flow_done(const struct pipeline_path *path, const struct flow *flow);

// HOT. Likewise: the flow is condemned on account of `indicator_id`, NO_INDICATOR when it was told
// before and seems to be forgotten.
void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id);
