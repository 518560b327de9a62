/* SPDX-License-Identifier: BSD-3-Clause */
/* The record layer (RFC 8446, 5 to 7; RFC 5246, 6): by RFC 8448's bytes, and between two of our
 * own ends; test_tls_refuse.c has what a peer must not send. */
#include <errno.h>
#include <openssl/crypto.h>

#include "guard.h"
#include "tls_kit.h"
#include "unit.h"

#define BIG 70000

static struct rs_tls_engine *engine;

/** Heap blocks that OpenSSL has asked for. */
static uint64_t allocated;

static void *
count_malloc(size_t n, const char *file, int line)
{
	allocated++;
	return malloc(n);
}

static void *
count_realloc(void *p, size_t n, const char *file, int line)
{
	allocated++;
	return realloc(p, n);
}

static void
count_free(void *p, const char *file, int line)
{
	free(p);
}

/* RFC 8448, 3: the client's and the server's application traffic. */
static const char client_secret[] =
	"9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
static const char server_secret[] =
	"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
static const char client_data[] =
	"1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b"
	"62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";
static const char server_data[] =
	"17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8"
	"fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";
static const char client_alert[] = "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";
static const char server_alert[] = "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9";

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static void
records_of_rfc_8448(void **state)
{
	struct rs_tls_keys keys = { .version = RS_TLS_1_3, .suite = RS_TLS_AES_128_GCM };
	uint8_t data[50], out[128], want[128];
	struct rs_tls_record r;
	struct rs_tls client, server;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	from_hex(client_secret, keys.tx.secret);
	from_hex(server_secret, keys.rx.secret);
	keys.rx.seq = 1; /* after the server's ticket */
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &client), 0);
	from_hex(server_secret, keys.tx.secret);
	from_hex(client_secret, keys.rx.secret);
	keys.tx.seq = 1;
	keys.rx.seq = 0;
	keys.server = true;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &server), 0);

	assert_int_equal(rs_tls_protect(engine, &client, data, 50, out, sizeof(out), &n), 0);
	assert_int_equal(n, from_hex(client_data, want));
	assert_memory_equal(out, want, n);
	assert_int_equal(rs_tls_unprotect(engine, &server, out, n, &r), RS_TLS_DATA);
	assert_int_equal(r.data.len, 50);
	assert_memory_equal(r.data.p, data, 50);
	assert_int_equal(rs_tls_protect(engine, &server, data, 50, out, sizeof(out), &n), 0);
	assert_int_equal(n, from_hex(server_data, want));
	assert_memory_equal(out, want, n);
	assert_int_equal(rs_tls_unprotect(engine, &client, out, n, &r), RS_TLS_DATA);

	assert_int_equal(rs_tls_close(engine, &client, out, sizeof(out), &n), 0);
	assert_int_equal(n, from_hex(client_alert, want));
	assert_memory_equal(out, want, n);
	assert_int_equal(rs_tls_unprotect(engine, &server, out, n, &r), RS_TLS_CLOSED);
	assert_int_equal(rs_tls_close(engine, &server, out, sizeof(out), &n), 0);
	assert_int_equal(n, from_hex(server_alert, want));
	assert_memory_equal(out, want, n);
	assert_int_equal(rs_tls_unprotect(engine, &client, out, n, &r), RS_TLS_CLOSED);
}

