/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections with TLS: handshakes by the pool, played without threads; records by the workers. */
#include "conn_rig.h"

#include "run/handshake.h"

static const char message[] = "OPTIONS sip:x@198.18.0.2 SIP/2.0\r\nVia: SIP/2.0/TLS 198.18.0.1;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n";

static struct rig r;
static struct rs_plan_tls plan;
static struct rs_tls_profiles *profiles;
static struct rs_handshakes *pool;
static struct rs_clock pool_clock;
static bool stalled; /* the handshake thread does nothing */

static void
with_pool(struct rs_conns_cfg *cfg)
{
	cfg->offload = rs_handshakes_offload(pool, cfg->worker);
}

static void
handshakes(struct rig *rig)
{
	while (!stalled && rs_handshakes_turn(pool, 0, rs_clock_now(&pool_clock)) > 0)
		;
}

static void
open_suite(enum rs_transport transport, uint16_t version, const char *suite, uint32_t queue)
{
	struct rs_conns_profile sides[2] = { { .transport = transport, .host = rs_slice_of("198.18.0.2", 10), .server = rs_slice_of("198.18.0.2", 10) },
		{ .transport = transport } };
	struct rs_handshake_opts opts = { .threads = 1, .workers = 2, .in_flight = 16, .queue = queue, .sessions = 16, .clock = &pool_clock };
	struct rs_err err = { 0 };

	stalled = false;
	plan = (struct rs_plan_tls){ .name = "t", .min_version = version, .max_version = version, .tickets = 2, .timeout_ns = 10 * RS_NS_PER_S,
		.lends = suite != NULL };
	*(version == 0x0303 ? &plan.ciphers : &plan.suites) = suite;
	rs_clock_init(&pool_clock, MS);
	if (rs_tls_profiles_create(&plan, 1, &profiles, &err) != 0)
		fail_msg("%s", err.text);
	opts.profiles = profiles;
	assert_int_equal(rs_handshakes_create(&opts, &pool), 0);
	rig_tune(&r, sides, with_pool);
	r.meanwhile = handshakes;
}

static void
open_tls(enum rs_transport transport, uint16_t version, uint32_t queue)
{
	open_suite(transport, version, NULL, queue);
}

static void
close_tls(void)
{
	rig_close(&r);
	rs_handshakes_free(pool);
	rs_tls_profiles_free(profiles);
}

static void
messages_go_both_ways(void **state)
{
	static const enum rs_transport transports[] = { RS_TRANSPORT_TLS, RS_TRANSPORT_WSS };

	for (unsigned t = 0; t < 2; t++)
		for (uint16_t version = 0x0303; version <= 0x0304; version++) {
			struct rs_conn_info info;
			rs_handle h;

			open_tls(transports[t], version, 16);
			r.sides[1].echoes = true;
			h = rig_connect(&r);
			rig_play(&r, 50 * MS);
			rig_is_event(&r, 0, RS_CONN_OPENED, 0);
			rig_is_event(&r, 1, RS_CONN_ACCEPTED, 0);
			assert_int_equal(r.sides[0].link.conns->info(r.sides[0].link.conns_ctx, h, &info), 0);
			assert_int_equal(info.tls, version == 0x0303 ? 12 : 13);
			for (int k = 0; k < 200; k++) {
				assert_int_equal(rig_say(&r, 0, h, message, sizeof(message) - 1), 0);
				rig_play(&r, MS);
			}
			rig_play(&r, 20 * MS);
			assert_int_equal(r.sides[1].n_items, 201);
			assert_int_equal(r.sides[0].n_items, 201);
			assert_string_equal(rig_last(&r, 0, 0)->text, message);
			r.sides[0].link.conns->close(r.sides[0].link.conns_ctx, h, RS_CONN_FIN);
			rig_play(&r, 50 * MS);
			rig_is_event(&r, 1, RS_CONN_CLOSED, RS_CONN_CAUSE_PEER);
			for (unsigned i = 0; i < 2; i++) {
				assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_OPEN), 0);
				assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_TLS_OPEN), 0);
				assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_GATHERING), 0);
			}
			close_tls();
		}
}

