/* SPDX-License-Identifier: BSD-3-Clause */
/* Activities: who calls whom, how often, by which scenario. */
#include "plan/plan_read.h"

#define MAX_ACTIVITIES 64
#define MAX_KEYS       64

const char *
rs_activity_kind_name(enum rs_activity_kind kind)
{
	static const char *const names[] = {
		[RS_DO_CALL] = "call",
		[RS_DO_ANSWER] = "answer",
		[RS_DO_OPTIONS] = "options",
		[RS_DO_REGISTER] = "register",
		[RS_DO_DROP] = "drop",
	};

	return names[kind];
}

static int
find_group(const struct rs_reader *r, const struct rs_part *p, const char *setting,
	const char *name, uint32_t *out)
{
	const char *names[256];
	char near[100];
	uint32_t n = r->plan->n_groups < RS_COUNT(names) ? r->plan->n_groups : RS_COUNT(names);

	for (uint32_t i = 0; i < n; i++) {
		names[i] = r->plan->groups[i].name;
		if (strcmp(names[i], name) == 0) {
			*out = i;
			return 0;
		}
	}
	return rs_part_fail(r, p, setting, -EINVAL, "there is no group \"%.60s\" in endpoints%s",
		name, rs_did_you_mean(name, names, n, near, sizeof(near)));
}

#define ON(kind) (1u << (kind))
#define PLACES   (ON(RS_DO_CALL) | ON(RS_DO_OPTIONS))
#define PLAYS    (PLACES | ON(RS_DO_ANSWER))

/** "call", "options" or "register", in quotes. */
static const char *
kinds_text(unsigned kinds, char *buf, size_t cap)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int k = RS_DO_CALL; k <= RS_DO_DROP && at < cap; k++)
		if (kinds & ON(k))
			at += (size_t)snprintf(buf + at, cap - at, "%s\"%s\"",
				at == 0                    ? ""
					: kinds >> (k + 1) ? ", "
							   : " or ",
				rs_activity_kind_name(k));
	return buf;
}

/** Settings that make sense for some kinds of activity only. */
static int
check_kind(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_activity *a)
{
	static const struct {
		const char *setting;
		unsigned kinds;
		const char *instead;
	} only[] = {
		{ "endpoints", ON(RS_DO_ANSWER) | ON(RS_DO_REGISTER) | ON(RS_DO_DROP),
			"name the callers with from" },
		{ "from", PLACES, "name the group with endpoints" },
		{ "to", PLACES, "remove it" },
		{ "pick", PLACES, "remove it" },
		{ "scenario", PLAYS, "remove it" },
		{ "rate", PLACES | ON(RS_DO_REGISTER), "remove it" },
		{ "arrivals", PLACES | ON(RS_DO_REGISTER), "remove it" },
		{ "open_calls", PLACES, "remove it" },
		{ "shape", PLACES, "remove it" },
		{ "limit", PLAYS, "remove it" },
		{ "hold", PLACES, "ring is the length of its pauses" },
		{ "ring", ON(RS_DO_ANSWER), "hold is the length of its pauses" },
		{ "timeout", PLAYS, "remove it" },
		{ "data", PLAYS, "remove it" },
		{ "keys", PLAYS, "remove it" },
		{ "mode", PLAYS, "remove it" },
		{ "expires", ON(RS_DO_REGISTER), "remove it" },
		{ "refresh", ON(RS_DO_REGISTER), "remove it" },
		{ "nonce_reuse", ON(RS_DO_REGISTER), "remove it" },
		{ "unregister", ON(RS_DO_REGISTER), "remove it" },
		{ "unregister_rate", ON(RS_DO_REGISTER), "remove it" },
		{ "share", ON(RS_DO_DROP), "remove it" },
		{ "how", ON(RS_DO_DROP), "remove it" },
		{ "wait", ON(RS_DO_DROP), "remove it" },
		{ "every", ON(RS_DO_DROP), "remove it" },
	};
	static const char *const who[] = { [RS_DO_CALL] = "calls",
		[RS_DO_ANSWER] = "answers",
		[RS_DO_OPTIONS] = "sends OPTIONS",
		[RS_DO_REGISTER] = "registers",
		[RS_DO_DROP] = "has the connections" };
	const char *need = rs_activity_places(a->kind) ? "from" : "endpoints";
	char kinds[80];

	for (size_t i = 0; i < RS_COUNT(only); i++) {
		if ((only[i].kinds & ON(a->kind)) || !rs_tree_get(p->node, only[i].setting))
			continue;
		bool pause = (PLAYS & ON(a->kind)) ||
			(strcmp(only[i].setting, "hold") != 0 &&
				strcmp(only[i].setting, "ring") != 0);
		return rs_part_fail(r, p, only[i].setting, -EINVAL, "is for do = %s: %s",
			kinds_text(only[i].kinds, kinds, sizeof(kinds)),
			pause ? only[i].instead : "remove it");
	}
	if (!rs_tree_get(p->node, need))
		return rs_part_fail(r, p, need, -EINVAL,
			"is missing: name the group of endpoints that %s", who[a->kind]);
	if ((PLAYS & ~ON(RS_DO_OPTIONS) & ON(a->kind)) && !rs_tree_get(p->node, "scenario"))
		return rs_part_fail(
			r, p, "scenario", -EINVAL, "is missing: add scenario = \"...\";");
	if (a->timeout_ns == 0)
		return rs_part_fail(
			r, p, "timeout", -EINVAL, "is 0: no call could ever be answered in time");
	return 0;
}

