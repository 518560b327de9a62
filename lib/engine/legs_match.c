/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Halves that wait, by key, and how two of them find each other. The same user is called again and again, and calls that nobody
 * got leave halves without another one: so it is not enough that the key is the same.
 */
#include "engine/legs.h"

#include <errno.h>

#define EARLY_NS RS_NS_PER_MS /* clocks of bursts on different workers agree better than this */
#define LOOKS 64	      /* halves of one key that are looked at: its calls overlap, and it is a bad key */
#define NONE UINT32_MAX
#define UNLIKELY (1ull << 62)
#define LEAST_BUCKETS 1024

uint64_t
halves_reserve(uint32_t cap)
{
	return (uint64_t)cap * (sizeof(struct half) + sizeof(uint32_t)) + 2 * 4096;
}

int
halves_init(struct matcher *m, struct rs_arena *a, uint32_t cap)
{
	m->cap = cap;
	m->free = NONE;
	m->halves = rs_arena_alloc(a, (uint64_t)cap * sizeof(*m->halves), 64);
	m->buckets = rs_arena_alloc(a, (uint64_t)cap * sizeof(*m->buckets), 64);
	m->n_buckets = LEAST_BUCKETS;
	if (!m->halves || !m->buckets)
		return -ENOMEM;
	memset(m->buckets, 0xff, LEAST_BUCKETS * sizeof(*m->buckets));
	return 0;
}

/* --- those that wait, by key --- */

/* With n buckets the lower ones are numbered by a bit more than those that are not split yet. */
static uint32_t *
bucket_of(const struct matcher *m, uint64_t key)
{
	uint32_t hash = (uint32_t)(key >> 32), mask = UINT32_MAX >> __builtin_clz(m->n_buckets - 1);
	uint32_t i = hash & mask;

	return &m->buckets[i < m->n_buckets ? i : i & (mask >> 1)];
}

static void
chain(struct matcher *m, uint32_t slot)
{
	uint32_t *bucket = bucket_of(m, m->halves[slot].key);

	m->halves[slot].chain = *bucket;
	*bucket = slot;
}

static void
chain_all(struct matcher *m, uint32_t slot)
{
	while (slot != NONE) {
		uint32_t next = m->halves[slot].chain;

		chain(m, slot);
		slot = next;
	}
}

/* One more bucket: it takes its part of the one that is half as high. */
static void
split(struct matcher *m)
{
	uint32_t top = 1u << (31 - __builtin_clz(m->n_buckets)), from = m->n_buckets - top, slots = m->buckets[from];

	m->buckets[m->n_buckets++] = NONE;
	m->buckets[from] = NONE;
	chain_all(m, slots);
}

static void
merge(struct matcher *m)
{
	chain_all(m, m->buckets[--m->n_buckets]);
}

static uint32_t
first_of_key(const struct matcher *m, uint64_t key)
{
	uint32_t i = *bucket_of(m, key);

	while (i != NONE && m->halves[i].key != key)
		i = m->halves[i].chain;
	return i;
}

/* Put @with, one of the same key, into @slot's place among the first ones; NONE: none is left. */
static void
replace_first(struct matcher *m, uint32_t slot, uint32_t with)
{
	uint32_t *at = bucket_of(m, m->halves[slot].key);

	while (*at != slot)
		at = &m->halves[*at].chain;
	*at = m->halves[slot].chain;
	if (with != NONE) {
		m->halves[with].chain = *at;
		*at = with;
	}
}

static void
drop(struct matcher *m, uint32_t slot)
{
	struct half *h = &m->halves[slot];

	if (h->next != NONE)
		m->halves[h->next].prev = h->prev;
	if (h->prev != NONE)
		m->halves[h->prev].next = h->next;
	else
		replace_first(m, slot, h->next);
	h->chain = m->free;
	m->free = slot;
	m->used--;
	if (m->n_buckets > LEAST_BUCKETS && m->used < m->n_buckets / 2)
		merge(m);
}

static void
give_way(struct rs_engine *e)
{
	struct matcher *m = e->matcher;

	if (m->halves[m->hand].end_ns + m->window_ns > e->now)
		rs_metric_inc(e->cells, RS_ENG_HALVES_EARLY);
	if (m->halves_sdp)
		legs_sdp_clear(e, &m->halves_sdp[m->hand]);
	drop(m, m->hand);
	m->hand = m->hand + 1 == m->cap ? 0 : m->hand + 1;
}

static void
let_wait(struct rs_engine *e, const struct half *half, const struct leg_sdp *sdp)
{
	struct matcher *m = e->matcher;
	uint32_t slot, first;

	if (m->used == m->cap)
		give_way(e);
	slot = m->free != NONE ? m->free : m->fresh++;
	if (slot == m->free)
		m->free = m->halves[slot].chain;
	m->used++;
	first = first_of_key(m, half->key);

	struct half *h = &m->halves[slot];

	*h = *half;
	if (m->halves_sdp)
		m->halves_sdp[slot] = *sdp;
	h->prev = first;
	h->next = NONE;
	if (first == NONE) {
		chain(m, slot);
	} else {
		h->next = m->halves[first].next;
		m->halves[first].next = slot;
		if (h->next != NONE)
			m->halves[h->next].prev = slot;
	}
	if (m->used > m->n_buckets)
		split(m);
}

