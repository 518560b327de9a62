/* SPDX-License-Identifier: BSD-3-Clause */
/* What a peer may send that it should not: counted by its kind, harmless to other calls, and nothing of it stays. */
#include "base/rng.h"
#include "base/token.h"
#include "engine_peer.h"

#define CALL SEND("INVITE", "retrans=\"500\"") RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "optional=\"true\"") \
	RECV("response=\"200\"", "rrs=\"true\"") SEND("ACK", "") PAUSE(100) SEND("BYE", "retrans=\"500\"") RECV("response=\"200\"", "")
#define ANSWERING                                                                                                      \
	RECV("request=\"INVITE\"", "rrs=\"true\"") ANSWER("180 Ringing", "") "<pause/>\n" ANSWER("200 OK", "retrans=\"500\"") \
	RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", "") "<timewait milliseconds=\"1000\"/>\n"
#define PLACED(rate, total) "do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = " rate "; total = " total ";"

static unsigned
swallow(void *ctx, struct sim_packet *packet)
{
	return 0;
}

static void
each_kind_of_rubbish_is_counted_as_what_it_is(void **state)
{
	static const struct {
		const char *text;
		uint32_t row;
	} cases[] = {
		{ "", RS_ENG_KEEPALIVE }, { "\n\n", RS_ENG_KEEPALIVE }, { "\n", RS_ENG_KEEPALIVE },
		{ "\n\n\n", RS_ENG_MALFORMED }, { "hello\n\n", RS_ENG_MALFORMED }, { "INVITE\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\n\n", RS_ENG_MALFORMED }, { "INVITE sip:a@b SIP/2.0\nCSeq: 1 INVITE\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\nCall-ID: 1\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\nCall-ID: 1\nCSeq: x INVITE\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\nCall-ID: 1\nCSeq: 4294967296 INVITE\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\nCall-ID:\nCSeq: 1 INVITE\n\n", RS_ENG_MALFORMED },
		{ "INVITE sip:a@b SIP/2.0\nCall-ID: 1\nCSeq: 1 INVITE\nContent-Length: 99\n\n", RS_ENG_MALFORMED },
		{ "SIP/2.0 99 X\nCall-ID: 1\nCSeq: 1 INVITE\n\n", RS_ENG_MALFORMED },
		{ "SIP/2.0 200 X\nCall-ID: 1\nCSeq: 1 INVITE\n\n", RS_ENG_OUT_OF_CALL },
		{ "ACK sip:a@b SIP/2.0\nCall-ID: 1\nCSeq: 1 ACK\n\n", RS_ENG_OUT_OF_CALL },
		{ "BYE sip:a@b SIP/2.0\nTo: <sip:a@b>;tag=1\nCall-ID: 1\nCSeq: 1 BYE\n\n", RS_ENG_OUT_OF_CALL },
	};
	struct peer p = { 0 };

	peer_open_answer(&p, ANSWERING);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t before = sim_engine(&p.s, cases[i].row);

		peer_say(&p, cases[i].text);
		if (sim_engine(&p.s, cases[i].row) != before + 1)
			fail_msg("counted as something else:\n%s", cases[i].text);
	}
	peer_say_bytes(&p, "\0\0\0\0", 4);
	assert_int_equal(sim_engine(&p.s, RS_ENG_KEEPALIVE), 4);
	p.to = "198.18.4.9"; /* nobody answers there */
	peer_call(&p, "INVITE", 1, "", "");
	assert_int_equal(sim_engine(&p.s, RS_ENG_NO_ENDPOINT), 1);
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_OFFERED), 0);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
a_token_of_another_run_or_of_a_call_that_is_over_finds_nothing(void **state)
{
	struct peer p = { 0 };
	char other[SIM_MTU + 1];
	const char *options;
	struct rs_token t;

	peer_open_call(&p, SEND("OPTIONS", "") RECV("response=\"200\"", ""));
	options = peer_sent(&p, "OPTIONS ");
	strcpy(other, options);
	uint8_t *token = (uint8_t *)strstr(other, "branch=z9hG4bK") + 14;

	assert_true(rs_token_read(token, 0x1234567890abcdef, &t));
	t.run--;
	rs_token_write(&t, 0x1234567890abcdef, token);
	peer_reply(&p, other, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_OTHER_RUN), 1);
	t.run++;
	t.aux++; /* a generation that is not there yet, in the bits beyond the handle's */
	rs_token_write(&t, 0x1234567890abcdef, token);
	peer_reply(&p, other, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_DEAD_CALL), 1);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_reply(&p, options, "200 OK");
	peer_completed(&p);
	peer_reply(&p, options, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_DEAD_CALL), 2);
	peer_close(&p);
}

