/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both sides of a call find each other behind an SUT that rewrites Call-ID, tags and branches, whichever workers they are on; and
 * what has no other side is told apart: not forwarded, a branch of a fork, or unmatched.
 */
#include "engine/bus.h"
#include "engine/legs.h"
#include "engine_peer.h"
#include "guard.h"

#define PLAN(cores)                                                                                                    \
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ " cores " ]; };\n"                                     \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"                   \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
#define GROUPS                                                                                                         \
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n" \
	"  { name = \"callees\"; port = \"b\"; count = 100; addresses = \"198.18.8.1-198.18.8.100\"; user = \"+1555{index:07}\"; } );\n"
#define ONE_CALLEE                                                                                                     \
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n" \
	"  { name = \"callees\"; port = \"b\"; count = 1; addresses = \"198.18.8.1\"; user = \"alone\"; } );\n"
#define CALLS(uas, more)                                                                                               \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"" uas "\"; },\n"   \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " } );\n"

enum { RING, CALL };

/* What stands between both sides of a call. */
struct sut {
	struct sim s;
	uint64_t invite_ns, ok_ns, bye_ns; /* what it takes over each */
	uint32_t redirect;		   /* callees are called one address further */
	unsigned refuse;		   /* every so-manieth INVITE is answered 503 at once */
	bool fork;			   /* each INVITE also goes to the next callee, and is cancelled there when that rings */
	unsigned invites, refused, forked;
	struct sim_packet branch;	   /* of the fork: its INVITE */
};

static void
reverse(uint8_t *p, const uint8_t *end, const char *stops)
{
	uint8_t *q = p;

	while (q < end && !strchr(stops, *q))
		q++;
	for (q--; p < q; p++, q--) {
		uint8_t c = *p;

		*p = *q;
		*q = c;
	}
}

/* As a B2BUA does it: nothing that both sides could recognize a call by is left. Done twice it is what it was. */
static void
rewrite(struct sim_packet *p)
{
	static const char *const starts[] = { "\nCall-ID: ", ";tag=", "branch=z9hG4bK" };
	uint8_t *end = p->data + p->len;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t n = strlen(starts[i]);
		uint8_t *at = p->data;

		while ((at = memmem(at, (size_t)(end - at), starts[i], n)) != NULL) {
			at += n;
			reverse(at, end, "\r\n;,>");
		}
	}
}

static bool
starts_with(const struct sim_packet *p, const char *start)
{
	return p->len > strlen(start) && memcmp(p->data, start, strlen(start)) == 0;
}

static bool
has(const struct sim_packet *p, const char *text)
{
	return memmem(p->data, p->len, text, strlen(text)) != NULL;
}

static struct sim_packet
turned(const struct sim_packet *p)
{
	struct sim_packet back = *p;

	back.path.port ^= 1;
	back.path.local = p->path.remote;
	back.path.local_port = p->path.remote_port;
	back.path.remote = p->path.local;
	back.path.remote_port = p->path.local_port;
	return back;
}

/* The SUT's own answer to @p, to whoever sent it. */
static void
answer(struct sut *sut, const struct sim_packet *p, const char *status)
{
	struct sim_packet back = turned(p);
	char request[SIM_MTU + 1];

	memcpy(request, p->data, p->len);
	request[p->len] = 0;
	back.len = (uint32_t)snprintf((char *)back.data, sizeof(back.data),
		"SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=sut\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n", status,
		header(request, "Via"), header(request, "From"), header(request, "To"), header(request, "Call-ID"),
		header(request, "CSeq"));
	sim_append(&sut->s, &back);
}

static void
replace(struct sim_packet *p, const char *old, const char *new)
{
	uint8_t *at = p->data;

	while ((at = memmem(at, (size_t)(p->data + p->len - at), old, strlen(old))) != NULL)
		memcpy(at, new, strlen(new));
}

/* A second branch: to the next callee, with a Call-ID of its own. */
static void
fork_invite(struct sut *sut, const struct sim_packet *p)
{
	sut->branch = *p;
	replace(&sut->branch, "\nCall-ID: ", "\nCall-ID:~");
	sut->branch.path.local.b[3]++;
	sut->forked++;
	sim_append(&sut->s, &sut->branch);
}

/* What the second branch says goes nowhere; when it rings, it is cancelled. */
static void
take_branch(struct sut *sut, const struct sim_packet *p)
{
	if (!starts_with(p, "SIP/2.0 180"))
		return;
	struct sim_packet cancel = sut->branch;

	replace(&cancel, "INVITE", "CANCEL");
	cancel.at_ns = p->at_ns + MS;
	sim_append(&sut->s, &cancel);
}

static unsigned
pass_on(void *ctx, struct sim_packet *p)
{
	struct sut *sut = ctx;

	if (has(p, "\nCall-ID:~") || has(p, "\nCall-ID: ~")) {
		take_branch(sut, p);
		return 0;
	}
	if (p->path.port == 1 && starts_with(p, "INVITE ") && sut->refuse && ++sut->invites % sut->refuse == 0) {
		sut->refused++;
		answer(sut, p, "503 Service Unavailable");
		return 0;
	}
	if (starts_with(p, "ACK ") && has(p, ";tag=sut"))
		return 0;
	rewrite(p);
	if (p->path.port == 1)
		p->path.local.b[3] = (uint8_t)(p->path.local.b[3] + sut->redirect);
	if (starts_with(p, "INVITE "))
		p->at_ns += sut->invite_ns;
	else if (starts_with(p, "BYE "))
		p->at_ns += sut->bye_ns;
	else if (starts_with(p, "SIP/2.0 200") && has(p, " INVITE\r\n"))
		p->at_ns += sut->ok_ns;
	if (sut->fork && starts_with(p, "INVITE ")) {
		sim_append(&sut->s, p);
		fork_invite(sut, p);
		return 0;
	}
	return 1;
}

static void
sut_open(struct sut *sut, const char *plan)
{
	sut->s.on_wire = pass_on;
	sut->s.ctx = sut;
	assert_int_equal(rs_bus_create(SIM_WORKERS, &sut->s.bus), 0);
	sim_open(&sut->s, plan);
}

static void
sut_close(struct sut *sut)
{
	sim_play(&sut->s, MS); /* what they still have to tell each other */
	sim_sums_hold(&sut->s);
	sim_close(&sut->s);
	rs_bus_free(sut->s.bus);
}

/* As the report puts it together. */
static uint64_t
matched(const struct sut *sut)
{
	assert_int_equal(sim_count(&sut->s, CALL, RS_AM_LEGS_MATCHED), sim_count(&sut->s, RING, RS_AM_LEGS_MATCHED));
	return sim_count(&sut->s, CALL, RS_AM_LEGS_MATCHED);
}

static uint64_t
unmatched(const struct sut *sut)
{
	return sim_count(&sut->s, CALL, RS_AM_LEGS_UP) - sim_count(&sut->s, CALL, RS_AM_LEGS_MATCHED_UP) +
		sim_count(&sut->s, RING, RS_AM_LEGS_UP) - sim_count(&sut->s, RING, RS_AM_LEGS_MATCHED_UP);
}

/* Not established and without another side: placed: not forwarded; answered: branches. */
static uint64_t
loose(const struct sut *sut, uint32_t activity)
{
	const struct sim *s = &sut->s;

	return sim_count(s, activity, RS_AM_LEGS) - sim_count(s, activity, RS_AM_LEGS_UP) -
		(sim_count(s, activity, RS_AM_LEGS_MATCHED) - sim_count(s, activity, RS_AM_LEGS_MATCHED_UP));
}

static void
all_are_matched(const struct sut *sut, uint64_t calls)
{
	assert_int_equal(sim_count(&sut->s, CALL, RS_AM_LEGS), calls);
	assert_int_equal(sim_count(&sut->s, RING, RS_AM_LEGS), calls);
	assert_int_equal(matched(sut), calls);
	assert_int_equal(unmatched(sut), 0);
	assert_int_equal(loose(sut, CALL), 0);
	assert_int_equal(loose(sut, RING), 0);
	assert_int_equal(sim_count(&sut->s, CALL, RS_AM_LEGS_WRONG), 0);
	assert_int_equal(sim_engine(&sut->s, RS_ENG_HALVES), 0);
}

static void
delays_are(const struct sut *sut, uint32_t row, uint64_t ns)
{
	bool any = false;

	for (uint32_t w = 0; w < sut->s.n; w++) {
		const struct rs_hist *h = sut->s.accounts[w]->activities[CALL].cells.hists[row];

		if (atomic_load(&h->max_ns) == 0)
			continue;
		any = true;
		assert_in_range(atomic_load(&h->min_ns), ns, ns + 20000);
		assert_in_range(atomic_load(&h->max_ns), ns, ns + 20000);
	}
	assert_true(any);
}

/* --- every call finds its other half --- */

static void
every_call_is_matched(const char *plan)
{
	struct sut sut = { 0 };

	sut_open(&sut, plan);
	sim_play(&sut.s, 15 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 600);
	all_are_matched(&sut, 600);
	sut_close(&sut);
}

#define MANY CALLS("uas", "rate = 100; total = 600; hold = \"300ms\";")
#define RFC "run = { mode = \"rfc3261\"; };"

static void
one_worker_matches_its_own(void **state)
{
	every_call_is_matched(PLAN("0") GROUPS MANY);
	every_call_is_matched(PLAN("0") GROUPS MANY RFC);
}

static void
workers_tell_each_other(void **state)
{
	every_call_is_matched(PLAN("0, 1") GROUPS MANY);
	every_call_is_matched(PLAN("0, 1") GROUPS MANY RFC);
	every_call_is_matched(PLAN("0, 1, 0, 1") GROUPS MANY);
	every_call_is_matched(PLAN("0, 1, 0, 1") GROUPS MANY RFC);
}

static void
trunks_are_told_apart_by_user(void **state)
{
	every_call_is_matched(PLAN("0, 1")
		"endpoints = ( { name = \"callers\"; kind = \"trunk\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1\"; },\n"
		"  { name = \"callees\"; kind = \"trunk\"; port = \"b\"; count = 1000; addresses = \"198.18.8.1\"; } );\n" MANY);
}

static void
the_same_callee_is_called_again_at_once(void **state)
{
	struct sut sut = { 0 };

	sut_open(&sut, PLAN("0, 1") ONE_CALLEE CALLS("uas", "open_calls = 1; total = 300;"));
	sim_play(&sut.s, 20 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 300);
	all_are_matched(&sut, 300);
	sut_close(&sut);
}

/* --- what the SUT adds --- */

static void
delays_lie_between_bursts(void **state)
{
	struct sut sut = { .invite_ns = 5 * MS, .ok_ns = 7 * MS, .bye_ns = 3 * MS };

	sut_open(&sut, PLAN("0, 1") ONE_CALLEE CALLS("uas", "open_calls = 1; total = 20;"));
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	all_are_matched(&sut, 20);
	delays_are(&sut, RS_AM_LEG_INVITE, 6 * MS); /* and the wire */
	delays_are(&sut, RS_AM_LEG_OK, 8 * MS);
	delays_are(&sut, RS_AM_LEG_BYE, 4 * MS);
	sut_close(&sut);
}

/* Hung up in the turn in which the leg ends: its BYE's burst comes after that. */
static void
a_bye_in_the_last_turn_has_its_time(void **state)
{
	struct sut sut = { .bye_ns = 3 * MS };

	sut_open(&sut, PLAN("0, 1") GROUPS CALLS("uas", "rate = 100; total = 20; hold = \"600s\";"));
	sim_play(&sut.s, RS_NS_PER_S);
	for (uint32_t w = 0; w < sut.s.n; w++)
		rs_engine_hangup(sut.s.engines[w], -1);
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	all_are_matched(&sut, 20);
	delays_are(&sut, RS_AM_LEG_BYE, 4 * MS);
	sut_close(&sut);
}

/* --- what has no other half, and what has a wrong one --- */

static void
another_endpoint_answers(void **state)
{
	struct sut sut = { .redirect = 1 };

	sut_open(&sut, PLAN("0, 1") GROUPS CALLS("uas", "rate = 100; total = 50;"));
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 50);
	assert_int_equal(matched(&sut), 50);
	assert_int_equal(unmatched(&sut), 0);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_LEGS_WRONG), 50);
	sut_close(&sut);
}

