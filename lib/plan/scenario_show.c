/* SPDX-License-Identifier: BSD-3-Clause */
/* A compiled program in words, for `scenario show`. */
#include "plan/distribution.h"
#include "plan/report.h"

#define MS 1000000.0

static const char *const slots[RS_SLOTS] = {
	[RS_SLOT_LITERAL] = "text",
	[RS_SLOT_LINE] = "line",
	[RS_SLOT_BODY] = "body",
	[RS_SLOT_LEN] = "len",
	[RS_SLOT_REMOTE_IP] = "remote_ip",
	[RS_SLOT_REMOTE_HOST] = "remote_host",
	[RS_SLOT_REMOTE_PORT] = "remote_port",
	[RS_SLOT_TRANSPORT] = "transport",
	[RS_SLOT_URI_TRANSPORT] = "transport of a URI",
	[RS_SLOT_CONTACT_TRANSPORT] = "transport of Contact",
	[RS_SLOT_LOCAL_IP] = "local_ip",
	[RS_SLOT_LOCAL_IP_TYPE] = "local_ip_type",
	[RS_SLOT_LOCAL_PORT] = "local_port",
	[RS_SLOT_SERVER_IP] = "server_ip",
	[RS_SLOT_MEDIA_IP] = "media_ip",
	[RS_SLOT_MEDIA_IP_TYPE] = "media_ip_type",
	[RS_SLOT_MEDIA_PORT] = "media_port",
	[RS_SLOT_AUTO_MEDIA_PORT] = "auto_media_port",
	[RS_SLOT_VIDEO_PORT] = "video port",
	[RS_SLOT_CALL_NUMBER] = "call_number",
	[RS_SLOT_CALL_ID] = "call_id",
	[RS_SLOT_DYNAMIC_ID] = "dynamic_id",
	[RS_SLOT_PID] = "pid",
	[RS_SLOT_SERVICE] = "service",
	[RS_SLOT_USER] = "user",
	[RS_SLOT_DOMAIN] = "domain",
	[RS_SLOT_TAG] = "tag",
	[RS_SLOT_MSG_INDEX] = "msg_index",
	[RS_SLOT_BRANCH] = "branch",
	[RS_SLOT_CSEQ] = "cseq",
	[RS_SLOT_LAST_CSEQ_NUMBER] = "last_cseq_number",
	[RS_SLOT_CLOCK_TICK] = "clock_tick",
	[RS_SLOT_TIMESTAMP] = "timestamp",
	[RS_SLOT_DATE] = "date",
	[RS_SLOT_SIPP_VERSION] = "sipp_version",
	[RS_SLOT_LAST_MESSAGE] = "last_message",
	[RS_SLOT_LAST_REQUEST_URI] = "last_Request_URI",
	[RS_SLOT_PEER_TAG_PARAM] = "peer_tag_param",
	[RS_SLOT_NEXT_URL] = "next_url",
	[RS_SLOT_ROUTES] = "routes",
	[RS_SLOT_FILL] = "fill",
	[RS_SLOT_AUTH] = "authentication",
	[RS_SLOT_CRYPTO] = "crypto",
};

static const char *const action_names[RS_ACTS] = {
	[RS_ACT_EREG] = "ereg",
	[RS_ACT_LOG] = "log",
	[RS_ACT_WARNING] = "warning",
	[RS_ACT_ERROR] = "error",
	[RS_ACT_ASSIGN] = "assign",
	[RS_ACT_ASSIGNSTR] = "assignstr",
	[RS_ACT_ADD] = "add",
	[RS_ACT_SUBTRACT] = "subtract",
	[RS_ACT_MULTIPLY] = "multiply",
	[RS_ACT_DIVIDE] = "divide",
	[RS_ACT_TODOUBLE] = "todouble",
	[RS_ACT_TEST] = "test",
	[RS_ACT_STRCMP] = "strcmp",
	[RS_ACT_TRIM] = "trim",
	[RS_ACT_GETTIMEOFDAY] = "gettimeofday",
	[RS_ACT_INDEX] = "index",
	[RS_ACT_STOP_CALL] = "stop_call",
	[RS_ACT_STOP_GRACEFULLY] = "stop_gracefully",
	[RS_ACT_STOP_NOW] = "stop_now",
	[RS_ACT_VERIFYAUTH] = "verifyauth",
	[RS_ACT_MEDIA] = "media",
};

