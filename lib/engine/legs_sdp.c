/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptions of both legs of a call: noted, brought together, compared. */
#include "engine/legs_sdp.h"

#include <errno.h>

#include "engine/bus.h"
#include "engine/legs.h"
#include "engine/media_sdp.h"

#define MAIL_ITEMS 5 /* what its arguments hold */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
_Static_assert(MAIL_ITEMS * sizeof(struct rs_sdp_item) == sizeof((struct rs_mail){ 0 }.arg), "items fill a mail");

bool
legs_sdp_wanted(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].media >= 0 && rs_engine_matches_legs(plan, i))
			return true;
	return false;
}

uint64_t
legs_sdp_reserve(const struct rs_plan *plan, uint64_t legs, uint64_t halves)
{
	if (!legs_sdp_wanted(plan))
		return 0;
	return (legs + halves) * sizeof(struct leg_sdp) + plan->n_workers * sizeof(struct leg_sdp_arrival) + 3 * 4096;
}

int
legs_sdp_setup(struct rs_engine *e, uint32_t legs, uint32_t halves)
{
	struct matcher *m = e->matcher;

	if (!legs_sdp_wanted(e->plan) || !e->sdp)
		return 0;
	m->sdp = rs_arena_alloc(&e->arena, legs * sizeof(*m->sdp), 64);
	m->halves_sdp = rs_arena_alloc(&e->arena, (uint64_t)halves * sizeof(*m->halves_sdp), 64);
	m->arrivals = rs_arena_alloc(&e->arena, e->plan->n_workers * sizeof(*m->arrivals), 64);
	return m->sdp && m->halves_sdp && m->arrivals ? 0 : -ENOMEM;
}

/* NULL: its descriptions are not compared */
static struct leg_sdp *
sdp_of(const struct rs_engine *e, const struct leg *leg)
{
	return e->matcher->sdp ? &e->matcher->sdp[leg_slot(e, leg)] : NULL;
}

void
legs_sdp_clear(struct rs_engine *e, struct leg_sdp *sdp)
{
	rs_blob_clear(&e->blobs, &sdp->offer);
	rs_blob_clear(&e->blobs, &sdp->answer);
}

void
legs_sdp_begin(struct rs_engine *e, const struct leg *leg)
{
	struct leg_sdp *s = sdp_of(e, leg);

	if (!s)
		return;
	legs_sdp_clear(e, s);
	s->flags = 0;
}

struct leg_sdp
legs_sdp_end(struct rs_engine *e, const struct leg *leg)
{
	struct leg_sdp *s = sdp_of(e, leg), sdp = { 0 };

	if (s) {
		sdp = *s;
		*s = (struct leg_sdp){ .flags = LEG_SDP_OVER };
	}
	return sdp;
}

/* @return false: it was there already */
static bool
keep(struct rs_engine *e, struct rs_blob *blob, struct rs_slice body)
{
	struct rs_sdp_item items[RS_SDP_OUTLINE_MAX];
	int n = rs_sdp_parse(body.p, body.len, e->sdp) == 0 ? rs_sdp_outline(e->sdp, items) : 0;
	struct rs_slice outline = rs_slice_of((const uint8_t *)items, n > 0 ? (size_t)n * sizeof(items[0]) : 0);

	if (outline.len && rs_slice_eq(outline, rs_blob_get(&e->blobs, blob)))
		return false;
	if (outline.len == 0 || !rs_blob_set(&e->blobs, blob, outline))
		rs_blob_clear(&e->blobs, blob);
	return true;
}

/*
 * The first description is the offer, what goes the other way its answer. Of several the last one before the call is up counts:
 * an INVITE with credentials, a 2xx behind an 18x (which may be another branch's).
 */
static void
take(struct rs_engine *e, struct leg_sdp *s, bool ours, uint8_t method, bool request, struct rs_slice body)
{
	bool begun = s->flags & LEG_SDP_OFFERED, offers = begun && ours == !!(s->flags & LEG_SDP_OURS), invite = method == RS_SIP_INVITE;

	if (!begun || (offers && invite && (request || !s->answer.class))) {
		if (!keep(e, &s->offer, body)) /* a copy, which may well come behind the answer */
			return;
		rs_blob_clear(&e->blobs, &s->answer);
		s->flags = LEG_SDP_OFFERED | (ours ? LEG_SDP_OURS : 0);
	} else if (!offers && (!s->answer.class || method != RS_SIP_PRACK)) {
		keep(e, &s->answer, body);
	}
}

void
legs_sdp_note(struct rs_engine *e, const struct leg *leg, bool ours, uint8_t method, uint16_t status, struct rs_slice body)
{
	struct leg_sdp *s = sdp_of(e, leg);

	if (!s || (s->flags & LEG_SDP_OVER) || status >= 300)
		return;
	if (method != RS_SIP_INVITE && method != RS_SIP_ACK && method != RS_SIP_PRACK)
		return;
	if (body.len)
		take(e, s, ours, method, status == 0, body);
	if (method == RS_SIP_ACK && (leg->flags & (LEG_ANSWERED | LEG_SENT_2XX))) /* not that of a challenge */
		s->flags |= LEG_SDP_OVER;
}

void
legs_sdp_sent(struct rs_engine *e, const struct leg *leg, const uint8_t *data, size_t len)
{
	const struct leg_sdp *s = sdp_of(e, leg);
	struct rs_sip_msg *msg = &e->matcher->msg;
	struct rs_sip_cseq cseq;
	size_t used;

	if (!s || (s->flags & LEG_SDP_OVER))
		return;
	if (rs_sip_parse(data, len, false, msg, &used) != 0 || rs_sip_cseq(rs_sip_get(msg, RS_HDR_CSEQ), &cseq) != 0)
		return;
	legs_sdp_note(e, leg, true, msg->status ? (uint8_t)cseq.method : msg->method, msg->status, sdp_body(msg));
}

