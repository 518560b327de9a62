/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose message is it? Both sides of a call ours, Call-IDs and tags of the scenario's own, several workers, and arrivals that
 * all workers reckon alike. */
#include "engine_peer.h"

/* Nothing in these messages is a token of ours but the Call-ID that both sides share. */
#define OWN_LINES(method, side)                                                                                        \
	method " sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK" side "[call_number]-[msg_index]\n"
#define CALLER                                                                                                         \
	"<send retrans=\"500\"><![CDATA[\n" OWN_LINES("INVITE", "a") "From: <sip:[user]@[local_ip]>;tag=a[call_number]\nTo: <sip:[service]@[remote_ip]>\n" \
	"Call-ID: [call_id]\nCSeq: [cseq] INVITE\nContact: <sip:[user]@[local_ip]:[local_port]>\nContent-Length: 0\n]]></send>\n" \
	RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "")                                    \
	"<send><![CDATA[\n" OWN_LINES("ACK", "a") "From: <sip:[user]@[local_ip]>;tag=a[call_number]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\n" \
	"Call-ID: [call_id]\nCSeq: [cseq] ACK\nContent-Length: 0\n]]></send>\n" RECV("request=\"BYE\"", "")            \
	"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n]]></send>\n" \
	"<timewait milliseconds=\"500\"/>\n"
#define CALLEE                                                                                                         \
	RECV("request=\"INVITE\"", "")                                                                                 \
	"<send retrans=\"500\"><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=b[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n" \
	"Contact: <sip:[user]@[local_ip]:[local_port]>\nContent-Length: 0\n]]></send>\n"                             \
	RECV_DO("request=\"ACK\"", "<ereg regexp=\".*\" search_in=\"hdr\" header=\"From:\" assign_to=\"f\"/>"        \
				 "<ereg regexp=\".*\" search_in=\"hdr\" header=\"To:\" assign_to=\"t\"/>") PAUSE(50)     \
	"<send retrans=\"500\"><![CDATA[\n" OWN_LINES("BYE", "b") "From:[$t]\nTo:[$f]\nCall-ID: [call_id]\nCSeq: [cseq] BYE\nContent-Length: 0\n]]></send>\n" \
	RECV("response=\"200\"", "")

struct sides {
	struct sim s;
	char dir[64];
};

static void
write_scenario(const struct sides *x, const char *name, const char *steps)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.xml", x->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "<?xml version=\"1.0\"?>\n<scenario name=\"%s\">\n%s</scenario>\n", name, steps);
	fclose(f);
}

static void
sides_open(struct sides *x, const char *workers, const char *groups, const char *call)
{
	char plan[4096];

	strcpy(x->dir, "/tmp/rs-sides-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	write_scenario(x, "caller", CALLER);
	write_scenario(x, "callee", CALLEE);
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ %s ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ %s ]; } );\n"
		"endpoints = ( %s );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"%s/callee.xml\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"%s/caller.xml\"; %s } );\n",
		workers, workers, workers, groups, x->dir, x->dir, call);
	sim_open(&x->s, plan);
}

