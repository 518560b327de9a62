/* SPDX-License-Identifier: BSD-3-Clause */
/* What `plan check` says of a plan on a machine: what it needs, what is refused, with which remedy. */
#include <string.h>

#include "engine/engine.h"
#include "run/budget.h"
#include "run/files.h"
#include "plan_text.h"
#include "unit.h"

#define GIB (1024ull * 1024 * 1024)

/** A machine of 4 cores and 8 GiB with interfaces lo and rs0 and one network card. */
static struct rs_machine
machine(void)
{
	static char interfaces[][IF_NAMESIZE] = { "lo", "rs0" };
	static struct rs_machine_pci pci[] = { { "0000:3b:00.0", "vfio-pci" } };
	struct rs_machine m = {
		.memory_bytes = 8 * GIB,
		.available_bytes = 6 * GIB,
		.interfaces = interfaces,
		.n_interfaces = 2,
		.pci = pci,
		.n_pci = 1,
	};

	assert_int_equal(rs_machine_cores("0-3\n", &m.online), 0);
	m.allowed = m.online;
	return m;
}

#define PLAN_BYTES 4096

static void
plan_text(char *text, const char *device, const char *activities, const char *run)
{
	snprintf(text, PLAN_BYTES,
		"targets = [ \"198.18.0.0/20\" ];\n"
		"workers = { cores = [ 0 ]; memory_mb = 256; };\n"
		"ports = ( { name = \"p\"; device = \"%s\"; addresses = [ \"198.18.0.2/20\" ]; } );\n"
		"endpoints = ( { name = \"phones\"; port = \"p\"; count = 1000; addresses = \"198.18.4.1-198.18.4.100\"; proxy = \"sip:198.18.0.1\"; },\n"
		"  { name = \"trunk\"; kind = \"trunk\"; port = \"p\"; count = 5000; addresses = \"198.18.8.1\"; proxy = \"sip:198.18.0.1\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"phones\"; scenario = \"uas\"; }, %s );\n"
		"run = { %s };\n",
		device, activities, run);
}

static struct rs_plan *
plan_with(const char *device, const char *activities, const char *run)
{
	struct rs_plan *plan;
	struct rs_err err = { 0 };
	char text[PLAN_BYTES];

	plan_text(text, device, activities, run);
	if (rs_plan_parse("t.conf", text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s", err.text);
	return plan;
}

#define CALLS	 "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; scenario = \"uac\"; rate = 100; }"
#define REGISTER(more) "{ name = \"reg\"; do = \"register\"; endpoints = \"phones\"; " more " }"

/* The only problem, or remark, or NULL; freed by the next call. */
static const char *
only(const struct rs_plan *plan, const struct rs_machine *m, const char *of)
{
	static json_t *check;
	const json_t *list;

	json_decref(check);
	check = rs_plan_check_on(plan, m);
	assert_non_null(check);
	assert_int_equal(rs_plan_check_ok(check), json_array_size(json_object_get(check, "problems")) == 0);
	list = json_object_get(check, of);
	assert_true(json_array_size(list) <= 1);
	return json_string_value(json_array_get(list, 0));
}

#define PROBLEM(plan, m, word)                                     \
	do {                                                       \
		const char *said = only(plan, m, "problems");      \
		assert_non_null(said);                             \
		if (!strstr(said, word))                           \
			fail_msg("\"%s\" has no \"%s\"", said, word); \
	} while (0)
#define NO_PROBLEM(plan, m) assert_null(only(plan, m, "problems"))

static void
what_a_plan_needs_is_counted(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", CALLS, "max_calls = 1000;");
	struct rs_budget b;

	rs_budget_of(plan, &b);
	assert_int_equal(b.addresses, 1 + 100 + 1);
	assert_int_equal(b.udp_ports, 1000 + 1); /* a trunk has one pair */
	assert_int_equal(b.endpoints, 6000);
	assert_true(b.legs >= 2000); /* both ends of 1000 calls */
	assert_int_equal(b.tombstones, 0);
	assert_int_equal(b.registrations, 0);
	assert_int_equal(b.cores, 1);
	assert_int_equal(b.packet_bytes, 256u << 20);
	assert_true(b.engine_bytes > b.legs * 400 && b.engine_bytes < b.workers[0].reserved_bytes);
	assert_int_equal(b.histogram_bytes, rs_account_bytes(plan));
	rs_plan_free(plan);
}

static void
tombstones_are_what_the_rates_make_in_64_t1(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
		"scenario = \"uac\"; rate = 10000; }", "mode = \"rfc3261\";");
	struct rs_budget b, brief;

	rs_budget_of(plan, &b);
	assert_true(b.tombstones >= 3ull * 10000 * 32); /* of each call three, for 32 s */
	rs_plan_free(plan);
	plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; scenario = \"uac\"; "
		"rate = 10000; }", "mode = \"rfc3261\"; t1 = \"100ms\";");
	rs_budget_of(plan, &brief);
	assert_int_equal(brief.tombstones, b.tombstones / 5);
	assert_int_equal(b.engine_bytes - brief.engine_bytes, (b.tombstones - brief.tombstones) * 64);
	rs_plan_free(plan);
}

