/* SPDX-License-Identifier: BSD-3-Clause */
/* Media as SIPp has it: no offer, no answer, just c= and m= of what was received last; but keys take both. */
#include "engine/media_plain.h"

#include "engine/media_crypto.h"
#include "engine/media_sdp.h"

/* The first format of the line that the implied profile has; else its number alone. */
static void
use_format(const struct rs_engine *e, const struct media *m, const struct rs_sdp_media *line, unsigned k, struct rs_sdp_stream *st)
{
	const struct rs_plan_media *profile = &e->plan->media[m->profile];
	const struct rs_sdp_profile *p = k && profile->video ? profile->video : &profile->sdp;

	for (unsigned i = 0; i < line->n_formats; i++) {
		const struct rs_sdp_format *f = rs_sdp_format(e->sdp, line, i);

		for (unsigned j = 0; j < p->n_codecs; j++) {
			const struct rs_sdp_codec *c = &p->codecs[j];

			if (st->use[c->role].codec != RS_SDP_NO_PAYLOAD || f->clock_hz != c->clock_hz ||
				!rs_slice_case_eq(f->name, rs_slice_str(c->name)))
				continue;
			st->use[c->role] = (struct rs_sdp_use){ (uint8_t)j, f->payload, f->payload };
			st->recv_codecs |= (uint16_t)(1u << j);
		}
	}
	if (st->use[RS_SDP_ROLE_CODEC].codec == RS_SDP_NO_PAYLOAD && line->n_formats > 0)
		st->use[RS_SDP_ROLE_CODEC].send = st->use[RS_SDP_ROLE_CODEC].recv = rs_sdp_format(e->sdp, line, 0)->payload;
}

static void
take_line(const struct rs_engine *e, const struct media *m, const struct rs_sdp_media *line, unsigned k, struct rs_sdp_stream *st)
{
	struct rs_sdp_use none = { RS_SDP_NO_PAYLOAD, RS_SDP_NO_PAYLOAD, RS_SDP_NO_PAYLOAD };

	*st = (struct rs_sdp_stream){ .remote = line->connection.addr,
		.remote_rtcp = line->rtcp.text.p ? line->rtcp.addr : line->connection.addr,
		.remote_port = line->port,
		.remote_rtcp_port = line->rtcp_port,
		.ptime_ms = 20,
		.use = { none, none, none },
		.state = RS_SDP_STREAM_ACTIVE,
		.local = (uint8_t)k,
		.direction = RS_SDP_SENDRECV,
		.proto = line->proto };
	use_format(e, m, line, k, st);
}

/* Of lines that share a place, video and images, the first one that some step plays. */
static bool
is_of(const struct rs_sdp_media *line, const struct rs_program *p, unsigned k)
{
	if (!line->port)
		return false;
	if (k == 0)
		return rs_slice_case_eq(line->type, rs_slice_str("audio"));
	if (p->image && rs_slice_case_eq(line->type, rs_slice_str("image")))
		return rs_slice_case_eq(line->proto_text, rs_slice_str("udptl"));
	return rs_slice_case_eq(line->type, rs_slice_str("video"));
}

static void
take_lines(struct rs_engine *e, const struct leg *leg, struct media *m)
{
	const struct rs_program *p = leg_program(e, leg);

	if (p->crypto)
		crypto_forget(e, m);
	m->image = false;
	for (unsigned k = 0; k < MEDIA_LINES; k++) {
		m->lines[k].state = RS_SDP_STREAM_REFUSED;
		for (unsigned i = 0; i < e->sdp->n_media && m->lines[k].state == RS_SDP_STREAM_REFUSED && m->ports[k]; i++) {
			const struct rs_sdp_media *line = &e->sdp->media[i];

			if (!is_of(line, p, k))
				continue;
			take_line(e, m, line, k, &m->lines[k]);
			m->image |= k == 1 && rs_slice_case_eq(line->type, rs_slice_str("image"));
			if (p->crypto && !crypto_keep(e, m, k, i))
				rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		}
	}
	m->plain = true;
	m->sdp.n_streams = m->sdp.n_agreed = MEDIA_LINES;
}

/* With keywords for keys a line runs when both sides have said theirs, or that they have none. */
static void
agree(struct rs_engine *e, struct media *m)
{
	for (unsigned k = 0; k < MEDIA_LINES; k++) {
		enum rs_sdp_fail why;

		if (m->lines[k].state == RS_SDP_STREAM_REFUSED)
			continue;
		why = k == 1 && m->image ? RS_SDP_FAIL_NONE : crypto_agree(e, m, k);
		m->lines[k].state = why ? RS_SDP_STREAM_REFUSED : RS_SDP_STREAM_ACTIVE;
		if (why)
			rs_metric_inc(e->cells, RS_ENG_SDP_FAIL + why);
	}
}

/* Our answer is to come. What ran before goes on until then. */
static void
wait_for_ours(struct media *m)
{
	for (unsigned k = 0; k < MEDIA_LINES; k++)
		if (m->lines[k].state == RS_SDP_STREAM_ACTIVE)
			m->lines[k].state = RS_SDP_STREAM_OFFERED;
}

/* Whose offer the exchange is of which this description is a part: a request's begins one, but for that of an ACK or PRACK. */
static bool
begins_exchange(const struct media *m, uint16_t status, uint8_t method)
{
	return m->offerer == OFFERER_NOBODY || (status == 0 && method != RS_SIP_ACK && method != RS_SIP_PRACK);
}

void
plain_hears(struct rs_engine *e, struct leg *leg, struct media *m, const struct rs_sip_msg *msg)
{
	struct rs_slice body = sdp_body(msg);
	bool keys = leg_program(e, leg)->crypto;

	if (!body.p)
		return;
	if (rs_sdp_parse(body.p, body.len, e->sdp) != 0) {
		rs_metric_inc(e->cells, RS_ENG_SDP_BROKEN + e->sdp->error);
		return;
	}
	take_lines(e, leg, m);
	if (!sdp_may_send(e, leg, m)) { /* nothing is sent where nothing may be */
		rs_metric_inc(e->cells, RS_ENG_SDP_NOT_TARGET);
		for (unsigned k = 0; k < MEDIA_LINES; k++)
			m->lines[k].state = RS_SDP_STREAM_REFUSED;
	}
	if (keys && begins_exchange(m, msg->status, msg->method))
		m->offerer = OFFERER_THEY;
	if (keys && m->offerer == OFFERER_WE)
		agree(e, m);
	else if (keys)
		wait_for_ours(m);
	media_apply(e, leg, m);
}

void
plain_prepares(const struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	struct media *m = media_at(e, leg);

	if (!leg_play(e, leg)->facts[s->template].sdp)
		return;
	crypto_begin(m);
	if (begins_exchange(m, s->status, s->method))
		m->offerer = OFFERER_WE;
}

void
plain_says(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	struct media *m = media_at(e, leg);

	if (!leg_play(e, leg)->facts[s->template].sdp || m->offerer != OFFERER_THEY)
		return;
	agree(e, m);
	media_apply(e, leg, m);
}
