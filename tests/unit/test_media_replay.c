/* SPDX-License-Identifier: BSD-3-Clause */
/** Captures to replay: RTP out of pcap and pcapng, over all link types, with its timing; which stream is taken, and what is refused. */
#include "unit.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "media/replay.h"

static struct capture {
	uint8_t bytes[100000];
	size_t len;
} c;

static void
put(const void *p, size_t n)
{
	memcpy(c.bytes + c.len, p, n);
	c.len += n;
}

static void
le32(uint32_t v)
{
	put((const uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		    (uint8_t)(v >> 24) },
		4);
}

/** The head of a pcap file with times in us. */
static void
begin(uint32_t link)
{
	c.len = 0;
	le32(0xa1b2c3d4);
	le32(2 | 4 << 16);
	le32(0);
	le32(0);
	le32(65535);
	le32(link);
}

static void
frame(uint64_t us, const uint8_t *p, size_t len, size_t wire)
{
	le32((uint32_t)(us / 1000000));
	le32((uint32_t)(us % 1000000));
	le32((uint32_t)len);
	le32((uint32_t)wire);
	put(p, len);
}

struct rtp {
	uint8_t first, second;
	uint16_t seq;
	uint32_t ts, ssrc;
	uint16_t port;
	const char *payload; /* and whatever stands before it, in the header's tail */
	size_t len;
};

static size_t
udp(uint8_t *out, const struct rtp *r)
{
	uint8_t head[] = { 0x30, 0x39, (uint8_t)(r->port >> 8), (uint8_t)r->port, 0,
		(uint8_t)(8 + 12 + r->len), 0, 0, r->first, r->second, (uint8_t)(r->seq >> 8),
		(uint8_t)r->seq, (uint8_t)(r->ts >> 24), (uint8_t)(r->ts >> 16),
		(uint8_t)(r->ts >> 8), (uint8_t)r->ts, (uint8_t)(r->ssrc >> 24),
		(uint8_t)(r->ssrc >> 16), (uint8_t)(r->ssrc >> 8), (uint8_t)r->ssrc };

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), r->payload, r->len);
	return sizeof(head) + r->len;
}

static size_t
ipv4(uint8_t *out, const struct rtp *r)
{
	size_t n = udp(out + 20, r);

	memcpy(out, "\x45\0\0\0\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2", 20);
	out[3] = (uint8_t)(20 + n);
	return 20 + n;
}

static size_t
ipv6(uint8_t *out, const struct rtp *r, bool extension)
{
	size_t ext = extension ? 8 : 0, n;

	memset(out, 0, 48);
	n = udp(out + 40 + ext, r);
	out[0] = 0x60;
	out[5] = (uint8_t)(n + ext);
	out[6] = extension ? 0 : 17;
	out[39] = 1;
	if (extension)
		out[40] = 17;
	return 40 + ext + n;
}

/** An Ethernet frame of IPv4, padded to 60 bytes. */
static void
ethernet(uint64_t us, const struct rtp *r)
{
	uint8_t out[300] = { 0 };
	size_t n;

	memcpy(out + 12, "\x08\0", 2);
	n = 14 + ipv4(out + 14, r);
	n = n < 60 ? 60 : n;
	frame(us, out, n, n);
}

static struct rs_replay *
read_ok(const struct rs_replay_want *want)
{
	struct guard g = guard_new(c.bytes, c.len);
	struct rs_replay *r = NULL;
	struct rs_err err = { 0 };

	if (rs_replay_read("a.pcap", rs_slice_of(g.p, g.len), want, &r, &err))
		fail_msg("%d: %s", err.code, err.text);
	guard_free(&g);
	return r;
}

static void
refused(const struct rs_replay_want *want, int code, const char *words)
{
	struct guard g = guard_new(c.bytes, c.len);
	struct rs_replay *r;
	struct rs_err err = { 0 };

	if (rs_replay_read("a.pcap", rs_slice_of(g.p, g.len), want, &r, &err) != code ||
		strncmp(err.text, "a.pcap: ", 8) != 0 || !strstr(err.text, words))
		fail_msg("%d (not %d) \"%s\" lacks \"%s\"", err.code, code, err.text, words);
	assert_null(r);
	guard_free(&g);
}

