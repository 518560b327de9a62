/* SPDX-License-Identifier: BSD-3-Clause */
/* Session descriptions line by line (RFC 8866, 5); attributes are in attr.c. */
#include <errno.h>

#include "proto/sdp/reader.h"

#define PAYLOAD_MAX 127

int
rs_sdp_wrong(struct reader *r, enum rs_sdp_error error)
{
	r->sdp->error = (uint8_t)error;
	r->sdp->error_line = r->line;
	return error >= RS_SDP_ERR_TOO_LONG ? -E2BIG : -EBADMSG;
}

int
rs_sdp_number(struct rs_slice text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (text.len == 0)
		return -EBADMSG;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)text.p[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return -EBADMSG;
		v = v * 10 + digit;
	}
	if (v > max)
		return -EBADMSG;
	*out = v;
	return 0;
}

static int
read_version(struct reader *r, struct rs_slice value)
{
	return rs_slice_is(value, "0") ? 0 : rs_sdp_wrong(r, RS_SDP_ERR_VERSION);
}

/** "user id version IN IP4 address": the version is compared as a number, the id is only a name (RFC 8866, 5.2). */
static int
read_origin(struct reader *r, struct rs_slice value)
{
	struct rs_sdp *s = r->sdp;
	struct rs_slice net, type;

	if (s->user.p != NULL)
		return rs_sdp_wrong(r, RS_SDP_ERR_DUPLICATE);
	s->user = rs_sdp_word(&value);
	s->id = rs_sdp_word(&value);
	s->version_text = rs_sdp_word(&value);
	net = rs_sdp_word(&value);
	type = rs_sdp_word(&value);
	s->origin_address = rs_sdp_word(&value);
	if (s->user.len == 0 || s->id.len == 0 || s->origin_address.len == 0 || net.len == 0 ||
		type.len == 0 || rs_sdp_number(s->version_text, UINT64_MAX, &s->version) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_ORIGIN);
	return 0;
}

static int
read_name(struct reader *r, struct rs_slice value)
{
	if (r->sdp->name.p != NULL)
		return rs_sdp_wrong(r, RS_SDP_ERR_DUPLICATE);
	r->sdp->name = value;
	return 0;
}

int
rs_sdp_address(struct rs_slice rest, struct rs_sdp_connection *out)
{
	struct rs_slice net = rs_sdp_word(&rest), type = rs_sdp_word(&rest),
			host = rs_sdp_word(&rest);
	unsigned family = rs_slice_case_eq(type, rs_slice_of("IP4", 3)) ? 4
		: rs_slice_case_eq(type, rs_slice_of("IP6", 3))         ? 6
									: 0;

	host = rs_sdp_cut(&host, '/');
	if (!rs_slice_case_eq(net, rs_slice_of("IN", 2)) || family == 0 || host.len == 0)
		return -EBADMSG;
	out->text = host;
	if (rs_addr_parse(host, &out->addr) != 0) {
		/* A host name, then; one of digits and dots, or with a colon, is a mistyped address. */
		uint8_t last = host.p[host.len - 1];

		out->addr = (struct rs_addr){ .family = 0 };
		return memchr(host.p, ':', host.len) != NULL || (last >= '0' && last <= '9')
			? -EBADMSG
			: 0;
	}
	return out->addr.family == family ? 0 : -EBADMSG;
}

static int
read_connection(struct reader *r, struct rs_slice value)
{
	struct rs_sdp_connection c;

	if (rs_sdp_address(value, &c) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_CONNECTION);
	if (r->media == NULL) {
		if (r->sdp->connection.text.p != NULL)
			return rs_sdp_wrong(r, RS_SDP_ERR_DUPLICATE);
		r->sdp->connection = c;
	} else if (!r->media->own_connection) {
		/* Several are the groups of a layered multicast stream (RFC 8866, 5.7): the first counts. */
		r->media->connection = c;
		r->media->own_connection = true;
	}
	return 0;
}

static int
read_bandwidth(struct reader *r, struct rs_slice value)
{
	struct rs_sdp_bandwidth *b = r->media != NULL ? &r->media->bandwidth : &r->sdp->bandwidth;
	struct rs_slice type = rs_sdp_cut(&value, ':');
	uint64_t n;

	if (type.len == 0 || rs_sdp_number(rs_slice_trim(value), UINT32_MAX, &n) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_BANDWIDTH);
	if (rs_slice_is(type, "AS"))
		b->as_kbps = (uint32_t)n;
	else if (rs_slice_is(type, "TIAS"))
		b->tias_bps = (uint32_t)n;
	return 0;
}

