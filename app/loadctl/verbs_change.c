/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that change what a run plays. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "loadctl.h"
#include "run/files.h"

int
verb_scenario_swap(const struct args *a)
{
	struct rs_err err = { 0 };
	char path[PATH_MAX], *file;
	int status;

	if (rs_scenario_find(a->words[1], path, sizeof(path), &err) != 0) {
		fprintf(stderr, "loadctl: %s\n", err.text);
		return EXIT_USAGE;
	}
	file = absolute(path);
	status = tell(a, "scenario.swap", json_pack("{s:s, s:s}", "activity", a->words[0], "scenario", file));
	free(file);
	return status;
}

static void
print_applied(const json_t *list)
{
	json_t *j;
	size_t i;

	json_array_foreach(list, i, j)
	{
		const json_t *value = json_object_get(j, "value");
		const char *name = json_string_value(json_object_get(j, "activity")),
			   *what = json_string_value(json_object_get(j, "what"));

		printf("%s: ", name);
		if (json_is_string(value))
			printf("%s %s\n", what, json_string_value(value));
		else if (json_is_number(value))
			printf("%s %g\n", what, json_number_value(value));
		else
			puts(strcmp(what, "gone") == 0 ? "stopped" : "new");
	}
	if (json_array_size(list) == 0)
		puts("nothing to change");
}

int
verb_plan_apply(const struct args *a)
{
	char *plan = absolute(a->words[0]);
	json_t *result, *params = json_pack("{s:s, s:o, s:b}", "plan", plan, "set", sets_json(a), "partial", (a->given & OPT_PARTIAL) != 0);
	int status = ask(a, "plan.apply", params, &result);

	free(plan);
	if (status == 0 && a->given & OPT_JSON) {
		print_json(result);
	} else if (status == 0) {
		print_applied(json_object_get(result, "applied"));
		print_refused(json_object_get(result, "refused"));
	}
	json_decref(result);
	return status;
}
