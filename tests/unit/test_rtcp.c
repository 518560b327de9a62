/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP datagrams: what is read is what was written, and what is wrong is told by kind. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "proto/rtcp/build.h"
#include "unit.h"

static uint8_t buf[2048];
static struct rs_rtcp_writer w;

static int
fresh(void **state)
{
	(void)state;
	memset(buf, 0xee, sizeof(buf));
	w = (struct rs_rtcp_writer){ .buf = buf, .room = sizeof(buf) };
	return 0;
}

static enum rs_rtcp_why
check(const void *data, size_t len, bool reduced)
{
	struct guard g = guard_new(data, len);
	enum rs_rtcp_why why = rs_rtcp_check(g.p, len, reduced);

	guard_free(&g);
	return why;
}

/** The first block, whatever it is. */
static struct rs_rtcp_block
block_of(const void *data, size_t len)
{
	struct rs_rtcp_block block;
	size_t pos = 0;

	assert_int_equal(rs_rtcp_next(data, len, &pos, &block), RS_RTCP_OK);
	return block;
}

static const struct rs_rtcp_sender sender = {
	.ssrc = 0x11223344, .ntp = 0xb44db705e3a00000u, .rtp_timestamp = 160000, .packets = 1000, .bytes = 160000 };
static const struct rs_rtcp_report reports[2] = {
	{ .ssrc = 0xaabbccdd, .fraction = 64, .lost = -5, .highest = 0x10005, .jitter = 77, .lsr = 0xb705e3a0, .dlsr = 0x54000 },
	{ .ssrc = 2, .fraction = 255, .lost = 0x7fffff, .highest = 9, .jitter = 0xffffffff },
};

static void
assert_report(const struct rs_rtcp_report *got, const struct rs_rtcp_report *want)
{
	assert_int_equal(got->ssrc, want->ssrc);
	assert_int_equal(got->fraction, want->fraction);
	assert_int_equal(got->lost, want->lost);
	assert_int_equal(got->highest, want->highest);
	assert_int_equal(got->jitter, want->jitter);
	assert_int_equal(got->lsr, want->lsr);
	assert_int_equal(got->dlsr, want->dlsr);
}

static void
rfc3550_6_1_a_compound_is_read_block_by_block(void **state)
{
	struct rs_rtcp_sdes at = { 0 };
	struct rs_rtcp_sdes_item item;
	struct rs_rtcp_sender got;
	struct rs_rtcp_report report;
	struct rs_rtcp_block block;
	struct rs_slice reason;
	const uint32_t leaving[2] = { 0x11223344, 9 };
	uint32_t ssrc;
	size_t pos = 0;

	(void)state;
	assert_int_equal(rs_rtcp_put_sr(&w, &sender, reports, 2), 0);
	assert_int_equal(w.len, 4 + 24 + 48);
	assert_int_equal(rs_rtcp_put_sdes(&w, sender.ssrc, rs_slice_str("user@example.test")), 0);
	assert_int_equal(rs_rtcp_put_bye(&w, leaving, 2, rs_slice_str("teardown")), 0);
	assert_int_equal(w.len % 4, 0);
	assert_int_equal(check(buf, w.len, false), RS_RTCP_OK);

	assert_int_equal(rs_rtcp_next(buf, w.len, &pos, &block), RS_RTCP_OK);
	assert_int_equal(block.type, RS_RTCP_SR);
	assert_int_equal(rs_rtcp_read_sender(&block, &got), RS_RTCP_OK);
	assert_int_equal(got.ssrc, sender.ssrc);
	assert_true(got.ntp == sender.ntp);
	assert_int_equal(got.rtp_timestamp, sender.rtp_timestamp);
	assert_int_equal(got.packets, sender.packets);
	assert_int_equal(got.bytes, sender.bytes);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rs_rtcp_read_report(&block, i, &report), RS_RTCP_OK);
		assert_report(&report, &reports[i]);
	}
	assert_int_equal(rs_rtcp_read_report(&block, 2, &report), RS_RTCP_END);

	assert_int_equal(rs_rtcp_next(buf, w.len, &pos, &block), RS_RTCP_OK);
	assert_int_equal(block.type, RS_RTCP_SDES);
	assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_OK);
	assert_int_equal(item.type, 1);
	assert_int_equal(item.ssrc, sender.ssrc);
	assert_true(rs_slice_is(item.text, "user@example.test"));
	assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_END);

	assert_int_equal(rs_rtcp_next(buf, w.len, &pos, &block), RS_RTCP_OK);
	assert_int_equal(block.type, RS_RTCP_BYE);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rs_rtcp_read_bye(&block, i, &ssrc), RS_RTCP_OK);
		assert_int_equal(ssrc, leaving[i]);
	}
	assert_int_equal(rs_rtcp_read_bye(&block, 2, &ssrc), RS_RTCP_END);
	assert_int_equal(rs_rtcp_read_reason(&block, &reason), RS_RTCP_OK);
	assert_true(rs_slice_is(reason, "teardown"));
	assert_int_equal(rs_rtcp_next(buf, w.len, &pos, &block), RS_RTCP_END);
}

