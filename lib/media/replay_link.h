/* SPDX-License-Identifier: BSD-3-Clause */
/** From a captured frame to the UDP payload in it. Inside lib/media only. */
#ifndef RS_MEDIA_REPLAY_LINK_H
#define RS_MEDIA_REPLAY_LINK_H

#include <stdbool.h>

#include "base/slice.h"

/** Is this libpcap's link type (DLT_...) one that rs_link_udp knows? */
bool rs_link_known(int dlt);

struct rs_link_datagram {
	struct rs_slice payload; /* as much of it as was captured */
	size_t len;              /* bytes it had on the wire */
	uint8_t to[16];          /* an IPv4 address in the first 4 bytes */
	uint16_t port;           /* it was sent to */
};

/** @return 0; -ENOENT: no UDP, a fragment, or headers that do not fit each other */
int rs_link_udp(int dlt, struct rs_slice frame, struct rs_link_datagram *out);

#endif
