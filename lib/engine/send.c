/* SPDX-License-Identifier: BSD-3-Clause */
/* Rendering and sending: a step's message, the same again, and what we say of our own accord when a call ends early. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "engine/internal.h"

static const struct rs_slice sipp_version = { (const uint8_t *)"ringstorm", 9 };

static int
put(uint8_t *out, size_t cap, struct rs_slice s)
{
	if (s.len > cap)
		return -ENOSPC;
	if (s.len > 0)
		memcpy(out, s.p, s.len);
	return (int)s.len;
}

static int
put_value(struct rs_engine *e, const struct value *v, uint8_t *out, size_t cap)
{
	char number[340]; /* the longest double in %f */

	switch (v->type) {
	case VALUE_NUMBER:
		snprintf(number, sizeof(number), "%f", v->number);
		return put(out, cap, rs_slice_str(number));
	case VALUE_BOOL:
		return put(out, cap, rs_slice_str(v->number != 0 ? "true" : "false"));
	case VALUE_TEXT:
		return put(out, cap, rs_blob_get(&e->blobs, &v->text));
	default:
		return 0;
	}
}

/** What the renderer asks for while it works: whose leg and message it is. */
struct rendering {
	struct rs_engine *e;
	struct leg *leg;
};

static uint64_t
wall_us(const struct rs_engine *e)
{
	return e->wall_us + (e->now - e->wall_at_ns) / RS_NS_PER_US;
}

static int
put_time(const struct rs_engine *e, bool date, uint8_t *out, size_t cap)
{
	uint64_t us = wall_us(e);
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	char text[96];
	size_t n;

	gmtime_r(&seconds, &tm);
	if (date) {
		n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	} else {
		n = strftime(text, sizeof(text), "%Y-%m-%d\t%H:%M:%S", &tm);
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%06u\t%lld.%06u", (unsigned)(us % 1000000),
			(long long)seconds, (unsigned)(us % 1000000));
	}
	return put(out, cap, rs_slice_of(text, n));
}

static int
put_field(const struct rendering *r, const struct rs_field_ref *ref, uint8_t *out, size_t cap)
{
	struct activity *a = leg_activity(r->e, r->leg);
	uint64_t line = r->leg->line;

	if ((uint32_t)ref->file >= a->plan->n_data)
		return 0;
	const struct rs_inject *in = a->plan->data[ref->file];

	if (ref->line >= 0) {
		line = (uint64_t)ref->line;
	} else if (ref->line_var != RS_NO_VAR) {
		const struct value *v = leg_value(r->e, r->leg, ref->line_var);

		line = v->type == VALUE_NUMBER && v->number >= 0 ? (uint64_t)v->number : UINT64_MAX;
	} else if (ref->file > 0) {
		line = leg_inject_line(r->e, r->leg, (uint32_t)ref->file);
	}
	return line < in->n_lines ? rs_inject_field(in, line, ref->field, out, cap) : 0;
}

static int
put_fill(const struct rendering *r, const struct rs_fill *fill, uint8_t *out, size_t cap)
{
	const struct value *v = leg_value(r->e, r->leg, fill->var);
	size_t n = v->type == VALUE_NUMBER && v->number > 0 ? (size_t)v->number : 0;

	if (n > cap)
		return -ENOSPC;
	for (size_t i = 0; i < n && fill->text.len > 0; i++)
		out[i] = fill->text.p[i % fill->text.len];
	return fill->text.len ? (int)n : 0;
}

static int
expand(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	const struct rendering *r = ctx;
	const struct rs_program *p = leg_activity(r->e, r->leg)->program;

	switch ((enum rs_slot)op->slot) {
	case RS_SLOT_VAR:
		return put_value(r->e, leg_value(r->e, r->leg, (int16_t)op->aux), out, cap);
	case RS_SLOT_FIELD:
		return put_field(r, &p->fields[op->aux], out, cap);
	case RS_SLOT_FILL:
		return put_fill(r, &p->fills[op->aux], out, cap);
	case RS_SLOT_TIMESTAMP:
		return put_time(r->e, false, out, cap);
	case RS_SLOT_DATE:
		return put_time(r->e, true, out, cap);
	case RS_SLOT_SIPP_VERSION:
		return put(out, cap, sipp_version);
	default:
		return 0;
	}
}

