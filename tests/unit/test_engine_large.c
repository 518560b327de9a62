/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that are too large for UDP: RFC 3261, 18.1.1. */
#include "sim_conns.h"

#include <unistd.h>

#define MS RS_NS_PER_MS
enum { LISTEN, CALL };

static char dir[64], file[96];

/* A caller whose INVITE, or BYE, is @fill bytes longer than it need be. */
static bool fill_bye;

static void
write_scenario(unsigned fill)
{
	static const char head[] = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nMax-Forwards: 70\n"
		"From: <sip:a@[local_ip]>;tag=[tag]\nCall-ID: [call_id]\n";
	char xs[1400];
	FILE *f;

	memset(xs, 'x', sizeof(xs));
	strcpy(dir, "/tmp/rs-large-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/call.xml", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "<?xml version=\"1.0\"?>\n<scenario name=\"call\">\n"
		"<send retrans=\"500\"><![CDATA[\nINVITE sip:b@[remote_ip]:[remote_port] SIP/2.0\n%sTo: <sip:b@[remote_ip]>\nCSeq: [cseq] INVITE\n"
		"Contact: <sip:a@[local_ip]:[local_port];transport=[transport]>\nX-Fill: %.*s\nContent-Length: 0\n]]></send>\n"
		"<recv response=\"100\" optional=\"true\"/><recv response=\"180\" optional=\"true\"/><recv response=\"200\"/>\n"
		"<send><![CDATA[\nACK sip:b@[remote_ip]:[remote_port] SIP/2.0\n%sTo: <sip:b@[remote_ip]>[peer_tag_param]\nCSeq: [cseq] ACK\n"
		"Content-Length: 0\n]]></send>\n<pause milliseconds=\"500\"/>\n"
		"<send retrans=\"500\"><![CDATA[\nBYE sip:b@[remote_ip]:[remote_port] SIP/2.0\n%sTo: <sip:b@[remote_ip]>[peer_tag_param]\n"
		"CSeq: [cseq] BYE\nX-Fill: %.*s\nContent-Length: 0\n]]></send>\n<recv response=\"200\"/>\n</scenario>\n", head,
		fill_bye ? 0 : (int)fill, xs, head, head, fill_bye ? (int)fill : 0, xs);
	fclose(f);
}

struct watch {
	unsigned invites_tcp, invites_udp, others_tcp, others_udp; /* requests */
	unsigned longest, longest_udp;
	unsigned lose; /* so many INVITEs over UDP */
	char branch[128];
	bool moved;    /* a branch that is not the first one's */
};

static unsigned
on_wire(void *ctx, struct sim_packet *p)
{
	struct watch *w = ctx;
	bool tcp = p->path.conn, invite = memcmp(p->data, "INVITE ", 7) == 0;
	char text[SIM_MTU + 1];

	memcpy(text, p->data, p->len);
	text[p->len] = '\0';
	if (memcmp(text, "SIP/2.0 ", 8) == 0)
		return 1;
	if (!strstr(text, tcp ? "\r\nVia: SIP/2.0/TCP " : "\r\nVia: SIP/2.0/UDP ") || (invite && !strstr(text, tcp ? "transport=TCP" : "transport=UDP")))
		fail_msg("over %s: %s", tcp ? "TCP" : "UDP", text);
	*(invite ? tcp ? &w->invites_tcp : &w->invites_udp : tcp ? &w->others_tcp : &w->others_udp) += 1;
	w->longest = p->len > w->longest ? p->len : w->longest;
	if (!tcp && p->len > w->longest_udp)
		w->longest_udp = p->len;
	if (invite) {
		const char *branch = strstr(text, "branch=");

		if (w->branch[0] && strncmp(branch, w->branch, strcspn(branch, "\r;")) != 0)
			w->moved = true;
		snprintf(w->branch, sizeof(w->branch), "%.*s", (int)strcspn(branch, "\r;"), branch);
	}
	if (invite && !tcp && w->lose > 0) {
		w->lose--;
		return 0;
	}
	return 1;
}

static void
open_plan(struct sim *s, struct watch *w, const char *callers, const char *callees, const char *run, unsigned fill, unsigned calls)
{
	char plan[4096];

	write_scenario(fill);
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; addresses = \"198.18.4.1-198.18.4.4\"; count = 4; %s },\n"
		"              { name = \"callees\"; port = \"b\"; addresses = \"198.18.8.1\"; kind = \"trunk\"; count = 100; %s } );\n"
		"activities = ( { name = \"listen\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"               { name = \"calls\"; do = \"call\"; from = \"callers\"; scenario = \"%s\"; to = \"callees\"; rate = 100; total = %u; } );\n"
		"run = { legs = \"none\"; %s };\n",
		callers, callees, file, calls, run);
	*s = (struct sim){ .on_wire = on_wire, .ctx = w };
	sim_connect(s);
	sim_open(s, plan);
}

static void
end(struct sim *s)
{
	assert_int_equal(sim_flows(s, RS_FLOW_OPENING), 0);
	assert_int_equal(sim_flows(s, RS_FLOW_OPEN), 0);
	sim_sums_hold(s);
	free(s->conns);
	sim_close(s);
	unlink(file);
	rmdir(dir);
}

static const char *const modes[] = { "", "mode = \"rfc3261\";" };
#define TCP_TOO "large_messages = \"tcp\";"

