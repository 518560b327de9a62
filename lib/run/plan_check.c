/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan will do and take: as JSON, and from it as text. */
#include <stdlib.h>
#include <string.h>

#include "run/budget.h"
#include "run/files.h"

#define NS_PER_S 1e9

static json_t *
workers(const struct rs_plan *plan, const struct rs_budget *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < plan->n_workers; i++) {
		const struct rs_budget_worker *w = &b->workers[i];

		json_array_append_new(list,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "core",
				(json_int_t)plan->cores[i], "legs", (json_int_t)w->legs,
				"endpoints", (json_int_t)w->endpoints, "tombstones",
				(json_int_t)w->tombstones, "registrations",
				(json_int_t)w->registrations, "bytes_per_leg",
				(json_int_t)w->bytes_per_leg, "engine_bytes",
				(json_int_t)w->engine_bytes, "histogram_bytes",
				(json_int_t)w->histogram_bytes, "reserved_bytes",
				(json_int_t)w->reserved_bytes));
	}
	return list;
}

static json_t *
prefix(const struct rs_prefix *p)
{
	uint8_t text[40];
	size_t n = rs_addr_write(&p->addr, text);

	return json_sprintf("%.*s/%u", (int)n, (const char *)text, p->bits);
}

static json_t *
prefixes(const struct rs_prefix *p, uint32_t n)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, prefix(&p[i]));
	return list;
}

static json_t *
ports(const struct rs_plan *plan)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct rs_plan_port *p = &plan->ports[i];
		json_t *positions = json_array();

		for (uint32_t w = 0; w < p->n_workers; w++)
			json_array_append_new(positions, json_integer(p->workers[w]));
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:i, s:o, s:o}", "name", p->name, "device", p->device,
				"vlan", (int)p->vlan, "addresses",
				prefixes(p->addresses, p->n_addresses), "workers", positions));
	}
	return list;
}

static json_t *
groups(const struct rs_plan *plan)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I, s:s, s:I, s:s?, s:s?}", "name", g->name, "kind",
				g->kind == RS_GROUP_TRUNK ? "trunk" : "phone", "count",
				(json_int_t)g->count, "port", plan->ports[g->port].name,
				"addresses", (json_int_t)g->n_addrs, "proxy", g->proxy_text, "tls",
				g->tls < 0 ? NULL : plan->tls[g->tls].name));
	}
	return list;
}

static const char *
version_name(uint16_t version)
{
	return version == 0x0303 ? "1.2" : "1.3";
}

static json_t *
tls_profiles(const struct rs_plan *plan)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < plan->n_tls; i++) {
		const struct rs_plan_tls *t = &plan->tls[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:b, s:s?, s:b, s:f, s:s?}", "name", t->name, "min_version",
				version_name(t->min_version), "max_version", version_name(t->max_version), "certificates",
				(json_int_t)t->n_certs, "generated", (json_int_t)t->generate, "verify", (int)t->verify, "ca",
				t->ca, "mutual", (int)t->mutual, "resume", t->resume, "key_log", t->key_log));
	}
	return list;
}

static const char *
target_of(const struct rs_plan *plan, const struct rs_plan_activity *a)
{
	if (a->kind == RS_DO_ANSWER || a->kind == RS_DO_DROP)
		return NULL;
	if (a->kind == RS_DO_REGISTER)
		return plan->groups[a->from].proxy_text;
	return a->to_group >= 0 ? plan->groups[a->to_group].name : a->to_host;
}

static const char *
start_of(const struct rs_plan_activity *a)
{
	return a->start == RS_START_AT_ONCE   ? "at once"
		: a->start == RS_START_MANUAL ? "manual"
					      : "after";
}

/* Ramps, steps and spikes as the stretches they are played in. */
static json_t *
shape_of(const struct rs_plan_activity *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->n_shape; i++)
		json_array_append_new(list,
			json_pack("{s:f, s:f, s:f, s:f}", "from_s",
				(double)a->shape[i].begin_ns / NS_PER_S, "to_s",
				(double)a->shape[i].end_ns / NS_PER_S, "rate_from",
				a->shape[i].rate_from_hz, "rate_to", a->shape[i].rate_to_hz));
	return list;
}

