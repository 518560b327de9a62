/* SPDX-License-Identifier: BSD-3-Clause */
/* Client transactions: RFC 3261, 17.1, with the Accepted state of RFC 6026, 7.2. */
#include "engine/auth_retry.h"
#include "engine/dialog.h"
#include "engine/media_sdp.h"
#include "engine/render.h"


struct client *
client_invite(struct dialog *d)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].state && d->clients[i].method == RS_SIP_INVITE)
			return &d->clients[i];
	return NULL;
}

struct client *
client_find(struct dialog *d, uint32_t cseq, uint8_t method)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].state && d->clients[i].cseq == cseq && d->clients[i].method == method)
			return &d->clients[i];
	return NULL;
}

/* What a late copy of the answer to this INVITE will find. */
static uint64_t
branch_key(const struct rs_engine *e, const struct leg *leg, uint16_t number)
{
	uint8_t branch[16 + RS_TOKEN_LEN];

	return rs_hash(branch, branch_text(leg, number, branch), e->hash_seed);
}

/* The call is about to end, and with it the INVITE's transaction. */
static void
client_foresee_end(const struct rs_engine *e, const struct leg *leg, const struct client *invite)
{
	tombs_prefetch(&e->tombs, branch_key(e, leg, invite->branch));
}

static void
bury_as(struct rs_engine *e, const struct leg *leg, const struct client *c, enum tomb_kind kind)
{
	struct tomb t = { .kind = (uint8_t)kind, .peer_tag = leg->remote_tag };

	t.hash = branch_key(e, leg, c->branch);
	tombs_add(&e->tombs, e->now, t);
}

struct client *
client_open(struct rs_engine *e, struct leg *leg, uint8_t method, int16_t step, uint32_t cseq, uint16_t branch)
{
	struct dialog *d = leg_dialog(e, leg);
	struct client *c = method == RS_SIP_INVITE ? client_invite(d) : NULL;
	uint64_t t1 = e->plan->t1_ns;
	bool stream = rs_transport_is_stream(leg->path.transport); /* timers A and E are for datagrams: 17.1.1.2, 17.1.2.2 */

	if (c && c->state >= TXN_COMPLETED)
		bury_as(e, leg, c, c->state == TXN_COMPLETED ? TOMB_REFUSED : TOMB_ACCEPTED);
	for (unsigned i = 0; i < CLIENTS && !c; i++)
		if (!d->clients[i].state)
			c = &d->clients[i];
	if (!c) /* a scenario that sends on without waiting: the oldest of its requests is no longer repeated */
		for (unsigned i = 0; i < CLIENTS; i++)
			if (d->clients[i].method != RS_SIP_INVITE && (!c || d->clients[i].give_up_ns < c->give_up_ns))
				c = &d->clients[i];
	*c = (struct client){
		.due_ns = stream ? 0 : e->now + t1,
		.give_up_ns = e->now + 64 * t1,
		.interval_ns = t1,
		.cseq = cseq,
		.branch = branch,
		.step = step,
		.state = TXN_TRYING,
		.method = method,
	};
	rfc_due(e, leg, stream ? c->give_up_ns : c->due_ns);
	return c;
}

bool
client_may_send(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct client *invite = client_invite(d);

	if (s->method == RS_SIP_ACK)
		return !invite || invite->state != TXN_COMPLETED;
	if (s->method != RS_SIP_CANCEL)
		return true;
	if (!invite || invite->state > TXN_PROCEEDING)
		return false;
	if (invite->state == TXN_TRYING) { /* RFC 3261, 9.1 */
		d->flags |= DIALOG_CANCEL_WANTED;
		return false;
	}
	return true;
}

void
client_prepare(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct client *again, struct texts *t)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct client *invite = client_invite(d);
	uint16_t number;

	if (again) {
		number = again->branch;
		e->render.cseq = again->cseq;
	} else if (s->method == RS_SIP_ACK && invite) {
		if (!(d->flags & DIALOG_ACK_SENT))
			d->ack_branch = ++d->branches;
		number = d->ack_branch;
		e->render.cseq = invite->cseq;
	} else if (s->method == RS_SIP_CANCEL && invite) {
		number = invite->branch;
		e->render.cseq = invite->cseq;
	} else {
		number = ++d->branches;
	}
	e->render.branch = rs_slice_of(t->branch, branch_text(leg, number, t->branch));
	e->render.branch_whole = true;
	if (s->method != RS_SIP_CANCEL && (s->method != RS_SIP_INVITE || (leg->flags & LEG_ESTABLISHED)))
		e->path = dialog_path(e, leg);
}

void
client_begin_invite(const struct leg *leg, struct dialog *d)
{
	d->flags &= (uint16_t)~(DIALOG_ACK_SENT | DIALOG_CANCEL_WANTED | DIALOG_ANSWER_GOT);
	d->ack_step = OWN_NONE;
	memset(d->peer_rseq, 0, sizeof(d->peer_rseq)); /* each INVITE has its own (RFC 3262, 3) */
	if (!(leg->flags & LEG_ESTABLISHED))
		d->n_forks = 0;
}

