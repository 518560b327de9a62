/* SPDX-License-Identifier: BSD-3-Clause */
/* Media in the report, its thresholds, and what it takes for a second to be limited by the generator. */
#include "observe_rig.h"

static struct rig rig;
static json_t *report;
static enum rs_verdict verdict;

static const char plan[] =
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"media = ( { name = \"plain\"; codecs = [ \"PCMU\" ]; } );\n"
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 10; addresses = \"198.18.4.1\"; media = \"plain\"; },\n"
	"              { name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\"; media = \"plain\"; } );\n"
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
	"               { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100; } );\n"
	"run = { seed = 7; };\n";

static void
begin(const char *run)
{
	char *text = plan_edit(plan, "run = { seed = 7; };", run);

	rig_plan_from(&rig, text);
	free(text);
	rig_observe(&rig);
}

static struct rs_metrics *
media(uint32_t worker, uint32_t activity)
{
	return &rig.accounts[worker]->activities[activity].media;
}

/* Whose a stream is: of a call before the measured window, in it, and of one that knew that it overlapped a limited second. */
enum whose { BEFORE, MEASURED, TAINTED };

static void
judged(struct rs_metrics *m, enum whose whose, uint32_t lost, double mos, uint64_t jitter_ns)
{
	static const uint32_t rows[] = { RS_MEDIA_M_JUDGED, RS_MEDIA_M_RATED, RS_MEDIA_M_EXPECTED, RS_MEDIA_M_LOST };
	const uint64_t n[] = { 1, 1, 100, lost };

	if (whose == BEFORE)
		return;
	for (size_t i = 0; i < 4; i++) {
		rs_metric_add(m, rows[i], n[i]);
		if (whose == TAINTED)
			rs_metric_add(m, rows[i] + RS_MEDIA_MEASURED, n[i]);
	}
	rs_metric_record(m, RS_MEDIA_M_MOS, (uint64_t)(mos * RS_MEDIA_SCALE));
	rs_metric_record(m, RS_MEDIA_M_JITTER_MAX, jitter_ns);
	if (whose == TAINTED)
		return;
	rs_metric_record(m, RS_MEDIA_C_MOS, (uint64_t)(mos * RS_MEDIA_SCALE));
	rs_metric_record(m, RS_MEDIA_C_JITTER_MAX, jitter_ns);
}

/* One stream that has ended: 100 packets, of which @lost never came. */
static void
stream_of(enum whose whose, uint32_t worker, uint32_t activity, uint32_t lost, double mos)
{
	struct rs_metrics *m = media(worker, activity);

	rs_metric_inc(m, RS_MEDIA_STARTED);
	rs_metric_max(m, RS_MEDIA_PEAK, 5);
	rs_metric_inc(m, RS_MEDIA_JUDGED);
	rs_metric_inc(m, RS_MEDIA_RATED);
	rs_metric_add(m, RS_MEDIA_SENT, 100);
	rs_metric_add(m, RS_MEDIA_SENT_BYTES, 17200);
	rs_metric_add(m, RS_MEDIA_RECEIVED, 100 - lost);
	rs_metric_add(m, RS_MEDIA_EXPECTED, 100);
	rs_metric_add(m, RS_MEDIA_LOST, lost);
	rs_metric_record(m, RS_MEDIA_LOSS, lost * 1000000);
	rs_metric_record(m, RS_MEDIA_MOS, (uint64_t)(mos * RS_MEDIA_SCALE));
	rs_metric_record(m, RS_MEDIA_JITTER, 2 * MS);
	rs_metric_record(m, RS_MEDIA_JITTER_MAX, 4 * MS);
	for (int i = 0; i < 100; i++) {
		rs_metric_record(m, RS_MEDIA_DELAY, MS / 2);
		rs_metric_record(m, RS_MEDIA_LATENESS, 30000);
	}
	judged(m, whose, lost, mos, 4 * MS);
	rs_metric_inc(m, RS_MEDIA_ENDED);
}

static void
stream(uint32_t worker, uint32_t activity, uint32_t lost, double mos)
{
	stream_of(MEASURED, worker, activity, lost, mos);
}

/* Calls on both sides, so that failed_percent has something to hold. */
static void
calls(uint32_t n)
{
	rig_start(&rig, 0, RIG_CALLS, n);
	rig_start(&rig, 1, RIG_RING, n);
}

