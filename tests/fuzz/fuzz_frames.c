/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The first byte says for which codec and ptime, the rest is a file of encoded frames: Ogg, AMR, iLBC, G.729 and octets. Checksums of
 * Ogg pages are made right first, or the fuzzer would never get past them.
 */
#include "payload_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
crc(const uint8_t *p, size_t len)
{
	uint32_t r = 0;

	for (size_t i = 0; i < len; i++) {
		r ^= (uint32_t)(i >= 22 && i < 26 ? 0 : p[i]) << 24;
		for (int bit = 0; bit < 8; bit++)
			r = r & 0x80000000u ? r << 1 ^ 0x04c11db7u : r << 1;
	}
	return r;
}

static void
seal_pages(uint8_t *p, size_t len)
{
	while (len >= 27 && memcmp(p, "OggS", 4) == 0) {
		size_t n = 27u + p[26];
		uint32_t r;

		for (size_t i = 27; i < 27u + p[26] && i < len; i++)
			n += p[i];
		if (n > len)
			return;
		r = crc(p, n);
		for (int i = 0; i < 4; i++)
			p[22 + i] = (uint8_t)(r >> 8 * i);
		p += n;
		len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "x.g729", "x.bit", "x.g722", "x" };
	struct rs_payload_want want = { 0 };
	uint8_t *file;

	if (size < 1)
		return 0;
	want.codec = data[0] & 7;
	want.ptime_ns = (data[0] >> 3 & 3) * 20000000ull;
	want.octet_align = data[0] & 32;
	want.loop = data[0] & 64;
	file = malloc(size);
	payload_check(file != NULL);
	memcpy(file, data + 1, size - 1);
	seal_pages(file, size - 1);
	/* At the end of the memory, so that a sanitizer sees a byte too far. */
	memmove(file + 1, file, size - 1);
	payload_read(want.codec == RS_CODEC_G729 ? names[data[0] >> 7] : names[data[0] >> 7 | 2],
		rs_slice_of(file + 1, size - 1), &want);
	free(file);
	return 0;
}
