/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers, durations, near names and IP addresses, the last against libc as oracle. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "guard.h"
#include "unit.h"

static void
numbers_are_written_as_printf_does(void **state)
{
	struct rs_rng r = { 12 };

	for (int i = 0; i < 200000; i++) {
		uint64_t v = i == 0 ? UINT64_MAX
			: i < 1000  ? (uint64_t)i - 1
				    : rs_rng_next(&r) >> i % 64;
		uint8_t out[21];
		char want[24];
		size_t n;

		memset(out, '!', sizeof(out));
		n = rs_text_u64(out, v);
		snprintf(want, sizeof(want), "%" PRIu64, v);
		assert_int_equal(n, strlen(want));
		assert_memory_equal(out, want, n);
		assert_int_equal(out[n], '!');
	}
}

static void
durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t ns;
	} cases[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "1ns", 0, 1 },
		{ "100us", 0, 100000 },
		{ "250ms", 0, 250000000 },
		{ "1.5s", 0, 1500000000 },
		{ "0.000000001s", 0, 1 },
		{ "0.0000000009s", 0, 0 },
		{ "32s", 0, 32000000000 },
		{ "10m", 0, 600000000000 },
		{ "1.25m", 0, 75000000000 },
		{ "2h", 0, 7200000000000 },
		{ "0.1h", 0, 360000000000 },
		{ "1.00000000000000000000000000000s", 0, 1000000000 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744073709551616ns", -ERANGE, 0 },
		{ "18446744074s", -ERANGE, 0 },
		{ "99999999999999999999999s", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "5", -EINVAL, 0 },
		{ "0.0", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "+1s", -EINVAL, 0 },
		{ " 1s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1s ", -EINVAL, 0 },
		{ "1.s", -EINVAL, 0 },
		{ ".5s", -EINVAL, 0 },
		{ "1.5.5s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1d", -EINVAL, 0 },
		{ "1e3s", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 77;

		assert_int_equal(rs_text_duration(cases[i].text, &ns), cases[i].rc);
		assert_true(ns == (cases[i].rc == 0 ? cases[i].ns : 77));
	}
}

static void
nearest_name_is_offered_only_when_it_is_near(void **state)
{
	static const char *const names[] = { "rate", "endpoints", "addresses", "timeout", "to",
		"from", "open_calls" };
	const size_t n = sizeof(names) / sizeof(names[0]);
	char longest[100];

	assert_string_equal(rs_text_nearest("rates", names, n), "rate");
	assert_string_equal(rs_text_nearest("adresses", names, n), "addresses");
	assert_string_equal(rs_text_nearest("form", names, n), "from"); /* a swap is one slip */
	assert_string_equal(rs_text_nearest("Timeout", names, n), "timeout");
	assert_string_equal(rs_text_nearest("open-calls", names, n), "open_calls");
	assert_string_equal(rs_text_nearest("endpoint", names, n), "endpoints");
	assert_null(rs_text_nearest("banana", names, n));
	assert_null(rs_text_nearest("do", names, n)); /* half of it differs */
	assert_null(rs_text_nearest("", names, n));
	assert_null(rs_text_nearest("rate", names, 0));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(rs_text_nearest(longest, names, n));
}

static void
assert_written(const struct rs_addr *a, const char *want)
{
	uint8_t out[40];

	out[39] = '!';
	assert_int_equal(rs_addr_write(a, out), strlen(want));
	assert_memory_equal(out, want, strlen(want));
	assert_int_equal(out[39], '!');
}