static void
long_messages_are_many_records(void **state)
{
	static char text[65536];
	rs_handle h;

	open_tls(RS_TRANSPORT_TLS, 0x0304, 16);
	r.sides[1].echoes = true;
	h = rig_connect(&r);
	rig_play(&r, 50 * MS);
	for (size_t len = 100; len < 60000; len = len * 3 + 1) {
		int head = snprintf(text, sizeof(text), "MESSAGE sip:x SIP/2.0\r\nContent-Length: %zu\r\n\r\n", len);

		memset(text + head, 'a', len);
		assert_int_equal(rig_say(&r, 0, h, text, (size_t)head + len), 0);
		rig_play(&r, 200 * MS);
		assert_int_equal(rig_last(&r, 1, 0)->rx.len, (size_t)head + len);
		assert_int_equal(rig_last(&r, 0, 0)->rx.len, (size_t)head + len);
	}
	close_tls();
}

/* OpenSSL does the records, and nobody above sees it but in the counter. */
static void
lent_records_carry_messages_too(void **state)
{
	static const struct {
		enum rs_transport transport;
		uint16_t version;
		const char *suite;
	} rows[] = { { RS_TRANSPORT_TLS, 0x0303, "ECDHE-ECDSA-AES128-SHA256" }, { RS_TRANSPORT_WSS, 0x0303, "ECDHE-ECDSA-AES256-SHA" },
		{ RS_TRANSPORT_WSS, 0x0304, "TLS_AES_128_CCM_SHA256" } };
	static char text[65536];

	for (unsigned k = 0; k < 3; k++) {
		struct rs_conn_info info;
		rs_handle h;

		open_suite(rows[k].transport, rows[k].version, rows[k].suite, 16);
		r.sides[1].echoes = true;
		h = rig_connect(&r);
		rig_play(&r, 50 * MS);
		rig_is_event(&r, 0, RS_CONN_OPENED, 0);
		rig_is_event(&r, 1, RS_CONN_ACCEPTED, 0);
		assert_int_equal(r.sides[0].link.conns->info(r.sides[0].link.conns_ctx, h, &info), 0);
		assert_int_equal(info.tls, rows[k].version == 0x0303 ? 12 : 13);
		for (size_t len = 100; len < 60000; len = len * 3 + 1) {
			int head = snprintf(text, sizeof(text), "MESSAGE sip:x SIP/2.0\r\nContent-Length: %zu\r\n\r\n", len);

			memset(text + head, 'a', len);
			assert_int_equal(rig_say(&r, 0, h, text, (size_t)head + len), 0);
			rig_play(&r, 200 * MS);
			assert_int_equal(rig_last(&r, 1, 0)->rx.len, (size_t)head + len);
			assert_int_equal(rig_last(&r, 0, 0)->rx.len, (size_t)head + len);
		}
		r.sides[0].link.conns->close(r.sides[0].link.conns_ctx, h, RS_CONN_FIN);
		rig_play(&r, 50 * MS);
		rig_is_event(&r, 1, RS_CONN_CLOSED, RS_CONN_CAUSE_PEER);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_FALLBACK), 1);
			assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_TLS_OPEN), 0);
			assert_int_equal(rs_metric_get(&r.sides[i].cells, RS_CONNS_GATHERING), 0);
		}
		handshakes(&r);
		assert_int_equal(rs_metric_get(rs_handshakes_metrics(pool, 0), RS_HS_LENT), 2);
		assert_int_equal(rs_metric_get(rs_handshakes_metrics(pool, 0), RS_HS_LENT_OPEN), 0);
		close_tls();
	}
}

/* Handed over and still open when all ends: what is lent goes with the pool. */
static void
lent_records_end_with_the_pool(void **state)
{
	open_suite(RS_TRANSPORT_TLS, 0x0303, "ECDHE-ECDSA-AES128-SHA256", 16);
	for (int i = 0; i < 5; i++)
		rig_connect(&r);
	rig_play(&r, 100 * MS);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_FALLBACK), 5);
	close_tls();
}

static void
a_peer_that_speaks_no_tls_is_refused(void **state)
{
	struct rs_conns_profile plain = { .transport = RS_TRANSPORT_TCP };
	rs_handle h;

	open_tls(RS_TRANSPORT_TLS, 0x0304, 16);
	r.sides[0].profile = plain;
	h = rig_connect(&r);
	rig_play(&r, 20 * MS);
	assert_int_equal(rig_say(&r, 0, h, message, sizeof(message) - 1), 0);
	rig_play(&r, 50 * MS);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_OPEN), 0);
	assert_int_equal(r.sides[1].n_items, 1);
	rig_is_event(&r, 1, RS_CONN_NOT_ACCEPTED, RS_CONN_CAUSE_TLS);
	close_tls();
}

