/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REST_NS 10000000 /* a full ring holds far more than comes in this time */
#define SETTLE_RESTS 100
#define AT_ONCE 256      /* records of one ring before the next one has its turn */

struct rs_writer {
	pthread_t thread;
	atomic_bool stop;
	struct rs_record_ring *const *rings;
	uint32_t n;
	int fd;
	uint64_t *told; /* per ring: lost records that were told of */
};

static void
write_line(int fd, const struct rs_record *r)
{
	struct iovec parts[2] = {
		{ (void *)(uintptr_t)(r + 1), r->len },
		{ (void *)(uintptr_t) "\n", 1 },
	};

	if (writev(fd, parts, 2) < 0)
		return; /* nobody is there to read it: the line is lost, the run is not */
}

/* What found no room is missing before what came after it. */
static void
tell_lost(struct rs_writer *w, uint32_t i)
{
	uint64_t lost = rs_record_dropped(w->rings[i]);

	if (lost == w->told[i])
		return;
	dprintf(w->fd,
		"warning log: %llu lines of thread %u came faster than they could be written, and are lost\n",
		(unsigned long long)(lost - w->told[i]), i);
	w->told[i] = lost;
}

/* @return true when there may be more */
static bool
drain(struct rs_writer *w)
{
	bool more = false;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct rs_record *r;
		uint32_t left = AT_ONCE;

		while (left && (r = rs_record_peek(w->rings[i])) != NULL) {
			if (r->type == RS_RECORD_LOG)
				write_line(w->fd, r);
			else if (r->type == RS_RECORD_KEY_LOG)
				write_line(r->aux, r);
			rs_record_pop(w->rings[i]);
			left--;
		}
		if (left)
			tell_lost(w, i);
		else
			more = true;
	}
	return more;
}

static void *
writer_main(void *arg)
{
	struct rs_writer *w = arg;
	struct timespec rest = { .tv_nsec = REST_NS };

	while (!atomic_load(&w->stop))
		if (!drain(w))
			nanosleep(&rest, NULL);
	while (drain(w)) /* those who wrote have ended: there is an end to it */
		;
	return NULL;
}

int
rs_writer_start(struct rs_record_ring *const *rings, uint32_t n, int fd, struct rs_writer **out)
{
	struct rs_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->rings = rings;
	w->n = n;
	w->fd = fd;
	w->told = calloc(n ? n : 1, sizeof(*w->told));
	if (!w->told || pthread_create(&w->thread, NULL, writer_main, w) != 0) {
		int rc = w->told ? -EAGAIN : -ENOMEM;

		free(w->told);
		free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void
rs_writer_settle(struct rs_writer *w)
{
	struct timespec rest = { .tv_nsec = REST_NS };

	for (uint32_t i = 0; i < w->n; i++)
		for (unsigned k = 0; k < SETTLE_RESTS && !rs_record_is_empty(w->rings[i]); k++)
			nanosleep(&rest, NULL);
}

void
rs_writer_stop(struct rs_writer *w)
{
	if (!w)
		return;
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	free(w->told);
	free(w);
}
