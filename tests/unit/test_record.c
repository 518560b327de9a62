/* SPDX-License-Identifier: BSD-3-Clause */
/* Record rings: records of any length come out whole and in order, what finds no room is counted, nobody waits. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/record.h"
#include "base/rng.h"
#include "unit.h"

static void
only_sensible_sizes_make_a_ring(void **state)
{
	assert_null(rs_record_ring_create(0));
	assert_null(rs_record_ring_create(2048));
	assert_null(rs_record_ring_create(5000));
	rs_record_ring_free(NULL);
}

static void
record_arrives_as_it_was_written(void **state)
{
	struct rs_record_ring *r = rs_record_ring_create(4096);
	const struct rs_record *rec;
	void *p;

	assert_null(rs_record_peek(r));
	p = rs_record_reserve(r, RS_RECORD_PACKET, 7, 123456789, 5);
	assert_non_null(p);
	memcpy(p, "bytes", 5);
	assert_null(rs_record_peek(r)); /* not before the commit */
	rs_record_commit(r);
	rec = rs_record_peek(r);
	assert_non_null(rec);
	assert_ptr_equal(rec, rs_record_peek(r)); /* looking does not take */
	assert_int_equal(rec->time_ns, 123456789);
	assert_int_equal(rec->len, 5);
	assert_int_equal(rec->type, RS_RECORD_PACKET);
	assert_int_equal(rec->aux, 7);
	assert_memory_equal(rec + 1, "bytes", 5);
	rs_record_pop(r);
	assert_null(rs_record_peek(r));
	rs_record_ring_free(r);
}

static void
too_long_and_too_many_are_dropped_and_counted(void **state)
{
	struct rs_record_ring *r = rs_record_ring_create(4096);

	assert_null(rs_record_reserve(r, RS_RECORD_LOG, 0, 0, 1025 - 16));
	assert_null(rs_record_reserve(r, RS_RECORD_LOG, 0, 0, UINT32_MAX));
	assert_int_equal(rs_record_dropped(r), 2);
	for (int i = 0; i < 4; i++) {
		assert_non_null(rs_record_reserve(r, RS_RECORD_LOG, 0, 0, 1024 - 16));
		rs_record_commit(r);
	}
	assert_null(rs_record_reserve(r, RS_RECORD_LOG, 0, 0, 0));
	assert_int_equal(rs_record_dropped(r), 3);
	assert_non_null(rs_record_peek(r));
	rs_record_pop(r);
	assert_non_null(rs_record_reserve(r, RS_RECORD_LOG, 0, 0, 0));
	rs_record_ring_free(r);
}

static void
reserved_but_never_committed_is_forgotten(void **state)
{
	struct rs_record_ring *r = rs_record_ring_create(4096);

	assert_non_null(rs_record_reserve(r, RS_RECORD_LOG, 1, 0, 10));
	assert_non_null(rs_record_reserve(r, RS_RECORD_LOG, 2, 0, 20));
	rs_record_commit(r);
	assert_int_equal(rs_record_peek(r)->aux, 2);
	rs_record_pop(r);
	assert_null(rs_record_peek(r));
	rs_record_ring_free(r);
}

static void
records_of_every_length_survive_the_wrap(void **state)
{
	struct rs_record_ring *r = rs_record_ring_create(4096);

	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t len = 0; len <= 1008; len++) {
			uint8_t *p = rs_record_reserve(r, RS_RECORD_PACKET, 0, len, len);
			const struct rs_record *rec;

			assert_non_null(p);
			memset(p, (int)(len & 0xff), len);
			rs_record_commit(r);
			rec = rs_record_peek(r);
			assert_non_null(rec);
			assert_int_equal(rec->len, len);
			for (uint32_t i = 0; i < len; i++)
				assert_int_equal(((const uint8_t *)(rec + 1))[i], len & 0xff);
			rs_record_pop(r);
		}
	}
	assert_int_equal(rs_record_dropped(r), 0);
	rs_record_ring_free(r);
}

#define RECORDS 200000u

struct run {
	struct rs_record_ring *ring;
	_Atomic bool done;
	uint64_t written;
};

static void *
write_records(void *arg)
{
	struct run *run = arg;
	struct rs_rng rng = { 11 };

	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t len = (uint32_t)(rs_rng_next(&rng) % 600);
		uint8_t *p = rs_record_reserve(run->ring, RS_RECORD_EVENT, (uint16_t)i, i, len);

		if (p != NULL) {
			memset(p, (int)(i & 0xff), len);
			rs_record_commit(run->ring);
			run->written++;
		}
		if (i % 64 == 0)
			sched_yield();
	}
	atomic_store(&run->done, true);
	return NULL;
}

static void
two_threads_agree_on_what_was_written_and_dropped(void **state)
{
	struct run run = { .ring = rs_record_ring_create(8192) };
	uint64_t got = 0, wrong = 0, next = 0;
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, write_records, &run), 0);
	for (;;) {
		bool done = atomic_load(&run.done);
		const struct rs_record *rec = rs_record_peek(run.ring);

		if (rec == NULL) {
			if (done)
				break;
			sched_yield();
			continue;
		}
		wrong += rec->time_ns < next || rec->aux != (uint16_t)rec->time_ns;
		next = rec->time_ns + 1;
		for (uint32_t i = 0; i < rec->len; i++)
			wrong += ((const uint8_t *)(rec + 1))[i] != (rec->time_ns & 0xff);
		rs_record_pop(run.ring);
		got++;
	}
	pthread_join(t, NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(got, run.written);
	assert_int_equal(rs_record_dropped(run.ring), RECORDS - run.written);
	assert_true(got > 0);
	rs_record_ring_free(run.ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_sensible_sizes_make_a_ring),
		cmocka_unit_test(record_arrives_as_it_was_written),
		cmocka_unit_test(too_long_and_too_many_are_dropped_and_counted),
		cmocka_unit_test(reserved_but_never_committed_is_forgotten),
		cmocka_unit_test(records_of_every_length_survive_the_wrap),
		cmocka_unit_test(two_threads_agree_on_what_was_written_and_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
