/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan needs against what a machine has: what cannot work is refused, with the remedy; what hardly can is remarked on. */
#include "run/budget.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run/conns_size.h"

#define MIB      (1024.0 * 1024.0)
#define TEXT_MAX 512

static void __attribute__((format(printf, 2, 3))) say(json_t *list, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(list, json_string(text));
}

/* --- devices --- */

/* The interface that an af_packet or af_xdp device is laid over. */
static bool
find_interface(const char *device, char *out, size_t cap)
{
	const char *at;
	size_t n;

	if (strncmp(device, "net_af_packet", 13) != 0 && strncmp(device, "net_af_xdp", 10) != 0)
		return false;
	at = strstr(device, ",iface=");
	if (!at)
		return false;
	at += 7;
	n = strcspn(at, ",");
	snprintf(out, cap, "%.*s", (int)n, at);
	return true;
}

/* "0000:3b:00.0" or "3b:00.0", with or without arguments of the driver */
static bool
find_pci(const char *device, char *out, size_t cap)
{
	unsigned domain = 0, bus, dev, fn;
	int used = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &used) != 4) {
		domain = 0;
		used = 0;
		if (sscanf(device, "%2x:%2x.%1x%n", &bus, &dev, &fn, &used) != 3)
			return false;
	}
	if (device[used] != '\0' && device[used] != ',')
		return false;
	snprintf(out, cap, "%04x:%02x:%02x.%x", domain, bus, dev, fn);
	return true;
}

static void
join(char *out, size_t cap, const char *names, size_t step, uint32_t n)
{
	size_t used = 0;

	snprintf(out, cap, "none");
	for (uint32_t i = 0; i < n && used < cap; i++) {
		int more =
			snprintf(out + used, cap - used, "%s%s", i ? ", " : "", names + i * step);

		used += more > 0 ? (size_t)more : 0;
	}
}

static bool
is_among(const char *name, const char *names, size_t step, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(name, names + i * step) == 0)
			return true;
	return false;
}

static void
check_devices(const struct rs_plan *plan, const struct rs_machine *m, json_t *list)
{
	char name[32], all[160];

	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct rs_plan_port *p = &plan->ports[i];

		if (find_interface(p->device, name, sizeof(name))) {
			if (is_among(name, (const char *)m->interfaces, sizeof(*m->interfaces),
				    m->n_interfaces))
				continue;
			join(all, sizeof(all), (const char *)m->interfaces, sizeof(*m->interfaces),
				m->n_interfaces);
			say(list,
				"port %s: there is no interface %s here (there are %s): make it, name another, or check inside the network namespace "
				"that has it",
				p->name, name, all);
		} else if (find_pci(p->device, name, sizeof(name))) {
			if (is_among(name, m->pci ? m->pci->address : NULL, sizeof(*m->pci),
				    m->n_pci))
				continue;
			join(all, sizeof(all), m->pci ? m->pci->address : NULL, sizeof(*m->pci),
				m->n_pci);
			say(list,
				"port %s: there is no network device at %s (there are %s): see lspci, and name the one to use",
				p->name, name, all);
		}
	}
}

/* --- cores and memory --- */

static void
check_cores(const struct rs_plan *plan, const struct rs_machine *m, json_t *list)
{
	int have = CPU_COUNT(&m->online);

	for (uint32_t i = 0; have > 0 && i < plan->n_workers; i++) {
		uint32_t core = plan->cores[i];

		if (core >= CPU_SETSIZE || !CPU_ISSET(core, &m->online))
			say(list,
				"workers.cores: core %u does not exist or is switched off: %d are there, name one of them",
				core, have);
		else if (!CPU_ISSET(core, &m->allowed))
			say(list,
				"workers.cores: core %u is not for this process (its cpuset): name another, or have it added",
				core);
	}
}

/* How many calls would fit: what each takes follows from those that are planned. */
static uint64_t
calls_that_fit(const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m)
{
	uint64_t fixed = b->packet_bytes + b->histogram_bytes;

	if (fixed >= m->memory_bytes || b->engine_bytes == 0)
		return 0;
	return (uint64_t)((double)(m->memory_bytes - fixed) / (double)b->engine_bytes *
		(double)plan->max_calls * 0.9);
}

