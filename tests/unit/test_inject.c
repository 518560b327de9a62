/* SPDX-License-Identifier: BSD-3-Clause */
/** Injection files: what of SIPp's format is taken, which line and field a call gets, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "plan/inject.h"

static struct rs_inject *
parse(const char *text)
{
	struct guard g = guard_new(text, strlen(text));
	struct rs_inject *in;
	struct rs_err err = { 0 };
	int rc = rs_inject_parse("users.csv", rs_slice_of(g.p, g.len), &in, &err);

	guard_free(&g);
	if (rc)
		fail_msg("%d: %s", rc, err.text);
	return in;
}

static void
field_is(const struct rs_inject *in, uint64_t line, uint32_t field, const char *want)
{
	uint8_t out[300];
	int n = rs_inject_field(in, line, field, out, sizeof(out) - 1);

	assert_true(n >= 0);
	out[n] = 0;
	assert_string_equal((char *)out, want);
}

/** @text is refused with an error that has @words in it, after the file and (@line > 0) the line. */
static void
refused_bytes(struct rs_slice text, int line, const char *words)
{
	struct rs_inject *in;
	struct rs_err err = { 0 };
	char place[64];

	assert_int_equal(rs_inject_parse("users.csv", text, &in, &err), -EINVAL);
	assert_null(in);
	assert_int_equal(err.code, -EINVAL);
	if (line > 0)
		snprintf(place, sizeof(place), "users.csv:%d: ", line);
	else
		snprintf(place, sizeof(place), "users.csv: ");
	if (strncmp(err.text, place, strlen(place)) != 0 || !strstr(err.text, words))
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", err.text, place, words);
}

static void
refused(const char *text, int line, const char *words)
{
	refused_bytes(rs_slice_str(text), line, words);
}

static void
fields_are_split_at_semicolons_and_nothing_is_quoted(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\nalice;secret; two words \n\"a;b\"\n;;\nlast\n");

	assert_int_equal(in->mode, RS_INJECT_SEQUENTIAL);
	assert_int_equal(in->n_lines, 4);
	assert_int_equal(in->n_real, 4);
	assert_int_equal(in->n_fields, 3);
	assert_string_equal(in->file, "users.csv");
	field_is(in, 0, 0, "alice");
	field_is(in, 0, 1, "secret");
	field_is(in, 0, 2, " two words ");
	field_is(in, 1, 0, "\"a");
	field_is(in, 1, 1, "b\"");
	field_is(in, 2, 0, "");
	field_is(in, 2, 2, "");
	field_is(in, 3, 0, "last");
	rs_inject_free(in);
}

static void
missing_fields_and_lines_are_empty(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\na;b\nc\n");
	uint8_t out[4];

	assert_int_equal(rs_inject_field(in, 0, 2, out, sizeof(out)), 0);
	assert_int_equal(rs_inject_field(in, 1, 1, out, sizeof(out)), 0);
	assert_int_equal(rs_inject_field(in, 1, UINT32_MAX, out, sizeof(out)), 0);
	assert_int_equal(rs_inject_field(in, 2, 0, out, sizeof(out)), 0);
	assert_int_equal(rs_inject_field(in, UINT64_MAX, 0, out, sizeof(out)), 0);
	rs_inject_free(in);
}

static void
line_ends_may_be_crlf_and_the_last_may_lack(void **state)
{
	struct rs_inject *in = parse("RANDOM\r\na;b\r\n# note\r\nc;d");

	assert_int_equal(in->mode, RS_INJECT_RANDOM);
	assert_int_equal(in->n_lines, 2);
	field_is(in, 0, 1, "b");
	field_is(in, 1, 1, "d");
	rs_inject_free(in);
	in = parse("USER\r\na\r\n\r\nnot used\r\n");
	assert_int_equal(in->mode, RS_INJECT_USER);
	assert_int_equal(in->n_lines, 1);
	assert_int_equal(in->n_ignored, 1);
	rs_inject_free(in);
}

