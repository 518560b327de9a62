/* SPDX-License-Identifier: BSD-3-Clause */
/* Endpoints as user agents: what they authenticate with, and what they do of their own accord. */
#include <limits.h>

#include "plan/plan_read.h"

#define MAX_CREDENTIAL 256 /* bytes; the engine's buffers are of that size */

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

/** A pattern that never stands in a URI: any printable text. */
static int
read_pattern(const struct rs_reader *r, const struct rs_part *p, const char *name,
	struct rs_pattern *out)
{
	const char *text = rs_part_text(r, p, name), *why;

	if (!text)
		return 0;
	if (rs_pattern_divide(text, out, &why) != 0)
		return rs_part_fail(r, p, name, -EINVAL, "\"%.100s\" %s", text, why);
	if (rs_pattern_longest(out) > MAX_CREDENTIAL)
		return rs_part_fail(r, p, name, -EINVAL,
			"makes texts of more than %d bytes: shorten it", MAX_CREDENTIAL);
	if (has_control(text))
		return rs_part_fail(r, p, name, -EINVAL, "has a control character in it");
	if (out->what == RS_PATTERN_RANDOM)
		return rs_part_fail(r, p, name, -EINVAL,
			"\"%.100s\" would change with every request: use {index}", text);
	return 0;
}

static int
read_credentials(struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	const char *name = rs_part_text(r, p, "credentials");
	struct rs_err cause = { 0 };
	char path[PATH_MAX];
	int rc;

	if (!name)
		return 0;
	if ((rc = r->io->find(r->file, name, false, path, sizeof(path), &cause)) != 0 ||
		(rc = r->io->data(path, &g->credentials, &cause)) != 0)
		return rs_part_fail(
			r, p, "credentials", rc == -ENOMEM ? rc : -EINVAL, "%s", cause.text);
	if (g->credentials->n_fields < 2)
		return rs_part_fail(r, p, "credentials", -EINVAL,
			"\"%.100s\" has lines of one field: a line is USER;PASSWORD", name);
	if (!g->credentials->is_printf && g->credentials->n_lines < g->count)
		return rs_part_fail(r, p, "credentials", -EINVAL,
			"\"%.100s\" has %llu lines for %u endpoints: line i is that of endpoint i; add "
			"lines, or lower count",
			name, (unsigned long long)g->credentials->n_lines, g->count);
	return 0;
}

static int
check_ua(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	static const struct rs_setting ua = { .name = "ua", .group = &rs_group_ua };
	struct rs_part inside = rs_part_inside(p, &ua, -1);

	if (g->ua.min_se_ns < 90000000000ull)
		return rs_part_fail(r, &inside, "min_se", -EINVAL,
			"is below 90s, the least that RFC 4028 (5) allows");
	if (g->ua.session_expires_ns > 0 && g->ua.session_expires_ns < g->ua.min_se_ns)
		return rs_part_fail(r, &inside, "session_expires", -EINVAL,
			"is below min_se, %g s: raise it, or set it to 0 for no session timer",
			(double)g->ua.min_se_ns / 1e9);
	return 0;
}

int
rs_read_agent(struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	int rc;

	if ((rc = read_pattern(r, p, "password", &g->password)) != 0 ||
		(rc = read_pattern(r, p, "auth_user", &g->auth_user)) != 0 ||
		(rc = read_credentials(r, p, g)) != 0)
		return rc;
	if (g->auth_user.text && !g->password.text && !g->credentials)
		return rs_part_fail(r, p, "auth_user", -EINVAL,
			"is set without a password: add password, or remove it");
	return check_ua(r, p, g);
}
