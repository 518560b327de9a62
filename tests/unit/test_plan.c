/* SPDX-License-Identifier: BSD-3-Clause */
/** Plans that are good: what is read, which defaults hold, what --set changes, what needs another start of the daemon. */
#include "unit.h"

#include "base/steer.h"
#include "plan_text.h"

static struct rs_plan *
read_ok(const char *text, const struct rs_set *sets, uint32_t n_sets)
{
	struct rs_plan *plan;
	struct rs_err err = { 0 };

	if (plan_read(text, sets, n_sets, &plan, &err) != 0)
		fail_msg("%s", err.text);
	return plan;
}

static struct rs_plan *
read_edited(const char *old, const char *new)
{
	char *text = plan_edit(good_plan, old, new);
	struct rs_plan *plan = read_ok(text, NULL, 0);

	free(text);
	return plan;
}

static void
a_plan_is_read_with_every_reference_resolved(void **state)
{
	struct rs_plan *p = read_ok(good_plan, NULL, 0);

	assert_string_equal(p->name, "t.conf");
	assert_int_equal(p->n_targets, 1);
	assert_int_equal(p->targets[0].bits, 20);
	assert_int_equal(p->n_workers, 2);
	assert_int_equal(p->cores[1], 1);
	assert_int_equal(p->n_ports, 2);
	assert_string_equal(p->ports[1].device, "ring:x/b");
	assert_int_equal(p->ports[1].addresses[0].bits, 20);
	assert_int_equal(p->ports[1].n_workers, 1);
	assert_int_equal(p->ports[1].workers[0], 1);
	assert_int_equal(p->groups[0].port, 0);
	assert_int_equal(p->groups[0].n_addrs, 250);
	assert_int_equal(p->groups[0].count, 1000);
	assert_int_equal(p->groups[0].line, 7);
	assert_int_equal(p->activities[0].kind, RS_DO_ANSWER);
	assert_int_equal(p->activities[0].from, 1);
	assert_true(p->activities[0].program->is_server);
	assert_int_equal(p->activities[1].kind, RS_DO_CALL);
	assert_int_equal(p->activities[1].from, 0);
	assert_int_equal(p->activities[1].to_group, 1);
	assert_true(p->activities[1].rate_hz == 100.0); /* an integer where a float is meant */
	assert_int_equal(p->activities[1].total, 1000);
	rs_plan_free(p);
}

static void
what_is_left_out_has_its_documented_default(void **state)
{
	struct rs_plan *p = read_edited("run = { seed = 1; };", "");

	assert_true(p->idle_sleep);
	assert_int_equal(p->memory_mb, 256);
	assert_int_equal(p->mbufs, 16383);
	assert_false(p->hugepages);
	assert_int_equal(p->ports[0].mtu, 1500);
	assert_int_equal(p->ports[0].rx_descriptors, 1024);
	assert_int_equal(p->ports[0].gateway4.family, 0);
	assert_int_equal(p->groups[0].kind, RS_GROUP_PHONE);
	assert_int_equal(p->groups[0].sip_port, 5060);
	assert_string_equal(p->groups[1].user.text, "{index}");
	assert_null(p->groups[0].domain);
	assert_int_equal(p->activities[1].start, RS_START_AT_ONCE);
	assert_int_equal(p->activities[1].pick, RS_PICK_IDLE);
	assert_int_equal(p->activities[1].limit, 0);
	assert_int_equal(p->activities[1].hold.a_ns, 0);
	assert_int_equal(p->activities[1].timeout_ns, 32000000000);
	assert_int_equal(p->seed, 1);
	assert_int_equal(p->measure_ns, 0);
	assert_int_equal(p->drain_ns, 32000000000);
	assert_int_equal(p->max_calls, 100000);
	assert_true(p->max_rate_hz == 0.0);
	assert_true(p->catch_up == 2.0);
	assert_null(p->reports);
	assert_int_equal(p->mode, RS_MODE_SIPP);
	assert_int_equal(p->t1_ns, 500000000);
	assert_int_equal(p->t2_ns, 4000000000);
	assert_int_equal(p->t4_ns, 5000000000);
	assert_int_equal(p->legs, RS_LEGS_AUTO);
	assert_null(p->legs_header);
	assert_true(p->limited_percent == 5.0);
	assert_true(p->health.busy_percent == 95.0);
	assert_true(p->health.lateness_p99_ms == 20.0);
	assert_true(p->health.gap_percent == 25.0);
	assert_true(p->health.drops == 0.0);
	assert_true(p->health.not_started == 0.0);
	assert_true(p->trace_share == 1.0);
	assert_int_equal(p->trace_calls, 64);
	assert_int_equal(p->trace_rate, 500);
	assert_int_equal(p->n_thresholds, 1); /* always judged */
	assert_int_equal(p->thresholds[0].metric, RS_TH_FAILED_PERCENT);
	assert_true(p->thresholds[0].bound == 0.0);
	rs_plan_free(p);
}

