/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"

int
rs_wire_pool_init(struct rs_wire_pool *pool, uint32_t n)
{
	void *memory = mmap(NULL, n * sizeof(*pool->packets), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint32_t *list = malloc(n * sizeof(*list));

	if (memory == MAP_FAILED || list == NULL) {
		if (memory != MAP_FAILED)
			munmap(memory, n * sizeof(*pool->packets));
		free(list);
		return -ENOMEM;
	}
	*pool = (struct rs_wire_pool){ .packets = memory, .free = list, .n = n, .n_free = n };
	for (uint32_t i = 0; i < n; i++)
		list[i] = n - 1 - i;
	return 0;
}

void
rs_wire_pool_fini(struct rs_wire_pool *pool)
{
	munmap(pool->packets, pool->n * sizeof(*pool->packets));
	free(pool->free);
}

struct rs_wire_packet *
rs_wire_pool_get(struct rs_wire_pool *pool)
{
	struct rs_wire_packet *packet;

	if (pool->n_free == 0)
		return NULL;
	packet = &pool->packets[pool->free[--pool->n_free]];
	packet->refs = 1;
	return packet;
}

void
rs_wire_pool_put(struct rs_wire_pool *pool, struct rs_wire_packet *packet)
{
	if (--packet->refs == 0)
		pool->free[pool->n_free++] = (uint32_t)(packet - pool->packets);
}

int
rs_wire_queue_init(struct rs_wire_queue *q, const struct rs_wire_spec *spec, uint32_t packets)
{
	*q = (struct rs_wire_queue){
		.spec = spec,
		.cap = 2 * packets, /* each may have a duplicate */
		.heap = malloc(2 * packets * sizeof(*q->heap)),
		.held = malloc(2 * packets * sizeof(*q->held)),
		.departures = malloc(spec->queue_limit * sizeof(*q->departures)),
	};
	if (q->heap == NULL || q->held == NULL || q->departures == NULL) {
		rs_wire_queue_fini(q);
		return -ENOMEM;
	}
	return 0;
}

void
rs_wire_queue_fini(struct rs_wire_queue *q)
{
	free(q->heap);
	free(q->held);
	free(q->departures);
}

static bool
before(const struct rs_wire_waiting *a, const struct rs_wire_waiting *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

/*
 * Every packet is in the heap or the ring of held ones at most twice, and both have room for that.
 */
static void
heap_push(struct rs_wire_queue *q, uint64_t due_ns, struct rs_wire_packet *packet)
{
	struct rs_wire_waiting w = { due_ns, q->next_order++, packet };
	uint32_t i = q->n_waiting++;

	for (; i > 0 && before(&w, &q->heap[(i - 1) / 2]); i = (i - 1) / 2)
		q->heap[i] = q->heap[(i - 1) / 2];
	q->heap[i] = w;
}

static struct rs_wire_packet *
heap_pop(struct rs_wire_queue *q)
{
	struct rs_wire_packet *top = q->heap[0].packet;
	struct rs_wire_waiting w = q->heap[--q->n_waiting];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < q->n_waiting; i = child) {
		if (child + 1 < q->n_waiting && before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (!before(&q->heap[child], &w))
			break;
		q->heap[i] = q->heap[child];
	}
	q->heap[i] = w;
	return top;
}

/*
 * Queue @packet for @due_ns, or for when the one before it is due: a delay alone does not change
 * the order.
 */
static void
schedule(struct rs_wire_queue *q, uint64_t due_ns, struct rs_wire_packet *packet)
{
	if (!q->spec->overtake) {
		if (due_ns < q->last_due_ns)
			due_ns = q->last_due_ns;
		q->last_due_ns = due_ns;
	}
	heap_push(q, due_ns, packet);
}

/* @return false when too many wait; else @at is when the rate lets this packet go */
static bool
wait_for_rate(struct rs_wire_queue *q, uint64_t now, uint32_t len, uint64_t *at)
{
	const struct rs_wire_spec *s = q->spec;

	*at = now;
	if (s->rate_pps <= 0 && s->rate_bps <= 0)
		return true;
	while (q->n_departures > 0 && q->departures[q->departures_head] <= now) {
		q->departures_head = (q->departures_head + 1) % s->queue_limit;
		q->n_departures--;
	}
	if (q->n_departures == s->queue_limit)
		return false;
	if (q->rate_free_ns > now)
		*at = q->rate_free_ns;
	q->departures[(q->departures_head + q->n_departures++) % s->queue_limit] = *at;
	q->rate_free_ns = *at +
		(uint64_t)(s->rate_pps > 0 ? RS_NS_PER_S / s->rate_pps
					   : 8.0 * len * RS_NS_PER_S / s->rate_bps);
	return true;
}

static void
hold(struct rs_wire_queue *q, uint64_t at, struct rs_wire_packet *packet,
	const struct rs_wire_fate *fate)
{
	q->held[(q->held_head + q->n_held++) % q->cap] = (struct rs_wire_held){ packet,
		fate->number, at + q->spec->reorder_hold_ns, fate->delay_ns };
}

static void
release_oldest(struct rs_wire_queue *q, uint64_t now)
{
	const struct rs_wire_held *h = &q->held[q->held_head];

	q->held_head = (q->held_head + 1) % q->cap;
	q->n_held--;
	schedule(q, now + h->delay_ns, h->packet);
}

enum rs_wire_loss
rs_wire_queue_put(struct rs_wire_queue *q, uint64_t now, struct rs_wire_packet *packet,
	const struct rs_wire_fate *fate)
{
	enum rs_wire_loss lost = fate->lost;
	uint64_t at;

	if (lost == RS_WIRE_KEPT && !wait_for_rate(q, now, packet->len, &at))
		lost = RS_WIRE_LOST_QUEUE;
	if (lost == RS_WIRE_KEPT) {
		packet->refs++;
		if (fate->reorder)
			hold(q, at, packet, fate);
		else
			schedule(q, at + fate->delay_ns, packet);
		if (fate->duplicate) {
			packet->refs++;
			if (q->spec->duplicate_after_ns == 0)
				schedule(q, at + fate->delay_ns, packet);
			else
				heap_push(q, at + fate->delay_ns + q->spec->duplicate_after_ns,
					packet);
		}
	}
	while (q->n_held > 0 &&
		q->held[q->held_head].number + q->spec->reorder_distance <= fate->number)
		release_oldest(q, now);
	return lost;
}

void
rs_wire_queue_pass(struct rs_wire_queue *q, uint64_t now, struct rs_wire_packet *packet)
{
	packet->refs++;
	heap_push(q, now, packet);
}

struct rs_wire_packet *
rs_wire_queue_take(struct rs_wire_queue *q, uint64_t now)
{
	while (q->n_held > 0 && q->held[q->held_head].until_ns <= now)
		release_oldest(q, now);
	if (q->n_waiting == 0 || q->heap[0].due_ns > now)
		return NULL;
	return heap_pop(q);
}

uint64_t
rs_wire_queue_due(const struct rs_wire_queue *q)
{
	uint64_t due = q->n_waiting > 0 ? q->heap[0].due_ns : UINT64_MAX;

	if (q->n_held > 0 && q->held[q->held_head].until_ns < due)
		due = q->held[q->held_head].until_ns;
	return due;
}
