/* SPDX-License-Identifier: BSD-3-Clause */
/* One turn after the other: receive, mail, timers and arrivals, flush; sleep when there is nothing to do. */
#include "run/worker.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#define BURST           128 /* items a turn takes from its queues, and from other workers, at most */
#define MAILS           16
#define IDLE_TURNS      200   /* empty turns in a row before it sleeps */
#define SLEEP_NS        50000 /* one sleep at most; a nanosleep costs some 40 us more */
#define SLEEP_MARGIN_NS 60000 /* nothing may be due within this time after waking */
#define NET_TICK_NS     5000000
#define PREPARE_NS      500000000ull /* wait for neighbours at the start of a run */
#define PREPARE_PATHS   64           /* callees asked for ahead; the others when they are called */
#define GAP_FLOOR_NS    100000       /* shorter ones are the loop's own noise */
#define WORK_NS         5000 /* what one packet, mail or timer may take before the rest counts as a gap */
#define MEDIA_NS        1000 /* and a packet of media that is sent: as long as such packets take of late, and this at most */
#define MEDIA_TURN      64   /* packets that a turn must send to tell how long they take ... */
#define MEDIA_WEIGHT    64   /* ... and how many such turns make the average */

static void
reply(struct rs_worker *w, const struct rs_mail *mail)
{
	struct rs_mail m = *mail;

	m.from = (uint16_t)w->id;
	/* There is room: control takes a reply for each that it asked for before it asks again. */
	(void)rs_mailbox_send(w->out, &m);
}

/* Packets of media sent in this turn. */
static uint64_t
media_sent(const struct rs_worker *w)
{
	uint64_t made = w->engine ? rs_engine_media_made(w->engine) : 0;

	return made > w->turn_media ? made - w->turn_media : 0; /* a new engine begins anew */
}

/* What they may take. */
static uint64_t
media_ns(const struct rs_worker *w)
{
	return media_sent(w) * w->media_ns;
}

/* A turn without a gap tells how long they take on this machine, as busy as it is. */
static void
learn_media(struct rs_worker *w, uint64_t turn_ns)
{
	uint64_t n = media_sent(w);
	int64_t each;

	if (n < MEDIA_TURN)
		return;
	each = (int64_t)w->media_ns + ((int64_t)(turn_ns / n) - (int64_t)w->media_ns) / MEDIA_WEIGHT;
	w->media_ns = each < MEDIA_NS ? (uint64_t)each : MEDIA_NS;
}

static void
on_flush(void *ctx, uint64_t time_ns)
{
	struct rs_worker *w = ctx;

	if (!w->engine)
		return;
	/* A gap since the turn began is what these calls are late by: judge_turn learns of it after they have left. */
	if (time_ns > w->told_ns + GAP_FLOOR_NS + (uint64_t)w->turn_work * WORK_NS + media_ns(w)) {
		rs_engine_gap(w->engine, w->told_ns, time_ns);
		w->told_ns = time_ns;
	}
	rs_engine_flushed(w->engine, time_ns);
}

/* Ask for the first addresses of @to, as seen from @g. @return how many are not known yet */
static uint32_t
ask_for(struct rs_worker *w, const struct rs_plan_group *g, const struct rs_plan_group *to,
	uint64_t now)
{
	struct rs_path path = { .port = (uint8_t)g->port };
	uint32_t open = 0, n = to->n_addrs < to->count ? to->n_addrs : to->count;

	rs_group_address(g, 0, &path.local, &path.local_port);
	for (uint32_t i = 0; i < n && i < PREPARE_PATHS; i++) {
		rs_group_address(to, i, &path.remote, &path.remote_port);
		open += rs_net_resolve(w->net, &path, now) == -EINPROGRESS;
	}
	return open;
}

static uint32_t
ask_for_one(struct rs_worker *w, const struct rs_plan_group *g, const struct rs_addr *remote,
	uint64_t now)
{
	struct rs_path path = { .port = (uint8_t)g->port, .remote = *remote, .remote_port = 5060 };

	rs_group_address(g, 0, &path.local, &path.local_port);
	return remote->family && rs_net_resolve(w->net, &path, now) == -EINPROGRESS;
}

static bool
serves(const struct rs_worker *w, const struct rs_plan_group *g)
{
	const struct rs_plan_port *port = &w->plan->ports[g->port];

	for (uint32_t i = 0; i < port->n_workers; i++)
		if (port->workers[i] == w->id)
			return true;
	return false;
}

