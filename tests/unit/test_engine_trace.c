/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Failed calls explained: which calls keep their messages, what of them, and what stays of those that failed. On a virtual clock,
 * against a peer that is played by hand or silent.
 */
#include "engine_peer.h"

#include "engine/trace.h"

static bool counting;
static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

void *
__wrap_malloc(size_t size)
{
	allocations += counting;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations += counting;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	allocations += counting;
	return __real_realloc(p, size);
}

void
__wrap_free(void *p)
{
	allocations += counting && p;
	__real_free(p);
}

#define ALL_TRACES 192
static struct rs_trace traces[ALL_TRACES];
static struct rs_failed_call others[RS_FAILED_RING];

/* All that worker 0 tells, a few at a time as control asks. */
static uint32_t
read_traces(const struct peer *p)
{
	uint32_t n = 0;

	for (uint64_t from = 0; from != UINT64_MAX;)
		n += rs_engine_traces(p->s.engines[0], &from, &traces[n], 2);
	return n;
}

static uint32_t
read_others(const struct peer *p)
{
	uint32_t n = 0;

	for (uint64_t from = 0; from != UINT64_MAX;)
		n += rs_engine_failed(p->s.engines[0], &from, &others[n], 7);
	return n;
}

/* Is the entry at *@at a message that begins with @start, @ms after the call's due time, with @flags? Moves on. */
static void
is_message(const struct rs_trace *t, uint32_t *at, enum rs_trace_kind kind, uint64_t ms, const char *start, unsigned flags)
{
	const struct rs_trace_entry *entry = rs_trace_next(t, at);

	assert_non_null(entry);
	assert_int_equal(entry->kind, kind);
	assert_in_range(entry->at_ns, (int64_t)(ms * MS), (int64_t)((ms + 1) * MS));
	assert_int_equal(entry->length, entry->kept);
	assert_memory_equal(entry + 1, start, strlen(start));
	assert_int_equal(entry->flags & ~RS_TRACE_AGAIN, flags & ~(unsigned)RS_TRACE_AGAIN);
	assert_int_equal(rs_trace_is_again(t, entry), (flags & RS_TRACE_AGAIN) != 0);
}

static void
is_failure(const struct rs_trace *t, uint32_t *at, uint64_t ms, uint32_t cause, uint32_t step)
{
	const struct rs_trace_entry *entry = rs_trace_next(t, at);

	assert_non_null(entry);
	assert_int_equal(entry->kind, RS_TRACE_FAILED);
	assert_in_range(entry->at_ns, (int64_t)(ms * MS), (int64_t)((ms + 1) * MS));
	assert_int_equal(entry->cause, cause);
	assert_int_equal(entry->step, step);
	assert_int_equal(t->call.cause, cause);
	assert_int_equal(t->call.step, step);
}

static void
call_that_is_refused_shows_its_messages_with_their_times(void **state)
{
	struct peer p = { 0 };
	uint32_t at = 0;

	peer_open_call(&p, SEND("INVITE", "retrans=\"500\"") RECV("response=\"100\"", "optional=\"true\"")
			RECV("response=\"200\"", "") SEND("ACK", ""));
	const char *invite = peer_sent(&p, "INVITE");

	peer_wait(&p, 10);
	peer_reply(&p, invite, "100 Trying");
	peer_wait(&p, 20);
	peer_reply(&p, invite, "486 Busy Here");
	peer_sent(&p, "ACK");
	peer_failed(&p, RS_CAUSE_RESPONSE + 186);
	assert_int_equal(read_traces(&p), 1);
	assert_int_equal(read_others(&p), 0);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "INVITE sip:bob@198.18.8.1:5060 SIP/2.0\r\n", 0);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 10, "SIP/2.0 100 Trying\r\n", 0);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 30, "SIP/2.0 486 Busy Here\r\n", 0);
	is_message(&traces[0], &at, RS_TRACE_SENT, 30, "ACK ", RS_TRACE_OWN);
	is_failure(&traces[0], &at, 30, RS_CAUSE_RESPONSE + 186, 2);
	assert_null(rs_trace_next(&traces[0], &at));
	assert_true(traces[0].call.placed);
	assert_int_equal(traces[0].call.number, 0);
	assert_int_equal(traces[0].call.path.remote_port, 5060);
	assert_in_range(traces[0].call.after_ns, 30 * MS, 31 * MS);
	assert_in_range(traces[0].call.wall_us, 1760000000000000, 1760000000000000 + 1000);
	assert_memory_equal(traces[0].call.call_id, header(invite, "Call-ID"), traces[0].call.call_id_len);
	assert_int_equal(traces[0].call.call_id_len, strlen(header(invite, "Call-ID")));
	peer_close(&p);
}