static void
check_memory(const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m,
	json_t *list)
{
	uint64_t need = rs_budget_bytes(b), fit;

	if (plan->hugepages && b->packet_bytes > m->huge_bytes)
		say(list,
			"workers.memory_mb: %u MiB of huge pages are asked for, the machine has %.0f: reserve them (dpdk-hugepages.py --setup 1G) or "
			"set workers.hugepages = false",
			plan->memory_mb, (double)m->huge_bytes / MIB);
	if (m->memory_bytes == 0 || need <= m->memory_bytes)
		return;
	fit = calls_that_fit(plan, b, m);
	if (fit == 0 || fit >= plan->max_calls)
		say(list,
			"%.0f MiB are needed, %.0f of them for packets; the machine has %.0f MiB: lower workers.memory_mb and workers.mbufs",
			(double)need / MIB, (double)b->packet_bytes / MIB,
			(double)m->memory_bytes / MIB);
	else
		say(list,
			"%.0f MiB are needed when run.max_calls (%llu) are open; the machine has %.0f MiB: lower run.max_calls to %llu, or give the "
			"machine more",
			(double)need / MIB, (unsigned long long)plan->max_calls,
			(double)m->memory_bytes / MIB, (unsigned long long)fit);
}

static void
check_media(const struct rs_plan *plan, json_t *list)
{
	struct rs_budget_media m;

	for (uint32_t g = 0; g < plan->n_groups; g++) {
		rs_budget_group_media(plan, g, &m);
		if (m.pairs && m.streams > (double)m.pairs)
			say(list,
				"endpoints %s: %.0f calls are open at a time, their media have %llu pairs of RTP ports: widen rtp_ports (%u-%u), or add "
				"addresses",
				plan->groups[g].name, m.streams, (unsigned long long)m.pairs,
				plan->groups[g].rtp_first, plan->groups[g].rtp_last);
	}
}

/* A caller whose media the answering side cannot agree to. */
static void
check_profiles(const struct rs_plan *plan, const struct rs_plan_activity *a, json_t *list)
{
	const struct rs_plan_group *from = &plan->groups[a->from], *to;
	const struct rs_plan_media *one, *other;

	if (!rs_activity_places(a->kind) || a->to_group < 0 || from->has_proxy)
		return;
	to = &plan->groups[a->to_group];
	if (from->media < 0 || to->media < 0)
		return;
	one = &plan->media[from->media];
	other = &plan->media[to->media];
	if ((one->sdp.srtp == RS_SDP_SRTP_REQUIRED && other->sdp.srtp == RS_SDP_SRTP_FORBIDDEN) ||
		(one->sdp.srtp == RS_SDP_SRTP_FORBIDDEN && other->sdp.srtp == RS_SDP_SRTP_REQUIRED))
		say(list,
			"%s: media profiles %s and %s cannot agree, one requires SRTP and the other forbids it, and no SUT is between them: set srtp "
			"= \"optional\" in one",
			a->name, one->name, other->name);
}

json_t *
rs_budget_problems(
	const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m)
{
	json_t *list = json_array();

	if (!list)
		return NULL;
	check_cores(plan, m, list);
	check_devices(plan, m, list);
	check_memory(plan, b, m, list);
	check_media(plan, list);
	for (uint32_t i = 0; i < plan->n_activities; i++)
		check_profiles(plan, &plan->activities[i], list);
	return list;
}

/* --- rates --- */

static void
remark_registrations(const struct rs_plan *plan, const struct rs_plan_activity *a, json_t *list)
{
	uint64_t count = plan->groups[a->from].count;
	double all_s, last_s = (double)a->expires_ns * a->refresh_to / 1e9,
		      mean_s = (double)a->expires_ns * (a->refresh_from + a->refresh_to) / 2e9;

	count = a->total && a->total < count ? a->total : count;
	all_s = a->rate_hz > 0 ? (double)count / a->rate_hz : 0;
	if (all_s > last_s)
		say(list,
			"%s: %llu registrations at %g/s take %.0f s, the first ones are refreshed after %.0f s: the registrar gets both; raise rate or "
			"expires",
			a->name, (unsigned long long)count, a->rate_hz, all_s, last_s);
	else if ((double)count / mean_s > a->rate_hz)
		say(list,
			"%s: refreshes come at %.1f/s, faster than the registrations (%g/s): raise expires if that is not meant",
			a->name, (double)count / mean_s, a->rate_hz);
}

/* Somebody who is in a call is not called. */
static void
remark_callees(const struct rs_plan *plan, const struct rs_plan_activity *a, double open, json_t *list)
{
	const struct rs_plan_group *to = a->to_group >= 0 ? &plan->groups[a->to_group] : NULL;

	if (to && open > (double)to->count)
		say(list,
			"%s: %.0f calls open at a time need as many callees, group %s has %u: the others will be counted as not started; raise its count",
			a->name, open, to->name, to->count);
}

