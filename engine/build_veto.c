#include "engine/build_veto.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/normalize.h"
#include "engine/url_host.h"

static int add_host(struct build *veto, struct slice host, uint32_t indicator_id)
{
	const struct entry_terms terms = {
		.kinds = ENTRY_EXACT | ENTRY_PARENT,
		.action = ACTION_DROP,
	};
	struct prefix prefix = {.length = 128};

	if (normalize_address(host, &prefix.address) == 0)
		return build_add_prefix(veto, &prefix, indicator_id, &terms);
	return build_add_name(veto, host, indicator_id, &terms);
}

// A URL of the veto set stands for its host, whoever is asked for: an attacked site is vetoed as a
// name too.
static int add_hosts_of_urls(struct build *veto)
{
	const struct entry_rows *urls = &veto->tables[BUILD_URLS];
	const struct text_row *rows = (const struct text_row *)urls->rows.data;
	int error = 0;

	for (size_t i = 0; i < urls->rows.size / sizeof(*rows) && error == 0; i++) {
		struct slice host = url_host(entry_rows_text_key(&rows[i], &veto->compiler));
		char copy[NAME_BYTES_MAX + 1]; // the pool that it lies in may move

		if (host.size == 0 || host.size > NAME_BYTES_MAX)
			continue;
		memcpy(copy, host.data, host.size);
		error = add_host(veto, slice_of(copy, host.size), rows[i].indicator_id);
	}
	return error;
}

static void leave_out_patterns(struct build *veto, struct report *report)
{
	struct block *rows = &veto->tables[BUILD_PATTERNS].rows;

	for (size_t i = 0; i < rows->size / sizeof(struct text_row); i++) {
		const struct text_row *row = (const struct text_row *)rows->data + i;
		struct slice text = entry_rows_text_key(row, &veto->compiler);

		report_note(report, "pattern in the veto set left out",
		            slice_from(text, PATTERN_TEXT_AT),
		            "only names, addresses, networks, URLs and hashes can be vetoed");
	}
	block_close(rows);
}

static int map_image(int fd, uint64_t bytes, struct slice *ret_image)
{
	void *image = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

	if (image == MAP_FAILED)
		return -errno;
	*ret_image = slice_of(image, bytes);
	return 0;
}

int build_veto_make_image(struct build *build, struct report *report)
{
	struct build_figures figures;
	int error;
	int fd;

	if (build->veto == NULL)
		return 0;
	leave_out_patterns(build->veto, report);
	error = add_hosts_of_urls(build->veto);
	if (error != 0)
		return error;
	fd = memfd_create("sekisho-veto", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = build_write(build->veto, fd, NULL, report, &figures);
	if (error == 0)
		error = map_image(fd, figures.file_bytes, &build->veto_image);
	close(fd);
	build_free(build->veto);
	build->veto = NULL;
	return error;
}