static void
make_report(void)
{
	rig_complete(&rig, 0, RIG_CALLS, (uint32_t)rs_metric_get(rig_cells(&rig, 0, RIG_CALLS), RS_AM_OPEN));
	rig_complete(&rig, 1, RIG_RING, (uint32_t)rs_metric_get(rig_cells(&rig, 1, RIG_RING), RS_AM_OPEN));
	rig.facts.end_ns = RIG_T0 + 3 * RS_NS_PER_S;
	rs_observer_tick(rig.o, rig.facts.end_ns, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
}

static int
tear_down(void **state)
{
	(void)state;
	json_decref(report);
	report = NULL;
	rig_down(&rig);
	return 0;
}

/* Does some reason have @text in it? */
static bool
is_reason(const char *text)
{
	const json_t *r;
	size_t i;

	json_array_foreach(at(report, "run.reasons"), i, r)
	{
		if (strstr(json_string_value(r), text))
			return true;
	}
	return false;
}

static void
streams_and_packets_are_summed_over_workers_and_told_by_activity(void **state)
{
	(void)state;
	begin("run = { seed = 7; };");
	calls(10);
	for (uint32_t i = 0; i < 6; i++)
		stream(0, RIG_CALLS, 0, 4.37);
	for (uint32_t i = 0; i < 4; i++)
		stream(1, RIG_RING, 5, 4.0);
	rs_metric_inc(media(1, RIG_RING), RS_MEDIA_STARTED); /* one more is open */
	rs_metric_add(media(1, RIG_RING), RS_MEDIA_DUPLICATES, 3);
	rs_metric_add(&rig.accounts[0]->media, RS_MEDIA_W_PROTECTED, 600);
	rs_metric_add(&rig.accounts[1]->media, RS_MEDIA_W_VERIFIED, 580);
	rs_metric_add(&rig.accounts[1]->engine, RS_ENG_SDP_FAIL + RS_SDP_FAIL_NO_CRYPTO, 2);
	rs_metric_record(&rig.worker_cells[0], RS_WORK_TURN, 20000);
	make_report();
	assert_count(report, "media.streams.started", 11);
	assert_count(report, "media.streams.ended", 10);
	assert_count(report, "media.streams.open", 1);
	assert_count(report, "media.streams.peak", 10);
	assert_count(report, "media.packets.sent", 1000);
	assert_count(report, "media.packets.received", 980);
	assert_count(report, "media.packets.missing", 20);
	assert_count(report, "media.packets.lost", 17); /* RFC 3550, A.3: duplicates are packets that came */
	assert_count(report, "media.bytes.sent", 172000);
	assert_count(report, "media.srtp.protected", 600);
	assert_count(report, "media.srtp.verified", 580);
	assert_count(report, "media.sdp.sdp_no_crypto", 2);
	assert_int_equal(json_object_size(at(report, "media.sdp")), 1);
	assert_count(report, "media.mos.count", 10);
	assert_near(report, "media.mos.min", 4.0);
	assert_near(report, "media.mos.max", 4.37);
	assert_near(report, "media.jitter_ms.mean", 2);
	assert_near(report, "media.jitter_max_ms.max", 4);
	assert_near(report, "media.loss_percent.max", 5);
	assert_near(report, "media.one_way_delay_ms.p50", 0.5);
	assert_near(report, "media.one_way_delay_ms.error_ms", 0.04);
	assert_count(report, "media.lateness_ms.count", 1000);
	assert_count(report, "media.lateness_without_gaps_ms.count", 1000);
	assert_text(report, "media.activities.0.name", "ring");
	assert_count(report, "media.activities.0.streams.open", 1);
	assert_count(report, "media.activities.0.packets.missing", 20);
	assert_count(report, "media.activities.1.packets.sent", 600);
	assert_int_equal(verdict, RS_VERDICT_PASSED); /* no threshold, no judgement */
}

static void
a_plan_without_media_has_no_section(void **state)
{
	(void)state;
	rig_up(&rig);
	rig_play(&rig);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_true(json_is_null(at(report, "media")));
	assert_null(at(report, "environment.srtp"));
}

static void
the_engine_of_srtp_is_named(void **state)
{
	(void)state;
	begin("run = { seed = 7; };");
	rig.facts.srtp = "OpenSSL 3.0.19";
	make_report();
	assert_text(report, "environment.srtp", "OpenSSL 3.0.19");
}

static void
figures_begin_again_with_a_reset_and_states_stay(void **state)
{
	json_t *now;

	(void)state;
	begin("run = { seed = 7; };");
	stream(0, RIG_CALLS, 10, 3.5);
	rs_metric_inc(media(0, RIG_CALLS), RS_MEDIA_STARTED);
	rs_observer_reset(rig.o, RIG_T0 + RS_NS_PER_S);
	stream(0, RIG_CALLS, 0, 4.37);
	now = rs_observer_media(rig.o, &rig.facts, RIG_T0 + 2 * RS_NS_PER_S);
	assert_count(now, "streams.ended", 1);
	assert_count(now, "streams.open", 1);
	assert_count(now, "packets.missing", 0);
	assert_near(now, "mos.min", 4.37);
	json_decref(now);
	make_report();
	assert_count(report, "media.streams.ended", 2);
	assert_count(report, "media.packets.missing", 10);
}

#define ALL "thresholds = { min_mos = 4.3; max_loss_percent = 0.5; max_jitter_ms = 5; one_way_audio_percent = 1; };"

static void
thresholds_of_streams_that_hold(void **state)
{
	(void)state;
	begin("run = { seed = 7; " ALL " };");
	calls(10);
	for (uint32_t i = 0; i < 10; i++)
		stream(0, RIG_CALLS, 0, 4.37);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_PASSED);
	assert_int_equal(json_array_size(at(report, "run.reasons")), 0);
}

