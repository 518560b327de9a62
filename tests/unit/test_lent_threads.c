/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records by OpenSSL with real threads, for the thread sanitizer, too: SSL objects go from handshake threads to workers and come back, and
 * their memory is taken and given back by all.
 */
#include <pthread.h>
#include <sched.h>

#include "handshake_rig.h"
#include "run/tls_heap.h"

#define WORKERS	    2
#define CONNECTIONS 20 /* of a worker at a time */

static uint32_t
rounds(uint32_t usual)
{
	return getenv("RINGSTORM_FULL") ? 10 * usual : usual;
}

/* --- memory --- */

#define HANDS 64

/* What one thread has taken another one gives back. */
static _Atomic(void *) hands[HANDS];

static void *
juggle(void *arg)
{
	uint64_t state = (uintptr_t)arg;
	uint32_t n = rounds(100000);

	rs_tls_heap_enter();
	for (uint32_t i = 0; i < n; i++) {
		size_t len = 1 + (state = state * 6364136223846793005ull + 1442695040888963407ull) % 400;
		uint8_t *p = OPENSSL_malloc(len), *other;

		if (p) {
			memset(p, (int)(len & 0xff), len);
			if (i % 8 == 0)
				p = OPENSSL_realloc(p, len + 100);
		}
		other = atomic_exchange_explicit(&hands[(state >> 33) % HANDS], p, memory_order_acq_rel);
		if (other)
			other[0]++;
		OPENSSL_free(other);
	}
	rs_tls_heap_leave();
	return NULL;
}

static void
threads_share_the_memory(void **state)
{
	struct rs_tls_heap_use before, after;
	pthread_t threads[4];

	rs_tls_heap_use(&before);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, juggle, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < HANDS; i++)
		OPENSSL_free(atomic_exchange(&hands[i], NULL));
	rs_tls_heap_use(&after);
	assert_int_equal(after.used, before.used);
	assert_true(after.taken > before.taken && after.taken < before.taken + (8u << 20));
	assert_int_equal(after.refused, 0);
}

/* --- connections: client and server of each are the same worker's --- */

struct side {
	rs_handle handle;
	struct rs_tls t;
	bool done;
	uint8_t text[4096];
	size_t len;
};

struct player {
	uint32_t worker, rounds, talked, wrong;
	struct rs_offload o;
	struct side sides[2 * CONNECTIONS]; /* 2k: client, 2k + 1: server */
};

static void
begin(struct player *p, uint32_t n, uint32_t round)
{
	uint8_t params[sizeof(struct rs_tls_start) + 8];
	struct rs_tls_start start = { .who = n, .n_host = 8 };

	p->sides[n] = (struct side){ .handle = rs_handle_make(n, (uint16_t)round, (uint8_t)p->worker, RS_KIND_CONNECTION) };
	memcpy(params, &start, sizeof(start));
	memcpy(params + sizeof(start), "sbc.test", 8);
	while (p->o.ops->start(p->o.ctx, p->sides[n].handle, n % 2 ? RS_OFFLOAD_TLS_SERVER : RS_OFFLOAD_TLS_CLIENT,
		       rs_slice_of(params, sizeof(params))) == -EAGAIN)
		sched_yield();
}

/* @return it came as it was sent */
static bool
says(struct side *from, struct side *to)
{
	static const char words[] = "OPTIONS sip:somebody SIP/2.0";
	uint8_t wire[1024];
	struct rs_tls_record record;
	enum rs_tls_event event;
	size_t n, at = 0;

	/* tickets, which came before */
	while (at < to->len && rs_tls_unprotect(NULL, &to->t, to->text + at, to->len - at, &record) == RS_TLS_HANDSHAKE)
		at += record.used;
	to->len = 0;
	if (rs_tls_protect(NULL, &from->t, (const uint8_t *)words, sizeof(words), wire, sizeof(wire), &n) != 0)
		return false;
	event = rs_tls_unprotect(NULL, &to->t, wire, n, &record);
	return event == RS_TLS_DATA && record.data.len == sizeof(words) && memcmp(record.data.p, words, sizeof(words)) == 0;
}