/* Calls that last are open together: rate times length. */
static void
remark_open(const struct rs_plan *plan, const struct rs_plan_activity *a, json_t *list)
{
	double most = a->rate_hz, open;
	uint64_t limit = a->limit && a->limit < plan->max_calls ? a->limit : plan->max_calls;

	for (uint32_t i = 0; i < a->n_shape; i++)
		most = a->shape[i].rate_to_hz > most ? a->shape[i].rate_to_hz : most;
	open = most * (double)rs_dist_mean(&a->hold) / 1e9;
	if (a->total && open > (double)a->total)
		open = (double)a->total;
	if (a->open_calls)
		open = (double)a->open_calls;
	if (open <= (double)limit)
		remark_callees(plan, a, open, list);
	else if (!a->open_calls)
		say(list,
			"%s: %g calls/s that last %.0f s are %.0f open at a time, %llu are let in: the others will be counted as not started; raise %s",
			a->name, most, (double)rs_dist_mean(&a->hold) / 1e9, open,
			(unsigned long long)limit,
			limit == plan->max_calls ? "run.max_calls" : "limit");
}

/* By name those of its suites whose records are not our own. */
static void
remark_suites(const struct rs_plan *plan, const struct rs_plan_tls *t, json_t *list)
{
	const char *const texts[] = { t->ciphers ? t->ciphers : "", t->suites ? t->suites : "" };
	char names[1024];
	size_t at = 0;

	names[0] = '\0';
	for (size_t i = 0; t->lends && i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *p = texts[i]; *p;) {
			size_t len = strcspn(p, ":");

			if (rs_plan_suite_is_lent(p, len) && at + len + 3 < sizeof(names))
				at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%.*s", at ? ", " : "", (int)len, p);
			p += len + (p[len] == ':');
		}
	if (at)
		say(list,
			"TLS profile %s: OpenSSL does the records of %s, at 20 KiB a connection and several times the CPU time of our own; at most "
			"%llu MiB for all (workers.tls_fallback_mb)",
			t->name, names, (unsigned long long)(rs_conns_lent_room(plan) >> 20));
}

static void
remark_media(const struct rs_plan *plan, json_t *list)
{
	struct rs_budget_media m;

	for (uint32_t g = 0; g < plan->n_groups; g++) {
		rs_budget_group_media(plan, g, &m);
		if (m.pairs && m.streams <= (double)m.pairs &&
			m.streams + m.resting > (double)m.pairs)
			say(list,
				"endpoints %s: %.0f calls at a time, and %.0f pairs of RTP ports that rest for 5 s after theirs, are more than the %llu "
				"pairs that there are: widen rtp_ports, or add addresses",
				plan->groups[g].name, m.streams, m.resting,
				(unsigned long long)m.pairs);
	}
}

static bool
has_end(const struct rs_plan_activity *a)
{
	return a->total || (a->n_shape && a->shape[a->n_shape - 1].rate_to_hz <= 0);
}

/* A run ends when everything with an end is through: what begins only then, and has none, does nothing. */
static void
remark_start(const struct rs_plan *plan, const struct rs_plan_activity *a, json_t *list)
{
	const struct rs_plan_activity *before = a;
	uint64_t chain = 0;
	bool ends = false;

	while (before->start == RS_START_AFTER) {
		chain |= 1ull << before->after;
		before = &plan->activities[before->after];
	}
	if (chain == 0 || has_end(a))
		return;
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		if (!has_end(&plan->activities[i]))
			continue;
		if (!(chain >> i & 1))
			return;
		ends = true;
	}
	if (ends)
		say(list,
			"%s: begins after %s, and then the run is over, as all that has an end has reached it: give %s a total or a shape that ends, too, "
			"or take those of the others away and set run.measure",
			a->name, plan->activities[a->after].name, a->name);
}

json_t *
rs_budget_remarks(const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m)
{
	json_t *list = json_array();
	uint64_t need = rs_budget_bytes(b);

	if (!list)
		return NULL;
	if (m->available_bytes && need <= m->memory_bytes && need > m->available_bytes)
		say(list, "%.0f MiB are needed, %.0f MiB are free at present: end something else",
			(double)need / MIB, (double)m->available_bytes / MIB);
	if (plan->hugepages && b->packet_bytes <= m->huge_bytes &&
		b->packet_bytes > m->huge_free_bytes)
		say(list, "%u MiB of huge pages are needed, %.0f MiB are free at present",
			plan->memory_mb, (double)m->huge_free_bytes / MIB);
	if (b->cores < plan->n_workers)
		say(list,
			"%u workers share %u cores: good for trying a plan out, no figure of it is about speed",
			plan->n_workers, b->cores);
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		if (plan->activities[i].kind == RS_DO_REGISTER)
			remark_registrations(plan, &plan->activities[i], list);
		else if (rs_activity_places(plan->activities[i].kind))
			remark_open(plan, &plan->activities[i], list);
		remark_start(plan, &plan->activities[i], list);
	}
	remark_media(plan, list);
	for (uint32_t i = 0; i < plan->n_tls; i++)
		remark_suites(plan, &plan->tls[i], list);
	return list;
}
