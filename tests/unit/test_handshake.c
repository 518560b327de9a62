/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes in the pool, with OpenSSL's other side as the peer: what they end with. */
#include "handshake_rig.h"

static const uint16_t versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
only(struct rig *r, uint16_t version)
{
	r->plan.min_version = r->plan.max_version = version;
}

/* The record layer goes on with what was handed over; the peer is still OpenSSL. */
static void
assert_records_pass(struct rig *r)
{
	static const uint8_t text[] = "REGISTER sip:sbc.test SIP/2.0";
	struct rs_tls_engine *e;
	struct rs_tls_record record;
	enum rs_tls_event event;
	struct rs_tls t;
	uint8_t out[256], in[8192], *p = in;
	void *memory = aligned_alloc(RS_TLS_ALIGN, (rs_tls_engine_size() + 63) / 64 * 64);
	size_t n;
	int len;

	assert_int_equal(rs_tls_engine_init(memory, RS_TLS_BEST, &e), 0);
	assert_int_equal(rs_tls_init(e, &r->result->keys, NULL, &t), 0);
	assert_int_equal(rs_tls_protect(e, &t, text, sizeof(text), out, sizeof(out), &n), 0);
	assert_int_equal(BIO_write(SSL_get_rbio(r->ssl), out, (int)n), n);
	assert_int_equal(SSL_read(r->ssl, out, sizeof(out)), sizeof(text));
	assert_memory_equal(out, text, sizeof(text));
	assert_int_equal(SSL_write(r->ssl, text, sizeof(text)), sizeof(text));
	memcpy(in, r->result->bytes + r->result->n_plain, r->result->n_raw); /* tickets that came too late for the library */
	memcpy(in + r->result->n_raw, r->back, r->n_back);
	len = BIO_read(SSL_get_wbio(r->ssl), in + r->result->n_raw + r->n_back, 4096);
	assert_true(len > 0);
	n = (size_t)len + r->result->n_raw + r->n_back;
	while ((event = rs_tls_unprotect(e, &t, p, n, &record)) == RS_TLS_HANDSHAKE) {
		p += record.used;
		n -= record.used;
	}
	assert_int_equal(event, RS_TLS_DATA);
	assert_int_equal(record.data.len, sizeof(text));
	assert_memory_equal(record.data.p, text, sizeof(text));
	rs_tls_engine_fini(e);
	free(memory);
}

static void
a_client_completes_in_both_versions(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig r = { .plan = plain_profile() };

		only(&r, versions[i]);
		open_pool(&r);
		r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_true(r.peer_done);
		assert_int_equal(r.result->version, versions[i]);
		assert_int_equal(r.result->suite, SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(r.ssl)));
		assert_int_equal(r.result->keys.server, 0);
		assert_int_equal(r.result->resumed, 0);
		assert_string_equal(SSL_get_servername(r.ssl, TLSEXT_NAMETYPE_host_name), "sbc.test");
		assert_records_pass(&r);
		assert_int_equal(cell(&r, RS_HS_CLIENT_FULL), 1);
		assert_int_equal(cell(&r, RS_HS_IN_FLIGHT), 0);
		assert_true(cell(&r, RS_HS_BUSY_NS) > 10000);
		assert_sums(&r);
		close_rig(&r);
	}
}

static void
a_server_completes_in_both_versions(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

		only(&r, versions[i]);
		open_pool(&r);
		r.ctx = peer_context(false, NULL, NULL);
		SSL_CTX_load_verify_file(r.ctx, cert_files[CA_FILE]);
		SSL_CTX_set_verify(r.ctx, SSL_VERIFY_PEER, NULL);
		accept_one(&r);
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_true(r.peer_done);
		assert_int_equal(r.result->version, versions[i]);
		assert_int_equal(r.result->keys.server, 1);
		assert_records_pass(&r);
		assert_int_equal(cell(&r, RS_HS_SERVER_FULL), 1);
		assert_sums(&r);
		close_rig(&r);
	}
}

