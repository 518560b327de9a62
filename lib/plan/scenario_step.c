/* SPDX-License-Identifier: BSD-3-Clause */
/* The attributes of send, recv, pause, timewait and nop: one table, one line each. */
#include <stdio.h>

#include "plan/scenario_int.h"

#define MS UINT64_C(1000000)

/* which steps take an attribute */
#define ON(kind)  (1u << (kind))
#define ON_SEND   ON(RS_STEP_SEND)
#define ON_RECV   ON(RS_STEP_RECV)
#define ON_PAUSE  ON(RS_STEP_PAUSE)
#define ON_WAIT   ON(RS_STEP_TIMEWAIT)
#define ON_NOP    ON(RS_STEP_NOP)
#define ON_CMD    ON(RS_SC_STEP_CMD)
#define ON_ALL    (ON_SEND | ON_RECV | ON_PAUSE | ON_WAIT | ON_NOP | ON_CMD)
#define ON_MOVING (ON_ALL & ~ON_WAIT)

/* --- common --- */

static int8_t
rtd_number(struct rs_sc_take *j, bool stop)
{
	struct rs_sc *c = j->c;
	struct rs_slice name = j->a->value;
	struct rs_sc_rtd *mark;
	uint32_t i;

	if (rs_slice_is(name, "true"))
		name = rs_slice_str("1");
	if (rs_slice_is(name, "false"))
		return -1;
	if (name.len == 0) {
		rs_sc_error(c, j->n->line, "<%s> %s=\"\": a timer's name is needed", j->n->name,
			j->a->name);
		return -1;
	}
	for (i = 0; i < c->rtds.n; i++)
		if (rs_slice_eq(*RS_SC_AT(c->rtds, struct rs_slice, i), name))
			break;
	if (i == c->rtds.n) {
		if (i == RS_MAX_RTD) {
			rs_sc_error(c, j->n->line,
				"<%s> %s=\"%.40s\": a scenario has at most %d response timers",
				j->n->name, j->a->name, j->a->text, RS_MAX_RTD);
			return -1;
		}
		*(struct rs_slice *)rs_sc_push(c, &c->rtds, sizeof(struct rs_slice)) =
			rs_slice_of(rs_sc_copy(c, name.p, name.len), name.len);
		rs_sc_push(c, &c->rtd_marks, sizeof(struct rs_sc_rtd));
	}
	if (c->oom)
		return -1;
	mark = RS_SC_AT(c->rtd_marks, struct rs_sc_rtd, i);
	*(stop ? &mark->stopped_line : &mark->started_line) = j->n->line;
	return (int8_t)i;
}

static void
take_start_rtd(struct rs_sc_take *j)
{
	j->s->start_rtd = rtd_number(j, false);
}

static void
take_rtd(struct rs_sc_take *j)
{
	j->s->rtd = rtd_number(j, true);
}

static void
take_repeat_rtd(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->repeat_rtd);
	if (j->s->repeat_rtd && rs_sc_attr(j->n, "rtd") == NULL)
		rs_sc_error(j->c, j->n->line,
			"<%s> repeat_rtd: it says how rtd=\"...\" behaves, and that is missing",
			j->n->name);
}

static void
take_counter(struct rs_sc_take *j)
{
	struct rs_sc *c = j->c;
	uint32_t i;

	if (j->a->value.len == 0) {
		rs_sc_error(c, j->n->line, "<%s> counter=\"\": a name is needed", j->n->name);
		return;
	}
	for (i = 0; i < c->counters.n; i++)
		if (rs_slice_eq(*RS_SC_AT(c->counters, struct rs_slice, i), j->a->value))
			break;
	if (i == c->counters.n)
		*(struct rs_slice *)rs_sc_push(c, &c->counters, sizeof(struct rs_slice)) =
			j->a->value;
	j->s->counter = (int16_t)i;
}

/* Probability @p as the bound of a 32-bit random number. */
static uint32_t
threshold(double p)
{
	return p >= 1.0 ? UINT32_MAX : (uint32_t)(p * 4294967296.0);
}

