/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan's endpoints: groups, how many are in which state, and some of them one by one. */
#include <stdio.h>
#include <stdlib.h>

#include "run/internal.h"

#define ANSWER_NS (2 * RS_NS_PER_S)

/* What was asked for, and what is found. */
struct roster {
	int state; /* -1: any */
	uint64_t limit, listed;
	struct roster_group {
		json_t *list;
		uint64_t counts[RS_ENDPOINT_STATES];
		uint64_t *busy; /* a bit for each endpoint in a call; NULL: none is */
	} *groups;
};

static void
range_text(const struct rs_addr_range *r, char *out, size_t cap)
{
	struct rs_addr last = rs_addr_plus(&r->first, r->count - 1);
	uint8_t a[40], b[40];
	size_t n = rs_addr_write(&r->first, a), m = rs_addr_write(&last, b);

	if (r->count == 1)
		snprintf(out, cap, "%.*s", (int)n, (const char *)a);
	else
		snprintf(out, cap, "%.*s-%.*s", (int)n, (const char *)a, (int)m, (const char *)b);
}

static json_t *
endpoint_json(const struct rs_plan_group *g, const struct rs_endpoint_info *i, bool busy)
{
	uint8_t addr[40], user[128];
	size_t n = rs_addr_write(&i->addr, addr);
	int m = rs_pattern_write(&g->user, i->index, i->index, user, sizeof(user));
	char text[140];

	snprintf(text, sizeof(text), "%.*s", m > 0 ? m : 0, (const char *)user);
	return json_pack("{s:I, s:o, s:o, s:s, s:o, s:I}", "index", (json_int_t)i->index, "user",
		rs_json_text(text), "address",
		json_sprintf(i->addr.family == 6 ? "[%.*s]:%u" : "%.*s:%u", (int)n,
			(const char *)addr, i->port),
		"state", rs_endpoint_state_name(busy ? RS_ENDPOINT_BUSY : i->state), "expires_in_s",
		i->expires_in_ns == RS_ENDPOINT_NEVER ? json_null()
						      : json_real((double)i->expires_in_ns / 1e9),
		"calls", (json_int_t)busy);
}

static bool
is_busy(const struct roster_group *g, uint32_t index)
{
	return g->busy && (g->busy[index / 64] >> index % 64 & 1);
}

/* The answer of worker @w to a mail that goes on at *@from. @return false: there is none */
static bool
ask(struct rs_daemon *d, uint32_t w, struct rs_mail m, uint64_t *from)
{
	m.arg[0] = *from;
	if (d->mute[w] || daemon_ask(d, w, &m, ANSWER_NS) != 0)
		return false;
	*from = m.arg[0];
	return true;
}

/* Who is in a call. @return false: no memory */
static bool
find_busy(struct rs_daemon *d, struct roster *r, uint32_t w)
{
	const struct rs_look *look = d->workers[w].look;

	for (uint64_t from = 0; from != UINT64_MAX;) {
		uint32_t g = (uint32_t)(from >> 32);

		if (!ask(d, w, (struct rs_mail){ .type = RS_MAIL_BUSY }, &from))
			return true;
		if (look->n == 0)
			continue;
		struct roster_group *group = &r->groups[g];

		if (!group->busy)
			group->busy = calloc(d->plan->groups[g].count / 64 + 1, sizeof(uint64_t));
		if (!group->busy)
			return false;
		for (uint32_t i = 0; i < look->n; i++)
			group->busy[look->busy[i] / 64] |= 1ull << look->busy[i] % 64;
	}
	return true;
}

static void
take(const struct rs_daemon *d, const struct rs_look *look, struct roster *r, bool busy)
{
	const struct rs_endpoint_chunk *chunk = &look->endpoints;

	if (chunk->group >= d->plan->n_groups)
		return;
	struct roster_group *g = &r->groups[chunk->group];

	for (uint32_t i = 0; i < look->n; i++) {
		bool is = is_busy(g, look->infos[i].index);

		if ((is != busy && r->state >= 0) || r->listed == r->limit)
			continue;
		json_array_append_new(g->list,
			endpoint_json(&d->plan->groups[chunk->group], &look->infos[i], is));
		r->listed++;
	}
}

/* Ask one worker; those that were not listed any more are still counted. */
static void
call_the_roll(struct rs_daemon *d, struct roster *r, uint32_t w)
{
	const struct rs_look *look = d->workers[w].look;

	for (uint64_t from = 0; from != UINT64_MAX;) {
		struct rs_mail m = { .type = RS_MAIL_ENDPOINTS,
			.arg = { 0, (uint64_t)(int64_t)r->state,
				r->state == RS_ENDPOINT_BUSY ? 0 : r->limit - r->listed } };

		if (!ask(d, w, m, &from))
			return;
		for (int s = 0; s < RS_ENDPOINT_STATES && look->endpoints.group < d->plan->n_groups; s++)
			r->groups[look->endpoints.group].counts[s] += look->endpoints.counts[s];
		take(d, look, r, false);
	}
}

/* The first busy one of the group from @index on, or its count. */
static uint32_t
next_busy(const struct roster_group *g, uint32_t index, uint32_t count)
{
	while (index < count && !is_busy(g, index))
		index += index % 64 == 0 && g->busy && g->busy[index / 64] == 0 ? 64 : 1;
	return index < count ? index : count;
}

