/* SPDX-License-Identifier: BSD-3-Clause */
/* Media of a report, for people: a few lines of counts and one table of figures. */
#include <string.h>

#include "observe/columns.h"
#include "observe/observe.h"

static const json_t *
in(const json_t *j, const char *group, const char *name)
{
	return json_object_get(json_object_get(j, group), name);
}

static void
count_cells(struct columns *c, const char *name, const json_t *j)
{
	static const char *const members[][2] = { { "streams", "started" }, { "streams", "open" },
		{ "packets", "sent" }, { "packets", "received" }, { "packets", "missing" },
		{ "packets", "late" }, { "packets", "duplicates" }, { "packets", "reordered" },
		{ "streams", "one_way_audio" }, { "streams", "media_timeouts" },
		{ "streams", "crossed" }, { "streams", "transcoded_or_stripped" } };

	cell(c, name);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cell_count(c, in(j, members[i][0], members[i][1]));
	end_row(c);
}

static void
count_rows(struct columns *c, const json_t *media)
{
	const json_t *a;
	size_t i;

	cell_headings(c,
		"Media\0streams\0open\0sent\0received\0missing\0late\0again\0reordered\0one way\0stopped\0crossed\0transcoded\0");
	count_cells(c, "all", media);
	json_array_foreach(json_object_get(media, "activities"), i, a)
	{
		char name[160];

		snprintf(name, sizeof(name), "  %s", text_of(a, "name"));
		count_cells(c, name, a);
	}
}

static void
figure_rows(struct columns *c, const json_t *media)
{
	static const char *const rows[][2] = { { "mos", "MOS (G.107)" },
		{ "mos_wide", "MOS (G.107.1)" },
		{ "loss_percent", "loss and late, %" }, { "jitter_ms", "jitter" },
		{ "jitter_max_ms", "highest jitter" }, { "one_way_delay_ms", "one-way delay" },
		{ "round_trip_ms", "round trip (RTCP)" },
		{ "first_packet_ms", "to the first packet" }, { "lateness_ms", "lateness (ours)" },
		{ "lateness_without_gaps_ms", "  gaps apart" } };
	static const char *const stats[] = { "min", "mean", "p50", "p90", "p99", "p999", "max" };

	cell_headings(c, "Media, ms\0count\0min\0mean\0p50\0p90\0p99\0p99.9\0max\0");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *s = json_object_get(media, rows[i][0]);

		if (json_integer_value(json_object_get(s, "count")) == 0)
			continue;
		cell(c, rows[i][1]);
		cell_count(c, json_object_get(s, "count"));
		for (size_t k = 0; k < sizeof(stats) / sizeof(stats[0]); k++)
			cell_number(c, json_object_get(s, stats[k]));
		end_row(c);
	}
}

/* "SRTP: 10 protected, 10 verified, 0 ..." of what is not 0, the first @always whatever they are. */
static void
print_line(
	FILE *out, const char *title, const json_t *group, const char *const *names, size_t always)
{
	bool any = false;

	for (size_t i = 0; names[i]; i++)
		any |= json_integer_value(json_object_get(group, names[i])) != 0;
	if (!any)
		return;
	fprintf(out, "%s: ", title);
	any = false;
	for (size_t i = 0; names[i]; i++) {
		long long n = (long long)json_integer_value(json_object_get(group, names[i]));
		char words[64];

		if (n == 0 && i >= always)
			continue;
		snprintf(words, sizeof(words), "%s", names[i]);
		for (char *p = words; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		fprintf(out, "%s%lld %s", any ? ", " : "", n, words);
		any = true;
	}
	fputc('\n', out);
}

static void
print_sdp(FILE *out, const json_t *sdp)
{
	const char *name;
	const json_t *n;
	bool any = false;

	json_object_foreach((json_t *)sdp, name, n)
	{
		fputs(any ? ", " : "Descriptions: ", out);
		fprintf(out, "%lld ", (long long)json_integer_value(n));
		print_text(out, name);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static void
measured_cells(struct columns *c, const char *name, const json_t *j)
{
	static const char *const figures[] = { "min_mos", "min_mos_wide", "max_jitter_ms", "max_loss_percent", "one_way_audio_percent" };

	cell(c, name);
	cell_count(c, json_object_get(j, "judged"));
	cell_count(c, json_object_get(j, "rated"));
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		cell_number(c, json_object_get(j, figures[i]));
	end_row(c);
}

/* What thresholds are held against. */
static void
measured_rows(struct columns *c, const json_t *media)
{
	const json_t *all = json_object_get(media, "measured"), *clean = json_object_get(all, "without_tainted");

	cell_headings(c, "Streams measured\0judged\0rated\0least MOS\0wide\0highest jitter, ms\0lost, %\0one way, %\0");
	measured_cells(c, "all", all);
	if (json_integer_value(json_object_get(clean, "judged")) != json_integer_value(json_object_get(all, "judged")))
		measured_cells(c, "  not tainted", clean);
}

void
rs_media_print(FILE *out, const json_t *media)
{
	static const char *const srtp[] = { "protected", "verified", "auth_failed", "replayed",
		"too_old", "other", "wrong_on_purpose", NULL };
	static const char *const rtcp[] = { "sent", "received", "bad", NULL };
	static const char *const dtmf[] = { "sent", "events_received", "inband_received", NULL };
	static const char *const bad[] = { "short", "version", "header", "wrong_port", "other_ssrc",
		"sequence", "no_stream", "no_port", NULL };
	static const char *const not_sent[] = { "no_buffer", "not_target", "no_route",
		"key_used_up", NULL };
	static const char *const not_started[] = { "no_ports", "no_memory", "no_address", "no_keys",
		NULL };
	static const char *const impaired[] = { "lost", "duplicated", "delayed", NULL };
	static const char *const odd[] = { "stale", "crossed", "own", "broken_watermark",
		"unknown_payload_type", "ssrc_changes", "restarts", "timestamp_jumps",
		"wrong_source", "unreachable", NULL };
	const json_t *error = in(media, "one_way_delay_ms", "error_ms");

	columns_print(out, 1, count_rows, media);
	print_line(out, "SRTP", json_object_get(media, "srtp"), srtp, 2);
	print_line(out, "RTCP", json_object_get(media, "rtcp"), rtcp, 2);
	print_line(out, "Digits", json_object_get(media, "dtmf"), dtmf, 1);
	print_line(out, "Odd packets", json_object_get(media, "packets"), odd, 0);
	print_line(out, "Packets not taken", json_object_get(media, "bad"), bad, 0);
	print_line(out, "Packets not sent", json_object_get(media, "not_sent"), not_sent, 0);
	print_line(
		out, "Streams not started", json_object_get(media, "not_started"), not_started, 0);
	print_line(out, "Impaired on purpose", json_object_get(media, "impaired"), impaired, 0);
	print_sdp(out, json_object_get(media, "sdp"));
	fputc('\n', out);
	columns_print(out, 1, figure_rows, media);
	if (json_integer_value(in(media, "measured", "judged"))) {
		fputc('\n', out);
		columns_print(out, 1, measured_rows, media);
	}
	if (json_is_number(error))
		fprintf(out,
			"The one-way delay may be up to %.3f ms too long (turns of both ends).\n",
			json_number_value(error));
}