/* A refused call leaves a half behind; the next call to that user must not be taken for its other one. */
static void
what_the_sut_refuses_was_not_forwarded(void **state)
{
	struct sut sut = { .refuse = 3 };

	sut_open(&sut, PLAN("0, 1") ONE_CALLEE CALLS("uas", "rate = 50; total = 600;")); /* one worker has it */
	sim_play(&sut.s, 20 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 200);
	assert_int_equal(sut.refused, 100);
	assert_int_equal(loose(&sut, CALL), 100);
	assert_int_equal(matched(&sut), 200);
	assert_int_equal(unmatched(&sut), 0);
	sut_close(&sut);
}

static void
what_the_callee_refuses_was_forwarded(void **state)
{
	struct sut sut = { 0 };

	sut_open(&sut, PLAN("0, 1") GROUPS CALLS("uas_busy", "rate = 100; total = 100;") RFC);
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	assert_int_equal(sim_cause(&sut.s, CALL, RS_CAUSE_RESPONSE + 186), 100);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_LEGS_UP), 0);
	assert_int_equal(matched(&sut), 100);
	assert_int_equal(unmatched(&sut) + loose(&sut, CALL) + loose(&sut, RING), 0);
	sut_close(&sut);
}

static void
the_cancelled_branch_of_a_fork_is_not_the_call(void **state)
{
	struct sut sut = { .fork = true };

	sut_open(&sut, PLAN("0, 1")
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = 2; addresses = \"198.18.8.1-198.18.8.2\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; ring = \"50ms\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"sip:{index}@198.18.8.1\"; scenario = \"uac\"; rate = 5; total = 10; } );\n"
		"run = { legs = \"called user\"; };");
	sim_play(&sut.s, 10 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 10);
	assert_int_equal(sut.forked, 10);
	assert_int_equal(sim_count(&sut.s, RING, RS_AM_LEGS), 20);
	assert_int_equal(matched(&sut), 10);
	assert_int_equal(unmatched(&sut), 0);
	assert_int_equal(loose(&sut, RING), 10);
	sut_close(&sut);
}

