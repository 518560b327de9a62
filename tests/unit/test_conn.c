/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that carry SIP: TCP and WebSocket. TLS is in test_conn_tls.c. */
#include "conn_rig.h"

static const char message[] = "OPTIONS sip:x@198.18.0.2 SIP/2.0\r\nVia: SIP/2.0/TCP 198.18.0.1;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n";
static const enum rs_transport plain[] = { RS_TRANSPORT_TCP, RS_TRANSPORT_WS };
#define KINDS (sizeof(plain) / sizeof(*plain))

static struct rig r;

static void
messages_go_both_ways(void **state)
{
	for (unsigned i = 0; i < KINDS; i++) {
		rs_handle h;

		rig_open(&r, plain[i]);
		r.sides[1].echoes = true;
		h = rig_connect(&r);
		assert_int_equal(rig_say(&r, 0, h, message, sizeof(message) - 1), -ENOTCONN); /* not yet */
		rig_play(&r, 20 * MS);
		rig_is_event(&r, 0, RS_CONN_OPENED, 0);
		rig_is_event(&r, 1, RS_CONN_ACCEPTED, 0);
		assert_int_equal(rig_last(&r, 0, 0)->rx.user, 42);
		assert_int_equal(rig_last(&r, 1, 0)->rx.user, 7000);
		assert_int_equal(rig_last(&r, 1, 0)->rx.path.local_port, 5060);
		assert_int_equal(rig_last(&r, 0, 0)->rx.path.conn, h);
		for (int k = 0; k < 100; k++) {
			assert_int_equal(rig_say(&r, 0, h, message, sizeof(message) - 1), 0);
			if (k % 10 == 9)
				rig_play(&r, 5 * MS);
		}
		assert_int_equal(r.sides[1].n_items, 101);
		assert_int_equal(r.sides[0].n_items, 101);
		assert_string_equal(rig_last(&r, 1, 0)->text, message);
		assert_string_equal(rig_last(&r, 0, 0)->text, message);
		assert_int_equal(rig_last(&r, 0, 0)->rx.path.local_port, 5060); /* of the endpoint, not of the connection */
		assert_int_equal(rig_last(&r, 0, 0)->rx.path.transport, plain[i]);
		assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_GATHERING), 0);
		rig_close(&r);
	}
}

static void
messages_of_any_length_arrive_whole(void **state)
{
	static char text[65536];

	for (unsigned i = 0; i < KINDS; i++) {
		rs_handle h;

		rig_open(&r, plain[i]);
		r.sides[1].echoes = true;
		h = rig_connect(&r);
		rig_play(&r, 20 * MS);
		for (size_t len = 1; len < 60000; len = len * 3 + 1) {
			int head = snprintf(text, sizeof(text), "MESSAGE sip:x SIP/2.0\r\nContent-Length: %zu\r\n\r\n", len);

			memset(text + head, 'a', len);
			assert_int_equal(rig_say(&r, 0, h, text, (size_t)head + len), 0);
			rig_play(&r, 200 * MS);
			assert_int_equal(rig_last(&r, 1, 0)->rx.len, (size_t)head + len);
			assert_int_equal(rig_last(&r, 0, 0)->rx.len, (size_t)head + len);
		}
		assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_GATHERING), 0);
		assert_int_equal(rs_metric_get(&r.sides[0].cells, RS_CONNS_GATHERING), 0);
		rig_close(&r);
	}
}

static void
either_side_closes(void **state)
{
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned who = 0; who < 2; who++)
			for (int how = RS_CONN_FIN; how <= RS_CONN_RST; how++) {
				struct rig_side *s = &r.sides[who];
				rs_handle h;

				rig_open(&r, plain[i]);
				h = rig_connect(&r);
				rig_play(&r, 20 * MS);
				if (who == 1)
					h = rig_last(&r, 1, 0)->rx.path.conn;
				assert_true(s->link.conns->alive(s->link.conns_ctx, h));
				s->link.conns->close(s->link.conns_ctx, h, (enum rs_conn_close)how);
				assert_false(s->link.conns->alive(s->link.conns_ctx, h));
				rig_play(&r, 20 * MS);
				rig_is_event(&r, 1 - who, RS_CONN_CLOSED, how == RS_CONN_FIN ? RS_CONN_CAUSE_PEER : RS_CONN_CAUSE_RESET);
				assert_int_equal(s->n_items, 1);
				assert_int_equal(rs_metric_get(&r.sides[0].cells, RS_CONNS_OPEN), 0);
				assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_OPEN), 0);
				rig_close(&r);
			}
}

