/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a scenario: findings or a program, which is then shown and rendered. */
#include <stdlib.h>

#include "plan/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
expand(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	return 0;
}

static void
use(const struct rs_program *p)
{
	static uint8_t out[65536];
	const struct rs_render r = {
		.expand = expand, .call_number = 1, .branch = rs_slice_str("z9hG4bK")
	};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	rs_scenario_show(f, p);
	fclose(f);
	free(text);
	for (uint32_t i = 0; i < p->n_templates; i++)
		rs_template_render(&p->templates[i], &r, out, sizeof(out));
	for (uint32_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].next > (int)p->n_steps || p->steps[i].ontimeout > (int)p->n_steps)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { "users.csv" };
	const struct rs_scenario_opts opts = { .any_key = true, .no_files = true, .files = files, .n_files = 1 };
	struct rs_findings findings;
	struct rs_program *p;
	struct rs_err err;

	/* the directory in the name is where [file name="..."] looks: there is none */
	if (rs_scenario_compile("/no-such-directory/fuzz.xml", rs_slice_of(data, size), &opts, &p,
		    &findings, &err) == 0)
		use(p);
	rs_program_free(p);
	rs_findings_free(&findings);
	return 0;
}
