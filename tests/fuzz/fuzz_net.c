/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames into the one function that judges them. The first byte says who hears it: bit 0: host 1
 * instead of host 2 of the recorded corpus; bit 1: VLAN 100; bits 2 and up: what the device said
 * about it.
 */
#include <stdlib.h>

#include "net/input.h"
#include "net/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
listen(const uint8_t *data, uint32_t len, uint8_t mode)
{
	uint8_t n = mode & 1 ? 1 : 2;
	struct rs_net_prefix own[] = { { { { 198, 18, 0, n }, 4 }, 20 },
		{ { { 0x20, 1, 0, 2, [15] = n }, 6 }, 64 } };
	struct rs_iface ifc = { .mac = { 2, 0, 0, 0, 0, n },
		.mtu = 1500,
		.prefixes = own,
		.n_prefixes = 2,
		.vlan = mode & 2 ? 100 : 0 };
	struct rs_ranges *on_link = NULL, *mine = NULL;
	struct rs_input in;
	struct rs_neigh neigh;
	struct rs_rx rx;
	uint8_t *frame = malloc(len ? len : 1); /* its own block: the sanitizer watches its end */

	if (frame == NULL)
		return;
	ifc.link_local = rs_iface_link_local(ifc.mac);
	if (rs_iface_on_link(&ifc, &on_link) == 0 && rs_iface_own(&ifc, NULL, 0, &mine) == 0 &&
		rs_neigh_init(&neigh, 8, 8, 4) == 0) {
		ifc.on_link = on_link;
		ifc.own = ifc.answered = mine;
		memcpy(frame, data, len);
		switch (rs_input_frame(&ifc, on_link, frame, len, mode >> 2 & 15, 100, &rx, &in)) {
		case RS_INPUT_ITEM:
			/* What is handed up lies inside the frame. */
			if (rx.data < frame || rx.data + rx.len > frame + len)
				abort();
			break;
		case RS_INPUT_REPLY:
			if (in.reply_len == 0 || in.reply_len > sizeof(in.reply))
				abort();
			break;
		default: break;
		}
		if (in.row >= RS_NET_METRICS || in.row < RS_NET_RX_SIP)
			abort();
		if (in.news.addr.family)
			(void)rs_neigh_learn(&neigh, &in.news, 1);
		rs_neigh_fini(&neigh);
	}
	rs_ranges_free(on_link);
	rs_ranges_free(mine);
	free(frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && size < 4096)
		listen(data + 1, (uint32_t)size - 1, data[0]);
	return 0;
}
