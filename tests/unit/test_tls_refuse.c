/* SPDX-License-Identifier: BSD-3-Clause */
/* The record layer against a peer that sends what it must not (RFC 8446, 5 and 6; RFC 5246, 6 and 7):
 * each has its kind and its alert. */
#include <errno.h>

#include "guard.h"
#include "tls_kit.h"
#include "unit.h"

static struct rs_tls_engine *engine;

/** What the server makes of a record that a client crafted. */
struct verdict {
	enum rs_tls_event event;
	struct rs_tls_record r;
	struct rs_tls server;
	uint8_t record[RS_TLS_RECORD + 300];
};

static struct verdict v;

static void
judge(int version, int suite, bool server, uint8_t outer, uint8_t inner, const void *data,
	size_t len, size_t padding)
{
	struct rs_tls client;
	struct guard g;
	size_t n;

	kit_start(engine, &client, version, suite, !server);
	kit_start(engine, &v.server, version, suite, server);
	n = kit_craft(engine, &client, outer, inner, data, len, padding, v.record);
	g = guard_new(v.record, n);
	v.event = rs_tls_unprotect(engine, &v.server, g.p, n, &v.r);
	memcpy(v.record, g.p, n);
	guard_free(&g);
}

/** ... which is an error of that kind; its alert is owed, written once, and the last thing. */
static void
assert_error(enum rs_tls_error error, unsigned alert)
{
	struct rs_tls client;
	struct rs_tls_record r;
	uint8_t out[RS_TLS_SETTLE_MAX];
	size_t n;

	if (v.event != RS_TLS_ERROR || v.r.error != error)
		fail_msg("event %d, %s, not %s", v.event, rs_tls_error_name(v.r.error),
			rs_tls_error_name(error));
	assert_true(rs_tls_owes(&v.server));
	assert_int_equal(rs_tls_protect(engine, &v.server, out, 1, out, sizeof(out), &n), -EPIPE);
	assert_int_equal(rs_tls_settle(engine, &v.server, out, sizeof(out), &n), 0);
	kit_start(engine, &client, v.server.version, v.server.suite, !v.server.server);
	assert_int_equal(rs_tls_unprotect(engine, &client, out, n, &r), RS_TLS_ALERT);
	assert_int_equal(r.alert, alert);
	assert_false(rs_tls_owes(&v.server));
	assert_int_equal(rs_tls_settle(engine, &v.server, out, sizeof(out), &n), -EPIPE);
	assert_int_equal(rs_tls_unprotect(engine, &v.server, out, sizeof(out), &r), RS_TLS_ERROR);
	assert_int_equal(r.error, error);
}

static void
what_was_changed_on_its_way_is_refused(void **state)
{
	(void)state;
	KIT_EACH(version, suite)
	{
		struct rs_tls client, fresh;
		uint8_t out[64], copy[64];
		size_t n;

		kit_start(engine, &client, version, suite, false);
		kit_start(engine, &fresh, version, suite, true);
		assert_int_equal(rs_tls_protect(engine, &client, (const uint8_t *)"hello", 5, out,
					 sizeof(out), &n),
			0);
		for (size_t bit = 5 * 8; bit < n * 8; bit++) {
			memcpy(copy, out, n);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			v.server = fresh;
			v.event = rs_tls_unprotect(engine, &v.server, copy, n, &v.r);
			assert_int_equal(v.event, RS_TLS_ERROR);
			assert_int_equal(v.r.error, RS_TLS_AUTH_FAILED);
		}
		assert_error(RS_TLS_AUTH_FAILED, RS_TLS_BAD_RECORD_MAC);
		/* Each record has its own number. */
		v.server = fresh;
		memcpy(copy, out, n);
		assert_int_equal(rs_tls_unprotect(engine, &v.server, copy, n, &v.r), RS_TLS_DATA);
		v.event = rs_tls_unprotect(engine, &v.server, out, n, &v.r);
		assert_error(RS_TLS_AUTH_FAILED, RS_TLS_BAD_RECORD_MAC);
	}
}

