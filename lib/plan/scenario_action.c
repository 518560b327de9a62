/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The actions of a step: one table for their names, their attributes and the functions that read
 * them.
 */
#include "base/transport.h"
#include "plan/scenario_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct rs_sc_attr *
rs_sc_need(struct rs_sc_act *j, const char *name, const char *example)
{
	const struct rs_sc_attr *a = rs_sc_attr(j->n, name);

	if (a == NULL || a->value.len == 0) {
		rs_sc_error(
			j->c, j->n->line, "<%s>: %s=\"%s\" is missing", j->n->name, name, example);
		return NULL;
	}
	return a;
}

void
rs_sc_take_out(struct rs_sc_act *j, unsigned min, unsigned max)
{
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "assign_to");
	struct rs_slice name;
	unsigned n = 0;
	size_t pos = 0;

	if (a == NULL) {
		if (min > 0)
			rs_sc_error(j->c, j->n->line, "<%s>: assign_to=\"variable\" is missing",
				j->n->name);
		return;
	}
	while (rs_sc_list(j->c, a->value, &pos, &name)) {
		int16_t v = rs_sc_var(j->c, j->n->line, name, true);

		if (n < RS_ERE_GROUPS)
			j->a.var_out[n] = v;
		n++;
	}
	if (n < min || n > max) {
		if (min == max)
			rs_sc_error(j->c, j->n->line,
				"<%s> assign_to: %u variable%s needed, %u given", j->n->name, max,
				max == 1 ? " is" : "s are", n);
		else
			rs_sc_error(j->c, j->n->line,
				"<%s> assign_to: at most %u variables (the whole match and %u groups), %u given",
				j->n->name, max, max - 1, n);
		n = 0;
	}
	j->a.n_out = (uint8_t)n;
}

void
rs_sc_take_in(struct rs_sc_act *j)
{
	const struct rs_sc_attr *a = rs_sc_need(j, "variable", "name");

	if (a != NULL)
		j->a.var_in = rs_sc_var(j->c, j->n->line, a->value, false);
}

void
rs_sc_take_checks(struct rs_sc_act *j)
{
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "check_it"),
				*b = rs_sc_attr(j->n, "check_it_inverse");

	if (a != NULL)
		rs_sc_bool(j->c, j->n, a, &j->a.check_it);
	if (b != NULL)
		rs_sc_bool(j->c, j->n, b, &j->a.check_it_inverse);
	if (j->a.check_it && j->a.check_it_inverse)
		rs_sc_error(j->c, j->n->line,
			"<%s>: check_it and check_it_inverse exclude each other: remove one",
			j->n->name);
}

int32_t
rs_sc_attr_template(
	struct rs_sc_act *j, const struct rs_sc_attr *a, enum rs_sc_use_of_text use)
{
	struct rs_sc_text text;

	if (!rs_sc_plain(j->c, rs_sc_string(j->c, a), j->n->line, &text))
		return -1;
	return rs_sc_template(j->c, &text, use);
}

/* --- text --- */

static void
message(struct rs_sc_act *j)
{
	const struct rs_sc_attr *a = rs_sc_need(j, "message", "text");

	if (a != NULL)
		j->a.template = rs_sc_attr_template(j, a, RS_SC_STRING);
}

static void
assignstr(struct rs_sc_act *j)
{
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "value");

	rs_sc_take_out(j, 1, 1);
	if (a == NULL)
		rs_sc_error(j->c, j->n->line, "<assignstr>: value=\"text\" is missing");
	else
		j->a.template = rs_sc_attr_template(j, a, RS_SC_STRING);
}

static void
trim(struct rs_sc_act *j)
{
	rs_sc_take_out(j, 1, 1);
	j->a.var_in = j->a.n_out > 0 ? j->a.var_out[0] : RS_NO_VAR;
}

/* --- numbers --- */

/* value="number" or @other="variable" */
static void
value_or_variable(struct rs_sc_act *j, const char *other, int16_t *var)
{
	const struct rs_sc_attr *value = rs_sc_attr(j->n, "value"),
				*variable = rs_sc_attr(j->n, other);

	if ((value == NULL) == (variable == NULL)) {
		rs_sc_error(j->c, j->n->line, "<%s>: either value=\"...\" or %s=\"name\" is needed",
			j->n->name, other);
		return;
	}
	if (variable != NULL) {
		*var = rs_sc_var(j->c, j->n->line, variable->value, false);
		return;
	}
	j->a.has_value = true;
	if (j->a.kind == RS_ACT_STRCMP)
		j->a.template = rs_sc_attr_template(j, value, RS_SC_LITERAL);
	else
		rs_sc_double(j->c, j->n, value, &j->a.value);
}

