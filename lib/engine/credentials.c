/* SPDX-License-Identifier: BSD-3-Clause */
/* User names and passwords as the plan gives them, and header lines made of them. */
#include "engine/credentials.h"

#include <errno.h>

#include "proto/sip/compose.h"

/** Field @field of line @index of the group's credentials. @return bytes; 0: no file, or the field is empty; -ENOSPC */
static int
of_file(const struct rs_plan_group *g, uint32_t index, uint32_t field, uint8_t *out, size_t cap)
{
	if (!g->credentials || g->credentials->n_lines == 0)
		return 0;
	/* Fewer lines than endpoints there are only where lines are made of a number. */
	return rs_inject_field(g->credentials, index % g->credentials->n_lines, field, out, cap);
}

int
endpoint_auth_user(const struct rs_plan_group *g, uint32_t index, uint8_t *out, size_t cap)
{
	int n = of_file(g, index, 0, out, cap);

	if (n)
		return n;
	return rs_pattern_write(g->auth_user.text ? &g->auth_user : &g->user, index, index, out, cap);
}

int
endpoint_password(const struct rs_plan_group *g, uint32_t index, uint8_t *out, size_t cap)
{
	int n = of_file(g, index, 1, out, cap);

	if (n)
		return n;
	return g->password.text ? rs_pattern_write(&g->password, index, index, out, cap) : -ENOENT;
}

static void
write_cnonce(uint64_t number, uint8_t text[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		text[i] = (uint8_t)digits[number >> (60 - 4 * i) & 15];
}

int
leg_credentials(struct rs_engine *e, const struct rs_auth_challenge *c, unsigned n, const struct credentials *in, uint8_t *out,
	size_t cap)
{
	struct rs_sip_out o = rs_sip_out(out, cap);
	uint8_t cnonce[16];

	write_cnonce(in->cnonce, cnonce);
	for (unsigned i = 0; i < n; i++) {
		struct rs_auth_in one = { .challenge = &c[i], .user = in->user, .password = in->password, .method = in->method,
			.uri = in->uri, .nc = in->nc, .cnonce = rs_slice_of(cnonce, sizeof(cnonce)) };
		int len;

		rs_out_text(&o, c[i].proxy ? "Proxy-Authorization: " : "Authorization: ");
		len = rs_auth_write(e->hasher, &one, o.p + o.len, o.cap - o.len);
		if (len < 0)
			return len;
		o.len += (size_t)len;
		rs_out_text(&o, "\r\n");
	}
	return o.full ? -ENOSPC : (int)o.len;
}

int
challenges_of(struct rs_engine *e, const struct rs_sip_msg *msg, struct rs_auth_challenge *out, unsigned cap)
{
	int n = rs_auth_challenges(msg, out, cap);

	if (n < 0)
		rs_metric_inc(e->cells, n == -ENOTSUP ? RS_ENG_CHALLENGE_UNKNOWN : RS_ENG_CHALLENGE_BROKEN);
	return n;
}
