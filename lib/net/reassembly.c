/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/reassembly.h"

#include <errno.h>

#include "net/net.h"

#define NONE UINT32_MAX

enum state {
	LIVE,
	WHOLE,	 /* handed on: what comes yet is a copy */
	GIVEN_UP /* what comes yet is dropped (RFC 5722, 4) */
};

/** What fragments of one datagram have in common. IPv6 leaves the protocol out (RFC 8200, 4.5): it is zero there. */
struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t proto, family, zero[2];
};

struct rs_reassembly_entry {
	struct key key;
	uint64_t hash, until_ns;
	uint32_t newer, older; /* in its list; @newer: the next free one */
	uint32_t buffer;       /* of a live one */
	uint32_t total;	       /* bytes of the datagram; 0: the last fragment has not come */
	uint16_t n_pieces, n_spans;
	uint8_t state, proto; /* proto: what the fragment at offset zero says */
	uint8_t class;	      /* of its source */
};

struct rs_reassembly_buffer {
	struct span {
		uint32_t from, to;
	} spans[RS_REASSEMBLY_SPANS]; /* in order, never touching one another */
	uint8_t data[RS_REASSEMBLY_MAX6];
};

static void
append(struct rs_reassembly *r, struct rs_reassembly_list *l, uint32_t i)
{
	struct rs_reassembly_entry *e = &r->entries[i];

	e->newer = NONE;
	e->older = l->last;
	if (l->last == NONE)
		l->first = i;
	else
		r->entries[l->last].newer = i;
	l->last = i;
	l->n++;
}

static void
take_out(struct rs_reassembly *r, struct rs_reassembly_list *l, uint32_t i)
{
	struct rs_reassembly_entry *e = &r->entries[i];

	if (e->older == NONE)
		l->first = e->newer;
	else
		r->entries[e->older].newer = e->newer;
	if (e->newer == NONE)
		l->last = e->older;
	else
		r->entries[e->newer].older = e->older;
	l->n--;
}

static void
give_buffer(struct rs_reassembly *r, struct rs_reassembly_entry *e)
{
	r->next_buffer[e->buffer] = r->free_buffer;
	r->free_buffer = e->buffer;
	e->buffer = NONE;
}

static void
forget(struct rs_reassembly *r, struct rs_reassembly_list *l, uint32_t i)
{
	struct rs_reassembly_entry *e = &r->entries[i];

	take_out(r, l, i);
	rs_table_remove(&r->table, e->hash, i);
	if (e->buffer != NONE)
		give_buffer(r, e);
	e->newer = r->free_entry;
	r->free_entry = i;
}

/** The datagram needs its buffer no longer, but its late fragments are to be known. */
static void
finish(struct rs_reassembly *r, uint32_t i, enum state state, uint64_t now_ns)
{
	struct rs_reassembly_entry *e = &r->entries[i];

	take_out(r, &r->live, i);
	r->live_of[e->class]--;
	give_buffer(r, e);
	e->state = (uint8_t)state;
	e->until_ns = now_ns + RS_REASSEMBLY_NS;
	append(r, &r->done, i);
}

static void
give_up(struct rs_reassembly *r, uint32_t i, uint32_t row, uint64_t now_ns)
{
	rs_metric_inc(r->cells, row);
	finish(r, i, GIVEN_UP, now_ns);
}

int
rs_reassembly_init(struct rs_reassembly *r, struct rs_metrics *cells, uint64_t seed)
{
	size_t buffers = RS_REASSEMBLY_LIVE * sizeof(*r->buffers);
	size_t entries = RS_REASSEMBLY_SLOTS * sizeof(*r->entries);
	int rc;

	*r = (struct rs_reassembly){ .cells = cells, .seed = seed };
	/* The table takes 16 bytes a value, rounded up to a power of two, which the number is. */
	rc = rs_arena_init(&r->arena, buffers + entries + RS_REASSEMBLY_SLOTS * 16 + 4096);
	if (rc != 0)
		return rc;
	r->entries = rs_arena_alloc(&r->arena, entries, 64);
	r->buffers = rs_arena_alloc(&r->arena, buffers, 64);
	if (!r->entries || !r->buffers ||
		rs_table_init(&r->table, &r->arena, RS_REASSEMBLY_SLOTS) != 0) {
		rs_arena_fini(&r->arena);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < RS_REASSEMBLY_SLOTS; i++)
		r->entries[i].newer = i + 1 < RS_REASSEMBLY_SLOTS ? i + 1 : NONE;
	for (uint32_t i = 0; i < RS_REASSEMBLY_LIVE; i++)
		r->next_buffer[i] = i + 1 < RS_REASSEMBLY_LIVE ? i + 1 : NONE;
	r->live = r->done = (struct rs_reassembly_list){ NONE, NONE, 0 };
	r->next_ns = UINT64_MAX;
	return 0;
}

