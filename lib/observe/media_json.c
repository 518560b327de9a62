/* SPDX-License-Identifier: BSD-3-Clause */
/* Media in the report: streams, packets and what became of them, of all activities together and of each. */
#include "observe/internal.h"

struct member {
	const char *name;
	uint32_t row;
};
struct group {
	const char *name;
	const struct member *members;
};

static const struct member streams[] = { { "started", RS_MEDIA_STARTED },
	{ "ended", RS_MEDIA_ENDED }, { "open", RS_MEDIA_OPEN }, { "peak", RS_MEDIA_PEAK },
	{ "secure", RS_MEDIA_SECURE }, { "judged", RS_MEDIA_JUDGED }, { "rated", RS_MEDIA_RATED }, { "no_factors", RS_MEDIA_NO_FACTORS },
	{ "no_robustness", RS_MEDIA_NO_BPL },
	{ "one_way_audio", RS_MEDIA_ONE_WAY }, { "silent", RS_MEDIA_NEVER_HEARD },
	{ "media_timeouts", RS_MEDIA_TIMED_OUT }, { "crossed", RS_MEDIA_CROSSED_STREAMS },
	{ "transcoded_or_stripped", RS_MEDIA_TRANSCODED }, { "latched", RS_MEDIA_LATCHED }, { 0 } };
static const struct member packets[] = { { "sent", RS_MEDIA_SENT },
	{ "received", RS_MEDIA_RECEIVED }, { "expected", RS_MEDIA_EXPECTED },
	{ "missing", RS_MEDIA_LOST }, { "duplicates", RS_MEDIA_DUPLICATES },
	{ "reordered", RS_MEDIA_REORDERED }, { "late", RS_MEDIA_LATE },
	{ "while_held", RS_MEDIA_HELD }, { "stale", RS_MEDIA_STALE },
	{ "crossed", RS_MEDIA_CROSSED }, { "own", RS_MEDIA_ECHOED },
	{ "watermarked", RS_MEDIA_MARKED }, { "without_watermark", RS_MEDIA_ABSENT },
	{ "broken_watermark", RS_MEDIA_BROKEN }, { "echoed", RS_MEDIA_ECHO_SENT },
	{ "unknown_payload_type", RS_MEDIA_PT_UNKNOWN },
	{ "payload_type_changes", RS_MEDIA_PT_CHANGED }, { "ssrc_changes", RS_MEDIA_SSRC_CHANGED },
	{ "restarts", RS_MEDIA_RESTARTED }, { "timestamp_jumps", RS_MEDIA_TS_JUMPS },
	{ "wrong_source", RS_MEDIA_WRONG_SOURCE }, { "unreachable", RS_MEDIA_UNREACHABLE },
	{ "udptl_sent", RS_MEDIA_UDPTL_SENT }, { "udptl_received", RS_MEDIA_UDPTL_RECEIVED }, { 0 } };
static const struct member bytes[] = { { "sent", RS_MEDIA_SENT_BYTES },
	{ "received", RS_MEDIA_RECEIVED_BYTES }, { 0 } };
static const struct member bad[] = { { "short", RS_MEDIA_SHORT }, { "version", RS_MEDIA_VERSION },
	{ "header", RS_MEDIA_HEADER }, { "wrong_port", RS_MEDIA_WRONG_PORT },
	{ "other_ssrc", RS_MEDIA_OTHER_SSRC }, { "sequence", RS_MEDIA_BAD_SEQ }, { 0 } };
static const struct member not_sent[] = { { "no_buffer", RS_MEDIA_NO_BUFFER },
	{ "not_target", RS_MEDIA_NOT_TARGET }, { "no_route", RS_MEDIA_NO_ROUTE },
	{ "key_used_up", RS_MEDIA_KEY_USED_UP }, { 0 } };
static const struct member not_started[] = { { "no_ports", RS_MEDIA_NO_PORTS },
	{ "no_memory", RS_MEDIA_NO_MEMORY }, { "no_address", RS_MEDIA_NO_ADDRESS },
	{ "no_keys", RS_MEDIA_NO_KEYS }, { 0 } };
static const struct member srtp[] = { { "auth_failed", RS_MEDIA_AUTH_FAILED },
	{ "replayed", RS_MEDIA_REPLAYED }, { "too_old", RS_MEDIA_TOO_OLD },
	{ "other", RS_MEDIA_SRTP_OTHER }, { "wrong_on_purpose", RS_MEDIA_WRONG_SENT }, { 0 } };