static void
each_threshold_of_streams_fails_the_run_with_its_reason(void **state)
{
	(void)state;
	begin("run = { seed = 7; " ALL " };");
	calls(10);
	for (uint32_t i = 0; i < 9; i++)
		stream(0, RIG_CALLS, 0, 4.37);
	stream(1, RIG_RING, 10, 3.5);
	rs_metric_record(media(1, RIG_RING), RS_MEDIA_M_JITTER_MAX, 9 * MS);
	rs_metric_record(media(1, RIG_RING), RS_MEDIA_C_JITTER_MAX, 9 * MS);
	rs_metric_inc(media(1, RIG_RING), RS_MEDIA_M_ONE_WAY);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_true(is_reason("min_mos: at least 4.3 asked, 3.5 got (1 of 10 streams)"));
	assert_true(is_reason("max_loss_percent: at most 0.5 asked, 1 got (10 of 1000 packets)"));
	assert_true(is_reason("max_jitter_ms: at most 5 asked, 9 got (1 of 11 streams)"));
	assert_true(is_reason("one_way_audio_percent: at most 1 asked, 10 got (1 of 10 streams)"));
}

static void
what_was_not_measured_was_not_shown_to_hold(void **state)
{
	(void)state;
	begin("run = { seed = 7; thresholds = { min_mos = 4.3; }; };");
	calls(10);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_true(is_reason("min_mos: at least 4.3 asked, nothing was measured"));
}

/* Packets are 40 ms late in one second: ours, whatever came of the streams then. */
static void
late(bool gap)
{
	calls(10);
	for (uint32_t i = 0; i < 10; i++)
		stream(0, RIG_CALLS, i == 0 ? 5 : 0, i == 0 ? 4.0 : 4.37);
	for (uint32_t i = 0; i < 100; i++) {
		rs_metric_record(media(0, RIG_CALLS), RS_MEDIA_LATENESS, 40 * MS);
		if (gap)
			rs_metric_record(media(0, RIG_CALLS), RS_MEDIA_LATENESS_GAP, 40 * MS);
	}
	rs_observer_tick(rig.o, RIG_T0 + 1010 * MS, RIG_T0);
}

static const json_t *
bound(const char *name)
{
	const json_t *b;
	size_t i;

	json_array_foreach(at(report, "health.bounds"), i, b)
	{
		if (strcmp(json_string_value(json_object_get(b, "name")), name) == 0)
			return b;
	}
	return NULL;
}

static void
late_media_limits_a_second_and_excuses_its_streams(void **state)
{
	(void)state;
	begin("run = { seed = 7; limited_percent = 100; thresholds = { min_mos = 4.3; max_loss_percent = 0; }; };");
	late(false);
	stream(0, RIG_CALLS, 0, 4.37); /* in the next second */
	make_report();
	assert_count(bound("media_lateness"), "intervals", 1);
	assert_near(bound("media_lateness"), "bound", 10);
	assert_near(bound("media_lateness"), "worst", 40);
	assert_count(bound("media_lateness_with_gaps"), "intervals", 0);
	assert_true(is_reason("min_mos: at least 4.3 asked, 4 got (1 of 11 streams)"));
	assert_true(is_reason("max_loss_percent: at most 0 asked, 0.454545 got (5 of 1100 packets)"));
	assert_true(is_reason("max_loss_percent: 0 without streams of calls that overlapped intervals that the generator limited"));
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_count(report, "media.measured.judged", 11);
	assert_count(report, "media.measured.missing", 5);
	assert_near(report, "media.measured.min_mos", 4.0);
	assert_near(report, "media.measured.max_loss_percent", 500.0 / 1100);
	assert_count(report, "media.measured.without_tainted.judged", 1);
	assert_count(report, "media.measured.without_tainted.missing", 0);
	assert_near(report, "media.measured.without_tainted.min_mos", 4.37);
}