static void
rfc3550_6_4_2_a_receiver_report_as_on_the_wire(void **state)
{
	const uint8_t wire[] = { 0x81, 201, 0, 7, 0, 0, 0, 5, 0xaa, 0xbb, 0xcc, 0xdd, 64, 0xff, 0xff, 0xfb, 0, 1, 0, 5, 0, 0, 0, 77,
		0xb7, 0x05, 0xe3, 0xa0, 0, 5, 0x40, 0 };
	struct rs_rtcp_report high = { .lost = 0x800000 }, low = { .lost = -0x800001 }, got;
	struct rs_rtcp_block block;

	(void)state;
	assert_int_equal(rs_rtcp_put_rr(&w, 5, reports, 1), 0);
	assert_int_equal(w.len, sizeof(wire));
	assert_memory_equal(buf, wire, sizeof(wire));
	/* What 24 bits cannot hold is as much as they can. */
	fresh(state);
	rs_rtcp_put_rr(&w, 5, &high, 1);
	block = block_of(buf, w.len);
	assert_int_equal(rs_rtcp_read_report(&block, 0, &got), RS_RTCP_OK);
	assert_int_equal(got.lost, 0x7fffff);
	fresh(state);
	rs_rtcp_put_rr(&w, 5, &low, 1);
	block = block_of(buf, w.len);
	assert_int_equal(rs_rtcp_read_report(&block, 0, &got), RS_RTCP_OK);
	assert_int_equal(got.lost, -0x800000);
}

static void
rfc3550_6_5_names_of_every_length_end_with_a_null(void **state)
{
	static const char name[256] = "0123456789";
	struct rs_rtcp_sdes_item item;

	for (size_t len = 1; len <= 255; len++) {
		struct rs_rtcp_sdes at = { 0 };
		struct rs_rtcp_block block;

		fresh(state);
		assert_int_equal(rs_rtcp_put_sdes(&w, 7, rs_slice_of(name, len)), 0);
		assert_int_equal(w.len % 4, 0);
		assert_int_equal(buf[w.len - 1], 0);
		assert_int_equal(check(buf, w.len, true), RS_RTCP_OK);
		block = block_of(buf, w.len);
		assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_OK);
		assert_int_equal(item.text.len, len);
		assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_END);
	}
	assert_int_equal(rs_rtcp_put_sdes(&w, 7, rs_slice_of(name, 0)), -EINVAL);
	assert_int_equal(rs_rtcp_put_sdes(&w, 7, rs_slice_of(name, 256)), -EINVAL);
}