static void
timing_order_marker_and_types_are_kept_and_numbers_are_relative(void **state)
{
	struct rs_replay *r;

	begin(DLT_EN10MB);
	ethernet(5000000, &(struct rtp){ 0x80, 0x80, 65535, 0xffffff00, 7, 4000, "first", 5 });
	ethernet(5020100, &(struct rtp){ 0x80, 0x00, 1, 0xffffff00 + 320, 7, 4000, "third", 5 });
	ethernet(5020200, &(struct rtp){ 0x80, 0x65, 0, 0xffffff00 + 160, 7, 4000, "2", 1 });
	r = read_ok(NULL);
	assert_int_equal(r->n, 3);
	assert_int_equal(r->ssrc, 7);
	assert_int_equal(r->port, 4000);
	assert_int_equal(r->n_streams, 1);
	assert_int_equal(r->packets[0].due_ns, 0);
	assert_int_equal(r->packets[1].due_ns, 20100000);
	assert_int_equal(r->packets[2].due_ns, 20200000);
	assert_int_equal(r->packets[0].marker, 1);
	assert_int_equal(r->packets[1].marker, 0);
	assert_int_equal(r->packets[2].pt, 101);
	assert_int_equal(r->packets[1].seq, 2);
	assert_int_equal(r->packets[2].seq, 1);
	assert_int_equal(r->packets[1].ts, 320);
	assert_int_equal(r->packets[2].ts, 160);
	assert_int_equal(r->packets[1].len, 5);
	assert_memory_equal(rs_replay_bytes(r, &r->packets[1]).p, "third", 5);
	assert_memory_equal(rs_replay_bytes(r, &r->packets[2]).p, "2", 1);
	rs_replay_free(r);
}

static void
rfc3550_5_1_csrcs_extension_and_padding_are_left_out(void **state)
{
	struct rs_replay *r;

	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0x82, 0, 0, 0, 7, 4000, "aaaabbbbvoice", 13 });
	ethernet(1, &(struct rtp){ 0x90, 0, 1, 0, 7, 4000, "\xbe\xde\0\1xxxxvoice", 13 });
	ethernet(2, &(struct rtp){ 0xa0, 0, 2, 0, 7, 4000, "voice\0\0\3", 8 });
	ethernet(3, &(struct rtp){ 0xb1, 0, 3, 0, 7, 4000, "cccc\xbe\xde\0\0voice\1", 14 });
	r = read_ok(NULL);
	assert_int_equal(r->n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(r->packets[i].len, 5);
		assert_memory_equal(rs_replay_bytes(r, &r->packets[i]).p, "voice", 5);
	}
	rs_replay_free(r);
	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0x8f, 0, 0, 0, 7, 4000, "short", 5 });
	refused(NULL, -EBADMSG, "packet 1: CSRCs");
	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0xa0, 0, 0, 0, 7, 4000, "voice\x07", 6 });
	refused(NULL, -EBADMSG, "padding");
	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0x90, 0, 0, 0, 7, 4000, "\0\0\0\2xxxx", 8 });
	refused(NULL, -EBADMSG, "extension");
}

