/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/payload.h"

#include <stdlib.h>

#include "media/source.h"

int
rs_want_check(struct rs_payload_want *want, const char *name, struct rs_err *err)
{
	const struct rs_codec_info *codec;

	if ((unsigned)want->codec >= RS_CODECS)
		return rs_err_set(
			err, -EINVAL, "%s: there is no codec of number %d", name, (int)want->codec);
	codec = rs_codec_info(want->codec);
	if (want->ptime_ns == 0)
		want->ptime_ns = codec->ptime_ms * 1000000ull;
	/* Those that follow their file's frames are still at 0. */
	if (want->ptime_ns == 0)
		return 0;
	if (want->ptime_ns < RS_PTIME_MIN_NS || want->ptime_ns > RS_PTIME_MAX_NS)
		return rs_err_set(err, -EINVAL, "%s: a packet lasts 10 to 60 ms, not %.3f", name,
			(double)want->ptime_ns / 1e6);
	if (want->ptime_ns % (codec->unit_us * 1000ull) != 0)
		return rs_err_set(err, -EINVAL,
			"%s: a packet of %s lasts a multiple of %g ms, not %.3f", name, codec->name,
			codec->unit_us / 1e3, (double)want->ptime_ns / 1e6);
	return 0;
}

static int
read_source(struct source *s, enum rs_codec want)
{
	if (rs_source_begins(s, "RIFF") || rs_source_begins(s, "RIFX") ||
		rs_source_begins(s, "RF64"))
		return rs_read_wav(s, want);
	if (rs_source_begins(s, "OggS"))
		return rs_read_ogg(s);
	if (rs_source_begins(s, "#!AMR"))
		return rs_read_amr(s);
	if (rs_source_begins(s, "#!iLBC"))
		return rs_read_ilbc(s);
	return rs_read_raw(s, want);
}

int
rs_payload_read(const char *name, struct rs_slice bytes, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err)
{
	struct rs_payload_want w = *want;
	struct source s = { .name = name, .file = bytes, .err = err };
	int rc = rs_want_check(&w, name, err);

	*out = NULL;
	if (rc == 0 && bytes.len > RS_PAYLOAD_FILE_MAX)
		rc = rs_err_set(
			err, -EFBIG, "%s: is larger than %u MiB", name, RS_PAYLOAD_FILE_MAX >> 20);
	if (rc == 0 && bytes.len == 0)
		rc = rs_err_set(err, -ENODATA, "%s: is empty", name);
	if (rc == 0)
		rc = read_source(&s, w.codec);
	if (rc == 0)
		rc = rs_repack(&s, &w, out);
	rs_source_free(&s);
	return rc;
}

int
rs_payload_open(const char *path, const struct rs_payload_want *want, struct rs_payload **out,
	struct rs_err *err)
{
	struct buffer bytes = { 0 };
	int rc = rs_buffer_load(&bytes, path, RS_PAYLOAD_FILE_MAX, err);

	*out = NULL;
	if (rc == 0)
		rc = rs_payload_read(path, rs_slice_of(bytes.p, bytes.len), want, out, err);
	rs_buffer_drop(&bytes);
	return rc;
}

void
rs_payload_free(struct rs_payload *p)
{
	if (!p)
		return;
	free((void *)(uintptr_t)p->frames);
	free((void *)(uintptr_t)p->block);
	free(p);
}
