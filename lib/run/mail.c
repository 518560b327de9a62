/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mail between control and its workers. A worker empties its mailbox every turn; one that does not is stuck, and control neither
 * waits for it for ever nor fills its mailbox further: it is marked mute until it says something again.
 */
#include <time.h>

#include "run/internal.h"

#define ROOM_NS RS_NS_PER_S /* how long a full mailbox is waited for */
#define LOOK_NS 100000

uint64_t
daemon_now(const struct rs_daemon *d)
{
	return rs_clock_now(&d->clock);
}

static void
rest(void)
{
	struct timespec ts = { .tv_nsec = LOOK_NS };

	nanosleep(&ts, NULL);
}

int
daemon_post(struct rs_daemon *d, uint32_t w, struct rs_mail *mail)
{
	uint64_t until = daemon_now(d) + (d->mute[w] ? 0 : ROOM_NS);

	mail->from = RS_MAIL_CONTROL;
	mail->request = ++d->request;
	while (!rs_mailbox_send(d->workers[w].in, mail)) {
		if (daemon_now(d) >= until) {
			d->mute[w] = true;
			return -ETIMEDOUT;
		}
		rest();
	}
	return 0;
}

int
daemon_await(struct rs_daemon *d, uint32_t w, struct rs_mail *mail, uint64_t timeout_ns)
{
	uint64_t until = daemon_now(d) + timeout_ns;
	struct rs_mail back;

	for (;;) {
		/* What a worker says too late to a request that was given up is passed over. */
		while (rs_mailbox_receive(d->workers[w].out, &back, 1)) {
			d->mute[w] = false;
			if (back.request != mail->request)
				continue;
			*mail = back;
			return 0;
		}
		if (daemon_now(d) >= until) {
			d->mute[w] = true;
			return -ETIMEDOUT;
		}
		rest();
	}
}

int
daemon_ask(struct rs_daemon *d, uint32_t w, struct rs_mail *mail, uint64_t timeout_ns)
{
	int rc = daemon_post(d, w, mail);

	return rc ? rc : daemon_await(d, w, mail, timeout_ns);
}

void
daemon_mail(struct rs_daemon *d, const struct rs_mail *mail)
{
	for (uint32_t i = 0; i < d->launched; i++) {
		struct rs_mail m = *mail;

		(void)daemon_post(
			d, i, &m); /* one that is mute has no ears: the run ends without it */
	}
}

bool
daemon_settle(struct rs_daemon *d, uint64_t timeout_ns)
{
	struct rs_mail mails[RS_MAX_WORKERS];
	bool all = true;

	for (uint32_t i = 0; i < d->launched; i++) {
		mails[i] = (struct rs_mail){ .type = RS_MAIL_PING };
		all &= daemon_post(d, i, &mails[i]) == 0;
	}
	for (uint32_t i = 0; all && i < d->launched; i++)
		all &= daemon_await(d, i, &mails[i], timeout_ns) == 0;
	return all;
}