static void
call_that_completes_keeps_nothing(void **state)
{
	struct peer p = { 0 };

	peer_open_call(&p, SEND("OPTIONS", "") RECV("response=\"200\"", ""));
	peer_reply(&p, peer_sent(&p, "OPTIONS"), "200 OK");
	peer_completed(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_TRACED), 1);
	assert_int_equal(read_traces(&p) + read_others(&p), 0);
	peer_close(&p);
}

static void
silent_peer_shows_every_retransmission_and_what_ended_the_call(void **state)
{
	struct peer p = { 0 };
	uint32_t at = 0;

	peer_open_call(&p, SEND("INVITE", "retrans=\"500\"") RECV("response=\"200\"", "timeout=\"1600\""));
	peer_wait(&p, 2000);
	peer_failed(&p, RS_CAUSE_TIMEOUT);
	assert_int_equal(read_traces(&p), 1);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "INVITE ", 0);
	is_message(&traces[0], &at, RS_TRACE_SENT, 500, "INVITE ", RS_TRACE_AGAIN);
	is_message(&traces[0], &at, RS_TRACE_SENT, 1500, "INVITE ", RS_TRACE_AGAIN);
	is_failure(&traces[0], &at, 1600, RS_CAUSE_TIMEOUT, 1);
	assert_null(rs_trace_next(&traces[0], &at));
	peer_close(&p);
}

static void
answered_call_shows_what_came_again_and_what_was_dropped_on_purpose(void **state)
{
	struct peer p = { 0 };
	uint32_t at = 0;

	peer_open_answer(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "lost=\"100\"") ANSWER("200 OK", "")
			RECV("request=\"ACK\"", "timeout=\"300\""));
	peer_call(&p, "INVITE", 1, "", "");
	peer_wait(&p, 100);
	peer_call(&p, "INVITE", 1, "", "");
	peer_wait(&p, 400);
	peer_failed(&p, RS_CAUSE_TIMEOUT);
	assert_int_equal(read_traces(&p), 1);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 0, "INVITE ", 0);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "SIP/2.0 180", RS_TRACE_DROPPED);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "SIP/2.0 200", 0);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 100, "INVITE ", RS_TRACE_AGAIN);
	is_message(&traces[0], &at, RS_TRACE_SENT, 100, "SIP/2.0 200", RS_TRACE_AGAIN);
	is_failure(&traces[0], &at, 300, RS_CAUSE_TIMEOUT, 3);
	assert_null(rs_trace_next(&traces[0], &at));
	assert_false(traces[0].call.placed);
	assert_memory_equal(traces[0].call.call_id, "peer-1", 6);
	assert_int_equal(traces[0].call.call_id_len, 6);
	peer_close(&p);
}

static void
check_that_does_not_hold_is_the_cause_of_a_call_that_plays_on(void **state)
{
	struct peer p = { 0 };
	uint32_t at = 0;

	peer_open_call(&p, SEND("INVITE", "")
			RECV_DO("response=\"200\"", "<ereg regexp=\"nothing\" search_in=\"msg\" check_it=\"true\" assign_to=\"x\"/>")
			SEND("ACK", "") PAUSE(50) SEND("BYE", "") RECV("response=\"200\"", "")
			"<Reference variables=\"x\"/>\n");
	peer_reply(&p, peer_sent(&p, "INVITE"), "200 OK");
	peer_sent(&p, "ACK");
	peer_wait(&p, 60);
	assert_int_equal(read_traces(&p), 0); /* it is not over */
	peer_reply(&p, peer_sent(&p, "BYE"), "200 OK");
	peer_failed(&p, RS_CAUSE_CHECK);
	assert_int_equal(read_traces(&p), 1);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "INVITE ", 0);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 0, "SIP/2.0 200", 0);
	is_failure(&traces[0], &at, 0, RS_CAUSE_CHECK, 1);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "ACK ", 0);
	is_message(&traces[0], &at, RS_TRACE_SENT, 50, "BYE ", 0);
	is_message(&traces[0], &at, RS_TRACE_RECEIVED, 60, "SIP/2.0 200", 0);
	assert_null(rs_trace_next(&traces[0], &at));
	peer_close(&p);
}

