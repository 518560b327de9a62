/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record layer against OpenSSL: OpenSSL does both sides of a handshake, one side is handed over,
 * and from there on our records and OpenSSL's must be each other's. Messages are random in size and
 * content; what comes is cut anywhere.
 */
#include <errno.h>

#include "tls_pair.h"
#include "unit.h"

#define MESSAGES 10000 /* in each direction, for each suite, version and role */

static struct rs_tls_engine *engine;
static struct pair p;
static uint64_t seed = 1;
static struct rs_tls_record told; /* sums of what unprotect counted */
static enum rs_tls_event last;

static uint8_t sent[70000], got[70000];

static SSL *
theirs(void)
{
	return p.ssl[!p.ours];
}

static void
begin(enum rs_tls_version version, enum rs_tls_suite suite, int ours, const struct pair_options *o)
{
	pair_begin(&p, version, suite, ours, o);
	assert_int_equal(rs_tls_handover(p.ssl[ours], &p.tap, &p.keys), 0);
	assert_int_equal(p.keys.version, version);
	assert_int_equal(p.keys.suite, suite);
	assert_int_equal(p.keys.server, ours == SERVER);
	assert_int_equal(rs_tls_init(engine, &p.keys, NULL, &p.t), 0);
	memset(&told, 0, sizeof(told));
}

/** Bytes of ours on their way. */
static void
post(const uint8_t *bytes, size_t len)
{
	struct pair_queue *q = &p.to[!p.ours];

	assert_true(len <= sizeof(q->bytes) - q->len);
	memcpy(q->bytes + q->len, bytes, len);
	q->len += len;
}

static void
settle(void)
{
	uint8_t out[RS_TLS_SETTLE_MAX];
	size_t n;

	assert_int_equal(rs_tls_settle(engine, &p.t, out, sizeof(out), &n), 0);
	post(out, n);
}

/** Take what has come to us, as far as @cut bytes go. @return bytes of data, appended to @got at @at */
static size_t
receive(size_t cut, size_t at)
{
	struct pair_queue *q = &p.to[p.ours];
	size_t left = cut < q->len ? cut : q->len, used = 0;
	struct rs_tls_record r;

	while ((last = rs_tls_unprotect(engine, &p.t, q->bytes + used, left, &r)) != RS_TLS_MORE) {
		if (last == RS_TLS_ERROR || last == RS_TLS_ALERT || last == RS_TLS_CLOSED) {
			told.alert = r.alert;
			told.error = r.error;
			break;
		}
		assert_true(last == RS_TLS_DATA || last == RS_TLS_HANDSHAKE);
		told.tickets += r.tickets;
		told.updates += r.updates;
		told.requests += r.requests;
		if (r.data.len != 0)
			memcpy(got + at, r.data.p, r.data.len);
		at += r.data.len;
		used += r.used;
		left -= r.used;
	}
	pair_take(q, used);
	return at;
}

static size_t
draw_len(void)
{
	switch (kit_draw(&seed, 16)) {
	case 0: return 1 + kit_draw(&seed, 60000);
	case 1: return 16380 + kit_draw(&seed, 10);
	case 2: return 1 + kit_draw(&seed, 20);
	default: return 1 + kit_draw(&seed, 1500);
	}
}

static void
theirs_to_us(size_t len)
{
	size_t n = 0;

	kit_fill(sent, len, seed++);
	assert_int_equal(SSL_write(theirs(), sent, (int)len), len);
	pair_drain(&p, !p.ours);
	while (p.to[p.ours].len != 0) {
		n = receive(1 + kit_draw(&seed, 30000), n);
		if (rs_tls_owes(&p.t) && kit_draw(&seed, 2) == 0)
			settle();
	}
	assert_int_equal(n, len);
	assert_memory_equal(got, sent, len);
}

static void
us_to_them(size_t len)
{
	static uint8_t out[80000];
	size_t n, total = 0, room = rs_tls_sealed_len(&p.t, len);
	uint8_t *in = kit_draw(&seed, 2) == 0 ? sent : out + rs_tls_headroom(&p.t);

	kit_fill(sent, len, seed++);
	if (in != sent)
		memcpy(in, sent, len);
	assert_int_equal(rs_tls_protect(engine, &p.t, in, len, out, room, &n), 0);
	assert_int_equal(n, room);
	post(out, n);
	pair_feed(&p, !p.ours);
	while (total < len) {
		int read = SSL_read(theirs(), got + total, (int)(sizeof(got) - total));

		assert_true(read > 0);
		total += (size_t)read;
	}
	assert_int_equal(total, len);
	assert_memory_equal(got, sent, len);
}

