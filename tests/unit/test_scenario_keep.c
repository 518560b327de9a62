/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of a received message: what a later turn or a retransmission may want of it, and no
 * more.
 */
#include "scenario_text.h"

#define BIT(id) (UINT64_C(1) << (id))
#define PEERS   (BIT(RS_HDR_FROM) | BIT(RS_HDR_TO))
#define DIALOG  (PEERS | BIT(RS_HDR_CONTACT))
#define REPLY(code, attrs)                                                                         \
	"<send" attrs "><![CDATA[SIP/2.0 " code                                                    \
	" X\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n]]></send>\n"
#define REPLIED (BIT(RS_HDR_VIA) | PEERS | BIT(RS_HDR_CALL_ID) | BIT(RS_HDR_CSEQ))

static void
an_answer_in_the_same_turn_needs_nothing(void **state)
{
	struct rs_program *p = compile(HEAD "<recv request=\"OPTIONS\"/>" REPLY("200", "") TAIL);

	assert_int_equal(p->steps[0].keep, 0);
	assert_false(p->steps[0].keep_all);
	rs_program_free(p);
}

static void
an_answer_after_a_pause_needs_its_headers(void **state)
{
	struct rs_program *p =
		compile(HEAD "<recv request=\"OPTIONS\"/><pause/>" REPLY("200", "") TAIL);

	assert_int_equal(p->steps[0].keep, REPLIED);
	rs_program_free(p);
}

static void
an_answer_that_a_timer_repeats_needs_its_headers(void **state)
{
	struct rs_program *p = compile(HEAD "<recv request=\"OPTIONS\"/>" REPLY(
		"200", " retrans=\"500\"") "<recv request=\"MESSAGE\"/>" TAIL);

	assert_int_equal(p->steps[0].keep, REPLIED);
	assert_int_equal(p->steps[2].keep, 0);
	rs_program_free(p);
}

static void
the_next_message_replaces_the_last(void **state)
{
	struct rs_program *p = compile(HEAD "<recv request=\"OPTIONS\"/>" REPLY(
		"200", "") "<recv request=\"MESSAGE\"/><pause/>" REPLY("200", "") TAIL);

	assert_int_equal(p->steps[0].keep, 0);
	assert_int_equal(p->steps[2].keep, REPLIED);
	rs_program_free(p);
}

static void
what_sets_a_dialog_up_is_kept_to_end_it(void **state)
{
	struct rs_program *p = compile(HEAD "<recv request=\"INVITE\"/>" REPLY(
		"200", "") "<recv request=\"ACK\"/><recv request=\"BYE\"/>" REPLY("200", "") TAIL);

	assert_int_equal(p->steps[0].keep, DIALOG);
	assert_int_equal(p->steps[2].keep, PEERS);
	assert_int_equal(p->steps[3].keep, 0);
	rs_program_free(p);
	p = compile(HEAD REQUEST("INVITE",
		"") "<recv response=\"180\" optional=\"true\"/><recv response=\"200\"/>" REQUEST("ACK",
		"") "<pause/>" REQUEST("BYE", "") "<recv response=\"200\"/>" TAIL);
	assert_int_equal(p->steps[1].keep, DIALOG);
	assert_int_equal(p->steps[2].keep, DIALOG);
	assert_int_equal(p->steps[6].keep, 0);
	rs_program_free(p);
}

static void
both_ways_of_a_branch_count(void **state)
{
	struct rs_program *p = compile(HEAD
		"<recv request=\"OPTIONS\" next=\"b\" chance=\"0.5\"/><pause/>"
		"<send><![CDATA[SIP/2.0 200 OK\n[last_CSeq:]\n]]></send><recv request=\"MESSAGE\"/>"
		"<label id=\"b\"/><pause/><send><![CDATA[SIP/2.0 200 OK\n[last_Expires:]\n]]></send>" TAIL);

	assert_int_equal(p->steps[0].keep, BIT(RS_HDR_CSEQ) | BIT(RS_HDR_EXPIRES));
	assert_int_equal(p->steps[3].keep, BIT(RS_HDR_EXPIRES));
	rs_program_free(p);
}

static void
a_loop_back_is_followed(void **state)
{
	struct rs_program *p = compile(HEAD
		"<recv request=\"OPTIONS\"/><label id=\"again\"/><nop><action><log message=\"[last_Subject:]\"/></action></nop>"
		"<pause milliseconds=\"1\" next=\"again\" chance=\"0.5\"/>" TAIL);

	assert_int_equal(p->steps[0].keep, BIT(RS_HDR_SUBJECT));
	rs_program_free(p);
}

static void
a_recv_may_give_up_be_skipped_or_passed_over(void **state)
{
	static const char *const waits[] = {
		"<recv request=\"MESSAGE\" ontimeout=\"out\"/>",
		"<recv request=\"INFO\" optional=\"true\"/><recv request=\"MESSAGE\" ontimeout=\"out\"/>",
		"<recv request=\"MESSAGE\" condexec=\"v\"/>",
	};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		char xml[2048];
		struct rs_program *p;

		snprintf(xml, sizeof(xml),
			HEAD
			"<recv request=\"OPTIONS\"><action><assign assign_to=\"v\" value=\"1\"/></action></recv>"
			"<pause/>%s%s<label id=\"out\"/>"
			"<send><![CDATA[SIP/2.0 200 OK\n[last_Event:]\n[$v]\n]]></send>" TAIL,
			waits[i], i == 2 ? "" : "<recv request=\"PUBLISH\"/>");
		p = compile(xml);
		assert_int_equal(p->steps[0].keep, BIT(RS_HDR_EVENT));
		rs_program_free(p);
	}
}

