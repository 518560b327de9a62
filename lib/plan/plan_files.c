/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scenarios and injection files of an activity: where they are, and that they fit what the activity
 * does.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/plan_read.h"
#include "plan/tls_cert.h"

#ifndef RS_SCENARIO_DIR
#define RS_SCENARIO_DIR "/usr/share/ringstorm/scenarios"
#endif

#define MAX_DATA 16

/** A name may mean a file only where reading it ends. @return 0; negative errno */
static int
regular_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

static int
join(char *out, size_t cap, const char *dir, size_t dir_len, const char *name, const char *ending)
{
	int n = snprintf(out, cap, "%.*s%s%s%s", (int)dir_len, dir,
		dir_len > 0 && dir[dir_len - 1] != '/' ? "/" : "", name, ending);

	return n >= 0 && (size_t)n < cap ? 0 : -ENAMETOOLONG;
}

/**
 * The shipped scenarios of this program: ../config/scenarios or ../../config/scenarios of a build,
 * ../share of an install.
 */
static int
beside_program(const char *name, char *path, size_t cap)
{
	static const char *const places[] = { "../config/scenarios", "../../config/scenarios",
		"../share/ringstorm/scenarios" };
	char exe[PATH_MAX], dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return -ENOENT;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	for (size_t i = 0; i < RS_COUNT(places); i++) {
		if (join(dir, sizeof(dir), exe, strlen(exe), places[i], "") == 0 &&
			join(path, cap, dir, strlen(dir), name, ".xml") == 0 &&
			regular_file(path) == 0)
			return 0;
	}
	return -ENOENT;
}

static int
find_shipped(const char *name, char *path, size_t cap)
{
	const char *env = getenv("RINGSTORM_SCENARIOS");

	if (env && env[0])
		return join(path, cap, env, strlen(env), name, ".xml") == 0 ? regular_file(path)
									    : -ENAMETOOLONG;
	if (join(path, cap, RS_SCENARIO_DIR, strlen(RS_SCENARIO_DIR), name, ".xml") == 0 &&
		regular_file(path) == 0)
		return 0;
	return beside_program(name, path, cap);
}

static int
find_file(const char *plan_file, const char *name, bool is_scenario, char *path, size_t cap,
	struct rs_err *err)
{
	const char *slash = strrchr(plan_file, '/');
	size_t dir = name[0] != '/' && slash ? (size_t)(slash - plan_file) + 1 : 0,
	       n = strlen(name);
	bool short_name =
		is_scenario && !strchr(name, '/') && !(n > 4 && strcmp(name + n - 4, ".xml") == 0);
	int rc = join(path, cap, plan_file, dir, name, short_name ? ".xml" : "");

	if (rc == 0)
		rc = regular_file(path);
	if (rc == -ENOENT && short_name) {
		if (find_shipped(name, path, cap) == 0)
			return 0;
		return rs_err_set(err, -ENOENT,
			"there is no scenario \"%.80s\": no %.80s.xml beside the plan or in %.200s",
			name, name,
			getenv("RINGSTORM_SCENARIOS") ? getenv("RINGSTORM_SCENARIOS")
						      : RS_SCENARIO_DIR);
	}
	if (rc == -EINVAL)
		return rs_err_set(err, rc, "\"%.200s\" is not a regular file", path);
	if (rc != 0)
		return rs_err_set(err, rc, "\"%.200s\": %s", path, strerror(-rc));
	return 0;
}

static int
check_cert(const char *cert_file, const char *key_file, bool may_be_expired, struct rs_err *err)
{
	struct rs_tls_cert cert;
	int rc = rs_tls_cert_read(cert_file, key_file, may_be_expired, &cert, err);

	if (rc == 0)
		rs_tls_cert_free(&cert);
	return rc;
}

static int
check_ca(const char *file, struct rs_err *err)
{
	unsigned n;

	return rs_tls_ca_check(file, &n, err);
}

const struct rs_plan_io rs_plan_files = {
	.find = find_file, .scenario = rs_scenario_load, .data = rs_inject_load, .payload = rs_payload_open,
	.cert = check_cert, .ca = check_ca
};

/**
 * A fault of what the plan refers to is a fault of the plan: -ENOENT and -EACCES speak of the plan
 * itself.
 */
static int
refer(const struct rs_reader *r, const struct rs_part *p, const char *setting, int rc,
	const struct rs_err *cause)
{
	return rs_part_fail(r, p, setting, rc == -ENOMEM ? rc : -EINVAL, "%s", cause->text);
}

static int
read_data(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	uint32_t n = rs_part_n(p, "data");
	struct rs_err cause = { 0 };
	char path[PATH_MAX];
	int rc;

	if (n > MAX_DATA)
		return rs_part_fail(r, p, "data", -EINVAL, "%u files: at most %d", n, MAX_DATA);
	a->data = rs_plan_alloc(r->mem, (n + 1) * sizeof(struct rs_inject *));
	a->data_names = rs_plan_alloc(r->mem, (n + 1) * sizeof(*a->data_names));
	if (!a->data || !a->data_names)
		return -ENOMEM;
	for (; a->n_data < n; a->n_data++) {
		const char *name = rs_part_string(p, "data", a->n_data);

		if ((rc = r->io->find(r->file, name, false, path, sizeof(path), &cause)) != 0)
			return refer(r, p, "data", rc, &cause);
		if ((rc = r->io->data(path, &a->data[a->n_data], &cause)) != 0)
			return refer(r, p, "data", rc, &cause);
		a->data_names[a->n_data] = name;
	}
	return 0;
}

int
rs_read_scenario(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const char *set = rs_part_text(r, p, "scenario"), *name = set ? set : "options";
	struct rs_err cause = { 0 };
	char path[PATH_MAX];
	int rc = read_data(r, p, a);

	if (rc != 0)
		return rc;
	if ((rc = r->io->find(r->file, name, true, path, sizeof(path), &cause)) != 0)
		return refer(r, p, "scenario", rc, &cause);
	a->scenario_file = rs_plan_dup(r->mem, path);
	if (!a->scenario_file)
		return -ENOMEM;
	struct rs_scenario_opts opts = {
		.keys = a->keys,
		.n_keys = a->n_keys,
		.files = a->data_names,
		.n_files = a->n_data,
		.transactions = a->mode == RS_MODE_RFC3261
	};
	if ((rc = r->io->scenario(a->scenario_file, &opts, &a->program, NULL, &cause)) != 0)
		return refer(r, p, "scenario", rc, &cause);
	if (a->program->is_server != (a->kind == RS_DO_ANSWER))
		return rs_part_fail(r, p, "scenario", -EINVAL,
			a->program->is_server
				? "\"%.80s\" begins with a <recv>, it answers calls: use it with do = \"answer\""
				: "\"%.80s\" begins with a <send>, it places calls: use it with do = \"call\"",
			name);
	return 0;
}