static void
rfc3550_6_5_chunks_and_items_are_read_in_order(void **state)
{
	const uint8_t wire[] = { 0x83, 202, 0, 8, 0, 0, 0, 1, 1, 2, 'a', 'b', 2, 1, 'c', 0, /* CNAME ab, NAME c */
		0, 0, 0, 2, 0, 0, 0, 0, /* no item */
		0, 0, 0, 3, 6, 3, 'x', 'y', 'z', 0, 0, 0 };
	static const struct {
		uint32_t ssrc;
		uint8_t type;
		const char *text;
	} want[] = { { 1, 1, "ab" }, { 1, 2, "c" }, { 3, 6, "xyz" } };
	struct rs_rtcp_block block = block_of(wire, sizeof(wire));
	struct rs_rtcp_sdes at = { 0 };
	struct rs_rtcp_sdes_item item;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_OK);
		assert_int_equal(item.ssrc, want[i].ssrc);
		assert_int_equal(item.type, want[i].type);
		assert_true(rs_slice_is(item.text, want[i].text));
	}
	assert_int_equal(rs_rtcp_next_item(&block, &at, &item), RS_RTCP_END);
}

/** One datagram in hexadecimal, blanks allowed, and what is wrong with it. */
struct bad {
	const char *hex;
	enum rs_rtcp_why why;
};

static size_t
bytes_of(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
		hex += 2;
	}
	return n;
}

#define RR0 "80c90001 00000001 " /* an RR without reports */

