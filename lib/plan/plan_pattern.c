/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts with {index} or {random} in them, and the URIs of a plan. */
#include <strings.h>

#include "plan/plan_read.h"

#define MAX_WIDTH  20
#define MAX_DIGITS 10  /* of a number of 32 bits */
#define MAX_USER   128 /* bytes; the engine writes users into buffers of that size */

/**
 * RFC 3261, 25.1: user; '#' besides, which dial strings have and no parser of ours or SIPp's minds.
 */
static bool
is_user_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("-_.!~*'()&=+$,;?/%#", c));
}

static bool
is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("[]:.-_", c));
}

static bool
all_user_chars(struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_user_char((char)s.p[i]))
			return false;
	return true;
}

int
rs_pattern_divide(const char *text, struct rs_pattern *out, const char **why)
{
	const char *open = strchr(text, '{'), *close;
	size_t name;

	*out = (struct rs_pattern){ .text = text, .before = rs_slice_str(text) };
	if (open) {
		close = strchr(open, '}');
		if (!close) {
			*why = "has a { without }";
			return -EINVAL;
		}
		out->before.len = (size_t)(open - text);
		out->after = rs_slice_str(close + 1);
		name = strcspn(open + 1, ":}");
		if (name == 5 && strncmp(open + 1, "index", 5) == 0)
			out->what = RS_PATTERN_INDEX;
		else if (name == 6 && strncmp(open + 1, "random", 6) == 0)
			out->what = RS_PATTERN_RANDOM;
		if (out->what == RS_PATTERN_NONE) {
			*why = "has an unknown field: {index}, {index:05} and {random} are known";
			return -EINVAL;
		}
		if (open[1 + name] == ':') {
			uint32_t width = 0;
			const char *p = open + 2 + name;

			for (; *p >= '0' && *p <= '9' && width <= MAX_WIDTH; p++)
				width = width * 10 + (uint32_t)(*p - '0');
			if (p != close || width < 1 || width > MAX_WIDTH) {
				*why = "has a field with a width that is not 1 to 20, as in {index:05}";
				return -EINVAL;
			}
			out->width = (uint8_t)width;
		}
		if (strchr(close, '{')) {
			*why = "has two fields: one is the most";
			return -EINVAL;
		}
	}
	return 0;
}

size_t
rs_pattern_longest(const struct rs_pattern *p)
{
	size_t field = p->what == RS_PATTERN_NONE ? 0 : MAX_DIGITS;

	if (field && p->width > field)
		field = p->width;
	return p->before.len + field + p->after.len;
}

int
rs_pattern_parse(const char *text, struct rs_pattern *out, const char **why)
{
	if (rs_pattern_divide(text, out, why) != 0)
		return -EINVAL;
	if (!all_user_chars(out->before) || !all_user_chars(out->after)) {
		*why = "has a character that a SIP user cannot have (RFC 3261, 25.1): write it as %HH";
		return -EINVAL;
	}
	if (rs_pattern_longest(out) > MAX_USER) {
		*why = "... makes user names of more than 128 bytes: shorten it";
		return -EINVAL;
	}
	return 0;
}

int
rs_pattern_write(
	const struct rs_pattern *p, uint64_t index, uint64_t random, uint8_t *out, size_t cap)
{
	uint8_t digits[20];
	size_t n = 0, pad = 0, at = 0;

	if (p->what != RS_PATTERN_NONE) {
		n = rs_text_u64(digits, p->what == RS_PATTERN_INDEX ? index : random);
		pad = p->width > n ? p->width - n : 0;
	}
	if (p->before.len + pad + n + p->after.len > cap)
		return -ENOSPC;
	if (p->before.len > 0)
		memcpy(out, p->before.p, p->before.len);
	at = p->before.len;
	memset(out + at, '0', pad);
	at += pad;
	memcpy(out + at, digits, n);
	at += n;
	if (p->after.len > 0)
		memcpy(out + at, p->after.p, p->after.len);
	return (int)(at + p->after.len);
}

static int
parse_port(const char **p, uint16_t *port, const char **why)
{
	uint32_t v = 0;
	const char *s = *p;

	for (; *s >= '0' && *s <= '9' && v <= UINT16_MAX; s++)
		v = v * 10 + (uint32_t)(*s - '0');
	if (s == *p || v == 0 || v > UINT16_MAX) {
		*why = "has a port that is not 1 to 65535";
		return -EINVAL;
	}
	*port = (uint16_t)v;
	*p = s;
	return 0;
}

static int
parse_params(const char *p, struct rs_plan_uri *out, const char **why)
{
	static const char *const names[RS_TRANSPORTS] = { "transport=udp", "transport=tcp",
		"transport=tls", "transport=ws", "transport=wss" };

	while (*p == ';') {
		size_t n = strcspn(++p, ";");
		struct rs_slice param = rs_slice_of(p, n);
		bool known = rs_slice_case_eq(param, rs_slice_str("lr"));

		p += n;
		for (int t = 0; t < RS_TRANSPORTS; t++) {
			if (!rs_slice_case_eq(param, rs_slice_str(names[t])))
				continue;
			out->transport = (int8_t)t;
			known = true;
		}
		if (known)
			continue;
		*why = param.len > 10 &&
				rs_slice_case_eq(
					rs_slice_of(param.p, 10), rs_slice_str("transport="))
			? "has a transport that is not known: udp, tcp, tls, ws and wss are"
			: "has a parameter that a plan cannot have: transport and lr are known";
		return -EINVAL;
	}
	if (*p == '\0')
		return 0;
	*why = "has more behind its host: write \"sip:USER@HOST:PORT\"";
	return -EINVAL;
}

int
rs_uri_parse(const char *text, struct rs_plan_uri *out, const char **why)
{
	const char *p = text + 4, *at;

	*out = (struct rs_plan_uri){ .transport = -1 };
	if (strncasecmp(text, "sips:", 5) == 0) {
		out->sips = true;
		p++;
	} else if (strncasecmp(text, "sip:", 4) != 0) {
		*why = "is not a URI: write \"sip:HOST\" or \"sip:HOST:PORT\"";
		return -EINVAL;
	}
	at = strchr(p, '@');
	if (at) {
		out->user = rs_slice_of(p, (size_t)(at - p));
		p = at + 1;
	}
	size_t n = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, ":;");
	if (n > strlen(p))
		n = strlen(p);
	out->host = rs_slice_of(p, n);
	for (size_t i = 0; i < n; i++)
		if (!is_host_char(p[i]))
			n = 0;
	if (n == 0) {
		*why = "has no host";
		return -EINVAL;
	}
	bool literal = rs_addr_parse(out->host, &out->addr) == 0;
	if (*p == '[' && !literal) {
		*why = "has no IPv6 address in its brackets";
		return -EINVAL;
	}
	if (!literal)
		out->addr.family = 0;
	p += n;
	if (*p == ':') {
		p++;
		if (parse_port(&p, &out->port, why) != 0)
			return -EINVAL;
	}
	return parse_params(p, out, why);
}
