/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/plan_settings.h"

#include <string.h>

#define ROWS(part)                                                                                 \
	.name = #part, .settings = rs_settings_##part, .n_settings = &rs_n_settings_##part

const struct rs_section rs_plan_sections[RS_SECTIONS] = {
	[RS_SECTION_SUT] = { ROWS(sut), .shape = RS_SECTION_GROUP,
		.meaning = "The system under test." },
	[RS_SECTION_TARGETS] = { ROWS(targets), .shape = RS_SECTION_VALUE, .required = true,
		.meaning = "Where packets may go." },
	[RS_SECTION_WORKERS] = { ROWS(workers), .shape = RS_SECTION_GROUP,
		.meaning = "Cores and memory. Fixed while the daemon runs." },
	[RS_SECTION_PORTS] = { ROWS(ports), .shape = RS_SECTION_LIST, .required = true,
		.meaning = "Network interfaces. Fixed while the daemon runs." },
	[RS_SECTION_MEDIA] = { ROWS(media), .shape = RS_SECTION_LIST,
		.meaning = "Media profiles: what calls of endpoints that name one carry." },
	[RS_SECTION_TLS] = { ROWS(tls), .shape = RS_SECTION_LIST,
		.meaning = "TLS profiles: what endpoints with transport \"tls\" or \"wss\" that name one show, offer and check." },
	[RS_SECTION_ENDPOINTS] = { ROWS(endpoints), .shape = RS_SECTION_LIST, .required = true,
		.meaning = "Groups of emulated user agents." },
	[RS_SECTION_ACTIVITIES] = { ROWS(activities), .shape = RS_SECTION_LIST, .required = true,
		.meaning = "What the test does." },
	[RS_SECTION_RUN] = { ROWS(run), .shape = RS_SECTION_GROUP,
		.meaning = "One execution of the plan, and its verdict." },
};

const struct rs_setting *
rs_setting_find(const struct rs_setting *s, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(s[i].name, name) == 0)
			return &s[i];
	return NULL;
}