static void
addresses_are_read_and_written_in_one_form(void **state)
{
	static const struct {
		const char *text, *written; /* NULL: not an address */
	} cases[] = {
		{ "198.18.0.1", "198.18.0.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:2::1", "2001:2::1" },
		{ "[2001:2::1]", "2001:2::1" },
		{ "2001:0002:0000:0000:0000:0000:0000:0001", "2001:2::1" },
		{ "2001:DB8::A", "2001:db8::a" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		/* RFC 5952, 4.2.2: one group is not shortened; 4.2.3: the longest run is, of equals the first */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "0:0:1::", "0:0:1::" },
		{ "::ffff:198.18.0.1", "::ffff:198.18.0.1" },
		{ "::ffff:c612:1", "::ffff:198.18.0.1" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "", NULL },
		{ "1.2.3", NULL },
		{ "1.2.3.4.5", NULL },
		{ "1.2.3.256", NULL },
		{ "01.2.3.4", NULL },
		{ "1.2.3.4 ", NULL },
		{ "1..3.4", NULL },
		{ "[1.2.3.4]", NULL },
		{ "[]", NULL },
		{ "[::1", NULL },
		{ ":", NULL },
		{ ":::", NULL },
		{ "1:::2", NULL },
		{ "1::2::3", NULL },
		{ ":1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:", NULL },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "12345::", NULL },
		{ "::g", NULL },
		{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
		{ "::1.2.3.4:5", NULL },
		{ "fe80::1%eth0", NULL },
		{ "example.test", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		struct guard text = guard_new(cases[i].text, len);
		struct rs_addr a = { .family = 99 };
		int rc = rs_addr_parse(rs_slice_of(text.p, len), &a);

		assert_int_equal(rc, cases[i].written != NULL ? 0 : -EINVAL);
		if (rc == 0)
			assert_written(&a, cases[i].written);
		else
			assert_int_equal(a.family, 99);
		guard_free(&text);
	}
	assert_int_equal(rs_addr_write(&(struct rs_addr){ 0 }, (uint8_t[1]){ 0 }), 0);
}

static void
addresses_agree_with_libc(void **state)
{
	static const char alphabet[] = "::::....0123456789abcF";
	struct rs_rng r = { 13 };

	for (int i = 0; i < 300000; i++) {
		char text[64];
		uint8_t want[16], out[40];
		struct rs_addr a, b;
		size_t len;
		int family, rc;

		if (i % 2) { /* text that is nearly an address */
			len = 1 + rs_rng_next(&r) % 18;
			for (size_t k = 0; k < len; k++)
				text[k] = alphabet[rs_rng_next(&r) % (sizeof(alphabet) - 1)];
			text[len] = '\0';
		} else { /* addresses with runs of zeros */
			uint64_t mask = rs_rng_next(&r);

			for (int k = 0; k < 16; k++)
				want[k] = mask >> k / 2 & 1
					? (uint8_t)(rs_rng_next(&r) >> (k % 3 ? 56 : 60))
					: 0;
			inet_ntop(i % 4 ? AF_INET6 : AF_INET, want, text, sizeof(text));
			len = strlen(text);
		}
		family = strchr(text, ':') != NULL ? 6 : 4;
		rc = rs_addr_parse(rs_slice_str(text), &a);
		assert_int_equal(
			rc == 0, inet_pton(family == 6 ? AF_INET6 : AF_INET, text, want) == 1);
		if (rc != 0)
			continue;
		assert_int_equal(a.family, family);
		assert_memory_equal(a.b, want, family == 6 ? 16 : 4);
		len = rs_addr_write(&a, out);
		assert_true(len <= 39);
		assert_int_equal(rs_addr_parse(rs_slice_of(out, len), &b), 0);
		assert_true(rs_addr_eq(&a, &b));
		inet_ntop(family == 6 ? AF_INET6 : AF_INET, want, text, sizeof(text));
		/* libc also writes ::a.b.c.d, which RFC 5952 does not ask for */
		if (family == 4 || strchr(text, '.') == NULL) {
			assert_int_equal(len, strlen(text));
			assert_memory_equal(out, text, len);
		}
	}
}

static struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static bool
in(const char *a, const char *net, unsigned bits)
{
	struct rs_addr x = addr(a), n = addr(net);

	return rs_addr_in(&x, &n, bits);
}

static void
address_is_inside_a_net_by_its_leading_bits(void **state)
{
	assert_true(in("198.18.16.15", "198.18.16.0", 28));
	assert_false(in("198.18.16.16", "198.18.16.0", 28));
	assert_true(in("198.18.16.16", "0.0.0.0", 0));
	assert_true(in("198.18.0.1", "198.18.0.1", 32));
	assert_false(in("198.18.0.0", "198.18.0.1", 32));
	assert_false(in("198.18.0.1", "198.18.0.1", 33));
	assert_true(in("2001:2::ffff", "2001:2::", 48));
	assert_false(in("2001:2:1::", "2001:2::", 48));
	assert_true(in("2001:2::1", "2001:2::1", 128));
	assert_false(in("2001:2::1", "2001:2::1", 129));
	assert_false(in("::ffff:1.2.3.4", "1.2.3.4", 32)); /* other family */
}

static void
address_arithmetic_carries(void **state)
{
	struct rs_addr a = addr("198.18.0.254"), b, c;
	uint32_t n = 77;

	b = rs_addr_plus(&a, 3);
	assert_written(&b, "198.18.1.1");
	assert_int_equal(rs_addr_distance(&a, &b, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(rs_addr_distance(&b, &a, &n), -EINVAL);
	b = rs_addr_plus(&a, 0);
	assert_true(rs_addr_eq(&a, &b));
	a = addr("255.255.255.255");
	b = rs_addr_plus(&a, 1);
	assert_written(&b, "0.0.0.0");
	assert_int_equal(rs_addr_distance(&b, &a, &n), 0);
	assert_int_equal(n, UINT32_MAX);
	a = addr("2001:2::ffff:ffff:ffff:fffe");
	b = rs_addr_plus(&a, 3);
	assert_written(&b, "2001:2:0:1::1");
	b = rs_addr_plus(&a, UINT64_MAX);
	assert_int_equal(rs_addr_distance(&a, &b, &n), -EINVAL);
	c = addr("198.18.0.1");
	assert_int_equal(rs_addr_distance(&a, &c, &n), -EINVAL);
	assert_false(rs_addr_eq(&a, &c));
}

static void
clock_follows_the_kernels(void **state)
{
	struct rs_clock c;
	uint64_t before, now, after;

	rs_clock_init(&c, 10 * RS_NS_PER_MS);
	for (int i = 0; i < 1000; i++) {
		before = rs_clock_mono_ns();
		now = rs_clock_now(&c);
		after = rs_clock_mono_ns();
		/* 10 ppm of the few ms since, and the reading of the pair itself */
		assert_true(now + 20000 >= before && now <= after + 20000);
	}
	assert_true(c.hz > 100000000);
	assert_true(rs_clock_wall_us() > 1600000000000000ull);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_printf_does),
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(nearest_name_is_offered_only_when_it_is_near),
		cmocka_unit_test(addresses_are_read_and_written_in_one_form),
		cmocka_unit_test(addresses_agree_with_libc),
		cmocka_unit_test(address_is_inside_a_net_by_its_leading_bits),
		cmocka_unit_test(address_arithmetic_carries),
		cmocka_unit_test(clock_follows_the_kernels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