static struct rs_slice
address_text(const struct rs_addr *a, uint8_t *buf)
{
	size_t n;

	if (a->family != 6)
		return rs_slice_of(buf, rs_addr_write(a, buf));
	buf[0] = '[';
	n = rs_addr_write(a, buf + 1);
	buf[n + 1] = ']';
	return rs_slice_of(buf, n + 2);
}

/** Texts that one rendering points into. */
struct texts {
	uint8_t remote[48];
	uint8_t call_id[RS_TOKEN_LEN + 48];
	uint8_t branch[8 + RS_TOKEN_LEN];
	uint8_t user[128];
	uint8_t service[128];
	uint8_t target[256];
};

static struct rs_slice
pattern_text(const struct rs_pattern *p, uint64_t index, uint64_t random, uint8_t *out, size_t cap)
{
	int n = rs_pattern_write(p, index, random, out, cap);

	return rs_slice_of(out, n > 0 ? (size_t)n : 0);
}

static struct rs_slice
service_text(struct rs_engine *e, const struct leg *leg, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);

	if (leg->callee != NO_ENDPOINT)
		return pattern_text(&a->to->plan->user, leg->callee, leg->callee, t->service, sizeof(t->service));
	if (a->plan->to_user.text) {
		uint64_t random = rs_random_at(e->plan->seed, leg->activity, leg->number);

		return pattern_text(&a->plan->to_user, leg->number, random >> 32, t->service, sizeof(t->service));
	}
	return rs_slice_str("service");
}

/* The peer's Contact where it is known, else the address we talk to. */
static struct rs_slice
target_text(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last, const struct rs_render *r,
	struct texts *t)
{
	struct rs_slice stored = rs_blob_get(&e->blobs, &leg->contact);
	struct rs_sip_addr contact;

	if (stored.len)
		return stored;
	if (last && rs_sip_get(last, RS_HDR_CONTACT).p &&
		rs_sip_addr(rs_sip_get(last, RS_HDR_CONTACT), &contact) == 0 && !contact.star)
		return contact.uri;
	int n = snprintf((char *)t->target, sizeof(t->target), "sip:%.*s@%.*s:%u", (int)r->service.len,
		(const char *)r->service.p, (int)r->remote_ip.len, (const char *)r->remote_ip.p, r->remote_port);

	return rs_slice_of(t->target, n > 0 && (size_t)n < sizeof(t->target) ? (size_t)n : 0);
}

#define EVERY_SLOT UINT64_MAX
#define SLOT(s) (1ull << RS_SLOT_##s)

/* The texts that cost something are made only where the template asks for them: @slots has a bit per enum rs_slot. */
static void
fill_texts(struct rs_engine *e, struct leg *leg, uint64_t slots, const struct endpoint *ep, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);
	struct rs_render *r = &e->render;

	if (slots & (SLOT(REMOTE_IP) | SLOT(REMOTE_HOST)))
		r->remote_ip = address_text(&leg->path.remote, t->remote);
	if (slots & SLOT(BRANCH)) {
		memcpy(t->branch, "z9hG4bK", 7);
		memcpy(t->branch + 7, leg->token, RS_TOKEN_LEN);
		r->branch = rs_slice_of(t->branch, 7 + RS_TOKEN_LEN);
	}
	if (leg->call_id.class) {
		r->call_id = rs_blob_get(&e->blobs, &leg->call_id);
	} else if (slots & SLOT(CALL_ID)) {
		memcpy(t->call_id, leg->token, RS_TOKEN_LEN);
		t->call_id[RS_TOKEN_LEN] = '@';
		memcpy(t->call_id + RS_TOKEN_LEN + 1, ep->text, ep->text_len);
		r->call_id = rs_slice_of(t->call_id, RS_TOKEN_LEN + 1u + ep->text_len);
	}
	if (slots & SLOT(USER))
		r->user = pattern_text(&a->group->plan->user, leg->endpoint, leg->endpoint, t->user, sizeof(t->user));
	if (slots & SLOT(SERVICE))
		r->service = service_text(e, leg, t);
}

