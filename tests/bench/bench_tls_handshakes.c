/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS handshakes a second that one handshake thread does, of each role, full and resumed, beside a bare OpenSSL loop of the same
 * configuration: TLS 1.3, X25519, ECDSA P-256, AES-128-GCM, the client checks the server's certificate and name.
 *
 * A handshake of ours is measured from the order to the release of its result: rings, blocks, the hand-over of keys and, with
 * resumption, the session's way to bytes and back are in it. The bare loop makes an SSL object, feeds it through memory BIOs and
 * frees it; nobody else sees what came of it. Its sessions are objects that it keeps. The peer, the same for both, is not measured.
 * Both take turns, handshake by handshake; a figure is the median of the CPU time, which minds a busy machine less.
 *
 * Two threads: both sides of each connection in the pool, a third thread carries the bytes; beside two loops with contexts of
 * their own, each on a thread. Both take turns, half a second each; a figure is the median.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "proto/tls/result.h"
#include "run/handshake.h"

#define SAMPLES	    600
#define WARM	    50
#define ROUNDS	    9
#define ROUND_NS    (500 * RS_NS_PER_MS)
#define CONNECTIONS 32 /* at a time */
#define HOST	    "sbc.test"
#define SUITE	    "TLS_AES_128_GCM_SHA256"

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_tls_handshakes: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* --- certificates, contexts --- */

static struct files {
	char cert[64], key[64];
	struct rs_tls_cert made;
} files;

/* One that is its own authority, in files as a plan has them. */
static void
make_files(void)
{
	char dir[] = "/tmp/rs-bench-tls-XXXXXX";
	FILE *f;

	check(mkdtemp(dir) != NULL && rs_tls_cert_make(HOST, &files.made) == 0, "no certificate");
	snprintf(files.cert, sizeof(files.cert), "%s/cert.pem", dir);
	snprintf(files.key, sizeof(files.key), "%s/key.pem", dir);
	check((f = fopen(files.cert, "w")) != NULL && PEM_write_X509(f, files.made.cert) == 1, "cert.pem cannot be written");
	fclose(f);
	check((f = fopen(files.key, "w")) != NULL &&
			PEM_write_PrivateKey(f, files.made.key, NULL, NULL, 0, NULL, NULL) == 1,
		"key.pem cannot be written");
	fclose(f);
}

static void
remove_files(void)
{
	unlink(files.cert);
	unlink(files.key);
	*strrchr(files.cert, '/') = '\0';
	rmdir(files.cert);
	rs_tls_cert_free(&files.made);
}

static SSL_SESSION *last_session;

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION_free(last_session);
	last_session = session;
	return 1;
}

static SSL_CTX *
bare_context(bool server, bool resumes)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

	check(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
			SSL_CTX_set_ciphersuites(ctx, SUITE) == 1 && SSL_CTX_set1_groups_list(ctx, "X25519") == 1,
		"no context");
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (server) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		check(SSL_CTX_use_cert_and_key(ctx, files.made.cert, files.made.key, NULL, 1) == 1, "no certificate");
		return ctx;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	check(SSL_CTX_load_verify_file(ctx, files.cert) == 1, "no authority");
	if (resumes) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
	}
	return ctx;
}

/* --- one SSL object over memory BIOs --- */

static SSL *
open_bare(SSL_CTX *ctx, bool server, SSL_SESSION *session)
{
	SSL *ssl = SSL_new(ctx);

	check(ssl != NULL, "no memory");
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_tlsext_host_name(ssl, HOST);
	SSL_set1_host(ssl, HOST);
	if (session)
		SSL_set_session(ssl, session);
	SSL_set_connect_state(ssl);
	return ssl;
}

static void
close_bare(SSL *ssl)
{
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
}

/* What it wants to say, in @out. */
static size_t
step_bare(SSL *ssl, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	char none[16];
	int n;

	if (len > 0)
		BIO_write(SSL_get_rbio(ssl), in, (int)len);
	if (!SSL_is_init_finished(ssl))
		SSL_do_handshake(ssl);
	else
		SSL_read(ssl, none, sizeof(none)); /* tickets */
	n = BIO_read(SSL_get_wbio(ssl), out, (int)cap);
	return n > 0 ? (size_t)n : 0;
}

/* --- one thread: each role --- */

struct ours {
	struct rs_plan_tls plan;
	const char *cert, *key;
	struct rs_tls_profiles *profiles;
	struct rs_handshakes *h;
	struct rs_offload o;
	rs_handle owner;
};