static void
arithmetic(struct rs_sc_act *j)
{
	rs_sc_take_out(j, 1, 1);
	value_or_variable(j, "variable", &j->a.var_in);
	if (j->a.kind == RS_ACT_DIVIDE && j->a.has_value && j->a.value == 0)
		rs_sc_error(
			j->c, j->n->line, "<divide> value=\"0\": a number other than 0 is needed");
}

static void
todouble(struct rs_sc_act *j)
{
	rs_sc_take_out(j, 1, 1);
	rs_sc_take_in(j);
}

static void
compare(struct rs_sc_act *j)
{
	bool checked;

	rs_sc_take_in(j);
	value_or_variable(j, "variable2", &j->a.var_in2);
	rs_sc_take_checks(j);
	checked = j->a.check_it || j->a.check_it_inverse;
	rs_sc_take_out(j, checked ? 0 : 1, 1);
}

static void
test(struct rs_sc_act *j)
{
	static const char *const names[] = {
		[RS_CMP_EQ] = "equal",
		[RS_CMP_NE] = "not_equal",
		[RS_CMP_GT] = "greater_than",
		[RS_CMP_LT] = "less_than",
		[RS_CMP_GE] = "greater_than_equal",
		[RS_CMP_LE] = "less_than_equal",
	};
	const struct rs_sc_attr *a = rs_sc_need(j, "compare", "equal");
	size_t k = 0;

	compare(j);
	if (a == NULL)
		return;
	while (k < COUNT(names) && strcmp(names[k], a->text) != 0)
		k++;
	if (k == COUNT(names)) {
		const char *near = rs_text_nearest(a->text, names, COUNT(names));

		if (near != NULL)
			rs_sc_error(j->c, j->n->line, "<test> compare=\"%.40s\": is '%s' meant?",
				a->text, near);
		else
			rs_sc_error(j->c, j->n->line,
				"<test> compare=\"%.40s\": equal, not_equal, greater_than, less_than, "
				"greater_than_equal or less_than_equal is needed",
				a->text);
		return;
	}
	j->a.compare = (uint8_t)k;
}

static void
gettimeofday_action(struct rs_sc_act *j)
{
	rs_sc_take_out(j, 2, 2);
}

static void
one_out(struct rs_sc_act *j)
{
	rs_sc_take_out(j, 1, 1);
}

/* --- exec --- */

static void
int_cmd(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	static const struct {
		const char *name;
		uint8_t kind;
	} known[] = {
		{ "stop_call", RS_ACT_STOP_CALL },
		{ "stop_gracefully", RS_ACT_STOP_GRACEFULLY },
		{ "stop_now", RS_ACT_STOP_NOW },
	};

	j->a.kind = RS_ACT_STOP_CALL;
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(known[i].name, a->text) == 0) {
			j->a.kind = known[i].kind;
			return;
		}
	}
	rs_sc_warn(j->c, j->n->line,
		"<exec> int_cmd=\"%.40s\" is not known: taken as stop_call, as SIPp does", a->text);
}

static void
command(struct rs_sc_act *j, const struct rs_sc_attr *a)
{
	rs_sc_unsupported(j->c, j->n->line, "command",
		"<exec> command: commands are not run from inside a call");
	rs_sc_attr_template(j, a, RS_SC_STRING);
}

/* <rtp_echo>: of the call, where SIPp's is of the whole process. */
static void
echo(struct rs_sc_act *j)
{
	j->a.media = RS_STEP_ECHO;
	j->c->media = true;
	value_or_variable(j, "variable", &j->a.var_in);
}

