/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which leg a message belongs to. What we minted comes back to us: the branch in a response's top Via, our tag in a request's To,
 * our Call-ID. Only calls that came to us, with a Call-ID of the peer's making, need the hash table.
 */
#include "base/steer.h"
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

static bool
is_at(const struct leg *leg, const struct rs_path *path)
{
	return leg->path.port == path->port && leg->path.local_port == path->local_port &&
		rs_addr_eq(&leg->path.local, &path->local);
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

static struct leg *
by_whole_call_id(const struct rs_engine *e, struct rs_slice call_id, const struct rs_path *path)
{
	uint64_t hash = call_id_hash(e, call_id);
	struct leg *found = NULL;
	uint32_t slot;

	for (uint32_t i = rs_table_first(&e->calls, hash, &slot); i != RS_TABLE_END;
		i = rs_table_next(&e->calls, hash, i, &slot)) {
		struct leg *leg = leg_at(e, slot);

		if (!rs_slice_eq(rs_blob_get(&e->blobs, &leg->call_id), call_id))
			continue;
		if (is_at(leg, path))
			return leg;
		found = leg;
	}
	return found;
}

/* An answering leg by its Call-ID; of several (a fork to two of our endpoints) the one at @path, if there is one. */
static struct leg *
by_call_id(const struct rs_engine *e, struct rs_slice call_id, const struct rs_path *path)
{
	struct leg *found = by_whole_call_id(e, call_id, path);
	struct rs_slice rest = behind_slashes(call_id);

	return found || rest.len == call_id.len ? found : by_whole_call_id(e, rest, path);
}

static enum lookup
by_own_call_id(const struct rs_engine *e, struct rs_slice call_id, struct leg **out)
{
	enum lookup found = by_token(e, call_id, out);

	return found == LOOKUP_NONE ? by_token(e, behind_slashes(call_id), out) : found;
}

static enum lookup
response_leg(struct rs_engine *e, const struct rs_path *path, const struct rs_sip_msg *msg, struct leg **out)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);

	if (branch.len >= COOKIE + RS_TOKEN_LEN && memcmp(branch.p, cookie, COOKIE) == 0) {
		struct rs_slice text = { branch.p + COOKIE, branch.len - COOKIE };
		enum lookup found = by_token(e, text, out);

		if (found != LOOKUP_NONE)
			return found;
	}
	/* A scenario that writes its own branches: the Call-ID alone, as SIPp does it. Both our sides may have it. */
	struct leg *answering = by_call_id(e, call_id, path);

	if (answering && is_at(answering, path)) {
		*out = answering;
		return LOOKUP_LEG;
	}
	enum lookup found = by_own_call_id(e, call_id, out);

	if (found == LOOKUP_LEG || !answering)
		return found;
	*out = answering;
	return LOOKUP_LEG;
}

/* Does the request come from the peer that this leg talks to? Only its From tag tells our own two sides apart. */
static bool
is_from_peer(const struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_slice from = rs_sip_tag(rs_sip_get(msg, RS_HDR_FROM));

	if (!from.len) /* of before RFC 3261 */
		return leg_activity(e, leg)->rfc && !leg->remote_tag && !(leg->flags & LEG_UAC);
	return ((uint32_t)rs_hash(from.p, from.len, e->hash_seed) | 1) == leg->remote_tag;
}

static enum lookup
request_leg(struct rs_engine *e, const struct rs_path *path, const struct rs_sip_msg *msg, struct leg **out)
{
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	enum lookup found = by_token(e, tag, out);

	if (found != LOOKUP_NONE)
		return found;
	struct leg *answering = by_call_id(e, call_id, path);

	if (answering && is_at(answering, path) && is_from_peer(e, answering, msg)) {
		*out = answering;
		return LOOKUP_LEG;
	}
	/*
	 * Our own Call-ID: the peer speaks within the call when its From tag is the one it answered with. Otherwise it is our own
	 * request come round to us through the SUT, and our other side has to answer it.
	 */
	found = by_own_call_id(e, call_id, out);
	if (found == LOOKUP_LEG && is_from_peer(e, *out, msg))
		return LOOKUP_LEG;
	/* SIPp's rule: the Call-ID alone makes the call, whatever the tags. Not so in rfc3261 mode: another tag is another dialog. */
	if (answering && !leg_activity(e, answering)->rfc && (tag.len || is_at(answering, path))) {
		*out = answering;
		return LOOKUP_LEG;
	}
	if (found == LOOKUP_LEG || (found == LOOKUP_DEAD && tag.len == 0))
		return LOOKUP_NONE;
	return found;
}

enum lookup
lookup_leg(struct rs_engine *e, const struct rs_path *path, const struct rs_sip_msg *msg, struct leg **out)
{
	*out = NULL;
	return msg->status ? response_leg(e, path, msg, out) : request_leg(e, path, msg, out);
}