/*
 * Ask for the next hops of everything this worker will call, and of callers of the same plan that it will answer, so that the
 * first calls do not wait for ARP.
 */
static uint32_t
unresolved(struct rs_worker *w, uint64_t now)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < w->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &w->plan->activities[i];
		const struct rs_plan_group *g = &w->plan->groups[a->from];
		const struct rs_plan_group *to =
			a->to_group >= 0 ? &w->plan->groups[a->to_group] : NULL;

		if (a->kind == RS_DO_ANSWER) {
			if (g->has_proxy && serves(w, g))
				open += ask_for_one(w, g, &g->proxy, now);
			continue;
		}
		if (serves(w, g)) {
			if (g->has_proxy)
				open += ask_for_one(w, g, &g->proxy, now);
			else if (to)
				open += ask_for(w, g, to, now);
			else
				open += ask_for_one(w, g, &a->to_addr, now);
		}
		if (to && !g->has_proxy && serves(w, to))
			open += ask_for(w, to, g, now);
	}
	return open;
}

static void
prepare(struct rs_worker *w, uint64_t now)
{
	uint32_t open = unresolved(w, now);

	if (open && now < w->prepare_until)
		return;
	w->preparing = false;
	w->attach.arg[0] = open;
	reply(w, &w->attach);
}

static double
as_double(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static void
attach(struct rs_worker *w, const struct rs_mail *m, uint64_t now)
{
	w->engine = m->data;
	w->plan = (const struct rs_plan *)(uintptr_t)m->arg[1];
	w->conns = (struct worker_conns *)(uintptr_t)m->arg[2];
	w->conns_due = 0;
	w->leaving = false;
	w->attach = *m;
	w->preparing = true;
	w->prepare_until = now + PREPARE_NS;
	rs_net_worker_begin(w->net, now);
}

static void
answer_calls(struct rs_worker *w, const struct rs_mail *m, uint64_t now)
{
	struct rs_mail back = *m;
	uint32_t from = (uint32_t)m->arg[0];

	w->calls->n = 0;
	if (w->engine)
		w->calls->n =
			rs_engine_calls(w->engine, now, &from, w->calls->calls, RS_CALLS_CHUNK);
	back.arg[0] = w->engine ? from : UINT32_MAX;
	reply(w, &back);
}

static void
impair(struct rs_worker *w)
{
	if (w->engine)
		rs_engine_impair(w->engine, w->impair.profile, w->impair.directions, &w->impair.how);
	w->impair.at_ns = 0;
}

/* @return false when the worker is to end */
static bool
obey(struct rs_worker *w, const struct rs_mail *m, uint64_t now)
{
	int32_t activity = (int32_t)m->arg[1];
	struct rs_mail back = *m;

	w->next_due = 0;
	switch ((enum rs_worker_mail)m->type) {
	case RS_MAIL_ATTACH: attach(w, m, now); return true;
	case RS_MAIL_DETACH:
		back.data = w->engine;
		w->engine = NULL;
		w->plan = NULL;
		w->conns = NULL;
		w->leaving = false;
		w->preparing = false;
		w->impair.at_ns = 0;
		reply(w, &back);
		return true;
	case RS_MAIL_CALLS: answer_calls(w, m, now); return true;
	case RS_MAIL_TRACES:
	case RS_MAIL_FAILED:
	case RS_MAIL_ENDPOINTS:
	case RS_MAIL_STREAMS:
	case RS_MAIL_BUSY:
		rs_worker_look(w, m, &back);
		reply(w, &back);
		return true;
	case RS_MAIL_IMPAIR:
		if (w->impair.at_ns)
			impair(w); /* one that overtakes another */
		w->impair = w->impair_asked;
		reply(w, m);
		return true;
	case RS_MAIL_SWAP:
		back.arg[0] = w->engine ? (uint64_t)-rs_engine_swap(w->engine, (uint32_t)activity, m->data) : ENOENT;
		reply(w, &back);
		return true;
	case RS_MAIL_ADD:
		if (w->engine)
			rs_engine_add(w->engine, m->data);
		reply(w, m);
		return true;
	case RS_MAIL_PING: reply(w, m); return true;
	case RS_MAIL_EXIT: return false;
	default: break;
	}
	if (!w->engine)
		return true;
	switch ((enum rs_worker_mail)m->type) {
	case RS_MAIL_BEGIN: rs_engine_begin(w->engine, m->arg[0]); break;
	case RS_MAIL_START_ACTIVITY:
		rs_engine_start_activity(w->engine, activity, m->arg[0]);
		break;
	case RS_MAIL_RATE:
		rs_engine_set_rate(w->engine, activity, as_double(m->arg[2]), m->arg[0]);
		break;
	case RS_MAIL_LIMIT: rs_engine_set_limit(w->engine, activity, m->arg[2]); break;
	case RS_MAIL_PAUSE: rs_engine_pause(w->engine, m->arg[0]); break;
	case RS_MAIL_RESUME: rs_engine_resume(w->engine, m->arg[0]); break;
	case RS_MAIL_STOP: rs_engine_stop(w->engine, activity); break;
	case RS_MAIL_HANGUP: rs_engine_hangup(w->engine, activity); break;
	case RS_MAIL_UNREGISTER: rs_engine_unregister(w->engine); break;
	case RS_MAIL_SILENCE: rs_engine_silence(w->engine); break;
	case RS_MAIL_LEAVE: w->leaving = w->conns != NULL; break;
	case RS_MAIL_DROP:
		rs_engine_drop(w->engine, (int32_t)m->arg[1], as_double(m->arg[2]), (enum rs_conn_close)m->arg[3]);
		break;
	default: break;
	}
	return true;
}

/* Items of ports that several workers share go to the worker that owns their call; the others stay. @return how many stay */
static uint32_t
hand_over(struct rs_worker *w, struct rs_rx *rx, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t owner = w->engine ? rs_engine_owner(w->engine, &rx[i]) : w->id;

		if (owner == w->id) {
			rx[kept++] = rx[i];
			continue;
		}
		if (rs_redirect_send(w->redirect, w->id, owner, rs_net_detach(w->net, &rx[i])))
			rs_metric_inc(&w->cells, RS_WORK_REDIRECTED);
		else
			rs_metric_inc(&w->cells, RS_WORK_REDIRECT_FULL);
	}
	return kept;
}

