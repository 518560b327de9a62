/* SPDX-License-Identifier: BSD-3-Clause */
/* The neighbour cache: asked with back-off, bounded, aged, corrected at once. */
#include "unit.h"

#include <stdlib.h>

#include "net/neigh.h"

#define MS 1000000ull
#define S  1000000000ull

static const uint8_t mac_a[6] = { 2, 0, 0, 0, 0, 0xa }, mac_b[6] = { 2, 0, 0, 0, 0, 0xb };

static struct rs_addr
addr4(uint32_t i)
{
	struct rs_addr a = { { 198, 18, (uint8_t)(i >> 8), (uint8_t)i }, 4 };

	return a;
}

static struct rs_neigh_entry *
tell(struct rs_neigh *n, struct rs_addr a, const uint8_t *mac, uint8_t flags, uint64_t now)
{
	struct rs_neigh_news news = { .addr = a, .flags = flags };

	memcpy(news.mac, mac, 6);
	return rs_neigh_learn(n, &news, now);
}

static void
unanswered_question_is_repeated_with_back_off_then_fails(void **state)
{
	struct rs_addr a = addr4(1);
	struct rs_neigh_entry *e, *job;
	struct rs_neigh n;
	uint64_t asked[16];
	unsigned count = 0;
	int x;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 8, 4), 0);
	assert_int_equal(rs_neigh_find(&n, &a, S, &e), -EINPROGRESS);
	assert_true(n.fresh);
	assert_int_equal(rs_neigh_hold(&n, e, &x), 0);
	for (uint64_t t = S; t < 10 * S; t += 10 * MS) {
		enum rs_neigh_job what = rs_neigh_due(&n, t, &job);

		if (what == RS_NEIGH_ASK)
			asked[count++] = t;
		if (what == RS_NEIGH_DROP)
			break;
	}
	assert_int_equal(count, RS_NEIGH_ASKS);
	assert_int_equal(asked[0], S);
	for (unsigned i = 2; i < count; i++)
		assert_true(asked[i] - asked[i - 1] >= asked[i - 1] - asked[i - 2]);
	assert_true(asked[count - 1] - asked[0] < 4 * S);
	assert_ptr_equal(rs_neigh_take(&n, e), &x);
	assert_null(rs_neigh_take(&n, e));
	assert_int_equal(rs_neigh_find(&n, &a, 5 * S, &e), -EHOSTUNREACH);
	/* Later it is tried again. */
	for (uint64_t t = 5 * S; t < 12 * S; t += 100 * MS)
		while (rs_neigh_due(&n, t, &job) != RS_NEIGH_NO_JOB)
			;
	assert_int_equal(rs_neigh_find(&n, &a, 12 * S, &e), -EINPROGRESS);
	rs_neigh_fini(&n);
}

static void
answer_releases_what_waited_in_order(void **state)
{
	struct rs_addr a = addr4(1);
	struct rs_neigh_entry *e, *known;
	struct rs_neigh n;
	int x[3];

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 8, 4), 0);
	assert_int_equal(rs_neigh_find(&n, &a, 1, &e), -EINPROGRESS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_neigh_hold(&n, e, &x[i]), 0);
	known = tell(&n, a, mac_a, RS_NEIGH_CONFIRMED, 2);
	assert_ptr_equal(known, e);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(rs_neigh_take(&n, e), &x[i]);
	assert_int_equal(n.n_held, 0);
	assert_int_equal(rs_neigh_find(&n, &a, 3, &e), 0);
	assert_memory_equal(e->mac, mac_a, 6);
	rs_neigh_fini(&n);
}

static void
held_buffers_are_bounded_per_neighbour_and_in_all(void **state)
{
	struct rs_addr a = addr4(1), b = addr4(2), c = addr4(3);
	struct rs_neigh_entry *e;
	struct rs_neigh n;
	int x;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 5, 3), 0);
	(void)rs_neigh_find(&n, &a, 1, &e);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_neigh_hold(&n, e, &x), 0);
	assert_int_equal(rs_neigh_hold(&n, e, &x), -ENOBUFS);
	(void)rs_neigh_find(&n, &b, 1, &e);
	assert_int_equal(rs_neigh_hold(&n, e, &x), 0);
	assert_int_equal(rs_neigh_hold(&n, e, &x), 0);
	assert_int_equal(rs_neigh_hold(&n, e, &x), -ENOBUFS);
	(void)rs_neigh_find(&n, &c, 1, &e);
	assert_int_equal(rs_neigh_hold(&n, e, &x), -ENOBUFS);
	for (int i = 0; i < 5; i++)
		assert_ptr_equal(rs_neigh_take_any(&n), &x);
	assert_null(rs_neigh_take_any(&n));
	assert_int_equal(rs_neigh_hold(&n, e, &x), 0);
	rs_neigh_fini(&n);
}

