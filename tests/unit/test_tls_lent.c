/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that OpenSSL does for us, with OpenSSL as the peer: what callers see is what they see of ours. */
#include <errno.h>

#include "guard.h"
#include "handshake_rig.h"

#include "run/tls_heap.h"

#define HEAP (12u << 20)
#define ROOM 131072

static const struct suite {
	uint16_t version;
	const char *name;
} suites[] = {
	{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA" },
	{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256" },
	{ TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384" },
	{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM" },
	{ TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256" },
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))
#define CCM_13 (&suites[4])

static struct rig r;
static struct rs_tls t;
static uint8_t wire[ROOM], text[ROOM], got[ROOM];

static void
open_suite(const struct suite *s, bool server)
{
	r = (struct rig){ .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY], .opts = { .queue = 1024 } };
	r.plan.min_version = r.plan.max_version = s->version;
	*(s->version == TLS1_2_VERSION ? &r.plan.ciphers : &r.plan.suites) = s->name;
	r.plan.verify = !server;
	r.plan.lends = true;
	open_pool(&r);
	r.ctx = peer_context(!server, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	SSL_CTX_set_options(r.ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	assert_int_equal(SSL_CTX_set_cipher_list(r.ctx, "ALL:@SECLEVEL=1"), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(r.ctx, "TLS_AES_128_CCM_SHA256"), 1);
}

/* What came behind the handshake before anybody knew that it was over: a client's tickets. */
static void
take_rest(uint8_t *p, size_t len)
{
	struct rs_tls_record record;

	while (len > 0) {
		assert_int_equal(rs_tls_unprotect(NULL, &t, p, len, &record), RS_TLS_HANDSHAKE);
		p += record.used;
		len -= record.used;
	}
}

static void
take_over(void)
{
	assert_non_null(r.result);
	assert_non_null(r.result->keys.lent);
	assert_int_equal(rs_tls_init(NULL, &r.result->keys, NULL, &t), 0);
	r.result->keys.lent = NULL;
	take_rest(r.result->bytes + r.result->n_plain, r.result->n_raw);
	take_rest(r.back, r.n_back);
}

static void
shake_hands(const struct suite *s, bool server)
{
	open_suite(s, server);
	if (server)
		accept_one(&r);
	else
		connect_as(&r, 1, "sbc.test");
	take_over();
	assert_int_equal(cell(&r, RS_HS_LENT), 1);
}

static void
hang_up(void)
{
	rs_tls_fini(&t);
	rs_handshakes_turn(r.h, 0, r.now);
	assert_int_equal(cell(&r, RS_HS_LENT_OPEN), 0);
	close_rig(&r);
}

/* What we have written goes to the peer. @return what it reads */
static int
to_peer(size_t n, uint8_t *out, size_t room)
{
	size_t all = 0;
	int len;

	assert_int_equal(BIO_write(SSL_get_rbio(r.ssl), wire, (int)n), n);
	while ((len = SSL_read(r.ssl, out + all, (int)(room - all))) > 0)
		all += (size_t)len;
	return all > 0 ? (int)all : len;
}

static size_t
from_peer(void)
{
	int n = BIO_read(SSL_get_wbio(r.ssl), wire, sizeof(wire));

	return n > 0 ? (size_t)n : 0;
}

static void
each_suite_carries_data_both_ways(void **state)
{
	for (unsigned k = 0; k < 2 * SUITES; k++) {
		shake_hands(&suites[k / 2], k % 2);
		for (size_t len = 1; len < 60000; len = len * 7 + 3) {
			struct rs_tls_record record;
			enum rs_tls_event event;
			size_t n, all = 0, have = 0;

			for (size_t i = 0; i < len; i++)
				text[i] = (uint8_t)(i * len);
			/* where they lie in the output, as well as from elsewhere */
			memcpy(wire + rs_tls_headroom(&t), text, len);
			assert_int_equal(rs_tls_protect(NULL, &t, len % 2 ? text : wire + rs_tls_headroom(&t), len, wire, sizeof(wire), &n), 0);
			assert_true(n > len && n <= rs_tls_sealed_len(&t, len));
			assert_int_equal(to_peer(n, got, sizeof(got)), len);
			assert_memory_equal(got, text, len);
			assert_int_equal(SSL_write(r.ssl, text, (int)len), len);
			n = from_peer();
			for (size_t at = 0; at < n;) { /* a thousand bytes at a time */
				have = have + 1000 < n - at ? have + 1000 : n - at;
				while ((event = rs_tls_unprotect(NULL, &t, wire + at, have, &record)) == RS_TLS_DATA ||
					event == RS_TLS_HANDSHAKE) {
					memcpy(got + all, record.data.p, record.data.len);
					all += record.data.len;
					at += record.used;
					have -= record.used;
				}
				assert_int_equal(event, RS_TLS_MORE);
				assert_true(have == 0 || record.need > 0);
			}
			assert_int_equal(all, len);
			assert_memory_equal(got, text, len);
		}
		hang_up();
	}
}

static void
each_side_closes(void **state)
{
	for (unsigned k = 0; k < 2 * SUITES; k++) {
		struct rs_tls_record record;
		size_t n, at = 0;

		shake_hands(&suites[k / 2], k % 2);
		SSL_shutdown(r.ssl);
		n = from_peer();
		while (rs_tls_unprotect(NULL, &t, wire + at, n - at, &record) == RS_TLS_HANDSHAKE)
			at += record.used; /* a client's tickets */
		assert_int_equal(at + record.used, n);
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire, 100, &record), RS_TLS_MORE);
		assert_int_equal(rs_tls_close(NULL, &t, wire, RS_TLS_SETTLE_MAX, &n), 0);
		assert_int_equal(rs_tls_protect(NULL, &t, text, 5, wire + n, sizeof(wire) - n, &at), -EPIPE);
		assert_int_equal(to_peer(n, got, sizeof(got)), 0);
		assert_int_equal(SSL_get_shutdown(r.ssl), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		hang_up();
	}
}

/* RFC 8446, 4.6.3. */
static void
keys_are_changed(void **state)
{
	struct rs_tls_record record;
	size_t n, used = 0;

	shake_hands(CCM_13, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_write(r.ssl, "abc", 3), 3);
		n = from_peer();
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire, n, &record), RS_TLS_HANDSHAKE);
		assert_int_equal(record.updates, 1);
		used = record.used;
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire + used, n - used, &record), RS_TLS_DATA);
		assert_int_equal(record.data.len, 3);
		assert_true(rs_tls_owes(&t));
		assert_int_equal(rs_tls_settle(NULL, &t, wire, RS_TLS_SETTLE_MAX, &n), 0);
		assert_true(n > 0 && !rs_tls_owes(&t));
		assert_int_equal(rs_tls_update(NULL, &t, i % 2, wire + n, RS_TLS_SETTLE_MAX, &used), 0);
		n += used;
		assert_int_equal(rs_tls_protect(NULL, &t, text, 9, wire + n, sizeof(wire) - n, &used), 0);
		assert_int_equal(to_peer(n + used, got, sizeof(got)), 9);
	}
	hang_up();
}