static void
without_cores_the_last_one_works_and_serves_all_ports(void **state)
{
	char *half = plan_edit(good_plan, "workers = { cores = [ 0, 1 ]; };", "");
	char *most = plan_edit(half, " workers = [ 0 ];", ""),
	     *text = plan_edit(most, " workers = [ 1 ];", "");
	struct rs_plan *p = read_ok(text, NULL, 0);

	assert_int_equal(p->n_workers, 1);
	assert_int_equal(p->cores[0], 1);
	assert_int_equal(p->ports[1].n_workers, 1);
	assert_int_equal(p->ports[1].workers[0], 0);
	rs_plan_free(p);
	free(half);
	free(most);
	free(text);
}

static void
a_call_goes_to_a_uri_a_group_or_the_proxy(void **state)
{
	struct rs_plan *p = read_edited(
		"to = \"callees\"", "to = \"sip:15{index:03}@198.18.0.3:5070;transport=udp\"");
	const struct rs_plan_activity *a = &p->activities[1];
	uint8_t out[32];

	assert_int_equal(a->to_group, -1);
	assert_int_equal(a->to_port, 5070);
	assert_string_equal(a->to_host, "198.18.0.3");
	assert_int_equal(a->to_addr.family, 4);
	assert_int_equal(rs_pattern_write(&a->to_user, 7, 0, out, sizeof(out)), 5);
	assert_memory_equal(out, "15007", 5);
	rs_plan_free(p);

	char *text = plan_edit(good_plan, "to = \"callees\"; ", "");
	char *with =
		plan_edit(text, "count = 1000;", "count = 1000; proxy = \"sip:198.18.0.9:5099\";");
	p = read_ok(with, NULL, 0);
	a = &p->activities[1];
	assert_int_equal(a->to_group, -1);
	assert_int_equal(a->to_port, 5099);
	assert_string_equal(a->to_user.text, "service");
	assert_true(rs_addr_eq(&a->to_addr, &p->groups[0].proxy));
	rs_plan_free(p);
	free(text);
	free(with);

	/* behind a proxy, the called URI may have a name: it is not looked up, only written */
	with = plan_edit(good_plan, "count = 1000;", "count = 1000; proxy = \"sip:198.18.0.9\";");
	text = plan_edit(with, "to = \"callees\"", "to = \"sip:bob@example.test\"");
	p = read_ok(text, NULL, 0);
	assert_int_equal(p->activities[1].to_addr.family, 0);
	assert_string_equal(p->activities[1].to_host, "example.test");
	rs_plan_free(p);
	free(text);
	free(with);
}

static void
ipv6_plans_are_plans(void **state)
{
	static const char text[] =
		"targets = [ \"2001:2::1/128\" ];\n"
		"ports = ( { name = \"w\"; device = \"net_af_packet0,iface=rs0\"; addresses = [ \"2001:2::2/64\" ]; } );\n"
		"endpoints = ( { name = \"c\"; kind = \"trunk\"; port = \"w\"; addresses = \"2001:2::2\"; "
		"proxy = \"sip:[2001:2::1]:5060\"; count = 100; } );\n"
		"activities = ( { name = \"calls\"; do = \"call\"; from = \"c\"; to = \"sip:s@[2001:2::1]\"; "
		"scenario = \"uac\"; rate = 0.5; } );\n";
	struct rs_plan *p = read_ok(text, NULL, 0);

	assert_int_equal(p->groups[0].proxy.family, 6);
	assert_string_equal(p->groups[0].proxy_host, "[2001:2::1]");
	assert_true(p->activities[0].rate_hz == 0.5);
	rs_plan_free(p);
}

static void
thresholds_name_a_latency_and_a_statistic(void **state)
{
	struct rs_plan *p = read_edited("seed = 1;",
		"thresholds = { post_dial_p99_ms = 50; answer_mean_ms = 2.5; not_started_percent = 1; failed_percent = 0.1; };");

	assert_int_equal(p->n_thresholds, 4);
	assert_string_equal(p->thresholds[0].name, "failed_percent");
	assert_true(p->thresholds[0].bound == 0.1);
	assert_int_equal(p->thresholds[1].metric, RS_TH_LATENCY);
	assert_string_equal(p->thresholds[1].latency, "post_dial");
	assert_string_equal(p->thresholds[1].stat, "p99");
	assert_true(p->thresholds[1].bound == 50.0);
	assert_string_equal(p->thresholds[2].stat, "mean");
	assert_int_equal(p->thresholds[3].metric, RS_TH_NOT_STARTED_PERCENT);
	rs_plan_free(p);
}

