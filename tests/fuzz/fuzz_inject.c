/* SPDX-License-Identifier: BSD-3-Clause */
/** Any bytes as an injection file: it is refused with an error, or every line and field of it can be used. */
#include <stdlib.h>

#include "plan/inject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
use_line(const struct rs_inject *in, uint64_t line)
{
	uint8_t out[4096];

	for (uint32_t field = 0; field <= in->n_fields; field++) {
		int n = rs_inject_field(in, line, field, out, sizeof(out));

		check(n == -ENOSPC || (n >= 0 && (size_t)n <= sizeof(out)));
		check(n <= 0 || rs_inject_field(in, line, field, out, (size_t)n) == n);
		check(n <= 0 || rs_inject_field(in, line, field, out, (size_t)n - 1) == -ENOSPC);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_inject *in;
	struct rs_err err = { 0 };
	int rc = rs_inject_parse("fuzz", rs_slice_of(data, size), &in, &err);

	if (rc) {
		check(!in && err.code == rc && err.text[0] != '\0');
		return 0;
	}
	check(in->n_lines > 0 && in->n_real > 0 && in->n_fields > 0);
	for (uint64_t line = 0; line < in->n_real && line < 64; line++)
		use_line(in, line);
	for (uint64_t k = 0; k < 16; k++) {
		uint64_t line = rs_inject_line(in, 1, k << 40 | k);

		check(line < in->n_lines);
		use_line(in, line);
	}
	use_line(in, in->n_lines - 1);
	use_line(in, in->n_lines);
	rs_inject_free(in);
	return 0;
}