void
client_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, const struct sent *sent)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct client *invite = client_invite(d);
	uint32_t cseq = sent->cseq.method == s->method ? sent->cseq.number : leg->cseq;
	uint16_t branch = d->branches;

	if (s->method == RS_SIP_ACK) {
		d->flags |= DIALOG_ACK_SENT;
		d->ack_step = (int16_t)step;
		if (leg_play(e, leg)->facts[s->template].body) /* the offer was the peer's */
			d->sdp_step = (int16_t)step;
		return;
	}
	if (s->method == RS_SIP_CANCEL && invite)
		branch = invite->branch;
	if (s->method == RS_SIP_INVITE) {
		client_begin_invite(leg, d);
		if (leg_play(e, leg)->facts[s->template].body)
			d->sdp_step = (int16_t)step;
	}
	client_open(e, leg, s->method, (int16_t)step, cseq, branch);
	if (s->method == RS_SIP_BYE && invite)
		client_foresee_end(e, leg, invite);
	if (s->method == RS_SIP_CANCEL && invite)
		client_find(d, invite->cseq, RS_SIP_INVITE)->give_up_ns = e->now + 64 * e->plan->t1_ns; /* 9.1 */
}

/* --- what comes back --- */

static void
count_repeated(struct rs_engine *e, struct leg *leg)
{
	rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_RETRANS_RECEIVED);
}

/* @return which branch it is; FORKS: there are more than are told apart */
static unsigned
note_fork(struct dialog *d, uint32_t tag)
{
	for (unsigned i = 0; i < d->n_forks; i++)
		if (d->forks[i] == tag)
			return i;
	if (d->n_forks == FORKS)
		return FORKS;
	d->forks[d->n_forks] = tag;
	return d->n_forks++;
}

static bool
take_provisional(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_rx *rx,
	const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	uint32_t cause;

	if (c->state >= TXN_COMPLETED) {
		rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_REORDERED);
		return false;
	}
	latency_response(e, leg, rx, msg->status, RS_SIP_INVITE);
	c->state = TXN_PROCEEDING;
	c->due_ns = 0;
	if (!(leg->flags & LEG_CANCELLED))
		c->give_up_ns = 0;
	leg->flags |= LEG_PROVISIONAL;
	if (d->flags & DIALOG_CANCEL_WANTED) {
		d->flags &= (uint16_t)~DIALOG_CANCEL_WANTED;
		client_own(e, leg, OWN_CANCEL, 0);
	}
	if (msg->status == 100 || tag.len == 0)
		return true;
	unsigned fork = note_fork(d, (uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1);

	cause = dialog_learn(e, leg, msg);
	if (cause == RS_CAUSE_TOO_LONG && !(leg->flags & LEG_LINGERING)) {
		leg_fail(e, leg, cause, true);
		return false;
	}
	if (leg_has_media(leg) && !sdp_hears(e, leg, msg, cseq))
		return false;
	return ua_provisional(e, leg, msg, fork);
}

static bool
take_success(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	uint32_t hash = (uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1;

	if (c->state >= TXN_COMPLETED) {
		if (c->state == TXN_ACCEPTED && (!tag.len || hash == leg->remote_tag)) { /* no tag: no fork */
			count_repeated(e, leg);
			if (d->ack_step >= 0)
				leg_send(e, leg, (uint32_t)d->ack_step, msg, true);
			else if (d->flags & DIALOG_ACK_SENT)
				client_own_ack(e, leg);
		} else { /* another branch of a fork answered, too (13.2.2.4) */
			rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_FORKS_ENDED);
			stray_end(e, rx, msg, cseq, true);
		}
		return false;
	}
	latency_response(e, leg, rx, msg->status, RS_SIP_INVITE);
	c->state = TXN_ACCEPTED;
	c->due_ns = c->give_up_ns = 0;
	note_fork(d, hash);
	uint32_t cause = dialog_learn(e, leg, msg);

	leg->flags |= LEG_ANSWERED | LEG_FINAL;
	leg->flags &= ~(uint32_t)LEG_ACKED;
	leg_established(e, leg);
	if (cause == RS_CAUSE_TOO_LONG && !(leg->flags & LEG_LINGERING)) { /* without its routes nothing in the dialog would arrive */
		leg_fail(e, leg, cause, true);
		return false;
	}
	if (leg_has_media(leg) && !sdp_hears(e, leg, msg, cseq))
		return false;
	ua_established(e, leg, msg);
	if (c->step >= 0)
		return true;
	client_own_ack(e, leg); /* a session refresh of our own */
	return false;
}

