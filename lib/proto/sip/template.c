/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/sip/template.h"

#include <errno.h>

#include "proto/sip/template_put.h"

/** [sipp_version]: the release whose scenario language this is. */
#define LANGUAGE_VERSION "3.7.7"

/** Call number k gets the media port base + 4 * (k - 1), starting over after this many ports. */
#define AUTO_MEDIA_PORT_SPAN 10000

#define LEN_COLUMNS 5
#define LEN_MAX 99999

/*
 * The value of a LEN slot is known when the message has ended, and a message may have any number of
 * them. Until then each one's five columns hold the place of the LEN before it and its own op's
 * number, 20 bits each; so no list is needed, and none can overflow. It bounds a message to 1 MiB,
 * 16 times what a datagram holds.
 */
#define LINK_BITS 20
#define LINK_NONE ((UINT32_C(1) << LINK_BITS) - 1)

enum kind {
	KIND_MARK, /* writes nothing */
	KIND_LITERAL,
	KIND_BODY,
	KIND_LEN,
	KIND_SLICE,
	KIND_DIGIT,
	KIND_U16,
	KIND_U32,
	KIND_U64,
	KIND_MEDIA_PORT,
	KIND_BRANCH,
	KIND_SIPP_VERSION,
	KIND_LAST_MESSAGE,
	KIND_LAST_REQUEST_URI,
	KIND_LAST_HEADER,
	KIND_PEER_TAG_PARAM,
	KIND_ROUTES,
	KIND_CLOCK, /* the owner's slice where it has one ready, else its function */
	KIND_EXPAND,
};

struct slot_def {
	uint16_t kind;
	uint16_t off; /* of the value in struct rs_render */
};

#define FROM(k, member) { .kind = (k), .off = offsetof(struct rs_render, member) }

static const struct slot_def defs[RS_SLOTS] = {
	[RS_SLOT_LITERAL] = { .kind = KIND_LITERAL },
	[RS_SLOT_LINE] = { .kind = KIND_MARK },
	[RS_SLOT_BODY] = { .kind = KIND_BODY },
	[RS_SLOT_LEN] = { .kind = KIND_LEN },
	[RS_SLOT_REMOTE_IP] = FROM(KIND_SLICE, remote_ip),
	[RS_SLOT_REMOTE_HOST] = FROM(KIND_SLICE, remote_host),
	[RS_SLOT_REMOTE_PORT] = FROM(KIND_U16, remote_port),
	[RS_SLOT_TRANSPORT] = FROM(KIND_SLICE, transport),
	[RS_SLOT_URI_TRANSPORT] = FROM(KIND_SLICE, uri_transport),
	[RS_SLOT_CONTACT_TRANSPORT] = FROM(KIND_SLICE, contact_transport),
	[RS_SLOT_LOCAL_IP] = FROM(KIND_SLICE, local_ip),
	[RS_SLOT_LOCAL_IP_TYPE] = FROM(KIND_DIGIT, local_family),
	[RS_SLOT_LOCAL_PORT] = FROM(KIND_U16, local_port),
	[RS_SLOT_SERVER_IP] = FROM(KIND_SLICE, server_ip),
	[RS_SLOT_MEDIA_IP] = FROM(KIND_SLICE, media_ip),
	[RS_SLOT_MEDIA_IP_TYPE] = FROM(KIND_DIGIT, media_family),
	[RS_SLOT_MEDIA_PORT] = { .kind = KIND_MEDIA_PORT },
	[RS_SLOT_VIDEO_PORT] = { .kind = KIND_MEDIA_PORT },
	[RS_SLOT_AUTO_MEDIA_PORT] = { .kind = KIND_MEDIA_PORT },
	[RS_SLOT_CALL_NUMBER] = FROM(KIND_U64, call_number),
	[RS_SLOT_CALL_ID] = FROM(KIND_SLICE, call_id),
	[RS_SLOT_DYNAMIC_ID] = FROM(KIND_U32, dynamic_id),
	[RS_SLOT_PID] = FROM(KIND_SLICE, pid),
	[RS_SLOT_SERVICE] = FROM(KIND_SLICE, service),
	[RS_SLOT_USER] = FROM(KIND_SLICE, user),
	[RS_SLOT_DOMAIN] = FROM(KIND_SLICE, domain),
	[RS_SLOT_TAG] = FROM(KIND_SLICE, tag),
	[RS_SLOT_MSG_INDEX] = FROM(KIND_U32, msg_index),
	[RS_SLOT_BRANCH] = { .kind = KIND_BRANCH },
	[RS_SLOT_CSEQ] = FROM(KIND_U32, cseq),
	[RS_SLOT_LAST_CSEQ_NUMBER] = FROM(KIND_U32, last_cseq),
	[RS_SLOT_CLOCK_TICK] = FROM(KIND_U64, clock_tick_ms),
	[RS_SLOT_TIMESTAMP] = FROM(KIND_CLOCK, timestamp),
	[RS_SLOT_DATE] = FROM(KIND_CLOCK, date),
	[RS_SLOT_SIPP_VERSION] = { .kind = KIND_SIPP_VERSION },
	[RS_SLOT_LAST_MESSAGE] = { .kind = KIND_LAST_MESSAGE },
	[RS_SLOT_LAST_REQUEST_URI] = { .kind = KIND_LAST_REQUEST_URI },
	[RS_SLOT_LAST_HEADER] = { .kind = KIND_LAST_HEADER },
	[RS_SLOT_PEER_TAG_PARAM] = { .kind = KIND_PEER_TAG_PARAM },
	[RS_SLOT_NEXT_URL] = FROM(KIND_SLICE, next_url),
	[RS_SLOT_ROUTES] = { .kind = KIND_ROUTES },
	[RS_SLOT_VAR] = { .kind = KIND_EXPAND },
	[RS_SLOT_FIELD] = { .kind = KIND_EXPAND },
	[RS_SLOT_FILL] = { .kind = KIND_EXPAND },
	[RS_SLOT_AUTH] = { .kind = KIND_EXPAND },
	[RS_SLOT_CRYPTO] = { .kind = KIND_EXPAND },
};

