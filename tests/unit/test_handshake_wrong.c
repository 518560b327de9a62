/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes that fail: each for its cause, with the peer told why, and nothing left behind. */
#include "handshake_rig.h"

static void
assert_failed(struct rig *r, enum rs_offload_cause cause, uint64_t detail, int peer_alert)
{
	assert_int_equal(r->end.type, RS_OFFLOAD_FAILED);
	assert_string_equal(rs_offload_cause_name(r->end.arg[0]), rs_offload_cause_name(cause));
	if (detail)
		assert_int_equal(r->end.arg[1], detail);
	assert_int_equal(r->peer_alert, peer_alert);
	assert_int_equal(r->end.arg[2], peer_alert > 0 ? peer_alert : 0);
	assert_int_equal(cell(r, RS_HS_FAILED + cause), 1);
	assert_int_equal(cell(r, RS_HS_IN_FLIGHT), 0);
	assert_sums(r);
	assert_int_equal(r->o.ops->feed(r->o.ctx, r->owner, rs_slice_str("x")), -ENOENT);
}

/* As client, of a server whose certificate is @cert. */
static void
expect_refused_cert(const char *cert, const char *key, const char *ca, const char *host, enum rs_offload_cause cause,
	uint64_t detail, int alert)
{
	for (uint16_t v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		struct rig r = { .plan = plain_profile() };

		r.plan.min_version = r.plan.max_version = v;
		r.plan.ca = ca;
		open_pool(&r);
		r.ctx = peer_context(true, cert, key);
		connect_as(&r, 1, host);
		assert_failed(&r, cause, detail, alert);
		close_rig(&r);
	}
}

static void
certificates_are_checked(void **state)
{
	expect_refused_cert(cert_files[EXPIRED_CERT], expired_key, cert_files[CA_FILE], "sbc.test", RS_OFFLOAD_CAUSE_CERT_EXPIRED,
		X509_V_ERR_CERT_HAS_EXPIRED, SSL_AD_CERTIFICATE_EXPIRED);
	expect_refused_cert(cert_files[SERVER_CERT], cert_files[SERVER_KEY], cert_files[CA_FILE], "other.test",
		RS_OFFLOAD_CAUSE_CERT_NAME, X509_V_ERR_HOSTNAME_MISMATCH, SSL_AD_BAD_CERTIFICATE);
	expect_refused_cert(cert_files[SERVER_CERT], cert_files[SERVER_KEY], cert_files[CA_FILE], "198.18.0.2",
		RS_OFFLOAD_CAUSE_CERT_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, SSL_AD_BAD_CERTIFICATE);
	expect_refused_cert(cert_files[SERVER_CERT], cert_files[SERVER_KEY], cert_files[CLIENT_CERT], "sbc.test",
		RS_OFFLOAD_CAUSE_CERT_CA, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, SSL_AD_UNKNOWN_CA);
}

static void
nothing_is_checked_when_the_plan_says_so(void **state)
{
	struct rig r = { .plan = plain_profile() };

	r.plan.verify = false;
	r.plan.ca = NULL;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[EXPIRED_CERT], expired_key);
	connect_as(&r, 1, "other.test");
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	close_rig(&r);
}

static void
a_client_without_certificate_is_refused(void **state)
{
	for (uint16_t v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

		r.plan.mutual = true;
		r.plan.min_version = r.plan.max_version = v;
		open_pool(&r);
		r.ctx = peer_context(false, NULL, NULL);
		accept_one(&r);
		/* RFC 8446, 4.4.2.4: certificate_required; TLS 1.2 has handshake_failure (RFC 5246, 7.4.6) */
		assert_failed(&r, RS_OFFLOAD_CAUSE_CERT_MISSING, 0,
			v == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE);
		close_rig(&r);
	}
}

static void
an_expired_client_is_refused(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	r.plan.mutual = true;
	open_pool(&r);
	r.ctx = peer_context(false, cert_files[EXPIRED_CERT], expired_key);
	accept_one(&r);
	assert_failed(&r, RS_OFFLOAD_CAUSE_CERT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, SSL_AD_CERTIFICATE_EXPIRED);
	close_rig(&r);
}

