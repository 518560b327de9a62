/* SPDX-License-Identifier: BSD-3-Clause */
/* Media profiles. */
#include "plan/plan.h"
#include "plan/plan_settings.h"
#include "plan/plan_media_read.h"

static const struct rs_word srtp_words[] = { [RS_SDP_SRTP_FORBIDDEN] = { "forbidden", NULL },
	[RS_SDP_SRTP_OPTIONAL] = { "optional", NULL },
	[RS_SDP_SRTP_REQUIRED] = { "required", NULL },
	{ NULL, NULL } };

static const struct rs_word dtmf_words[] = { [RS_DTMF_AUTO] = { "auto", NULL },
	[RS_DTMF_EVENTS] = { "events", NULL },
	[RS_DTMF_INBAND] = { "in-band", NULL },
	[RS_DTMF_BOTH] = { "both", NULL },
	{ NULL, NULL } };
static const struct rs_word hear_dtmf_words[] = { [RS_DTMF_AUTO] = { "auto", NULL },
	[RS_DTMF_EVENTS] = { "events", NULL },
	[RS_DTMF_INBAND] = { "both", NULL },
	{ NULL, NULL } };

#define PERCENT(field) .type = RS_SET_FLOAT, .unit = "%", .max = 100, .standard = "0", field

static const struct rs_setting impair_settings[] = {
	{ .name = "loss_percent",
		PERCENT(RS_FIELD(struct rs_impair_text, loss)),
		.meaning = "Packets that are lost, each for itself." },
	{ .name = "burst_percent",
		PERCENT(RS_FIELD(struct rs_impair_text, burst)),
		.meaning = "Packets that are lost in bursts (Gilbert-Elliott)." },
	{ .name = "burst_length",
		.type = RS_SET_FLOAT,
		.unit = "packets",
		.min = 1,
		.max = 10000,
		.standard = "3",
		RS_FIELD(struct rs_impair_text, burst_length),
		.meaning = "Mean length of such a burst." },
	{ .name = "delay",
		.type = RS_SET_DURATION,
		.standard = "\"0s\"",
		RS_FIELD(struct rs_impair_text, delay_ns),
		.meaning = "Each packet is so much later." },
	{ .name = "jitter",
		.type = RS_SET_DURATION,
		.standard = "\"0s\"",
		RS_FIELD(struct rs_impair_text, jitter_ns),
		.meaning = "And up to so much more, drawn evenly." },
	{ .name = "duplicate_percent",
		PERCENT(RS_FIELD(struct rs_impair_text, duplicate)),
		.meaning = "Packets that arrive twice." },
	{ .name = "reorder_percent",
		PERCENT(RS_FIELD(struct rs_impair_text, reorder)),
		.meaning = "Packets that let the next one pass." },
};
static const uint32_t n_impair_settings = RS_COUNT(impair_settings);
const struct rs_section rs_group_impair = {
	.name = "send_impair",
	.settings = impair_settings,
	.n_settings = &n_impair_settings,
	.shape = RS_SECTION_GROUP,
	.meaning =
		"What happens to packets on their way; the same settings are those of receive_impair."
};
static const struct rs_section receive_impair = { .name = "receive_impair",
	.settings = impair_settings,
	.n_settings = &n_impair_settings,
	.shape = RS_SECTION_GROUP,
	.meaning = "The same for what is received." };

static const struct rs_setting wrong_settings[] = {
	{ .name = "bad_tag_percent",
		PERCENT(RS_FIELD(struct rs_media_wrong, bad_tag)),
		.meaning = "SRTP packets whose authentication tag does not fit." },
	{ .name = "replay_percent",
		PERCENT(RS_FIELD(struct rs_media_wrong, replay)),
		.meaning = "Packets that are sent again a little later, as they were." },
	{ .name = "tampered_percent",
		PERCENT(RS_FIELD(struct rs_media_wrong, tampered)),
		.meaning = "SRTP packets whose header is changed behind the protection." },
	{ .name = "wrong_key_percent",
		PERCENT(RS_FIELD(struct rs_media_wrong, wrong_key)),
		.meaning = "Streams that use another key than the one in their SDP." },
	{ .name = "roc_jump_percent",
		PERCENT(RS_FIELD(struct rs_media_wrong, roc_jump)),
		.meaning = "Streams whose roll-over counter jumps ahead of the peer's." },
};
static const uint32_t n_wrong_settings = RS_COUNT(wrong_settings);
const struct rs_section rs_group_wrong = { .name = "wrong",
	.settings = wrong_settings,
	.n_settings = &n_wrong_settings,
	.shape = RS_SECTION_GROUP,
	.meaning = "What is sent wrong on purpose." };

