/* SPDX-License-Identifier: BSD-3-Clause */
/* How a group's SIP is carried: transport, next hops, connections. */
#include <strings.h>

#include "plan/plan_read.h"

#define KEEP_ALIVE_NS 120000000000ull /* RFC 5626, 4.4.1 */
#define MAX_WS_HEADERS 16

int
rs_uri_check(const struct rs_reader *r, const struct rs_part *p, const char *setting, const char *text,
	struct rs_plan_uri *uri, enum rs_transport transport)
{
	const char *has = rs_transport_word(transport);

	if (uri->sips && !rs_transport_is_secure(transport))
		return rs_part_fail(r, p, setting, -EINVAL,
			"\"%.100s\" asks for TLS, but the group's transport is \"%s\": set transport = \"tls\", or "
			"write sip:",
			text, has);
	/* "ws" stands for both of WebSocket's: RFC 7118, 5.2 */
	if (uri->transport >= 0 && uri->transport != (int)transport &&
		!(uri->transport == RS_TRANSPORT_WS && transport == RS_TRANSPORT_WSS))
		return rs_part_fail(r, p, setting, -EINVAL,
			"\"%.100s\" says %s, but the group's transport is \"%s\": make them the same", text,
			rs_transport_word((enum rs_transport)uri->transport), has);
	if (!uri->port)
		uri->port = rs_transport_port(transport);
	return 0;
}

static int
read_hop(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g, const char *text)
{
	struct rs_plan_uri uri;
	const char *why;
	int rc;

	if (rs_uri_parse(text, &uri, &why) != 0)
		return rs_part_fail(r, p, "proxy", -EINVAL, "\"%.100s\" %s", text, why);
	if (uri.user.p)
		return rs_part_fail(r, p, "proxy", -EINVAL,
			"\"%.100s\" names a user: a proxy is \"sip:ADDRESS:PORT\"", text);
	if (uri.addr.family == 0)
		return rs_part_fail(r, p, "proxy", -EINVAL,
			"\"%.100s\" has a name: names are not looked up in this version, write "
			"its address",
			text);
	if (uri.addr.family != g->addresses[0].first.family)
		return rs_part_fail(r, p, "proxy", -EINVAL,
			"\"%.100s\" is IPv%d, but the group's addresses are IPv%d", text,
			uri.addr.family, g->addresses[0].first.family);
	if ((rc = rs_uri_check(r, p, "proxy", text, &uri, g->transport)) != 0)
		return rc;
	g->hops[g->n_hops++] = (struct rs_plan_hop){ uri.addr, uri.port };
	if (g->n_hops > 1)
		return 0;
	g->has_proxy = true;
	g->proxy = uri.addr;
	g->proxy_port = uri.port;
	g->proxy_text = text;
	g->proxy_host = rs_plan_copy(r->mem, (const char *)uri.host.p, uri.host.len);
	return g->proxy_host ? 0 : -ENOMEM;
}

static int
read_proxies(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	uint32_t n = rs_part_n(p, "proxy");
	int rc;

	if (n > RS_MAX_FLOWS)
		return rs_part_fail(r, p, "proxy", -EINVAL, "%u proxies: at most %d", n, RS_MAX_FLOWS);
	if (n > 1 && !g->outbound)
		return rs_part_fail(r, p, "proxy", -EINVAL,
			"%u proxies: an endpoint has several with outbound = true only", n);
	for (uint32_t i = 0; i < n; i++)
		if ((rc = read_hop(r, p, g, rs_part_string(p, "proxy", i))) != 0)
			return rc;
	return 0;
}

static int
read_reconnect(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	const char *text = rs_part_text(r, p, "reconnect");

	if (!text)
		return -ENOMEM;
	if (strcmp(text, "rfc5626") == 0) {
		g->reconnect = RS_RECONNECT_RFC5626;
	} else if (strcmp(text, "at once") == 0) {
		g->reconnect = RS_RECONNECT_AT_ONCE;
	} else if (strcmp(text, "never") == 0) {
		g->reconnect = RS_RECONNECT_NEVER;
	} else if (strncmp(text, "spread ", 7) == 0 && rs_text_duration(text + 7, &g->spread_ns) == 0) {
		g->reconnect = RS_RECONNECT_SPREAD;
	} else {
		return rs_part_fail(r, p, "reconnect", -EINVAL,
			"\"%.60s\" is not known: \"rfc5626\", \"at once\", \"spread 10s\" and \"never\" are", text);
	}
	return 0;
}

