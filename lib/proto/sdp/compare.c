/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies between two descriptions, by their outlines: see compare.h. */
#include "proto/sdp/compare.h"

#include "proto/sdp/outline.h"
#include "proto/sdp/words.h"

struct list {
	const struct rs_sdp_item *items;
	unsigned n;
};

/** Sent and received, and what is different so far. */
struct pair {
	struct list a, b;
	uint32_t changes;
};

const char *
rs_sdp_change_name(unsigned bit)
{
	static const char *const names[RS_SDP_CHANGES] = { "origin", "name", "address", "family", "port", "rtcp_port", "rtcp_mux",
		"lines_dropped", "lines_added", "line_refused", "type", "transport", "codecs_dropped", "codecs_added",
		"codecs_reordered", "payload_type", "fmtp", "ptime", "direction", "crypto_dropped", "crypto_added", "keys",
		"crypto_reordered", "fingerprint", "bandwidth", "attributes_dropped", "attributes_added", "attributes_changed" };

	return bit < RS_SDP_CHANGES ? names[bit] : NULL;
}

static void
note(struct pair *p, bool differs, enum rs_sdp_change change)
{
	if (differs)
		p->changes |= change;
}

/** The one item @what of m-line @media; NULL: none. */
static const struct rs_sdp_item *
find(const struct list *l, enum item what, unsigned media)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->items[i].what == what && l->items[i].media == media)
			return &l->items[i];
	return NULL;
}

/** Is there anything to compare below m-line @media, of what belongs to it? */
static bool
is_live(const struct pair *p, unsigned media)
{
	const struct rs_sdp_item *a, *b;

	if (media == RS_SDP_SESSION)
		return true;
	a = find(&p->a, ITEM_LINE, media);
	b = find(&p->b, ITEM_LINE, media);
	return a != NULL && b != NULL && a->number != 0 && b->number != 0;
}

static void
compare_lines(struct pair *p)
{
	for (unsigned i = 0; i < p->b.n; i++)
		note(p, p->b.items[i].what == ITEM_LINE && find(&p->a, ITEM_LINE, p->b.items[i].media) == NULL, RS_SDP_LINES_ADDED);
	for (unsigned i = 0; i < p->a.n; i++) {
		const struct rs_sdp_item *a = &p->a.items[i], *b;

		if (a->what != ITEM_LINE)
			continue;
		b = find(&p->b, ITEM_LINE, a->media);
		note(p, b == NULL, RS_SDP_LINES_DROPPED);
		if (b == NULL)
			continue;
		note(p, a->hash >> 16 != b->hash >> 16, RS_SDP_CHANGED_TYPE);
		note(p, (uint16_t)a->hash != (uint16_t)b->hash, RS_SDP_CHANGED_TRANSPORT);
		note(p, a->number != b->number, RS_SDP_CHANGED_PORT);
		note(p, a->number != 0 && b->number == 0, RS_SDP_LINE_REFUSED);
	}
}

/** What there is one of; @from is either list, the other one may lack it. */
static void
compare_ones(struct pair *p, const struct list *from)
{
	static const uint32_t bits[ITEM_CODEC] = { [ITEM_ORIGIN] = RS_SDP_CHANGED_ORIGIN, [ITEM_NAME] = RS_SDP_CHANGED_NAME,
		[ITEM_PORTS] = RS_SDP_CHANGED_PORT, [ITEM_ADDRESS] = RS_SDP_CHANGED_ADDRESS, [ITEM_RTCP] = RS_SDP_CHANGED_RTCP,
		[ITEM_MUX] = RS_SDP_CHANGED_RTCP_MUX, [ITEM_PTIME] = RS_SDP_CHANGED_PTIME,
		[ITEM_DIRECTION] = RS_SDP_CHANGED_DIRECTION, [ITEM_FINGERPRINT] = RS_SDP_CHANGED_FINGERPRINT,
		[ITEM_BANDWIDTH] = RS_SDP_CHANGED_BANDWIDTH };
	static const struct rs_sdp_item none;

	for (unsigned i = 0; i < from->n; i++) {
		enum item what = from->items[i].what;
		unsigned media = from->items[i].media;
		const struct rs_sdp_item *a, *b;

		if (what >= ITEM_CODEC || bits[what] == 0 || !is_live(p, media))
			continue;
		if (what == ITEM_RTCP && !find(&p->a, ITEM_MUX, media) != !find(&p->b, ITEM_MUX, media))
			continue; /* with rtcp-mux there is no other port to compare */
		a = find(&p->a, what, media);
		b = find(&p->b, what, media);
		a = a != NULL ? a : &none;
		b = b != NULL ? b : &none;
		if (a->number != b->number || a->hash != b->hash)
			p->changes |= bits[what];
		note(p, what == ITEM_ADDRESS && a->number != b->number && a->number != 0 && b->number != 0, RS_SDP_CHANGED_FAMILY);
	}
}