static int
read_time(struct reader *r, struct rs_slice value)
{
	struct rs_slice start = rs_sdp_word(&value), stop = rs_sdp_word(&value);
	uint64_t n;

	if (rs_sdp_number(start, UINT64_MAX, &n) != 0 || rs_sdp_number(stop, UINT64_MAX, &n) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_TIME);
	r->has_time = true;
	return 0;
}

static enum rs_sdp_proto
proto_of(struct rs_slice text)
{
	for (int i = RS_SDP_PROTO_OTHER + 1; i < RS_SDP_PROTOS; i++)
		if (rs_slice_case_eq(text, rs_slice_str(rs_sdp_proto_name((enum rs_sdp_proto)i))))
			return (enum rs_sdp_proto)i;
	return RS_SDP_PROTO_OTHER;
}

static int
read_format(struct reader *r, struct rs_slice text)
{
	struct rs_sdp_media *m = r->media;
	const struct rs_sdp_static *known;
	struct rs_sdp_format *f;
	uint64_t payload;

	if (r->sdp->n_formats == RS_SDP_MAX_FORMATS)
		return rs_sdp_wrong(r, RS_SDP_ERR_TOO_MANY_FORMATS);
	f = &r->sdp->formats[r->sdp->n_formats++];
	m->n_formats++;
	*f = (struct rs_sdp_format){ .text = text, .channels = 1, .payload = RS_SDP_NO_PAYLOAD };
	if (m->proto == RS_SDP_PROTO_OTHER)
		return 0;
	if (rs_sdp_number(text, PAYLOAD_MAX, &payload) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_PAYLOAD);
	for (unsigned i = 0; i + 1 < m->n_formats; i++)
		if (rs_sdp_format(r->sdp, m, i)->payload == payload)
			return rs_sdp_wrong(r, RS_SDP_ERR_PAYLOAD);
	f->payload = (uint8_t)payload;
	known = rs_sdp_static(f->payload);
	if (known != NULL) {
		f->name = rs_slice_str(known->name);
		f->clock_hz = known->clock_hz;
		f->channels = known->channels;
	}
	return 0;
}

static int
read_port(struct rs_slice text, struct rs_sdp_media *m)
{
	struct rs_slice port = rs_sdp_cut(&text, '/');
	uint64_t v, n = 1;

	if (rs_sdp_number(port, UINT16_MAX, &v) != 0)
		return -EBADMSG;
	if (text.len > 0 && (rs_sdp_number(text, UINT16_MAX, &n) != 0 || n == 0))
		return -EBADMSG;
	m->port = (uint16_t)v;
	m->n_ports = (uint16_t)n;
	return 0;
}

static int
read_media(struct reader *r, struct rs_slice value)
{
	struct rs_sdp *s = r->sdp;
	struct rs_slice port, word;
	int err;

	if (s->n_media == RS_SDP_MAX_MEDIA)
		return rs_sdp_wrong(r, RS_SDP_ERR_TOO_MANY_MEDIA);
	r->media = &s->media[s->n_media++];
	*r->media = (struct rs_sdp_media){ .line = r->line, .first_format = s->n_formats };
	r->has_direction = false;
	r->media->direction = s->direction;
	r->media->type = rs_sdp_word(&value);
	port = rs_sdp_word(&value);
	r->media->proto_text = rs_sdp_word(&value);
	r->media->formats_text = rs_slice_trim(value);
	if (r->media->formats_text.len == 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_MEDIA);
	r->media->proto = (uint8_t)proto_of(r->media->proto_text);
	if (read_port(port, r->media) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_PORT);
	while ((word = rs_sdp_word(&value)).len > 0)
		if ((err = read_format(r, word)) != 0)
			return err;
	return 0;
}

/** What a letter means; those that are not here are skipped. */
static const struct line {
	uint8_t letter;
	bool session_only;
	int (*read)(struct reader *r, struct rs_slice value);
} lines[] = {
	{ 'a', false, rs_sdp_attribute },
	{ 'b', false, read_bandwidth },
	{ 'c', false, read_connection },
	{ 'm', false, read_media },
	{ 'o', true, read_origin },
	{ 's', true, read_name },
	{ 't', true, read_time },
};

