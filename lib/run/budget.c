/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan needs, counted. */
#include "run/budget.h"

#include <stdlib.h>

#include "engine/engine.h"
#include "run/conns_size.h"

#define MIB (1u << 20)

/* Addresses that more groups share are counted once; groups overlap in few places, so that ranges are compared one by one. */
static uint64_t
count_addresses(const struct rs_plan *plan)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < plan->n_ports; i++)
		n += plan->ports[i].n_addresses;
	for (uint32_t g = 0; g < plan->n_groups; g++) {
		const struct rs_plan_group *group = &plan->groups[g];
		uint64_t used = group->kind == RS_GROUP_TRUNK ? 1 : group->count;
		bool before = false;

		for (uint32_t o = 0; o < g && !before; o++)
			before = plan->groups[o].port == group->port &&
				plan->groups[o].n_addresses && group->n_addresses &&
				rs_addr_eq(&plan->groups[o].addresses[0].first,
					&group->addresses[0].first);
		if (!before)
			n += used < group->n_addrs ? used : group->n_addrs;
	}
	return n;
}

static void
count_groups(const struct rs_plan *plan, struct rs_budget *out)
{
	out->addresses = count_addresses(plan);
	for (uint32_t g = 0; g < plan->n_groups; g++) {
		const struct rs_plan_group *group = &plan->groups[g];

		out->endpoints += group->count;
		out->udp_ports += group->kind == RS_GROUP_TRUNK ? 1 : group->count;

		struct rs_budget_media m;

		rs_budget_group_media(plan, g, &m);
		out->streams += (uint64_t)(m.streams + 0.5);
		out->rtp_pairs += m.pairs;
		out->srtp_contexts += (uint64_t)(m.contexts + 0.5);
	}
}

static void
count_registrations(const struct rs_plan *plan, struct rs_budget *out)
{
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		uint64_t count = plan->groups[a->from].count;

		if (a->kind != RS_DO_REGISTER)
			continue;
		out->registrations += a->total && a->total < count ? a->total : count;
		out->refresh_hz += rs_plan_refresh_rate(plan, a);
	}
}

static uint32_t
count_cores(const struct rs_plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->n_workers; i++) {
		uint32_t o = 0;

		while (plan->cores[o] != plan->cores[i])
			o++;
		n += o == i;
	}
	return n;
}

void
rs_budget_of(const struct rs_plan *plan, struct rs_budget *out)
{
	*out = (struct rs_budget){ .cores = count_cores(plan),
		.packet_bytes = (uint64_t)plan->memory_mb * MIB };
	count_groups(plan, out);
	count_registrations(plan, out);
	out->connections = rs_conns_planned(plan, false);
	out->connection_bytes = rs_conns_idle_bytes(plan, out->connections, rs_conns_planned(plan, true)) + rs_conns_lent_bytes(plan);
	for (uint32_t w = 0; w < plan->n_workers; w++) {
		struct rs_engine_budget e = { 0 };

		rs_engine_budget(plan, w, &e);
		out->workers[w] = (struct rs_budget_worker){
			.legs = e.legs,
			.tombstones = e.tombstones,
			.registrations = e.registrations,
			.endpoints = e.endpoints,
			.engine_bytes = e.full_bytes,
			.histogram_bytes = rs_account_bytes(plan),
			.reserved_bytes = e.reserved_bytes,
			.bytes_per_leg = e.bytes_per_leg,
		};
		out->legs += e.legs;
		out->tombstones += e.tombstones;
		out->engine_bytes += out->workers[w].engine_bytes;
		out->histogram_bytes += out->workers[w].histogram_bytes;
	}
}

json_t *
rs_budget_json(const struct rs_budget *b)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:{s:I, s:I, s:I, s:I, s:I}}",
		"connections", (json_int_t)b->connections,
		"streams", (json_int_t)b->streams, "rtp_pairs", (json_int_t)b->rtp_pairs,
		"srtp_contexts", (json_int_t)b->srtp_contexts,
		"addresses", (json_int_t)b->addresses, "udp_ports", (json_int_t)b->udp_ports,
		"endpoints", (json_int_t)b->endpoints, "legs", (json_int_t)b->legs, "tombstones",
		(json_int_t)b->tombstones, "registrations", (json_int_t)b->registrations,
		"refresh_rate", b->refresh_hz, "cores", (json_int_t)b->cores, "memory",
		"packet_bytes", (json_int_t)b->packet_bytes, "engine_bytes",
		(json_int_t)b->engine_bytes, "histogram_bytes", (json_int_t)b->histogram_bytes,
		"connection_bytes", (json_int_t)b->connection_bytes,
		"bytes", (json_int_t)rs_budget_bytes(b));
}

static json_t *
cores_json(const cpu_set_t *set)
{
	json_t *list = json_array();

	for (int c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, set))
			json_array_append_new(list, json_integer(c));
	return list;
}

