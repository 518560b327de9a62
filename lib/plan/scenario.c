/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compiler's frame: memory, findings, the order of its passes, and the program that comes out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/table.h"
#include "plan/scenario_int.h"

struct rs_sc_block {
	struct rs_sc_block *next;
	_Alignas(16) uint8_t bytes[];
};

void *
rs_sc_alloc(struct rs_sc *c, size_t size)
{
	struct rs_sc_block *b = calloc(1, sizeof(*b) + size);

	if (b == NULL) {
		c->oom = true;
		return NULL;
	}
	b->next = c->pool->blocks;
	c->pool->blocks = b;
	return b->bytes;
}

char *
rs_sc_copy(struct rs_sc *c, const void *p, size_t len)
{
	char *s = rs_sc_alloc(c, len + 1);

	if (s != NULL && len > 0)
		memcpy(s, p, len);
	return s;
}

void *
rs_sc_push(struct rs_sc *c, struct rs_sc_vec *v, size_t size)
{
	if (v->n == v->cap) {
		uint32_t cap = v->cap == 0 ? 16 : v->cap * 2;
		void *p = reallocarray(v->p, cap, size);

		if (p == NULL) {
			c->oom = true;
			memset(c->sink, 0, sizeof(c->sink));
			return c->sink;
		}
		v->p = p;
		v->cap = cap;
	}
	return memset((uint8_t *)v->p + size * v->n++, 0, size);
}

static void
find(struct rs_sc *c, enum rs_finding_kind kind, int line, const char *construct, const char *fmt,
	va_list ap)
{
	struct rs_findings *f = c->findings;
	uint32_t *const counts[] = {
		[RS_FINDING_ERROR] = &f->n_errors,
		[RS_FINDING_UNSUPPORTED] = &f->n_unsupported,
		[RS_FINDING_WARNING] = &f->n_warnings,
	};

	(*counts[kind])++;
	if (f->n >= RS_SC_MAX_FINDINGS)
		return;
	if (f->n == f->cap) {
		uint32_t cap = f->cap == 0 ? 8 : f->cap * 2;
		struct rs_finding *list = reallocarray(f->list, cap, sizeof(*list));

		if (list == NULL) {
			c->oom = true;
			return;
		}
		f->list = list;
		f->cap = cap;
	}
	f->list[f->n] = (struct rs_finding){ .kind = kind, .line = line, .construct = construct };
	vsnprintf(f->list[f->n].text, sizeof(f->list[f->n].text), fmt, ap);
	/* what a file contains may be shown on a terminal */
	for (char *p = f->list[f->n].text; *p != '\0'; p++)
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			*p = '?';
	f->n++;
}

void
rs_sc_error(struct rs_sc *c, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(c, RS_FINDING_ERROR, line, NULL, fmt, ap);
	va_end(ap);
}

void
rs_sc_warn(struct rs_sc *c, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(c, RS_FINDING_WARNING, line, NULL, fmt, ap);
	va_end(ap);
}

void
rs_sc_unsupported(struct rs_sc *c, int line, const char *construct, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(c, RS_FINDING_UNSUPPORTED, line, construct, fmt, ap);
	va_end(ap);
}

void
rs_findings_free(struct rs_findings *f)
{
	free(f->list);
	*f = (struct rs_findings){ 0 };
}

static void
pool_free(struct rs_sc_pool *pool)
{
	struct rs_sc_block *b = pool->blocks;

	while (b != NULL) {
		struct rs_sc_block *next = b->next;

		free(b);
		b = next;
	}
	free(pool);
}

void
rs_program_free(struct rs_program *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->n_eres; i++)
		rs_ere_free(p->eres[i]);
	rs_clips_free(p->clips, p->n_clips);
	pool_free(p->memory);
}

/*
 * The bytes of @v, moved into the pool. An empty array still gets an address, so that nobody meets
 * NULL + 0.
 */
static const void *
settle(struct rs_sc *c, const struct rs_sc_vec *v, size_t size)
{
	void *p = rs_sc_alloc(c, v->n * size + 1);

	if (p != NULL && v->n > 0)
		memcpy(p, v->p, v->n * size);
	return p;
}