static void
a_hundred_copies_are_one_message(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	for (int i = 0; i < 100; i++)
		peer_reply(&p, invite, "180 R");
	for (int i = 0; i < 100; i++)
		peer_reply(&p, invite, "200 OK");
	for (int i = 0; i < 100; i++)
		peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_ESTABLISHED), 1);
	peer_wait(&p, 110);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	peer_completed(&p);
	assert_int_equal(peer_count(&p, RS_AM_SIP_SENT), 3);
	peer_close(&p);
}

static void
nonsense_in_the_right_call_hurts_that_call_only(void **state)
{
	static const char *const lines[] = {
		"From: \nTo: \n", "From: \"\nTo: <sip:\n", "To: <sip:a@b>\n", "Contact: *\nRecord-Route: ,,,\n",
		"Contact: <<<>>>\nRecord-Route: <sip:x>, \"\n", "Record-Route: x;lr\nRecord-Route: <y>\n", "To: ;tag=;tag=\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (int status = 100; status < 700; status += 80) {
			struct peer p = { 0 };
			char text[2048];
			const char *invite;

			peer_open_call(&p, CALL);
			invite = peer_sent(&p, "INVITE ");
			snprintf(text, sizeof(text), "SIP/2.0 %d X\nVia: %s\n%sCall-ID: %s\nCSeq: 1 INVITE\n\n", status,
				header(invite, "Via"), lines[i], header(invite, "Call-ID"));
			peer_say(&p, text);
			peer_say(&p, text);
			peer_wait(&p, 25000);
			assert_int_equal(peer_count(&p, RS_AM_FAILED), 1);
			peer_all_gone(&p);
			peer_close(&p);
		}
	}
}