static void
other_headers_are_kept_by_name_and_messages_as_a_whole(void **state)
{
	struct rs_program *p = compile(HEAD
		"<recv request=\"OPTIONS\"/><pause/>"
		"<send><![CDATA[SIP/2.0 200 OK\n[last_X-One:]\n[last_x-one]\n[last_X-Two:]\n]]></send>"
		"<recv request=\"MESSAGE\"/><pause/><nop><action><log message=\"[last_message]\"/></action></nop>" TAIL);

	assert_true(p->steps[0].keep_other);
	assert_int_equal(p->n_keep_names, 2);
	assert_true(rs_slice_is(p->keep_names[0], "X-One"));
	assert_true(rs_slice_is(p->keep_names[1], "X-Two"));
	assert_false(p->steps[0].keep_all);
	assert_true(p->steps[3].keep_all);
	assert_false(p->steps[3].keep_other);
	rs_program_free(p);
}

static void
keywords_of_the_dialog_need_the_headers_behind_them(void **state)
{
	struct rs_program *p = compile(HEAD REQUEST(
		"OPTIONS", "") "<recv response=\"200\"/><pause/>" REQUEST("INFO",
		"X: [peer_tag_param]\n") "<recv response=\"200\"/><pause/>" REQUEST("INFO",
		"X: [last_Request_URI] [last_cseq_number]\n") "<recv response=\"200\"/><pause/>" REQUEST("INFO",
		"X: [next_url]\n[routes]\n") TAIL);

	assert_int_equal(p->steps[1].keep, PEERS);
	assert_int_equal(p->steps[4].keep, BIT(RS_HDR_TO) | BIT(RS_HDR_CSEQ));
	assert_int_equal(p->steps[7].keep, 0);
	rs_program_free(p);
}

static void
assert_same(const char *got, const char *want)
{
	assert_string_equal(got, want);
}

static void
calls_end_early_with_messages_of_their_own(void **state)
{
	static const uint8_t text[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
		"Call-ID: x\r\nCSeq: 5 INVITE\r\n\r\n";
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[\nINVITE sip:c@d SIP/2.0\nVia: SIP/2.0/UDP [local_ip];branch=[branch]\nFrom: <sip:a@b>;tag=[tag]\n"
		"To: <sip:c@d>\nCall-ID: [call_id]\nCSeq: 1 INVITE\nContact: <sip:x>\nContent-Length: [len]\n\nv=0\n]]></send>"
		"<recv response=\"200\"/>" TAIL);
	struct rs_sip_msg msg;
	size_t used;

	assert_int_equal(rs_sip_parse(text, sizeof(text) - 1, false, &msg, &used), 0);
	/*
	 * RFC 3261, 9.1: Request-URI, Via, From, To, Call-ID and the number of CSeq are the
	 * INVITE's
	 */
	assert_same(rendered(p, p->abort_cancel, NULL),
		"CANCEL sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP 198.18.0.2;branch=z9hG4bKBRANCH\r\n"
		"From: <sip:a@b>;tag=TAG\r\nTo: <sip:c@d>\r\nCall-ID: CALLID\r\nCSeq: 1 CANCEL\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
	assert_same(rendered(p, p->abort_ack, &msg),
		"ACK sip:next@198.18.0.9 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.18.0.2:5070;branch=z9hG4bKBRANCH\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
		"Call-ID: CALLID\r\nCSeq: 3 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
	assert_same(rendered(p, p->abort_bye, &msg),
		"BYE sip:next@198.18.0.9 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.18.0.2:5070;branch=z9hG4bKBRANCH\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
		"Call-ID: CALLID\r\nCSeq: 3 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
	assert_same(rendered(p, p->auto_200, &msg),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z\r\nFrom: <sip:a@b>;tag=1\r\n"
		"To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 5 INVITE\r\nContact: <sip:198.18.0.2:5070;transport=C>\r\n"
		"Content-Length: 0\r\n\r\n");
	rs_program_free(p);
	/* answered: who calls is in the peer's From, and that is our To */
	p = compile(HEAD "<recv request=\"INVITE\"/>" TAIL);
	assert_int_equal(p->abort_cancel, -1);
	assert_non_null(strstr(rendered(p, p->abort_bye, &msg),
		"\r\nFrom: <sip:c@d>;tag=2\r\nTo: <sip:a@b>;tag=1\r\n"));
	rs_program_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_the_same_turn_needs_nothing),
		cmocka_unit_test(an_answer_after_a_pause_needs_its_headers),
		cmocka_unit_test(an_answer_that_a_timer_repeats_needs_its_headers),
		cmocka_unit_test(the_next_message_replaces_the_last),
		cmocka_unit_test(what_sets_a_dialog_up_is_kept_to_end_it),
		cmocka_unit_test(both_ways_of_a_branch_count),
		cmocka_unit_test(a_loop_back_is_followed),
		cmocka_unit_test(a_recv_may_give_up_be_skipped_or_passed_over),
		cmocka_unit_test(other_headers_are_kept_by_name_and_messages_as_a_whole),
		cmocka_unit_test(keywords_of_the_dialog_need_the_headers_behind_them),
		cmocka_unit_test(calls_end_early_with_messages_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