/* Streams that end behind the limited second, and know that their call was in it: what ends with them and is clean counts. */
static void
streams_that_know_of_a_limited_second_are_left_out_of_the_clean_figures(void **state)
{
	(void)state;
	begin("run = { seed = 7; limited_percent = 100; thresholds = { min_mos = 4.3; max_jitter_ms = 5; }; };");
	late(false); /* ten streams, of which one is bad */
	stream_of(TAINTED, 1, RIG_RING, 20, 2.0);
	rs_metric_record(media(1, RIG_RING), RS_MEDIA_M_JITTER_MAX, 90 * MS);
	stream(1, RIG_RING, 1, 4.35);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_count(report, "media.measured.judged", 12);
	assert_near(report, "media.measured.min_mos", 2.0);
	assert_near(report, "media.measured.max_jitter_ms", 90);
	assert_count(report, "media.measured.without_tainted.judged", 1);
	assert_count(report, "media.measured.without_tainted.expected", 100);
	assert_near(report, "media.measured.without_tainted.min_mos", 4.35);
	assert_near(report, "media.measured.without_tainted.max_jitter_ms", 4);
	assert_near(report, "media.measured.without_tainted.max_loss_percent", 1);
}

/* A bad one that is clean breaks the bound, whatever tainted ones there are besides. */
static void
one_clean_stream_beyond_a_bound_is_blamed_on_the_sut(void **state)
{
	(void)state;
	begin("run = { seed = 7; limited_percent = 100; thresholds = { min_mos = 4.3; }; };");
	late(false);
	stream(1, RIG_RING, 30, 1.5);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_near(report, "media.measured.without_tainted.min_mos", 1.5);
}

static void
all_streams_tainted_is_no_verdict_on_the_sut(void **state)
{
	(void)state;
	begin("run = { seed = 7; limited_percent = 100; thresholds = { min_mos = 4.3; one_way_audio_percent = 0; }; };");
	late(false);
	rs_metric_inc(media(0, RIG_CALLS), RS_MEDIA_M_ONE_WAY);
	rs_metric_inc(media(0, RIG_CALLS), RS_MEDIA_T_ONE_WAY);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_true(is_reason("min_mos: all streams are of calls that overlapped intervals that the generator limited"));
	assert_true(json_is_null(at(report, "media.measured.without_tainted.min_mos")));
}

static void
streams_of_calls_outside_the_measured_window_are_not_judged(void **state)
{
	(void)state;
	begin("run = { seed = 7; " ALL " };");
	calls(10);
	stream_of(BEFORE, 0, RIG_CALLS, 50, 1.2);
	rs_metric_record(media(0, RIG_CALLS), RS_MEDIA_JITTER_MAX, 900 * MS);
	rs_metric_inc(media(0, RIG_CALLS), RS_MEDIA_ONE_WAY);
	for (uint32_t i = 0; i < 3; i++)
		stream(0, RIG_CALLS, 0, 4.37);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_PASSED);
	assert_count(report, "media.streams.judged", 4); /* the whole run's */
	assert_count(report, "media.packets.missing", 50);
	assert_near(report, "media.mos.min", 1.2);
	assert_count(report, "media.measured.judged", 3);
	assert_near(report, "media.measured.min_mos", 4.37);
	assert_near(report, "media.measured.without_tainted.min_mos", 4.37);
}

/* `stats` begin again with a reset, the tainted streams with them. */
static void
measured_streams_begin_again_with_a_reset(void **state)
{
	json_t *now;

	(void)state;
	begin("run = { seed = 7; limited_percent = 100; };");
	late(false);
	rs_observer_reset(rig.o, RIG_T0 + 1020 * MS);
	stream(0, RIG_CALLS, 2, 4.2);
	now = rs_observer_media(rig.o, &rig.facts, RIG_T0 + 1500 * MS);
	assert_count(now, "measured.judged", 1);
	assert_count(now, "measured.without_tainted.judged", 1);
	assert_count(now, "measured.without_tainted.missing", 2);
	assert_near(now, "measured.min_mos", 4.2);
	json_decref(now);
	make_report();
	assert_count(report, "media.measured.judged", 11);
	assert_count(report, "media.measured.without_tainted.judged", 1);
}

