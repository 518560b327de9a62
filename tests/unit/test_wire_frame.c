/* SPDX-License-Identifier: BSD-3-Clause */
/* What the wire reads in a frame and counts of it. */
#include <stdlib.h>
#include <string.h>

#include "../tools/wire/tally.h"
#include "guard.h"
#include "unit.h"

struct built {
	uint8_t bytes[2048];
	size_t len;
};

static void
put16(struct built *b, unsigned value)
{
	b->bytes[b->len++] = (uint8_t)(value >> 8);
	b->bytes[b->len++] = (uint8_t)value;
}

static void
put_bytes(struct built *b, const void *p, size_t len)
{
	memcpy(b->bytes + b->len, p, len);
	b->len += len;
}

/* An IPv4 UDP datagram from 198.18.0.2:5060 to 198.18.0.1:5062; @vlan 0: untagged. */
static struct built
datagram(const char *payload, unsigned vlan, unsigned fragment)
{
	static const uint8_t addresses[] = { 198, 18, 0, 2, 198, 18, 0, 1 };
	size_t len = strlen(payload);
	struct built b = { .len = 12 };

	if (vlan != 0) {
		put16(&b, 0x8100);
		put16(&b, vlan);
	}
	put16(&b, 0x0800);
	put16(&b, 0x4500);
	put16(&b, (unsigned)(28 + len));
	put16(&b, 1);
	put16(&b, fragment);
	put16(&b, 64 << 8 | 17);
	put16(&b, 0);
	put_bytes(&b, addresses, sizeof(addresses));
	put16(&b, 5060);
	put16(&b, 5062);
	put16(&b, (unsigned)(8 + len));
	put16(&b, 0xbeef);
	put_bytes(&b, payload, len);
	return b;
}

static struct rs_wire_frame
read_frame(const struct built *b)
{
	struct rs_wire_frame f;

	rs_wire_frame_read(b->bytes, b->len, &f);
	return f;
}

static void
assert_slice(struct rs_slice got, const char *text)
{
	assert_int_equal(got.len, strlen(text));
	assert_memory_equal(got.p, text, got.len);
}

static const char INVITE[] =
	"INVITE sip:you@198.18.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 198.18.0.2;rport;branch=z9hG4bKone;x=1\r\n"
	"Via: SIP/2.0/UDP 198.18.0.3;branch=z9hG4bKtwo\r\ni : call-1\r\ncseq:  7 INVITE \r\n\r\n";
static const char OK[] =
	"SIP/2.0 200 OK\r\nCall-ID: call-1\r\nCSeq: 7 INVITE\r\n\r\nCSeq: 8 BYE\r\n";

static void
requests_and_responses_are_named_by_method_and_status(void **state)
{
	struct built b = datagram(INVITE, 0, 0);
	struct rs_wire_frame f = read_frame(&b);

	assert_true(f.impairable && f.udp);
	assert_int_equal(f.source_port, 5060);
	assert_int_equal(f.destination_port, 5062);
	assert_string_equal(f.start, "INVITE");
	assert_slice(f.branch, "z9hG4bKone");
	assert_slice(f.call_id, "call-1");
	assert_slice(f.cseq, "7 INVITE");
	b = datagram(OK, 0, 0);
	f = read_frame(&b);
	assert_string_equal(f.start, "200 INVITE");
	assert_null(f.branch.p);
}

static void
a_vlan_tag_is_looked_behind(void **state)
{
	struct built b = datagram(INVITE, 100, 0);

	assert_string_equal(read_frame(&b).start, "INVITE");
}

static void
ipv6_extension_headers_are_looked_behind(void **state)
{
	struct built b = { .len = 12 };
	struct rs_wire_frame f;

	put16(&b, 0x86dd);
	put16(&b, 0x6000);
	put16(&b, 0);
	put16(&b, (unsigned)(8 + 8 + strlen(OK)));
	put16(&b, 0 << 8 | 64); /* hop-by-hop options first */
	for (int i = 0; i < 32; i++)
		b.bytes[b.len++] = (uint8_t)i;
	put_bytes(&b, "\x11\0\1\4\0\0\0\0", 8);
	put16(&b, 5060);
	put16(&b, 5062);
	put16(&b, (unsigned)(8 + strlen(OK)));
	put16(&b, 0);
	put_bytes(&b, OK, strlen(OK));
	f = read_frame(&b);
	assert_string_equal(f.start, "200 INVITE");
	assert_int_equal(f.source.family, 6);
	assert_int_equal(f.destination.b[0], 16);
}

static void
fragments_are_impaired_but_are_no_datagrams(void **state)
{
	struct built first = datagram(INVITE, 0, 0x2000), later = datagram(INVITE, 0, 5);

	assert_true(read_frame(&first).impairable && read_frame(&later).impairable);
	assert_false(read_frame(&first).udp || read_frame(&later).udp);
}

