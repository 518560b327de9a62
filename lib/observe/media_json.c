/* SPDX-License-Identifier: BSD-3-Clause */
/* Media in the report: what was sent, what of it came, and how well. */
#include "observe/internal.h"

/* Members of one object, in the order of the report. */
struct member {
	const char *name;
	uint32_t row;
};

static const struct member of_streams[] = {
	{ "started", RS_MEDIA_STARTED },
	{ "ended", RS_MEDIA_ENDED },
	{ "secure", RS_MEDIA_SECURE },
	{ "judged", RS_MEDIA_JUDGED },
	{ "rated", RS_MEDIA_RATED },
	{ "never_heard", RS_MEDIA_NEVER_HEARD },
	{ "one_way", RS_MEDIA_ONE_WAY },
	{ "timed_out", RS_MEDIA_TIMED_OUT },
	{ "transcoded", RS_MEDIA_TRANSCODED },
	{ "crossed", RS_MEDIA_CROSSED_STREAMS },
	{ "legs_crossed", RS_MEDIA_LEGS_CROSSED },
	{ "no_ports", RS_MEDIA_NO_PORTS },
	{ "no_memory", RS_MEDIA_NO_MEMORY },
	{ "no_address", RS_MEDIA_NO_ADDRESS },
	{ "no_keys", RS_MEDIA_NO_KEYS },
	{ NULL, 0 },
};
static const struct member of_packets[] = {
	{ "sent", RS_MEDIA_SENT },
	{ "received", RS_MEDIA_RECEIVED },
	{ "sent_bytes", RS_MEDIA_SENT_BYTES },
	{ "received_bytes", RS_MEDIA_RECEIVED_BYTES },
	{ "expected", RS_MEDIA_EXPECTED },
	{ "lost", RS_MEDIA_LOST },
	{ "late", RS_MEDIA_LATE },
	{ "duplicates", RS_MEDIA_DUPLICATES },
	{ "reordered", RS_MEDIA_REORDERED },
	{ "while_held", RS_MEDIA_HELD },
	{ "wrong_source", RS_MEDIA_WRONG_SOURCE },
	{ "payload_type_unknown", RS_MEDIA_PT_UNKNOWN },
	{ "ssrc_changes", RS_MEDIA_SSRC_CHANGED },
	{ "stale", RS_MEDIA_STALE },
	{ "crossed", RS_MEDIA_CROSSED },
	{ "watermarked", RS_MEDIA_MARKED },
	{ "echoed", RS_MEDIA_ECHO_SENT },
	{ NULL, 0 },
};
static const struct member of_unsent[] = {
	{ "no_buffer", RS_MEDIA_NO_BUFFER },
	{ "not_target", RS_MEDIA_NOT_TARGET },
	{ "no_route", RS_MEDIA_NO_ROUTE },
	{ "key_used_up", RS_MEDIA_KEY_USED_UP },
	{ NULL, 0 },
};
static const struct member of_refused[] = {
	{ "short", RS_MEDIA_SHORT },
	{ "version", RS_MEDIA_VERSION },
	{ "header", RS_MEDIA_HEADER },
	{ "wrong_port", RS_MEDIA_WRONG_PORT },
	{ "auth_failed", RS_MEDIA_AUTH_FAILED },
	{ "replayed", RS_MEDIA_REPLAYED },
	{ "too_old", RS_MEDIA_TOO_OLD },
	{ "srtp_other", RS_MEDIA_SRTP_OTHER },
	{ "other_ssrc", RS_MEDIA_OTHER_SSRC },
	{ "bad_sequence", RS_MEDIA_BAD_SEQ },
	{ NULL, 0 },
};
static const struct member of_rtcp[] = {
	{ "sent", RS_MEDIA_RTCP_SENT },
	{ "received", RS_MEDIA_RTCP_RECEIVED },
	{ "bad", RS_MEDIA_RTCP_BAD },
	{ NULL, 0 },
};
static const struct member of_digits[] = {
	{ "sent", RS_MEDIA_DIGITS_SENT },
	{ "received", RS_MEDIA_DIGITS_HEARD },
	{ "inband", RS_MEDIA_DIGITS_INBAND },
	{ NULL, 0 },
};

