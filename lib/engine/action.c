/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in <action>: searching messages, variables and tests, log lines, and orders to the run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/credentials.h"
#include "engine/flow.h"
#include "engine/media_sdp.h"

#define DIGIT_MS_MIN 50 /* of SIPp; what is shorter or longer is as if it were not said */
#define DIGIT_MS_MAX 2000

enum verdict { GO_ON, STOP_ACTIONS, CALL_GONE };

static void
set_number(struct rs_engine *e, struct leg *leg, int16_t var, double n, enum value_type type)
{
	struct value *v = leg_value(e, leg, var);

	rs_blob_clear(&e->blobs, &v->text);
	v->type = (uint8_t)type;
	v->number = n;
}

static void
set_text(struct rs_engine *e, struct leg *leg, int16_t var, struct rs_slice text)
{
	struct value *v = leg_value(e, leg, var);

	v->type = VALUE_TEXT;
	if (!rs_blob_set(&e->blobs, &v->text, text))
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
}

static void
unset(struct rs_engine *e, struct leg *leg, int16_t var)
{
	struct value *v = leg_value(e, leg, var);

	rs_blob_clear(&e->blobs, &v->text);
	v->type = VALUE_UNSET;
	v->number = 0;
}

static struct rs_slice
text_of(struct rs_engine *e, const struct value *v)
{
	return v->type == VALUE_TEXT ? rs_blob_get(&e->blobs, &v->text) : (struct rs_slice){ NULL, 0 };
}

static double
number_of(struct rs_engine *e, struct leg *leg, int16_t var)
{
	const struct value *v = leg_value(e, leg, var);
	struct rs_slice t = text_of(e, v);
	char buf[64];

	if (v->type != VALUE_TEXT)
		return v->type == VALUE_UNSET ? 0 : v->number;
	size_t n = t.len < sizeof(buf) - 1 ? t.len : sizeof(buf) - 1;

	if (n == 0)
		return 0;
	memcpy(buf, t.p, n);
	buf[n] = 0;
	return strtod(buf, NULL);
}

static double
operand(struct rs_engine *e, struct leg *leg, const struct rs_action *a, int16_t var)
{
	return a->has_value ? a->value : number_of(e, leg, var);
}

/* A check that does not hold: the call plays on to its end and counts as failed (SIPp does the same). */
static void
check_failed(struct rs_engine *e, struct leg *leg, uint32_t cause)
{
	if (leg->flags & LEG_FAILING)
		return;
	trace_failed(e, leg, cause);
	leg->flags |= LEG_FAILING;
	rs_account_fail(leg_play(e, leg)->account, leg->step, cause);
}

static enum verdict
checked(struct rs_engine *e, struct leg *leg, const struct rs_action *a, bool holds)
{
	if ((a->check_it && !holds) || (a->check_it_inverse && holds)) {
		check_failed(e, leg, RS_CAUSE_CHECK);
		return STOP_ACTIONS;
	}
	return GO_ON;
}

static struct rs_slice
start_line(const struct rs_sip_msg *msg)
{
	struct rs_slice line = { msg->buf, 0 };

	while (line.len < msg->len && line.p[line.len] != '\r' && line.p[line.len] != '\n')
		line.len++;
	return line;
}

/* @return how many bytes of @line belong to the header's text @a looks for and lie before its value; 0: it is not there */
static size_t
behind_header(struct rs_slice line, const struct rs_action *a)
{
	for (size_t at = 0; a->header.len > 0 && at + a->header.len <= line.len; at++) {
		struct rs_slice here = { line.p + at, a->header.len };

		if (a->header_any_case ? rs_slice_case_eq(here, a->header) : rs_slice_eq(here, a->header))
			return at + a->header.len;
		if (a->start_line)
			break;
	}
	return 0;
}

/* The same for a header that came under its compact name, which the scenario's long one stands for. */
static size_t
behind_compact(const struct rs_sip_msg *msg, const struct rs_sip_header *h, const struct rs_action *a)
{
	struct rs_slice line = { msg->buf + h->name_off, h->end_off - h->name_off };
	size_t n = h->name_len;

	if (h->id == RS_HDR_OTHER || h->id != a->header_id || n != 1)
		return 0;
	while (a->header.p[a->header.len - 1] == ':' && n < line.len && line.p[n - 1] != ':')
		n++;
	return n;
}

/*
 * The text a header search looks at: what follows the header's text as the scenario gives it ("CSeq:" or "CSeq"), up to the
 * line's end. The text is looked for in the start line and in all header lines, at their start or (as SIPp does) inside.
 */
