/* SPDX-License-Identifier: BSD-3-Clause */
/** Endpoints by number and by address, users by pattern. */
#include "unit.h"

#include "plan_text.h"

static struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static void
endpoint_i_has_address_i_mod_a_and_port_i_div_a(void **state)
{
	struct rs_addr_range ranges[] = { { addr("198.18.4.254"), 3 }, { addr("198.18.9.1"), 2 } };
	struct rs_plan_group g = {
		.count = 12, .addresses = ranges, .n_addresses = 2, .n_addrs = 5, .sip_port = 5060
	};
	static const struct {
		uint32_t index;
		const char *addr;
		uint16_t port;
	} rows[] = { { 0, "198.18.4.254", 5060 }, { 1, "198.18.4.255", 5060 },
		{ 2, "198.18.5.0", 5060 }, { 3, "198.18.9.1", 5060 }, { 4, "198.18.9.2", 5060 },
		{ 5, "198.18.4.254", 5061 }, { 11, "198.18.4.255", 5062 } };

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		struct rs_addr a, want = addr(rows[i].addr);
		uint16_t port;

		rs_group_address(&g, rows[i].index, &a, &port);
		assert_true(rs_addr_eq(&a, &want));
		assert_int_equal(port, rows[i].port);
	}
}

static void
an_address_and_port_name_the_one_endpoint_that_has_them(void **state)
{
	struct rs_addr_range ranges[] = { { addr("2001:2::ffff"), 3 }, { addr("2001:2::5:1"), 2 } };
	struct rs_plan_group g = {
		.count = 12, .addresses = ranges, .n_addresses = 2, .n_addrs = 5, .sip_port = 5060
	};

	for (uint32_t i = 0; i < g.count; i++) {
		struct rs_addr a;
		uint16_t port;

		rs_group_address(&g, i, &a, &port);
		assert_int_equal(rs_group_find(&g, &a, port), i);
	}
	struct rs_addr in = addr("2001:2::5:1"), out = addr("2001:2::5:3"), v4 = addr("198.18.0.1");
	assert_int_equal(rs_group_find(&g, &in, 5059), -1);
	assert_int_equal(rs_group_find(&g, &in, 5062), -1); /* number 13 of 12 */
	assert_int_equal(rs_group_find(&g, &in, 5063), -1);
	assert_int_equal(rs_group_find(&g, &out, 5060), -1);
	assert_int_equal(rs_group_find(&g, &v4, 5060), -1);
}

static void
a_trunk_has_one_pair_for_all(void **state)
{
	struct rs_addr_range range = { addr("198.18.0.2"), 1 };
	struct rs_plan_group g = { .kind = RS_GROUP_TRUNK,
		.count = 100000,
		.addresses = &range,
		.n_addresses = 1,
		.n_addrs = 1,
		.sip_port = 5060 };
	struct rs_addr a;
	uint16_t port;

	rs_group_address(&g, 99999, &a, &port);
	assert_true(rs_addr_eq(&a, &range.first));
	assert_int_equal(port, 5060);
	assert_int_equal(rs_group_find(&g, &a, 5060), 0);
	assert_int_equal(rs_group_find(&g, &a, 5061), -1);
}

static void
groups_may_share_addresses_where_no_pair_is_in_both(void **state)
{
	/* callees: 10 on one address, so 5060 to 5069 */
	static const struct {
		const char *more;
		bool overlaps;
	} rows[] = {
		{ "addresses = \"198.18.8.1\"; sip_port = 5070;", false },
		{ "addresses = \"198.18.8.1\"; sip_port = 5069;", true },
		{ "addresses = \"198.18.8.1\"; sip_port = 5050; count = 10;", false },
		{ "addresses = \"198.18.8.1\"; sip_port = 5050; count = 11;", true },
		{ "addresses = \"198.18.8.0-198.18.8.1\"; sip_port = 5050; count = 21;",
			false }, /* .1 ends at 5059 */
		{ "addresses = \"198.18.8.0-198.18.8.1\"; sip_port = 5050; count = 22;", true },
		{ "addresses = \"198.18.8.1-198.18.8.2\"; sip_port = 5050; count = 21;", true },
		{ "kind = \"trunk\"; addresses = \"198.18.8.1\"; sip_port = 5070; count = 1000;",
			false },
		{ "kind = \"trunk\"; addresses = \"198.18.8.1\"; sip_port = 5065;", true },
	};

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		char group[200];
		struct rs_plan *p;
		struct rs_err err = { 0 };

		snprintf(group, sizeof(group),
			"addresses = \"198.18.8.1\"; }, { name = \"more\"; port = \"b\"; %s } );",
			rows[i].more);
		char *text = plan_edit(good_plan, "addresses = \"198.18.8.1\"; } );", group);
		int rc = plan_read(text, NULL, 0, &p, &err);
		if (rows[i].overlaps != (rc != 0))
			fail_msg("%s: %s", rows[i].more, err.text);
		if (rc != 0)
			assert_non_null(strstr(err.text, "belongs to group \"callees\""));
		rs_plan_free(p);
		free(text);
	}
}

static void
a_pattern_writes_the_number_of_its_endpoint(void **state)
{
	static const struct {
		const char *text;
		uint64_t index, random;
		const char *want;
	} rows[] = { { "{index}", 0, 9, "0" }, { "u{index:05}", 42, 9, "u00042" },
		{ "u{index:02}x", 12345, 9, "u12345x" }, { "{random}", 1, 77, "77" },
		{ "r{random:04}", 1, 77, "r0077" }, { "service", 5, 6, "service" },
		{ "+49(0)1{index:20}", UINT64_MAX, 0, "+49(0)118446744073709551615" } };

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		struct rs_pattern p;
		const char *why = NULL;
		uint8_t out[64];
		size_t n = strlen(rows[i].want);

		assert_int_equal(rs_pattern_parse(rows[i].text, &p, &why), 0);
		assert_int_equal(
			rs_pattern_write(&p, rows[i].index, rows[i].random, out, sizeof(out)), n);
		assert_memory_equal(out, rows[i].want, n);
		assert_int_equal(rs_pattern_write(&p, rows[i].index, rows[i].random, out, n), n);
		assert_int_equal(
			rs_pattern_write(&p, rows[i].index, rows[i].random, out, n - 1), -ENOSPC);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_i_has_address_i_mod_a_and_port_i_div_a),
		cmocka_unit_test(an_address_and_port_name_the_one_endpoint_that_has_them),
		cmocka_unit_test(a_trunk_has_one_pair_for_all),
		cmocka_unit_test(groups_may_share_addresses_where_no_pair_is_in_both),
		cmocka_unit_test(a_pattern_writes_the_number_of_its_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