static struct rs_clock bench_clock;

static void
open_ours(struct ours *u, bool resumes, uint32_t threads)
{
	struct rs_handshake_opts opts = { .threads = threads, .workers = 1, .in_flight = 1024, .queue = 1024, .sessions = 1024,
		.clock = &bench_clock };
	struct rs_err err;

	u->cert = files.cert;
	u->key = files.key;
	u->plan = (struct rs_plan_tls){ .name = "bench", .min_version = TLS1_3_VERSION, .max_version = TLS1_3_VERSION,
		.suites = SUITE, .groups = "X25519", .certs = &u->cert, .keys = &u->key, .n_certs = 1, .ca = files.cert,
		.verify = true, .tickets = 2, .resume = resumes, .ticket_wait_ns = 100 * RS_NS_PER_MS, .timeout_ns = 10 * RS_NS_PER_S };
	check(rs_tls_profiles_create(&u->plan, 1, &u->profiles, &err) == 0, err.text);
	opts.profiles = u->profiles;
	check(rs_handshakes_create(&opts, &u->h) == 0, "no pool");
	u->o = rs_handshakes_offload(u->h, 0);
}

static void
close_ours(struct ours *u)
{
	rs_handshakes_free(u->h);
	rs_tls_profiles_free(u->profiles);
}

static int
start_ours(struct ours *u, bool server, rs_handle owner, uint64_t who)
{
	uint8_t params[sizeof(struct rs_tls_start) + sizeof(HOST) - 1];
	struct rs_tls_start s = { .who = who, .n_host = sizeof(HOST) - 1 };

	memcpy(params, &s, sizeof(s));
	memcpy(params + sizeof(s), HOST, sizeof(HOST) - 1);
	return u->o.ops->start(u->o.ctx, owner, server ? RS_OFFLOAD_TLS_SERVER : RS_OFFLOAD_TLS_CLIENT,
		rs_slice_of(params, sizeof(params)));
}

struct trial {
	bool server, resumes; /* of who is measured */
	struct ours *ours;    /* NULL: the bare loop */
	SSL_CTX *ctx, *peer_ctx;
	SSL_SESSION **session; /* that the bare loop, or the peer of ours, has kept */
};

/* @return what was said, in @out; @done */
static size_t
step_ours(struct ours *u, const uint8_t *in, size_t len, uint8_t *out, bool *done, bool *resumed)
{
	struct rs_mail mails[8];
	size_t n = 0;

	if (len > 0)
		u->o.ops->feed(u->o.ctx, u->owner, rs_slice_of(in, len));
	while (rs_handshakes_turn(u->h, 0, rs_clock_now(&bench_clock)) > 0)
		;
	for (uint32_t i = 0, k = u->o.ops->poll(u->o.ctx, mails, 8); i < k; i++) {
		if (mails[i].type == RS_OFFLOAD_OUT) {
			memcpy(out + n, mails[i].data, mails[i].arg[0]);
			n += mails[i].arg[0];
		} else if (mails[i].type == RS_OFFLOAD_DONE) {
			*done = true;
			*resumed = ((struct rs_tls_result *)mails[i].data)->resumed;
		} else {
			check(false, rs_offload_cause_name(mails[i].arg[0]));
		}
		u->o.ops->release(u->o.ctx, mails[i].data);
	}
	return n;
}

static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * RS_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* @return ns of CPU time of the measured side of one handshake */
static uint64_t
handshake(struct trial *t)
{
	SSL *peer = open_bare(t->peer_ctx, !t->server, t->server && t->resumes ? *t->session : NULL), *own = NULL;
	uint8_t to_us[16384], from_us[16384];
	size_t n_to_us = 0, n_from_us = 0;
	bool done = false, resumed = false;
	uint64_t spent = 0, begin;

	if (t->server) /* else who is measured speaks first */
		n_to_us = step_bare(peer, NULL, 0, to_us, sizeof(to_us));
	begin = cpu_ns();
	if (t->ours)
		check(start_ours(t->ours, t->server, ++t->ours->owner, 1) == 0, "no start");
	else
		own = open_bare(t->ctx, t->server, !t->server && t->resumes ? *t->session : NULL);
	spent += cpu_ns() - begin;
	for (int i = 0; i < 6; i++) {
		begin = cpu_ns();
		n_from_us = t->ours ? step_ours(t->ours, to_us, n_to_us, from_us, &done, &resumed)
				    : step_bare(own, to_us, n_to_us, from_us, sizeof(from_us));
		/* tickets are read where sessions are kept */
		if (own && SSL_is_init_finished(own) && (t->server || !t->resumes || i > 1)) {
			resumed = SSL_session_reused(own);
			close_bare(own);
			own = NULL;
			done = true;
		}
		spent += cpu_ns() - begin;
		n_to_us = step_bare(peer, from_us, n_from_us, to_us, sizeof(to_us));
		if (done) { /* the peer reads what is left: tickets */
			step_bare(peer, NULL, 0, to_us, sizeof(to_us));
			break;
		}
	}
	check(done, "a handshake did not end");
	check(resumed == (t->resumes && *t->session != NULL) || (t->ours && !t->server), "resumed, or not, against the order");
	close_bare(peer);
	return spent;
}

