/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Any bytes as a plan: it is refused with an error of one line, or it can be used and compared. A last line "--set PATH=VALUE"
 * is applied on top. No file is opened: scenarios are two small ones in memory.
 */
#include <stdlib.h>

#include "plan/plan_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static int
find(const char *plan_file, const char *name, bool is_scenario, char *path, size_t cap,
	struct rs_err *err)
{
	if (strcmp(name, "uac") != 0 && strcmp(name, "uas") != 0 &&
		strcmp(name, "options") != 0 && strcmp(name, "users.csv") != 0)
		return rs_err_set(err, -ENOENT, "there is no \"%.80s\"", name);
	snprintf(path, cap, "%s", name);
	return 0;
}

static int
scenario(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out,
	struct rs_findings *findings, struct rs_err *err)
{
	static const char uas[] = "<scenario name=\"s\"><recv request=\"INVITE\"/></scenario>";
	static const char uac[] =
		"<scenario name=\"c\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nContent-Length: 0\n\n]]></send></scenario>";

	return rs_scenario_compile(
		file, rs_slice_str(strcmp(file, "uas") == 0 ? uas : uac), opts, out, findings, err);
}

static int
data_file(const char *file, struct rs_inject **out, struct rs_err *err)
{
	return rs_inject_parse(file, rs_slice_str("SEQUENTIAL\na;b\n"), out, err);
}

static int
payload(const char *file, const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err)
{
	static const uint8_t octets[1024] = { 1 };

	return rs_payload_read(file, rs_slice_of(octets, sizeof(octets)), want, out, err);
}

static const struct rs_plan_io memory_only = {
	.n_cores = 2, .find = find, .scenario = scenario, .data = data_file, .payload = payload
};

/** Every endpoint at an edge is found again by its own address. */
static void
use_group(const struct rs_plan_group *g)
{
	const uint32_t some[] = { 0, 1, g->n_addrs - 1, g->n_addrs, g->count / 2, g->count - 1 };
	uint8_t out[9000];

	for (size_t i = 0; i < RS_COUNT(some); i++) {
		struct rs_addr addr;
		uint16_t port;

		if (some[i] >= g->count)
			continue;
		rs_group_address(g, some[i], &addr, &port);
		check(rs_group_find(g, &addr, port) ==
			(g->kind == RS_GROUP_TRUNK ? 0 : (int64_t)some[i]));
		check(rs_pattern_write(&g->user, some[i], some[i], out, sizeof(out)) >= 0);
		check(rs_pattern_write(&g->password, some[i], some[i], out, sizeof(out)) >= 0);
	}
}

/** One stretch begins where the one before ends. */
static void
use_shape(const struct rs_plan_activity *a)
{
	for (uint32_t i = 0; i < a->n_shape; i++) {
		check(a->shape[i].begin_ns == (i > 0 ? a->shape[i - 1].end_ns : 0));
		check(a->shape[i].end_ns > a->shape[i].begin_ns);
		check(a->shape[i].rate_from_hz >= 0 && a->shape[i].rate_to_hz >= 0);
	}
}

static void
use(const struct rs_plan *p)
{
	check(p->n_ports > 0 && p->n_groups > 0 && p->n_activities > 0 && p->n_targets > 0 &&
		p->n_workers > 0);
	check(rs_plan_static_difference(p, p) == NULL);
	for (uint32_t i = 0; i < p->n_groups; i++) {
		check(p->groups[i].port < p->n_ports && p->groups[i].count > 0);
		use_group(&p->groups[i]);
	}
	for (uint32_t i = 0; i < p->n_activities; i++) {
		const struct rs_plan_activity *a = &p->activities[i];

		check(a->program && a->from < p->n_groups && a->to_group < (int32_t)p->n_groups);
		check(a->kind == RS_DO_ANSWER || a->rate_hz > 0 || a->open_calls > 0 || a->n_shape > 0);
		check(a->start != RS_START_AFTER || (a->after < p->n_activities && a->after != i));
		check(rs_dist_check(&a->hold) == NULL && rs_dist_check(&a->ring) == NULL);
		check((a->kind == RS_DO_REGISTER) == (a->program->n_steps == 0));
		use_shape(a);
	}
}

/* Read twice, a plan says the same: nothing of it is to be changed. */
static void
compare(const char *text, size_t size, const struct rs_set *set, uint32_t n_sets, const struct rs_plan *p)
{
	struct rs_plan_changes changes;
	struct rs_plan *again;
	struct rs_err err;

	check(rs_plan_read_text("fuzz.conf", text, size, set, n_sets, &memory_only, &again, &err) == 0);
	check(rs_plan_compare(p, again, &changes) == 0 && changes.n == 0);
	rs_plan_changes_free(&changes);
	rs_plan_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct rs_set set = { NULL, NULL };
	struct rs_plan *p;
	struct rs_err err = { 0 };

	check(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	char *line = strstr(text, "\n--set "), *value = line ? strchr(line, '=') : NULL;
	if (value) {
		*line = '\0';
		*value = '\0';
		set = (struct rs_set){ line + 7, value + 1 };
		size = (size_t)(line - text);
	}
	int rc = rs_plan_read_text(
		"fuzz.conf", text, size, &set, value ? 1 : 0, &memory_only, &p, &err);
	if (rc == 0) {
		use(p);
		compare(text, size, &set, value ? 1 : 0, p);
	} else {
		check(!p && err.code == rc && err.text[0] != '\0' && !strchr(err.text, '\n'));
	}
	rs_plan_free(p);
	free(text);
	return 0;
}