static json_t *
activities(const struct rs_plan *plan)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];

		json_array_append_new(list,
			json_pack(
				"{s:s, s:s, s:s, s:s?, s:s?, s:I, s:f, s:I, s:I, s:s, s:s?, s:s, s:I, s:o}",
				"name", a->name, "do", rs_activity_kind_name(a->kind), "endpoints",
				plan->groups[a->from].name, "to", target_of(plan, a), "scenario",
				a->scenario_file, "steps",
				(json_int_t)(a->program ? a->program->n_steps : 0), "rate",
				a->rate_hz, "total", (json_int_t)a->total, "limit",
				(json_int_t)a->limit, "start", start_of(a), "after",
				a->start == RS_START_AFTER ? plan->activities[a->after].name : NULL,
				"mode", a->mode == RS_MODE_RFC3261 ? "rfc3261" : "sipp",
				"open_calls", (json_int_t)a->open_calls, "shape", shape_of(a)));
		if (a->kind == RS_DO_DROP)
			json_object_update_new(json_array_get(list, i),
				json_pack("{s:f, s:s, s:f, s:f}", "share", a->share, "how", rs_conn_close_name((enum rs_conn_close)a->how),
					"wait_s", (double)a->wait_ns / NS_PER_S, "every_s", (double)a->every_ns / NS_PER_S));
	}
	return list;
}

/* How the run will end, by CONTRACT "Plan". */
static const char *
ending(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].total && plan->activities[i].kind != RS_DO_DROP)
			return plan->measure_ns ? "at the totals, or when the measured time is over"
						: "at the totals";
	return plan->measure_ns ? "when the measured time is over" : "by stop only";
}

static json_t *
run_of(const struct rs_plan *plan)
{
	json_t *bounds = json_object();

	for (uint32_t i = 0; i < plan->n_thresholds; i++)
		json_object_set_new(
			bounds, plan->thresholds[i].name, json_real(plan->thresholds[i].bound));
	return json_pack("{s:I, s:f, s:f, s:f, s:I, s:f, s:s, s:o}", "seed", (json_int_t)plan->seed,
		"warmup_s", (double)plan->warmup_ns / NS_PER_S, "measure_s",
		(double)plan->measure_ns / NS_PER_S, "drain_s", (double)plan->drain_ns / NS_PER_S,
		"max_calls", (json_int_t)plan->max_calls, "max_rate", plan->max_rate_hz, "ends",
		ending(plan), "thresholds", bounds);
}

json_t *
rs_plan_check_on(const struct rs_plan *plan, const struct rs_machine *machine)
{
	struct rs_budget b;

	rs_budget_of(plan, &b);
	return json_pack(
		"{s:s, s:s?, s:o, s:o, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"plan", plan->name, "sut", plan->sut_name, "targets",
		prefixes(plan->targets, plan->n_targets), "workers", workers(plan, &b),
		"packet_memory_mb", (json_int_t)plan->memory_mb, "mbufs", (json_int_t)plan->mbufs,
		"hugepages", (int)plan->hugepages, "ports", ports(plan), "endpoints", groups(plan),
		"tls", tls_profiles(plan),
		"activities", activities(plan), "run", run_of(plan), "needs", rs_budget_json(&b),
		"machine", rs_machine_json(machine), "problems",
		rs_budget_problems(plan, &b, machine), "remarks",
		rs_budget_remarks(plan, &b, machine));
}

json_t *
rs_plan_check_json(const struct rs_plan *plan)
{
	struct rs_machine machine;
	json_t *check;

	if (rs_machine_read(&machine) != 0)
		return NULL;
	check = rs_plan_check_on(plan, &machine);
	rs_machine_fini(&machine);
	return check;
}

bool
rs_plan_check_ok(const json_t *check)
{
	return json_array_size(json_object_get(check, "problems")) == 0;
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text ? text : "-";
}

