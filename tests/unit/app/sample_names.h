#include "app/daemon.h"
__attribute__((weak)) const char *drop_cause_name(enum drop_cause c)
{
	static const char *const n[] = {"address", "dns",       "tls",
	                                "http",    "condemned", "no-database"};
	return n[c];
}
__attribute__((weak)) const char *stage_name(enum stage c)
{
	static const char *const n[] = {"receive", "decode", "flow", "extract", "match", "release"};
	return n[c];
}
__attribute__((weak)) const char *xdp_reason_name(enum xdp_reason c)
{
	static const char *const n[] = {"passed",     "copied",       "handed-over",
	                                "forwarded",  "drop-address", "drop-condemned",
	                                "drop-stale", "would-drop",   "vetoed",
	                                "not-ip",     "malformed",    "copy-lost"};
	return n[c];
}
