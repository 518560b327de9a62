/* SPDX-License-Identifier: BSD-3-Clause */
/* Outlines: what a description says, item by item. See compare.h. */
#include "proto/sdp/outline.h"

#include <errno.h>

#include "base/table.h"
#include "proto/sdp/compare.h"
#include "proto/sdp/words.h"

#define NO_NUMBER 0x8000 /* in place of a payload type: a hash of a format that is not RTP */

struct list {
	struct rs_sdp_item *items;
	unsigned n;
	bool full;
};

static void
add(struct list *l, enum item what, unsigned media, uint16_t number, uint32_t hash)
{
	if (l->n == RS_SDP_OUTLINE_MAX) {
		l->full = true;
		return;
	}
	l->items[l->n++] = (struct rs_sdp_item){ (uint8_t)what, (uint8_t)media, number, hash };
}

static void
add_some(struct list *l, enum item what, unsigned media, uint16_t number, uint32_t hash)
{
	if (number != 0 || hash != 0)
		add(l, what, media, number, hash);
}

/** Absent and empty are the same, and no other text is 0. */
static uint32_t
hash_of(struct rs_slice s, uint64_t seed)
{
	uint32_t h = s.len > 0 ? (uint32_t)(rs_hash(s.p, s.len, seed) >> 32) : (uint32_t)seed;

	return h != 0 || s.len == 0 ? h : 1;
}

static uint16_t
short_hash(struct rs_slice s, uint64_t seed)
{
	uint32_t h = hash_of(s, seed);

	h ^= h >> 16;
	return (uint16_t)h != 0 || s.len == 0 ? (uint16_t)h : 1;
}

/** Where case does not count; what is longer than any name is cut. */
static uint16_t
name_hash(struct rs_slice s, uint64_t seed)
{
	uint8_t lower[64];
	size_t n = s.len < sizeof(lower) ? s.len : sizeof(lower);

	for (size_t i = 0; i < n; i++)
		lower[i] = rs_lower(s.p[i]);
	return short_hash(rs_slice_of(lower, n), seed);
}

static void
add_codec(struct list *l, unsigned media, const struct rs_sdp_format *f)
{
	bool rtp = f->payload != RS_SDP_NO_PAYLOAD;
	uint16_t number = rtp ? f->payload : NO_NUMBER | short_hash(f->text, 0);
	uint16_t name = f->name.p != NULL ? name_hash(f->name, (uint64_t)f->clock_hz << 8 | f->channels)
					  : short_hash(f->text, 1); /* known by its number alone */

	add(l, ITEM_CODEC, media, number, (uint32_t)name << 16 | short_hash(f->fmtp, 0));
}

static void
add_bandwidth(struct list *l, unsigned media, const struct rs_sdp_bandwidth *b)
{
	add_some(l, ITEM_BANDWIDTH, media, 0, b->as_kbps * 0x9e3779b1u + b->tias_bps);
}

static void
add_line(struct list *l, const struct rs_sdp *sdp, unsigned i)
{
	const struct rs_sdp_media *m = &sdp->media[i];
	const struct rs_addr *a = &m->connection.addr;

	add(l, ITEM_LINE, i, m->port, (uint32_t)name_hash(m->type, 0) << 16 | name_hash(m->proto_text, 0));
	if (m->port == 0)
		return; /* what stands below a refused line means nothing */
	add_some(l, ITEM_PORTS, i, m->n_ports == 1 ? 0 : m->n_ports, 0);
	/* By value: ::1 and 0:0::1 are one address. */
	add(l, ITEM_ADDRESS, i, a->family,
		a->family != 0 ? hash_of(rs_slice_of(a->b, a->family == 4 ? 4 : 16), 0) : hash_of(m->connection.text, 0));
	/* What a relay keeps when it merely takes other ports; with rtcp-mux there is nothing to keep. */
	if (!m->rtcp_mux)
		add_some(l, ITEM_RTCP, i, 0, (uint32_t)(m->rtcp_port - m->port));
	add_some(l, ITEM_MUX, i, m->rtcp_mux, 0);
	add_some(l, ITEM_PTIME, i, m->ptime_ms, m->maxptime_ms);
	add_some(l, ITEM_DIRECTION, i, m->direction, 0);
	add_some(l, ITEM_FINGERPRINT, i, 0, hash_of(m->setup, hash_of(m->fingerprint, 0)));
	add_bandwidth(l, i, &m->bandwidth);
	for (unsigned k = 0; k < m->n_formats; k++)
		add_codec(l, i, rs_sdp_format(sdp, m, k));
}

/** Attributes that have an item of their own, or that only say what is compared by its meaning. */
static bool
is_told_elsewhere(unsigned id)
{
	return id != RS_SDP_ATTR_OTHER && id != RS_SDP_ATTR_RTCP_RSIZE && id != RS_SDP_ATTR_RTCP_FB && id != RS_SDP_ATTR_MID &&
		id != RS_SDP_ATTR_SSRC && id != RS_SDP_ATTR_LABEL;
}

static void
add_attr(struct list *l, const struct rs_sdp *sdp, const struct rs_sdp_attr *a)
{
	struct rs_slice rest = a->value;

	if (a->media != RS_SDP_SESSION && sdp->media[a->media].port == 0)
		return;
	if (a->id == RS_SDP_ATTR_CRYPTO) {
		rs_sdp_word(&rest); /* its tag */
		add(l, ITEM_CRYPTO, a->media, short_hash(rs_sdp_word(&rest), 0), hash_of(a->value, 0));
	} else if (!is_told_elsewhere(a->id)) {
		add(l, ITEM_ATTR, a->media, short_hash(a->name, 0), hash_of(a->value, 0));
	}
}

int
rs_sdp_outline(const struct rs_sdp *sdp, struct rs_sdp_item *items)
{
	struct list l = { .items = items };
	uint32_t origin = hash_of(sdp->id, hash_of(sdp->user, 0));

	add(&l, ITEM_ORIGIN, RS_SDP_SESSION, 0, hash_of(rs_slice_of((const uint8_t *)&sdp->version, sizeof(sdp->version)), origin));
	add_some(&l, ITEM_NAME, RS_SDP_SESSION, 0, hash_of(sdp->name, 0));
	add_bandwidth(&l, RS_SDP_SESSION, &sdp->bandwidth);
	for (unsigned i = 0; i < sdp->n_media && !l.full; i++)
		add_line(&l, sdp, i);
	for (unsigned i = 0; i < sdp->n_attrs && !l.full; i++)
		add_attr(&l, sdp, &sdp->attrs[i]);
	return l.full ? -E2BIG : (int)l.n;
}
