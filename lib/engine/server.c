/* SPDX-License-Identifier: BSD-3-Clause */
/* Server transactions: RFC 3261, 17.2, with the Accepted state of RFC 6026, 7.1; and the user agent's part in 13.3.1. */
#include "engine/dialog.h"
#include "engine/media_sdp.h"
#include "engine/render.h"
#include "engine/ua.h"

#define TRYING_NS (200 * RS_NS_PER_MS) /* RFC 3261, 17.2.1 */

/*
 * RFC 3261, 17.2.3: branch, sent-by and method; the method of an ACK is that of its INVITE. Senders of before RFC 3261 have no
 * branch of the kind: their Call-ID and number stand for it.
 */
static uint64_t
make_key(const struct rs_engine *e, const struct rs_sip_msg *msg, uint8_t method)
{
	struct rs_slice via = rs_sip_get(msg, RS_HDR_VIA), branch = rs_sip_branch(via);
	const uint8_t *semi = memchr(via.p, ';', via.len);
	uint64_t key = rs_hash(via.p, semi ? (size_t)(semi - via.p) : via.len, e->hash_seed + method);

	if (branch.len > 7 && memcmp(branch.p, "z9hG4bK", 7) == 0)
		return rs_hash(branch.p, branch.len, key);
	struct rs_slice id = rs_sip_get(msg, RS_HDR_CALL_ID), value = rs_sip_get(msg, RS_HDR_CSEQ);
	struct rs_sip_cseq cseq;

	return rs_hash(id.p, id.len, key + (rs_sip_cseq(value, &cseq) == 0 ? cseq.number : 0));
}

uint64_t
server_key(struct rs_engine *e, const struct rs_sip_msg *msg)
{
	if (!e->key)
		e->key = make_key(e, msg, msg->method) | 1;
	return e->key;
}

struct server *
server_invite(struct dialog *d)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state && d->servers[i].method == RS_SIP_INVITE)
			return &d->servers[i];
	return NULL;
}

static struct server *
server_find(struct dialog *d, uint64_t key)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state && d->servers[i].key == key)
			return &d->servers[i];
	return NULL;
}

struct server *
server_answered(struct dialog *d, const struct rs_sip_cseq *cseq)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state && d->servers[i].cseq == cseq->number && d->servers[i].method == cseq->method)
			return &d->servers[i];
	return NULL;
}

static void
bury(struct rs_engine *e, const struct leg *leg, const struct server *s)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];

	tombs_add(&e->tombs, e->now,
		(struct tomb){
			.hash = s->key,
			.handle = rs_handle_make(slot, (uint16_t)generation, (uint8_t)e->worker, RS_KIND_LEG),
			.aux = (uint16_t)(generation >> 16),
			.status = s->status,
			.kind = s->method == RS_SIP_INVITE ? TOMB_ABSORB : TOMB_ANSWER,
		});
}

static struct server *
finished_update(struct dialog *d)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state == TXN_COMPLETED && d->servers[i].method == RS_SIP_UPDATE)
			return &d->servers[i];
	return NULL;
}

static struct server *
server_open(struct rs_engine *e, struct leg *leg, uint64_t key, uint8_t method, uint32_t cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	struct server *s = method == RS_SIP_INVITE ? server_invite(d) : method == RS_SIP_UPDATE ? finished_update(d) : NULL;

	if (s && s->state >= TXN_COMPLETED) /* a further one in the dialog: the one before is done with */
		bury(e, leg, s);
	for (unsigned i = 0; i < SERVERS && !s; i++)
		if (!d->servers[i].state)
			s = &d->servers[i];
	for (unsigned i = 0; i < SERVERS && !s; i++) /* what only waits for copies gives way first */
		if (d->servers[i].method != RS_SIP_INVITE && d->servers[i].state >= TXN_COMPLETED) {
			s = &d->servers[i];
			bury(e, leg, s);
		}
	for (unsigned i = 0; i < SERVERS && !s; i++) /* more than any peer has under way */
		if (d->servers[i].method != RS_SIP_INVITE)
			s = &d->servers[i];
	*s = (struct server){ .key = key, .cseq = cseq, .step = OWN_NONE, .state = TXN_TRYING, .method = method };
	return s;
}

