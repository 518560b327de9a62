/* SPDX-License-Identifier: BSD-3-Clause */
/* Media steps: <exec play_pcap_...>, rtp_stream, play_dtmf, rtp_echo. Their files are read with the scenario. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "plan/scenario_int.h"

#define PATTERN_OCTETS  1600
#define DEFAULT_PAYLOAD 8 /* SIPp's -rtp_payload */

static const struct {
	uint8_t payload;
	enum rs_codec codec;
} fixed[] = { { 0, RS_CODEC_PCMU }, { 8, RS_CODEC_PCMA }, { 9, RS_CODEC_G722 },
	{ 18, RS_CODEC_G729 } };

/* "[name]" is the custom keyword's value, as SIPp has it from -key. */
static struct rs_slice
file_name(struct rs_sc_act *j, struct rs_slice text)
{
	text = rs_slice_trim(text);
	if (text.len < 3 || text.p[0] != '[' || text.p[text.len - 1] != ']')
		return text;
	for (uint32_t i = 0; i < j->c->opts->n_keys; i++)
		if (rs_slice_is(rs_slice_of(text.p + 1, text.len - 2), j->c->opts->keys[i].name))
			return rs_slice_str(j->c->opts->keys[i].value);
	return text;
}

/* Beside the scenario, else where we are. */
static bool
find_file(struct rs_sc_act *j, struct rs_slice name, char *path, size_t cap)
{
	const char *slash = strrchr(j->c->name, '/');
	int n = -1;

	if (slash && name.p[0] != '/')
		n = snprintf(path, cap, "%.*s/%.*s", (int)(slash - j->c->name), j->c->name,
			(int)name.len, (const char *)name.p);
	if (n > 0 && (size_t)n < cap && access(path, F_OK) == 0)
		return true;
	n = snprintf(path, cap, "%.*s", (int)name.len, (const char *)name.p);
	return n > 0 && (size_t)n < cap;
}

/* The same file played the same way is read once. @return its number, or -1 */
static int32_t
known_clip(struct rs_sc *c, const struct rs_clip *wanted)
{
	for (uint32_t i = 0; i < c->clips.n; i++) {
		const struct rs_clip *o = RS_SC_AT(c->clips, struct rs_clip, i);

		if (o->kind == wanted->kind && o->line == wanted->line && o->image == wanted->image &&
			o->payload_type == wanted->payload_type && o->loops == wanted->loops &&
			strcmp(o->file, wanted->file) == 0)
			return (int32_t)i;
	}
	return -1;
}

static void
play(struct rs_sc_act *j, const struct rs_clip *clip)
{
	j->a.kind = RS_ACT_MEDIA;
	j->a.media = RS_STEP_PLAY;
	j->a.clip = (int32_t)j->c->clips.n;
	*(struct rs_clip *)rs_sc_push(j->c, &j->c->clips, sizeof(*clip)) = *clip;
	j->drop = j->c->oom;
}

static void
broken_file(struct rs_sc_act *j, const char *what, int rc, const struct rs_err *err)
{
	if (rc == -ENOMEM)
		j->c->oom = true;
	else
		rs_sc_error(j->c, j->n->line, "<exec> %s: %s", what, err->text);
}

void
rs_sc_play_pcap(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	struct rs_clip clip = { .kind = RS_CLIP_REPLAY,
		.line = strcmp(a->name, "play_pcap_audio") != 0,
		.image = strcmp(a->name, "play_pcap_image") == 0,
		.payload_type = RS_SDP_NO_PAYLOAD,
		.loops = 1 };
	struct rs_replay_want want = { .udptl = clip.image };
	struct rs_slice name = file_name(j, a->value);
	struct rs_err err = { 0 };
	char path[PATH_MAX];
	int rc;

	if (name.len == 0) {
		rs_sc_error(j->c, j->n->line, "<exec> %s: names no file", a->name);
		return;
	}
	j->c->video |= clip.line && !clip.image;
	j->c->image |= clip.image;
	if (!find_file(j, name, path, sizeof(path)) ||
		!(clip.file = rs_sc_copy(j->c, path, strlen(path))))
		return;
	j->a.clip = known_clip(j->c, &clip);
	if (j->a.clip >= 0) {
		j->a.kind = RS_ACT_MEDIA;
		j->drop = false;
		return;
	}
	rc = j->c->opts->no_files ? 0 : rs_replay_open(path, &want, &clip.replay, &err);
	if (rc)
		broken_file(j, a->name, rc, &err);
	else
		play(j, &clip);
}