static bool
take_refusal(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	if (c->state >= TXN_COMPLETED) {
		count_repeated(e, leg);
		if (c->state == TXN_COMPLETED)
			client_acknowledge(e, leg, c, msg, true);
		return false;
	}
	c->state = TXN_COMPLETED;
	c->due_ns = c->give_up_ns = 0;
	leg->flags |= LEG_FINAL | LEG_ACKED;
	client_acknowledge(e, leg, c, msg, false);
	if (leg_has_media(leg))
		sdp_refused(e, leg, RS_SIP_INVITE);
	if (auth_retry(e, leg, c, msg) || ua_refused(e, leg, c, msg))
		return false;
	latency_response(e, leg, rx, msg->status, RS_SIP_INVITE);
	return c->step >= 0;
}

static bool
take_other(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	if (msg->status < 200) {
		c->state = TXN_PROCEEDING;
		c->interval_ns = e->plan->t2_ns; /* 17.1.2.2 */
		c->due_ns = rs_transport_is_stream(leg->path.transport) ? 0 : e->now + c->interval_ns;
		return c->step >= 0;
	}
	struct client done = *c;

	c->state = TXN_FREE;
	if (leg_has_media(leg) && msg->status >= 300)
		sdp_refused(e, leg, done.method);
	if (auth_retry(e, leg, &done, msg))
		return false;
	if (leg_has_media(leg) && msg->status < 300 && !sdp_hears(e, leg, msg, cseq))
		return false;
	latency_response(e, leg, rx, msg->status, (enum rs_sip_method)done.method);
	if (msg->status < 300 && done.method == RS_SIP_UPDATE)
		dialog_refresh_target(e, leg, msg);
	if (done.step < 0 && done.step != OWN_CANCEL) {
		ua_answered(e, leg, &done, msg);
		return false;
	}
	return true;
}

/* Branches that a scenario wrote itself tell nothing; ours end with the number of their transaction. */
static bool
is_its_branch(const struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
	struct rs_slice got = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));
	uint8_t text[16 + RS_TOKEN_LEN];

	if (stray_branch(got))
		return false;
	if (got.len < 7 + RS_TOKEN_LEN || memcmp(got.p + 7, leg->token, RS_TOKEN_LEN) != 0)
		return true;
	return rs_slice_eq(got, rs_slice_of(text, branch_text(leg, c->branch, text)));
}

bool
client_response(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct client *c = client_find(leg_dialog(e, leg), cseq->number, cseq->method);

	if (!c || !is_its_branch(leg, c, msg)) { /* its transaction is over, or it is that of a fork which was hung up */
		if (!stray_response(e, rx, msg, cseq))
			count_repeated(e, leg);
		return false;
	}
	if (c->method != RS_SIP_INVITE)
		return take_other(e, leg, c, rx, msg, cseq);
	if (msg->status < 200)
		return take_provisional(e, leg, c, rx, msg, cseq);
	if (msg->status < 300)
		return take_success(e, leg, c, rx, msg, cseq);
	return take_refusal(e, leg, c, rx, msg);
}

/* --- timers --- */

static void
send_again(struct rs_engine *e, struct leg *leg, struct client *c)
{
	c->interval_ns *= 2;
	if (c->method != RS_SIP_INVITE && c->interval_ns > e->plan->t2_ns)
		c->interval_ns = e->plan->t2_ns;
	c->due_ns += c->interval_ns;
	if (c->due_ns <= e->now) /* after a stall: the spacing is what matters */
		c->due_ns = e->now + c->interval_ns;
	if (c->step < 0) {
		client_transmit(e, leg, c, true);
		return;
	}
	e->again = c;
	leg_send(e, leg, (uint32_t)c->step, NULL, true);
	e->again = NULL;
}

/* Timer B or F. */
static void
give_up(struct rs_engine *e, struct leg *leg, struct client *c)
{
	struct client done = *c;

	if (c->method == RS_SIP_INVITE) /* a 2xx that comes after all is hung up */
		bury_as(e, leg, c, TOMB_REFUSED);
	c->state = TXN_FREE;
	if (leg->flags & LEG_LINGERING)
		return;
	if (done.step < 0)
		ua_gave_up(e, leg, &done);
	else if (done.method != RS_SIP_CANCEL)
		leg_timed_out(e, leg);
}

bool
client_timers(struct rs_engine *e, struct leg *leg)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];
	struct dialog *d = leg_dialog(e, leg);

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &d->clients[i];

		if (!c->state)
			continue;
		if (c->give_up_ns && c->give_up_ns <= e->now) {
			give_up(e, leg, c);
			if (e->legs.generation[slot] != generation)
				return false;
		} else if (c->due_ns && c->due_ns <= e->now) {
			send_again(e, leg, c);
		}
	}
	return true;
}

bool
client_outstanding(const struct dialog *d)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].state == TXN_TRYING || d->clients[i].state == TXN_PROCEEDING)
			return true;
	return false;
}

void
client_bury(struct rs_engine *e, const struct leg *leg)
{
	const struct dialog *d = leg_dialog(e, leg);

	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].state >= TXN_COMPLETED)
			bury_as(e, leg, &d->clients[i], d->clients[i].state == TXN_COMPLETED ? TOMB_REFUSED : TOMB_ACCEPTED);
}
