/* SPDX-License-Identifier: BSD-3-Clause */
/* Media profiles: codecs, keys, and what is done to packets on purpose. */
#include "plan/plan_media_read.h"

#define MS_NS 1000000ull

/* --- codecs --- */

static const char *const codec_names[] = { "PCMU", "PCMA", "G722", "G729", "opus", "AMR", "AMR-WB",
	"iLBC", "telephone-event", "CN" };

static int
unknown_codec(const struct rs_reader *r, const struct rs_part *p, struct rs_slice name)
{
	char text[64], near[100];

	snprintf(text, sizeof(text), "%.*s", (int)(name.len < 60 ? name.len : 60),
		(const char *)name.p);
	rs_did_you_mean(text, codec_names, RS_COUNT(codec_names), near, sizeof(near));
	return rs_part_fail(r, p, "codecs", -EINVAL, "unknown codec \"%s\"%s", text,
		near[0] ? near
			: ": known are PCMU, PCMA, G722, G729, opus, AMR, AMR-WB, iLBC, telephone-event and CN");
}

/* "NAME[:PAYLOAD][ PARAMETERS]" */
static int
read_codec(const struct rs_reader *r, const struct rs_part *p, const char *text,
	struct rs_plan_media *m)
{
	struct rs_sdp_codec *codec = &m->sdp.codecs[m->sdp.n_codecs];
	size_t n = strcspn(text, " "), colon = strcspn(text, ": ");
	struct rs_slice name = rs_slice_of(text, colon);
	enum rs_codec id = RS_CODECS;
	uint64_t payload = 0;

	if (rs_sdp_codec_find(name, codec) != 0 ||
		(rs_codec_find(name, &id) != 0 && codec->role == RS_SDP_ROLE_CODEC))
		return unknown_codec(r, p, name);
	m->codecs[m->sdp.n_codecs] = (uint8_t)(codec->role == RS_SDP_ROLE_CODEC ? id : RS_CODECS);
	if (colon < n) {
		size_t at = colon + 1;

		for (; at < n && text[at] >= '0' && text[at] <= '9' && payload < 1000; at++)
			payload = payload * 10 + (uint64_t)(text[at] - '0');
		if (at != n || at == colon + 1 || payload > 127)
			return rs_part_fail(r, p, "codecs", -EINVAL,
				"\"%.60s\": a payload type is a number from 0 to 127", text);
		codec->payload = (uint8_t)payload;
	}
	while (text[n] == ' ')
		n++;
	if (strlen(text + n) >= sizeof(codec->fmtp))
		return rs_part_fail(r, p, "codecs", -EINVAL,
			"\"%.60s...\": format parameters are at most %zu bytes", text,
			sizeof(codec->fmtp) - 1);
	if (text[n])
		snprintf(codec->fmtp, sizeof(codec->fmtp), "%s", text + n);
	m->sdp.n_codecs++;
	return 0;
}

static int
check_codecs(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_media *m)
{
	const struct rs_sdp_profile *sdp = &m->sdp;
	bool carries = false;

	for (unsigned i = 0; i < sdp->n_codecs; i++) {
		const struct rs_sdp_codec *c = &sdp->codecs[i];

		carries |= c->role == RS_SDP_ROLE_CODEC;
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(c->name, sdp->codecs[k].name) == 0 &&
				strcmp(c->fmtp, sdp->codecs[k].fmtp) == 0)
				return rs_part_fail(
					r, p, "codecs", -EINVAL, "\"%s\" is named twice", c->name);
			if (c->payload != RS_SDP_NO_PAYLOAD && c->payload == sdp->codecs[k].payload)
				return rs_part_fail(r, p, "codecs", -EINVAL,
					"\"%s\" and \"%s\" have one payload type, %u: give one another",
					sdp->codecs[k].name, c->name, c->payload);
		}
	}
	if (!carries)
		return rs_part_fail(r, p, "codecs", -EINVAL,
			"holds none that carries a stream: name PCMU, PCMA or another");
	return 0;
}

static int
read_codecs(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	uint32_t n = rs_part_n(p, "codecs");
	int rc = 0;

	if (n > RS_SDP_MAX_CODECS)
		return rs_part_fail(
			r, p, "codecs", -EINVAL, "%u codecs: at most %d", n, RS_SDP_MAX_CODECS);
	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = read_codec(r, p, rs_part_string(p, "codecs", i), m);
	return rc ? rc : check_codecs(r, p, m);
}

