/* SPDX-License-Identifier: BSD-3-Clause */
/** Media steps of scenarios: SIPp's play_pcap_audio, rtp_stream, play_dtmf and rtp_echo, their files included. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plan/scenario.h"

#define SCENARIO(actions)                                                                                              \
	"<scenario name=\"s\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nX: [rtpstream_audio_port] [media_port]\nContent-Length: 0\n\n]]></send><nop><action>" actions \
	"</action></nop></scenario>"

struct place {
	char dir[40], scenario[64], ulaw[64], pcap[64], fax[64];
};

static void
write_file(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* Two packets of RTP or UDPTL in a capture of raw IP. */
static size_t
capture(uint8_t *out, bool udptl)
{
	static const uint8_t file[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101 };
	size_t n = sizeof(file);

	memcpy(out, file, sizeof(file));
	for (uint8_t i = 0; i < 2; i++) {
		const uint8_t record[16] = { 1, 0, 0, 0, 0x20, 0x4e * i, 0, 0, 44, 0, 0, 0, 44, 0, 0, 0 };
		const uint8_t packet[44] = { 0x45, 0, 0, 44, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x20, 0, 0x30, 0, 0, 24, 0, 0,
			udptl ? 0 : 0x80, udptl ? i : 0, 0, i, 0, 0, 0, (uint8_t)(i * 160), 1, 2, 3, 4, 5, 6, 7, 8 };

		memcpy(out + n, record, sizeof(record));
		memcpy(out + n + sizeof(record), packet, sizeof(packet));
		n += sizeof(record) + sizeof(packet);
	}
	return n;
}