static void
comments_count_for_nothing(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\n#a;b;c;d\nx;#y\n#\n z#\n");

	assert_int_equal(in->n_lines, 2);
	assert_int_equal(in->n_fields, 2);
	field_is(in, 0, 1, "#y");
	field_is(in, 1, 0, " z#");
	rs_inject_free(in);
}

static void
the_first_empty_line_ends_the_file(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\na\nb\n\nc\n#d\n\ne;f\n");

	assert_int_equal(in->n_lines, 2);
	assert_int_equal(in->n_fields, 1);
	assert_int_equal(in->n_ignored, 2);
	rs_inject_free(in);
	in = parse("SEQUENTIAL\na\n\n\n");
	assert_int_equal(in->n_ignored, 0);
	rs_inject_free(in);
}

static void
bytes_above_127_stay_as_they_are(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\nM\xfcller;\xc3\xbc\n");

	field_is(in, 0, 0, "M\xfcller");
	field_is(in, 0, 1, "\xc3\xbc");
	rs_inject_free(in);
}

static void
the_first_line_may_carry_more_than_the_mode(void **state)
{
	/* as spreadsheets and editors leave it */
	static const char *const first[] = { "SEQUENTIAL", " SEQUENTIAL ", "SEQUENTIAL;;;", "\xef\xbb\xbfSEQUENTIAL",
		"SEQUENTIAL,", "# SEQUENTIAL #" };

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		char text[64];
		struct rs_inject *in;

		snprintf(text, sizeof(text), "%s\na\n", first[i]);
		in = parse(text);
		assert_int_equal(in->mode, RS_INJECT_SEQUENTIAL);
		assert_int_equal(in->n_lines, 1);
		rs_inject_free(in);
	}
}

static void
a_printf_file_makes_its_lines(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL,PRINTF=1000000\nu%d;p%05d;100%%;[%3d]\nv%d\n");

	assert_true(in->is_printf);
	assert_int_equal(in->n_lines, 1000000);
	assert_int_equal(in->n_real, 2);
	field_is(in, 0, 0, "u0");
	field_is(in, 0, 1, "p00000");
	field_is(in, 0, 2, "100%");
	field_is(in, 0, 3, "[  0]");
	field_is(in, 1, 0, "v1");
	field_is(in, 999998, 0, "u999998");
	field_is(in, 999998, 1, "p999998");
	field_is(in, 999998, 3, "[999998]");
	field_is(in, 999999, 0, "v999999");
	field_is(in, 1000000, 0, "");
	rs_inject_free(in);
}

static void
printf_numbers_have_an_offset_and_a_multiple(void **state)
{
	struct rs_inject *in = parse("USER, PRINTF=10, PRINTFOFFSET=100, PRINTFMULTIPLE=-50\n%d;%06d;%6d\n");

	assert_int_equal(in->mode, RS_INJECT_USER);
	field_is(in, 0, 0, "100");
	field_is(in, 2, 0, "0");
	field_is(in, 3, 0, "-50");
	field_is(in, 3, 1, "-00050");
	field_is(in, 3, 2, "   -50");
	rs_inject_free(in);
	in = parse("USER,PRINTFOFFSET=-9223372036854775808,PRINTF=1\n%d\n");
	field_is(in, 0, 0, "-9223372036854775808");
	rs_inject_free(in);
	in = parse("USER,PRINTFMULTIPLE=0,PRINTF=9223372036854775807\n%d\n");
	field_is(in, 5, 0, "0");
	rs_inject_free(in);
}

static void
without_printf_a_percent_sign_is_one(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\n%d;100%;%%\n");

	field_is(in, 0, 0, "%d");
	field_is(in, 0, 1, "100%");
	field_is(in, 0, 2, "%%");
	rs_inject_free(in);
}

static void
a_field_that_does_not_fit_is_enospc(void **state)
{
	struct rs_inject *plain = parse("SEQUENTIAL\nabcdef\n"), *made = parse("SEQUENTIAL,PRINTF=5\nab%04d\n");
	struct guard g = guard_new(NULL, 16);

	for (size_t cap = 0; cap <= 7; cap++) {
		uint8_t *out = g.p + g.len - cap;

		assert_int_equal(rs_inject_field(plain, 0, 0, out, cap), cap < 6 ? -ENOSPC : 6);
		assert_int_equal(rs_inject_field(made, 4, 0, out, cap), cap < 6 ? -ENOSPC : 6);
	}
	guard_free(&g);
	rs_inject_free(plain);
	rs_inject_free(made);
}

