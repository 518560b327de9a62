/* SPDX-License-Identifier: BSD-3-Clause */
/* Handles pack four numbers; tokens carry a handle over the wire and refuse what this process did not mint. */
#include <ctype.h>
#include <string.h>

#include "base/rng.h"
#include "base/token.h"
#include "guard.h"
#include "unit.h"

static const uint64_t secret = 0x0123456789abcdefu;

static void
handle_keeps_its_four_numbers(void **state)
{
	rs_handle h = rs_handle_make(0xdeadbeef, 0x1234, 0x56, RS_KIND_DIALOG);

	assert_int_equal(h, 0xdeadbeef12345603u);
	assert_int_equal(rs_handle_slot(h), 0xdeadbeef);
	assert_int_equal(rs_handle_generation(h), 0x1234);
	assert_int_equal(rs_handle_worker(h), 0x56);
	assert_int_equal(rs_handle_kind(h), RS_KIND_DIALOG);
	assert_int_not_equal(rs_handle_make(0, 0, 0, RS_KIND_LEG), 0);
}

static void
token_comes_back_as_it_was_written(void **state)
{
	struct rs_rng r = { 1 };
	struct rs_token t, back;
	uint8_t text[RS_TOKEN_LEN + 1];

	for (int i = 0; i < 100000; i++) {
		uint64_t more = rs_rng_next(&r);

		/* the corners too: all zeros and all ones */
		t.handle = i == 0 ? 0 : i == 1 ? UINT64_MAX : rs_rng_next(&r);
		t.run = i == 0 ? 0 : i == 1 ? UINT16_MAX : (uint16_t)more;
		t.aux = i == 0 ? 0 : i == 1 ? UINT16_MAX : (uint16_t)(more >> 16);
		text[RS_TOKEN_LEN] = '!';
		rs_token_write(&t, secret, text);
		assert_int_equal(text[RS_TOKEN_LEN], '!');
		for (int k = 0; k < RS_TOKEN_LEN; k++)
			assert_non_null(memchr("abcdefghijklmnopqrstuvwxyz234567", text[k], 32));
		assert_true(rs_token_read(text, secret, &back));
		assert_int_equal(back.handle, t.handle);
		assert_int_equal(back.run, t.run);
		assert_int_equal(back.aux, t.aux);
	}
}

static void
token_is_base32_with_a_short_first_character(void **state)
{
	struct rs_token t = { .handle = 0xffffffffffffffffu, .run = 0xffff, .aux = 0xffff };
	uint8_t text[RS_TOKEN_LEN];

	rs_token_write(&t, secret, text);
	/* 96 bits of ones: 3 in the first character, 18 full ones, and the next begins with 3 of them (28 to 31). */
	assert_memory_equal(text, "h777777777777777777", 19);
	assert_in_range(text[19], '4', '7');
}

static void
token_survives_a_peer_that_changes_case(void **state)
{
	struct rs_token t = { .handle = rs_handle_make(77, 3, 1, RS_KIND_LEG), .run = 9, .aux = 2 },
			back;
	uint8_t text[RS_TOKEN_LEN];

	rs_token_write(&t, secret, text);
	for (int i = 0; i < RS_TOKEN_LEN; i++)
		text[i] = (uint8_t)toupper(text[i]);
	assert_true(rs_token_read(text, secret, &back));
	assert_int_equal(back.handle, t.handle);
}

static void
token_of_another_process_is_refused(void **state)
{
	struct rs_token t = { .handle = rs_handle_make(77, 3, 1, RS_KIND_LEG), .run = 9 }, back;
	uint8_t text[RS_TOKEN_LEN];

	rs_token_write(&t, secret, text);
	assert_false(rs_token_read(text, secret + 1, &back));
	assert_false(rs_token_read(text, 0, &back));
}

static void
any_changed_character_is_noticed(void **state)
{
	struct rs_token t = {
		.handle = rs_handle_make(5, 1, 0, RS_KIND_ENDPOINT), .run = 1, .aux = 1
	};
	struct rs_token back = { .handle = 42 };
	uint8_t text[RS_TOKEN_LEN], original;
	int taken = 0;

	rs_token_write(&t, secret, text);
	for (int i = 0; i < RS_TOKEN_LEN; i++) {
		original = text[i];
		for (int c = 0; c < 256; c++) {
			text[i] = (uint8_t)c;
			if (tolower(c) != original)
				taken += rs_token_read(text, secret, &back);
		}
		text[i] = original;
	}
	assert_int_equal(taken, 0);
	assert_int_equal(back.handle, 42); /* untouched by refused ones */
}

static void
random_text_is_refused(void **state)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct rs_rng r = { 2 };
	struct rs_token back;
	uint8_t text[RS_TOKEN_LEN];
	int taken = 0;

	for (int i = 0; i < 200000; i++) {
		for (int k = 0; k < RS_TOKEN_LEN; k++)
			text[k] = (uint8_t)alphabet[rs_rng_next(&r) >> 59];
		text[0] = (uint8_t)alphabet[rs_rng_next(&r) >> 61];
		taken += rs_token_read(text, secret, &back);
	}
	assert_int_equal(taken, 0); /* by chance: 1 in 20,000 runs of this test */
}

static void
nothing_behind_the_26_characters_is_read(void **state)
{
	struct rs_token t = { .handle = rs_handle_make(5, 1, 0, RS_KIND_LEG) }, back;
	struct guard g = guard_new(NULL, RS_TOKEN_LEN);

	rs_token_write(&t, secret, g.p);
	assert_true(rs_token_read(g.p, secret, &back));
	guard_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handle_keeps_its_four_numbers),
		cmocka_unit_test(token_comes_back_as_it_was_written),
		cmocka_unit_test(token_is_base32_with_a_short_first_character),
		cmocka_unit_test(token_survives_a_peer_that_changes_case),
		cmocka_unit_test(token_of_another_process_is_refused),
		cmocka_unit_test(any_changed_character_is_noticed),
		cmocka_unit_test(random_text_is_refused),
		cmocka_unit_test(nothing_behind_the_26_characters_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