/* Those in calls, as the worker that has them knows them: only where there are any is looked. */
static void
list_busy(struct rs_daemon *d, struct roster *r, uint32_t w, uint32_t g)
{
	uint32_t count = d->plan->groups[g].count, index = next_busy(&r->groups[g], 0, count);

	while (index < count && r->listed < r->limit) {
		uint64_t from = (uint64_t)g << 32 | index;

		if (!ask(d, w, (struct rs_mail){ .type = RS_MAIL_ENDPOINTS, .arg = { 0, UINT64_MAX, UINT32_MAX } }, &from))
			return;
		take(d, d->workers[w].look, r, true);
		if (from >> 32 != g)
			return;
		index = next_busy(&r->groups[g], (uint32_t)from, count);
	}
}

/* Whoever is busy was counted as what it is else. */
static void
count_busy(struct roster_group *g, uint32_t count)
{
	static const uint8_t else_is[] = { RS_ENDPOINT_IDLE, RS_ENDPOINT_REGISTERED, RS_ENDPOINT_UNREGISTERED,
		RS_ENDPOINT_FAILED, RS_ENDPOINT_REGISTERING };
	uint64_t n = 0;

	for (uint32_t i = 0; g->busy && i <= count / 64; i++)
		n += (uint64_t)__builtin_popcountll(g->busy[i]);
	for (size_t i = 0; i < sizeof(else_is); i++) {
		uint64_t some = n < g->counts[else_is[i]] ? n : g->counts[else_is[i]];

		g->counts[else_is[i]] -= some;
		g->counts[RS_ENDPOINT_BUSY] += some;
		n -= some;
	}
}

static bool
look_round(struct rs_daemon *d, struct roster *r)
{
	uint32_t n = d->run && d->run->attached ? d->launched : 0;

	for (uint32_t w = 0; w < n; w++)
		if (!find_busy(d, r, w))
			return false;
	for (uint32_t w = 0; w < n; w++) {
		call_the_roll(d, r, w);
		for (uint32_t g = 0; g < d->plan->n_groups && r->state == RS_ENDPOINT_BUSY; g++)
			list_busy(d, r, w, g);
	}
	for (uint32_t g = 0; g < d->plan->n_groups; g++)
		count_busy(&r->groups[g], d->plan->groups[g].count);
	return true;
}

static json_t *
states_json(const uint64_t *counts)
{
	json_t *j = json_object();

	for (int s = 0; s < RS_ENDPOINT_STATES; s++)
		if (counts[s])
			json_object_set_new(
				j, rs_endpoint_state_name(s), json_integer((json_int_t)counts[s]));
	return j;
}

static uint64_t
matching(const uint64_t *counts, int state)
{
	uint64_t n = 0;

	for (int s = 0; s < RS_ENDPOINT_STATES; s++)
		n += state < 0 || s == state ? counts[s] : 0;
	return n;
}

static json_t *
group_json(struct rs_daemon *d, uint32_t g, const struct roster *r)
{
	const struct rs_plan_group *p = &d->plan->groups[g];
	json_t *ranges = json_array();
	uint64_t placing = 0, answering = 0;

	for (uint32_t i = 0; i < p->n_addresses; i++) {
		char text[96];

		range_text(&p->addresses[i], text, sizeof(text));
		json_array_append_new(ranges, json_string(text));
	}
	for (uint32_t i = 0; i < d->plan->n_activities && d->run; i++) {
		struct rs_call_totals t;

		if (d->plan->activities[i].from != g)
			continue;
		rs_observer_activity(d->run->observer, i, &t);
		*(d->plan->activities[i].kind == RS_DO_ANSWER ? &answering : &placing) += t.open;
	}
	return json_pack("{s:o, s:s, s:I, s:o, s:i, s:o, s:o, s:I, s:I, s:o, s:I, s:O}", "name",
		rs_json_text(p->name), "kind", p->kind == RS_GROUP_TRUNK ? "trunk" : "phone",
		"count", (json_int_t)p->count, "port", rs_json_text(d->plan->ports[p->port].name),
		"sip_port", (int)p->sip_port, "addresses", ranges, "user",
		rs_json_text(p->user.text ? p->user.text : "{index}"), "calling",
		(json_int_t)placing, "answering", (json_int_t)answering, "states",
		states_json(r->groups[g].counts), "matching",
		(json_int_t)matching(r->groups[g].counts, r->state), "endpoints", r->groups[g].list);
}

json_t *
rs_daemon_endpoints(struct rs_daemon *d, int state, uint64_t limit)
{
	uint32_t n = d->plan->n_groups;
	struct roster r = { .state = state, .limit = limit };
	json_t *list = NULL;

	r.groups = calloc(n + 1, sizeof(*r.groups));
	if (!r.groups)
		return NULL;
	for (uint32_t g = 0; g < n; g++)
		r.groups[g].list = json_array();
	if (look_round(d, &r))
		list = json_array();
	for (uint32_t g = 0; g < n && list; g++)
		json_array_append_new(list, group_json(d, g, &r));
	for (uint32_t g = 0; g < n; g++) {
		json_decref(r.groups[g].list);
		free(r.groups[g].busy);
	}
	free(r.groups);
	return list;
}
