/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that look. */
#include <errno.h>
#include <string.h>

#include "loadctl.h"
#include "observe/observe.h"

/* Ask, then print: as JSON, or by @print. */
static int
look(const struct args *a, const char *method, json_t *params, void (*print)(const json_t *result))
{
	json_t *result;
	int status = ask(a, method, params, &result);

	if (status == 0 && a->given & OPT_JSON)
		print_json(result);
	else if (status == 0)
		print(result);
	json_decref(result);
	return status;
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text && text[0] ? text : "-";
}

static void
print_status(const json_t *j)
{
	printf("state    %s\nrun      %s\nplan     %s\nelapsed  %.1f s\n", text_of(j, "state"),
		text_of(j, "run"), text_of(j, "plan"),
		json_number_value(json_object_get(j, "elapsed_s")));
	const json_t *list = json_object_get(j, "waiting"), *one;
	size_t i;

	json_array_foreach(list, i, one) printf("waiting  %s\n", json_string_value(one));
	if (json_integer_value(json_object_get(j, "limited_s")) > 0)
		printf("limited  %lld s by the generator: see loadctl health\n",
			(long long)json_integer_value(json_object_get(j, "limited_s")));
}

int
verb_status(const struct args *a)
{
	return look(a, "status", NULL, print_status);
}

static void
print_activities(const json_t *j)
{
	static const struct column columns[] = {
		{ "name", "NAME", true },
		{ "do", "DO", true },
		{ "state", "STATE", true },
		{ "rate", "RATE", false },
		{ "limit", "LIMIT", false },
		{ "total", "TOTAL", false },
		{ "offered", "OFFERED", false },
		{ "not_started", "NOT STARTED", false },
		{ "established", "ESTABLISHED", false },
		{ "completed", "COMPLETED", false },
		{ "failed", "FAILED", false },
		{ "open", "OPEN", false },
		{ "peak", "PEAK", false },
	};

	print_table(j, columns, COUNT(columns), "no activities");
}

int
verb_activities(const struct args *a)
{
	return look(a, "activities", NULL, print_activities);
}

static void
print_calls(const json_t *j)
{
	static const struct column columns[] = {
		{ "activity", "ACTIVITY", true },
		{ "number", "NUMBER", false },
		{ "worker", "WORKER", false },
		{ "age_s", "AGE s", false },
		{ "step", "STEP", true },
		{ "remote", "REMOTE", true },
		{ "call_id", "CALL-ID", true },
	};

	print_table(j, columns, COUNT(columns), "no open calls");
}

/* @return 0 with the number in @params, or -1 with a message */
static int
put_limit(const struct args *a, json_t *params, const char *key)
{
	uint64_t limit;

	if (!(a->given & OPT_LIMIT))
		return 0;
	if (args_count(a->limit, "--limit", &limit) != 0)
		return -1;
	json_object_set_new(params, key, json_integer((json_int_t)limit));
	return 0;
}

/* Those whose messages were kept as ladders, the others a line each. */
static void
print_calls_of(const json_t *row, bool messages)
{
	static const struct column columns[] = {
		{ "number", "NUMBER", false },
		{ "worker", "WORKER", false },
		{ "started", "STARTED", true },
		{ "after_ms", "AFTER ms", false },
		{ "caller", "CALLER", true },
		{ "callee", "CALLEE", true },
		{ "call_id", "CALL-ID", true },
	};
	json_t *others = json_array(), *call;
	size_t i;

	json_array_foreach(json_object_get(row, "calls"), i, call)
	{
		if (json_array_size(json_object_get(call, "ladder")) == 0) {
			json_array_append(others, call);
			continue;
		}
		putchar('\n');
		rs_failed_call_print(stdout, call, messages);
	}
	if (json_array_size(others)) {
		printf("\n%s at %s of %s, without messages:\n", text_of(row, "cause"), text_of(row, "step"),
			text_of(row, "activity"));
		print_table(others, columns, COUNT(columns), "");
	}
	json_decref(others);
}

static void
print_failed_rows(const json_t *j, bool messages)
{
	static const struct column columns[] = {
		{ "count", "COUNT", false },
		{ "activity", "ACTIVITY", true },
		{ "step", "STEP", true },
		{ "cause", "CAUSE", true },
	};
	json_t *row;
	size_t i;

	print_table(j, columns, COUNT(columns), "no failed calls");
	json_array_foreach(j, i, row) print_calls_of(row, messages);
}

static void
print_failed(const json_t *j)
{
	print_failed_rows(j, false);
}

static void
print_failed_messages(const json_t *j)
{
	print_failed_rows(j, true);
}

int
verb_calls(const struct args *a)
{
	json_t *params = json_object();

	if (a->given & (OPT_ACTIVITY | OPT_CAUSE | OPT_MESSAGES) && !(a->given & OPT_FAILED)) {
		fputs("loadctl: calls: --activity, --cause and --messages go with --failed\n", stderr);
		json_decref(params);
		return EXIT_USAGE;
	}
	if (put_limit(a, params, "max") != 0) {
		json_decref(params);
		return EXIT_USAGE;
	}
	if (!(a->given & OPT_FAILED))
		return look(a, "calls", params, print_calls);
	json_object_set_new(params, "failed", json_true());
	if (a->activity)
		json_object_set_new(params, "activity", json_string(a->activity));
	if (a->cause)
		json_object_set_new(params, "cause", json_string(a->cause));
	if (a->given & (OPT_MESSAGES | OPT_JSON))
		json_object_set_new(params, "messages", json_true());
	return look(a, "calls", params, a->given & OPT_MESSAGES ? print_failed_messages : print_failed);
}