static void
update_keys(bool by_us, bool ask)
{
	uint8_t out[RS_TLS_SETTLE_MAX];
	size_t n;

	if (by_us) {
		assert_int_equal(rs_tls_update(engine, &p.t, ask, out, sizeof(out), &n), 0);
		post(out, n);
		return;
	}
	assert_int_equal(SSL_key_update(theirs(),
				 ask ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED),
		1);
	assert_int_equal(SSL_do_handshake(theirs()), 1);
	pair_drain(&p, !p.ours);
}

static void
talk(int messages, bool tls13)
{
	for (int i = 0; i < messages; i++) {
		if (tls13 && kit_draw(&seed, 50) == 0)
			update_keys(kit_draw(&seed, 2) == 0, kit_draw(&seed, 2) == 0);
		if (kit_draw(&seed, 2) == 0) {
			theirs_to_us(draw_len());
			us_to_them(draw_len());
		} else {
			us_to_them(draw_len());
			theirs_to_us(draw_len());
		}
	}
}

#define EACH_CASE(version, suite, ours)                                                            \
	for (int version = 0; version < RS_TLS_VERSIONS; version++)                                \
		for (int suite = 0; suite < RS_TLS_SUITES; suite++)                                \
			for (int ours = 0; ours < 2; ours++)

static void
many_messages_in_each_suite_version_and_role(void **state)
{
	(void)state;
	EACH_CASE(version, suite, ours)
	{
		begin(version, suite, ours, &(struct pair_options){ 0 });
		talk(MESSAGES, version == RS_TLS_1_3);
		if (version == RS_TLS_1_3)
			assert_true(told.updates > 10);
		/* The server's two tickets come as the first records under the data's keys. */
		assert_int_equal(told.tickets, version == RS_TLS_1_3 && ours == CLIENT ? 2 : 0);
		pair_end(&p);
	}
}

static void
whatever_way_the_handshake_went(void **state)
{
	static const struct pair_options options[] = {
		{ .mutual = true },
		{ .retry = true },
		{ .tickets = true },
		{ .mutual = true, .retry = true, .tickets = true },
		{ .padding = 300 },
		{ .fragment = 1 },
		{ .fragment = 4, .tickets = true },
	};

	(void)state;
	EACH_CASE(version, suite, ours)
	{
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
			begin(version, suite, ours, &options[i]);
			assert_int_equal(p.keys.fragment,
				options[i].fragment != 0 ? 256 << options[i].fragment : 0);
			talk(20, version == RS_TLS_1_3);
			if (options[i].tickets)
				assert_int_equal(told.tickets, 0);
			pair_end(&p);
		}
	}
}

