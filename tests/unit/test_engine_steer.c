/* SPDX-License-Identifier: BSD-3-Clause */
/* Who plays which call: the owner rule shares endpoints out, and however many workers there are, the same calls are offered. */
#include "engine_peer.h"

#include "base/steer.h"
#include "engine/roster.h"

#define CALLS 600

struct call {
	struct rs_addr addr; /* the caller's */
	uint16_t port;
	uint64_t at_ns;
	uint32_t worker;
};

struct offered {
	struct sim *s;
	struct call calls[CALLS + 1];
	uint32_t n, wrong_worker;
};

/* Notes each INVITE's number, caller, time and worker, and lets nothing through. */
static unsigned
note_invite(void *ctx, struct sim_packet *p)
{
	struct offered *o = ctx;
	const char *at = memmem(p->data, p->len, "X-Number: ", 10);
	const struct rs_plan_port *port = &o->s->plan->ports[p->path.port ^ 1];
	uint32_t k;

	assert_non_null(at);
	k = (uint32_t)atoi(at + 10);
	assert_in_range(k, 1, CALLS);
	if (o->calls[k].at_ns) /* sent again */
		return 0;
	o->calls[k] = (struct call){ p->path.remote, p->path.remote_port, o->s->now_ns, o->s->sending };
	o->n++;
	if (port->n_workers > 1)
		o->wrong_worker += o->calls[k].worker !=
			port->workers[rs_steer_queue(&p->path.remote, p->path.remote_port, 9, port->n_workers)];
	return 0;
}

static void
offer_calls(struct offered *o, const char *cores, const char *group, const char *activity)
{
	static const char scenario[] = "/tmp/rs-steer-XXXXXX";
	struct sim s = { .on_wire = note_invite, .ctx = o };
	char path[32], plan[2048];
	FILE *f;

	strcpy(path, scenario);
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs("<?xml version=\"1.0\"?>\n<scenario name=\"c\"><send><![CDATA[\nINVITE sip:x@[remote_ip] SIP/2.0\n"
	      "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: <sip:[user]@[local_ip]>;tag=a\nTo: <sip:x@[remote_ip]>\n"
	      "Call-ID: [call_id]\nCSeq: 1 INVITE\nX-Number: [call_number]\nContent-Length: 0\n]]></send>"
	      "<recv response=\"200\"/></scenario>\n", f);
	fclose(f);
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/16\", \"2001:2::/48\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\", \"2001:2::2/64\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\", \"2001:2::3/64\" ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; %s } );\n"
		"activities = ( { name = \"calls\"; do = \"call\"; from = \"callers\"; scenario = \"%s\"; total = %u; %s } );\n",
		cores, group, path, CALLS, activity);
	memset(o, 0, sizeof(*o));
	o->s = &s;
	sim_open(&s, plan);
	sim_play(&s, 3 * RS_NS_PER_S);
	assert_int_equal(sim_count(&s, 0, RS_AM_OFFERED), CALLS);
	assert_int_equal(sim_count(&s, 0, RS_AM_STARTED), CALLS);
	assert_int_equal(o->n, CALLS);
	sim_close(&s);
	unlink(path);
}

#define IPV4 "to = \"sip:x@198.18.0.3\"; rate = 300;"
#define IPV6 "to = \"sip:x@[2001:2::3]\"; rate = 300;"

static void
any_number_of_workers_offers_the_same_calls(void **state)
{
	static const struct {
		const char *group, *activity;
		bool every_worker; /* has some of the callers */
	} rows[] = {
		{ "count = 100; addresses = \"198.18.4.1-198.18.4.10\";", IPV4, true },
		{ "count = 1000; addresses = \"198.18.4.1-198.18.7.232\";", IPV4, true },
		{ "count = 7; addresses = [ \"198.18.4.1-198.18.4.3\", \"198.18.9.9\" ];", IPV4, false },
		{ "count = 50; addresses = \"2001:2::4:1-2001:2::4:10\";", IPV6, true },
		/* One address: each pair of ports another worker's. */
		{ "count = 64; addresses = \"198.18.4.1\";", IPV4, true },
		/* Port pairs of one worker only: the others have nothing to do. */
		{ "count = 4; addresses = [ \"198.18.4.0\", \"198.18.4.4\", \"198.18.4.8\", \"198.18.4.12\" ];", IPV4, false },
		/* Fewer pairs than workers, and a trunk: all share them. */
		{ "count = 1; addresses = \"198.18.4.1\";", IPV4, true },
		{ "count = 500; kind = \"trunk\"; addresses = \"198.18.4.1\";", IPV4, true },
	};
	static struct offered one, more;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const cores[] = { "0, 0", "0, 0, 0", "0, 0, 0, 0" };

		offer_calls(&one, "0", rows[i].group, rows[i].activity);
		for (uint32_t w = 0; w < 3; w++) {
			uint32_t by[SIM_WORKERS] = { 0 };

			offer_calls(&more, cores[w], rows[i].group, rows[i].activity);
			for (uint32_t k = 1; k <= CALLS; k++) {
				assert_true(rs_addr_eq(&more.calls[k].addr, &one.calls[k].addr));
				assert_int_equal(more.calls[k].port, one.calls[k].port);
				/* sent when it was due, but for the simulation's own steps */
				assert_in_range(more.calls[k].at_ns - one.calls[k].at_ns + 50000, 0, 100000);
				by[more.calls[k].worker]++;
			}
			for (uint32_t n = 0; rows[i].every_worker && n < w + 2; n++)
				assert_true(by[n] > 0);
			if (i < 6) /* endpoints with an owner: nobody else speaks for them */
				assert_int_equal(more.wrong_worker, 0);
			if (i == 5 && w == 2)
				assert_int_equal(by[0] > 0 ? by[0] : by[2], CALLS);
		}
	}
}