static void
a_server_without_a_certificate_makes_one(void **state)
{
	struct rig r = { .plan = plain_profile() };

	r.plan.generate = 3;
	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	accept_one(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.profiles->profiles[0].n_certs, 3);
	assert_non_null(SSL_get0_peer_certificate(r.ssl));
	close_rig(&r);
}

/* However the bytes come. */
static void
single_bytes_are_enough(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };
		bool client = i % 2;

		only(&r, versions[i / 2]);
		open_pool(&r);
		r.ctx = peer_context(client, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		begin_play(&r, 7);
		open_peer(&r, client);
		assert_int_equal(start_as(&r, client ? RS_OFFLOAD_TLS_CLIENT : RS_OFFLOAD_TLS_SERVER, 7, 1, "sbc.test"), 0);
		play_pieces(&r, 1);
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_true(r.peer_done);
		close_rig(&r);
	}
}

static void
names_and_protocols_are_offered_and_agreed(void **state)
{
	static const char *protocols[] = { "sip/2", "sip" };
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	r.plan.alpn = protocols;
	r.plan.n_alpn = 2;
	r.plan.sni = "other.test";
	r.plan.check_name = "sbc.test";
	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	SSL_CTX_set_alpn_protos(r.ctx, (const unsigned char *)"\003xyz\003sip", 8);
	accept_one(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->alpn_len, 3);
	assert_memory_equal(r.result->alpn, "sip", 3);
	SSL_CTX_free(r.ctx);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	connect_as(&r, 1, "198.18.0.1");
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_string_equal(SSL_get_servername(r.ssl, TLSEXT_NAMETYPE_host_name), "other.test");
	close_rig(&r);
}

/* RFC 6066, 3: an address is no server name; the certificate has it as an address. */
static void
an_address_is_checked_and_not_named(void **state)
{
	struct rig r = { .plan = plain_profile() };

	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	connect_as(&r, 1, "198.18.0.1");
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_null(SSL_get_servername(r.ssl, TLSEXT_NAMETYPE_host_name));
	close_rig(&r);
}

static void
both_sides_show_certificates(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[CLIENT_CERT], .key = cert_files[CLIENT_KEY] };

		only(&r, versions[i]);
		r.plan.mutual = true;
		open_pool(&r);
		r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		SSL_CTX_load_verify_file(r.ctx, cert_files[CA_FILE]);
		SSL_CTX_set_verify(r.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_non_null(SSL_get0_peer_certificate(r.ssl));
		SSL_CTX_free(r.ctx);

		r.ctx = peer_context(false, cert_files[CLIENT_CERT], cert_files[CLIENT_KEY]);
		accept_one(&r);
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		close_rig(&r);
	}
}

static void
each_endpoint_shows_its_own_certificate(void **state)
{
	struct rig r = { .plan = plain_profile() };
	const char *certs[] = { cert_files[SERVER_CERT], cert_files[CLIENT_CERT] },
		   *keys[] = { cert_files[SERVER_KEY], cert_files[CLIENT_KEY] };
	struct rs_tls_start s = { .index = 3 };
	char *name;

	r.plan.certs = certs;
	r.plan.keys = keys;
	r.plan.n_certs = 2;
	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	begin_play(&r, 5);
	open_peer(&r, false);
	assert_int_equal(r.o.ops->start(r.o.ctx, 5, RS_OFFLOAD_TLS_SERVER, rs_slice_of(&s, sizeof(s))), 0);
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	name = X509_NAME_oneline(X509_get_subject_name(SSL_get0_peer_certificate(r.ssl)), NULL, 0);
	assert_non_null(strstr(name, "CN=client-0"));
	OPENSSL_free(name);
	close_rig(&r);
}

/* --- resumption --- */