static void
sequential_and_user_lines_start_over(void **state)
{
	struct rs_inject *in = parse("SEQUENTIAL\na\nb\nc\n");

	assert_int_equal(rs_inject_line(in, 1, 0), 0);
	assert_int_equal(rs_inject_line(in, 2, 2), 2);
	assert_int_equal(rs_inject_line(in, 3, 3), 0);
	assert_int_equal(rs_inject_line(in, 1, UINT64_MAX), UINT64_MAX % 3);
	rs_inject_free(in);
	in = parse("USER\na\nb\n");
	assert_int_equal(rs_inject_line(in, 1, 3), 1);
	rs_inject_free(in);
}

static void
random_lines_follow_from_seed_and_number(void **state)
{
	struct rs_inject *in = parse("RANDOM,PRINTF=10\n%d;a\n"), *other = parse("RANDOM,PRINTF=10\n%d;b\n"),
			 *copy = parse("RANDOM,PRINTF=10\n%d;a\n");
	int hits[10] = { 0 }, same_seed = 0, same_file = 0;

	for (uint64_t k = 0; k < 10000; k++) {
		uint64_t line = rs_inject_line(in, 1, k);

		assert_true(line < 10);
		hits[line]++;
		assert_int_equal(line, rs_inject_line(copy, 1, k));
		same_seed += line == rs_inject_line(in, 2, k);
		same_file += line == rs_inject_line(other, 1, k);
	}
	/* a tenth each, give or take five standard deviations */
	for (int i = 0; i < 10; i++)
		assert_in_range(hits[i], 850, 1150);
	assert_in_range(same_seed, 850, 1150);
	assert_in_range(same_file, 850, 1150);
	rs_inject_free(in);
	rs_inject_free(other);
	rs_inject_free(copy);
}

static void
a_wrong_first_line_is_refused(void **state)
{
	refused("", 0, "the file is empty");
	refused("\na\n", 1, "must be SEQUENTIAL, RANDOM or USER");
	refused("alice;secret\nbob;secret\n", 1, "\"alice;secret\" does not say");
	refused("sequential\na\n", 1, "must be SEQUENTIAL");
	refused("user;USERNAME\na\n", 1, "must be SEQUENTIAL");
	refused("SEQUENTIAL,PRINTFOFSET=1\na\n", 1, "did you mean PRINTFOFFSET");
	refused("SEQUENTIAL,zzz\na\n", 1, "known are PRINTF");
	refused("SEQUENTIAL,PRINTF\na\n", 1, "PRINTF needs a whole number");
	refused("SEQUENTIAL,PRINTF=\na\n", 1, "PRINTF needs a whole number");
	refused("SEQUENTIAL,PRINTF=1e6\na\n", 1, "PRINTF needs a whole number");
	refused("SEQUENTIAL,PRINTF=9223372036854775808\na\n", 1, "at most 64 bits");
	refused("SEQUENTIAL,PRINTF=0\na\n", 1, "at least 1");
	refused("SEQUENTIAL,PRINTF=-5\na\n", 1, "at least 1");
	refused("SEQUENTIAL,PRINTFOFFSET=5\na\n", 1, "need PRINTF=n");
	refused("SEQUENTIAL,PRINTF=3,PRINTFMULTIPLE=9223372036854775807\na\n", 1, "do not fit 64 bits");
	refused("SEQUENTIAL,PRINTF=2,PRINTFOFFSET=9223372036854775807\na\n", 1, "do not fit 64 bits");
}

static void
a_file_without_data_is_refused(void **state)
{
	refused("SEQUENTIAL", 1, "no line of data");
	refused("SEQUENTIAL\n# only\n# comments\n", 3, "no line of data");
	refused("SEQUENTIAL\n\na;b\n", 3, "an empty line ends the file");
}