static void
all_link_types_lead_to_the_same_packets(void **state)
{
	static const struct {
		int link;
		const char *head;
		size_t len;
	} links[] = {
		{ DLT_EN10MB, "aaaaaabbbbbb\x08\0", 14 },
		{ DLT_EN10MB, "aaaaaabbbbbb\x81\0\0\5\x08\0", 18 },
		{ DLT_EN10MB, "aaaaaabbbbbb\x88\xa8\0\5\x81\0\0\6\x08\0", 22 },
		{ DLT_LINUX_SLL, "\0\0\0\1\0\6aaaaaa\0\0\x08\0", 16 },
		{ DLT_LINUX_SLL2, "\x08\0\0\0\0\0\0\1\0\1\0\6aaaaaa\0\0", 20 },
		{ DLT_RAW, "", 0 },
		{ DLT_NULL, "\2\0\0\0", 4 },
	};
	struct rtp rtp = { 0x80, 0, 0, 0, 7, 4000, "voice", 5 };

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		uint8_t out[300];
		struct rs_replay *r;
		size_t n = links[i].len;

		memcpy(out, links[i].head, n);
		n += ipv4(out + n, &rtp);
		/* What a file calls raw IP is 101; libpcap's name for it is another number. */
		begin(links[i].link == DLT_RAW ? 101 : (uint32_t)links[i].link);
		for (int k = 0; k < 2; k++)
			frame(0, out, n, n);
		r = read_ok(NULL);
		assert_int_equal(r->n, 2);
		assert_int_equal(r->n_skipped, 0);
		assert_memory_equal(rs_replay_bytes(r, &r->packets[1]).p, "voice", 5);
		rs_replay_free(r);
	}
	for (int extension = 0; extension < 2; extension++) {
		uint8_t out[300];
		size_t n = ipv6(out, &rtp, extension);
		struct rs_replay *r;

		begin(101);
		frame(0, out, n, n);
		r = read_ok(NULL);
		assert_memory_equal(rs_replay_bytes(r, &r->packets[0]).p, "voice", 5);
		rs_replay_free(r);
	}
	begin(DLT_IEEE802_11);
	refused(NULL, -ENOTSUP, "link type 105 (IEEE802_11)");
}

static void
pcapng_with_nanoseconds_is_read(void **state)
{
	uint8_t out[300];
	struct rtp rtp = { 0x80, 0, 0, 0, 7, 4000, "voic", 4 };
	size_t n = ipv4(out, &rtp);
	struct rs_replay *r;

	assert_int_equal(n % 4, 0);
	c.len = 0;
	/* Section header; interface with if_tsresol 9; two enhanced packets. */
	le32(0x0a0d0d0a), le32(28), le32(0x1a2b3c4d), le32(1), le32(0xffffffff), le32(0xffffffff),
		le32(28);
	le32(1), le32(32), le32(101), le32(0), le32(9 | 1 << 16), le32(9), le32(0), le32(32);
	for (uint32_t k = 0; k < 2; k++) {
		le32(6), le32((uint32_t)(32 + n)), le32(0), le32(0), le32(1000 + k * 123),
			le32((uint32_t)n), le32((uint32_t)n);
		put(out, n);
		le32((uint32_t)(32 + n));
	}
	r = read_ok(NULL);
	assert_int_equal(r->n, 2);
	assert_int_equal(r->packets[1].due_ns, 123);
	rs_replay_free(r);
}

static void
the_first_stream_of_two_packets_is_taken_or_that_of_a_port(void **state)
{
	struct rs_replay *r;

	begin(DLT_EN10MB);
	/* Something that begins like RTP, alone; RTCP; a request for a name; then two streams. */
	ethernet(0, &(struct rtp){ 0x80, 0x12, 1, 2, 3, 53, "dns", 3 });
	ethernet(1, &(struct rtp){ 0x81, 200, 6, 7, 8, 5001, "report", 6 });
	ethernet(2, &(struct rtp){ 0x12, 0x34, 0, 0, 0, 53, "", 0 });
	ethernet(3, &(struct rtp){ 0x80, 0, 1, 0, 0xa, 5000, "a1", 2 });
	ethernet(4, &(struct rtp){ 0x80, 8, 1, 0, 0xb, 6000, "b1", 2 });
	ethernet(5, &(struct rtp){ 0x80, 0, 2, 0, 0xa, 5000, "a2", 2 });
	ethernet(6, &(struct rtp){ 0x80, 8, 2, 0, 0xb, 6000, "b2", 2 });
	r = read_ok(NULL);
	assert_int_equal(r->ssrc, 0xa);
	assert_int_equal(r->n, 2);
	assert_int_equal(r->n_streams, 3);
	assert_int_equal(r->n_skipped, 2);
	rs_replay_free(r);
	r = read_ok(&(struct rs_replay_want){ .port = 6000 });
	assert_int_equal(r->ssrc, 0xb);
	assert_int_equal(r->packets[0].pt, 8);
	assert_int_equal(r->packets[1].due_ns, 2000);
	rs_replay_free(r);
	r = read_ok(&(struct rs_replay_want){ .ssrc = 3 });
	assert_int_equal(r->n, 1);
	rs_replay_free(r);
	refused(&(struct rs_replay_want){ .port = 7000 }, -ENODATA,
		"no RTP stream to port 7000; there are the SSRCs");
	refused(&(struct rs_replay_want){ .port = 7000 }, -ENODATA,
		"0x0000000a to port 5000 (2 packets)");
	refused(&(struct rs_replay_want){ .port = 5000, .ssrc = 0xb }, -ENODATA,
		"to port 5000 with SSRC 0x0000000b");
}