static void
the_second_handshake_of_an_endpoint_resumes(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig r = { .plan = plain_profile() };

		only(&r, versions[i]);
		r.plan.resume = 1;
		open_pool(&r);
		r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_int_equal(r.result->resumed, 0);
		assert_true(r.result->tickets >= 1);
		connect_as(&r, 2, "sbc.test"); /* another endpoint has no session */
		assert_int_equal(r.result->resumed, 0);
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_int_equal(r.result->resumed, 1);
		assert_int_equal(SSL_session_reused(r.ssl), 1);
		assert_records_pass(&r);
		connect_as(&r, 1, "sbc.test"); /* and again */
		assert_int_equal(r.result->resumed, 1);
		assert_int_equal(cell(&r, RS_HS_CLIENT_FULL), 2);
		assert_int_equal(cell(&r, RS_HS_CLIENT_RESUMED), 2);
		assert_int_equal(cell(&r, RS_HS_SESSIONS), 2);
		assert_true(cell(&r, RS_HS_SESSION_BYTES) > 200);
		assert_sums(&r);
		close_rig(&r);
	}
}

static void
servers_resume_by_ticket(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };
		SSL_SESSION *session;

		only(&r, versions[i % 2]);
		r.plan.tickets = i < 2 ? 1 : 0;
		open_pool(&r);
		r.ctx = peer_context(false, NULL, NULL);
		accept_one(&r);
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		session = SSL_get1_session(r.ssl);
		SSL_set_shutdown(r.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		begin_play(&r, 99);
		open_peer(&r, false);
		SSL_set_session(r.ssl, session);
		assert_int_equal(start_as(&r, RS_OFFLOAD_TLS_SERVER, 99, 5, ""), 0);
		play(&r);
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		assert_int_equal(r.result->resumed, i < 2);
		assert_int_equal(cell(&r, RS_HS_SERVER_RESUMED), i < 2);
		assert_records_pass(&r);
		SSL_SESSION_free(session);
		close_rig(&r);
	}
}

static void
a_share_of_the_handshakes_resumes(void **state)
{
	enum { N = 60 };
	struct rig r = { .plan = plain_profile() };
	unsigned resumed = 0;

	r.plan.resume = 0.5;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	for (int i = 0; i < N; i++) {
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		resumed += r.result->resumed;
	}
	assert_in_range(resumed, N / 4, 3 * N / 4);
	close_rig(&r);
}

static void
a_server_that_has_forgotten_makes_a_full_handshake(void **state)
{
	struct rig r = { .plan = plain_profile() };

	r.plan.resume = 1;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	connect_as(&r, 1, "sbc.test");
	SSL_CTX_free(r.ctx);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	connect_as(&r, 1, "sbc.test");
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->resumed, 0);
	assert_int_equal(cell(&r, RS_HS_RESUME_REFUSED), 1);
	close_rig(&r);
}

static void
sessions_are_bounded(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .sessions = 4 } };

	r.plan.resume = 1;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	for (uint64_t who = 0; who < 10; who++) {
		connect_as(&r, who, "sbc.test");
		assert_in_range(cell(&r, RS_HS_SESSIONS), 1, 4);
	}
	connect_as(&r, 9, "sbc.test");
	assert_int_equal(r.result->resumed, 1);
	connect_as(&r, 0, "sbc.test"); /* the first one's went first */
	assert_int_equal(r.result->resumed, 0);
	close_rig(&r);
}

/* No ticket comes: the connection is not held up for longer than the plan says. */
static void
tickets_are_waited_for_so_long(void **state)
{
	struct rig r = { .plan = plain_profile() };

	only(&r, TLS1_3_VERSION);
	r.plan.resume = 1;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	SSL_CTX_set_num_tickets(r.ctx, 0);
	connect_as(&r, 1, "sbc.test");
	assert_true(r.peer_done);
	assert_int_equal(r.end.type, 0);
	r.now += 99 * MS;
	play(&r);
	assert_int_equal(r.end.type, 0);
	r.now += 10 * MS;
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->tickets, 0);
	assert_int_equal(cell(&r, RS_HS_NO_TICKET), 1);
	close_rig(&r);
}

/* --- bytes behind the handshake --- */

