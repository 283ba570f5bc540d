// dataplane/dns_record.h — names and addresses in the data of DNS records, by type.
//
// Told are all names but a SOA's RNAME (a mail address, in every negative answer), and all whole
// addresses: not networks, hashes of names (NSEC3) or locators (L32, L64). Compressed names are
// taken wherever a name stands, also where RFC 3597, section 4, would have none.
#pragma once

#include "dataplane/dns_message.h"

// HOT. Tells what the record's data holds. False when it is not what its type says: then what stood
// before the fault was told.
bool dns_record_read(struct dns_message *message, const struct dns_record *record);
