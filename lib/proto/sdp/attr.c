/* SPDX-License-Identifier: BSD-3-Clause */
/* a= lines: all are indexed, those that a stream depends on are read. */
#include <errno.h>

#include "proto/sdp/reader.h"

#define PTIME_MAX    1000
#define CLOCK_MAX    1000000
#define CHANNELS_MAX 255

/** "98 rest": the format of this m-line with that payload type. NULL with 0: it has none; the line is left aside. */
static int
format_of(struct reader *r, struct rs_slice *value, struct rs_sdp_format **out)
{
	struct rs_slice word = rs_sdp_word(value);

	*out = NULL;
	for (unsigned i = 0; i < r->media->n_formats; i++) {
		struct rs_sdp_format *f = &r->sdp->formats[r->media->first_format + i];

		if (rs_slice_eq(f->text, word)) {
			*out = f;
			return 0;
		}
	}
	if (word.len == 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_RTPMAP);
	r->sdp->odd |= RS_SDP_ODD_STRAY;
	return 0;
}

/** Does the rtpmap @new say something else than what is known of @f? (RFC 3551, 6; RFC 8866, 6.6) */
static bool
conflicts(struct reader *r, const struct rs_sdp_format *f, const struct rs_sdp_format *new)
{
	bool same_clock = f->clock_hz == new->clock_hz && f->channels == new->channels;

	if (f->name.p == NULL)
		return false;
	if (!rs_slice_case_eq(f->name, new->name))
		return true;
	if (f->mapped || same_clock)
		return !same_clock;
	r->sdp->odd |= RS_SDP_ODD_CLOCK;
	return false;
}

/** "98 name/clock[/channels]" */
static int
read_rtpmap(struct reader *r, struct rs_slice value)
{
	struct rs_sdp_format *f, new;
	struct rs_slice map, clock;
	uint64_t hz, channels = 1;
	int err;

	if (r->media == NULL || r->media->proto == RS_SDP_PROTO_OTHER)
		return 0;
	err = format_of(r, &value, &f);
	if (err != 0 || f == NULL)
		return err;
	map = rs_sdp_word(&value);
	new = *f;
	new.name = rs_sdp_cut(&map, '/');
	clock = rs_sdp_cut(&map, '/');
	if (new.name.len == 0 || rs_sdp_number(clock, CLOCK_MAX, &hz) != 0 || hz == 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_RTPMAP);
	/* Video has no channels, though some write a parameter there. */
	if (map.len > 0 && rs_slice_is(r->media->type, "audio") &&
		(rs_sdp_number(map, CHANNELS_MAX, &channels) != 0 || channels == 0))
		return rs_sdp_wrong(r, RS_SDP_ERR_RTPMAP);
	new.clock_hz = (uint32_t)hz;
	new.channels = (uint8_t)channels;
	new.mapped = true;
	if (conflicts(r, f, &new))
		return rs_sdp_wrong(r, RS_SDP_ERR_RTPMAP_CONFLICT);
	*f = new;
	return 0;
}

static int
read_fmtp(struct reader *r, struct rs_slice value)
{
	struct rs_sdp_format *f;
	int err;

	if (r->media == NULL)
		return 0;
	err = format_of(r, &value, &f);
	if (err != 0 || f == NULL)
		return err;
	if (f->fmtp.p != NULL)
		r->sdp->odd |= RS_SDP_ODD_REPEATED;
	else
		f->fmtp = rs_slice_trim(value);
	return 0;
}

/** Whole milliseconds; a fraction (seen as "20.0") is cut. */
static int
read_ms(struct reader *r, struct rs_slice value, uint16_t *out)
{
	struct rs_slice whole, text = rs_slice_trim(value);
	uint64_t ms, fraction;

	whole = rs_sdp_cut(&text, '.');
	if (rs_sdp_number(whole, PTIME_MAX, &ms) != 0 || ms == 0 ||
		(text.len > 0 && rs_sdp_number(text, UINT64_MAX, &fraction) != 0))
		return rs_sdp_wrong(r, RS_SDP_ERR_PTIME);
	if (*out != 0 && *out != ms)
		return rs_sdp_wrong(r, RS_SDP_ERR_PTIME);
	*out = (uint16_t)ms;
	return 0;
}

static int
read_ptime(struct reader *r, struct rs_slice value)
{
	return r->media != NULL ? read_ms(r, value, &r->media->ptime_ms) : 0;
}

static int
read_maxptime(struct reader *r, struct rs_slice value)
{
	return r->media != NULL ? read_ms(r, value, &r->media->maxptime_ms) : 0;
}

