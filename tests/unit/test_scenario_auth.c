/* SPDX-License-Identifier: BSD-3-Clause */
/* Digest authentication in scenarios: what compiles to what, and what is said about misuse. */
#include <errno.h>

#include "plan/report.h"
#include "scenario_text.h"

#define BIT(id)    (UINT64_C(1) << (id))
#define CHALLENGED REQUEST("REGISTER", "") "<recv response=\"401\" auth=\"true\"/>"

static const struct rs_template *
text_of(const struct rs_program *p, uint32_t step)
{
	return &p->templates[p->steps[step].template];
}

static uint32_t
count(const struct rs_template *t, enum rs_slot slot)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n_ops; i++)
		n += t->ops[i].slot == slot;
	return n;
}

static void
the_keyword_is_one_slot_of_its_message(void **state)
{
	struct rs_program *p =
		compile(HEAD CHALLENGED REQUEST("REGISTER", "[authentication]\n") TAIL);
	char slot[40];

	(void)state;
	assert_true(p->steps[1].auth);
	assert_int_equal(count(text_of(p, 2), RS_SLOT_AUTH), 1);
	assert_int_equal(p->n_auths, 1);
	assert_int_equal(p->auths[0].username, -1);
	assert_int_equal(p->auths[0].password, -1);
	snprintf(slot, sizeof(slot), "\r\n{%d:0}\r\nContent-Length", RS_SLOT_AUTH);
	assert_non_null(strstr(sent(p, 2), slot));
	rs_program_free(p);
}

static void
its_values_are_texts_of_their_own(void **state)
{
	static const char *const files[] = { "users.csv" };
	struct rs_scenario_opts opts = { .files = files, .n_files = 1 };
	char slot[40];
	struct rs_program *p = compile_with(
		HEAD CHALLENGED REQUEST("REGISTER",
			"[authentication username=joe-[call_number] password=x]\n"
			"[authentication username=\"u[field0]\" password=a&lt;b]\nX: [call_id]\n")
			REQUEST("OPTIONS", "[authentication password=\"p w\"]\n") TAIL,
		&opts);

	(void)state;
	/* A bracket inside needs quotes; without them it is text, as in SIPp. */
	assert_non_null(strstr(sent(p, 2), "[authentication username=joe-7 password=x]"));
	assert_int_equal(p->n_auths, 2);
	snprintf(slot, sizeof(slot), "u{%d:0}", RS_SLOT_FIELD);
	assert_string_equal(rendered(p, p->auths[0].username, NULL), slot);
	assert_string_equal(rendered(p, p->auths[0].password, NULL), "a&lt;b");
	assert_int_equal(p->auths[1].username, -1);
	assert_string_equal(rendered(p, p->auths[1].password, NULL), "p w");
	/* What stands behind the keyword still belongs to the message. */
	assert_non_null(strstr(sent(p, 2), "X: CALLID\r\nContent-Length"));
	rs_program_free(p);
}

static void
challenges_are_kept_only_for_a_program_that_may_answer_them(void **state)
{
	static const char *const files[] = { "users.csv" };
	struct rs_scenario_opts opts = { .files = files, .n_files = 1 };
	struct rs_program *p = compile(HEAD CHALLENGED REQUEST("REGISTER", "") TAIL);

	(void)state;
	assert_false(p->steps[1].auth);
	rs_program_free(p);
	/* The keyword may stand in a line of the file. */
	p = compile_with(HEAD CHALLENGED REQUEST("REGISTER", "[field1]\n") TAIL, &opts);
	assert_true(p->steps[1].auth);
	rs_program_free(p);
}

static void
values_keep_what_they_want_of_the_last_message(void **state)
{
	struct rs_program *p = compile(HEAD CHALLENGED "<pause/>" REQUEST(
		"OPTIONS", "[authentication username=\"[last_Subject]\"]\n") TAIL);

	(void)state;
	assert_int_equal(p->steps[1].keep, BIT(RS_HDR_SUBJECT));
	rs_program_free(p);
}

