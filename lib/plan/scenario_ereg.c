/* SPDX-License-Identifier: BSD-3-Clause */
/* The action ereg: where it searches, what for, and where the pieces go. */
#include "plan/scenario_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
take_search(struct rs_sc_act *j)
{
	static const char *const places[] = {
		[RS_SEARCH_MSG] = "msg",
		[RS_SEARCH_HDR] = "hdr",
		[RS_SEARCH_BODY] = "body",
		[RS_SEARCH_VAR] = "var",
	};
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "search_in"),
				*header = rs_sc_attr(j->n, "header");
	struct rs_slice name;

	if (a != NULL) {
		size_t k = 0;

		while (k < COUNT(places) && strcmp(places[k], a->text) != 0)
			k++;
		if (k == COUNT(places)) {
			rs_sc_error(j->c, j->n->line,
				"<ereg> search_in=\"%.40s\": msg, hdr, body or var is needed",
				a->text);
			return;
		}
		j->a.search = (uint8_t)k;
	}
	if (j->a.search == RS_SEARCH_VAR) {
		rs_sc_take_in(j);
		return;
	}
	if (j->a.search != RS_SEARCH_HDR)
		return;
	if (header == NULL) {
		rs_sc_error(
			j->c, j->n->line, "<ereg> search_in=\"hdr\": header=\"Name:\" is missing");
		return;
	}
	name = rs_slice_trim(rs_sc_string(j->c, header));
	/* with its colon, if it has one: SIPp's search begins behind what is written here */
	j->a.header = name;
	if (name.len > 0 && name.p[name.len - 1] == ':')
		name = rs_slice_trim(rs_slice_of(name.p, name.len - 1));
	if (name.len == 0)
		rs_sc_error(j->c, j->n->line, "<ereg> header=\"%.40s\": a header's name is needed",
			header->text);
	j->a.header_id = (uint8_t)rs_sip_header_id(name);
}

static void
take_pattern(struct rs_sc_act *j)
{
	const struct rs_sc_attr *a = rs_sc_attr(j->n, "regexp");
	struct rs_ere *ere = NULL;
	const char *cause = "";
	struct rs_slice pattern;
	size_t off = 0;
	int rc;

	if (a == NULL) {
		rs_sc_error(j->c, j->n->line, "<ereg>: regexp=\"expression\" is missing");
		return;
	}
	pattern = rs_sc_string(j->c, a);
	/* case_indep is about the header's name: SIPp's expressions always mind the case */
	rc = rs_ere_compile(pattern, false, &ere, &cause, &off);
	if (rc == -ENOMEM) {
		j->c->oom = true;
	} else if (rc != 0) {
		size_t from = off > 20 ? off - 20 : 0;

		rs_sc_error(j->c, j->n->line, "<ereg> regexp: %s at column %zu, near '%.*s'", cause,
			off + 1, (int)(pattern.len - from < 40 ? pattern.len - from : 40),
			pattern.p + from);
	} else {
		j->a.ere = (int32_t)j->c->eres.n;
		*(struct rs_ere **)rs_sc_push(j->c, &j->c->eres, sizeof(ere)) = ere;
		if (j->c->oom)
			rs_ere_free(ere);
		else if (j->a.n_out > rs_ere_groups(ere) + 1)
			rs_sc_warn(j->c, j->n->line,
				"<ereg> assign_to: %u variables, but the expression has %u groups: the others stay unset",
				j->a.n_out, rs_ere_groups(ere));
	}
}

void
rs_sc_ereg(struct rs_sc_act *j)
{
	const struct rs_sc_attr *icase = rs_sc_attr(j->n, "case_indep"),
				*start = rs_sc_attr(j->n, "start_line"),
				*nth = rs_sc_attr(j->n, "occurrence");
	const struct rs_step *s = RS_SC_AT(j->c->steps, struct rs_step, j->step);
	long v;

	if (nth == NULL)
		nth = rs_sc_attr(j->n, "occurence");
	j->a.occurrence = 1;
	if (nth != NULL && rs_sc_long(j->c, j->n, nth, 1, UINT16_MAX, &v))
		j->a.occurrence = (uint16_t)v;
	if (start != NULL)
		rs_sc_bool(j->c, j->n, start, &j->a.start_line);
	if (icase != NULL)
		rs_sc_bool(j->c, j->n, icase, &j->a.header_any_case);
	rs_sc_take_out(j, 1, RS_ERE_GROUPS);
	take_search(j);
	rs_sc_take_checks(j);
	take_pattern(j);
	if (j->a.search == RS_SEARCH_VAR || s->kind == RS_STEP_RECV || s->kind == RS_SC_STEP_CMD)
		return;
	if (s->kind == RS_STEP_SEND)
		rs_sc_unsupported(j->c, j->n->line, "ereg in send",
			"<ereg> in a <send>: searching what was sent is not built");
	else
		rs_sc_error(j->c, j->n->line,
			"<ereg>: there is no message in this step: move it into the <recv>, or search a variable");
}