static void
a_stream_among_many_is_found(void **state)
{
	struct rs_replay *r;

	begin(DLT_EN10MB);
	for (uint32_t k = 0; k < 600; k++)
		ethernet(k, &(struct rtp){ 0x80, 0, 1, 0, k + 1, (uint16_t)(10000 + k), "x", 1 });
	r = read_ok(&(struct rs_replay_want){ .port = 10599 });
	assert_int_equal(r->ssrc, 600);
	rs_replay_free(r);
	refused(&(struct rs_replay_want){ .port = 9 }, -ENODATA, "and others");
}

/** A datagram of UDPTL number @number that ends with @text. */
static void
udptl(uint64_t us, uint16_t number, uint16_t port, const char *text)
{
	ethernet(us,
		&(struct rtp){ (uint8_t)(number >> 8), (uint8_t)number, 0x0401, 0, 0, port, text, strlen(text) });
}

static void
t38_9_1_udptl_is_told_from_rtp_and_sip_by_its_numbers(void **state)
{
	struct rs_replay_want want = { .udptl = true };
	struct rs_replay *r;

	begin(DLT_EN10MB);
	for (uint16_t k = 0; k < 8; k++) {
		ethernet(k * 20000u, &(struct rtp){ 0x80, (uint8_t)(k % 3 ? 0 : 0x80), k, k * 160u, 7, 4000, "voice", 5 });
		ethernet(k * 20000u, &(struct rtp){ k % 2 ? 'S' : 'I', k % 2 ? 'I' : 'N', 'P' << 8, 0, 0, 5060, "sip", 3 });
	}
	refused(&want, -ENODATA, "none of its 16 packets is UDPTL (T.38) over UDP");
	for (uint16_t k = 0; k < 8; k++) { /* each is sent twice, and one is lost */
		if (k == 5)
			continue;
		udptl(200000 + k * 30000u, 0xfffc + k, 4002, "fax");
		udptl(210000 + k * 30000u, 0xfffc + k, 4002, "fax");
	}
	r = read_ok(&want);
	assert_true(r->udptl);
	assert_int_equal(r->port, 4002);
	assert_int_equal(r->n, 14);
	assert_int_equal(r->n_streams, 1);
	assert_int_equal(r->packets[0].len, 15);
	assert_memory_equal(rs_replay_bytes(r, &r->packets[0]).p, "\xff\xfc\4\1", 4);
	assert_memory_equal(rs_replay_bytes(r, &r->packets[8]).p, "\0\0\4\1", 4);
	assert_int_equal(r->packets[1].due_ns, 10000000);
	assert_int_equal(r->packets[2].due_ns, 30000000);
	assert_int_equal(r->packets[3].seq | r->packets[3].ts | r->packets[3].pt | r->packets[3].marker, 0);
	rs_replay_free(r);
	want.port = 4000;
	refused(&want, -ENODATA, "is UDPTL (T.38) over UDP to the port that is asked for");
	r = read_ok(NULL); /* and as RTP it is what it was */
	assert_int_equal(r->port, 4000);
	rs_replay_free(r);
}

