/* SPDX-License-Identifier: BSD-3-Clause */
/* A report for people, from its JSON: what is missing or of another type shows as "-". */
#include <string.h>

#include "observe/columns.h"
#include "observe/observe.h"

static const char *const call_members[] = {
	"offered",
	"not_started",
	"started",
	"established",
	"completed",
	"failed",
	"open",
	"peak",
};
static const char *const stat_members[] = { "min", "mean", "p50", "p90", "p99", "p999", "max" };
#define N_CALL_MEMBERS (sizeof(call_members) / sizeof(call_members[0]))
#define N_STAT_MEMBERS (sizeof(stat_members) / sizeof(stat_members[0]))

static void
heading(FILE *out, const char *text)
{
	fprintf(out, "\n%s\n", text);
}

static void
print_run(FILE *out, const json_t *run)
{
	const json_t *reasons = json_object_get(run, "reasons"), *r;
	size_t i;

	fputs("Verdict: ", out);
	print_text(out, text_of(run, "verdict"));
	fputc('\n', out);
	json_array_foreach(reasons, i, r)
	{
		fputs("  - ", out);
		print_text(out, json_is_string(r) ? json_string_value(r) : "-");
		fputc('\n', out);
	}
	fputs("Run ", out);
	print_text(out, text_of(run, "id"));
	fputs(" of ", out);
	print_text(out, text_of(run, "plan"));
	fprintf(out, ", seed %lld, started ",
		(long long)json_integer_value(json_object_get(run, "seed")));
	print_text(out, text_of(run, "started"));
	fprintf(out, ", %.1f s, measured %.1f s\n",
		json_number_value(json_object_get(run, "duration_s")),
		json_number_value(json_object_get(run, "measured_s")));
}

static void
call_cells(struct columns *c, const json_t *calls)
{
	for (size_t i = 0; i < N_CALL_MEMBERS; i++)
		cell_count(c, json_object_get(calls, call_members[i]));
	end_row(c);
}

static void
call_rows(struct columns *c, const json_t *report)
{
	const json_t *calls = json_object_get(report, "calls"), *a;
	size_t i;

	cell_headings(c,
		"Calls\0do\0offered\0not started\0started\0established\0completed\0failed\0open\0peak\0");
	cell(c, "placed");
	cell(c, "");
	call_cells(c, json_object_get(calls, "placed"));
	cell(c, "answered");
	cell(c, "");
	call_cells(c, json_object_get(calls, "answered"));
	json_array_foreach(json_object_get(report, "activities"), i, a)
	{
		char name[160];

		snprintf(name, sizeof(name), "  %s", text_of(a, "name"));
		cell(c, name);
		cell(c, text_of(a, "do"));
		call_cells(c, a);
	}
}

static void
registration_rows(struct columns *c, const json_t *r)
{
	static const char *const members[] = { "offered", "registered", "failed", "refreshed", "refresh_failed",
		"unregistered", "unregister_failed", "challenged", "active", "peak" };

	cell_headings(c,
		"Registrations\0offered\0registered\0failed\0refreshed\0failed\0unregistered\0failed\0challenged\0"
		"active\0peak\0");
	cell(c, "endpoints");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cell_count(c, json_object_get(r, members[i]));
	end_row(c);
}

static void
registration_failure_rows(struct columns *c, const json_t *list)
{
	const json_t *f;
	size_t i;

	cell_headings(c, "Cause of failed registrations\0count\0");
	json_array_foreach(list, i, f)
	{
		cell(c, text_of(f, "cause"));
		cell_count(c, json_object_get(f, "count"));
		end_row(c);
	}
}

static void
print_registrations(FILE *out, const json_t *r)
{
	const json_t *failures = json_object_get(r, "failures");

	fputc('\n', out);
	columns_print(out, 1, registration_rows, r);
	if (json_array_size(failures)) {
		fputc('\n', out);
		columns_print(out, 1, registration_failure_rows, failures);
	}
}

static void
sip_rows(struct columns *c, const json_t *report)
{
	static const char *const members[] = { "sent", "received", "retransmitted", "unexpected",
		"malformed" };
	const json_t *sip = json_object_get(report, "sip");

	cell_headings(c, "SIP\0sent\0received\0retransmitted\0unexpected\0malformed\0");
	cell(c, "messages");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cell_count(c, json_object_get(sip, members[i]));
	end_row(c);
}

static void
stat_cells(struct columns *c, const json_t *s)
{
	cell_count(c, json_object_get(s, "count"));
	for (size_t i = 0; i < N_STAT_MEMBERS; i++)
		cell_number(c, json_object_get(s, stat_members[i]));
	end_row(c);
}