static void
take_lost(struct rs_sc_take *j)
{
	double v;

	if (!rs_sc_double(j->c, j->n, j->a, &v))
		return;
	if (v < 0 || v > 100)
		rs_sc_error(j->c, j->n->line,
			"<%s> lost=\"%.40s\": a percentage from 0 to 100 is needed", j->n->name,
			j->a->text);
	else
		j->s->lost = threshold(v / 100);
}

static void
take_chance(struct rs_sc_take *j)
{
	double v;

	if (!rs_sc_double(j->c, j->n, j->a, &v))
		return;
	if (v < 0 || v > 1)
		rs_sc_error(j->c, j->n->line,
			"<%s> chance=\"%.40s\": a probability from 0 to 1 is needed", j->n->name,
			j->a->text);
	else
		j->s->chance = threshold(v);
	if (rs_sc_attr(j->n, "next") == NULL)
		rs_sc_warn(j->c, j->n->line, "<%s> chance has no effect without next=\"label\"",
			j->n->name);
}

static void
take_test(struct rs_sc_take *j)
{
	j->s->test = rs_sc_var(j->c, j->n->line, j->a->value, false);
	if (rs_sc_attr(j->n, "next") == NULL)
		rs_sc_warn(j->c, j->n->line, "<%s> test has no effect without next=\"label\"",
			j->n->name);
}

static void
take_condexec(struct rs_sc_take *j)
{
	j->s->condexec = rs_sc_var(j->c, j->n->line, j->a->value, false);
}

static void
take_condexec_inverse(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->condexec_inverse);
	if (rs_sc_attr(j->n, "condexec") == NULL)
		rs_sc_warn(j->c, j->n->line,
			"<%s> condexec_inverse has no effect without condexec=\"variable\"",
			j->n->name);
}

static void
take_jump(struct rs_sc_take *j)
{
	struct rs_sc_jump *jump = rs_sc_push(j->c, &j->c->jumps, sizeof(*jump));

	*jump = (struct rs_sc_jump){ j->step, strcmp(j->a->name, "ontimeout") == 0, j->a->text,
		j->n->line };
}

static void
take_crlf(struct rs_sc_take *j)
{
	j->s->crlf = true;
}

static void
take_ignoresdp(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->ignoresdp);
}

static void
take_hide(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->hide);
}

static void
take_hiderest(struct rs_sc_take *j)
{
	if (rs_sc_bool(j->c, j->n, j->a, &j->c->hide_rest) && rs_sc_attr(j->n, "hide") == NULL)
		j->s->hide = j->c->hide_rest;
}

/* A value that is checked and has no effect here. */
static void
take_bool(struct rs_sc_take *j)
{
	bool ignored;

	rs_sc_bool(j->c, j->n, j->a, &ignored);
}

/* --- send, recv --- */

static void
ms(struct rs_sc_take *j, uint64_t *ns)
{
	long v;

	if (rs_sc_long(j->c, j->n, j->a, 0, RS_SC_MAX_MS, &v))
		*ns = (uint64_t)v * MS;
}

static void
take_retrans(struct rs_sc_take *j)
{
	ms(j, &j->s->retrans_ns);
}

static void
take_timeout(struct rs_sc_take *j)
{
	ms(j, &j->s->timeout_ns);
}

static void
take_response(struct rs_sc_take *j)
{
	const struct rs_slice v = rs_slice_trim(j->a->value);
	uint32_t code = 0;
	size_t i;

	for (i = 0; i < v.len && i < 4 && v.p[i] >= '0' && v.p[i] <= '9'; i++)
		code = code * 10 + (uint32_t)(v.p[i] - '0');
	if (i != v.len || code < 100 || code > 699) {
		rs_sc_error(j->c, j->n->line,
			"<recv> response=\"%.60s\": a code from 100 to 699 is needed (a method goes into request=\"...\")",
			j->a->text);
		code = 200;
	}
	j->s->status = (uint16_t)code;
}