static void
fill_render(struct rs_engine *e, struct leg *leg, uint32_t step, uint64_t slots, const struct rs_sip_msg *last,
	struct rendering *ctx, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);
	struct rs_render *r = &e->render;
	struct endpoint *ep = group_endpoint(a->group, leg->endpoint);

	fill_texts(e, leg, slots, ep, t);
	r->remote_host = (leg->flags & LEG_UAC) && a->group->plan->has_proxy ?
		rs_slice_str(a->group->plan->proxy_host) :
		(leg->flags & LEG_UAC) && a->plan->to_host ? rs_slice_str(a->plan->to_host) : r->remote_ip;
	r->remote_port = leg->path.remote_port;
	r->local_ip = r->server_ip = rs_slice_of(ep->text, ep->text_len);
	r->media_ip = r->local_ip; /* in SDP an IPv6 address stands without brackets (RFC 8866, 9) */
	if (ep->addr.family == 6)
		r->media_ip = rs_slice_of(ep->text + 1, ep->text_len - 2u);
	r->local_port = leg->path.local_port;
	r->media_port = MEDIA_PORT;
	r->local_family = r->media_family = ep->addr.family;
	r->transport = rs_slice_of("UDP", 3);
	r->pid = rs_slice_of(e->pid_text, e->pid_len);
	r->tag = rs_slice_of(leg->token, RS_TOKEN_LEN);
	r->branch_by_index = true;
	r->domain = a->group->plan->domain ? rs_slice_str(a->group->plan->domain) : r->local_ip;
	r->msg_index = step;
	r->call_number = leg->number + 1;
	r->dynamic_id = e->dynamic_id;
	r->cseq = leg->cseq;
	r->last_cseq = leg->last_cseq;
	r->clock_tick_ms = e->now > e->t0 ? (e->now - e->t0) / RS_NS_PER_MS : 0;
	r->last = last;
	r->peer_tag = rs_blob_get(&e->blobs, &leg->peer_tag);
	r->next_url = rs_blob_get(&e->blobs, &leg->contact);
	r->routes = rs_blob_get(&e->blobs, &leg->routes);
	r->expand = expand;
	*ctx = (struct rendering){ e, leg };
	r->ctx = ctx;
}

int
leg_render(struct rs_engine *e, struct leg *leg, int32_t template, const struct rs_sip_msg *last, uint8_t *out,
	size_t cap)
{
	struct rendering ctx;
	struct texts texts;

	fill_render(e, leg, leg->step, EVERY_SLOT, last ? last : leg_kept(e, leg), &ctx, &texts);
	return rs_template_render(&leg_activity(e, leg)->program->templates[template], &e->render, out, cap);
}

static uint32_t
cause_of(int rc)
{
	switch (rc) {
	case -EACCES:
		return RS_CAUSE_NOT_TARGET;
	case -EHOSTUNREACH:
		return RS_CAUSE_NO_ROUTE;
	default:
		return RS_CAUSE_NO_BUFFER;
	}
}

/* A scenario may write a response's CSeq as it likes: whether it answers the INVITE is seen in what was rendered. */
static bool
answers_invite(const uint8_t *data, size_t len)
{
	const uint8_t *at = memmem(data, len, "\nCSeq:", 6), *end;

	if (!at)
		return false;
	end = memchr(at + 1, '\n', (size_t)(data + len - at - 1));
	struct rs_sip_cseq cseq;
	struct rs_slice value = { at + 6, (size_t)((end ? end : data + len) - at - 6) };

	return rs_sip_cseq(rs_slice_trim(value), &cseq) == 0 && cseq.method == RS_SIP_INVITE;
}

/* Render into a buffer of the link and send it by the leg's path. @answer: NULL, or out: it answers an INVITE.
 * @return 0 or a cause */