/** "port [IN IP4 address]" (RFC 3605, 2.1) */
static int
read_rtcp(struct reader *r, struct rs_slice value)
{
	struct rs_slice port = rs_sdp_word(&value);
	uint64_t v;

	if (r->media == NULL)
		return 0;
	if (r->media->has_rtcp) {
		r->sdp->odd |= RS_SDP_ODD_REPEATED;
		return 0;
	}
	if (rs_sdp_number(port, UINT16_MAX, &v) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_RTCP);
	value = rs_slice_trim(value);
	if (value.len > 0 && rs_sdp_address(value, &r->media->rtcp) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_RTCP);
	r->media->rtcp_port = (uint16_t)v;
	r->media->has_rtcp = true;
	return 0;
}

static int
read_mux(struct reader *r, struct rs_slice value)
{
	(void)value;
	if (r->media != NULL)
		r->media->rtcp_mux = true;
	return 0;
}

static int
read_rsize(struct reader *r, struct rs_slice value)
{
	(void)value;
	if (r->media != NULL)
		r->media->rtcp_rsize = true;
	return 0;
}

/** "pt type ...", "* type ..." (RFC 4585, 4.2): only indexed. */
static int
read_feedback(struct reader *r, struct rs_slice value)
{
	struct rs_sdp_format *f;

	if (r->media == NULL || (value.len > 0 && value.p[0] == '*'))
		return 0;
	return format_of(r, &value, &f);
}

static int
set_direction(struct reader *r, unsigned direction)
{
	uint8_t *at = r->media != NULL ? &r->media->direction : &r->sdp->direction;

	if (r->has_direction && *at != direction)
		return rs_sdp_wrong(r, RS_SDP_ERR_DIRECTION);
	r->has_direction = true;
	*at = (uint8_t)direction;
	return 0;
}

static int
read_sendrecv(struct reader *r, struct rs_slice value)
{
	(void)value;
	return set_direction(r, RS_SDP_SENDRECV);
}

static int
read_sendonly(struct reader *r, struct rs_slice value)
{
	(void)value;
	return set_direction(r, RS_SDP_SENDONLY);
}

static int
read_recvonly(struct reader *r, struct rs_slice value)
{
	(void)value;
	return set_direction(r, RS_SDP_RECVONLY);
}

static int
read_inactive(struct reader *r, struct rs_slice value)
{
	(void)value;
	return set_direction(r, RS_SDP_INACTIVE);
}

static int
read_mid(struct reader *r, struct rs_slice value)
{
	if (r->media == NULL)
		return 0;
	value = rs_slice_trim(value);
	if (value.len == 0 || r->media->mid.p != NULL)
		return rs_sdp_wrong(r, RS_SDP_ERR_MID);
	for (const struct rs_sdp_media *m = r->sdp->media; m < r->media; m++)
		if (m->mid.p != NULL && rs_slice_eq(m->mid, value))
			return rs_sdp_wrong(r, RS_SDP_ERR_MID);
	r->media->mid = value;
	return 0;
}

/** "ssrc attribute[:value]" (RFC 5576, 4.1), a line for each attribute; the first source counts. */
static int
read_ssrc(struct reader *r, struct rs_slice value)
{
	struct rs_slice word = rs_sdp_word(&value);
	uint64_t v;

	if (r->media == NULL)
		return 0;
	if (rs_sdp_number(word, UINT32_MAX, &v) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_SSRC);
	if (!r->media->has_ssrc)
		r->media->ssrc = (uint32_t)v;
	r->media->has_ssrc = true;
	return 0;
}

/** Only the tag, which must be the only one of its number: which line an answer means hangs on it. */
static int
read_crypto(struct reader *r, struct rs_slice value)
{
	struct rs_slice tag = rs_sdp_word(&value);
	unsigned media;
	uint64_t v;
	int i = -1;

	if (r->media == NULL) /* RFC 4568, 4: media level only */
		return 0;
	if (tag.len > 9 || rs_sdp_number(tag, UINT32_MAX, &v) != 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_CRYPTO_TAG);
	media = (unsigned)(r->media - r->sdp->media);
	while ((i = rs_sdp_attr_next(r->sdp, media, RS_SDP_ATTR_CRYPTO, i + 1)) >= 0) {
		struct rs_slice other = r->sdp->attrs[i].value;

		if (i + 1 < r->sdp->n_attrs && rs_slice_eq(rs_sdp_word(&other), tag))
			return rs_sdp_wrong(r, RS_SDP_ERR_CRYPTO_TAG);
	}
	r->media->n_crypto++;
	return 0;
}