/* RFC 5246, 7.2.2: no_renegotiation, a warning; OpenSSL as the one who asks does not go on then. */
static void
renegotiation_is_refused(void **state)
{
	for (int server = 0; server < 2; server++) {
		struct rs_tls_record record = { 0 };
		size_t n;

		shake_hands(&suites[0], server);
		assert_int_equal(SSL_renegotiate(r.ssl), 1);
		SSL_do_handshake(r.ssl);
		n = from_peer();
		assert_true(n > 0);
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire, n, &record), RS_TLS_HANDSHAKE);
		assert_int_equal(record.requests, 1);
		assert_true(rs_tls_owes(&t));
		r.peer_alert = -1;
		assert_int_equal(rs_tls_settle(NULL, &t, wire, RS_TLS_SETTLE_MAX, &n), 0);
		to_peer(n, got, sizeof(got));
		assert_int_equal(r.peer_alert, SSL_AD_NO_RENEGOTIATION);
		hang_up();
	}
}

static void
a_changed_record_ends_it(void **state)
{
	for (unsigned k = 0; k < 2 * SUITES; k++) {
		struct rs_tls_record record;
		size_t n, at = 0;

		shake_hands(&suites[k / 2], k % 2);
		SSL_write(r.ssl, "0123456789", 10);
		n = from_peer();
		wire[n - 3] ^= 1;
		while (rs_tls_unprotect(NULL, &t, wire + at, n - at, &record) == RS_TLS_HANDSHAKE)
			at += record.used;
		assert_int_equal(record.error, RS_TLS_AUTH_FAILED);
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire + at, n - at, &record), RS_TLS_ERROR);
		assert_int_equal(rs_tls_settle(NULL, &t, wire, RS_TLS_SETTLE_MAX, &n), 0);
		r.peer_alert = -1;
		to_peer(n, got, sizeof(got));
		assert_int_equal(r.peer_alert, SSL_AD_BAD_RECORD_MAC);
		assert_int_equal(rs_tls_protect(NULL, &t, text, 5, wire, sizeof(wire), &n), -EPIPE);
		hang_up();
	}
}