static int
read_ptime(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	const char *text = rs_part_string(p, "ptime", 0);
	uint64_t ns = 0;

	if (!text)
		return 0;
	rs_text_duration(text, &ns);
	if (ns == 0 || ns % (RS_MEDIA_PTIME * MS_NS) || ns > RS_SDP_PTIME_MAX * MS_NS)
		return rs_part_fail(r, p, "ptime", -EINVAL,
			"\"%.40s\" is not possible: use 10ms, 20ms, 30ms, 40ms, 50ms or 60ms",
			text);
	m->sdp.ptime_ms = (uint16_t)(ns / MS_NS);
	return 0;
}

/* --- SRTP --- */

static int
read_suites(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	uint32_t n = rs_part_n(p, "suites");
	const char *names[RS_SDP_SUITES];
	char near[100];

	if (n > RS_SDP_MAX_SUITES)
		return rs_part_fail(
			r, p, "suites", -EINVAL, "%u suites: at most %d", n, RS_SDP_MAX_SUITES);
	for (unsigned i = 1; i < RS_SDP_SUITES; i++)
		names[i - 1] = rs_sdp_suite_info((enum rs_sdp_suite)i)->name;
	for (uint32_t i = 0; i < n; i++) {
		const char *text = rs_part_string(p, "suites", i);
		enum rs_sdp_suite suite = rs_sdp_suite_find(rs_slice_str(text));

		if (suite == RS_SDP_SUITE_NONE)
			return rs_part_fail(r, p, "suites", -EINVAL, "unknown suite \"%.60s\"%s",
				text,
				rs_did_you_mean(
					text, names, RS_SDP_SUITES - 1, near, sizeof(near))[0]
					? near
					: ": known are AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32, AEAD_AES_128_GCM and others");
		if (suite == RS_SDP_F8_128_HMAC_SHA1_80)
			return rs_part_fail(r, p, "suites", -EINVAL,
				"\"%.60s\" is not in this version: use AES_CM_128_HMAC_SHA1_80",
				text);
		for (uint32_t k = 0; k < i; k++)
			if (m->sdp.suites[k] == suite)
				return rs_part_fail(
					r, p, "suites", -EINVAL, "\"%.60s\" is named twice", text);
		m->sdp.suites[m->sdp.n_suites++] = (uint8_t)suite;
	}
	return 0;
}

static int
read_params(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	static const char *const names[] = { "UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP",
		"UNAUTHENTICATED_SRTP" };
	static const uint8_t bits[] = { RS_SDP_UNENCRYPTED_SRTP, RS_SDP_UNENCRYPTED_SRTCP,
		RS_SDP_UNAUTHENTICATED_SRTP };
	char near[100];

	for (uint32_t i = 0; i < rs_part_n(p, "crypto_params"); i++) {
		const char *text = rs_part_string(p, "crypto_params", i);
		size_t k = 0;

		while (k < RS_COUNT(names) && strcmp(names[k], text) != 0)
			k++;
		if (k == RS_COUNT(names))
			return rs_part_fail(r, p, "crypto_params", -EINVAL,
				"unknown value \"%.60s\"%s", text,
				rs_did_you_mean(text, names, RS_COUNT(names), near, sizeof(near))[0]
					? near
					: ": use UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP or UNAUTHENTICATED_SRTP");
		m->sdp.offer_params |= bits[k];
	}
	m->sdp.accept_params = m->sdp.offer_params;
	return 0;
}

/* "1:4": RFC 4568, 6.1 */
static int
read_mki(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	const char *text = rs_part_text(r, p, "mki");
	unsigned long long value;
	unsigned len;
	int used = 0;

	if (!text)
		return 0;
	if (text[0] < '0' || text[0] > '9' || strlen(text) > 24 ||
		sscanf(text, "%llu:%u%n", &value, &len, &used) != 2 || text[used])
		return rs_part_fail(r, p, "mki", -EINVAL,
			"\"%.40s\" is not VALUE:LENGTH, such as \"1:4\"", text);
	if (len < 1 || len > 8 || (len < 8 && value >> (8 * len)))
		return rs_part_fail(r, p, "mki", -EINVAL,
			"\"%.40s\": the length is 1 to 8 bytes, and the value must fit it", text);
	m->sdp.mki = value;
	m->sdp.mki_len = (uint8_t)len;
	return 0;
}