json_t *
rs_machine_json(const struct rs_machine *m)
{
	json_t *interfaces = json_array(), *pci = json_array();

	for (uint32_t i = 0; i < m->n_interfaces; i++)
		json_array_append_new(interfaces, json_string(m->interfaces[i]));
	for (uint32_t i = 0; i < m->n_pci; i++)
		json_array_append_new(pci,
			json_pack("{s:s, s:s}", "address", m->pci[i].address, "driver",
				m->pci[i].driver));
	return json_pack("{s:{s:I, s:I, s:I, s:I}, s:o, s:o, s:o, s:o}", "memory", "bytes",
		(json_int_t)m->memory_bytes, "available_bytes", (json_int_t)m->available_bytes,
		"huge_bytes", (json_int_t)m->huge_bytes, "huge_free_bytes",
		(json_int_t)m->huge_free_bytes, "cores", cores_json(&m->online), "allowed_cores",
		cores_json(&m->allowed), "interfaces", interfaces, "pci", pci);
}

static double
mib(const json_t *j, const char *key)
{
	return (double)json_integer_value(json_object_get(j, key)) / MIB;
}

static long long
number(const json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

static void
print_list(FILE *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);

		if (json_is_integer(e))
			fprintf(out, "%s%lld", i ? ", " : "", (long long)json_integer_value(e));
		else
			fprintf(out, "%s%s", i ? ", " : "", json_string_value(e));
	}
}

static void
print_machine(FILE *out, const json_t *machine)
{
	const json_t *memory = json_object_get(machine, "memory"),
		     *pci = json_object_get(machine, "pci"), *p;
	size_t i;

	fprintf(out,
		"this machine has\n  memory       %.0f MiB, %.0f MiB of them available; huge pages of %.0f MiB, %.0f MiB free\n",
		mib(memory, "bytes"), mib(memory, "available_bytes"), mib(memory, "huge_bytes"),
		mib(memory, "huge_free_bytes"));
	fputs("  cores        ", out);
	print_list(out, json_object_get(machine, "cores"));
	fputs("\n  interfaces   ", out);
	print_list(out, json_object_get(machine, "interfaces"));
	fputc('\n', out);
	json_array_foreach((json_t *)pci, i, p)
	{
		const char *driver = json_string_value(json_object_get(p, "driver"));

		fprintf(out, "  PCI          %s, %s%s\n",
			json_string_value(json_object_get(p, "address")),
			driver && *driver ? "driver " : "no driver", driver ? driver : "");
	}
}

void
rs_budget_print(FILE *out, const json_t *needs, json_t *workers, const json_t *machine)
{
	const json_t *memory = json_object_get(needs, "memory"), *w;
	size_t i;

	fprintf(out,
		"needs\n  addresses    %lld, %lld SIP ports on them\n  endpoints    %lld\n  legs         %lld at most, of calls placed and answered\n",
		number(needs, "addresses"), number(needs, "udp_ports"), number(needs, "endpoints"),
		number(needs, "legs"));
	if (number(needs, "connections"))
		fprintf(out, "  connections  %lld of the plan's endpoints, %.1f MiB when they are open; as many that peers open take as much again\n",
			number(needs, "connections"), mib(memory, "connection_bytes"));
	if (number(needs, "rtp_pairs"))
		fprintf(out,
			"  media        %lld streams at a time as planned, %lld SRTP contexts; %lld pairs of RTP ports are there\n",
			number(needs, "streams"), number(needs, "srtp_contexts"),
			number(needs, "rtp_pairs"));
	if (number(needs, "tombstones"))
		fprintf(out, "  tombstones   %lld at most, of finished transactions\n",
			number(needs, "tombstones"));
	if (number(needs, "registrations"))
		fprintf(out, "  registered   %lld endpoints, %.1f refreshes/s\n",
			number(needs, "registrations"),
			json_number_value(json_object_get(needs, "refresh_rate")));
	fprintf(out,
		"  memory       %.1f MiB when all legs are open: packets %.1f, engine %.1f, histograms and counters %.1f\n",
		mib(memory, "bytes"), mib(memory, "packet_bytes"), mib(memory, "engine_bytes"),
		mib(memory, "histogram_bytes"));
	json_array_foreach(workers, i, w) fprintf(out,
		"  worker %zu     core %lld: %lld legs, %lld tombstones, %lld registrations; engine %.1f MiB, histograms and counters %.1f MiB\n",
		i, number(w, "core"), number(w, "legs"), number(w, "tombstones"),
		number(w, "registrations"), mib(w, "engine_bytes"), mib(w, "histogram_bytes"));
	fprintf(out, "  cores        %lld\n", number(needs, "cores"));
	print_machine(out, machine);
}
