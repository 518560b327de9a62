/* SPDX-License-Identifier: BSD-3-Clause */
/* Media as SIPp has it: no offer, no answer, just c= and m= of what was received last. */
#include "engine/media_plain.h"

#include "engine/media_sdp.h"

/* The first format of the line that the implied profile has; else its number alone. */
static void
use_format(const struct rs_engine *e, const struct media *m, const struct rs_sdp_media *line, struct rs_sdp_stream *st)
{
	const struct rs_sdp_profile *p = &e->plan->media[m->profile].sdp;

	for (unsigned i = 0; i < line->n_formats; i++) {
		const struct rs_sdp_format *f = rs_sdp_format(e->sdp, line, i);

		for (unsigned k = 0; k < p->n_codecs; k++) {
			const struct rs_sdp_codec *c = &p->codecs[k];

			if (st->use[c->role].codec != RS_SDP_NO_PAYLOAD || f->clock_hz != c->clock_hz ||
				!rs_slice_case_eq(f->name, rs_slice_str(c->name)))
				continue;
			st->use[c->role] = (struct rs_sdp_use){ (uint8_t)k, f->payload, f->payload };
			st->recv_codecs |= (uint16_t)(1u << k);
		}
	}
	if (st->use[RS_SDP_ROLE_CODEC].codec == RS_SDP_NO_PAYLOAD && line->n_formats > 0)
		st->use[RS_SDP_ROLE_CODEC].send = st->use[RS_SDP_ROLE_CODEC].recv = rs_sdp_format(e->sdp, line, 0)->payload;
}

static void
take_line(const struct rs_engine *e, const struct media *m, const struct rs_sdp_media *line, struct rs_sdp_stream *st)
{
	struct rs_sdp_use none = { RS_SDP_NO_PAYLOAD, RS_SDP_NO_PAYLOAD, RS_SDP_NO_PAYLOAD };

	*st = (struct rs_sdp_stream){ .remote = line->connection.addr,
		.remote_rtcp = line->rtcp.text.p ? line->rtcp.addr : line->connection.addr,
		.remote_port = line->port,
		.remote_rtcp_port = line->rtcp_port,
		.ptime_ms = 20,
		.use = { none, none, none },
		.state = RS_SDP_STREAM_ACTIVE,
		.direction = RS_SDP_SENDRECV,
		.proto = line->proto };
	use_format(e, m, line, st);
}

void
plain_hears(struct rs_engine *e, struct leg *leg, struct media *m, const struct rs_sip_msg *msg)
{
	static const char *const types[MEDIA_LINES] = { "audio", "video" };
	struct rs_slice body = sdp_body(msg);

	if (!body.p)
		return;
	if (rs_sdp_parse(body.p, body.len, e->sdp) != 0) {
		rs_metric_inc(e->cells, RS_ENG_SDP_BROKEN + e->sdp->error);
		return;
	}
	for (unsigned k = 0; k < MEDIA_LINES; k++) {
		m->lines[k].state = RS_SDP_STREAM_REFUSED;
		for (unsigned i = 0; i < e->sdp->n_media && m->lines[k].state == RS_SDP_STREAM_REFUSED; i++)
			if (e->sdp->media[i].port && rs_slice_case_eq(e->sdp->media[i].type, rs_slice_str(types[k])))
				take_line(e, m, &e->sdp->media[i], &m->lines[k]);
	}
	m->plain = true;
	m->sdp.n_streams = m->sdp.n_agreed = MEDIA_LINES;
	if (!sdp_may_send(e, leg, m)) { /* nothing is sent where nothing may be */
		rs_metric_inc(e->cells, RS_ENG_SDP_NOT_TARGET);
		for (unsigned k = 0; k < MEDIA_LINES; k++)
			m->lines[k].state = RS_SDP_STREAM_REFUSED;
	}
	media_apply(e, leg, m);
}