static void
used_neighbour_is_probed_and_stays_in_use_meanwhile(void **state)
{
	struct rs_addr a = addr4(1);
	struct rs_neigh_entry *e, *job;
	struct rs_neigh n;
	uint64_t t = RS_NEIGH_REACHABLE_NS + S;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 5, 3), 0);
	(void)rs_neigh_find(&n, &a, 1, &e);
	(void)tell(&n, a, mac_a, RS_NEIGH_CONFIRMED, 2);
	assert_int_equal(rs_neigh_find(&n, &a, 3, &e), 0);
	assert_int_equal(rs_neigh_due(&n, t, &job), RS_NEIGH_PROBE);
	assert_ptr_equal(job, e);
	assert_int_equal(rs_neigh_find(&n, &a, t, &e), 0);
	(void)tell(&n, a, mac_a, RS_NEIGH_CONFIRMED, t + 1);
	assert_int_equal(e->state, RS_NEIGH_REACHABLE);
	/* It goes silent: probes, then everybody is asked and sends wait. */
	t += RS_NEIGH_REACHABLE_NS + S;
	(void)rs_neigh_find(&n, &a, t, &e);
	for (unsigned i = 0; i < RS_NEIGH_PROBES; i++, t += S)
		assert_int_equal(rs_neigh_due(&n, t, &job), RS_NEIGH_PROBE);
	assert_int_equal(rs_neigh_due(&n, t, &job), RS_NEIGH_ASK);
	assert_int_equal(rs_neigh_find(&n, &a, t, &e), -EINPROGRESS);
	rs_neigh_fini(&n);
}

static void
unused_neighbour_is_forgotten(void **state)
{
	struct rs_addr a = addr4(1);
	struct rs_neigh_entry *e, *job;
	struct rs_neigh n;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 5, 3), 0);
	assert_non_null(tell(&n, a, mac_a, RS_NEIGH_CREATE, 1));
	assert_int_equal(n.n, 1);
	assert_int_equal(rs_neigh_due(&n, RS_NEIGH_FORGET_NS + RS_NEIGH_REACHABLE_NS + 3, &job),
		RS_NEIGH_NO_JOB);
	assert_int_equal(n.n, 0);
	assert_int_equal(rs_neigh_find(&n, &a, RS_NEIGH_FORGET_NS * 2, &e), -EINPROGRESS);
	rs_neigh_fini(&n);
}

static void
news_of_a_moved_neighbour_is_obeyed_at_once(void **state)
{
	struct rs_addr a = addr4(1);
	struct rs_neigh_entry *e;
	struct rs_neigh n;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 8, 5, 3), 0);
	(void)rs_neigh_find(&n, &a, 1, &e);
	(void)tell(&n, a, mac_a, RS_NEIGH_CONFIRMED, 2);
	(void)tell(
		&n, a, mac_b, RS_NEIGH_OVERRIDE, 3); /* gratuitous ARP, unsolicited advertisement */
	assert_int_equal(rs_neigh_find(&n, &a, 4, &e), 0);
	assert_memory_equal(e->mac, mac_b, 6);
	/* Without the override flag it is a doubt only (RFC 4861, 7.2.5). */
	(void)tell(&n, a, mac_b, RS_NEIGH_CONFIRMED, 5);
	assert_null(tell(&n, a, mac_a, 0, 6));
	assert_memory_equal(e->mac, mac_b, 6);
	assert_int_equal(e->state, RS_NEIGH_STALE);
	/* Nobody is learned who was not asked for, and no group is a neighbour. */
	assert_null(tell(&n, addr4(9), mac_a, RS_NEIGH_OVERRIDE, 7));
	assert_null(tell(&n, a, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, RS_NEIGH_OVERRIDE, 7));
	rs_neigh_fini(&n);
}

