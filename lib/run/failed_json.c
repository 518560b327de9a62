/* SPDX-License-Identifier: BSD-3-Clause */
/* One failed call as JSON: what is known of it, and its messages as a ladder. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/failed.h"

static const char *const directions[] = {
	[RS_TRACE_SENT] = "sent",
	[RS_TRACE_RECEIVED] = "received",
	[RS_TRACE_FAILED] = "failed",
};

/* Bytes of a peer as a string: what JSON cannot hold becomes '?', line ends stay. */
static json_t *
bytes_json(const char *p, size_t len)
{
	json_t *j = memchr(p, 0, len) ? NULL : json_stringn(p, len);
	char *copy = j ? NULL : malloc(len + 1);

	if (j || !copy)
		return j ? j : json_null();
	for (size_t i = 0; i < len; i++) {
		bool plain = (p[i] >= 0x20 && p[i] < 0x7f) || p[i] == '\r' || p[i] == '\n' || p[i] == '\t';

		copy[i] = plain ? p[i] : '?';
	}
	j = json_stringn(copy, len);
	free(copy);
	return j;
}

static size_t
line_length(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != '\r' && p[n] != '\n')
		n++;
	return n;
}

/* The value of CSeq, wherever it stands; "" when it was cut off. */
static json_t *
cseq_json(const char *p, size_t len)
{
	static const char name[] = "CSeq";

	for (size_t i = 0; i + sizeof(name) < len; i++) {
		size_t at = i + sizeof(name);

		if (p[i] != '\n' || strncasecmp(p + i + 1, name, sizeof(name) - 1) != 0)
			continue;
		while (at < len && (p[at] == ' ' || p[at] == '\t'))
			at++;
		if (at == len || p[at] != ':')
			continue;
		for (at++; at < len && (p[at] == ' ' || p[at] == '\t');)
			at++;
		return bytes_json(p + at, line_length(p + at, len - at));
	}
	return json_string("");
}

static json_t *
flags_json(const struct rs_trace *t, const struct rs_trace_entry *entry)
{
	json_t *list = json_array();

	if (rs_trace_is_again(t, entry))
		json_array_append_new(list, json_string("retransmission"));
	if (entry->flags & RS_TRACE_DROPPED)
		json_array_append_new(list, json_string("not sent"));
	if (entry->flags & RS_TRACE_OWN)
		json_array_append_new(list, json_string("own"));
	if (entry->flags & RS_TRACE_IS_CUT)
		json_array_append_new(list, json_string("cut"));
	return list;
}

/* Microseconds, without digits that nobody measured. */
static json_t *
ms_json(int64_t ns)
{
	return json_real((double)(ns / (int64_t)RS_NS_PER_US) / 1e3);
}

static json_t *
step_json(const struct rs_daemon *d, uint32_t program, uint32_t step)
{
	const char *name = rs_observer_step_name(d->run->observer, program, step);

	return rs_json_text(name ? name : "before the first step");
}

static json_t *
entry_json(const struct rs_daemon *d, const struct rs_trace *t, const struct rs_trace_entry *entry, bool messages)
{
	const char *text = (const char *)(entry + 1);
	char cause[RS_CAUSE_NAME];
	json_t *j = json_pack("{s:o, s:s}", "t_ms", ms_json(entry->at_ns), "direction", directions[entry->kind]);

	if (entry->kind == RS_TRACE_FAILED) {
		json_object_set_new(
			j, "cause", rs_json_text(rs_cause_name(entry->cause, cause, sizeof(cause))));
		json_object_set_new(
			j, "step", step_json(d, t->call.program, entry->step));
		return j;
	}
	json_object_set_new(j, "start_line", bytes_json(text, line_length(text, entry->kept)));
	json_object_set_new(j, "cseq", cseq_json(text, entry->kept));
	json_object_set_new(j, "flags", flags_json(t, entry));
	json_object_set_new(j, "length", json_integer(entry->length));
	if (messages)
		json_object_set_new(j, "message", bytes_json(text, entry->kept));
	return j;
}

static json_t *
ladder_json(const struct rs_daemon *d, const struct rs_trace *t, bool messages)
{
	json_t *list = json_array();
	const struct rs_trace_entry *entry;

	for (uint32_t at = 0, from = 0; t && (entry = rs_trace_next(t, &at)) != NULL; from = at) {
		if (t->left_out && from == t->head)
			json_array_append_new(list,
				json_pack("{s:o, s:s, s:I}", "t_ms", ms_json(entry->at_ns), "direction",
					"left out", "messages", (json_int_t)t->left_out));
		json_array_append_new(list, entry_json(d, t, entry, messages));
	}
	return list;
}

static json_t *
address_json(const struct rs_addr *addr, uint16_t port)
{
	uint8_t text[40];
	size_t n = rs_addr_write(addr, text);

	return json_sprintf(addr->family == 6 ? "[%.*s]:%u" : "%.*s:%u", (int)n, (const char *)text, port);
}

static json_t *
time_json(uint64_t wall_us)
{
	time_t s = (time_t)(wall_us / 1000000);
	struct tm tm;
	char day[24];

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%03uZ", day, (unsigned)(wall_us / 1000 % 1000));
}

json_t *
failed_json(const struct rs_daemon *d, const struct failed *f, bool messages)
{
	const struct rs_failed_call *c = &f->call;
	const struct rs_plan_activity *a = &d->plan->activities[c->activity];
	const struct rs_path *p = &c->path;
	json_t *local = address_json(&p->local, p->local_port), *remote = address_json(&p->remote, p->remote_port);
	bool in_step = rs_observer_step_name(d->run->observer, c->program, c->step) != NULL;
	char cause[RS_CAUSE_NAME];
	json_t *j = json_object();

	json_object_set_new(j, "activity", rs_json_text(a->name));
	json_object_set_new(j, "number", json_integer((json_int_t)c->number));
	json_object_set_new(j, "worker", json_integer(f->worker));
	json_object_set_new(j, "side", json_string(c->placed ? "placed" : "answered"));
	json_object_set_new(j, "cause", rs_json_text(rs_cause_name(c->cause, cause, sizeof(cause))));
	json_object_set_new(j, "step", step_json(d, c->program, c->step));
	json_object_set_new(j, "program", json_integer(rs_observer_program_of(d->run->observer, c->program)));
	json_object_set_new(j, "index", in_step ? json_integer(c->step) : json_null());
	json_object_set_new(j, "started", time_json(c->wall_us));
	json_object_set_new(j, "after_ms", ms_json((int64_t)c->after_ns));
	json_object_set_new(j, "call_id", bytes_json(c->call_id, c->call_id_len));
	json_object_set_new(j, "caller", c->placed ? local : remote);
	json_object_set_new(j, "callee", c->placed ? remote : local);
	json_object_set_new(j, "messages_kept", json_boolean(f->trace != NULL));
	json_object_set_new(j, "ladder", ladder_json(d, f->trace, messages));
	return j;
}