static uint32_t
receive(struct rs_worker *w, struct rs_rx *rx, uint32_t *packets)
{
	uint32_t n = rs_net_receive(w->net, rx, BURST, packets);

	if (!w->redirect)
		return n;
	n = hand_over(w, rx, n);
	void *mbufs
		[BURST]; /* as many again: busy queues of its own must not keep a worker from what others have for it */
	uint32_t more = rs_redirect_receive(w->redirect, w->id, mbufs, BURST);

	for (uint32_t i = 0; i < more; i++)
		rs_net_attach(w->net, mbufs[i], &rx[n + i]);
	*packets += more;
	return n + more;
}

static void
record_gap(struct rs_worker *w, uint64_t from_ns, uint64_t length_ns)
{
	uint64_t to_ns = from_ns + length_ns;

	rs_metric_record(&w->cells, RS_WORK_GAP, length_ns);
	if (from_ns < w->told_ns)
		from_ns = w->told_ns;
	if (w->engine && to_ns > from_ns)
		rs_engine_gap(w->engine, from_ns, to_ns);
}

/* A turn that its work does not explain: the machine had the core. */
static void
judge_turn(struct rs_worker *w, uint64_t turn_ns, uint32_t work)
{
	uint64_t explained = GAP_FLOOR_NS + (uint64_t)work * WORK_NS + media_ns(w);

	if (work)
		rs_metric_record(&w->cells, RS_WORK_TURN, turn_ns);
	if (turn_ns > explained)
		record_gap(w, w->turn_ns, turn_ns - (explained - GAP_FLOOR_NS));
	else
		learn_media(w, turn_ns);
	w->told_ns = 0;
}

static void
sleep_a_little(struct rs_worker *w, uint64_t now)
{
	uint64_t due = w->next_due < w->net_next ? w->next_due : w->net_next;

	if (w->conns && w->conns_due < due)
		due = w->conns_due;

	if (due < now + SLEEP_MARGIN_NS + SLEEP_NS)
		return;
	struct timespec ts = { .tv_nsec = SLEEP_NS };

	nanosleep(&ts, NULL);
	w->ended_ns = 0; /* it says itself what was too much */
	rs_metric_inc(&w->cells, RS_WORK_SLEEPS);
	uint64_t slept = rs_clock_now(w->clock) - now;

	if (slept > SLEEP_NS +
			GAP_FLOOR_NS) /* it was to be woken, and the machine had the core for something else */
		record_gap(w, now + SLEEP_NS, slept - SLEEP_NS);
}

