/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that read plans and scenarios here, without a daemon. */
#include <stdlib.h>

#include "loadctl.h"
#include "run/files.h"

static void
print_problems(const char *file, const json_t *check)
{
	const json_t *problems = json_object_get(check, "problems");

	if (!check)
		fprintf(stderr, "%s: no memory to check it\n", file);
	for (size_t i = 0; i < json_array_size(problems); i++)
		fprintf(stderr, "%s: %s\n", file, json_string_value(json_array_get(problems, i)));
}

int
verb_plan_check(const struct args *a)
{
	json_t *sets = sets_json(a), *check = NULL;
	struct rs_err err = { 0 };
	struct rs_plan *plan;
	int rc = rs_plan_load_json(a->words[0], sets, &plan, &err);

	json_decref(sets);
	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	check = rs_plan_check_json(plan);
	if (check && a->given & OPT_JSON)
		print_json(check);
	else if (check)
		rs_plan_check_print(stdout, check);
	rc = check && rs_plan_check_ok(check) ? EXIT_OBEYED : EXIT_USAGE;
	if (rc)
		print_problems(plan->file, check);
	rs_plan_free(plan);
	json_decref(check);
	return rc;
}

int
verb_scenario_check(const struct args *a)
{
	struct rs_err err = { 0 };
	struct rs_check check;
	int rc = rs_scenario_check(a->words[0], NULL, &check, &err), status = EXIT_OBEYED;

	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		status = EXIT_USAGE;
	} else {
		if (a->given & OPT_JSON) {
			json_t *json = rs_scenario_check_json(&check);

			print_json(json);
			json_decref(json);
		} else {
			rs_scenario_check_print(stdout, &check);
		}
		if (!rs_scenario_check_ok(&check))
			status = EXIT_USAGE;
	}
	rs_scenario_check_free(&check);
	return status;
}

int
verb_scenario_show(const struct args *a)
{
	struct rs_err err = { 0 };
	char *text;

	if (rs_scenario_text(a->words[0], &text, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	if (a->given & OPT_JSON) {
		json_t *json = json_pack("{s:s}", "text", text);

		print_json(json);
		json_decref(json);
	} else {
		fputs(text, stdout);
	}
	free(text);
	return EXIT_OBEYED;
}
