/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that come from elsewhere than Via says: RFC 3261, 18.2, and RFC 3581, callers behind a NAT. */
#include "sim.h"

#define MS RS_NS_PER_MS
enum { LISTEN, CALL };

#define NATTED "198.18.4.200"
#define NATTED_PORT 4321

/* A NAT in front of the callers, who say in Via what they know of themselves. */
struct nat {
	const char *param;   /* that they put behind the branch, or "" */
	bool moves;	     /* the address, and the port */
	const char *want;    /* in the first Via of each response */
	const char *want_not;
	unsigned responses;
	uint16_t port;	     /* that responses went to */
};

static void
insert(struct sim_packet *p, const char *what)
{
	uint8_t *at = memmem(p->data, p->len, ";branch=", 8);
	size_t n = strlen(what), rest = p->len - (size_t)(at - p->data);

	assert_true(p->len + n <= SIM_MTU);
	memmove(at + n, at, rest);
	memcpy(at, what, n);
	p->len += (uint32_t)n;
}

static unsigned
on_wire(void *ctx, struct sim_packet *p)
{
	struct nat *nat = ctx;
	char via[400];
	const uint8_t *at;
	struct rs_addr natted;

	assert_int_equal(rs_addr_parse(rs_slice_str(NATTED), &natted), 0);
	if (p->path.port == 1) { /* to the callees */
		if (memcmp(p->data, "SIP/2.0 ", 8) != 0)
			insert(p, nat->param);
		if (nat->moves) {
			p->path.remote = natted;
			p->path.remote_port = NATTED_PORT;
		}
		return 1;
	}
	if (nat->moves && !rs_addr_eq(&p->path.local, &natted))
		fail_msg("sent past the NAT");
	nat->port = p->path.local_port;
	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.4.1"), &p->path.local), 0);
	p->path.local_port = 5060;
	if (memcmp(p->data, "SIP/2.0 ", 8) != 0)
		return 1;
	nat->responses++;
	at = memmem(p->data, p->len, "\r\nVia: ", 7);
	assert_non_null(at);
	snprintf(via, sizeof(via), "%.*s", (int)strcspn((const char *)at + 2, "\r"), (const char *)at + 2);
	if ((nat->want && !strstr(via, nat->want)) || (nat->want_not && strstr(via, nat->want_not)))
		fail_msg("%s", via);
	return 1;
}

static void
play(struct nat *nat, const char *run)
{
	static struct sim s;
	char plan[2048];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; addresses = \"198.18.4.1\"; proxy = \"sip:198.18.8.1:5060\"; },\n"
		"              { name = \"callees\"; port = \"b\"; addresses = \"198.18.8.1\"; kind = \"trunk\"; count = 10; } );\n"
		"activities = ( { name = \"listen\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"               { name = \"calls\"; do = \"call\"; from = \"callers\"; scenario = \"uac\"; to = \"sip:x@198.18.8.1\"; rate = 100; total = 3;\n"
		"                 hold = \"0s\"; } );\n"
		"run = { legs = \"none\"; %s };\n", run);
	s = (struct sim){ .on_wire = on_wire, .ctx = nat };
	sim_open(&s, plan);
	sim_play(&s, 2000 * MS);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 3);
	assert_int_equal(sim_count(&s, LISTEN, RS_AM_COMPLETED), 3);
	assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), 0);
	assert_in_range(nat->responses, 9, 12);
	sim_close(&s);
}

#define RFC "mode = \"rfc3261\";"

static void
rport_is_answered_with_the_port_and_the_address(void **state) /* RFC 3581, 4 */
{
	static const char *const spellings[] = { ";rport", ";RPORT", "; rport ", ";x=1;rport;y" };

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct nat nat = { .param = spellings[i], .moves = true, .want = "=4321" };

		play(&nat, RFC);
		assert_int_equal(nat.port, NATTED_PORT);
		nat = (struct nat){ .param = spellings[i], .moves = true, .want = ";received=" NATTED };
		play(&nat, RFC);
		nat = (struct nat){ .param = spellings[i], .want = ";received=198.18.4.1" }; /* whether it differs or not */
		play(&nat, RFC);
	}
}

static void
another_address_is_told(void **state) /* RFC 3261, 18.2.1, 18.2.2 */
{
	struct nat nat = { .param = "", .moves = true, .want = ";received=" NATTED, .want_not = "rport" };

	play(&nat, RFC);
	assert_int_equal(nat.port, 5060); /* the one of Via */
	nat = (struct nat){ .param = "", .want_not = "received" };
	play(&nat, RFC);
}

static void
what_a_client_says_itself_stays(void **state)
{
	struct nat nat = { .param = ";rport=99;received=198.18.9.9", .moves = true, .want = ";rport=99;received=198.18.9.9" };

	play(&nat, RFC);
	assert_int_equal(nat.port, NATTED_PORT); /* what counts is where it came from */
}

static void
sipp_mode_copies_via_as_it_is(void **state)
{
	struct nat nat = { .param = ";rport", .moves = true, .want = ";rport;branch=", .want_not = "received" };

	play(&nat, "");
	assert_int_equal(nat.port, NATTED_PORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rport_is_answered_with_the_port_and_the_address),
		cmocka_unit_test(another_address_is_told),
		cmocka_unit_test(what_a_client_says_itself_stays),
		cmocka_unit_test(sipp_mode_copies_via_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
