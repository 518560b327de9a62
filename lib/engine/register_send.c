/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/register_send.h"

#include <errno.h>
#include <stdio.h>

#include "engine/credentials.h"
#include "engine/flow.h"
#include "engine/render.h"
#include "proto/sip/compose.h"

static const struct rs_plan_group *
plan_of(const struct rs_engine *e, const struct registration *r)
{
	return e->activities[r->activity].group->plan;
}

bool
register_can_authenticate(const struct rs_engine *e, const struct registration *r)
{
	return plan_of(e, r)->credentials || plan_of(e, r)->password.text;
}

static bool
is_same(const struct realm *k, const struct rs_auth_challenge *c)
{
	return rs_slice_eq(k->realm, c->realm) && k->algorithm == c->algorithm && k->algorithm_given == c->algorithm_given &&
		k->qop_auth == c->qop_auth && k->proxy == c->proxy;
}

/* What every challenge of a registrar says is kept once. @return 1 + its index; 0: no room for a further one */
static uint8_t
intern(struct rs_engine *e, const struct rs_auth_challenge *c)
{
	uint8_t *text;

	for (uint8_t i = 0; i < e->n_realms; i++)
		if (is_same(&e->realms[i], c))
			return (uint8_t)(i + 1);
	if (e->n_realms == MAX_REALMS)
		return 0;
	text = rs_arena_alloc(&e->arena, c->realm.len + 1, 8);
	if (!text)
		return 0;
	rs_metric_add(e->cells, RS_ENG_REG_TEXT_BYTES, c->realm.len + 1);
	memcpy(text, c->realm.p, c->realm.len);
	e->realms[e->n_realms] = (struct realm){
		.realm = rs_slice_of(text, c->realm.len),
		.algorithm = c->algorithm,
		.algorithm_given = c->algorithm_given,
		.qop_auth = c->qop_auth,
		.proxy = c->proxy,
	};
	return ++e->n_realms;
}

void
register_count_text(struct rs_engine *e, uint64_t before)
{
	e->reg_text_bytes += e->blobs.bytes - before;
	rs_metric_add(e->cells, RS_ENG_REG_TEXT_BYTES, e->blobs.bytes - before);
}

/* The one of the realm that @c is of. */
static struct reg_challenge *
same_realm(const struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c)
{
	for (unsigned i = 0; i < REG_CHALLENGES; i++) {
		struct reg_challenge *k = &r->challenges[i];

		if (k->realm && e->realms[k->realm - 1].proxy == c->proxy && rs_slice_eq(e->realms[k->realm - 1].realm, c->realm))
			return k;
	}
	return NULL;
}

/* Where @c goes: in the place of the last one of its realm, else where none is, else of the oldest. */
static struct reg_challenge *
place_for(const struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c)
{
	struct reg_challenge *best = same_realm(e, r, c);

	if (best)
		return best;
	best = &r->challenges[0];
	for (unsigned i = 1; i < REG_CHALLENGES && best->realm; i++)
		if (!r->challenges[i].realm || r->challenges[i].cseq < best->cseq)
			best = &r->challenges[i];
	return best;
}

uint32_t
register_uses(const struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c)
{
	const struct reg_challenge *k = same_realm(e, r, c);

	return k ? r->cseq - k->cseq : 0;
}

void
register_forget_challenges(struct registration *r)
{
	for (unsigned i = 0; i < REG_CHALLENGES; i++)
		r->challenges[i].realm = 0;
}

bool
register_keep_challenge(struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c)
{
	struct reg_challenge *k = place_for(e, r, c);
	uint64_t before = e->blobs.bytes;
	uint8_t *p;

	k->realm = c->realm.len <= 256 ? intern(e, c) : 0;
	k->cseq = r->cseq;
	p = k->realm ? rs_blob_alloc(&e->blobs, &k->nonce, c->nonce.len + 1 + c->opaque.len) : NULL;
	register_count_text(e, before);
	if (!p) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		k->realm = 0;
		return false;
	}
	memcpy(p, c->nonce.p, c->nonce.len);
	p[c->nonce.len] = 0;
	if (c->opaque.len)
		memcpy(p + c->nonce.len + 1, c->opaque.p, c->opaque.len);
	return true;
}

