/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be judged only when the whole file has been read: labels, variables, timers, what a
 * response may answer.
 */
#include "plan/scenario_int.h"

static void
labels(struct rs_sc *c)
{
	for (uint32_t i = 0; i < c->jumps.n; i++) {
		const struct rs_sc_jump *jump = RS_SC_AT(c->jumps, struct rs_sc_jump, i);
		struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, jump->step);
		const char *what = jump->ontimeout ? "ontimeout" : "next";
		uint32_t k = 0;

		while (k < c->labels.n &&
			strcmp(RS_SC_AT(c->labels, struct rs_sc_label, k)->name, jump->label) != 0)
			k++;
		if (k < c->labels.n) {
			*(jump->ontimeout ? &s->ontimeout : &s->next) =
				(int16_t)RS_SC_AT(c->labels, struct rs_sc_label, k)->step;
			continue;
		}
		const char *names[64], *near;
		size_t n = 0;

		for (k = 0; k < c->labels.n && n < 64; k++)
			names[n++] = RS_SC_AT(c->labels, struct rs_sc_label, k)->name;
		near = rs_text_nearest(jump->label, names, n);
		rs_sc_error(c, jump->line,
			"%s=\"%.60s\": there is no <label id=\"%.60s\"/>%s%.60s%s", what,
			jump->label, jump->label, near != NULL ? "; is '" : "",
			near != NULL ? near : "", near != NULL ? "' meant?" : ": add it");
	}
}

static void
variables(struct rs_sc *c)
{
	for (uint32_t i = 0; i < c->vars.n; i++) {
		const struct rs_var *v = RS_SC_AT(c->vars, struct rs_var, i);
		const struct rs_sc_use *u = RS_SC_AT(c->uses, struct rs_sc_use, i);
		int shown = (int)(v->name.len < 60 ? v->name.len : 60);

		if (u->uses < 2 && v->scope == RS_VAR_GLOBAL)
			rs_sc_warn(c, u->line, "variable '%.*s' is declared and used nowhere",
				shown, v->name.p);
		else if (u->uses < 2 && !u->referenced)
			rs_sc_error(c, u->line,
				"variable '%.*s' is used only once: a typo? If it is not, add <Reference variables=\"%.*s\"/> at the end",
				shown, v->name.p, shown, v->name.p);
		else if (!u->assigned && v->scope == RS_VAR_CALL)
			rs_sc_warn(c, u->line, "variable '%.*s' is read, but nothing sets it",
				shown, v->name.p);
	}
}

static void
timers(struct rs_sc *c)
{
	for (uint32_t i = 0; i < c->rtds.n; i++) {
		const struct rs_slice *name = RS_SC_AT(c->rtds, struct rs_slice, i);
		const struct rs_sc_rtd *r = RS_SC_AT(c->rtd_marks, struct rs_sc_rtd, i);

		if (r->started_line != 0 && r->stopped_line == 0)
			rs_sc_error(c, r->started_line,
				"start_rtd=\"%.*s\": nothing stops this timer: add rtd=\"%.*s\" to a later step",
				(int)(name->len < 40 ? name->len : 40), name->p,
				(int)(name->len < 40 ? name->len : 40), name->p);
	}
}

/*
 * The loose rule of SIPp: a response fits when the method of its CSeq was sent in some step above,
 * whichever that was.
 */
static void
methods(struct rs_sc *c)
{
	struct rs_slice others = { NULL, 0 };
	uint64_t sent = 0;

	for (uint32_t i = 0; i < c->steps.n && !c->oom; i++) {
		struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);

		if (s->kind == RS_STEP_SEND && s->status == 0 && s->method != RS_SIP_OTHER) {
			sent |= UINT64_C(1) << s->method;
		} else if (s->kind == RS_STEP_SEND && s->status == 0) {
			char *both = rs_sc_alloc(c, others.len + s->method_text.len + 1);

			if (both == NULL)
				break;
			if (others.len > 0)
				memcpy(both, others.p, others.len);
			if (s->method_text.len > 0)
				memcpy(both + others.len, s->method_text.p, s->method_text.len);
			others = rs_slice_of(both, others.len + s->method_text.len);
		} else if (s->kind == RS_STEP_RECV && s->status != 0) {
			s->methods = sent;
			s->methods_text = others;
			if (sent == 0 && others.len == 0)
				rs_sc_warn(c, s->line,
					"<recv response=\"%u\">: no request is sent above it, so it can never come",
					s->status);
		}
	}
}

void
rs_sc_check(struct rs_sc *c)
{
	bool speaks = false;

	labels(c);
	variables(c);
	timers(c);
	methods(c);
	rs_sc_check_auth(c);
	for (uint32_t i = 0; i < c->steps.n; i++) {
		uint8_t kind = RS_SC_AT(c->steps, struct rs_step, i)->kind;

		speaks |= kind == RS_STEP_SEND || kind == RS_STEP_RECV;
	}
	if (!speaks && c->findings->n_unsupported == 0 && c->findings->n_errors == 0)
		rs_sc_error(c, 0,
			"the scenario neither sends nor receives: it needs a <send> or a <recv>");
}
