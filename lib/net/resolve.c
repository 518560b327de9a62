/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Neighbours in motion: asking, learning, announcing. The port's owner asks for all workers of the
 * port: the others send it what they want and what they saw, and it tells everybody what it knows.
 */
#include "net/private.h"

#define ANNOUNCE_MAX                                                                               \
	1024 /* own addresses announced at begin: the others are answered for when asked */
#define ANNOUNCE_BURST 32 /* a tick, so that a switch and a small ring take them */
#define ANNOUNCE_NS    1000000ull
#define LINK_DOWN_NS                                                                               \
	100000000ull /* how often a dead link is looked at while announcements wait for it */
#define MAIL_BURST 32
#define TICK_MAX_NS                                                                                \
	10000000ull /* a neighbour may be added at any time, and its questions want repeating */

enum mail_type { MAIL_WANT, MAIL_NEWS, MAIL_MTU };

static void
send_frame(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_neigh_entry *e,
	const uint8_t *mac)
{
	uint8_t frame[RS_INPUT_REPLY_MAX];
	uint32_t len = e->addr.family == 4 ? rs_arp_ask(frame, &l->ifc, &e->addr, mac)
					   : rs_nd_ask(frame, &l->ifc, &e->addr, mac);

	if (len)
		rs_net_push_copy(w, l, frame, len);
}

static struct rs_mail
mail_of(enum mail_type type, const struct rs_addr *addr, const uint8_t *mac, uint8_t flags)
{
	struct rs_mail mail = { .type = type, .request = addr->family };

	memcpy(&mail.arg[0], addr->b, 16);
	if (mac)
		memcpy(&mail.arg[2], mac, RS_ETH_ADDR_LEN);
	mail.arg[3] = flags;
	return mail;
}

/** The owner tells the others; a full mailbox loses it: they ask again. */
static void
spread(struct rs_net_lane *l, const struct rs_neigh_entry *e)
{
	struct rs_net_port *p = l->port;
	struct rs_mail mail = mail_of(MAIL_NEWS, &e->addr, e->mac,
		RS_NEIGH_OVERRIDE | (e->state == RS_NEIGH_REACHABLE ? RS_NEIGH_CONFIRMED : 0));

	for (uint32_t i = 1; i < p->n_workers; i++)
		(void)rs_mailbox_send(p->from_owner[i], &mail);
}

static void
learn(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_neigh_news *news)
{
	struct rs_neigh_entry *e = rs_neigh_learn(&l->neigh, news, w->now_ns);
	struct rte_mbuf *m;

	if (e == NULL)
		return;
	while ((m = rs_neigh_take(&l->neigh, e)) != NULL) {
		rs_output_set_mac(rte_pktmbuf_mtod(m, uint8_t *), e);
		rs_net_push(w, l, m);
	}
	if (l->owner && l->port->n_workers > 1)
		spread(l, e);
}

void
rs_net_learn(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_neigh_news *news)
{
	if (!l->owner) {
		struct rs_mail mail = mail_of(MAIL_NEWS, &news->addr, news->mac, news->flags);

		(void)rs_mailbox_send(l->port->to_owner[l->position], &mail);
	}
	learn(w, l, news);
}

void
rs_net_ask_due(struct rs_net_worker *w, struct rs_net_lane *l, uint64_t now_ns)
{
	struct rs_neigh_entry *e;
	enum rs_neigh_job job;
	struct rte_mbuf *m;

	while ((job = rs_neigh_due(&l->neigh, now_ns, &e)) != RS_NEIGH_NO_JOB) {
		if (job == RS_NEIGH_DROP) {
			while ((m = rs_neigh_take(&l->neigh, e)) != NULL) {
				rte_pktmbuf_free(m);
				rs_metric_inc(l->metrics, RS_NET_TX_UNRESOLVED);
			}
		} else if (l->owner) {
			send_frame(w, l, e, job == RS_NEIGH_PROBE ? e->mac : NULL);
		} else {
			struct rs_mail mail = mail_of(MAIL_WANT, &e->addr, NULL, 0);

			(void)rs_mailbox_send(l->port->to_owner[l->position], &mail);
		}
	}
}

/** @return true when it was news */
static bool
learn_mtu(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_addr *dst, uint32_t told)
{
	return rs_pmtu_learn(&l->pmtu, dst, told, rs_net_mtu(w, l, dst), w->now_ns);
}

void
rs_net_learn_mtu(
	struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_addr *dst, uint32_t told)
{
	struct rs_mail mail = mail_of(MAIL_MTU, dst, NULL, 0);
	struct rs_net_port *p = l->port;

	if (!learn_mtu(w, l, dst, told) || p->n_workers == 1)
		return;
	/* A full mailbox loses it: the next packet that is too long brings the same news. */
	mail.arg[2] = told;
	if (!l->owner)
		(void)rs_mailbox_send(p->to_owner[l->position], &mail);
	for (uint32_t i = 1; l->owner && i < p->n_workers; i++)
		(void)rs_mailbox_send(p->from_owner[i], &mail);
}