static void
unreachable_peer_and_a_port_that_takes_nothing_are_told(void **state)
{
	struct peer p = { 0 };
	uint32_t at = 0;

	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"200\"", ""));
	const char *invite = peer_sent(&p, "INVITE");
	struct rs_rx rx = { .data = (const uint8_t *)invite, .len = 400, .kind = RS_RX_UNREACHABLE,
		.path = { .local_port = 5060, .remote_port = 5060 }, .time_ns = p.s.now_ns };

	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.4.1"), &rx.path.local), 0);
	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.8.1"), &rx.path.remote), 0);
	rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	peer_failed(&p, RS_CAUSE_UNREACHABLE);
	assert_int_equal(read_traces(&p), 1);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "INVITE ", 0);
	is_failure(&traces[0], &at, 0, RS_CAUSE_UNREACHABLE, 1);
	peer_close(&p);

	p = (struct peer){ .s.send_error = -EHOSTUNREACH };
	at = 0;
	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"200\"", ""));
	peer_failed(&p, RS_CAUSE_NO_ROUTE);
	assert_int_equal(read_traces(&p), 1);
	is_message(&traces[0], &at, RS_TRACE_SENT, 0, "INVITE ", RS_TRACE_DROPPED);
	is_failure(&traces[0], &at, 0, RS_CAUSE_NO_ROUTE, 0);
	peer_close(&p);
}

/* --- what one call may take --- */

static void
say_padded(struct peer *p, const char *invite, unsigned number, size_t pad)
{
	static char text[8192];
	int n = snprintf(text, sizeof(text),
		"SIP/2.0 183 Progress %u\nVia: %s\nFrom: %s\nTo: %s;tag=peer\nCall-ID: %s\nCSeq: 1 INVITE\nX-Pad: ", number,
		header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));

	memset(text + n, 'x', pad);
	snprintf(text + n + pad, 64, "\nContent-Length: 0\n\n");
	peer_say(p, text);
}

static void
messages_beyond_the_buffer_leave_the_middle_out(void **state)
{
	struct peer p = { 0 };
	const struct rs_trace_entry *entry;
	uint32_t at = 0, n = 0;
	int last = -1;

	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"183\"", "optional=\"true\"")
			RECV("response=\"200\"", "timeout=\"5000\""));
	const char *invite = peer_sent(&p, "INVITE");

	for (unsigned i = 0; i < 40; i++)
		say_padded(&p, invite, i, 10 + i * 30);
	peer_wait(&p, 6000);
	peer_failed(&p, RS_CAUSE_TIMEOUT);
	assert_int_equal(read_traces(&p), 1);
	while ((entry = rs_trace_next(&traces[0], &at)) != NULL) {
		int number = -1;
		char start[64];

		if (entry->kind != RS_TRACE_RECEIVED) {
			n++;
			continue;
		}
		memcpy(start, entry + 1, sizeof(start));
		start[sizeof(start) - 1] = 0;
		assert_int_equal(sscanf(start, "SIP/2.0 183 Progress %d", &number), 1);
		/* In order, and all of them but for one gap, which begins where the first messages end. */
		if (number != last + 1) {
			assert_int_equal((uint32_t)((const uint8_t *)entry - traces[0].bytes), traces[0].head);
			assert_int_equal(number - last - 1, traces[0].left_out);
		}
		last = number;
		n++;
	}
	assert_int_equal(last, 39);
	assert_true(traces[0].left_out > 0);
	assert_int_equal(n + traces[0].left_out, 43); /* the INVITE, the failure and the CANCEL beside them */
	assert_in_range(traces[0].head, RS_TRACE_HEAD_BYTES / 2, RS_TRACE_HEAD_BYTES);
	assert_true(traces[0].used <= sizeof(traces[0].bytes));
	peer_close(&p);
}

static void
long_message_is_cut_and_says_so(void **state)
{
	struct peer p = { 0 };
	const struct rs_trace_entry *entry;
	uint32_t at = 0;

	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"183\"", "optional=\"true\"")
			RECV("response=\"200\"", "timeout=\"500\""));
	say_padded(&p, peer_sent(&p, "INVITE"), 1, 4000);
	peer_wait(&p, 1000);
	assert_int_equal(read_traces(&p), 1);
	rs_trace_next(&traces[0], &at);
	entry = rs_trace_next(&traces[0], &at);
	assert_int_equal(entry->kept, RS_TRACE_CUT_BYTES);
	assert_true(entry->length > 4000);
	assert_int_equal(entry->flags, RS_TRACE_IS_CUT);
	peer_close(&p);
}