static void
what_gaps_of_the_machine_explain_may_be_five_times_as_late(void **state)
{
	(void)state;
	begin("run = { seed = 7; };");
	late(true);
	make_report();
	assert_count(bound("media_lateness"), "intervals", 0);
	assert_count(bound("media_lateness_with_gaps"), "intervals", 0);
	assert_near(bound("media_lateness_with_gaps"), "worst", 40);
	assert_near(report, "media.lateness_ms.max", 40);
	assert_near(report, "media.lateness_without_gaps_ms.p999", 0.03);
	assert_int_equal(verdict, RS_VERDICT_PASSED);
}

static void
media_is_printed_for_people(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	begin("run = { seed = 7; };");
	stream(0, RIG_CALLS, 3, 4.2);
	rs_metric_add(&rig.accounts[0]->media, RS_MEDIA_W_PROTECTED, 100);
	rs_metric_add(media(0, RIG_CALLS), RS_MEDIA_AUTH_FAILED, 7);
	rs_metric_add(media(0, RIG_CALLS), RS_MEDIA_STALE, 8);
	make_report();
	out = open_memstream(&text, &size);
	rs_report_print(out, report);
	fclose(out);
	assert_non_null(strstr(text, "SRTP: 100 protected, 0 verified, 7 auth failed\n"));
	assert_non_null(strstr(text, "Odd packets: 8 stale\n"));
	assert_non_null(strstr(text, "MOS (G.107)"));
	assert_non_null(strstr(text, "Streams measured  judged  rated  least MOS  wide  highest jitter, ms  lost, %  one way, %\n"));
	assert_null(strstr(text, "not tainted"));
	assert_null(strstr(text, "Packets not sent"));
	free(text);
}

static void
what_the_system_changed_in_descriptions_is_told_with_the_legs(void **state)
{
	struct rs_metrics *m;
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	begin("run = { seed = 7; };");
	calls(10);
	m = rig_cells(&rig, 1, RIG_CALLS);
	rs_metric_add(m, RS_AM_SDP_OFFERS, 9);
	rs_metric_add(m, RS_AM_SDP_ANSWERS, 8);
	rs_metric_add(m, RS_AM_SDP_UNCOMPARED, 2);
	rs_metric_add(m, RS_AM_SDP_OFFER + 2, 9);
	rs_metric_add(m, RS_AM_SDP_ANSWER + 2, 7);
	rs_metric_add(m, RS_AM_SDP_ANSWER + 13, 1);
	make_report();
	assert_count(report, "legs.sdp.offers.compared", 9);
	assert_count(report, "legs.sdp.offers.changed.address", 9);
	assert_null(at(report, "legs.sdp.offers.changed.codecs_added"));
	assert_count(report, "legs.sdp.answers.compared", 8);
	assert_count(report, "legs.sdp.answers.changed.address", 7);
	assert_count(report, "legs.sdp.answers.changed.codecs_added", 1);
	assert_count(report, "legs.sdp.uncompared", 2);
	f = open_memstream(&text, &len);
	rs_report_print(f, report);
	fclose(f);
	assert_non_null(strstr(text, "Session descriptions, changed by the SUT"));
	assert_non_null(strstr(text, "2 could not be compared"));
	free(text);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(streams_and_packets_are_summed_over_workers_and_told_by_activity),
		TEST(a_plan_without_media_has_no_section),
		TEST(the_engine_of_srtp_is_named),
		TEST(figures_begin_again_with_a_reset_and_states_stay),
		TEST(thresholds_of_streams_that_hold),
		TEST(each_threshold_of_streams_fails_the_run_with_its_reason),
		TEST(what_was_not_measured_was_not_shown_to_hold),
		TEST(late_media_limits_a_second_and_excuses_its_streams),
		TEST(streams_that_know_of_a_limited_second_are_left_out_of_the_clean_figures),
		TEST(one_clean_stream_beyond_a_bound_is_blamed_on_the_sut),
		TEST(all_streams_tainted_is_no_verdict_on_the_sut),
		TEST(streams_of_calls_outside_the_measured_window_are_not_judged),
		TEST(measured_streams_begin_again_with_a_reset),
		TEST(what_gaps_of_the_machine_explain_may_be_five_times_as_late),
		TEST(what_the_system_changed_in_descriptions_is_told_with_the_legs),
		TEST(media_is_printed_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
