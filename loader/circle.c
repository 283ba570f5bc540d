#include "loader/circle.h"

#include <string.h>

bool circle_is_closed(struct circle *circle, const uint8_t digest[CIRCLE_DIGEST_BYTES])
{
	if (circle->page_count > 0 && memcmp(circle->digest, digest, CIRCLE_DIGEST_BYTES) == 0)
		return true;
	circle->page_count++;
	bool is_power_of_two = (circle->page_count & (circle->page_count - 1)) == 0;
	if (is_power_of_two)
		memcpy(circle->digest, digest, CIRCLE_DIGEST_BYTES);
	return false;
}