/* @return the ratio of ours to the bare loop */
static double
measure_role(struct rs_bench *out, bool server, bool resumes, const char *name)
{
	static char names[8][48];
	static int used;
	static uint64_t own[SAMPLES], bare[SAMPLES];
	struct ours u = { 0 };
	/* the clients that resume, bare and peer, keep sessions; a server's peers are two clients, one of each server's tickets */
	SSL_SESSION *kept[2] = { NULL, NULL };
	SSL_CTX *ctx = bare_context(server, resumes), *peer_ctx = bare_context(!server, resumes);
	struct trial trials[2] = { { server, resumes, NULL, ctx, peer_ctx, &kept[0] }, { server, resumes, &u, NULL, peer_ctx, &kept[1] } };
	double m_own, m_bare;

	open_ours(&u, resumes, 1);
	for (int i = -WARM; i < SAMPLES; i++)
		for (int k = 0; k < 2; k++) {
			int which = (i ^ k) & 1;
			uint64_t ns = handshake(&trials[which]);

			if (resumes && last_session) {
				SSL_SESSION_free(kept[which]);
				kept[which] = last_session;
				last_session = NULL;
			}
			if (i >= 0)
				(which ? own : bare)[i] = ns;
		}
	m_own = rs_bench_median(own, SAMPLES);
	m_bare = rs_bench_median(bare, SAMPLES);
	if (resumes)
		check(server ? rs_metric_get(rs_handshakes_metrics(u.h, 0), RS_HS_SERVER_RESUMED) >= SAMPLES
			     : rs_metric_get(rs_handshakes_metrics(u.h, 0), RS_HS_CLIENT_RESUMED) >= SAMPLES,
			"sessions were not resumed");
	snprintf(names[used], sizeof(names[0]), "handshakes_per_s_%s", name);
	rs_bench_figure(out, names[used++], 1e9 / m_own, "1/s");
	snprintf(names[used], sizeof(names[0]), "openssl_per_s_%s", name);
	rs_bench_figure(out, names[used++], 1e9 / m_bare, "1/s");
	SSL_SESSION_free(kept[0]);
	SSL_SESSION_free(kept[1]);
	SSL_CTX_free(ctx);
	SSL_CTX_free(peer_ctx);
	close_ours(&u);
	return m_bare / m_own;
}

/* --- two threads --- */

struct loop {
	pthread_t thread;
	uint64_t until_ns, n; /* handshakes, both sides of each */
};

static void *
bare_loop(void *arg)
{
	struct loop *l = arg;
	SSL_CTX *server = bare_context(true, false), *client = bare_context(false, false);
	uint8_t up[16384], down[16384];

	for (; rs_clock_now(&bench_clock) < l->until_ns; l->n++) {
		SSL *s = open_bare(server, true, NULL), *c = open_bare(client, false, NULL);
		size_t n_up = 0, n_down = 0;

		while (!SSL_is_init_finished(s) || !SSL_is_init_finished(c)) {
			n_up = step_bare(c, down, n_down, up, sizeof(up));
			n_down = step_bare(s, up, n_up, down, sizeof(down));
		}
		close_bare(c);
		close_bare(s);
	}
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	return NULL;
}

/* @return handshakes a second of @n loops */
static double
run_bare(uint32_t n)
{
	struct loop loops[2] = { 0 };
	uint64_t begin = rs_clock_now(&bench_clock), sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		loops[i].until_ns = begin + ROUND_NS;
		check(pthread_create(&loops[i].thread, NULL, bare_loop, &loops[i]) == 0, "no thread");
	}
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(loops[i].thread, NULL);
		sum += loops[i].n;
	}
	return (double)sum * 1e9 / (double)(rs_clock_now(&bench_clock) - begin);
}

