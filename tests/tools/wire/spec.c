/* SPDX-License-Identifier: BSD-3-Clause */
#include "spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* "0.05" or "5%": a chance. */
static int
read_chance(const char *text, double *chance)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text)
		return -EINVAL;
	if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end != '\0' || !(value >= 0 && value <= 1))
		return -EINVAL;
	*chance = value;
	return 0;
}

static int
read_count(const char *text, uint32_t *count)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || *text == '-' || value > UINT32_MAX)
		return -EINVAL;
	*count = (uint32_t)value;
	return 0;
}

/* Cut @text at its first '/'. @return what stands behind it, NULL when there is none */
static char *
cut(char *text)
{
	char *slash = strchr(text, '/');

	if (slash != NULL)
		*slash++ = '\0';
	return slash;
}

static int
set_loss(struct rs_wire_spec *s, char *value)
{
	return read_chance(value, &s->loss);
}

static int
set_burst(struct rs_wire_spec *s, char *value)
{
	char *length = cut(value), *end;
	double loss, mean;

	if (length == NULL || read_chance(value, &loss) != 0 || loss >= 1)
		return -EINVAL;
	mean = strtod(length, &end);
	if (end == length || *end != '\0' || !(mean >= 1 && mean <= 1e9))
		return -EINVAL;
	/*
	 * A stay in the bad state lasts 1/r packets in the mean, and the share of time spent there
	 * is p / (p + r).
	 */
	s->burst_leave = 1 / mean;
	s->burst_enter = s->burst_leave * loss / (1 - loss);
	return s->burst_enter <= 1 ? 0 : -EINVAL;
}

static int
set_gilbert(struct rs_wire_spec *s, char *value)
{
	char *leave = cut(value);

	if (leave == NULL)
		return -EINVAL;
	return read_chance(value, &s->burst_enter) != 0 || read_chance(leave, &s->burst_leave) != 0
		? -EINVAL
		: 0;
}

static int
set_duplicate(struct rs_wire_spec *s, char *value)
{
	char *after = cut(value);

	if (after != NULL && rs_text_duration(after, &s->duplicate_after_ns) != 0)
		return -EINVAL;
	return read_chance(value, &s->duplicate);
}

static int
set_reorder(struct rs_wire_spec *s, char *value)
{
	char *distance = cut(value);
	char *hold = distance != NULL ? cut(distance) : NULL;

	if (distance != NULL &&
		(read_count(distance, &s->reorder_distance) != 0 || s->reorder_distance == 0))
		return -EINVAL;
	if (hold != NULL && rs_text_duration(hold, &s->reorder_hold_ns) != 0)
		return -EINVAL;
	return read_chance(value, &s->reorder);
}

static int
set_corrupt(struct rs_wire_spec *s, char *value)
{
	return read_chance(value, &s->corrupt);
}

static int
set_delay(struct rs_wire_spec *s, char *value)
{
	return rs_text_duration(value, &s->delay_ns);
}

static int
set_jitter(struct rs_wire_spec *s, char *value)
{
	char *shape = cut(value);

	s->normal = shape != NULL && strcmp(shape, "normal") == 0;
	if (shape != NULL && !s->normal && strcmp(shape, "uniform") != 0)
		return -EINVAL;
	return rs_text_duration(value, &s->jitter_ns);
}

static int
set_overtake(struct rs_wire_spec *s, char *value)
{
	s->overtake = strcmp(value, "yes") == 0;
	return s->overtake || strcmp(value, "no") == 0 ? 0 : -EINVAL;
}

static int
set_rate(struct rs_wire_spec *s, char *value)
{
	static const struct {
		const char *unit;
		double packets, bits;
	} units[] = { { "pps", 1, 0 }, { "kbit", 0, 1e3 }, { "mbit", 0, 1e6 }, { "gbit", 0, 1e9 } };
	char *limit = cut(value), *unit;
	double number = strtod(value, &unit);

	if (unit == value || !(number > 0 && number <= 1e12))
		return -EINVAL;
	if (limit != NULL && (read_count(limit, &s->queue_limit) != 0 || s->queue_limit == 0))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit) == 0) {
			s->rate_pps = number * units[i].packets;
			s->rate_bps = number * units[i].bits;
			return 0;
		}
	}
	return -EINVAL;
}

static int
set_port(struct rs_wire_spec *s, char *value)
{
	uint32_t port;

	if (read_count(value, &port) != 0 || port > UINT16_MAX)
		return -EINVAL;
	s->port = (uint16_t)port;
	return 0;
}

static int
set_larger(struct rs_wire_spec *s, char *value)
{
	return read_count(value, &s->larger);
}

