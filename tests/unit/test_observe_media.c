/* SPDX-License-Identifier: BSD-3-Clause */
/* Media in the report: a section of its own where the plan has media, and thresholds over all streams of the run. */
#include "observe_rig.h"

static struct rig rig;
static json_t *report;
static enum rs_verdict verdict;

static const char head[] =
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"media = ( { name = \"sound\"; codecs = [ \"PCMU\" ]; source = \"silence\"; } );\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 10; addresses = \"198.18.4.1\"; media = \"sound\"; },\n"
	"              { name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\"; media = \"sound\"; } );\n"
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
	"               { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100; } );\n"
	"run = { seed = 7; };\n";

static struct rs_metrics *
cells(uint32_t worker, uint32_t activity)
{
	return &rig.accounts[worker]->activities[activity].media;
}

static void
begin(const char *run)
{
	char *text = plan_edit(head, "run = { seed = 7; };", run);

	rig_plan_from(&rig, text);
	free(text);
	rig_observe(&rig);
	rig_start(&rig, 0, RIG_CALLS, 1);
	rig_complete(&rig, 0, RIG_CALLS, 1);
}

static void
play(void)
{
	for (uint32_t w = 0; w < RIG_WORKERS; w++) {
		struct rs_metrics *m = cells(w, w == 0 ? RIG_CALLS : RIG_RING);

		rs_metric_add(m, RS_MEDIA_STARTED, 4);
		rs_metric_add(m, RS_MEDIA_ENDED, 3);
		rs_metric_add(m, RS_MEDIA_JUDGED, 2);
		rs_metric_add(m, RS_MEDIA_SENT, 100);
		rs_metric_add(m, RS_MEDIA_RECEIVED, 90 + w);
		rs_metric_add(m, RS_MEDIA_AUTH_FAILED, w);
		rs_metric_record(m, RS_MEDIA_MOS, (uint64_t)((4.2 - w) * RS_MEDIA_SCALE));
		rs_metric_record(m, RS_MEDIA_LOSS, (uint64_t)(1.5 * w * RS_MEDIA_SCALE));
		rs_metric_record(m, RS_MEDIA_JITTER, (1 + w) * MS);
	}
	rs_metric_add(cells(0, RIG_CALLS), RS_MEDIA_ONE_WAY, 1);
}

static void
end(void)
{
	rig.facts.end_ns = RIG_T0 + 2 * RS_NS_PER_S;
	rs_observer_end(rig.o, rig.facts.end_ns, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
}

static void
drop(void)
{
	json_decref(report);
	rig_down(&rig);
}

static double
number(const char *object, const char *member)
{
	const json_t *media = json_object_get(report, "media");

	return json_number_value(json_object_get(json_object_get(media, object), member));
}

static void
a_plan_without_media_has_no_section(void **state)
{
	rig_up(&rig);
	end();
	assert_true(json_is_null(json_object_get(report, "media")));
	drop();
}

static void
what_workers_count_is_added_up(void **state)
{
	begin("run = { seed = 7; };");
	play();
	end();
	assert_true(number("streams", "started") == 8 && number("streams", "ended") == 6 && number("streams", "open") == 2);
	assert_true(number("packets", "sent") == 200 && number("packets", "received") == 181);
	assert_true(number("refused", "auth_failed") == 1);
	assert_true(number("mos", "count") == 2);
	assert_true(fabs(number("mos", "min") - 3.2) < 0.01 && fabs(number("mos", "max") - 4.2) < 0.01);
	assert_true(fabs(number("loss_percent", "max") - 1.5) < 0.01);
	assert_true(fabs(number("jitter_ms", "max") - 2) < 0.01);

	const json_t *list = json_object_get(json_object_get(report, "media"), "activities");

	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "name")), "ring");
	assert_int_equal(verdict, RS_VERDICT_PASSED);
	drop();
}

static const char *
reason(void)
{
	const json_t *reasons = json_object_get(json_object_get(report, "run"), "reasons");

	return json_string_value(json_array_get(reasons, 0));
}

static void
thresholds_are_over_the_worst_stream(void **state)
{
	static const struct {
		const char *threshold, *reason; /* NULL: it holds */
	} rows[] = {
		{ "min_mos = 3.1;", NULL },
		{ "min_mos = 3.5;", "min_mos: at least 3.5 asked, 3.2 got" },
		{ "max_loss_percent = 1.6;", NULL },
		{ "max_loss_percent = 1.0;", "max_loss_percent: at most 1 asked, 1.5 got" },
		{ "max_jitter_ms = 2.1;", NULL },
		{ "max_jitter_ms = 1.5;", "max_jitter_ms: at most 1.5 asked, 2 got" },
		{ "one_way_audio_percent = 25.0;", NULL },
		{ "one_way_audio_percent = 10.0;", "one_way_audio_percent: at most 10 asked, 25 got" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char run[120];

		snprintf(run, sizeof(run), "run = { thresholds = { %s }; };", rows[i].threshold);
		begin(run);
		play();
		end();
		assert_int_equal(verdict, rows[i].reason ? RS_VERDICT_FAILED : RS_VERDICT_PASSED);
		if (rows[i].reason)
			assert_string_equal(reason(), rows[i].reason);
		drop();
	}
}

static void
what_was_not_measured_was_not_shown_to_hold(void **state)
{
	begin("run = { thresholds = { min_mos = 1.0; }; };");
	end();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_string_equal(reason(), "min_mos: at least 1 asked, no stream was judged");
	drop();
}

static void
a_reset_moves_the_zero_of_stats(void **state)
{
	json_t *stats;

	begin("run = { seed = 7; };");
	play();
	rs_observer_tick(rig.o, RIG_T0 + RS_NS_PER_S, RIG_T0);
	rs_observer_reset(rig.o, RIG_T0 + RS_NS_PER_S);
	rs_metric_add(cells(0, RIG_CALLS), RS_MEDIA_SENT, 7);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + RS_NS_PER_S);
	report = stats;
	assert_true(number("packets", "sent") == 7 && number("mos", "count") == 0);
	drop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_without_media_has_no_section),
		cmocka_unit_test(what_workers_count_is_added_up),
		cmocka_unit_test(thresholds_are_over_the_worst_stream),
		cmocka_unit_test(what_was_not_measured_was_not_shown_to_hold),
		cmocka_unit_test(a_reset_moves_the_zero_of_stats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