/* What we send is spoilt: the peer's alert is its last word. */
static void
a_fatal_alert_ends_it(void **state)
{
	for (unsigned k = 0; k < 2 * SUITES; k++) {
		struct rs_tls_record record;
		enum rs_tls_event event;
		size_t n, at = 0;

		shake_hands(&suites[k / 2], k % 2);
		assert_int_equal(rs_tls_protect(NULL, &t, text, 100, wire, sizeof(wire), &n), 0);
		wire[n - 1] ^= 1;
		to_peer(n, got, sizeof(got));
		n = from_peer();
		while ((event = rs_tls_unprotect(NULL, &t, wire + at, n - at, &record)) == RS_TLS_HANDSHAKE)
			at += record.used;
		assert_int_equal(event, RS_TLS_ALERT);
		assert_int_equal(record.alert, SSL_AD_BAD_RECORD_MAC);
		assert_int_equal(rs_tls_protect(NULL, &t, text, 5, wire, sizeof(wire), &n), -EPIPE);
		hang_up();
	}
}

static void
garbage_is_an_error(void **state)
{
	static const char *const starts[] = { "GET / HTTP/1.1\r\n", "\x17\x03\x03\xff\xff", "\x17\x03\x03\x00\x00", "\x16\x03\x03\x00\x04\x0e\x00\x00\x00",
		"\x15\x03\x03\x00\x02\x02\x28", "\x14\x03\x03\x00\x01\x01", "\x17\x03\x03\x00\x21", "\x80\x2e\x01\x00\x02", "\x17\x02\x00\x00\x10" };
	static const uint8_t lens[] = { 16, 5, 5, 9, 7, 6, 5, 5, 5 };
	uint8_t bytes[64];

	for (unsigned k = 0; k < SUITES; k++)
		for (unsigned i = 0; i < sizeof(lens); i++) {
			struct rs_tls_record record;
			enum rs_tls_event event = RS_TLS_MORE;
			size_t n;

			shake_hands(&suites[k], true);
			memset(bytes, 0x5a, sizeof(bytes));
			memcpy(bytes, starts[i], lens[i]);
			for (size_t have = 0; have <= sizeof(bytes) && event == RS_TLS_MORE; have++) { /* behind them nothing can be read */
				struct guard g = guard_new(bytes, have);

				event = rs_tls_unprotect(NULL, &t, g.p, have, &record);
				guard_free(&g);
			}
			if (event == RS_TLS_HANDSHAKE || event == RS_TLS_CLOSED || event == RS_TLS_ALERT ||
				(event == RS_TLS_DATA && record.data.len > 0))
				fail_msg("%s, %u: event %d", suites[k].name, i, event);
			if (event == RS_TLS_ERROR && rs_tls_owes(&t))
				assert_int_equal(rs_tls_settle(NULL, &t, wire, RS_TLS_SETTLE_MAX, &n), 0);
			hang_up();
		}
}

/* --- memory --- */

static uint64_t
used(void)
{
	struct rs_tls_heap_use use;

	rs_tls_heap_use(&use);
	return use.used;
}

#define IDLE 60

static void
an_idle_connection_takes_20_kib(void **state)
{
	for (unsigned k = 0; k < 2 * SUITES; k++) {
		static struct rs_tls all[IDLE];
		uint64_t before = 0;

		open_suite(&suites[k / 2], k % 2);
		for (unsigned i = 0; i < IDLE; i++) {
			size_t n;

			if (i == 10) /* what is made once is there by now */
				before = used();
			if (k % 2)
				accept_one(&r);
			else
				connect_as(&r, i, "sbc.test");
			take_over();
			assert_int_equal(rs_tls_protect(NULL, &t, text, 1000, wire, sizeof(wire), &n), 0);
			assert_int_equal(to_peer(n, got, sizeof(got)), 1000);
			all[i] = t;
		}
		print_message("%s as %s: %llu bytes\n", suites[k / 2].name, k % 2 ? "server" : "client",
			(unsigned long long)(used() - before) / (IDLE - 10));
		assert_true((used() - before) / (IDLE - 10) <= 20 << 10);
		for (unsigned i = 0; i < IDLE; i++)
			rs_tls_fini(&all[i]);
		drop_result(&r);
		for (int i = 0; i < 4; i++)
			rs_handshakes_turn(r.h, 0, r.now);
		assert_int_equal(cell(&r, RS_HS_LENT_OPEN), 0);
		assert_true(used() < before);
		close_rig(&r);
	}
}

#define MANY 900