/* Thousands of refused calls, more than there is room for: the oldest give way, and what comes later is matched as ever. */
static void
without_room_the_oldest_give_way(void **state)
{
	struct sut sut = { .refuse = 1 };

	sut_open(&sut, PLAN("0") GROUPS CALLS("uas", "rate = 10; hold = \"100ms\";") "run = { max_calls = 100; };");
	rs_engine_set_rate(sut.s.engines[0], CALL, 4000, sut.s.now_ns);
	sim_play(&sut.s, 3 * RS_NS_PER_S);
	assert_in_range(sim_engine(&sut.s, RS_ENG_HALVES_EARLY), 1000, 12000);
	assert_int_equal(sim_engine(&sut.s, RS_ENG_HALVES), 4096);
	rs_engine_set_rate(sut.s.engines[0], CALL, 0.001, sut.s.now_ns);
	sim_play(&sut.s, RS_NS_PER_S);

	uint64_t before = sim_count(&sut.s, CALL, RS_AM_LEGS);

	assert_int_equal(loose(&sut, CALL), before);
	sut.refuse = 0;
	rs_engine_set_rate(sut.s.engines[0], CALL, 100, sut.s.now_ns);
	sim_play(&sut.s, 2 * RS_NS_PER_S);
	rs_engine_stop(sut.s.engines[0], -1);
	sim_play(&sut.s, 2 * RS_NS_PER_S);
	assert_in_range(matched(&sut), 150, 250);
	assert_int_equal(matched(&sut), sim_count(&sut.s, CALL, RS_AM_LEGS) - before);
	assert_int_equal(unmatched(&sut), 0);
	sut_close(&sut);
}

