/* SPDX-License-Identifier: BSD-3-Clause */
/* Open streams as they are listed, and impairment that is asked for while they run. */
#include <math.h>
#include <stdio.h>

#include "engine/stream.h"
#include "engine/streams.h"
#include "sim.h"

#define MS RS_NS_PER_MS
#define S  RS_NS_PER_S

#define PLAN                                                                                                           \
	"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ 0 ]; };\n"                                              \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"                       \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"                     \
	"media = ( { name = \"m\"; codecs = [ \"PCMU\" ]; srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]; } );\n"                                  \
	"endpoints = ( { name = \"us\"; kind = \"trunk\"; port = \"a\"; count = 100; addresses = \"198.18.4.1\"; media = \"m\"; },\n" \
	"  { name = \"them\"; port = \"b\"; count = 200; addresses = \"198.18.8.1-198.18.8.200\"; media = \"m\"; } );\n"   \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; },\n"              \
	"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; rate = 100; total = 20; hold = \"8s\"; } );\n" \
	"run = { seed = 1; };\n"

static struct rs_stream_info infos[64];

static uint64_t
count(const struct sim *s, uint32_t row)
{
	return rs_metric_get(&s->accounts[0]->activities[0].media, row) + rs_metric_get(&s->accounts[0]->activities[1].media, row);
}

static uint32_t
list(const struct sim *s, uint32_t chunk)
{
	uint32_t n = 0;

	for (uint32_t from = 0; from != UINT32_MAX;) {
		uint32_t got = rs_engine_streams(s->engines[0], s->now_ns, &from, infos + n, chunk);

		assert_true(got == chunk || from == UINT32_MAX);
		n += got;
		assert_true(n + chunk <= 64);
	}
	return n;
}

static void
open_streams_are_listed_a_few_at_a_time(void **state)
{
	struct sim s = { 0 };

	(void)state;
	sim_open(&s, PLAN);
	assert_int_equal(list(&s, 16), 0);
	sim_play(&s, 3 * S);
	assert_int_equal(list(&s, 16), 40);
	assert_int_equal(list(&s, 7), 40);
	for (uint32_t i = 0; i < 40; i++) {
		const struct rs_stream_info *o = &infos[i];
		uint32_t same = 0;

		assert_string_equal(o->codec, "PCMU");
		assert_string_equal(o->suite, "AES_CM_128_HMAC_SHA1_80");
		assert_true(o->sends && o->receives && !o->digits);
		assert_in_range(o->sent, 130, 152);
		assert_in_range(o->received, 130, 152);
		assert_int_equal(o->lost, 0);
		assert_true(o->mos > 4.3 && o->mos < 4.5);
		assert_true(o->delay_ms >= 0 && o->delay_ms < 20);
		assert_int_equal(strncmp(o->remote, "198.18.", 7), 0);
		for (uint32_t k = 0; k < 40; k++)
			same += strcmp(infos[k].call_id, o->call_id) == 0;
		assert_int_equal(same, 2); /* both ends of a call */
	}
	sim_play(&s, 12 * S);
	assert_int_equal(list(&s, 16), 0);
	sim_close(&s);
}

static void
impairment_begins_and_ends_while_streams_run(void **state)
{
	const struct rs_impairment all = { .loss = rs_impair_share(1) }, none = { 0 };
	const struct rs_impairment late = rs_impairment_of(&(struct rs_impair){ .delay_ns = 40 * MS });
	uint64_t before, lost;
	struct sim s = { 0 };

	(void)state;
	sim_open(&s, PLAN);
	sim_play(&s, 2 * S);
	before = count(&s, RS_MEDIA_SENT);
	rs_engine_impair(s.engines[0], 0, RS_IMPAIR_SEND, &all);
	sim_play(&s, 1 * S);
	lost = count(&s, RS_MEDIA_IMPAIRED_LOST);
	assert_in_range(lost, 40 * 45, 40 * 55);
	assert_in_range(count(&s, RS_MEDIA_SENT), before, before + 80);
	rs_engine_impair(s.engines[0], -1, RS_IMPAIR_SEND | RS_IMPAIR_RECEIVE, &none);
	sim_play(&s, 1 * S);
	assert_in_range(count(&s, RS_MEDIA_IMPAIRED_LOST), lost, lost + 40);
	assert_true(count(&s, RS_MEDIA_SENT) > before + 40 * 40);
	/* A plan without impairment has room for packets that are held back all the same. */
	rs_engine_impair(s.engines[0], -1, RS_IMPAIR_RECEIVE, &late);
	sim_play(&s, 1 * S);
	assert_in_range(count(&s, RS_MEDIA_IMPAIRED_DELAYED), 40 * 40, 40 * 60);
	rs_engine_impair(s.engines[0], -1, RS_IMPAIR_RECEIVE, &none);
	sim_play(&s, 12 * S);
	assert_int_equal(count(&s, RS_MEDIA_STARTED), count(&s, RS_MEDIA_ENDED));
	assert_in_range(count(&s, RS_MEDIA_LOST), lost - 80, lost + 80);
	sim_close(&s);
}

static void
the_engine_of_srtp_is_named(void **state)
{
	struct sim s = { 0 };

	(void)state;
	sim_open(&s, PLAN);
	assert_non_null(rs_engine_srtp_name(s.engines[0]));
	sim_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_streams_are_listed_a_few_at_a_time),
		cmocka_unit_test(impairment_begins_and_ends_while_streams_run),
		cmocka_unit_test(the_engine_of_srtp_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
