// loader/openioc_item.h — one IndicatorItem of OpenIOC: a term, a condition, a value.
#pragma once

#include "base/arena.h"
#include "loader/intake.h"
#include "loader/xml_tree.h"

// Makes `value`, whose text is set, say what the item looks for: `search` is its term, such as
// "Network/DNS". Returns 1; 0 with *ret_reason (static) when no network sensor can look for it; or
// -ENOMEM.
int openioc_item_read(const struct xml_node *item, struct slice search, struct arena *arena,
                      struct candidate *value, const char **ret_reason);
