/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include <poll.h>

#include "base/clock.h"

#define LOG_FLUSH_NS RS_NS_PER_S

static void
corrupt(struct rs_wire_packet *packet, uint64_t where)
{
	uint8_t *bytes = packet->bytes + packet->start;

	if (packet->len <= 14)
		return;
	where %= 8ull * (packet->len - 14);
	bytes[14 + where / 8] ^= (uint8_t)(1 << where % 8);
}

static bool
is_concerned(const struct rs_wire_spec *spec, const struct rs_wire_frame *frame, size_t len,
	uint32_t before)
{
	if (!frame->impairable || len <= spec->larger ||
		(spec->copies != 0 && before >= spec->copies))
		return false;
	if (spec->port != 0 &&
		!(frame->udp &&
			(frame->source_port == spec->port ||
				frame->destination_port == spec->port)))
		return false;
	return rs_wire_spec_wants_sip(spec, frame->start);
}

static void
handle(struct rs_wire *w, struct rs_wire_direction *d, struct rs_wire_arrival *a, uint64_t now)
{
	struct rs_wire_packet *packet = a->packet;
	uint8_t *bytes = packet->bytes + packet->start;
	/* What came before the wire began came when it began. */
	uint64_t t_ns = a->time_ns > w->begin_ns ? a->time_ns - w->begin_ns : 0;
	struct rs_wire_frame frame;
	struct rs_wire_fate fate;
	enum rs_wire_loss lost;
	uint32_t before;
	bool changed;

	if (a->checksum_unfinished) {
		rs_wire_frame_finish_checksum(bytes, packet->len);
		d->tally.checksums_finished++;
	}
	rs_wire_frame_read(bytes, packet->len, &frame);
	before = rs_wire_tally_in(&d->tally, &frame, packet->len);
	if (!is_concerned(&d->spec, &frame, packet->len, before)) {
		rs_wire_tally_untouched(&d->tally, &frame);
		rs_wire_queue_pass(&d->queue, now, packet);
		if (w->log != NULL && w->log_all)
			rs_wire_log_packet(w->log, t_ns, d->name, &frame, NULL, RS_WIRE_KEPT);
		return;
	}
	fate = rs_wire_decide(&d->model);
	lost = rs_wire_queue_put(&d->queue, now, packet, &fate);
	rs_wire_tally_fate(&d->tally, &frame, &fate, lost);
	changed = lost != RS_WIRE_KEPT || fate.duplicate || fate.reorder || fate.corrupt ||
		fate.delay_ns > 0;
	if (w->log != NULL && (changed || w->log_all))
		rs_wire_log_packet(w->log, t_ns, d->name, &frame, &fate, lost);
	/* Last: the frame's slices point into it. */
	if (fate.corrupt && lost == RS_WIRE_KEPT)
		corrupt(packet, fate.corrupt_where);
}

static bool
receive(struct rs_wire *w, int from)
{
	struct rs_wire_arrival arrivals[RS_WIRE_BURST];
	uint32_t n = rs_wire_end_receive(&w->ends[from], &w->pool, arrivals);
	uint64_t now = rs_clock_mono_ns();

	for (uint32_t i = 0; i < n; i++) {
		handle(w, &w->directions[from], &arrivals[i], now);
		rs_wire_pool_put(&w->pool, arrivals[i].packet);
	}
	return n == RS_WIRE_BURST;
}

static void
send_due(struct rs_wire *w, int from)
{
	struct rs_wire_direction *d = &w->directions[from];
	struct rs_wire_packet *packets[RS_WIRE_BURST];
	uint64_t now = rs_clock_mono_ns();
	uint32_t n;

	do {
		for (n = 0; n < RS_WIRE_BURST &&
			(packets[n] = rs_wire_queue_take(&d->queue, now)) != NULL;
			n++)
			;
		d->tally.send_failed += rs_wire_end_send(&w->ends[!from], packets, n);
		for (uint32_t i = 0; i < n; i++)
			rs_wire_pool_put(&w->pool, packets[i]);
	} while (n == RS_WIRE_BURST);
}

/* Wait for a frame, a signal, or until something is due. @return 0, -ENETDOWN */
static int
wait(struct rs_wire *w, uint64_t flush_ns, const sigset_t *open)
{
	struct pollfd fds[2] = { { .fd = w->ends[0].fd, .events = POLLIN },
		{ .fd = w->ends[1].fd, .events = POLLIN } };
	uint64_t due = flush_ns, now;
	struct timespec timeout;

	/*
	 * With every packet in use nothing can be received: the kernel keeps it, and counts what
	 * it cannot keep.
	 */
	if (w->pool.n_free == 0)
		fds[0].events = fds[1].events = 0;
	for (int i = 0; i < 2; i++) {
		if (rs_wire_queue_due(&w->directions[i].queue) < due)
			due = rs_wire_queue_due(&w->directions[i].queue);
	}
	now = rs_clock_mono_ns();
	due = due > now ? due - now : 0;
	timeout.tv_sec = (time_t)(due / RS_NS_PER_S);
	timeout.tv_nsec = (long)(due % RS_NS_PER_S);
	if (ppoll(fds, 2, &timeout, open) > 0 &&
		((fds[0].revents | fds[1].revents) & (POLLERR | POLLNVAL)) != 0)
		return -ENETDOWN;
	return 0;
}

int
rs_wire_forward(struct rs_wire *w, const volatile sig_atomic_t *stop, volatile sig_atomic_t *look,
	void (*summary)(struct rs_wire *w, void *arg), void *arg)
{
	uint64_t flush_ns = rs_clock_mono_ns() + LOG_FLUSH_NS;
	sigset_t none;
	int rc = 0;

	sigemptyset(&none);
	while (!*stop && rc == 0) {
		bool more = false;

		for (int i = 0; i < 2; i++)
			more |= receive(w, i);
		for (int i = 0; i < 2; i++)
			send_due(w, i);
		if (rs_clock_mono_ns() >= flush_ns) {
			if (w->log != NULL)
				fflush(w->log);
			flush_ns = rs_clock_mono_ns() + LOG_FLUSH_NS;
		}
		if (*look) {
			*look = 0;
			summary(w, arg);
		}
		rc = wait(w, more ? 0 : flush_ns, &none);
	}
	return rc;
}

void
rs_wire_summarize(struct rs_wire *w, FILE *out)
{
	struct rs_wire_about about[2];
	struct rs_wire_tally tally[2];

	for (int i = 0; i < 2; i++) {
		const struct rs_wire_direction *d = &w->directions[i];

		rs_wire_end_statistics(&w->ends[i]);
		about[i] = (struct rs_wire_about){
			.name = d->name,
			.from = w->ends[i].interface,
			.to = w->ends[!i].interface,
			.spec = d->text,
			.numbered = d->model.number,
			.left = rs_wire_queue_left(&d->queue),
			.overrun = w->ends[i].overrun,
		};
		tally[i] = d->tally;
	}
	rs_wire_log_summary(out, w->seed, rs_clock_mono_ns() - w->begin_ns, about, tally);
}
