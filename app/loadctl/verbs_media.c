/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs of media. */
#include <string.h>

#include "loadctl.h"
#include "observe/observe.h"

int
verb_media(const struct args *a)
{
	json_t *result;
	int status = ask(a, "media", NULL, &result);

	if (status == 0 && a->given & OPT_JSON)
		print_json(result);
	else if (status == 0 && json_is_object(result))
		rs_media_print(stdout, result);
	else if (status == 0)
		puts("no activity of the plan has media");
	json_decref(result);
	return status;
}

int
verb_streams(const struct args *a)
{
	static const struct column columns[] = {
		{ "activity", "ACTIVITY", true },
		{ "number", "NUMBER", false },
		{ "direction", "DIRECTION", true },
		{ "remote", "REMOTE", true },
		{ "codec", "CODEC", true },
		{ "suite", "SUITE", true },
		{ "sent", "SENT", false },
		{ "received", "RECEIVED", false },
		{ "lost", "LOST", false },
		{ "late", "LATE", false },
		{ "jitter_ms", "JITTER ms", false },
		{ "delay_ms", "DELAY ms", false },
		{ "mos", "MOS", false },
		{ "call_id", "CALL-ID", true },
	};
	json_t *params = json_object(), *result;
	uint64_t limit;
	int status;

	if (a->given & OPT_LIMIT) {
		if (args_count(a->limit, "--limit", &limit) != 0) {
			json_decref(params);
			return EXIT_USAGE;
		}
		json_object_set_new(params, "max", json_integer((json_int_t)limit));
	}
	if (a->call)
		json_object_set_new(params, "call", json_string(a->call));
	status = ask(a, "streams", params, &result);
	if (status == 0 && a->given & OPT_JSON)
		print_json(result);
	else if (status == 0)
		print_table(result, columns, COUNT(columns), "no open streams");
	json_decref(result);
	return status;
}

/* [PROFILE] off, or [PROFILE] KEY=VALUE... */
int
verb_impair(const struct args *a)
{
	json_t *params, *set = json_array();
	unsigned at = 0;
	bool off;

	if (strcmp(a->words[0], "off") != 0 && !strchr(a->words[0], '='))
		at = 1;
	off = at < a->n_words && strcmp(a->words[at], "off") == 0;
	if (at == a->n_words || (off && a->n_words > at + 1)) {
		fputs("loadctl: impair: give \"off\", or KEY=VALUE... such as loss_percent=2\n",
			stderr);
		json_decref(set);
		return EXIT_USAGE;
	}
	for (unsigned i = at; i < a->n_words && !off; i++)
		json_array_append_new(set, json_string(a->words[i]));
	params = json_pack("{s:o}", "set", set);
	if (at)
		json_object_set_new(params, "profile", json_string(a->words[0]));
	/* Off is off in both directions, unless one is named. */
	if (a->direction || off)
		json_object_set_new(
			params, "direction", json_string(a->direction ? a->direction : "both"));
	return tell(a, "impair", params);
}