static int
read_line(struct reader *r, struct rs_slice line, bool first)
{
	uint8_t letter = line.p[0];

	if (first) {
		if (!rs_sdp_skip(&line, "v="))
			return rs_sdp_wrong(r, RS_SDP_ERR_VERSION);
		return read_version(r, line);
	}
	if (line.len < 2 || line.p[1] != '=' || rs_lower(letter) < 'a' || rs_lower(letter) > 'z' ||
		memchr(line.p, '\r', line.len) != NULL ||
		(r->has_nul && memchr(line.p, '\0', line.len) != NULL))
		return rs_sdp_wrong(r, RS_SDP_ERR_LINE);
	if (letter == 'v')
		return rs_sdp_wrong(r, RS_SDP_ERR_DUPLICATE);
	line.p += 2;
	line.len -= 2;
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (lines[i].letter != letter)
			continue;
		if (lines[i].session_only && r->media != NULL)
			return rs_sdp_wrong(r, RS_SDP_ERR_ORDER);
		return lines[i].read(r, line);
	}
	return 0;
}

/** What an m-line does not say itself. */
static int
complete_media(struct reader *r, struct rs_sdp_media *m)
{
	r->line = m->line;
	if (!m->own_connection)
		m->connection = r->sdp->connection;
	if (m->setup.p == NULL)
		m->setup = r->setup;
	if (m->fingerprint.p == NULL)
		m->fingerprint = r->fingerprint;
	if (m->ptime_ms != 0 && m->maxptime_ms != 0 && m->ptime_ms > m->maxptime_ms)
		return rs_sdp_wrong(r, RS_SDP_ERR_PTIME);
	if (m->port == 0) {
		m->rtcp_port = 0;
		return 0;
	}
	if (m->connection.text.p == NULL)
		return rs_sdp_wrong(r, RS_SDP_ERR_NO_CONNECTION);
	if (!m->has_rtcp) /* no port behind the last one: no RTCP is sent */
		m->rtcp_port = m->rtcp_mux ? m->port : (uint16_t)(m->port + 1);
	return 0;
}

static int
complete(struct reader *r)
{
	struct rs_sdp *s = r->sdp;
	int err = 0;

	if (s->user.p == NULL) {
		r->line = 0;
		return rs_sdp_wrong(r, RS_SDP_ERR_ORIGIN);
	}
	if (s->name.p == NULL)
		s->odd |= RS_SDP_ODD_NO_NAME;
	if (!r->has_time)
		s->odd |= RS_SDP_ODD_NO_TIME;
	for (unsigned i = 0; i < s->n_media && err == 0; i++)
		err = complete_media(r, &s->media[i]);
	return err;
}

/** The next line without its end. @return false: no more */
static bool
next_line(struct reader *r, struct rs_slice *rest, struct rs_slice *line)
{
	bool ended;

	if (rest->len == 0)
		return false;
	*line = rs_sdp_cut(rest, '\n');
	ended = rest->p != line->p + line->len;
	r->line++;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	else if (ended)
		r->sdp->odd |= RS_SDP_ODD_LF;
	return true;
}

int
rs_sdp_parse(const uint8_t *buf, size_t len, struct rs_sdp *out)
{
	struct rs_slice rest = { buf, len }, line;
	struct reader r = { .sdp = out };
	bool first = true;
	int err = 0;

	/* Only what lies before the arrays: they count their own. */
	memset(out, 0, offsetof(struct rs_sdp, media));
	out->body = rest;
	out->direction = RS_SDP_SENDRECV;
	if (len > RS_SDP_MAX_BYTES)
		return rs_sdp_wrong(&r, RS_SDP_ERR_TOO_LONG);
	r.has_nul = len > 0 && memchr(buf, '\0', len) != NULL;
	while (err == 0 && next_line(&r, &rest, &line)) {
		if (line.len == 0)
			continue;
		err = read_line(&r, line, first);
		first = false;
	}
	if (err == 0 && first) {
		r.line = 0;
		err = rs_sdp_wrong(&r, RS_SDP_ERR_EMPTY);
	}
	return err == 0 ? complete(&r) : err;
}