static void
versions_that_do_not_meet(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	r.plan.min_version = TLS1_3_VERSION;
	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	SSL_CTX_set_max_proto_version(r.ctx, TLS1_2_VERSION);
	accept_one(&r);
	assert_failed(&r, RS_OFFLOAD_CAUSE_VERSION, 0, SSL_AD_PROTOCOL_VERSION);
	close_rig(&r);
}

static void
suites_and_groups_that_do_not_meet(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

		if (i == 0)
			r.plan.suites = "TLS_AES_128_GCM_SHA256";
		if (i == 1) {
			r.plan.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
			r.plan.max_version = TLS1_2_VERSION;
		}
		if (i == 2)
			r.plan.groups = "P-384";
		open_pool(&r);
		r.ctx = peer_context(false, NULL, NULL);
		SSL_CTX_set_ciphersuites(r.ctx, "TLS_AES_256_GCM_SHA384");
		SSL_CTX_set_cipher_list(r.ctx, "ECDHE-ECDSA-AES256-GCM-SHA384");
		SSL_CTX_set1_groups_list(r.ctx, "X25519");
		accept_one(&r);
		assert_failed(&r, RS_OFFLOAD_CAUSE_CIPHER, 0, SSL_AD_HANDSHAKE_FAILURE);
		close_rig(&r);
	}
}

static void
protocols_that_do_not_meet(void **state)
{
	static const char *protocols[] = { "sip" };
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	r.plan.alpn = protocols;
	r.plan.n_alpn = 1;
	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	SSL_CTX_set_alpn_protos(r.ctx, (const unsigned char *)"\003xyz", 4);
	accept_one(&r);
	assert_failed(&r, RS_OFFLOAD_CAUSE_ALPN, 0, SSL_AD_NO_APPLICATION_PROTOCOL);
	close_rig(&r);
}

static void
the_peers_alert_is_told_with_its_number(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	SSL_CTX_set_verify(r.ctx, SSL_VERIFY_PEER, NULL); /* it knows no authority */
	accept_one(&r);
	assert_failed(&r, RS_OFFLOAD_CAUSE_ALERT_CERT, SSL_AD_UNKNOWN_CA, -1);
	close_rig(&r);
}

/* RFC 8446, 4.4: a client has completed before the server looks at its certificate; only who waits for tickets hears of it. */
static void
a_server_that_refuses_our_certificate_afterwards(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[CLIENT_CERT], .key = cert_files[CLIENT_KEY] };

	r.plan.resume = 1;
	r.plan.min_version = TLS1_3_VERSION;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	SSL_CTX_set_verify(r.ctx, SSL_VERIFY_PEER, NULL);
	connect_as(&r, 1, "sbc.test");
	assert_failed(&r, RS_OFFLOAD_CAUSE_ALERT_CERT, SSL_AD_UNKNOWN_CA, -1);
	close_rig(&r);
}

