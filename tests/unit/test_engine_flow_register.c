/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations over connections: RFC 5626, 4.2 to 4.5, against a registrar that is played by hand. */
#include "sim_conns.h"

#include "engine/flow.h"

#include <ctype.h>

#define MS RS_NS_PER_MS

struct registrar {
	struct sim *s;
	unsigned asked;	       /* REGISTERs */
	char last[SIM_MTU + 1]; /* the last one */
	const char *status;    /* "200 OK" */
	const char *more;      /* further header lines */
	bool deaf;
};

/* A header line of @message with its name and end. */
static size_t
copy_line(const char *message, const char *name, char *out, size_t cap)
{
	const char *p = strstr(message, name), *end = p ? strstr(p, "\r\n") : NULL;

	if (!end || (size_t)(end - p) + 2 > cap)
		return 0;
	memcpy(out, p, (size_t)(end - p) + 2);
	return (size_t)(end - p) + 2;
}

static unsigned
registrar(void *ctx, struct sim_packet *p)
{
	static const char *const copied[] = { "Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:" };
	struct registrar *r = ctx;
	struct sim_packet back = { .at_ns = r->s->now_ns + r->s->delay_ns };
	struct sim_end *end;
	size_t n;

	memcpy(r->last, p->data, p->len);
	r->last[p->len] = '\0';
	assert_memory_equal(r->last, "REGISTER ", 9);
	r->asked++;
	if (r->deaf)
		return 0;
	n = (size_t)snprintf((char *)back.data, sizeof(back.data), "SIP/2.0 %s\r\n", r->status);
	for (unsigned i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		n += copy_line(r->last, copied[i], (char *)back.data + n, sizeof(back.data) - n);
	n += (size_t)snprintf((char *)back.data + n, sizeof(back.data) - n, "%sContent-Length: 0\r\n\r\n", r->more ? r->more : "");
	end = &r->s->conns->ends[rs_handle_slot(p->path.conn)]; /* of who hears it: its peer asked */
	back.path = r->s->conns->ends[end->peer].path;
	back.item.user = r->s->conns->ends[end->peer].user;
	back.len = (uint32_t)n;
	sim_append(r->s, &back);
	return 0;
}

static struct sim s;
static struct registrar r;

static void
open_plan(const char *endpoints, const char *activity)
{
	char plan[4096];

	r = (struct registrar){ .s = &s, .status = "200 OK", .more = "Expires: 600\r\n" };
	s = (struct sim){ .on_wire = registrar, .ctx = &r };
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; addresses = \"198.18.4.1-198.18.4.4\"; user = \"u{index:03}\"; domain = \"example.test\"; %s },\n"
		"              { name = \"one\"; port = \"b\"; addresses = \"198.18.8.1\"; kind = \"trunk\"; transport = \"tcp\"; },\n"
		"              { name = \"two\"; port = \"b\"; addresses = \"198.18.8.2\"; kind = \"trunk\"; transport = \"tcp\"; } );\n"
		"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"us\"; rate = 1000; %s },\n"
		"               { name = \"l1\"; do = \"answer\"; endpoints = \"one\"; scenario = \"uas\"; },\n"
		"               { name = \"l2\"; do = \"answer\"; endpoints = \"two\"; scenario = \"uas\"; } );\n"
		"run = { legs = \"none\"; };\n",
		endpoints, activity);
	sim_connect(&s);
	sim_open(&s, plan);
}

static void
close_plan(void)
{
	free(s.conns);
	sim_close(&s);
}

static unsigned
cut_ours(enum rs_conn_cause cause)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < SIM_CONNS; i++)
		if (s.conns->ends[i].taken && s.conns->ends[i].open && s.conns->ends[i].path.port == 0) {
			sim_cut(&s, &s.conns->ends[i], NULL, cause);
			n++;
		}
	return n;
}

#define TCP "transport = \"tcp\"; proxy = \"sip:198.18.8.1:5060\"; "

