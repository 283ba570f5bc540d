#include "app/feed_list.h"

#include <errno.h>
#include <stdlib.h>

int feed_list_add(struct feed_list *list, const char *path)
{
	struct feed_options *feeds = realloc(list->feeds, (list->count + 1) * sizeof(*feeds));

	if (feeds == NULL)
		return -ENOMEM;
	list->feeds = feeds;
	feeds[list->count] = list->next;
	feeds[list->count].path = path;
	list->count++;
	return 0;
}

void feed_list_close(struct feed_list *list)
{
	free(list->feeds);
	*list = (struct feed_list){0};
}

const char *feed_list_tlp_name(unsigned tlp)
{
	return tlp_name((enum tlp)tlp);
}

const char *feed_list_format_name(unsigned format)
{
	return feed_format_name((enum feed_format)format);
}