static void
rfc3550_a_2_what_is_wrong_is_told_by_kind(void **state)
{
	static const struct bad bad[] = {
		{ "", RS_RTCP_SHORT },
		{ "80c900", RS_RTCP_SHORT },
		{ RR0 "80ca", RS_RTCP_SHORT },
		{ "40c90001 00000001", RS_RTCP_VERSION },
		{ RR0 "c0c90001 00000001", RS_RTCP_VERSION },
		{ "80c90002 00000001", RS_RTCP_LENGTH },
		{ "80c9ffff 00000001", RS_RTCP_LENGTH },
		{ "80ca0000", RS_RTCP_FIRST },
		{ "80000001 00000001", RS_RTCP_FOREIGN },
		{ RR0 "a0cb0001 00000004", RS_RTCP_OK },
		{ RR0 "a0cb0001 00000000", RS_RTCP_PADDING },
		{ RR0 "a0cb0001 00000003", RS_RTCP_PADDING },
		{ RR0 "a0cb0001 00000008", RS_RTCP_PADDING },
		{ RR0 "a0cb0000", RS_RTCP_PADDING },
		{ "a0c90002 00000001 00000004" RR0, RS_RTCP_PADDING },
		{ "81c90001 00000001", RS_RTCP_COUNT },
		{ "80c90000", RS_RTCP_COUNT },
		{ "80c80001 00000001", RS_RTCP_COUNT },
		{ "81c80006 00000001 0000000000000000 00000000 00000000 00000000", RS_RTCP_COUNT },
		{ RR0 "81ca0000", RS_RTCP_COUNT },
		{ RR0 "81ca0002 00000001 01ff6162", RS_RTCP_ITEM },
		{ RR0 "81ca0002 00000001 01026162", RS_RTCP_ITEM },
		{ RR0 "81ca0002 00000001 01016101", RS_RTCP_ITEM },
		{ RR0 "81ca0003 00000001 00000000 00000000", RS_RTCP_ITEM },
		{ RR0 "80ca0000", RS_RTCP_OK },
		{ RR0 "82cb0001 00000001", RS_RTCP_COUNT },
		{ RR0 "81cb0002 00000001 04616263", RS_RTCP_ITEM },
		{ RR0 "81cb0002 00000001 03616263", RS_RTCP_OK },
		{ RR0 "80cc0001 00000001", RS_RTCP_COUNT },
		{ RR0 "81cd0001 00000001", RS_RTCP_COUNT },
		{ RR0 "81cd0002 00000001 00000002", RS_RTCP_ITEM },
		{ RR0 "84ce0003 00000001 00000000 00000002", RS_RTCP_ITEM },
		{ RR0 "8fce0004 00000001 00000000 52454d42 02000000", RS_RTCP_ITEM },
		{ RR0 "8fce0003 00000001 00000000 52454d42", RS_RTCP_OK }, /* some other application's */
		{ RR0 "80cf0000", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0002 00000001 04000002", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0003 00000001 04000001 00000000", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0003 00000001 05000001 00000000", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0002 00000001 05000000", RS_RTCP_OK },
		{ RR0 "80cf0002 00000001 07000000", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0002 00000001 06000000", RS_RTCP_XR_BLOCK },
		{ RR0 "80cf0002 00000001 63000000", RS_RTCP_OK }, /* a type that is not known */
		{ RR0 "80d10000", RS_RTCP_OK },
	};
	uint8_t data[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum rs_rtcp_why why = check(data, bytes_of(bad[i].hex, data), false);

		if (why != bad[i].why)
			fail_msg("%s: %s, not %s", bad[i].hex, rs_rtcp_why_name(why), rs_rtcp_why_name(bad[i].why));
	}
	for (int why = 0; why < RS_RTCP_WHYS; why++)
		assert_string_not_equal(rs_rtcp_why_name((enum rs_rtcp_why)why), "?");
}

static void
rfc5506_reduced_size_begins_with_anything(void **state)
{
	uint8_t data[64];
	size_t len = bytes_of("81ce0002 00000001 00000002", data);

	(void)state;
	assert_int_equal(check(data, len, false), RS_RTCP_FIRST);
	assert_int_equal(check(data, len, true), RS_RTCP_OK);
}

static void
rfc4585_6_2_and_rfc5104_4_3_1_feedback_is_recognised(void **state)
{
	uint8_t data[64];
	struct rs_rtcp_block block;
	struct rs_rtcp_feedback fb;
	struct rs_rtcp_remb remb;
	uint16_t seq, mask;
	uint32_t ssrc;
	uint8_t fir_seq;
	size_t len;

	(void)state;
	len = bytes_of("81cd0004 00000001 00000002 1234 8001 1300 0000", data);
	block = block_of(data, len);
	assert_int_equal(rs_rtcp_read_feedback(&block, &fb), RS_RTCP_OK);
	assert_int_equal(fb.format, RS_RTCP_NACK);
	assert_int_equal(fb.sender_ssrc, 1);
	assert_int_equal(fb.media_ssrc, 2);
	assert_int_equal(rs_rtcp_read_nack(&fb, 0, &seq, &mask), RS_RTCP_OK);
	assert_int_equal(seq, 0x1234);
	assert_int_equal(mask, 0x8001);
	assert_int_equal(rs_rtcp_read_nack(&fb, 1, &seq, &mask), RS_RTCP_OK);
	assert_int_equal(rs_rtcp_read_nack(&fb, 2, &seq, &mask), RS_RTCP_END);

	block = block_of(data, bytes_of("81ce0002 00000001 00000002", data));
	assert_int_equal(rs_rtcp_read_feedback(&block, &fb), RS_RTCP_OK);
	assert_int_equal(block.type, RS_RTCP_PSFB);
	assert_int_equal(fb.format, RS_RTCP_PLI);

	len = bytes_of("84ce0004 00000001 00000000 00000007 2a000000", data);
	assert_int_equal(check(data, len, true), RS_RTCP_OK);
	block = block_of(data, len);
	assert_int_equal(rs_rtcp_read_feedback(&block, &fb), RS_RTCP_OK);
	assert_int_equal(rs_rtcp_read_fir(&fb, 0, &ssrc, &fir_seq), RS_RTCP_OK);
	assert_int_equal(ssrc, 7);
	assert_int_equal(fir_seq, 0x2a);
	assert_int_equal(rs_rtcp_read_fir(&fb, 1, &ssrc, &fir_seq), RS_RTCP_END);

	/* 2^6 * 0x2bcde bit/s for one source. */
	len = bytes_of("8fce0005 00000001 00000000 52454d42 011abcde 00000002", data);
	assert_int_equal(check(data, len, true), RS_RTCP_OK);
	block = block_of(data, len);
	assert_int_equal(rs_rtcp_read_feedback(&block, &fb), RS_RTCP_OK);
	assert_int_equal(rs_rtcp_read_remb(&fb, &remb), RS_RTCP_OK);
	assert_int_equal(remb.ssrcs, 1);
	assert_int_equal(remb.bps, (uint64_t)0x2bcde << 6);
	/* More than 64 bits hold. */
	bytes_of("8fce0005 00000001 00000000 52454d42 01ffffff 00000002", data);
	block = block_of(data, len);
	rs_rtcp_read_feedback(&block, &fb);
	assert_int_equal(rs_rtcp_read_remb(&fb, &remb), RS_RTCP_OK);
	assert_true(remb.bps == UINT64_MAX);
}

static void
rfc3550_6_7_app_is_read(void **state)
{
	uint8_t data[64];
	struct rs_rtcp_app app;
	size_t len = bytes_of("85cc0003 00000001 74657374 01020304", data);
	struct rs_rtcp_block block = block_of(data, len);

	(void)state;
	assert_int_equal(rs_rtcp_read_app(&block, &app), RS_RTCP_OK);
	assert_string_equal(app.name, "test");
	assert_int_equal(app.subtype, 5);
	assert_int_equal(app.data.len, 4);
}

static void
rfc3611_4_extended_reports_are_read_as_written(void **state)
{
	const uint64_t ntp = 0x0123456789abcdefu;
	const struct rs_rtcp_dlrr dlrr[2] = { { 1, 2, 3 }, { 4, 5, 6 } };
	const struct rs_rtcp_voip voip = { .ssrc = 9, .loss = 1, .discard = 2, .burst_density = 3, .gap_density = 4, .burst_ms = 500,
		.gap_ms = 600, .round_trip_ms = 700, .end_system_ms = 800, .signal_dbm = -20, .noise_dbm = -60, .rerl_db = 55,
		.gmin = 16, .r = 93, .ext_r = 127, .mos_lq = 44, .mos_cq = 43, .rx_config = 0x30, .buffer_nominal_ms = 60,
		.buffer_max_ms = 120, .buffer_abs_max_ms = 240 };
	const struct rs_rtcp_xr xr = { .ssrc = 77, .ntp = &ntp, .dlrr = dlrr, .dlrrs = 2, .voip = &voip };
	struct rs_rtcp_xr_block x;
	struct rs_rtcp_voip got_voip;
	struct rs_rtcp_dlrr got_dlrr;
	struct rs_rtcp_block block;
	uint64_t got_ntp;
	uint32_t ssrc;
	size_t pos = 0;

	(void)state;
	assert_int_equal(rs_rtcp_put_xr(&w, &xr), 0);
	assert_int_equal(check(buf, w.len, true), RS_RTCP_OK);
	block = block_of(buf, w.len);
	assert_int_equal(block.type, RS_RTCP_XR);
	assert_int_equal(rs_rtcp_read_ssrc(&block, &ssrc), RS_RTCP_OK);
	assert_int_equal(ssrc, 77);
	assert_int_equal(rs_rtcp_next_xr(&block, &pos, &x), RS_RTCP_OK);
	assert_int_equal(x.type, RS_RTCP_XR_RRTR);
	assert_int_equal(rs_rtcp_read_rrtr(&x, &got_ntp), RS_RTCP_OK);
	assert_true(got_ntp == ntp);
	assert_int_equal(rs_rtcp_next_xr(&block, &pos, &x), RS_RTCP_OK);
	assert_int_equal(x.type, RS_RTCP_XR_DLRR);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rs_rtcp_read_dlrr(&x, i, &got_dlrr), RS_RTCP_OK);
		assert_memory_equal(&got_dlrr, &dlrr[i], sizeof(got_dlrr));
	}
	assert_int_equal(rs_rtcp_read_dlrr(&x, 2, &got_dlrr), RS_RTCP_END);
	assert_int_equal(rs_rtcp_next_xr(&block, &pos, &x), RS_RTCP_OK);
	assert_int_equal(x.type, RS_RTCP_XR_VOIP);
	assert_int_equal(x.body_len, 32); /* a length of 8 words */
	assert_int_equal(rs_rtcp_read_voip(&x, &got_voip), RS_RTCP_OK);
	assert_memory_equal(&got_voip, &voip, sizeof(voip));
	assert_int_equal(rs_rtcp_next_xr(&block, &pos, &x), RS_RTCP_END);
}

