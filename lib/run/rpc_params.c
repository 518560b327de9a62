/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters: checked against a method's table before its function runs, then simply read. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "run/server_private.h"

static bool
is_texts(const json_t *value)
{
	if (!json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return false;
	return true;
}

static bool
is_word(const json_t *value, const char *const *words)
{
	const char *text = json_string_value(value);

	for (; text && *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static bool
fits(const struct param *p, const json_t *v)
{
	switch (p->kind) {
	case PARAM_TEXT: return json_string_length(v) > 0;
	case PARAM_NUMBER: return json_is_number(v) && isfinite(json_number_value(v));
	case PARAM_COUNT: return json_is_integer(v) && json_integer_value(v) >= 0;
	case PARAM_BOOL: return json_is_boolean(v);
	case PARAM_TEXTS: return is_texts(v);
	case PARAM_WORD: return is_word(v, p->words);
	}
	return false;
}

static void
refuse(struct request *r, const char *method, const struct param *p)
{
	static const char *const kinds[] = {
		[PARAM_TEXT] = "a string that is not empty",
		[PARAM_NUMBER] = "a number",
		[PARAM_COUNT] = "an integer from 0",
		[PARAM_BOOL] = "true or false",
		[PARAM_TEXTS] = "a list of strings",
	};
	char words[128] = "one of";

	for (size_t i = 0; p->kind == PARAM_WORD && p->words[i]; i++) {
		size_t n = strlen(words);

		snprintf(words + n, sizeof(words) - n, "%s \"%s\"", i ? "," : "", p->words[i]);
	}
	rpc_fail(r, RPC_PARAMS, STATUS_USAGE, "%s: parameter \"%s\" must be %s", method, p->name,
		p->kind == PARAM_WORD ? words : kinds[p->kind]);
}

static const struct param *
find(const struct param *params, const char *name)
{
	for (; params && params->name; params++)
		if (strcmp(params->name, name) == 0)
			return params;
	return NULL;
}

static void
refuse_unknown(struct request *r, const char *method, const struct param *params, const char *name)
{
	const char *names[16];
	size_t n = 0;

	for (const struct param *p = params; p && p->name && n < COUNT(names); p++)
		names[n++] = p->name;
	const char *near = strlen(name) < 64 ? rs_text_nearest(name, names, n) : NULL;

	rpc_fail(r, RPC_PARAMS, STATUS_USAGE, "%s: no parameter \"%.80s\"%s%s%s", method, name,
		near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int
params_check(struct request *r, const char *method, const struct param *params)
{
	const char *name;
	json_t *value;

	json_object_foreach(r->params, name, value)
	{
		const struct param *p = find(params, name);

		if (!p)
			refuse_unknown(r, method, params, name);
		else if (!fits(p, value) && (p->required || !json_is_null(value)))
			refuse(r, method, p);
		if (r->code)
			return -EINVAL;
	}
	for (const struct param *p = params; p && p->name; p++) {
		if (p->required && !json_object_get(r->params, p->name)) {
			rpc_fail(r, RPC_PARAMS, STATUS_USAGE, "%s: parameter \"%s\" is missing",
				method, p->name);
			return -EINVAL;
		}
	}
	return 0;
}

const char *
param_text(const struct request *r, const char *name)
{
	return json_string_value(json_object_get(r->params, name));
}

bool
param_bool(const struct request *r, const char *name, bool otherwise)
{
	json_t *v = json_object_get(r->params, name);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

double
param_number(const struct request *r, const char *name, double otherwise)
{
	json_t *v = json_object_get(r->params, name);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

uint64_t
param_count(const struct request *r, const char *name, uint64_t otherwise)
{
	json_t *v = json_object_get(r->params, name);

	return json_is_integer(v) ? (uint64_t)json_integer_value(v) : otherwise;
}