static void
alerts_in_the_clear(void **state)
{
	static const struct {
		uint8_t level, description;
		enum rs_offload_cause cause;
		uint64_t detail;
	} rows[] = {
		{ 2, 40, RS_OFFLOAD_CAUSE_ALERT_HANDSHAKE, 40 },
		{ 2, 70, RS_OFFLOAD_CAUSE_ALERT_VERSION, 70 },
		{ 2, 112, RS_OFFLOAD_CAUSE_ALERT, 112 },
		{ 1, 0, RS_OFFLOAD_CAUSE_CLOSED, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = { .plan = plain_profile() };
		uint8_t record[] = { 21, 3, 3, 0, 2, rows[i].level, rows[i].description };

		open_pool(&r);
		r.peer_alert = -1;
		begin_play(&r, 1);
		assert_int_equal(start_client(&r, 1, 1), 0);
		play(&r);
		feed_all(&r, 1, record, sizeof(record));
		play(&r);
		assert_int_equal(r.end.type, RS_OFFLOAD_FAILED);
		assert_int_equal(r.end.arg[0], rows[i].cause);
		assert_int_equal(r.end.arg[1], rows[i].detail);
		close_rig(&r);
	}
}

/* Whatever comes: it fails, and for the peer's bytes. */
static void
garbage_is_the_peers(void **state)
{
#define TEXT(t) { t, sizeof(t) - 1 }
	static const struct {
		const char *p;
		size_t len;
	} texts[] = { TEXT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), TEXT("SIP/2.0 200 OK\r\n\r\n"), TEXT("INVITE sip:a@b SIP/2.0\r\n\r\n"),
		TEXT("\x16\x03\x01\x00\x05garbage that is long enough"), TEXT("\x16\x03\x03\x40\x01\x02"), TEXT("\x17\x03\x03\x00\x04""abcd"),
		TEXT("\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x04""abcd"), TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") };
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };
	size_t n = sizeof(texts) / sizeof(texts[0]);

	open_pool(&r);
	for (size_t i = 0; i < 2 * n; i++) {
		begin_play(&r, i + 1);
		assert_int_equal(start_as(&r, i % 2 ? RS_OFFLOAD_TLS_CLIENT : RS_OFFLOAD_TLS_SERVER, i + 1, 1, "sbc.test"), 0);
		play(&r);
		feed_all(&r, i + 1, texts[i / 2].p, texts[i / 2].len);
		play(&r);
		if (r.end.type == 0) { /* it waits for the rest of what it takes for a record */
			r.o.ops->feed(r.o.ctx, i + 1, rs_slice_of(NULL, 0));
			play(&r);
			assert_int_equal(r.end.arg[0], RS_OFFLOAD_CAUSE_CLOSED);
		} else {
			assert_true(r.end.arg[0] == RS_OFFLOAD_CAUSE_PEER || r.end.arg[0] == RS_OFFLOAD_CAUSE_VERSION);
		}
		assert_int_equal(r.end.type, RS_OFFLOAD_FAILED);
	}
	assert_true(cell(&r, RS_HS_FAILED + RS_OFFLOAD_CAUSE_PEER) >= n);
	assert_sums(&r);
	close_rig(&r);
}

/* A bit of the peer's flights turned, each in its turn: never more than a failure, and never a success with other bytes. */
static void
turned_bits_do_no_harm(void **state)
{
	struct rig r = { .plan = plain_profile() };
	unsigned failed = 0, rounds = 0;

	r.plan.timeout_ns = S;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	for (size_t bit = 0; bit < 1200 * 8; bit += 131, rounds++) {
		uint8_t buf[16384];
		struct rs_mail mails[8];
		int n;

		begin_play(&r, bit + 1);
		open_peer(&r, true);
		assert_int_equal(start_client(&r, bit + 1, bit), 0);
		rs_handshakes_turn(r.h, 0, r.now);
		for (uint32_t i = 0, k = r.o.ops->poll(r.o.ctx, mails, 8); i < k; i++)
			take(&r, &mails[i]);
		peer_step(&r);
		n = BIO_read(SSL_get_wbio(r.ssl), buf, sizeof(buf));
		assert_true(n > 600);
		buf[bit / 8 % (size_t)n] ^= (uint8_t)(1 << bit % 8);
		feed_all(&r, bit + 1, buf, (size_t)n);
		play(&r);
		r.now += 2 * S;
		play(&r);
		assert_true(r.end.type != 0);
		failed += r.end.type == RS_OFFLOAD_FAILED;
	}
	assert_true(failed + 5 >= rounds); /* legacy_version of a record is not looked at (RFC 8446, 5.1) */
	assert_sums(&r);
	close_rig(&r);
}

static void
too_many_bytes_are_not_kept(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .in_flight = 1 } };
	static uint8_t zeros[2000];
	struct rs_mail mails[8];

	open_pool(&r);
	assert_int_equal(start_client(&r, 1, 1), 0); /* the only place */
	assert_int_equal(start_as(&r, RS_OFFLOAD_TLS_SERVER, 2, 1, ""), 0);
	rs_handshakes_turn(r.h, 0, r.now);
	r.owner = 1;
	for (uint32_t i = 0, n = r.o.ops->poll(r.o.ctx, mails, 8); i < n; i++)
		take(&r, &mails[i]);
	begin_play(&r, 2);
	for (int i = 0; i < 40 && r.end.type == 0; i++) {
		feed_all(&r, 2, zeros, sizeof(zeros));
		play(&r);
	}
	assert_int_equal(r.end.type, RS_OFFLOAD_FAILED);
	assert_int_equal(r.end.arg[0], RS_OFFLOAD_CAUSE_PEER);
	assert_sums(&r);
	close_rig(&r);
}