static void
registrations_are_refreshed_within_their_expiry(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", REGISTER("rate = 50; expires = \"100s\";"), "");
	struct rs_machine m = machine();
	struct rs_err err = { 0 };
	struct rs_budget b;
	char text[PLAN_BYTES];

	rs_budget_of(plan, &b);
	assert_int_equal(b.registrations, 1000);
	assert_in_range((int)(b.refresh_hz * 10), 142, 143); /* 1000 in 70 s */
	NO_PROBLEM(plan, &m);
	rs_plan_free(plan);
	plan_text(text, "net_null0", REGISTER("rate = 10; expires = \"100s\";"), "max_rate = 12;");
	assert_int_equal(rs_plan_parse("t.conf", text, NULL, 0, &plan, &err), -EINVAL);
	assert_string_equal(err.text, "t.conf:6: activities[1].expires: makes 14.3 refreshes a second, above run.max_rate, 12: raise it, "
		"register fewer, or raise run.max_rate");
	plan = plan_with("net_null0", REGISTER("rate = 10; expires = \"100s\";"), "");
	NO_PROBLEM(plan, &m);
	assert_non_null(strstr(only(plan, &m, "remarks"), "take 100 s"));
	rs_plan_free(plan);
}

/* Idle ends of connections take 480 bytes of a worker, and TLS 2.6 KiB more; what peers open is not the plan's to say. */
#define FOR_ALL (2u << 20)