/* --- which calls --- */

#define SILENCE SEND("INVITE", "") RECV("response=\"200\"", "timeout=\"2000\"")
#define CALLS(rate, total)                                                                                             \
	"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = " #rate "; total = " #total ";"

static unsigned
swallow(void *ctx, struct sim_packet *p)
{
	return 0;
}

/* Calls that nobody answers. */
static void
open_silent(struct peer *p, const char *activity, const char *run)
{
	memset(p, 0, sizeof(*p));
	peer_open(p, SILENCE, activity, run);
	p->s.on_wire = swallow;
}

static void
share_of_the_calls_is_chosen_by_the_seed(void **state)
{
	static const char *const runs[] = { "run = { seed = 5; keep_messages = { share = 0.25; calls = 2000; rate = 100000; }; };",
		"run = { seed = 5; keep_messages = { share = 0.25; calls = 2000; rate = 100000; }; };",
		"run = { seed = 6; keep_messages = { share = 0.25; calls = 2000; rate = 100000; }; };" };
	uint64_t chosen[3], first[3];
	struct peer p;

	for (int i = 0; i < 3; i++) {
		open_silent(&p, CALLS(100, 1000), runs[i]);
		peer_wait(&p, 15000);
		assert_int_equal(peer_count(&p, RS_AM_FAILED), 1000);
		chosen[i] = sim_engine(&p.s, RS_ENG_TRACED);
		assert_in_range(chosen[i], 200, 300);
		assert_int_equal(read_traces(&p), RS_TRACE_PER_CAUSE);
		first[i] = traces[0].call.number;
		peer_close(&p);
	}
	assert_int_equal(chosen[0], chosen[1]);
	assert_int_equal(first[0], first[1]);
	assert_true(chosen[0] != chosen[2] || first[0] != first[2]);
}

static void
no_more_than_so_many_at_a_time(void **state)
{
	struct peer p;

	open_silent(&p, CALLS(100, 1000), "run = { keep_messages = { calls = 5; }; };");
	peer_wait(&p, 1900);
	assert_int_equal(sim_engine(&p.s, RS_ENG_TRACED), 5);
	peer_wait(&p, 2000); /* the first ones have ended, others took their place */
	assert_int_equal(sim_engine(&p.s, RS_ENG_TRACED), 10);
	peer_wait(&p, 12000);
	peer_close(&p);
}

static void
no_more_than_so_many_a_second(void **state)
{
	struct peer p;

	open_silent(&p, CALLS(1000, 3000), "run = { keep_messages = { calls = 1000; rate = 50; }; };");
	peer_wait(&p, 1000);
	assert_in_range(sim_engine(&p.s, RS_ENG_TRACED), 50, 55);
	peer_wait(&p, 2000);
	assert_in_range(sim_engine(&p.s, RS_ENG_TRACED), 149, 156);
	peer_wait(&p, 3000);
	peer_close(&p);
}

static void
none_are_kept_when_the_plan_says_so_and_failures_are_listed_all_the_same(void **state)
{
	struct peer p;

	open_silent(&p, CALLS(100, 20), "run = { keep_messages = { calls = 0; }; };");
	peer_wait(&p, 3000);
	assert_int_equal(sim_engine(&p.s, RS_ENG_TRACED), 0);
	assert_int_equal(read_traces(&p), 0);
	assert_int_equal(read_others(&p), 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(others[i].number, i);
		assert_int_equal(others[i].cause, RS_CAUSE_TIMEOUT);
		assert_int_equal(others[i].step, 1);
		assert_in_range(others[i].after_ns, 2000 * MS, 2001 * MS);
		assert_true(others[i].call_id_len > 20);
		assert_true(others[i].placed);
	}
	peer_close(&p);
}

/* --- what stays --- */