void
rs_reassembly_fini(struct rs_reassembly *r)
{
	if (r->entries)
		rs_arena_fini(&r->arena);
	r->entries = NULL;
}

void
rs_reassembly_expire(struct rs_reassembly *r, uint64_t now_ns)
{
	if (now_ns < r->next_ns)
		return;
	while (r->live.n && r->entries[r->live.first].until_ns <= now_ns)
		give_up(r, r->live.first, RS_NET_FRAG_TIMEOUT, now_ns);
	while (r->done.n && r->entries[r->done.first].until_ns <= now_ns)
		forget(r, &r->done, r->done.first);
	r->next_ns = UINT64_MAX;
	if (r->live.n)
		r->next_ns = r->entries[r->live.first].until_ns;
	if (r->done.n && r->entries[r->done.first].until_ns < r->next_ns)
		r->next_ns = r->entries[r->done.first].until_ns;
}

static uint32_t
find(const struct rs_reassembly *r, const struct key *key, uint64_t hash)
{
	uint32_t i;

	for (uint32_t at = rs_table_first(&r->table, hash, &i); at != RS_TABLE_END;
		at = rs_table_next(&r->table, hash, at, &i)) {
		if (memcmp(&r->entries[i].key, key, sizeof(*key)) == 0)
			return i;
	}
	return NONE;
}

/** The oldest datagram of the sources that have most under way. */
static uint32_t
oldest_of_most(const struct rs_reassembly *r)
{
	uint32_t most = 0, i = r->live.first;

	for (uint32_t c = 1; c < RS_REASSEMBLY_CLASSES; c++)
		if (r->live_of[c] > r->live_of[most])
			most = c;
	while (r->entries[i].class != most)
		i = r->entries[i].newer;
	return i;
}

/** Room for one more datagram: there always is, if need be another one's. */
static uint32_t
begin(struct rs_reassembly *r, const struct key *key, uint64_t hash, uint64_t now_ns)
{
	struct rs_reassembly_entry *e;
	uint32_t i;

	if (r->live.n == RS_REASSEMBLY_LIVE)
		give_up(r, oldest_of_most(r), RS_NET_FRAG_EVICTED, now_ns);
	if (r->free_entry == NONE)
		forget(r, &r->done, r->done.first);
	i = r->free_entry;
	e = &r->entries[i];
	r->free_entry = e->newer;
	*e = (struct rs_reassembly_entry){ .key = *key,
		.hash = hash,
		.until_ns = now_ns + RS_REASSEMBLY_NS,
		.buffer = r->free_buffer,
		.class = rs_hash(key->src, sizeof(key->src), r->seed) % RS_REASSEMBLY_CLASSES };
	r->live_of[e->class]++;
	r->free_buffer = r->next_buffer[e->buffer];
	append(r, &r->live, i);
	/* Cannot fail: the table has room for all entries. */
	(void)rs_table_add(&r->table, hash, i);
	if (e->until_ns < r->next_ns)
		r->next_ns = e->until_ns;
	return i;
}

/**
 * Note that bytes @from to @to are there. @return 0; -EEXIST: all were, and the same; -EBADMSG: some were; -ENOSPC: too many holes
 */
static int
add_span(struct rs_reassembly_entry *e, struct rs_reassembly_buffer *b, const uint8_t *data,
	uint32_t from, uint32_t to)
{
	struct span *s = b->spans;
	uint32_t n = e->n_spans, i = 0;
	bool before, behind;

	/* The first span that does not end before ours begins; in order this is the only one, or none. */
	while (i < n && s[i].to < from)
		i++;
	before = i < n && s[i].to == from;
	if (before)
		i++;
	if (i < n && s[i].from < to)
		return s[i].from <= from && to <= s[i].to &&
				memcmp(b->data + from, data, to - from) == 0
			? -EEXIST
			: -EBADMSG;
	behind = i < n && s[i].from == to;
	if (before && behind) {
		s[i - 1].to = s[i].to;
		memmove(&s[i], &s[i + 1], (n - i - 1) * sizeof(*s));
		e->n_spans--;
	} else if (before) {
		s[i - 1].to = to;
	} else if (behind) {
		s[i].from = from;
	} else {
		if (n == RS_REASSEMBLY_SPANS)
			return -ENOSPC;
		memmove(&s[i + 1], &s[i], (n - i) * sizeof(*s));
		s[i] = (struct span){ from, to };
		e->n_spans++;
	}
	return 0;
}

