/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/text.h"

#include <errno.h>

#include "base/clock.h"

size_t
rs_text_u64(uint8_t *out, uint64_t v)
{
	static const char two[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";
	uint8_t digits[20];
	size_t at = sizeof(digits);

	while (v >= 100) {
		at -= 2;
		memcpy(digits + at, two + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(digits + at, two + 2 * v, 2);
	} else {
		digits[--at] = (uint8_t)('0' + v);
	}
	memcpy(out, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
rs_text_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", RS_NS_PER_US },
		{ "ms", RS_NS_PER_MS },
		{ "s", RS_NS_PER_S },
		{ "m", 60 * RS_NS_PER_S },
		{ "h", 3600 * RS_NS_PER_S },
	};
	uint64_t whole = 0, part = 0, scale = 1, unit = 0;
	unsigned __int128 sum;
	bool huge = false;

	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return 0;
	}
	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++)
		huge |= __builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, (uint64_t)(*text - '0'), &whole);
	if (*text == '.') {
		if (!is_digit(*++text))
			return -EINVAL;
		for (; is_digit(*text); text++) {
			if (scale >= 1000000000000000ull)
				continue; /* below a nanosecond for every unit */
			part = part * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i].name) == 0)
			unit = units[i].ns;
	if (unit == 0)
		return -EINVAL;
	sum = (unsigned __int128)whole * unit + (unsigned __int128)part * unit / scale;
	if (huge || sum > UINT64_MAX)
		return -ERANGE;
	*ns = (uint64_t)sum;
	return 0;
}

#define NAME_MAX_LEN 63

static unsigned
min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours, one each; the case of letters counts for nothing. */
static unsigned
edit_distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= lb; j++)
		above[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		uint8_t ca = rs_lower((uint8_t)a[i - 1]);

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			uint8_t cb = rs_lower((uint8_t)b[j - 1]);

			row[j] = min(above[j - 1] + (ca != cb), min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == rs_lower((uint8_t)b[j - 2]) &&
				cb == rs_lower((uint8_t)a[i - 2]))
				row[j] = min(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[lb];
}

const char *
rs_text_nearest(const char *name, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = UINT32_MAX;
	size_t len = strlen(name);

	if (len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(names[i]);
		unsigned d;

		if (l > NAME_MAX_LEN)
			continue;
		d = edit_distance(name, len, names[i], l);
		if (3 * d <= (len > l ? len : l) && d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
