/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: of payload types that RFC 3551 assigns, of transports, of errors. */
#include "proto/sdp/sdp.h"
#include "proto/sdp/words.h"

/* RFC 3551, 6. G722 samples at 16 kHz and has a clock of 8 kHz all the same (4.5.2). */
static const struct rs_sdp_static payloads[] = {
	[0] = { "PCMU", 8000, 1 },
	[3] = { "GSM", 8000, 1 },
	[4] = { "G723", 8000, 1 },
	[5] = { "DVI4", 8000, 1 },
	[6] = { "DVI4", 16000, 1 },
	[7] = { "LPC", 8000, 1 },
	[8] = { "PCMA", 8000, 1 },
	[9] = { "G722", 8000, 1 },
	[10] = { "L16", 44100, 2 },
	[11] = { "L16", 44100, 1 },
	[12] = { "QCELP", 8000, 1 },
	[13] = { "CN", 8000, 1 },
	[14] = { "MPA", 90000, 1 },
	[15] = { "G728", 8000, 1 },
	[16] = { "DVI4", 11025, 1 },
	[17] = { "DVI4", 22050, 1 },
	[18] = { "G729", 8000, 1 },
	[25] = { "CelB", 90000, 1 },
	[26] = { "JPEG", 90000, 1 },
	[28] = { "nv", 90000, 1 },
	[31] = { "H261", 90000, 1 },
	[32] = { "MPV", 90000, 1 },
	[33] = { "MP2T", 90000, 1 },
	[34] = { "H263", 90000, 1 },
};

const struct rs_sdp_static *
rs_sdp_static(unsigned payload)
{
	if (payload >= COUNT(payloads) || payloads[payload].name == NULL)
		return NULL;
	return &payloads[payload];
}

const char *
rs_sdp_proto_name(enum rs_sdp_proto proto)
{
	static const char *const names[RS_SDP_PROTOS] = {
		[RS_SDP_PROTO_OTHER] = "",
		[RS_SDP_RTP_AVP] = "RTP/AVP",
		[RS_SDP_RTP_AVPF] = "RTP/AVPF",
		[RS_SDP_RTP_SAVP] = "RTP/SAVP",
		[RS_SDP_RTP_SAVPF] = "RTP/SAVPF",
		[RS_SDP_DTLS_SAVP] = "UDP/TLS/RTP/SAVP",
		[RS_SDP_DTLS_SAVPF] = "UDP/TLS/RTP/SAVPF",
	};

	return proto < RS_SDP_PROTOS ? names[proto] : "";
}

const char *
rs_sdp_error_name(enum rs_sdp_error error)
{
	static const char *const names[RS_SDP_ERRORS] = {
		[RS_SDP_OK] = "sdp_ok",
		[RS_SDP_ERR_EMPTY] = "sdp_empty",
		[RS_SDP_ERR_LINE] = "sdp_line",
		[RS_SDP_ERR_VERSION] = "sdp_version",
		[RS_SDP_ERR_ORIGIN] = "sdp_origin",
		[RS_SDP_ERR_TIME] = "sdp_time",
		[RS_SDP_ERR_BANDWIDTH] = "sdp_bandwidth",
		[RS_SDP_ERR_CONNECTION] = "sdp_connection",
		[RS_SDP_ERR_NO_CONNECTION] = "sdp_no_connection",
		[RS_SDP_ERR_DUPLICATE] = "sdp_duplicate",
		[RS_SDP_ERR_ORDER] = "sdp_order",
		[RS_SDP_ERR_MEDIA] = "sdp_media",
		[RS_SDP_ERR_PORT] = "sdp_port",
		[RS_SDP_ERR_PAYLOAD] = "sdp_payload",
		[RS_SDP_ERR_RTPMAP] = "sdp_rtpmap",
		[RS_SDP_ERR_RTPMAP_CONFLICT] = "sdp_rtpmap_conflict",
		[RS_SDP_ERR_DIRECTION] = "sdp_direction",
		[RS_SDP_ERR_PTIME] = "sdp_ptime",
		[RS_SDP_ERR_RTCP] = "sdp_rtcp",
		[RS_SDP_ERR_MID] = "sdp_mid",
		[RS_SDP_ERR_SSRC] = "sdp_ssrc",
		[RS_SDP_ERR_CRYPTO_TAG] = "sdp_crypto_tag",
		[RS_SDP_ERR_TOO_LONG] = "sdp_too_long",
		[RS_SDP_ERR_TOO_MANY_MEDIA] = "sdp_too_many_media",
		[RS_SDP_ERR_TOO_MANY_FORMATS] = "sdp_too_many_formats",
		[RS_SDP_ERR_TOO_MANY_ATTRS] = "sdp_too_many_attributes",
	};

	return error < RS_SDP_ERRORS ? names[error] : "sdp_unknown";
}