static void
nobody_is_there(void **state)
{
	rig_open(&r, RS_TRANSPORT_TCP);
	r.sides[1].deaf = true;
	rig_connect(&r);
	rig_play(&r, 20 * MS);
	rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_RESET); /* taken, and then not */
	assert_int_equal(r.sides[1].n_items, 0);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_NOBODY), 1);
	rig_close(&r);
}

static bool
lose_all(struct rig *rig, struct rig_segment *s)
{
	return false;
}

static void
an_opening_is_given_up(void **state)
{
	rig_open(&r, RS_TRANSPORT_TCP);
	r.on_wire = lose_all;
	rig_connect(&r);
	rig_play(&r, 100 * RS_NS_PER_S);
	rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_TIMEOUT);
	assert_int_equal(r.sides[0].n_items, 1);
	rig_close(&r);
}

static void
the_connection_must_go_to_a_target(void **state)
{
	struct rs_path path = { .local = { { 198, 18, 0, 1 }, 4 }, .remote = { { 10, 0, 0, 2 }, 4 }, .remote_port = 5060, .transport = RS_TRANSPORT_TCP };
	rs_handle h;

	rig_open(&r, RS_TRANSPORT_TCP);
	assert_int_equal(r.sides[0].link.conns->open(r.sides[0].link.conns_ctx, &path, 0, 1, &h), -EACCES);
	rig_play(&r, 20 * MS);
	assert_int_equal(r.bytes, 0);
	rig_close(&r);
}

static void
keep_alives_are_sent_and_answered(void **state) /* RFC 5626, 4.4.1; RFC 7118, 6 */
{
	for (unsigned i = 0; i < KINDS; i++) {
		struct rig_side *s = &r.sides[0];
		rs_handle h;

		rig_open(&r, plain[i]);
		h = rig_connect(&r);
		rig_play(&r, 20 * MS);
		s->link.conns->keep_alive(s->link.conns_ctx, h, 10 * RS_NS_PER_S);
		rig_play(&r, 7900 * MS);
		assert_int_equal(rs_metric_get(&s->cells, RS_CONNS_PINGS_OUT), 0);
		rig_play(&r, 100 * RS_NS_PER_S);
		assert_in_range(rs_metric_get(&s->cells, RS_CONNS_PINGS_OUT), 10, 13);
		assert_int_equal(rs_metric_get(&s->cells, RS_CONNS_PONGS_IN), rs_metric_get(&s->cells, RS_CONNS_PINGS_OUT));
		assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_PINGS_IN), rs_metric_get(&s->cells, RS_CONNS_PINGS_OUT));
		r.on_wire = lose_all;
		rig_play(&r, 30 * RS_NS_PER_S);
		rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_PONG);
		rig_close(&r);
	}
}

static void
what_is_no_stream_of_sip_ends_it(void **state)
{
	static const struct { const char *text; uint8_t cause; } wrong[] = {
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", RS_CONN_CAUSE_FRAMING },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", RS_CONN_CAUSE_FRAMING },
		{ "OPTIONS sip:x SIP/2.0\r\nVia: x\r\n\r\n", RS_CONN_CAUSE_FRAMING },
		{ "OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n", RS_CONN_CAUSE_TOO_LONG },
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		rs_handle h;

		rig_open(&r, RS_TRANSPORT_TCP);
		h = rig_connect(&r);
		rig_play(&r, 20 * MS);
		assert_int_equal(rig_say(&r, 0, h, wrong[i].text, strlen(wrong[i].text)), 0);
		rig_play(&r, 20 * MS);
		assert_int_equal(rig_last(&r, 1, 0)->rx.kind, RS_RX_CONN);
		rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_RESET);
		rig_close(&r);
	}
}

static void
a_message_that_never_ends_is_given_up(void **state)
{
	rs_handle h;

	rig_open(&r, RS_TRANSPORT_TCP);
	h = rig_connect(&r);
	rig_play(&r, 20 * MS);
	assert_int_equal(rig_say(&r, 0, h, "OPTIONS sip:x SIP/2.0\r\nVia: ", 28), 0);
	for (int i = 0; i < 31; i++) {
		rig_play(&r, 1000 * MS);
		assert_int_equal(rig_say(&r, 0, h, "x", 1), 0);
	}
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_GATHERING), 1);
	rig_play(&r, 2000 * MS);
	rig_is_event(&r, 1, RS_CONN_CLOSED, RS_CONN_CAUSE_SLOW);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_GATHERING), 0);
	rig_close(&r);
}

