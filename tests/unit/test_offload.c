/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The offload interface with a real thread behind it, built as any provider would: commands go by one mailbox, events come
 * back by another, used blocks return by a third. The task here upper-cases what it is fed and ends with its parameters when it is fed ".".
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/offload.h"
#include "unit.h"

enum command { START = 1, FEED, CANCEL };

#define TASKS 8
#define QUEUE 16

struct provider {
	struct rs_mailbox *commands, *events, *returns;
	_Atomic bool quit;
	pthread_t thread;
	int blocks;   /* the user's side: data blocks of events not released yet */
	struct task { /* the thread's side */
		rs_handle owner;
		struct rs_mail params; /* the start command, its block kept until the end */
	} tasks[TASKS];
};

static void *
copy(struct rs_slice s)
{
	void *p = malloc(s.len + 1);

	memcpy(p, s.p, s.len);
	return p;
}

static int
command(struct provider *p, enum command type, rs_handle owner, uint16_t kind, void *data,
	size_t len)
{
	struct rs_mail mail = {
		.type = (uint16_t)type, .handle = owner, .arg = { len, kind }, .data = data
	};

	if (rs_mailbox_send(p->commands, &mail))
		return 0;
	free(data);
	return -EAGAIN;
}

static int
start(void *ctx, rs_handle owner, uint16_t type, struct rs_slice params)
{
	return command(ctx, START, owner, type, copy(params), params.len);
}

static int
feed(void *ctx, rs_handle owner, struct rs_slice bytes)
{
	return command(ctx, FEED, owner, 0, copy(bytes), bytes.len);
}

static void
cancel(void *ctx, rs_handle owner)
{
	while (command(ctx, CANCEL, owner, 0, NULL, 0) != 0)
		sched_yield();
}

static uint32_t
poll_events(void *ctx, struct rs_mail *out, uint32_t cap)
{
	struct provider *p = ctx;
	uint32_t n = rs_mailbox_receive(p->events, out, cap);

	for (uint32_t i = 0; i < n; i++)
		p->blocks += out[i].data != NULL;
	return n;
}

/* Blocks go back to the thread that made them, by a ring that it empties even while it waits for room among the events. */
static void
release(void *ctx, void *data)
{
	struct provider *p = ctx;
	struct rs_mail mail = { .data = data };

	p->blocks--;
	while (!rs_mailbox_send(p->returns, &mail))
		sched_yield();
}

static const struct rs_offload_ops ops = { start, feed, cancel, poll_events, release };

static void
take_blocks_back(struct provider *p)
{
	struct rs_mail mail;

	while (rs_mailbox_receive(p->returns, &mail, 1) == 1)
		free(mail.data);
}

static void
tell(struct provider *p, enum rs_offload_event event, rs_handle owner, uint64_t arg, void *data)
{
	struct rs_mail mail = {
		.type = (uint16_t)event, .handle = owner, .arg = { arg }, .data = data
	};

	while (!rs_mailbox_send(p->events, &mail)) {
		take_blocks_back(p);
		sched_yield();
	}
}

static struct task *
task_of(struct provider *p, rs_handle owner)
{
	for (int i = 0; i < TASKS; i++)
		if (p->tasks[i].owner == owner)
			return &p->tasks[i];
	return NULL;
}

static void
handle(struct provider *p, const struct rs_mail *mail)
{
	struct task *t = mail->type == START ? task_of(p, 0) : task_of(p, mail->handle);
	char *text = mail->data;

	switch ((enum command)mail->type) {
	case START:
		if (t == NULL) {
			free(mail->data);
			tell(p, RS_OFFLOAD_FAILED, mail->handle, RS_OFFLOAD_CAUSE_REFUSED, NULL);
			return;
		}
		t->owner = mail->handle;
		t->params = *mail;
		return;
	case FEED:
		if (t != NULL && mail->arg[0] == 1 && text[0] == '.') {
			free(mail->data);
			tell(p, RS_OFFLOAD_DONE, t->owner, t->params.arg[0], t->params.data);
			t->owner = 0;
		} else if (t != NULL) {
			for (uint64_t i = 0; i < mail->arg[0]; i++)
				text[i] = (char)toupper((unsigned char)text[i]);
			tell(p, RS_OFFLOAD_OUT, t->owner, mail->arg[0], text);
		} else {
			free(mail->data);
		}
		return;
	case CANCEL:
		if (t == NULL)
			return; /* it ended before the cancel arrived: its last event is on its way */
		free(t->params.data);
		t->owner = 0;
		tell(p, RS_OFFLOAD_FAILED, mail->handle, RS_OFFLOAD_CAUSE_CANCELLED, NULL);
		return;
	}
}

static void *
run(void *arg)
{
	struct provider *p = arg;
	struct rs_mail mails[4];

	for (;;) {
		bool quit = atomic_load(&p->quit);
		uint32_t n = rs_mailbox_receive(p->commands, mails, 4);

		for (uint32_t i = 0; i < n; i++)
			handle(p, &mails[i]);
		take_blocks_back(p);
		if (n == 0 && quit)
			return NULL;
		if (n == 0)
			sched_yield();
	}
}

static int
setup(void **state)
{
	struct provider *p = calloc(1, sizeof(*p));

	p->commands = rs_mailbox_create(QUEUE);
	p->events = rs_mailbox_create(QUEUE);
	p->returns = rs_mailbox_create(QUEUE);
	*state = p;
	return pthread_create(&p->thread, NULL, run, p);
}

