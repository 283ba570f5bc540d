// dataplane/kernel_flow.h — telling the XDP programs of a path about a flow.
//
// The kernel sees to it from then on. It is told again whenever a packet of the flow comes all the
// same: its place in the program's array may be another's by now.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/pipeline.h"

// HOT. Nothing of the flow is wanted any more.
void kernel_flow_done(const struct pipeline_path *path, const struct flow *flow);

// HOT. The flow is condemned on account of `indicator_id`; NO_INDICATOR: of whatever it was before.
void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id);
