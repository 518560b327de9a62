/* SPDX-License-Identifier: BSD-3-Clause */
/* Media profiles: see profile.h. */
#include "proto/sdp/profile.h"

#include <errno.h>

#include "proto/sdp/words.h"

#define DYNAMIC_FIRST 96 /* RFC 3551, 3 */
#define PAYLOAD_MAX   127

#define NONE RS_SDP_NO_PAYLOAD

/* Clocks and frames: RFC 3551 (table 1, 4.5), RFC 3952 (iLBC), 7587 (opus), 4867 (AMR), 5574 (speex), 4733 (events). */
static const struct rs_sdp_codec known[] = {
	{ "PCMU", "", 8000, 1, 0, 10, RS_SDP_ROLE_CODEC },
	{ "PCMA", "", 8000, 1, 8, 10, RS_SDP_ROLE_CODEC },
	{ "GSM", "", 8000, 1, 3, 20, RS_SDP_ROLE_CODEC },
	{ "G722", "", 8000, 1, 9, 10, RS_SDP_ROLE_CODEC },
	{ "G723", "", 8000, 1, 4, 30, RS_SDP_ROLE_CODEC },
	{ "G728", "", 8000, 1, 15, 10, RS_SDP_ROLE_CODEC },
	{ "G729", "annexb=no", 8000, 1, 18, 10, RS_SDP_ROLE_CODEC },
	{ "L16", "", 44100, 1, 11, 10, RS_SDP_ROLE_CODEC },
	{ "iLBC", "mode=20", 8000, 1, NONE, 20, RS_SDP_ROLE_CODEC },
	{ "opus", "useinbandfec=1", 48000, 2, NONE, 10, RS_SDP_ROLE_CODEC },
	{ "AMR", "octet-align=1", 8000, 1, NONE, 20, RS_SDP_ROLE_CODEC },
	{ "AMR-WB", "octet-align=1", 16000, 1, NONE, 20, RS_SDP_ROLE_CODEC },
	{ "speex", "", 8000, 1, NONE, 20, RS_SDP_ROLE_CODEC },
	{ "CN", "", 8000, 1, 13, 10, RS_SDP_ROLE_NOISE },
	{ "telephone-event", "0-15", 8000, 1, NONE, 10, RS_SDP_ROLE_EVENT },
};

int
rs_sdp_codec_find(struct rs_slice name, struct rs_sdp_codec *out)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!rs_slice_case_eq(name, rs_slice_str(known[i].name)))
			continue;
		*out = known[i];
		return 0;
	}
	return -ENOENT;
}

/** Is there an event (or a codec, as @role says) with this clock? */
static bool
has_clock(const struct rs_sdp_profile *p, enum rs_sdp_role role, uint32_t clock_hz)
{
	for (unsigned i = 0; i < p->n_codecs; i++)
		if (p->codecs[i].role == role && p->codecs[i].clock_hz == clock_hz)
			return true;
	return false;
}

static int
add_events(struct rs_sdp_profile *p)
{
	const struct rs_sdp_codec *event = NULL;
	unsigned n = p->n_codecs;

	for (unsigned i = 0; i < n && event == NULL; i++)
		if (p->codecs[i].role == RS_SDP_ROLE_EVENT)
			event = &p->codecs[i];
	for (unsigned i = 0; i < n && event != NULL; i++) {
		uint32_t clock_hz = p->codecs[i].clock_hz;

		if (p->codecs[i].role != RS_SDP_ROLE_CODEC ||
			has_clock(p, RS_SDP_ROLE_EVENT, clock_hz))
			continue;
		if (p->n_codecs == RS_SDP_MAX_CODECS)
			return -E2BIG;
		p->codecs[p->n_codecs] = *event;
		p->codecs[p->n_codecs].clock_hz = clock_hz;
		p->codecs[p->n_codecs++].payload = NONE;
	}
	return 0;
}

static bool
payload_used(const struct rs_sdp_profile *p, unsigned payload)
{
	for (unsigned i = 0; i < p->n_codecs; i++)
		if (p->codecs[i].payload == payload)
			return true;
	return false;
}

static int
number_codecs(struct rs_sdp_profile *p)
{
	unsigned next = DYNAMIC_FIRST;

	for (unsigned i = 0; i < p->n_codecs; i++) {
		struct rs_sdp_codec *c = &p->codecs[i];

		if (c->payload != NONE) {
			if (c->payload > PAYLOAD_MAX)
				return -EINVAL;
			for (unsigned k = 0; k < i; k++)
				if (p->codecs[k].payload == c->payload)
					return -EINVAL;
			continue;
		}
		while (payload_used(p, next))
			next++;
		c->payload = (uint8_t)next; /* 32 numbers, 16 codecs */
	}
	return 0;
}

static int
check_suites(const struct rs_sdp_profile *p)
{
	if (p->n_suites > RS_SDP_MAX_SUITES)
		return -E2BIG;
	if (p->srtp != RS_SDP_SRTP_FORBIDDEN && p->n_suites == 0)
		return -EINVAL;
	for (unsigned i = 0; i < p->n_suites; i++)
		if (rs_sdp_suite_info(p->suites[i]) == NULL)
			return -EINVAL;
	return 0;
}

int
rs_sdp_profile_complete(struct rs_sdp_profile *p)
{
	bool carries = false;
	int err;

	if (p->n_codecs > RS_SDP_MAX_CODECS)
		return -E2BIG;
	if (p->ptime_ms != 0 && (p->ptime_ms < RS_SDP_PTIME_MIN || p->ptime_ms > RS_SDP_PTIME_MAX))
		return -EINVAL;
	if (p->maxptime_ms != 0 &&
		(p->maxptime_ms < RS_SDP_PTIME_MIN || p->maxptime_ms < p->ptime_ms))
		return -EINVAL;
	for (unsigned i = 0; i < p->n_codecs; i++) {
		if (p->codecs[i].clock_hz == 0 || p->codecs[i].name[0] == '\0')
			return -EINVAL;
		carries = carries || p->codecs[i].role == RS_SDP_ROLE_CODEC;
	}
	if (!carries || p->type[0] == '\0')
		return -EINVAL;
	err = add_events(p);
	if (err == 0)
		err = number_codecs(p);
	return err == 0 ? check_suites(p) : err;
}