static void
keep(struct side *s, const uint8_t *p, size_t len)
{
	if (len <= sizeof(s->text) - s->len) {
		memcpy(s->text + s->len, p, len);
		s->len += len;
	}
}

/* @return connections that have ended */
static uint32_t
handle(struct player *p, const struct rs_mail *m)
{
	struct side *s = &p->sides[rs_handle_slot(m->handle)], *other = &p->sides[rs_handle_slot(m->handle) ^ 1u];
	struct rs_tls_result *r = m->data;
	uint32_t ended = 0;
	int rc;

	switch ((enum rs_offload_event)m->type) {
	case RS_OFFLOAD_OUT:
		while ((rc = p->o.ops->feed(p->o.ctx, other->handle, rs_slice_of(m->data, m->arg[0]))) == -EAGAIN)
			sched_yield();
		if (rc == -ENOENT)
			keep(other, m->data, m->arg[0]);
		break;
	case RS_OFFLOAD_BACK: keep(s, m->data, m->arg[0]); break;
	case RS_OFFLOAD_DONE:
		s->done = r->keys.lent && rs_tls_init(NULL, &r->keys, NULL, &s->t) == 0;
		p->wrong += !s->done;
		r->keys.lent = NULL;
		keep(s, r->bytes + r->n_plain, r->n_raw);
		break;
	case RS_OFFLOAD_FAILED:
		p->wrong++;
		ended = 1;
		break;
	}
	p->o.ops->release(p->o.ctx, m->data);
	if (m->type == RS_OFFLOAD_DONE && s->done && other->done) {
		p->wrong += !says(s, other) || !says(other, s);
		rs_tls_fini(&s->t);
		rs_tls_fini(&other->t);
		p->talked++;
		ended = 1;
	}
	return ended;
}

static void *
play_worker(void *arg)
{
	struct player *p = arg;
	struct rs_mail mails[16];

	for (uint32_t round = 1; round <= p->rounds && p->wrong == 0; round++) {
		uint32_t open = CONNECTIONS;

		for (uint32_t k = 0; k < 2 * CONNECTIONS; k++)
			begin(p, k, round);
		while (open > 0 && p->wrong == 0) {
			uint32_t n = p->o.ops->poll(p->o.ctx, mails, 16);

			for (uint32_t i = 0; i < n; i++)
				open -= handle(p, &mails[i]);
			if (n == 0)
				sched_yield();
		}
	}
	return NULL;
}

static void
workers_and_threads_hand_over_and_back(void **state)
{
	struct rig r = { .plan = plain_profile(), .cert = cert_files[SERVER_CERT], .key = cert_files[SERVER_KEY],
		.opts = { .threads = 2, .workers = WORKERS, .in_flight = 24, .queue = 4 * CONNECTIONS } };
	struct player *players = calloc(WORKERS, sizeof(*players));
	pthread_t threads[WORKERS];
	uint64_t lent = 0;

	r.plan.lends = true;
	r.plan.max_version = TLS1_2_VERSION;
	r.plan.ciphers = "ECDHE-ECDSA-AES128-SHA256";
	open_pool(&r);
	assert_int_equal(rs_handshakes_start(r.h), 0);
	for (uint32_t i = 0; i < WORKERS; i++) {
		players[i] = (struct player){ .worker = i, .o = rs_handshakes_offload(r.h, i), .rounds = rounds(5) };
		assert_int_equal(pthread_create(&threads[i], NULL, play_worker, &players[i]), 0);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(players[i].wrong, 0);
		assert_int_equal(players[i].talked, players[i].rounds * CONNECTIONS);
	}
	rs_handshakes_stop(r.h);
	for (uint32_t i = 0; i < 2; i++)
		lent += rs_metric_get(rs_handshakes_metrics(r.h, i), RS_HS_LENT);
	assert_int_equal(lent, 2 * WORKERS * CONNECTIONS * rounds(5));
	close_rig(&r);
	free(players);
}

static int
setup(void **state)
{
	return rs_tls_heap_reserve(64u << 20) != 0 || make_certs(state) != 0 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_share_the_memory),
		cmocka_unit_test(workers_and_threads_hand_over_and_back),
	};

	if (rs_tls_heap_install() != 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, remove_certs);
}
