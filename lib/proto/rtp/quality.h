/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Speech quality by the E-model: ITU-T G.107 for narrow band, with the equipment factors of G.113; wide band (G.107.1) is another
 * scale and is labelled so: its figures are not to be held against those of narrow band.
 */
#ifndef RS_PROTO_RTP_QUALITY_H
#define RS_PROTO_RTP_QUALITY_H

#include "base/slice.h"

enum rs_quality_scale {
	RS_QUALITY_NARROW, /* G.107: R of 0 to 100, 93.2 without impairment */
	RS_QUALITY_WIDE,   /* G.107.1: R of 0 to 129 */
	RS_QUALITY_FULL, /* G.107.2: R of 0 to 148; no factors are known here, so nothing is computed */
};

/** Where the one-way delay of a figure is from. */
enum rs_quality_delay {
	RS_QUALITY_DELAY_NONE,     /* unknown: taken to be 0, and labelled */
	RS_QUALITY_DELAY_MEASURED, /* by watermark */
	RS_QUALITY_DELAY_RTT,      /* half of RTCP's round trip */
};

/** Why a stream has no figure. */
enum rs_quality_why {
	RS_QUALITY_RATED,
	RS_QUALITY_NO_FACTORS, /* the codec, or its mode, has no Ie */
	RS_QUALITY_NO_BPL,     /* it has no Bpl, and something was lost */
};

struct rs_quality_codec {
	const char *name; /* as in a=rtpmap, then what distinguishes the row (AMR: the mode), behind a slash */
	double ie;        /* equipment impairment without loss; negative: no value is known */
	double bpl;       /* robustness to loss, in percent; 0: no value is known */
	enum rs_quality_scale scale;
};

struct rs_quality_input {
	double loss_percent; /* Ppl: lost and late packets, in percent of those expected */
	double burst_ratio;  /* BurstR; 1: losses are independent */
	double network_ms;   /* one-way delay of the network, by @delay */
	double buffer_ms;    /* play-out delay */
	double packet_ms;    /* length of one packet */
	enum rs_quality_delay delay;
};

struct rs_quality {
	double r;        /* transmission rating */
	double id;       /* impairment by delay */
	double ie_eff;   /* impairment by codec and loss */
	double mos;      /* 1 to 4.5 */
	double delay_ms; /* what Id was computed from */
	enum rs_quality_scale scale;
	enum rs_quality_delay delay;
	enum rs_quality_why why;
};

/**
 * The factors of a codec, by name, case ignored; "PCMU" and "PCMA" conceal loss, "PCMU/noplc" does not.
 *
 * @param mode  of AMR and AMR-WB: the frame type (RFC 4867, 4.3.2), -1: not known; of others not looked at
 * @return NULL: it is not in the table
 */
const struct rs_quality_codec *rs_quality_codec(struct rs_slice name, int mode);

/** Id of a one-way delay in ms, echo cancelled (G.107's default values, the usual approximation). */
double rs_quality_id(double delay_ms);

/** Ie,eff (G.107, 7.5). @param loss_percent  Ppl, 0 to 100 */
double rs_quality_ie_eff(double ie, double bpl, double loss_percent, double burst_ratio);

/** MOS of a narrow-band R (G.107, B.4): 1 to 4.5. */
double rs_quality_mos(double r);

/**
 * Rate a stream.
 * @param codec  NULL: one that is not in the table
 * @return 0; -ENOTSUP when the codec's factors are not known: no Ie, or loss and no Bpl; then @out says its scale and @out->why
 */
int rs_quality_rate(const struct rs_quality_codec *codec, const struct rs_quality_input *in,
	struct rs_quality *out);

/** "G.107", "G.107.1", "G.107.2": what a report writes beside a figure. */
const char *rs_quality_scale_name(enum rs_quality_scale scale);

#endif