static void
read_one(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_mail *mail)
{
	struct rs_neigh_news news = { .addr.family = (uint8_t)mail->request,
		.flags = (uint8_t)mail->arg[3] };
	struct rs_neigh_entry *e;

	memcpy(news.addr.b, &mail->arg[0], 16);
	memcpy(news.mac, &mail->arg[2], RS_ETH_ADDR_LEN);
	if (mail->type == MAIL_NEWS)
		learn(w, l, &news);
	else if (mail->type == MAIL_MTU && l->owner)
		rs_net_learn_mtu(w, l, &news.addr, (uint32_t)mail->arg[2]);
	else if (mail->type == MAIL_MTU)
		(void)learn_mtu(w, l, &news.addr, (uint32_t)mail->arg[2]);
	else if (rs_neigh_find(&l->neigh, &news.addr, w->now_ns, &e) == 0)
		spread(l, e);
}

void
rs_net_read_mail(struct rs_net_worker *w, struct rs_net_lane *l)
{
	struct rs_net_port *p = l->port;
	struct rs_mail mail[MAIL_BURST];

	for (uint32_t i = 1; i < p->n_workers; i++) {
		struct rs_mailbox *box;
		uint32_t n;

		if (!l->owner && i != l->position)
			continue;
		box = l->owner ? p->to_owner[i] : p->from_owner[i];
		n = rs_mailbox_receive(box, mail, MAIL_BURST);
		for (uint32_t k = 0; k < n; k++)
			read_one(w, l, &mail[k]);
	}
}

static void
announce(struct rs_net_worker *w, struct rs_net_lane *l)
{
	uint8_t frame[RS_INPUT_REPLY_MAX];
	struct rte_eth_link link;
	struct rs_addr own;

	if (w->now_ns < l->announce_ns)
		return;
	if (rte_eth_link_get_nowait(l->dev, &link) == 0 && link.link_status == RTE_ETH_LINK_DOWN) {
		l->announce_ns = w->now_ns + LINK_DOWN_NS;
		return;
	}
	l->announce_ns = w->now_ns + ANNOUNCE_NS;
	for (unsigned i = 0; i < ANNOUNCE_BURST && l->n_announce; i++, l->n_announce--) {
		uint32_t len;

		if (!rs_ranges_next(l->ifc.answered, &l->announced, &own)) {
			l->n_announce = 0;
			return;
		}
		len = own.family == 4 ? rs_arp_announce(frame, &l->ifc, &own)
				      : rs_nd_announce(frame, &l->ifc, &own);
		rs_net_push_copy(w, l, frame, len);
	}
}

void
rs_net_worker_begin(struct rs_net_worker *w, uint64_t now_ns)
{
	w->now_ns = now_ns;
	atomic_store(&w->targets, w->net->targets);
	w->target_set = w->net->targets->set;
	for (uint32_t i = 0; i < w->n_lanes; i++) {
		struct rs_net_lane *l = &w->lanes[i];
		struct rs_net_sets *sets = l->port->sets;

		atomic_store(&l->sets, sets);
		l->ifc.own = sets->own;
		l->ifc.answered = sets->answered;
		if (l->owner) {
			l->announced = (struct rs_ranges_cursor){ 0 };
			l->n_announce = ANNOUNCE_MAX;
			l->announce_ns = 0;
			announce(w, l);
		}
	}
	rs_net_flush(w);
}

int
rs_net_resolve(struct rs_net_worker *w, const struct rs_path *path, uint64_t now_ns)
{
	struct rs_net_lane *l = path->port < RS_NET_PORTS_MAX ? w->lane_of[path->port] : NULL;
	struct rs_neigh_entry *e;

	if (l == NULL)
		return -EHOSTUNREACH;
	w->now_ns = now_ns;
	return rs_output_next_hop(&l->ifc, w->target_set, &l->neigh, &path->remote, now_ns, &e);
}

uint64_t
rs_net_tick(struct rs_net_worker *w, uint64_t now_ns)
{
	uint64_t next = now_ns + TICK_MAX_NS;

	w->now_ns = now_ns;
	for (uint32_t i = 0; i < w->n_lanes; i++) {
		struct rs_net_lane *l = &w->lanes[i];

		if (l->port->n_workers > 1)
			rs_net_read_mail(w, l);
		if (now_ns >= l->neigh.next_ns)
			rs_net_ask_due(w, l, now_ns);
		if (l->reassembly)
			rs_reassembly_expire(l->reassembly, now_ns);
		if (l->n_announce)
			announce(w, l);
		if (l->n_announce && l->announce_ns < next)
			next = l->announce_ns;
		if (l->neigh.next_ns < next)
			next = l->neigh.next_ns;
	}
	return next;
}