static void
sides_close(struct sides *x)
{
	char path[128];

	sim_close(&x->s);
	snprintf(path, sizeof(path), "%s/caller.xml", x->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/callee.xml", x->dir);
	unlink(path);
	rmdir(x->dir);
}

#define PHONES                                                                                                         \
	"{ name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },"                  \
	"{ name = \"callees\"; port = \"b\"; count = 100; addresses = \"198.18.8.1-198.18.8.10\"; }"
#define TRUNKS                                                                                                         \
	"{ name = \"callers\"; kind = \"trunk\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1\"; },"            \
	"{ name = \"callees\"; kind = \"trunk\"; port = \"b\"; count = 1000; addresses = \"198.18.8.1\"; }"

static unsigned
twice(void *ctx, struct sim_packet *p)
{
	return 2;
}

static void
both_sides_share_a_call_id_and_keep_apart(void **state)
{
	static const char *const workers[] = { "0", "0, 1" }, *const groups[] = { PHONES, TRUNKS };

	for (int i = 0; i < 8; i++) {
		struct sides x = { .s = { .on_wire = i >= 4 ? twice : NULL } };

		sides_open(&x, workers[i % 2], groups[i / 2 % 2], "rate = 200; total = 400;");
		sim_play(&x.s, 10 * RS_NS_PER_S);
		sim_sums_hold(&x.s);
		for (uint32_t a = 0; a < 2; a++) {
			assert_int_equal(sim_count(&x.s, a, RS_AM_STARTED), 400);
			assert_int_equal(sim_count(&x.s, a, RS_AM_COMPLETED), 400);
			assert_int_equal(sim_count(&x.s, a, RS_AM_SIP_UNEXPECTED), 0);
		}
		assert_int_equal(sim_engine(&x.s, RS_ENG_LEGS), 0);
		assert_int_equal(sim_engine(&x.s, RS_ENG_LEG_BYTES), 0);
		sides_close(&x);
	}
}

static void
one_call_id_at_two_endpoints_is_two_calls(void **state)
{
	struct peer p = { 0 };

	peer_open_answer(&p, RECV("request=\"INVITE\"", "") ANSWER("180 R", "") RECV("request=\"CANCEL\"", "") ANSWER("200 OK", ""));
	for (int round = 0; round < 2; round++) { /* the second INVITE of each is a repeated one */
		p.to = "198.18.4.1";
		peer_call(&p, "INVITE", 1, "", "");
		p.to = "198.18.4.2";
		peer_call(&p, "INVITE", 1, "", "X: branch 2\n");
	}
	assert_int_equal(peer_count(&p, RS_AM_STARTED), 2);
	p.to = "198.18.4.1";
	peer_call(&p, "CANCEL", 1, "", "");
	assert_int_equal(peer_count(&p, RS_AM_COMPLETED), 1);
	p.to = "198.18.4.2";
	peer_call(&p, "CANCEL", 1, "", "");
	assert_int_equal(peer_count(&p, RS_AM_COMPLETED), 2);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
what_stands_before_three_slashes_is_no_part_of_a_call_id(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	char text[2048];

	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"200\"", "") SEND("ACK", "") RECV("request=\"NOTIFY\"", "")
		"<send><![CDATA[\nSUBSCRIBE sip:x@[remote_ip] SIP/2.0\nVia: SIP/2.0/UDP [local_ip];branch=z9hG4bKmine\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\n"
		"Call-ID: sub///[call_id]\nCSeq: 1 SUBSCRIBE\nContent-Length: 0\n]]></send>\n" RECV("response=\"202\"", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	snprintf(text, sizeof(text), "NOTIFY sip:x SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:n@x>;tag=peer\nTo: <sip:me@x>;tag=other\n"
		"Call-ID: any///%s\nCSeq: 1 NOTIFY\n\n", header(invite, "Call-ID"));
	peer_say(&p, text);
	peer_reply(&p, peer_sent(&p, "SUBSCRIBE "), "202 Yes"); /* neither branch nor tag are tokens of ours */
	peer_completed(&p);
	peer_close(&p);

	p = (struct peer){ 0 };
	peer_open_answer(&p, RECV("request=\"INVITE\"", "") ANSWER("200 OK", "") RECV("request=\"INFO\"", "") ANSWER("200 OK", ""));
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 200");
	peer_say(&p, "INFO sip:x SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:n@x>;tag=peer\nTo: <sip:me@x>\nCall-ID: z///peer-1\nCSeq: 1 INFO\n\n");
	peer_sent(&p, "SIP/2.0 200");
	peer_completed(&p);
	/* Thousands of slashes are no work. */
	static char slashes[60000];
	int n = snprintf(slashes, sizeof(slashes), "INFO sip:x SIP/2.0\r\nCSeq: 1 INFO\r\nCall-ID: ");

	memset(slashes + n, '/', 50000);
	memcpy(slashes + n + 50000, "\r\n\r\n", 4);
	for (int i = 0; i < 100; i++)
		peer_say_bytes(&p, slashes, (size_t)n + 50004);
	assert_int_equal(sim_engine(&p.s, RS_ENG_OUT_OF_CALL), 100);
	peer_close(&p);
}

/* --- arrivals --- */

struct arrivals_seen {
	uint64_t at[4096]; /* first time that call number k was heard of */
	uint64_t offered;
	struct sim *s;
};

static unsigned
note_number(void *ctx, struct sim_packet *packet)
{
	struct arrivals_seen *seen = ctx;
	const char *at = memmem(packet->data, packet->len, "branch=z9hG4bKa", 15);
	unsigned k = at ? (unsigned)atoi(at + 15) : 0;

	assert_in_range(k, 1, 4095);
	if (!seen->at[k])
		seen->at[k] = seen->s->now_ns;
	return 0;
}

/* The same orders to one worker and to two, some at the very due time of an arrival, some two at once. */
static void
play_orders(struct arrivals_seen *seen, const char *workers)
{
	struct sides x = { .s = { .on_wire = note_number, .ctx = seen } };
	uint64_t t0;

	memset(seen, 0, sizeof(*seen));
	seen->s = &x.s;
	sides_open(&x, workers, "{ name = \"callers\"; port = \"a\"; count = 7; addresses = \"198.18.4.1-198.18.4.7\"; },"
		"{ name = \"callees\"; kind = \"trunk\"; port = \"b\"; count = 9000; addresses = \"198.18.8.1\"; }", "rate = 100; limit = 9000;");
	t0 = x.s.now_ns;
	sim_play(&x.s, 95 * MS);
	for (uint32_t w = 0; w < x.s.n; w++) {
		struct rs_engine *e = x.s.engines[w];

		rs_engine_set_rate(e, 1, 1000, t0 + 100 * MS); /* arrival 10 is due then */
		rs_engine_set_rate(e, 1, 500, t0 + 101 * MS);
		rs_engine_set_rate(e, 1, 50, t0 + 101 * MS);
		if (w == 0)
			sim_play(&x.s, 20 * MS); /* the others hear of it late */
	}
	sim_play(&x.s, 400 * MS);
	for (uint32_t w = 0; w < x.s.n; w++) {
		rs_engine_pause(x.s.engines[w], t0 + 1000 * MS);
		rs_engine_resume(x.s.engines[w], t0 + 1500 * MS);
		rs_engine_set_rate(x.s.engines[w], 1, 333.3, t0 + 1700 * MS);
	}
	sim_play(&x.s, 2000 * MS);
	seen->offered = sim_count(&x.s, 1, RS_AM_OFFERED);
	sides_close(&x);
}

static void
all_workers_reckon_the_same_due_times(void **state)
{
	static struct arrivals_seen one, more;

	play_orders(&one, "0");
	/* 10 until 100 ms, 1 until 101 ms, 50/s until 1 s, none until 1.5 s, 50/s until 1.7 s, then 333.3/s until 2.515 s. */
	assert_in_range(one.offered, 10 + 1 + 44 + 10 + 271, 10 + 1 + 46 + 10 + 274);
	play_orders(&more, "0, 1");
	assert_in_range(more.offered + 1, one.offered, one.offered + 2); /* the last one may be just ahead */
	for (unsigned k = 1; k < one.offered; k++) {
		assert_true(one.at[k] > 0 && one.at[k] >= one.at[k - 1]);
		assert_true(more.at[k] > 0); /* all of them, so none twice */
		/* Those due while a worker had not heard of the orders yet are late; no due time differs. */
		if (one.at[k] > 1000 * RS_NS_PER_S + 130 * MS)
			assert_in_range(more.at[k] - one.at[k] + 5000, 0, 10000);
	}
}

static void
hours_at_a_high_rate_lose_nothing(void **state)
{
	struct sides x = { .s = { .send_error = -ENOBUFS } };
	uint64_t before;

	/* A clock that jumps: 100,000 calls/s, looked at again after ten hours; catching up is limited to twice the rate. */
	sides_open(&x, "0", TRUNKS, "rate = 100000;");
	x.s.now_ns += 36000 * RS_NS_PER_S;
	before = sim_count(&x.s, 1, RS_AM_OFFERED);
	for (int i = 0; i < 1000; i++) {
		rs_engine_turn(x.s.engines[0], x.s.now_ns);
		x.s.now_ns += 100000;
	}
	assert_in_range(sim_count(&x.s, 1, RS_AM_OFFERED) - before, 19000, 21000);
	sim_sums_hold(&x.s);
	sides_close(&x);

	/* And with the clock going on: exactly as many as fell due. */
	x = (struct sides){ .s = { .send_error = -ENOBUFS } };
	sides_open(&x, "0", TRUNKS, "rate = 99999.9;");
	sim_play(&x.s, 2 * RS_NS_PER_S);
	assert_in_range(sim_count(&x.s, 1, RS_AM_OFFERED), 199999, 200001);
	sides_close(&x);
}

static void
a_rate_set_before_the_start_is_the_one_it_starts_with(void **state)
{
	struct sides x = { .s = { .send_error = -ENOBUFS } };

	sides_open(&x, "0", TRUNKS, "rate = 10; start = \"manual\";");
	sim_play(&x.s, RS_NS_PER_S);
	assert_int_equal(sim_count(&x.s, 1, RS_AM_OFFERED), 0);
	rs_engine_set_rate(x.s.engines[0], 1, 100, x.s.now_ns);
	rs_engine_pause(x.s.engines[0], x.s.now_ns);
	rs_engine_start_activity(x.s.engines[0], 1, x.s.now_ns + MS);
	sim_play(&x.s, RS_NS_PER_S);
	assert_int_equal(sim_count(&x.s, 1, RS_AM_OFFERED), 0);
	rs_engine_resume(x.s.engines[0], x.s.now_ns);
	sim_play(&x.s, RS_NS_PER_S);
	assert_in_range(sim_count(&x.s, 1, RS_AM_OFFERED), 100, 101);
	sides_close(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_share_a_call_id_and_keep_apart),
		cmocka_unit_test(one_call_id_at_two_endpoints_is_two_calls),
		cmocka_unit_test(what_stands_before_three_slashes_is_no_part_of_a_call_id),
		cmocka_unit_test(all_workers_reckon_the_same_due_times),
		cmocka_unit_test(hours_at_a_high_rate_lose_nothing),
		cmocka_unit_test(a_rate_set_before_the_start_is_the_one_it_starts_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
