/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that change something. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "loadctl.h"

json_t *
sets_json(const struct args *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < a->n_sets; i++)
		json_array_append_new(list, json_string(a->sets[i]));
	return list;
}

char *
absolute(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path); /* the daemon says what is wrong with it */
}

int
verb_load(const struct args *a)
{
	char *plan = absolute(a->words[0]);
	int status = tell(a, "load", json_pack("{s:s, s:o}", "plan", plan, "set", sets_json(a)));

	free(plan);
	return status;
}

static json_t *
activity_params(const struct args *a)
{
	return a->n_words ? json_pack("{s:s}", "activity", a->words[0]) : NULL;
}

int
wait_for_end(const struct args *a, struct link *l, json_t *params, json_t **result)
{
	json_t *message;
	int status;

	*result = NULL;
	if (link_send(l, "wait", params) < 0 || link_receive(l, -1, &message) != 0)
		return link_lost(a);
	status = message_result(message, result);
	json_decref(message);
	return status ? status : (int)json_integer_value(json_object_get(*result, "status"));
}

static int
say_end(const struct args *a, int status, json_t *result)
{
	const char *verdict = json_string_value(json_object_get(result, "verdict"));
	const char *run = json_string_value(json_object_get(result, "run"));

	if (result && a->given & OPT_JSON)
		print_json(result);
	else if (result)
		printf("run %s: %s\n", run ? run : "-", verdict ? verdict : "-");
	json_decref(result);
	return status;
}

int
verb_start(const struct args *a)
{
	json_t *message, *result = NULL;
	struct link *l;
	int status = link_open(a->socket, &l);

	if (status)
		return status;
	/* One connection for both, so that the end cannot be missed. */
	if (link_send(l, "start", activity_params(a)) < 0 || link_receive(l, -1, &message) != 0) {
		status = link_lost(a);
	} else {
		status = message_result(message, &result);
		json_decref(message);
	}
	if (status == 0 && a->given & OPT_WAIT) {
		json_decref(result);
		status = wait_for_end(a, l, NULL, &result);
		status = say_end(a, status, result);
	} else if (status == 0) {
		const char *run = json_string_value(json_object_get(result, "run"));

		if (a->given & OPT_JSON)
			print_json(result);
		else if (a->n_words == 0)
			puts(run ? run : "-");
		json_decref(result);
	}
	link_close(l);
	return status;
}

int
verb_wait(const struct args *a)
{
	json_t *params = NULL, *result;
	double timeout_s;
	struct link *l;
	int status;

	if (a->timeout) {
		if (args_number(a->timeout, "the time-out in seconds", &timeout_s) != 0)
			return EXIT_USAGE;
		params = json_pack("{s:f}", "timeout_s", timeout_s);
	}
	status = link_open(a->socket, &l);
	if (status) {
		json_decref(params);
		return status;
	}
	status = wait_for_end(a, l, params, &result);
	link_close(l);
	return say_end(a, status, result);
}

int
verb_stop(const struct args *a)
{
	json_t *params = activity_params(a);

	if ((a->given & OPT_HANGUP) && (a->given & OPT_NOW)) {
		fputs("loadctl: stop: either --hangup or --now\n", stderr);
		json_decref(params);
		return EXIT_USAGE;
	}
	if (!params)
		params = json_object();
	json_object_set_new(params, "how",
		json_string(a->given & OPT_HANGUP    ? "hangup"
				: a->given & OPT_NOW ? "now"
						     : "drain"));
	return tell(a, "stop", params);
}

int
verb_pause(const struct args *a)
{
	return tell(a, "pause", NULL);
}

int
verb_resume(const struct args *a)
{
	return tell(a, "resume", NULL);
}

int
verb_reset(const struct args *a)
{
	return tell(a, "reset", NULL);
}

int
verb_quit(const struct args *a)
{
	return tell(a, "quit", NULL);
}

int
verb_rate(const struct args *a)
{
	bool by = a->given & OPT_BY;
	unsigned names = by ? a->n_words : a->n_words - 1;
	double value;
	json_t *params;

	if ((!by && a->n_words == 0) || names > 1) {
		fputs("loadctl: usage: loadctl rate [ACTIVITY] N | [ACTIVITY] --by N\n", stderr);
		return EXIT_USAGE;
	}
	if (args_number(by ? a->by : a->words[names], "the rate", &value) != 0)
		return EXIT_USAGE;
	params = json_pack("{s:f}", by ? "by" : "rate", value);
	if (names)
		json_object_set_new(params, "activity", json_string(a->words[0]));
	return tell(a, "rate", params);
}

int
verb_limit(const struct args *a)
{
	uint64_t value;
	json_t *params;

	if (args_count(a->words[a->n_words - 1], "the limit", &value) != 0)
		return EXIT_USAGE;
	params = json_pack("{s:I}", "limit", (json_int_t)value);
	if (a->n_words > 1)
		json_object_set_new(params, "activity", json_string(a->words[0]));
	return tell(a, "limit", params);
}