/** A closed loop: what rate, limit and max_calls mean beside it. */
static int
check_open_calls(
	const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_activity *a)
{
	if (rs_tree_get(p->node, "shape"))
		return rs_part_fail(r, p, "shape", -EINVAL,
			"stands beside open_calls: calls come by a rate or as others end, remove one of them");
	if (rs_tree_get(p->node, "arrivals"))
		return rs_part_fail(r, p, "arrivals", -EINVAL,
			"stands beside open_calls: calls come as others end, remove it");
	if (a->limit > 0 && a->limit < a->open_calls)
		return rs_part_fail(r, p, "limit", -EINVAL,
			"%llu is below open_calls, %llu: remove it", (unsigned long long)a->limit,
			(unsigned long long)a->open_calls);
	if (a->open_calls > r->plan->max_calls)
		return rs_part_fail(r, p, "open_calls", -EINVAL,
			"%llu is above run.max_calls, %llu: raise run.max_calls",
			(unsigned long long)a->open_calls, (unsigned long long)r->plan->max_calls);
	return 0;
}

static int
read_rate(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	bool shaped = rs_tree_get(p->node, "shape") != NULL,
	     has_rate = rs_tree_get(p->node, "rate") != NULL;
	double max = r->plan->max_rate_hz;
	int rc;

	if (a->kind == RS_DO_REGISTER && !has_rate)
		return rs_part_fail(
			r, p, "rate", -EINVAL, "is missing: how many registrations a second");
	if (!has_rate && !shaped && a->open_calls == 0)
		return rs_part_fail(r, p, "rate", -EINVAL,
			"is missing: how many calls a second; or set shape or open_calls");
	if (has_rate && !shaped && !(a->rate_hz > 0))
		return rs_part_fail(r, p, "rate", -EINVAL,
			"is 0: to begin without %s use start = \"manual\"",
			a->kind == RS_DO_REGISTER ? "registrations" : "calls");
	if (max > 0 && a->rate_hz > max)
		return rs_part_fail(r, p, "rate", -EINVAL,
			"%g is above run.max_rate, %g: lower it, or raise run.max_rate", a->rate_hz,
			max);
	if (a->open_calls > 0 && (rc = check_open_calls(r, p, a)) != 0)
		return rc;
	return shaped ? rs_read_shape(r, p, a) : 0;
}

/** Nobody named: the next hop itself is called, as user "service", as SIPp does. */
static int
to_proxy(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const struct rs_plan_group *from = &r->plan->groups[a->from];
	const char *why;

	if (!from->has_proxy)
		return rs_part_fail(r, p, "to", -EINVAL,
			"is missing, and group \"%s\" has no proxy: name a group or a URI",
			from->name);
	a->to_addr = from->proxy;
	a->to_port = from->proxy_port;
	a->to_host = from->proxy_host;
	return rs_pattern_parse("service", &a->to_user, &why);
}

