/* SPDX-License-Identifier: BSD-3-Clause */
/* The dialog: who is in it, along which proxies it runs, and where its messages go (RFC 3261, 12). */
#include <strings.h>

#include "engine/dialog.h"

#include "engine/render.h"

size_t
branch_text(const struct leg *leg, uint16_t number, uint8_t *out)
{
	memcpy(out, "z9hG4bK", 7);
	memcpy(out + 7, leg->token, RS_TOKEN_LEN);
	out[7 + RS_TOKEN_LEN] = '-';
	return 8 + RS_TOKEN_LEN + rs_text_u64(out + 8 + RS_TOKEN_LEN, number);
}

struct rs_slice
dialog_tag(const struct rs_engine *e, const struct leg *leg)
{
	struct rs_slice tag = rs_sip_tag(dialog_party(e, leg, true));

	return tag.len ? tag : rs_slice_of(leg->token, RS_TOKEN_LEN);
}

/* The address that @uri names, if it names one and of our family: names are not looked up. */
static bool
uri_address(struct rs_slice text, const struct rs_path *like, struct rs_addr *addr, uint16_t *port)
{
	struct rs_sip_uri uri;

	if (rs_sip_uri(text, &uri) != 0 || rs_addr_parse(uri.host, addr) != 0 || addr->family != like->local.family)
		return false;
	*port = uri.port ? uri.port : 5060;
	return true;
}

/*
 * Requests in the dialog go to the first route (a strict router, which is their Request-URI), else to the peer's Contact (12.2.1.1,
 * 8.1.2). A plan's `proxy` is the next hop of whatever has no route set. `targets` judge the address when it is used, as they do
 * all others.
 */
static void
set_next_hop(const struct rs_engine *e, const struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice routes = rs_blob_get(&e->blobs, &leg->routes);
	struct rs_slice contact = rs_blob_get(&e->blobs, &leg->contact);
	struct rs_sip_addr first;
	struct rs_addr addr;
	uint16_t port;

	/* The connection that the call runs on is used on (RFC 5626, 4.3; RFC 5923): a second one would tell the peer nothing new. */
	if (rs_transport_is_stream(leg->path.transport))
		return;
	if (routes.len && !(leg->flags & LEG_STRICT)) {
		if (rs_sip_addr(routes, &first) != 0)
			return;
		contact = first.uri;
	} else if (routes.len == 0 && leg_activity(e, leg)->group->plan->has_proxy) {
		return;
	}
	if (contact.len && uri_address(contact, &leg->path, &addr, &port)) {
		d->next = leg->path;
		d->next.remote = addr;
		d->next.remote_port = port;
		d->flags |= DIALOG_NEXT;
	}
}

void
dialog_refresh_target(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_sip_addr contact;

	if (!rs_sip_get(msg, RS_HDR_CONTACT).p || rs_sip_addr(rs_sip_get(msg, RS_HDR_CONTACT), &contact) != 0 ||
		contact.star)
		return;
	if (!leg_move_target(e, leg, contact.uri))
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
	leg_dialog(e, leg)->flags |= DIALOG_MOVED;
}

/* Found out when a request is to go there: who answers a call most often sends none. */
const struct rs_path *
dialog_path(const struct rs_engine *e, const struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	if (d->flags & DIALOG_MOVED) {
		d->flags &= (uint16_t)~(DIALOG_MOVED | DIALOG_NEXT);
		set_next_hop(e, leg);
	}
	return d->flags & DIALOG_NEXT ? &d->next : &leg->path;
}

bool
dialog_has(const struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_slice to = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)), from = rs_sip_tag(rs_sip_get(msg, RS_HDR_FROM));
	const struct dialog *d = leg_dialog(e, leg);
	uint32_t hash;

	if (!to.len)
		return true;
	if ((to.len != RS_TOKEN_LEN || memcmp(to.p, leg->token, RS_TOKEN_LEN) != 0) && !rs_slice_eq(to, dialog_tag(e, leg)))
		return false;
	if (!leg->remote_tag || !from.len)
		return true;
	hash = (uint32_t)rs_hash(from.p, from.len, e->hash_seed) | 1;
	for (unsigned i = 0; hash != leg->remote_tag && i < d->n_forks && !(d->flags & DIALOG_CONFIRMED); i++)
		if (d->forks[i] == hash)
			return true;
	return hash == leg->remote_tag;
}

/* Both parties' header values in one blob: they come and go together. */
static void
set_parties(struct rs_engine *e, struct dialog *d, struct rs_slice local, struct rs_slice remote)
{
	uint16_t n = (uint16_t)local.len;
	uint8_t *p = local.len + remote.len + sizeof(n) <= UINT16_MAX ?
		rs_blob_alloc(&e->blobs, &d->parties, sizeof(n) + local.len + remote.len) : NULL;

	if (!p) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		return;
	}
	memcpy(p, &n, sizeof(n));
	memcpy(p + sizeof(n), local.p, local.len);
	memcpy(p + sizeof(n) + local.len, remote.p, remote.len);
	d->flags |= DIALOG_MADE;
}