/** Does the fragment say of the datagram's end what the others said? */
static bool
ends_agree(const struct rs_reassembly_entry *e, const struct rs_reassembly_buffer *b, uint32_t to,
	bool more)
{
	if (e->total)
		return more ? to < e->total : to == e->total;
	return more || e->n_spans == 0 || b->spans[e->n_spans - 1].to <= to;
}

/** @return the row to count when the datagram is to be given up, -1 when it goes on, 0 when the fragment was a copy */
static int
join(struct rs_reassembly_entry *e, struct rs_reassembly_buffer *b, const struct rs_ip *ip)
{
	uint32_t from = ip->frag_offset, to = from + ip->len;

	if (++e->n_pieces > RS_REASSEMBLY_PIECES)
		return RS_NET_FRAG_TOO_MANY;
	if (!ends_agree(e, b, to, ip->frag_more))
		return RS_NET_FRAG_OVERLAP;
	switch (add_span(e, b, ip->payload, from, to)) {
	case 0: break;
	case -EEXIST: return 0;
	case -ENOSPC: return RS_NET_FRAG_TOO_MANY;
	default: return RS_NET_FRAG_OVERLAP;
	}
	memcpy(b->data + from, ip->payload, ip->len);
	if (from == 0)
		e->proto = ip->proto;
	if (!ip->frag_more)
		e->total = to;
	return -1;
}

bool
rs_reassembly_add(
	struct rs_reassembly *r, const struct rs_ip *ip, uint64_t now_ns, struct rs_ip *whole)
{
	uint32_t max = ip->src.family == 4 ? RS_REASSEMBLY_MAX4 : RS_REASSEMBLY_MAX6, i;
	struct key key = { .id = ip->frag_id, .family = ip->src.family };
	struct rs_reassembly_entry *e;
	struct rs_reassembly_buffer *b;
	uint64_t hash;
	int row;

	rs_metric_inc(r->cells, RS_NET_RX_FRAGMENT);
	rs_reassembly_expire(r, now_ns);
	if (ip->len == 0 || (ip->frag_more && ip->len % 8)) {
		rs_metric_inc(r->cells, RS_NET_FRAG_BAD);
		return false;
	}
	memcpy(key.src, ip->src.b, sizeof(key.src));
	memcpy(key.dst, ip->dst.b, sizeof(key.dst));
	if (ip->src.family == 4)
		key.proto = ip->proto;
	hash = rs_hash(&key, sizeof(key), r->seed);
	i = find(r, &key, hash);
	if (i != NONE && r->entries[i].state != LIVE) {
		rs_metric_inc(r->cells,
			r->entries[i].state == WHOLE ? RS_NET_FRAG_DUPLICATE : RS_NET_FRAG_LATE);
		return false;
	}
	if (i == NONE)
		i = begin(r, &key, hash, now_ns);
	e = &r->entries[i];
	b = &r->buffers[e->buffer];
	row = ip->frag_offset + ip->len > max ? RS_NET_FRAG_TOO_LONG : join(e, b, ip);
	if (row == 0) {
		rs_metric_inc(r->cells, RS_NET_FRAG_DUPLICATE);
		return false;
	}
	if (row > 0) {
		give_up(r, i, (uint32_t)row, now_ns);
		return false;
	}
	if (e->total == 0 || e->n_spans != 1 || b->spans[0].from != 0 || b->spans[0].to != e->total)
		return false;
	*whole = (struct rs_ip){ .src = ip->src,
		.dst = ip->dst,
		.payload = b->data,
		.len = e->total,
		.proto = e->proto,
		.hops = ip->hops };
	rs_metric_inc(r->cells, RS_NET_FRAG_WHOLE);
	finish(r, i, WHOLE, now_ns);
	return true;
}