static void
connections_are_counted(void **state)
{
	static const struct {
		const char *group;
		uint64_t connections, each; /* bytes an end at most, beside what there is for all */
	} rows[] = {
		{ "", 0, 0 },
		{ "transport = \"tcp\";", 20000, 512 },
		{ "transport = \"tls\"; tls = \"t\";", 20000, 4096 },
		{ "transport = \"tcp\"; connections = \"shared\";", 100, 512 },
		{ "transport = \"tcp\"; connections = \"call\";", 300, 512 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[PLAN_BYTES], group[200];
		struct rs_budget b;
		struct rs_plan *plan;
		struct rs_err err = { 0 };
		char *one, *two;

		plan_text(text, "net_af_packet0,iface=rs0", "{ name = \"calls\"; do = \"call\"; from = \"phones\"; to = \"sip:1@198.18.0.1\"; scenario = \"uac\"; rate = 1; }", "max_calls = 300;");
		snprintf(group, sizeof(group), "count = 20000; %s", rows[i].group);
		one = plan_edit(text, "count = 1000;", group);
		two = plan_edit(one, "endpoints =", "tls = ( { name = \"t\"; } ); endpoints =");
		if (rs_plan_parse("t.conf", two, NULL, 0, &plan, &err) != 0)
			fail_msg("%s", err.text);
		rs_budget_of(plan, &b);
		assert_int_equal(b.connections, rows[i].connections);
		assert_in_range(b.connection_bytes, rows[i].connections * 400, rows[i].connections * rows[i].each + (rows[i].connections ? FOR_ALL : 0));
		rs_plan_free(plan);
		free(one);
		free(two);
	}
}

static void
more_memory_than_the_machine_has_is_refused(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", CALLS, "max_calls = 10000000;");
	struct rs_machine m = machine();
	json_t *check;

	PROBLEM(plan, &m, "lower run.max_calls to ");
	m.memory_bytes = m.available_bytes = 64 * GIB;
	NO_PROBLEM(plan, &m);
	m.available_bytes = GIB;
	NO_PROBLEM(plan, &m);
	assert_non_null(strstr(only(plan, &m, "remarks"), "free at present"));
	m.memory_bytes = GIB / 8; /* less than the packets take */
	PROBLEM(plan, &m, "workers.memory_mb");
	m.memory_bytes = 0; /* the kernel does not tell */
	NO_PROBLEM(plan, &m);
	check = rs_plan_check_on(plan, &m);
	assert_true(json_integer_value(json_object_get(json_object_get(json_object_get(check, "needs"), "memory"), "bytes")) > (json_int_t)(8 * GIB));
	json_decref(check);
	rs_plan_free(plan);
}

static void
the_number_of_calls_proposed_fits(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", CALLS, "max_calls = 10000000;");
	struct rs_machine m = machine();
	unsigned long long proposed;
	char run[64];

	assert_int_equal(sscanf(strstr(only(plan, &m, "problems"), "lower run.max_calls to "), "lower run.max_calls to %llu", &proposed), 1);
	rs_plan_free(plan);
	snprintf(run, sizeof(run), "max_calls = %llu;", proposed);
	plan = plan_with("net_null0", CALLS, run);
	NO_PROBLEM(plan, &m);
	rs_plan_free(plan);
}

static void
cores_that_are_not_there_or_not_ours_are_refused(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", CALLS, "");
	struct rs_machine m = machine();

	NO_PROBLEM(plan, &m);
	CPU_CLR(0, &m.allowed);
	PROBLEM(plan, &m, "core 0 is not for this process");
	CPU_CLR(0, &m.online);
	PROBLEM(plan, &m, "core 0 does not exist");
	rs_plan_free(plan);
}

static void
devices_are_those_that_the_kernel_lists(void **state)
{
	static const struct {
		const char *device, *problem;
	} rows[] = {
		{ "net_null0", NULL }, /* of no kernel device */
		{ "net_tap0,iface=new", NULL }, /* makes its interface itself */
		{ "net_af_packet0,iface=rs0", NULL },
		{ "net_af_packet0,iface=rs0,blocksz=4096", NULL },
		{ "net_af_packet0,iface=rs1", "no interface rs1 here (there are lo, rs0)" },
		{ "net_af_xdp0,iface=rs", "no interface rs here" },
		{ "0000:3b:00.0", NULL },
		{ "3b:00.0", NULL },
		{ "0000:3b:00.1", "no network device at 0000:3b:00.1 (there are 0000:3b:00.0)" },
		{ "af:00.0,arg=1", "no network device at 0000:af:00.0" },
	};
	struct rs_machine m = machine();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_plan *plan = plan_with(rows[i].device, CALLS, "");

		if (rows[i].problem)
			PROBLEM(plan, &m, rows[i].problem);
		else
			NO_PROBLEM(plan, &m);
		rs_plan_free(plan);
	}
}

static void
huge_pages_are_reserved_beforehand(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", CALLS, "");
	struct rs_machine m = machine();

	plan->hugepages = true;
	PROBLEM(plan, &m, "huge pages");
	m.huge_bytes = m.huge_free_bytes = GIB;
	NO_PROBLEM(plan, &m);
	m.huge_free_bytes = 0;
	NO_PROBLEM(plan, &m);
	assert_non_null(strstr(only(plan, &m, "remarks"), "huge pages"));
	rs_plan_free(plan);
}

static void
calls_beyond_what_can_be_open_are_remarked_on(void **state)
{
	struct rs_plan *plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
		"scenario = \"uac\"; rate = 100; hold = \"90s\"; }", "max_calls = 1000;");
	struct rs_machine m = machine();

	NO_PROBLEM(plan, &m);
	assert_non_null(strstr(only(plan, &m, "remarks"), "9000 open at a time, 1000 are let in"));
	rs_plan_free(plan);
	plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
		"scenario = \"uac\"; rate = 100; hold = \"90s\"; }", "");
	assert_non_null(strstr(only(plan, &m, "remarks"), "9000 calls open at a time need as many callees, group phones has 1000"));
	rs_plan_free(plan);
	plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
		"scenario = \"uac\"; open_calls = 1001; }", "");
	assert_non_null(strstr(only(plan, &m, "remarks"), "1001 calls open"));
	rs_plan_free(plan);
	plan = plan_with("net_null0", "{ name = \"calls\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
		"scenario = \"uac\"; open_calls = 1000; }", "");
	assert_null(only(plan, &m, "remarks"));
	rs_plan_free(plan);
}