/* RFC 8446, 5.1 and 5.2; RFC 5246, 6.2. */
static void
records_that_may_not_come(void **state)
{
	(void)state;
	KIT_EACH(version, suite)
	{
		for (unsigned type = 0; type < 256; type++) {
			uint8_t byte = (uint8_t)type;
			struct rs_tls_record r;

			if (type == 23 || (version == RS_TLS_1_2 && (type == 21 || type == 22)))
				continue;
			kit_start(engine, &v.server, version, suite, true);
			assert_int_equal(
				rs_tls_unprotect(engine, &v.server, &byte, 1, &r), RS_TLS_ERROR);
			assert_int_equal(r.error, RS_TLS_BAD_TYPE);
			if (version != RS_TLS_1_3 || type == 0)
				continue;
			if (type != 21 && type != 22) {
				judge(version, suite, true, 23, byte, "x", 1, 0);
				assert_error(RS_TLS_BAD_TYPE, RS_TLS_UNEXPECTED_MESSAGE);
			}
		}
	}
}

static void
versions_lengths_and_padding(void **state)
{
	static uint8_t big[RS_TLS_FRAGMENT + 300];
	uint8_t header[5] = { 23, 3, 1, 0, 32 };

	(void)state;
	KIT_EACH(version, suite)
	{
		size_t grown = rs_tls_headroom(&v.server);

		kit_start(engine, &v.server, version, suite, true);
		grown = rs_tls_headroom(&v.server) - 5 + 16;
		v.event = rs_tls_unprotect(engine, &v.server, header, 5, &v.r);
		if (version == RS_TLS_1_2)
			assert_error(RS_TLS_BAD_VERSION, RS_TLS_PROTOCOL_VERSION);
		else
			assert_int_equal(v.event, RS_TLS_MORE);
		/* Too short for nonce, type and tag. */
		kit_start(engine, &v.server, version, suite, true);
		v.event = rs_tls_unprotect(engine, &v.server,
			(uint8_t[5]){ 23, 3, 3, 0, (uint8_t)(grown - 1 + (version == RS_TLS_1_3)) },
			5, &v.r);
		assert_error(RS_TLS_TOO_SHORT, RS_TLS_DECODE_ERROR);
		/* Known from its header to be too long. */
		kit_start(engine, &v.server, version, suite, true);
		grown = version == RS_TLS_1_3 ? 256 : grown;
		grown += RS_TLS_FRAGMENT;
		v.event = rs_tls_unprotect(engine, &v.server,
			(uint8_t[5]){ 23, 3, 3, (uint8_t)((grown + 1) >> 8), (uint8_t)(grown + 1) },
			5, &v.r);
		assert_error(RS_TLS_TOO_LONG, RS_TLS_RECORD_OVERFLOW);
		kit_start(engine, &v.server, version, suite, true);
		v.event = rs_tls_unprotect(engine, &v.server,
			(uint8_t[5]){ 23, 3, 3, (uint8_t)(grown >> 8), (uint8_t)grown }, 5, &v.r);
		assert_int_equal(v.event, RS_TLS_MORE);
	}
	/* RFC 8446, 5.4: up to 16,384 bytes of data and padding. */
	judge(RS_TLS_1_3, 0, true, 23, 23, big, RS_TLS_FRAGMENT, 0);
	assert_int_equal(v.event, RS_TLS_DATA);
	judge(RS_TLS_1_3, 0, true, 23, 23, "abc\0\0", 5, 1000);
	assert_int_equal(v.event, RS_TLS_DATA);
	assert_int_equal(v.r.data.len, 5);
	judge(RS_TLS_1_3, 0, true, 23, 23, big, RS_TLS_FRAGMENT, 1);
	assert_error(RS_TLS_TOO_LONG, RS_TLS_RECORD_OVERFLOW);
	judge(RS_TLS_1_3, 0, true, 23, 0, big, 20, 30);
	assert_error(RS_TLS_ONLY_PADDING, RS_TLS_UNEXPECTED_MESSAGE);
}