/** Protect @len bytes at the place where @in says they lie, and take them at the other end. */
static void
carry(struct rs_tls *from, struct rs_tls *to, struct rs_tls_engine *with, size_t len, bool in_place)
{
	static uint8_t text[BIG];
	size_t total = rs_tls_sealed_len(from, len), written, got = 0;
	struct guard g = guard_new(NULL, total);
	uint8_t *in = text;
	struct rs_tls_record r;

	kit_fill(text, len, len);
	if (in_place) {
		in = g.p + rs_tls_headroom(from);
		memcpy(in, text, len);
	}
	if (total != 0)
		assert_int_equal(
			rs_tls_protect(engine, from, in, len, g.p, total - 1, &written), -ENOSPC);
	assert_int_equal(rs_tls_protect(engine, from, in, len, g.p, total, &written), 0);
	assert_int_equal(written, total);
	for (size_t at = 0; at < total; at += r.used) {
		enum rs_tls_event event = rs_tls_unprotect(with, to, g.p + at, total - at, &r);

		if (event == RS_TLS_HANDSHAKE)
			continue;
		assert_int_equal(event, RS_TLS_DATA);
		assert_true(r.data.len <= RS_TLS_FRAGMENT);
		assert_memory_equal(r.data.p, text + got, r.data.len);
		got += r.data.len;
	}
	assert_int_equal(got, len);
	guard_free(&g);
}

static void
data_of_every_length_in_every_suite(void **state)
{
	static const size_t lens[] = { 0, 1, 2, 15, 16, 17, 31, 63, 64, 65, 255, 500, 1400, 4096,
		16383, 16384, 16385, 32768, 32769, 65536 };

	(void)state;
	KIT_EACH(version, suite)
	{
		struct rs_tls client, server;

		kit_start(engine, &client, version, suite, false);
		kit_start(engine, &server, version, suite, true);
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (int in_place = 0; in_place < 2; in_place++) {
				carry(&client, &server, engine, lens[i], in_place != 0);
				carry(&server, &client, engine, lens[i], in_place != 0);
			}
	}
}

static void
all_backends_make_and_read_the_same_records(void **state)
{
	(void)state;
	for (int backend = RS_TLS_BEST; backend < RS_TLS_BACKENDS; backend++) {
		struct rs_tls_engine *other = kit_engine(backend), *mine = engine;

		if (other == NULL)
			continue;
		assert_true(strlen(rs_tls_engine_name(other)) > 0);
		KIT_EACH(version, suite)
		{
			static uint8_t kept[2 * RS_TLS_GCM_BYTES]
				__attribute__((aligned(RS_TLS_ALIGN)));
			struct rs_tls_keys keys = kit_keys(version, suite, true);
			struct rs_tls client, server;

			kit_start(engine, &client, version, suite, false);
			/* Once with keys kept expanded. */
			assert_int_equal(
				rs_tls_init(other, &keys, suite != 1 ? kept : NULL, &server), 0);
			for (size_t len = 0; len < 600; len += 1 + len / 20) {
				carry(&client, &server, other, len, false);
				engine = other;
				carry(&server, &client, mine, len, true);
				engine = mine;
			}
		}
		kit_engine_free(other);
	}
}

static void
records_come_in_any_pieces(void **state)
{
	(void)state;
	KIT_EACH(version, suite)
	{
		struct rs_tls client, server;
		struct rs_tls_record r;
		uint8_t out[200];
		size_t n;

		kit_start(engine, &client, version, suite, false);
		kit_start(engine, &server, version, suite, true);
		assert_int_equal(rs_tls_protect(engine, &client, (const uint8_t *)"hello", 5, out,
					 sizeof(out), &n),
			0);
		for (size_t len = 0; len < n; len++) {
			struct guard g = guard_new(out, len);

			assert_int_equal(
				rs_tls_unprotect(engine, &server, g.p, len, &r), RS_TLS_MORE);
			assert_int_equal(r.used, 0);
			assert_int_equal(r.need, len < 5 ? 5 - len : n - len);
			guard_free(&g);
		}
		assert_int_equal(rs_tls_unprotect(engine, &server, out, n, &r), RS_TLS_DATA);
		assert_int_equal(r.used, n);
		assert_memory_equal(r.data.p, "hello", 5);
	}
}