static void
begin_pair(struct ours *u, uint32_t k, uint8_t *open)
{
	static uint16_t generation;

	generation++;
	for (uint32_t side = 0; side < 2; side++)
		check(start_ours(u, side == 1, rs_handle_make(2 * k + side, generation, 0, RS_KIND_CONNECTION),
			      2ull * k + side + generation * 1000ull) == 0,
			"no start");
	open[k] = 2;
}

/* The thread in the middle: it carries the bytes, as a worker would. */
static double
run_ours(uint32_t threads)
{
	uint8_t open[CONNECTIONS];
	struct ours u = { 0 };
	struct rs_mail mails[32];
	uint64_t begin, until, n = 0, running = CONNECTIONS;

	open_ours(&u, false, threads);
	begin = rs_clock_now(&bench_clock);
	until = begin + ROUND_NS;
	check(rs_handshakes_start(u.h) == 0, "no threads");
	for (uint32_t k = 0; k < CONNECTIONS; k++)
		begin_pair(&u, k, open);
	while (running > 0) {
		uint32_t got = u.o.ops->poll(u.o.ctx, mails, 32);

		for (uint32_t i = 0; i < got; i++) {
			uint32_t slot = rs_handle_slot(mails[i].handle);
			/* the other side has the same generation */
			rs_handle other = mails[i].handle ^ (1ull << 32);

			if (mails[i].type == RS_OFFLOAD_OUT) {
				int rc;

				while ((rc = u.o.ops->feed(u.o.ctx, other, rs_slice_of(mails[i].data, mails[i].arg[0]))) == -EAGAIN)
					;
				check(rc == 0 || rc == -ENOENT, "no feed");
			} else if (mails[i].type == RS_OFFLOAD_DONE) {
				open[slot / 2]--;
			} else if (mails[i].type == RS_OFFLOAD_FAILED) {
				check(false, rs_offload_cause_name(mails[i].arg[0]));
			}
			u.o.ops->release(u.o.ctx, mails[i].data);
			if (mails[i].type != RS_OFFLOAD_DONE || open[slot / 2] > 0)
				continue;
			n++;
			if (rs_clock_now(&bench_clock) < until)
				begin_pair(&u, slot / 2, open);
			else
				running--;
		}
		if (got == 0)
			usleep(20);
	}
	double rate = (double)n * 1e9 / (double)(rs_clock_now(&bench_clock) - begin);
	close_ours(&u);
	return rate;
}

static int
compare_rates(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
measure_threads(struct rs_bench *out)
{
	double ours[2][ROUNDS], bare[2][ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		for (int k = 0; k < 2; k++)
			for (uint32_t threads = 1; threads <= 2; threads++) {
				if ((i ^ k) & 1)
					ours[threads - 1][i] = run_ours(threads);
				else
					bare[threads - 1][i] = run_bare(threads);
			}
	for (int i = 0; i < 2; i++) {
		qsort(ours[i], ROUNDS, sizeof(double), compare_rates);
		qsort(bare[i], ROUNDS, sizeof(double), compare_rates);
	}
	rs_bench_figure(out, "pairs_per_s_one_thread", ours[0][ROUNDS / 2], "1/s");
	rs_bench_figure(out, "pairs_per_s_two_threads", ours[1][ROUNDS / 2], "1/s");
	rs_bench_figure(out, "openssl_pairs_per_s_one_loop", bare[0][ROUNDS / 2], "1/s");
	rs_bench_figure(out, "openssl_pairs_per_s_two_loops", bare[1][ROUNDS / 2], "1/s");
	return ours[1][ROUNDS / 2] / bare[1][ROUNDS / 2];
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "client_full", "server_full", "client_resumed", "server_resumed" };
	double ratio, lowest = 1e9;
	struct rs_bench b;

	if (rs_bench_begin(&b, "tls_handshakes", argc, argv) != 0)
		return 2;
	rs_clock_init(&bench_clock, 50 * RS_NS_PER_MS);
	make_files();
	for (int i = 0; i < 4; i++) {
		ratio = measure_role(&b, i & 1, i >= 2, names[i]);
		lowest = ratio < lowest ? ratio : lowest;
	}
	ratio = measure_threads(&b);
	rs_bench_ratio(&b, "handshakes_vs_openssl", lowest);
	rs_bench_ratio(&b, "two_threads_vs_openssl", ratio);
	remove_files();
	return rs_bench_end(&b);
}
