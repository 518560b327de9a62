/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: rtcp_sample
 *
 * Datagrams as lib/proto/rtcp/build.c writes them, one a line in hexadecimal, for others to read: what a sender says, what a receiver
 * says, what one says who leaves, and extended reports alone (reduced size).
 */
#include <stdio.h>

#include "proto/rtcp/build.h"

static const struct rs_rtcp_sender sender = { .ssrc = 0x11223344,
	.ntp = 0xe95f1a2b80000000u,
	.rtp_timestamp = 160000,
	.packets = 1000,
	.bytes = 160000 };
static const struct rs_rtcp_report reports[] = {
	{ .ssrc = 0xaabbccdd,
		.fraction = 64,
		.lost = -5,
		.highest = 0x10005,
		.jitter = 77,
		.lsr = 0xb705e3a0,
		.dlsr = 0x54000 },
	{ .ssrc = 0x55667788, .lost = 1234, .highest = 9, .jitter = 5 },
};

static void
print(struct rs_rtcp_writer *w)
{
	for (size_t i = 0; i < w->len; i++)
		printf("%02x", w->buf[i]);
	printf("\n");
	w->len = 0;
}

int
main(void)
{
	static const uint64_t ntp = 0xe95f1a2b40000000u;
	static const struct rs_rtcp_dlrr dlrr = {
		.ssrc = 0xaabbccdd, .lrr = 0x1a2b4000, .dlrr = 0x8000
	};
	static const struct rs_rtcp_voip voip = { .ssrc = 0xaabbccdd,
		.loss = 13,
		.discard = 3,
		.burst_density = 130,
		.gap_density = 2,
		.burst_ms = 500,
		.gap_ms = 6000,
		.round_trip_ms = 70,
		.end_system_ms = 80,
		.signal_dbm = 127,
		.noise_dbm = 127,
		.rerl_db = 127,
		.gmin = 16,
		.r = 91,
		.ext_r = 127,
		.mos_lq = 43,
		.mos_cq = 42,
		.rx_config = 0x20,
		.buffer_nominal_ms = 60,
		.buffer_max_ms = 61,
		.buffer_abs_max_ms = 62 };
	const struct rs_rtcp_xr xr = {
		.ssrc = 0x11223344, .ntp = &ntp, .dlrr = &dlrr, .dlrrs = 1, .voip = &voip
	};
	struct rs_slice cname = rs_slice_str("caller@example.test");
	uint8_t buf[1024];
	struct rs_rtcp_writer w = { .buf = buf, .room = sizeof(buf) };
	int err;

	err = rs_rtcp_put_sr(&w, &sender, reports, 2);
	err |= rs_rtcp_put_sdes(&w, sender.ssrc, cname);
	print(&w);
	err |= rs_rtcp_put_rr(&w, sender.ssrc, reports, 1);
	err |= rs_rtcp_put_sdes(&w, sender.ssrc, cname);
	print(&w);
	err |= rs_rtcp_put_rr(&w, sender.ssrc, NULL, 0);
	err |= rs_rtcp_put_sdes(&w, sender.ssrc, cname);
	err |= rs_rtcp_put_bye(&w, &sender.ssrc, 1, rs_slice_str("teardown"));
	print(&w);
	err |= rs_rtcp_put_xr(&w, &xr);
	print(&w);
	return err != 0;
}