static void
latency_rows(struct columns *c, const json_t *report)
{
	const json_t *s;
	const char *name;
	size_t i;

	cell_headings(c, "Latency, ms\0count\0min\0mean\0p50\0p90\0p99\0p99.9\0max\0");
	json_object_foreach((json_t *)json_object_get(report, "latency_ms"), name, s)
	{
		if (json_integer_value(json_object_get(s, "count")) == 0)
			continue;
		cell(c, name);
		stat_cells(c, s);
	}
	json_array_foreach(json_object_get(report, "response_times"), i, s)
	{
		char text[200];

		snprintf(text, sizeof(text), "%s: rtd %s", text_of(s, "activity"),
			text_of(s, "name"));
		cell(c, text);
		stat_cells(c, s);
	}
	cell(c, "lateness (ours)");
	stat_cells(c, json_object_get(report, "lateness_ms"));
}

static void
leg_rows(struct columns *c, const json_t *legs)
{
	static const char *const members[] = { "matched", "unmatched_placed", "unmatched_answered", "wrong_endpoint",
		"not_forwarded", "branches" };

	cell_headings(c,
		"Legs by\0matched\0unmatched placed\0unmatched answered\0wrong endpoint\0not forwarded\0branches\0");
	cell(c, text_of(legs, "by"));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cell_count(c, json_object_get(legs, members[i]));
	end_row(c);
}

static void
leg_delay_rows(struct columns *c, const json_t *legs)
{
	const json_t *s;
	const char *name;

	cell_headings(c, "Added by the SUT, ms\0count\0min\0mean\0p50\0p90\0p99\0p99.9\0max\0");
	json_object_foreach((json_t *)json_object_get(legs, "delay_ms"), name, s)
	{
		cell(c, strcmp(name, "ok") == 0 ? "to 200" : strcmp(name, "bye") == 0 ? "to BYE" : "to INVITE");
		stat_cells(c, s);
	}
}

/* A kind of change is named where there was one, in offers or answers. */
static void
leg_sdp_rows(struct columns *c, const json_t *sdp)
{
	const json_t *offers = json_object_get(sdp, "offers"), *answers = json_object_get(sdp, "answers");

	cell_headings(c, "Session descriptions, changed by the SUT\0offers\0answers\0");
	cell(c, "compared");
	cell_count(c, json_object_get(offers, "compared"));
	cell_count(c, json_object_get(answers, "compared"));
	end_row(c);
	offers = json_object_get(offers, "changed");
	answers = json_object_get(answers, "changed");
	for (unsigned i = 0; i < RS_SDP_CHANGES; i++) {
		const char *name = rs_sdp_change_name(i);
		const json_t *in_offers = json_object_get(offers, name), *in_answers = json_object_get(answers, name);

		if (!in_offers && !in_answers)
			continue;
		cell(c, name);
		cell_count(c, in_offers);
		cell_count(c, in_answers);
		end_row(c);
	}
}

static void
print_leg_sdp(FILE *out, const json_t *sdp)
{
	long long alone = (long long)json_integer_value(json_object_get(sdp, "uncompared"));

	if (!json_is_object(sdp))
		return;
	fputc('\n', out);
	columns_print(out, 1, leg_sdp_rows, sdp);
	if (alone)
		fprintf(out, "%lld could not be compared: on one side only, or too long\n", alone);
}

static void
print_legs(FILE *out, const json_t *legs)
{
	long long lost = (long long)json_integer_value(json_object_get(legs, "without_key"));

	if (!json_is_object(legs))
		return;
	fputc('\n', out);
	columns_print(out, 1, leg_rows, legs);
	if (lost)
		fprintf(out, "%lld of these legs have nothing to be matched by in their INVITE (run.legs)\n", lost);
	lost = (long long)json_integer_value(json_object_get(legs, "given_up"));
	if (lost)
		fprintf(out, "%lld were given up early for want of room, and may be among the unmatched\n", lost);
	fputc('\n', out);
	columns_print(out, 1, leg_delay_rows, legs);
	print_leg_sdp(out, json_object_get(legs, "sdp"));
}

static void
failure_rows(struct columns *c, const json_t *list)
{
	const json_t *f;
	size_t i;

	cell_headings(c, "Cause\0activity\0step\0index\0count\0");
	json_array_foreach(list, i, f)
	{
		cell(c, text_of(f, "cause"));
		cell(c, text_of(f, "activity"));
		cell(c, text_of(f, "step"));
		cell_count(c, json_object_get(f, "index"));
		cell_count(c, json_object_get(f, "count"));
		end_row(c);
	}
}