static inline const void *
value_of(const struct rs_render *r, struct slot_def def)
{
	return (const uint8_t *)r + def.off;
}

/** @magnitude in decimal, with a minus sign in front when @negative. */
static uint8_t *
put_number(uint8_t *p, const uint8_t *end, uint64_t magnitude, bool negative)
{
	uint8_t text[24], *at = text;
	size_t n = 0;

	/* Nearly always there is room for the longest number, and the detour is saved. */
	if ((size_t)(end - p) >= sizeof(text))
		at = p;
	if (negative)
		at[n++] = '-';
	n += rs_text_u64(at + n, magnitude);
	return at == p ? p + n : put_bytes(p, end, text, n);
}

static inline uint8_t *
put_offset(uint8_t *p, const uint8_t *end, uint64_t base, int32_t n)
{
	uint64_t down = n < 0 ? (uint64_t)-(int64_t)n : 0;

	if (down > base)
		return put_number(p, end, down - base, true);
	return put_number(p, end, base - down + (n > 0 ? (uint64_t)n : 0), false);
}

/* Ports of a call's own are in no order to each other: n of the m= line says which one was meant, and is no part of it. */
static uint8_t *
put_media_port(uint8_t *p, const uint8_t *end, const struct rs_render *r, const struct rs_op *op)
{
	bool video = op->slot == RS_SLOT_VIDEO_PORT, automatic = op->slot == RS_SLOT_AUTO_MEDIA_PORT || op->with_name;

	if (video ? r->video_port != 0 : r->media_port_own)
		return put_offset(p, end, video ? r->video_port : r->media_port, op->n - (int32_t)op->aux);
	return put_offset(p, end, r->media_port +
		(automatic && !r->media_port_own ? (r->call_number - 1) * 4 % AUTO_MEDIA_PORT_SPAN : 0), op->n);
}

static uint8_t *
put_branch(uint8_t *p, const uint8_t *end, const struct rs_render *r, int32_t n)
{
	p = put_slice(p, end, r->branch);
	if (p && !r->branch_whole && (n != 0 || r->branch_by_index)) {
		p = put_bytes(p, end, (const uint8_t *)"-", 1);
		p = p ? put_offset(p, end, r->branch_by_index ? r->msg_index : 0, n) : NULL;
	}
	return p && r->branch_alias ? put_bytes(p, end, (const uint8_t *)";alias", 6) : p;
}

static uint8_t *
put_prefixed(uint8_t *p, const uint8_t *end, const char *prefix, size_t len, struct rs_slice value)
{
	if (!value.p || value.len == 0)
		return p;
	p = put_bytes(p, end, (const uint8_t *)prefix, len);
	return p ? put_slice(p, end, value) : NULL;
}

static uint8_t *
put_expanded(uint8_t *p, const uint8_t *end, const struct rs_render *r, const struct rs_op *op)
{
	size_t room = (size_t)(end - p);
	int n = r->expand ? r->expand(r->ctx, op, p, room) : 0;

	return n < 0 || (size_t)n > room ? NULL : p + n;
}

/** What a line left empty so far loses of @text: blanks, and its end when nothing else is there. */
static size_t
empty_line_len(const uint8_t *text, size_t len)
{
	size_t i = 0;

	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	if (i < len && text[i] == '\r')
		i++;
	if (i < len && text[i] == '\n')
		i++;
	return i;
}

