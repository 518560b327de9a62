/* SPDX-License-Identifier: BSD-3-Clause */
/* Digest authentication in scenarios: [authentication], <recv auth="true"> and <verifyauth>. */
#include "plan/scenario_int.h"

#define NAME "authentication"

bool
rs_sc_is_auth(struct rs_slice kw)
{
	size_t n = strlen(NAME);

	return kw.len >= n && memcmp(kw.p, NAME, n) == 0 && (kw.len == n || kw.p[n] == ' ');
}

void
rs_sc_auth(struct rs_sc *c, struct rs_slice kw, int line, enum rs_sc_use_of_text use)
{
	static const char *const aka[] = { "aka_K", "aka_OP", "aka_AMF" };
	struct rs_slice params = rs_slice_of(kw.p + strlen(NAME), kw.len - strlen(NAME));
	struct rs_sc_auth_text text = { rs_sc_param(params, "username"),
		rs_sc_param(params, "password"), line };

	for (size_t i = 0; i < sizeof(aka) / sizeof(aka[0]); i++) {
		if (rs_sc_param(params, aka[i]).p == NULL)
			continue;
		rs_sc_unsupported(
			c, line, "aka_*", "[" NAME "] %s: AKA authentication is not built", aka[i]);
		return;
	}
	if (use != RS_SC_MESSAGE) {
		rs_sc_error(c, line,
			"[" NAME
			"] has a meaning inside a message only: its credentials are for that message");
		return;
	}
	if (c->auths.n > c->template_auths) {
		rs_sc_error(c, line,
			"[" NAME
			"] stands twice in this message: one writes the credentials for all realms");
		return;
	}
	rs_sc_op(c, RS_SLOT_AUTH)->aux = c->auths.n;
	*(struct rs_auth_ref *)rs_sc_push(c, &c->auths, sizeof(struct rs_auth_ref)) =
		(struct rs_auth_ref){ -1, -1 };
	*(struct rs_sc_auth_text *)rs_sc_push(c, &c->auth_texts, sizeof(text)) = text;
}

static int32_t
value(struct rs_sc *c, struct rs_slice text, int line)
{
	struct rs_sc_text t;

	if (text.p == NULL || !rs_sc_plain(c, text, line, &t))
		return -1;
	return rs_sc_template(c, &t, RS_SC_STRING);
}

/* The operations of a template stand together: these wait until the message has all of its own. */
void
rs_sc_auth_values(struct rs_sc *c)
{
	uint32_t from = c->template_auths, to = c->auths.n;

	for (uint32_t i = from; i < to && !c->oom; i++) {
		struct rs_sc_auth_text text = *RS_SC_AT(c->auth_texts, struct rs_sc_auth_text, i);
		int32_t username = value(c, text.username, text.line);
		int32_t password = value(c, text.password, text.line);

		if (!c->oom)
			*RS_SC_AT(c->auths, struct rs_auth_ref, i) =
				(struct rs_auth_ref){ username, password };
	}
	c->template_auths = to;
}

void
rs_sc_verifyauth(struct rs_sc_act *j)
{
	const struct rs_sc_attr *username = rs_sc_need(j, "username", "name"),
				*password = rs_sc_need(j, "password", "secret");

	rs_sc_take_out(j, 1, 1);
	if (username != NULL)
		j->a.template = rs_sc_attr_template(j, username, RS_SC_STRING);
	if (password != NULL)
		j->a.template2 = rs_sc_attr_template(j, password, RS_SC_STRING);
}

void
rs_sc_check_auth(struct rs_sc *c)
{
	bool kept = false;

	for (uint32_t i = 0; i < c->steps.n; i++) {
		struct rs_step *s = RS_SC_AT(c->steps, struct rs_step, i);

		kept |= s->auth;
		/* A line of an injection file may hold the keyword, too. */
		if (c->auths.n == 0 && c->fields.n == 0)
			s->auth = false;
	}
	if (c->auths.n > 0 && !kept)
		rs_sc_warn(c, RS_SC_AT(c->auth_texts, struct rs_sc_auth_text, 0)->line,
			"[" NAME
			"]: nothing is written, for no <recv> above keeps a challenge: add auth=\"true\" to it");
}
