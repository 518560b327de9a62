/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs that change while calls are open: each call ends on what it began with, and nothing is lost. */
#include "sim.h"

#include <stdio.h>

#define PORTS                                                                                                          \
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"                                            \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"                   \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
#define GROUPS                                                                                                         \
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1-198.18.4.10\"; },\n" \
	"              { name = \"callees\"; port = \"b\"; count = 1000; addresses = \"198.18.8.1-198.18.8.10\"; } );\n"
#define CALLS(more)                                                                                                    \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"       \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " } );\n"

enum { RING, CALL };
#define PROGRAMS 64

/* What a test plays: programs that say in each message which one they are, X-Program; the plan's own says nothing, and is number 0. */
struct swaps {
	struct sim s;
	struct rs_program *programs[PROGRAMS];
	struct rs_program_account accounts[PROGRAMS];
	struct rs_play *plays[PROGRAMS];
	unsigned n;
	unsigned invites[PROGRAMS], byes[PROGRAMS];
	struct seen {
		char id[80];
		unsigned program;
	} seen[4000]; /* which program each call began with */
	unsigned n_seen;
	bool ends; /* what is sent now is no step's */
	unsigned lost, sent; /* one of so many; 0: none */
};

static unsigned
number_in(const char *text)
{
	const char *p = strstr(text, "X-Program: ");

	return p ? (unsigned)atoi(p + strlen("X-Program: ")) : 0;
}

static void
note(struct swaps *t, const char *text)
{
	const char *p = strstr(text, "Call-ID: ");
	unsigned program = number_in(text);
	char id[80];

	assert_non_null(p);
	assert_int_equal(sscanf(p, "Call-ID: %79s", id), 1);
	for (unsigned i = 0; i < t->n_seen; i++)
		if (strcmp(t->seen[i].id, id) == 0) {
			assert_int_equal(t->seen[i].program, program); /* it never changes within a call */
			return;
		}
	assert_in_range(t->n_seen, 0, 3999);
	snprintf(t->seen[t->n_seen].id, sizeof(id), "%s", id);
	t->seen[t->n_seen++].program = program;
}

static unsigned
look(void *ctx, struct sim_packet *p)
{
	struct swaps *t = ctx;
	char text[SIM_MTU + 1];

	memcpy(text, p->data, p->len);
	text[p->len] = 0;
	if (strncmp(text, "INVITE ", 7) == 0)
		t->invites[number_in(text)]++;
	if (strncmp(text, "BYE ", 4) == 0)
		t->byes[number_in(text)]++;
	if (strncmp(text, "SIP/2.0", 7) != 0 && !t->ends) /* of the placing side */
		note(t, text);
	return t->lost && ++t->sent % t->lost == 0 ? 0 : 1;
}

static void
open_swaps(struct swaps *t, const char *plan)
{
	memset(t, 0, sizeof(*t));
	t->s.on_wire = look;
	t->s.ctx = t;
	sim_open(&t->s, plan);
	t->n = 1;
}

static void
close_swaps(struct swaps *t)
{
	sim_close(&t->s);
	for (unsigned i = 1; i < t->n; i++) {
		rs_play_free(t->plays[i]);
		rs_program_account_fini(&t->accounts[i]);
		rs_program_free(t->programs[i]);
	}
}

/* The shipped caller with the header, and with a variable of each scope, so that frames and globals are of another size. */
static struct rs_program *
make_program(const struct swaps *t, unsigned number)
{
	static const char mark[] = "Max-Forwards: 70\n";
	const struct rs_scenario_opts opts = { .transactions = t->s.plan->mode == RS_MODE_RFC3261 };
	FILE *f = fopen(t->s.plan->activities[CALL].scenario_file, "re"), *out;
	struct rs_program *program = NULL;
	struct rs_err err = { 0 };
	char line[512], *text = NULL;
	size_t len = 0;

	out = open_memstream(&text, &len);
	while (f && fgets(line, sizeof(line), f)) {
		char *p = strstr(line, "Max-Forwards: 70");

		if (strstr(line, "<scenario"))
			fprintf(out, "%s<Global variables=\"g%u\" />\n<nop><action><assignstr assign_to=\"a\" value=\"text %u\"/>"
				"<assignstr assign_to=\"g%u\" value=\"a longer text\"/><strcmp assign_to=\"b\" variable=\"a\" value=\"x\"/>"
				"<test assign_to=\"b\" variable=\"b\" compare=\"equal\" value=\"0\"/></action></nop><Reference variables=\"g%u,b\"/>\n",
				line, number, number, number, number);
		else if (p)
			fprintf(out, "%.*s%s%.*sX-Program: %u\n", (int)(p - line), line, mark, (int)(p - line), line, number);
		else
			fputs(line, out);
	}
	fclose(out);
	fclose(f);
	if (rs_scenario_compile("marked.xml", rs_slice_of(text, len), &opts, &program, NULL, &err) != 0)
		fail_msg("%s", err.text);
	free(text);
	return program;
}

