/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared stack of objects: last in, first out, all or none, and no object lost or given twice among threads. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "net/blocks.h"
#include "unit.h"

#define OBJECTS 5000
#define THREADS 4
#define ROUNDS	20000

static void *
object(uintptr_t i)
{
	return (void *)(i + 1);
}

static struct rs_blocks *
filled(uint32_t n)
{
	struct rs_blocks *b = rs_blocks_create(n);

	assert_non_null(b);
	for (uintptr_t i = 0; i < n; i++) {
		void *o = object(i);

		rs_blocks_put(b, &o, 1);
	}
	assert_int_equal(rs_blocks_count(b), n);
	return b;
}

static void
what_was_put_last_is_got_first(void **state)
{
	struct rs_blocks *b = rs_blocks_create(1000);
	void *in[200], *out[200];

	for (uintptr_t i = 0; i < 200; i++)
		in[i] = object(i);
	rs_blocks_put(b, in, 100);
	rs_blocks_put(b, in + 100, 100);
	assert_int_equal(rs_blocks_get(b, out, 100), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_true((uintptr_t)out[i] > 100);
	assert_int_equal(rs_blocks_count(b), 100);
	assert_int_equal(rs_blocks_get(b, out, 100), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_true((uintptr_t)out[i] <= 100);
	rs_blocks_free(b);
	rs_blocks_free(NULL);
}

static void
more_than_there_are_is_refused_and_none_is_lost(void **state)
{
	struct rs_blocks *b = filled(150);
	void *out[151];

	assert_int_equal(rs_blocks_get(b, out, 151), -ENOBUFS);
	assert_int_equal(rs_blocks_count(b), 150);
	assert_int_equal(rs_blocks_get(b, out, 0), 0);
	assert_int_equal(rs_blocks_get(b, out, 150), 0);
	assert_int_equal(rs_blocks_count(b), 0);
	assert_int_equal(rs_blocks_get(b, out, 1), -ENOBUFS);
	rs_blocks_put(b, out, 150);
	rs_blocks_free(b);
}

static void
single_objects_come_and_go(void **state)
{
	struct rs_blocks *b = filled(OBJECTS);
	void **out = calloc(OBJECTS, sizeof(*out));
	uint8_t *seen = calloc(OBJECTS, 1);

	assert_int_equal(rs_blocks_get(b, out, OBJECTS), 0);
	for (uint32_t i = 0; i < OBJECTS; i++) {
		assert_int_equal(seen[(uintptr_t)out[i] - 1], 0);
		seen[(uintptr_t)out[i] - 1] = 1;
	}
	for (uint32_t i = 0; i < OBJECTS; i++)
		rs_blocks_put(b, &out[i], 1);
	assert_int_equal(rs_blocks_count(b), OBJECTS);
	/* They lie close. */
	assert_true(atomic_load(&b->fresh) < 3 * OBJECTS / RS_BLOCK_OBJECTS);
	free(seen);
	free(out);
	rs_blocks_free(b);
}

struct user {
	pthread_t thread;
	struct rs_blocks *b;
	_Atomic uint8_t *taken;
	uint64_t random;
	uint32_t wrong;
};

/* Takes some, marks them as its own, gives them back in pieces. */
static void *
use(void *arg)
{
	struct user *u = arg;
	void *have[300];

	for (uint32_t r = 0; r < ROUNDS; r++) {
		uint32_t n, some;

		u->random = u->random * 6364136223846793005ull + 1442695040888963407ull;
		n = (uint32_t)(u->random >> 33) % 300 + 1;
		some = (uint32_t)(u->random >> 45) % n;
		if (rs_blocks_get(u->b, have, n) != 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			u->wrong += atomic_exchange_explicit(&u->taken[(uintptr_t)have[i] - 1], 1, memory_order_relaxed);
		for (uint32_t i = 0; i < n; i++)
			atomic_store_explicit(&u->taken[(uintptr_t)have[i] - 1], 0, memory_order_relaxed);
		rs_blocks_put(u->b, have, some);
		rs_blocks_put(u->b, have + some, n - some);
	}
	return NULL;
}

static void
threads_share_it_without_losing_or_doubling_one(void **state)
{
	struct rs_blocks *b = filled(700);
	_Atomic uint8_t *taken = calloc(700, sizeof(*taken));
	struct user users[THREADS];
	void *out[700];

	for (uint32_t i = 0; i < THREADS; i++) {
		users[i] = (struct user){ .b = b, .taken = taken, .random = i };
		assert_int_equal(pthread_create(&users[i].thread, NULL, use, &users[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(users[i].thread, NULL);
		assert_int_equal(users[i].wrong, 0);
	}
	assert_int_equal(rs_blocks_count(b), 700);
	assert_int_equal(rs_blocks_get(b, out, 700), 0);
	free(taken);
	rs_blocks_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_last_is_got_first),
		cmocka_unit_test(more_than_there_are_is_refused_and_none_is_lost),
		cmocka_unit_test(single_objects_come_and_go),
		cmocka_unit_test(threads_share_it_without_losing_or_doubling_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