static void
rfc3611_4_6_a_statistics_summary_is_read(void **state)
{
	uint8_t data[64];
	struct rs_rtcp_xr_block x;
	struct rs_rtcp_stats s;
	struct rs_rtcp_block block;
	size_t pos = 0, len = bytes_of("80cf000b 00000001 06e80009 00000002 0003 0004 00000005 00000006 00000007 00000008 "
				       "00000009 0000000a 0b0c0d0e",
				   data);

	(void)state;
	assert_int_equal(check(data, len, true), RS_RTCP_OK);
	block = block_of(data, len);
	assert_int_equal(rs_rtcp_next_xr(&block, &pos, &x), RS_RTCP_OK);
	assert_int_equal(rs_rtcp_read_stats(&x, &s), RS_RTCP_OK);
	assert_int_equal(s.flags, 0xe8);
	assert_int_equal(s.ssrc, 2);
	assert_int_equal(s.begin_seq, 3);
	assert_int_equal(s.end_seq, 4);
	assert_int_equal(s.lost, 5);
	assert_int_equal(s.duplicates, 6);
	assert_int_equal(s.min_jitter, 7);
	assert_int_equal(s.max_jitter, 8);
	assert_int_equal(s.mean_jitter, 9);
	assert_int_equal(s.dev_jitter, 10);
	assert_int_equal(s.min_ttl, 11);
	assert_int_equal(s.dev_ttl, 14);
}

