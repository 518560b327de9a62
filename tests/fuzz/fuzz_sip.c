/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP messages: the parser, every accessor and the validation, with the scalar and the vector
 * kernel, which must agree. */
#include "../unit/sip_touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_sip_msg msg;
	uint64_t sums[2];

	for (int stream = 0; stream < 2; stream++) {
		for (int scalar = 0; scalar < 2; scalar++) {
			rs_sip_scan_force_scalar(scalar != 0);
			sums[scalar] = touch_message(data, size, stream != 0, &msg);
		}
		if (sums[0] != sums[1])
			abort();
	}
	return 0;
}
