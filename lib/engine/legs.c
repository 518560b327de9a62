/* SPDX-License-Identifier: BSD-3-Clause */
/* What a leg notes for its half, and the half's way to the worker that matches it. */
#include "engine/legs.h"
#include "engine/media_sdp.h"

#include <errno.h>

#include "engine/bus.h"

#define NO_KEY 1 /* its INVITE has nothing to be matched by */
#define HALVES_LEAST 4096
#define HALVES_MOST (1u << 20)

/* Is group @g called by an activity of the plan (@called), or answered by one? */
static bool
group_is_used(const struct rs_plan *plan, uint32_t g, bool called)
{
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];

		if (called ? a->kind == RS_DO_CALL && a->to_group == (int32_t)g : a->kind == RS_DO_ANSWER && a->from == g)
			return true;
	}
	return false;
}

bool
rs_engine_matches_legs(const struct rs_plan *plan, uint32_t activity)
{
	const struct rs_plan_activity *a = &plan->activities[activity];
	int32_t g = a->kind == RS_DO_ANSWER ? (int32_t)a->from : a->to_group;

	if (plan->legs == RS_LEGS_NONE || (a->kind != RS_DO_CALL && a->kind != RS_DO_ANSWER))
		return false;
	if (plan->legs != RS_LEGS_AUTO)
		return true;
	/* One user for all of a group says nothing about which of them it is. */
	if (g < 0 || (plan->groups[g].user.what == 0 && plan->groups[g].count > 1))
		return false;
	return group_is_used(plan, (uint32_t)g, true) && group_is_used(plan, (uint32_t)g, false);
}

static bool
is_on(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (rs_engine_matches_legs(plan, i))
			return true;
	return false;
}

/* Most pairs meet at once; placed calls that nobody got wait as long as one that is still on its way could. */
static uint32_t
halves_needed(const struct rs_plan *plan)
{
	double n = plan_rate(plan) * 64 * (double)plan->t1_ns / RS_NS_PER_S + 2 * (double)plan->max_calls;

	n = n * (plan->n_workers > 1 ? 1.5 : 1) / plan->n_workers;
	return n < HALVES_LEAST ? HALVES_LEAST : n > HALVES_MOST ? HALVES_MOST : (uint32_t)n;
}

uint64_t
legs_reserve(const struct rs_plan *plan, uint64_t legs)
{
	if (!is_on(plan))
		return 0;
	return legs * sizeof(struct leg_times) + sizeof(struct matcher) + MAX_LATE * sizeof(struct late) +
		halves_reserve(halves_needed(plan)) + legs_sdp_reserve(plan, legs, halves_needed(plan));
}

int
legs_setup(struct rs_engine *e, uint32_t legs)
{
	struct matcher *m;

	if (!is_on(e->plan))
		return 0;
	m = rs_arena_alloc(&e->arena, sizeof(*m), 64);
	if (!m)
		return -ENOMEM;
	m->by = (enum rs_legs_key)e->plan->legs;
	if (e->plan->legs_header)
		m->header = rs_slice_str(e->plan->legs_header);
	m->window_ns = 64 * e->plan->t1_ns;
	m->times = rs_arena_alloc(&e->arena, legs * sizeof(*m->times), 64);
	m->late = rs_arena_alloc(&e->arena, MAX_LATE * sizeof(*m->late), 64);
	if (!m->times || !m->late || halves_init(m, &e->arena, halves_needed(e->plan)) != 0)
		return -ENOMEM;
	e->matcher = m;
	return legs_sdp_setup(e, legs, m->cap);
}

static uint64_t
key_of(const struct rs_engine *e, const uint8_t *data, size_t len)
{
	const struct matcher *m = e->matcher;
	struct rs_slice text = legs_key_text(m->by, m->header, rs_slice_of(data, len));
	uint64_t key;

	if (text.len == 0)
		return NO_KEY;
	key = rs_hash(text.p, text.len, e->hash_seed);
	return key > NO_KEY ? key : NO_KEY + 1;
}

static struct leg_times *
times_of(const struct rs_engine *e, const struct leg *leg)
{
	return &e->matcher->times[leg_slot(e, leg)];
}

void
legs_sent_invite(struct rs_engine *e, const struct leg *leg, const uint8_t *data, size_t len)
{
	if (len > 7 && memcmp(data, "INVITE ", 7) == 0)
		times_of(e, leg)->key = key_of(e, data, len);
}

void
legs_received(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct leg_times *t = times_of(e, leg);
	bool placed = leg->flags & LEG_UAC;

	if (leg->media != NO_MEDIA)
		legs_sdp_note(e, leg, false, msg->status ? (uint8_t)cseq->method : msg->method, msg->status, sdp_body(msg));
	if (msg->status) {
		if (msg->status / 100 == 2 && cseq->method == RS_SIP_INVITE && placed && !t->ok_ns)
			t->ok_ns = rx->time_ns;
	} else if (msg->method == RS_SIP_INVITE) {
		if (placed || (leg->flags & LEG_ESTABLISHED))
			return;
		if (!t->key)
			t->key = key_of(e, rx->data, rx->len);
		else if (cseq->number <= leg->last_cseq) /* it came again: not so one with credentials, sent again as well */
			return;
		leg->invite_ns = rx->time_ns;
	} else if (msg->method == RS_SIP_BYE && !t->bye_sent && (!t->bye_ns || cseq->number > leg->last_cseq)) {
		t->bye_ns = rx->time_ns;
	}
}

