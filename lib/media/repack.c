/* SPDX-License-Identifier: BSD-3-Clause */
/** What a reader found, cut into packets of the ptime that a stream wants. */
#include <stdlib.h>

#include "media/g711.h"
#include "media/source.h"

/** G.711 and G.722: 8 octets a ms, cut anywhere. */
static int
pack_octets(struct source *s, const struct rs_payload_want *want, struct maker *m)
{
	size_t step = (size_t)(want->ptime_ns / 125000);
	size_t whole = s->data.len / step * step, rest = s->data.len - whole;
	uint8_t last[480];
	int rc = 0;

	for (size_t at = 0; at < whole && rc == 0; at += step)
		rc = rs_maker_add(m, RS_FRAME_MEDIA, s->data.p + at, step);
	/* G.722 has no octet that is silence whatever was before it. */
	if (rc || rest == 0 || want->codec == RS_CODEC_G722)
		return rc;
	memset(last, want->codec == RS_CODEC_PCMA ? RS_G711_PCMA_SILENCE : RS_G711_PCMU_SILENCE,
		step);
	memcpy(last, s->data.p + whole, rest);
	return rs_maker_add(m, RS_FRAME_MEDIA, last, step);
}

static int
pack_pcm(struct source *s, const struct rs_payload_want *want, struct maker *m)
{
	uint8_t *codes = malloc(s->n_pcm);
	int rc;

	if (!codes)
		return -ENOMEM;
	rs_g711_encode(want->codec == RS_CODEC_PCMA, s->pcm, s->n_pcm, codes);
	s->data = rs_slice_of(codes, s->n_pcm);
	rc = pack_octets(s, want, m);
	s->data = (struct rs_slice){ NULL, 0 };
	free(codes);
	return rc;
}

/** Frames one behind the other (RFC 3551, 4.5.6; RFC 3952, 3.2). A SID may be the last one only, and nothing can stand for a gap. */
static int
pack_plain(const struct source *s, size_t first, size_t n, uint8_t *out)
{
	size_t len = 0;
	bool over = false;

	for (size_t i = 0; i < n; i++) {
		const struct unit *u = rs_source_unit(s, first + i);

		if (u->kind == UNIT_NONE) {
			over = true;
			continue;
		}
		if (over)
			return rs_source_bad(s, -ENOTSUP, u->file_at,
				"a frame behind a SID or a gap in the same packet: only a ptime of %g ms can say when it is due",
				s->unit_us / 1e3);
		memcpy(out + len, s->data.p + u->offset, u->len);
		len += u->len;
		over = u->kind == UNIT_SID;
	}
	return (int)len;
}

/** Is there something to send among the units? */
static bool
has_bytes(const struct source *s, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rs_source_unit(s, first + i)->kind != UNIT_NONE)
			return true;
	return false;
}

static int
pack_one(const struct source *s, const struct rs_payload_want *want, size_t first, size_t n,
	uint8_t *out)
{
	switch (want->codec) {
	case RS_CODEC_AMR:
	case RS_CODEC_AMR_WB: return rs_repack_amr(s, first, n, want->octet_align, out);
	case RS_CODEC_OPUS: return rs_repack_opus(s, first, n, out);
	default: return pack_plain(s, first, n, out);
	}
}

static int
pack_units(const struct source *s, const struct rs_payload_want *want, struct maker *m)
{
	uint64_t unit_ns = s->unit_us * 1000ull;
	size_t per_packet, n = rs_source_units(s);
	uint8_t out[RS_PAYLOAD_MAX];

	if (n == 0)
		return 0;
	if (want->ptime_ns % unit_ns != 0)
		return rs_err_set(s->err, -ENOTSUP,
			"%s: holds frames of %g ms, from which no packets of %g ms can be made",
			s->name, s->unit_us / 1e3, (double)want->ptime_ns / 1e6);
	per_packet = (size_t)(want->ptime_ns / unit_ns);
	for (size_t i = 0; i + per_packet <= n; i += per_packet) {
		bool speech = false;
		int len = 0, rc;

		if (has_bytes(s, i, per_packet))
			len = pack_one(s, want, i, per_packet, out);
		if (len < 0)
			return len;
		for (size_t k = i; k < i + per_packet; k++)
			speech = speech || rs_source_unit(s, k)->kind == UNIT_SPEECH;
		m->silent = m->silent && speech; /* a SID begins no talkspurt */
		rc = rs_maker_add(m, len ? RS_FRAME_MEDIA : RS_FRAME_NONE, out, (size_t)len);
		if (rc)
			return rc;
		m->silent = !speech;
	}
	return 0;
}

int
rs_repack(struct source *s, const struct rs_payload_want *want, struct rs_payload **out)
{
	struct rs_payload_want w = *want;
	struct maker m = { 0 };
	int rc;

	if (s->codec != w.codec)
		return rs_err_set(s->err, -ENOTSUP, "%s: holds %s, but %s is to be sent", s->name,
			rs_codec_info(s->codec)->name, rs_codec_info(w.codec)->name);
	if (w.ptime_ns == 0)
		w.ptime_ns = (s->unit_us > 20000 ? s->unit_us : 20000) * 1000ull;
	if (s->pcm)
		rc = pack_pcm(s, &w, &m);
	else if (s->unit_us == 0)
		rc = pack_octets(s, &w, &m);
	else
		rc = pack_units(s, &w, &m);
	if (rc) {
		rs_maker_drop(&m);
		return rc == -ENOMEM ? rs_source_no_memory(s) : rc;
	}
	rc = rs_maker_finish(&m, &w, out);
	return rc ? rs_err_set(s->err, rc, "%s: %s", s->name,
			    rc == -ENODATA ? "holds less than one packet that is to be sent"
					   : "no memory for its frames")
		  : 0;
}
