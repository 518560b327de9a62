/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTER(row, n, u, h) [row] = { n, u, h, RS_METRIC_COUNTER }
#define GAUGE(row, n, u, h) [row] = { n, u, h, RS_METRIC_GAUGE }
#define HIST(row, n, h) [row] = { n, "ns", h, RS_METRIC_HIST }
/* What the system under test changed, by bit of enum rs_sdp_change. */
#define SDP_CHANGE(bit, n, h)                                                                                          \
	COUNTER(RS_AM_SDP_OFFER + (bit), "sdp_offer_" n, "calls", "Of `sdp_offers`: " h),                              \
		COUNTER(RS_AM_SDP_ANSWER + (bit), "sdp_answer_" n, "calls", "Of `sdp_answers`: " h)

static const struct rs_metric_def engine_defs[RS_ENG_COUNT] = {
	COUNTER(RS_ENG_RECEIVED, "sip_received", "messages", "SIP messages that parsed."),
	COUNTER(RS_ENG_MALFORMED, "sip_malformed", "messages", "Datagrams that are not SIP, or lack what every message must have."),
	COUNTER(RS_ENG_KEEPALIVE, "sip_keepalives", "datagrams", "Datagrams of CRLF or NUL bytes only, or empty ones."),
	COUNTER(RS_ENG_DEAD_CALL, "dead_call", "messages", "Messages for a call that has ended."),
	COUNTER(RS_ENG_OTHER_RUN, "other_run", "messages", "Messages that carry a token of another run."),
	COUNTER(RS_ENG_OUT_OF_CALL, "out_of_call", "messages", "Messages that belong to no call and start none."),
	COUNTER(RS_ENG_NO_ENDPOINT, "no_endpoint", "messages", "Requests to an address and port where no activity answers."),
	COUNTER(RS_ENG_REFUSED, "refused", "calls", "Calls to us that were not taken: a pool was empty, or the run was stopping."),
	COUNTER(RS_ENG_UNREACHABLE, "unreachable", "packets", "ICMP errors that quoted a datagram of ours."),
	GAUGE(RS_ENG_LEGS, "legs", "legs", "Legs that are open or linger."),
	GAUGE(RS_ENG_LINGERING, "legs_lingering", "legs", "Legs in timewait: counted as completed, still answering retransmissions."),
	GAUGE(RS_ENG_LEG_BYTES, "leg_bytes", "bytes", "Memory that the legs have taken from all pools."),
	COUNTER(RS_ENG_POOL_EMPTY, "pool_empty", "times", "An object was wanted and its pool was empty."),
	GAUGE(RS_ENG_STOP_ASKED, "stop_asked", "level", "A scenario asked for the end of the run: 1 gracefully, 2 now."),
	[RS_ENG_BURST_1MS] = { "max_starts_1ms", "calls", "The most calls of all activities started within any 1 ms.", RS_METRIC_MAX },
	[RS_ENG_BURST_10MS] = { "max_starts_10ms", "calls", "The most calls of all activities started within any 10 ms.", RS_METRIC_MAX },
	COUNTER(RS_ENG_AUTO_ANSWERED, "auto_answered", "requests", "Requests out of any call that endpoints answered of their own accord."),
	COUNTER(RS_ENG_REPEATED, "repeated", "messages", "Copies of messages whose transaction is over, answered again or swallowed by tombstones; part of `retransmissions_received` in the report."),
	COUNTER(RS_ENG_STRAY_SENT, "sent_out_of_call", "messages", "Messages sent that belong to no call: answers to requests out of calls, ACKs of tombstones."),
	GAUGE(RS_ENG_TOMBS, "tombstones", "tombstones", "Finished transactions that are remembered."),
	COUNTER(RS_ENG_TOMBS_EARLY, "tombstones_early", "tombstones", "Given up before their time: the plan's rates leave no room for so many."),
	COUNTER(RS_ENG_TRACED, "calls_kept", "calls", "Calls chosen at their start to have their messages kept, whether they failed or not."),
	COUNTER(RS_ENG_CHALLENGE_BROKEN, "challenges_broken", "responses", "Responses 401 and 407 without a challenge that can be read."),
	COUNTER(RS_ENG_CHALLENGE_UNKNOWN, "challenges_unknown", "responses", "Responses 401 and 407 with challenges of a scheme, algorithm or qop that is not built."),
	COUNTER(RS_ENG_BUS_FULL, "bus_full", "messages", "What workers had to tell each other, lost for want of room."),
	GAUGE(RS_ENG_HALVES, "legs_waiting", "legs", "Ended legs that wait here for the other side of their call."),
	COUNTER(RS_ENG_HALVES_EARLY, "legs_early", "legs", "Of those, given up within 64*T1 of their end for want of room: they may count as unmatched although they are not."),
	COUNTER(RS_ENG_REPEATED_SENT, "repeated_sent", "messages", "Of `repeated`: requests that tombstones answered again; part of `retransmitted` in the report."),
	GAUGE(RS_ENG_CLOSING, "legs_closing", "legs", "Legs of calls that are over and whose BYE, CANCEL or refusal is not answered yet (rfc3261 mode)."),
	COUNTER(RS_ENG_ROUTES_LONG, "routes_too_long", "dialogs", "Dialogs along more than 64 proxies: not taken up."),
	COUNTER(RS_ENG_OTHER_DIALOG, "other_dialog", "requests", "Requests in a call of ours whose tags are not those of its dialog, answered with 481 (rfc3261 mode)."),
	GAUGE(RS_ENG_ENDPOINT_BYTES, "endpoint_bytes", "bytes", "Memory of endpoints, their registrations, timers and maps, without strings."),
	GAUGE(RS_ENG_REG_TEXT_BYTES, "registration_text_bytes", "bytes", "What registrations keep as text: nonces, realms, routes."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_NONE, "sdp_agreed", "descriptions", "Never counted."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_OFF, "sdp_off", "descriptions", "Refused: streams that we do not want (any more)."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_PEER, "sdp_refused_by_peer", "descriptions", "Refused by the peer: port 0."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_MEDIA, "sdp_no_such_media", "descriptions", "Refused: no media of the profile is of that type."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_TRANSPORT, "sdp_transport", "descriptions", "Refused: a transport that is none of ours."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_NO_CODEC, "sdp_no_codec", "descriptions", "No codec in common."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_PAYLOAD, "sdp_payload_not_offered", "descriptions", "Answers with nothing that was offered."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_LINE_COUNT, "sdp_line_count", "descriptions", "Answers and re-offers with another number of m-lines (RFC 3264, 6 and 8)."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_LINE_TYPE, "sdp_line_type", "descriptions", "An m-line of an answer is of another type than the one in its place."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_LINE_PROTO, "sdp_line_transport", "descriptions", "Answers that change between RTP and SRTP."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_TOO_LARGE, "sdp_too_large", "descriptions", "A refused m-line whose words are longer than a call keeps: 15 bytes of the type, 39 of transport and format."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_ALL_REFUSED, "sdp_all_refused", "descriptions", "Answers that refuse every m-line."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_NO_CRYPTO, "sdp_no_crypto", "descriptions", "RTP/SAVP without a crypto line, or SRTP required and none there (RFC 4568, 5.1)."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_CRYPTO_FORBIDDEN, "sdp_crypto_forbidden", "descriptions", "RTP/SAVP where the profile forbids SRTP."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_CRYPTO_SUITE, "sdp_crypto_suite", "descriptions", "No SRTP suite that the profile names."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_CRYPTO_TAG, "sdp_crypto_tag_not_offered", "descriptions", "Answers with a crypto tag that was not offered."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_CRYPTO_KEY, "sdp_crypto_malformed", "descriptions", "Crypto lines that are malformed."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_CRYPTO_PARAM, "sdp_crypto_parameters", "descriptions", "Answers with other session parameters than offered."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_NO_OFFER, "sdp_no_offer", "descriptions", "Answers, and nothing had been offered."),
	COUNTER(RS_ENG_SDP_FAIL + RS_SDP_FAIL_GLARE, "sdp_glare", "descriptions", "Offers while ours had no answer: refused with 491 (RFC 3261, 14.2)."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_OK, "broken_sdp_ok", "descriptions", "Never counted."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_EMPTY, "broken_sdp_empty", "descriptions", "Descriptions of peers that cannot be read: empty."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_LINE, "broken_sdp_line", "descriptions", "Descriptions of peers that cannot be read: line."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_VERSION, "broken_sdp_version", "descriptions", "Descriptions of peers that cannot be read: version."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_ORIGIN, "broken_sdp_origin", "descriptions", "Descriptions of peers that cannot be read: origin."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_TIME, "broken_sdp_time", "descriptions", "Descriptions of peers that cannot be read: time."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_BANDWIDTH, "broken_sdp_bandwidth", "descriptions", "Descriptions of peers that cannot be read: bandwidth."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_CONNECTION, "broken_sdp_connection", "descriptions", "Descriptions of peers that cannot be read: connection."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_NO_CONNECTION, "broken_sdp_no_connection", "descriptions", "Descriptions of peers that cannot be read: no connection."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_DUPLICATE, "broken_sdp_duplicate", "descriptions", "Descriptions of peers that cannot be read: duplicate."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_ORDER, "broken_sdp_order", "descriptions", "Descriptions of peers that cannot be read: order."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_MEDIA, "broken_sdp_media", "descriptions", "Descriptions of peers that cannot be read: media."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_PORT, "broken_sdp_port", "descriptions", "Descriptions of peers that cannot be read: port."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_PAYLOAD, "broken_sdp_payload", "descriptions", "Descriptions of peers that cannot be read: payload."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_RTPMAP, "broken_sdp_rtpmap", "descriptions", "Descriptions of peers that cannot be read: rtpmap."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_RTPMAP_CONFLICT, "broken_sdp_rtpmap_conflict", "descriptions", "Descriptions of peers that cannot be read: rtpmap conflict."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_DIRECTION, "broken_sdp_direction", "descriptions", "Descriptions of peers that cannot be read: direction."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_PTIME, "broken_sdp_ptime", "descriptions", "Descriptions of peers that cannot be read: ptime."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_RTCP, "broken_sdp_rtcp", "descriptions", "Descriptions of peers that cannot be read: rtcp."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_MID, "broken_sdp_mid", "descriptions", "Descriptions of peers that cannot be read: mid."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_SSRC, "broken_sdp_ssrc", "descriptions", "Descriptions of peers that cannot be read: ssrc."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_CRYPTO_TAG, "broken_sdp_crypto_tag", "descriptions", "Descriptions of peers that cannot be read: crypto tag."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_TOO_LONG, "broken_sdp_too_long", "descriptions", "Descriptions of peers that cannot be read: too long."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_TOO_MANY_MEDIA, "broken_sdp_too_many_media", "descriptions", "Descriptions of peers that cannot be read: too many media."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_TOO_MANY_FORMATS, "broken_sdp_too_many_formats", "descriptions", "Descriptions of peers that cannot be read: too many formats."),
	COUNTER(RS_ENG_SDP_BROKEN + RS_SDP_ERR_TOO_MANY_ATTRS, "broken_sdp_too_many_attributes", "descriptions", "Descriptions of peers that cannot be read: too many attributes."),
	COUNTER(RS_ENG_SDP_NO_ANSWER, "sdp_no_answer", "messages", "2xx and ACKs without the answer that our offer needs."),
	COUNTER(RS_ENG_SDP_NOT_TARGET, "sdp_not_target", "descriptions", "Descriptions with a media address outside `targets`, by name or of the other address family."),
	COUNTER(RS_ENG_SDP_ODD, "sdp_odd", "descriptions", "Descriptions of peers against RFC 3264 that were taken all the same."),
	COUNTER(RS_ENG_SDP_UNSAID, "sdp_unsaid", "descriptions", "Descriptions of ours that could not be written."),
};
const struct rs_metric_table rs_engine_metrics_table = { "engine", "worker", engine_defs, RS_ENG_COUNT };

