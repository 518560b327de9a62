/* SPDX-License-Identifier: BSD-3-Clause */
/* Media while a run is on: totals, open streams, impairment from now on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/internal.h"

#define ANSWER_NS (2 * RS_NS_PER_S)
#define DELAY_MAX (10 * RS_NS_PER_S)
#define BURST_MAX 90 /* percent, as in a plan */

json_t *
rs_daemon_media(struct rs_daemon *d)
{
	struct rs_run_facts facts;

	if (!d->run)
		return NULL;
	run_facts(d, &facts);
	return rs_observer_media(
		d->run->observer, &facts, d->run->end_ns ? d->run->end_ns : daemon_now(d));
}

static json_t *
number(double v)
{
	return isnan(v) ? json_null() : json_real(v);
}

static json_t *
stream_json(const struct rs_daemon *d, const struct rs_stream_info *s, uint32_t worker)
{
	static const char *const directions[] = { "inactive", "recvonly", "sendonly", "sendrecv" };

	return json_pack(
		"{s:o, s:I, s:i, s:o, s:s, s:s, s:s, s:i, s:s?, s:f, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:s?, s:i}",
		"activity", rs_json_text(d->plan->activities[s->activity].name), "number",
		(json_int_t)s->number, "line", (int)s->line, "call_id", rs_json_text(s->call_id),
		"direction", directions[(s->sends ? 2 : 0) + (s->receives ? 1 : 0)], "remote",
		s->remote, "codec", s->codec, "ptime_ms", (int)s->ptime_ms, "suite", s->suite,
		"age_s", (double)s->age_ns / 1e9, "sent", (json_int_t)s->sent, "received",
		(json_int_t)s->received, "lost", (json_int_t)s->lost, "late", (json_int_t)s->late,
		"duplicates", (json_int_t)s->duplicates, "jitter_ms", s->jitter_ms, "delay_ms",
		number(s->delay_ms), "mos", number(s->mos), "mos_scale", s->mos_scale, "worker", (int)worker);
}

json_t *
rs_daemon_streams(struct rs_daemon *d, const char *call_id, uint32_t max)
{
	json_t *list = json_array();

	for (uint32_t w = 0; w < d->launched && d->run && d->run->attached; w++) {
		const struct rs_look *look = d->workers[w].look;
		uint64_t from = 0;

		while (from != UINT64_MAX && json_array_size(list) < max) {
			struct rs_mail m = { .type = RS_MAIL_STREAMS, .arg = { from } };

			if (daemon_ask(d, w, &m, ANSWER_NS) != 0)
				return list;
			from = m.arg[0];
			for (uint32_t i = 0; i < look->n && json_array_size(list) < max; i++)
				if (!call_id || strcmp(call_id, look->streams[i].call_id) == 0)
					json_array_append_new(
						list, stream_json(d, &look->streams[i], w));
		}
	}
	return list;
}

/* --- impairment --- */

struct words {
	double loss, burst, burst_length, duplicate, reorder; /* percent, packets */
	uint64_t delay_ns, jitter_ns;
};

static int
read_percent(const char *key, const char *text, double *out, struct rs_err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == 0 && *out >= 0 && *out <= 100)
		return 0;
	return rs_err_set(err, -EINVAL, "impair: %s=%.40s: give 0 to 100 (percent)", key, text);
}

static int
read_length(const char *key, const char *text, double *out, struct rs_err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == 0 && *out >= 1 && *out <= 10000)
		return 0;
	return rs_err_set(err, -EINVAL, "impair: %s=%.40s: give 1 to 10000 packets", key, text);
}

static int
read_delay(const char *key, const char *text, uint64_t *out, struct rs_err *err)
{
	if (rs_text_duration(text, out) == 0 && *out <= DELAY_MAX)
		return 0;
	return rs_err_set(err, -EINVAL,
		"impair: %s=%.40s: give a time with its unit, such as 20ms, of at most 10s", key,
		text);
}