static void
what_does_not_fit_is_not_written(void **state)
{
	const struct rs_rtcp_voip voip = { .ssrc = 1 };
	const struct rs_rtcp_xr xr = { .ssrc = 1, .voip = &voip };
	const uint32_t ssrcs[32] = { 1 };
	int err;

	for (size_t room = 0; room < 200; room++) {
		struct guard g = guard_new(NULL, room);
		struct rs_rtcp_writer small = { .buf = g.p, .room = room };

		err = rs_rtcp_put_sr(&small, &sender, reports, 1);
		assert_int_equal(err, room < 52 ? -ENOSPC : 0);
		assert_int_equal(small.len, room < 52 ? 0 : 52);
		err = rs_rtcp_put_sdes(&small, 1, rs_slice_str("abcdef"));
		assert_true(err == 0 || err == -ENOSPC);
		err = rs_rtcp_put_bye(&small, ssrcs, 3, rs_slice_str("x"));
		assert_true(err == 0 || err == -ENOSPC);
		err = rs_rtcp_put_xr(&small, &xr);
		assert_true(err == 0 || err == -ENOSPC);
		assert_true(small.len <= room);
		assert_true(small.len == 0 || rs_rtcp_check(g.p, small.len, true) == RS_RTCP_OK);
		guard_free(&g);
	}
	fresh(state);
	assert_int_equal(rs_rtcp_put_rr(&w, 1, reports, 32), -EINVAL);
	assert_int_equal(rs_rtcp_put_sr(&w, &sender, reports, 32), -EINVAL);
	assert_int_equal(rs_rtcp_put_bye(&w, ssrcs, 32, rs_slice_of(NULL, 0)), -EINVAL);
	assert_int_equal(w.len, 0);
}

#define T(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rfc3550_6_1_a_compound_is_read_block_by_block),
		T(rfc3550_6_4_2_a_receiver_report_as_on_the_wire),
		T(rfc3550_6_5_names_of_every_length_end_with_a_null),
		T(rfc3550_6_5_chunks_and_items_are_read_in_order),
		T(rfc3550_a_2_what_is_wrong_is_told_by_kind),
		T(rfc5506_reduced_size_begins_with_anything),
		T(rfc4585_6_2_and_rfc5104_4_3_1_feedback_is_recognised),
		T(rfc3550_6_7_app_is_read),
		T(rfc3611_4_extended_reports_are_read_as_written),
		T(rfc3611_4_6_a_statistics_summary_is_read),
		T(what_does_not_fit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
