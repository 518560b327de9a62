/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of TLS. The first byte of the input picks version, suite and role, and whether the rest is a
 * stream as it came (highest bit) or records to be made with the peer's keys: outer type, inner type,
 * padding, length, data; one bit of the last byte of a record is changed where its padding is odd and
 * more than 200. The second byte says where the stream is cut. What comes of it does not depend on
 * that, nor on who does the arithmetic; what is owed can be written.
 */
#include "../unit/tls_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 65536

static uint64_t
mix(uint64_t sum, uint64_t n)
{
	sum = (sum ^ n) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

static uint64_t
mix_record(uint64_t sum, enum rs_tls_event event, const struct rs_tls_record *r)
{
	sum = mix(mix(sum, event), r->used);
	sum = mix(mix(mix(sum, r->alert), r->error), r->updates);
	sum = mix(mix(mix(sum, r->tickets), r->requests), r->data.len);
	for (size_t i = 0; i < r->data.len; i++)
		sum = mix(sum, r->data.p[i]);
	return sum;
}

static void
start(struct rs_tls_engine *e, uint8_t pick, bool server, struct rs_tls *t)
{
	kit_start(e, t, pick & 1, (pick >> 1 & 3) % RS_TLS_SUITES, server);
}

/** The records that the input asks for. @return bytes of them */
static size_t
make(struct rs_tls_engine *e, uint8_t pick, const uint8_t *data, size_t size, uint8_t *out)
{
	struct rs_tls peer;
	size_t n = 0;

	start(e, pick, (pick & 8) == 0, &peer);
	while (size >= 4 && n < ROOM - 1000) {
		size_t len = data[3] < size - 4 ? data[3] : size - 4, padding = data[2];

		n += kit_craft(e, &peer, data[0], data[1], data + 4, len, padding, out + n);
		if (padding > 200 && (padding & 1) != 0)
			out[n - 1] ^= 0x10;
		if (data[1] == RS_TLS_TYPE_HANDSHAKE && len == 5 && data[4] == 24 &&
			peer.version == RS_TLS_1_3)
			rs_tls_derive(e, peer.suite, &peer.tx, true);
		data += 4 + len;
		size -= 4 + len;
	}
	return n;
}

static uint64_t
answer(struct rs_tls_engine *e, struct rs_tls *t, uint64_t sum)
{
	uint8_t *out = malloc(RS_TLS_SETTLE_MAX);
	size_t n;

	if (rs_tls_owes(t) && rs_tls_settle(e, t, out, RS_TLS_SETTLE_MAX, &n) == 0) {
		if (n == 0 || n > RS_TLS_SETTLE_MAX || rs_tls_owes(t))
			abort();
		for (size_t i = 0; i < n; i++)
			sum = mix(sum, out[i]);
	}
	free(out);
	return sum;
}

static uint64_t
play(struct rs_tls_engine *e, uint8_t pick, const uint8_t *data, size_t size, unsigned cut)
{
	enum rs_tls_event event = RS_TLS_MORE;
	struct rs_tls_record r;
	size_t from = 0, to = 0;
	uint64_t sum = 0;
	struct rs_tls t;

	start(e, pick, (pick & 8) != 0, &t);
	while (to < size && event != RS_TLS_ERROR && event != RS_TLS_ALERT) {
		uint8_t *copy;
		size_t at = 0, len;

		cut = cut != 0 ? (cut * 5 + 7) % 251 + 1 : 0;
		to = cut == 0 || size - to < cut ? size : to + cut;
		len = to - from;
		copy = malloc(len + 1); /* its end is guarded by the sanitizer */
		memcpy(copy + 1, data + from, len);
		do {
			event = rs_tls_unprotect(e, &t, copy + 1 + at, len - at, &r);
			if (r.used > len - at)
				abort();
			if (event != RS_TLS_MORE)
				sum = answer(e, &t, mix_record(sum, event, &r));
			at += r.used;
		} while (event != RS_TLS_MORE && event != RS_TLS_ERROR && event != RS_TLS_ALERT);
		from += at;
		free(copy);
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_tls_engine *engines[2];
	static uint8_t made[ROOM];
	const uint8_t *stream = data + 2;
	size_t len = size - 2;
	uint64_t whole;

	if (engines[0] == NULL) {
		engines[0] = kit_engine(RS_TLS_BEST);
		engines[1] = kit_engine(RS_TLS_OPENSSL);
	}
	if (size < 2 || size > ROOM / 4)
		return 0;
	if ((data[0] & 0x80) == 0) {
		len = make(engines[0], data[0], data + 2, size - 2, made);
		stream = made;
	}
	whole = play(engines[0], data[0], stream, len, 0);
	if (play(engines[0], data[0], stream, len, data[1] + 1u) != whole)
		abort();
	if (play(engines[1], data[0], stream, len, 0) != whole)
		abort();
	return 0;
}