static void
a_handshake_that_never_ends_is_given_up(void **state)
{
	open_tls(RS_TRANSPORT_TLS, 0x0304, 16);
	stalled = true;
	rig_connect(&r);
	rig_play(&r, 31 * RS_NS_PER_S);
	assert_int_equal(r.sides[0].n_items, 0);
	rig_play(&r, 2 * RS_NS_PER_S);
	rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_SLOW);
	stalled = false;
	rig_play(&r, 100 * MS);
	assert_int_equal(rs_metric_get(&r.sides[0].cells, RS_CONNS_OPEN), 0);
	close_tls();
}

static unsigned
told(enum rs_conn_event event, enum rs_conn_cause cause)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r.sides[0].n_items; i++)
		n += r.sides[0].items[i].rx.event == event && r.sides[0].items[i].rx.cause == cause;
	return n;
}

static void
what_finds_no_room_in_the_queue_waits(void **state)
{
	open_tls(RS_TRANSPORT_TLS, 0x0304, 2);
	stalled = true;
	for (int i = 0; i < 9; i++)
		rig_connect(&r);
	rig_play(&r, 50 * MS);
	assert_int_equal(r.sides[0].n_items, 0);
	stalled = false;
	rig_play(&r, 500 * MS);
	assert_int_equal(told(RS_CONN_OPENED, RS_CONN_CAUSE_NONE), 9);
	assert_int_equal(r.sides[0].n_items, 9);
	assert_true(atomic_load(&r.sides[0].cells.hists[RS_CONNS_HANDSHAKE_WAIT]->max_ns) >= 50 * MS); /* ours, not the peer's */
	close_tls();
}

static void
what_waits_in_vain_is_a_full_queue_and_that_is_ours(void **state)
{
	open_tls(RS_TRANSPORT_TLS, 0x0304, 2);
	stalled = true;
	for (int i = 0; i < 5; i++)
		rig_connect(&r);
	rig_play(&r, 33 * RS_NS_PER_S);
	assert_int_equal(told(RS_CONN_CLOSED, RS_CONN_CAUSE_SLOW), 2);
	assert_int_equal(told(RS_CONN_CLOSED, RS_CONN_CAUSE_TLS_QUEUE), 3);
	stalled = false;
	rig_play(&r, 100 * MS);
	assert_int_equal(rs_metric_get(&r.sides[0].cells, RS_CONNS_OPEN), 0);
	close_tls();
}

static void
those_that_wait_may_leave_from_anywhere_in_the_queue(void **state)
{
	rs_handle conns[7];

	for (unsigned gone = 0; gone < 7; gone++) {
		open_tls(RS_TRANSPORT_TLS, 0x0304, 2);
		stalled = true;
		for (int i = 0; i < 7; i++)
			conns[i] = rig_connect(&r);
		rig_play(&r, 50 * MS);
		r.sides[0].link.conns->close(r.sides[0].link.conns_ctx, conns[gone], RS_CONN_FIN);
		r.sides[0].link.conns->close(r.sides[0].link.conns_ctx, conns[(gone + 3) % 7], RS_CONN_RST);
		rig_play(&r, 50 * MS);
		stalled = false;
		rig_play(&r, 500 * MS);
		assert_int_equal(told(RS_CONN_OPENED, RS_CONN_CAUSE_NONE), 5);
		assert_int_equal(rs_metric_get(&r.sides[0].cells, RS_CONNS_OPEN), 5);
		close_tls();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_go_both_ways),
		cmocka_unit_test(long_messages_are_many_records),
		cmocka_unit_test(lent_records_carry_messages_too),
		cmocka_unit_test(lent_records_end_with_the_pool),
		cmocka_unit_test(a_peer_that_speaks_no_tls_is_refused),
		cmocka_unit_test(a_handshake_that_never_ends_is_given_up),
		cmocka_unit_test(what_finds_no_room_in_the_queue_waits),
		cmocka_unit_test(what_waits_in_vain_is_a_full_queue_and_that_is_ours),
		cmocka_unit_test(those_that_wait_may_leave_from_anywhere_in_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