static void
parameters_that_cannot_be(void **state)
{
	struct rig r = { .plan = plain_profile() };
	struct rs_tls_start s = { .profile = 1 }, t = { .n_host = 1 };

	open_pool(&r);
	assert_int_equal(r.o.ops->start(r.o.ctx, 1, RS_OFFLOAD_TLS_CLIENT, rs_slice_of(&s, sizeof(s))), -EINVAL);
	assert_int_equal(r.o.ops->start(r.o.ctx, 1, RS_OFFLOAD_TLS_CLIENT, rs_slice_of(&t, sizeof(t))), -EINVAL);
	assert_int_equal(r.o.ops->start(r.o.ctx, 1, RS_OFFLOAD_TLS_CLIENT, rs_slice_of(&t, 3)), -EINVAL);
	assert_int_equal(start_as(&r, 77, 1, 1, "x"), -EINVAL);
	assert_int_equal(start_client(&r, 1, 1), 0);
	assert_int_equal(start_client(&r, 1, 1), -EINVAL); /* it has one */
	assert_int_equal(r.o.ops->feed(r.o.ctx, 2, rs_slice_str("x")), -ENOENT);
	r.o.ops->cancel(r.o.ctx, 2);
	close_rig(&r);
}

/* --- time and giving up --- */

static void
a_peer_that_stalls_times_out(void **state)
{
	struct rig r = { .plan = plain_profile() };

	r.plan.timeout_ns = 2 * S;
	open_pool(&r);
	r.peer_alert = -1;
	begin_play(&r, 1);
	assert_int_equal(start_client(&r, 1, 1), 0);
	play(&r);
	assert_int_equal(r.outs, 1);
	r.now += 2 * S - 20 * MS;
	play(&r);
	assert_int_equal(r.end.type, 0);
	r.now += 40 * MS;
	play(&r);
	assert_failed(&r, RS_OFFLOAD_CAUSE_TIMEOUT, 0, -1);
	close_rig(&r);
}

static void
a_peer_that_closes(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig r = { .plan = plain_profile() };

		open_pool(&r);
		r.peer_alert = -1;
		begin_play(&r, 1);
		assert_int_equal(start_client(&r, 1, 1), 0);
		if (i == 1)
			play(&r); /* else before the thread has begun */
		assert_int_equal(r.o.ops->feed(r.o.ctx, 1, rs_slice_of(NULL, 0)), 0);
		assert_int_equal(r.o.ops->feed(r.o.ctx, 1, rs_slice_of(NULL, 0)), 0);
		play(&r);
		assert_failed(&r, RS_OFFLOAD_CAUSE_CLOSED, 0, -1);
		close_rig(&r);
	}
}

/* After so many exchanged flights. Whatever was under way, one end comes, and the next handshake is as good as ever. */
static void
cancelling_at_each_stage(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY] };

	open_pool(&r);
	for (int i = 0; i < 2 * 6; i++) {
		bool client = i % 2;
		struct rs_mail mails[8];
		uint32_t ends = 0;

		SSL_CTX_free(r.ctx);
		r.ctx = peer_context(client, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		begin_play(&r, (rs_handle)(1000 + i));
		open_peer(&r, client);
		assert_int_equal(start_as(&r, client ? RS_OFFLOAD_TLS_CLIENT : RS_OFFLOAD_TLS_SERVER, r.owner, 1, "sbc.test"), 0);
		for (int k = 0; k < i / 2; k++) {
			rs_handshakes_turn(r.h, 0, r.now);
			if (k == 4) /* the end waits unread */
				break;
			for (uint32_t m = 0, n = r.o.ops->poll(r.o.ctx, mails, 8); m < n; m++)
				take(&r, &mails[m]);
			peer_step(&r);
			carry_to_pool(&r, 0);
		}
		r.o.ops->cancel(r.o.ctx, r.owner);
		r.o.ops->cancel(r.o.ctx, r.owner);
		if (r.end.type != 0)
			ends++;
		for (int k = 0; k < 3; k++) {
			rs_handshakes_turn(r.h, 0, r.now);
			for (uint32_t m = 0, n = r.o.ops->poll(r.o.ctx, mails, 8); m < n; m++) {
				take(&r, &mails[m]);
				ends += mails[m].type == RS_OFFLOAD_DONE || mails[m].type == RS_OFFLOAD_FAILED;
			}
		}
		assert_int_equal(ends, 1);
		assert_true(r.end.type == RS_OFFLOAD_DONE || r.end.arg[0] == RS_OFFLOAD_CAUSE_CANCELLED);
		assert_int_equal(cell(&r, RS_HS_IN_FLIGHT), 0);
		assert_int_equal(rs_metric_get(rs_handshakes_worker_metrics(r.h, 0), RS_HSW_OPEN), 0);
		assert_sums(&r);
	}
	connect_as(&r, 1, "sbc.test");
	close_rig(&r);
}