static long long
int_of(const json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

static double
real_of(const json_t *j, const char *key)
{
	return json_number_value(json_object_get(j, key));
}

static void
print_texts(FILE *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		fprintf(out, "%s%s", i ? ", " : "", json_string_value(json_array_get(list, i)));
}

static void
print_tls(FILE *out, const json_t *profiles)
{
	json_t *j;
	size_t i;

	if (json_array_size(profiles) > 0)
		fputs("TLS profiles\n", out);
	json_array_foreach(profiles, i, j)
	{
		const char *from = text_of(j, "min_version"), *to = text_of(j, "max_version");
		long long read = int_of(j, "certificates"), made = int_of(j, "generated");

		fprintf(out, "  %-12s TLS %s%s%s, ", text_of(j, "name"), from, strcmp(from, to) ? " and " : "",
			strcmp(from, to) ? to : "");
		if (read || made)
			fprintf(out, "%lld certificate%s %s, ", read ? read : made, read + made == 1 ? "" : "s",
				read ? "read" : "to be made");
		fprintf(out, "peers are %s%s\n", json_is_true(json_object_get(j, "verify")) ? "checked" : "not checked",
			json_is_true(json_object_get(j, "mutual")) ? ", clients must show a certificate" : "");
	}
}

static void
print_activity(FILE *out, const json_t *a)
{
	bool answers = strcmp(text_of(a, "do"), "answer") == 0,
	     registers = strcmp(text_of(a, "do"), "register") == 0, drops = strcmp(text_of(a, "do"), "drop") == 0;
	json_t *shape = json_object_get(a, "shape"), *piece;
	size_t i;

	fprintf(out, "  %-12s %-8s %s", text_of(a, "name"), text_of(a, "do"),
		text_of(a, "endpoints"));
	if (drops)
		fprintf(out, ", %g %% of the connections, by %s", 100 * real_of(a, "share"), text_of(a, "how"));
	else if (!answers)
		fprintf(out, " -> %s", text_of(a, "to"));
	if (int_of(a, "open_calls"))
		fprintf(out, ", %lld calls held open", int_of(a, "open_calls"));
	if (real_of(a, "rate") > 0)
		fprintf(out, ", %s%g %s/s", int_of(a, "open_calls") ? "at most " : "",
			real_of(a, "rate"), registers ? "registrations" : "calls");
	if (drops && int_of(a, "total") > 1)
		fprintf(out, ", %lld times, every %g s", int_of(a, "total"), real_of(a, "every_s"));
	else if (!drops && int_of(a, "total"))
		fprintf(out, ", %lld in all", int_of(a, "total"));
	if (int_of(a, "limit"))
		fprintf(out, ", at most %lld open", int_of(a, "limit"));
	if (json_is_string(json_object_get(a, "after")))
		fprintf(out, ", after %s", text_of(a, "after"));
	fputc('\n', out);
	json_array_foreach(shape, i, piece)
	{
		double from = real_of(piece, "rate_from"), to = real_of(piece, "rate_to");

		fprintf(out, "  %-12s %-8s from %g s to %g s: %g", "", "", real_of(piece, "from_s"),
			real_of(piece, "to_s"), from);
		if (to < from || to > from)
			fprintf(out, " to %g", to);
		fputs(" calls/s\n", out);
	}
	if (!registers && !drops)
		fprintf(out, "  %-12s %-8s %s, %lld steps, %s\n", "", "", text_of(a, "scenario"),
			int_of(a, "steps"), text_of(a, "mode"));
}

static void
print_run(FILE *out, const json_t *run)
{
	json_t *bound;
	const char *name;

	fprintf(out, "run\n  ends         %s, or by stop; then %g s to drain\n",
		text_of(run, "ends"), real_of(run, "drain_s"));
	if (real_of(run, "measure_s") > 0)
		fprintf(out, "  measured     %g s after %g s of warm-up\n",
			real_of(run, "measure_s"), real_of(run, "warmup_s"));
	fprintf(out, "  limits       %lld open calls", int_of(run, "max_calls"));
	if (real_of(run, "max_rate") > 0)
		fprintf(out, ", %g calls/s", real_of(run, "max_rate"));
	fprintf(out, "; seed %lld\n", int_of(run, "seed"));
	json_object_foreach(json_object_get(run, "thresholds"), name, bound)
		fprintf(out, "  threshold    %s at %s %g\n", name,
			strcmp(name, "min_mos") == 0 ? "least" : "most", json_number_value(bound));
}

void
rs_plan_check_print(FILE *out, const json_t *check)
{
	json_t *j;
	size_t i;

	fprintf(out, "%s: this plan %s\n", text_of(check, "plan"),
		rs_plan_check_ok(check) ? "can be played" : "cannot be played here");
	fputs("targets        ", out);
	print_texts(out, json_object_get(check, "targets"));
	fputs("\nports\n", out);
	json_array_foreach(json_object_get(check, "ports"), i, j)
	{
		fprintf(out, "  %-12s %s, ", text_of(j, "name"), text_of(j, "device"));
		print_texts(out, json_object_get(j, "addresses"));
		if (int_of(j, "vlan"))
			fprintf(out, ", VLAN %lld", int_of(j, "vlan"));
		fputc('\n', out);
	}
	fputs("endpoints\n", out);
	json_array_foreach(json_object_get(check, "endpoints"), i, j) fprintf(out,
		"  %-12s %lld %s%s on port %s, %lld addresses, proxy %s\n", text_of(j, "name"),
		int_of(j, "count"), text_of(j, "kind"), int_of(j, "count") == 1 ? "" : "s",
		text_of(j, "port"), int_of(j, "addresses"), text_of(j, "proxy"));
	print_tls(out, json_object_get(check, "tls"));
	fputs("activities\n", out);
	json_array_foreach(json_object_get(check, "activities"), i, j) print_activity(out, j);
	print_run(out, json_object_get(check, "run"));
	rs_budget_print(out, json_object_get(check, "needs"), json_object_get(check, "workers"),
		json_object_get(check, "machine"));
	fprintf(out, "packets        %lld MiB %s, %lld mbufs\n", int_of(check, "packet_memory_mb"),
		json_is_true(json_object_get(check, "hugepages")) ? "of huge pages"
								  : "without huge pages",
		int_of(check, "mbufs"));
	json_array_foreach(json_object_get(check, "remarks"), i, j)
		fprintf(out, "remark: %s\n", json_string_value(j));
}
