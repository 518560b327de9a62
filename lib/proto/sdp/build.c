/* SPDX-License-Identifier: BSD-3-Clause */
/* Session descriptions written: see build.h. */
#include "proto/sdp/build.h"

#include <errno.h>

#include "proto/sip/compose.h"

/** The bytes so far, and whether something could not be said. */
struct writer {
	struct rs_sip_out out;
	int err;
};

/** A literal: inlined, its length is known. */
static inline __attribute__((always_inline)) void
text(struct writer *w, const char *s)
{
	rs_out_bytes(&w->out, rs_slice_of(s, strlen(s)));
}

static void
number(struct writer *w, uint64_t n)
{
	rs_out_number(&w->out, n);
}

/** A caller's or a peer's text: it stays on its line. */
static void
slice(struct writer *w, struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			w->err = -EINVAL;
	rs_out_bytes(&w->out, s);
}

static void
address(struct writer *w, const struct rs_addr *a)
{
	uint8_t digits[64];

	if (a->family != 4 && a->family != 6)
		w->err = -EINVAL;
	text(w, a->family == 6 ? "IN IP6 " : "IN IP4 ");
	rs_out_bytes(&w->out, rs_slice_of(digits, rs_addr_write(a, digits)));
}

/** "a=name:value" when there is a value. */
static void
valued(struct writer *w, const char *name, struct rs_slice value)
{
	if (value.len == 0)
		return;
	text(w, name);
	slice(w, value);
	text(w, "\r\n");
}

static void
numbered(struct writer *w, const char *name, uint64_t n)
{
	if (n == 0)
		return;
	text(w, name);
	number(w, n);
	text(w, "\r\n");
}

static void
extras(struct writer *w, const struct rs_slice *extra, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		valued(w, "a=", extra[i]);
}

static void
media_line(struct writer *w, const struct rs_sdp_build_media *m)
{
	if (m->type.len == 0 || m->proto.len == 0 || (m->n_formats == 0 && m->raw_formats.len == 0))
		w->err = -EINVAL;
	text(w, "m=");
	slice(w, m->type);
	text(w, " ");
	number(w, m->port);
	text(w, " ");
	slice(w, m->proto);
	if (m->raw_formats.len > 0) {
		text(w, " ");
		slice(w, m->raw_formats);
	} else {
		for (unsigned i = 0; i < m->n_formats; i++) {
			text(w, " ");
			number(w, m->formats[i].payload);
		}
	}
	text(w, "\r\n");
}

static void
format(struct writer *w, const struct rs_sdp_build_format *f)
{
	if (f->name.len > 0) {
		text(w, "a=rtpmap:");
		number(w, f->payload);
		text(w, " ");
		slice(w, f->name);
		text(w, "/");
		number(w, f->clock_hz);
		if (f->channels > 1) {
			text(w, "/");
			number(w, f->channels);
		}
		text(w, "\r\n");
	}
	if (f->fmtp.len > 0) {
		text(w, "a=fmtp:");
		number(w, f->payload);
		text(w, " ");
		slice(w, f->fmtp);
		text(w, "\r\n");
	}
}

static void
crypto(struct writer *w, const struct rs_sdp_crypto *c)
{
	uint8_t line[RS_SDP_CRYPTO_MAX];
	int n = rs_sdp_crypto_build(c, line, sizeof(line));

	if (n < 0)
		w->err = n;
	else
		valued(w, "a=crypto:", rs_slice_of(line, (size_t)n));
}

static void
rtcp(struct writer *w, const struct rs_sdp_build_media *m)
{
	if (m->rtcp_port != 0) {
		text(w, "a=rtcp:");
		number(w, m->rtcp_port);
		if (m->rtcp_address.family != 0) {
			text(w, " ");
			address(w, &m->rtcp_address);
		}
		text(w, "\r\n");
	}
	if (m->rtcp_mux)
		text(w, "a=rtcp-mux\r\n");
	if (m->rtcp_rsize)
		text(w, "a=rtcp-rsize\r\n");
}

static void
source(struct writer *w, const struct rs_sdp_build_media *m)
{
	if (!m->has_ssrc || m->cname.len == 0) /* RFC 5576, 4.1: an ssrc line has an attribute */
		return;
	text(w, "a=ssrc:");
	number(w, m->ssrc);
	text(w, " cname:");
	slice(w, m->cname);
	text(w, "\r\n");
}

static void
media(struct writer *w, const struct rs_sdp_build_media *m)
{
	static const char *const directions[] = { "a=inactive\r\n", "a=sendonly\r\n",
		"a=recvonly\r\n", "a=sendrecv\r\n" };

	media_line(w, m);
	if (m->port == 0) {
		valued(w, "a=mid:", m->mid);
		return;
	}
	if (m->address.family != 0) {
		text(w, "c=");
		address(w, &m->address);
		text(w, "\r\n");
	}
	numbered(w, "b=AS:", m->bandwidth_as_kbps);
	for (unsigned i = 0; i < m->n_formats; i++)
		format(w, &m->formats[i]);
	numbered(w, "a=ptime:", m->ptime_ms);
	numbered(w, "a=maxptime:", m->maxptime_ms);
	rtcp(w, m);
	for (unsigned i = 0; i < m->n_crypto; i++)
		crypto(w, &m->crypto[i]);
	valued(w, "a=setup:", m->setup);
	valued(w, "a=fingerprint:", m->fingerprint);
	valued(w, "a=mid:", m->mid);
	valued(w, "a=label:", m->label);
	source(w, m);
	extras(w, m->extra, m->n_extra);
	text(w, directions[m->direction & RS_SDP_SENDRECV]);
}

int
rs_sdp_build(const struct rs_sdp_build *b, uint8_t *out, size_t cap)
{
	struct writer w = { .out = rs_sip_out(out, cap) };

	text(&w, "v=0\r\no=");
	slice(&w, b->user.len > 0 ? b->user : rs_slice_str("-"));
	text(&w, " ");
	number(&w, b->id);
	text(&w, " ");
	number(&w, b->version);
	text(&w, " ");
	address(&w, &b->address);
	text(&w, "\r\ns=");
	slice(&w, b->name.len > 0 ? b->name : rs_slice_str("-"));
	text(&w, "\r\nc=");
	address(&w, b->connection.family != 0 ? &b->connection : &b->address);
	text(&w, "\r\nt=0 0\r\n");
	extras(&w, b->extra, b->n_extra);
	for (unsigned i = 0; i < b->n_media; i++)
		media(&w, &b->media[i]);
	if (w.err != 0)
		return w.err;
	return w.out.full ? -ENOSPC : (int)w.out.len;
}
