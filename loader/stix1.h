// loader/stix1.h — what the parts of the STIX 1.x reader share (parse_stix1.c owns it).
//
// A package is streamed: each Indicator, Observable, TTP or header is taken as a tree and turned
// into terms, the tree is forgotten. What refers to what (idref) is settled when the document ends,
// or when STIX1_KEPT_BYTES_MAX are kept: what is defined behind that is then not found.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "loader/intake.h"
#include "loader/reader.h"
#include "loader/stix1_index.h"
#include "loader/versioned.h"
#include "loader/xml_tree.h"

enum {
	STIX1_KEPT_BYTES_MAX = 128 * 1024 * 1024,
	STIX1_LIST_ITEMS_MAX = 100 * 1000,           // of lists in one object: a byte makes a term
	STIX1_REFERRED_TERMS_MAX = 16 * 1024 * 1024, // looked at through references, in one feed
	STIX1_PACKAGES_MAX = 16,                     // one inside the other
};

enum stix1_term_kind {
	STIX1_VALUE,     // for the intake
	STIX1_UNMATCHED, // reason and detail say why
	STIX1_ANY,       // of its children; none: nothing
	STIX1_ALL,
	STIX1_REFERENCE, // to an observable, object or indicator by its id
};

// What an observable asks for. In the reader's `kept` arena with all its texts.
struct stix1_term {
	enum stix1_term_kind kind;
	struct candidate value;
	const char *reason;
	struct slice detail; // or the id referred to
	uint64_t line;
	uint64_t visit; // number of the evaluation that saw it last
	struct stix1_term *children, *last_child, *next;
};

// A package or report: what holds for all in it. NULL is the document.
struct stix1_package {
	const struct stix1_package *outer;
	unsigned depth; // of its element
	enum tlp tlp;
	struct slice title;
	struct slice creator;
	bool is_watchlist; // its observables alone are to be looked for
};

struct stix1_text {
	struct slice text;
	struct stix1_text *next;
};

// An indicator, or an observable that may stand alone, until all that it refers to is known.
struct stix1_pending {
	struct indicator record;
	struct stix1_term *term;
	const struct stix1_package *package;
	struct stix1_text *ttps;               // ids of those it indicates
	struct stix1_text *replaced, *revoked; // ids of what it takes the place of
	uint64_t line;
	bool is_negated;
	bool is_alone; // an observable: looked for if no indicator names it, in a watch list
	struct stix1_pending *next;
};

struct stix1_reader {
	struct feed *feed;
	struct versioned versioned;
	struct xml_reader *xml;
	struct arena scratch; // of the tree at hand
	struct arena kept;
	struct stix1_index index; // of ids, in `kept`
	struct stix1_package *package;
	struct stix1_pending *first_pending, *last_pending;
	uint64_t visit;               // number of the evaluation under way
	uint64_t referred_term_count; // looked at through references
	uint64_t object_count;        // of those that are STIX
	unsigned list_items;          // of the tree at hand
};

// The functions below return 0, or what stops the feed: -ENOMEM or the sink's error.

// stix1_term.c: NULL without memory. `parent` may be NULL.
struct stix1_term *stix1_term_add(struct stix1_reader *reader, struct stix1_term *parent,
                                  enum stix1_term_kind kind, uint64_t line);
int stix1_term_unmatched(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *node, const char *reason, struct slice detail);
int stix1_term_reference(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *node, struct slice id);

// stix1_field.c: one property with its condition. `like` says everything but the text.
int stix1_field_add(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *field, const struct candidate *like);

// stix1_object.c: a CybOX object's Properties.
int stix1_object_add(struct stix1_reader *reader, struct stix1_term *parent,
                     const struct xml_node *properties);
// stix1_network.c: those made of several others.
int stix1_network_socket(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *socket);
int stix1_network_connection(struct stix1_reader *reader, struct stix1_term *parent,
                             const struct xml_node *connection);
int stix1_network_http(struct stix1_reader *reader, struct stix1_term *parent,
                       const struct xml_node *session);
int stix1_network_dns_query(struct stix1_reader *reader, struct stix1_term *parent,
                            const struct xml_node *query);
int stix1_network_dns_record(struct stix1_reader *reader, struct stix1_term *parent,
                             const struct xml_node *record);
// What stix1_object.c knows of the single ones.
int stix1_object_address(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *address);
int stix1_object_name(struct stix1_reader *reader, struct stix1_term *parent,
                      const struct xml_node *field);

// stix1_observable.c: an Observable, or something of its form, under `parent`.
int stix1_observable_add(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *observable);
// One of the package's own.
int stix1_observable_read(struct stix1_reader *reader, const struct xml_node *observable);

// stix1_indicator.c
int stix1_indicator_read(struct stix1_reader *reader, const struct xml_node *indicator);
int stix1_indicator_terms(struct stix1_reader *reader, struct stix1_term *term,
                          const struct xml_node *indicator);
// stix1_context.c: TTPs, headers, and who says it.
int stix1_context_ttp(struct stix1_reader *reader, const struct xml_node *ttp);
struct slice stix1_context_title(struct slice title); // cut where it is long
int stix1_context_header(struct stix1_reader *reader, const struct xml_node *header);
int stix1_context_creator(struct stix1_reader *reader, const struct xml_node *source,
                          struct slice *ret_creator);

// stix1_marking.c: the strictest TLP of a Handling; NULL gives TLP_NONE.
enum tlp stix1_marking_tlp(struct stix1_reader *reader, const struct xml_node *handling,
                           struct slice object);

// stix1_settle.c: adds all that is pending to the sink.
int stix1_settle(struct stix1_reader *reader);
