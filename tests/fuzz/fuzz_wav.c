/* SPDX-License-Identifier: BSD-3-Clause */
/** Any bytes as a WAV file, for both laws. */
#include "payload_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int alaw = 0; alaw < 2; alaw++) {
		struct rs_payload_want want = { .codec = alaw ? RS_CODEC_PCMA : RS_CODEC_PCMU,
			.ptime_ns = alaw ? 35000000 : 0,
			.loop = alaw };

		payload_read("fuzz.wav", rs_slice_of(data, size), &want);
	}
	return 0;
}
