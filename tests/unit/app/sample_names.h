#include "app/daemon.h"
__attribute__((weak)) const char *xdp_reason_name(enum xdp_reason c)
{
	static const char *const n[] = {"passed",     "copied",       "handed-over",
	                                "forwarded",  "drop-address", "drop-condemned",
	                                "drop-stale", "would-drop",   "vetoed",
	                                "not-ip",     "malformed",    "copy-lost"};
	return n[c];
}