static void
print_slice(FILE *out, struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		fputc(s.p[i] >= 0x20 && s.p[i] != 0x7f ? s.p[i] : '?', out);
}

static void
print_var(FILE *out, const struct rs_program *p, const char *before, int16_t var)
{
	if (var < 0)
		return;
	fprintf(out, "%s$", before);
	print_slice(out, p->vars[var].name);
}

static void
print_template(FILE *out, const struct rs_program *p, int32_t number)
{
	const struct rs_template *t = &p->templates[number];
	uint64_t seen[2] = { 0 };
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < t->n_ops; i++)
		bytes += t->ops[i].slot == RS_SLOT_LITERAL ? t->ops[i].len : 0;
	fprintf(out, "%u bytes of text, %u operations", bytes, t->n_ops);
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const struct rs_op *op = &t->ops[i];

		if (op->slot == RS_SLOT_LITERAL || op->slot == RS_SLOT_LINE ||
			op->slot == RS_SLOT_BODY)
			continue;
		if (op->slot == RS_SLOT_LAST_HEADER) {
			fprintf(out, " [last_");
			print_slice(out, rs_slice_of(t->text + op->off, op->len));
			fprintf(out, "]");
		} else if (op->slot == RS_SLOT_VAR) {
			print_var(out, p, " [", (int16_t)op->aux);
			fprintf(out, "]");
		} else if (op->slot == RS_SLOT_FIELD) {
			fprintf(out, " [field%u]", p->fields[op->aux].field);
		} else if (slots[op->slot] != NULL &&
			!(seen[op->slot / 64] >> (op->slot % 64) & 1)) {
			fprintf(out, " [%s]", slots[op->slot]);
			seen[op->slot / 64] |= UINT64_C(1) << (op->slot % 64);
		}
	}
	fprintf(out, "\n");
}

static void
print_pause(FILE *out, const struct rs_program *p, const struct rs_dist *d)
{
	const struct rs_distribution *named = rs_distribution_of(d->kind);
	double v[2];

	switch ((enum rs_dist_kind)d->kind) {
	case RS_DIST_FIXED: fprintf(out, " %g ms", (double)d->a_ns / MS); break;
	case RS_DIST_UNIFORM:
		fprintf(out, " uniform %g to %g ms", (double)d->a_ns / MS, (double)d->b_ns / MS);
		break;
	case RS_DIST_VARIABLE:
		print_var(out, p, " ", d->var);
		fprintf(out, " ms");
		break;
	case RS_DIST_DEFAULT: fprintf(out, " as long as the plan's hold or ring"); break;
	default:
		rs_distribution_get(d, v);
		fprintf(out, " %s", named->name);
		for (int i = 0; i < 2 && named->params[i]; i++)
			fprintf(out, "%s %s %g%s", i > 0 ? "," : "", named->params[i], v[i],
				named->ms[i] ? " ms" : "");
		break;
	}
}

static void
print_common(FILE *out, const struct rs_program *p, const struct rs_step *s)
{
	char name[64];

	if (s->start_rtd >= 0) {
		fprintf(out, ", starts timer ");
		print_slice(out, p->rtds[s->start_rtd]);
	}
	if (s->rtd >= 0) {
		fprintf(out, ", stops timer ");
		print_slice(out, p->rtds[s->rtd]);
	}
	if (s->counter >= 0) {
		fprintf(out, ", counts ");
		print_slice(out, p->counters[s->counter]);
	}
	if (s->lost > 0)
		fprintf(out, ", lost %g %%", (double)s->lost / 4294967296.0 * 100);
	print_var(out, p, s->condexec_inverse ? ", unless " : ", if ", s->condexec);
	if (s->next >= 0) {
		fprintf(out, ", then to %d (%s)", s->next,
			rs_step_name(p, (uint32_t)s->next, name, sizeof(name)));
		print_var(out, p, " if ", s->test);
		if (s->chance != UINT32_MAX)
			fprintf(out, " with probability %g", (double)s->chance / 4294967296.0);
	}
	if (s->ontimeout >= 0)
		fprintf(out, ", on timeout to %d (%s)", s->ontimeout,
			rs_step_name(p, (uint32_t)s->ontimeout, name, sizeof(name)));
}

