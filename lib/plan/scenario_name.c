/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "plan/program.h"

const char *
rs_step_name(const struct rs_program *p, uint32_t step, char *buf, size_t cap)
{
	static const char *const kinds[] = {
		[RS_STEP_PAUSE] = "pause",
		[RS_STEP_TIMEWAIT] = "timewait",
		[RS_STEP_NOP] = "nop",
	};
	const struct rs_step *s;

	if (step >= p->n_steps) {
		snprintf(buf, cap, "end");
		return buf;
	}
	s = &p->steps[step];
	if (s->kind != RS_STEP_SEND && s->kind != RS_STEP_RECV)
		snprintf(buf, cap, "%s", kinds[s->kind]);
	else if (s->status != 0)
		snprintf(buf, cap, "%u", s->status);
	else
		snprintf(buf, cap, "%.*s", (int)s->method_text.len, s->method_text.p);
	return buf;
}