static bool
header_text(const struct rs_sip_msg *msg, const struct rs_action *a, struct rs_slice *out)
{
	unsigned wanted = a->occurrence ? a->occurrence : 1;

	for (int i = -1; i < msg->n_headers; i++) {
		const struct rs_sip_header *h = &msg->headers[i < 0 ? 0 : i];
		struct rs_slice line = { msg->buf + h->name_off, h->end_off - h->name_off };

		if (i < 0)
			line = start_line(msg);
		size_t n = behind_header(line, a);

		if (n == 0 && i >= 0)
			n = behind_compact(msg, h, a);
		if (n > 0 && --wanted == 0) {
			*out = rs_slice_of(line.p + n, line.len - n);
			return true;
		}
	}
	return false;
}

static enum verdict
act_ereg(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	const struct rs_ere *re = leg_program(e, leg)->eres[a->ere];
	struct rs_ere_group groups[RS_ERE_GROUPS];
	struct rs_slice text = { NULL, 0 };
	bool there = true, found = false;

	switch ((enum rs_search)a->search) {
	case RS_SEARCH_VAR:
		text = text_of(e, leg_value(e, leg, a->var_in));
		break;
	case RS_SEARCH_BODY:
		there = msg != NULL;
		text = msg ? msg->body : text;
		break;
	case RS_SEARCH_HDR:
		there = msg && header_text(msg, a, &text);
		break;
	case RS_SEARCH_MSG:
		there = msg != NULL;
		text = msg ? rs_slice_of(msg->buf, msg->len) : text;
		break;
	}
	if (there)
		found = rs_ere_match(re, text, leg_play(e, leg)->ere_scratch, groups, RS_ERE_GROUPS);
	/* A variable that is searched may also be assigned to: the pieces are copied before it changes. */
	if (found && a->search == RS_SEARCH_VAR && text.len > 0) {
		memcpy(e->scratch2, text.p, text.len);
		text.p = e->scratch2;
	}
	for (unsigned i = 0; i < a->n_out; i++) {
		if (found && groups[i].start >= 0)
			set_text(e, leg, a->var_out[i],
				rs_slice_of(text.p + groups[i].start, (size_t)(groups[i].end - groups[i].start)));
		else
			unset(e, leg, a->var_out[i]);
	}
	return checked(e, leg, a, found);
}

static enum verdict
act_say(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	int n = leg_render(e, leg, a->template, msg, e->scratch2, SCRATCH_BYTES);
	enum rs_log_level level = a->kind == RS_ACT_LOG ? RS_LOG_INFO : RS_LOG_WARN;

	if (e->log && n >= 0)
		rs_log(e->log, level, leg_activity(e, leg)->plan->name, e->now, "%.*s", n,
			(const char *)e->scratch2);
	if (a->kind != RS_ACT_ERROR)
		return GO_ON;
	leg_fail(e, leg, RS_CAUSE_ERROR_ACTION, true);
	return CALL_GONE;
}

static enum verdict
act_assign(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	double n = operand(e, leg, a, a->var_in), old;

	for (unsigned i = 0; i < a->n_out; i++) {
		old = number_of(e, leg, a->var_out[i]);
		switch (a->kind) {
		case RS_ACT_ADD:
			n = old + operand(e, leg, a, a->var_in);
			break;
		case RS_ACT_SUBTRACT:
			n = old - operand(e, leg, a, a->var_in);
			break;
		case RS_ACT_MULTIPLY:
			n = old * operand(e, leg, a, a->var_in);
			break;
		case RS_ACT_DIVIDE:
			n = operand(e, leg, a, a->var_in);
			n = n != 0 ? old / n : 0;
			break;
		default:
			break;
		}
		set_number(e, leg, a->var_out[i], isfinite(n) ? n : 0, VALUE_NUMBER);
	}
	return GO_ON;
}

static enum verdict
act_assignstr(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	int n = leg_render(e, leg, a->template, msg, e->scratch2, SCRATCH_BYTES);

	for (unsigned i = 0; i < a->n_out && n >= 0; i++)
		set_text(e, leg, a->var_out[i], rs_slice_of(e->scratch2, (size_t)n));
	return GO_ON;
}

static enum verdict
act_test(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	double x = number_of(e, leg, a->var_in), y = operand(e, leg, a, a->var_in2);
	bool holds = false;

	switch ((enum rs_compare)a->compare) {
	case RS_CMP_EQ:
		holds = x == y;
		break;
	case RS_CMP_NE:
		holds = x != y;
		break;
	case RS_CMP_GT:
		holds = x > y;
		break;
	case RS_CMP_LT:
		holds = x < y;
		break;
	case RS_CMP_GE:
		holds = x >= y;
		break;
	case RS_CMP_LE:
		holds = x <= y;
		break;
	}
	if (a->n_out)
		set_number(e, leg, a->var_out[0], holds, VALUE_BOOL);
	return checked(e, leg, a, holds);
}

