/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that end a call before its scenario does, and the answer to what it does not expect.
 */
#include <stdio.h>

#include "plan/scenario_int.h"

/*
 * Requests inside the dialog: the peer's Contact, the route set, and From and To as the last
 * message had them.
 */
static const char ack_text[] = "ACK [next_url] SIP/2.0\n"
			       "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
			       "[routes]\n"
			       "From: [last_From]\n"
			       "To: [last_To]\n"
			       "Call-ID: [call_id]\n"
			       "CSeq: [cseq] ACK\n"
			       "Max-Forwards: 70\n"
			       "Content-Length: 0\n"
			       "\n";

static const char bye_placed[] =
	"BYE [next_url] SIP/2.0\n"
	"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
	"[routes]\n"
	"From: [last_From]\n"
	"To: [last_To]\n"
	"Call-ID: [call_id]\n"
	"CSeq: [cseq] BYE\n"
	"Max-Forwards: 70\n"
	"Content-Length: 0\n"
	"\n";

/* In a call that was answered the peer's messages carry our address in their To. */
static const char bye_answered[] =
	"BYE [next_url] SIP/2.0\n"
	"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
	"[routes]\n"
	"From: [last_To]\n"
	"To: [last_From]\n"
	"Call-ID: [call_id]\n"
	"CSeq: [cseq] BYE\n"
	"Max-Forwards: 70\n"
	"Content-Length: 0\n"
	"\n";

/* To is copied, with its tag or without one: that is what SIPp answers. */
static const char ok_text[] = "SIP/2.0 200 OK\n"
			      "[last_Via:]\n"
			      "[last_From:]\n"
			      "[last_To:]\n"
			      "[last_Call-ID:]\n"
			      "[last_CSeq:]\n"
			      "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
			      "Content-Length: 0\n"
			      "\n";

static int32_t
make(struct rs_sc *c, struct rs_slice text, bool values_only)
{
	struct rs_sc_text t;
	uint32_t first = c->ops.n;
	int32_t number;

	if (!rs_sc_plain(c, text, 0, &t))
		return -1;
	number = rs_sc_template(c, &t, RS_SC_MESSAGE);
	for (uint32_t i = first; values_only && i < c->ops.n; i++)
		RS_SC_AT(c->ops, struct rs_op, i)->with_name = 0;
	return number;
}

/* Which lines of an INVITE its CANCEL has, too (RFC 3261, 9.1). */
static bool
belongs(struct rs_slice line)
{
	static const char *const names[] = { "via", "v", "from", "f", "to", "t", "call-id", "i",
		"route" };
	const uint8_t *colon;
	struct rs_slice name;

	if (rs_slice_is(line, "[routes]"))
		return true;
	colon = memchr(line.p, ':', line.len);
	if (colon == NULL)
		return false;
	name = rs_slice_trim(rs_slice_of(line.p, (size_t)(colon - line.p)));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (rs_slice_case_eq(name, rs_slice_str(names[i])))
			return true;
	return false;
}

static bool
is_named(struct rs_slice line, const char *name, const char *short_name)
{
	const uint8_t *colon = memchr(line.p, ':', line.len);
	struct rs_slice got;

	if (colon == NULL)
		return false;
	got = rs_slice_trim(rs_slice_of(line.p, (size_t)(colon - line.p)));
	return rs_slice_case_eq(got, rs_slice_str(name)) || rs_slice_case_eq(got, rs_slice_str(short_name));
}

static size_t
append(uint8_t *out, size_t at, const void *p, size_t len)
{
	if (len > 0)
		memcpy(out + at, p, len);
	return at + len;
}

/*
 * The CANCEL, and the ACK to a refusal, are made of the INVITE's own lines: Request-URI, Via, From, Call-ID and the number of
 * CSeq must be the same; so must To, which in the ACK is the refusal's (RFC 3261, 9.1, 17.1.1.3). Where the INVITE writes no Route, the
 * engine may have put one into it: then these have it, too. @method: six letters at most
 */
static int32_t
make_like_invite(struct rs_sc *c, const char *method, bool answered_to)
{
	static const char end[] = "Max-Forwards: 70\nContent-Length: 0\n\n", routes[] = "[routes]\n", to_line[] = "[last_To:]\n";
	const size_t method_len = strlen(method);
	char plain_cseq[32];
	const struct rs_sc_text *t = &c->invite;
	uint8_t *out = rs_sc_alloc(c, t->len + 2 * sizeof(end) + sizeof(plain_cseq) + sizeof(to_line) + sizeof(routes));
	bool cseq = false, routed = false;
	size_t n = 0;
	size_t plain_len = (size_t)snprintf(plain_cseq, sizeof(plain_cseq), "CSeq: [cseq] %s\n", method);

	if (out == NULL)
		return -1;
	for (size_t i = 0; i < t->len;) {
		const uint8_t *nl = memchr(t->p + i, '\n', t->len - i);
		struct rs_slice line =
			rs_slice_of(t->p + i, nl == NULL ? t->len - i : (size_t)(nl - t->p) - i);

		if (line.len == 0)
			break;
		if (i == 0) {
			n = append(out, n, method, method_len);
			n = append(out, n, line.p + 6, line.len - 6);
			n = append(out, n, "\n", 1);
		} else if (answered_to && is_named(line, "to", "t")) {
			n = append(out, n, to_line, sizeof(to_line) - 1);
		} else if (belongs(line)) {
			routed = routed || line.p[0] == '[' || is_named(line, "route", "route");
			n = append(out, n, line.p, line.len);
			n = append(out, n, "\n", 1);
		} else if (line.len > 11 &&
			rs_slice_case_eq(rs_slice_of(line.p, 5), rs_slice_str("cseq:")) &&
			memcmp(line.p + line.len - 6, "INVITE", 6) == 0) {
			n = append(out, n, line.p, line.len - 6);
			n = append(out, n, method, method_len);
			n = append(out, n, "\n", 1);
			cseq = true;
		}
		i += line.len + 1;
	}
	if (!cseq)
		n = append(out, n, plain_cseq, plain_len);
	if (!routed)
		n = append(out, n, routes, sizeof(routes) - 1);
	n = append(out, n, end, sizeof(end) - 1);
	return make(c, rs_slice_of(out, n), false);
}

void
rs_sc_abort_templates(struct rs_sc *c, bool is_server)
{
	if (c->oom || c->findings->n_errors > 0)
		return;
	c->aborts[0] = make(c, rs_slice_str(ack_text), true);
	c->aborts[1] = make(c, rs_slice_str(is_server ? bye_answered : bye_placed), true);
	c->aborts[2] = c->invite_step >= 0 ? make_like_invite(c, "CANCEL", false) : -1;
	c->aborts[3] = make(c, rs_slice_str(ok_text), false);
	c->aborts[4] = c->invite_step >= 0 ? make_like_invite(c, "ACK", true) : -1;
}
