/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/bus.h"

#include <errno.h>
#include <stdlib.h>

#define BOX_MAILS 4096
#define LATER_MAILS 16384 /* of one sender to one receiver, while its box is full */

/* Mails that wait at their sender; only it touches this. */
struct later {
	struct rs_mail *mails; /* made when first needed would be an allocation in a turn: made at once */
	uint32_t first, n;
};

struct rs_bus {
	uint32_t n;
	struct rs_mailbox **boxes; /* [from * n + to], NULL on the diagonal */
	struct later *later;	   /* likewise */
};

int
rs_bus_create(uint32_t n, struct rs_bus **out)
{
	struct rs_bus *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->n = n;
	b->boxes = calloc((size_t)n * n, sizeof(*b->boxes));
	b->later = calloc((size_t)n * n, sizeof(*b->later));
	if (!b->boxes || !b->later)
		goto fail;
	for (uint32_t i = 0; i < n * n; i++) {
		if (i / n == i % n)
			continue;
		b->boxes[i] = rs_mailbox_create(BOX_MAILS);
		b->later[i].mails = calloc(LATER_MAILS, sizeof(struct rs_mail));
		if (!b->boxes[i] || !b->later[i].mails)
			goto fail;
	}
	*out = b;
	return 0;
fail:
	rs_bus_free(b);
	return -ENOMEM;
}

void
rs_bus_free(struct rs_bus *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; b->boxes && b->later && i < b->n * b->n; i++) {
		rs_mailbox_free(b->boxes[i]);
		free(b->later[i].mails);
	}
	free(b->boxes);
	free(b->later);
	free(b);
}

static void
send_later_ones(struct rs_bus *b, uint32_t i)
{
	struct later *l = &b->later[i];

	while (l->n > 0 && rs_mailbox_send(b->boxes[i], &l->mails[l->first])) {
		l->first = (l->first + 1) % LATER_MAILS;
		l->n--;
	}
}

bool
rs_bus_tell(struct rs_bus *b, uint32_t from, uint32_t to, const struct rs_mail *mail)
{
	uint32_t i = from * b->n + to;
	struct later *l = &b->later[i];

	send_later_ones(b, i);
	if (l->n == 0 && rs_mailbox_send(b->boxes[i], mail))
		return true;
	if (l->n == LATER_MAILS)
		return false;
	l->mails[(l->first + l->n++) % LATER_MAILS] = *mail;
	return true;
}

uint32_t
rs_bus_listen(struct rs_bus *b, uint32_t to, struct rs_mail *out, uint32_t cap)
{
	uint32_t n = 0;

	for (uint32_t other = 0; other < b->n; other++) {
		if (other == to)
			continue;
		send_later_ones(b, to * b->n + other);
		if (n < cap)
			n += rs_mailbox_receive(b->boxes[other * b->n + to], out + n, cap - n);
	}
	return n;
}

bool
rs_bus_is_waiting(const struct rs_bus *b, uint32_t worker)
{
	for (uint32_t other = 0; other < b->n; other++)
		if (other != worker &&
			(rs_mailbox_count(b->boxes[other * b->n + worker]) > 0 || b->later[worker * b->n + other].n > 0))
			return true;
	return false;
}