static void
take_request(struct rs_sc_take *j)
{
	struct rs_slice v = rs_slice_trim(j->a->value);

	if (v.len == 0) {
		rs_sc_error(j->c, j->n->line,
			"<recv> request=\"\": a method is needed, INVITE for example");
		return;
	}
	if (v.p[0] >= '0' && v.p[0] <= '9') {
		rs_sc_error(j->c, j->n->line,
			"<recv> request=\"%.60s\": a method is needed (a code goes into response=\"...\")",
			j->a->text);
		return;
	}
	j->s->method = (uint8_t)rs_sip_method(v);
	j->s->method_text = rs_slice_of(rs_sc_copy(j->c, v.p, v.len), v.len);
}

static void
take_optional(struct rs_sc_take *j)
{
	if (strcmp(j->a->text, "global") == 0)
		j->s->optional = RS_OPTIONAL_GLOBAL;
	else if (strcmp(j->a->text, "true") == 0 || strcmp(j->a->text, "false") == 0)
		j->s->optional = j->a->text[0] == 't' ? RS_OPTIONAL : RS_MANDATORY;
	else
		rs_sc_error(j->c, j->n->line,
			"<recv> optional=\"%.40s\": true, false or global is needed", j->a->text);
}

static void
take_rrs(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->rrs);
}

static void
take_advance_state(struct rs_sc_take *j)
{
	if (!rs_sc_bool(j->c, j->n, j->a, &j->s->advance_state) || j->s->advance_state)
		return;
	if (rs_sc_attr(j->n, "optional") == NULL ||
		strcmp(rs_sc_attr(j->n, "optional")->text, "false") == 0)
		rs_sc_error(j->c, j->n->line,
			"<recv> advance_state=\"false\" is for optional messages: add optional=\"true\"");
}

static void
take_auth(struct rs_sc_take *j)
{
	rs_sc_bool(j->c, j->n, j->a, &j->s->auth);
}

static void
take_regexp_match(struct rs_sc_take *j)
{
	if (strcmp(j->a->text, "true") == 0)
		rs_sc_unsupported(j->c, j->n->line, "regexp_match",
			"<recv> regexp_match: matching codes and methods by expression is not built; list them as optional recvs");
}

static void
take_txn(struct rs_sc_take *j)
{
	static const char *const names[] = { "start_txn", "ack_txn", "response_txn" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], j->a->name) == 0)
			rs_sc_unsupported(j->c, j->n->line, names[i],
				"<%s> %s: transactions by name are not built", j->n->name,
				names[i]);
}