struct rs_slice
dialog_party(const struct rs_engine *e, const struct leg *leg, bool local)
{
	struct rs_slice both = rs_blob_get(&e->blobs, &leg_dialog(e, leg)->parties);
	uint16_t n;

	if (both.len == 0)
		return rs_slice_of(NULL, 0);
	memcpy(&n, both.p, sizeof(n));
	return local ? rs_slice_of(both.p + sizeof(n), n) : rs_slice_of(both.p + sizeof(n) + n, both.len - sizeof(n) - n);
}

/* The 2xx behind a 18x of the same branch most often says nothing new. */
static bool
is_known(const struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg, uint32_t tag)
{
	struct rs_slice known = rs_blob_get(&e->blobs, &leg->contact), v = rs_sip_get(msg, RS_HDR_CONTACT);

	return (leg_dialog(e, leg)->flags & DIALOG_MADE) && tag == leg->remote_tag && msg->first[RS_HDR_RECORD_ROUTE] < 0 &&
		!leg->routes.class && known.len > 0 && v.len >= known.len + 2 && v.p[0] == '<' && v.p[known.len + 1] == '>' &&
		memcmp(v.p + 1, known.p, known.len) == 0;
}

uint32_t
dialog_learn(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice from = rs_sip_get(msg, RS_HDR_FROM), to = rs_sip_get(msg, RS_HDR_TO);
	struct rs_slice tag = rs_sip_tag(msg->status ? to : from);
	uint32_t hash = (uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1, cause;

	if (d->flags & DIALOG_CONFIRMED) { /* by a 2xx before: the route set stays (12.2.1.2) */
		dialog_refresh_target(e, leg, msg);
		return RS_CAUSE_NONE;
	}
	if (msg->status >= 200)
		d->flags |= DIALOG_CONFIRMED;
	if (is_known(e, leg, msg, hash))
		return RS_CAUSE_NONE;
	if (tag.len)
		leg->remote_tag = hash;
	if (msg->status)
		set_parties(e, d, from, to);
	cause = leg_store_routes(e, leg, msg);
	rs_metric_add(e->cells, RS_ENG_POOL_EMPTY, cause == RS_CAUSE_NO_MEMORY);
	d->flags |= DIALOG_MOVED;
	return cause;
}

void
dialog_learn_local(struct rs_engine *e, struct leg *leg, struct rs_slice from, struct rs_slice to)
{
	struct dialog *d = leg_dialog(e, leg);

	if (!(d->flags & DIALOG_MADE) && rs_sip_tag(to).len > 0)
		set_parties(e, d, to, from);
}

static bool
has_rport(const uint8_t *p, const uint8_t *end)
{
	for (; p; p = memchr(p, ';', (size_t)(end - p))) {
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		if (end - p >= 5 && strncasecmp((const char *)p, "rport", 5) == 0 && (end - p == 5 || strchr("=; \t\r\n", p[5])))
			return true;
	}
	return false;
}

/*
 * The port of the top Via, and whether rport stands there, for the plain spelling that nearly all have: "SIP/2.0/UDP host:port;...".
 * @return false: it is another one
 */
static bool
plain_via(struct rs_slice v, uint16_t *port, bool *rport)
{
	const uint8_t *end = v.p + v.len, *comma = memchr(v.p, ',', v.len), *semi = memchr(v.p, ';', v.len);
	uint32_t number = 0, unit = 1;

	if (!semi || (comma && comma < semi))
		return false;
	if (comma)
		end = comma;
	for (const uint8_t *p = semi - 1; p > v.p && semi - p <= 6; p--) {
		if (*p == ':') {
			if (p == semi - 1 || number == 0 || number > UINT16_MAX)
				return false;
			*port = (uint16_t)number;
			*rport = has_rport(semi, end);
			return true;
		}
		if (*p < '0' || *p > '9')
			return false;
		number += (uint32_t)(*p - '0') * unit;
		unit *= 10;
	}
	return false;
}

void
reply_path(const struct rs_rx *rx, const struct rs_sip_msg *msg, struct rs_path *out)
{
	struct rs_slice v = rs_sip_get(msg, RS_HDR_VIA);
	struct rs_sip_via via;
	size_t pos = 0;
	uint16_t port;
	bool rport;

	*out = rx->path;
	if (rs_transport_is_stream(rx->path.transport)) /* the connection it came on: RFC 3261, 18.2.2 */
		return;
	if (plain_via(v, &port, &rport)) {
		if (!rport)
			out->remote_port = port;
	} else if (rs_sip_via_next(v, &pos, &via) == 0 && !via.rport) {
		out->remote_port = via.port ? via.port : 5060;
	}
}