static void
open_place(struct place *p)
{
	uint8_t bytes[1600] = { 1 };

	strcpy(p->dir, "/tmp/rs-scenario-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->scenario, sizeof(p->scenario), "%s/s.xml", p->dir);
	snprintf(p->ulaw, sizeof(p->ulaw), "%s/a.ulaw", p->dir);
	snprintf(p->pcap, sizeof(p->pcap), "%s/a.pcap", p->dir);
	write_file(p->ulaw, bytes, sizeof(bytes));
	snprintf(p->fax, sizeof(p->fax), "%s/fax.pcap", p->dir);
	write_file(p->pcap, bytes, capture(bytes, false));
	write_file(p->fax, bytes, capture(bytes, true));
}

static void
close_place(struct place *p)
{
	unlink(p->ulaw);
	unlink(p->pcap);
	unlink(p->fax);
	rmdir(p->dir);
}

static struct rs_program *
compiled(const struct place *p, const char *xml)
{
	static const struct rs_key keys[] = { { "sound", "a.ulaw" } };
	struct rs_scenario_opts opts = { .keys = keys, .n_keys = 1 };
	struct rs_program *out;
	struct rs_err err = { 0 };

	if (rs_scenario_compile(p->scenario, rs_slice_str(xml), &opts, &out, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return out;
}

static void
each_form_becomes_a_step_and_files_are_read_once(void **state)
{
	struct place place;
	struct rs_program *p;

	open_place(&place);
	p = compiled(&place,
		SCENARIO("<exec play_pcap_audio=\"a.pcap\"/><exec rtp_stream=\"a.ulaw,-1,0\"/><exec rtp_stream=\"pause\"/><exec rtp_stream=\"resume\"/>"
			 "<exec rtp_stream=\"apattern,2,0,PCMU/8000\"/><exec rtp_stream=\"pauseapattern\"/><exec rtp_stream=\"resumeapattern\"/>"
			 "<exec play_dtmf=\"12#,100\"/><exec rtp_echo=\"startaudio,0,PCMU/8000\"/><exec rtp_echo=\"stopaudio\"/><rtp_echo value=\"1\"/>"
			 "<exec rtp_stream=\"[sound],-1,0\"/><exec play_pcap_audio=\"a.pcap\"/><exec rtp_stream=\"a.ulaw\"/>"));
	static const struct {
		uint8_t media;
		int8_t clip;
	} wanted[] = { { RS_STEP_PLAY, 0 }, { RS_STEP_PLAY, 1 }, { RS_STEP_HUSH, -1 }, { RS_STEP_GO_ON, -1 }, { RS_STEP_PLAY, 2 },
		{ RS_STEP_HUSH, -1 }, { RS_STEP_GO_ON, -1 }, { RS_STEP_DIGITS, -1 }, { RS_STEP_ECHO, -1 }, { RS_STEP_ECHO, -1 },
		{ RS_STEP_ECHO, -1 }, { RS_STEP_PLAY, 1 }, { RS_STEP_PLAY, 0 }, { RS_STEP_PLAY, 3 } };

	assert_true(p->media);
	assert_int_equal(p->n_actions, sizeof(wanted) / sizeof(wanted[0]));
	for (uint32_t i = 0; i < p->n_actions; i++) {
		assert_int_equal(p->actions[i].kind, RS_ACT_MEDIA);
		assert_int_equal(p->actions[i].media, wanted[i].media);
		assert_int_equal(p->actions[i].clip, wanted[i].clip);
	}
	assert_true(p->actions[7].template >= 0);
	assert_true(p->actions[8].value == 1 && p->actions[9].value == 0 && p->actions[10].value == 1);
	assert_int_equal(p->n_clips, 4);
	assert_int_equal(p->clips[0].kind, RS_CLIP_REPLAY);
	assert_int_equal(p->clips[0].replay->n, 2);
	assert_int_equal(p->clips[1].loops, -1);
	assert_int_equal(p->clips[1].payload_type, 0);
	assert_int_equal(p->clips[1].frames->codec, RS_CODEC_PCMU);
	assert_int_equal(p->clips[1].frames->n_frames, 10);
	assert_true(p->clips[1].frames->loop);
	assert_true(p->clips[2].frames->loop);
	assert_int_equal(p->clips[3].payload_type, 8);
	assert_int_equal(p->clips[3].loops, 1);
	assert_false(p->clips[3].frames->loop);
	rs_program_free(p);
	close_place(&place);
}

/* What of a scenario needs ports and keys for what. */
static void
lines_and_keys_are_known_from_steps_and_keywords(void **state)
{
	static const struct {
		const char *actions;
		bool video, image;
		uint8_t line;
		bool udptl;
	} rows[] = {
		{ "<exec play_pcap_audio=\"a.pcap\"/>", false, false, 0, false },
		{ "<exec play_pcap_video=\"a.pcap\"/>", true, false, 1, false },
		{ "<exec play_pcap_image=\"fax.pcap\"/>", false, true, 1, true },
	};
	static const char *const good[] = { "[cryptotag1audio]", "[cryptotag2video]", "[cryptokeyparams2audio]", "[cryptosuiteaescm128sha1801audio]",
		"[cryptosuiteaescm128sha1322video]", "[cryptosuitenullsha1801audio]", "[cryptosuitenullsha1322audio]", "[ueaescm128sha1801audio]",
		"[ueaescm128sha1322video]" };
	static const char *const wrong[] = { "[cryptotag3audio]", "[cryptotag1image]", "[cryptotagaudio]", "[cryptosuiteaescm256sha1801audio]",
		"[ueanullsha1801audio]", "[cryptokeyparams1audio+1]" };
	struct place place;
	struct rs_program *p;
	char xml[400];

	open_place(&place);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(xml, sizeof(xml), SCENARIO("%s"), rows[i].actions);
		p = compiled(&place, xml);
		assert_int_equal(p->video, rows[i].video);
		assert_int_equal(p->image, rows[i].image);
		assert_false(p->crypto);
		assert_int_equal(p->clips[0].line, rows[i].line);
		assert_int_equal(p->clips[0].replay->udptl, rows[i].udptl);
		assert_int_equal(p->clips[0].replay->packets[0].len, rows[i].udptl ? 16 : 4);
		rs_program_free(p);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(xml, sizeof(xml), "<scenario name=\"s\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nX: %s\nContent-Length: 0\n\n]]></send></scenario>", good[i]);
		p = compiled(&place, xml);
		assert_true(p->media && p->crypto);
		assert_int_equal(p->video, strstr(good[i], "video") != NULL);
		rs_program_free(p);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rs_err err = { 0 };

		snprintf(xml, sizeof(xml), "<scenario name=\"s\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nX: %s\nContent-Length: 0\n\n]]></send></scenario>", wrong[i]);
		assert_true(rs_scenario_compile("s.xml", rs_slice_str(xml), NULL, &p, NULL, &err) < 0);
		assert_non_null(strstr(err.text, " is no keyword"));
	}
	close_place(&place);
}

/* Files that are no capture of what is played, as `scenario check` and `plan check` read them. */
static void
captures_that_cannot_be_played_are_named_with_the_reason(void **state)
{
	static const struct {
		const char *what;
		size_t at; /* of the byte that is changed; 0: the file is cut there */
		uint8_t value;
		size_t len;
		const char *says;
	} rows[] = {
		{ "play_pcap_audio", 0, 0, 0, "a.pcap: is empty" },
		{ "play_pcap_audio", 0, 0, 20, "a.pcap: is no pcap or pcapng file: " },
		{ "play_pcap_video", 0, 0, 24, "a.pcap: none of its 0 packets is RTP over UDP" },
		{ "play_pcap_video", 0, 0, 24 + 60 + 30, "a.pcap: behind packet 1: " },
		{ "play_pcap_image", 0, 0, 24 + 60 + 30, "a.pcap: behind packet 1: " },
		{ "play_pcap_audio", 20, 105, 144, "a.pcap: packets of link type 105 (IEEE802_11); " },
		{ "play_pcap_image", 20, 105, 144, "a.pcap: packets of link type 105 (IEEE802_11); " },
		{ "play_pcap_audio", 40 + 9, 6, 84, "a.pcap: none of its 1 packets is RTP over UDP" },
		{ "play_pcap_image", 1, 0xc3, 144, "a.pcap: none of its 2 packets is UDPTL (T.38) over UDP" },
	};
	uint8_t bytes[1600];
	struct place place;

	open_place(&place);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char xml[400], says[300];
		struct rs_err err = { 0 };
		struct rs_program *p;

		assert_int_equal(capture(bytes, false), 144);
		if (rows[i].at)
			bytes[rows[i].at] = rows[i].value;
		write_file(place.pcap, bytes, rows[i].len);
		snprintf(xml, sizeof(xml), SCENARIO("<exec %s=\"a.pcap\"/>"), rows[i].what);
		assert_true(rs_scenario_compile(place.scenario, rs_slice_str(xml), NULL, &p, NULL, &err) < 0);
		snprintf(says, sizeof(says), "%s:6: <exec> %s: %s/%s", place.scenario, rows[i].what, place.dir, rows[i].says);
		if (strncmp(err.text, says, strlen(says)) != 0)
			fail_msg("\n%s\nis expected, this came:\n%s", says, err.text);
	}
	close_place(&place);
}

static void
a_scenario_without_them_has_no_media(void **state)
{
	struct place place = { .scenario = "s.xml" };
	struct rs_program *p = compiled(&place, "<scenario name=\"s\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nX: [media_port]\nContent-Length: 0\n\n]]></send></scenario>");

	assert_false(p->media);
	rs_program_free(p);
	p = compiled(&place, SCENARIO(""));
	assert_true(p->media); /* its port keyword */
	rs_program_free(p);
}

static void
each_wrong_step_has_its_message(void **state)
{
	static const struct {
		const char *exec, *says;
	} rows[] = {
		{ "<exec play_pcap_audio=\" \"/>", "<exec> play_pcap_audio: names no file" },
		{ "<exec play_pcap_audio=\"/no-such-directory/a.pcap\"/>", "<exec> play_pcap_audio: /no-such-directory/a.pcap: " },
		{ "<exec rtp_stream=\",1,0\"/>", "<exec> rtp_stream: names no file" },
		{ "<exec rtp_stream=\"/no-such-directory/a.wav\"/>", "<exec> rtp_stream: /no-such-directory/a.wav: " },
		{ "<exec rtp_stream=\"a.wav,0\"/>", "<exec> rtp_stream: \"0\" is no number of times: -1 (for ever), 1 or more is needed" },
		{ "<exec rtp_stream=\"a.wav,x\"/>", "<exec> rtp_stream: \"x\" is no number of times: -1 (for ever), 1 or more is needed" },
		{ "<exec rtp_stream=\"a.wav,1,128\"/>", "<exec> rtp_stream: \"128\" is no payload type: a number from 0 to 127 is needed" },
		{ "<exec rtp_stream=\"a.wav,1,99,H264/90000\"/>", "<exec> rtp_stream: payload type 99, H264 is no codec that is built: PCMU, PCMA, G722, G729, iLBC ..." },
		{ "<exec rtp_stream=\"apattern,7,0\"/>", "<exec> rtp_stream: apattern needs a pattern from 1 to 6, as in \"apattern,1,0,PCMU/8000\"" },
		{ "<exec play_dtmf=\"\"/>", "<exec> play_dtmf: has no digits" },
		{ "<exec rtp_echo=\"start\"/>", "<exec> rtp_echo=\"start\": startaudio, updateaudio or stopaudio is needed" },
		{ "<rtp_echo/>", "<rtp_echo>: either value=\"...\" or variable=\"name\" is needed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char xml[1024], says[300];
		struct rs_program *p;
		struct rs_err err = { 0 };

		snprintf(xml, sizeof(xml), "<scenario name=\"s\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nContent-Length: 0\n\n]]></send><nop><action>%s</action></nop></scenario>", rows[i].exec);
		assert_true(rs_scenario_compile("s.xml", rs_slice_str(xml), NULL, &p, NULL, &err) < 0);
		snprintf(says, sizeof(says), "s.xml:5: %s", rows[i].says);
		if (strncmp(err.text, says, strlen(says)) != 0)
			fail_msg("\n%s\nis expected, this came:\n%s", says, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_becomes_a_step_and_files_are_read_once),
		cmocka_unit_test(lines_and_keys_are_known_from_steps_and_keywords),
		cmocka_unit_test(captures_that_cannot_be_played_are_named_with_the_reason),
		cmocka_unit_test(a_scenario_without_them_has_no_media),
		cmocka_unit_test(each_wrong_step_has_its_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