static const struct rs_metric_def activity_defs[RS_AM_COUNT] = {
	COUNTER(RS_AM_OFFERED, "offered", "calls", "Arrivals that fell due (placing), or calls that came (answering)."),
	COUNTER(RS_AM_NOT_STARTED, "not_started", "calls", "Offered calls that were not started."),
	COUNTER(RS_AM_STARTED, "started", "calls", "Calls that were started."),
	COUNTER(RS_AM_ESTABLISHED, "established", "calls", "Calls in which a 2xx to the INVITE was sent or received."),
	COUNTER(RS_AM_COMPLETED, "completed", "calls", "Calls whose scenario reached its end as written."),
	COUNTER(RS_AM_FAILED, "failed", "calls", "Calls that ended in any other way; their causes are counted by step."),
	GAUGE(RS_AM_OPEN, "open", "calls", "Calls that are open now."),
	[RS_AM_PEAK] = { "peak", "calls", "The most that were open at once on this worker.", RS_METRIC_MAX },
	COUNTER(RS_AM_NOT_LIMIT, "not_started_limit", "calls", "Not started: `limit` or `max_calls` was reached."),
	COUNTER(RS_AM_NOT_IDLE, "not_started_idle", "calls", "Not started: no callee was idle."),
	COUNTER(RS_AM_NOT_MEMORY, "not_started_memory", "calls", "Not started: a pool was empty."),
	COUNTER(RS_AM_SIP_SENT, "sip_sent", "messages", "Messages sent for the first time."),
	COUNTER(RS_AM_SIP_RECEIVED, "sip_received", "messages", "Messages received within calls."),
	COUNTER(RS_AM_SIP_RETRANSMITTED, "sip_retransmitted", "messages", "Messages sent again."),
	COUNTER(RS_AM_SIP_RETRANS_RECEIVED, "sip_retransmissions_received", "messages", "Messages that came again."),
	COUNTER(RS_AM_SIP_UNEXPECTED, "sip_unexpected", "messages", "Messages that the scenario did not expect where they came."),
	COUNTER(RS_AM_SIP_LOST, "sip_lost", "messages", "Messages dropped on purpose (lost=)."),
	COUNTER(RS_AM_AUTO_ANSWERED, "sip_auto_answered", "messages", "Requests answered outside the scenario."),
	COUNTER(RS_AM_M_OFFERED, "measured_offered", "calls", "As `offered`, in the measured window."),
	COUNTER(RS_AM_M_NOT_STARTED, "measured_not_started", "calls", "As `not_started`, in the measured window."),
	COUNTER(RS_AM_M_STARTED, "measured_started", "calls", "As `started`, in the measured window."),
	COUNTER(RS_AM_M_ESTABLISHED, "measured_established", "calls", "As `established`, in the measured window."),
	COUNTER(RS_AM_M_COMPLETED, "measured_completed", "calls", "As `completed`, in the measured window."),
	COUNTER(RS_AM_M_FAILED, "measured_failed", "calls", "As `failed`, in the measured window."),
	HIST(RS_AM_TRYING, "trying", "INVITE to 100."),
	HIST(RS_AM_POST_DIAL, "post_dial", "INVITE to the first 18x or final response (RFC 6076, 4.3)."),
	HIST(RS_AM_ANSWER, "answer", "INVITE to 2xx."),
	HIST(RS_AM_DISCONNECT, "disconnect", "BYE to its final response (RFC 6076, 4.4)."),
	HIST(RS_AM_RESPONSE, "response", "The first request of another method (OPTIONS, MESSAGE ...) to its final response."),
	HIST(RS_AM_LATENESS, "lateness", "A call's due time to the transmit burst of its first message."),
	HIST(RS_AM_POST_DIAL_ALL, "post_dial_all", "As `post_dial`, of the whole run: for intervals."),
	COUNTER(RS_AM_TAINTED, "tainted", "calls", "Ended calls that overlapped an interval which control had found limited by the generator."),
	COUNTER(RS_AM_TAINTED_FAILED, "tainted_failed", "calls", "Those of them that failed."),
	COUNTER(RS_AM_M_TAINTED, "measured_tainted", "calls", "As `tainted`, in the measured window."),
	COUNTER(RS_AM_M_TAINTED_FAILED, "measured_tainted_failed", "calls", "As `tainted_failed`, in the measured window."),
	HIST(RS_AM_LATENESS_GAP, "lateness_gap", "The part of `lateness` of calls that fell due while the machine had the core, or while what had piled up then was caught up with."),
	COUNTER(RS_AM_SIP_REORDERED, "sip_reordered", "messages", "Provisional responses that came behind the final one (rfc3261 mode)."),
	COUNTER(RS_AM_SESSION_REFRESHES, "session_refreshes", "requests", "UPDATEs and re-INVITEs that refreshed a session timer."),
	COUNTER(RS_AM_FORKS_ENDED, "forks_ended", "dialogs", "2xx of further branches of a fork, acknowledged and hung up (RFC 3261, 13.2.2.4)."),
	COUNTER(RS_AM_AUTHENTICATED, "authenticated", "requests", "Requests sent again with credentials, after a challenge."),
	GAUGE(RS_AM_OVER, "over", "workers", "1 on a worker where the activity has reached its end: nothing more comes, nothing is open."),
	[RS_AM_BURST_1MS] = { "max_starts_1ms", "calls", "The most calls started within any 1 ms on this worker.", RS_METRIC_MAX },
	[RS_AM_BURST_10MS] = { "max_starts_10ms", "calls", "The most calls started within any 10 ms on this worker.", RS_METRIC_MAX },
	COUNTER(RS_AM_REG_OFFERED, "registrations_offered", "registrations", "Endpoints whose first registration fell due."),
	COUNTER(RS_AM_REG_DONE, "registrations_done", "registrations", "First registrations that succeeded."),
	COUNTER(RS_AM_REG_FAILED, "registrations_failed", "registrations", "First registrations that did not."),
	COUNTER(RS_AM_REG_REFRESHED, "refreshes_done", "registrations", "Refreshes that succeeded."),
	COUNTER(RS_AM_REG_REFRESH_FAILED, "refreshes_failed", "registrations", "Refreshes that did not."),
	COUNTER(RS_AM_REG_ENDED, "unregistrations_done", "registrations", "Bindings removed at the end."),
	COUNTER(RS_AM_REG_END_FAILED, "unregistrations_failed", "registrations", "Bindings whose removal was refused or not answered."),
	COUNTER(RS_AM_REG_CHALLENGED, "registrations_challenged", "challenges", "401 and 407 to a REGISTER."),
	COUNTER(RS_AM_M_REG_STARTED, "measured_registrations", "registrations", "Registrations, refreshes and ends that began in the measured window."),
	COUNTER(RS_AM_M_REG_FAILED, "measured_registrations_failed", "registrations", "Registrations, refreshes and ends of the measured window that failed."),
	GAUGE(RS_AM_REG_ACTIVE, "registered", "endpoints", "Endpoints that are registered now."),
	[RS_AM_REG_PEAK] = { "registered_peak", "endpoints", "The most that were registered at once on this worker.", RS_METRIC_MAX },
	GAUGE(RS_AM_REG_UNDER_WAY, "registering", "endpoints", "REGISTER transactions under way."),
	GAUGE(RS_AM_REG_ENDING, "unregistering", "flag", "1 while bindings are being removed."),
	HIST(RS_AM_REGISTER, "register", "First REGISTER to the 200, challenges included (RFC 6076, 4.1)."),
	HIST(RS_AM_REFRESH, "refresh", "The same of refreshes."),
	COUNTER(RS_AM_REG_TAINTED, "registrations_tainted", "registrations", "Of those of the measured window: ended, and overlapped an interval which control had found limited by the generator."),
	COUNTER(RS_AM_REG_TAINTED_FAILED, "registrations_tainted_failed", "registrations", "Those of them that failed."),
	COUNTER(RS_AM_LEGS, "legs_ended", "legs", "Ended calls whose INVITE was sent (placing) or received (answering), where legs are matched."),
	COUNTER(RS_AM_LEGS_UP, "legs_established", "legs", "Those of them that were established."),
	COUNTER(RS_AM_LEGS_MATCHED, "legs_matched", "legs", "Those of `legs_ended` that found the other side of their call."),
	COUNTER(RS_AM_LEGS_MATCHED_UP, "legs_matched_established", "legs", "Those of `legs_established` that did."),
	COUNTER(RS_AM_LEGS_NO_KEY, "legs_without_key", "legs", "Those of `legs_ended` whose INVITE lacks what `run.legs` says."),
	COUNTER(RS_AM_LEGS_WRONG, "legs_wrong_endpoint", "legs", "Matched placed calls that another endpoint answered than the one that was picked."),
	HIST(RS_AM_LEG_INVITE, "leg_invite", "What the system under test added to INVITE: the caller's transmit burst to the callee's receive burst."),
	HIST(RS_AM_LEG_OK, "leg_ok", "The same of the 200 to it, from the callee to the caller."),
	HIST(RS_AM_LEG_BYE, "leg_bye", "The same of BYE, from whoever hung up to the other side."),
	COUNTER(RS_AM_SDP_OFFERS, "sdp_offers", "calls", "Matched placed calls with media whose first offer was compared, as one side sent it and as the other received it."),
	COUNTER(RS_AM_SDP_ANSWERS, "sdp_answers", "calls", "Of them, the answer to it, too."),
	COUNTER(RS_AM_SDP_UNCOMPARED, "sdp_uncompared", "calls", "Those with an offer or an answer that is on one side only, was offered the other way round there, or is too long to compare."),
	SDP_CHANGE(0, "origin", "o= has another user, id or version."),
	SDP_CHANGE(1, "name", "s= is another one."),
	SDP_CHANGE(2, "address", "an m-line's address (c= at either level) is another one."),
	SDP_CHANGE(3, "family", "from IPv4 to IPv6, or back."),
	SDP_CHANGE(4, "port", "an m-line's port is another one."),
	SDP_CHANGE(5, "rtcp_port", "the RTCP port does not follow the RTP port as it did."),
	SDP_CHANGE(6, "rtcp_mux", "`rtcp-mux` was taken out, or put in."),
	SDP_CHANGE(7, "lines_dropped", "m-lines are gone."),
	SDP_CHANGE(8, "lines_added", "there are more m-lines."),
	SDP_CHANGE(9, "line_refused", "an m-line's port was set to 0."),
	SDP_CHANGE(10, "type", "an m-line has another media type."),
	SDP_CHANGE(11, "transport", "an m-line has another transport (RTP/AVP, RTP/SAVP and the like)."),
	SDP_CHANGE(12, "codecs_dropped", "codecs are gone."),
	SDP_CHANGE(13, "codecs_added", "codecs were put in."),
	SDP_CHANGE(14, "codecs_reordered", "those in both stand in another order."),
	SDP_CHANGE(15, "payload_type", "a codec has another payload type."),
	SDP_CHANGE(16, "fmtp", "a codec has another `fmtp`."),
	SDP_CHANGE(17, "ptime", "`ptime` or `maxptime` is another one."),
	SDP_CHANGE(18, "direction", "the direction is another one."),
	SDP_CHANGE(19, "crypto_dropped", "crypto lines are gone: fewer suites."),
	SDP_CHANGE(20, "crypto_added", "crypto lines of suites that were not there."),
	SDP_CHANGE(21, "keys", "a suite has another key, tag or parameter."),
	SDP_CHANGE(22, "crypto_reordered", "suites in both stand in another order."),
	SDP_CHANGE(23, "fingerprint", "`fingerprint` or `setup` is another one."),
	SDP_CHANGE(24, "bandwidth", "b= is another one."),
	SDP_CHANGE(25, "attributes_dropped", "attributes that no other row is about are gone."),
	SDP_CHANGE(26, "attributes_added", "there are such that were not there."),
	SDP_CHANGE(27, "attributes_changed", "such have another value."),
};
const struct rs_metric_table rs_activity_metrics_table = { "activity", "worker,activity", activity_defs, RS_AM_COUNT };