static uint32_t
send_template(struct rs_engine *e, struct leg *leg, const struct rs_template *t, bool drop, bool *answer)
{
	struct rs_buf buf;
	int rc = e->link.take(e->link.ctx, &leg->path, &buf);

	if (rc)
		return cause_of(rc);
	int n = rs_template_render(t, &e->render, buf.data, buf.cap);

	if (n > 0 && answer)
		*answer = answers_invite(buf.data, (size_t)n);
	if (n < 0 || drop) {
		e->link.drop(e->link.ctx, &buf);
		return n < 0 ? RS_CAUSE_TOO_LONG : RS_CAUSE_NONE;
	}
	rc = e->link.send(e->link.ctx, &leg->path, &buf, (uint32_t)n);
	return rc ? cause_of(rc) : RS_CAUSE_NONE;
}

/* CSeq as SIPp counts it: every new request but ACK and CANCEL takes the next number. */
static void
number_request(struct leg *leg, const struct rs_step *s, bool again)
{
	if (s->status || again)
		return;
	if (s->method != RS_SIP_ACK && s->method != RS_SIP_CANCEL)
		leg->cseq++;
	if (s->method == RS_SIP_INVITE || s->method == RS_SIP_ACK)
		leg->invite_cseq = leg->cseq;
}

static void
note_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, bool answer)
{
	if (!(leg->flags & LEG_FIRST_SENT)) {
		leg->flags |= LEG_FIRST_SENT;
		if (leg->flags & LEG_UAC)
			stamp_add(e, leg, STAMP_LATENESS, 0);
	}
	if (s->status) {
		if (answer) {
			leg->flags |= LEG_SENT_2XX;
			leg_established(e, leg);
		}
	} else if (s->method == RS_SIP_INVITE) {
		leg->flags |= LEG_INVITED;
		leg->flags &= ~(uint32_t)(LEG_PROVISIONAL | LEG_ANSWERED | LEG_FINAL | LEG_ACKED | LEG_CANCELLED);
		leg->invite_step = (int16_t)step;
		if (!(leg->flags & LEG_ESTABLISHED))
			stamp_add(e, leg, STAMP_INVITE, 0);
	} else if (s->method == RS_SIP_ACK) {
		leg->flags |= LEG_ACKED;
	} else if (s->method == RS_SIP_BYE) {
		leg->flags |= LEG_ENDING;
		stamp_add(e, leg, STAMP_BYE, 0);
	} else if (s->method == RS_SIP_CANCEL) {
		leg->flags |= LEG_CANCELLED;
	} else if (!leg->request_ns && !(leg->flags & LEG_RESPONSE)) {
		stamp_add(e, leg, STAMP_REQUEST, 0);
	}
	if (s->rtd >= 0)
		stamp_add(e, leg, s->repeat_rtd ? STAMP_RTD_REPEAT : STAMP_RTD_STOP, s->rtd);
	if (s->start_rtd >= 0)
		stamp_add(e, leg, STAMP_RTD_START, s->start_rtd);
}

static void
arm_retransmission(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s)
{
	uint32_t node = leg_slot(e, leg) * TIMERS + TIMER_RETRANS;

	if (s->retrans_ns == 0) { /* one timer a call, for the last message sent: as SIPp */
		if (s->method != RS_SIP_ACK || leg->retrans_step < 0) {
			rs_wheel_cancel(&e->wheel, node);
			leg->retrans_step = -1;
		}
		return;
	}
	leg->retrans_step = (int16_t)step;
	leg->retrans_cseq = leg->cseq;
	leg->retrans_count = 0;
	leg->retrans_invite = s->status == 0 && s->method == RS_SIP_INVITE;
	leg->retrans_ns = s->retrans_ns;
	rs_wheel_arm(&e->wheel, node, e->now + s->retrans_ns);
}

/*
 * What answers the first copy of a message answers all: a request its response (180, then 200: the final one), a 2xx its ACK.
 * What merely follows does not: a BYE some time after the ACK, or the 487 to the INVITE behind the 200 to its CANCEL.
 */