/* --- sending --- */

bool
server_may_send(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	const struct dialog *d = leg_dialog(e, leg);

	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state == TXN_TRYING || d->servers[i].state == TXN_PROCEEDING)
			return true;
	return false;
}

static void
begin_answering(struct rs_engine *e, struct leg *leg, uint16_t status)
{
	struct dialog *d = leg_dialog(e, leg);

	d->answer_interval_ns = e->plan->t1_ns;
	d->answer_ns = e->now + d->answer_interval_ns;
	d->answer_give_up_ns = e->now + 64 * e->plan->t1_ns;
	if (status >= 300 && rs_transport_is_stream(leg->path.transport)) /* no timer G (17.2.1); a 2xx goes again: 13.3.1.4 */
		d->answer_ns = d->answer_give_up_ns;
	rfc_due(e, leg, d->answer_ns);
}

/* Does the answer say what a tombstone does not know: a session description, the session timer? */
static bool
says_more(const struct rs_engine *e, const struct leg *leg, const struct server *s)
{
	if (s->method == RS_SIP_PRACK && leg_has_own_sdp(e, leg) && sdp_answers(e, leg))
		return true;
	return s->method == RS_SIP_UPDATE || (s->step >= 0 && leg_facts(e, leg, s->step)->body);
}

void
server_note(struct rs_engine *e, struct leg *leg, struct server *s, uint16_t status, int16_t step)
{
	struct dialog *d = leg_dialog(e, leg);

	s->status = status;
	s->step = step;
	if (s->method == RS_SIP_INVITE)
		d->trying_ns = 0;
	if (status < 200) {
		s->state = TXN_PROCEEDING;
	} else if (s->method != RS_SIP_INVITE && status < 300 && says_more(e, leg, s)) {
		s->state = TXN_COMPLETED; /* a copy gets it whole, as long as the call lasts */
	} else if (s->method != RS_SIP_INVITE) {
		bury(e, leg, s);
		s->state = TXN_FREE;
	} else {
		s->state = status < 300 ? TXN_ACCEPTED : TXN_COMPLETED;
		d->rel_ns = 0; /* not said again, but its PRACK may still come (RFC 3262, 3) */
		if (status < 300)
			d->flags |= DIALOG_CONFIRMED;
		begin_answering(e, leg, status);
	}
}

void
server_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, const struct sent *sent)
{
	struct dialog *d = leg_dialog(e, leg);
	struct server *server = server_answered(d, &sent->cseq);

	if (!server || server->state >= TXN_COMPLETED)
		return;
	const uint8_t method = server->method;

	server_note(e, leg, server, s->status, (int16_t)step);
	if (method != RS_SIP_INVITE && method != RS_SIP_UPDATE)
		return;
	bool body = leg_play(e, leg)->facts[s->template].body;

	if (s->status < 300 && body)
		d->sdp_step = (int16_t)step;
	if (method == RS_SIP_INVITE && s->status < 200 && (rel_sends(e, leg, s->status) || sent->rseq))
		rel_sent(e, leg, sent->rseq, body);
	if (s->status / 100 == 2)
		session_begin(e, leg);
}

void
server_put_aside(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct server *s = server_invite(d);

	if (!s || d->invite.class || !leg->kept.class || leg->last_recv < 0 || s->state == TXN_CONFIRMED ||
		(s->state == TXN_ACCEPTED && d->answer_ns == 0))
		return;
	const struct rs_step *recv = &leg_program(e, leg)->steps[leg->last_recv];

	if (recv->status || recv->method != RS_SIP_INVITE)
		return;
	d->invite = leg->kept;
	d->invite_recv = leg->last_recv;
	leg->kept = (struct rs_blob){ 0 };
}

/* --- receiving --- */

static void
answer_again(struct rs_engine *e, struct leg *leg, const struct server *s, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_blob kept = leg->kept;
	int16_t recv = leg->last_recv;

	if (s->step < 0) {
		ua_answer(e, leg, msg, s->status);
		return;
	}
	if (!msg && d->invite.class) {
		leg->kept = d->invite;
		leg->last_recv = d->invite_recv;
	}
	leg_send(e, leg, (uint32_t)s->step, msg, true);
	leg->kept = kept;
	leg->last_recv = recv;
}