static bool
same_codec(const struct rs_sdp_item *a, const struct rs_sdp_item *b)
{
	return a->hash >> 16 == b->hash >> 16;
}

static bool
same_name(const struct rs_sdp_item *a, const struct rs_sdp_item *b)
{
	return a->number == b->number;
}

/** What there may be several of, in an order that may mean something. */
struct several {
	enum item what;
	bool (*same)(const struct rs_sdp_item *a, const struct rs_sdp_item *b);
	uint32_t dropped, added, reordered;
};

/** Position in @l of what is the same as @x; of several one that is equal to it, before all others; -1: none. */
static int
find_same(const struct list *l, const struct several *s, const struct rs_sdp_item *x)
{
	int found = -1;

	for (unsigned i = 0; i < l->n; i++) {
		const struct rs_sdp_item *y = &l->items[i];

		if (y->what != s->what || y->media != x->media || !s->same(x, y))
			continue;
		if (s->what == ITEM_CODEC ? x->number == y->number : x->hash == y->hash)
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

static void
compare_values(struct pair *p, const struct rs_sdp_item *a, const struct rs_sdp_item *b)
{
	if (a->what == ITEM_CODEC) {
		note(p, a->number != b->number, RS_SDP_CHANGED_PAYLOAD);
		note(p, a->hash != b->hash, RS_SDP_CHANGED_FMTP);
	} else {
		note(p, a->hash != b->hash, a->what == ITEM_CRYPTO ? RS_SDP_CHANGED_KEYS : RS_SDP_CHANGED_ATTRS);
	}
}

static void
compare_several(struct pair *p, const struct several *s)
{
	int last = -1;
	unsigned media = RS_SDP_SESSION;

	for (unsigned i = 0; i < p->a.n; i++) {
		const struct rs_sdp_item *a = &p->a.items[i];
		int at;

		if (a->what != s->what || !is_live(p, a->media))
			continue;
		if (a->media != media)
			last = -1;
		media = a->media;
		at = find_same(&p->b, s, a);
		if (at < 0) {
			p->changes |= s->dropped;
			continue;
		}
		if (at < last)
			p->changes |= s->reordered;
		last = at;
		compare_values(p, a, &p->b.items[at]);
	}
	for (unsigned i = 0; i < p->b.n; i++) {
		const struct rs_sdp_item *b = &p->b.items[i];

		if (b->what == s->what && is_live(p, b->media) && find_same(&p->a, s, b) < 0)
			p->changes |= s->added;
	}
}

uint32_t
rs_sdp_compare(const struct rs_sdp_item *sent, unsigned n_sent, const struct rs_sdp_item *received, unsigned n_received)
{
	static const struct several lists[] = {
		{ ITEM_CODEC, same_codec, RS_SDP_CODECS_DROPPED, RS_SDP_CODECS_ADDED, RS_SDP_CODECS_REORDERED },
		{ ITEM_CRYPTO, same_name, RS_SDP_CRYPTO_DROPPED, RS_SDP_CRYPTO_ADDED, RS_SDP_CRYPTO_REORDERED },
		{ ITEM_ATTR, same_name, RS_SDP_ATTRS_DROPPED, RS_SDP_ATTRS_ADDED, 0 },
	};
	struct pair p = { { sent, n_sent }, { received, n_received }, 0 };

	compare_lines(&p);
	compare_ones(&p, &p.a);
	compare_ones(&p, &p.b);
	for (size_t i = 0; i < COUNT(lists); i++)
		compare_several(&p, &lists[i]);
	return p.changes;
}
