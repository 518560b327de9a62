/* SPDX-License-Identifier: BSD-3-Clause */
/* The elements of a scenario, in the order of the file: declarations, labels and steps. */
#include "plan/scenario_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- declarations --- */

static void
only_attrs(struct rs_sc *c, const struct rs_sc_node *n, const char *const *names, size_t n_names)
{
	for (uint32_t i = 0; i < n->n_attrs; i++) {
		size_t k = 0;

		while (k < n_names && strcmp(names[k], n->attrs[i].name) != 0)
			k++;
		if (k == n_names)
			rs_sc_unknown_attr(c, n, &n->attrs[i], names, n_names);
	}
}

/*
 * Bucket edges in milliseconds. They shape SIPp's own histograms only: ours need none, so the
 * values are merely checked.
 */
static void
repartition(struct rs_sc *c, struct rs_sc_node *n)
{
	static const char *const names[] = { "value" };
	const struct rs_sc_attr *a = rs_sc_attr(n, "value");
	struct rs_slice item;
	size_t pos = 0;

	only_attrs(c, n, names, COUNT(names));
	if (a == NULL) {
		rs_sc_error(c, n->line, "<%s>: value=\"10, 20, 30\" (milliseconds) is missing",
			n->name);
		return;
	}
	while (rs_sc_list(c, a->value, &pos, &item)) {
		char *end;
		long v = strtol((const char *)item.p, &end, 0);

		if (*end != '\0' || v < 0)
			rs_sc_error(c, n->line, "<%s> value: '%.*s' is no number of milliseconds",
				n->name, (int)(item.len < 40 ? item.len : 40), item.p);
	}
}

static const struct rs_sc_attr *
variables(struct rs_sc *c, struct rs_sc_node *n)
{
	static const char *const names[] = { "variables" };
	const struct rs_sc_attr *a = rs_sc_attr(n, "variables");

	only_attrs(c, n, names, COUNT(names));
	if (a == NULL)
		rs_sc_error(c, n->line, "<%s>: variables=\"a,b\" is missing", n->name);
	return a;
}

static void
global(struct rs_sc *c, struct rs_sc_node *n)
{
	const struct rs_sc_attr *a = variables(c, n);
	struct rs_slice name;
	size_t pos = 0;

	while (a != NULL && rs_sc_list(c, a->value, &pos, &name)) {
		uint32_t before = c->vars.n;
		int16_t v = rs_sc_var(c, n->line, name, true);

		if (v == RS_NO_VAR)
			continue;
		if ((uint32_t)v < before)
			rs_sc_error(c, n->line,
				"<Global>: variable '%.*s' is known already: declare it before its first use, and once",
				(int)(name.len < 60 ? name.len : 60), name.p);
		RS_SC_AT(c->vars, struct rs_var, v)->scope = RS_VAR_GLOBAL;
		RS_SC_AT(c->uses, struct rs_sc_use, v)->referenced = true;
	}
}

static void
user(struct rs_sc *c, struct rs_sc_node *n)
{
	const struct rs_sc_attr *a = variables(c, n);
	struct rs_slice name;
	size_t pos = 0;

	rs_sc_unsupported(c, n->line, "User",
		"<User>: variables of a user (SIPp's -users) are not built; use Global or a call's own");
	while (a != NULL && rs_sc_list(c, a->value, &pos, &name)) {
		int16_t v = rs_sc_var(c, n->line, name, true);

		if (v == RS_NO_VAR)
			continue;
		RS_SC_AT(c->vars, struct rs_var, v)->scope = RS_VAR_USER;
		RS_SC_AT(c->uses, struct rs_sc_use, v)->referenced = true;
	}
}

static void
reference(struct rs_sc *c, struct rs_sc_node *n)
{
	const struct rs_sc_attr *a = variables(c, n);
	struct rs_slice name;
	size_t pos = 0;

	while (a != NULL && rs_sc_list(c, a->value, &pos, &name)) {
		uint32_t i = 0;

		while (i < c->vars.n &&
			!rs_slice_eq(RS_SC_AT(c->vars, struct rs_var, i)->name, name))
			i++;
		if (i == c->vars.n)
			rs_sc_error(c, n->line,
				"<Reference>: variable '%.*s' is used nowhere above: remove it, or move the Reference down",
				(int)(name.len < 60 ? name.len : 60), name.p);
		else
			RS_SC_AT(c->uses, struct rs_sc_use, i)->referenced = true;
	}
}

static void
label(struct rs_sc *c, struct rs_sc_node *n)
{
	static const char *const names[] = { "id" };
	const struct rs_sc_attr *a = rs_sc_attr(n, "id");
	struct rs_sc_label *l;

	only_attrs(c, n, names, COUNT(names));
	if (a == NULL || a->value.len == 0) {
		rs_sc_error(c, n->line, "<label>: id=\"name\" is missing");
		return;
	}
	if (strncmp(a->text, "_unexp.", 7) == 0) {
		rs_sc_unsupported(c, n->line, "_unexp",
			"<label> id=\"%.40s\": handling of unexpected messages is not built",
			a->text);
		return;
	}
	for (uint32_t i = 0; i < c->labels.n; i++) {
		const struct rs_sc_label *other = RS_SC_AT(c->labels, struct rs_sc_label, i);

		if (strcmp(other->name, a->text) == 0) {
			rs_sc_error(c, n->line,
				"<label> id=\"%.60s\": there is one in line %d: give this one another name",
				a->text, other->line);
			return;
		}
	}
	l = rs_sc_push(c, &c->labels, sizeof(*l));
	*l = (struct rs_sc_label){ a->text, (int)c->steps.n, n->line, false };
}

