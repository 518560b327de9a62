/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies between two descriptions: see compare.h. */
#include "proto/sdp/compare.h"

#include "proto/sdp/words.h"

/** Two descriptions, and the m-line (of both) that is looked at. */
struct pair {
	const struct rs_sdp *a, *b; /* sent, received */
	struct rs_sdp_difference *out;
};

const char *
rs_sdp_change_name(unsigned bit)
{
	static const char *const names[RS_SDP_CHANGES] = { "origin", "name", "address", "family",
		"port", "rtcp", "lines_dropped", "lines_added", "line_refused", "type", "transport",
		"codecs_dropped", "codecs_added", "codecs_reordered", "payload_type", "fmtp",
		"ptime", "direction", "crypto_dropped", "crypto_added", "keys", "crypto_reordered",
		"fingerprint", "bandwidth", "attributes_dropped", "attributes_added",
		"attributes_changed" };

	return bit < RS_SDP_CHANGES ? names[bit] : NULL;
}

static void
note(struct pair *p, bool differs, enum rs_sdp_change change)
{
	if (differs)
		p->out->changes |= change;
}

/** Absent and empty are the same. */
static bool
differ(struct rs_slice a, struct rs_slice b)
{
	return !rs_slice_eq(a, b);
}

static bool
same_codec(const struct rs_sdp_format *a, const struct rs_sdp_format *b)
{
	if (a->name.p == NULL || b->name.p == NULL)
		return rs_slice_eq(a->text, b->text);
	return rs_slice_case_eq(a->name, b->name) && a->clock_hz == b->clock_hz &&
		a->channels == b->channels;
}