/* The next token in what ICMP quotes, from @*pos on: a branch or a tag. @return absent at the end */
struct rs_slice
lookup_quoted_token(const struct rs_rx *rx, size_t *pos)
{
	for (size_t i = *pos; i + 4 + RS_TOKEN_LEN <= rx->len; i++) {
		const uint8_t *p = rx->data + i;

		if (memcmp(p, "tag=", 4) == 0) {
			*pos = i + 4;
			return rs_slice_of(p + 4, RS_TOKEN_LEN);
		}
		if (i + COOKIE + RS_TOKEN_LEN <= rx->len && memcmp(p, cookie, COOKIE) == 0) {
			*pos = i + COOKIE;
			return rs_slice_of(p + COOKIE, RS_TOKEN_LEN);
		}
	}
	return rs_slice_of(NULL, 0);
}

/*
 * The Via branch of our request, the To tag of our response. A response quotes the branch and From tag of whoever asked, too, who
 * may be one of ours: the datagram's path must be the leg's.
 */
struct leg *
lookup_quoted(struct rs_engine *e, const struct rs_rx *rx)
{
	struct rs_slice token;
	struct leg *leg;
	size_t pos = 0;

	while ((token = lookup_quoted_token(rx, &pos)).len)
		if (by_token(e, token, &leg) == LOOKUP_LEG && is_at(leg, &rx->path))
			return leg;
	return NULL;
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

/* Who may get it by what is written in it: we minted the branch of a response, the To tag of a request. */
static bool
owner_by_token(struct rs_engine *e, const struct rs_sip_msg *msg, uint32_t *worker)
{
	struct rs_slice branch;

	if (!msg->status)
		return token_worker(e, rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)), worker);
	branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));
	return branch.len >= COOKIE + RS_TOKEN_LEN &&
		token_worker(e, rs_slice_of(branch.p + COOKIE, branch.len - COOKIE), worker);
}

/* The worker whose endpoint @path is, where each has its own. @shared: out: all have it */
static uint32_t
owner_by_address(const struct rs_engine *e, const struct rs_path *path, const struct group **shared)
{
	const struct rs_plan_port *port = &e->plan->ports[path->port];

	*shared = NULL;
	for (uint32_t i = 0; i < e->n_groups; i++) {
		const struct group *g = &e->groups[i];
		int64_t index;

		if (g->plan->port != path->port)
			continue;
		index = rs_group_find(g->plan, &path->local, path->local_port);
		if (index < 0)
			continue;
		if (!g->shared)
			return port->workers[rs_steer_queue(
				&path->local, path->local_port, g->steer_bits, port->n_workers)];
		*shared = g;
		return e->worker;
	}
	return e->worker;
}

uint32_t
rs_engine_owner(struct rs_engine *e, const struct rs_rx *rx)
{
	const struct rs_plan_port *port = &e->plan->ports[rx->path.port];
	struct rs_sip_msg *msg = &e->msg;
	const struct group *shared;
	uint32_t worker;
	size_t used, pos = 0;

	if (port->n_workers == 1)
		return port->workers[0];
	/* Media and connections go by the rule alone: their ports were taken by it. So does what ICMP quotes of it. */
	if (rx->kind == RS_RX_TCP || rx->kind == RS_RX_TCP_ERROR || rx->kind == RS_RX_RTP || (rx->kind == RS_RX_UNREACHABLE && rs_rx_kind_of(rx->data, rx->len) == RS_RX_RTP))
		return port->workers[rs_steer_queue(&rx->path.local, rx->path.local_port, e->steer_bits[rx->path.port], port->n_workers)];
	if (rx->kind != RS_RX_SIP) {
		worker = owner_by_address(e, &rx->path, &shared);
		while (shared) { /* the first token that is ours: of a group whose both sides are ours it may be the other's */
			struct rs_slice token = lookup_quoted_token(rx, &pos);

			if (token.len == 0 || token_worker(e, token, &worker))
				break;
		}
		return worker;
	}
	if (rs_sip_parse(rx->data, rx->len, false, msg, &used) != 0)
		return e->worker;
	if (owner_by_token(e, msg, &worker))
		return worker;
	worker = owner_by_address(e, &rx->path, &shared);
	if (!shared)
		return worker;
	/* Where nobody answers, a call is our own: its Call-ID names its worker. Else the Call-ID is dealt out. */
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);

	if (shared->answer < 0 &&
		(token_worker(e, call_id, &worker) || token_worker(e, behind_slashes(call_id), &worker)))
		return worker;
	return port->workers[call_id_hash(e, behind_slashes(call_id)) % port->n_workers];
}