static enum verdict
act_strcmp(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	struct rs_slice x = text_of(e, leg_value(e, leg, a->var_in)), y;
	int n = 0;

	if (a->template >= 0) {
		n = leg_render(e, leg, a->template, msg, e->scratch2, SCRATCH_BYTES);
		y = rs_slice_of(e->scratch2, n > 0 ? (size_t)n : 0);
	} else {
		y = text_of(e, leg_value(e, leg, a->var_in2));
	}
	size_t len = x.len < y.len ? x.len : y.len;
	int rc = len ? memcmp(x.p, y.p, len) : 0;

	if (rc == 0)
		rc = (x.len > y.len) - (x.len < y.len);
	if (a->n_out)
		set_number(e, leg, a->var_out[0], rc, VALUE_NUMBER);
	return checked(e, leg, a, rc == 0);
}

static enum verdict
act_todouble(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	set_number(e, leg, a->var_out[0], number_of(e, leg, a->var_in), VALUE_NUMBER);
	return GO_ON;
}

static enum verdict
act_trim(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	const struct value *v = leg_value(e, leg, a->var_out[0]);

	if (v->type == VALUE_TEXT)
		set_text(e, leg, a->var_out[0], rs_slice_trim(text_of(e, v)));
	return GO_ON;
}

static enum verdict
act_gettimeofday(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	uint64_t us = e->wall_us + (e->now - e->wall_at_ns) / RS_NS_PER_US;

	set_number(e, leg, a->var_out[0], (double)(us / 1000000), VALUE_NUMBER);
	if (a->n_out > 1)
		set_number(e, leg, a->var_out[1], (double)(us % 1000000), VALUE_NUMBER);
	return GO_ON;
}

static enum verdict
act_index(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	set_number(e, leg, a->var_out[0], leg->step, VALUE_NUMBER);
	return GO_ON;
}

static enum verdict
act_verifyauth(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	uint8_t user[MAX_CREDENTIAL], password[MAX_CREDENTIAL];
	int n = leg_render(e, leg, a->template, msg, user, sizeof(user));
	int m = leg_render(e, leg, a->template2, msg, password, sizeof(password));
	bool ok = n >= 0 && m >= 0 &&
		leg_verify(e, leg, msg, rs_slice_of(user, (size_t)n), rs_slice_of(password, (size_t)m));

	set_number(e, leg, a->var_out[0], ok, VALUE_BOOL);
	return GO_ON;
}

/* No names: whoever looks them up waits. */
static enum verdict
act_setdest(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	uint8_t host[64], port[8];
	int n = leg_render(e, leg, a->template, msg, host, sizeof(host));
	int m = leg_render(e, leg, a->template2, msg, port, sizeof(port));
	struct rs_slice text = rs_slice_of(host, n > 0 ? (size_t)n : 0);
	struct rs_addr addr;
	uint32_t number;

	if (text.len > 2 && text.p[0] == '[' && text.p[text.len - 1] == ']')
		text = rs_slice_of(text.p + 1, text.len - 2);
	if (n > 0 && m > 0 && (a->transport == RS_TRANSPORTS || a->transport == leg->path.transport) && rs_addr_parse(text, &addr) == 0 &&
		rs_sip_number(rs_slice_of(port, (size_t)m), &number) == 0 && number > 0 && number <= UINT16_MAX &&
		leg_redirect(e, leg, &addr, (uint16_t)number))
		return GO_ON;
	leg_fail(e, leg, RS_CAUSE_DESTINATION, true);
	return CALL_GONE;
}

static enum verdict
act_closecon(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	leg_close_connection(e, leg);
	return GO_ON;
}

/* "events", "in-band", "both": ours, behind what SIPp reads. */
static uint32_t
digits_how(struct rs_slice text)
{
	static const char *const words[] = { [RS_DTMF_EVENTS] = "events", [RS_DTMF_INBAND] = "in-band", [RS_DTMF_BOTH] = "both" };

	for (uint32_t i = RS_DTMF_EVENTS; i <= RS_DTMF_BOTH; i++)
		if (rs_slice_is(text, words[i]))
			return i;
	return RS_DTMF_AUTO;
}