/* What TCP has to do with goes to it; whole messages come back to the engine. */
static void
input(struct rs_worker *w, uint64_t now, const struct rs_rx *rx, uint32_t n)
{
	for (uint32_t i = 0, from; i < n;) {
		from = i;
		while (i < n && rx[i].kind != RS_RX_TCP && rx[i].kind != RS_RX_TCP_ERROR)
			i++;
		if (i > from)
			rs_engine_input(w->engine, now, &rx[from], i - from);
		for (; i < n && (rx[i].kind == RS_RX_TCP || rx[i].kind == RS_RX_TCP_ERROR); i++)
			if (w->conns)
				worker_conns_input(w->conns, &rx[i], now);
	}
}

/* @return false when the worker is to end */
static bool
turn(struct rs_worker *w)
{
	struct rs_mail mails[MAILS];
	struct rs_rx rx[2 * BURST];
	uint32_t packets = 0;
	uint64_t tsc = rs_tsc(), now = rs_clock_ns(w->clock, tsc);

	if (w->ended_ns && now > w->ended_ns + GAP_FLOOR_NS) /* the machine had the core between two turns */
		record_gap(w, w->ended_ns, now - w->ended_ns);
	w->turn_ns = w->told_ns = now;
	w->turn_work = 0;
	w->turn_media = w->engine ? rs_engine_media_made(w->engine) : 0;
	uint32_t n = receive(w, rx, &packets), m;

	w->turn_work = packets;
	if (n && w->engine)
		input(w, now, rx, n);
	m = rs_mailbox_receive(w->in, mails, MAILS);
	for (uint32_t i = 0; i < m; i++)
		if (!obey(w, &mails[i], now))
			return false;
	uint32_t work = packets + m;

	if (w->preparing)
		prepare(w, now);
	if (w->impair.at_ns && now >= w->impair.at_ns)
		impair(w);
	if (w->conns)
		work += worker_conns_poll(w->conns, now);
	if (w->leaving) {
		work++;
		w->leaving = worker_conns_leave(w->conns, now);
	}
	if (w->conns && now >= w->conns_due) {
		work++;
		w->conns_due = worker_conns_turn(w->conns, now);
	}
	if (w->engine && (work || now >= w->next_due || rs_engine_is_told(w->engine))) {
		work += now >= w->next_due;
		w->next_due = rs_engine_turn(w->engine, now);
	} else if (!w->engine) {
		w->next_due = UINT64_MAX; /* no mail can make it have something to do */
	}
	if (w->conns && work) /* what was sent and opened has deadlines */
		w->conns_due = worker_conns_next(w->conns);
	if (now >= w->net_next) { /* sends in between may want it sooner than it said */
		w->net_next = rs_net_tick(w->net, now);
		if (w->net_next > now + NET_TICK_NS)
			w->net_next = now + NET_TICK_NS;
	}
	rs_net_flush(w->net);
	rs_net_release(w->net);
	rs_metric_add(&w->cells, RS_WORK_MAILS, m);
	rs_metric_inc(&w->cells, RS_WORK_TURNS);

	uint64_t end = rs_tsc(), end_ns = rs_clock_ns(w->clock, end);

	judge_turn(w, end_ns - now, work);
	w->ended_ns = end_ns;
	if (work) {
		w->idle_turns = 0;
		rs_metric_inc(&w->cells, RS_WORK_BUSY_TURNS);
		rs_metric_add(&w->cells, RS_WORK_BUSY_CYCLES, end - tsc);
	} else {
		rs_metric_add(&w->cells, RS_WORK_IDLE_CYCLES, end - tsc);
		if (++w->idle_turns > IDLE_TURNS && w->idle_sleep)
			sleep_a_little(w, end_ns);
	}
	return true;
}

int
rs_worker_main(void *arg)
{
	struct rs_worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1);
	setpriority(PRIO_PROCESS, 0,
		-19); /* of this thread; refused without the right, and then not worth an error */
	rs_net_on_flush(w->net, on_flush, w);
	w->media_ns = MEDIA_NS;
	w->next_due = UINT64_MAX;
	w->net_next = rs_clock_now(w->clock) + NET_TICK_NS;
	rs_net_worker_begin(
		w->net, rs_clock_now(w->clock)); /* an idle daemon answers ARP and ping, too */
	while (turn(w))
		;
	return 0;
}