static int
read_word(const char *word, struct words *w, struct rs_err *err)
{
	static const char *const keys[] = { "loss_percent", "burst_percent", "burst_length",
		"delay", "jitter", "duplicate_percent", "reorder_percent" };
	const char *equals = strchr(word, '='), *near;
	char key[64];

	snprintf(key, sizeof(key), "%.*s", equals ? (int)(equals - word) : (int)strlen(word), word);
	if (equals && strcmp(key, keys[0]) == 0)
		return read_percent(key, equals + 1, &w->loss, err);
	if (equals && strcmp(key, keys[1]) == 0)
		return read_percent(key, equals + 1, &w->burst, err);
	if (equals && strcmp(key, keys[2]) == 0)
		return read_length(key, equals + 1, &w->burst_length, err);
	if (equals && strcmp(key, keys[3]) == 0)
		return read_delay(key, equals + 1, &w->delay_ns, err);
	if (equals && strcmp(key, keys[4]) == 0)
		return read_delay(key, equals + 1, &w->jitter_ns, err);
	if (equals && strcmp(key, keys[5]) == 0)
		return read_percent(key, equals + 1, &w->duplicate, err);
	if (equals && strcmp(key, keys[6]) == 0)
		return read_percent(key, equals + 1, &w->reorder, err);
	near = rs_text_nearest(key, keys, sizeof(keys) / sizeof(keys[0]));
	return rs_err_set(err, -EINVAL,
		"impair: \"%.60s\": give KEY=VALUE, KEY one of loss_percent, burst_percent, burst_length, delay, jitter, "
		"duplicate_percent, reorder_percent%s%s%s",
		word, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* As plan_media.c does with the same words in a plan. */
static int
to_impair(const struct words *w, struct rs_impair *out, struct rs_err *err)
{
	*out = (struct rs_impair){ .loss = w->loss / 100,
		.delay_ns = w->delay_ns,
		.jitter_ns = w->jitter_ns,
		.duplicate = w->duplicate / 100,
		.reorder = w->reorder / 100 };
	if (w->burst > BURST_MAX)
		return rs_err_set(err, -EINVAL, "impair: burst_percent=%g: give 0 to %d", w->burst,
			BURST_MAX);
	if (w->loss + w->burst > 100)
		return rs_err_set(err, -EINVAL,
			"impair: loss_percent and burst_percent are more than 100 together");
	if (w->burst > 0) {
		out->burst_end = 1 / w->burst_length;
		out->burst_begin = out->burst_end * w->burst / (100 - w->burst);
		if (out->burst_begin > 1)
			return rs_err_set(err, -EINVAL,
				"impair: bursts of %g packets cannot make %g %% of all: raise burst_length",
				w->burst_length, w->burst);
	}
	return 0;
}

static int
find_profile(const struct rs_daemon *d, const char *name, int32_t *out, struct rs_err *err)
{
	const char *names[RS_ALL_MEDIA];
	const char *near;

	*out = -1;
	for (uint32_t i = 0; name && i < d->plan->n_media; i++) {
		names[i] = d->plan->media[i].name ? d->plan->media[i].name : "";
		if (strcmp(names[i], name) == 0)
			*out = (int32_t)i;
	}
	if (!name || *out >= 0)
		return 0;
	near = rs_text_nearest(name, names, d->plan->n_media);
	return rs_err_set(err, -ENOENT, "no media profile \"%.60s\"%s%s%s", name,
		near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int
rs_daemon_impair(struct rs_daemon *d, const char *profile, unsigned directions, const json_t *set,
	struct rs_err *err)
{
	struct words words = { .burst_length = 3 };
	struct rs_impair_order order = { .directions = directions };
	struct rs_impair impair;
	json_t *word;
	size_t i;
	int rc;

	if (!run_is_on(d))
		return rs_err_set(err, -EINVAL, "no run is on (state %s)", rs_state_name(d->state));
	rc = find_profile(d, profile, &order.profile, err);
	json_array_foreach(set, i, word)
	{
		if (rc == 0)
			rc = read_word(json_string_value(word), &words, err);
	}
	if (rc == 0)
		rc = to_impair(&words, &impair, err);
	if (rc)
		return rc;
	order.how = rs_impairment_of(&impair);
	order.at_ns = daemon_now(d) + LEAD_NS;
	for (uint32_t w = 0; w < d->launched; w++) {
		struct rs_mail m = { .type = RS_MAIL_IMPAIR };

		if (d->mute[w])
			continue;
		d->workers[w].impair_asked = order;
		(void)daemon_ask(d, w, &m, ANSWER_NS); /* when it has answered, it has its copy */
	}
	daemon_event(d, "impair",
		json_pack("{s:s, s:s, s:O}", "profile", profile ? profile : "all", "direction",
			directions == RS_IMPAIR_SEND              ? "send"
				: directions == RS_IMPAIR_RECEIVE ? "receive"
								  : "both",
			"set", set));
	return 0;
}