/* --- steps --- */

static void
actions_of(struct rs_sc *c, struct rs_sc_node *n, uint32_t step)
{
	static const char *const names[] = { "action" };
	bool first = true;

	for (struct rs_sc_node *child = n->first; child != NULL;
		child = child->next, first = false) {
		if (strcmp(child->name, "action") != 0) {
			const char *near = rs_text_nearest(child->name, names, 1);

			rs_sc_error(c, child->line,
				"<%.40s> inside <%s>: only <action> may stand there%s", child->name,
				n->name, near != NULL ? "; is it meant?" : "");
		} else if (!first) {
			rs_sc_error(c, child->line,
				"<action> must be the first child of <%s>, and the only one",
				n->name);
		} else {
			rs_sc_actions(c, child, step);
		}
	}
}

static void
optional_rule(struct rs_sc *c, const struct rs_sc_node *n)
{
	if (c->optional_line != 0)
		rs_sc_error(c, c->optional_line,
			"<recv> is optional and <%s> in line %d follows: a mandatory recv is needed behind optional ones",
			n->name, n->line);
	c->optional_line = 0;
}

static uint32_t
new_step(struct rs_sc *c, struct rs_sc_node *n, uint8_t kind)
{
	uint32_t step = c->steps.n;
	struct rs_step *s;

	if (c->timewait_line > 0) {
		rs_sc_error(c, n->line,
			"<%s> follows the <timewait> of line %d: a timewait is the last step",
			n->name, c->timewait_line);
		c->timewait_line = -1;
	}
	s = rs_sc_push(c, &c->steps, sizeof(*s));
	*s = (struct rs_step){ .kind = kind,
		.start_rtd = -1,
		.rtd = -1,
		.counter = -1,
		.condexec = RS_NO_VAR,
		.test = RS_NO_VAR,
		.next = RS_NO_STEP,
		.ontimeout = RS_NO_STEP,
		.chance = UINT32_MAX,
		.template = -1,
		.advance_state = true,
		.hide = c->hide_rest,
		.line = n->line,
		.first_action = c->actions.n,
		.pause = { .kind = RS_DIST_DEFAULT, .var = RS_NO_VAR } };
	return step;
}

static void
check_cdata(struct rs_sc *c, const struct rs_sc_node *n)
{
	if (n->more_cdata)
		rs_sc_warn(c, n->line, "<%s>: only its first CDATA section is taken", n->name);
}

static void
send(struct rs_sc *c, struct rs_sc_node *n)
{
	uint32_t step = new_step(c, n, RS_STEP_SEND);
	struct rs_sc_text text;
	struct rs_step *s;
	int32_t template;

	optional_rule(c, n);
	rs_sc_step_attrs(c, n, step);
	check_cdata(c, n);
	if (rs_slice_trim(n->cdata).len == 0) {
		rs_sc_error(c, n->line,
			"<send>: the message is missing: put it into <![CDATA[ ... ]]>");
	} else if (rs_sc_clean(c, n->cdata, n->cdata_line, &text)) {
		template = rs_sc_template(c, &text, RS_SC_MESSAGE);
		s = RS_SC_AT(c->steps, struct rs_step, step);
		s->template = template;
		if (rs_sc_start_line(c, &text, s) && s->status == 0 && s->method == RS_SIP_INVITE &&
			c->invite_step < 0) {
			c->invite_step = (int32_t)step;
			c->invite = text;
		}
	}
	if (!c->oom)
		actions_of(c, n, step);
}

static void
recv(struct rs_sc *c, struct rs_sc_node *n)
{
	uint32_t step = new_step(c, n, RS_STEP_RECV);
	const struct rs_step *s;

	rs_sc_step_attrs(c, n, step);
	s = RS_SC_AT(c->steps, struct rs_step, step);
	if (s->optional == RS_OPTIONAL_GLOBAL && step == 0)
		rs_sc_error(c, n->line,
			"<recv>: the first step cannot be optional=\"global\": nothing has begun there");
	if (s->optional == RS_MANDATORY)
		c->optional_line = 0;
	else if (c->optional_line == 0)
		c->optional_line = n->line;
	actions_of(c, n, step);
}

static void
simple(struct rs_sc *c, struct rs_sc_node *n, uint8_t kind)
{
	uint32_t step = new_step(c, n, kind);

	optional_rule(c, n);
	rs_sc_step_attrs(c, n, step);
	actions_of(c, n, step);
}