static void
print_kept(FILE *out, const struct rs_program *p, const struct rs_step *s)
{
	if (s->keep_all) {
		fprintf(out, "      kept: the whole message\n");
		return;
	}
	if (s->keep == 0 && !s->keep_other)
		return;
	fprintf(out, "      kept:");
	for (int id = 1; id < RS_HDR_IDS; id++)
		if (s->keep >> id & 1)
			fprintf(out, " %s", rs_sip_header_name(id));
	for (uint32_t i = 0; s->keep_other && i < p->n_keep_names; i++) {
		fprintf(out, " ");
		print_slice(out, p->keep_names[i]);
	}
	fprintf(out, "\n");
}

static void
print_actions(FILE *out, const struct rs_program *p, const struct rs_step *s)
{
	for (uint32_t i = 0; i < s->n_actions; i++) {
		const struct rs_action *a = &p->actions[s->first_action + i];

		fprintf(out, "      %s", action_names[a->kind]);
		print_var(out, p, " ", a->var_in);
		for (unsigned k = 0; k < a->n_out; k++)
			print_var(out, p, k == 0 ? " to " : ", ", a->var_out[k]);
		if (a->header.len > 0) {
			fprintf(out, " in header ");
			print_slice(out, a->header);
		}
		fprintf(out, "%s%s\n", a->check_it ? ", must hold" : "",
			a->check_it_inverse ? ", must not hold" : "");
	}
}

static void
print_step(FILE *out, const struct rs_program *p, uint32_t i)
{
	static const char *const kinds[] = {
		[RS_STEP_SEND] = "send",
		[RS_STEP_RECV] = "recv",
		[RS_STEP_PAUSE] = "pause",
		[RS_STEP_TIMEWAIT] = "timewait",
		[RS_STEP_NOP] = "nop",
	};
	static const char *const optional[] = { "", ", optional", ", optional anywhere" };
	const struct rs_step *s = &p->steps[i];
	char name[64];

	fprintf(out, "%4u  line %d: %s", i, s->line, kinds[s->kind]);
	if (s->kind == RS_STEP_SEND || s->kind == RS_STEP_RECV)
		fprintf(out, " %s", rs_step_name(p, i, name, sizeof(name)));
	else if (s->kind != RS_STEP_NOP)
		print_pause(out, p, &s->pause);
	fprintf(out, "%s%s", optional[s->optional], s->auth ? ", keeps its challenge" : "");
	if (s->retrans_ns > 0)
		fprintf(out, ", again after %g ms", (double)s->retrans_ns / MS);
	if (s->timeout_ns > 0)
		fprintf(out, ", timeout %g ms", (double)s->timeout_ns / MS);
	print_common(out, p, s);
	fprintf(out, "\n");
	if (s->template >= 0) {
		fprintf(out, "      ");
		print_template(out, p, s->template);
	}
	print_actions(out, p, s);
	print_kept(out, p, s);
}

void
rs_scenario_show(FILE *out, const struct rs_program *p)
{
	fprintf(out, "%s: ", p->file);
	print_slice(out, p->name);
	fprintf(out, "\n%s, %u steps, %u variables\n",
		p->is_server ? "answers calls" : "places calls", p->n_steps, p->n_vars);
	for (uint32_t i = 0; i < p->n_steps; i++)
		print_step(out, p, i);
}