/* What is about keys has no place where there are none. */
static int
check_srtp(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_media *m)
{
	static const char *const about_keys[] = { "suites", "crypto_params", "mki", "lifetime" };

	if (m->sdp.srtp != RS_SDP_SRTP_FORBIDDEN)
		return m->sdp.n_suites
			? 0
			: rs_part_fail(r, p, "srtp", -EINVAL,
				  "SRTP is \"%s\", and suites names none: add suites = [ "
				  "\"AES_CM_128_HMAC_SHA1_80\" ]",
				  m->sdp.srtp == RS_SDP_SRTP_REQUIRED ? "required" : "optional");
	for (size_t i = 0; i < RS_COUNT(about_keys); i++)
		if (rs_tree_get(p->node, about_keys[i]))
			return rs_part_fail(r, p, about_keys[i], -EINVAL,
				"is of no use where srtp is \"forbidden\": set srtp = \"required\" or \"optional\", or remove it");
	if (m->wrong.bad_tag > 0 || m->wrong.tampered > 0 || m->wrong.wrong_key > 0 ||
		m->wrong.roc_jump > 0)
		return rs_part_fail(r, p, "wrong", -EINVAL,
			"only replay_percent has a meaning where srtp is \"forbidden\": set srtp = \"required\" or \"optional\"");
	return 0;
}

/* --- impairments --- */

static const struct rs_setting *
row(const char *name)
{
	return rs_setting_find(rs_settings_media, rs_n_settings_media, name);
}

static int
read_impair(
	const struct rs_reader *r, const struct rs_part *p, const char *name, struct rs_impair *out)
{
	struct rs_part inside = rs_part_inside(p, row(name), -1);
	struct rs_impair_text t = { 0 };
	int rc = rs_part_read(r, &inside, &t);

	if (rc)
		return rc;
	if (t.loss + t.burst > 100)
		return rs_part_fail(r, &inside, "burst_percent", -EINVAL,
			"loss_percent and burst_percent are more than 100 together");
	if (t.burst > 90)
		return rs_part_fail(r, &inside, "burst_percent", -EINVAL,
			"%g is out of range: 0 to 90 %%", t.burst);
	if (t.delay_ns > 10000 * MS_NS || t.jitter_ns > 10000 * MS_NS)
		return rs_part_fail(r, &inside, t.delay_ns > 10000 * MS_NS ? "delay" : "jitter",
			-EINVAL, "is out of range: at most 10s");
	*out = (struct rs_impair){ .loss = t.loss / 100,
		.delay_ns = t.delay_ns,
		.jitter_ns = t.jitter_ns,
		.duplicate = t.duplicate / 100,
		.reorder = t.reorder / 100 };
	if (t.burst > 0) { /* share = begin / (begin + end) */
		out->burst_end = 1 / t.burst_length;
		out->burst_begin = out->burst_end * t.burst / (100 - t.burst);
		if (out->burst_begin > 1)
			return rs_part_fail(r, &inside, "burst_length", -EINVAL,
				"bursts of %g packets cannot make %g %% of all: raise it",
				t.burst_length, t.burst);
	}
	return 0;
}

static int
read_wrong(const struct rs_reader *r, const struct rs_part *p, struct rs_media_wrong *out)
{
	struct rs_part inside = rs_part_inside(p, row("wrong"), -1);
	int rc = rs_part_read(r, &inside, out);

	out->bad_tag /= 100;
	out->replay /= 100;
	out->tampered /= 100;
	out->wrong_key /= 100;
	out->roc_jump /= 100;
	return rc;
}

static int
read_dtx(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	struct rs_part inside = rs_part_inside(p, row("dtx"), -1);
	struct rs_dtx_text t = { 0 };
	int rc;

	if (!inside.node)
		return 0;
	if ((rc = rs_part_read(r, &inside, &t)) != 0)
		return rc;
	if (t.talk_ns < 10 * MS_NS || t.talk_ns > 600000 * MS_NS)
		return rs_part_fail(r, &inside, "talk", -EINVAL, "is out of range: 10ms to 10m");
	if (t.silence_ns < 10 * MS_NS || t.silence_ns > 600000 * MS_NS)
		return rs_part_fail(r, &inside, "silence", -EINVAL, "is out of range: 10ms to 10m");
	m->dtx = true;
	m->dtx_pattern = (struct rs_payload_dtx){ .talk_ms = (uint32_t)(t.talk_ns / MS_NS),
		.silence_ms = (uint32_t)(t.silence_ns / MS_NS),
		.cn_every_ms =
			t.noise_ns > 600000 * MS_NS ? 600000 : (uint32_t)(t.noise_ns / MS_NS),
		.cn_level_dbov = (uint8_t)t.noise_level };
	return 0;
}