static void
exec(struct rs_sc_act *j)
{
	static const struct {
		const char *name;
		void (*take)(struct rs_sc_act *, const struct rs_sc_attr *);
	} others[] = { { "command", command }, { "play_pcap_audio", rs_sc_play_pcap },
		{ "play_pcap_video", rs_sc_play_pcap }, { "play_pcap_image", rs_sc_play_pcap },
		{ "play_dtmf", rs_sc_play_dtmf }, { "rtp_stream", rs_sc_rtp_stream },
		{ "rtp_echo", rs_sc_rtp_echo } };
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "int_cmd");

	j->drop = true;
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct rs_sc_attr *o = rs_sc_attr(j->n, others[i].name);

		if (o == NULL)
			continue;
		others[i].take(j, o);
		j->c->media |= i > 0;
		return;
	}
	if (a == NULL) {
		rs_sc_error(j->c, j->n->line,
			"<exec>: int_cmd=\"stop_call\", \"stop_gracefully\" or \"stop_now\" is missing");
		return;
	}
	j->drop = false;
	int_cmd(j, a);
}

/* --- where messages go --- */

static void
setdest(struct rs_sc_act *j)
{
	const struct rs_sc_attr *host = rs_sc_need(j, "host", "198.18.0.1"),
				*port = rs_sc_need(j, "port", "5060"),
				*protocol = rs_sc_need(j, "protocol", "[transport]");

	if (host == NULL || port == NULL || protocol == NULL)
		return;
	j->a.template = rs_sc_attr_template(j, host, RS_SC_STRING);
	j->a.template2 = rs_sc_attr_template(j, port, RS_SC_STRING);
	j->a.transport = RS_TRANSPORTS;
	if (rs_slice_is(protocol->value, "[transport]"))
		return;
	for (unsigned t = 0; t < RS_TRANSPORTS; t++)
		if (rs_slice_case_eq(protocol->value, rs_transport_via((enum rs_transport)t)))
			j->a.transport = (uint8_t)t;
	if (j->a.transport == RS_TRANSPORTS)
		rs_sc_error(j->c, j->n->line,
			"<setdest> protocol: \"udp\", \"tcp\", \"tls\", \"ws\", \"wss\" or [transport] is needed, "
			"and it must be the call's own");
}

static void
closecon(struct rs_sc_act *j)
{
}

/* --- what SIPp has and this build has not --- */

static void
missing(struct rs_sc_act *j)
{
	static const char *const names[] = { "lookup", "insert", "replace", "sample", "jump", "pauserestore", "urlencode", "urldecode" };
	static const char *const uses[] = { "variable", "variable2" };
	static const char *const texts[] = { "key", "line", "value" };
	const char *name = j->n->name;

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			name = names[i];
	rs_sc_unsupported(j->c, j->n->line, name, "<%s>: this action is not built", name);
	j->drop = true;
	/* its variables count as used, lest they be reported too */
	rs_sc_take_out(j, 0, RS_ERE_GROUPS);
	for (size_t i = 0; i < COUNT(uses); i++) {
		const struct rs_sc_attr *a = rs_sc_attr(j->n, uses[i]);

		if (a != NULL)
			rs_sc_var(j->c, j->n->line, a->value, false);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct rs_sc_attr *a = rs_sc_attr(j->n, texts[i]);

		if (a != NULL)
			rs_sc_attr_template(j, a, RS_SC_STRING);
	}
}

#define ATTRS 12

