/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Anything as SRTP and SRTCP. The first byte of the input picks a suite, its upper half the bytes
 * of MKI; the second says RTP or RTCP (lowest bit), and whether the rest is a packet as it came
 * (else it is protected first, and then one of its bits is changed: the third and fourth byte say
 * which). What is refused leaves packet and context as they were; OpenSSL and ipsec-mb agree;
 * nothing behind the packet is touched.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/srtp/srtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD    4
#define PAYLOAD 1600
#define GUARD   0xa5
#define GUARDED (PAYLOAD + RS_SRTP_OVERHEAD + 16)
#define ENGINES 2

struct end {
	struct rs_srtp_ctx rtp;
	struct rs_srtcp_ctx rtcp;
	uint8_t gcm[RS_SRTP_GCM_BYTES] __attribute__((aligned(RS_SRTP_ALIGN)));
};

static struct rs_srtp_engine *
new_engine(enum rs_srtp_backend backend)
{
	void *memory = aligned_alloc(RS_SRTP_ALIGN, (rs_srtp_engine_size() + 63) / 64 * 64);
	struct rs_srtp_engine *e;

	if (memory == NULL || rs_srtp_engine_init(memory, backend, &e) != 0)
		abort();
	return e;
}

static void
start(struct rs_srtp_engine *e, uint8_t pick, struct end *end)
{
	static const uint8_t bytes[64] =
		"not a secret: whoever reads this has the keys of nobody at all";
	const struct rs_srtp_suite_info *suite = rs_srtp_suite((pick & 15) % RS_SRTP_SUITES);
	struct rs_srtp_keys keys = { .suite = (pick & 15) % RS_SRTP_SUITES,
		.key = { bytes, suite->key_len },
		.salt = { bytes + 32, suite->salt_len },
		.mki = { bytes + 7, pick >> 4 } };

	if (rs_srtp_init(e, &keys, end->gcm, &end->rtp) != 0 ||
		rs_srtcp_init(e, &keys, &end->rtcp) != 0)
		abort();
}

static enum rs_srtp_status
run(struct rs_srtp_engine *e, struct end *end, bool rtcp, bool protect, uint8_t *p, uint32_t *len)
{
	struct rs_srtp_item item = { .packet = p, .len = *len, .room = PAYLOAD + RS_SRTP_OVERHEAD };

	if (rtcp) {
		item.rtcp = &end->rtcp;
		(protect ? rs_srtcp_protect_batch : rs_srtcp_unprotect_batch)(e, &item, 1);
	} else {
		item.ctx = &end->rtp;
		(protect ? rs_srtp_protect_batch : rs_srtp_unprotect_batch)(e, &item, 1);
	}
	*len = item.out_len;
	return item.status;
}

/* Receive it twice. @return the status of the first time */
static enum rs_srtp_status
receive(struct rs_srtp_engine *e, uint8_t pick, bool rtcp, const uint8_t *sent, uint32_t len,
	uint8_t *p)
{
	static struct end end, before;
	enum rs_srtp_status status;
	uint32_t out = len, again = len;
	uint8_t second[GUARDED];

	memcpy(p, sent, len);
	memset(p + len, GUARD, GUARDED - len);
	memcpy(second, p, GUARDED);
	start(e, pick, &end);
	memcpy(&before, &end, sizeof(end));
	status = run(e, &end, rtcp, false, p, &out);
	if (status != RS_SRTP_OK &&
		(out != len || memcmp(p, sent, len) != 0 ||
			memcmp(&end, &before, sizeof(end)) != 0))
		abort();
	for (uint32_t i = len; i < GUARDED; i++)
		if (p[i] != GUARD)
			abort();
	if (run(e, &end, rtcp, false, second, &again) !=
		(status == RS_SRTP_OK ? RS_SRTP_REPLAYED : status))
		abort();
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_srtp_engine *engines[ENGINES];
	uint8_t sent[GUARDED], got[ENGINES][GUARDED];
	enum rs_srtp_status status[ENGINES];
	bool rtcp, raw;
	uint32_t len;

	if (engines[0] == NULL) {
		engines[0] = new_engine(RS_SRTP_BEST);
		engines[1] = new_engine(RS_SRTP_OPENSSL);
	}
	if (size < HEAD || size - HEAD > PAYLOAD)
		return 0;
	rtcp = (data[1] & 1) != 0;
	raw = (data[1] & 2) != 0;
	len = (uint32_t)(size - HEAD);
	memcpy(sent, data + HEAD, len);
	if (!raw) {
		static struct end from;
		uint32_t at;

		start(engines[0], data[0], &from);
		if (run(engines[0], &from, rtcp, true, sent, &len) == RS_SRTP_OK) {
			at = ((uint32_t)data[2] << 8 | data[3]) % (len * 8);
			if (receive(engines[0], data[0], rtcp, sent, len, got[0]) != RS_SRTP_OK ||
				memcmp(got[0], data + HEAD, size - HEAD) != 0)
				abort();
			sent[at / 8] ^= (uint8_t)(1u << at % 8);
		}
	}
	for (int i = 0; i < ENGINES; i++)
		status[i] = receive(engines[i], data[0], rtcp, sent, len, got[i]);
	if (status[0] != status[1] || memcmp(got[0], got[1], GUARDED) != 0)
		abort();
	if (!raw && status[0] == RS_SRTP_OK)
		abort();
	return 0;
}
