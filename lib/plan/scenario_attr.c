/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of attributes, as SIPp reads them: numbers with C's bases, booleans as words or numbers,
 * lists with commas.
 */
#include <math.h>
#include <stdio.h>

#include "plan/scenario_int.h"

const struct rs_sc_attr *
rs_sc_attr(const struct rs_sc_node *n, const char *name)
{
	for (uint32_t i = 0; i < n->n_attrs; i++)
		if (strcmp(n->attrs[i].name, name) == 0)
			return &n->attrs[i];
	return NULL;
}

bool
rs_sc_long(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, long min,
	long max, long *out)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(a->text, &end, 0);
	if (end == a->text || *end != '\0' || strlen(a->text) != a->value.len) {
		rs_sc_error(c, n->line, "<%s> %s=\"%.60s\": a whole number is needed", n->name,
			a->name, a->text);
		return false;
	}
	if (errno == ERANGE || v < min || v > max) {
		rs_sc_error(c, n->line, "<%s> %s=\"%.60s\": a number from %ld to %ld is needed",
			n->name, a->name, a->text, min, max);
		return false;
	}
	*out = v;
	return true;
}

bool
rs_sc_double(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, double *out)
{
	char *end;
	double v = strtod(a->text, &end);

	if (end == a->text || *end != '\0' || strlen(a->text) != a->value.len || !isfinite(v)) {
		rs_sc_error(c, n->line, "<%s> %s=\"%.60s\": a number is needed", n->name, a->name,
			a->text);
		return false;
	}
	*out = v;
	return true;
}

bool
rs_sc_bool(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, bool *out)
{
	char *end;
	long v = 0;

	if (strcmp(a->text, "true") == 0) {
		v = 1;
	} else if (strcmp(a->text, "false") != 0) {
		v = strtol(a->text, &end, 0);
		if (end == a->text || *end != '\0') {
			rs_sc_error(c, n->line, "<%s> %s=\"%.60s\": true or false is needed",
				n->name, a->name, a->text);
			return false;
		}
	}
	*out = v != 0;
	return true;
}

struct rs_slice
rs_sc_string(struct rs_sc *c, const struct rs_sc_attr *a)
{
	static const struct {
		const char *name;
		char ch;
	} known[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' },
		{ "&apos;", '\'' } };
	uint8_t *out = (uint8_t *)rs_sc_copy(c, a->value.p, a->value.len);
	size_t n = 0;

	if (out == NULL)
		return rs_slice_of("", 0);
	for (size_t i = 0; i < a->value.len; i++) {
		const uint8_t *p = a->value.p + i;

		out[n] = *p;
		for (size_t k = 0; *p == '&' && k < sizeof(known) / sizeof(known[0]); k++) {
			size_t len = strlen(known[k].name);

			if (a->value.len - i >= len && memcmp(p, known[k].name, len) == 0) {
				out[n] = (uint8_t)known[k].ch;
				i += len - 1;
				break;
			}
		}
		n++;
	}
	out[n] = '\0';
	return rs_slice_of(out, n);
}

bool
rs_sc_list(struct rs_sc *c, struct rs_slice list, size_t *pos, struct rs_slice *out)
{
	while (*pos < list.len) {
		const uint8_t *p = list.p + *pos;
		const uint8_t *comma = memchr(p, ',', list.len - *pos);
		struct rs_slice item = rs_slice_trim(
			rs_slice_of(p, comma == NULL ? list.len - *pos : (size_t)(comma - p)));

		*pos = comma == NULL ? list.len : (size_t)(comma - list.p) + 1;
		if (item.len == 0)
			continue;
		*out = rs_slice_of(rs_sc_copy(c, item.p, item.len), item.len);
		return !c->oom;
	}
	return false;
}

int16_t
rs_sc_var(struct rs_sc *c, int line, struct rs_slice name, bool assign)
{
	struct rs_sc_use *use;
	uint32_t i;

	name = rs_slice_trim(name);
	if (name.len == 0) {
		rs_sc_error(c, line, "a variable's name is missing");
		return RS_NO_VAR;
	}
	if (memchr(name.p, '$', name.len) != NULL || memchr(name.p, ',', name.len) != NULL) {
		rs_sc_error(c, line,
			"variable '%.*s': a name may hold neither '$' nor ',' (write test=\"x\", not test=\"$x\")",
			(int)(name.len < 60 ? name.len : 60), name.p);
		return RS_NO_VAR;
	}
	if (name.len > 7 && memcmp(name.p, "_unexp.", 7) == 0) {
		rs_sc_unsupported(c, line, "_unexp",
			"variable '%.*s': handling of unexpected messages (_unexp.*) is not built",
			(int)(name.len < 60 ? name.len : 60), name.p);
		return RS_NO_VAR;
	}
	for (i = 0; i < c->vars.n; i++)
		if (rs_slice_eq(RS_SC_AT(c->vars, struct rs_var, i)->name, name))
			break;
	if (i == c->vars.n) {
		if (i == INT16_MAX) {
			rs_sc_error(c, line, "more than %d variables", INT16_MAX);
			return RS_NO_VAR;
		}
		struct rs_var *v = rs_sc_push(c, &c->vars, sizeof(*v));

		v->name = rs_slice_of(rs_sc_copy(c, name.p, name.len), name.len);
		use = rs_sc_push(c, &c->uses, sizeof(*use));
		use->line = line;
	} else {
		use = RS_SC_AT(c->uses, struct rs_sc_use, i);
	}
	use->uses++;
	use->assigned |= assign;
	return c->oom ? RS_NO_VAR : (int16_t)i;
}

void
rs_sc_unknown_attr(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a,
	const char *const *names, size_t n_names)
{
	const char *near = rs_text_nearest(a->name, names, n_names);

	if (near != NULL)
		rs_sc_warn(c, n->line,
			"<%s> has no attribute '%.60s' and it is ignored: is '%s' meant?", n->name,
			a->name, near);
	else
		rs_sc_warn(c, n->line, "<%s> has no attribute '%.60s': it is ignored", n->name,
			a->name);
}