static bool
number_in(struct rs_slice text, long min, long max, long *out)
{
	char buf[16], *end;

	if (text.len == 0 || text.len >= sizeof(buf))
		return false;
	memcpy(buf, text.p, text.len);
	buf[text.len] = '\0';
	*out = strtol(buf, &end, 10);
	return *end == '\0' && *out >= min && *out <= max;
}

/* The codec: by its fixed payload type, else by "name/rate". */
static bool
find_codec(struct rs_sc_act *j, const char *what, struct rs_slice *rest, struct rs_clip *clip,
	enum rs_codec *codec)
{
	struct rs_slice payload = rs_slice_part(rest, ','), name = rs_slice_part(rest, ',');
	long n = DEFAULT_PAYLOAD;
	const uint8_t *slash;

	if (payload.len > 0 && !number_in(payload, 0, 127, &n)) {
		rs_sc_error(j->c, j->n->line,
			"<exec> %s: \"%.*s\" is no payload type: a number from 0 to 127 is needed",
			what, (int)(payload.len < 20 ? payload.len : 20), (const char *)payload.p);
		return false;
	}
	clip->payload_type = (uint8_t)n;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i].payload == n) {
			*codec = fixed[i].codec;
			return true;
		}
	slash = memchr(name.p, '/', name.len);
	if (slash)
		name.len = (size_t)(slash - name.p);
	if (name.len > 0 && rs_codec_find(name, codec) == 0)
		return true;
	rs_sc_unsupported(j->c, j->n->line, what,
		"<exec> %s: payload type %ld%s%.*s is no codec that is built: PCMU, PCMA, G722, G729, iLBC ...",
		what, n, name.len ? ", " : "", (int)(name.len < 20 ? name.len : 20),
		(const char *)name.p);
	return false;
}

static void
open_stream(struct rs_sc_act *j, const char *what, struct rs_clip *clip, enum rs_codec codec,
	bool pattern)
{
	struct rs_payload_want want = { .codec = codec, .loop = clip->loops != 1 };
	uint8_t octets[PATTERN_OCTETS];
	struct rs_err err = { 0 };
	int rc = 0;

	j->a.clip = known_clip(j->c, clip);
	if (j->a.clip >= 0) {
		j->a.kind = RS_ACT_MEDIA;
		j->drop = false;
		return;
	}
	if (pattern) {
		memset(octets, clip->file[strlen(clip->file) - 1] * 0x11, sizeof(octets));
		rc = rs_payload_read(
			"pattern", rs_slice_of(octets, sizeof(octets)), &want, &clip->frames, &err);
	} else if (!j->c->opts->no_files) {
		rc = rs_payload_open(clip->file, &want, &clip->frames, &err);
	}
	if (rc)
		broken_file(j, what, rc, &err);
	else
		play(j, clip);
}

/* "apattern,ID,PT,NAME": one of six patterns of octets, over and over. */
static void
audio_pattern(struct rs_sc_act *j, struct rs_slice rest)
{
	struct rs_clip clip = { .kind = RS_CLIP_STREAM, .loops = -1 };
	struct rs_slice id = rs_slice_part(&rest, ',');
	enum rs_codec codec = RS_CODEC_PCMU;
	char name[] = "pattern 0";
	long n;

	if (!number_in(id, 1, 6, &n)) {
		rs_sc_error(j->c, j->n->line,
			"<exec> rtp_stream: apattern needs a pattern from 1 to 6, as in \"apattern,1,0,PCMU/8000\"");
		return;
	}
	name[sizeof(name) - 2] = (char)('0' + n);
	clip.file = rs_sc_copy(j->c, name, sizeof(name) - 1);
	if (clip.file && find_codec(j, "rtp_stream", &rest, &clip, &codec))
		open_stream(j, "rtp_stream", &clip, codec, true);
}

