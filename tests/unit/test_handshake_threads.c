/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pool with real threads: two workers, two handshake threads, both sides of every connection in the pool, some given up on
 * the way. For the thread sanitizer, too; and the key logs through a real writer.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "handshake_rig.h"
#include "run/writer.h"

#define WORKERS	    2
#define CONNECTIONS 40 /* of a worker at a time */
#define ENDPOINTS   8

struct side {
	rs_handle handle, other;
	uint64_t secret_bytes;
	bool done, failed;
};

struct player {
	struct rig *rig;
	uint32_t worker, rounds;
	struct rs_offload o;
	struct side sides[2 * CONNECTIONS]; /* 2k: client, 2k + 1: server */
	uint32_t completed, given_up, wrong, resumed;
};

static void
begin(struct player *p, uint32_t k, uint32_t round)
{
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t params[sizeof(struct rs_tls_start) + 8];
		struct side *s = &p->sides[2 * k + i];
		struct rs_tls_start start = { .who = i ? rs_handle_make(k, 0, (uint8_t)p->worker, 0) : k % ENDPOINTS, .n_host = 8 };

		*s = (struct side){ .handle = rs_handle_make(2 * k + i, (uint16_t)round, (uint8_t)p->worker, RS_KIND_CONNECTION) };
		memcpy(params, &start, sizeof(start));
		memcpy(params + sizeof(start), "sbc.test", 8);
		while (p->o.ops->start(p->o.ctx, s->handle, i ? RS_OFFLOAD_TLS_SERVER : RS_OFFLOAD_TLS_CLIENT,
			       rs_slice_of(params, sizeof(params))) == -EAGAIN)
			sched_yield();
	}
	if (k % 7 == 3 && round % 2)
		p->o.ops->cancel(p->o.ctx, p->sides[2 * k + round / 2 % 2].handle);
}

static void
handle(struct player *p, const struct rs_mail *m)
{
	struct side *s = &p->sides[rs_handle_slot(m->handle)], *other = &p->sides[rs_handle_slot(m->handle) ^ 1u];
	const struct rs_tls_result *r = m->data;

	if (m->handle != s->handle || s->done || s->failed) {
		p->wrong += m->type != RS_OFFLOAD_BACK;
		p->o.ops->release(p->o.ctx, m->data);
		return;
	}
	if (m->type == RS_OFFLOAD_OUT) {
		while (p->o.ops->feed(p->o.ctx, other->handle, rs_slice_of(m->data, m->arg[0])) == -EAGAIN)
			sched_yield();
	} else if (m->type == RS_OFFLOAD_DONE) {
		s->done = true;
		p->wrong += r->keys.server != rs_handle_slot(m->handle) % 2;
		p->resumed += r->resumed;
		p->completed++;
	} else if (m->type == RS_OFFLOAD_FAILED) {
		s->failed = true;
		p->given_up++;
		p->wrong += m->arg[0] != RS_OFFLOAD_CAUSE_CANCELLED && m->arg[0] != RS_OFFLOAD_CAUSE_CLOSED;
		p->o.ops->feed(p->o.ctx, other->handle, rs_slice_of(NULL, 0));
	}
	p->o.ops->release(p->o.ctx, m->data);
}

static void *
play_worker(void *arg)
{
	struct player *p = arg;
	struct rs_mail mails[16];

	for (uint32_t round = 1; round <= p->rounds; round++) {
		uint32_t open = 2 * CONNECTIONS;

		for (uint32_t k = 0; k < CONNECTIONS; k++)
			begin(p, k, round);
		while (open > 0) {
			uint32_t n = p->o.ops->poll(p->o.ctx, mails, 16);

			for (uint32_t i = 0; i < n; i++) {
				open -= mails[i].type == RS_OFFLOAD_DONE || mails[i].type == RS_OFFLOAD_FAILED;
				handle(p, &mails[i]);
			}
			if (n == 0)
				sched_yield();
		}
	}
	return NULL;
}

