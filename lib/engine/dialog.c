/* SPDX-License-Identifier: BSD-3-Clause */
/* The dialog: who is in it, along which proxies it runs, and where its messages go (RFC 3261, 12). */
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
	struct rs_slice tag = rs_sip_tag(rs_blob_get(&e->blobs, &leg_dialog(e, leg)->local));

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
 * Requests in the dialog go to the first route, else to the peer's Contact (12.2.1.1, 8.1.2). A plan's `proxy` is the next hop of
 * whatever has no route set. `targets` judge the address when it is used, as they do all others.
 */
static void
set_next_hop(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice routes = rs_blob_get(&e->blobs, &leg->routes);
	struct rs_slice contact = rs_blob_get(&e->blobs, &leg->contact);
	struct rs_sip_addr first;
	struct rs_addr addr;
	uint16_t port;

	if (routes.len) {
		if (rs_sip_addr(routes, &first) != 0)
			return;
		contact = first.uri;
	} else if (leg_activity(e, leg)->group->plan->has_proxy) {
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
	rs_blob_set(&e->blobs, &leg->contact, contact.uri);
	set_next_hop(e, leg);
}

void
dialog_learn(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice from = rs_sip_get(msg, RS_HDR_FROM), to = rs_sip_get(msg, RS_HDR_TO);
	struct rs_slice tag = rs_sip_tag(msg->status ? to : from);

	if (d->flags & DIALOG_CONFIRMED) { /* by a 2xx before: the route set stays (12.2.1.2) */
		dialog_refresh_target(e, leg, msg);
		return;
	}
	if (tag.len)
		leg->remote_tag = (uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1;
	if (!rs_blob_set(&e->blobs, &d->remote, msg->status ? to : from) ||
		(msg->status && !rs_blob_set(&e->blobs, &d->local, from)) || !leg_store_routes(e, leg, msg))
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
	if (msg->status)
		d->flags |= DIALOG_MADE;
	if (msg->status >= 200)
		d->flags |= DIALOG_CONFIRMED;
	set_next_hop(e, leg);
}

void
dialog_learn_local(struct rs_engine *e, struct leg *leg, struct rs_slice to)
{
	struct dialog *d = leg_dialog(e, leg);

	if ((d->flags & DIALOG_MADE) || rs_sip_tag(to).len == 0)
		return;
	if (!rs_blob_set(&e->blobs, &d->local, to))
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
	d->flags |= DIALOG_MADE;
}

void
reply_path(const struct rs_rx *rx, const struct rs_sip_msg *msg, struct rs_path *out)
{
	struct rs_sip_via via;
	size_t pos = 0;

	*out = rx->path;
	if (rs_sip_via_next(rs_sip_get(msg, RS_HDR_VIA), &pos, &via) == 0 && !via.rport)
		out->remote_port = via.port ? via.port : 5060;
}