static void
pause_step(struct rs_sc *c, struct rs_sc_node *n)
{
	simple(c, n, RS_STEP_PAUSE);
}

static void
timewait(struct rs_sc *c, struct rs_sc_node *n)
{
	simple(c, n, RS_STEP_TIMEWAIT);
	c->timewait_line = n->line;
}

static void
nop(struct rs_sc *c, struct rs_sc_node *n)
{
	simple(c, n, RS_STEP_NOP);
}

/* --- what SIPp has and this build has not --- */

/*
 * The element takes its place among the steps and its names count as used, so that only what is
 * missing is reported.
 */
static void
command(struct rs_sc *c, struct rs_sc_node *n)
{
	bool sends = strcmp(n->name, "sendCmd") == 0;
	uint32_t step = new_step(c, n, RS_SC_STEP_CMD);
	struct rs_sc_text text;

	if (sends)
		optional_rule(c, n);
	else
		c->optional_line = 0;
	rs_sc_unsupported(c, n->line, sends ? "sendCmd" : "recvCmd",
		"<%s>: third-party call control (3PCC) is not built", n->name);
	rs_sc_step_attrs(c, n, step);
	if (sends && n->cdata.p != NULL && rs_sc_clean(c, n->cdata, n->cdata_line, &text))
		rs_sc_template(c, &text, RS_SC_MESSAGE);
	actions_of(c, n, step);
	RS_SC_AT(c->steps, struct rs_step, step)->kind = RS_STEP_NOP;
}

static void
default_message(struct rs_sc *c, struct rs_sc_node *n)
{
	rs_sc_unsupported(c, n->line, "DefaultMessage",
		"<DefaultMessage>: replacing the automatic messages is not built");
}

static void
init(struct rs_sc *c, struct rs_sc_node *n)
{
	rs_sc_unsupported(c, n->line, "init", "<init>: steps before the traffic are not built");
}

static const struct {
	const char *name;
	void (*take)(struct rs_sc *c, struct rs_sc_node *n);
	bool childless;
	bool cdata;
} elements[] = {
	{ "send", send, false, true },
	{ "recv", recv, false, false },
	{ "pause", pause_step, false, false },
	{ "timewait", timewait, false, false },
	{ "nop", nop, false, true },
	{ "label", label, true, false },
	{ "Global", global, true, false },
	{ "User", user, true, false },
	{ "Reference", reference, true, false },
	{ "CallLengthRepartition", repartition, true, false },
	{ "ResponseTimeRepartition", repartition, true, false },
	{ "sendCmd", command, false, true },
	{ "recvCmd", command, false, false },
	{ "DefaultMessage", default_message, true, true },
	{ "init", init, false, false },
};

static void
element(struct rs_sc *c, struct rs_sc_node *n)
{
	const char *names[COUNT(elements)], *near;
	size_t i = 0;

	while (i < COUNT(elements) && strcmp(elements[i].name, n->name) != 0)
		i++;
	if (i < COUNT(elements)) {
		if (n->stray_line != 0)
			rs_sc_warn(c, n->stray_line,
				"text inside <%s> outside of <![CDATA[ ... ]]> is ignored",
				n->name);
		if (elements[i].childless && n->first != NULL)
			rs_sc_error(c, n->first->line,
				"<%.40s> inside <%s>: nothing may stand there", n->first->name,
				n->name);
		if (!elements[i].cdata && n->cdata.p != NULL)
			rs_sc_warn(c, n->line, "the CDATA of <%s> is ignored", n->name);
		elements[i].take(c, n);
		return;
	}
	for (i = 0; i < COUNT(elements); i++)
		names[i] = elements[i].name;
	near = rs_text_nearest(n->name, names, COUNT(elements));
	if (near != NULL)
		rs_sc_error(c, n->line, "<%.60s> is no element of a scenario: is <%s> meant?",
			n->name, near);
	else
		rs_sc_error(c, n->line, "<%.60s> is no element of a scenario", n->name);
}

void
rs_sc_elements(struct rs_sc *c, struct rs_sc_node *root)
{
	static const char *const names[] = { "name" };
	const struct rs_sc_attr *name = rs_sc_attr(root, "name");

	if (strcmp(root->name, "scenario") != 0) {
		rs_sc_error(c, root->line, "the outermost element is <%.60s>: <scenario> is needed",
			root->name);
		return;
	}
	only_attrs(c, root, names, COUNT(names));
	c->title = name != NULL ? name->value : rs_slice_str("");
	if (root->stray_line != 0)
		rs_sc_warn(c, root->stray_line, "text between the elements is ignored");
	for (struct rs_sc_node *n = root->first; n != NULL && !c->oom; n = n->next) {
		if (c->steps.n >= RS_MAX_STEPS) {
			rs_sc_error(c, n->line, "more than %d steps", RS_MAX_STEPS);
			return;
		}
		element(c, n);
	}
	/* SIPp takes this, so it is none of the errors of optional_rule() */
	if (c->optional_line != 0)
		rs_sc_warn(c, c->optional_line,
			"<recv> is optional and nothing follows it: the call ends by timeout when the message does not come");
}