static void
an_upgrade_is_refused(void **state)
{
	struct rs_conns_profile profiles[2] = {
		{ .transport = RS_TRANSPORT_WS, .host = rs_slice_of("h", 1), .path = rs_slice_of("/other", 6) },
		{ .transport = RS_TRANSPORT_WS, .path = rs_slice_of("/ws", 3) },
	};

	rig_tune(&r, profiles, NULL);
	rig_connect(&r);
	rig_play(&r, 50 * MS);
	rig_is_event(&r, 0, RS_CONN_CLOSED, RS_CONN_CAUSE_HTTP_404);
	assert_int_equal(rig_last(&r, 0, 0)->rx.detail, 404);
	assert_int_equal(r.sides[1].n_items, 1); /* it never was one */
	rig_is_event(&r, 1, RS_CONN_NOT_ACCEPTED, RS_CONN_CAUSE_HTTP);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_UPGRADES_REFUSED), 1);
	rig_close(&r);
}

static void
one_that_speaks_no_websocket_is_told_so(void **state)
{
	struct rs_conns_profile profiles[2] = { { .transport = RS_TRANSPORT_TCP }, { .transport = RS_TRANSPORT_WS } };
	rs_handle h;

	rig_tune(&r, profiles, NULL);
	h = rig_connect(&r);
	rig_play(&r, 20 * MS);
	assert_int_equal(rig_say(&r, 0, h, message, sizeof(message) - 1), 0);
	rig_play(&r, 50 * MS);
	assert_int_equal(rs_metric_get(&r.sides[1].cells, RS_CONNS_OPEN), 0);
	assert_int_equal(r.sides[1].n_items, 1);
	rig_is_event(&r, 1, RS_CONN_NOT_ACCEPTED, RS_CONN_CAUSE_HTTP);
	rig_close(&r);
}

static void
few(struct rs_conns_cfg *cfg)
{
	cfg->connections = 4;
}

static void
what_has_no_room_is_refused(void **state)
{
	struct rs_conns_profile profiles[2] = { { .transport = RS_TRANSPORT_TCP }, { .transport = RS_TRANSPORT_TCP } };
	struct rs_path path = { .local = { { 198, 18, 0, 1 }, 4 }, .remote = { { 198, 18, 0, 2 }, 4 }, .remote_port = 5060, .transport = RS_TRANSPORT_TCP };
	rs_handle h;

	rig_tune(&r, profiles, few);
	for (int i = 0; i < 4; i++)
		rig_connect(&r);
	assert_int_equal(r.sides[0].link.conns->open(r.sides[0].link.conns_ctx, &path, 0, 1, &h), -ENOBUFS);
	rig_play(&r, 20 * MS);
	assert_int_equal(rs_conns_open(r.sides[0].conns), 4);
	rig_close(&r);
}

static void
an_idle_connection_is_small(void **state)
{
	struct rs_conns_cfg cfg = rs_conns_defaults();
	uint64_t few_bytes, many_bytes;

	cfg.tls_connections = 0;
	cfg.connections = 1024;
	few_bytes = rs_conns_bytes(&cfg);
	cfg.connections = 1024 + (1 << 20);
	many_bytes = rs_conns_bytes(&cfg);
	print_message("an idle end takes %.1f bytes\n", (double)(many_bytes - few_bytes) / (1 << 20));
	assert_true((many_bytes - few_bytes) >> 20 <= 512);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_go_both_ways),
		cmocka_unit_test(messages_of_any_length_arrive_whole),
		cmocka_unit_test(either_side_closes),
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(an_opening_is_given_up),
		cmocka_unit_test(the_connection_must_go_to_a_target),
		cmocka_unit_test(keep_alives_are_sent_and_answered),
		cmocka_unit_test(what_is_no_stream_of_sip_ends_it),
		cmocka_unit_test(a_message_that_never_ends_is_given_up),
		cmocka_unit_test(an_upgrade_is_refused),
		cmocka_unit_test(one_that_speaks_no_websocket_is_told_so),
		cmocka_unit_test(what_has_no_room_is_refused),
		cmocka_unit_test(an_idle_connection_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
