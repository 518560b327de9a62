/* SPDX-License-Identifier: BSD-3-Clause */
/** The settings' tables as text for people. Private to lib/plan and to tools/gendoc. */
#ifndef RS_PLAN_DOCUMENT_H
#define RS_PLAN_DOCUMENT_H

#include <stdio.h>

#include "plan/plan_settings.h"

/** Write the manual page ringstorm.plan(5), in man(7) macros. */
void rs_plan_document_man(FILE *out);

/**
 * The type of a setting as a reader wants to know it, with its range: "integer, 1 to 4094". @return
 * @buf
 */
const char *rs_setting_type_text(const struct rs_setting *s, char *buf, size_t cap);

/**
 * What stands in the column of defaults: the default with its unit, "required", or "". @return @buf
 */
const char *rs_setting_default_text(const struct rs_setting *s, char *buf, size_t cap);

/**
 * The heading over the settings inside the setting @s of @section, "run.health": that of all settings of the section with the
 * same ones inside, at the first of them. @return @buf; NULL: nothing inside, or told of already
 */
const char *rs_setting_group_title(
	const struct rs_section *section, const struct rs_setting *s, char *buf, size_t cap);

/** "one group: name = { ... };" */
const char *rs_section_shape_text(const struct rs_section *s);

#endif