static void
rest_or_go_on(struct rs_sc_act *j, enum rs_media_step what)
{
	j->a.kind = RS_ACT_MEDIA;
	j->a.media = (uint8_t)what;
	j->drop = false;
}

void
rs_sc_rtp_stream(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	struct rs_clip clip = { .kind = RS_CLIP_STREAM, .loops = 1 };
	struct rs_slice rest = a->value, name = file_name(j, rs_slice_part(&rest, ',')), loops;
	enum rs_codec codec = RS_CODEC_PCMA;
	char path[PATH_MAX];
	long n = 1;

	if (rs_slice_is(name, "pause") || rs_slice_is(name, "pauseapattern")) {
		rest_or_go_on(j, RS_STEP_HUSH);
		return;
	}
	if (rs_slice_is(name, "resume") || rs_slice_is(name, "resumeapattern")) {
		rest_or_go_on(j, RS_STEP_GO_ON);
		return;
	}
	if (rs_slice_is(name, "vpattern") || rs_slice_is(name, "pausevpattern") ||
		rs_slice_is(name, "resumevpattern")) {
		rs_sc_unsupported(
			j->c, j->n->line, "rtp_stream", "<exec> rtp_stream: patterns are made of audio only; play_pcap_video plays video");
		return;
	}
	if (rs_slice_is(name, "apattern")) {
		audio_pattern(j, rest);
		return;
	}
	if (name.len == 0) {
		rs_sc_error(j->c, j->n->line, "<exec> rtp_stream: names no file");
		return;
	}
	loops = rs_slice_part(&rest, ',');
	if (loops.len > 0 && (!number_in(loops, -1, INT32_MAX, &n) || n == 0)) {
		rs_sc_error(j->c, j->n->line,
			"<exec> rtp_stream: \"%.*s\" is no number of times: -1 (for ever), 1 or more is needed",
			(int)(loops.len < 20 ? loops.len : 20), (const char *)loops.p);
		return;
	}
	clip.loops = (int32_t)n;
	if (!find_codec(j, "rtp_stream", &rest, &clip, &codec) ||
		!find_file(j, name, path, sizeof(path)))
		return;
	clip.file = rs_sc_copy(j->c, path, strlen(path));
	if (clip.file)
		open_stream(j, "rtp_stream", &clip, codec, false);
}

void
rs_sc_play_dtmf(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	if (a->value.len == 0) {
		rs_sc_error(j->c, j->n->line, "<exec> play_dtmf: has no digits");
		return;
	}
	rest_or_go_on(j, RS_STEP_DIGITS);
	j->a.template = rs_sc_attr_template(j, a, RS_SC_STRING);
}

void
rs_sc_rtp_echo(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	struct rs_slice rest = a->value, what = rs_slice_part(&rest, ',');

	if (rs_slice_is(what, "startvideo") || rs_slice_is(what, "updatevideo") ||
		rs_slice_is(what, "stopvideo")) {
		rs_sc_unsupported(
			j->c, j->n->line, "rtp_echo", "<exec> rtp_echo: audio only is sent back");
		return;
	}
	j->a.has_value = true;
	j->a.value = !rs_slice_is(what, "stopaudio");
	if (j->a.value != 0 && !rs_slice_is(what, "startaudio") &&
		!rs_slice_is(what, "updateaudio"))
		rs_sc_error(j->c, j->n->line,
			"<exec> rtp_echo=\"%.40s\": startaudio, updateaudio or stopaudio is needed",
			a->text);
	else
		rest_or_go_on(j, RS_STEP_ECHO);
}

void
rs_clips_free(const struct rs_clip *clips, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (clips[i].replay)
			rs_replay_free(clips[i].replay);
		rs_payload_free(clips[i].frames);
	}
}
