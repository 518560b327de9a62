/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/codec.h"

#include <errno.h>

static const struct rs_codec_info codecs[RS_CODECS] = {
	/* name, payload type, channels, clock, sampling, unit, usual packet */
	[RS_CODEC_PCMU] = { "PCMU", 0, 1, 8000, 8000, 1000, 20 },
	[RS_CODEC_PCMA] = { "PCMA", 8, 1, 8000, 8000, 1000, 20 },
	[RS_CODEC_G722] = { "G722", 9, 1, 8000, 16000, 1000, 20 },
	[RS_CODEC_G729] = { "G729", 18, 1, 8000, 8000, 10000, 20 },
	[RS_CODEC_OPUS] = { "opus", RS_CODEC_DYNAMIC, 2, 48000, 48000, 2500, 0 },
	[RS_CODEC_AMR] = { "AMR", RS_CODEC_DYNAMIC, 1, 8000, 8000, 20000, 20 },
	[RS_CODEC_AMR_WB] = { "AMR-WB", RS_CODEC_DYNAMIC, 1, 16000, 16000, 20000, 20 },
	[RS_CODEC_ILBC] = { "iLBC", RS_CODEC_DYNAMIC, 1, 8000, 8000, 10000, 0 },
};

const struct rs_codec_info *
rs_codec_info(enum rs_codec codec)
{
	return &codecs[codec];
}

int
rs_codec_find(struct rs_slice name, enum rs_codec *out)
{
	for (enum rs_codec c = 0; c < RS_CODECS; c++)
		if (rs_slice_case_eq(name, rs_slice_str(codecs[c].name))) {
			*out = c;
			return 0;
		}
	return -ENOENT;
}