static void
an_endpoint_connects_and_registers_over_it(void **state)
{
	open_plan(TCP "count = 4;", "");
	sim_play(&s, 100 * MS);
	assert_int_equal(r.asked, 4);
	assert_non_null(strstr(r.last, "Via: SIP/2.0/TCP 198.18.4."));
	assert_non_null(strstr(r.last, ":5060;transport=tcp>\r\n"));
	assert_non_null(strstr(r.last, "Supported: path\r\n"));
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_DONE), 4);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 4);
	sim_play(&s, 600000 * MS);
	assert_true(sim_count(&s, 0, RS_AM_REG_REFRESHED) >= 4);
	assert_int_equal(s.conns->opened, 4);
	close_plan();
}

static void
outbound_names_instance_and_flow(void **state) /* RFC 5626, 4.2.1 */
{
	const char *id;
	char uuid[40];

	open_plan(TCP "count = 1; outbound = true;", "");
	sim_play(&s, 100 * MS);
	assert_int_equal(r.asked, 1);
	assert_non_null(strstr(r.last, ";transport=tcp;ob>;reg-id=1;+sip.instance=\"<urn:uuid:"));
	assert_non_null(strstr(r.last, "Supported: path, outbound\r\n"));
	id = strstr(r.last, "urn:uuid:") + 9;
	for (int i = 0; i < 36; i++)
		assert_true(i == 8 || i == 13 || i == 18 || i == 23 ? id[i] == '-' : isxdigit((unsigned char)id[i]));
	assert_int_equal(id[14], '5');
	memcpy(uuid, id, 36);
	close_plan();
	open_plan(TCP "count = 1; outbound = true;", "");
	sim_play(&s, 100 * MS);
	assert_memory_equal(strstr(r.last, "urn:uuid:") + 9, uuid, 36); /* the same device, whenever it runs */
	close_plan();
}

static void
each_proxy_has_a_registration_of_its_own(void **state) /* 4.2.1 */
{
	open_plan("transport = \"tcp\"; outbound = true; count = 2; proxy = [ \"sip:198.18.8.1:5060\", \"sip:198.18.8.2:5060\" ]; "
		  "reconnect = \"at once\";", "");
	sim_play(&s, 100 * MS);
	assert_int_equal(r.asked, 4);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 4);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 4);
	assert_non_null(strstr(r.last, "reg-id=2;"));
	/* One of them is cut: it alone comes back. */
	for (uint32_t i = 1; i < SIM_CONNS; i++)
		if (s.conns->ends[i].taken && s.conns->ends[i].path.port == 0) {
			sim_cut(&s, &s.conns->ends[i], NULL, RS_CONN_CAUSE_RESET);
			break;
		}
	sim_play(&s, 2 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 3);
	sim_play(&s, 100 * MS);
	assert_int_equal(r.asked, 5);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 4);
	close_plan();
}

static uint64_t
registered_back(void)
{
	const struct rs_hist *back = s.accounts[0]->flows.hists[RS_FLOW_REGISTERED];
	uint64_t n = 0;

	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		n += atomic_load(&back->cells[i]);
	return n;
}

static void
who_is_cut_connects_and_registers_again(void **state) /* 4.5 */
{
	open_plan(TCP "count = 4; outbound = true;", "");
	sim_play(&s, 100 * MS);
	assert_int_equal(cut_ours(RS_CONN_CAUSE_RESET), 4);
	sim_play(&s, 100 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 0);
	sim_play(&s, 14000 * MS);
	assert_int_equal(r.asked, 4);
	sim_play(&s, 17000 * MS);
	assert_int_equal(r.asked, 8);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 4);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_REFRESHED), 4);
	assert_int_equal(registered_back(), 4);
	close_plan();
}

