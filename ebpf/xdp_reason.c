#include "ebpf/ebpf.h"

const char *xdp_reason_name(enum xdp_reason reason)
{
	static const char *const names[] = {
		[XDP_PASSED] = "passed",
		[XDP_COPIED] = "copied",
		[XDP_HANDED_OVER] = "handed-over",
		[XDP_FORWARDED] = "forwarded",
		[XDP_DROP_ADDRESS] = "drop-address",
		[XDP_DROP_CONDEMNED] = "drop-condemned",
		[XDP_DROP_STALE] = "drop-stale",
		[XDP_WOULD_DROP] = "would-drop",
		[XDP_VETOED] = "vetoed",
		[XDP_NOT_IP] = "not-ip",
		[XDP_MALFORMED] = "malformed",
		[XDP_COPY_LOST] = "copy-lost",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == XDP_REASON_COUNT, "one name a reason");

	return names[reason];
}