static void
note_cause(struct leg *leg, uint32_t step, const struct rs_step *s, const struct rs_program *p)
{
	const struct rs_step *recv = &p->steps[leg->last_recv < 0 ? 0 : leg->last_recv];

	if (leg->last_recv < 0 || (recv->status == 0 && recv->method == RS_SIP_ACK))
		return;
	if (recv->status ? s->status || s->method != RS_SIP_ACK : !s->status)
		return;
	if (leg->cause_send >= 0 && leg->last_hash == leg->cause_hash &&
		(recv->status || p->steps[leg->cause_send].status >= 200))
		return;
	leg->cause_hash = leg->last_hash;
	leg->cause_send = (int16_t)step;
	leg->cause_recv = leg->last_recv;
}

/* SIPp's numbers: from 10000 on in steps of 4, up to 12000. */
static void
count_dynamic_id(struct rs_engine *e, const struct rs_template *t)
{
	for (uint32_t i = 0; i < t->n_ops; i++) {
		if (t->ops[i].slot != RS_SLOT_DYNAMIC_ID)
			continue;
		e->dynamic_id = e->dynamic_id < 12000 ? e->dynamic_id + 4 : 10000;
		return;
	}
}

int
leg_send(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_sip_msg *last, bool again)
{
	struct activity *a = leg_activity(e, leg);
	const struct rs_step *s = &a->program->steps[step];
	struct rs_metrics *cells = &a->account->steps[step];
	struct rendering ctx;
	struct texts texts;

	if (e->silent)
		return 0;
	number_request(leg, s, again);
	fill_render(e, leg, step, a->slots[s->template], last ? last : leg_kept(e, leg), &ctx, &texts);
	if (again && s->status == 0)
		e->render.cseq = s->method == RS_SIP_ACK || s->method == RS_SIP_CANCEL ? leg->invite_cseq : leg->retrans_cseq;

	bool drop = s->lost && chance(e, s->lost), answer = false;
	bool ask = !again && leg->invited_us && s->status / 100 == 2 && !(leg->flags & LEG_SENT_2XX);
	uint32_t cause = send_template(e, leg, &a->program->templates[s->template], drop, ask ? &answer : NULL);

	if (cause)
		return -(int)cause;
	if (a->wants_dynamic_id)
		count_dynamic_id(e, &a->program->templates[s->template]);
	if (drop) {
		rs_metric_inc(cells, RS_SM_LOST);
		rs_metric_inc(&a->account->cells, RS_AM_SIP_LOST);
	}
	rs_metric_inc(&a->account->cells, again ? RS_AM_SIP_RETRANSMITTED : RS_AM_SIP_SENT);
	rs_metric_inc(cells, again ? RS_SM_RETRANS : RS_SM_MESSAGES);
	if (again)
		return 0;
	note_cause(leg, step, s, a->program);
	note_sent(e, leg, step, s, answer);
	arm_retransmission(e, leg, step, s);
	return 0;
}

/*
 * One timer per call, doubling from `retrans`; requests other than INVITE, and responses, at most every T2. At the end of the
 * allowed number the call has failed.
 */
void
leg_retransmit(struct rs_engine *e, struct leg *leg)
{
	uint8_t max = leg->retrans_invite ? MAX_INVITE_RETRANS : MAX_OTHER_RETRANS;

	if (leg->retrans_step < 0)
		return;
	if (leg->retrans_count >= max) {
		leg_fail(e, leg, RS_CAUSE_RETRANSMISSIONS, true);
		return;
	}
	leg->retrans_count++;
	leg->retrans_ns *= 2;
	if (!leg->retrans_invite && leg->retrans_ns > T2_NS)
		leg->retrans_ns = T2_NS;
	rs_wheel_arm(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_RETRANS, e->now + leg->retrans_ns);
	leg_send(e, leg, (uint32_t)leg->retrans_step, NULL, true);
}

/*
 * @msg as if it went the other way: what our request says of From and To is what the peer's said of To and From, and the
 * templates are written for one of both.
 */
static const struct rs_sip_msg *
swap_ends(struct rs_engine *e, const struct rs_sip_msg *msg)
{
	int16_t from = msg->first[RS_HDR_FROM];

	e->swapped = *msg;
	e->swapped.first[RS_HDR_FROM] = msg->first[RS_HDR_TO];
	e->swapped.first[RS_HDR_TO] = from;
	return &e->swapped;
}

