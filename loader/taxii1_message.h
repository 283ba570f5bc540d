// loader/taxii1_message.h — messages of a TAXII 1.1 server, read as they come.
//
// TAXII 1.1.1 XML Message Binding. One pass, bounded: services and collections are collected,
// texts cut where they are long, the content of a poll's blocks handed on block by block.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/report.h"
#include "loader/circle.h"

enum {
	TAXII1_TEXT_BYTES = 512, // of a status, an id
	TAXII1_SERVICES_MAX = 1000,
	TAXII1_COLLECTIONS_MAX = 10000,
};

enum taxii1_kind {
	TAXII1_OTHER,
	TAXII1_STATUS,
	TAXII1_DISCOVERY,
	TAXII1_COLLECTIONS,
	TAXII1_POLL,
};

struct taxii1_service {
	struct slice type; // "POLL", "COLLECTION_MANAGEMENT" …
	struct slice address;
	bool is_usable; // available, over HTTP, in XML 1.1
	struct taxii1_service *next;
};

struct taxii1_collection {
	struct slice name;
	struct slice description;
	struct slice poll_address; // of the first service that can be used; empty: none is told
	bool is_data_set;
	bool is_available;
	struct taxii1_collection *next;
};

struct taxii1_message {
	enum taxii1_kind kind;

	// A status (section 3.7), and what it says in detail.
	char status[64]; // "UNAUTHORIZED", "RETRY" …
	char text[TAXII1_TEXT_BYTES];
	int64_t wait_s;                    // "ESTIMATED_WAIT", at most a day; -1: none
	char result_id[TAXII1_TEXT_BYTES]; // also of a poll's answer

	// A poll's answer (section 3.11).
	bool is_more;
	uint64_t part;
	bool has_part;           // it says which; else it means the first, or forgot
	int64_t end_ns;          // of the time span; TIMESTAMP_MIN: not told
	int64_t newest_label_ns; // of its blocks; TIMESTAMP_MIN: none
	uint64_t block_count;
	uint64_t package_count;              // blocks that hold XML of STIX
	uint64_t text_count;                 // blocks whose content is text
	uint8_t digest[CIRCLE_DIGEST_BYTES]; // of the contents of its blocks

	struct arena arena; // of what follows
	struct taxii1_service *services;
	unsigned service_count;
	struct taxii1_collection *collections;
	unsigned collection_count;
};

// What is to be done with a block whose content is text: JSON, or XML that was escaped. `file` is
// at its start, and closed by the caller.
struct taxii1_visitor {
	int (*text)(void *context, int file, struct slice binding);
	void *context;
};

// Reads the body in `file`, from its start. What cannot be read is told in `report`. Blocks of
// STIX XML are only counted: whoever wants them reads the body again, as packages. Without a
// visitor (NULL) blocks of text are only counted, too. Returns 0 (taxii1_message_close() when
// done), -EBADMSG (not such a message, told), the visitor's error, -ENOMEM, or the file's error.
int taxii1_message_read(int file, const struct taxii1_visitor *visitor, struct report *report,
                        struct taxii1_message *ret_message);
void taxii1_message_close(struct taxii1_message *message);