static const struct rs_metric_def step_defs[RS_SM_COUNT] = {
	COUNTER(RS_SM_MESSAGES, "messages", "messages", "Sent, received or played for the first time at this step."),
	COUNTER(RS_SM_RETRANS, "retransmissions", "messages", "Sent or received again."),
	COUNTER(RS_SM_TIMEOUTS, "timeouts", "times", "Nothing came in time."),
	COUNTER(RS_SM_UNEXPECTED, "unexpected", "messages", "Something else came."),
	COUNTER(RS_SM_LOST, "lost", "messages", "Dropped on purpose."),
};
const struct rs_metric_table rs_step_metrics_table = { "step", "worker,activity,step", step_defs, RS_SM_COUNT };

static const struct rs_metric_def rtd_defs[1] = {
	HIST(0, "response_time", "A scenario's own timer (start_rtd to rtd)."),
};
const struct rs_metric_table rs_rtd_metrics_table = { "rtd", "worker,activity,timer", rtd_defs, 1 };

static const struct {
	const char *name, *help;
} causes[RS_CAUSE_RESPONSE + 1] = {
	[RS_CAUSE_NONE] = { "none", "The call did not fail." },
	[RS_CAUSE_TIMEOUT] = { "timeout", "What a recv waits for did not come in time." },
	[RS_CAUSE_RETRANSMISSIONS] = { "retransmissions", "No answer to the last retransmission." },
	[RS_CAUSE_UNEXPECTED] = { "unexpected message", "A message came that the scenario does not expect there." },
	[RS_CAUSE_BYE] = { "unexpected BYE", "The peer hung up where the scenario does not expect it." },
	[RS_CAUSE_CANCEL] = { "unexpected CANCEL", "The peer cancelled where the scenario does not expect it." },
	[RS_CAUSE_CHECK] = { "check", "An ereg, test or strcmp with check_it did not hold." },
	[RS_CAUSE_ERROR_ACTION] = { "error action", "The scenario's <error> was reached." },
	[RS_CAUSE_LOOP] = { "loop", "The scenario ran 1,000 steps without waiting for anything." },
	[RS_CAUSE_NO_ROUTE] = { "no route", "No route to the destination, or its neighbour does not answer." },
	[RS_CAUSE_NOT_TARGET] = { "not a target", "The destination is not among the plan's `targets`." },
	[RS_CAUSE_UNREACHABLE] = { "unreachable", "ICMP said that the destination does not take our datagrams." },
	[RS_CAUSE_NO_BUFFER] = { "no buffer", "No packet buffer, or the transmit queue was full." },
	[RS_CAUSE_NO_MEMORY] = { "no memory", "A pool of the worker was empty." },
	[RS_CAUSE_TOO_LONG] = { "too long", "A message does not fit a datagram, even in fragments." },
	[RS_CAUSE_STOPPED] = { "stopped", "The call was ended by `stop`." },
	[RS_CAUSE_SESSION_EXPIRED] = { "session expired", "The session timer ran out: nobody refreshed it, or the refresh failed (RFC 4028, 10)." },
	[RS_CAUSE_CANCELLED_LATE] = { "cancelled too late", "The CANCEL crossed a 2xx: acknowledged and hung up (RFC 3261, 9.1)." },
	[RS_CAUSE_MEDIA] = { "media not agreed", "Offer and answer come to nothing; the engine's counters `sdp_...` say why." },
	[RS_CAUSE_MEDIA_TARGET] = { "media not a target", "The peer wants media at an address that is not among the plan's `targets`." },
	[RS_CAUSE_NO_MEDIA_PORT] = { "no media port", "No pair of RTP ports was free, or no memory for the call's media." },
	[RS_CAUSE_DESTINATION] = { "bad destination",
		"A <setdest> said no address and port, or another transport than the call's; over streams calls need connections of their own (`connections = \"call\"`)." },
	[RS_CAUSE_NOT_CONNECTED] = { "not connected", "The endpoint's connection is down, and the time to open it again has not come." },
	[RS_CAUSE_RESPONSE] = { "response", "A final response of 300 to 699 that the scenario does not expect; the code follows." },
};