/* --- profiles --- */

static int
read_profile(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m)
{
	int rc;

	snprintf(m->sdp.type, sizeof(m->sdp.type), "audio");
	if ((rc = rs_part_read(r, p, m)) != 0 || (rc = rs_part_check_name(r, p, m->name)) != 0)
		return rc;
	if ((rc = read_codecs(r, p, m)) != 0 || (rc = read_ptime(r, p, m)) != 0 ||
		(rc = read_suites(r, p, m)) != 0 || (rc = read_params(r, p, m)) != 0 ||
		(rc = read_mki(r, p, m)) != 0 || (rc = read_dtx(r, p, m)) != 0 ||
		(rc = read_impair(r, p, "send_impair", &m->send)) != 0 ||
		(rc = read_impair(r, p, "receive_impair", &m->receive)) != 0 ||
		(rc = read_wrong(r, p, &m->wrong)) != 0 || (rc = check_srtp(r, p, m)) != 0)
		return rc;
	if (m->jitter_buffer_ns > 10000 * MS_NS)
		return rs_part_fail(r, p, "jitter_buffer", -EINVAL, "is out of range: at most 10s");
	if (rs_sdp_profile_complete(&m->sdp) != 0)
		return rs_part_fail(r, p, "codecs", -EINVAL,
			"do not go together: telephone-event for each of their clocks leaves no room, or two have one payload type");
	for (unsigned i = 0; i < m->sdp.n_codecs;
		i++) /* telephone-event for further clocks is put behind them */
		if (m->sdp.codecs[i].role != RS_SDP_ROLE_CODEC)
			m->codecs[i] = RS_CODECS;
	return rs_read_sources(r, p, m);
}

int
rs_read_media(struct rs_reader *r)
{
	struct rs_part all = rs_part_of(r, RS_SECTION_MEDIA, -1);
	struct rs_plan *plan = r->plan;
	uint32_t n = all.node ? all.node->n : 0;
	int rc;

	if (n > RS_MAX_MEDIA)
		return rs_part_fail(
			r, &all, NULL, -EINVAL, "%u profiles: at most %d", n, RS_MAX_MEDIA);
	plan->media = rs_plan_alloc(
		r->mem, (n + 2) * sizeof(*plan->media)); /* two more: see rs_imply_media */
	if (!plan->media)
		return -ENOMEM;
	while (plan->n_media < n) {
		struct rs_part p = rs_part_of(r, RS_SECTION_MEDIA, (int)plan->n_media);
		struct rs_plan_media *m = &plan->media[plan->n_media++];

		m->line = p.node->line;
		if ((rc = read_profile(r, &p, m)) != 0)
			return rc;
		for (const struct rs_plan_media *o = plan->media; o < m; o++)
			if (strcmp(o->name, m->name) == 0)
				return rs_part_fail(r, &p, "name", -EINVAL,
					"there is another profile \"%s\" (line %d)", o->name,
					o->line);
	}
	return 0;
}

/* What is played comes from captures: the clock counts, and the first one stands for all that are not here. */
static void
video_codecs(struct rs_sdp_profile *sdp)
{
	static const char *const names[] = { "H264", "H263-1998", "H263", "H261", "VP8" };

	for (size_t i = 0; i < RS_COUNT(names); i++) {
		struct rs_sdp_codec *c = &sdp->codecs[sdp->n_codecs++];

		*c = (struct rs_sdp_codec){ .clock_hz = 90000, .channels = 1, .payload = RS_SDP_NO_PAYLOAD, .frame_ms = 10,
			.role = RS_SDP_ROLE_CODEC };
		snprintf(c->name, sizeof(c->name), "%s", names[i]);
	}
}