/* "12#,100", as SIPp has it: digits, and how long each one is, ms. */
static void
play_digits(struct rs_engine *e, struct leg *leg, struct media *m, struct rs_slice text)
{
	struct rs_slice digits = rs_slice_part(&text, ','), length = rs_slice_part(&text, ',');
	uint32_t ms = 0;

	for (size_t i = 0; i < length.len && ms <= DIGIT_MS_MAX; i++)
		if (length.p[i] >= '0' && length.p[i] <= '9')
			ms = ms * 10 + (uint32_t)(length.p[i] - '0');
	ms = ms >= DIGIT_MS_MIN && ms <= DIGIT_MS_MAX ? ms : 0;
	media_play(e, leg, m, MEDIA_DIGITS, digits_how(rs_slice_part(&text, ',')) * MEDIA_DIGITS_HOW + ms, digits);
}

/* What the streams cannot do now (nothing is agreed yet) they do not do: SIPp's would fail there, too, and play on. */
static enum verdict
act_media(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	struct media *m = media_at(e, leg);
	struct rs_slice none = { NULL, 0 };
	int n;

	if (!m)
		return GO_ON;
	switch ((enum rs_media_step)a->media) {
	case RS_STEP_PLAY:
		media_play(e, leg, m,
			leg_program(e, leg)->clips[a->clip].kind == RS_CLIP_REPLAY ? MEDIA_REPLAY : MEDIA_SOURCE,
			(uint32_t)a->clip, none);
		break;
	case RS_STEP_DIGITS:
		n = leg_render(e, leg, a->template, msg, e->scratch2, SCRATCH_BYTES);
		if (n > 0)
			play_digits(e, leg, m, rs_slice_of(e->scratch2, (size_t)n));
		break;
	case RS_STEP_HUSH:
		media_play(e, leg, m, MEDIA_PAUSE, 0, none);
		break;
	case RS_STEP_GO_ON:
		media_play(e, leg, m, MEDIA_RESUME, 0, none);
		break;
	case RS_STEP_ECHO:
		media_play(e, leg, m, MEDIA_ECHO, operand(e, leg, a, a->var_in) != 0, none);
		break;
	}
	return GO_ON;
}

static enum verdict
act_stop(struct rs_engine *e, struct leg *leg, const struct rs_action *a, const struct rs_sip_msg *msg)
{
	if (a->kind == RS_ACT_STOP_CALL) {
		leg_fail(e, leg, RS_CAUSE_STOPPED, true);
		return CALL_GONE;
	}
	/* Control sees the request and stops the whole run, on all workers. */
	rs_metric_set(e->cells, RS_ENG_STOP_ASKED, a->kind == RS_ACT_STOP_NOW ? 2 : 1);
	return GO_ON;
}

typedef enum verdict (*act_fn)(struct rs_engine *, struct leg *, const struct rs_action *, const struct rs_sip_msg *);

static const act_fn acts[RS_ACTS] = {
	[RS_ACT_EREG] = act_ereg,
	[RS_ACT_LOG] = act_say,
	[RS_ACT_WARNING] = act_say,
	[RS_ACT_ERROR] = act_say,
	[RS_ACT_ASSIGN] = act_assign,
	[RS_ACT_ADD] = act_assign,
	[RS_ACT_SUBTRACT] = act_assign,
	[RS_ACT_MULTIPLY] = act_assign,
	[RS_ACT_DIVIDE] = act_assign,
	[RS_ACT_ASSIGNSTR] = act_assignstr,
	[RS_ACT_TODOUBLE] = act_todouble,
	[RS_ACT_TEST] = act_test,
	[RS_ACT_STRCMP] = act_strcmp,
	[RS_ACT_TRIM] = act_trim,
	[RS_ACT_GETTIMEOFDAY] = act_gettimeofday,
	[RS_ACT_INDEX] = act_index,
	[RS_ACT_STOP_CALL] = act_stop,
	[RS_ACT_STOP_GRACEFULLY] = act_stop,
	[RS_ACT_STOP_NOW] = act_stop,
	[RS_ACT_VERIFYAUTH] = act_verifyauth,
	[RS_ACT_SETDEST] = act_setdest,
	[RS_ACT_CLOSECON] = act_closecon,
	[RS_ACT_MEDIA] = act_media,
};

bool
leg_actions(struct rs_engine *e, struct leg *leg, const struct rs_step *step, const struct rs_sip_msg *last)
{
	const struct rs_program *p = leg_program(e, leg);

	for (uint32_t i = 0; i < step->n_actions; i++) {
		const struct rs_action *a = &p->actions[step->first_action + i];

		switch (acts[a->kind](e, leg, a, last)) {
		case GO_ON:
			break;
		case STOP_ACTIONS:
			return true;
		case CALL_GONE:
			return false;
		}
	}
	return true;
}
