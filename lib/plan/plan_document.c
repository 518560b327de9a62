/* SPDX-License-Identifier: BSD-3-Clause */
/* docs/plan.md, from the tables that the reader itself uses. */
#include "plan/plan_document.h"

#include "plan/plan.h"

static size_t
words_text(const struct rs_setting *s, char *buf, size_t cap)
{
	size_t at = 0;

	buf[0] = '\0';
	for (const struct rs_word *w = s->words; w->word && at < cap; w++)
		if (!w->instead)
			at += (size_t)snprintf(
				buf + at, cap - at, "%s\"%s\"", at > 0 ? " or " : "", w->word);
	return at;
}

const char *
rs_setting_type_text(const struct rs_setting *s, char *buf, size_t cap)
{
	static const char *const names[] = { [RS_SET_STRING] = "string",
		[RS_SET_INT] = "integer",
		[RS_SET_FLOAT] = "number",
		[RS_SET_BOOL] = "true or false",
		[RS_SET_DURATION] = "duration",
		[RS_SET_WORD] = "",
		[RS_SET_STRINGS] = "string or strings",
		[RS_SET_INTS] = "integers",
		[RS_SET_FLOATS] = "numbers",
		[RS_SET_MS] = "duration or ms",
		[RS_SET_DIST] = "duration or group",
		[RS_SET_GROUP] = "group",
		[RS_SET_GROUPS] = "list of groups" };
	const char *name = names[s->type], *unit = s->unit ? s->unit : "",
		   *gap = s->unit ? " " : "";

	if (s->type == RS_SET_WORD)
		words_text(s, buf, cap);
	else if (s->max == INT64_MAX)
		snprintf(buf, cap, "%s, at least %lld%s%s", name, (long long)s->min, gap, unit);
	else if (s->min != 0 || s->max != 0)
		snprintf(buf, cap, "%s, %lld to %lld%s%s", name, (long long)s->min,
			(long long)s->max, gap, unit);
	else
		snprintf(buf, cap, "%s%s%s", name, s->unit ? ", " : "", unit);
	return buf;
}

const char *
rs_setting_default_text(const struct rs_setting *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", s->required ? "required" : s->standard ? s->standard : "");
	return buf;
}

const char *
rs_section_shape_text(const struct rs_section *s)
{
	static const char *const shapes[] = { [RS_SECTION_VALUE] = "One setting",
		[RS_SECTION_GROUP] = "One group",
		[RS_SECTION_LIST] = "A list of groups" };

	return shapes[s->shape];
}

/** Text in a cell of a table: nothing in it may look like markup. */
static void
cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (strchr("|*_[", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void
code_cell(FILE *out, const char *text, bool code)
{
	fputs(" | ", out);
	if (code)
		fprintf(out, "`%s`", text);
	else
		cell(out, text);
}

static void
rows(FILE *out, const struct rs_setting *settings, uint32_t n)
{
	char text[160];

	fputs("| setting | type | default | meaning |\n|---|---|---|---|\n", out);
	for (uint32_t i = 0; i < n; i++) {
		const struct rs_setting *s = &settings[i];

		fprintf(out, "| `%s`", s->name);
		code_cell(out, rs_setting_type_text(s, text, sizeof(text)), false);
		rs_setting_default_text(s, text, sizeof(text));
		code_cell(out, text, s->standard && !s->derived && !s->required);
		fputs(" | ", out);
		cell(out, s->meaning);
		for (const struct rs_word *w = s->words; w && w->word; w++)
			if (w->instead) {
				fprintf(out, " `\"%s\"` is not in this version: ", w->word);
				cell(out, w->instead);
				fputc('.', out);
			}
		if (s->later) {
			fputs(" Not in this version: ", out);
			cell(out, s->later);
			fputc('.', out);
		}
		fputs(" |\n", out);
	}
}

static void
latency_names(FILE *out)
{
	fputs("Besides the fixed ones there is `LATENCY_STAT_ms` in milliseconds, of the calls that "
	      "`measure` covers: LATENCY is ",
		out);
	for (const char *const *l = rs_plan_latencies; *l; l++)
		fprintf(out, "%s`%s`", l == rs_plan_latencies ? "" : l[1] ? ", " : " or ", *l);
	fputs(", STAT is ", out);
	for (const char *const *s = rs_plan_stats; *s; s++)
		fprintf(out, "%s`%s`", s == rs_plan_stats ? "" : s[1] ? ", " : " or ", *s);
	fputs("; `post_dial_p99_ms = 50` for example.\n\n", out);
}

const char *
rs_setting_group_title(
	const struct rs_section *section, const struct rs_setting *s, char *buf, size_t cap)
{
	const struct rs_setting *end = section->settings + *section->n_settings;
	size_t at = 0;

	if (!s->group)
		return NULL;
	for (const struct rs_setting *o = section->settings; o < s; o++)
		if (o->group == s->group)
			return NULL;
	for (const struct rs_setting *o = s; o < end && at < cap; o++)
		if (o->group == s->group)
			at += (size_t)snprintf(buf + at, cap - at, "%s%s.%s", o == s ? "" : ", ",
				section->name, o->name);
	return buf;
}

/** The groups that settings of the section hold. */
static void
groups(FILE *out, const struct rs_section *section)
{
	char title[160];

	for (uint32_t i = 0; i < *section->n_settings; i++) {
		const struct rs_setting *s = &section->settings[i];

		if (!rs_setting_group_title(section, s, title, sizeof(title)))
			continue;
		fprintf(out, "\n### %s\n\n%s%s", title, s->group->meaning,
			s->group == &rs_group_thresholds ? " " : "\n\n");
		if (s->group == &rs_group_thresholds)
			latency_names(out);
		rows(out, s->group->settings, *s->group->n_settings);
	}
}

void
rs_plan_document(FILE *out)
{
	fputs("# The settings of a plan\n\n"
	      "<!-- Written by `gendoc plan` from the reader's own tables: change those, not this "
	      "file. -->\n\n"
	      "A plan is one text file in [libconfig](https://hyperrealm.github.io/libconfig/)'s "
	      "grammar. `loadctl plan check FILE` reads one without starting anything. "
	      "`--set PATH=VALUE` of `ringstormd` and `loadctl run` puts a value over the file's: "
	      "`run.seed=7`, `activities.calls.rate=500`, `endpoints[0].count=10`, "
	      "`workers.cores=[0,1]`, `activities.calls.keys.x=1`.\n\n"
	      "- strings stand in double quotes; several strings are an array `[ \"a\", \"b\" ]`\n"
	      "- an integer beyond 32 bits ends in `L`: `5000000000L`; where a number is meant, an "
	      "integer will do\n"
	      "- a duration is a string with a unit, `us`, `ms`, `s`, `m` or `h`: `\"90s\"`\n"
	      "- names are a letter, then letters, digits, `-` and `_`\n"
	      "- comments begin with `#` or `//`, or stand between `/*` and `*/`\n"
	      "- an error names the file, the line, the setting and the remedy, and nothing starts\n",
		out);
	for (int i = 0; i < RS_SECTIONS; i++) {
		const struct rs_section *s = &rs_plan_sections[i];

		fprintf(out, "\n## %s\n\n%s%s. %s%s%s%s\n\n", s->name, rs_section_shape_text(s),
			s->required ? ", required" : "", s->meaning,
			s->later ? " Not in this version: " : "", s->later ? s->later : "",
			s->later ? "." : "");
		rows(out, s->settings, *s->n_settings);
		groups(out, s);
	}
}