static void
a_large_request_and_its_call_go_over_tcp(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		struct watch w = { 0 };

		open_plan(&s, &w, TCP_TOO, TCP_TOO, modes[i], 1000, 20);
		sim_play(&s, 3000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, LISTEN, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_SENT), 60);
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), 0);
		assert_true(w.longest > 1300);
		assert_int_equal(w.invites_tcp, 20);
		assert_int_equal(w.others_tcp, 40);
		assert_int_equal(w.invites_udp + w.others_udp, 0);
		assert_int_equal(sim_flows(&s, RS_FLOW_SWITCHED), 20);
		assert_int_equal(sim_flows(&s, RS_FLOW_OPENED), 20);
		assert_int_equal(sim_flows(&s, RS_FLOW_FELL_BACK), 0);
		end(&s);
	}
}

static void
in_a_dialog_as_well(void **state)
{
	static struct sim s;

	fill_bye = true;
	for (unsigned i = 0; i < 4; i++) {
		struct watch w = { 0 };

		open_plan(&s, &w, TCP_TOO, i / 2 ? "" : TCP_TOO, modes[i % 2], 1100, 20);
		sim_play(&s, 3000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, LISTEN, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_SENT), 60);
		assert_true(w.longest > 1300);
		assert_int_equal(w.invites_udp, 20);
		assert_int_equal(w.others_tcp, i / 2 ? 0 : 20);
		assert_int_equal(w.others_udp, i / 2 ? 40 : 20);
		assert_int_equal(sim_flows(&s, RS_FLOW_SWITCHED), 20);
		assert_int_equal(sim_flows(&s, RS_FLOW_FELL_BACK), i / 2 ? 20 : 0);
		end(&s);
	}
	fill_bye = false;
}

static void
what_is_not_too_large_stays_with_udp(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		struct watch w = { 0 };

		/* By default whatever its size is. */
		open_plan(&s, &w, i ? "" : TCP_TOO, TCP_TOO, modes[1], i ? 1000 : 880, 5);
		sim_play(&s, 3000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 5);
		assert_in_range(w.longest_udp, i ? 1301 : 1200, i ? SIM_MTU : 1300);
		assert_int_equal(w.invites_tcp + w.others_tcp, 0);
		assert_int_equal(sim_flows(&s, RS_FLOW_SWITCHED), 0);
		end(&s);
	}
}

static void
a_peer_without_tcp_gets_it_over_udp(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		struct watch w = { .lose = 1 };

		open_plan(&s, &w, TCP_TOO, "", modes[i], 1000, 1);
		sim_play(&s, 4000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_SWITCHED), 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_FELL_BACK), 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_FAILED + RS_CONN_CAUSE_REFUSED), 1);
		assert_int_equal(w.invites_udp, 2); /* lost, and repeated as if UDP had been meant */
		assert_false(w.moved);
		assert_int_equal(w.others_udp, 2);
		assert_int_equal(w.invites_tcp + w.others_tcp, 0);
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_SENT), 3);
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), 1);
		end(&s);
	}
}

static void
other_failures_are_the_call_s(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 4; i++) {
		struct watch w = { 0 };

		open_plan(&s, &w, TCP_TOO, TCP_TOO, modes[i % 2], 1000, 3);
		if (i / 2)
			s.conns->open_error = -EADDRNOTAVAIL;
		else
			s.conns->refuse = RS_CONN_CAUSE_TIMEOUT;
		sim_play(&s, 40000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_FAILED), 3);
		assert_int_equal(sim_flows(&s, RS_FLOW_FELL_BACK), 0);
		assert_int_equal(sim_flows(&s, RS_FLOW_FAILED + (i / 2 ? RS_CONN_CAUSE_NO_PORT : RS_CONN_CAUSE_TIMEOUT)), 3);
		assert_int_equal(w.invites_udp + w.invites_tcp, 0);
		end(&s);
	}
}

static void
whoever_gives_up_while_it_connects_waits_no_longer(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		struct watch w = { 0 };

		open_plan(&s, &w, TCP_TOO, TCP_TOO, modes[i], 1000, 3);
		s.conns->silent = true;
		sim_play(&s, 1000 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_OPENING), 3);
		for (uint32_t k = 0; k < s.n; k++)
			rs_engine_hangup(s.engines[k], -1);
		sim_play(&s, 80000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_FAILED), 3);
		assert_int_equal(w.invites_udp + w.invites_tcp, 0);
		end(&s);
	}
}

static void
it_is_said_of_udp_only(void **state)
{
	static const char plan[] = "targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; addresses = \"198.18.4.1\"; transport = \"tcp\"; large_messages = \"tcp\"; } );\n"
		"activities = ( { name = \"listen\"; do = \"answer\"; endpoints = \"callers\"; scenario = \"uas\"; } );\n";
	struct rs_plan *p = NULL;
	struct rs_err err = { 0 };

	assert_int_equal(rs_plan_parse("sim.conf", plan, NULL, 0, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "large_messages"));
	assert_non_null(strstr(err.text, "remove it"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_request_and_its_call_go_over_tcp),
		cmocka_unit_test(in_a_dialog_as_well),
		cmocka_unit_test(what_is_not_too_large_stays_with_udp),
		cmocka_unit_test(a_peer_without_tcp_gets_it_over_udp),
		cmocka_unit_test(other_failures_are_the_call_s),
		cmocka_unit_test(whoever_gives_up_while_it_connects_waits_no_longer),
		cmocka_unit_test(it_is_said_of_udp_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
