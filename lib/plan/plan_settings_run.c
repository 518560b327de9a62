/* SPDX-License-Identifier: BSD-3-Clause */
/* The run, what it is judged by, and its thresholds. */
#include "plan/plan.h"
#include "plan/plan_settings.h"

const struct rs_word rs_mode_words[] = {
	[RS_MODE_SIPP] = { "sipp", NULL }, [RS_MODE_RFC3261] = { "rfc3261", NULL }, { NULL, NULL }
};

static const struct rs_setting health_settings[] = {
	{ .name = "busy_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		RS_FIELD(struct rs_plan, health.busy_percent),
		.standard = "95",
		.meaning = "Part of a worker's time that its work may take." },
	{ .name = "lateness_p99_ms",
		.type = RS_SET_FLOAT,
		.unit = "ms",
		.max = 86400000,
		RS_FIELD(struct rs_plan, health.lateness_p99_ms),
		.standard = "20",
		.meaning = "How late calls may start: 99th percentile of the second." },
	{ .name = "media_lateness_p99_ms",
		.type = RS_SET_FLOAT,
		.unit = "ms",
		.max = 86400000,
		RS_FIELD(struct rs_plan, health.media_lateness_p99_ms),
		.standard = "10",
		.meaning =
			"How late packets of media may be sent: 99th percentile of the second, gaps of the machine apart; with them five times "
			"as much." },
	{ .name = "gap_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		RS_FIELD(struct rs_plan, health.gap_percent),
		.standard = "25",
		.meaning =
			"Part of the second for which the machine may take the core from a worker." },
	{ .name = "drops",
		.type = RS_SET_FLOAT,
		.unit = "packets",
		.max = 1000000000,
		RS_FIELD(struct rs_plan, health.drops),
		.standard = "0",
		.meaning =
			"Packets that may be lost on our side, those that a port missed included." },
	{ .name = "not_started",
		.type = RS_SET_FLOAT,
		.unit = "calls",
		.max = 1000000000,
		RS_FIELD(struct rs_plan, health.not_started),
		.standard = "0",
		.meaning = "Calls that may fail to start for want of our own memory." },
};
static const uint32_t n_health_settings = RS_COUNT(health_settings);
const struct rs_section rs_group_health = { .name = "health",
	.settings = health_settings,
	.n_settings = &n_health_settings,
	.shape = RS_SECTION_GROUP,
	.meaning =
		"A second in which one of these is exceeded is limited by the generator: what it measured says nothing about the "
		"system under test." };

static const struct rs_setting keep_settings[] = {
	{ .name = "share",
		.type = RS_SET_FLOAT,
		.max = 1,
		RS_FIELD(struct rs_plan, trace_share),
		.standard = "1.0",
		.meaning = "Part of the calls, drawn when they start." },
	{ .name = "calls",
		.type = RS_SET_INT,
		.max = 100000,
		.unit = "calls",
		RS_FIELD(struct rs_plan, trace_calls),
		.standard = "64",
		.meaning = "At most so many at a time on one worker; 0: none." },
	{ .name = "rate",
		.type = RS_SET_INT,
		.min = 1,
		.max = 1000000,
		.unit = "calls/s",
		RS_FIELD(struct rs_plan, trace_rate),
		.standard = "500",
		.meaning = "At most so many new ones a second on one worker." },
};
static const uint32_t n_keep_settings = RS_COUNT(keep_settings);
const struct rs_section rs_group_keep_messages = { .name = "keep_messages",
	.settings = keep_settings,
	.n_settings = &n_keep_settings,
	.shape = RS_SECTION_GROUP,
	.meaning =
		"The messages of some calls are kept while they are open; of those that fail, some of each cause are shown with "
		"their messages by loadctl calls --failed and in the report." };