static void
sessions_are_resumed(void **state)
{
	(void)state;
	EACH_CASE(version, suite, ours)
	{
		struct pair_options o = { .tickets = true };
		static struct pair first;
		SSL_SESSION *session;

		pair_begin(&first, version, suite, CLIENT, &o);
		session = SSL_get1_session(first.ssl[CLIENT]);
		assert_true(SSL_SESSION_is_resumable(session));
		/* The server's ticket keys are its context's. */
		pair_begin(&p, version, suite, ours, &o);
		for (int side = 0; side < 2; side++) {
			SSL_free(p.ssl[side]);
			p.ssl[side] = SSL_new(side == SERVER ? first.ctx[SERVER] : p.ctx[CLIENT]);
			SSL_set_bio(p.ssl[side], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
			p.to[side].len = 0;
		}
		SSL_set_connect_state(p.ssl[CLIENT]);
		SSL_set_accept_state(p.ssl[SERVER]);
		assert_int_equal(SSL_set_session(p.ssl[CLIENT], session), 1);
		assert_int_equal(rs_tls_tap_attach(&p.tap, p.ssl[ours]), 0);
		pair_handshake(&p);
		assert_true(SSL_session_reused(p.ssl[CLIENT]));
		assert_int_equal(rs_tls_handover(p.ssl[ours], &p.tap, &p.keys), 0);
		assert_int_equal(rs_tls_init(engine, &p.keys, NULL, &p.t), 0);
		talk(20, version == RS_TLS_1_3);
		SSL_SESSION_free(session);
		pair_end(&p);
		pair_end(&first);
	}
}

/* The client's first data come together with its Finished: they stay ours. */
static void
what_came_behind_the_handshake_is_not_lost(void **state)
{
	(void)state;
	EACH_CASE(version, suite, ours)
	{
		pair_begin(&p, version, suite, ours, &(struct pair_options){ 0 });
		kit_fill(sent, 40000, seed++);
		assert_int_equal(SSL_write(theirs(), sent, 40000), 40000);
		pair_drain(&p, !p.ours);
		assert_int_equal(rs_tls_handover(p.ssl[ours], &p.tap, &p.keys), 0);
		assert_int_equal(rs_tls_init(engine, &p.keys, NULL, &p.t), 0);
		assert_int_equal(receive(SIZE_MAX, 0), 40000);
		assert_memory_equal(got, sent, 40000);
		talk(5, version == RS_TLS_1_3);
		pair_end(&p);
	}
}

static void
key_updates_before_the_hand_over_count(void **state)
{
	(void)state;
	for (int suite = 0; suite < RS_TLS_SUITES; suite++)
		for (int ours = 0; ours < 2; ours++) {
			uint8_t byte = 'x';

			pair_begin(&p, RS_TLS_1_3, suite, ours, &(struct pair_options){ 0 });
			for (int i = 0; i < 2; i++) {
				SSL_key_update(theirs(), SSL_KEY_UPDATE_REQUESTED);
				assert_int_equal(SSL_do_handshake(theirs()), 1);
				pair_drain(&p, !ours);
				while (pair_feed(&p, ours))
					SSL_read(p.ssl[ours], &byte, 1);
				assert_int_equal(SSL_write(p.ssl[ours], "y", 1), 1);
				pair_drain(&p, ours);
				pair_feed(&p, !ours);
				assert_int_equal(SSL_read(theirs(), &byte, 1), 1);
			}
			assert_int_equal(rs_tls_handover(p.ssl[ours], &p.tap, &p.keys), 0);
			assert_int_equal(p.keys.tx.updates, 2);
			assert_int_equal(p.keys.rx.updates, 2);
			assert_int_equal(p.keys.tx.seq, 1);
			assert_int_equal(rs_tls_init(engine, &p.keys, NULL, &p.t), 0);
			talk(20, true);
			pair_end(&p);
		}
}

/* RFC 8446, 6.1. */
static void
closing(void **state)
{
	uint8_t out[RS_TLS_SETTLE_MAX], byte;
	size_t n;

	(void)state;
	EACH_CASE(version, suite, ours)
	{
		begin(version, suite, ours, &(struct pair_options){ 0 });
		talk(2, false);
		assert_int_equal(rs_tls_close(engine, &p.t, out, sizeof(out), &n), 0);
		post(out, n);
		pair_feed(&p, !ours);
		n = (size_t)SSL_read(theirs(), &byte, 1);
		assert_int_equal(n, 0);
		assert_int_equal(SSL_get_error(theirs(), 0), SSL_ERROR_ZERO_RETURN);
		assert_int_equal(SSL_shutdown(theirs()), 1);
		pair_drain(&p, !ours);
		receive(SIZE_MAX, 0);
		assert_int_equal(last, RS_TLS_CLOSED);
		pair_end(&p);
	}
}

static void
alerts_of_both_sides(void **state)
{
	uint8_t out[200], byte;
	size_t n;

	(void)state;
	EACH_CASE(version, suite, ours)
	{
		/* What we send was changed on its way: OpenSSL says so, we understand. */
		begin(version, suite, ours, &(struct pair_options){ 0 });
		talk(2, false);
		assert_int_equal(rs_tls_protect(engine, &p.t, (const uint8_t *)"hello", 5, out,
					 sizeof(out), &n),
			0);
		out[n - 1] ^= 1;
		post(out, n);
		pair_feed(&p, !ours);
		assert_true(SSL_read(theirs(), &byte, 1) < 0);
		pair_drain(&p, !ours);
		receive(SIZE_MAX, 0);
		assert_int_equal(last, RS_TLS_ALERT);
		assert_int_equal(told.alert, RS_TLS_BAD_RECORD_MAC);
		pair_end(&p);
		/* And the other way round. */
		begin(version, suite, ours, &(struct pair_options){ 0 });
		talk(2, false);
		assert_int_equal(SSL_write(theirs(), "hello", 5), 5);
		pair_drain(&p, !ours);
		p.to[ours].bytes[p.to[ours].len - 1] ^= 1;
		receive(SIZE_MAX, 0);
		assert_int_equal(last, RS_TLS_ERROR);
		assert_int_equal(told.error, RS_TLS_AUTH_FAILED);
		settle();
		pair_feed(&p, !ours);
		ERR_clear_error();
		assert_true(SSL_read(theirs(), &byte, 1) <= 0);
		assert_int_equal(
			ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
		ERR_clear_error();
		pair_end(&p);
	}
}

/* RFC 5246, 7.2.2: OpenSSL, which is free to go on, gives the connection up. */
static void
a_renegotiation_is_refused(void **state)
{
	uint8_t byte;

	(void)state;
	for (int suite = 0; suite < RS_TLS_SUITES; suite++)
		for (int ours = 0; ours < 2; ours++) {
			begin(RS_TLS_1_2, suite, ours, &(struct pair_options){ 0 });
			talk(2, false);
			assert_int_equal(SSL_renegotiate(theirs()), 1);
			SSL_do_handshake(theirs());
			pair_drain(&p, !ours);
			receive(SIZE_MAX, 0);
			assert_int_equal(told.requests, 1);
			settle();
			pair_feed(&p, !ours);
			ERR_clear_error();
			assert_true(SSL_read(theirs(), &byte, 1) <= 0);
			assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
			ERR_clear_error();
			pair_drain(&p, !ours);
			receive(SIZE_MAX, 0);
			assert_int_equal(last, RS_TLS_ALERT);
			pair_end(&p);
		}
}

static void
what_cannot_be_handed_over(void **state)
{
	struct rs_tls_keys keys;
	size_t used;
	SSL *ssl;

	(void)state;
	/* Not AEAD: OpenSSL's records are the way out. */
	pair_begin(&p, RS_TLS_1_2, 0, CLIENT,
		&(struct pair_options){ .ciphers = "ECDHE-ECDSA-AES128-SHA" });
	assert_int_equal(rs_tls_handover(p.ssl[CLIENT], &p.tap, &keys), -ENOTSUP);
	pair_end(&p);
	/* AEAD, but none of ours. */
	pair_begin(&p, RS_TLS_1_2, 0, CLIENT,
		&(struct pair_options){ .ciphers = "ECDHE-ECDSA-AES128-CCM" });
	assert_int_equal(rs_tls_handover(p.ssl[CLIENT], &p.tap, &keys), -ENOTSUP);
	pair_end(&p);
	pair_begin(&p, RS_TLS_1_3, 0, CLIENT, &(struct pair_options){ 0 });
	/* The handshake has not ended. */
	ssl = SSL_new(p.ctx[CLIENT]);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(ssl);
	assert_int_equal(rs_tls_handover(ssl, &p.tap, &keys), -EAGAIN);
	SSL_free(ssl);
	/* The SSL has bytes that it has not used. */
	assert_true(pair_feed(&p, CLIENT));
	assert_int_equal(rs_tls_handover(p.ssl[CLIENT], &p.tap, &keys), -EBUSY);
	pair_end(&p);
	/* A context that tells nothing. */
	pair_begin(&p, RS_TLS_1_3, 0, CLIENT, &(struct pair_options){ 0 });
	memset(&p.tap, 0, sizeof(p.tap));
	assert_int_equal(rs_tls_handover(p.ssl[CLIENT], &p.tap, &keys), -EIO);
	/* Feeding waits for whole records, but not for what is none. */
	assert_int_equal(rs_tls_tap_feed(p.ssl[CLIENT], (const uint8_t *)"\x16\3\3\0\2x", 6, &used),
		-EAGAIN);
	assert_int_equal(used, 0);
	assert_int_equal(
		rs_tls_tap_feed(p.ssl[CLIENT], (const uint8_t *)"HTTP/1.1 400", 12, &used), 0);
	assert_int_equal(used, 5);
	pair_end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_messages_in_each_suite_version_and_role),
		cmocka_unit_test(whatever_way_the_handshake_went),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(what_came_behind_the_handshake_is_not_lost),
		cmocka_unit_test(key_updates_before_the_hand_over_count),
		cmocka_unit_test(closing),
		cmocka_unit_test(alerts_of_both_sides),
		cmocka_unit_test(a_renegotiation_is_refused),
		cmocka_unit_test(what_cannot_be_handed_over),
	};
	int failed;

	engine = kit_engine(RS_TLS_BEST);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kit_engine_free(engine);
	return failed;
}
