/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which leg a message belongs to. What we minted comes back to us: the branch in a response's top Via, our tag in a request's To,
 * our Call-ID. Only calls that came to us, with a Call-ID of the peer's making, need the hash table.
 */
#include "engine/internal.h"

static const char cookie[] = "z9hG4bK";
#define COOKIE (sizeof(cookie) - 1)

uint64_t
call_id_hash(const struct rs_engine *e, struct rs_slice call_id)
{
	return rs_hash(call_id.p, call_id.len, e->hash_seed);
}

/* @return LOOKUP_NONE when the text is no token of ours at all */
static enum lookup
by_token(const struct rs_engine *e, struct rs_slice text, struct leg **out)
{
	struct rs_token t;

	if (text.len < RS_TOKEN_LEN || !rs_token_read(text.p, e->secret, &t) ||
		rs_handle_kind(t.handle) != RS_KIND_LEG)
		return LOOKUP_NONE;
	if (t.run != e->run)
		return LOOKUP_OTHER_RUN;
	uint32_t slot = rs_handle_slot(t.handle);
	uint16_t generation = rs_handle_generation(t.handle);

	if (rs_handle_worker(t.handle) != e->worker || slot >= e->legs.cap ||
		!rs_pool_is_live(&e->legs, slot, generation) ||
		e->legs.generation[slot] >> 16 != t.aux)
		return LOOKUP_DEAD;
	*out = leg_at(e, slot);
	return LOOKUP_LEG;
}

static struct leg *
by_call_id(const struct rs_engine *e, struct rs_slice call_id)
{
	uint64_t hash = call_id_hash(e, call_id);
	uint32_t slot;

	for (uint32_t i = rs_table_first(&e->calls, hash, &slot); i != RS_TABLE_END;
		i = rs_table_next(&e->calls, hash, i, &slot))
		if (rs_slice_eq(rs_blob_get(&e->blobs, &leg_at(e, slot)->call_id), call_id))
			return leg_at(e, slot);
	return NULL;
}

/* "anything///[call_id]" names the same call (SIPp's rule). */
static struct rs_slice
behind_slashes(struct rs_slice call_id)
{
	for (size_t i = 0; i + 3 <= call_id.len; i++)
		if (memcmp(call_id.p + i, "///", 3) == 0)
			return rs_slice_of(call_id.p + i + 3, call_id.len - i - 3);
	return call_id;
}

static enum lookup
by_own_call_id(const struct rs_engine *e, struct rs_slice call_id, struct leg **out)
{
	enum lookup found = by_token(e, call_id, out);

	return found == LOOKUP_NONE ? by_token(e, behind_slashes(call_id), out) : found;
}

static enum lookup
response_leg(struct rs_engine *e, const struct rs_sip_msg *msg, struct leg **out)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);

	if (branch.len >= COOKIE + RS_TOKEN_LEN && memcmp(branch.p, cookie, COOKIE) == 0) {
		struct rs_slice text = { branch.p + COOKIE, branch.len - COOKIE };
		enum lookup found = by_token(e, text, out);

		if (found != LOOKUP_NONE)
			return found;
	}
	/* A scenario that writes its own branches: the Call-ID alone, as SIPp does it. */
	*out = by_call_id(e, call_id);
	return *out ? LOOKUP_LEG : by_own_call_id(e, call_id, out);
}

static enum lookup
request_leg(struct rs_engine *e, const struct rs_sip_msg *msg, struct leg **out)
{
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	enum lookup found = by_token(e, tag, out);

	if (found != LOOKUP_NONE)
		return found;
	*out = by_call_id(e, call_id);
	if (*out)
		return LOOKUP_LEG;
	found = by_own_call_id(e, call_id, out);
	if (found != LOOKUP_LEG)
		return found == LOOKUP_DEAD && tag.len == 0 ? LOOKUP_NONE : found;
	/*
	 * Our own Call-ID: the peer speaks within the call when its From tag is the one it answered with. Otherwise it is our own
	 * request come round to us through the SUT, and our other side has to answer it.
	 */
	struct rs_slice from = rs_sip_tag(rs_sip_get(msg, RS_HDR_FROM));
	uint32_t hash = from.len ? (uint32_t)rs_hash(from.p, from.len, e->hash_seed) | 1 : INVITE_TAG_NONE;

	return hash != INVITE_TAG_NONE && hash == (*out)->remote_tag ? LOOKUP_LEG : LOOKUP_NONE;
}

enum lookup
lookup_leg(struct rs_engine *e, const struct rs_sip_msg *msg, struct leg **out)
{
	*out = NULL;
	return msg->status ? response_leg(e, msg, out) : request_leg(e, msg, out);
}

/* The token's worker in @text, if it is one of this run. */
static bool
token_worker(const struct rs_engine *e, struct rs_slice text, uint32_t *worker)
{
	struct rs_token t;

	if (text.len < RS_TOKEN_LEN || !rs_token_read(text.p, e->secret, &t) || t.run != e->run)
		return false;
	*worker = rs_handle_worker(t.handle);
	return *worker < e->plan->n_workers;
}

uint32_t
rs_engine_owner(struct rs_engine *e, const struct rs_rx *rx)
{
	const struct rs_plan_port *port = &e->plan->ports[rx->path.port];
	struct rs_sip_msg *msg = &e->msg;
	uint32_t worker;
	size_t used;

	if (port->n_workers == 1)
		return port->workers[0];
	if (rx->kind != RS_RX_SIP || rs_sip_parse(rx->data, rx->len, false, msg, &used) != 0)
		return e->worker;
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);

	if (msg->status) {
		struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));

		if (branch.len >= COOKIE + RS_TOKEN_LEN &&
			token_worker(e, rs_slice_of(branch.p + COOKIE, branch.len - COOKIE), &worker))
			return worker;
	} else if (token_worker(e, rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)), &worker)) {
		return worker;
	}
	for (uint32_t i = 0; i < e->n_groups; i++) {
		const struct group *g = &e->groups[i];
		int64_t index;

		if (g->plan->port != rx->path.port)
			continue;
		index = rs_group_find(g->plan, &rx->path.local, rx->path.local_port);
		if (index < 0)
			continue;
		uint32_t position = g->shared ? (uint32_t)(call_id_hash(e, call_id) % port->n_workers) :
						group_owner(e->plan, g->plan, (uint32_t)index, 0);

		/* A call of our own whose other end speaks first names its worker in the Call-ID. */
		if (g->shared && msg->status == 0 && rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)).len > 0 &&
			g->answer < 0 && token_worker(e, call_id, &worker))
			return worker;
		return port->workers[position];
	}
	return e->worker;
}