/* Thousands end at once, first all of the one side, then all of the other. */
static void
stop_now_leaves_no_half_behind(void **state)
{
	struct sut sut = { 0 };

	sut_open(&sut,
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 10000; addresses = \"198.18.4.1-198.18.4.100\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = 10000; addresses = \"198.18.8.1-198.18.8.100\"; } );\n"
		CALLS("uas", "rate = 5000; total = 6000; hold = \"600s\";"));
	sim_play(&sut.s, 2 * RS_NS_PER_S);
	for (uint32_t w = 0; w < sut.s.n; w++)
		rs_engine_silence(sut.s.engines[w]);
	sim_play(&sut.s, 10 * MS);
	all_are_matched(&sut, 6000);
	assert_int_equal(sim_engine(&sut.s, RS_ENG_HALVES_EARLY), 0);
	sut_close(&sut);
}

/* Refused with 401 and called again: the second INVITE is the one that the SUT is measured by. */
static void
a_challenged_invite_counts_when_it_comes_again(const char *mode)
{
	struct sut sut = { .invite_ns = 5 * MS };
	char plan[2048];

	snprintf(plan, sizeof(plan), "%s%srun = { mode = \"%s\"; };", PLAN("0, 1"),
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; password = \"secret\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = 100; addresses = \"198.18.8.1-198.18.8.10\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas_auth\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac_auth\"; rate = 20; total = 20; } );\n",
		mode);
	sut_open(&sut, plan);
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 20);
	all_are_matched(&sut, 20);
	delays_are(&sut, RS_AM_LEG_INVITE, 6 * MS);
	sut_close(&sut);
}