static void
swap_rows(struct columns *c, const json_t *list)
{
	const json_t *s;
	size_t i;

	cell_headings(c, "Changed\0from\0to\0at s\0calls open\0");
	json_array_foreach(list, i, s)
	{
		cell(c, text_of(s, "activity"));
		cell(c, text_of(s, "from"));
		cell(c, text_of(s, "to"));
		cell_number(c, json_object_get(s, "t"));
		cell_count(c, json_object_get(s, "open"));
		end_row(c);
	}
}

static void
step_rows(struct columns *c, const json_t *scenario)
{
	static const char *const members[] = { "messages", "retrans", "timeouts", "unexpected",
		"lost" };
	const json_t *s;
	size_t i;

	cell_headings(c, "Step\0kind\0message\0messages\0again\0timeouts\0unexpected\0lost\0");
	json_array_foreach(json_object_get(scenario, "steps"), i, s)
	{
		char index[32];

		snprintf(index, sizeof(index), "%lld",
			(long long)json_integer_value(json_object_get(s, "index")));
		cell(c, index);
		cell(c, text_of(s, "kind"));
		cell(c, text_of(s, "name"));
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
			cell_count(c, json_object_get(s, members[k]));
		end_row(c);
	}
}

static void
counter_rows(struct columns *c, const json_t *list)
{
	const json_t *s;
	size_t i;

	cell_headings(c, "Counter\0activity\0count\0");
	json_array_foreach(list, i, s)
	{
		cell(c, text_of(s, "name"));
		cell(c, text_of(s, "activity"));
		cell_count(c, json_object_get(s, "count"));
		end_row(c);
	}
}

static void
port_rows(struct columns *c, const json_t *list)
{
	static const char *const members[] = { "name", "device", "driver", "steering", "offloads",
		"miss_counter" };
	const json_t *p;
	size_t i;

	cell_headings(c, "Port\0device\0driver\0steering\0offloads\0miss counter\0");
	json_array_foreach(list, i, p)
	{
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
			cell(c, text_of(p, members[k]));
		end_row(c);
	}
}

static void
print_environment(FILE *out, const json_t *e)
{
	const json_t *memory = json_object_get(e, "memory");

	fputs("ringstorm ", out);
	print_text(out, text_of(e, "version"));
	fputs(" on ", out);
	print_text(out, text_of(e, "cpu"));
	fprintf(out, ", workers %lld (idle: ",
		(long long)json_integer_value(json_object_get(e, "workers")));
	print_text(out, text_of(e, "idle"));
	fprintf(out, "), %lld MiB for packets\n",
		(long long)json_integer_value(json_object_get(memory, "packets_mb")));
	if (json_is_string(json_object_get(e, "srtp"))) {
		fputs("SRTP by ", out);
		print_text(out, text_of(e, "srtp"));
		fputc('\n', out);
	}
}

void
rs_report_print(FILE *out, const json_t *report)
{
	const json_t *list, *s;
	size_t i;

	print_run(out, json_object_get(report, "run"));
	fputc('\n', out);
	columns_print(out, 2, call_rows, report);
	if (json_is_object(json_object_get(report, "connections")))
		rs_connections_print(out, json_object_get(report, "connections"));
	if (json_is_object(json_object_get(report, "registrations")))
		print_registrations(out, json_object_get(report, "registrations"));
	fputc('\n', out);
	columns_print(out, 1, sip_rows, report);
	fputc('\n', out);
	columns_print(out, 1, latency_rows, report);
	print_legs(out, json_object_get(report, "legs"));
	if (json_is_object(json_object_get(report, "media"))) {
		fputc('\n', out);
		rs_media_print(out, json_object_get(report, "media"));
	}
	list = json_object_get(report, "failures");
	heading(out, json_array_size(list) ? "Failures" : "Failures: none");
	if (json_array_size(list))
		columns_print(out, 3, failure_rows, list);
	ladders_print(out, json_object_get(report, "failed_calls"));
	json_array_foreach(json_object_get(report, "scenarios"), i, s)
	{
		if (json_array_size(json_object_get(s, "steps")) == 0)
			continue;
		fputs("\nScenario ", out);
		print_text(out, text_of(s, "scenario"));
		fputs(" of ", out);
		print_text(out, text_of(s, "activity"));
		fputc('\n', out);
		columns_print(out, 3, step_rows, s);
	}
	list = json_object_get(report, "swaps");
	if (json_array_size(list)) {
		fputc('\n', out);
		columns_print(out, 3, swap_rows, list);
	}
	list = json_object_get(report, "counters");
	if (json_array_size(list)) {
		fputc('\n', out);
		columns_print(out, 2, counter_rows, list);
	}
	heading(out, "Health");
	rs_health_print(out, json_object_get(report, "health"));
	heading(out, "Environment");
	s = json_object_get(report, "environment");
	print_environment(out, s);
	columns_print(out, 6, port_rows, json_object_get(s, "ports"));
}