/* --- what comes in --- */

static void
open_answering(struct sim *s, const char *cores, const char *group, const uint8_t *bits)
{
	char plan[1024];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/16\", \"2001:2::/48\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\", \"2001:2::2/64\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\", \"2001:2::3/64\" ]; } );\n"
		"endpoints = ( { name = \"callees\"; port = \"b\"; %s } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; } );\n",
		cores, group);
	s->steer_bits = bits;
	sim_open(s, plan);
}

static uint32_t
owner(struct sim *s, uint32_t asked, const char *to, uint16_t port, const char *call_id)
{
	char text[512];
	struct rs_rx rx = { .kind = RS_RX_SIP, .data = (const uint8_t *)text, .path = { .local_port = port, .remote_port = 5060, .port = 1 } };

	rx.len = (uint32_t)snprintf(text, sizeof(text), "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
		"To: <sip:x@y>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n\r\n", call_id);
	assert_int_equal(rs_addr_parse(rs_slice_str(to), &rx.path.local), 0);
	assert_int_equal(rs_addr_parse(rs_slice_str(rx.path.local.family == 6 ? "2001:2::2" : "198.18.0.2"), &rx.path.remote), 0);
	return rs_engine_owner(s->engines[asked], &rx);
}

static void
every_worker_names_the_owner_that_hardware_would(void **state)
{
	static const uint8_t bits[] = { 6, 7 };
	static const char *const groups[] = { "count = 1000; addresses = \"198.18.4.1-198.18.4.200\";",
		"count = 1000; addresses = \"2001:2::4:1-2001:2::4:c8\";" };

	for (uint32_t i = 0; i < 4; i++) {
		struct sim s = { 0 };
		uint32_t by[SIM_WORKERS] = { 0 };

		open_answering(&s, "0, 0, 0, 0", groups[i % 2], i / 2 ? bits : NULL);
		for (uint32_t k = 0; k < 1000; k++) {
			struct rs_addr a;
			uint16_t port;
			char text[48];
			uint32_t want;

			rs_group_address(&s.plan->groups[0], k, &a, &port);
			text[rs_addr_write(&a, (uint8_t *)text)] = '\0';
			want = rs_steer_queue(&a, port, i / 2 ? bits[1] : RS_STEER_BITS, 4);
			for (uint32_t w = 0; w < 4; w++)
				assert_int_equal(owner(&s, w, text, port, "any"), want);
			by[want]++;
		}
		for (uint32_t w = 0; w < 4; w++)
			assert_in_range(by[w], 200, 300);
		sim_close(&s);
	}
}

static void
a_shared_address_goes_by_call_id(void **state)
{
	struct sim s = { 0 };
	uint32_t by[SIM_WORKERS] = { 0 };

	open_answering(&s, "0, 0, 0", "kind = \"trunk\"; count = 100; addresses = \"198.18.4.1\";", NULL);
	for (uint32_t k = 0; k < 300; k++) {
		char id[16];
		uint32_t first;

		snprintf(id, sizeof(id), "c%u", k);
		first = owner(&s, 0, "198.18.4.1", 5060, id);
		assert_int_equal(owner(&s, 1, "198.18.4.1", 5060, id), first);
		assert_int_equal(owner(&s, 2, "198.18.4.1", 5060, id), first);
		by[first]++;
	}
	for (uint32_t w = 0; w < 3; w++)
		assert_in_range(by[w], 60, 140);
	sim_close(&s);
}

/* --- endpoints one by one --- */

static unsigned
take_nothing(void *ctx, struct sim_packet *p)
{
	return 0;
}

static void
each_endpoint_is_told_of_once_by_who_registers_it(void **state)
{
	static const char *const cores[] = { "0", "0, 0", "0, 0, 0, 0" };

	for (uint32_t i = 0; i < 3; i++) {
		struct sim s = { .on_wire = take_nothing };
		unsigned told[64] = { 0 };
		char plan[1024];

		snprintf(plan, sizeof(plan),
			"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ %s ]; };\n"
			"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"
			"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"
			"endpoints = ( { name = \"us\"; port = \"a\"; count = 64; addresses = \"198.18.4.1\"; proxy = \"sip:198.18.0.3\"; } );\n"
			"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"us\"; rate = 1000; } );\n", cores[i]);
		sim_open(&s, plan);
		sim_play(&s, RS_NS_PER_S);
		for (uint32_t w = 0; w < s.plan->n_workers; w++) {
			for (uint64_t from = 0; from != UINT64_MAX;) {
				struct rs_endpoint_chunk chunk;
				struct rs_endpoint_info infos[16];

				rs_engine_endpoints(s.engines[w], &from, -1, &chunk, infos, 16);
				for (uint32_t k = 0; k < chunk.n; k++) {
					assert_int_equal(infos[k].state, RS_ENDPOINT_REGISTERING);
					told[infos[k].index]++;
				}
			}
		}
		for (uint32_t k = 0; k < 64; k++)
			assert_int_equal(told[k], 1);
		sim_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_workers_offers_the_same_calls),
		cmocka_unit_test(every_worker_names_the_owner_that_hardware_would),
		cmocka_unit_test(a_shared_address_goes_by_call_id),
		cmocka_unit_test(each_endpoint_is_told_of_once_by_who_registers_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