/* ACK to a refusal and CANCEL belong to the INVITE's transaction: its branch, Request-URI and number (RFC 3261, 9.1, 17.1.1.3). */
static void
render_in_invite(struct rs_engine *e, struct leg *leg, enum rs_sip_method method, const struct rs_sip_msg *last,
	struct texts *texts)
{
	struct rs_sip_addr to;
	struct rs_sip_cseq cseq;

	e->render.cseq = leg->invite_cseq;
	if (last && rs_sip_cseq(rs_sip_get(last, RS_HDR_CSEQ), &cseq) == 0 && cseq.method == RS_SIP_INVITE)
		e->render.cseq = cseq.number;
	if (leg->flags & LEG_ESTABLISHED) { /* a further INVITE went along the dialog's routes */
		e->render.next_url = target_text(e, leg, NULL, &e->render, texts);
		return;
	}
	e->render.routes = rs_slice_of(NULL, 0);
	if (method == RS_SIP_CANCEL) /* the INVITE's To had no tag (RFC 3261, 9.1) */
		e->render.peer_tag = rs_slice_of(NULL, 0);
	if (method == RS_SIP_ACK && last && rs_sip_get(last, RS_HDR_TO).p &&
		rs_sip_addr(rs_sip_get(last, RS_HDR_TO), &to) == 0)
		e->render.next_url = to.uri;
	else
		e->render.next_url = target_text(e, leg, NULL, &e->render, texts);
}

void
leg_send_own(struct rs_engine *e, struct leg *leg, int32_t template, enum rs_sip_method method,
	const struct rs_sip_msg *last)
{
	struct activity *a = leg_activity(e, leg);
	bool in_invite = method == RS_SIP_CANCEL || (method == RS_SIP_ACK && !(leg->flags & LEG_ANSWERED));
	uint32_t index = a->program->n_steps; /* of the branch: no step has this one */
	struct rendering ctx;
	struct texts texts;

	if (template < 0 || e->silent)
		return;
	last = last ? last : leg_kept(e, leg);
	if (last && (method == RS_SIP_BYE || method == RS_SIP_ACK) &&
		(last->status == 0) != (method == RS_SIP_BYE && a->program->is_server))
		last = swap_ends(e, last);
	if (method == RS_SIP_BYE)
		leg->cseq++;
	if (in_invite)
		index = (uint32_t)leg->invite_step;
	else if (method == RS_SIP_ACK)
		index++;
	fill_render(e, leg, index, EVERY_SLOT, last, &ctx, &texts);
	if (in_invite) {
		render_in_invite(e, leg, method, last, &texts);
	} else {
		e->render.next_url = target_text(e, leg, last, &e->render, &texts);
		if (method == RS_SIP_ACK)
			e->render.cseq = leg->invite_cseq;
	}
	if (send_template(e, leg, &a->program->templates[template], false, NULL) == RS_CAUSE_NONE)
		rs_metric_inc(&a->account->cells, RS_AM_SIP_SENT);
}

void
leg_hang_up(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last)
{
	const struct rs_program *p = leg_activity(e, leg)->program;
	bool placed = leg->flags & LEG_UAC, invited = leg->flags & LEG_INVITED;
	bool dialog = placed ? leg->flags & (LEG_ESTABLISHED | LEG_ANSWERED) :
			       (leg->flags & LEG_SENT_2XX) && (leg->flags & LEG_GOT_ACK);

	if (invited && (leg->flags & LEG_FINAL) && !(leg->flags & LEG_ACKED))
		leg_send_own(e, leg, p->abort_ack, RS_SIP_ACK, last);
	if (leg->flags & LEG_ENDING)
		return;
	if (dialog)
		leg_send_own(e, leg, p->abort_bye, RS_SIP_BYE, last);
	else if (placed && invited && (leg->flags & LEG_PROVISIONAL) && !(leg->flags & (LEG_FINAL | LEG_CANCELLED)))
		leg_send_own(e, leg, p->abort_cancel, RS_SIP_CANCEL, last);
}