static void
more_headers_than_a_message_may_have_are_left_out(void **state)
{
	static char text[40000];
	struct peer p = { 0 };
	size_t n;

	peer_open_answer(&p, ANSWERING);
	n = (size_t)sprintf(text, "INVITE sip:me@198.18.4.1 SIP/2.0\r\nFrom: <sip:p@x>;tag=1\r\nTo: <sip:me@x>\r\nCall-ID: 1\r\n"
				  "CSeq: 1 INVITE\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n");
	for (int i = 0; i < 500; i++)
		n += (size_t)sprintf(text + n, "Record-Route: <sip:r%d@198.18.8.1;lr>\r\nX-%d: %d\r\n", i, i, i);
	n += (size_t)sprintf(text + n, "\r\n");
	peer_say_bytes(&p, text, n);
	peer_sent(&p, "SIP/2.0 180");
	peer_wait(&p, 110);
	const char *ok = peer_sent(&p, "SIP/2.0 200");

	assert_string_equal(header(ok, "CSeq"), "1 INVITE");
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
what_does_not_fit_a_datagram_fails_the_call(void **state)
{
	static char via[60000], text[61000];
	struct peer p = { 0 };

	memset(via, 'v', sizeof(via) - 1);
	peer_open_answer(&p, ANSWERING);
	int n = snprintf(text, sizeof(text), "INVITE sip:me@198.18.4.1 SIP/2.0\r\nFrom: <sip:p@x>;tag=1\r\nTo: <sip:me@x>\r\nCall-ID: 1\r\n"
					     "CSeq: 1 INVITE\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1;x=%s\r\n\r\n", via);

	peer_say_bytes(&p, text, (size_t)n);
	peer_failed(&p, RS_CAUSE_TOO_LONG);
	peer_close(&p);
}

static void
changed_bytes_leave_every_sum_intact(void **state)
{
	struct rs_rng rng = { .state = 99 };
	struct peer p = { 0 };
	char text[4096];

	peer_open(&p, ANSWERING, "do = \"answer\"; endpoints = \"us\"; timeout = \"2s\"; ring = \"20ms\";", "");
	p.s.on_wire = swallow;
	for (unsigned i = 0; i < 4000; i++) {
		int n = snprintf(text, sizeof(text),
			"%s sip:me@198.18.4.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 198.18.8.1;branch=z9hG4bK%u\r\nRecord-Route: <sip:r@198.18.8.1;lr>\r\n"
			"From: <sip:peer@198.18.8.1>;tag=%u\r\nTo: <sip:me@198.18.4.1>\r\nCall-ID: c%u\r\nCSeq: %u %s\r\nContact: <sip:p@198.18.8.1>\r\n"
			"Content-Length: 4\r\n\r\nv=0\n",
			i % 3 ? "INVITE" : "BYE", i, i / 3, i / 6, i % 5, i % 3 ? "INVITE" : "BYE");

		for (uint64_t changes = rs_rng_next(&rng) % 4; changes > 0; changes--)
			text[rs_rng_next(&rng) % (unsigned)n] = (char)rs_rng_next(&rng);
		peer_say_bytes(&p, text, (size_t)n - (i % 7 == 0 ? rs_rng_next(&rng) % (unsigned)n : 0));
		if (i % 16 == 0)
			peer_wait(&p, 7);
		if (i % 256 == 0)
			sim_sums_hold(&p.s);
	}
	assert_true(peer_count(&p, RS_AM_STARTED) > 300);
	peer_wait(&p, 10000);
	sim_sums_hold(&p.s);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
an_empty_pool_of_legs_refuses_calls(void **state)
{
	struct peer p = { 0 };
	char text[1024];
	struct rs_engine_budget budget;
	uint64_t legs;

	peer_open(&p, RECV("request=\"INVITE\"", "") ANSWER("180 R", "") RECV("request=\"ACK\"", ""),
		"do = \"answer\"; endpoints = \"us\"; timeout = \"3600s\";", "run = { max_calls = 1; };");
	p.s.on_wire = swallow;
	rs_engine_budget(p.s.plan, 0, &budget);
	legs = budget.legs;
	for (unsigned i = 0; i < legs + 100; i++) {
		snprintf(text, sizeof(text), "INVITE sip:me@198.18.4.1 SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\nFrom: <sip:p@h>;tag=1\nTo: <sip:m@h>\n"
					     "Call-ID: %u\nCSeq: 1 INVITE\nContact: <sip:p@h>\n\n", i, i);
		peer_say(&p, text);
	}
	assert_int_equal(peer_count(&p, RS_AM_STARTED), legs);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), legs);
	assert_int_equal(peer_count(&p, RS_AM_NOT_MEMORY), 100);
	assert_int_equal(sim_engine(&p.s, RS_ENG_REFUSED), 100);
	assert_int_equal(sim_engine(&p.s, RS_ENG_POOL_EMPTY), 100);
	sim_sums_hold(&p.s);
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
an_empty_pool_of_large_strings_fails_the_calls_that_want_one(void **state)
{
	static char text[50000], long_contact[40000];
	struct peer p = { 0 };

	memset(long_contact, 'c', sizeof(long_contact) - 1);
	peer_open(&p, CALL, PLACED("1000", "100"), "run = { max_calls = 100; };");
	peer_wait(&p, 150);
	assert_int_equal(p.n_sent, 100);
	for (unsigned i = 0; i < 100; i++) {
		const char *invite = p.sent[i];
		int n = snprintf(text, sizeof(text),
			"SIP/2.0 180 R\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=p\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:%s@h>\r\n\r\n",
			header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"), long_contact);

		p.to = i % 4 == 0 ? "198.18.4.1" : i % 4 == 1 ? "198.18.4.2" : i % 4 == 2 ? "198.18.4.3" : "198.18.4.4";
		peer_say_bytes(&p, text, (size_t)n);
	}
	/* There are 64 of the largest kind. */
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_NO_MEMORY), 36);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 64);
	assert_int_equal(sim_engine(&p.s, RS_ENG_POOL_EMPTY), 36);
	sim_sums_hold(&p.s);
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1000);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
texts_of_variables_that_find_no_room_are_empty(void **state)
{
	struct peer p = { 0 };
	static char text[50000], big[40000];

	memset(big, 'b', sizeof(big) - 1);
	peer_open(&p, RECV_DO("request=\"INVITE\"", "<ereg regexp=\".*\" search_in=\"hdr\" header=\"B:\" assign_to=\"a\"/>"
					     "<strcmp variable=\"a\" value=\"\" assign_to=\"filled\"/>")
		SEND("INFO", "condexec=\"filled\"") SEND("NOTIFY", "condexec=\"filled\" condexec_inverse=\"true\"") RECV("request=\"ACK\"", ""),
		"do = \"answer\"; endpoints = \"us\"; timeout = \"60s\";", "run = { max_calls = 1; };");
	for (unsigned i = 0; i < PEER_SENT; i++) {
		int n = snprintf(text, sizeof(text), "INVITE sip:me@198.18.4.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\r\nFrom: <sip:p@h>;tag=1\r\n"
						     "To: <sip:m@h>\r\nCall-ID: %u\r\nCSeq: 1 INVITE\r\nB: %s\r\n\r\n", i, i, big);

		peer_say_bytes(&p, text, (size_t)n);
	}
	assert_int_equal(peer_count(&p, RS_AM_OPEN), PEER_SENT); /* the pool of an answering worker is larger than that */
	assert_int_equal(strncmp(p.sent[PEER_SENT - 1], "INFO", 4), 0);
	p.s.on_wire = swallow;
	for (unsigned i = PEER_SENT; i < 700; i++) {
		int n = snprintf(text, sizeof(text), "INVITE sip:me@198.18.4.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\r\nFrom: <sip:p@h>;tag=1\r\n"
						     "To: <sip:m@h>\r\nCall-ID: %u\r\nCSeq: 1 INVITE\r\nB: %s\r\n\r\n", i, i, big);

		peer_say_bytes(&p, text, (size_t)n);
	}
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 700);
	assert_in_range(sim_engine(&p.s, RS_ENG_POOL_EMPTY), 100, 300);
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
max_calls_bounds_the_calls_placed(void **state)
{
	struct peer p = { 0 };

	peer_open(&p, CALL, PLACED("1000", "50"), "run = { max_calls = 3; };");
	peer_wait(&p, 100);
	assert_int_equal(peer_count(&p, RS_AM_OFFERED), 50);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 3);
	assert_int_equal(peer_count(&p, RS_AM_NOT_LIMIT), 47);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_rubbish_is_counted_as_what_it_is),
		cmocka_unit_test(a_token_of_another_run_or_of_a_call_that_is_over_finds_nothing),
		cmocka_unit_test(a_hundred_copies_are_one_message),
		cmocka_unit_test(nonsense_in_the_right_call_hurts_that_call_only),
		cmocka_unit_test(more_headers_than_a_message_may_have_are_left_out),
		cmocka_unit_test(what_does_not_fit_a_datagram_fails_the_call),
		cmocka_unit_test(changed_bytes_leave_every_sum_intact),
		cmocka_unit_test(an_empty_pool_of_legs_refuses_calls),
		cmocka_unit_test(an_empty_pool_of_large_strings_fails_the_calls_that_want_one),
		cmocka_unit_test(texts_of_variables_that_find_no_room_are_empty),
		cmocka_unit_test(max_calls_bounds_the_calls_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