/* --- limits --- */

static void
only_so_many_are_in_flight(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .in_flight = 2, .queue = 8 } };
	struct rs_mail mails[16];

	open_pool(&r);
	for (rs_handle i = 1; i <= 8; i++)
		assert_int_equal(start_client(&r, i, i), 0);
	assert_int_equal(start_client(&r, 9, 9), -EAGAIN); /* the queue is full */
	assert_int_equal(rs_metric_get(rs_handshakes_worker_metrics(r.h, 0), RS_HSW_REFUSED), 1);
	for (int i = 0; i < 5; i++)
		rs_handshakes_turn(r.h, 0, r.now);
	assert_int_equal(cell(&r, RS_HS_IN_FLIGHT), 2);
	rs_handshakes_turn(r.h, 0, r.now);
	assert_int_equal(cell(&r, RS_HS_WAITING), 6);
	assert_int_equal(r.o.ops->poll(r.o.ctx, mails, 16), 2); /* two ClientHellos */
	assert_true(mails[0].handle == 1 && mails[1].handle == 2);
	r.o.ops->release(r.o.ctx, mails[0].data);
	r.o.ops->release(r.o.ctx, mails[1].data);

	r.o.ops->cancel(r.o.ctx, 4); /* it has not begun: it is not counted as started */
	r.o.ops->cancel(r.o.ctx, 1);
	for (int i = 0; i < 3; i++)
		rs_handshakes_turn(r.h, 0, r.now + S);
	assert_int_equal(cell(&r, RS_HS_DROPPED), 1);
	assert_int_equal(cell(&r, RS_HS_STARTED), 3);
	assert_int_equal(cell(&r, RS_HS_WAITING), 4);
	assert_int_equal(cell(&r, RS_HS_WAITING_MOST), 8);
	assert_int_equal(cell(&r, RS_HS_CROWDED), 0); /* they came before any was under way */
	assert_int_equal(r.o.ops->poll(r.o.ctx, mails, 16), 3); /* two ends, and a third ClientHello */
	for (int i = 0; i < 3; i++)
		r.o.ops->release(r.o.ctx, mails[i].data);
	assert_int_equal(start_client(&r, 9, 9), 0);
	rs_handshakes_turn(r.h, 0, r.now + S);
	assert_int_equal(cell(&r, RS_HS_CROWDED), 1);
	close_rig(&r);
}

/* What waits for our own thread is not the peer's: it is measured, and its time-out begins afterwards. */
static void
waiting_for_the_thread_is_ours(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .in_flight = 1 } };
	struct rs_metrics *m;

	r.plan.timeout_ns = 5 * S;
	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	assert_int_equal(start_client(&r, 1, 1), 0);
	begin_play(&r, 1);
	play(&r);
	begin_play(&r, 2);
	open_peer(&r, true);
	assert_int_equal(start_client(&r, 2, 2), 0);
	play(&r);
	assert_int_equal(r.outs, 0);
	r.now += 4 * S;
	r.owner = 1;
	r.o.ops->cancel(r.o.ctx, 1);
	r.ssl = (SSL_free(r.ssl), NULL);
	rs_handshakes_turn(r.h, 0, r.now);
	struct rs_mail mail;
	while (r.o.ops->poll(r.o.ctx, &mail, 1) == 1 && mail.type != RS_OFFLOAD_OUT)
		assert_int_equal(mail.handle, 1);
	r.owner = 2;
	open_peer(&r, true);
	take(&r, &mail);
	play(&r);
	assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
	assert_true(r.end.arg[2] > 3 * S);
	m = rs_handshakes_metrics(r.h, 0);
	assert_true(atomic_load(&m->hists[RS_HS_WAIT]->max_ns) > 3 * S);
	close_rig(&r);
}