static void
first_of_a_cause_stays_and_some_of_the_others(void **state)
{
	struct peer p;
	uint64_t latest = 0;

	open_silent(&p, CALLS(200, 2000), "run = { keep_messages = { calls = 1000; }; };");
	peer_wait(&p, 15000);
	assert_int_equal(peer_count(&p, RS_AM_FAILED), 2000);
	assert_int_equal(sim_engine(&p.s, RS_ENG_TRACED), 2000);
	assert_int_equal(read_traces(&p), RS_TRACE_PER_CAUSE);
	assert_int_equal(traces[0].call.number, 0);
	for (int i = 1; i < RS_TRACE_PER_CAUSE; i++) {
		assert_true(traces[i].call.number > 0);
		latest = traces[i].call.number > latest ? traces[i].call.number : latest;
	}
	assert_true(latest > 100); /* a random choice, not the first ones */
	/* The others are in the list of the last ones, oldest first. */
	assert_int_equal(read_others(&p), RS_FAILED_RING);
	assert_in_range(others[RS_FAILED_RING - 1].number, 1996, 1999);
	peer_close(&p);
}

static unsigned
refuse(void *ctx, struct sim_packet *p)
{
	struct peer *peer = ctx;

	if (memcmp(p->data, "INVITE", 6) == 0 && peer->n_sent < PEER_SENT)
		peer_takes(ctx, p);
	return 0;
}

static void
new_cause_finds_room_among_many(void **state)
{
	static struct peer p;
	bool seen[100] = { false };
	uint32_t n;

	memset(&p, 0, sizeof(p));
	peer_open(&p, SEND("INVITE", "") RECV("response=\"200\"", ""), CALLS(1000, 240),
		"run = { keep_messages = { calls = 1000; rate = 100000; }; };");
	p.s.on_wire = refuse;
	for (unsigned i = 0; i < 240; i++) {
		char status[32];

		snprintf(status, sizeof(status), "%u No", 400 + i / 4);
		while (p.n_read == p.n_sent)
			peer_wait(&p, 1);
		peer_reply(&p, peer_sent(&p, "INVITE"), status);
	}
	assert_int_equal(peer_count(&p, RS_AM_FAILED), 240);
	n = read_traces(&p);
	assert_int_equal(n, RS_TRACE_KEPT); /* of 60 causes */
	for (uint32_t i = 0; i < n; i++)
		seen[traces[i].call.cause + 300 - RS_CAUSE_RESPONSE - 400] = true;
	for (unsigned i = 0; i < 60; i++)
		assert_true(seen[i]);
	peer_close(&p);
}

static void
keeping_messages_takes_no_memory_from_the_heap(void **state)
{
	struct peer p;

	open_silent(&p, CALLS(1000, 500), "");
	counting = true;
	for (unsigned i = 0; i < 3000; i++) {
		p.s.now_ns += MS;
		rs_engine_turn(p.s.engines[0], p.s.now_ns);
		rs_engine_flushed(p.s.engines[0], p.s.now_ns);
	}
	counting = false;
	assert_int_equal(peer_count(&p, RS_AM_FAILED), 500);
	assert_int_equal(allocations, 0);
	assert_true(sim_engine(&p.s, RS_ENG_TRACED) >= 64);
	assert_int_equal(read_traces(&p), RS_TRACE_PER_CAUSE);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_that_is_refused_shows_its_messages_with_their_times),
		cmocka_unit_test(call_that_completes_keeps_nothing),
		cmocka_unit_test(silent_peer_shows_every_retransmission_and_what_ended_the_call),
		cmocka_unit_test(answered_call_shows_what_came_again_and_what_was_dropped_on_purpose),
		cmocka_unit_test(check_that_does_not_hold_is_the_cause_of_a_call_that_plays_on),
		cmocka_unit_test(unreachable_peer_and_a_port_that_takes_nothing_are_told),
		cmocka_unit_test(messages_beyond_the_buffer_leave_the_middle_out),
		cmocka_unit_test(long_message_is_cut_and_says_so),
		cmocka_unit_test(share_of_the_calls_is_chosen_by_the_seed),
		cmocka_unit_test(no_more_than_so_many_at_a_time),
		cmocka_unit_test(no_more_than_so_many_a_second),
		cmocka_unit_test(none_are_kept_when_the_plan_says_so_and_failures_are_listed_all_the_same),
		cmocka_unit_test(first_of_a_cause_stays_and_some_of_the_others),
		cmocka_unit_test(new_cause_finds_room_among_many),
		cmocka_unit_test(keeping_messages_takes_no_memory_from_the_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