const char *
rs_cause_name(uint32_t cause, char *buf, size_t cap)
{
	if (cause >= RS_CAUSE_RESPONSE)
		snprintf(buf, cap, "response %u", cause - RS_CAUSE_RESPONSE + 300);
	else if (cause >= RS_CAUSE_CONNECTION)
		snprintf(buf, cap, "connection %s", rs_conn_cause_name((enum rs_conn_cause)(cause - RS_CAUSE_CONNECTION)));
	else
		snprintf(buf, cap, "%s", causes[cause].name);
	return buf;
}

const char *
rs_cause_help(uint32_t cause)
{
	if (cause >= RS_CAUSE_CONNECTION && cause < RS_CAUSE_RESPONSE)
		return "The connection was not to be had, or ended while an answer was due on it, for the reason named.";
	return causes[cause < RS_CAUSE_RESPONSE ? cause : RS_CAUSE_RESPONSE].help;
}

static int
metrics_array(struct rs_metrics **out, uint32_t n, const struct rs_metric_table *table)
{
	*out = calloc(n ? n : 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		int rc = rs_metrics_init(&(*out)[i], table);

		if (rc)
			return rc;
	}
	return 0;
}

int
rs_program_account_init(struct rs_program_account *a, const struct rs_program *p)
{
	int rc;

	a->n_steps = p->n_steps;
	a->n_rtds = p->n_rtds;
	a->n_counters = p->n_counters;
	rc = metrics_array(&a->steps, p->n_steps, &rs_step_metrics_table);
	if (rc == 0)
		rc = metrics_array(&a->rtds, p->n_rtds, &rs_rtd_metrics_table);
	if (rc)
		return rc;
	a->counters = calloc(p->n_counters ? p->n_counters : 1, sizeof(*a->counters));
	a->failures = calloc((size_t)(p->n_steps + 1) * RS_CAUSES, sizeof(*a->failures));
	return a->counters && a->failures ? 0 : -ENOMEM;
}