/* Nobody takes what is to be sent: it waits, and nothing is lost. */
static void
bytes_without_room_wait(void **state)
{
	enum { N = 300 };
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY],
		.opts = { .in_flight = N, .queue = N } };
	struct rs_mail mails[64];
	uint32_t outs = 0, dones = 0;
	static SSL *peers[N + 1];

	open_pool(&r);
	r.ctx = peer_context(false, NULL, NULL);
	for (rs_handle i = 1; i <= N; i++) { /* 300 servers' flights are more than the blocks there are */
		uint8_t hello[2048];
		int n;

		peers[i] = SSL_new(r.ctx);
		SSL_set_bio(peers[i], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		SSL_set_connect_state(peers[i]);
		SSL_do_handshake(peers[i]);
		n = BIO_read(SSL_get_wbio(peers[i]), hello, sizeof(hello));
		assert_int_equal(start_as(&r, RS_OFFLOAD_TLS_SERVER, i, i, ""), 0);
		feed_all(&r, i, hello, (size_t)n);
		for (int k = 0; k < 3; k++)
			rs_handshakes_turn(r.h, 0, r.now);
	}
	while (dones < N) {
		uint32_t n = r.o.ops->poll(r.o.ctx, mails, 64);

		rs_handshakes_turn(r.h, 0, r.now);
		for (uint32_t i = 0; i < n; i++) {
			SSL *ssl = peers[mails[i].handle];
			uint8_t buf[4096];
			int len;

			if (mails[i].type == RS_OFFLOAD_OUT) {
				outs++;
				BIO_write(SSL_get_rbio(ssl), mails[i].data, (int)mails[i].arg[0]);
				if (SSL_do_handshake(ssl) == 1 && (len = BIO_read(SSL_get_wbio(ssl), buf, sizeof(buf))) > 0)
					feed_all(&r, mails[i].handle, buf, (size_t)len);
			} else {
				assert_int_equal(mails[i].type, RS_OFFLOAD_DONE);
				dones++;
			}
			r.o.ops->release(r.o.ctx, mails[i].data);
		}
	}
	assert_int_equal(dones, N);
	assert_true(outs >= N);
	assert_int_equal(cell(&r, RS_HS_SERVER_FULL), N);
	for (int i = 1; i <= N; i++)
		SSL_free(peers[i]);
	close_rig(&r);
}

/* Results that are not given back are places that are not there. */
static void
results_held_count(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .queue = 2 } };
	struct rs_tls_result *first;

	open_pool(&r);
	r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
	connect_as(&r, 1, "sbc.test");
	first = r.result;
	r.result = NULL;
	connect_as(&r, 1, "sbc.test");
	assert_non_null(r.result);
	assert_int_equal(start_client(&r, 500, 1), -EAGAIN);
	r.o.ops->release(r.o.ctx, first);
	assert_int_equal(start_client(&r, 500, 1), 0);
	close_rig(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_checked),
		cmocka_unit_test(nothing_is_checked_when_the_plan_says_so),
		cmocka_unit_test(a_client_without_certificate_is_refused),
		cmocka_unit_test(an_expired_client_is_refused),
		cmocka_unit_test(versions_that_do_not_meet),
		cmocka_unit_test(suites_and_groups_that_do_not_meet),
		cmocka_unit_test(protocols_that_do_not_meet),
		cmocka_unit_test(the_peers_alert_is_told_with_its_number),
		cmocka_unit_test(a_server_that_refuses_our_certificate_afterwards),
		cmocka_unit_test(alerts_in_the_clear),
		cmocka_unit_test(garbage_is_the_peers),
		cmocka_unit_test(turned_bits_do_no_harm),
		cmocka_unit_test(too_many_bytes_are_not_kept),
		cmocka_unit_test(parameters_that_cannot_be),
		cmocka_unit_test(a_peer_that_stalls_times_out),
		cmocka_unit_test(a_peer_that_closes),
		cmocka_unit_test(cancelling_at_each_stage),
		cmocka_unit_test(only_so_many_are_in_flight),
		cmocka_unit_test(waiting_for_the_thread_is_ours),
		cmocka_unit_test(bytes_without_room_wait),
		cmocka_unit_test(results_held_count),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
