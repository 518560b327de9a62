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
	json_t **lists; /* per group */
	uint64_t (*counts)[RS_ENDPOINT_STATES];
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
endpoint_json(const struct rs_plan_group *g, const struct rs_endpoint_info *i)
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
		"state", rs_endpoint_state_name(i->state), "expires_in_s",
		i->expires_in_ns == RS_ENDPOINT_NEVER ? json_null()
						      : json_real((double)i->expires_in_ns / 1e9),
		"calls", (json_int_t)i->calls);
}

static void
take(const struct rs_daemon *d, const struct rs_look *look, struct roster *r)
{
	const struct rs_endpoint_chunk *chunk = &look->endpoints;

	if (chunk->group >= d->plan->n_groups)
		return;
	for (int s = 0; s < RS_ENDPOINT_STATES; s++)
		r->counts[chunk->group][s] += chunk->counts[s];
	for (uint32_t i = 0; i < look->n; i++, r->listed++)
		json_array_append_new(r->lists[chunk->group],
			endpoint_json(&d->plan->groups[chunk->group], &look->infos[i]));
}

/* Ask worker after worker; those that were not listed any more are still counted. */
static void
call_the_roll(struct rs_daemon *d, struct roster *r)
{
	for (uint32_t w = 0; w < d->launched && d->run && d->run->attached; w++) {
		for (uint64_t from = 0; from != UINT64_MAX;) {
			struct rs_mail m = { .type = RS_MAIL_ENDPOINTS,
				.arg = { from, (uint64_t)(int64_t)r->state, r->limit - r->listed } };

			if (d->mute[w] || daemon_ask(d, w, &m, ANSWER_NS) != 0)
				break;
			take(d, d->workers[w].look, r);
			from = m.arg[0];
		}
	}
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
		states_json(r->counts[g]), "matching",
		(json_int_t)matching(r->counts[g], r->state), "endpoints", r->lists[g]);
}

json_t *
rs_daemon_endpoints(struct rs_daemon *d, int state, uint64_t limit)
{
	uint32_t n = d->plan->n_groups;
	struct roster r = { .state = state, .limit = limit };
	json_t *list = NULL;

	r.lists = calloc(n + 1, sizeof(json_t *));
	r.counts = calloc(n + 1, sizeof(*r.counts));
	if (r.lists && r.counts) {
		for (uint32_t g = 0; g < n; g++)
			r.lists[g] = json_array();
		call_the_roll(d, &r);
		list = json_array();
		for (uint32_t g = 0; g < n; g++)
			json_array_append_new(list, group_json(d, g, &r));
		for (uint32_t g = 0; g < n; g++)
			json_decref(r.lists[g]);
	}
	free(r.lists);
	free(r.counts);
	return list;
}
