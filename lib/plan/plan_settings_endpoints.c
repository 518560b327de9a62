/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of endpoints. */
#include "plan/plan.h"
#include "plan/plan_settings.h"

static const struct rs_word kind_words[] = {
	[RS_GROUP_PHONE] = { "phone", NULL }, [RS_GROUP_TRUNK] = { "trunk", NULL }, { NULL, NULL }
};
static const struct rs_word transport_words[] = { [RS_TRANSPORT_UDP] = { "udp", NULL },
	[RS_TRANSPORT_TCP] = { "tcp", NULL },
	[RS_TRANSPORT_TLS] = { "tls", NULL },
	[RS_TRANSPORT_WS] = { "ws", NULL },
	[RS_TRANSPORT_WSS] = { "wss", NULL },
	{ NULL, NULL } };
static const struct rs_word connections_words[] = { [RS_CONNECTIONS_ENDPOINT] = { "endpoint", NULL },
	[RS_CONNECTIONS_SHARED] = { "shared", NULL },
	[RS_CONNECTIONS_CALL] = { "call", NULL },
	{ NULL, NULL } };

static const struct rs_word large_words[] = { [RS_LARGE_UDP] = { "udp", NULL }, [RS_LARGE_TCP] = { "tcp", NULL }, { NULL, NULL } };

static const struct rs_word rel100_words[] = { [RS_100REL_OFF] = { "off", NULL },
	[RS_100REL_SUPPORTED] = { "supported", NULL },
	[RS_100REL_REQUIRED] = { "required", NULL },
	{ NULL, NULL } };
static const struct rs_word refresher_words[] = { [RS_REFRESHER_AUTO] = { "auto", NULL },
	[RS_REFRESHER_UAC] = { "uac", NULL },
	[RS_REFRESHER_UAS] = { "uas", NULL },
	{ NULL, NULL } };

static const struct rs_setting ua_settings[] = {
	{ .name = "automatic",
		.type = RS_SET_BOOL,
		RS_FIELD(struct rs_plan_group, ua.automatic),
		.standard = "true",
		.meaning =
			"Answer what no step of a scenario waits for: OPTIONS, NOTIFY, re-INVITE, UPDATE, INFO and more." },
	{ .name = "rel100",
		.type = RS_SET_WORD,
		.words = rel100_words,
		RS_FIELD(struct rs_plan_group, ua.rel),
		.standard = "\"supported\"",
		.meaning = "Reliable provisional responses (RFC 3262)." },
	{ .name = "refresher",
		.type = RS_SET_WORD,
		.words = refresher_words,
		RS_FIELD(struct rs_plan_group, ua.refresher),
		.standard = "\"auto\"",
		.meaning =
			"Who refreshes a session (RFC 4028); \"auto\": whom the other side leaves it to." },
	{ .name = "session_expires",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan_group, ua.session_expires_ns),
		.standard = "\"0s\"",
		.meaning =
			"Session timer that is asked for (RFC 4028); 0s: none, but the peer's is obeyed." },
	{ .name = "min_se",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan_group, ua.min_se_ns),
		.standard = "\"90s\"",
		.meaning = "Shortest session timer that is accepted; a shorter one gets 422." },
};
static const uint32_t n_ua_settings = RS_COUNT(ua_settings);
const struct rs_section rs_group_ua = {
	.name = "ua",
	.settings = ua_settings,
	.n_settings = &n_ua_settings,
	.shape = RS_SECTION_GROUP,
	.meaning =
		"What a user agent does outside any scenario. It applies to calls in rfc3261 mode, and to requests outside calls."
};