static int
set_copies(struct rs_wire_spec *s, char *value)
{
	return read_count(value, &s->copies);
}

static int
set_sip(struct rs_wire_spec *s, char *value)
{
	if (*value == '\0' || strlen(value) >= sizeof(s->sip))
		return -EINVAL;
	strcpy(s->sip, value);
	return 0;
}

static const struct item {
	const char *name;
	int (*set)(struct rs_wire_spec *s, char *value);
	const char *form;
	const char *help;
} items[] = {
	{ "loss", set_loss, "P", "lose a packet with this chance (0.05 or 5%)" },
	{ "burst", set_burst, "P/LENGTH",
		"lose this share, in bursts of this mean length (Gilbert-Elliott)" },
	{ "gilbert", set_gilbert, "P/R", "the same by the chances to enter and to leave a burst" },
	{ "duplicate", set_duplicate, "P[/TIME]", "send a copy too, so much later (0)" },
	{ "reorder", set_reorder, "P[/N[/TIME]]",
		"hold back until N packets (3) have overtaken, TIME (20ms) at most" },
	{ "corrupt", set_corrupt, "P", "turn one bit over behind the Ethernet header" },
	{ "delay", set_delay, "TIME", "delay every packet" },
	{ "jitter", set_jitter, "TIME[/SHAPE]",
		"vary the delay: uniform (at most so much) or normal (deviation)" },
	{ "overtake", set_overtake, "yes|no", "jitter may change the order of packets (no)" },
	{ "rate", set_rate, "N{pps|kbit|mbit|gbit}[/LIMIT]",
		"so fast; LIMIT packets (1000) wait, more are dropped" },
	{ "port", set_port, "N", "only UDP datagrams from or to this port" },
	{ "larger", set_larger, "BYTES", "only frames that are larger" },
	{ "copies", set_copies, "N", "only the first N transmissions of a datagram" },
	{ "sip", set_sip, "START[|START]...",
		"only such SIP messages: INVITE, ACK, \"200 INVITE\"" },
};
#define N_ITEMS (sizeof(items) / sizeof(items[0]))

void
rs_wire_spec_init(struct rs_wire_spec *spec)
{
	*spec = (struct rs_wire_spec){
		.reorder_distance = 3,
		.reorder_hold_ns = 20 * RS_NS_PER_MS,
		.queue_limit = 1000,
	};
}

static int
set_item(struct rs_wire_spec *spec, char *item, struct rs_err *err)
{
	char *value = strchr(item, '=');
	char whole[sizeof(spec->sip) + 32];

	snprintf(whole, sizeof(whole), "%s", item);
	if (value != NULL)
		*value++ = '\0';
	for (size_t i = 0; i < N_ITEMS; i++) {
		if (strcmp(item, items[i].name) != 0)
			continue;
		if (value != NULL && items[i].set(spec, value) == 0)
			return 0;
		return rs_err_set(
			err, -EINVAL, "'%s': write %s=%s", whole, items[i].name, items[i].form);
	}
	return rs_err_set(
		err, -EINVAL, "'%s' is nothing that can be done to a packet; see --help", whole);
}

int
rs_wire_spec_parse(const char *text, struct rs_wire_spec *spec, struct rs_err *err)
{
	char copy[512], *save = NULL;

	if (strlen(text) >= sizeof(copy))
		return rs_err_set(err, -EINVAL, "more than %zu characters for one direction",
			sizeof(copy) - 1);
	strcpy(copy, text);
	for (char *item = strtok_r(copy, ",", &save); item != NULL;
		item = strtok_r(NULL, ",", &save)) {
		int rc = set_item(spec, item, err);

		if (rc != 0)
			return rc;
	}
	/* A stay in a burst that cannot end would be a wire that is cut at a random moment. */
	if (spec->burst_enter > 0 && spec->burst_leave <= 0)
		return rs_err_set(
			err, -EINVAL, "gilbert: the chance to leave a burst must be above 0");
	return 0;
}

bool
rs_wire_spec_wants_sip(const struct rs_wire_spec *spec, const char *start)
{
	size_t len = strlen(start);

	if (spec->sip[0] == '\0')
		return true;
	if (len == 0)
		return false;
	for (const char *p = spec->sip; p != NULL; p = strchr(p, '|')) {
		p += *p == '|';
		if (strncmp(p, start, len) == 0 && (p[len] == '\0' || p[len] == '|'))
			return true;
	}
	return false;
}

void
rs_wire_spec_help(FILE *out)
{
	for (size_t i = 0; i < N_ITEMS; i++) {
		char left[48];

		snprintf(left, sizeof(left), "%s=%s", items[i].name, items[i].form);
		fprintf(out, "  %-36s %s\n", left, items[i].help);
	}
}