static const struct rs_setting dtx_settings[] = {
	{ .name = "talk",
		.type = RS_SET_DURATION,
		.standard = "\"1200ms\"",
		RS_FIELD(struct rs_dtx_text, talk_ns),
		.meaning = "How long there is talk." },
	{ .name = "silence",
		.type = RS_SET_DURATION,
		.standard = "\"1800ms\"",
		RS_FIELD(struct rs_dtx_text, silence_ns),
		.meaning =
			"And then silence, in which nothing is sent but comfort noise (if \"CN\" is among the codecs)." },
	{ .name = "noise_every",
		.type = RS_SET_DURATION,
		.standard = "\"0s\"",
		RS_FIELD(struct rs_dtx_text, noise_ns),
		.meaning =
			"Comfort noise is said again after so long; 0s: only where silence begins." },
	{ .name = "noise_level",
		.type = RS_SET_INT,
		.unit = "dB",
		.max = 127,
		.standard = "60",
		RS_FIELD(struct rs_dtx_text, noise_level),
		.meaning = "Its level, so far below the overload point (RFC 3389)." },
};
static const uint32_t n_dtx_settings = RS_COUNT(dtx_settings);
const struct rs_section rs_group_dtx = { .name = "dtx",
	.settings = dtx_settings,
	.n_settings = &n_dtx_settings,
	.shape = RS_SECTION_GROUP,
	.meaning = "Talk and silence in turns." };

#define MEDIA(field) RS_FIELD(struct rs_plan_media, field)

