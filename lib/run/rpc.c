/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON-RPC 2.0: a line to a request, a request to a method, what comes of it to a line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/server_private.h"

static const struct method *const tables[] = { life_methods, look_methods, file_methods, change_methods };

static const struct method *
find_method(const char *name)
{
	for (size_t t = 0; t < COUNT(tables); t++)
		for (const struct method *m = tables[t]; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

static const char *
nearest_method(const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (size_t t = 0; t < COUNT(tables); t++)
		for (const struct method *m = tables[t]; m->name && n < COUNT(names); m++)
			names[n++] = m->name;
	return strlen(name) < 64 ? rs_text_nearest(name, names, n) : NULL;
}

/* Send @message and give it up. */
static void
send_message(struct client *c, json_t *message)
{
	char *line = message ? json_dumps(message, JSON_COMPACT) : NULL;

	client_send(c,
		line ? line
		     : "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,"
		       "\"message\":\"no memory for the answer\",\"data\":{\"status\":6}}}");
	free(line);
	json_decref(message);
}

void
rpc_reply(struct client *c, json_t *id, json_t *result)
{
	send_message(c,
		json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "result",
			result ? result : json_object()));
}

void
rpc_reply_error(struct client *c, json_t *id, int code, int status, const char *text)
{
	json_t *words = json_string(text);

	/* What a client sent may be quoted in the text, and need not be UTF-8. */
	if (!words)
		words = json_string("the request cannot be answered: its text is not UTF-8");
	send_message(c,
		json_pack("{s:s, s:O?, s:{s:i, s:o, s:{s:i}}}", "jsonrpc", "2.0", "id", id, "error",
			"code", code, "message", words, "data", "status", status));
}

void
rpc_reply_refused(struct client *c, const struct request *r)
{
	send_message(c,
		json_pack("{s:s, s:O?, s:{s:i, s:o, s:{s:i, s:O}}}", "jsonrpc", "2.0", "id", r->id, "error", "code", r->code, "message",
			json_string(r->text), "data", "status", r->status, "refused", r->refused));
}

enum rpc_outcome
rpc_fail(struct request *r, enum rpc_code code, int status, const char *fmt, ...)
{
	va_list args;

	r->code = code;
	r->status = status;
	va_start(args, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
	return RPC_ANSWER;
}

enum rpc_outcome
rpc_fail_errno(struct request *r, int rc, const struct rs_err *err)
{
	const char *text = err->text[0] ? err->text : strerror(-rc);

	switch (rc) {
	case -ENOENT: return rpc_fail(r, RPC_NOT_FOUND, STATUS_USAGE, "%s", text);
	case -EBUSY:
	case -EINVAL:
	case -EALREADY: return rpc_fail(r, RPC_STATE, STATUS_USAGE, "%s", text);
	default: return rpc_fail(r, RPC_RESOURCE, STATUS_RESOURCE, "%s", text);
	}
}

void
rpc_too_long(struct client *c)
{
	rpc_reply_error(
		c, NULL, RPC_PARSE, STATUS_USAGE, "a line of more than 1 MiB: it was skipped");
}

static bool
is_id(const json_t *id)
{
	return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* Is @json a request? @return the method's name, or NULL with r->code set */
static const char *
read_request(struct request *r, json_t *json)
{
	const char *version = json_string_value(json_object_get(json, "jsonrpc"));
	const char *name = json_string_value(json_object_get(json, "method"));
	json_t *params = json_object_get(json, "params");

	if (!json_is_object(json)) {
		rpc_fail(r, RPC_REQUEST, STATUS_USAGE, "a request is one JSON object in one line%s",
			json_is_array(json) ? ": no batches" : "");
		return NULL;
	}
	r->id = json_object_get(json, "id");
	if (r->id && !is_id(r->id)) {
		r->id = NULL;
		rpc_fail(r, RPC_REQUEST, STATUS_USAGE, "\"id\" must be a string or a number");
		return NULL;
	}
	if (!version || strcmp(version, "2.0") != 0) {
		rpc_fail(r, RPC_REQUEST, STATUS_USAGE, "\"jsonrpc\" must be \"2.0\"");
		return NULL;
	}
	if (!name) {
		rpc_fail(r, RPC_REQUEST, STATUS_USAGE, "\"method\" must be a string");
		return NULL;
	}
	if (params && !json_is_object(params)) {
		rpc_fail(r, RPC_PARAMS, STATUS_USAGE,
			"\"params\" must be an object: parameters go by name");
		return NULL;
	}
	r->params = params;
	return name;
}

static enum rpc_outcome
obey(struct request *r, const char *name)
{
	const struct method *m = find_method(name);
	const char *near;

	if (!m) {
		near = nearest_method(name);
		return rpc_fail(r, RPC_METHOD, STATUS_USAGE, "no method \"%.80s\"%s%s%s", name,
			near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	if (params_check(r, name, m->params) != 0)
		return RPC_ANSWER;
	return m->fn(r);
}

void
rpc_line(struct client *c, const uint8_t *line, size_t len)
{
	struct request r = { .server = c->server, .client = c, .daemon = c->server->daemon };
	enum rpc_outcome outcome = RPC_ANSWER;
	json_error_t bad;
	const char *name = NULL;
	json_t *json;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	if (len == 0)
		return;
	json = json_loadb((const char *)line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &bad);
	if (!json) {
		rpc_fail(&r, RPC_PARSE, STATUS_USAGE, "not JSON, at byte %d: %s", bad.position,
			bad.text);
	} else {
		name = read_request(&r, json);
		if (name)
			outcome = obey(&r, name);
	}
	/* What cannot be told to be a notification is answered, with id null (JSON-RPC 2.0, 5). */
	if (outcome == RPC_ANSWER && (r.id || !name)) {
		if (r.code && r.refused)
			rpc_reply_refused(c, &r);
		else if (r.code)
			rpc_reply_error(c, r.id, r.code, r.status, r.text);
		else
			rpc_reply(c, r.id, json_incref(r.result));
	}
	json_decref(r.result);
	json_decref(r.refused);
	json_decref(json);
}