static int
read_ws(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	static const struct rs_setting ws = { .name = "ws", .group = &rs_group_ws };
	struct rs_part inside = rs_part_inside(p, &ws, -1);
	uint32_t n = inside.node ? rs_part_n(&inside, "headers") : 0;

	if (inside.node && !rs_transport_is_ws(g->transport))
		return rs_part_fail(r, p, "ws", -EINVAL,
			"is for transport = \"ws\" and \"wss\", but it is \"%s\": remove it", rs_transport_word(g->transport));
	if (g->ws.path && g->ws.path[0] != '/')
		return rs_part_fail(r, &inside, "path", -EINVAL, "\"%.60s\" does not begin with /", g->ws.path);
	if (n > MAX_WS_HEADERS)
		return rs_part_fail(r, &inside, "headers", -EINVAL, "%u headers: at most %d", n, MAX_WS_HEADERS);
	if (n == 0)
		return 0;
	g->ws.headers = rs_plan_alloc(r->mem, n * sizeof(*g->ws.headers));
	if (!g->ws.headers)
		return -ENOMEM;
	for (; g->ws.n_headers < n; g->ws.n_headers++) {
		const char *text = rs_part_string(&inside, "headers", g->ws.n_headers);
		const char *colon = strchr(text, ':');

		if (!colon || colon == text || strpbrk(text, "\r\n"))
			return rs_part_fail(r, &inside, "headers", -EINVAL,
				"\"%.60s\" is no header: write \"Name: value\"", text);
		g->ws.headers[g->ws.n_headers] = text;
	}
	return 0;
}

/* Settings of connections on a group that has none. */
static int
check_datagrams(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	static const char *const names[] = { "connections", "reconnect", "keep_alive", "outbound", "alias",
		"connect_rate" };

	for (size_t i = 0; i < RS_COUNT(names) && !rs_transport_is_stream(g->transport); i++)
		if (rs_tree_get(p->node, names[i]))
			return rs_part_fail(r, p, names[i], -EINVAL,
				"is for connections, and over UDP there are none: remove it, or set transport");
	return 0;
}

static int
check_large(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	if (g->large_messages == RS_LARGE_TCP && rs_transport_is_stream(g->transport))
		return rs_part_fail(r, p, "large_messages", -EINVAL,
			"is for transport = \"udp\", but it is \"%s\", which all messages go over: remove it",
			rs_transport_word(g->transport));
	return 0;
}

static int
check_alias(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	if (!g->alias)
		return 0;
	if (rs_transport_is_ws(g->transport))
		return rs_part_fail(r, p, "alias", -EINVAL,
			"is for transport = \"tcp\" and \"tls\", but it is \"%s\", which only its client opens: remove it",
			rs_transport_word(g->transport));
	if (!g->has_proxy || g->connections == RS_CONNECTIONS_CALL)
		return rs_part_fail(r, p, "alias", -EINVAL,
			"is for connections that stay: set proxy, and connections = \"endpoint\" or \"shared\"");
	return 0;
}

int
rs_read_transport(struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	bool own = g->connections == RS_CONNECTIONS_ENDPOINT;
	int rc;

	if ((rc = check_datagrams(r, p, g)) != 0 || (rc = check_large(r, p, g)) != 0 || (rc = read_proxies(r, p, g)) != 0 ||
		(rc = read_reconnect(r, p, g)) != 0 || (rc = read_ws(r, p, g)) != 0)
		return rc;
	if (g->kind == RS_GROUP_TRUNK && !rs_tree_get(p->node, "connections"))
		g->connections = RS_CONNECTIONS_SHARED;
	else if (g->kind == RS_GROUP_TRUNK && own)
		return rs_part_fail(r, p, "connections", -EINVAL,
			"a trunk is one address and port for all: \"shared\" or \"call\"");
	if (g->outbound && !own)
		return rs_part_fail(r, p, "outbound", -EINVAL,
			"needs a connection of each endpoint's own: set connections = \"endpoint\", or remove it");
	if ((rc = check_alias(r, p, g)) != 0)
		return rc;
	if (g->connect_hz > 0 && (!g->has_proxy || g->connections == RS_CONNECTIONS_CALL))
		return rs_part_fail(r, p, "connect_rate", -EINVAL,
			"is for connections that stay: set proxy, and connections = \"endpoint\" or \"shared\"");
	if (g->outbound && !rs_tree_get(p->node, "keep_alive"))
		g->keep_alive_ns = KEEP_ALIVE_NS;
	if (rs_transport_is_ws(g->transport) && !g->has_proxy && g->connections == RS_CONNECTIONS_CALL)
		return rs_part_fail(r, p, "connections", -EINVAL,
			"of WebSocket are opened to a proxy: set proxy, or let the group answer only");
	return 0;
}