static void
what_begins_when_the_run_is_over_is_remarked_on(void **state)
{
#define LATER(more) "{ name = \"late\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; scenario = \"uac\"; rate = 1; " more " }"
	static const struct {
		const char *activities;
		bool remark;
	} rows[] = {
		{ REGISTER("rate = 100; total = 500;") ", " LATER("start = \"after reg\";"), true },
		{ REGISTER("rate = 100;") ", " LATER("start = \"after reg\";"), false },
		{ REGISTER("rate = 100; total = 500;") ", " LATER("start = \"after reg\"; total = 5;"), false },
		{ REGISTER("rate = 100; total = 500;") ", " LATER(""), false },
		{ REGISTER("rate = 100; total = 500;") ", { name = \"x\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
			"scenario = \"uac\"; rate = 1; total = 5; }, " LATER("start = \"after reg\";"), false },
		{ REGISTER("rate = 100; total = 500;") ", { name = \"x\"; do = \"call\"; from = \"trunk\"; to = \"phones\"; "
			"scenario = \"uac\"; rate = 1; total = 5; start = \"after reg\"; }, " LATER("start = \"after x\";"), true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_plan *plan = plan_with("net_null0", rows[i].activities, "");
		struct rs_machine m = machine();
		const char *remark = only(plan, &m, "remarks");

		assert_int_equal(remark != NULL, rows[i].remark);
		if (remark)
			assert_memory_equal(remark, "late: begins after ", 19);
		rs_plan_free(plan);
	}
}

/* Ten addresses with ten pairs of RTP ports each. */
static struct rs_plan *
media_plan(const char *callers, const char *callees, const char *call)
{
	struct rs_plan *plan;
	struct rs_err err = { 0 };
	char text[PLAN_BYTES];

	snprintf(text, sizeof(text),
		"targets = [ \"198.18.0.0/20\" ];\nworkers = { cores = [ 0 ]; memory_mb = 256; };\n"
		"ports = ( { name = \"p\"; device = \"net_null0\"; addresses = [ \"198.18.0.2/20\" ]; } );\n"
		"media = ( { name = \"plain\"; codecs = [ \"PCMU\" ]; },\n"
		"  { name = \"srtp\"; codecs = [ \"PCMU\" ]; srtp = \"required\"; suites = \"AES_CM_128_HMAC_SHA1_80\"; } );\n"
		"endpoints = ( { name = \"us\"; port = \"p\"; count = 1000; addresses = \"198.18.4.1-198.18.4.10\"; %s },\n"
		"  { name = \"them\"; port = \"p\"; count = 1000; addresses = \"198.18.5.1-198.18.5.10\"; %s } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; %s } );\n",
		callers, callees, call);
	if (rs_plan_parse("t.conf", text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s", err.text);
	return plan;
}

static void
streams_and_their_ports_are_counted(void **state)
{
	struct rs_plan *plan = media_plan("media = \"srtp\"; rtp_ports = \"20000-20019\";", "media = \"srtp\";", "rate = 10; hold = \"5s\";");
	struct rs_budget b;

	rs_budget_of(plan, &b);
	assert_int_equal(b.streams, 100);
	assert_int_equal(b.srtp_contexts, 200);
	assert_int_equal(b.rtp_pairs, 10 * 10 + 10 * 8192);
	rs_plan_free(plan);
	plan = media_plan("", "media = \"plain\";", "open_calls = 30;");
	rs_budget_of(plan, &b);
	assert_int_equal(b.streams, 30);
	assert_int_equal(b.srtp_contexts, 0);
	assert_int_equal(b.rtp_pairs, 10 * 8192);
	rs_plan_free(plan);
	plan = media_plan("", "", "open_calls = 30;");
	rs_budget_of(plan, &b);
	assert_int_equal(b.streams + b.srtp_contexts + b.rtp_pairs, 0);
	rs_plan_free(plan);
}

static void
more_open_calls_than_pairs_of_rtp_ports_are_refused(void **state)
{
	struct rs_machine m = machine();
	struct rs_plan *plan = media_plan("media = \"plain\"; rtp_ports = \"20000-20019\";", "media = \"plain\";", "rate = 10; hold = \"11s\";");

	PROBLEM(plan, &m, "endpoints us: 110 calls are open at a time, their media have 100 pairs of RTP ports: widen rtp_ports (20000-20019)");
	rs_plan_free(plan);
	plan = media_plan("media = \"plain\";", "media = \"plain\"; rtp_ports = \"20000-20019\";", "open_calls = 101;");
	PROBLEM(plan, &m, "endpoints them: 101 calls");
	rs_plan_free(plan);
	plan = media_plan("media = \"plain\"; rtp_ports = \"20000-20019\";", "media = \"plain\";", "rate = 10; hold = \"6s\";");
	assert_null(only(plan, &m, "problems"));
	assert_memory_equal(only(plan, &m, "remarks"), "endpoints us: 60 calls at a time, and 50 pairs of RTP ports that rest", 67);
	rs_plan_free(plan);
	plan = media_plan("media = \"plain\"; rtp_ports = \"20000-20019\";", "media = \"plain\";", "rate = 10; hold = \"5s\"; limit = 50;");
	assert_null(only(plan, &m, "problems"));
	assert_null(only(plan, &m, "remarks"));
	rs_plan_free(plan);
}

static void
profiles_that_cannot_agree_are_refused(void **state)
{
	struct rs_machine m = machine();
	struct rs_plan *plan = media_plan("media = \"plain\";", "media = \"srtp\";", "rate = 10;");

	PROBLEM(plan, &m, "calls: media profiles plain and srtp cannot agree");
	rs_plan_free(plan);
	plan = media_plan("media = \"plain\"; proxy = \"sip:198.18.0.1\";", "media = \"srtp\";", "rate = 10;");
	assert_null(only(plan, &m, "problems"));
	rs_plan_free(plan);
}

static void
lists_of_cores_are_read_as_the_kernel_writes_them(void **state)
{
	cpu_set_t set;

	assert_int_equal(rs_machine_cores("0-3,8,10-11\n", &set), 0);
	assert_int_equal(CPU_COUNT(&set), 7);
	assert_true(CPU_ISSET(8, &set) && CPU_ISSET(11, &set) && !CPU_ISSET(9, &set));
	assert_int_equal(rs_machine_cores("0", &set), 0);
	assert_int_equal(CPU_COUNT(&set), 1);
	assert_int_equal(rs_machine_cores("3-1", &set), -EINVAL);
	assert_int_equal(rs_machine_cores("0-", &set), -EINVAL);
	assert_int_equal(rs_machine_cores("0;1", &set), -EINVAL);
	assert_int_equal(rs_machine_cores("99999", &set), -EINVAL);
}

static void
this_machine_has_memory_cores_and_a_loopback(void **state)
{
	struct rs_machine m;

	assert_int_equal(rs_machine_read(&m), 0);
	assert_true(m.memory_bytes > 0 && m.available_bytes <= m.memory_bytes);
	assert_true(CPU_COUNT(&m.online) >= 1 && CPU_COUNT(&m.allowed) >= 1);
	assert_true(m.n_interfaces >= 1);
	rs_machine_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_plan_needs_is_counted),
		cmocka_unit_test(tombstones_are_what_the_rates_make_in_64_t1),
		cmocka_unit_test(registrations_are_refreshed_within_their_expiry),
		cmocka_unit_test(connections_are_counted),
		cmocka_unit_test(more_memory_than_the_machine_has_is_refused),
		cmocka_unit_test(the_number_of_calls_proposed_fits),
		cmocka_unit_test(cores_that_are_not_there_or_not_ours_are_refused),
		cmocka_unit_test(devices_are_those_that_the_kernel_lists),
		cmocka_unit_test(huge_pages_are_reserved_beforehand),
		cmocka_unit_test(calls_beyond_what_can_be_open_are_remarked_on),
		cmocka_unit_test(what_begins_when_the_run_is_over_is_remarked_on),
		cmocka_unit_test(streams_and_their_ports_are_counted),
		cmocka_unit_test(more_open_calls_than_pairs_of_rtp_ports_are_refused),
		cmocka_unit_test(profiles_that_cannot_agree_are_refused),
		cmocka_unit_test(lists_of_cores_are_read_as_the_kernel_writes_them),
		cmocka_unit_test(this_machine_has_memory_cores_and_a_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