/* "callees: 97 idle, 3 busy" */
static void
print_states(const json_t *group)
{
	const char *state;
	json_t *n;
	bool any = false;

	json_object_foreach(json_object_get(group, "states"), state, n)
	{
		if (any)
			fputs(", ", stdout);
		else
			printf("%s: ", text_of(group, "name"));
		printf("%lld %s", (long long)json_integer_value(n), state);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void
print_endpoints(const json_t *j)
{
	static const struct column groups[] = {
		{ "name", "NAME", true },
		{ "kind", "KIND", true },
		{ "count", "COUNT", false },
		{ "port", "PORT", true },
		{ "calling", "CALLING", false },
		{ "answering", "ANSWERING", false },
		{ "sip_port", "SIP PORT", false },
		{ "user", "USER", true },
		{ "addresses", "ADDRESSES", true },
	};
	static const struct column columns[] = {
		{ "group", "GROUP", true },
		{ "index", "INDEX", false },
		{ "user", "USER", true },
		{ "address", "ADDRESS", true },
		{ "state", "STATE", true },
		{ "expires_in_s", "EXPIRES s", false },
		{ "calls", "CALLS", false },
	};
	json_t *list = json_array(), *group, *endpoint;
	json_int_t matching = 0;
	size_t i, k;

	print_table(j, groups, COUNT(groups), "no endpoints");
	json_array_foreach(j, i, group)
	{
		if (i == 0)
			putchar('\n');
		print_states(group);
		matching += json_integer_value(json_object_get(group, "matching"));
		json_array_foreach(json_object_get(group, "endpoints"), k, endpoint)
		{
			json_object_set(endpoint, "group", json_object_get(group, "name"));
			json_array_append(list, endpoint);
		}
	}
	if (json_array_size(list)) {
		putchar('\n');
		print_table(list, columns, COUNT(columns), "");
	}
	if ((json_int_t)json_array_size(list) < matching)
		printf("%zu of %lld (--limit N shows more)\n", json_array_size(list), (long long)matching);
	json_decref(list);
}

int
verb_endpoints(const struct args *a)
{
	json_t *params = json_object();

	if (put_limit(a, params, "limit") != 0) {
		json_decref(params);
		return EXIT_USAGE;
	}
	if (a->state)
		json_object_set_new(params, "state", json_string(a->state));
	return look(a, "endpoints", params, print_endpoints);
}

static void
print_health(const json_t *j)
{
	if (json_object_size(j) == 0)
		puts("no run yet");
	else
		rs_health_print(stdout, j);
}

int
verb_health(const struct args *a)
{
	return look(a, "health", NULL, print_health);
}

static void
print_report(const json_t *j)
{
	rs_report_print(stdout, j);
}

int
verb_report(const struct args *a)
{
	return look(a, "report", a->n_words ? json_pack("{s:s}", "id", a->words[0]) : NULL,
		print_report);
}

/* Subscribe, then print each notification of @method until the daemon goes. */
static int
follow(const struct args *a, const char *method, const char *notification,
	void (*print)(const json_t *params))
{
	json_t *message, *result;
	struct link *l;
	int status = link_open(a->socket, &l), id, rc = 0;

	if (status)
		return status;
	id = link_send(l, method, json_pack("{s:b}", "watch", 1));
	while (id >= 0 && status == 0 && !ferror(stdout) &&
		(rc = link_receive(l, -1, &message)) == 0) {
		const char *name = json_string_value(json_object_get(message, "method"));
		json_t *params = json_object_get(message, "params");

		if (message_id(message) == id) {
			status = message_result(message, &result);
			json_decref(result);
		} else if (name && strcmp(name, "dropped") == 0) {
			fprintf(stderr,
				"loadctl: %lld lines were dropped: this side reads too slowly\n",
				(long long)json_integer_value(json_object_get(params, "count")));
		} else if (name && strcmp(name, notification) == 0) {
			if (a->given & OPT_JSON)
				print_json_line(params);
			else
				print(params);
			fflush(stdout);
		}
		json_decref(message);
	}
	link_close(l);
	if (id < 0 || rc != 0)
		return link_lost(a);
	return status;
}

static void
print_stats(const json_t *j)
{
	rs_report_print(stdout, j);
	putchar('\n');
}

int
verb_stats(const struct args *a)
{
	if (a->given & OPT_WATCH)
		return follow(a, "stats", "stats", print_stats);
	return look(a, "stats", NULL, print_report);
}

/* "12.3 s  running  rate  activity=calls rate=500" */
static void
print_event(const json_t *event)
{
	const char *key;
	json_t *v;

	printf("%8.1f s  %-8s  %s", json_number_value(json_object_get(event, "elapsed_s")),
		text_of(event, "state"), text_of(event, "event"));
	json_object_foreach((json_t *)event, key, v)
	{
		if (strcmp(key, "event") == 0 || strcmp(key, "state") == 0 ||
			strcmp(key, "elapsed_s") == 0)
			continue;
		if (json_is_string(v) && json_string_length(v) > 0)
			printf("  %s=%s", key, json_string_value(v));
		else if (json_is_number(v))
			printf("  %s=%g", key, json_number_value(v));
	}
	putchar('\n');
}

int
verb_events(const struct args *a)
{
	return follow(a, "events", "event", print_event);
}
