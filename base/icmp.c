#include "base/icmp.h"

#include <stddef.h>

struct type_pair {
	uint8_t type;
	uint8_t counterpart;
};

static const struct type_pair icmp_pairs[] = {
	{8, 0},   // echo
	{13, 14}, // timestamp
	{15, 16}, // information
	{10, 9},  // router solicitation, advertisement
	{17, 18}, // address mask
};
static const struct type_pair icmp6_pairs[] = {
	{128, 129}, // echo
	{133, 134}, // router solicitation, advertisement
	{135, 136}, // neighbour solicitation, advertisement
	{130, 131}, // multicast listener query, report
	{139, 140}, // node information
	{144, 145}, // home agent address discovery
};

static bool find(const struct type_pair pairs[], size_t count, uint8_t type,
                 uint8_t *ret_counterpart)
{
	for (size_t i = 0; i < count; i++) {
		if (type != pairs[i].type && type != pairs[i].counterpart)
			continue;
		*ret_counterpart = type == pairs[i].type ? pairs[i].counterpart : pairs[i].type;
		return true;
	}
	return false;
}

bool icmp_counterpart(bool is_v6, uint8_t type, uint8_t *ret_counterpart)
{
	if (is_v6)
		return find(icmp6_pairs, sizeof(icmp6_pairs) / sizeof(icmp6_pairs[0]), type,
		            ret_counterpart);
	return find(icmp_pairs, sizeof(icmp_pairs) / sizeof(icmp_pairs[0]), type, ret_counterpart);
}
