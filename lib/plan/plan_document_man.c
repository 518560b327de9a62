/* SPDX-License-Identifier: BSD-3-Clause */
/* The manual page ringstorm.plan(5). */
#include <stdbool.h>
#include <string.h>

#include "plan/plan_document.h"

/** Text for roff: nothing in it may be taken for a request or an escape. */
static void
roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void
rows(FILE *out, const struct rs_setting *settings, uint32_t n)
{
	char type[160], standard[160];

	for (uint32_t i = 0; i < n; i++) {
		const struct rs_setting *s = &settings[i];

		fprintf(out, ".TP\n.BR %s \" (", s->name);
		for (const char *t = rs_setting_type_text(s, type, sizeof(type)); *t; t++)
			fputs(*t == '"' ? "\\(dq" : (char[]){ *t, '\0' }, out);
		fputs(")\"\n", out);
		roff(out, s->meaning);
		fputc('\n', out);
		rs_setting_default_text(s, standard, sizeof(standard));
		if (s->required)
			fputs("Required.\n", out);
		else if (standard[0]) {
			fputs("Default: ", out);
			roff(out, standard);
			fputs(".\n", out);
		}
		for (const struct rs_word *w = s->words; w && w->word; w++)
			if (w->instead) {
				fprintf(out, "\\(dq%s\\(dq is not in this version: ", w->word);
				roff(out, w->instead);
				fputs(".\n", out);
			}
		if (s->later) {
			fputs("Not in this version: ", out);
			roff(out, s->later);
			fputs(".\n", out);
		}
	}
}

static void
list(FILE *out, const char *const *names)
{
	for (const char *const *n = names; *n; n++)
		fprintf(out, "%s\\fB%s\\fR", n == names ? "" : n[1] ? ", " : " or ", *n);
}

static const char head[] =
	".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	".\\\" Written by \"gendoc man\" from the reader's own tables: change those, not this file.\n"
	".TH RINGSTORM.PLAN 5 \"\" ringstorm \"ringstorm manual\"\n"
	".SH NAME\n"
	"ringstorm.plan \\- the file that describes a load test\n"
	".SH DESCRIPTION\n"
	"A plan is one text file in the grammar of libconfig: settings NAME = VALUE; groups { }, lists "
	"of groups ( ), arrays of plain values [ ], comments # and // and /* */.\n"
	".BR \"loadctl plan check\" \" \\fIFILE\\fR reads one without starting anything.\"\n"
	".PP\n"
	"Strings stand in double quotes.\n"
	"An integer beyond 32 bits ends in L; where a number is meant, an integer will do.\n"
	"A duration is a string with a unit, us, ms, s, m or h, such as \\(dq90s\\(dq.\n"
	"Names are a letter, then letters, digits, \\(aq\\-\\(aq and \\(aq_\\(aq.\n"
	"@include is not in this version.\n"
	"An error names the file, the line, the setting and the remedy, and nothing starts.\n"
	".SS \"Settings on the command line\"\n"
	".B \\-\\-set\n"
	".IR PATH = VALUE\n"
	"puts a value over the file\\(aqs. A path is SECTION.SETTING, LIST.NAME.SETTING or "
	"LIST[NUMBER].SETTING:\n"
	".PP\n"
	".nf\n"
	"run.seed=7\n"
	"activities.calls.rate=500\n"
	"endpoints[0].count=10\n"
	"workers.cores=[0,1]\n"
	"activities.calls.keys.x=1\n"
	".fi\n"
	".PP\n"
	"A value without quotes that is neither a number nor true, false, an array or a list is a "
	"string.\n";

static const char tail[] =
	".SH FILES\n"
	".I config/plans\n"
	"holds plans that work as they are;\n"
	".I config/scenarios\n"
	"the scenarios that come with ringstorm.\n"
	".SH ENVIRONMENT\n"
	".TP\n"
	".B RINGSTORM_SCENARIOS\n"
	"Directory of the shipped scenarios, in place of the one that was built in.\n"
	".SH EXAMPLE\n"
	".nf\n"
	"targets = [ \"198.18.0.1/32\" ];\n"
	"ports = ( { name = \"wire\"; device = \"net_af_packet0,iface=eth1\";\n"
	"            addresses = [ \"198.18.0.2/20\" ]; } );\n"
	"endpoints = ( { name = \"callers\"; kind = \"trunk\"; port = \"wire\";\n"
	"                addresses = \"198.18.0.2\"; proxy = \"sip:198.18.0.1:5060\";\n"
	"                user = \"1555{index:07}\"; count = 1000; } );\n"
	"activities = ( { name = \"calls\"; do = \"call\"; from = \"callers\";\n"
	"                 to = \"sip:service@198.18.0.1:5060\"; scenario = \"uac\";\n"
	"                 rate = 100; total = 6000; hold = \"5s\"; } );\n"
	"run = { drain = \"30s\"; thresholds = { post_dial_p99_ms = 50; }; };\n"
	".fi\n"
	".SH SEE ALSO\n"
	".BR ringstormd (8),\n"
	".BR loadctl (1)\n";

/** The groups that settings of the section hold. */
static void
groups(FILE *out, const struct rs_section *section)
{
	char title[160];

	for (uint32_t i = 0; i < *section->n_settings; i++) {
		const struct rs_setting *s = &section->settings[i];

		if (!rs_setting_group_title(section, s, title, sizeof(title)))
			continue;
		fprintf(out, ".SS \"%s\"\n", title);
		roff(out, s->group->meaning);
		fputc('\n', out);
		if (s->group == &rs_group_thresholds) {
			fputs("Besides the fixed ones there is "
			      "\\fILATENCY\\fB_\\fISTAT\\fB_ms\\fR, in milliseconds: LATENCY is ",
				out);
			list(out, rs_plan_latencies);
			fputs("; STAT is ", out);
			list(out, rs_plan_stats);
			fputs(".\n", out);
		}
		rows(out, s->group->settings, *s->group->n_settings);
	}
}

void
rs_plan_document_man(FILE *out)
{
	fputs(head, out);
	for (int i = 0; i < RS_SECTIONS; i++) {
		const struct rs_section *s = &rs_plan_sections[i];

		fprintf(out, ".SH \"%s\"\n%s%s.\n", s->name, rs_section_shape_text(s),
			s->required ? ", required" : "");
		roff(out, s->meaning);
		fputc('\n', out);
		if (s->later) {
			fputs("Not in this version: ", out);
			roff(out, s->later);
			fputs(".\n", out);
		}
		rows(out, s->settings, *s->n_settings);
		groups(out, s);
	}
	fputs(tail, out);
}
