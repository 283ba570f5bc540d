// loader/taxii1_listing.h — what a TAXII 1.1 server lists: services and collections.
//
// For taxii1_message.c (XML Message Binding, sections 3.2 and 3.4). Both add one to the message,
// unless it has too many, and return 0 or -ENOMEM.
#pragma once

#include "loader/taxii1_message.h"
#include "loader/xml_tree.h"

int taxii1_listing_service(struct taxii1_message *message, const struct xml_node *node);
int taxii1_listing_collection(struct taxii1_message *message, const struct xml_node *node);

// xs:boolean
bool taxii1_listing_is_true(struct slice text);