/* All endpoints of a shared connection are registered over it: with it all bindings end, and all are made anew. */
static void
all_of_a_shared_one_register_again(void **state)
{
	open_plan(TCP "count = 400; connections = \"shared\"; reconnect = \"spread 2s\";", "");
	sim_play(&s, 1000 * MS);
	assert_int_equal(s.conns->opened, 4);
	assert_int_equal(r.asked, 400);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 400);
	for (uint64_t times = 1; times <= 3; times++) {
		assert_int_equal(cut_ours(RS_CONN_CAUSE_RESET), 4);
		sim_play(&s, 2 * MS);
		assert_true(sim_count(&s, 0, RS_AM_REG_ACTIVE) <= 100); /* one of the four may be back already */
		sim_play(&s, 4000 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 4);
		assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 400);
		assert_int_equal(r.asked, 400 * (times + 1));
		assert_int_equal(registered_back(), 400 * times);
	}
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED) + sim_count(&s, 0, RS_AM_REG_REFRESH_FAILED), 0);
	sim_play(&s, 575000 * MS); /* and refreshed as before */
	assert_int_equal(r.asked, 400 * 5);
	close_plan();
}

/* Nobody comes to harm of the end of another address's connection. */
static void
of_shared_ones_only_those_of_the_one_that_ended(void **state)
{
	open_plan(TCP "count = 400; connections = \"shared\"; reconnect = \"at once\";", "");
	sim_play(&s, 1000 * MS);
	for (uint32_t i = 1; i < SIM_CONNS; i++)
		if (s.conns->ends[i].taken && s.conns->ends[i].path.port == 0) {
			sim_cut(&s, &s.conns->ends[i], NULL, RS_CONN_CAUSE_PEER);
			break;
		}
	sim_play(&s, 1000 * MS);
	assert_int_equal(r.asked, 500);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 400);
	assert_int_equal(s.conns->opened, 5);
	close_plan();
}

/* What was asked on a shared connection that ended is not answered any more (RFC 3261, 17.1.4): failed, and asked again on the next. */
static void
what_was_asked_on_a_shared_one_has_failed(void **state)
{
	open_plan(TCP "count = 40; connections = \"shared\"; reconnect = \"at once\";", "");
	r.deaf = true;
	sim_play(&s, 200 * MS);
	assert_int_equal(r.asked, 40);
	assert_int_equal(cut_ours(RS_CONN_CAUSE_PEER), 4);
	r.deaf = false;
	sim_play(&s, 1000 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 40);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 40);
	assert_int_equal(r.asked, 80);
	close_plan();
}

/* A shared one that cannot be had: those who wait for it have failed, and register when it can. */
static void
those_of_a_shared_one_that_is_refused_fail(void **state)
{
	open_plan(TCP "count = 40; connections = \"shared\"; reconnect = \"at once\";", "");
	s.conns->refuse = RS_CONN_CAUSE_REFUSED;
	sim_play(&s, 500 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 40);
	s.conns->refuse = RS_CONN_CAUSE_NONE;
	sim_play(&s, 3000 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 40);
	assert_int_equal(r.asked, 40);
	close_plan();
}

/* What we cut ourselves is no failure of the registrar's, even when it was asked and has not answered yet. */
static void
what_we_cut_is_asked_again(void **state)
{
	open_plan(TCP "count = 4; reconnect = \"spread 5s\";", "");
	r.deaf = true;
	sim_play(&s, 20 * MS);
	assert_int_equal(r.asked, 4);
	rs_engine_drop(s.engines[0], 0, 1, RS_CONN_RST);
	sim_play(&s, 10 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_UNDER_WAY), 4);
	r.deaf = false;
	sim_play(&s, 6000 * MS);
	assert_int_equal(r.asked, 8);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_DONE), 4);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 0);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_UNDER_WAY), 0);
	close_plan();
}

