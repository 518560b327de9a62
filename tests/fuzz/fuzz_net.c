/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames into the one function that judges them. The first byte says who hears it: bit 0: host 1
 * instead of host 2 of the recorded corpus; bit 1: VLAN 100; bits 2 to 5: what the device said about it; bit 6: several frames,
 * each with its length (16 bits) and the time since the one before (8 bits, in units of 1/64 s) in front; their fragments are put
 * together.
 */
#include <stdlib.h>

#include "net/input.h"
#include "net/net.h"
#include "net/output.h"
#include "net/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct listener {
	struct rs_reassembly r;
	struct rs_metrics cells;
	uint64_t now;
};

static uint64_t
sum_of(const struct rs_metrics *cells, uint32_t first, uint32_t last)
{
	uint64_t n = 0;

	for (uint32_t i = first; i <= last; i++)
		n += rs_metric_get(cells, i);
	return n;
}

/** A fragment's datagram: whole, it lies in the buffer of the reassembly; in any case nothing grows beyond its bounds. */
static void
put_together(struct listener *l, const struct rs_iface *ifc, const struct rs_input *in)
{
	struct rs_ip whole;
	struct rs_input out;
	struct rs_rx rx;

	if (rs_reassembly_add(&l->r, &in->ip, l->now, &whole)) {
		const uint8_t *data = whole.payload;
		uint32_t len = whole.len;

		if (len == 0 || len > RS_REASSEMBLY_MAX6)
			abort();
		if (rs_input_whole(ifc, &whole, &rx, &out) == RS_INPUT_ITEM &&
			(rx.data < data || rx.data + rx.len > data + len))
			abort();
	}
	if (l->r.live.n > RS_REASSEMBLY_LIVE || l->r.live.n + l->r.done.n > RS_REASSEMBLY_SLOTS)
		abort();
	/* Each datagram begun is under way, whole or given up. */
	if (sum_of(&l->cells, RS_NET_FRAG_WHOLE, RS_NET_FRAG_WHOLE) +
			sum_of(&l->cells, RS_NET_FRAG_OVERLAP, RS_NET_FRAG_EVICTED) + l->r.live.n >
		rs_metric_get(&l->cells, RS_NET_RX_FRAGMENT))
		abort();
}

static void
listen(struct listener *l, const uint8_t *data, uint32_t len, uint8_t mode)
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
		case RS_INPUT_FRAGMENT:
			if (in.ip.payload < frame || in.ip.payload + in.ip.len > frame + len)
				abort();
			if (l)
				put_together(l, &ifc, &in);
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

static void
listen_long(const uint8_t *data, size_t size, uint8_t mode)
{
	struct listener l = { .now = 1 };

	if (rs_metrics_init(&l.cells, &rs_net_metrics_table) != 0)
		return;
	if (rs_reassembly_init(&l.r, &l.cells, 1) == 0) {
		while (size >= 3) {
			uint32_t len = rs_load16(data);

			l.now += data[2] * (UINT64_C(1000000000) / 64);
			data += 3;
			size -= 3;
			if (len > size)
				len = (uint32_t)size;
			listen(&l, data, len, mode);
			data += len;
			size -= len;
		}
		rs_reassembly_fini(&l.r);
	}
	rs_metrics_fini(&l.cells);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size >= 16384)
		return 0;
	if (data[0] & 0x40)
		listen_long(data + 1, size - 1, data[0] & 0x3f);
	else
		listen(NULL, data + 1, (uint32_t)size - 1, data[0]);
	return 0;
}
