/* SPDX-License-Identifier: BSD-3-Clause */
/** Message templates: lengths patched in, no byte written past the buffer, the same bytes every time. */
#include "template_build.h"

#include "guard.h"

static void
len_counts_the_body_in_five_columns(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	lit(&b, "l:");
	add(&b, RS_SLOT_LEN, 0);
	lit(&b, "\r\nm:");
	add(&b, RS_SLOT_LEN, 3);
	lit(&b, "\r\nn:");
	add(&b, RS_SLOT_LEN, -100);
	lit(&b, "\r\n\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "twelve bytes");
	/* one inside the body counts itself */
	add(&b, RS_SLOT_LEN, 0);
	gives(&b, &r, "l:   17\r\nm:   20\r\nn:    0\r\n\r\ntwelve bytes   17");
}

static void
len_without_a_body_is_zero(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	lit(&b, "Content-Length: ");
	add(&b, RS_SLOT_LEN, 0);
	lit(&b, "\r\n\r\n");
	gives(&b, &r, "Content-Length:     0\r\n\r\n");
}

static void
any_number_of_lens_is_filled_in(void **state)
{
	struct rs_op ops[1000];
	struct rs_template t = { .ops = ops, .n_ops = 1000, .text = (const uint8_t *)"" };
	struct rs_render r = values();
	uint8_t out[5000];

	memset(ops, 0, sizeof(ops));
	for (int i = 0; i < 1000; i++) {
		ops[i].slot = RS_SLOT_LEN;
		ops[i].n = i;
	}
	assert_int_equal(rs_template_render(&t, &r, out, sizeof(out)), 5000);
	for (int i = 0; i < 1000; i++) {
		char want[6];

		snprintf(want, sizeof(want), "%5d", i);
		assert_memory_equal(out + 5 * i, want, 5);
	}
}

static void
a_length_beyond_five_columns_does_not_fit(void **state)
{
	struct rs_render r = values();
	uint8_t out[16];
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_LEN, 99999);
	gives(&b, &r, "99999");
	b.ops[0].n = 100000;
	assert_int_equal(rs_template_render(&b.t, &r, out, sizeof(out)), -ENOSPC);
}

/** A message with every kind of slot. */
static void
build_all(struct build *b)
{
	begin(b);
	lit(b, "INVITE ");
	for (int s = RS_SLOT_REMOTE_IP; s < RS_SLOTS; s++) {
		if (s == RS_SLOT_LAST_HEADER)
			continue;
		add(b, s, s == RS_SLOT_BRANCH);
	}
	lit(b, "\r\nContent-Length: ");
	add(b, RS_SLOT_LEN, 0);
	lit(b, "\r\n");
	last(b, "Contact", true);
	lit(b, "\r\n");
	last(b, "X-Fold", true);
	lit(b, "\r\n");
	last(b, "Via", true);
	lit(b, "\r\n\r\n");
	add(b, RS_SLOT_BODY, 0);
	lit(b, "v=0\r\nthe rest of a body that is longer than the longest block that the copying loop "
	       "takes in one go, which is why it goes on and on until there are a hundred and fifty bytes\r\n");
	add(b, RS_SLOT_LEN, 0);
}

/** The last @len bytes before the page that cannot be touched. */
static uint8_t *
last_bytes(const struct guard *g, size_t len)
{
	return g->p + g->len - len;
}

static void
nothing_is_written_past_any_capacity(void **state)
{
	struct rs_render r = values();
	struct guard g = guard_new(NULL, 8192);
	uint8_t whole[8192];
	struct build b;
	int n;

	for (int family = 0; family < 2; family++) {
		build_all(&b);
		r.local_family = family ? 6 : 4;
		r.local_ip = family ? rs_slice_str("[2001:2::1]") : rs_slice_str("198.18.0.2");
		n = rs_template_render(&b.t, &r, whole, sizeof(whole));
		assert_true(n > 800);
		for (int cap = 0; cap <= n; cap++) {
			uint8_t *out = last_bytes(&g, (size_t)cap);

			out[-1] = 0xa5;
			assert_int_equal(rs_template_render(&b.t, &r, out, (size_t)cap),
				cap < n ? -ENOSPC : n);
			assert_int_equal(out[-1], 0xa5);
		}
		assert_memory_equal(last_bytes(&g, (size_t)n), whole, n);
	}
	guard_free(&g);
}

static void
literals_of_every_size_are_copied_exactly(void **state)
{
	struct guard from = guard_new(NULL, 4096), to = guard_new(NULL, 4096);
	struct rs_render r = values();

	for (uint32_t len = 0; len <= 520; len++) {
		struct rs_op op = { .slot = RS_SLOT_LITERAL, .len = len };
		uint8_t *text = last_bytes(&from, len), *out = last_bytes(&to, len);
		struct rs_template t = { .ops = &op, .n_ops = 1, .text = text };

		for (uint32_t i = 0; i < len; i++)
			text[i] = (uint8_t)(i * 7 + len);
		memset(to.p, 0, 4096);
		assert_int_equal(rs_template_render(&t, &r, out, len), (int)len);
		assert_memory_equal(out, text, len);
		assert_int_equal(out[-1], 0);
	}
	guard_free(&from);
	guard_free(&to);
}

/** A function of the context that claims more than it was given room for. */
static int
liar(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	return (int)cap + 1;
}

static void
a_context_function_cannot_overrun(void **state)
{
	struct rs_render r = values();
	uint8_t out[8];
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_VAR, 0);
	r.expand = liar;
	assert_int_equal(rs_template_render(&b.t, &r, out, sizeof(out)), -ENOSPC);
}

static void
the_same_context_gives_the_same_bytes(void **state)
{
	struct rs_render r = values();
	uint8_t a[8192], c[8192];
	struct build b;
	int n;

	build_all(&b);
	n = rs_template_render(&b.t, &r, a, sizeof(a));
	memset(c, 0xff, sizeof(c));
	assert_int_equal(rs_template_render(&b.t, &r, c, sizeof(c)), n);
	assert_memory_equal(a, c, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(len_counts_the_body_in_five_columns),
		cmocka_unit_test(len_without_a_body_is_zero),
		cmocka_unit_test(any_number_of_lens_is_filled_in),
		cmocka_unit_test(a_length_beyond_five_columns_does_not_fit),
		cmocka_unit_test(nothing_is_written_past_any_capacity),
		cmocka_unit_test(literals_of_every_size_are_copied_exactly),
		cmocka_unit_test(a_context_function_cannot_overrun),
		cmocka_unit_test(the_same_context_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, parse_received, NULL);
}
