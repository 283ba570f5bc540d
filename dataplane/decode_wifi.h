// dataplane/decode_wifi.h — IEEE 802.11 data frames to the IP header: for decode_link.c alone.
//
// What is encrypted, a fragment but the first, or had a wrong checksum when it was received is no
// IP. Of aggregated frames (A-MSDU) only the first is seen.
#pragma once

#include "dataplane/decode_link.h"

// `is_padded`: the header was filled up to four bytes by the driver.
enum link_content decode_wifi(struct slice *rest, bool is_padded);

// With what the driver knows of the frame before it (www.radiotap.org).
enum link_content decode_wifi_radiotap(struct slice *rest);