static void
a_conversion_that_cannot_be_filled_in_is_refused(void **state)
{
	refused("SEQUENTIAL,PRINTF=9\na%d\nb%s\n", 3, "\"%s\" cannot be filled in");
	refused("SEQUENTIAL,PRINTF=9\n#%s\na%-5d\n", 3, "\"%-\"");
	refused("SEQUENTIAL,PRINTF=9\na%\n", 2, "\"%\"");
	refused("SEQUENTIAL,PRINTF=9\na%;d\n", 2, "\"%;\"");
	refused("SEQUENTIAL,PRINTF=9\na%05\n", 2, "\"%05\"");
	refused("SEQUENTIAL,PRINTF=9\na%ld\n", 2, "\"%l\"");
	refused("SEQUENTIAL,PRINTF=9\na%256d\n", 2, "at most 255 columns");
	refused("SEQUENTIAL,PRINTF=9\na%99999999999999999999d\n", 2, "at most 255 columns");
}

static void
a_nul_byte_is_refused_with_its_line(void **state)
{
	static const char nul[] = "SEQUENTIAL\na\nb\0c\n";
	static const char utf16[] = "\xff\xfeS\0E\0Q\0";

	refused_bytes(rs_slice_of(nul, sizeof(nul) - 1), 3, "a NUL byte");
	refused_bytes(rs_slice_of(utf16, sizeof(utf16) - 1), 1, "UTF-16");
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	struct rs_inject *in;
	struct rs_err err = { 0 };

	assert_int_equal(rs_inject_load("/nonexistent/users.csv", &in, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/users.csv: "));
	assert_null(in);
	assert_int_equal(rs_inject_load("/", &in, &err), -EISDIR);
	assert_int_equal(rs_inject_load("/nonexistent/users.csv", &in, NULL), -ENOENT);
	rs_inject_free(NULL);
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void
a_million_lines_load_at_once(void **state)
{
	char path[] = "/tmp/ringstorm-inject-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct rs_inject *in;
	struct rs_err err;
	double start, took;

	assert_non_null(f);
	fprintf(f, "SEQUENTIAL\n");
	for (int i = 0; i < 1000000; i++)
		fprintf(f, "u%07d;secret%07d;198.18.%d.%d\n", i, i, i >> 8 & 255, i & 255);
	fclose(f);
	start = now_s();
	assert_int_equal(rs_inject_load(path, &in, &err), 0);
	took = now_s() - start;
	unlink(path);
	print_message("1,000,000 lines of 3 fields in %.3f s\n", took);
	assert_int_equal(in->n_lines, 1000000);
	field_is(in, 999999, 1, "secret0999999");
	rs_inject_free(in);
	/* Far above what it takes (see the message), far below what a quadratic slip would: machines differ. */
	assert_true(took < 5.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_split_at_semicolons_and_nothing_is_quoted),
		cmocka_unit_test(missing_fields_and_lines_are_empty),
		cmocka_unit_test(line_ends_may_be_crlf_and_the_last_may_lack),
		cmocka_unit_test(comments_count_for_nothing),
		cmocka_unit_test(the_first_empty_line_ends_the_file),
		cmocka_unit_test(bytes_above_127_stay_as_they_are),
		cmocka_unit_test(the_first_line_may_carry_more_than_the_mode),
		cmocka_unit_test(a_printf_file_makes_its_lines),
		cmocka_unit_test(printf_numbers_have_an_offset_and_a_multiple),
		cmocka_unit_test(without_printf_a_percent_sign_is_one),
		cmocka_unit_test(a_field_that_does_not_fit_is_enospc),
		cmocka_unit_test(sequential_and_user_lines_start_over),
		cmocka_unit_test(random_lines_follow_from_seed_and_number),
		cmocka_unit_test(a_wrong_first_line_is_refused),
		cmocka_unit_test(a_file_without_data_is_refused),
		cmocka_unit_test(a_conversion_that_cannot_be_filled_in_is_refused),
		cmocka_unit_test(a_nul_byte_is_refused_with_its_line),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(a_million_lines_load_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