static const struct {
	const char *name;
	uint8_t kind;
	void (*take)(struct rs_sc_act *);
	const char *attrs[ATTRS]; /* none: not looked at */
} actions[] = {
	{ "ereg", RS_ACT_EREG, rs_sc_ereg,
		{ "regexp", "search_in", "header", "variable", "occurrence", "occurence",
			"case_indep", "start_line", "check_it", "check_it_inverse", "assign_to" } },
	{ "log", RS_ACT_LOG, message, { "message" } },
	{ "warning", RS_ACT_WARNING, message, { "message" } },
	{ "error", RS_ACT_ERROR, message, { "message" } },
	{ "assign", RS_ACT_ASSIGN, arithmetic, { "assign_to", "value", "variable" } },
	{ "assignstr", RS_ACT_ASSIGNSTR, assignstr, { "assign_to", "value" } },
	{ "add", RS_ACT_ADD, arithmetic, { "assign_to", "value", "variable" } },
	{ "subtract", RS_ACT_SUBTRACT, arithmetic, { "assign_to", "value", "variable" } },
	{ "multiply", RS_ACT_MULTIPLY, arithmetic, { "assign_to", "value", "variable" } },
	{ "divide", RS_ACT_DIVIDE, arithmetic, { "assign_to", "value", "variable" } },
	{ "todouble", RS_ACT_TODOUBLE, todouble, { "assign_to", "variable" } },
	{ "test", RS_ACT_TEST, test,
		{ "variable", "variable2", "value", "compare", "assign_to", "check_it",
			"check_it_inverse" } },
	{ "strcmp", RS_ACT_STRCMP, compare,
		{ "variable", "variable2", "value", "assign_to", "check_it", "check_it_inverse" } },
	{ "trim", RS_ACT_TRIM, trim, { "assign_to" } },
	{ "gettimeofday", RS_ACT_GETTIMEOFDAY, gettimeofday_action, { "assign_to" } },
	{ "index", RS_ACT_INDEX, one_out, { "assign_to" } },
	{ "verifyauth", RS_ACT_VERIFYAUTH, rs_sc_verifyauth,
		{ "assign_to", "username", "password" } },
	{ "exec", RS_ACT_STOP_CALL, exec,
		{ "int_cmd", "command", "play_pcap_audio", "play_pcap_video", "play_pcap_image",
			"play_dtmf", "rtp_stream", "rtp_echo" } },
	{ "lookup", 0, missing, { NULL } },
	{ "insert", 0, missing, { NULL } },
	{ "replace", 0, missing, { NULL } },
	{ "setdest", RS_ACT_SETDEST, setdest, { "host", "port", "protocol" } },
	{ "closecon", RS_ACT_CLOSECON, closecon, { "" } },
	{ "sample", 0, missing, { NULL } },
	{ "jump", 0, missing, { NULL } },
	{ "pauserestore", 0, missing, { NULL } },
	{ "urlencode", 0, missing, { NULL } },
	{ "urldecode", 0, missing, { NULL } },
	{ "rtp_echo", RS_ACT_MEDIA, echo, { "value", "variable" } },
};

static void
check_attrs(struct rs_sc *c, const struct rs_sc_node *n, const char *const *names)
{
	size_t n_names = 0;

	while (n_names < ATTRS && names[n_names] != NULL)
		n_names++;
	for (uint32_t i = 0; i < n->n_attrs && n_names > 0; i++) {
		size_t k = 0;

		while (k < n_names && strcmp(names[k], n->attrs[i].name) != 0)
			k++;
		if (k == n_names)
			rs_sc_unknown_attr(c, n, &n->attrs[i], names, n_names);
	}
}

static void
one(struct rs_sc *c, struct rs_sc_node *n, uint32_t step)
{
	const char *names[COUNT(actions)], *near;
	struct rs_sc_act j = { .c = c, .n = n, .step = step };
	size_t i = 0;

	while (i < COUNT(actions) && strcmp(actions[i].name, n->name) != 0)
		i++;
	if (i == COUNT(actions)) {
		for (i = 0; i < COUNT(actions); i++)
			names[i] = actions[i].name;
		near = rs_text_nearest(n->name, names, COUNT(actions));
		rs_sc_error(c, n->line, "<%.60s> is no action%s%s%s", n->name,
			near != NULL ? ": is <" : "", near != NULL ? near : "",
			near != NULL ? "> meant?" : "");
		return;
	}
	check_attrs(c, n, actions[i].attrs);
	j.a = (struct rs_action){ .kind = actions[i].kind,
		.var_in = RS_NO_VAR,
		.var_in2 = RS_NO_VAR,
		.template = -1,
		.template2 = -1,
		.ere = -1,
		.clip = -1,
		.line = n->line };
	for (size_t k = 0; k < RS_ERE_GROUPS; k++)
		j.a.var_out[k] = RS_NO_VAR;
	actions[i].take(&j);
	if (!j.drop)
		*(struct rs_action *)rs_sc_push(c, &c->actions, sizeof(j.a)) = j.a;
}

void
rs_sc_actions(struct rs_sc *c, struct rs_sc_node *action, uint32_t step)
{
	uint32_t first = c->actions.n;
	struct rs_step *s;

	for (uint32_t i = 0; i < action->n_attrs; i++)
		rs_sc_unknown_attr(c, action, &action->attrs[i], NULL, 0);
	for (struct rs_sc_node *n = action->first; n != NULL && !c->oom; n = n->next)
		one(c, n, step);
	if (c->oom)
		return;
	s = RS_SC_AT(c->steps, struct rs_step, step);
	s->first_action = first;
	s->n_actions = c->actions.n - first;
}