static void
challenged_calls_are_matched(void **state)
{
	a_challenged_invite_counts_when_it_comes_again("sipp");
	a_challenged_invite_counts_when_it_comes_again("rfc3261");
}

/* --- where it is on --- */

static void
nothing_is_counted(const char *plan)
{
	struct sut sut = { 0 };

	sut_open(&sut, plan);
	for (uint32_t i = 0; i < sut.s.plan->n_activities; i++)
		assert_false(rs_engine_matches_legs(sut.s.plan, i));
	sim_play(&sut.s, 2 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 20);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_LEGS) + sim_count(&sut.s, RING, RS_AM_LEGS), 0);
	sut_close(&sut);
}

static void
it_is_off_where_nothing_can_be_matched(void **state)
{
	nothing_is_counted(PLAN("0") GROUPS CALLS("uas", "rate = 100; total = 20;") "run = { legs = \"none\"; };");
	/* called is a URI: who answers there? */
	nothing_is_counted(PLAN("0") GROUPS
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"sip:me@198.18.8.1\"; scenario = \"uac\"; rate = 100; total = 20; } );\n");
	/* all of a group have the same user */
	nothing_is_counted(PLAN("0")
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = 2; addresses = \"198.18.8.1-198.18.8.2\"; user = \"us\"; } );\n"
		CALLS("uas", "rate = 10; total = 20;"));
}

/* --- what they are matched by --- */

/* As uac.xml, to one user for all calls, with a line of the test's own in INVITE. */
static void
one_way_of_matching(const char *legs, const char *line, uint64_t calls, uint64_t without)
{
	struct sut sut = { 0 };
	char dir[] = "/tmp/rs-legs-XXXXXX", file[64], plan[4096], invite[1024];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/uac.xml", dir);
	snprintf(invite, sizeof(invite),
		"<send><![CDATA[\nINVITE sip:all@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
		"From: <sip:[user]@[local_ip]>;tag=[tag]\nTo: <sip:all@[remote_ip]>\nCall-ID: [call_id]\nCSeq: [cseq] INVITE\n"
		"Contact: <sip:me@[local_ip]:[local_port]>\n%s\nContent-Length: 0\n]]></send>\n", line);
	f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "<?xml version=\"1.0\"?>\n<scenario name=\"legs\">\n%s%s</scenario>\n", invite,
		RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(500) SEND("BYE", "")
		RECV("response=\"200\"", ""));
	fclose(f);
	snprintf(plan, sizeof(plan), "%s%sactivities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"%s\"; rate = 50; total = 100; } );\n"
		"run = { legs = \"%s\"; };\n", PLAN("0, 1"), GROUPS, file, legs);
	sut_open(&sut, plan);
	sim_play(&sut.s, 5 * RS_NS_PER_S);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_COMPLETED), 100);
	assert_int_equal(matched(&sut), calls);
	assert_int_equal(unmatched(&sut), 2 * (100 - calls));
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_LEGS_NO_KEY), without);
	assert_int_equal(sim_count(&sut.s, CALL, RS_AM_LEGS_WRONG), 0);
	sut_close(&sut);
	unlink(file);
	rmdir(dir);
}

static void
legs_are_matched_by_what_the_sut_passes_on(void **state)
{
	one_way_of_matching("calling user", "X-A: b", 100, 0);
	one_way_of_matching("session-id", "Session-ID: ab30317f1a784dc48ff824d0d371[call_number];remote=00000000000000000000000000000000", 100, 0);
	one_way_of_matching("user-to-user", "user-to-user: 56a390f3d2b7310023a[call_number];encoding=hex", 100, 0);
	one_way_of_matching("X-Call-Ref", "x-call-ref : [call_number]", 100, 0);
	one_way_of_matching("X-Call-Ref", "X-Call-Refs: [call_number]", 0, 100);
}

