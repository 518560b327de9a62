/* SPDX-License-Identifier: BSD-3-Clause */
/* What a media profile sends: tones, noise, silence and files, as payloads of every codec and length of packet. */
#include <limits.h>
#include <stdlib.h>

#include "plan/plan_media_read.h"

#define MS_NS      1000000ull
#define TONE_DBM0  (-16.0f)
#define NOISE_DBM0 (-30.0)
#define NOISE_MS   4000
#define ALL_LENGTHS                                                                                \
	(16u << 20) /* bytes of a block up to which it is made ready in lengths that only a peer may ask for */

/** A source, read. */
struct wanted {
	uint8_t kind; /* enum rs_media_source */
	struct rs_tone tone;
	enum rs_noise_colour colour;
	char path[PATH_MAX];
};

static int
read_tone(const struct rs_reader *r, const struct rs_part *p, const char *text, struct rs_tone *out)
{
	const struct rs_tone *preset = rs_tone_preset(text);
	const char *names[64], *wrong, *at = text;
	char near[100];
	size_t n = 0;

	if (preset) {
		*out = *preset;
		return 0;
	}
	for (unsigned i = 0; i < RS_TONE_FREQUENCIES && *at; i++) {
		char *end;
		unsigned long hz = strtoul(at, &end, 10);

		if (*at < '0' || *at > '9' || (*end && *end != '+') || hz > 3999)
			break;
		out->part[i].hz = (uint16_t)hz;
		out->part[i].dbm0 = TONE_DBM0;
		at = end + (*end == '+' && end[1]);
	}
	if (*at) {
		while (n < RS_COUNT(names) && (names[n] = rs_tone_preset_name(n)) != NULL)
			n++;
		return rs_part_fail(r, p, "source", -EINVAL, "unknown tone \"%.60s\"%s", text,
			rs_did_you_mean(text, names, n, near, sizeof(near))[0]
				? near
				: ": write up to four frequencies in Hz below 4000, as in \"tone:350+440\"");
	}
	wrong = rs_tone_check(out);
	return wrong ? rs_part_fail(r, p, "source", -EINVAL, "\"tone:%.60s\": %s", text, wrong) : 0;
}

static int
read_wanted(const struct rs_reader *r, const struct rs_part *p, const char *text, struct wanted *w)
{
	struct rs_err cause = { 0 };
	int rc;

	if (strcmp(text, "silence") == 0) {
		w->kind = RS_MEDIA_SILENCE;
	} else if (strncmp(text, "tone:", 5) == 0) {
		w->kind = RS_MEDIA_TONE;
		return read_tone(r, p, text + 5, &w->tone);
	} else if (strcmp(text, "noise") == 0 || strcmp(text, "noise:white") == 0 ||
		strcmp(text, "noise:pink") == 0) {
		w->kind = RS_MEDIA_NOISE;
		w->colour = strcmp(text, "noise:pink") == 0 ? RS_NOISE_PINK : RS_NOISE_WHITE;
	} else {
		w->kind = RS_MEDIA_FILE;
		rc = r->io->find(r->file, text, false, w->path, sizeof(w->path), &cause);
		if (rc)
			return rs_part_fail(
				r, p, "source", rc == -ENOMEM ? rc : -EINVAL, "%s", cause.text);
	}
	return 0;
}

static int
make(const struct rs_reader *r, const struct wanted *w, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *cause)
{
	switch ((enum rs_media_source)w->kind) {
	case RS_MEDIA_SILENCE: return rs_payload_silence(want, out, cause);
	case RS_MEDIA_TONE: return rs_payload_tone(&w->tone, want, out, cause);
	case RS_MEDIA_NOISE:
		return rs_payload_noise(w->colour, 1, NOISE_DBM0, NOISE_MS, want, out, cause);
	case RS_MEDIA_FILE: return r->io->payload(w->path, want, out, cause);
	}
	return -EINVAL;
}

/* Whole frames, at least as long as the profile's packets. */
static unsigned
own_length(const struct rs_plan_media *m, unsigned codec)
{
	unsigned frame = m->sdp.codecs[codec].frame_ms ? m->sdp.codecs[codec].frame_ms : 1;
	unsigned ptime = m->sdp.ptime_ms ? m->sdp.ptime_ms : 20;

	return (ptime + frame - 1) / frame * frame;
}