/** Position in @m of the codec that @f is, the same payload type before all others (a codec may be there with several fmtp); -1. */
static int
find_codec(const struct rs_sdp *sdp, const struct rs_sdp_media *m, const struct rs_sdp_format *f)
{
	int found = -1;

	for (unsigned i = 0; i < m->n_formats; i++) {
		const struct rs_sdp_format *other = rs_sdp_format(sdp, m, i);

		if (!same_codec(f, other))
			continue;
		if (rs_slice_eq(f->text, other->text))
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

static void
compare_codecs(struct pair *p, const struct rs_sdp_media *ma, const struct rs_sdp_media *mb)
{
	int last = -1;

	for (unsigned i = 0; i < ma->n_formats; i++) {
		const struct rs_sdp_format *fa = rs_sdp_format(p->a, ma, i), *fb;
		int at = find_codec(p->b, mb, fa);

		note(p, at < 0, RS_SDP_CODECS_DROPPED);
		if (at < 0)
			continue;
		note(p, at < last, RS_SDP_CODECS_REORDERED);
		last = at;
		fb = rs_sdp_format(p->b, mb, (unsigned)at);
		note(p, differ(fa->text, fb->text), RS_SDP_CHANGED_PAYLOAD);
		note(p, differ(fa->fmtp, fb->fmtp), RS_SDP_CHANGED_FMTP);
	}
	for (unsigned i = 0; i < mb->n_formats; i++)
		note(p, find_codec(p->a, ma, rs_sdp_format(p->b, mb, i)) < 0, RS_SDP_CODECS_ADDED);
}

/** The suite of a crypto line, whether it is known or not. */
static struct rs_slice
suite_of(const struct rs_sdp *sdp, int at)
{
	struct rs_slice rest = sdp->attrs[at].value;

	rs_sdp_word(&rest);
	return rs_sdp_word(&rest);
}

/** Number, among the crypto lines of m-line @media, of the one with @suite; -1: none. */
static int
find_suite(const struct rs_sdp *sdp, unsigned media, struct rs_slice suite, int *at)
{
	int n = 0;

	*at = -1;
	while ((*at = rs_sdp_attr_next(sdp, media, RS_SDP_ATTR_CRYPTO, *at + 1)) >= 0) {
		if (rs_slice_eq(suite_of(sdp, *at), suite))
			return n;
		n++;
	}
	return -1;
}

static void
compare_crypto(struct pair *p, unsigned media)
{
	int at = -1, other, last = -1;

	while ((at = rs_sdp_attr_next(p->a, media, RS_SDP_ATTR_CRYPTO, at + 1)) >= 0) {
		int n = find_suite(p->b, media, suite_of(p->a, at), &other);

		note(p, n < 0, RS_SDP_CRYPTO_DROPPED);
		if (n < 0)
			continue;
		note(p, n < last, RS_SDP_CRYPTO_REORDERED);
		last = n;
		note(p, differ(p->a->attrs[at].value, p->b->attrs[other].value),
			RS_SDP_CHANGED_KEYS);
	}
	at = -1;
	while ((at = rs_sdp_attr_next(p->b, media, RS_SDP_ATTR_CRYPTO, at + 1)) >= 0)
		note(p, find_suite(p->a, media, suite_of(p->b, at), &other) < 0,
			RS_SDP_CRYPTO_ADDED);
}

/** Distance of the RTCP port from the RTP port: what a relay keeps when it merely takes other ports. */
static int
rtcp_distance(const struct rs_sdp_media *m)
{
	return (int)m->rtcp_port - (int)m->port;
}

static void
compare_bandwidth(
	struct pair *p, const struct rs_sdp_bandwidth *a, const struct rs_sdp_bandwidth *b)
{
	note(p, a->as_kbps != b->as_kbps || a->tias_bps != b->tias_bps, RS_SDP_CHANGED_BANDWIDTH);
}

static void
compare_address(
	struct pair *p, const struct rs_sdp_connection *a, const struct rs_sdp_connection *b)
{
	bool known = a->addr.family != 0 && b->addr.family != 0;

	/* By value: ::1 and 0:0::1 are one address. */
	if (known ? !rs_addr_eq(&a->addr, &b->addr) : differ(a->text, b->text))
		p->out->changes |= RS_SDP_CHANGED_ADDRESS;
	note(p, known && a->addr.family != b->addr.family, RS_SDP_CHANGED_FAMILY);
}

static void
compare_line(struct pair *p, unsigned i)
{
	const struct rs_sdp_media *a = &p->a->media[i], *b = &p->b->media[i];

	note(p, !rs_slice_case_eq(a->type, b->type), RS_SDP_CHANGED_TYPE);
	note(p, !rs_slice_case_eq(a->proto_text, b->proto_text), RS_SDP_CHANGED_TRANSPORT);
	note(p, a->port != b->port || a->n_ports != b->n_ports, RS_SDP_CHANGED_PORT);
	note(p, a->port != 0 && b->port == 0, RS_SDP_LINE_REFUSED);
	if (a->port == 0 || b->port == 0)
		return; /* what stands below a refused line means nothing */
	compare_address(p, &a->connection, &b->connection);
	note(p, rtcp_distance(a) != rtcp_distance(b) || a->rtcp_mux != b->rtcp_mux,
		RS_SDP_CHANGED_RTCP);
	compare_codecs(p, a, b);
	note(p, a->ptime_ms != b->ptime_ms || a->maxptime_ms != b->maxptime_ms,
		RS_SDP_CHANGED_PTIME);
	note(p, a->direction != b->direction, RS_SDP_CHANGED_DIRECTION);
	compare_crypto(p, i);
	note(p, differ(a->fingerprint, b->fingerprint) || differ(a->setup, b->setup),
		RS_SDP_CHANGED_FINGERPRINT);
	compare_bandwidth(p, &a->bandwidth, &b->bandwidth);
}

/** Attributes that have a bit of their own, or that only say what is compared by its meaning. */
static bool
is_compared_elsewhere(unsigned id)
{
	return id != RS_SDP_ATTR_OTHER && id != RS_SDP_ATTR_RTCP_RSIZE &&
		id != RS_SDP_ATTR_RTCP_FB && id != RS_SDP_ATTR_MID && id != RS_SDP_ATTR_SSRC &&
		id != RS_SDP_ATTR_LABEL;
}

/** @return 2: the same line is there; 1: its name is; 0: neither */
static int
find_attr(const struct rs_sdp *sdp, const struct rs_sdp_attr *a)
{
	int found = 0;

	for (unsigned i = 0; i < sdp->n_attrs; i++) {
		const struct rs_sdp_attr *other = &sdp->attrs[i];

		if (other->media != a->media || !rs_slice_eq(other->name, a->name))
			continue;
		if (rs_slice_eq(other->value, a->value))
			return 2;
		found = 1;
	}
	return found;
}

/** Attributes of @from that are not in @in. @return how many, by name; @first: the first one's name */
static uint16_t
missing(struct pair *p, const struct rs_sdp *from, const struct rs_sdp *in, struct rs_slice *first)
{
	uint16_t n = 0;

	for (unsigned i = 0; i < from->n_attrs; i++) {
		const struct rs_sdp_attr *a = &from->attrs[i];
		int found;

		if (is_compared_elsewhere(a->id))
			continue;
		if (a->media != RS_SDP_SESSION &&
			(a->media >= in->n_media || in->media[a->media].port == 0))
			continue;
		found = find_attr(in, a);
		note(p, found == 1, RS_SDP_CHANGED_ATTRS);
		if (found != 0)
			continue;
		if (n++ == 0)
			*first = a->name;
	}
	return n;
}

void
rs_sdp_compare(
	const struct rs_sdp *sent, const struct rs_sdp *received, struct rs_sdp_difference *out)
{
	struct pair p = { sent, received, out };

	*out = (struct rs_sdp_difference){ .changes = 0 };
	note(&p,
		differ(sent->user, received->user) || differ(sent->id, received->id) ||
			sent->version != received->version,
		RS_SDP_CHANGED_ORIGIN);
	note(&p, differ(sent->name, received->name), RS_SDP_CHANGED_NAME);
	compare_bandwidth(&p, &sent->bandwidth, &received->bandwidth);
	note(&p, received->n_media < sent->n_media, RS_SDP_LINES_DROPPED);
	note(&p, received->n_media > sent->n_media, RS_SDP_LINES_ADDED);
	for (unsigned i = 0; i < sent->n_media && i < received->n_media; i++)
		compare_line(&p, i);
	out->attrs_dropped = missing(&p, sent, received, &out->first_dropped);
	out->attrs_added = missing(&p, received, sent, &out->first_added);
	note(&p, out->attrs_dropped != 0, RS_SDP_ATTRS_DROPPED);
	note(&p, out->attrs_added != 0, RS_SDP_ATTRS_ADDED);
}
