/* SPDX-License-Identifier: BSD-3-Clause */
/** Templates put together by hand, a received message and a context with a value for everything: for the template tests. */
#ifndef RS_TESTS_UNIT_TEMPLATE_BUILD_H
#define RS_TESTS_UNIT_TEMPLATE_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <errno.h>

#include "proto/sip/template.h"

/** A template under construction. */
struct build {
	struct rs_op ops[64];
	uint8_t text[4096];
	struct rs_template t;
	uint32_t used;
};

static inline void
begin(struct build *b)
{
	memset(b, 0, sizeof(*b));
	b->t.ops = b->ops;
	b->t.text = b->text;
}

static struct rs_op *
add(struct build *b, enum rs_slot slot, int32_t n)
{
	struct rs_op *op = &b->ops[b->t.n_ops++];

	assert_true(b->t.n_ops <= 64);
	op->slot = slot;
	op->n = n;
	return op;
}

static inline void
span(struct build *b, struct rs_op *op, const char *text)
{
	op->off = b->used;
	op->len = (uint32_t)strlen(text);
	assert_true(b->used + op->len <= sizeof(b->text));
	memcpy(b->text + b->used, text, op->len);
	b->used += op->len;
}

static inline void
lit(struct build *b, const char *text)
{
	span(b, add(b, RS_SLOT_LITERAL, 0), text);
}

/** A LAST_HEADER op as the compiler makes it: by identity where the name has one. */
static inline void
last(struct build *b, const char *name, bool with_name)
{
	struct rs_op *op = add(b, RS_SLOT_LAST_HEADER, 0);

	span(b, op, name);
	op->header_id = rs_sip_header_id(rs_slice_str(name));
	op->with_name = with_name;
}

static const char received[] =
	"SIP/2.0 180 Ringing\r\n"
	"Via: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKa\r\n"
	"v: SIP/2.0/UDP 198.18.0.2;branch=z9hG4bKb\r\n"
	"From: \"A\" <sip:a@198.18.0.1>;tag=1\r\n"
	"To: \"B, b\" <sip:b@[2001:2::2]:5070;user=phone>;tag=2\r\n"
	"Call-ID: 1@h\r\n"
	"CSeq: 7 INVITE\r\n"
	"X-Fold: one\r\n  two\r\n\tthree  four\r\n"
	"x-many: 1\r\n"
	"X-Many: 2\r\n"
	"Subject:\r\n"
	"Content-Length: 4\r\n"
	"\r\n"
	"body";

static struct rs_sip_msg message;

static inline int
expand(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	const char *text = op->slot == RS_SLOT_VAR ? "var" : op->slot == RS_SLOT_FIELD ? "field" :
			   op->slot == RS_SLOT_FILL ? "xxxx" :
			   op->slot == RS_SLOT_AUTH ? "Authorization: Digest" : op->slot == RS_SLOT_CRYPTO ? "1" : op->slot == RS_SLOT_DATE ? "a date" : "a time";
	size_t len = op->aux == 99 ? 0 : strlen(text);

	assert_ptr_equal(ctx, &message);
	if (len > cap)
		return -ENOSPC;
	if (len > 0)
		memcpy(out, text, len);
	return (int)len;
}

#define S(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static inline struct rs_render
values(void)
{
	return (struct rs_render){
		.remote_ip = S("198.18.0.1"), .remote_host = S("sut.test"), .local_ip = S("[2001:2::1]"),
		.server_ip = S("198.18.0.9"), .media_ip = S("198.18.0.3"), .transport = S("UDP"),
		.uri_transport = S("WS"), .contact_transport = S("WS;ob"),
		.call_id = S("1-77@198.18.0.2"), .service = S("service"), .user = S("u00001"),
		.domain = S("example.test"), .tag = S("TAG"), .branch = S("z9hG4bKtoken"), .pid = S("77"),
		.remote_port = 5060, .local_port = 5070, .media_port = 6000, .local_family = 6,
		.media_family = 4, .msg_index = 3, .call_number = 12, .dynamic_id = 10004, .cseq = 2,
		.last_cseq = 7, .clock_tick_ms = 4500000000, .last = &message, .peer_tag = S("2"),
		.next_url = S("sip:b@198.18.0.1"), .routes = S("<sip:r1;lr>, <sip:r2;lr>"),
		.expand = expand, .ctx = &message,
	};
}

/** Render @b from @r with room to spare and compare. */
static inline void
gives(const struct build *b, const struct rs_render *r, const char *want)
{
	uint8_t out[4096];
	int n = rs_template_render(&b->t, r, out, sizeof(out));

	assert_true(n >= 0);
	out[n] = 0;
	assert_string_equal((char *)out, want);
	assert_int_equal(n, strlen(want));
}

/** The group's set-up: parses the message. */
static inline int
parse_received(void **state)
{
	size_t used;

	return rs_sip_parse((const uint8_t *)received, strlen(received), false, &message, &used);
}

#endif