static int
to_uri(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a,
	const char *text)
{
	const struct rs_plan_group *from = &r->plan->groups[a->from];
	struct rs_plan_uri uri;
	const char *why;
	int rc;

	if (rs_uri_parse(text, &uri, &why) != 0)
		return rs_part_fail(r, p, "to", -EINVAL, "\"%.100s\" %s", text, why);
	if ((rc = rs_uri_check(r, p, "to", text, &uri, from->transport)) != 0)
		return rc;
	if (uri.addr.family == 0 && !from->has_proxy)
		return rs_part_fail(r, p, "to", -EINVAL,
			"\"%.100s\" has a name: names are not looked up in this version, write its "
			"address or give group \"%s\" a proxy",
			text, from->name);
	if (uri.addr.family != 0 && !from->has_proxy &&
		uri.addr.family != from->addresses[0].first.family)
		return rs_part_fail(r, p, "to", -EINVAL,
			"\"%.100s\" is IPv%d, but the addresses of group \"%s\" are IPv%d", text,
			uri.addr.family, from->name, from->addresses[0].first.family);
	const char *user = uri.user.p ? rs_plan_copy(r->mem, (const char *)uri.user.p, uri.user.len)
				      : "service";
	a->to_host = rs_plan_copy(r->mem, (const char *)uri.host.p, uri.host.len);
	if (!user || !a->to_host)
		return -ENOMEM;
	a->to_addr = uri.addr;
	a->to_port = uri.port;
	if (rs_pattern_parse(user, &a->to_user, &why) != 0)
		return rs_part_fail(r, p, "to", -EINVAL, "\"%.100s\" %s", text, why);
	return 0;
}

static int
read_to(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const char *text = rs_part_text(r, p, "to");
	const struct rs_plan_group *from = &r->plan->groups[a->from], *to;
	uint32_t group;
	int rc;

	if (rs_tree_get(p->node, "pick") && (!text || strchr(text, ':')))
		return rs_part_fail(r, p, "pick", -EINVAL,
			"is for calls to a group: name one in to, or remove it");
	if (!text)
		return to_proxy(r, p, a);
	if (strchr(text, ':'))
		return to_uri(r, p, a, text);
	if ((rc = find_group(r, p, "to", text, &group)) != 0)
		return rc;
	to = &r->plan->groups[group];
	a->to_group = (int32_t)group;
	if (group == a->from && from->count < 2)
		return rs_part_fail(r, p, "to", -EINVAL,
			"is the caller's own group, and that has one endpoint only");
	if (!from->has_proxy && from->addresses[0].first.family != to->addresses[0].first.family)
		return rs_part_fail(r, p, "to", -EINVAL,
			"group \"%s\" is IPv%d, group \"%s\" IPv%d: calls need one family, or a proxy",
			to->name, to->addresses[0].first.family, from->name,
			from->addresses[0].first.family);
	if (!from->has_proxy && from->transport != to->transport)
		return rs_part_fail(r, p, "to", -EINVAL,
			"group \"%s\" has another transport (%s) than \"%s\" (%s): calls need one, or a proxy "
			"between them",
			to->name, rs_transport_word(to->transport), from->name,
			rs_transport_word(from->transport));
	return 0;
}

static int
read_keys(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const struct rs_node *g = rs_tree_get(p->node, "keys");

	if (!g || g->n == 0)
		return 0;
	if (g->n > MAX_KEYS)
		return rs_part_fail(r, p, "keys", -EINVAL, "%u keys: at most %d", g->n, MAX_KEYS);
	a->keys = rs_plan_alloc(r->mem, g->n * sizeof(*a->keys));
	if (!a->keys)
		return -ENOMEM;
	for (const struct rs_node *c = g->first; c; c = c->next) {
		struct rs_part at = *p;

		at.node = c;
		if (c->type != RS_NODE_STRING && !(c->set && c->type < RS_NODE_ARRAY))
			return rs_part_fail(r, &at, "keys", -EINVAL,
				"'%.60s' is %s, not a string%s", c->name, rs_tree_type_name(c),
				c->type < RS_NODE_ARRAY ? ": write it in quotes" : "");
		a->keys[a->n_keys++] = (struct rs_key){ c->name, c->text };
	}
	return 0;
}