static const struct {
	const char *name;
	unsigned on;
	/* NULL: looked at by another attribute's function, or of no meaning here */
	void (*take)(struct rs_sc_take *);
} defs[] = {
	{ "start_rtd", ON_ALL, take_start_rtd },
	{ "rtd", ON_ALL, take_rtd },
	{ "repeat_rtd", ON_ALL, take_repeat_rtd },
	{ "counter", ON_ALL, take_counter },
	{ "lost", ON_ALL, take_lost },
	{ "crlf", ON_ALL, take_crlf },
	{ "ignoresdp", ON_ALL, take_ignoresdp },
	{ "hide", ON_ALL, take_hide },
	{ "hiderest", ON_ALL, take_hiderest },
	{ "display", ON_ALL, NULL },
	{ "condexec", ON_ALL, take_condexec },
	{ "condexec_inverse", ON_ALL, take_condexec_inverse },
	{ "next", ON_MOVING, take_jump },
	{ "test", ON_MOVING, take_test },
	{ "chance", ON_MOVING, take_chance },
	{ "ontimeout", ON_MOVING, take_jump },
	{ "timeout", ON_SEND | ON_RECV, take_timeout },
	{ "retrans", ON_SEND, take_retrans },
	{ "start_txn", ON_SEND, take_txn },
	{ "ack_txn", ON_SEND, take_txn },
	{ "response_txn", ON_SEND | ON_RECV, take_txn },
	{ "response", ON_RECV, take_response },
	{ "request", ON_RECV, take_request },
	{ "optional", ON_RECV, take_optional },
	{ "optional", ON_CMD, NULL },
	{ "src", ON_CMD, NULL },
	{ "dest", ON_CMD, NULL },
	{ "advance_state", ON_RECV, take_advance_state },
	{ "regexp_match", ON_RECV, take_regexp_match },
	{ "rrs", ON_RECV, take_rrs },
	{ "auth", ON_RECV, take_auth },
	{ "milliseconds", ON_PAUSE | ON_WAIT, rs_sc_take_milliseconds },
	{ "variable", ON_PAUSE | ON_WAIT, rs_sc_take_pause_variable },
	{ "distribution", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "fixed", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "uniform", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "normal", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "lognormal", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "exponential", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "weibull", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "pareto", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "gpareto", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "gamma", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "negbin", ON_PAUSE | ON_WAIT, rs_sc_take_distribution },
	{ "min", ON_PAUSE | ON_WAIT, rs_sc_take_min },
	{ "max", ON_PAUSE | ON_WAIT, NULL },
	{ "value", ON_PAUSE | ON_WAIT, NULL },
	{ "mean", ON_PAUSE | ON_WAIT, NULL },
	{ "stdev", ON_PAUSE | ON_WAIT, NULL },
	{ "lambda", ON_PAUSE | ON_WAIT, NULL },
	{ "k", ON_PAUSE | ON_WAIT, NULL },
	{ "x_m", ON_PAUSE | ON_WAIT, NULL },
	{ "shape", ON_PAUSE | ON_WAIT, NULL },
	{ "scale", ON_PAUSE | ON_WAIT, NULL },
	{ "location", ON_PAUSE | ON_WAIT, NULL },
	{ "theta", ON_PAUSE | ON_WAIT, NULL },
	{ "n", ON_PAUSE | ON_WAIT, NULL },
	{ "p", ON_PAUSE | ON_WAIT, NULL },
	{ "sanity_check", ON_PAUSE | ON_WAIT, take_bool },
};
#define N_DEFS (sizeof(defs) / sizeof(defs[0]))

static void
check_recv(struct rs_sc *c, const struct rs_sc_node *n)
{
	bool response = rs_sc_attr(n, "response") != NULL,
	     request = rs_sc_attr(n, "request") != NULL;

	if (!response && !request)
		rs_sc_error(c, n->line,
			"<recv>: what to wait for is missing: add response=\"code\" or request=\"METHOD\"");
	if (response && request)
		rs_sc_error(c, n->line,
			"<recv>: it waits for a response or for a request: remove one of the two attributes");
}

static void
unknown(struct rs_sc_take *j, unsigned on)
{
	const char *names[N_DEFS];
	size_t n = 0;

	for (size_t i = 0; i < N_DEFS; i++)
		if (defs[i].on & on)
			names[n++] = defs[i].name;
	for (size_t i = 0; i < N_DEFS; i++) {
		if (strcmp(defs[i].name, j->a->name) != 0)
			continue;
		/* A jump that does not happen is more than a typo. */
		if (on == ON_WAIT && defs[i].on == ON_MOVING)
			rs_sc_error(j->c, j->n->line,
				"<timewait> %s: a timewait ends the call and goes nowhere: remove it",
				j->a->name);
		else
			rs_sc_warn(j->c, j->n->line, "<%s> has no attribute '%s': it is ignored",
				j->n->name, j->a->name);
		return;
	}
	rs_sc_unknown_attr(j->c, j->n, j->a, names, n);
}

void
rs_sc_step_attrs(struct rs_sc *c, struct rs_sc_node *n, uint32_t step)
{
	struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, step);
	unsigned on = ON(s->kind);

	for (uint32_t i = 0; i < n->n_attrs; i++) {
		struct rs_sc_take j = { c, n, &n->attrs[i], s, step };
		size_t k = 0;

		while (k < N_DEFS && (strcmp(defs[k].name, j.a->name) != 0 || !(defs[k].on & on)))
			k++;
		if (k == N_DEFS)
			unknown(&j, on);
		else if (defs[k].take != NULL)
			defs[k].take(&j);
	}
	if (s->kind == RS_STEP_RECV)
		check_recv(c, n);
	else if (s->kind == RS_STEP_PAUSE || s->kind == RS_STEP_TIMEWAIT)
		rs_sc_check_pause(c, n);
}
