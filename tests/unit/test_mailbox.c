/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailboxes between two real threads: everything arrives, whole and in order, and a full ring says so. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/mailbox.h"
#include "unit.h"

static void
only_powers_of_two_make_a_mailbox(void **state)
{
	assert_null(rs_mailbox_create(0));
	assert_null(rs_mailbox_create(3));
	rs_mailbox_free(NULL);
}

static void
full_mailbox_refuses_and_takes_again_after_a_receive(void **state)
{
	struct rs_mailbox *m = rs_mailbox_create(4);
	struct rs_mail mail = { 0 }, out[8];

	assert_non_null(m);
	assert_int_equal(rs_mailbox_receive(m, out, 8), 0);
	for (uint32_t i = 0; i < 4; i++) {
		mail.request = i;
		assert_int_equal(rs_mailbox_count(m), i);
		assert_true(rs_mailbox_send(m, &mail));
	}
	assert_false(rs_mailbox_send(m, &mail));
	assert_int_equal(rs_mailbox_count(m), 4);
	assert_int_equal(rs_mailbox_receive(m, out, 0), 0);
	assert_int_equal(rs_mailbox_receive(m, out, 1), 1);
	assert_int_equal(out[0].request, 0);
	mail.request = 4;
	assert_true(rs_mailbox_send(m, &mail));
	assert_false(rs_mailbox_send(m, &mail));
	assert_int_equal(rs_mailbox_receive(m, out, 8), 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(out[i].request, i + 1);
	rs_mailbox_free(m);
}

static void
mail_arrives_with_every_member(void **state)
{
	struct rs_mailbox *m = rs_mailbox_create(1);
	struct rs_mail out,
		mail = { .type = 1,
			.from = RS_MAIL_CONTROL,
			.request = 2,
			.handle = 3,
			.arg = { 4, 5, 6, 7, 8 },
			.data = &out };

	assert_true(rs_mailbox_send(m, &mail));
	assert_int_equal(rs_mailbox_receive(m, &out, 1), 1);
	assert_memory_equal(&out, &mail, sizeof(mail));
	rs_mailbox_free(m);
}

#define COUNT 300000u

struct run {
	struct rs_mailbox *m;
	uint64_t refused;
};

static void *
send_all(void *arg)
{
	struct run *run = arg;
	struct rs_mail mail = { 0 };

	for (uint32_t i = 0; i < COUNT; i++) {
		mail.request = i;
		for (int k = 0; k < 5; k++)
			mail.arg[k] = i * 3ull + (uint64_t)k;
		while (!rs_mailbox_send(run->m, &mail)) {
			run->refused++;
			sched_yield();
		}
	}
	return NULL;
}

static void
two_threads_lose_nothing_and_keep_the_order(void **state)
{
	static const uint32_t caps[] = { 1, 8, 1024 };

	for (size_t c = 0; c < 3; c++) {
		struct run run = { .m = rs_mailbox_create(caps[c]) };
		struct rs_mail out[16];
		pthread_t sender;
		uint32_t got = 0, wrong = 0;

		assert_int_equal(pthread_create(&sender, NULL, send_all, &run), 0);
		while (got < COUNT) {
			uint32_t n = rs_mailbox_receive(run.m, out, 16);

			if (rs_mailbox_count(run.m) > caps[c])
				wrong++;
			for (uint32_t i = 0; i < n; i++, got++) {
				wrong += out[i].request != got;
				for (int k = 0; k < 5; k++)
					wrong += out[i].arg[k] != got * 3ull + (uint64_t)k;
			}
			if (n == 0)
				sched_yield();
		}
		pthread_join(sender, NULL);
		assert_int_equal(wrong, 0);
		assert_int_equal(rs_mailbox_receive(run.m, out, 16), 0);
		rs_mailbox_free(run.m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_powers_of_two_make_a_mailbox),
		cmocka_unit_test(full_mailbox_refuses_and_takes_again_after_a_receive),
		cmocka_unit_test(mail_arrives_with_every_member),
		cmocka_unit_test(two_threads_lose_nothing_and_keep_the_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