static void
fragments_keep_to_what_was_agreed(void **state)
{
	struct rs_tls_keys keys = kit_keys(RS_TLS_1_3, RS_TLS_AES_128_GCM, false);
	struct rs_tls client, server;

	(void)state;
	keys.fragment = 512;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &client), 0);
	kit_start(engine, &server, RS_TLS_1_3, RS_TLS_AES_128_GCM, true);
	assert_int_equal(rs_tls_sealed_len(&client, 1025), 3 * 22 + 1025);
	carry(&client, &server, engine, 1025, false);
	carry(&client, &server, engine, 1025, true);
	keys.fragment = 16385;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &client), -EINVAL);
	keys.fragment = 0;
	keys.suite = RS_TLS_SUITES;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &client), -EINVAL);
}

/* RFC 8446, 4.6.3 and 7.2. */
static void
keys_change_in_both_directions(void **state)
{
	(void)state;
	for (int suite = 0; suite < RS_TLS_SUITES; suite++) {
		static uint8_t kept[2 * RS_TLS_GCM_BYTES] __attribute__((aligned(RS_TLS_ALIGN)));
		struct rs_tls_keys keys = kit_keys(RS_TLS_1_3, suite, true);
		struct rs_tls client, server;
		struct rs_tls_record r;
		uint8_t out[RS_TLS_SETTLE_MAX];
		size_t n;

		kit_start(engine, &client, RS_TLS_1_3, suite, false);
		assert_int_equal(rs_tls_init(engine, &keys, kept, &server), 0);
		carry(&client, &server, engine, 100, false);
		for (int round = 0; round < 3; round++) {
			assert_int_equal(
				rs_tls_update(engine, &client, true, out, sizeof(out), &n), 0);
			assert_int_equal(client.tx.seq, 0);
			assert_int_equal(
				rs_tls_unprotect(engine, &server, out, n, &r), RS_TLS_HANDSHAKE);
			assert_int_equal(r.updates, 1);
			assert_true(rs_tls_owes(&server));
			carry(&client, &server, engine, 100, false);
			/* The answer goes before the next data, in one go or by itself. */
			if (round == 0) {
				carry(&server, &client, engine, 20000, true);
			} else {
				assert_int_equal(
					rs_tls_settle(engine, &server, out, sizeof(out), &n), 0);
				assert_int_equal(rs_tls_unprotect(engine, &client, out, n, &r),
					RS_TLS_HANDSHAKE);
			}
			assert_false(rs_tls_owes(&server));
			assert_false(rs_tls_owes(&client));
			carry(&server, &client, engine, 100, false);
		}
		/* Not asked for an answer. */
		assert_int_equal(rs_tls_update(engine, &server, false, out, sizeof(out), &n), 0);
		assert_int_equal(rs_tls_unprotect(engine, &client, out, n, &r), RS_TLS_HANDSHAKE);
		assert_false(rs_tls_owes(&client));
		carry(&server, &client, engine, 100, false);
	}
}

static void
a_hand_over_after_updates_has_the_keys_that_followed(void **state)
{
	struct rs_tls_keys keys = kit_keys(RS_TLS_1_3, RS_TLS_AES_256_GCM, true);
	struct rs_tls client, server;
	uint8_t out[RS_TLS_SETTLE_MAX];
	size_t n;

	(void)state;
	kit_start(engine, &client, RS_TLS_1_3, RS_TLS_AES_256_GCM, false);
	assert_int_equal(rs_tls_update(engine, &client, false, out, sizeof(out), &n), 0);
	assert_int_equal(rs_tls_update(engine, &client, false, out, sizeof(out), &n), 0);
	assert_int_equal(rs_tls_protect(engine, &client, out, 1, out, sizeof(out), &n), 0);
	keys.rx.updates = 2;
	keys.rx.seq = 1;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &server), 0);
	carry(&client, &server, engine, 100, false);
}

