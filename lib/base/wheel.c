/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/wheel.h"

#include <errno.h>
#include <string.h>

/*
 * Level L has slots of 256^L ticks. A turn is 256 slots, and each level holds the turn under way and the next one, so that:
 *
 *   - a timer hangs on the lowest level on which its slot is in one of these two turns;
 *   - while the clock is in slot S of level L (L > 0), slot S + 1 is emptied, in equal shares a tick, one level down (or more):
 *     there its timers belong to the next turn, which has slots of its own, so that nothing of the present is in the way;
 *   - nothing is added to slot S + 1 meanwhile: its timers hang lower by the first rule.
 *
 * When the clock enters slot S + 1, level L has therefore nothing in it, and level 0 knows each of its timers to the tick.
 */
#define SLOTS  RS_WHEEL_SLOTS
#define LEVELS RS_WHEEL_LEVELS
/* Ticks; keeps the slots of the top level and the 32 bits of `due` unambiguous. */
#define MAX_DELTA 0xff000000u
/* Timers that rs_wheel_next looks at one by one. */
#define NEXT_SCAN 256

int
rs_wheel_init(struct rs_wheel *w, struct rs_arena *a, uint32_t n_nodes, uint64_t now_ns)
{
	memset(w, 0, sizeof(*w));
	memset(w->heads, 0xff, sizeof(w->heads));
	w->nodes = rs_arena_alloc(a, sizeof(*w->nodes) * (size_t)n_nodes, 64);
	if (w->nodes == NULL)
		return -ENOMEM;
	w->n_nodes = n_nodes;
	w->origin_ns = now_ns;
	return 0;
}

static inline void
hang(struct rs_wheel *w, uint32_t node, uint64_t due)
{
	struct rs_wheel_node *n = &w->nodes[node];
	unsigned level = 0;
	uint32_t in_level, slot, head;

	while (level < LEVELS - 1 && (due >> (8 * level + 8)) - (w->tick >> (8 * level + 8)) > 1)
		level++;
	in_level = (uint32_t)(due >> (8 * level)) & (SLOTS - 1);
	slot = level * SLOTS + in_level;
	head = w->heads[slot];
	n->due = (uint32_t)due;
	n->place = slot + 1;
	n->prev = RS_WHEEL_NONE;
	n->next = head;
	if (head != RS_WHEEL_NONE)
		w->nodes[head].prev = node;
	else
		w->occupied[level][in_level / 64] |= 1ull << in_level % 64;
	w->heads[slot] = node;
	w->counts[slot]++;
}

static inline void
unhang(struct rs_wheel *w, struct rs_wheel_node *n)
{
	uint32_t slot = n->place - 1;

	if (n->next != RS_WHEEL_NONE)
		w->nodes[n->next].prev = n->prev;
	if (n->prev != RS_WHEEL_NONE)
		w->nodes[n->prev].next = n->next;
	else
		w->heads[slot] = n->next;
	if (--w->counts[slot] == 0)
		w->occupied[slot / SLOTS][slot % SLOTS / 64] &= ~(1ull << slot % 64);
	n->place = 0;
}

void
rs_wheel_arm(struct rs_wheel *w, uint32_t node, uint64_t due_ns)
{
	uint64_t ns = due_ns > w->origin_ns ? due_ns - w->origin_ns : 0;
	uint64_t due = ns / RS_WHEEL_TICK_NS + (ns % RS_WHEEL_TICK_NS != 0);

	if (due < w->tick)
		due = w->tick;
	else if (due - w->tick > MAX_DELTA)
		due = w->tick + MAX_DELTA;
	if (rs_wheel_armed(w, node))
		unhang(w, &w->nodes[node]);
	else
		w->armed++;
	hang(w, node, due);
}

void
rs_wheel_cancel(struct rs_wheel *w, uint32_t node)
{
	if (!rs_wheel_armed(w, node))
		return;
	unhang(w, &w->nodes[node]);
	w->armed--;
}