static void
keys_and_injection_files_reach_the_scenario(void **state)
{
	struct rs_plan *p = read_edited("total = 1000;",
		"keys = { x = \"1\"; y = \"two\"; }; data = [ \"a.csv\", \"b.csv\" ];");

	assert_int_equal(p->activities[1].n_keys, 2);
	assert_string_equal(p->activities[1].keys[1].name, "y");
	assert_string_equal(p->activities[1].keys[1].value, "two");
	assert_int_equal(p->activities[1].n_data, 2);
	assert_string_equal(p->activities[1].data[1]->file, "b.csv");
	rs_plan_free(p);
}

static void
a_core_may_have_several_workers(void **state)
{
	static const struct rs_set sets[] = { { "workers.cores", "[0,1,0,1]" }, { "ports.a.workers", "[0,2]" },
		{ "ports.b.workers", "[1,3]" }, { "ports.b.steering", "queue pair" } };
	struct rs_plan *p = read_ok(good_plan, sets, RS_COUNT(sets));

	assert_int_equal(p->n_workers, 4);
	assert_int_equal(p->cores[2], 0);
	assert_int_equal(p->ports[1].workers[1], 3);
	assert_int_equal(p->ports[0].steering, RS_STEER_AUTO);
	assert_int_equal(p->ports[1].steering, RS_STEER_PAIR);
	rs_plan_free(p);
}

static void
set_puts_a_value_over_the_files(void **state)
{
	static const struct rs_set sets[] = { { "run.seed", "5000000000" },
		{ "activities.calls.rate", "7.5" }, { "activities[0].ring", "90ms" },
		{ "endpoints.callees.count", "3" }, { "run.thresholds.answer_max_ms", "9" },
		{ "activities.calls.keys.x", "1" }, { "workers.cores", "[1,0]" },
		{ "sut.version", "7.1" },
		{ "endpoints.callees.addresses", "198.18.8.1-198.18.8.3" },
		{ "targets", "[\"198.18.0.0/16\"]" }, { "workers.idle", "busy" },
		{ "activities.calls.start", "at once" } };
	struct rs_plan *p = read_ok(good_plan, sets, RS_COUNT(sets));

	assert_int_equal(p->seed, 5000000000);
	assert_true(p->activities[1].rate_hz == 7.5);
	assert_int_equal(p->activities[0].ring.a_ns, 90000000);
	assert_int_equal(p->groups[1].count, 3);
	assert_int_equal(p->groups[1].n_addrs, 3);
	assert_string_equal(p->thresholds[1].name, "answer_max_ms");
	assert_string_equal(p->activities[1].keys[0].value, "1");
	assert_int_equal(p->cores[0], 1);
	assert_string_equal(p->sut_version, "7.1");
	assert_int_equal(p->targets[0].bits, 16);
	assert_false(p->idle_sleep);
	rs_plan_free(p);
}

static void
set_names_what_is_not_there(void **state)
{
	static const struct {
		struct rs_set set;
		const char *want;
	} rows[] = {
		{ { "activities.cals.rate", "5" },
			"--set activities.cals.rate=5: there is nothing named 'cals' in activities: did you mean 'calls'?" },
		{ { "activities.calls.rat", "5" },
			"--set activities.calls.rat=5: activities[1]: unknown setting 'rat': did you mean 'rate'?" },
		{ { "runn.seed", "5" },
			"--set runn.seed=5: unknown setting 'runn': did you mean 'run'?" },
		{ { "activities[2].rate", "5" },
			"--set activities[2].rate=5: there is no activities[2]: the plan has 0 to 1" },
		{ { "activities[x].rate", "5" },
			"--set activities[x].rate=5: write activities[NUMBER] or activities.NAME" },
		{ { "activities.calls", "5" },
			"--set activities.calls=5: 'activities' has no settings of its own: the path is SECTION.SETTING, or "
			"LIST.NAME.SETTING" },
		{ { "activities.rate", "5" },
			"--set activities.rate=5: there is nothing named 'rate' in activities" },
		{ { "", "5" }, "--set =5: a name is missing in the path" },
		{ { "run..seed", "5" }, "--set run..seed=5: a name is missing in the path" },
		{ { "targets.x", "5" },
			"--set targets.x=5: 'targets' has no settings of its own: the path is SECTION.SETTING, or LIST.NAME.SETTING" },
		{ { "media.x.name", "5" }, "--set media.x.name=5: the plan has no media" },
		{ { "run.seed", "many" },
			"--set run.seed=many: run.seed: \"many\" is a string, not an integer" },
		{ { "activities.calls.hold", "90" },
			"--set activities.calls.hold=90: activities[1].hold: 90 has no unit: write \"90s\" or another unit" },
		{ { "run.seed", "\"1" }, "--set run.seed=\"1: this string has no end: write \"" },
		{ { "workers.cores", "[0" },
			"--set workers.cores=[0: expected ',' or ']' here (the array starts in line 1)" },
		{ { "endpoints.callees.count", "2000000" },
			"--set endpoints.callees.count=2000000: endpoints[1].count: 2000000 is out of range: 1 to 1000000" },
	};

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		struct rs_plan *p;
		struct rs_err err = { 0 };

		assert_int_equal(plan_read(good_plan, &rows[i].set, 1, &p, &err), -EINVAL);
		assert_string_equal(err.text, rows[i].want);
	}
}