static bool
is_server(const struct rs_sc *c)
{
	for (uint32_t i = 0; i < c->steps.n; i++) {
		const struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);

		if (s->kind == RS_STEP_SEND || s->kind == RS_STEP_RECV)
			return s->kind == RS_STEP_RECV;
	}
	return false;
}

static struct rs_program *
finish(struct rs_sc *c)
{
	struct rs_program *p = rs_sc_alloc(c, sizeof(*p));
	struct rs_template *templates;
	const uint8_t *text;
	const struct rs_op *ops;

	if (p == NULL)
		return NULL;
	p->name = c->title;
	p->file = rs_sc_copy(c, c->name, strlen(c->name));
	p->is_server = is_server(c);
	text = settle(c, &c->text, 1);
	ops = settle(c, &c->ops, sizeof(struct rs_op));
	templates = (struct rs_template *)settle(c, &c->templates, sizeof(struct rs_template));
	p->n_templates = c->templates.n;
	p->templates = templates;
#define TAKE(to, count, vec, type) p->to = settle(c, &c->vec, sizeof(type)), p->count = c->vec.n
	TAKE(steps, n_steps, steps, struct rs_step);
	TAKE(actions, n_actions, actions, struct rs_action);
	TAKE(vars, n_vars, vars, struct rs_var);
	TAKE(fields, n_fields, fields, struct rs_field_ref);
	TAKE(fills, n_fills, fills, struct rs_fill);
	TAKE(auths, n_auths, auths, struct rs_auth_ref);
	TAKE(keep_names, n_keep_names, keep_names, struct rs_slice);
	TAKE(rtds, n_rtds, rtds, struct rs_slice);
	TAKE(counters, n_counters, counters, struct rs_slice);
	TAKE(clips, n_clips, clips, struct rs_clip);
	TAKE(eres, n_eres, eres, struct rs_ere *);
#undef TAKE
	if (c->oom)
		return NULL;
	/* while the compiler ran, ops were known by their index: the array moved as it grew */
	for (uint32_t i = 0; i < p->n_templates; i++) {
		templates[i].ops = ops + (uintptr_t)templates[i].ops;
		templates[i].text = text;
	}
	for (uint32_t i = 0; i < p->n_eres; i++)
		if (rs_ere_scratch(p->eres[i]) > p->ere_scratch)
			p->ere_scratch = rs_ere_scratch(p->eres[i]);
	p->media = c->media;
	p->video = c->video;
	p->image = c->image;
	p->crypto = c->crypto;
	p->abort_ack = c->aborts[0];
	p->abort_bye = c->aborts[1];
	p->abort_cancel = c->aborts[2];
	p->auto_200 = c->aborts[3];
	p->abort_refused = c->aborts[4];
	p->memory = c->pool;
	return p;
}

/*
 * By line, errors first; what was found in one line otherwise stays in its order. There are few:
 * insertion will do.
 */
static void
sort_findings(struct rs_findings *f)
{
	for (uint32_t i = 1; i < f->n; i++) {
		struct rs_finding x = f->list[i];
		uint32_t k = i;

		for (; k > 0; k--) {
			const struct rs_finding *y = &f->list[k - 1];

			if (y->line < x.line || (y->line == x.line && y->kind <= x.kind))
				break;
			f->list[k] = *y;
		}
		f->list[k] = x;
	}
}

/* The verdict over the findings, and the first that decides it as @err. */
static int
judge(struct rs_sc *c, struct rs_err *err)
{
	struct rs_findings *f = c->findings;
	enum rs_finding_kind kind = f->n_errors > 0 ? RS_FINDING_ERROR : RS_FINDING_UNSUPPORTED;
	int rc = f->n_errors > 0 ? -EINVAL : -ENOTSUP;

	sort_findings(f);
	if (c->oom)
		return rs_err_at(
			err, -ENOMEM, c->name, 0, "not enough memory to compile the scenario");
	if (f->n_errors == 0 && f->n_unsupported == 0)
		return 0;
	for (uint32_t i = 0; i < f->n; i++)
		if (f->list[i].kind == kind)
			return rs_err_at(err, rc, c->name, f->list[i].line, "%s", f->list[i].text);
	return rs_err_at(err, rc, c->name, 0, "the scenario cannot be used");
}

