/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "base/text.h"

static size_t
size_of(const struct rs_addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

/* Exactly four decimal numbers without leading zeros (RFC 3986, dec-octet): some programs read 010 as 8. */
static int
parse_v4(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	for (int i = 0; i < 4; i++) {
		const uint8_t *start;
		unsigned v = 0;

		if (i > 0 && (p == end || *p++ != '.'))
			return -EINVAL;
		for (start = p; p < end && *p >= '0' && *p <= '9' && p - start < 4; p++)
			v = v * 10 + (unsigned)(*p - '0');
		if (p == start || v > 255 || (p - start > 1 && *start == '0'))
			return -EINVAL;
		out[i] = (uint8_t)v;
	}
	return p == end ? 0 : -EINVAL;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = rs_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 4291, 2.2: groups of 16 bits, "::" at most once for one or more groups of zeros, the last two maybe as IPv4. */
static int
parse_v6(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	int n = 0, gap = -1; /* bytes so far; where the "::" stands */

	memset(out, 0, 16);
	if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
		gap = 0;
		p += 2;
	}
	while (p < end) {
		const uint8_t *start = p;
		unsigned v = 0;
		int h;

		for (; p < end && p - start < 5 && (h = hex_value(*p)) >= 0; p++)
			v = v << 4 | (unsigned)h;
		if (p < end && *p == '.') {
			if (n > 12 || parse_v4(start, end, out + n) != 0)
				return -EINVAL;
			n += 4;
			p = end;
			break;
		}
		if (p == start || p - start > 4 || n == 16)
			return -EINVAL;
		out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
		if (p == end)
			break;
		if (*p++ != ':' || p == end)
			return -EINVAL;
		if (*p == ':') {
			if (gap >= 0)
				return -EINVAL;
			gap = n;
			p++;
		}
	}
	if (gap < 0)
		return n == 16 ? 0 : -EINVAL;
	if (n > 14)
		return -EINVAL;
	memmove(out + 16 - (n - gap), out + gap, (size_t)(n - gap));
	memset(out + gap, 0, (size_t)(16 - n));
	return 0;
}

int
rs_addr_parse(struct rs_slice text, struct rs_addr *out)
{
	struct rs_addr a = { .family = 6 };
	const uint8_t *p = text.p, *end = text.p + text.len;
	int rc;

	if (text.len >= 2 && *p == '[' && end[-1] == ']') {
		rc = parse_v6(p + 1, end - 1, a.b);
	} else if (text.len > 0 && memchr(p, ':', text.len) != NULL) {
		rc = parse_v6(p, end, a.b);
	} else {
		a.family = 4;
		rc = parse_v4(p, end, a.b);
	}
	if (rc == 0)
		*out = a;
	return rc;
}

static uint8_t *
write_v4(uint8_t *out, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*out++ = '.';
		out += rs_text_u64(out, b[i]);
	}
	return out;
}

static uint8_t *
write_group(uint8_t *out, unsigned v)
{
	static const char hex[] = "0123456789abcdef";

	for (int shift = 12; shift >= 0; shift -= 4)
		if (shift == 0 || v >> shift != 0)
			*out++ = (uint8_t)hex[v >> shift & 15];
	return out;
}

size_t
rs_addr_write(const struct rs_addr *a, uint8_t *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t *p = out;
	int gap = -1,
	    gap_len = 1; /* RFC 5952, 4.2: the first longest run of zeros, never a single group */

	if (a->family == 4)
		return (size_t)(write_v4(out, a->b) - out);
	if (a->family != 6)
		return 0;
	if (memcmp(a->b, mapped, sizeof(mapped)) == 0) { /* RFC 5952, 5 */
		memcpy(out, "::ffff:", 7);
		return (size_t)(write_v4(out + 7, a->b + 12) - out);
	}
	for (int i = 0, run = 0; i < 8; i++) {
		run = a->b[2 * i] == 0 && a->b[2 * i + 1] == 0 ? run + 1 : 0;
		if (run > gap_len) {
			gap_len = run;
			gap = i + 1 - run;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == gap) {
			*p++ = ':';
			i += gap_len - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i > 0)
			*p++ = ':';
		p = write_group(p, (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1]);
	}
	return (size_t)(p - out);
}

bool
rs_addr_eq(const struct rs_addr *a, const struct rs_addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, size_of(a)) == 0;
}

bool
rs_addr_in(const struct rs_addr *a, const struct rs_addr *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != net->family || bits > 8 * size_of(a) || memcmp(a->b, net->b, whole) != 0)
		return false;
	return rest == 0 || ((a->b[whole] ^ net->b[whole]) >> (8 - rest)) == 0;
}

struct rs_addr
rs_addr_plus(const struct rs_addr *a, uint64_t n)
{
	struct rs_addr sum = *a;

	for (size_t i = size_of(a); i > 0 && n > 0; i--) {
		uint64_t byte = sum.b[i - 1] + (n & 0xff);

		sum.b[i - 1] = (uint8_t)byte;
		n = (n >> 8) + (byte >> 8);
	}
	return sum;
}

int
rs_addr_distance(const struct rs_addr *a, const struct rs_addr *b, uint32_t *n)
{
	unsigned __int128 va = 0, vb = 0;

	if (a->family != b->family || size_of(a) == 0)
		return -EINVAL;
	for (size_t i = 0; i < size_of(a); i++) {
		va = va << 8 | a->b[i];
		vb = vb << 8 | b->b[i];
	}
	if (vb < va || vb - va > UINT32_MAX)
		return -EINVAL;
	*n = (uint32_t)(vb - va);
	return 0;
}