void
rs_program_account_fini(struct rs_program_account *a)
{
	for (uint32_t s = 0; a->steps && s < a->n_steps; s++)
		rs_metrics_fini(&a->steps[s]);
	for (uint32_t s = 0; a->rtds && s < a->n_rtds; s++)
		rs_metrics_fini(&a->rtds[s]);
	free(a->steps);
	free(a->rtds);
	free(a->counters);
	free(a->failures);
	*a = (struct rs_program_account){ 0 };
}

static int
activity_create(struct rs_activity_account *a, const struct rs_program *p)
{
	int rc = rs_metrics_init(&a->cells, &rs_activity_metrics_table);

	if (rc == 0)
		rc = rs_metrics_init(&a->media, &rs_media_metrics_table);
	return rc ? rc : rs_program_account_init(&a->program, p);
}

static void
activity_free(struct rs_activity_account *a)
{
	rs_metrics_fini(&a->cells);
	rs_metrics_fini(&a->media);
	rs_program_account_fini(&a->program);
	*a = (struct rs_activity_account){ 0 };
}

int
rs_account_add(struct rs_account *a, const struct rs_program *p)
{
	struct rs_activity_account *x = &a->activities[a->n_activities];
	int rc;

	if (a->n_activities == a->cap_activities)
		return -ENOSPC;
	rc = activity_create(x, p);
	if (rc)
		activity_free(x);
	else
		a->n_activities++;
	return rc;
}

