/* SPDX-License-Identifier: BSD-3-Clause */
/** The grammar is libconfig's: what libconfig reads we read alike, and what we refuse besides is listed here with its reason. */
#include "unit.h"

#include <inttypes.h>
#include <libconfig.h>

#include "guard.h"
#include "plan_text.h"

/** A tree as text, from our nodes. */
static void
dump_ours(FILE *out, const struct rs_node *n)
{
	static const char opens[] = "[({", closes[] = "])}";

	if (n->name)
		fprintf(out, "%s=", n->name);
	switch ((enum rs_node_type)n->type) {
	case RS_NODE_INT: fprintf(out, "%" PRId64, n->i); break;
	case RS_NODE_FLOAT: fprintf(out, "%.17g", n->f); break;
	case RS_NODE_BOOL: fprintf(out, "%s", n->b ? "true" : "false"); break;
	case RS_NODE_STRING: fprintf(out, "\"%s\"", n->text); break;
	default:
		fputc(opens[n->type - RS_NODE_ARRAY], out);
		for (const struct rs_node *c = n->first; c; c = c->next)
			dump_ours(out, c);
		fputc(closes[n->type - RS_NODE_ARRAY], out);
	}
	fputc(';', out);
}

/** The same from libconfig's. */
static void
dump_theirs(FILE *out, const config_setting_t *s)
{
	if (s->name)
		fprintf(out, "%s=", s->name);
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT: fprintf(out, "%d", config_setting_get_int(s)); break;
	case CONFIG_TYPE_INT64: fprintf(out, "%lld", config_setting_get_int64(s)); break;
	case CONFIG_TYPE_FLOAT: fprintf(out, "%.17g", config_setting_get_float(s)); break;
	case CONFIG_TYPE_BOOL:
		fprintf(out, "%s", config_setting_get_bool(s) ? "true" : "false");
		break;
	case CONFIG_TYPE_STRING: fprintf(out, "\"%s\"", config_setting_get_string(s)); break;
	default:
		fputc(config_setting_is_array(s)            ? '['
				: config_setting_is_list(s) ? '('
							    : '{',
			out);
		for (int i = 0; i < config_setting_length(s); i++)
			dump_theirs(out, config_setting_get_elem(s, (unsigned)i));
		fputc(config_setting_is_array(s)            ? ']'
				: config_setting_is_list(s) ? ')'
							    : '}',
			out);
	}
	fputc(';', out);
}

/** @return our dump of @text, NULL when we refuse it */
static char *
ours(const char *text)
{
	struct guard g = guard_new(text, strlen(text)); /* nothing behind the text may be read */
	struct rs_plan_mem mem = { NULL };
	struct rs_node *root;
	struct rs_err err;
	char *dump = NULL;
	size_t n;

	if (rs_tree_parse(&mem, "t", (const char *)g.p, g.len, &root, &err) == 0) {
		FILE *out = open_memstream(&dump, &n);

		dump_ours(out, root);
		fclose(out);
	}
	rs_plan_mem_fini(&mem);
	guard_free(&g);
	return dump;
}

static char *
theirs(const char *text)
{
	config_t config;
	char *dump = NULL;
	size_t n;

	config_init(&config);
	if (config_read_string(&config, text) == CONFIG_TRUE) {
		FILE *out = open_memstream(&dump, &n);

		dump_theirs(out, config_root_setting(&config));
		fclose(out);
	}
	config_destroy(&config);
	return dump;
}

static const char *const texts[] = {
	"",
	"a = 1;",
	"a = 1",
	"a=1 b=2",
	"a : 1, b : 2,",
	"a = -1; b = +1; c = 0;",
	"a = 010;",
	"a = 0x1F; b = 0X7fffffff;",
	"a = 5000000000L; b = -7LL; c = 0x1FFFFFFFFL;",
	"a = 1.5; b = -.5; c = 1.; d = 1e3; e = 1.5E-3; f = +2.0e+1;",
	"a = true; b = FALSE; c = True;",
	"a = \"\"; b = \"x\";",
	"a = \"x\" \"y\"\n  \"z\";",
	"a = \"\\n\\t\\r\\f\\\\\\\"\\x41\";",
	"a = [];",
	"a = [ 1 ];",
	"a = [ 1, 2, 3 ];",
	"a = [ \"x\", \"y\" ];",
	"a = ();",
	"a = ( 1, \"x\", 1.5, [ 1 ], ( ), { b = 1; } );",
	"a = {};",
	"a = { b = { c = { d = 1; }; }; };",
	"a : { b : 1 };",
	"# c\na = 1; // d\n/* e\n * f */ b = 2; # g\n",
	"a-b = 1; a_b = 2; *x = 3; a* = 4;",
	"a = \"multi\nline\";",
	"a\n=\n1\n;",
	/* refused by both */
	"a",
	"a =",
	"= 1",
	"a = ;",
	"a = 1;;",
	"a = x;",
	"a = [ 1, \"x\" ];",
	"a = [ 1, 1.5 ];",
	"a = [ [ 1 ] ];",
	"a = [ 1, ];",
	"a = ( 1, );",
	"a = [ 1 2 ];",
	"a = { 1 };",
	"a = [ 1",
	"a = ( 1",
	"a = { b = 1;",
	"a = \"x",
	"a = 1; a = 2;",
	"a = 'x';",
	"}",
	"a = 1 }",
	"a = ( b = 1 );",
	"1 = a;",
	"a = /* x",
	"a = 1; ?",
	"true = 1;",
	"a = 0x;",
	"_a = 1;",
	"a = \"x\" 1;",
};

static void
we_read_what_libconfig_reads_and_read_it_alike(void **state)
{
	for (size_t i = 0; i < RS_COUNT(texts); i++) {
		char *a = ours(texts[i]), *b = theirs(texts[i]);

		if (!a != !b)
			fail_msg("%s: ours %s, libconfig %s", texts[i], a ? a : "refuses",
				b ? b : "refuses");
		if (a)
			assert_string_equal(a, b);
		free(a);
		free(b);
	}
}

static void
we_read_the_shipped_plans_as_libconfig_does(void **state)
{
	static const char *const names[] = { "demo", "two-workers", "options" };

	for (size_t i = 0; i < RS_COUNT(names); i++) {
		char path[512], text[16384];

		snprintf(path, sizeof(path), "%s/config/plans/%s.conf", getenv("RINGSTORM_SOURCE"),
			names[i]);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
		char *a = ours(text), *b = theirs(text);
		assert_non_null(a);
		assert_string_equal(a, b);
		free(a);
		free(b);
	}
}

/* libconfig 1.5 takes these, and not for what they say. */
static void
what_libconfig_reads_wrongly_we_refuse(void **state)
{
	static const char *const wrong[] = {
		"a = 5000000000;",            /* wraps to 705032704 */
		"a = 0x1FFFFFFFF;",           /* wraps to -1 */
		"a = 0xFFFFFFFF;",            /* is -1 */
		"a = 99999999999999999999L;", /* is 2^63 - 1 */
		"a = 1e999;",                 /* is infinite */
		"a = \"x\\q\";",              /* drops or keeps the backslash, without a word */
	};

	for (size_t i = 0; i < RS_COUNT(wrong); i++) {
		char *b = theirs(wrong[i]);

		assert_null(ours(wrong[i]));
		assert_non_null(b); /* when libconfig learns to refuse it, move it up */
		free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_read_what_libconfig_reads_and_read_it_alike),
		cmocka_unit_test(we_read_the_shipped_plans_as_libconfig_does),
		cmocka_unit_test(what_libconfig_reads_wrongly_we_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