#define VERIFY "<verifyauth assign_to=\"ok\" username=\"[$u]\" password=\"secret\"/>"
#define SET    "<assignstr assign_to=\"u\" value=\"joe\"/>"
#define USE    "<test assign_to=\"ok\" variable=\"ok\" compare=\"equal\" value=\"1\"/>"

static void
verifyauth_compares_with_two_texts(void **state)
{
	struct rs_program *p = compile(
		HEAD "<recv request=\"REGISTER\"><action>" SET VERIFY USE "</action></recv>" TAIL);
	const struct rs_action *a = &p->actions[1];

	(void)state;
	assert_int_equal(a->kind, RS_ACT_VERIFYAUTH);
	assert_int_equal(a->n_out, 1);
	assert_int_equal(count(&p->templates[a->template], RS_SLOT_VAR), 1);
	assert_string_equal(rendered(p, a->template2, NULL), "secret");
	assert_int_equal(p->steps[0].keep, 0); /* done while the message is there */
	rs_program_free(p);
	p = compile(HEAD "<recv request=\"REGISTER\"/><pause/><nop><action>" SET VERIFY USE
			 "</action></nop>" TAIL);
	assert_int_equal(
		p->steps[0].keep, BIT(RS_HDR_AUTHORIZATION) | BIT(RS_HDR_PROXY_AUTHORIZATION));
	rs_program_free(p);
}

static void
misuse_is_told(void **state)
{
	(void)state;
	assert_finding(HEAD CHALLENGED REQUEST("REGISTER", "[authentication]\n[authentication]\n")
			       TAIL,
		-EINVAL, 15, "[authentication] stands twice in this message");
	assert_finding(
		HEAD CHALLENGED REQUEST("REGISTER",
			"[authentication]\n") "<nop><action><log message=\"[authentication]\"/></action></nop>" TAIL,
		-EINVAL, 17, "[authentication] has a meaning inside a message only");
	assert_finding(HEAD CHALLENGED REQUEST("REGISTER", "[authentication aka_OP=\"0x1\"]\n")
			       TAIL,
		-ENOTSUP, 14, "[authentication] aka_OP: AKA authentication is not built");
	assert_finding(
		HEAD REQUEST("REGISTER", "[authentication]\n") "<recv response=\"200\"/>" TAIL, 0,
		8, "add auth=\"true\"");
	assert_finding(HEAD "<recv request=\"OPTIONS\"><action>"
			    "<verifyauth assign_to=\"a\" username=\"u\"/></action></recv>"
			    "<Reference variables=\"a\"/>" TAIL,
		-EINVAL, 4, "<verifyauth>: password=\"secret\" is missing");
	assert_finding(HEAD CHALLENGED REQUEST("REGISTER", "[authenticate]\n") TAIL, -EINVAL, 14,
		"[authenticate] is no keyword");
}

static void
it_is_shown(void **state)
{
	struct rs_program *p = compile(HEAD CHALLENGED REQUEST("REGISTER",
		"[authentication username=joe]\n") "<recv request=\"OPTIONS\"><action>" SET VERIFY
			USE "</action></recv>" TAIL);
	char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	(void)state;
	rs_scenario_show(out, p);
	fclose(out);
	assert_non_null(strstr(shown, "recv 401, keeps its challenge"));
	assert_non_null(strstr(shown, " [authentication]\n"));
	assert_non_null(strstr(shown, "verifyauth to $ok"));
	free(shown);
	rs_program_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keyword_is_one_slot_of_its_message),
		cmocka_unit_test(its_values_are_texts_of_their_own),
		cmocka_unit_test(challenges_are_kept_only_for_a_program_that_may_answer_them),
		cmocka_unit_test(values_keep_what_they_want_of_the_last_message),
		cmocka_unit_test(verifyauth_compares_with_two_texts),
		cmocka_unit_test(misuse_is_told),
		cmocka_unit_test(it_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