static void
whoever_is_refused_at_first_comes_when_the_way_is_open(void **state)
{
	open_plan(TCP "count = 4; reconnect = \"spread 5s\";", "");
	s.conns->refuse = RS_CONN_CAUSE_REFUSED;
	sim_play(&s, 100 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 4);
	assert_int_equal(sim_cause(&s, 0, RS_CAUSE_CONNECTION + RS_CONN_CAUSE_REFUSED), 4);
	s.conns->refuse = RS_CONN_CAUSE_NONE;
	sim_play(&s, 7000 * MS);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 4);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 4);
	close_plan();
}

static void
a_flow_that_the_registrar_gives_up_is_opened_anew(void **state) /* 430: 4.5, 11.6 */
{
	open_plan(TCP "count = 1; outbound = true; reconnect = \"at once\";", "");
	r.status = "430 Flow Failed";
	sim_play(&s, 3 * MS);
	for (int i = 0; i < 10 && r.asked == 0; i++)
		sim_play(&s, MS);
	r.status = "200 OK";
	sim_play(&s, 3000 * MS);
	assert_int_equal(r.asked, 2);
	assert_int_equal(s.conns->opened, 2);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 1);
	close_plan();
}

static void
flow_timer_sets_the_pace_of_keep_alives(void **state) /* 4.4, 10 */
{
	uint32_t i = 1;

	open_plan(TCP "count = 1; outbound = true;", "");
	r.more = "Expires: 600\r\nFlow-Timer: 45\r\n";
	sim_play(&s, 100 * MS);
	while (!s.conns->ends[i].taken || s.conns->ends[i].path.port != 0)
		i++;
	assert_int_equal(s.conns->ends[i].keep_alive_ns, 45 * RS_NS_PER_S);
	close_plan();
}

static void
nothing_is_sent_again_but_it_is_given_up(void **state) /* RFC 3261, 17.1.2.2 */
{
	open_plan(TCP "count = 1;", "");
	r.deaf = true;
	sim_play(&s, 31000 * MS);
	assert_int_equal(r.asked, 1);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 0);
	sim_play(&s, 2000 * MS);
	assert_int_equal(sim_cause(&s, 0, RS_CAUSE_TIMEOUT), 1);
	close_plan();
}

static void
bindings_are_removed_over_their_connections(void **state)
{
	open_plan(TCP "count = 4; outbound = true;", "unregister = true;");
	sim_play(&s, 100 * MS);
	rs_engine_unregister(s.engines[0]);
	sim_play(&s, 1000 * MS);
	assert_int_equal(r.asked, 8);
	assert_non_null(strstr(r.last, "Expires: 0\r\n"));
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ENDED), 4);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 0);
	close_plan();
}

static void
many_share_a_connection(void **state)
{
	open_plan(TCP "count = 40; connections = \"shared\";", "");
	sim_play(&s, 500 * MS);
	assert_int_equal(s.conns->opened, 4); /* of each address */
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 40);
	close_plan();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_connects_and_registers_over_it),
		cmocka_unit_test(outbound_names_instance_and_flow),
		cmocka_unit_test(each_proxy_has_a_registration_of_its_own),
		cmocka_unit_test(who_is_cut_connects_and_registers_again),
		cmocka_unit_test(all_of_a_shared_one_register_again),
		cmocka_unit_test(of_shared_ones_only_those_of_the_one_that_ended),
		cmocka_unit_test(what_was_asked_on_a_shared_one_has_failed),
		cmocka_unit_test(those_of_a_shared_one_that_is_refused_fail),
		cmocka_unit_test(what_we_cut_is_asked_again),
		cmocka_unit_test(whoever_is_refused_at_first_comes_when_the_way_is_open),
		cmocka_unit_test(a_flow_that_the_registrar_gives_up_is_opened_anew),
		cmocka_unit_test(flow_timer_sets_the_pace_of_keep_alives),
		cmocka_unit_test(nothing_is_sent_again_but_it_is_given_up),
		cmocka_unit_test(bindings_are_removed_over_their_connections),
		cmocka_unit_test(many_share_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