const struct rs_setting rs_settings_media[] = {
	{ .name = "name",
		.type = RS_SET_STRING,
		.required = true,
		MEDIA(name),
		.meaning = "The profile's name." },
	{ .name = "codecs",
		.type = RS_SET_STRINGS,
		.required = true,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Codecs offered, best first: PCMU, PCMA, G722, G729, opus, AMR, AMR-WB, iLBC; \"telephone-event\" for DTMF (RFC "
			"4733), \"CN\" for comfort noise. \"NAME:97\" sets the payload type, \"AMR octet-align=1\" format parameters." },
	{ .name = "srtp",
		.type = RS_SET_WORD,
		.words = srtp_words,
		MEDIA(sdp.srtp),
		.standard = "\"forbidden\"",
		.meaning =
			"\"required\": RTP/SAVP is offered, and what has no key is refused. \"optional\": RTP/AVP is offered with keys, "
			"either is taken. \"forbidden\": RTP/AVP without keys; RTP/SAVP is refused." },
	{ .name = "suites",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"SRTP suites offered and taken, best first: \"AES_CM_128_HMAC_SHA1_80\", \"AEAD_AES_128_GCM\" and others (RFC 4568, "
			"6188, 7714). None that is not named here is ever chosen." },
	{ .name = "crypto_params",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Session parameters of our crypto lines (RFC 4568, 6.3), which are taken, too: \"UNENCRYPTED_SRTP\", "
			"\"UNENCRYPTED_SRTCP\", \"UNAUTHENTICATED_SRTP\"." },
	{ .name = "mki",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Master key identifier of our keys and its length in bytes, as in \"1:4\"." },
	{ .name = "lifetime",
		.type = RS_SET_INT,
		.unit = "packets",
		.min = 1,
		.max = 1ll << 48,
		MEDIA(sdp.lifetime),
		.derived = true,
		.standard = "not written",
		.meaning = "Lifetime of our keys, written in our crypto lines." },
	{ .name = "jitter_buffer",
		.type = RS_SET_DURATION,
		.standard = "\"60ms\"",
		MEDIA(jitter_buffer_ns),
		.meaning = "Depth of the receiver's buffer: what comes later is late." },
	{ .name = "ptime",
		.type = RS_SET_DURATION,
		.offset = RS_SET_CUSTOM,
		.derived = true,
		.standard = "20ms, and not written",
		.meaning =
			"Length of a packet: 10ms, 20ms and so on to 60ms; written as a=ptime." },
	{ .name = "rtcp_mux",
		.type = RS_SET_BOOL,
		.standard = "false",
		MEDIA(sdp.rtcp_mux),
		.meaning = "RTCP on the RTP port (RFC 5761), where the peer wants it, too." },
	{ .name = "rtcp_rsize",
		.type = RS_SET_BOOL,
		.standard = "false",
		MEDIA(sdp.rtcp_rsize),
		.meaning = "Reduced-size RTCP (RFC 5506), where the peer wants it, too." },
	{ .name = "avpf",
		.type = RS_SET_BOOL,
		.standard = "false",
		MEDIA(sdp.avpf),
		.meaning =
			"Offer RTP/AVPF or RTP/SAVPF (RFC 4585, 5124); answers follow the offer." },
	{ .name = "rtcp",
		.type = RS_SET_BOOL,
		.standard = "true",
		MEDIA(rtcp),
		.meaning = "Send RTCP." },
	{ .name = "source",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.standard = "\"tone:440\"",
		.meaning =
			"What is sent: \"tone:440\", \"tone:350+440\", \"tone:eu-busy\", \"noise\", \"noise:pink\", \"silence\" (G.711 only), "
			"or a file, relative to the plan: WAV or raw for G.711, encoded frames for the others. One for all codecs, or one "
			"for each in their order, telephone-event and CN left out." },
	{ .name = "watermark",
		.type = RS_SET_BOOL,
		.standard = "true",
		MEDIA(watermark),
		.meaning =
			"Mark packets, so that the other end of ours knows the stream and its delay." },
	{ .name = "dtx",
		.type = RS_SET_GROUP,
		.group = &rs_group_dtx,
		.offset = RS_SET_CUSTOM,
		.meaning = "Send talk and silence in turns; see below. G.711 and G.722." },
	{ .name = "echo",
		.type = RS_SET_BOOL,
		.standard = "false",
		MEDIA(echo),
		.meaning = "Send back what comes, in place of source." },
	{ .name = "dtmf",
		.type = RS_SET_WORD,
		.words = dtmf_words,
		MEDIA(dtmf),
		.standard = "\"auto\"",
		.meaning =
			"How play_dtmf sends digits: \"events\" (RFC 4733), \"in-band\" (in the sound of G.711) or \"both\" at once; \"auto\": "
			"events where they were agreed on, else in-band. A step may say it itself: play_dtmf=\"12#,100,in-band\"." },
	{ .name = "hear_dtmf",
		.type = RS_SET_WORD,
		.words = hear_dtmf_words,
		MEDIA(hear_dtmf),
		.standard = "\"auto\"",
		.meaning =
			"Where digits are listened for: \"events\", or \"both\": in the sound of G.711, too; \"auto\": in the sound where "
			"telephone-event is not among the codecs. Listening to sound takes a good part of a stream's time." },
	{ .name = "timeout",
		.type = RS_SET_DURATION,
		.standard = "\"10s\"",
		MEDIA(timeout_ns),
		.meaning =
			"A stream that brings nothing for so long is silent; 0s: that is not watched." },
	{ .name = "send_impair",
		.type = RS_SET_GROUP,
		.group = &rs_group_impair,
		.offset = RS_SET_CUSTOM,
		.meaning = "What happens to packets on their way out; see below." },
	{ .name = "receive_impair",
		.type = RS_SET_GROUP,
		.group = &receive_impair,
		.offset = RS_SET_CUSTOM,
		.meaning = "And to those that come." },
	{ .name = "wrong",
		.type = RS_SET_GROUP,
		.group = &rs_group_wrong,
		.offset = RS_SET_CUSTOM,
		.meaning = "What is sent wrong on purpose; see below." },
};
const uint32_t rs_n_settings_media = RS_COUNT(rs_settings_media);