/* @return the number of the program, which new calls of CALL play from now on */
static unsigned
swap(struct swaps *t)
{
	unsigned i = t->n++;

	assert_in_range(i, 1, PROGRAMS - 1);
	t->programs[i] = make_program(t, i);
	assert_int_equal(rs_program_account_init(&t->accounts[i], t->programs[i]), 0);
	assert_int_equal(rs_play_create(t->programs[i], &t->accounts[i], (uint16_t)i, &t->plays[i]), 0);
	assert_int_equal(rs_engine_swap(t->s.engines[0], CALL, t->plays[i]), 0);
	return i;
}

static uint64_t
messages(const struct rs_program_account *a)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < a->n_steps; i++)
		if (rs_metric_get(&a->steps[i], RS_SM_MESSAGES) > most)
			most = rs_metric_get(&a->steps[i], RS_SM_MESSAGES);
	return most;
}

static void
all_completed(struct swaps *t, uint64_t calls)
{
	uint64_t n = t->invites[0];

	sim_sums_hold(&t->s);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_COMPLETED), calls);
	assert_int_equal(sim_count(&t->s, RING, RS_AM_COMPLETED), calls);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_FAILED) + sim_count(&t->s, RING, RS_AM_FAILED), 0);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_SIP_UNEXPECTED), 0);
	assert_int_equal(messages(&t->s.accounts[0]->activities[CALL].program), t->invites[0]);
	for (unsigned i = 1; i < t->n; i++) {
		assert_int_equal(t->invites[i], t->byes[i]);
		assert_int_equal(messages(&t->accounts[i]), t->invites[i]); /* each step of a program counts its own */
		n += t->invites[i];
	}
	assert_int_equal(n, calls);
	assert_int_equal(sim_engine(&t->s, RS_ENG_LEGS), 0);
}

static struct swaps test;

static void
open_calls_end_on_the_program_they_began_with(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; total = 1000; hold = \"300ms\";"));
	sim_play(&t->s, 5 * RS_NS_PER_S);
	assert_in_range(sim_count(&t->s, CALL, RS_AM_OPEN), 25, 35);
	unsigned began = t->invites[0];
	unsigned one = swap(t);

	assert_false(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	sim_play(&t->s, 20 * RS_NS_PER_MS);
	assert_true(t->byes[0] < began);
	sim_play(&t->s, 20 * RS_NS_PER_S);
	assert_int_equal(t->invites[0], began);
	assert_int_equal(t->byes[0], began);
	assert_int_equal(t->invites[one], 1000 - began);
	assert_true(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	assert_false(rs_play_is_over(t->plays[one])); /* it is what would be played */
	all_completed(t, 1000);
	close_swaps(t);
}

static void
programs_that_nobody_has_are_let_go_of_at_once(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 10; total = 20; start = \"manual\";"));
	unsigned one = swap(t), two = swap(t);

	assert_true(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	assert_true(rs_play_is_over(t->plays[one]));
	rs_engine_start_activity(t->s.engines[0], CALL, t->s.now_ns);
	sim_play(&t->s, 20 * RS_NS_PER_S);
	assert_int_equal(t->invites[two], 20);
	all_completed(t, 20);
	assert_int_equal(sim_engine(&t->s, RS_ENG_LEG_BYTES), 64 + 8); /* a text of scope Global is the worker's */
	close_swaps(t);
}

