/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/dtmf_info.h"

#include <errno.h>
#include <stdio.h>

#include "media/dtmf.h"

#define MAX_DURATION_MS 60000

static const char *const types[] = {
	[RS_DTMF_INFO_RELAY] = "application/dtmf-relay",
	[RS_DTMF_INFO_PLAIN] = "application/dtmf",
};
/** By event number. */
static const char signals[] = RS_DTMF_DIGITS "!";
static const char *const flashes[] = { "flash", "hf", "hook-flash" };

int
rs_dtmf_info_kind(struct rs_slice content_type, enum rs_dtmf_info_kind *out)
{
	const uint8_t *semicolon =
		content_type.len ? memchr(content_type.p, ';', content_type.len) : NULL;

	if (semicolon)
		content_type.len = (size_t)(semicolon - content_type.p);
	content_type = rs_slice_trim(content_type);
	for (int k = 0; k < 2; k++)
		if (rs_slice_case_eq(content_type, rs_slice_str(types[k]))) {
			*out = (enum rs_dtmf_info_kind)k;
			return 0;
		}
	return -ENOENT;
}

const char *
rs_dtmf_info_type(enum rs_dtmf_info_kind kind)
{
	return types[kind];
}

/** Digits only, up to @max. @return -1 when it is no such number */
static long
number(struct rs_slice s, long max)
{
	long v = 0;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + s.p[i] - '0';
		if (v > max)
			return -1;
	}
	return v;
}

/** @return 0 when it is no signal */
static char
signal_of(struct rs_slice s)
{
	long event = number(s, 16);

	if (s.len == 1) {
		char c = (char)(rs_lower(s.p[0]) >= 'a' ? rs_lower(s.p[0]) - 'a' + 'A' : s.p[0]);

		return c && strchr(signals, c) ? c : 0;
	}
	for (size_t i = 0; i < sizeof(flashes) / sizeof(flashes[0]); i++)
		if (rs_slice_case_eq(s, rs_slice_str(flashes[i])))
			return RS_DTMF_FLASH;
	return event >= 10 ? signals[event] : 0;
}

/** The text up to the line's end, which is taken off @rest with it. */
static struct rs_slice
take_line(struct rs_slice *rest)
{
	struct rs_slice line = *rest;
	size_t n = 0;

	while (n < rest->len && rest->p[n] != '\r' && rest->p[n] != '\n')
		n++;
	line.len = n;
	n += n < rest->len;
	*rest = rs_slice_of(rest->p + n, rest->len - n);
	return line;
}

static int
parse_relay(struct rs_slice body, struct rs_dtmf_info *out)
{
	while (body.len) {
		struct rs_slice line = take_line(&body), name, value;
		const uint8_t *equals = line.len ? memchr(line.p, '=', line.len) : NULL;

		if (!equals)
			continue;
		name = rs_slice_trim(rs_slice_of(line.p, (size_t)(equals - line.p)));
		value = rs_slice_trim(
			rs_slice_of(equals + 1, line.len - (size_t)(equals + 1 - line.p)));
		if (rs_slice_case_eq(name, rs_slice_str("Signal"))) {
			if (out->digit)
				return -EBADMSG;
			out->digit = signal_of(value);
			if (!out->digit)
				return -EBADMSG;
		} else if (rs_slice_case_eq(name, rs_slice_str("Duration"))) {
			long ms = number(value, MAX_DURATION_MS);

			if (ms < 0)
				return -EBADMSG;
			out->duration_ms = (uint32_t)ms;
		}
	}
	return out->digit ? 0 : -EBADMSG;
}

int
rs_dtmf_info_parse(enum rs_dtmf_info_kind kind, struct rs_slice body, struct rs_dtmf_info *out)
{
	*out = (struct rs_dtmf_info){ 0 };
	if (kind == RS_DTMF_INFO_RELAY)
		return parse_relay(body, out);
	out->digit = signal_of(rs_slice_trim(body));
	return out->digit ? 0 : -EBADMSG;
}

int
rs_dtmf_info_build(
	enum rs_dtmf_info_kind kind, const struct rs_dtmf_info *info, uint8_t *out, size_t cap)
{
	char text[64];
	int n;

	if (!info->digit || !strchr(signals, info->digit))
		return -EINVAL;
	if (kind == RS_DTMF_INFO_PLAIN)
		n = snprintf(text, sizeof(text), "%c", info->digit);
	else if (info->duration_ms)
		n = snprintf(text, sizeof(text), "Signal=%c\r\nDuration=%u\r\n", info->digit,
			info->duration_ms);
	else
		n = snprintf(text, sizeof(text), "Signal=%c\r\n", info->digit);
	if ((size_t)n > cap)
		return -ENOSPC;
	memcpy(out, text, (size_t)n);
	return n;
}