static void
repeated(struct rs_engine *e, struct leg *leg, const struct server *s, const struct rs_sip_msg *msg)
{
	rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_RETRANS_RECEIVED);
	if (s->method == RS_SIP_INVITE && s->status == 0)
		server_own(e, leg, msg, 100, "", rs_slice_of(NULL, 0));
	else if (s->status && s->state != TXN_ACCEPTED && s->state != TXN_CONFIRMED)
		answer_again(e, leg, s, msg);
}

static void
stop_answering(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	d->answer_ns = d->answer_give_up_ns = 0;
	rs_blob_clear(&e->blobs, &d->invite);
}

static bool
take_ack(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	struct server *s = server_invite(d);

	if (!s || s->cseq != cseq->number || s->state < TXN_COMPLETED)
		return false;
	if (s->state == TXN_CONFIRMED || d->answer_ns == 0) {
		rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_RETRANS_RECEIVED);
		return false;
	}
	stop_answering(e, leg);
	if (s->state == TXN_COMPLETED)
		s->state = TXN_CONFIRMED;
	else
		leg->flags |= LEG_GOT_ACK;
	if (leg_has_media(leg) && s->state == TXN_ACCEPTED) {
		if (!sdp_hears(e, leg, msg, cseq))
			return false;
		sdp_confirmed(e, leg);
	}
	if (d->flags & DIALOG_BYE_WANTED) {
		d->flags &= (uint16_t)~DIALOG_BYE_WANTED;
		client_own(e, leg, OWN_BYE, 0);
		return false;
	}
	return s->step >= 0;
}

/* @return true when the CANCEL means something: its INVITE has no final answer yet (9.2) */
static bool
take_cancel(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	const struct server *s = server_invite(leg_dialog(e, leg));

	if (s && s->key != (make_key(e, msg, RS_SIP_INVITE) | 1)) /* of none that we know */
		s = NULL;
	if (!s)
		server_own(e, leg, msg, 481, "", rs_slice_of(NULL, 0));
	else if (s->state >= TXN_COMPLETED)
		server_own(e, leg, msg, 200, "", rs_slice_of(NULL, 0));
	return s && s->state < TXN_COMPLETED;
}

/* Requests that a dialog refuses before anybody looks at what they want. @return the status, 0: none */
static uint16_t
refused(const struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	bool inside = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)).len > 0;
	const struct server *invite = server_invite(d);

	/* Merged: it came along another way, too (8.2.2.2). Not so one that tries again, with credentials, what was refused. */
	if (!inside && invite && msg->method == RS_SIP_INVITE && (cseq->number <= invite->cseq || invite->status < 300))
		return 482;
	if (inside && d->remote_cseq && cseq->number < d->remote_cseq)
		return 500; /* out of order (12.2.2); proxies that ask whether we are still there take the last number again */
	if (msg->method != RS_SIP_INVITE)
		return 0;
	if (invite && invite->state < TXN_COMPLETED)
		return 500; /* a second INVITE before the first is answered (14.2) */
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].method == RS_SIP_INVITE &&
			(d->clients[i].state == TXN_TRYING || d->clients[i].state == TXN_PROCEEDING))
			return 491; /* both sides at once (14.2) */
	return 0;
}