static int
imply(struct rs_reader *r, bool video, int32_t *out)
{
	struct rs_plan_media *m = &r->plan->media[r->plan->n_media];
	int rc;

	*m = (struct rs_plan_media){ .name = video ? "scenario with video" : "scenario",
		.source_text = "silence",
		.jitter_buffer_ns = 60 * MS_NS,
		.implied = true };
	snprintf(m->sdp.type, sizeof(m->sdp.type), "audio");
	rs_sdp_codec_find(rs_slice_str("PCMU"), &m->sdp.codecs[0]);
	rs_sdp_codec_find(rs_slice_str("PCMA"), &m->sdp.codecs[1]);
	rs_sdp_codec_find(rs_slice_str("telephone-event"), &m->sdp.codecs[2]);
	m->sdp.n_codecs = 3;
	m->codecs[0] = RS_CODEC_PCMU;
	m->codecs[1] = RS_CODEC_PCMA;
	m->codecs[2] = RS_CODECS;
	if (video) {
		m->video = rs_plan_alloc(r->mem, sizeof(*m->video));
		if (!m->video)
			return -ENOMEM;
		snprintf(m->video->type, sizeof(m->video->type), "video");
		video_codecs(m->video);
		if ((rc = rs_sdp_profile_complete(m->video)) != 0)
			return rc;
	}
	*out = (int32_t)r->plan->n_media++;
	return rs_sdp_profile_complete(&m->sdp);
}

/* The suites that there are keywords for; which one is said, and whether any is, is the scenario's. */
static void
allow_keys(struct rs_sdp_profile *sdp)
{
	static const uint8_t suites[] = { RS_SDP_AES_CM_128_HMAC_SHA1_80, RS_SDP_AES_CM_128_HMAC_SHA1_32, RS_SDP_NULL_HMAC_SHA1_80,
		RS_SDP_NULL_HMAC_SHA1_32 };

	if (!sdp)
		return;
	sdp->srtp = RS_SDP_SRTP_OPTIONAL;
	memcpy(sdp->suites, suites, sizeof(suites));
	sdp->n_suites = sizeof(suites);
}

int
rs_imply_media(struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	int32_t implied[2] = { -1, -1 }; /* audio only; with video or images */

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_plan_activity *a = &plan->activities[i];
		bool video = a->program->video || a->program->image;
		int rc;

		a->media = plan->groups[a->from].media;
		if (a->media >= 0 || !rs_activity_plays(a->kind) || !a->program->media)
			continue;
		if (implied[video] < 0 && (rc = imply(r, video, &implied[video])) != 0)
			return rc;
		a->media = implied[video];
		plan->media[a->media].images |= a->program->image;
		if (a->program->crypto) {
			allow_keys(&plan->media[a->media].sdp);
			allow_keys(plan->media[a->media].video);
		}
	}
	return 0;
}

int
rs_read_group_media(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	const char *name = rs_part_text(r, p, "media"), *range = rs_part_text(r, p, "rtp_ports"),
		   *names[RS_MAX_MEDIA];
	unsigned first = 0, last = 0, sip_last;
	char near[100];
	int used = 0;

	g->media = -1;
	if (!range)
		return -ENOMEM;
	if (strlen(range) > 16 || sscanf(range, "%u-%u%n", &first, &last, &used) != 2 ||
		range[used] || first < 1024 || last > UINT16_MAX || last <= first)
		return rs_part_fail(r, p, "rtp_ports", -EINVAL,
			"\"%.40s\" is no range of ports: write FIRST-LAST, 1024 to 65535, as in "
			"\"16384-32767\"",
			range);
	first += first & 1; /* RTP has even ports, RTCP the next one (RFC 3550, 11) */
	last -= !(last & 1);
	if (last < first)
		return rs_part_fail(r, p, "rtp_ports", -EINVAL,
			"\"%.40s\" holds no pair of an even port and the next one", range);
	g->rtp_first = (uint16_t)first;
	g->rtp_last = (uint16_t)last;
	if (!name)
		return 0;
	for (uint32_t i = 0; i < r->plan->n_media; i++) {
		names[i] = r->plan->media[i].name;
		if (strcmp(names[i], name) == 0)
			g->media = (int32_t)i;
	}
	if (g->media < 0)
		return rs_part_fail(r, p, "media", -EINVAL, "there is no media profile \"%.60s\"%s",
			name,
			r->plan->n_media == 0
				? ": add media = ( { name = \"...\"; codecs = [ \"PCMU\" ]; } )"
				: rs_did_you_mean(
					  name, names, r->plan->n_media, near, sizeof(near)));
	sip_last =
		g->kind == RS_GROUP_TRUNK ? g->sip_port : g->sip_port + (g->count - 1) / g->n_addrs;
	if (g->sip_port <= last && sip_last >= first)
		return rs_part_fail(r, p, "rtp_ports", -EINVAL,
			"%u-%u overlap the group's SIP ports, %u to %u: set another range", first,
			last, g->sip_port, sip_last);
	return 0;
}