static void
passes(struct rs_sc *c, struct rs_slice xml)
{
	struct rs_sc_node *root;

	if (xml.len > RS_SC_MAX_FILE) {
		rs_sc_error(c, 0, "the file is larger than %u MiB: no scenario is",
			RS_SC_MAX_FILE >> 20);
		return;
	}
	root = rs_sc_xml(c, xml);
	if (root == NULL)
		return;
	rs_sc_elements(c, root);
	if (c->oom)
		return;
	rs_sc_check(c);
	rs_sc_abort_templates(c, is_server(c));
	if (!c->oom && c->findings->n_errors == 0)
		rs_sc_keep(c);
}

int
rs_scenario_compile(const char *name, struct rs_slice xml, const struct rs_scenario_opts *opts,
	struct rs_program **out, struct rs_findings *findings, struct rs_err *err)
{
	static const struct rs_scenario_opts none;
	struct rs_findings own = { 0 };
	struct rs_sc_pool *pool = calloc(1, sizeof(*pool));
	struct rs_sc c = {
		.name = name,
		.opts = opts == NULL ? &none : opts,
		.findings = findings == NULL ? &own : findings,
		.pool = pool,
		.invite_step = -1,
		.aborts = { -1, -1, -1, -1 },
	};
	struct rs_program *p = NULL;
	int rc;

	*out = NULL;
	if (findings != NULL)
		*findings = (struct rs_findings){ 0 };
	if (pool == NULL)
		return rs_err_at(
			err, -ENOMEM, name, 0, "not enough memory to compile the scenario");
	passes(&c, xml);
	rc = judge(&c, err);
	if (rc == 0) {
		p = finish(&c);
		if (p != NULL)
			p->digest = rs_hash(xml.p, xml.len, 0);
		if (p == NULL)
			rc = rs_err_at(
				err, -ENOMEM, name, 0, "not enough memory to compile the scenario");
	}
	if (p == NULL) {
		for (uint32_t i = 0; i < c.eres.n; i++)
			rs_ere_free(*RS_SC_AT(c.eres, struct rs_ere *, i));
		rs_clips_free(c.clips.p, c.clips.n);
		pool_free(pool);
	}
	struct rs_sc_vec *const vecs[] = { &c.steps, &c.actions, &c.templates, &c.ops, &c.text,
		&c.eres, &c.vars, &c.fields, &c.fills, &c.keep_names, &c.rtds, &c.counters, &c.uses,
		&c.rtd_marks, &c.labels, &c.jumps, &c.auths, &c.auth_texts, &c.clips };

	for (size_t i = 0; i < sizeof(vecs) / sizeof(vecs[0]); i++)
		free(vecs[i]->p);
	rs_findings_free(&own);
	*out = p;
	return rc;
}

int
rs_scenario_load(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out,
	struct rs_findings *findings, struct rs_err *err)
{
	struct stat st;
	uint8_t *bytes = NULL;
	size_t len = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	*out = NULL;
	if (findings != NULL)
		*findings = (struct rs_findings){ 0 };
	if (fd < 0) {
		rc = errno == EACCES ? -EACCES : -ENOENT;
		return rs_err_at(err, rc, file, 0, "cannot open the scenario: %s", strerror(errno));
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return rs_err_at(err, -ENOENT, file, 0, "not a file: name a scenario file");
	}
	if (st.st_size > RS_SC_MAX_FILE) {
		close(fd);
		return rs_err_at(err, -EINVAL, file, 0,
			"the file is larger than %u MiB: no scenario is", RS_SC_MAX_FILE >> 20);
	}
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes == NULL) {
		close(fd);
		return rs_err_at(err, -ENOMEM, file, 0, "not enough memory to read the scenario");
	}
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + len, (size_t)st.st_size - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	rc = rs_scenario_compile(file, rs_slice_of(bytes, len), opts, out, findings, err);
	free(bytes);
	return rc;
}
