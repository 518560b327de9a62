/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/plan_read.h"

/* A pipe or a device would hold the control thread up for as long as it likes. */
static int
check_regular(const char *file, struct rs_err *err)
{
	struct stat st;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return rs_err_set(err, -EINVAL, "%s: this is not a regular file", file);
	return 0;
}

int
rs_plan_load_json(const char *file, json_t *sets, struct rs_plan **out, struct rs_err *err)
{
	struct rs_set list[RS_MAX_SETS];
	char *copies[RS_MAX_SETS];
	uint32_t n = 0;
	size_t want = json_array_size(sets);
	int rc = check_regular(file, err);

	if (rc == 0 && want > RS_MAX_SETS)
		rc = rs_err_set(
			err, -EINVAL, "more than %d settings: put them into the plan", RS_MAX_SETS);
	for (; rc == 0 && n < want; n++) {
		const char *text = json_string_value(json_array_get(sets, n));
		char *eq;

		copies[n] = strdup(text);
		if (!copies[n]) {
			rc = rs_err_set(err, -ENOMEM, "no memory");
			break;
		}
		eq = strchr(copies[n], '=');
		if (!eq || eq == copies[n]) {
			rc = rs_err_set(err, -EINVAL,
				"--set %.200s: give PATH=VALUE, e.g. run.seed=7", text);
			free(copies[n]);
			break;
		}
		*eq = '\0';
		list[n] = (struct rs_set){ copies[n], eq + 1 };
	}
	if (rc == 0)
		rc = rs_plan_load(file, list, n, out, err);
	while (n > 0)
		free(copies[--n]);
	return rc;
}

int
rs_scenario_find(const char *name, char *path, size_t cap, struct rs_err *err)
{
	struct stat st;

	if (stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
		int n = snprintf(path, cap, "%s", name);

		return n >= 0 && (size_t)n < cap
			? 0
			: rs_err_set(err, -ENAMETOOLONG, "%.200s: too long", name);
	}
	return rs_plan_files.find("", name, true, path, cap, err);
}

int
rs_scenario_text(const char *name, char **text, struct rs_err *err)
{
	/* Custom keywords and injection files are the plan's: taken for granted here. */
	const struct rs_scenario_opts opts = { .any_key = true };
	struct rs_program *program;
	char path[PATH_MAX];
	size_t len;
	FILE *out;
	int rc = rs_scenario_find(name, path, sizeof(path), err);

	if (rc == 0)
		rc = rs_scenario_load(path, &opts, &program, NULL, err);
	if (rc)
		return rc;
	out = open_memstream(text, &len);
	if (out) {
		rs_scenario_show(out, program);
		if (fclose(out) != 0)
			rc = -ENOMEM;
	} else {
		rc = -ENOMEM;
	}
	rs_program_free(program);
	return rc ? rs_err_set(err, rc, "no memory") : 0;
}