static void
a_clock_that_is_set_back_does_not_stop_time(void **state)
{
	struct rs_replay *r;

	begin(DLT_EN10MB);
	ethernet(9000000, &(struct rtp){ 0x80, 0, 1, 0, 1, 4000, "x", 1 });
	ethernet(9020000, &(struct rtp){ 0x80, 0, 2, 160, 1, 4000, "x", 1 });
	ethernet(1000000, &(struct rtp){ 0x80, 0, 3, 320, 1, 4000, "x", 1 });
	r = read_ok(NULL);
	assert_int_equal(r->packets[2].due_ns, 20000000);
	rs_replay_free(r);
}

static void
captures_that_are_broken_cut_or_hold_no_rtp_are_refused(void **state)
{
	uint8_t out[300] = { 0 };
	size_t n;

	c.len = 0;
	refused(NULL, -EBADMSG, "empty");
	put("no capture, only text that is long enough", 41);
	refused(NULL, -EBADMSG, "no pcap or pcapng");
	begin(DLT_EN10MB);
	refused(NULL, -ENODATA, "none of its 0 packets is RTP");
	frame(0, out, 60, 60);
	refused(NULL, -ENODATA, "none of its 1 packets is RTP");
	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0x80, 0, 1, 0, 1, 4000, "x", 1 });
	n = c.len;
	ethernet(0, &(struct rtp){ 0x80, 0, 2, 0, 1, 4000, "x", 1 });
	for (size_t len = n + 1; len < n + 76; len++) {
		c.len = len;
		refused(NULL, -EBADMSG, "behind packet 1");
	}
	/* tcpdump -s 60 */
	begin(101);
	n = ipv4(out,
		&(struct rtp){ 0x80, 0, 1, 0, 1, 4000, "0123456789012345678901234567890", 30 });
	frame(0, out, 50, n);
	refused(NULL, -EBADMSG, "packet 1: 22 of its 42 bytes were captured");
}

static void
headers_that_do_not_fit_each_other_are_skipped(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = { { 0, 0x15 }, { 0, 0x44 }, { 0, 0x4f }, { 3, 10 }, { 6, 0x20 }, { 7, 1 },
		{ 9, 6 }, { 25, 7 }, { 25, 90 } };
	uint8_t out[300];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t n = ipv4(out, &(struct rtp){ 0x80, 0, 1, 0, 1, 4000, "x", 1 });

		out[wrong[i].at] = wrong[i].value;
		begin(101);
		frame(0, out, n, n);
		refused(NULL, -ENODATA, "none of its 1 packets");
	}
}

static void
files_are_opened(void **state)
{
	char path[] = "/tmp/ringstorm-test-XXXXXX";
	int fd = mkstemp(path);
	struct rs_replay *r;
	struct rs_err err;

	begin(DLT_EN10MB);
	ethernet(0, &(struct rtp){ 0x80, 0, 1, 0, 1, 4000, "x", 1 });
	assert_int_equal(write(fd, c.bytes, c.len), (ssize_t)c.len);
	close(fd);
	assert_int_equal(rs_replay_open(path, NULL, &r, &err), 0);
	rs_replay_free(r);
	unlink(path);
	assert_int_equal(rs_replay_open(path, NULL, &r, &err), -ENOENT);
	assert_null(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timing_order_marker_and_types_are_kept_and_numbers_are_relative),
		cmocka_unit_test(rfc3550_5_1_csrcs_extension_and_padding_are_left_out),
		cmocka_unit_test(all_link_types_lead_to_the_same_packets),
		cmocka_unit_test(pcapng_with_nanoseconds_is_read),
		cmocka_unit_test(the_first_stream_of_two_packets_is_taken_or_that_of_a_port),
		cmocka_unit_test(a_stream_among_many_is_found),
		cmocka_unit_test(t38_9_1_udptl_is_told_from_rtp_and_sip_by_its_numbers),
		cmocka_unit_test(a_clock_that_is_set_back_does_not_stop_time),
		cmocka_unit_test(captures_that_are_broken_cut_or_hold_no_rtp_are_refused),
		cmocka_unit_test(headers_that_do_not_fit_each_other_are_skipped),
		cmocka_unit_test(files_are_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