static int
make_dtx(const struct rs_plan_media *m, struct rs_payload **set, struct rs_err *cause)
{
	struct rs_payload *plain = *set;
	int rc;

	if (!m->dtx)
		return 0;
	*set = NULL;
	rc = rs_payload_dtx(plain, &m->dtx_pattern, set, cause);
	rs_payload_free(plain);
	return rc;
}

static int
make_one(const struct rs_reader *r, const struct wanted *w, struct rs_plan_media *m, unsigned codec,
	unsigned ms, struct rs_err *cause)
{
	struct rs_payload **set = &m->payloads[codec][ms / RS_MEDIA_PTIME - 1];
	struct rs_payload_want want = { .codec = (enum rs_codec)m->codecs[codec],
		.ptime_ns = ms * MS_NS,
		.octet_align = strstr(m->sdp.codecs[codec].fmtp, "octet-align=1") != NULL,
		.loop = true };
	int rc = make(r, w, &want, set, cause);

	return rc ? rc : make_dtx(m, set, cause);
}

static int
make_codec(const struct rs_reader *r, const struct rs_part *p, const struct wanted *w,
	const char *text, struct rs_plan_media *m, unsigned codec)
{
	const char *name = m->sdp.codecs[codec].name;
	unsigned own = own_length(m, codec);
	struct rs_err cause = { 0 }, other = { 0 };
	int rc;

	if (own > RS_SDP_PTIME_MAX || own % RS_MEDIA_PTIME)
		return rs_part_fail(r, p, "ptime", -EINVAL,
			"%s has frames of %u ms: no packet of whole ones is that long", name,
			m->sdp.codecs[codec].frame_ms);
	rc = make_one(r, w, m, codec, own, &cause);
	if (rc == -ENOMEM)
		return rc;
	if (rc == -ENOTSUP && w->kind != RS_MEDIA_FILE)
		return rs_part_fail(r, p, "source", -EINVAL,
			"\"%.60s\" cannot be made for %s: name a file with its frames, or leave the codec out",
			text, name);
	if (rc)
		return rs_part_fail(r, p, m->dtx && rc == -ENOTSUP ? "dtx" : "source", -EINVAL,
			"for %s: %s", name, cause.text);
	if (rs_media_payload(m, codec, own)->block_len > ALL_LENGTHS)
		return 0;
	for (unsigned ms = RS_MEDIA_PTIME; ms <= RS_SDP_PTIME_MAX; ms += RS_MEDIA_PTIME)
		if (ms != own && make_one(r, w, m, codec, ms, &other) == -ENOMEM)
			return -ENOMEM;
	return 0;
}

int
rs_read_sources(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	uint32_t n = rs_part_n(p, "source"), carriers = 0, k = 0;
	struct wanted *w = calloc(1, sizeof(*w));
	int rc = w ? 0 : -ENOMEM;

	for (unsigned i = 0; i < m->sdp.n_codecs; i++)
		carriers += m->codecs[i] != RS_CODECS;
	if (rc == 0 && n > 1 && n != carriers)
		rc = rs_part_fail(r, p, "source", -EINVAL,
			"%u sources for %u codecs: give one for all, or one for each", n, carriers);
	for (unsigned i = 0; i < m->sdp.n_codecs && rc == 0; i++) {
		const char *text = n ? rs_part_string(p, "source", n > 1 ? k : 0)
				     : rs_part_text(r, p, "source");

		if (m->codecs[i] == RS_CODECS)
			continue;
		*w = (struct wanted){ 0 };
		rc = text ? read_wanted(r, p, text, w) : -ENOMEM;
		if (k++ == 0) {
			m->source = w->kind;
			m->source_text = text;
		}
		if (rc == 0)
			rc = make_codec(r, p, w, text, m, i);
	}
	free(w);
	return rc;
}

void
rs_media_free(struct rs_plan_media *m)
{
	for (unsigned i = 0; i < RS_SDP_MAX_CODECS; i++)
		for (unsigned k = 0; k < RS_MEDIA_PTIMES; k++)
			rs_payload_free(m->payloads[i][k]);
}
