/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What later steps may want of a received message.
 *
 * While a message is being worked on it is whole: what is sent in the same turn renders from it.
 * Later only what was kept is left. So two questions run backwards through the steps, each as a
 * union over all ways to go on, until nothing changes:
 *
 *   live[i]   the message was received in this turn and step i comes: what will be wanted after the
 * turn?
 *   later[i]  the turn is over and step i comes: what is wanted from here on?
 *
 * A send is a wish only later, or at once when a timer may render it again. A pause and a wait for
 * a message end the turn. A message that a recv takes replaces the last one, so nothing is wanted
 * across it; but a recv may also be skipped (condexec), be passed over (optional) or give up
 * (ontimeout).
 */
#include "plan/scenario_int.h"

struct want {
	uint64_t headers; /* bit per enum rs_sip_header_id */
	bool all, other;
};

static bool
join(struct want *to, struct want from)
{
	struct want old = *to;

	to->headers |= from.headers;
	to->all |= from.all;
	to->other |= from.other;
	return old.headers != to->headers || old.all != to->all || old.other != to->other;
}

static void
keep_name(struct rs_sc *c, struct rs_slice name)
{
	for (uint32_t i = 0; i < c->keep_names.n; i++)
		if (rs_slice_case_eq(*RS_SC_AT(c->keep_names, struct rs_slice, i), name))
			return;
	*(struct rs_slice *)rs_sc_push(c, &c->keep_names, sizeof(name)) =
		rs_slice_of(rs_sc_copy(c, name.p, name.len), name.len);
}

#define BIT(id) (UINT64_C(1) << (id))

/*
 * What rendering template number @number takes from the last message. Challenges are kept apart
 * from it, as long as the call lasts; the values of an [authentication] may want more.
 */
static struct want
of_template(struct rs_sc *c, int32_t number)
{
	const struct rs_auth_ref *auth;
	struct want w = { 0 };
	const struct rs_template *t;

	if (number < 0)
		return w;
	t = RS_SC_AT(c->templates, struct rs_template, number);
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const struct rs_op *op = RS_SC_AT(c->ops, struct rs_op, (uintptr_t)t->ops + i);

		switch (op->slot) {
		case RS_SLOT_LAST_HEADER:
			if (op->header_id != RS_HDR_OTHER) {
				w.headers |= BIT(op->header_id);
			} else {
				w.other = true;
				keep_name(c,
					rs_slice_of((const uint8_t *)c->text.p + op->off, op->len));
			}
			break;
		case RS_SLOT_LAST_MESSAGE: w.all = true; break;
		case RS_SLOT_LAST_REQUEST_URI: w.headers |= BIT(RS_HDR_TO); break;
		case RS_SLOT_PEER_TAG_PARAM: w.headers |= BIT(RS_HDR_FROM) | BIT(RS_HDR_TO); break;
		case RS_SLOT_LAST_CSEQ_NUMBER: w.headers |= BIT(RS_HDR_CSEQ); break;
		case RS_SLOT_AUTH:
			auth = RS_SC_AT(c->auths, struct rs_auth_ref, op->aux);
			join(&w, of_template(c, auth->username));
			join(&w, of_template(c, auth->password));
			break;
		default: break;
		}
	}
	return w;
}

static struct want
of_actions(struct rs_sc *c, const struct rs_step *s)
{
	struct want w = { 0 };

	for (uint32_t i = 0; i < s->n_actions; i++) {
		const struct rs_action *a =
			RS_SC_AT(c->actions, struct rs_action, s->first_action + i);

		join(&w, of_template(c, a->template));
		join(&w, of_template(c, a->template2));
		if (a->kind == RS_ACT_VERIFYAUTH)
			w.headers |= BIT(RS_HDR_AUTHORIZATION) | BIT(RS_HDR_PROXY_AUTHORIZATION);
	}
	return w;
}

struct flow {
	struct want own; /* of the step's own texts */
	struct want live, later;
};

/*
 * All steps that may come after step @i (a recv that gives up apart); the end of the scenario wants
 * nothing.
 */
static struct want
onward(const struct rs_sc *c, const struct flow *f, uint32_t i, bool live)
{
	const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);
	const int32_t to[] = { (int32_t)i + 1, s->next,
		s->kind == RS_STEP_RECV ? RS_NO_STEP : s->ontimeout };
	struct want w = { 0 };

	for (size_t k = 0; k < sizeof(to) / sizeof(to[0]); k++)
		if (to[k] >= 0 && (uint32_t)to[k] < c->steps.n)
			join(&w, live ? f[to[k]].live : f[to[k]].later);
	return w;
}