static void
records_without_data_are_bounded(void **state)
{
	(void)state;
	KIT_EACH(version, suite)
	{
		struct rs_tls client;
		int n = 0;

		kit_start(engine, &client, version, suite, false);
		kit_start(engine, &v.server, version, suite, true);
		do {
			size_t len = kit_craft(engine, &client, 23, 23, NULL, 0, 0, v.record);

			v.event = rs_tls_unprotect(engine, &v.server, v.record, len, &v.r);
		} while (v.event == RS_TLS_DATA && ++n < 100);
		assert_int_equal(n, 32);
		assert_error(RS_TLS_TOO_MANY_EMPTY, RS_TLS_UNEXPECTED_MESSAGE);
	}
}

/* RFC 8446, 6; RFC 5246, 7.2. */
static void
alerts(void **state)
{
	struct rs_tls_record r;
	uint8_t out[RS_TLS_SETTLE_MAX];
	size_t n;

	(void)state;
	KIT_EACH(version, suite)
	{
		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "\1\0", 2, 0);
		assert_int_equal(v.event, RS_TLS_CLOSED);
		/* What comes after it is ignored; we may still send (RFC 8446, 6.1). */
		assert_int_equal(
			rs_tls_unprotect(engine, &v.server, v.record, 10, &r), RS_TLS_MORE);
		assert_int_equal(r.used, 10);
		assert_int_equal(
			rs_tls_protect(engine, &v.server, out, 1, out, sizeof(out), &n), 0);
		assert_int_equal(rs_tls_close(engine, &v.server, out, sizeof(out), &n), 0);
		assert_int_equal(rs_tls_close(engine, &v.server, out, sizeof(out), &n), -EPIPE);
		assert_int_equal(
			rs_tls_protect(engine, &v.server, out, 1, out, sizeof(out), &n), -EPIPE);

		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "\2\x28", 2, 0);
		assert_int_equal(v.event, RS_TLS_ALERT);
		assert_int_equal(v.r.alert, 40);
		assert_string_equal(rs_tls_alert_name(v.r.alert), "handshake_failure");
		assert_int_equal(
			rs_tls_protect(engine, &v.server, out, 1, out, sizeof(out), &n), -EPIPE);
		assert_int_equal(
			rs_tls_unprotect(engine, &v.server, v.record, 10, &r), RS_TLS_ALERT);
		assert_int_equal(r.alert, 40);

		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "\1\x5a", 2, 0);
		assert_int_equal(v.event, RS_TLS_WARNING);
		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "\1\x64", 2, 0);
		assert_int_equal(v.event, version == RS_TLS_1_3 ? RS_TLS_ALERT : RS_TLS_WARNING);
		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "\1\0\1", 3, 0);
		assert_error(RS_TLS_BAD_ALERT, RS_TLS_DECODE_ERROR);
		judge(version, suite, true, version == RS_TLS_1_3 ? 23 : 21, 21, "", 0, 0);
		assert_error(RS_TLS_BAD_ALERT, RS_TLS_DECODE_ERROR);
	}
}