static void
twice_while_calls_of_the_first_are_open(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; total = 600; hold = \"1s\";"));
	sim_play(&t->s, RS_NS_PER_S + 500 * RS_NS_PER_MS);
	unsigned one = swap(t);

	sim_play(&t->s, 300 * RS_NS_PER_MS);
	unsigned two = swap(t);

	assert_in_range(t->invites[one], 25, 35);
	sim_play(&t->s, 300 * RS_NS_PER_MS);
	assert_false(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	assert_false(rs_play_is_over(t->plays[one]));
	sim_play(&t->s, 800 * RS_NS_PER_MS);
	assert_true(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	assert_true(rs_play_is_over(t->plays[one]));
	assert_true(t->invites[two] > 0);
	sim_play(&t->s, 20 * RS_NS_PER_S);
	all_completed(t, 600);
	close_swaps(t);
}

static void
while_the_run_drains(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; hold = \"1s\";"));
	sim_play(&t->s, 2 * RS_NS_PER_S);
	unsigned began = t->invites[0];

	rs_engine_stop(t->s.engines[0], -1);
	unsigned one = swap(t);

	sim_play(&t->s, 20 * RS_NS_PER_S);
	assert_int_equal(t->invites[one], 0);
	all_completed(t, began);
	close_swaps(t);
}

static uint64_t
stopped(const struct rs_program_account *a)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i <= a->n_steps; i++)
		n += rs_account_failures(a, i, RS_CAUSE_STOPPED);
	return n;
}

static void
what_is_hung_up_is_counted_where_it_was(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; hold = \"60s\";"));
	sim_play(&t->s, RS_NS_PER_S);
	unsigned one = swap(t);

	sim_play(&t->s, RS_NS_PER_S);
	unsigned began = t->invites[0], more = t->invites[one];

	t->ends = true;
	rs_engine_hangup(t->s.engines[0], CALL);
	sim_play(&t->s, 5 * RS_NS_PER_S);
	assert_true(began > 50 && more > 50);
	assert_in_range(t->byes[0] + t->byes[one], began + more - 2, began + more); /* one may just ring */
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_FAILED), began + more);
	assert_int_equal(stopped(&t->s.accounts[0]->activities[CALL].program), began);
	assert_int_equal(stopped(&t->accounts[one]), more);
	assert_in_range(sim_count(&t->s, RING, RS_AM_COMPLETED), began + more - 2, began + more);
	assert_true(rs_play_is_over(rs_engine_first_play(t->s.engines[0], CALL)));
	close_swaps(t);
}

static void
many_times_under_load(void **state)
{
	struct swaps *t = &test;

	open_swaps(t, PORTS GROUPS CALLS("rate = 500; total = 2500; hold = \"200ms\";"));
	for (unsigned i = 0; i < 60; i++) {
		sim_play(&t->s, 80 * RS_NS_PER_MS);
		swap(t);
		if (i > 6) /* what lasted 300 ms is over: a play may be freed while the run goes on */
			assert_true(rs_play_is_over(t->plays[i - 6]));
	}
	sim_play(&t->s, 10 * RS_NS_PER_S);
	all_completed(t, 2500);
	close_swaps(t);
}

/* Retransmissions are rendered again, by transactions as well, long after the program has been taken away. */
static void
by_transactions_with_loss(void **state)
{
	struct swaps *t = &test;

	memset(t, 0, sizeof(*t));
	open_swaps(t, PORTS GROUPS CALLS("rate = 200; total = 1000; hold = \"500ms\";") "run = { mode = \"rfc3261\"; };\n");
	t->lost = 7;
	t->ends = true; /* what a transaction sends by itself says nothing */
	for (unsigned i = 0; i < 20; i++) {
		sim_play(&t->s, 250 * RS_NS_PER_MS);
		assert_int_equal(swap(t), i + 1);
	}
	sim_play(&t->s, 120 * RS_NS_PER_S);
	sim_sums_hold(&t->s);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_COMPLETED), 1000);
	assert_int_equal(sim_count(&t->s, RING, RS_AM_STARTED), 1000);
	assert_true(sim_count(&t->s, CALL, RS_AM_SIP_RETRANSMITTED) > 100);
	for (unsigned i = 0; i < 19; i++)
		assert_true(rs_play_is_over(i ? t->plays[i] : rs_engine_first_play(t->s.engines[0], CALL)));
	assert_int_equal(sim_engine(&t->s, RS_ENG_LEGS), 0);
	close_swaps(t);
}