static uint8_t *
reserve_len(uint8_t *p, const uint8_t *end, uint32_t *link, uint32_t at, uint32_t op)
{
	uint64_t bits = (uint64_t)op << LINK_BITS | *link;

	if (end - p < LEN_COLUMNS || op > LINK_NONE)
		return NULL;
	for (int i = 0; i < LEN_COLUMNS; i++, bits >>= 8)
		p[i] = (uint8_t)bits;
	*link = at;
	return p + LEN_COLUMNS;
}

static int
patch_lens(uint8_t *out, uint32_t link, const struct rs_op *ops, size_t body_len)
{
	while (link != LINK_NONE) {
		uint8_t *p = out + link;
		uint64_t bits = 0;
		int64_t v;

		for (int i = LEN_COLUMNS - 1; i >= 0; i--)
			bits = bits << 8 | p[i];
		link = bits & LINK_NONE;
		v = (int64_t)body_len + ops[bits >> LINK_BITS].n;
		if (v > LEN_MAX)
			return -ENOSPC;
		v = v < 0 ? 0 : v;
		for (int i = LEN_COLUMNS - 1; i >= 0; i--, v /= 10)
			p[i] = v > 0 || i == LEN_COLUMNS - 1 ? '0' + v % 10 : ' ';
	}
	return 0;
}

int
rs_template_render(const struct rs_template *t, const struct rs_render *r, uint8_t *out, size_t cap)
{
	uint32_t link = LINK_NONE;
	const uint8_t *end = out + (cap < LINK_NONE ? cap : LINK_NONE);
	uint8_t *p = out, *body = NULL;
	bool vanished = false; /* a slot wrote nothing, and no literal has come since */
	int rc;

	for (uint32_t i = 0; i < t->n_ops; i++) {
		const struct rs_op *op = &t->ops[i];
		struct slot_def def = defs[op->slot];
		const void *value = value_of(r, def);
		uint8_t *start = p;
		int first;

		switch (def.kind) {
		case KIND_LITERAL: {
			size_t skip = 0;

			if (__builtin_expect(vanished, 0)) {
				vanished = false;
				if (p == out || p[-1] == '\n')
					skip = empty_line_len(t->text + op->off, op->len);
				/* Blanks alone neither fill the line nor end it. */
				vanished = skip == op->len &&
					(skip == 0 || t->text[op->off + skip - 1] != '\n');
			}
			p = put_bytes(p, end, t->text + op->off + skip, op->len - skip);
			if (!p)
				return -ENOSPC;
			continue;
		}
		case KIND_MARK:
			continue;
		case KIND_BODY:
			body = p;
			vanished = false;
			continue;
		case KIND_LEN:
			p = reserve_len(p, end, &link, (uint32_t)(p - out), i);
			break;
		case KIND_SLICE:
			p = put_slice(p, end, *(const struct rs_slice *)value);
			break;
		case KIND_DIGIT:
			p = put_number(p, end, *(const uint8_t *)value, false);
			break;
		case KIND_U16:
			p = put_offset(p, end, *(const uint16_t *)value, op->n);
			break;
		case KIND_U32:
			p = put_offset(p, end, *(const uint32_t *)value, op->n);
			break;
		case KIND_U64:
			p = put_offset(p, end, *(const uint64_t *)value, op->n);
			break;
		case KIND_MEDIA_PORT:
			p = put_media_port(p, end, r, op);
			break;
		case KIND_BRANCH:
			p = put_branch(p, end, r, op->n);
			break;
		case KIND_SIPP_VERSION:
			p = put_slice(p, end, rs_slice_str(LANGUAGE_VERSION));
			break;
		case KIND_LAST_MESSAGE:
			if (r->last)
				p = put_bytes(p, end, r->last->buf, r->last->len);
			break;
		case KIND_LAST_REQUEST_URI:
			if (r->last)
				p = rs_template_put_last_uri(p, end, r->last);
			break;
		case KIND_LAST_HEADER:
			first = r->last ? rs_template_last_first(t, op, r->last) : -1;
			if (first >= 0)
				p = rs_template_put_last_header(p, end, t, op, r->last, first);
			break;
		case KIND_PEER_TAG_PARAM:
			p = put_prefixed(p, end, ";tag=", 5, r->peer_tag);
			break;
		case KIND_ROUTES:
			p = put_prefixed(p, end, "Route: ", 7, r->routes);
			break;
		case KIND_CLOCK:
			p = ((const struct rs_slice *)value)->p ?
				put_slice(p, end, *(const struct rs_slice *)value) :
				put_expanded(p, end, r, op);
			break;
		case KIND_EXPAND:
			p = put_expanded(p, end, r, op);
			break;
		}
		if (!p)
			return -ENOSPC;
		vanished |= p == start;
	}
	rc = patch_lens(out, link, t->ops, body ? (size_t)(p - body) : 0);
	return rc ? rc : (int)(p - out);
}