static int
teardown(void **state)
{
	struct provider *p = *state;

	atomic_store(&p->quit, true);
	pthread_join(p->thread, NULL);
	rs_mailbox_free(p->commands);
	rs_mailbox_free(p->events);
	rs_mailbox_free(p->returns);
	free(p);
	return 0;
}

static struct rs_mail
next_event(struct rs_offload *o)
{
	struct rs_mail mail;

	while (o->ops->poll(o->ctx, &mail, 1) == 0)
		sched_yield();
	return mail;
}

static void
task_is_started_fed_and_done(void **state)
{
	struct rs_offload o = { &ops, *state };
	const rs_handle owner = rs_handle_make(1, 2, 3, RS_KIND_CONNECTION);
	struct rs_mail mail;
	char bytes[] = "hello";

	assert_int_equal(o.ops->start(o.ctx, owner, 1, rs_slice_str("keys")), 0);
	assert_int_equal(o.ops->feed(o.ctx, owner, rs_slice_str(bytes)), 0);
	memset(bytes, 0, sizeof(bytes)); /* they were copied */
	mail = next_event(&o);
	assert_int_equal(mail.type, RS_OFFLOAD_OUT);
	assert_int_equal(mail.handle, owner);
	assert_int_equal(mail.arg[0], 5);
	assert_memory_equal(mail.data, "HELLO", 5);
	o.ops->release(o.ctx, mail.data);
	assert_int_equal(o.ops->feed(o.ctx, owner, rs_slice_str(".")), 0);
	mail = next_event(&o);
	assert_int_equal(mail.type, RS_OFFLOAD_DONE);
	assert_int_equal(mail.arg[0], 4);
	assert_memory_equal(mail.data, "keys", 4);
	o.ops->release(o.ctx, mail.data);
	assert_int_equal(((struct provider *)o.ctx)->blocks, 0);
}

static void
cancelled_task_ends_with_its_last_event(void **state)
{
	struct rs_offload o = { &ops, *state };
	const rs_handle owner = rs_handle_make(9, 2, 3, RS_KIND_STREAM);
	struct rs_mail mail;

	assert_int_equal(o.ops->start(o.ctx, owner, 1, rs_slice_str("")), 0);
	o.ops->cancel(o.ctx, owner);
	mail = next_event(&o);
	assert_int_equal(mail.type, RS_OFFLOAD_FAILED);
	assert_int_equal(mail.handle, owner);
	assert_int_equal(mail.arg[0], RS_OFFLOAD_CAUSE_CANCELLED);
	assert_null(mail.data);
}

static void
more_tasks_than_the_provider_takes_are_refused(void **state)
{
	struct rs_offload o = { &ops, *state };
	struct rs_mail mail;
	int refused = 0;

	for (uint32_t i = 0; i <= TASKS; i++)
		while (o.ops->start(o.ctx, rs_handle_make(i, 0, 0, RS_KIND_STREAM), 1,
			       rs_slice_str("p")) != 0)
			sched_yield();
	mail = next_event(&o);
	assert_int_equal(mail.type, RS_OFFLOAD_FAILED);
	assert_int_equal(mail.arg[0], RS_OFFLOAD_CAUSE_REFUSED);
	assert_int_equal(rs_handle_slot(mail.handle), TASKS);
	for (uint32_t i = 0; i < TASKS; i++)
		o.ops->cancel(o.ctx, rs_handle_make(i, 0, 0, RS_KIND_STREAM));
	for (uint32_t i = 0; i < TASKS; i++)
		refused += next_event(&o).arg[0] != RS_OFFLOAD_CAUSE_CANCELLED;
	assert_int_equal(refused, 0);
}

static void
full_queue_says_try_again_and_many_tasks_interleave(void **state)
{
	struct rs_offload o = { &ops, *state };
	struct rs_mail mails[QUEUE];
	uint32_t fed[TASKS] = { 0 }, got[TASKS] = { 0 }, done = 0, wrong = 0;
	enum { ROUNDS = 2000 };

	for (uint32_t t = 0; t < TASKS; t++)
		while (o.ops->start(o.ctx, rs_handle_make(t, 1, 0, RS_KIND_LEG), 1,
			       rs_slice_str("done")) != 0)
			sched_yield();
	while (done < TASKS) {
		uint32_t n;

		for (uint32_t t = 0; t < TASKS; t++) {
			rs_handle owner = rs_handle_make(t, 1, 0, RS_KIND_LEG);
			char text[2] = { (char)('a' + fed[t] % 26), 0 };

			if (fed[t] > ROUNDS)
				continue;
			/* -EAGAIN: the same bytes again in the next turn */
			if (o.ops->feed(o.ctx, owner, rs_slice_str(fed[t] < ROUNDS ? text : ".")) ==
				0)
				fed[t]++;
		}
		n = o.ops->poll(o.ctx, mails, QUEUE);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t t = rs_handle_slot(mails[i].handle);

			if (mails[i].type == RS_OFFLOAD_OUT)
				wrong += *(char *)mails[i].data != (char)('A' + got[t]++ % 26);
			else
				done += mails[i].type == RS_OFFLOAD_DONE;
		}
		for (uint32_t i = 0; i < n; i++)
			o.ops->release(o.ctx, mails[i].data);
		if (n == 0)
			sched_yield();
	}
	assert_int_equal(wrong, 0);
	for (uint32_t t = 0; t < TASKS; t++)
		assert_int_equal(got[t], ROUNDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(task_is_started_fed_and_done, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cancelled_task_ends_with_its_last_event, setup, teardown),
		cmocka_unit_test_setup_teardown(
			more_tasks_than_the_provider_takes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			full_queue_says_try_again_and_many_tasks_interleave, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
