/* SPDX-License-Identifier: BSD-3-Clause */
/** What a call takes from an injection file: its line, and the fields of it. */
#include "plan/inject.h"

#include "base/rng.h"
#include "base/text.h"

uint64_t
rs_inject_line(const struct rs_inject *in, uint64_t seed, uint64_t k)
{
	if (in->mode == RS_INJECT_RANDOM)
		return rs_random_below(rs_random_at(seed, in->stream, k), in->n_lines);
	return k % in->n_lines;
}

/** @value as "%d" with @width and @zero would print it. @return bytes, or -ENOSPC */
static int
put_decimal(int64_t value, unsigned width, bool zero, uint8_t *out, size_t cap)
{
	bool negative = value < 0;
	uint8_t digits[20];
	size_t n = rs_text_u64(digits, negative ? 0 - (uint64_t)value : (uint64_t)value);
	size_t pad = width > n + negative ? width - n - negative : 0, o = 0;

	if (pad + negative + n > cap)
		return -ENOSPC;
	if (!zero)
		for (; o < pad; o++)
			out[o] = ' ';
	if (negative)
		out[o++] = '-';
	if (zero)
		for (size_t i = 0; i < pad; i++)
			out[o++] = '0';
	memcpy(out + o, digits, n);
	return (int)(o + n);
}

/** Fill in @value for the conversions of @text, which were checked when the file was read. */
static int
put_printf(struct rs_slice text, int64_t value, uint8_t *out, size_t cap)
{
	size_t o = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned width = 0;
		bool zero;
		int n;

		if (text.p[i] != '%' || text.p[++i] == '%') {
			if (o == cap)
				return -ENOSPC;
			out[o++] = text.p[i];
			continue;
		}
		zero = text.p[i] == '0';
		for (; text.p[i] != 'd'; i++)
			width = width * 10 + (text.p[i] - '0');
		n = put_decimal(value, width, zero, out + o, cap - o);
		if (n < 0)
			return n;
		o += (size_t)n;
	}
	return (int)o;
}

int
rs_inject_field(const struct rs_inject *in, uint64_t line, uint32_t field, uint8_t *out, size_t cap)
{
	uint64_t real = in->is_printf ? line % in->n_real : line;
	struct rs_slice text;
	uint32_t index;

	if (line >= in->n_lines)
		return 0;
	if (field >= in->line_first[real + 1] - in->line_first[real])
		return 0;
	index = in->line_first[real] + field;
	text = in->fields[index];
	if (in->is_printf)
		return put_printf(text, in->printf_offset + (int64_t)line * in->printf_multiple,
			out, cap);
	if (text.len > cap)
		return -ENOSPC;
	if (text.len > 0)
		memcpy(out, text.p, text.len);
	return (int)text.len;
}