static const struct member rtcp[] = { { "sent", RS_MEDIA_RTCP_SENT },
	{ "received", RS_MEDIA_RTCP_RECEIVED }, { "bad", RS_MEDIA_RTCP_BAD },
	{ "byes", RS_MEDIA_RTCP_BYE }, { 0 } };
static const struct member dtmf[] = { { "sent", RS_MEDIA_DIGITS_SENT },
	{ "events_received", RS_MEDIA_DIGITS_HEARD }, { "inband_received", RS_MEDIA_DIGITS_INBAND },
	{ 0 } };
static const struct member impaired[] = { { "lost", RS_MEDIA_IMPAIRED_LOST },
	{ "duplicated", RS_MEDIA_IMPAIRED_DUPLICATED }, { "delayed", RS_MEDIA_IMPAIRED_DELAYED },
	{ 0 } };

static const struct group groups[] = { { "streams", streams }, { "packets", packets },
	{ "bytes", bytes }, { "bad", bad }, { "not_sent", not_sent },
	{ "not_started", not_started }, { "srtp", srtp }, { "rtcp", rtcp }, { "dtmf", dtmf },
	{ "impaired", impaired } };

uint64_t
view_media(const struct view *v, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++)
		n += snapshot_media(v->o, v->image, a)[row];
	return n;
}

static uint64_t
view_worker(const struct view *v, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < v->o->what.n_workers; w++)
		n += snapshot_media_worker(v->o, v->image, w)[row];
	return n;
}

static bool
has_media(const struct rs_plan_activity *a)
{
	return a->media >= 0;
}

const struct rs_hist_sum *
view_media_hist(struct view *v, uint32_t row, bool clean)
{
	struct rs_observer *o = v->o;

	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		const struct samples *s = samples_media(o, a, row);
		const struct rs_hist_sum *sum = clean ? samples_clean(s, v->zero, &o->scratch[1])
						      : samples_since(s, v->zero, o->scratch[1]);

		if (sum)
			rs_hist_sum_add(o->scratch[0], sum);
	}
	return o->scratch[0];
}

/* The groups of @count(row). RFC 3550's loss counts a duplicate as a packet that came (A.3). */
static void
put_groups(struct view *v, json_t *j, const uint64_t *cells)
{
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		json_t *group = json_object();

		for (const struct member *m = groups[g].members; m->name; m++) {
			put_count(&v->maker, group, m->name, cells[m->row]);
			if (m->row == RS_MEDIA_EXPECTED)
				put(&v->maker, group, "lost",
					json_integer((json_int_t)(cells[RS_MEDIA_LOST] -
						cells[RS_MEDIA_DUPLICATES])));
		}
		put(&v->maker, j, groups[g].name, group);
	}
}

static void
put_hists(struct view *v, json_t *j)
{
	static const struct member rows[] = { { "jitter_ms", RS_MEDIA_JITTER },
		{ "jitter_max_ms", RS_MEDIA_JITTER_MAX }, { "one_way_delay_ms", RS_MEDIA_DELAY },
		{ "round_trip_ms", RS_MEDIA_RTT }, { "first_packet_ms", RS_MEDIA_FIRST },
		{ "longest_gap_ms", RS_MEDIA_GAP }, { "mos", RS_MEDIA_MOS }, { "mos_wide", RS_MEDIA_MOS_WIDE }, { "r", RS_MEDIA_R },
		{ "loss_percent", RS_MEDIA_LOSS }, { "lateness_ms", RS_MEDIA_LATENESS }, { 0 } };

	for (const struct member *m = rows; m->name; m++)
		put(&v->maker, j, m->name,
			latency_json(&v->maker, view_media_hist(v, m->row, false), RS_MEDIA_SCALE));
}

static const struct rs_hist_sum *
lateness_without_gaps(struct view *v)
{
	struct rs_observer *o = v->o;

	view_media_hist(v, RS_MEDIA_LATENESS_GAP, false);
	memcpy(o->scratch[3], o->scratch[0], sizeof(*o->scratch[0]));
	view_media_hist(v, RS_MEDIA_LATENESS, false);
	if (o->scratch[3]->count)
		lateness_clear(o->scratch[0], o->scratch[3], o->scratch[2], o->scratch[0]);
	return o->scratch[0];
}