/* What is read of an INVITE that ends where nothing may be read. */
static void
key_is(enum rs_legs_key by, const char *header_name, const char *message, const char *want)
{
	struct guard g = guard_new(message, strlen(message));
	struct rs_slice key = legs_key_text(by, rs_slice_str(header_name), rs_slice_of(g.p, g.len));

	if (!rs_slice_is(key, want))
		fail_msg("\"%.*s\" instead of \"%s\" of \"%s\"", (int)key.len, (const char *)key.p, want, message);
	guard_free(&g);
}

static void
keys_are_read_as_their_standards_write_them(void **state)
{
	key_is(RS_LEGS_CALLED_USER, "", "INVITE sip:+1555:pw@h SIP/2.0\r\nTo: <sip:x@h>\r\n\r\n", "+1555");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE sips:+1555;npdi@h;user=phone SIP/2.0\r\n\r\n", "+1555");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE tel:+1555;phone-context=x SIP/2.0\r\n\r\n", "+1555");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE sip:h SIP/2.0\r\nFrom: <sip:a@h>\r\nt: \"B\" <sip:bob@h>\r\n\r\n", "bob");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE sip:u@", "u");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE sip:u", "");
	key_is(RS_LEGS_CALLED_USER, "", "INVITE ", "");
	key_is(RS_LEGS_CALLED_USER, "", "", "");
	key_is(RS_LEGS_CALLING_USER, "", "INVITE sip:h SIP/2.0\r\nf:sip:alice@h;tag=1\r\n\r\n", "alice");
	key_is(RS_LEGS_CALLING_USER, "", "INVITE sip:h SIP/2.0\r\nFROM : <sip:alice@h>;tag=1\r\n\r\n", "alice");
	key_is(RS_LEGS_CALLING_USER, "", "INVITE sip:h SIP/2.0\r\nFrom", "");
	key_is(RS_LEGS_CALLING_USER, "", "INVITE sip:h SIP/2.0\r\nFrom: ", "");
	key_is(RS_LEGS_SESSION_ID, "", "INVITE sip:h SIP/2.0\r\nSession-ID: ab30 ;remote=00\r\n\r\n", "ab30");
	key_is(RS_LEGS_SESSION_ID, "", "INVITE sip:h SIP/2.0\r\nSession-ID: 0000;remote=ab\r\n\r\n", "");
	key_is(RS_LEGS_USER_TO_USER, "", "INVITE sip:h SIP/2.0\r\nUser-to-User: 56a3;encoding=hex\r\n\r\n", "56a3");
	key_is(RS_LEGS_HEADER, "X-Call-Ref", "INVITE sip:h SIP/2.0\nX-Call-Ref: a;b", "a;b");
	key_is(RS_LEGS_HEADER, "X-Call-Ref", "INVITE sip:h SIP/2.0\r\nX-Call-Ref", "");
	key_is(RS_LEGS_HEADER, "X-Call-Ref", "INVITE sip:h SIP/2.0\r\n\r\nX-Call-Ref: in the body\r\n", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_matches_its_own),
		cmocka_unit_test(workers_tell_each_other),
		cmocka_unit_test(trunks_are_told_apart_by_user),
		cmocka_unit_test(the_same_callee_is_called_again_at_once),
		cmocka_unit_test(delays_lie_between_bursts),
		cmocka_unit_test(a_bye_in_the_last_turn_has_its_time),
		cmocka_unit_test(another_endpoint_answers),
		cmocka_unit_test(what_the_sut_refuses_was_not_forwarded),
		cmocka_unit_test(what_the_callee_refuses_was_forwarded),
		cmocka_unit_test(the_cancelled_branch_of_a_fork_is_not_the_call),
		cmocka_unit_test(without_room_the_oldest_give_way),
		cmocka_unit_test(stop_now_leaves_no_half_behind),
		cmocka_unit_test(challenged_calls_are_matched),
		cmocka_unit_test(it_is_off_where_nothing_can_be_matched),
		cmocka_unit_test(legs_are_matched_by_what_the_sut_passes_on),
		cmocka_unit_test(keys_are_read_as_their_standards_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