/** Objects of figures, and the unit that one is counted in. */
static const struct {
	const char *name;
	uint32_t row;
	double unit;
} figures[] = {
	{ "lateness_ms", RS_MEDIA_LATENESS, 1e6 },
	{ "lateness_gap_ms", RS_MEDIA_LATENESS_GAP, 1e6 },
	{ "delay_ms", RS_MEDIA_DELAY, 1e6 },
	{ "round_trip_ms", RS_MEDIA_RTT, 1e6 },
	{ "jitter_ms", RS_MEDIA_JITTER, 1e6 },
	{ "jitter_max_ms", RS_MEDIA_JITTER_MAX, 1e6 },
	{ "longest_gap_ms", RS_MEDIA_GAP, 1e6 },
	{ "first_packet_ms", RS_MEDIA_FIRST, 1e6 },
	{ "mos", RS_MEDIA_MOS, RS_MEDIA_SCALE },
	{ "r", RS_MEDIA_R, RS_MEDIA_SCALE },
	{ "loss_percent", RS_MEDIA_LOSS, RS_MEDIA_SCALE },
};

uint64_t
view_media(const struct view *v, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++)
		n += snapshot_media(v->o, v->image, a)[row];
	return n;
}

double
view_media_stat(struct view *v, uint32_t row, const char *stat, double unit)
{
	const struct rs_hist_sum *s = samples_since(samples_media(v->o, row), v->zero, v->o->scratch[0]);

	return latency_stat(s, stat) * 1e6 / unit;
}

/* Of one activity, or of all. */
static json_t *
members_json(struct view *v, int64_t activity, const struct member *m)
{
	json_t *j = json_object();

	for (; m->name; m++)
		put_count(&v->maker, j, m->name,
			activity < 0 ? view_media(v, m->row) : snapshot_media(v->o, v->image, (uint32_t)activity)[m->row]);
	return j;
}

/* Open is what began and has not ended: cells are read while workers count. */
static json_t *
streams_json(struct view *v, int64_t activity)
{
	json_t *j = members_json(v, activity, of_streams);
	uint64_t started = (uint64_t)json_integer_value(json_object_get(j, "started"));
	uint64_t ended = (uint64_t)json_integer_value(json_object_get(j, "ended"));

	put_count(&v->maker, j, "open", started > ended ? started - ended : 0);
	return j;
}

static json_t *
activities_json(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	json_t *list = json_array();

	for (uint32_t a = 0; a < plan->n_activities; a++) {
		json_t *j;

		if (snapshot_media(v->o, v->image, a)[RS_MEDIA_STARTED] == 0)
			continue;
		j = json_object();
		put_text(&v->maker, j, "name", plan->activities[a].name);
		put(&v->maker, j, "streams", streams_json(v, a));
		put(&v->maker, j, "packets", members_json(v, a, of_packets));
		append(&v->maker, list, j);
	}
	return list;
}

json_t *
media_json(struct view *v)
{
	struct maker *m = &v->maker;
	json_t *j;

	if (!v->o->media)
		return json_null();
	j = json_object();
	put(m, j, "streams", streams_json(v, -1));
	put(m, j, "packets", members_json(v, -1, of_packets));
	put(m, j, "not_sent", members_json(v, -1, of_unsent));
	put(m, j, "refused", members_json(v, -1, of_refused));
	put(m, j, "rtcp", members_json(v, -1, of_rtcp));
	put(m, j, "digits", members_json(v, -1, of_digits));
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		put(m, j, figures[i].name,
			latency_json(m, samples_since(samples_media(v->o, figures[i].row), v->zero, v->o->scratch[0]), figures[i].unit));
	put(m, j, "activities", activities_json(v));
	return j;
}