static bool
step(const struct rs_sc *c, struct flow *f, uint32_t i)
{
	const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);
	struct want live = { 0 }, later = f[i].own;

	switch (s->kind) {
	case RS_STEP_SEND:
		if (s->retrans_ns > 0 || c->opts->transactions)
			join(&live, f[i].own);
		join(&live, onward(c, f, i, true));
		join(&later, onward(c, f, i, false));
		break;
	case RS_STEP_NOP:
		join(&live, onward(c, f, i, true));
		join(&later, onward(c, f, i, false));
		break;
	case RS_STEP_RECV:
		later = (struct want){ 0 }; /* its actions see the message that it takes */
		if (s->ontimeout >= 0 && (uint32_t)s->ontimeout < c->steps.n)
			join(&later, f[s->ontimeout].later);
		if ((s->optional != RS_MANDATORY || s->condexec != RS_NO_VAR) && i + 1 < c->steps.n)
			join(&later, f[i + 1].later);
		live = later;
		if (s->condexec != RS_NO_VAR && i + 1 < c->steps.n)
			join(&live, f[i + 1].live);
		break;
	default: /* a pause ends the turn */
		join(&later, onward(c, f, i, false));
		live = later;
		if (s->condexec != RS_NO_VAR && i + 1 < c->steps.n)
			join(&live, f[i + 1].live);
		break;
	}
	bool a = join(&f[i].live, live), b = join(&f[i].later, later);

	return a || b;
}

static bool
has_invite(const struct rs_sc *c)
{
	for (uint32_t i = 0; i < c->steps.n; i++) {
		const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);

		if (s->status == 0 && s->method == RS_SIP_INVITE &&
			(s->kind == RS_STEP_SEND || s->kind == RS_STEP_RECV))
			return true;
	}
	return false;
}

/*
 * What ends a call before its time (scenario_abort.c) names the peers as they stood in the last message, whichever that is
 * when the end comes; where they are reached is in what sets a dialog up. Behind a BYE or a CANCEL nothing more is said.
 */
static uint64_t
for_abort(const struct rs_sc *c, uint32_t i)
{
	const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);
	const uint64_t ends = BIT(RS_HDR_FROM) | BIT(RS_HDR_TO), all = ends | BIT(RS_HDR_CONTACT);

	if (s->status == 0) {
		/* In rfc3261 mode answers of our own are made of it, too: 100, 480, 487 */
		if (s->method == RS_SIP_INVITE)
			return c->opts->transactions ? all | BIT(RS_HDR_VIA) | BIT(RS_HDR_CALL_ID) | BIT(RS_HDR_CSEQ) | BIT(RS_HDR_RECORD_ROUTE) : all;
		return s->method == RS_SIP_BYE || s->method == RS_SIP_CANCEL ? 0 : ends;
	}
	/* the request that it answers is most likely the last one above it */
	while (i-- > 0) {
		const struct rs_step *r = RS_SC_AT(c->steps, struct rs_step, i);

		if (r->kind != RS_STEP_SEND || r->status != 0 || r->method == RS_SIP_ACK)
			continue;
		if (r->method == RS_SIP_BYE || r->method == RS_SIP_CANCEL)
			return 0;
		return s->status < 300 && (r->method == RS_SIP_INVITE || r->method == RS_SIP_PRACK) ? all : ends;
	}
	return ends;
}

void
rs_sc_keep(struct rs_sc *c)
{
	struct flow *f = rs_sc_alloc(c, c->steps.n * sizeof(*f) + 1);
	bool changed = true, invite = has_invite(c);

	if (f == NULL)
		return;
	for (uint32_t i = 0; i < c->steps.n; i++) {
		const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);

		f[i].own = of_actions(c, s);
		join(&f[i].own, of_template(c, s->template));
	}
	while (changed) {
		changed = false;
		for (uint32_t i = c->steps.n; i-- > 0;)
			changed |= step(c, f, i);
	}
	for (uint32_t i = 0; i < c->steps.n && !c->oom; i++) {
		struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);
		struct want w;

		if (s->kind != RS_STEP_RECV)
			continue;
		w = onward(c, f, i, true);
		if (!s->advance_state) /* it goes on waiting */
			join(&w, f[i].live);
		s->keep = w.headers | (invite ? for_abort(c, i) : 0);
		s->keep_all = w.all;
		s->keep_other = w.other;
	}
}