static void
what_keeps_a_link_up_is_never_impaired(void **state)
{
	struct built arp = { .len = 12 }, nd = { .len = 12 }, igmp = datagram("", 0, 0),
		     echo = { 0 };

	put16(&arp, 0x0806);
	arp.len = 60;
	assert_false(read_frame(&arp).impairable);
	put16(&nd, 0x86dd);
	put16(&nd, 0x6000);
	put16(&nd, 0);
	put16(&nd, 24);
	put16(&nd, 58 << 8 | 255);
	nd.len += 32;
	put16(&nd, 135 << 8);
	nd.len += 22;
	assert_false(read_frame(&nd).impairable);
	echo = nd;
	echo.bytes[54] = 128;
	assert_true(read_frame(&echo).impairable);
	igmp.bytes[23] = 2;
	assert_false(read_frame(&igmp).impairable);
}

static void
every_cut_is_survived(void **state)
{
	struct built whole[] = { datagram(INVITE, 100, 0), datagram(OK, 0, 0) };
	struct rs_wire_frame f;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		for (size_t len = 0; len <= whole[i].len; len++) {
			struct guard g = guard_new(whole[i].bytes, len);

			rs_wire_frame_read(g.p, len, &f);
			rs_wire_frame_finish_checksum(g.p, len);
			guard_free(&g);
		}
	}
}

static void
an_unfinished_checksum_is_finished(void **state)
{
	/*
	 * "ab" from 198.18.0.2:5060 to 198.18.0.1:5062: the sum worked out by hand over the pseudo
	 * header.
	 */
	struct built b = datagram("ab", 0, 0);
	uint32_t sum = 0xc612 + 0x0002 + 0xc612 + 0x0001 + 17 + 10 + 5060 + 5062 + 10 + 0x6162;

	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	rs_wire_frame_finish_checksum(b.bytes, b.len);
	assert_int_equal(b.bytes[40] << 8 | b.bytes[41], ~sum & 0xffff);
}

static void
repeated_datagrams_are_counted_by_sender_and_by_start_line(void **state)
{
	struct rs_wire_tally *t = malloc(sizeof(*t));
	const struct rs_wire_fate kept = { 0 }, twice = { .duplicate = true };
	struct built b = datagram(INVITE, 0, 0);
	struct rs_wire_frame f = read_frame(&b);

	assert_int_equal(rs_wire_tally_init(t), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(rs_wire_tally_in(t, &f, b.len), i);
	/* The first is lost, the second goes on, the third goes on twice. */
	rs_wire_tally_fate(t, &f, &kept, RS_WIRE_LOST_ALONE);
	rs_wire_tally_fate(t, &f, &kept, RS_WIRE_KEPT);
	rs_wire_tally_fate(t, &f, &twice, RS_WIRE_KEPT);
	/* Another sender says the same: it is his first. */
	f.source_port = 5070;
	assert_int_equal(rs_wire_tally_in(t, &f, b.len), 0);
	rs_wire_tally_untouched(t, &f);

	assert_int_equal(t->n_senders, 2);
	assert_int_equal(t->senders[0].counts.received, 3);
	assert_int_equal(t->senders[0].counts.repeated, 2);
	assert_int_equal(t->senders[0].counts.dropped, 1);
	assert_int_equal(t->senders[0].counts.duplicated, 1);
	assert_int_equal(t->senders[0].counts.delivered_again, 2);
	assert_int_equal(t->senders[1].counts.repeated, 0);
	assert_int_equal(t->n_starts, 1);
	assert_int_equal(t->starts[0].counts.received, 4);
	assert_int_equal(t->starts[0].counts.repeated, 2);
	assert_int_equal(t->forwarded, 4);
	assert_int_equal(t->dropped[RS_WIRE_LOST_ALONE], 1);
	rs_wire_tally_fini(t);
	free(t);
}

static void
a_hundred_thousand_datagrams_are_told_apart(void **state)
{
	struct rs_wire_seen s;

	assert_int_equal(rs_wire_seen_init(&s), 0);
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 100000; i++) {
			struct rs_wire_seen_entry *e = rs_wire_seen(&s, i * 0x9e3779b97f4a7c15u);

			assert_non_null(e);
			assert_int_equal(e->copies++, round);
		}
	}
	rs_wire_seen_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_responses_are_named_by_method_and_status),
		cmocka_unit_test(a_vlan_tag_is_looked_behind),
		cmocka_unit_test(ipv6_extension_headers_are_looked_behind),
		cmocka_unit_test(fragments_are_impaired_but_are_no_datagrams),
		cmocka_unit_test(what_keeps_a_link_up_is_never_impaired),
		cmocka_unit_test(every_cut_is_survived),
		cmocka_unit_test(an_unfinished_checksum_is_finished),
		cmocka_unit_test(repeated_datagrams_are_counted_by_sender_and_by_start_line),
		cmocka_unit_test(a_hundred_thousand_datagrams_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