/* RFC 8446, 4.6 and 5.1. */
static void
messages_after_the_handshake(void **state)
{
	static const char ticket[] = "\4\0\0\x3"
				     "abc";
	struct rs_tls server;
	size_t n;

	(void)state;
	judge(RS_TLS_1_3, 0, false, 23, 22, "\4\0\0\3abc\4\0\0\0", 11, 0);
	assert_int_equal(v.event, RS_TLS_HANDSHAKE);
	assert_int_equal(v.r.tickets, 2);
	judge(RS_TLS_1_3, 0, true, 23, 22, ticket, 7, 0); /* from a client */
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
	judge(RS_TLS_1_3, 0, false, 23, 22, "\x0d\0\0\0", 4, 0); /* CertificateRequest */
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
	judge(RS_TLS_1_3, 0, false, 23, 22, "", 0, 0);
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
	judge(RS_TLS_1_3, 0, true, 23, 22, "\x18\0\0\2\0\0", 6, 0);
	assert_error(RS_TLS_BAD_UPDATE, RS_TLS_ILLEGAL_PARAMETER);
	judge(RS_TLS_1_3, 0, true, 23, 22, "\x18\0\0\1\2", 5, 0);
	assert_error(RS_TLS_BAD_UPDATE, RS_TLS_ILLEGAL_PARAMETER);
	judge(RS_TLS_1_3, 0, false, 23, 22, "\x18\0\0\1\0\4", 6, 0);
	assert_error(RS_TLS_BAD_UPDATE, RS_TLS_ILLEGAL_PARAMETER);
	/* In pieces, as long as nothing else comes between. */
	kit_start(engine, &server, RS_TLS_1_3, 0, true);
	kit_start(engine, &v.server, RS_TLS_1_3, 0, false);
	for (int i = 0; i < 7; i++) {
		n = kit_craft(engine, &server, 23, 22, ticket + i, 1, 3, v.record);
		assert_int_equal(
			rs_tls_unprotect(engine, &v.server, v.record, n, &v.r), RS_TLS_HANDSHAKE);
		assert_int_equal(v.r.tickets, i == 6);
	}
	n = kit_craft(engine, &server, 23, 22, ticket, 5, 0, v.record);
	rs_tls_unprotect(engine, &v.server, v.record, n, &v.r);
	n = kit_craft(engine, &server, 23, 23, "x", 1, 0, v.record);
	v.event = rs_tls_unprotect(engine, &v.server, v.record, n, &v.r);
	assert_error(RS_TLS_INTERLEAVED, RS_TLS_UNEXPECTED_MESSAGE);
}

/* RFC 5246, 7.2.2 and 7.4.1. */
static void
renegotiation_is_refused(void **state)
{
	uint8_t out[RS_TLS_SETTLE_MAX], hello[60] = { 1, 0, 0, 56 };
	struct rs_tls_record r;
	size_t n;

	(void)state;
	for (int server = 0; server < 2; server++) {
		struct rs_tls peer;

		judge(RS_TLS_1_2, 0, server != 0, 22, 0, hello, server ? sizeof(hello) : 0, 0);
		if (!server)
			judge(RS_TLS_1_2, 0, false, 22, 0, "\0\0\0\0\0\0\0\0", 8, 0);
		assert_int_equal(v.event, RS_TLS_HANDSHAKE);
		assert_int_equal(v.r.requests, server ? 1 : 2);
		assert_true(rs_tls_owes(&v.server));
		kit_start(engine, &peer, RS_TLS_1_2, 0, server == 0);
		assert_int_equal(
			rs_tls_protect(engine, &v.server, out, 0, out, sizeof(out), &n), 0);
		assert_int_equal(rs_tls_unprotect(engine, &peer, out, n, &r), RS_TLS_WARNING);
		assert_int_equal(r.alert, RS_TLS_NO_RENEGOTIATION);
		assert_int_equal(r.used, n);
		assert_int_equal(
			rs_tls_update(engine, &v.server, true, out, sizeof(out), &n), -ENOTSUP);
	}
	judge(RS_TLS_1_2, 0, true, 22, 0, "\0\0\0\0", 4, 0);
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
	judge(RS_TLS_1_2, 0, false, 22, 0, hello, sizeof(hello), 0);
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
	judge(RS_TLS_1_2, 0, false, 22, 0, "\0\0\0\1", 4, 0);
	assert_error(RS_TLS_BAD_HANDSHAKE, RS_TLS_UNEXPECTED_MESSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_changed_on_its_way_is_refused),
		cmocka_unit_test(records_that_may_not_come),
		cmocka_unit_test(versions_lengths_and_padding),
		cmocka_unit_test(records_without_data_are_bounded),
		cmocka_unit_test(alerts),
		cmocka_unit_test(messages_after_the_handshake),
		cmocka_unit_test(renegotiation_is_refused),
	};
	int failed;

	engine = kit_engine(RS_TLS_BEST);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kit_engine_free(engine);
	return failed;
}