static void
kept_challenge(const struct rs_engine *e, const struct reg_challenge *kept, struct rs_auth_challenge *c)
{
	const struct realm *k = &e->realms[kept->realm - 1];
	struct rs_slice both = rs_blob_get(&e->blobs, &kept->nonce);
	size_t n = strnlen((const char *)both.p, both.len);

	*c = (struct rs_auth_challenge){
		.realm = k->realm,
		.nonce = rs_slice_of(both.p, n),
		.algorithm = k->algorithm,
		.algorithm_given = k->algorithm_given,
		.qop_auth = k->qop_auth,
		.proxy = k->proxy,
	};
	if (n + 1 < both.len)
		c->opaque = rs_slice_of(both.p + n + 1, both.len - n - 1);
}

static void
put_credentials(struct rs_engine *e, struct registration *r, struct rs_slice uri, struct rs_sip_out *o)
{
	uint8_t user[MAX_CREDENTIAL], password[MAX_CREDENTIAL];
	struct credentials in = { .method = rs_slice_str("REGISTER"), .uri = uri };
	int u = endpoint_auth_user(plan_of(e, r), r->index, user, sizeof(user));
	int p = endpoint_password(plan_of(e, r), r->index, password, sizeof(password));

	if (u < 0 || p < 0)
		return;
	in.user = rs_slice_of(user, (size_t)u);
	in.password = rs_slice_of(password, (size_t)p);
	for (unsigned i = 0; i < REG_CHALLENGES && !o->full; i++) {
		const struct reg_challenge *k = &r->challenges[i];
		struct rs_auth_challenge c;
		int n;

		if (!k->realm)
			continue;
		kept_challenge(e, k, &c);
		in.nc = r->cseq - k->cseq;
		/* One for all uses of a nonce: the session key of -sess is made of the first one (RFC 7616, 3.4.2). */
		in.cnonce = rs_mix64(e->secret ^ rs_mix64((uint64_t)k->cseq << 32 | (uint32_t)(r - e->regs)));
		n = leg_credentials(e, &c, 1, &in, o->p + o->len, o->cap - o->len);
		if (n < 0)
			o->full = true;
		else
			o->len += (size_t)n;
	}
}

