/* SPDX-License-Identifier: BSD-3-Clause */
/** Media profiles of plans: what they become, and what is said about each wrong one. */
#include "unit.h"

#include <unistd.h>

#include "plan_text.h"

#define PROFILE "{ name = \"m\"; codecs = [ \"PCMU\" ]; "
#define SECURE PROFILE "srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]; "

/* The plan with one profile that callers have. */
static char *
with_media(const char *profile, const char *group)
{
	char text[4096], *one, *two;

	snprintf(text, sizeof(text), "media = (\n%s );\nendpoints = (", profile);
	one = plan_edit(good_plan, "endpoints = (", text);
	snprintf(text, sizeof(text), "count = 1000; %s", group);
	two = plan_edit(one, "count = 1000;", text);
	free(one);
	return two;
}

static struct rs_plan *
read_good(const char *profile, const char *group)
{
	char *text = with_media(profile, group);
	struct rs_err err = { 0 };
	struct rs_plan *plan;

	if (plan_read(text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s: %s", profile, err.text);
	free(text);
	return plan;
}

static void
a_profile_is_read_whole(void **state)
{
	struct rs_plan *plan = read_good(
		"{ name = \"m\"; codecs = [ \"PCMA\", \"G722:111 x=1\", \"telephone-event\", \"CN\" ]; srtp = \"optional\"; "
		"suites = [ \"AEAD_AES_256_GCM\", \"AES_CM_128_HMAC_SHA1_80\" ]; crypto_params = \"UNENCRYPTED_SRTCP\"; mki = \"258:2\"; "
		"lifetime = 1048576; jitter_buffer = \"80ms\"; ptime = \"30ms\"; rtcp_mux = true; rtcp_rsize = true; avpf = true; "
		"rtcp = false; source = [ \"tone:350+440\", \"file.g722\" ]; watermark = false; echo = true; timeout = \"5s\"; dtmf = \"both\"; hear_dtmf = \"both\"; "
		"send_impair = { loss_percent = 1.5; delay = \"20ms\"; jitter = \"5ms\"; duplicate_percent = 2; reorder_percent = 3; }; "
		"receive_impair = { burst_percent = 10; burst_length = 4; }; "
		"wrong = { bad_tag_percent = 1; replay_percent = 2; tampered_percent = 3; wrong_key_percent = 4; roc_jump_percent = 5; }; }",
		"media = \"m\"; rtp_ports = \"20001-29999\";");
	const struct rs_plan_media *m = &plan->media[0];

	assert_int_equal(plan->n_media, 1);
	assert_string_equal(m->name, "m");
	assert_string_equal(m->sdp.type, "audio");
	assert_string_equal(m->sdp.codecs[0].name, "PCMA");
	assert_int_equal(m->sdp.codecs[1].payload, 111);
	assert_string_equal(m->sdp.codecs[1].fmtp, "x=1");
	assert_int_equal(m->codecs[0], RS_CODEC_PCMA);
	assert_int_equal(m->dtmf, RS_DTMF_BOTH);
	assert_int_equal(m->hear_dtmf, RS_DTMF_INBAND); /* too */
	assert_int_equal(m->codecs[1], RS_CODEC_G722);
	assert_int_equal(m->codecs[2], RS_CODECS);
	assert_int_equal(m->sdp.srtp, RS_SDP_SRTP_OPTIONAL);
	assert_int_equal(m->sdp.n_suites, 2);
	assert_int_equal(m->sdp.suites[0], RS_SDP_AEAD_AES_256_GCM);
	assert_int_equal(m->sdp.offer_params, RS_SDP_UNENCRYPTED_SRTCP);
	assert_int_equal(m->sdp.accept_params, RS_SDP_UNENCRYPTED_SRTCP);
	assert_int_equal(m->sdp.mki, 258);
	assert_int_equal(m->sdp.mki_len, 2);
	assert_int_equal(m->sdp.lifetime, 1048576);
	assert_int_equal(m->sdp.ptime_ms, 30);
	assert_true(m->sdp.rtcp_mux && m->sdp.rtcp_rsize && m->sdp.avpf && m->echo);
	assert_false(m->rtcp || m->watermark || m->dtx || m->implied);
	assert_int_equal(m->jitter_buffer_ns, 80000000);
	assert_int_equal(m->timeout_ns, 5000000000);
	assert_true(m->send.loss == 0.015 && m->send.duplicate == 0.02 && m->send.reorder == 0.03);
	assert_int_equal(m->send.delay_ns, 20000000);
	assert_int_equal(m->send.jitter_ns, 5000000);
	assert_false(rs_impair_is_none(&m->send));
	assert_true(m->receive.burst_end == 0.25);
	assert_true(m->receive.burst_begin / (m->receive.burst_begin + m->receive.burst_end) > 0.0999 &&
		m->receive.burst_begin / (m->receive.burst_begin + m->receive.burst_end) < 0.1001);
	assert_true(m->wrong.bad_tag == 0.01 && m->wrong.roc_jump == 0.05);
	assert_int_equal(plan->groups[0].media, 0);
	assert_int_equal(plan->groups[0].rtp_first, 20002);
	assert_int_equal(plan->groups[0].rtp_last, 29999);
	assert_int_equal(plan->groups[1].media, -1);
	assert_int_equal(plan->activities[0].media, -1);
	assert_int_equal(plan->activities[1].media, 0);
	rs_plan_free(plan);
}

static void
what_is_left_out_has_its_default(void **state)
{
	struct rs_plan *plan = read_good(PROFILE "}", "media = \"m\";");
	const struct rs_plan_media *m = &plan->media[0];

	assert_int_equal(m->sdp.srtp, RS_SDP_SRTP_FORBIDDEN);
	assert_int_equal(m->sdp.n_suites, 0);
	assert_int_equal(m->sdp.ptime_ms, 0);
	assert_int_equal(m->jitter_buffer_ns, 60000000);
	assert_int_equal(m->timeout_ns, 10000000000);
	assert_true(m->rtcp && m->watermark);
	assert_int_equal(m->source, RS_MEDIA_TONE);
	assert_true(rs_impair_is_none(&m->send) && rs_impair_is_none(&m->receive));
	assert_int_equal(plan->groups[0].rtp_first, 16384);
	assert_int_equal(plan->groups[0].rtp_last, 32767);
	for (unsigned ms = 10; ms <= 60; ms += 10) {
		const struct rs_payload *p = rs_media_payload(m, 0, ms);

		assert_non_null(p);
		assert_int_equal(p->ptime_ns, ms * 1000000);
		assert_true(p->loop);
	}
	assert_null(rs_media_payload(m, 0, 25));
	assert_null(rs_media_payload(m, 0, 70));
	assert_null(rs_media_payload(m, 1, 20));
	rs_plan_free(plan);
}

static void
payloads_are_made_of_every_source(void **state)
{
	static const char *const sources[] = { "silence", "noise", "noise:pink", "tone:eu-busy", "tone:1+2+3+4", "some.ulaw" };

	for (size_t i = 0; i < RS_COUNT(sources); i++) {
		char text[200];

		snprintf(text, sizeof(text), PROFILE "source = \"%s\"; }", sources[i]);
		struct rs_plan *plan = read_good(text, "media = \"m\";");

		assert_non_null(rs_media_payload(&plan->media[0], 0, 20));
		rs_plan_free(plan);
	}
	struct rs_plan *plan = read_good(PROFILE "dtx = { talk = \"100ms\"; silence = \"200ms\"; noise_every = \"60ms\"; noise_level = 50; }; }", "media = \"m\";");
	const struct rs_payload *p = rs_media_payload(&plan->media[0], 0, 20);

	assert_true(plan->media[0].dtx);
	assert_int_equal(rs_payload_frame(p, 0)->kind, RS_FRAME_MEDIA);
	assert_int_equal(rs_payload_frame(p, 5)->kind, RS_FRAME_CN);
	assert_int_equal(rs_payload_frame(p, 6)->kind, RS_FRAME_NONE);
	assert_int_equal(rs_payload_frame(p, 8)->kind, RS_FRAME_CN);
	rs_plan_free(plan);
}

static void
thresholds_of_media_are_read(void **state)
{
	char *text = plan_edit(good_plan, "seed = 1;",
		"thresholds = { min_mos = 4.3; max_loss_percent = 0.5; max_jitter_ms = 10; one_way_audio_percent = 0; };");
	static const enum rs_threshold_metric metrics[] = { RS_TH_FAILED_PERCENT, RS_TH_MIN_MOS, RS_TH_MAX_LOSS_PERCENT,
		RS_TH_MAX_JITTER_MS, RS_TH_ONE_WAY_AUDIO_PERCENT };
	struct rs_plan *plan;
	struct rs_err err;

	assert_int_equal(plan_read(text, NULL, 0, &plan, &err), 0);
	assert_int_equal(plan->n_thresholds, RS_COUNT(metrics));
	for (size_t i = 0; i < RS_COUNT(metrics); i++)
		assert_int_equal(plan->thresholds[i].metric, metrics[i]);
	assert_true(plan->thresholds[1].bound == 4.3);
	rs_plan_free(plan);
	free(text);
}

static const struct {
	const char *profile, *group, *says;
} wrongs[] = {
	{ PROFILE "codec = 1; }", "", "t.conf:7: media[0]: unknown setting 'codec': did you mean 'codecs'?" },
	{ "{ codecs = [ \"PCMU\" ]; }", "", "t.conf:7: media[0].name: is missing: add name = \"...\";" },
	{ "{ name = \"m\"; }", "", "t.conf:7: media[0].codecs: is missing: add codecs = [ \"...\" ];" },
	{ "{ name = \"m m\"; codecs = [ \"PCMU\" ]; }", "", "t.conf:7: media[0].name: \"m m\" is no name: use a letter, then letters, digits, '-' and '_', 63 at most" },
	{ PROFILE "}, " PROFILE "}", "", "t.conf:7: media[1].name: there is another profile \"m\" (line 7)" },
	{ "{ name = \"m\"; codecs = [ \"PCMUU\" ]; }", "", "t.conf:7: media[0].codecs: unknown codec \"PCMUU\": did you mean 'PCMU'?" },
	{ "{ name = \"m\"; codecs = [ \"EVS\" ]; }", "", "t.conf:7: media[0].codecs: unknown codec \"EVS\": known are PCMU, PCMA, G722, G729, opus, AMR, AMR-WB, iLBC, telephone-event and CN" },
	{ "{ name = \"m\"; codecs = [ \"GSM\" ]; }", "", "t.conf:7: media[0].codecs: unknown codec \"GSM\": known are PCMU, PCMA, G722, G729, opus, AMR, AMR-WB, iLBC, telephone-event and CN" },
	{ "{ name = \"m\"; codecs = [ \"telephone-event\" ]; }", "", "t.conf:7: media[0].codecs: holds none that carries a stream: name PCMU, PCMA or another" },
	{ "{ name = \"m\"; codecs = [ \"PCMU\", \"PCMU\" ]; }", "", "t.conf:7: media[0].codecs: \"PCMU\" is named twice" },
	{ "{ name = \"m\"; codecs = [ \"PCMU:8\", \"PCMA\" ]; }", "", "t.conf:7: media[0].codecs: \"PCMU\" and \"PCMA\" have one payload type, 8: give one another" },
	{ "{ name = \"m\"; codecs = [ \"opus:128\" ]; }", "", "t.conf:7: media[0].codecs: \"opus:128\": a payload type is a number from 0 to 127" },
	{ "{ name = \"m\"; codecs = [ \"opus:1x\" ]; }", "", "t.conf:7: media[0].codecs: \"opus:1x\": a payload type is a number from 0 to 127" },
	{ PROFILE "ptime = \"25ms\"; }", "", "t.conf:7: media[0].ptime: \"25ms\" is not possible: use 10ms, 20ms, 30ms, 40ms, 50ms or 60ms" },
	{ PROFILE "ptime = 20; }", "", "t.conf:7: media[0].ptime: 20 has no unit: write \"20s\" or another unit" },
	{ PROFILE "srtp = \"require\"; }", "", "t.conf:7: media[0].srtp: unknown value \"require\": did you mean 'required'? Known: \"forbidden\", \"optional\", \"required\"" },
	{ PROFILE "srtp = \"required\"; }", "", "t.conf:7: media[0].srtp: SRTP is \"required\", and suites names none: add suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]" },
	{ PROFILE "srtp = \"optional\"; }", "", "t.conf:7: media[0].srtp: SRTP is \"optional\", and suites names none: add suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]" },
	{ PROFILE "suites = \"AES_CM_128_HMAC_SHA1_80\"; }", "", "t.conf:7: media[0].suites: is of no use where srtp is \"forbidden\": set srtp = \"required\" or \"optional\", or remove it" },
	{ PROFILE "lifetime = 5; }", "", "t.conf:7: media[0].lifetime: is of no use where srtp is \"forbidden\": set srtp = \"required\" or \"optional\", or remove it" },
	{ PROFILE "suites = \"AES_CM_128_HMAC_SHA1_8\"; }", "", "t.conf:7: media[0].suites: unknown suite \"AES_CM_128_HMAC_SHA1_8\": did you mean 'AES_CM_128_HMAC_SHA1_80'?" },
	{ PROFILE "suites = [ \"AEAD_AES_128_GCM\", \"AEAD_AES_128_GCM\" ]; }", "", "t.conf:7: media[0].suites: \"AEAD_AES_128_GCM\" is named twice" },
	{ PROFILE "suites = \"F8_128_HMAC_SHA1_80\"; }", "", "t.conf:7: media[0].suites: \"F8_128_HMAC_SHA1_80\" is not in this version: use AES_CM_128_HMAC_SHA1_80" },
	{ SECURE "crypto_params = \"NO_AUTH\"; }", "", "t.conf:7: media[0].crypto_params: unknown value \"NO_AUTH\": use UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP or UNAUTHENTICATED_SRTP" },
	{ SECURE "mki = \"4\"; }", "", "t.conf:7: media[0].mki: \"4\" is not VALUE:LENGTH, such as \"1:4\"" },
	{ SECURE "mki = \"256:1\"; }", "", "t.conf:7: media[0].mki: \"256:1\": the length is 1 to 8 bytes, and the value must fit it" },
	{ SECURE "lifetime = 0; }", "", "t.conf:7: media[0].lifetime: 0 is out of range: 1 to 281474976710656 packets" },
	{ PROFILE "jitter_buffer = \"11s\"; }", "", "t.conf:7: media[0].jitter_buffer: is out of range: at most 10s" },
	{ PROFILE "source = \"no-such.wav\"; }", "", "t.conf:7: media[0].source: there is no file \"no-such.wav\"" },
	{ PROFILE "source = \"broken.wav\"; }", "", "t.conf:7: media[0].source: for PCMU: broken.wav: " },
	{ PROFILE "source = \"tone:us-busyy\"; }", "", "t.conf:7: media[0].source: unknown tone \"us-busyy\": did you mean 'us-busy'?" },
	{ PROFILE "source = \"tone:5000\"; }", "", "t.conf:7: media[0].source: unknown tone \"5000\": write up to four frequencies in Hz below 4000, as in \"tone:350+440\"" },
	{ PROFILE "source = [ \"noise\", \"silence\" ]; }", "", "t.conf:7: media[0].source: 2 sources for 1 codecs: give one for all, or one for each" },
	{ "{ name = \"m\"; codecs = [ \"G729\" ]; }", "", "t.conf:7: media[0].source: \"tone:440\" cannot be made for G729: name a file with its frames, or leave the codec out" },
	{ PROFILE "dtx = { talk = \"1ms\"; }; }", "", "t.conf:7: media[0].dtx.talk: is out of range: 10ms to 10m" },
	{ PROFILE "dtx = { silence = \"1h\"; }; }", "", "t.conf:7: media[0].dtx.silence: is out of range: 10ms to 10m" },
	{ PROFILE "dtx = { noise_level = 128; }; }", "", "t.conf:7: media[0].dtx.noise_level: 128 is out of range: 0 to 127 dB" },
	{ PROFILE "send_impair = { loss = 1; }; }", "", "t.conf:7: media[0].send_impair: unknown setting 'loss': known are loss_percent, burst_percent, burst_length, delay, jitter, duplicate_percent, reorder_percent" },
	{ PROFILE "send_impair = { loss_percent = 101; }; }", "", "t.conf:7: media[0].send_impair.loss_percent: 101 is out of range: 0 to 100 %" },
	{ PROFILE "send_impair = { loss_percent = 50; burst_percent = 51; }; }", "", "t.conf:7: media[0].send_impair.burst_percent: loss_percent and burst_percent are more than 100 together" },
	{ PROFILE "receive_impair = { burst_percent = 95; }; }", "", "t.conf:7: media[0].receive_impair.burst_percent: 95 is out of range: 0 to 90 %" },
	{ PROFILE "receive_impair = { burst_percent = 80; burst_length = 2; }; }", "", "t.conf:7: media[0].receive_impair.burst_length: bursts of 2 packets cannot make 80 % of all: raise it" },
	{ PROFILE "receive_impair = { delay = \"11s\"; }; }", "", "t.conf:7: media[0].receive_impair.delay: is out of range: at most 10s" },
	{ PROFILE "wrong = { bad_tag_percent = 1; }; }", "", "t.conf:7: media[0].wrong: only replay_percent has a meaning where srtp is \"forbidden\": set srtp = \"required\" or \"optional\"" },
	{ PROFILE "wrong = { bad_tags = 1; }; }", "", "t.conf:7: media[0].wrong: unknown setting 'bad_tags'" },
	{ PROFILE "}", "media = \"n\";", "t.conf:9: endpoints[0].media: there is no media profile \"n\"" },
	{ "{ name = \"srtp\"; codecs = [ \"PCMU\" ]; }", "media = \"srtpp\";", "t.conf:9: endpoints[0].media: there is no media profile \"srtpp\": did you mean 'srtp'?" },
	{ PROFILE "}", "rtp_ports = \"20000\";", "t.conf:9: endpoints[0].rtp_ports: \"20000\" is no range of ports: write FIRST-LAST, 1024 to 65535, as in \"16384-32767\"" },
	{ PROFILE "}", "rtp_ports = \"20001-20002\";", "t.conf:9: endpoints[0].rtp_ports: \"20001-20002\" holds no pair of an even port and the next one" },
	{ PROFILE "}", "media = \"m\"; rtp_ports = \"5060-6000\";", "t.conf:9: endpoints[0].rtp_ports: 5060-5999 overlap the group's SIP ports, 5060 to 5063: set another range" },
};

static void
each_wrong_setting_has_its_message(void **state)
{
	for (size_t i = 0; i < RS_COUNT(wrongs); i++) {
		char *text = with_media(wrongs[i].profile, wrongs[i].group);
		struct rs_err err = { 0 };
		struct rs_plan *plan;

		if (plan_read(text, NULL, 0, &plan, &err) != -EINVAL)
			fail_msg("%s %s: read", wrongs[i].profile, wrongs[i].group);
		if (strncmp(err.text, wrongs[i].says, strlen(wrongs[i].says)) != 0)
			fail_msg("\n%s\nis expected, this came:\n%s", wrongs[i].says, err.text);
		free(text);
	}
}

/* Groups may share addresses: then the SIP ports of each stay out of the media ports of the others. */
static void
sip_ports_of_another_group_are_no_media_ports(void **state)
{
	char *text = with_media(PROFILE "}", "media = \"m\"; rtp_ports = \"6000-6099\";"), *shared, *wrong;
	struct rs_plan *plan;
	struct rs_err err = { 0 };

	shared = plan_edit(text, "{ name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\";",
		"{ name = \"callees\"; port = \"a\"; count = 10; addresses = \"198.18.4.7\"; sip_port = 6095;");
	assert_int_equal(plan_read(shared, NULL, 0, &plan, &err), -EINVAL);
	assert_string_equal(err.text,
		"t.conf:9: endpoints[0].rtp_ports: 6095 at 198.18.4.7 is a SIP port of group \"callees\" (line 10): set another range");
	wrong = plan_edit(shared, "sip_port = 6095;", "sip_port = 6100;");
	free(text);
	text = plan_edit(wrong, "to = \"callees\"", "to = \"sip:bob@198.18.8.1\"");
	if (plan_read(text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s", err.text);
	rs_plan_free(plan);
	free(text);
	free(shared);
	free(wrong);
}

static void
thresholds_out_of_range_are_told(void **state)
{
	char *text = plan_edit(good_plan, "seed = 1;", "thresholds = { min_mos = 6; };");
	struct rs_err err;
	struct rs_plan *plan;

	assert_int_equal(plan_read(text, NULL, 0, &plan, &err), -EINVAL);
	assert_string_equal(err.text, "t.conf:12: run.thresholds.min_mos: 6 is out of range: 1 to 5");
	free(text);
	text = plan_edit(good_plan, "seed = 1;", "thresholds = { min_mps = 4; };");
	assert_int_equal(plan_read(text, NULL, 0, &plan, &err), -EINVAL);
	assert_string_equal(err.text, "t.conf:12: run.thresholds: unknown threshold 'min_mps': did you mean 'min_mos'?");
	free(text);
}

/* Beside the plan, and with the file and the reason when it is broken. */
static void
media_files_lie_beside_the_plan(void **state)
{
	char dir[] = "/tmp/rs-media-XXXXXX", plan_file[64], media_file[64], says[300];
	char *text = with_media(PROFILE "source = \"a.wav\"; }", "media = \"m\";"), *named;
	struct rs_plan *plan;
	struct rs_err err;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(plan_file, sizeof(plan_file), "%s/p.conf", dir);
	snprintf(media_file, sizeof(media_file), "%s/a.wav", dir);
	named = plan_edit(text, "cores = [ 0, 1 ]", "cores = [ 0 ]");
	free(text);
	text = plan_edit(named, "workers = [ 0 ]", "workers = [ 0 ]");
	free(named);
	named = plan_edit(text, "workers = [ 1 ]", "workers = [ 0 ]");
	f = fopen(plan_file, "w");
	fputs(named, f);
	fclose(f);
	assert_int_equal(rs_plan_load(plan_file, NULL, 0, &plan, &err), -EINVAL);
	snprintf(says, sizeof(says), "%s:7: media[0].source: \"%s\": No such file or directory", plan_file, media_file);
	assert_string_equal(err.text, says);
	f = fopen(media_file, "w");
	fputs("RIFF", f);
	fclose(f);
	assert_int_equal(rs_plan_load(plan_file, NULL, 0, &plan, &err), -EINVAL);
	snprintf(says, sizeof(says), "%s:7: media[0].source: for PCMU: %s: ", plan_file, media_file);
	assert_int_equal(strncmp(err.text, says, strlen(says)), 0);
	unlink(media_file);
	unlink(plan_file);
	rmdir(dir);
	free(text);
	free(named);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_read_whole),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(payloads_are_made_of_every_source),
		cmocka_unit_test(thresholds_of_media_are_read),
		cmocka_unit_test(each_wrong_setting_has_its_message),
		cmocka_unit_test(sip_ports_of_another_group_are_no_media_ports),
		cmocka_unit_test(thresholds_out_of_range_are_told),
		cmocka_unit_test(media_files_lie_beside_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