const struct rs_setting rs_settings_run[] = {
	{ .name = "seed",
		.type = RS_SET_INT,
		.min = 0,
		.max = INT64_MAX,
		RS_FIELD(struct rs_plan, seed),
		.standard = "1",
		.meaning = "The same seed offers the same calls." },
	{ .name = "warmup",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, warmup_ns),
		.standard = "\"0s\"",
		.meaning =
			"Time before measure; its calls count, but have no part in latencies, percentages and thresholds." },
	{ .name = "measure",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, measure_ns),
		.derived = true,
		.standard = "the whole run",
		.meaning = "The time that is judged; the run ends after warmup + measure." },
	{ .name = "drain",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, drain_ns),
		.standard = "\"32s\"",
		.meaning = "How long open calls may go on at the end before they are hung up." },
	{ .name = "max_calls",
		.type = RS_SET_INT,
		.min = 1,
		.max = 100000000,
		.unit = "calls",
		RS_FIELD(struct rs_plan, max_calls),
		.standard = "100000",
		.meaning = "Most calls open at a time, of all activities together." },
	{ .name = "max_rate",
		.type = RS_SET_FLOAT,
		.unit = "calls/s",
		.min = 0,
		.max = 100000000,
		RS_FIELD(struct rs_plan, max_rate_hz),
		.standard = "0",
		.meaning = "The ceiling that the rates of all activities together may not pass, loadctl's and what "
			"makes up for a stall included; 0: none." },
	{ .name = "catch_up",
		.type = RS_SET_FLOAT,
		.min = 1,
		.max = 1000,
		RS_FIELD(struct rs_plan, catch_up),
		.standard = "2.0",
		.meaning =
			"After a stall, calls that are late start at no more than so many times the rate." },
	{ .name = "reports",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan, reports),
		.derived = true,
		.standard = "the last 16, in memory",
		.meaning = "Directory that reports are kept in." },
	{ .name = "mode",
		.type = RS_SET_WORD,
		.words = rs_mode_words,
		RS_FIELD(struct rs_plan, mode),
		.standard = "\"sipp\"",
		.meaning =
			"How messages find the calls that wait for them, unless the activity says it: as SIPp does it, or by client "
			"and server transactions with retransmissions, dialogs and what a user agent does by itself (\"rfc3261\")." },
	{ .name = "t1",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, t1_ns),
		.standard = "\"500ms\"",
		.meaning =
			"rfc3261: estimate of the round-trip time (RFC 3261, 17.1.1.1); a request is given up after 64 of it." },
	{ .name = "t2",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, t2_ns),
		.standard = "\"4s\"",
		.meaning =
			"rfc3261: longest time between two retransmissions, INVITE requests aside." },
	{ .name = "t4",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan, t4_ns),
		.standard = "\"5s\"",
		.meaning = "rfc3261: longest time that a message stays in the network." },
	{ .name = "legs",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.standard = "\"auto\"",
		.meaning =
			"What a placed call and the call that answers it are matched by: \"called user\", \"calling user\", "
			"\"session-id\", \"user-to-user\", or the name of a header that the system under test passes on, such as "
			"\"X-Call-Ref\"; \"none\": they are not. \"auto\": by the called user, where an activity calls a group that "
			"this plan answers." },
	{ .name = "limited_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		RS_FIELD(struct rs_plan, limited_percent),
		.standard = "5",
		.meaning =
			"More measured seconds than this in which the generator itself was the limit make the run \"generator "
			"limited\"; fewer are listed, and their calls marked." },
	{ .name = "health",
		.type = RS_SET_GROUP,
		.group = &rs_group_health,
		.meaning =
			"Beyond these a second of the run counts as limited by the generator; see below." },
	{ .name = "keep_messages",
		.type = RS_SET_GROUP,
		.group = &rs_group_keep_messages,
		.meaning =
			"Calls whose messages are kept, to explain them should they fail; see below." },
	{ .name = "thresholds",
		.type = RS_SET_GROUP,
		.group = &rs_group_thresholds,
		.offset = RS_SET_CUSTOM,
		.meaning = "What makes a run fail; see below." },
};
const uint32_t rs_n_settings_run = RS_COUNT(rs_settings_run);

const struct rs_setting rs_plan_thresholds[] = {
	{ .name = "failed_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		.offset = RS_SET_CUSTOM,
		.standard = "0.0",
		.meaning = "Most failed calls, of those started." },
	{ .name = "not_started_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		.offset = RS_SET_CUSTOM,
		.meaning = "Most calls not started, of those offered." },
	{ .name = "min_mos",
		.type = RS_SET_FLOAT,
		.min = 1,
		.max = 5,
		.offset = RS_SET_CUSTOM,
		.meaning = "Least mean opinion score of the streams received, by the E-model (G.107, of wide-band codecs G.107.1): of the worst one." },
	{ .name = "max_loss_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		.offset = RS_SET_CUSTOM,
		.meaning = "Most packets lost, of those expected by all streams received together." },
	{ .name = "max_jitter_ms",
		.type = RS_SET_FLOAT,
		.unit = "ms",
		.max = 86400000,
		.offset = RS_SET_CUSTOM,
		.meaning = "Largest jitter (RFC 3550) of a stream received: of the worst one." },
	{ .name = "one_way_audio_percent",
		.type = RS_SET_FLOAT,
		.unit = "%",
		.max = 100,
		.offset = RS_SET_CUSTOM,
		.meaning = "Most streams to which nothing came while they sent, of those that were to receive." },
};
const uint32_t rs_plan_n_thresholds = RS_COUNT(rs_plan_thresholds);
const struct rs_section rs_group_thresholds = { .name = "thresholds",
	.settings = rs_plan_thresholds,
	.n_settings = &rs_plan_n_thresholds,
	.shape = RS_SECTION_GROUP,
	.meaning = "A run fails when one of these is above its bound; min_mos: below it. Streams are judged when they end, those of calls whose "
		"due time lies in measure." };

const char *const rs_plan_latencies[] = { "trying", "post_dial", "answer", "disconnect", "response",
	"register", "refresh", NULL };
const char *const rs_plan_stats[] = { "mean", "p50", "p90", "p99", "p999", "max", NULL };
