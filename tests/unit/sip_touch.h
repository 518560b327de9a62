/* SPDX-License-Identifier: BSD-3-Clause */
/** Everything that lib/proto/sip tells about some bytes, as one number: equal numbers, equal
 * answers. */
#ifndef RS_TESTS_UNIT_SIP_TOUCH_H
#define RS_TESTS_UNIT_SIP_TOUCH_H

#include <stdlib.h>

#include "proto/sip/field.h"

struct touch {
	uint64_t sum;
	const uint8_t *buf, *end; /* a slice outside of these is a defect */
};

static inline void
touch_number(struct touch *t, uint64_t n)
{
	t->sum = (t->sum ^ n) * 0x9e3779b97f4a7c15u;
	t->sum ^= t->sum >> 29;
}

static inline void
touch_slice(struct touch *t, struct rs_slice s)
{
	if (s.p == NULL) {
		if (s.len != 0)
			abort();
		touch_number(t, 77);
		return;
	}
	if (s.p < t->buf || s.p > t->end || s.len > (size_t)(t->end - s.p))
		abort();
	touch_number(t, (uint64_t)(s.p - t->buf));
	touch_number(t, s.len);
}

static inline void
touch_uri(struct touch *t, struct rs_slice text)
{
	struct rs_slice value = { NULL, 0 };
	struct rs_sip_uri uri;
	int err = rs_sip_uri(text, &uri);

	touch_number(t, (uint64_t)(err + 1000));
	if (err != 0)
		return;
	touch_slice(t, uri.scheme);
	touch_slice(t, uri.user);
	touch_slice(t, uri.host);
	touch_slice(t, uri.params);
	touch_slice(t, uri.headers);
	touch_number(t, uri.port * 2u + uri.ipv6);
	touch_number(t, rs_sip_param(uri.params, "transport", &value));
	touch_slice(t, value);
}

static inline void
touch_addresses(struct touch *t, struct rs_slice value)
{
	struct rs_slice found = { NULL, 0 };
	struct rs_sip_addr a;
	size_t pos = 0, before = 0;
	int err;

	while ((err = rs_sip_addr_next(value, &pos, &a)) == 0) {
		if (pos <= before)
			abort(); /* a caller's loop would not end */
		before = pos;
		touch_slice(t, a.display);
		touch_slice(t, a.uri);
		touch_slice(t, a.params);
		touch_number(t, a.angle * 2u + a.star);
		touch_number(t, rs_sip_param(a.params, "expires", &found));
		touch_slice(t, found);
		if (!a.star)
			touch_uri(t, a.uri);
	}
	touch_number(t, (uint64_t)(err + 1000));
	touch_number(t, (uint64_t)(rs_sip_addr(value, &a) + 1000));
}

static inline void
touch_vias(struct touch *t, struct rs_slice value)
{
	struct rs_sip_via v;
	size_t pos = 0, before = 0;
	int err;

	while ((err = rs_sip_via_next(value, &pos, &v)) == 0) {
		if (pos <= before)
			abort();
		before = pos;
		touch_slice(t, v.transport);
		touch_slice(t, v.host);
		touch_slice(t, v.branch);
		touch_slice(t, v.received);
		touch_slice(t, v.params);
		touch_slice(t, v.text);
		touch_number(t, v.port * 4u + v.rport * 2u + v.ipv6);
	}
	touch_number(t, (uint64_t)(err + 1000));
}

/** Each decoder on each header, whatever its name: all of them must survive any bytes. */
static inline void
touch_headers(struct touch *t, const struct rs_sip_msg *m)
{
	for (int i = 0; i < m->n_headers; i++) {
		const struct rs_sip_header *h = &m->headers[i];
		struct rs_slice value = rs_sip_value(m, i);
		struct rs_slice name = { m->buf + h->name_off, h->name_len };
		struct rs_sip_cseq cseq = { 0 };
		uint32_t n = 0;

		touch_slice(t, name);
		touch_slice(t, value);
		touch_number(t, h->id * 2u + h->folded);
		if (rs_sip_header_id(name) != h->id)
			abort();
		touch_number(t, (uint64_t)rs_sip_next(m, i));
		touch_number(t, (uint64_t)rs_sip_find(m, name, 0));
		touch_addresses(t, value);
		touch_vias(t, value);
		touch_slice(t, rs_sip_tag(value));
		touch_slice(t, rs_sip_branch(value));
		touch_number(t, (uint64_t)(rs_sip_cseq(value, &cseq) + 1000));
		touch_number(t, cseq.number);
		touch_number(t, (uint64_t)(rs_sip_number(value, &n) + 1000));
		touch_number(t, n);
	}
	for (int id = 0; id < RS_HDR_IDS; id++)
		touch_number(t, (uint64_t)(m->first[id] + 1));
}

/** Parse @len bytes and ask everything there is to ask. @return a number that stands for all
 * answers */
static inline uint64_t
touch_message(const uint8_t *buf, size_t len, bool stream, struct rs_sip_msg *m)
{
	struct touch t = { 1, buf, buf + len };
	const char *why;
	size_t used;
	int err = rs_sip_parse(buf, len, stream, m, &used);

	touch_number(&t, (uint64_t)(err + 1000));
	touch_number(&t, used);
	if (used > len)
		abort();
	if (err != 0)
		return t.sum;
	touch_number(&t, m->len);
	touch_number(&t, m->status);
	touch_number(&t, m->method);
	touch_number(&t, m->n_headers * 2u + m->n_headers_full);
	touch_slice(&t, m->method_text);
	touch_slice(&t, m->uri);
	touch_slice(&t, m->reason);
	touch_slice(&t, m->body);
	if (m->uri.p != NULL)
		touch_uri(&t, m->uri);
	touch_headers(&t, m);
	touch_number(&t, (uint64_t)rs_sip_validate(m, &why));
	return t.sum;
}

#endif