/* RFC 5626, 4.1: the same for an endpoint of a plan whenever it runs (a version 5 UUID in form: RFC 4122, 4.3). */
static void
put_instance(const struct rs_engine *e, const struct registration *r, struct rs_sip_out *o)
{
	uint64_t group = e->activities[r->activity].plan->from;
	uint64_t a = rs_random_at(e->plan->seed, 0x5626 + group, r->index), b = rs_mix64(a + 1);
	char text[128];

	snprintf(text, sizeof(text), ";reg-id=%u;+sip.instance=\"<urn:uuid:%08x-%04x-5%03x-%04x-%012llx>\"", r->hop + 1u,
		(unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000u,
		(unsigned long long)(b & 0xffffffffffff));
	rs_out_text(o, text);
}

static void
put_message(struct rs_engine *e, struct registration *r, const uint8_t *token, struct rs_sip_out *o)
{
	const struct rs_plan_group *g = plan_of(e, r);
	const struct endpoint *ep = group_endpoint(e->activities[r->activity].group, r->index);
	const char *domain = g->domain ? g->domain : g->proxy_host;
	char user[128], uri[300], from[480], to[440], call_id[80], branch[64], line[512];
	int n = rs_pattern_write(&g->user, r->index, r->index, (uint8_t *)user, sizeof(user));
	enum rs_transport transport = (enum rs_transport)g->transport;
	struct rs_sip_request request = { .method = RS_SIP_REGISTER, .transport = rs_transport_via(transport), .port = ep->port, .cseq = r->cseq };
	struct rs_path path = { .transport = g->transport };

	n = n > 0 ? n : 0;
	snprintf(uri, sizeof(uri), "sip:%.253s", domain);
	snprintf(to, sizeof(to), "<sip:%.*s@%.253s>", n, user, domain);
	snprintf(from, sizeof(from), "%s;tag=%.*s", to, RS_TOKEN_LEN, (const char *)token);
	snprintf(call_id, sizeof(call_id), "%.*s@%.*s", RS_TOKEN_LEN, (const char *)token, ep->text_len, (const char *)ep->text);
	snprintf(branch, sizeof(branch), "z9hG4bK%.*s-%u", RS_TOKEN_LEN, (const char *)token, r->cseq);
	request.uri = rs_slice_str(uri);
	request.host = rs_slice_of(ep->text, ep->text_len);
	request.branch = rs_slice_str(branch);
	request.rport = !rs_transport_is_stream(transport);
	request.alias = g->alias;
	request.from = rs_slice_str(from);
	request.to = rs_slice_str(to);
	request.call_id = rs_slice_str(call_id);
	rs_out_request(o, &request);
	snprintf(line, sizeof(line), "Contact: <sip:%.*s@%.*s:%u%s%s>", n, user, ep->text_len, (const char *)ep->text, ep->port,
		contact_transport(&path), g->outbound ? ";ob" : "");
	rs_out_text(o, line);
	if (g->outbound)
		put_instance(e, r, o);
	snprintf(line, sizeof(line), "\r\nExpires: %u\r\nSupported: path%s\r\n", r->what == REG_END ? 0 : r->expires_s,
		g->outbound ? ", outbound" : "");
	rs_out_text(o, line);
	put_credentials(e, r, request.uri, o);
}

static int
compose(struct rs_engine *e, struct registration *r, struct rs_buf *buf)
{
	struct rs_token t = {
		.handle = rs_handle_make((uint32_t)(r - e->regs), 0, (uint8_t)e->worker, RS_KIND_ENDPOINT), .run = e->run
	};
	struct rs_sip_out o = rs_sip_out(buf->data, buf->cap);
	uint8_t token[RS_TOKEN_LEN];

	rs_token_write(&t, e->secret, token);
	put_message(e, r, token, &o);
	return rs_out_end(&o, NULL, rs_slice_of(NULL, 0));
}

void
register_send(struct rs_engine *e, struct registration *r, bool again)
{
	const struct rs_plan_group *g = plan_of(e, r);
	const struct endpoint *ep = group_endpoint(e->activities[r->activity].group, r->index);
	struct rs_metrics *m = &e->activities[r->activity].account->cells;
	struct rs_path path = { .port = (uint8_t)g->port, .local = ep->addr, .local_port = ep->port, .remote = g->proxy,
		.remote_port = g->proxy_port, .transport = g->transport };
	const struct flow *f = flow_of(e, e->activities[r->activity].group, r->index, r->hop);
	struct rs_buf buf;

	if (f) {
		path.conn = f->conn;
		path.remote = g->hops[r->hop].addr;
		path.remote_port = g->hops[r->hop].port;
	}
	if (e->silent || e->link.take(e->link.ctx, &path, &buf) != 0)
		return; /* counted there; it goes out with the next copy */
	int n = compose(e, r, &buf);

	if (n < 0) { /* then in fragments */
		e->link.drop(e->link.ctx, &buf);
		int rc = rs_link_take_large(&e->link, &path, &buf);

		r->too_long = rc == -EMSGSIZE;
		if (rc)
			return;
		n = compose(e, r, &buf);
		r->too_long = n < 0;
	}
	if (n < 0)
		e->link.drop(e->link.ctx, &buf);
	else if (e->link.send(e->link.ctx, &path, &buf, (uint32_t)n) == 0)
		rs_metric_inc(m, again ? RS_AM_SIP_RETRANSMITTED : RS_AM_SIP_SENT);
}

void
register_stamp(struct rs_engine *e, struct registration *r)
{
	if (e->n_stamps == MAX_STAMPS)
		rs_engine_flushed(e, e->now);
	e->stamps[e->n_stamps++] = (struct stamp){
		.slot = (uint32_t)(r - e->regs), .generation = UINT32_MAX, .what = STAMP_REGISTER
	};
}