static void
two_workers_and_two_threads(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY],
		.opts = { .threads = 2, .workers = WORKERS, .in_flight = 24, .queue = 2 * CONNECTIONS } };
	struct player *players = calloc(WORKERS, sizeof(*players));
	pthread_t threads[WORKERS];
	uint64_t full = 0, resumed = 0, started = 0, ended = 0;

	r.plan.resume = 0.8;
	r.plan.ticket_wait_ns = 20 * MS;
	open_pool(&r);
	assert_int_equal(rs_handshakes_start(r.h), 0);
	for (uint32_t i = 0; i < WORKERS; i++) {
		players[i] = (struct player){ .rig = &r, .worker = i, .o = rs_handshakes_offload(r.h, i),
			.rounds = getenv("RINGSTORM_FULL") ? 30 : 5 };
		assert_int_equal(pthread_create(&threads[i], NULL, play_worker, &players[i]), 0);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		uint32_t all = players[i].rounds * 2 * CONNECTIONS;

		pthread_join(threads[i], NULL);
		assert_int_equal(players[i].wrong, 0);
		assert_int_equal(players[i].completed + players[i].given_up, all);
		assert_true(players[i].given_up > 0 && players[i].given_up < all / 5);
		assert_true(players[i].resumed > all / 4);
	}
	rs_handshakes_stop(r.h);
	for (uint32_t i = 0; i < 2; i++) {
		struct rs_metrics *m = rs_handshakes_metrics(r.h, i);

		full += rs_metric_get(m, RS_HS_CLIENT_FULL);
		resumed += rs_metric_get(m, RS_HS_CLIENT_RESUMED);
		started += rs_metric_get(m, RS_HS_STARTED);
		for (uint32_t k = RS_HS_CLIENT_FULL; k < RS_HS_DROPPED; k++)
			ended += rs_metric_get(m, k);
	}
	assert_int_equal(started, ended);
	assert_true(full >= ENDPOINTS && resumed > full);
	close_rig(&r);
	free(players);
}

/* Stopped in the middle of everything: nothing is lost to the sanitizers. */
static void
a_pool_stops_whatever_is_open(void **state)
{
	struct rig r = { .plan = plain_profile(), .opts = { .threads = 2, .in_flight = 8 } };
	struct rs_mail mails[8];

	open_pool(&r);
	assert_int_equal(rs_handshakes_start(r.h), 0);
	for (rs_handle i = 1; i <= 20; i++)
		assert_int_equal(start_client(&r, i, i), 0);
	for (uint32_t n = 0; n == 0; sched_yield())
		for (uint32_t i = 0, k = n = r.o.ops->poll(r.o.ctx, mails, 8); i < k; i++)
			r.o.ops->release(r.o.ctx, mails[i].data);
	close_rig(&r);
}

/* The form of SSLKEYLOGFILE: wireshark reads it. The peer's own lines are the same. */
static char peer_lines[4096];

static void
keep_line(const SSL *ssl, const char *line)
{
	strcat(strcat(peer_lines, line), "\n");
}

static void
key_logs_are_what_the_peer_has(void **state)
{
	for (uint16_t v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		struct rig r = { .plan = plain_profile() };
		struct rs_record_ring *ring = rs_record_ring_create(1u << 16);
		struct rs_writer *writer;
		char file[96], text[4096] = "";
		struct stat st;
		FILE *f;

		snprintf(file, sizeof(file), "%s/keys-%x", certs_dir, v);
		r.plan.key_log = file;
		r.plan.min_version = r.plan.max_version = v;
		r.opts.rings = &ring;
		open_pool(&r);
		assert_int_equal(rs_writer_start(&ring, 1, STDERR_FILENO, &writer), 0);
		r.ctx = peer_context(true, cert_files[SERVER_CERT], cert_files[SERVER_KEY]);
		peer_lines[0] = 0;
		SSL_CTX_set_keylog_callback(r.ctx, keep_line);
		connect_as(&r, 1, "sbc.test");
		assert_int_equal(r.end.type, RS_OFFLOAD_DONE);
		rs_writer_stop(writer);
		f = fopen(file, "r");
		assert_non_null(f);
		assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
		fclose(f);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_non_null(strstr(peer_lines, line));
		assert_non_null(strstr(peer_lines, v == TLS1_3_VERSION ? "CLIENT_TRAFFIC_SECRET_0" : "CLIENT_RANDOM"));
		close_rig(&r);
		rs_record_ring_free(ring);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_workers_and_two_threads),
		cmocka_unit_test(a_pool_stops_whatever_is_open),
		cmocka_unit_test(key_logs_are_what_the_peer_has),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