static int
check_twins(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_activity *a)
{
	for (const struct rs_plan_activity *o = r->plan->activities; o < a; o++) {
		if (strcmp(o->name, a->name) == 0)
			return rs_part_fail(r, p, "name", -EINVAL,
				"there is another activity \"%s\" (line %d)", o->name, o->line);
		if (o->kind == RS_DO_ANSWER && a->kind == RS_DO_ANSWER && o->from == a->from)
			return rs_part_fail(r, p, "endpoints", -EINVAL,
				"group \"%s\" is answered by activity \"%s\" (line %d) already",
				r->plan->groups[a->from].name, o->name, o->line);
	}
	return 0;
}

/** Calls to a group that nothing answers would all time out. */
static int
check_answered(const struct rs_reader *r)
{
	const struct rs_plan *plan = r->plan;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		int32_t to = plan->activities[i].to_group;
		/* OPTIONS outside calls are answered without any scenario */
		bool answered = to < 0 ||
			(plan->activities[i].kind == RS_DO_OPTIONS &&
				plan->groups[to].ua.automatic);

		for (uint32_t k = 0; k < plan->n_activities && !answered; k++)
			answered = plan->activities[k].kind == RS_DO_ANSWER &&
				plan->activities[k].from == (uint32_t)to;
		if (!answered) {
			struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);

			return rs_part_fail(r, &p, "to", -EINVAL,
				"nothing answers group \"%s\": add an activity with do = \"answer\" "
				"and endpoints = \"%s\"",
				plan->groups[to].name, plan->groups[to].name);
		}
	}
	return 0;
}

static int
read_activity(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const char *group;
	int rc;

	a->line = p->node->line;
	a->written = p->node;
	a->to_group = -1;
	a->mode = r->plan->mode;
	a->timeout_written = rs_tree_get(p->node, "timeout") != NULL;
	if ((rc = rs_part_read(r, p, a)) != 0 || (rc = rs_part_check_name(r, p, a->name)) != 0 ||
		(rc = check_kind(r, p, a)) != 0 ||
		(rc = rs_read_dist(r, p, "hold", &a->hold)) != 0 ||
		(rc = rs_read_dist(r, p, "ring", &a->ring)) != 0)
		return rc;
	group = rs_activity_places(a->kind) ? "from" : "endpoints";
	if ((rc = find_group(r, p, group, rs_part_text(r, p, group), &a->from)) != 0)
		return rc;
	if (a->kind != RS_DO_ANSWER && a->kind != RS_DO_DROP && (rc = read_rate(r, p, a)) != 0)
		return rc;
	if (rs_activity_places(a->kind) && (rc = read_to(r, p, a)) != 0)
		return rc;
	if ((rc = check_twins(r, p, a)) != 0 || (rc = read_keys(r, p, a)) != 0)
		return rc;
	if (a->kind == RS_DO_DROP)
		return rs_read_drop(r, p, a);
	return a->kind == RS_DO_REGISTER ? rs_read_register(r, p, a) : rs_read_scenario(r, p, a);
}

int
rs_read_activities(struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	struct rs_part all = rs_part_of(r, RS_SECTION_ACTIVITIES, -1);
	int rc;

	if (all.node->n > MAX_ACTIVITIES)
		return rs_part_fail(r, &all, NULL, -EINVAL, "%u activities: at most %d",
			all.node->n, MAX_ACTIVITIES);
	plan->activities = rs_plan_alloc(r->mem, (all.node->n + RS_LATE_ACTIVITIES) * sizeof(*plan->activities));
	if (!plan->activities)
		return -ENOMEM;
	while (plan->n_activities < all.node->n) {
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)plan->n_activities);

		/* counted first: what a failing one has loaded so far is freed with the plan */
		if ((rc = read_activity(r, &p, &plan->activities[plan->n_activities++])) != 0)
			return rc;
	}
	if ((rc = rs_read_starts(r)) != 0 || (rc = rs_check_ceiling(r)) != 0)
		return rc;
	return check_answered(r);
}