static void
without_room_connections_fail_and_say_so(void **state)
{
	static struct rs_tls all[MANY];
	unsigned n = 0;
	struct rs_tls_record record;
	size_t len;

	open_suite(&suites[1], true);
	for (; n < MANY; n++) {
		accept_one(&r);
		if (r.end.type != RS_OFFLOAD_DONE)
			break;
		take_over();
		all[n] = t;
	}
	assert_true(n > 200 && n < MANY);
	assert_int_equal(r.end.type, RS_OFFLOAD_FAILED);
	assert_int_equal(r.end.arg[0], RS_OFFLOAD_CAUSE_NO_ROOM);
	assert_int_equal(cell(&r, RS_HS_FAILED + RS_OFFLOAD_CAUSE_NO_ROOM), 1);
	assert_sums(&r);
	/* some go: there is room again, for new ones and for the others' records */
	for (unsigned i = n - 40; i < n; i++)
		rs_tls_fini(&all[i]);
	for (int i = 0; i < 4; i++)
		rs_handshakes_turn(r.h, 0, r.now);
	assert_true(cell(&r, RS_HS_HEAP_REFUSED) > 0);
	n -= 40;
	accept_one(&r);
	take_over();
	assert_int_equal(rs_tls_protect(NULL, &t, text, 1000, wire, sizeof(wire), &len), 0);
	assert_int_equal(to_peer(len, got, sizeof(got)), 1000);
	assert_int_equal(SSL_write(r.ssl, "abc", 3), 3);
	len = from_peer();
	assert_int_equal(rs_tls_unprotect(NULL, &t, wire, len, &record), RS_TLS_DATA);
	all[n++] = t;
	for (unsigned i = 0; i < n; i++)
		rs_tls_fini(&all[i]);
	for (unsigned i = 0; i < n / 32 + 1; i++)
		rs_handshakes_turn(r.h, 0, r.now);
	assert_int_equal(cell(&r, RS_HS_LENT_OPEN), 0);
	close_rig(&r);
}

/* Somebody else has it all: a record that finds none is the connection's end, and no other's. */
static void
a_record_without_memory_ends_its_connection(void **state)
{
	static void *taken[HEAP / 17000 + 1];
	struct rs_tls_record record;
	size_t n, len;

	for (int sends = 0; sends < 2; sends++) {
		shake_hands(&suites[1], true);
		SSL_write(r.ssl, "abc", 3);
		len = from_peer();
		rs_tls_heap_enter();
		for (n = 0; (taken[n] = OPENSSL_malloc(17000)) != NULL; n++)
			;
		rs_tls_heap_leave();
		if (sends) {
			assert_int_equal(rs_tls_protect(NULL, &t, text, 100, wire + len, sizeof(wire) - len, &len), -ENOMEM);
			assert_int_equal(rs_tls_protect(NULL, &t, text, 100, wire, sizeof(wire), &len), -EPIPE);
		}
		assert_int_equal(rs_tls_unprotect(NULL, &t, wire, len ? len : 5, &record), RS_TLS_ERROR);
		assert_int_equal(record.error, RS_TLS_NO_MEMORY);
		while (n > 0)
			OPENSSL_free(taken[--n]);
		hang_up();
		shake_hands(&suites[1], true);
		assert_int_equal(rs_tls_protect(NULL, &t, text, 100, wire, sizeof(wire), &n), 0);
		assert_int_equal(to_peer(n, got, sizeof(got)), 100);
		hang_up();
	}
}

/* Nobody takes over a result: what is lent goes with it. */
static void
results_that_nobody_wants_are_freed(void **state)
{
	open_suite(&suites[0], true);
	accept_one(&r);
	assert_non_null(r.result);
	assert_int_equal(cell(&r, RS_HS_LENT_OPEN), 1);
	drop_result(&r);
	rs_handshakes_turn(r.h, 0, r.now);
	assert_int_equal(cell(&r, RS_HS_LENT_OPEN), 0);
	accept_one(&r); /* and with the pool */
	take_over();
	close_rig(&r);
}

static int
setup(void **state)
{
	return rs_tls_heap_reserve(HEAP) != 0 || make_certs(state) != 0 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_suite_carries_data_both_ways),
		cmocka_unit_test(each_side_closes),
		cmocka_unit_test(keys_are_changed),
		cmocka_unit_test(renegotiation_is_refused),
		cmocka_unit_test(a_changed_record_ends_it),
		cmocka_unit_test(a_fatal_alert_ends_it),
		cmocka_unit_test(garbage_is_an_error),
		cmocka_unit_test(an_idle_connection_takes_20_kib),
		cmocka_unit_test(without_room_connections_fail_and_say_so),
		cmocka_unit_test(a_record_without_memory_ends_its_connection),
		cmocka_unit_test(results_that_nobody_wants_are_freed),
	};

	if (rs_tls_heap_install() != 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, remove_certs);
}