static int
keep_first(struct reader *r, struct rs_slice value, struct rs_slice *at)
{
	if (at->p != NULL)
		r->sdp->odd |= RS_SDP_ODD_REPEATED;
	else if (value.p != NULL)
		*at = rs_slice_trim(value);
	return 0;
}

static int
read_setup(struct reader *r, struct rs_slice value)
{
	return keep_first(r, value, r->media != NULL ? &r->media->setup : &r->setup);
}

static int
read_fingerprint(struct reader *r, struct rs_slice value)
{
	return keep_first(r, value, r->media != NULL ? &r->media->fingerprint : &r->fingerprint);
}

static int
read_label(struct reader *r, struct rs_slice value)
{
	return r->media != NULL ? keep_first(r, value, &r->media->label) : 0;
}

/** The length stands beside the name: most names are ruled out by it. */
#define NAME(text) text, sizeof(text) - 1

static const struct attribute {
	const char *name;
	size_t len;
	int (*read)(struct reader *r, struct rs_slice value);
} attributes[RS_SDP_ATTRS] = {
	[RS_SDP_ATTR_RTPMAP] = { NAME("rtpmap"), read_rtpmap },
	[RS_SDP_ATTR_FMTP] = { NAME("fmtp"), read_fmtp },
	[RS_SDP_ATTR_PTIME] = { NAME("ptime"), read_ptime },
	[RS_SDP_ATTR_MAXPTIME] = { NAME("maxptime"), read_maxptime },
	[RS_SDP_ATTR_RTCP] = { NAME("rtcp"), read_rtcp },
	[RS_SDP_ATTR_RTCP_MUX] = { NAME("rtcp-mux"), read_mux },
	[RS_SDP_ATTR_RTCP_RSIZE] = { NAME("rtcp-rsize"), read_rsize },
	[RS_SDP_ATTR_RTCP_FB] = { NAME("rtcp-fb"), read_feedback },
	[RS_SDP_ATTR_SENDRECV] = { NAME("sendrecv"), read_sendrecv },
	[RS_SDP_ATTR_SENDONLY] = { NAME("sendonly"), read_sendonly },
	[RS_SDP_ATTR_RECVONLY] = { NAME("recvonly"), read_recvonly },
	[RS_SDP_ATTR_INACTIVE] = { NAME("inactive"), read_inactive },
	[RS_SDP_ATTR_MID] = { NAME("mid"), read_mid },
	[RS_SDP_ATTR_SSRC] = { NAME("ssrc"), read_ssrc },
	[RS_SDP_ATTR_CRYPTO] = { NAME("crypto"), read_crypto },
	[RS_SDP_ATTR_SETUP] = { NAME("setup"), read_setup },
	[RS_SDP_ATTR_FINGERPRINT] = { NAME("fingerprint"), read_fingerprint },
	[RS_SDP_ATTR_LABEL] = { NAME("label"), read_label },
};

int
rs_sdp_attribute(struct reader *r, struct rs_slice value)
{
	bool has_value = value.len > 0 && memchr(value.p, ':', value.len) != NULL;
	struct rs_slice name = rs_sdp_cut(&value, ':');
	struct rs_sdp_attr *a;

	if (r->sdp->n_attrs == RS_SDP_MAX_ATTRS)
		return rs_sdp_wrong(r, RS_SDP_ERR_TOO_MANY_ATTRS);
	if (!has_value) {
		name = rs_slice_trim(name);
		value = (struct rs_slice){ NULL, 0 };
	}
	if (name.len == 0)
		return rs_sdp_wrong(r, RS_SDP_ERR_LINE);
	a = &r->sdp->attrs[r->sdp->n_attrs++];
	*a = (struct rs_sdp_attr){ .name = name,
		.value = value,
		.line = r->line,
		.media = r->media != NULL ? (uint8_t)(r->media - r->sdp->media) : RS_SDP_SESSION };
	for (int id = RS_SDP_ATTR_OTHER + 1; id < RS_SDP_ATTRS; id++) {
		if (name.len != attributes[id].len ||
			memcmp(name.p, attributes[id].name, name.len) != 0)
			continue;
		a->id = (uint8_t)id;
		return attributes[id].read(r, value);
	}
	return 0;
}

int
rs_sdp_attr_next(const struct rs_sdp *sdp, unsigned media, enum rs_sdp_attr_id id, int from)
{
	for (int i = from < 0 ? 0 : from; i < sdp->n_attrs; i++)
		if (sdp->attrs[i].media == media && sdp->attrs[i].id == id)
			return i;
	return -1;
}