static void
ports_workers_and_memory_need_another_start(void **state)
{
	static const struct {
		struct rs_set set;
		const char *want;
	} rows[] = {
		{ { "workers.cores", "[1,0]" }, "workers.cores" },
		{ { "workers.idle", "busy" }, "workers.idle" },
		{ { "workers.memory_mb", "512" }, "workers.memory_mb" },
		{ { "workers.mbufs", "8191" }, "workers.mbufs" },
		{ { "workers.hugepages", "true" }, "workers.hugepages" },
		{ { "ports.a.vlan", "5" }, "ports[].vlan" },
		{ { "ports.a.mtu", "1400" }, "ports[].mtu" },
		{ { "ports.a.mac", "02:00:00:00:00:01" }, "ports[].mac" },
		{ { "ports.b.addresses", "[\"198.18.0.3/19\"]" }, "ports[].addresses" },
		{ { "ports.b.routed", "true" }, "ports[].routed" },
		{ { "ports.b.gateway", "198.18.0.9" }, "ports[].gateway" },
		{ { "ports.b.workers", "[1,0]" }, "ports[].workers" },
		{ { "ports.b.steering", "software" }, "ports[].steering" },
		{ { "ports.b.rx_descriptors", "512" }, "ports[].rx_descriptors" },
		{ { "ports.b.tx_descriptors", "512" }, "ports[].tx_descriptors" },
		{ { "activities.calls.rate", "5" }, NULL },
		{ { "run.max_calls", "5" }, NULL },
		{ { "run.mode", "rfc3261" }, NULL },
		{ { "endpoints.callees.password", "x" }, NULL },
		{ { "endpoints.callees.count", "5" }, NULL },
	};
	struct rs_plan *base = read_ok(good_plan, NULL, 0);

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		struct rs_plan *other = read_ok(good_plan, &rows[i].set, 1);
		const char *got = rs_plan_static_difference(base, other);

		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
		else
			assert_null(got);
		rs_plan_free(other);
	}
	rs_plan_free(base);
}

static void
a_plan_may_be_read_with_all_its_lines_in_crlf(void **state)
{
	size_t n = strlen(good_plan), at = 0;
	char *text = malloc(2 * n + 1);

	for (size_t i = 0; i <= n; i++) {
		if (good_plan[i] == '\n')
			text[at++] = '\r';
		text[at++] = good_plan[i];
	}
	rs_plan_free(read_ok(text, NULL, 0));
	free(text);
}

static void
freeing_nothing_is_allowed(void **state)
{
	rs_plan_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_read_with_every_reference_resolved),
		cmocka_unit_test(what_is_left_out_has_its_documented_default),
		cmocka_unit_test(without_cores_the_last_one_works_and_serves_all_ports),
		cmocka_unit_test(a_call_goes_to_a_uri_a_group_or_the_proxy),
		cmocka_unit_test(ipv6_plans_are_plans),
		cmocka_unit_test(thresholds_name_a_latency_and_a_statistic),
		cmocka_unit_test(keys_and_injection_files_reach_the_scenario),
		cmocka_unit_test(a_core_may_have_several_workers),
		cmocka_unit_test(set_puts_a_value_over_the_files),
		cmocka_unit_test(set_names_what_is_not_there),
		cmocka_unit_test(ports_workers_and_memory_need_another_start),
		cmocka_unit_test(a_plan_may_be_read_with_all_its_lines_in_crlf),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