/* --- which of them it is --- */

/*
 * How far from each other are the two INVITEs? UINT64_MAX: they cannot be one. The answered one has come while the placed call
 * was open, and a call that was established was answered by one that was: what a fork cancelled is not its other half.
 */
static uint64_t
distance(const struct matcher *m, const struct half *placed, const struct half *answered)
{
	uint64_t sent = placed->invite_ns, came = answered->invite_ns, far = came > sent ? came - sent : sent - came;

	if ((placed->flags & HALF_UP) && !(answered->flags & HALF_UP))
		return UINT64_MAX;
	if (came + EARLY_NS < sent || came > sent + m->window_ns || came > placed->end_ns)
		return UINT64_MAX;
	if (placed->ok_ns && placed->ok_ns + EARLY_NS < answered->ok_ns) /* unless the SUT answers on its own first */
		far |= UNLIKELY;
	return far;
}

static uint32_t
find(const struct matcher *m, const struct half *h)
{
	uint64_t least = UINT64_MAX;
	uint32_t best = NONE, looks = LOOKS;

	for (uint32_t i = first_of_key(m, h->key); i != NONE && looks-- > 0; i = m->halves[i].next) {
		const struct half *other = &m->halves[i];
		uint64_t far;

		if (((h->flags ^ other->flags) & HALF_PLACED) == 0)
			continue;
		far = h->flags & HALF_PLACED ? distance(m, h, other) : distance(m, other, h);
		if (far < least) {
			least = far;
			best = i;
		}
	}
	return best;
}

static void
delay(struct rs_metrics *cells, uint32_t row, uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns && to_ns && to_ns + EARLY_NS >= from_ns)
		rs_metric_record(cells, row, to_ns > from_ns ? to_ns - from_ns : 0);
}

static bool
is_wrong(const struct rs_engine *e, const struct half *placed, const struct half *answered)
{
	int32_t picked = e->plan->activities[placed->activity].to_group;
	uint32_t group = e->plan->activities[answered->activity].from;

	if (placed->endpoint == NO_ENDPOINT)
		return false;
	return picked != (int32_t)group ||
		(e->plan->groups[group].kind != RS_GROUP_TRUNK && placed->endpoint != answered->endpoint);
}

static void
count(struct rs_engine *e, const struct half *placed, const struct half *answered)
{
	struct rs_metrics *p = &e->account->activities[placed->activity].cells;
	struct rs_metrics *a = &e->account->activities[answered->activity].cells;

	rs_metric_inc(p, RS_AM_LEGS_MATCHED);
	rs_metric_inc(a, RS_AM_LEGS_MATCHED);
	if (placed->flags & HALF_UP)
		rs_metric_inc(p, RS_AM_LEGS_MATCHED_UP);
	if (answered->flags & HALF_UP)
		rs_metric_inc(a, RS_AM_LEGS_MATCHED_UP);
	if (is_wrong(e, placed, answered))
		rs_metric_inc(p, RS_AM_LEGS_WRONG);
	if (placed->heard && answered->heard && placed->heard != answered->heard)
		rs_metric_inc(&e->account->activities[placed->activity].media, RS_MEDIA_LEGS_CROSSED);
	if (!(placed->flags & HALF_MEASURED))
		return;
	delay(p, RS_AM_LEG_INVITE, placed->invite_ns, answered->invite_ns);
	delay(p, RS_AM_LEG_OK, answered->ok_ns, placed->ok_ns);
	if (placed->flags & ~answered->flags & HALF_BYE_SENT)
		delay(p, RS_AM_LEG_BYE, placed->bye_ns, answered->bye_ns);
	else if (answered->flags & ~placed->flags & HALF_BYE_SENT)
		delay(p, RS_AM_LEG_BYE, answered->bye_ns, placed->bye_ns);
}

/* What the system under test made of their descriptions. */
static void
count_sdp(struct rs_engine *e, const struct half *h, struct leg_sdp *sdp, uint32_t other)
{
	struct leg_sdp *others = &e->matcher->halves_sdp[other];
	bool placed = h->flags & HALF_PLACED;
	uint16_t activity = placed ? h->activity : e->matcher->halves[other].activity;

	legs_sdp_count(e, &e->account->activities[activity].cells, placed ? sdp : others, placed ? others : sdp);
	legs_sdp_clear(e, sdp);
	legs_sdp_clear(e, others);
}

void
legs_match(struct rs_engine *e, const struct half *h, struct leg_sdp *sdp)
{
	uint32_t best = find(e->matcher, h);

	if (best == NONE) {
		let_wait(e, h, sdp);
	} else {
		const struct half *other = &e->matcher->halves[best];

		if (h->flags & HALF_PLACED)
			count(e, h, other);
		else
			count(e, other, h);
		if (e->matcher->halves_sdp)
			count_sdp(e, h, sdp, best);
		drop(e->matcher, best);
	}
	rs_metric_set(e->cells, RS_ENG_HALVES, e->matcher->used);
}