bool
server_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);
	bool ours = dialog_has(e, leg, msg);
	uint64_t key;
	uint16_t status;
	uint32_t cause;

	if (msg->method == RS_SIP_ACK)
		return ours && take_ack(e, leg, msg, cseq);
	key = server_key(e, msg);
	reply_path(rx, msg, &d->reply);
	if (!ours) {
		rs_metric_inc(e->cells, RS_ENG_OTHER_DIALOG);
		server_refuse(e, leg, msg, 481);
		return false;
	}
	struct server *s = server_find(d, key);

	if (s) {
		if (s->method == RS_SIP_INVITE)
			d->invite_reply = d->reply;
		repeated(e, leg, s, msg);
		return false;
	}
	/* Of a transaction that is over, while the call is not? A number that has not been yet is of none. */
	if ((cseq->number <= d->remote_cseq || msg->method == RS_SIP_CANCEL) && stray_request(e, rx, msg, cseq))
		return false;
	status = msg->method == RS_SIP_CANCEL ? 0 : refused(e, leg, msg, cseq);
	if (status) { /* without a transaction: asked again it says the same again */
		server_refuse(e, leg, msg, status);
		return false;
	}
	server_open(e, leg, key, msg->method, cseq->number);
	if (msg->method == RS_SIP_CANCEL)
		return take_cancel(e, leg, msg);
	if (cseq->number > d->remote_cseq)
		d->remote_cseq = cseq->number;
	if (msg->method == RS_SIP_INVITE) {
		d->invite_reply = d->reply;
		d->flags &= (uint16_t)~DIALOG_ANSWER_SENT;
		d->trying_ns = e->now + TRYING_NS;
		rfc_due(e, leg, d->trying_ns);
		stop_answering(e, leg);
		cause = dialog_learn(e, leg, msg);
		if (cause) {
			server_own(e, leg, msg, cause == RS_CAUSE_TOO_LONG ? 513 : 500, "", rs_slice_of(NULL, 0));
			leg_fail(e, leg, cause, false);
			return false;
		}
	} else if (msg->method == RS_SIP_UPDATE) {
		dialog_refresh_target(e, leg, msg);
	} else if (msg->method == RS_SIP_BYE) {
		d->session_ns = 0;
		d->answer_ns = d->answer_give_up_ns = 0; /* whoever hangs up has had our 2xx */
		d->flags &= (uint16_t)~DIALOG_BYE_WANTED;
	}
	return ua_admits(e, leg, msg) && (!leg_has_media(leg) || sdp_hears(e, leg, msg, cseq));
}

void
server_repeat(struct rs_engine *e, struct leg *leg)
{
	const struct server *s = server_invite(leg_dialog(e, leg));

	if (s && s->status)
		answer_again(e, leg, s, NULL);
}

/* --- timers --- */

/* Timer H, or no ACK to a 2xx: then the dialog is ended with a BYE (13.3.1.4). @return false when the leg is gone */
static bool
answer_given_up(struct rs_engine *e, struct leg *leg, struct server *s)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];

	stop_answering(e, leg);
	if (s->state == TXN_COMPLETED)
		s->state = TXN_CONFIRMED;
	if (leg_dialog(e, leg)->flags & DIALOG_BYE_WANTED) {
		leg_dialog(e, leg)->flags &= (uint16_t)~DIALOG_BYE_WANTED;
		client_own(e, leg, OWN_BYE, 0);
	} else if (!(leg->flags & LEG_LINGERING)) {
		leg_fail(e, leg, RS_CAUSE_TIMEOUT, true);
	}
	return e->legs.generation[slot] == generation;
}

bool
server_timers(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct server *s = server_invite(d);

	if (d->trying_ns && d->trying_ns <= e->now) {
		d->trying_ns = 0;
		if (s && s->state == TXN_TRYING)
			server_own(e, leg, NULL, 100, "", rs_slice_of(NULL, 0));
	}
	if (!rel_timer(e, leg))
		return false;
	if (!s || !d->answer_ns)
		return true;
	if (d->answer_give_up_ns <= e->now)
		return answer_given_up(e, leg, s);
	if (d->answer_ns > e->now)
		return true;
	d->answer_interval_ns *= 2;
	if (d->answer_interval_ns > e->plan->t2_ns)
		d->answer_interval_ns = e->plan->t2_ns;
	d->answer_ns += d->answer_interval_ns;
	if (d->answer_ns <= e->now)
		d->answer_ns = e->now + d->answer_interval_ns;
	answer_again(e, leg, s, NULL);
	return true;
}

bool
server_outstanding(const struct dialog *d)
{
	return d->answer_ns != 0;
}

void
server_bury(struct rs_engine *e, const struct leg *leg)
{
	const struct dialog *d = leg_dialog(e, leg);

	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].state >= TXN_COMPLETED)
			bury(e, leg, &d->servers[i]);
}
