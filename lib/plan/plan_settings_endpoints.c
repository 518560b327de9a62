/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of endpoints. */
#include "plan/plan.h"
#include "plan/plan_settings.h"

static const struct rs_word kind_words[] = {
	[RS_GROUP_PHONE] = { "phone", NULL }, [RS_GROUP_TRUNK] = { "trunk", NULL }, { NULL, NULL }
};
#define UDP_ONLY "use \"udp\""
static const struct rs_word transport_words[] = { { "udp", NULL }, { "tcp", UDP_ONLY },
	{ "tls", UDP_ONLY }, { "ws", UDP_ONLY }, { "wss", UDP_ONLY }, { NULL, NULL } };

const struct rs_setting rs_settings_endpoints[] = {
	{ .name = "name",
		.type = RS_SET_STRING,
		.required = true,
		RS_FIELD(struct rs_plan_group, name),
		.meaning = "The group's name." },
	{ .name = "kind",
		.type = RS_SET_WORD,
		.words = kind_words,
		RS_FIELD(struct rs_plan_group, kind),
		.standard = "\"phone\"",
		.meaning =
			"\"phone\": each endpoint has an address and port of its own. \"trunk\": all share one, and any user is "
			"answered." },
	{ .name = "port",
		.type = RS_SET_STRING,
		.required = true,
		.offset = RS_SET_CUSTOM,
		.meaning = "The port (by name) that the endpoints are on." },
	{ .name = "count",
		.type = RS_SET_INT,
		.min = 1,
		.max = 1000000,
		RS_FIELD(struct rs_plan_group, count),
		.standard = "1",
		.meaning = "How many endpoints." },
	{ .name = "addresses",
		.type = RS_SET_STRINGS,
		.required = true,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Their addresses: one, a range \"FIRST-LAST\", or several of these. With A addresses, endpoint i has address "
			"i mod A and SIP port sip_port + i / A." },
	{ .name = "sip_port",
		.type = RS_SET_INT,
		.min = 1,
		.max = 65535,
		RS_FIELD(struct rs_plan_group, sip_port),
		.standard = "5060",
		.meaning = "The first local SIP port." },
	{ .name = "transport",
		.type = RS_SET_WORD,
		.words = transport_words,
		.offset = RS_SET_CUSTOM,
		.standard = "\"udp\"",
		.meaning = "How SIP is carried." },
	{ .name = "proxy",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"The next hop of all requests, \"sip:ADDRESS:PORT\": an address inside targets." },
	{ .name = "user",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.standard = "\"{index}\"",
		.meaning =
			"User name; {index} counts the endpoints from 0, {index:05} pads it to 5 digits, {random} is a random one of "
			"the group." },
	{ .name = "domain",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan_group, domain),
		.derived = true,
		.standard = "the endpoint's address",
		.meaning = "Domain of the users." },
	{ .name = "password",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.later = "nothing registers or authenticates yet: remove it",
		.meaning = "Password for authentication." },
	{ .name = "media",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.later = "calls are signalling only: remove it",
		.meaning = "Media profile of the endpoints." },
};
const uint32_t rs_n_settings_endpoints = RS_COUNT(rs_settings_endpoints);