/* The first occupied slot of @level at or after number @from (a count for ever, not an index), UINT64_MAX when there is none. */
static uint64_t
first_occupied(const struct rs_wheel *w, unsigned level, uint64_t from)
{
	const uint64_t *map = w->occupied[level];
	unsigned at = (unsigned)from & (SLOTS - 1), word = at / 64;
	uint64_t bits = map[word] & ~0ull << at % 64;

	/* One word more than there are: the first one's lower bits come last. */
	for (unsigned i = 0; i <= SLOTS / 64; i++) {
		if (bits != 0) {
			unsigned found = word * 64 + (unsigned)__builtin_ctzll(bits);

			return from + ((found - at) & (SLOTS - 1));
		}
		word = (word + 1) % (SLOTS / 64);
		bits = map[word];
	}
	return UINT64_MAX;
}

/* The clock went from tick @from to w->tick: move the share of each level's next slot that is due by now. */
static void
cascade(struct rs_wheel *w, uint64_t from)
{
	for (unsigned level = 1; level < LEVELS; level++) {
		uint64_t next = (w->tick >> 8 * level) + 1;
		uint32_t slot = level * SLOTS + ((uint32_t)next & (SLOTS - 1)), n = w->counts[slot];
		uint64_t start, last = (next << 8 * level) - 1, since;

		if (n == 0)
			continue;
		start = (next - 1) << 8 * level; /* the slot's time to be emptied begins here */
		since = from + 1 > start ? from : start - 1;
		n = (uint32_t)((n * (w->tick - since) + (last - since) - 1) / (last - since));
		w->moved += n;
		for (; n > 0; n--) {
			uint32_t node = w->heads[slot];
			uint32_t due = w->nodes[node].due;

			unhang(w, &w->nodes[node]);
			hang(w, node, w->tick + (uint32_t)(due - (uint32_t)w->tick));
		}
	}
}

/* The next tick up to @target at which there is something to do: a timer, or a slot of an upper level to be moved. */
static uint64_t
next_stop(const struct rs_wheel *w, uint64_t target)
{
	uint64_t stop = first_occupied(w, 0, w->tick + 1);

	if (stop > target)
		stop = target;
	for (unsigned level = 1; level < LEVELS; level++) {
		uint64_t now = w->tick >> 8 * level, slot = first_occupied(w, level, now + 1), at;

		if (slot == UINT64_MAX)
			continue;
		/* Being emptied already: by its last moment all must be moved. Else its time begins with the slot before. */
		at = slot == now + 1 ? (slot << 8 * level) - 1 : (slot - 1) << 8 * level;
		if (at < stop)
			stop = at;
	}
	return stop;
}

uint32_t
rs_wheel_expire(struct rs_wheel *w, uint64_t now_ns, uint32_t *out, uint32_t cap)
{
	uint64_t target = now_ns > w->origin_ns ? (now_ns - w->origin_ns) / RS_WHEEL_TICK_NS : 0;
	uint32_t n = 0;

	for (;;) {
		uint32_t *head = &w->heads[w->tick & (SLOTS - 1)];
		uint64_t from = w->tick;

		while (*head != RS_WHEEL_NONE) {
			if (n == cap)
				return n;
			out[n++] = *head;
			unhang(w, &w->nodes[*head]);
			w->armed--;
		}
		if (from >= target)
			return n;
		if (w->armed == 0)
			w->tick = target;
		else
			w->tick = target - from == 1 ? target : next_stop(w, target);
		cascade(w, from);
	}
}

uint64_t
rs_wheel_next(const struct rs_wheel *w)
{
	uint64_t best;

	if (w->armed == 0)
		return UINT64_MAX;
	best = first_occupied(w, 0, w->tick);
	for (unsigned level = 1; level < LEVELS; level++) {
		uint64_t now = w->tick >> 8 * level, slot = first_occupied(w, level, now + 1);
		uint64_t start, found = UINT64_MAX;
		uint32_t in_wheel = level * SLOTS + ((uint32_t)slot & (SLOTS - 1));

		if (slot == UINT64_MAX || (start = slot << 8 * level) >= best)
			continue;
		if (start - w->tick >= 256 || w->counts[in_wheel] > NEXT_SCAN) {
			best = start;
			continue;
		}
		for (uint32_t i = w->heads[in_wheel]; i != RS_WHEEL_NONE; i = w->nodes[i].next) {
			uint64_t due = w->tick + (uint32_t)(w->nodes[i].due - (uint32_t)w->tick);

			if (due < found)
				found = due;
		}
		if (found < best)
			best = found;
	}
	return w->origin_ns + best * RS_WHEEL_TICK_NS;
}