static void
what_comes_with_the_last_flight_is_handed_over(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };
	static const uint8_t more[] = "more, in no record at all";

	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	begin_play(&r, 3);
	open_peer(&r, false);
	assert_int_equal(start_as(&r, RS_OFFLOAD_TLS_SERVER, 3, 1, ""), 0);
	peer_step(&r);
	carry_to_pool(&r, 0);
	rs_handshakes_turn(r.h, 0, r.now);
	struct rs_mail mails[8];
	uint32_t n = r.o.ops->poll(r.o.ctx, mails, 8);
	for (uint32_t i = 0; i < n; i++)
		take(&r, &mails[i]);
	peer_step(&r);
	assert_true(r.peer_done);
	assert_int_equal(SSL_write(r.ssl, "hello", 5), 5); /* a record right behind Finished */
	carry_to_pool(&r, 0);
	rs_handshakes_turn(r.h, 0, r.now); /* the result is on its way: */
	feed_all(&r, 3, more, sizeof(more));
	feed_all(&r, 3, more, 4);
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->n_plain, 0);
	assert_int_equal(r.result->n_raw, 5 + 5 + 17); /* header, bytes, tag and content type */
	assert_int_equal(r.result->bytes[0], 23);
	assert_int_equal(r.end.arg[0], sizeof(*r.result) + r.result->n_raw);
	assert_int_equal(r.n_back, sizeof(more) + 4); /* what was too late came back, in its order */
	assert_memory_equal(r.back, more, sizeof(more));
	assert_memory_equal(r.back + sizeof(more), more, 4);
	assert_int_equal(r.o.ops->feed(r.o.ctx, 3, rs_slice_str("x")), -ENOENT);
	close_rig(&r);
}

/* A server that speaks first: what the library has decrypted, and what it has not looked at. */
static void
what_comes_with_the_tickets_is_handed_over(void **state)
{
	struct rig r = { .plan = plain_profile() };

	only(&r, TLS1_3_VERSION);
	r.plan.resume = 1;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	SSL_CTX_set_num_tickets(r.ctx, 0);
	connect_as(&r, 1, "sbc.test");
	assert_true(r.peer_done);
	assert_int_equal(SSL_write(r.ssl, "first", 5), 5);
	assert_int_equal(SSL_write(r.ssl, "second", 6), 6);
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->n_plain, 5);
	assert_memory_equal(r.result->bytes, "first", 5);
	assert_int_equal(r.result->n_raw, 5 + 6 + 17);
	assert_int_equal(r.result->bytes[5], 23);
	close_rig(&r);
}

static void
half_a_ticket_is_handed_over_as_it_is(void **state)
{
	struct rig r = { .plan = plain_profile() };
	uint8_t half[100] = { 23, 3, 3, 1, 0 };

	only(&r, TLS1_3_VERSION);
	r.plan.resume = 1;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	SSL_CTX_set_num_tickets(r.ctx, 0);
	connect_as(&r, 1, "sbc.test");
	feed_all(&r, r.owner, half, 3);
	play(&r);
	feed_all(&r, r.owner, half + 3, sizeof(half) - 3);
	play(&r);
	assert_int_equal(r.end.type, 0);
	r.now += S;
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_int_equal(r.result->n_raw, sizeof(half));
	assert_memory_equal(r.result->bytes, half, sizeof(half));
	close_rig(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_completes_in_both_versions),
		cmocka_unit_test(a_server_completes_in_both_versions),
		cmocka_unit_test(a_server_without_a_certificate_makes_one),
		cmocka_unit_test(single_bytes_are_enough),
		cmocka_unit_test(names_and_protocols_are_offered_and_agreed),
		cmocka_unit_test(an_address_is_checked_and_not_named),
		cmocka_unit_test(both_sides_show_certificates),
		cmocka_unit_test(each_endpoint_shows_its_own_certificate),
		cmocka_unit_test(the_second_handshake_of_an_endpoint_resumes),
		cmocka_unit_test(servers_resume_by_ticket),
		cmocka_unit_test(a_share_of_the_handshakes_resumes),
		cmocka_unit_test(a_server_that_has_forgotten_makes_a_full_handshake),
		cmocka_unit_test(sessions_are_bounded),
		cmocka_unit_test(tickets_are_waited_for_so_long),
		cmocka_unit_test(what_comes_with_the_last_flight_is_handed_over),
		cmocka_unit_test(what_comes_with_the_tickets_is_handed_over),
		cmocka_unit_test(half_a_ticket_is_handed_over_as_it_is),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