/* --- from worker to worker --- */

static unsigned
items_in(const struct rs_blob *b)
{
	return b->class ? b->len / (unsigned)sizeof(struct rs_sdp_item) : 0;
}

/* @return how many */
static unsigned
read_items(const struct rs_engine *e, const struct rs_blob *b, struct rs_sdp_item *items)
{
	unsigned n = items_in(b);

	if (n)
		memcpy(items, rs_blob_bytes(&e->blobs, b), n * sizeof(*items));
	return n;
}

bool
legs_sdp_post(struct rs_engine *e, uint32_t to, uint64_t key, struct leg_sdp *sdp)
{
	struct rs_sdp_item items[2 * RS_SDP_OUTLINE_MAX + MAIL_ITEMS] = { 0 };
	unsigned n_offer = read_items(e, &sdp->offer, items), n_answer = read_items(e, &sdp->answer, items + n_offer);
	bool sent = true, any = sdp->flags & LEG_SDP_OFFERED; /* one that was too long to be kept is told of, too */

	for (unsigned at = 0; any && sent && (at == 0 || at < n_offer + n_answer); at += MAIL_ITEMS) {
		struct rs_mail mail = { .type = RS_BUS_LEG_SDP, .from = (uint16_t)e->worker, .handle = key,
			.request = at << 24 | n_answer << 16 | n_offer << 8 | sdp->flags };

		memcpy(mail.arg, items + at, sizeof(mail.arg));
		sent = rs_bus_tell(e->bus, e->worker, to, &mail);
	}
	legs_sdp_clear(e, sdp);
	return sent;
}

void
legs_sdp_heard(struct rs_engine *e, const struct rs_mail *mail)
{
	struct leg_sdp_arrival *a;
	unsigned at = mail->request >> 24;

	if (!e->matcher || !e->matcher->arrivals)
		return;
	a = &e->matcher->arrivals[mail->from];
	if (at == 0)
		*a = (struct leg_sdp_arrival){ .key = mail->handle, .n_offer = (uint8_t)(mail->request >> 8),
			.n_answer = (uint8_t)(mail->request >> 16), .flags = (uint8_t)mail->request };
	if (a->key != mail->handle || a->n != at || at >= COUNT(a->items)) {
		a->key = 0; /* one is missing */
		return;
	}
	for (unsigned i = 0; i < MAIL_ITEMS && a->n < a->n_offer + a->n_answer && a->n < COUNT(a->items); i++)
		memcpy(&a->items[a->n++], (const uint8_t *)mail->arg + i * sizeof(a->items[0]), sizeof(a->items[0]));
}

static void
keep_items(struct rs_engine *e, struct rs_blob *blob, const struct rs_sdp_item *items, unsigned n)
{
	if (n)
		(void)rs_blob_set(&e->blobs, blob, rs_slice_of((const uint8_t *)items, n * sizeof(*items)));
}

struct leg_sdp
legs_sdp_arrived(struct rs_engine *e, uint16_t from, uint64_t key)
{
	struct leg_sdp sdp = { 0 };
	struct leg_sdp_arrival *a;

	if (!e->matcher->arrivals)
		return sdp;
	a = &e->matcher->arrivals[from];
	if (a->key == key && a->n == a->n_offer + a->n_answer) {
		keep_items(e, &sdp.offer, a->items, a->n_offer);
		keep_items(e, &sdp.answer, a->items + a->n_offer, a->n_answer);
		sdp.flags = a->flags;
	}
	a->key = 0;
	return sdp;
}

/* --- compared --- */

/* @return false: one of them has none */
static bool
compare(struct rs_engine *e, struct rs_metrics *cells, uint32_t first, const struct rs_blob *sent, const struct rs_blob *received)
{
	struct rs_sdp_item a[RS_SDP_OUTLINE_MAX], b[RS_SDP_OUTLINE_MAX];
	unsigned n_a = read_items(e, sent, a), n_b = read_items(e, received, b);

	if (n_a == 0 || n_b == 0)
		return false;
	for (uint32_t bits = rs_sdp_compare(a, n_a, b, n_b); bits; bits &= bits - 1)
		rs_metric_inc(cells, first + (uint32_t)__builtin_ctz(bits));
	return true;
}

void
legs_sdp_count(struct rs_engine *e, struct rs_metrics *cells, const struct leg_sdp *placed, const struct leg_sdp *answered)
{
	bool ours = placed->flags & LEG_SDP_OURS, paired = ours != (bool)(answered->flags & LEG_SDP_OURS);
	const struct leg_sdp *offerer = ours ? placed : answered, *answerer = ours ? answered : placed;

	if (!((placed->flags | answered->flags) & LEG_SDP_OFFERED))
		return;
	if (!paired || !compare(e, cells, RS_AM_SDP_OFFER, &offerer->offer, &answerer->offer)) {
		rs_metric_inc(cells, RS_AM_SDP_UNCOMPARED);
		return;
	}
	rs_metric_inc(cells, RS_AM_SDP_OFFERS);
	if (compare(e, cells, RS_AM_SDP_ANSWER, &answerer->answer, &offerer->answer))
		rs_metric_inc(cells, RS_AM_SDP_ANSWERS);
	else if (placed->answer.class || answered->answer.class)
		rs_metric_inc(cells, RS_AM_SDP_UNCOMPARED);
}