/* RFC 8446, 5.5. */
static void
gcm_keys_are_changed_before_they_are_worn(void **state)
{
	struct rs_tls client, server;
	unsigned changes = 0;

	(void)state;
	KIT_EACH(version, suite)
	{
		kit_start(engine, &client, version, suite, false);
		kit_start(engine, &server, version, suite, true);
		assert_true(suite == RS_TLS_CHACHA20_POLY1305 ? client.limit == UINT64_MAX
							      : client.limit < 23726566);
		rs_tls_set_limit(&client, 10);
		changes = 0;
		for (int i = 0; i < 100; i++) {
			uint64_t before = client.tx.seq;

			carry(&client, &server, engine, i % 7 == 0 ? 40000 : 100, i % 2 != 0);
			changes += client.tx.seq < before;
			if (version == RS_TLS_1_3)
				assert_true(client.tx.seq <= 10);
		}
		assert_true((changes > 5) == (version == RS_TLS_1_3));
	}
}

static void
sequence_numbers_never_begin_anew(void **state)
{
	struct rs_tls_keys keys = kit_keys(RS_TLS_1_2, RS_TLS_AES_128_GCM, false);
	struct rs_tls client;
	struct rs_tls_record r;
	uint8_t out[200] = { 23, 3, 3, 0, 40 };
	size_t n;

	(void)state;
	keys.tx.seq = UINT64_MAX - 3;
	keys.rx.seq = UINT64_MAX;
	assert_int_equal(rs_tls_init(engine, &keys, NULL, &client), 0);
	assert_int_equal(rs_tls_protect(engine, &client, out, 1, out, sizeof(out), &n), -EPIPE);
	assert_int_equal(rs_tls_unprotect(engine, &client, out, sizeof(out), &r), RS_TLS_ERROR);
	assert_int_equal(r.error, RS_TLS_USED_UP);
}

static void
nothing_is_allocated_after_the_begin(void **state)
{
	(void)state;
	for (int backend = RS_TLS_BEST; backend < RS_TLS_BACKENDS; backend++) {
		struct rs_tls_engine *mine = engine;
		uint64_t before;

		if (backend != RS_TLS_BEST && backend != RS_TLS_OPENSSL)
			continue;
		engine = kit_engine(backend);
		assert_non_null(engine);
		before = allocated;
		assert_true(before > 0);
		KIT_EACH(version, suite)
		{
			struct rs_tls client, server;
			uint8_t out[RS_TLS_SETTLE_MAX];
			struct rs_tls_record r;
			size_t n;

			kit_start(engine, &client, version, suite, false);
			kit_start(engine, &server, version, suite, true);
			carry(&client, &server, engine, 1000, false);
			if (version == RS_TLS_1_3) {
				rs_tls_update(engine, &client, true, out, sizeof(out), &n);
				rs_tls_unprotect(engine, &server, out, n, &r);
				carry(&server, &client, engine, 1000, false);
			}
			rs_tls_close(engine, &client, out, sizeof(out), &n);
			out[n - 1] ^= 1;
			assert_int_equal(
				rs_tls_unprotect(engine, &server, out, n, &r), RS_TLS_ERROR);
			rs_tls_fini(&client);
		}
		assert_int_equal(allocated, before);
		kit_engine_free(engine);
		engine = mine;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_rfc_8448),
		cmocka_unit_test(data_of_every_length_in_every_suite),
		cmocka_unit_test(all_backends_make_and_read_the_same_records),
		cmocka_unit_test(records_come_in_any_pieces),
		cmocka_unit_test(fragments_keep_to_what_was_agreed),
		cmocka_unit_test(keys_change_in_both_directions),
		cmocka_unit_test(a_hand_over_after_updates_has_the_keys_that_followed),
		cmocka_unit_test(gcm_keys_are_changed_before_they_are_worn),
		cmocka_unit_test(sequence_numbers_never_begin_anew),
		cmocka_unit_test(nothing_is_allocated_after_the_begin),
	};
	int failed;

	CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free);
	engine = kit_engine(RS_TLS_BEST);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kit_engine_free(engine);
	return failed;
}
