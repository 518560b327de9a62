/* SPDX-License-Identifier: BSD-3-Clause */
/* rfc3261 mode with every object that is taken from a pool failing in turn: no crash, and nothing is left behind. */
#include "engine_ua.h"

#include "base/pool.h"

/* The linker puts these in place of rs_pool_take (see meson.build). */
uint32_t __real_rs_pool_take(struct rs_pool *p);
uint32_t __wrap_rs_pool_take(struct rs_pool *p);

static unsigned taken, fails_at; /* fails_at: 0: never */
static bool for_ever;

uint32_t
__wrap_rs_pool_take(struct rs_pool *p)
{
	taken++;
	if (fails_at && (taken == fails_at || (for_ever && taken > fails_at)))
		return RS_POOL_NONE;
	return __real_rs_pool_take(p);
}

/* What the engine sent last whose start is @start, "" when it sent none. */
static const char *
last_sent(const struct peer *p, const char *start)
{
	for (unsigned i = p->n_sent; i > 0; i--)
		if (strncmp(p->sent[i - 1], start, strlen(start)) == 0)
			return p->sent[i - 1];
	return "";
}

static void
reply_to_last(struct peer *p, const char *start, const char *status, const char *extra)
{
	const char *m = last_sent(p, start);

	if (*m)
		peer_reply_x(p, m, status, extra);
}

#define ROUTES "Record-Route: <sip:198.18.8.7;lr>, <sip:198.18.8.6;lr>\n"

/* A call of ours with all that can happen to one. */
static void
place(struct peer *p)
{
	p->group = "password = \"secret\"; ua = { session_expires = \"100s\"; };";
	open_call(p, INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "rrs=\"true\"") SEND("ACK", "") PAUSE(120000) BYE);
	reply_to_last(p, "INVITE", "407 Who", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\n");
	reply_to_last(p, "INVITE", "422 Small", "Min-SE: 120\n");
	reply_to_last(p, "INVITE", "180 Ringing", ROUTES "Require: 100rel\nRSeq: 1\n");
	reply_to_last(p, "PRACK", "200 OK", "");
	reply_to_last(p, "INVITE", "200 OK", ROUTES "Session-Expires: 120;refresher=uac\nAllow: INVITE\n");
	peer_wait(p, 60100);
	reply_to_last(p, "INVITE", "200 OK", "Session-Expires: 120;refresher=uac\nAllow: UPDATE\n");
	if (*last_sent(p, "ACK")) {
		peer_ask_x(p, p->sent[0], "INVITE", 1, "Contact: <sip:peer@198.18.8.1:5099>\n", PEER_SDP);
		peer_ask_x(p, p->sent[0], "ACK", 1, "", "");
		peer_ask_x(p, p->sent[0], "UPDATE", 2, "Contact: <sip:peer@198.18.8.1:5098>\n", PEER_SDP);
		peer_ask_x(p, p->sent[0], "INFO", 3, "", "");
	}
	peer_wait(p, 60100);
	reply_to_last(p, "BYE", "200 OK", "");
}

/* And one that comes. */
static void
answer(struct peer *p)
{
	char rack[64], tag[64];

	open_answer(p, ANSWERING);
	peer_call(p, "INVITE", 1, "", "Supported: timer\nSession-Expires: 30\n");
	peer_call(p, "INVITE", 2, "", ROUTES "Require: 100rel\nSupported: timer\nSession-Expires: 200;refresher=uas\n");
	snprintf(tag, sizeof(tag), "%s", tag_of(header(last_sent(p, "SIP/2.0 18"), "To")));
	snprintf(rack, sizeof(rack), "RAck: %s 2 INVITE\n", header(last_sent(p, "SIP/2.0 18"), "RSeq"));
	peer_wait(p, 600);
	peer_call(p, "PRACK", 3, tag, rack);
	peer_wait(p, 600);
	peer_call(p, "ACK", 2, tag, "");
	peer_call(p, "INVITE", 4, tag, "");
	peer_wait(p, 600);
	peer_call(p, "ACK", 4, tag, "");
	peer_wait(p, 100000);
	reply_to_last(p, "INVITE", "200 OK", "Session-Expires: 200;refresher=uac\n");
	peer_call(p, "BYE", 9, tag, "");
}

static void
with_each_failing(void (*story)(struct peer *), bool all_behind)
{
	unsigned n = 0;

	for_ever = all_behind;
	for (unsigned k = 0; k == 0 || k <= n; k++) {
		struct peer *p = calloc(1, sizeof(*p));

		assert_non_null(p);
		taken = 0;
		fails_at = k;
		story(p);
		if (k == 0)
			n = taken;
		fails_at = 0;
		sim_sums_hold(&p->s);
		peer_wait(p, 1000000);
		rs_engine_hangup(p->s.engines[0], -1);
		peer_wait(p, 200000);
		assert_int_equal(peer_count(p, RS_AM_OPEN), 0);
		peer_all_gone(p);
		assert_int_equal(sim_engine(&p->s, RS_ENG_TOMBS), 0);
		if (k)
			assert_true(sim_engine(&p->s, RS_ENG_POOL_EMPTY) > 0 || sim_count(&p->s, 0, RS_AM_NOT_MEMORY) > 0);
		else
			assert_int_equal(peer_count(p, RS_AM_COMPLETED), 1);
		peer_close(p);
		free(p);
	}
	assert_true(n >= 8);
}

static void
placing_with_one_allocation_failing(void **state)
{
	with_each_failing(place, false);
}

static void
placing_with_all_allocations_failing_from_one_on(void **state)
{
	with_each_failing(place, true);
}

static void
answering_with_one_allocation_failing(void **state)
{
	with_each_failing(answer, false);
}

static void
answering_with_all_allocations_failing_from_one_on(void **state)
{
	with_each_failing(answer, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placing_with_one_allocation_failing),
		cmocka_unit_test(placing_with_all_allocations_failing_from_one_on),
		cmocka_unit_test(answering_with_one_allocation_failing),
		cmocka_unit_test(answering_with_all_allocations_failing_from_one_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
