/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a plan: text to tree, --set on top, then section by section. */
#include "plan/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plan/plan_media_read.h"

#define MAX_TEXT                                                                                   \
	(1u << 20) /* bytes of a plan; the largest ones written by hand have a few thousand */

static int
check_sections(const struct rs_reader *r)
{
	const char *names[RS_SECTIONS];
	char near[100];

	for (uint32_t i = 0; i < RS_SECTIONS; i++)
		names[i] = rs_plan_sections[i].name;
	for (const struct rs_node *n = r->root->first; n; n = n->next) {
		bool known = false;

		for (uint32_t i = 0; i < RS_SECTIONS; i++)
			known = known || strcmp(names[i], n->name) == 0;
		if (!known) {
			rs_did_you_mean(n->name, names, RS_SECTIONS, near, sizeof(near));
			const char *tail = near[0]
				? near
				: ": known are sut, targets, workers, ports, media, tls, endpoints, activities and run";
			if (n->set)
				return rs_err_set(r->err, -EINVAL,
					"--set %.200s: unknown setting '%.60s'%s", n->set, n->name,
					tail);
			return rs_err_at(r->err, -EINVAL, r->file, n->line,
				"unknown setting '%.60s'%s", n->name, tail);
		}
	}
	for (int i = 0; i < RS_SECTIONS; i++) {
		const struct rs_section *s = &rs_plan_sections[i];
		struct rs_part p = rs_part_of(r, (enum rs_section_id)i, -1);

		if (p.node && s->later)
			return rs_part_fail(
				r, &p, NULL, -EINVAL, "is not in this version: %s", s->later);
		if (!p.node && s->required && s->shape != RS_SECTION_VALUE)
			return rs_part_fail(
				r, &p, NULL, -EINVAL, "is missing: %s = ( { ... } );", s->name);
		if (p.node && s->shape == RS_SECTION_LIST && p.node->type != RS_NODE_LIST)
			return rs_part_fail(r, &p, NULL, -EINVAL,
				"is %s: write a list of groups, %s = ( { ... } );",
				rs_tree_type_name(p.node), s->name);
		if (p.node && s->shape == RS_SECTION_LIST && p.node->n == 0)
			return rs_part_fail(r, &p, NULL, -EINVAL, "is empty");
	}
	return 0;
}

static int
read_all(struct rs_reader *r)
{
	int rc;

	if ((rc = check_sections(r)) != 0 || (rc = rs_read_machine(r)) != 0 ||
		(rc = rs_read_ports(r)) != 0 || (rc = rs_read_media(r)) != 0 ||
		(rc = rs_read_tls(r)) != 0 || (rc = rs_read_endpoints(r)) != 0 ||
		(rc = rs_read_certs(r)) != 0 ||
		(rc = rs_read_run(r)) != 0 || (rc = rs_read_activities(r)) != 0 ||
		(rc = rs_imply_media(r)) != 0)
		return rc;
	return rs_check_routes(r);
}

int
rs_plan_read_text(const char *name, const char *text, size_t len, const struct rs_set *sets,
	uint32_t n_sets, const struct rs_plan_io *io, struct rs_plan **out, struct rs_err *err)
{
	struct rs_plan *p = calloc(1, sizeof(*p));
	struct rs_plan_mem *mem = calloc(1, sizeof(*mem));
	struct rs_err own = { 0 };
	int rc = -ENOMEM;

	*out = NULL;
	if (!p || !mem)
		goto fail;
	p->memory = mem;
	p->file = rs_plan_dup(mem, name);
	if (!p->file)
		goto fail;
	const char *slash = strrchr(p->file, '/');
	p->name = slash ? slash + 1 : p->file;

	struct rs_reader r = {
		.plan = p, .mem = mem, .file = p->file, .io = io, .err = err ? err : &own
	};
	rc = rs_tree_parse(mem, p->file, text, len, &r.root, r.err);
	for (uint32_t i = 0; i < n_sets && rc == 0; i++)
		rc = rs_set_apply(mem, r.root, &sets[i], r.err);
	p->root = r.root;
	if (rc == 0)
		rc = read_all(&r);
	if (rc != 0)
		goto fail;
	*out = p;
	return 0;
fail:
	if (rc == -ENOMEM)
		rs_err_set(err, rc, "no memory to read %.200s", name);
	/* a message is one line, whatever the plan's strings hold */
	for (char *c = err ? err->text : NULL; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	if (p && p->memory)
		rs_plan_free(p);
	else {
		free(p);
		free(mem);
	}
	return rc;
}

int
rs_plan_parse(const char *name, const char *text, const struct rs_set *sets, uint32_t n_sets,
	struct rs_plan **out, struct rs_err *err)
{
	return rs_plan_read_text(name, text, strlen(text), sets, n_sets, &rs_plan_files, out, err);
}

/** The bytes of a file. */
static int
slurp(const char *file, char **text, size_t *len, struct rs_err *err)
{
	FILE *f = fopen(file, "re");
	struct stat st;
	int rc = 0;

	*text = NULL;
	if (!f) {
		rc = -errno;
		return rs_err_set(err, rc == -ENOENT || rc == -EACCES ? rc : -EINVAL, "%.300s: %s",
			file, strerror(-rc));
	}
	if (fstat(fileno(f), &st) != 0 || S_ISDIR(st.st_mode)) {
		rc = rs_err_set(err, -EINVAL, "%.300s: is a directory: name the plan's file", file);
		goto out;
	}
	*text = malloc(MAX_TEXT + 1);
	if (!*text) {
		rc = rs_err_set(err, -ENOMEM, "no memory to read %.300s", file);
		goto out;
	}
	*len = fread(*text, 1, MAX_TEXT + 1, f);
	if (ferror(f))
		rc = rs_err_set(err, -EINVAL, "%.300s: cannot be read", file);
	else if (*len > MAX_TEXT)
		rc = rs_err_set(err, -EINVAL, "%.300s: is larger than %u bytes", file, MAX_TEXT);
out:
	fclose(f);
	return rc;
}

int
rs_plan_load(const char *file, const struct rs_set *sets, uint32_t n_sets, struct rs_plan **out,
	struct rs_err *err)
{
	char *text, inside[PATH_MAX];
	struct stat st;
	size_t len = 0;
	int n, rc;

	*out = NULL;
	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) { /* a plan with its scenarios and data beside it */
		n = snprintf(inside, sizeof(inside), "%s/plan.conf", file);
		if (n >= (int)sizeof(inside))
			return rs_err_set(err, -EINVAL, "%.300s: the name is too long", file);
		file = inside;
	}
	rc = slurp(file, &text, &len, err);
	if (rc == 0)
		rc = rs_plan_read_text(file, text, len, sets, n_sets, &rs_plan_files, out, err);
	free(text);
	return rc;
}

void
rs_plan_free(struct rs_plan *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->n_activities; i++) {
		struct rs_plan_activity *a = &p->activities[i];

		if (a->program && rs_activity_plays(a->kind)) /* of the others it is the plan's own */
			rs_program_free(a->program);
		for (uint32_t k = 0; k < a->n_data; k++)
			rs_inject_free(a->data[k]);
	}
	for (uint32_t i = 0; i < p->n_groups; i++)
		rs_inject_free(p->groups[i].credentials);
	for (uint32_t i = 0; i < p->n_media; i++)
		rs_media_free(&p->media[i]);
	struct rs_plan_mem *mem = p->memory;
	rs_plan_mem_fini(mem);
	free(mem);
	free(p);
}