/*
 * A watermark has the time of its sender's turn, which ends with the transmit burst, and what came is seen at the begin of a turn:
 * 99 % of delays are at most so much too long, by the turns of the worst worker.
 */
static double
delay_error_ms(struct view *v)
{
	const struct rs_observer *o = v->o;
	double worst = NAN;

	for (uint32_t w = 0; o->what.workers && w < o->what.n_workers; w++) {
		const struct rs_hist_sum *s =
			samples_since(&o->samples[o->at_turns + w], v->zero, o->scratch[1]);
		double ms = s && s->count ? 2 * (double)rs_hist_quantile(s, 0.99) / 1e6 : NAN;

		if (!(ms <= worst))
			worst = isnan(ms) ? worst : ms;
	}
	return worst;
}

/* Descriptions of peers that came to nothing, by kind; only what was there. */
static json_t *
sdp_json(struct view *v)
{
	json_t *j = json_object();

	for (uint32_t row = RS_ENG_SDP_FAIL; row <= RS_ENG_SDP_UNSAID; row++) {
		const char *name = rs_engine_metrics_table.defs[row].name;
		uint64_t n = 0;

		for (uint32_t w = 0; w < v->o->what.n_workers; w++)
			n += snapshot_engine(v->o, v->image, w)[row];
		if (n && name)
			put_count(&v->maker, j, name, n);
	}
	return j;
}

/* Which model a MOS is of; and where there is none, why. */
static void
tell_scale(struct view *v, json_t *mos, const char *scale, const uint64_t *cells)
{
	const char *why = !cells[RS_MEDIA_RECEIVED]	? "nothing was received"
			: cells[RS_MEDIA_NO_FACTORS]	? "no equipment factor of G.113 is known for the codec, or for its mode"
			: cells[RS_MEDIA_NO_BPL]	? "packets were lost, and no robustness factor of G.113 is known for the codec"
							: "no stream of such a codec has ended";

	put_text(&v->maker, mos, "scale", scale);
	if (json_integer_value(json_object_get(mos, "count")) == 0)
		put_text(&v->maker, mos, "reason", why);
}

static json_t *
activities(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	json_t *list = json_array();

	for (uint32_t a = 0; a < plan->n_activities; a++) {
		json_t *j;

		if (!has_media(&plan->activities[a]))
			continue;
		j = json_object();
		put_text(&v->maker, j, "name", plan->activities[a].name);
		put_groups(v, j, snapshot_media(v->o, v->image, a));
		append(&v->maker, list, j);
	}
	return list;
}

json_t *
media_json(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	uint64_t cells[RS_MEDIA_COUNT] = { 0 };
	struct maker *m = &v->maker;
	bool any = false;
	json_t *j, *group;

	for (uint32_t a = 0; a < plan->n_activities; a++)
		any |= has_media(&plan->activities[a]);
	if (!any)
		return json_null();
	for (uint32_t row = 0; row < RS_MEDIA_COUNT; row++)
		cells[row] = view_media(v, row);
	j = json_object();
	put_groups(v, j, cells);
	group = json_object_get(j, "streams");
	/* Calls whose ends `run.legs` found, and which heard others than each other. */
	put_count(m, group, "legs_crossed", cells[RS_MEDIA_LEGS_CROSSED]);
	group = json_object_get(j, "srtp");
	put_count(m, group, "protected", view_worker(v, RS_MEDIA_W_PROTECTED));
	put_count(m, group, "verified", view_worker(v, RS_MEDIA_W_VERIFIED));
	group = json_object_get(j, "bad");
	put_count(m, group, "no_stream", view_worker(v, RS_MEDIA_W_NO_STREAM));
	put_count(m, group, "no_port", view_worker(v, RS_MEDIA_W_NOT_OURS));
	put_hists(v, j);
	put(m, j, "lateness_without_gaps_ms", latency_json(m, lateness_without_gaps(v), 1e6));
	put_number(m, json_object_get(j, "one_way_delay_ms"), "error_ms", delay_error_ms(v));
	tell_scale(v, json_object_get(j, "mos"), "G.107", cells);
	tell_scale(v, json_object_get(j, "mos_wide"), "G.107.1", cells);
	put(m, j, "measured", streams_measured_json(v));
	put(m, j, "sdp", sdp_json(v));
	put(m, j, "activities", activities(v));
	return j;
}