static void
full_table_forgets_the_idle_never_the_busy(void **state)
{
	struct rs_neigh_entry *e, *job;
	struct rs_neigh n;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 16, 32, 3), 0);
	for (uint32_t i = 0; i < 8; i++) {
		struct rs_addr a = addr4(i);

		(void)rs_neigh_find(&n, &a, 1, &e);
	}
	while (rs_neigh_due(&n, 1, &job) != RS_NEIGH_NO_JOB)
		;
	/* A thousand passers-by ask for us. */
	for (uint32_t i = 100; i < 1100; i++)
		(void)tell(&n, addr4(i), mac_a, RS_NEIGH_CREATE, i);
	assert_int_equal(n.n, 16);
	for (uint32_t i = 0; i < 8; i++) {
		struct rs_addr a = addr4(i);

		assert_int_equal(rs_neigh_find(&n, &a, 1, &e), -EINPROGRESS);
	}
	assert_int_equal(n.n, 16);
	for (uint32_t i = 2000; i < 2008; i++) {
		struct rs_addr a = addr4(i);

		assert_int_equal(rs_neigh_find(&n, &a, 1, &e), -EINPROGRESS);
	}
	assert_int_equal(
		rs_neigh_find(&n, &(struct rs_addr){ { 198, 19, 0, 1 }, 4 }, 1, &e), -ENOBUFS);
	rs_neigh_fini(&n);
}

static void
strangers_push_out_the_oldest_of_them_after_a_few_looks(void **state)
{
	struct rs_neigh_entry *e;
	struct rs_neigh n;
	uint32_t hand;

	(void)state;
	assert_int_equal(rs_neigh_init(&n, 512, 32, 3), 0);
	for (uint32_t i = 0; i < 512; i++)
		(void)tell(&n, addr4(i), mac_a, RS_NEIGH_CREATE, i);
	for (uint32_t i = 1000; i < 1100; i++)
		assert_non_null(tell(&n, addr4(i), mac_a, RS_NEIGH_CREATE, i));
	for (uint32_t i = 0; i < 512; i++)
		assert_int_equal(tell(&n, addr4(i), mac_a, 0, 1100) != NULL, i >= 100);
	/* All are in use now: who only asks is not kept, and did not cost a look at everybody. */
	for (uint32_t i = 100; i < 512; i++) {
		struct rs_addr a = addr4(i);

		assert_int_equal(rs_neigh_find(&n, &a, 1100, &e), 0);
	}
	for (uint32_t i = 1000; i < 1100; i++) {
		struct rs_addr a = addr4(i);

		assert_int_equal(rs_neigh_find(&n, &a, 1100, &e), 0);
	}
	hand = n.hand;
	assert_null(tell(&n, addr4(5000), mac_a, RS_NEIGH_CREATE, 1100));
	assert_in_range((n.hand - hand) & 511, 1, 64);
	assert_int_equal(n.n, 512);
	rs_neigh_fini(&n);
}

static void
table_holds_what_it_was_told_through_any_order(void **state)
{
	enum { N = 500 };
	struct rs_neigh_entry *e, *job;
	struct rs_neigh n;
	uint64_t t = 1;

	(void)state;
	srand(1);
	assert_int_equal(rs_neigh_init(&n, N, 32, 3), 0);
	for (int round = 0; round < 200; round++) {
		for (int k = 0; k < 20; k++) {
			uint32_t i = (uint32_t)rand() % (3 * N);
			struct rs_addr a = addr4(i);
			uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };

			if (i % 3 == 0) {
				memset(a.b, 0, sizeof(a.b));
				a.family = 6;
				a.b[0] = 0x20;
				a.b[14] = (uint8_t)(i >> 8);
				a.b[15] = (uint8_t)i;
			}
			(void)tell(&n, a, mac, RS_NEIGH_CREATE, t);
			if (rs_neigh_find(&n, &a, t, &e) == 0)
				assert_memory_equal(e->mac, mac, 6);
		}
		t += 60 * S;
		while (rs_neigh_due(&n, t, &job) != RS_NEIGH_NO_JOB)
			;
	}
	assert_true(n.n <= N);
	rs_neigh_fini(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unanswered_question_is_repeated_with_back_off_then_fails),
		cmocka_unit_test(answer_releases_what_waited_in_order),
		cmocka_unit_test(held_buffers_are_bounded_per_neighbour_and_in_all),
		cmocka_unit_test(used_neighbour_is_probed_and_stays_in_use_meanwhile),
		cmocka_unit_test(unused_neighbour_is_forgotten),
		cmocka_unit_test(news_of_a_moved_neighbour_is_obeyed_at_once),
		cmocka_unit_test(full_table_forgets_the_idle_never_the_busy),
		cmocka_unit_test(strangers_push_out_the_oldest_of_them_after_a_few_looks),
		cmocka_unit_test(table_holds_what_it_was_told_through_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
