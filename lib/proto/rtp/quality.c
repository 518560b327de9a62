/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/rtp/quality.h"

#include <errno.h>
#include <stdio.h>

#define R0        93.2 /* all of G.107's defaults */
#define R0_WIDE   129.0
#define WIDE_STEP 1.29 /* a wide-band R by this is an R whose MOS G.107 knows */

/*
 * Narrow band: G.113, tables I.1 and I.4. Wide band: its appendix IV, whose factors depend on how one listens. AMR-WB's are those of both
 * ears (tables IV.3 and IV.4), as there are no others under loss: three of its nine modes have no Ie there, three a Bpl, and the fastest
 * has a higher Ie than the one below it. G.722 is in the table for one ear (IV.1) only. A Bpl of 0 is one that it does not give. AMR has
 * the factors of GSM-EFR, which is its mode of 12.2 kbit/s; its others have none.
 */
static const struct rs_quality_codec codecs[] = {
	{ "PCMU", 0, 25.1, RS_QUALITY_NARROW },
	{ "PCMA", 0, 25.1, RS_QUALITY_NARROW },
	{ "PCMU/noplc", 0, 4.3, RS_QUALITY_NARROW },
	{ "PCMA/noplc", 0, 4.3, RS_QUALITY_NARROW },
	{ "G729", 11, 19, RS_QUALITY_NARROW },   /* as G.729A with VAD */
	{ "G723", 15, 16.1, RS_QUALITY_NARROW }, /* 6.3 kbit/s */
	{ "GSM-EFR", 5, 10, RS_QUALITY_NARROW },
	{ "AMR/7", 5, 10, RS_QUALITY_NARROW }, /* 12.2 kbit/s */
	{ "GSM", 20, 0, RS_QUALITY_NARROW },
	{ "G726-32", 7, 0, RS_QUALITY_NARROW },
	{ "G728", 7, 0, RS_QUALITY_NARROW },
	{ "G722", 13, 0, RS_QUALITY_WIDE },	   /* 64 kbit/s */
	{ "AMR-WB/0", 56, 0, RS_QUALITY_WIDE },	   /* 6.6 kbit/s */
	{ "AMR-WB/1", 41, 0, RS_QUALITY_WIDE },	   /* 8.85 */
	{ "AMR-WB/2", 20, 4.3, RS_QUALITY_WIDE },  /* 12.65 */
	{ "AMR-WB/4", 17, 0, RS_QUALITY_WIDE },	   /* 15.85 */
	{ "AMR-WB/7", 8, 4.6, RS_QUALITY_WIDE },   /* 23.05 */
	{ "AMR-WB/8", 10, 4.9, RS_QUALITY_WIDE },  /* 23.85 */
	{ "opus", -1, 0, RS_QUALITY_FULL },
};

const struct rs_quality_codec *
rs_quality_codec(struct rs_slice name, int mode)
{
	char text[32];

	if (rs_slice_case_eq(name, rs_slice_str("AMR")) || rs_slice_case_eq(name, rs_slice_str("AMR-WB"))) {
		if (mode < 0 || mode > 15)
			return NULL;
		name = rs_slice_of(text, (size_t)snprintf(text, sizeof(text), "%.*s/%d", (int)name.len, (const char *)name.p, mode));
	}
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (rs_slice_case_eq(name, rs_slice_str(codecs[i].name)))
			return &codecs[i];
	return NULL;
}

double
rs_quality_id(double delay_ms)
{
	return 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
}

double
rs_quality_ie_eff(double ie, double bpl, double loss_percent, double burst_ratio)
{
	if (loss_percent <= 0)
		return ie;
	return ie + (95 - ie) * loss_percent / (loss_percent / burst_ratio + bpl);
}

double
rs_quality_mos(double r)
{
	double mos;

	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	mos = 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
	/* The polynomial dips below its floor for small R. */
	return mos < 1 ? 1 : mos;
}

int
rs_quality_rate(const struct rs_quality_codec *codec, const struct rs_quality_input *in,
	struct rs_quality *out)
{
	*out = (struct rs_quality){ .delay = in->delay, .why = RS_QUALITY_NO_FACTORS };
	if (!codec)
		return -ENOTSUP;
	out->scale = codec->scale;
	if (codec->ie < 0 || codec->scale == RS_QUALITY_FULL)
		return -ENOTSUP;
	out->why = in->loss_percent > 0 && codec->bpl <= 0 ? RS_QUALITY_NO_BPL : RS_QUALITY_RATED;
	if (out->why)
		return -ENOTSUP;
	out->delay_ms = in->buffer_ms + in->packet_ms +
		(in->delay != RS_QUALITY_DELAY_NONE ? in->network_ms : 0);
	out->id = rs_quality_id(out->delay_ms);
	out->ie_eff = rs_quality_ie_eff(codec->ie, codec->bpl, in->loss_percent, in->burst_ratio);
	out->r = (codec->scale == RS_QUALITY_WIDE ? R0_WIDE : R0) - out->id - out->ie_eff;
	out->mos = rs_quality_mos(codec->scale == RS_QUALITY_WIDE ? out->r / WIDE_STEP : out->r);
	return 0;
}

const char *
rs_quality_scale_name(enum rs_quality_scale scale)
{
	static const char *const names[] = { "G.107", "G.107.1", "G.107.2" };

	return (unsigned)scale < 3 ? names[scale] : "?";
}