static void
no_more_than_there_is_room_for(void **state)
{
	struct swaps *t = &test;
	struct rs_program_account account;
	struct rs_program *program;
	struct rs_play *play;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; hold = \"60s\";"));
	for (unsigned i = 1; i < RS_MAX_PLAYS; i++) {
		sim_play(&t->s, 100 * RS_NS_PER_MS);
		swap(t);
	}
	sim_play(&t->s, 100 * RS_NS_PER_MS);
	program = make_program(t, 63);
	assert_int_equal(rs_program_account_init(&account, program), 0);
	assert_int_equal(rs_play_create(program, &account, 63, &play), 0);
	assert_int_equal(rs_engine_swap(t->s.engines[0], CALL, play), -EBUSY);
	sim_play(&t->s, 100 * RS_NS_PER_MS);
	assert_int_equal(t->invites[63], 0);
	rs_engine_silence(t->s.engines[0]);
	sim_play(&t->s, 10 * RS_NS_PER_MS);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_OPEN), 0);
	assert_int_equal(rs_engine_swap(t->s.engines[0], CALL, play), 0);
	close_swaps(t);
	rs_play_free(play);
	rs_program_account_fini(&account);
	rs_program_free(program);
}

static void
what_does_not_fit_a_call_is_refused(void **state)
{
	struct rs_program few = { .file = "few.xml", .n_vars = 4 }, many = { .file = "many.xml", .n_vars = 5 },
			  huge = { .file = "huge.xml", .n_vars = 10000 };
	struct rs_err err = { 0 };

	assert_int_equal(rs_engine_may_play(4, &few, &err), 0);
	assert_int_equal(rs_engine_may_play(4, &many, &err), -EINVAL);
	assert_non_null(strstr(err.text, "many.xml: it has 5 variables"));
	assert_int_equal(rs_engine_may_play(64, &huge, &err), -EINVAL);
	assert_non_null(strstr(err.text, "64 KiB"));
}

static void
a_late_activity_places_calls_beside_the_others(void **state)
{
	struct swaps *t = &test;
	struct rs_plan_activity *late;
	struct rs_err err = { 0 };
	struct rs_late *l;

	open_swaps(t, PORTS GROUPS CALLS("rate = 100; total = 300;"));
	sim_play(&t->s, RS_NS_PER_S);
	late = &t->s.plan->activities[2];
	*late = t->s.plan->activities[CALL];
	late->name = "more";
	late->n_data = 0;
	late->total = 200;
	assert_int_equal(rs_engine_may_add(t->s.plan, 2, late, &err), 0);
	late->program = t->programs[1] = make_program(t, 1);
	assert_int_equal(rs_account_add(t->s.accounts[0], late->program), 0);
	assert_int_equal(rs_play_create(late->program, &t->s.accounts[0]->activities[2].program, 2, &t->plays[1]), 0);
	assert_int_equal(rs_late_create(t->s.engines[0], 2, NULL, t->plays[1], &l), 0);
	rs_engine_add(t->s.engines[0], l);
	rs_engine_start_activity(t->s.engines[0], 2, t->s.now_ns);
	t->n = 2;
	sim_play(&t->s, 10 * RS_NS_PER_S);
	assert_int_equal(sim_count(&t->s, CALL, RS_AM_COMPLETED), 300);
	assert_int_equal(sim_count(&t->s, 2, RS_AM_COMPLETED), 200);
	assert_int_equal(sim_count(&t->s, RING, RS_AM_COMPLETED), 500);
	assert_int_equal(t->invites[1], 200);
	assert_int_equal(sim_count(&t->s, 2, RS_AM_OVER), 1);
	late->kind = RS_DO_REGISTER;
	assert_int_equal(rs_engine_may_add(t->s.plan, 2, late, &err), -EINVAL);
	late->kind = RS_DO_CALL;
	late->mode = RS_MODE_RFC3261;
	assert_int_equal(rs_engine_may_add(t->s.plan, 2, late, &err), -EINVAL);
	assert_non_null(strstr(err.text, "rfc3261"));
	rs_late_free(l);
	close_swaps(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_calls_end_on_the_program_they_began_with),
		cmocka_unit_test(programs_that_nobody_has_are_let_go_of_at_once),
		cmocka_unit_test(twice_while_calls_of_the_first_are_open),
		cmocka_unit_test(while_the_run_drains),
		cmocka_unit_test(what_is_hung_up_is_counted_where_it_was),
		cmocka_unit_test(many_times_under_load),
		cmocka_unit_test(by_transactions_with_loss),
		cmocka_unit_test(no_more_than_there_is_room_for),
		cmocka_unit_test(what_does_not_fit_a_call_is_refused),
		cmocka_unit_test(a_late_activity_places_calls_beside_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
