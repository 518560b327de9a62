/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally.h"

#include "base/table.h"

int
rs_wire_tally_init(struct rs_wire_tally *t)
{
	*t = (struct rs_wire_tally){ 0 };
	return rs_wire_seen_init(&t->seen);
}

void
rs_wire_tally_fini(struct rs_wire_tally *t)
{
	rs_wire_seen_fini(&t->seen);
}

static struct rs_wire_counts *
start_counts(struct rs_wire_tally *t, const char *start)
{
	uint32_t i = 0;

	while (i < t->n_starts && strcmp(t->starts[i].start, start) != 0)
		i++;
	if (i == t->n_starts) {
		if (t->n_starts < RS_WIRE_STARTS)
			t->n_starts++;
		else
			i--;
		strcpy(t->starts[i].start, i + 1 < RS_WIRE_STARTS ? start : "others");
	}
	return &t->starts[i].counts;
}

static struct rs_wire_counts *
sender_counts(struct rs_wire_tally *t, const struct rs_wire_frame *frame)
{
	uint32_t i = 0;

	while (i < t->n_senders &&
		!(t->senders[i].port == frame->source_port &&
			rs_addr_eq(&t->senders[i].address, &frame->source)))
		i++;
	if (i == t->n_senders) {
		if (t->n_senders < RS_WIRE_SENDERS)
			t->n_senders++;
		else
			i--;
		/* The last entry has no address: it is everybody who found no room. */
		if (i + 1 < RS_WIRE_SENDERS) {
			t->senders[i].address = frame->source;
			t->senders[i].port = frame->source_port;
		}
	}
	return &t->senders[i].counts;
}

/* The up to three counts that a datagram belongs to. */
static size_t
counts_of(struct rs_wire_tally *t, const struct rs_wire_frame *frame, struct rs_wire_counts **out)
{
	size_t n = 0;

	if (!frame->udp)
		return 0;
	out[n++] = &t->udp;
	out[n++] = sender_counts(t, frame);
	if (frame->start[0] != '\0')
		out[n++] = start_counts(t, frame->start);
	return n;
}

static struct rs_wire_seen_entry *
seen_entry(struct rs_wire_tally *t, const struct rs_wire_frame *frame)
{
	uint64_t hash = rs_hash(frame->source.b, sizeof(frame->source.b), frame->source_port);

	hash = rs_hash(
		frame->destination.b, sizeof(frame->destination.b), hash ^ frame->destination_port);
	return rs_wire_seen(&t->seen, rs_hash(frame->payload.p, frame->payload.len, hash));
}

uint32_t
rs_wire_tally_in(struct rs_wire_tally *t, const struct rs_wire_frame *frame, size_t len)
{
	struct rs_wire_counts *counts[3];
	size_t n = counts_of(t, frame, counts);
	uint32_t before = 0;

	t->frames++;
	t->bytes += len;
	if (n == 0)
		return 0;
	struct rs_wire_seen_entry *entry = seen_entry(t, frame);

	if (entry != NULL)
		before = entry->copies++;
	else
		t->untracked++;
	for (size_t i = 0; i < n; i++) {
		counts[i]->received++;
		counts[i]->repeated += before > 0;
	}
	return before;
}

static void
count_out(struct rs_wire_tally *t, const struct rs_wire_frame *frame, uint32_t copies)
{
	struct rs_wire_counts *counts[3];
	size_t n = counts_of(t, frame, counts);
	struct rs_wire_seen_entry *entry = n > 0 ? seen_entry(t, frame) : NULL;
	uint32_t again = 0;

	t->forwarded += copies;
	if (entry != NULL && copies > 0) {
		again = copies - (entry->delivered == 0);
		entry->delivered += copies;
	}
	for (size_t i = 0; i < n; i++) {
		counts[i]->dropped += copies == 0;
		counts[i]->duplicated += copies > 1;
		counts[i]->delivered_again += again;
	}
}

void
rs_wire_tally_fate(struct rs_wire_tally *t, const struct rs_wire_frame *frame,
	const struct rs_wire_fate *fate, enum rs_wire_loss lost)
{
	if (lost != RS_WIRE_KEPT) {
		t->dropped[lost]++;
		count_out(t, frame, 0);
		return;
	}
	t->duplicated += fate->duplicate;
	t->reordered += fate->reorder;
	t->corrupted += fate->corrupt;
	t->delayed += fate->delay_ns > 0;
	count_out(t, frame, fate->duplicate ? 2 : 1);
}

void
rs_wire_tally_untouched(struct rs_wire_tally *t, const struct rs_wire_frame *frame)
{
	t->untouched++;
	count_out(t, frame, 1);
}