static void
post(struct rs_engine *e, const struct half *h, struct leg_sdp *sdp)
{
	uint32_t to = e->bus ? (uint32_t)h->key % e->plan->n_workers : e->worker;

	if (to == e->worker) {
		legs_match(e, h, sdp);
		return;
	}
	if (!legs_sdp_post(e, to, h->key, sdp))
		rs_metric_inc(e->cells, RS_ENG_BUS_FULL);
	struct rs_mail mail = { .type = RS_BUS_LEG, .from = (uint16_t)e->worker, .request = h->heard, .handle = h->key,
		.arg = { h->invite_ns, h->ok_ns, h->bye_ns, h->end_ns,
			(uint64_t)h->endpoint << 32 | (uint64_t)h->activity << 16 | h->flags } };

	if (!rs_bus_tell(e->bus, e->worker, to, &mail))
		rs_metric_inc(e->cells, RS_ENG_BUS_FULL);
}

void
legs_heard(struct rs_engine *e, const struct rs_mail *mail)
{
	struct half h = { .key = mail->handle, .invite_ns = mail->arg[0], .ok_ns = mail->arg[1], .bye_ns = mail->arg[2],
		.end_ns = mail->arg[3], .endpoint = (uint32_t)(mail->arg[4] >> 32), .activity = (uint16_t)(mail->arg[4] >> 16),
		.flags = (uint16_t)mail->arg[4], .heard = mail->request };

	struct leg_sdp sdp = legs_sdp_arrived(e, mail->from, h.key);

	legs_match(e, &h, &sdp);
}

static void
settle(struct late *l, uint64_t time_ns)
{
	if (l->unsettled & LATE_INVITE)
		l->half.invite_ns = time_ns;
	if (l->unsettled & LATE_OK)
		l->half.ok_ns = time_ns;
	if (l->unsettled & LATE_BYE) {
		l->half.bye_ns = time_ns;
		l->half.flags |= HALF_BYE_SENT;
	}
}

/* What the leg has sent in this turn. */
static uint8_t
unsettled(const struct rs_engine *e, const struct leg *leg)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];
	uint8_t what = 0;

	for (uint32_t i = 0; i < e->n_stamps; i++) {
		const struct stamp *s = &e->stamps[i];

		if (s->slot != slot || s->generation != generation || s->what == STAMP_REGISTER)
			continue;
		what |= s->what == STAMP_INVITE ? LATE_INVITE : 0;
		what |= s->what == STAMP_OK ? LATE_OK : 0;
		what |= s->what == STAMP_BYE ? LATE_BYE : 0;
	}
	return what;
}

void
legs_end(struct rs_engine *e, struct leg *leg)
{
	struct matcher *m = e->matcher;
	struct leg_times *t = times_of(e, leg);
	struct rs_metrics *cells = &leg_activity(e, leg)->account->cells;
	bool placed = leg->flags & LEG_UAC, up = leg->flags & LEG_ESTABLISHED;
	struct leg_sdp sdp = legs_sdp_end(e, leg);
	uint64_t key = t->key;

	if (!key || key == NO_KEY)
		legs_sdp_clear(e, &sdp);
	if (!key)
		return;
	t->key = 0;
	rs_metric_inc(cells, RS_AM_LEGS);
	if (up)
		rs_metric_inc(cells, RS_AM_LEGS_UP);
	if (key == NO_KEY) {
		rs_metric_inc(cells, RS_AM_LEGS_NO_KEY);
		return;
	}
	struct late l = {
		.half = {
			.key = key,
			.invite_ns = leg->invite_ns,
			.ok_ns = t->ok_ns,
			.bye_ns = t->bye_ns,
			.end_ns = e->now,
			.endpoint = placed ? leg->callee : leg->endpoint,
			.activity = leg->activity,
			.heard = leg->media == NO_MEDIA ? 0 : media_at(e, leg)->heard,
			.flags = (uint16_t)((placed ? HALF_PLACED : 0) | (up ? HALF_UP : 0) |
				(leg->flags & LEG_MEASURED ? HALF_MEASURED : 0) | (t->bye_sent ? HALF_BYE_SENT : 0)),
		},
		.sdp = sdp,
		.unsettled = leg->flags & LEG_STAMPED ? unsettled(e, leg) : 0,
	};

	if (l.unsettled && m->n_late < MAX_LATE) {
		m->late[m->n_late++] = l;
		return;
	}
	settle(&l, e->now); /* more than any burst holds: the turn's time is near enough */
	post(e, &l.half, &l.sdp);
}

void
legs_flushed(struct rs_engine *e, uint64_t time_ns)
{
	struct matcher *m = e->matcher;

	for (uint32_t i = 0; i < m->n_late; i++) {
		settle(&m->late[i], time_ns);
		post(e, &m->late[i].half, &m->late[i].sdp);
	}
	m->n_late = 0;
}
