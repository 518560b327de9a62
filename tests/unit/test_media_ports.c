/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs of media ports: whose they are, how they rest, and that a port finds its pair. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/steer.h"
#include "engine/media_ports.h"

#define S RS_NS_PER_S
#define MEDIA_PORT_FIRST 16384 /* as plans have it that do not say */
#define MEDIA_PORT_LAST	 32767

struct kit {
	struct rs_plan *plan;
	struct rs_arena arena[4];
	struct media_ports ports[4];
	uint32_t workers;
};

static struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static void
kit_open(struct kit *k, uint32_t workers, const char *groups, uint64_t streams)
{
	static const char *const cores[] = { "", "0", "0, 0", "0, 0, 0", "0, 0, 0, 0" };
	struct rs_err err;
	char text[2048];

	snprintf(text, sizeof(text),
		"targets = [ \"198.18.0.0/16\", \"2001:2::/48\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\", \"2001:2::2/64\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\", \"2001:2::3/64\" ]; } );\n"
		"endpoints = ( %s );\n"
		"activities = ( { name = \"x\"; do = \"answer\"; endpoints = \"g0\"; scenario = \"uas\"; } );\n",
		cores[workers], groups);
	*k = (struct kit){ .workers = workers };
	if (rs_plan_parse("ports.conf", text, NULL, 0, &k->plan, &err) != 0)
		fail_msg("%s", err.text);
	for (uint32_t w = 0; w < workers; w++) {
		assert_int_equal(rs_arena_init(&k->arena[w], media_ports_reserve(k->plan, w, streams)), 0);
		assert_int_equal(media_ports_init(&k->ports[w], &k->arena[w], k->plan, NULL, w, streams), 0);
	}
}

static void
kit_close(struct kit *k)
{
	for (uint32_t w = 0; w < k->workers; w++)
		rs_arena_fini(&k->arena[w]);
	rs_plan_free(k->plan);
}

static void
pairs_are_even_odd_and_this_workers_own(void **state)
{
	struct kit k;
	struct rs_addr a = addr("198.18.4.1");

	for (uint32_t workers = 1; workers <= 4; workers++) {
		uint8_t seen[65536] = { 0 };

		kit_open(&k, workers, "{ name = \"g0\"; kind = \"trunk\"; port = \"a\"; count = 9; addresses = \"198.18.4.1\"; }", 4000);
		for (uint32_t w = 0; w < workers; w++)
			for (uint32_t i = 0; i < 1500; i++) {
				uint16_t rtp = media_ports_take(&k.ports[w], 0, &a, S);

				assert_in_range(rtp, MEDIA_PORT_FIRST, MEDIA_PORT_LAST - 1);
				assert_int_equal(rtp % 2, 0);
				assert_int_equal(seen[rtp]++, 0); /* no two workers have one */
				assert_int_equal(rs_steer_queue(&a, rtp, RS_STEER_BITS, workers), w);
				assert_int_equal(rs_steer_queue(&a, (uint16_t)(rtp + 1), RS_STEER_BITS, workers), w);
				assert_ptr_equal(media_ports_find(&k.ports[w], 0, &a, rtp),
					media_ports_find(&k.ports[w], 0, &a, (uint16_t)(rtp + 1)));
			}
		assert_int_equal(k.ports[0].used, 1500);
		assert_null(media_ports_find(&k.ports[0], 1, &a, MEDIA_PORT_FIRST));
		assert_null(media_ports_find(&k.ports[0], 0, &a, 5060));
		assert_null(media_ports_find(&k.ports[0], 0, &a, 40000));
		kit_close(&k);
	}
}

static void
the_range_ends_and_the_oldest_come_back_after_5_s(void **state)
{
	struct kit k;
	struct rs_addr a = addr("198.18.4.1");
	uint32_t n = 0;

	kit_open(&k, 1, "{ name = \"g0\"; kind = \"trunk\"; port = \"a\"; count = 9; addresses = \"198.18.4.1\"; }", 100000);
	while (media_ports_take(&k.ports[0], 0, &a, S))
		n++;
	assert_int_equal(n, (MEDIA_PORT_LAST - MEDIA_PORT_FIRST + 1) / 2);
	media_ports_give(&k.ports[0], 0, &a, 20002, 2 * S);
	media_ports_give(&k.ports[0], 0, &a, 20000, 3 * S);
	media_ports_give(&k.ports[0], 0, &a, 20000, 3 * S); /* twice is once */
	assert_int_equal(k.ports[0].used, n - 2);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, 7 * S - 1), 0);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, 7 * S), 20002);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, 7 * S), 0);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, 8 * S), 20000);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, 80 * S), 0);
	kit_close(&k);
}

static void
many_addresses_and_those_that_groups_share(void **state)
{
	struct kit k;
	struct rs_addr a = addr("198.18.4.7"), b = addr("198.18.7.250"), c = addr("2001:2::4:9"), none = addr("198.18.9.1");
	uint16_t first;

	kit_open(&k, 1,
		"{ name = \"g0\"; port = \"a\"; count = 900; addresses = \"198.18.4.5-198.18.6.250\"; },"
		"{ name = \"g2\"; port = \"a\"; count = 10; addresses = \"2001:2::4:1-2001:2::4:10\"; },"
		"{ name = \"g1\"; port = \"a\"; count = 1000; sip_port = 9060; addresses = \"198.18.4.1-198.18.7.250\"; }", 1000);
	/* Cut into what is new of it: in front and behind. */
	assert_int_equal(k.ports[0].n_blocks, 4);
	first = media_ports_take(&k.ports[0], 0, &a, S);
	assert_int_equal(first, MEDIA_PORT_FIRST);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &b, S), MEDIA_PORT_FIRST); /* each has its own */
	assert_int_equal(media_ports_take(&k.ports[0], 0, &c, S), MEDIA_PORT_FIRST);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &a, S), MEDIA_PORT_FIRST + 2);
	assert_int_equal(media_ports_take(&k.ports[0], 0, &none, S), 0);
	assert_null(media_ports_find(&k.ports[0], 0, &none, first));
	media_ports_find(&k.ports[0], 0, &a, first)->stream = 7;
	media_ports_find(&k.ports[0], 0, &b, first)->stream = 8;
	media_ports_find(&k.ports[0], 0, &c, first)->stream = 9;
	assert_int_equal(media_ports_find(&k.ports[0], 0, &a, first)->stream, 7);
	assert_int_equal(media_ports_find(&k.ports[0], 0, &b, (uint16_t)(first + 1))->stream, 8);
	assert_int_equal(media_ports_find(&k.ports[0], 0, &c, first)->stream, 9);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_even_odd_and_this_workers_own),
		cmocka_unit_test(the_range_ends_and_the_oldest_come_back_after_5_s),
		cmocka_unit_test(many_addresses_and_those_that_groups_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
