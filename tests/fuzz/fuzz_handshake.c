/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Any bytes as what a peer of a TLS handshake sends: as the first ones to a server or a client, behind a handshake whose tickets a
 * client waits for, or in place of a client's last flight. One end comes, the cells add up, and nothing is left.
 *
 * The first byte says which (its low two bits) and in which pieces (the others).
 */
#include <stdlib.h>

#include "run/handshake.h"
#include "proto/tls/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TO_SERVER, TO_CLIENT, BEHIND_TICKETS, AS_LAST_FLIGHT };

static struct fuzz {
	struct rs_plan_tls plan;
	struct rs_clock clock;
	struct rs_tls_profiles *profiles;
	struct rs_handshakes *h;
	struct rs_offload o;
	SSL_CTX *server, *client; /* the peer's */
	struct rs_tls_cert cert;
	uint64_t now;
	rs_handle owner;
	bool ended;
} f;

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
set_up(void)
{
	struct rs_handshake_opts opts = { .threads = 1, .workers = 1, .in_flight = 4, .queue = 4, .sessions = 4, .clock = &f.clock };

	f.plan = (struct rs_plan_tls){ .name = "f", .min_version = TLS1_2_VERSION, .max_version = TLS1_3_VERSION, .tickets = 1,
		.resume = 1, .ticket_wait_ns = RS_NS_PER_S, .timeout_ns = RS_NS_PER_S };
	rs_clock_init(&f.clock, RS_NS_PER_MS);
	check(rs_tls_profiles_create(&f.plan, 1, &f.profiles, NULL) == 0);
	opts.profiles = f.profiles;
	check(rs_handshakes_create(&opts, &f.h) == 0);
	f.o = rs_handshakes_offload(f.h, 0);
	f.now = RS_NS_PER_S;
	f.server = SSL_CTX_new(TLS_server_method());
	f.client = SSL_CTX_new(TLS_client_method());
	check(f.server && f.client && rs_tls_cert_make("f", &f.cert) == 0 &&
		SSL_CTX_use_cert_and_key(f.server, f.cert.cert, f.cert.key, NULL, 1) == 1);
	SSL_CTX_set_num_tickets(f.server, 0);
}

/* What the pool says goes to @peer, if there is one. */
static void
turn(SSL *peer)
{
	struct rs_mail mails[8];

	rs_handshakes_turn(f.h, 0, f.now);
	for (uint32_t i = 0, n = f.o.ops->poll(f.o.ctx, mails, 8); i < n; i++) {
		check(mails[i].handle == f.owner);
		if (mails[i].type == RS_OFFLOAD_OUT && peer)
			BIO_write(SSL_get_rbio(peer), mails[i].data, (int)mails[i].arg[0]);
		if (mails[i].type == RS_OFFLOAD_DONE || mails[i].type == RS_OFFLOAD_FAILED) {
			const struct rs_tls_result *r = mails[i].data;

			check(!f.ended);
			f.ended = true;
			check(mails[i].type == RS_OFFLOAD_FAILED || mails[i].arg[0] == sizeof(*r) + r->n_plain + r->n_raw);
		}
		f.o.ops->release(f.o.ctx, mails[i].data);
	}
}

static void
feed(const uint8_t *p, size_t len, size_t piece)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		if (f.o.ops->feed(f.o.ctx, f.owner, rs_slice_of(p + at, n)) != 0)
			return;
		turn(NULL);
	}
}

static SSL *
open_peer(bool server)
{
	SSL *ssl = SSL_new(server ? f.server : f.client);

	check(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

static void
exchange(SSL *peer, int rounds)
{
	uint8_t buf[8192];

	for (int i = 0; i < rounds; i++) {
		int n;

		SSL_do_handshake(peer);
		n = BIO_read(SSL_get_wbio(peer), buf, sizeof(buf));
		if (n > 0)
			f.o.ops->feed(f.o.ctx, f.owner, rs_slice_of(buf, (size_t)n));
		turn(peer);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_tls_start start = { .who = 1 };
	unsigned mode = size ? data[0] & 3 : 0;
	size_t piece = size ? 1u + (data[0] >> 2) * (size_t)(data[0] >> 2) * 4 : 1;
	bool client = mode == TO_CLIENT || mode == BEHIND_TICKETS;
	struct rs_metrics *m;
	SSL *peer = NULL;
	uint64_t ends = 0;

	if (!f.h)
		set_up();
	f.owner++;
	f.ended = false;
	check(f.o.ops->start(f.o.ctx, f.owner, client ? RS_OFFLOAD_TLS_CLIENT : RS_OFFLOAD_TLS_SERVER,
		      rs_slice_of(&start, sizeof(start))) == 0);
	turn(NULL);
	if (mode == AS_LAST_FLIGHT)
		exchange(peer = open_peer(false), 1);
	if (mode == BEHIND_TICKETS) { /* a new start: the first one's hello is gone */
		f.o.ops->cancel(f.o.ctx, f.owner);
		turn(NULL);
		check(f.ended);
		f.owner++;
		f.ended = false;
		check(f.o.ops->start(f.o.ctx, f.owner, RS_OFFLOAD_TLS_CLIENT, rs_slice_of(&start, sizeof(start))) == 0);
		peer = open_peer(true);
		turn(peer);
		exchange(peer, 3);
	}
	if (size > 1)
		feed(data + 1, size - 1, piece);
	f.now += 3 * RS_NS_PER_S;
	turn(NULL);
	check(f.ended);
	SSL_free(peer);
	m = rs_handshakes_metrics(f.h, 0);
	for (uint32_t i = RS_HS_CLIENT_FULL; i < RS_HS_DROPPED; i++)
		ends += rs_metric_get(m, i);
	check(ends == rs_metric_get(m, RS_HS_STARTED) && rs_metric_get(m, RS_HS_IN_FLIGHT) == 0);
	return 0;
}