static const struct rs_setting ws_settings[] = {
	{ .name = "path",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan_group, ws.path),
		.standard = "\"/\"",
		.meaning = "Path of the upgrade request." },
	{ .name = "host",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan_group, ws.host),
		.derived = true,
		.standard = "the proxy's",
		.meaning = "Its Host." },
	{ .name = "origin",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan_group, ws.origin),
		.meaning = "Its Origin, as a browser sends it; without one there is no such header." },
	{ .name = "headers",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.meaning = "Further headers of it, each \"Name: value\"." },
};
static const uint32_t n_ws_settings = RS_COUNT(ws_settings);
const struct rs_section rs_group_ws = {
	.name = "ws",
	.settings = ws_settings,
	.n_settings = &n_ws_settings,
	.shape = RS_SECTION_GROUP,
	.meaning = "SIP over WebSocket (RFC 7118): what the request that opens a connection says."
};

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
		RS_FIELD(struct rs_plan_group, transport),
		.standard = "\"udp\"",
		.meaning = "How SIP is carried: \"udp\", or over connections: \"tcp\", \"tls\", \"ws\", \"wss\"." },
	{ .name = "large_messages",
		.type = RS_SET_WORD,
		.words = large_words,
		RS_FIELD(struct rs_plan_group, large_messages),
		.standard = "\"udp\"",
		.meaning =
			"What requests of a scenario go over that are larger than 1,300 bytes, or within 200 of the MTU, of a group whose "
			"transport is \"udp\": \"udp\", in fragments, as SIPp does it; \"tcp\": a connection (RFC 3261, 18.1.1)." },
	{ .name = "proxy",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"The next hop of all requests, \"sip:ADDRESS:PORT\": an address inside targets. With outbound up to four of them: "
			"each endpoint keeps a connection to each, and registers over it." },
	{ .name = "connections",
		.type = RS_SET_WORD,
		.words = connections_words,
		RS_FIELD(struct rs_plan_group, connections),
		.derived = true,
		.standard = "\"endpoint\", of a trunk \"shared\"",
		.meaning =
			"Whose a connection is: \"endpoint\", each has its own while the run lasts; \"shared\", one for all endpoints that "
			"have the same address and port; \"call\", each call opens one and closes it." },
	{ .name = "reconnect",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.standard = "\"rfc5626\"",
		.meaning =
			"When an endpoint whose connection broke opens it again, and registers again: \"rfc5626\" (its section 4.5: 15 to 30 "
			"s later, failing again doubles that up to half an hour), \"at once\", \"spread 10s\" (within so long), \"never\"." },
	{ .name = "connect_rate",
		.type = RS_SET_FLOAT,
		.min = 0,
		.max = 10000000,
		.unit = "connections/s",
		RS_FIELD(struct rs_plan_group, connect_hz),
		.standard = "0",
		.meaning =
			"Connections that are opened a second from the beginning of the run on, whether anybody wants them or not; 0: each is "
			"opened when the first message wants it." },
	{ .name = "keep_alive",
		.type = RS_SET_DURATION,
		RS_FIELD(struct rs_plan_group, keep_alive_ns),
		.derived = true,
		.standard = "120s with outbound, else none",
		.meaning =
			"Keep-alives on idle connections, at 80 to 100 % of this interval (RFC 5626, 4.4.1; WebSocket: pings). A registrar's "
			"Flow-Timer comes before it." },
	{ .name = "alias",
		.type = RS_SET_BOOL,
		RS_FIELD(struct rs_plan_group, alias),
		.standard = "false",
		.meaning =
			"Connection reuse (RFC 5923), over TCP and TLS: requests say `alias` in Via, behind [branch], and a connection that the "
			"proxy opened, over TCP, with a request that says so is used for what goes to the proxy." },
	{ .name = "outbound",
		.type = RS_SET_BOOL,
		RS_FIELD(struct rs_plan_group, outbound),
		.standard = "false",
		.meaning =
			"Register as RFC 5626 has it: +sip.instance and reg-id in the Contact, option tag outbound, a registration for each "
			"proxy." },
	{ .name = "ws",
		.type = RS_SET_GROUP,
		.group = &rs_group_ws,
		.meaning = "The upgrade to WebSocket; see below." },
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
		.meaning =
			"Password that challenges are answered with, such as \"p{index:05}\". Without one a 401 or 407 is a failure." },
	{ .name = "auth_user",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.derived = true,
		.standard = "user",
		.meaning = "User name in the answers to challenges; {index} as in user." },
	{ .name = "credentials",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"An injection file, relative to the plan: its line i is USER;PASSWORD of endpoint i, and takes the place of "
			"auth_user and password." },
	{ .name = "ua",
		.type = RS_SET_GROUP,
		.group = &rs_group_ua,
		.meaning =
			"What the endpoints do of their own accord, in rfc3261 mode; see below." },
	{ .name = "media",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Media profile of the endpoints: their calls carry media, and the session descriptions in their messages are made by "
			"it, whatever the scenario writes there. Without one they are the scenario's." },
	{ .name = "tls",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.meaning = "TLS profile of the endpoints, for their connections over TLS." },
	{ .name = "rtp_ports",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.standard = "\"16384-32767\"",
		.meaning =
			"UDP ports of each of the addresses that media may have, \"FIRST-LAST\": two for each call, RTP even and RTCP the "
			"next one." },
};
const uint32_t rs_n_settings_endpoints = RS_COUNT(rs_settings_endpoints);