int
rs_account_create(const struct rs_plan *plan, struct rs_account **out)
{
	struct rs_account *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return -ENOMEM;
	a->cap_activities = plan->n_activities + RS_LATE_ACTIVITIES;
	a->activities = calloc(a->cap_activities, sizeof(*a->activities));
	rc = a->activities ? rs_metrics_init(&a->engine, &rs_engine_metrics_table) : -ENOMEM;
	if (rc == 0)
		rc = rs_metrics_init(&a->media, &rs_media_worker_metrics_table);
	if (rc == 0)
		rc = rs_metrics_init(&a->flows, &rs_flow_metrics_table);
	for (uint32_t i = 0; rc == 0 && i < plan->n_activities; i++)
		rc = rs_account_add(a, plan->activities[i].program);
	if (rc) {
		rs_account_free(a);
		return rc;
	}
	*out = a;
	return 0;
}

uint64_t
rs_account_bytes(const struct rs_plan *plan)
{
	uint64_t n = rs_metrics_bytes(&rs_engine_metrics_table) + rs_metrics_bytes(&rs_media_worker_metrics_table) +
		rs_metrics_bytes(&rs_flow_metrics_table);

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_program *p = plan->activities[i].program;

		n += rs_metrics_bytes(&rs_activity_metrics_table) + rs_metrics_bytes(&rs_media_metrics_table) +
			p->n_steps * rs_metrics_bytes(&rs_step_metrics_table) +
			p->n_rtds * rs_metrics_bytes(&rs_rtd_metrics_table) +
			((p->n_steps + 1) * (uint64_t)RS_CAUSES + p->n_counters) * sizeof(uint64_t);
	}
	return n;
}

void
rs_account_free(struct rs_account *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; a->activities && i < a->n_activities; i++)
		activity_free(&a->activities[i]);
	rs_metrics_fini(&a->engine);
	rs_metrics_fini(&a->media);
	rs_metrics_fini(&a->flows);
	free(a->activities);
	free(a);
}
