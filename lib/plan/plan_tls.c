/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS profiles: versions, suites, groups, certificates and their files. */
#include <limits.h>

#include "plan/plan_read.h"

#define V12 0x0303u
#define V13 0x0304u
#define MAX_ALPN     8
#define MAX_ALPN_LEN 32 /* RFC 7301 has 255; none that is registered is as long */

/* --- versions, suites, groups --- */

static int
read_versions(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	static const char *const names[] = { "1.2", "1.3" };
	uint32_t n = rs_part_n(p, "versions");
	char near[100];

	t->min_version = n ? V13 : V12;
	t->max_version = n ? V12 : V13;
	for (uint32_t i = 0; i < n; i++) {
		const char *text = rs_part_string(p, "versions", i);
		uint16_t v = strcmp(text, "1.2") == 0 ? V12 : V13;

		if (strcmp(text, names[0]) != 0 && strcmp(text, names[1]) != 0)
			return rs_part_fail(r, p, "versions", -EINVAL, "unknown version \"%.40s\"%s", text,
				rs_did_you_mean(text, names, 2, near, sizeof(near))[0] ? near : ": known are 1.2 and 1.3");
		t->min_version = v < t->min_version ? v : t->min_version;
		t->max_version = v > t->max_version ? v : t->max_version;
	}
	return n == 0 || t->min_version <= t->max_version ? 0 : -EINVAL;
}

/* What the record layer can do, then what OpenSSL does for it, by the names of IANA's registry and of OpenSSL. */
static const struct {
	const char *name, *openssl;
	uint16_t version;
	bool lent; /* OpenSSL: offered where it is named only */
} suites[] = {
	{ "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", V13, false },
	{ "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", V13, false },
	{ "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", V13, false },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", V12, false },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", V12, false },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", V12, false },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", V12, false },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", V12, false },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", V12, false },
	{ "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", V12, false },
	{ "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", V12, false },
	{ "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305", V12, false },
	{ "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", V12, false },
	{ "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", V12, false },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM", V12, true },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", V12, true },
	{ "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", V12, true },
	{ "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", V12, true },
	{ "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", V12, true },
	{ "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_128_CCM", "DHE-RSA-AES128-CCM", V12, true },
	{ "TLS_DHE_RSA_WITH_AES_256_CCM", "DHE-RSA-AES256-CCM", V12, true },
	{ "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", V12, true },
	{ "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", V12, true },
	{ "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", V12, true },
	{ "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", V12, true },
	{ "TLS_RSA_WITH_AES_128_CCM", "AES128-CCM", V12, true },
	{ "TLS_RSA_WITH_AES_256_CCM", "AES256-CCM", V12, true },
	{ "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256", V13, true },
	{ "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256", V13, true },
};
#define N_SUITES RS_COUNT(suites)

static size_t
find_suite(const char *text)
{
	size_t i = 0;

	while (i < N_SUITES && strcmp(text, suites[i].name) != 0 && strcmp(text, suites[i].openssl) != 0)
		i++;
	return i;
}

static int
unknown_suite(const struct rs_reader *r, const struct rs_part *p, const char *text)
{
	const char *names[2 * N_SUITES];
	char near[100];

	for (size_t i = 0; i < N_SUITES; i++) {
		names[i] = suites[i].name;
		names[N_SUITES + i] = suites[i].openssl;
	}
	if (strstr(text, "ARIA") || strstr(text, "CAMELLIA") || strstr(text, "DES") || strstr(text, "RC4"))
		return rs_part_fail(r, p, "ciphers", -EINVAL,
			"\"%.60s\" is not in this version: use suites with AES or ChaCha20-Poly1305, such as "
			"\"ECDHE-ECDSA-AES128-GCM-SHA256\"",
			text);
	return rs_part_fail(r, p, "ciphers", -EINVAL, "unknown suite \"%.60s\"%s", text,
		rs_did_you_mean(text, names, 2 * N_SUITES, near, sizeof(near))[0]
			? near
			: ": write it as the RFCs do, such as \"TLS_AES_128_GCM_SHA256\"");
}

/* The OpenSSL names of some suites of one version, with ':' between. @return NULL without memory */
static const char *
join_suites(const struct rs_reader *r, const size_t *which, size_t n, uint16_t version)
{
	char text[N_SUITES * 64];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (suites[which[i]].version == version)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ":" : "", suites[which[i]].openssl);
	return rs_plan_dup(r->mem, text);
}

static int
read_suites(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	uint32_t n = rs_part_n(p, "ciphers");
	size_t which[N_SUITES];

	size_t all = 0;

	for (; all < N_SUITES && !suites[all].lent; all++)
		which[all] = all;
	if (n > N_SUITES)
		return rs_part_fail(r, p, "ciphers", -EINVAL, "%u suites: there are %zu", n, N_SUITES);
	for (uint32_t i = 0; i < n; i++) {
		const char *text = rs_part_string(p, "ciphers", i);

		which[i] = find_suite(text);
		if (which[i] == N_SUITES)
			return unknown_suite(r, p, text);
		for (uint32_t k = 0; k < i; k++)
			if (which[k] == which[i])
				return rs_part_fail(r, p, "ciphers", -EINVAL, "\"%.60s\" is named twice", text);
		t->lends |= suites[which[i]].lent;
	}
	t->ciphers = join_suites(r, which, n ? n : all, V12);
	t->suites = join_suites(r, which, n ? n : all, V13);
	if (!t->ciphers || !t->suites)
		return -ENOMEM;
	if (t->min_version == V12 && !t->ciphers[0]) { /* only what there are suites for is offered */
		if (t->max_version == V12)
			return rs_part_fail(r, p, "ciphers", -EINVAL,
				"names no suite of TLS 1.2, the only one of versions: add \"ECDHE-ECDSA-AES128-GCM-SHA256\"");
		t->min_version = V13;
	}
	if (t->max_version == V13 && !t->suites[0]) {
		if (t->min_version == V13)
			return rs_part_fail(r, p, "ciphers", -EINVAL,
				"names no suite of TLS 1.3, the only one of versions: add \"TLS_AES_128_GCM_SHA256\"");
		t->max_version = V12;
	}
	t->ciphers = t->ciphers[0] ? t->ciphers : NULL;
	return 0;
}

bool
rs_plan_suite_is_lent(const char *openssl, size_t len)
{
	size_t i = 0;

	while (i < N_SUITES && (strlen(suites[i].openssl) != len || memcmp(suites[i].openssl, openssl, len) != 0))
		i++;
	return i < N_SUITES && suites[i].lent;
}

static int
read_groups(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	static const char *const known[] = { "X25519", "P-256", "P-384", "P-521", "X448", "ffdhe2048", "ffdhe3072" };
	uint32_t n = rs_part_n(p, "groups");
	char text[128] = "X25519:P-256:P-384", near[100];
	size_t at = 0;

	if (n > RS_COUNT(known))
		return rs_part_fail(r, p, "groups", -EINVAL, "%u groups: there are %zu", n, RS_COUNT(known));
	for (uint32_t i = 0; i < n; i++) {
		const char *name = rs_part_string(p, "groups", i);
		size_t k = 0;

		while (k < RS_COUNT(known) && strcmp(known[k], name) != 0)
			k++;
		if (k == RS_COUNT(known))
			return rs_part_fail(r, p, "groups", -EINVAL, "unknown group \"%.60s\"%s", name,
				rs_did_you_mean(name, known, RS_COUNT(known), near, sizeof(near))[0]
					? near
					: ": known are X25519, P-256, P-384, P-521, X448, ffdhe2048 and ffdhe3072");
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ":" : "", name);
	}
	t->groups = rs_plan_dup(r->mem, text);
	return t->groups ? 0 : -ENOMEM;
}

static int
read_alpn(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	uint32_t n = rs_part_n(p, "alpn");

	if (n > MAX_ALPN)
		return rs_part_fail(r, p, "alpn", -EINVAL, "%u protocols: at most %d", n, MAX_ALPN);
	t->alpn = rs_plan_alloc(r->mem, (n + 1) * sizeof(*t->alpn));
	if (!t->alpn)
		return -ENOMEM;
	for (; t->n_alpn < n; t->n_alpn++) {
		const char *text = rs_part_string(p, "alpn", t->n_alpn);

		if (strlen(text) > MAX_ALPN_LEN)
			return rs_part_fail(r, p, "alpn", -EINVAL, "\"%.60s\" is longer than a protocol's name can be here: at most %d bytes",
				text, MAX_ALPN_LEN);
		t->alpn[t->n_alpn] = text;
	}
	return 0;
}

/* --- files --- */

/* Beside the plan, whether it is there or not. */
static const char *
beside(const struct rs_reader *r, const char *name)
{
	const char *slash = strrchr(r->file, '/');
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s%s", name[0] != '/' && slash ? (int)(slash - r->file) + 1 : 0, r->file, name);

	return n >= 0 && (size_t)n < sizeof(path) ? rs_plan_copy(r->mem, path, (size_t)n) : NULL;
}

static int
find(const struct rs_reader *r, const struct rs_part *p, const char *setting, const char *name, const char **out)
{
	struct rs_err cause = { 0 };
	char path[PATH_MAX];
	int rc = r->io->find(r->file, name, false, path, sizeof(path), &cause);

	if (rc != 0)
		return rs_part_fail(r, p, setting, rc == -ENOMEM ? rc : -EINVAL, "%s", cause.text);
	*out = rs_plan_dup(r->mem, path);
	return *out ? 0 : -ENOMEM;
}

static int
read_trust(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	const char *ca = rs_part_text(r, p, "ca"), *log = rs_part_text(r, p, "key_log");
	const struct rs_node *verify = rs_tree_get(p->node, "verify");
	struct rs_err cause = { 0 };
	int rc;

	t->sni = t->sni && strcmp(t->sni, "none") == 0 ? "" : t->sni;
	t->check_name = t->check_name && strcmp(t->check_name, "none") == 0 ? "" : t->check_name;
	t->verify = verify ? verify->b : ca != NULL;
	if (log && !(t->key_log = beside(r, log)))
		return -ENOMEM;
	if (!ca)
		return 0;
	if ((rc = find(r, p, "ca", ca, &t->ca)) != 0)
		return rc;
	if (!t->verify)
		return rs_part_fail(r, p, "ca", -EINVAL, "is of no use where verify is false: set verify = true, or remove one of them");
	if (r->io->ca && (rc = r->io->ca(t->ca, &cause)) != 0)
		return rs_part_fail(r, p, "ca", rc == -ENOMEM ? rc : -EINVAL, "%s", cause.text);
	return 0;
}

static int
divide(const struct rs_reader *r, const struct rs_part *p, const char *setting, struct rs_pattern *out)
{
	const char *text = rs_part_text(r, p, setting), *why;

	if (!text)
		text = rs_part_text(r, p, "cert");
	if (rs_pattern_divide(text, out, &why) != 0)
		return rs_part_fail(r, p, setting, -EINVAL, "\"%.100s\" %s", text, why);
	if (out->what == RS_PATTERN_RANDOM)
		return rs_part_fail(r, p, setting, -EINVAL,
			"\"%.100s\" would be another with every handshake: use {index}", text);
	if (rs_pattern_longest(out) >= NAME_MAX * 4)
		return rs_part_fail(r, p, setting, -EINVAL, "\"%.100s...\" is too long for a file's name", text);
	return 0;
}

static int
check_cert_settings(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t)
{
	static const char *const about_cert[] = { "key", "expired" };
	struct rs_pattern cert, key;
	int rc;

	if (rs_part_text(r, p, "cert")) {
		if (t->generate)
			return rs_part_fail(r, p, "generate", -EINVAL, "is of no use beside cert: remove one of them");
		if ((rc = divide(r, p, "cert", &cert)) != 0 || (rc = divide(r, p, "key", &key)) != 0)
			return rc;
		if (cert.what != key.what)
			return rs_part_fail(r, p, cert.what ? "key" : "cert", -EINVAL,
				"has no {index}, but %s has: they belong together", cert.what ? "cert" : "key");
		return 0;
	}
	for (size_t i = 0; i < RS_COUNT(about_cert); i++)
		if (rs_tree_get(p->node, about_cert[i]))
			return rs_part_fail(r, p, about_cert[i], -EINVAL, "is of no use without cert: add cert = \"FILE\"");
	return 0;
}

static int
name_file(const struct rs_reader *r, const struct rs_part *p, const char *setting, uint32_t index, const char **out)
{
	struct rs_pattern pattern = { 0 };
	char name[NAME_MAX * 4 + 1];
	int rc = divide(r, p, setting, &pattern), n;

	if (rc != 0)
		return rc;
	n = rs_pattern_write(&pattern, index, 0, (uint8_t *)name, sizeof(name) - 1);
	if (n < 0)
		return n;
	name[n] = '\0';
	return find(r, p, setting, name, out);
}

static int
load_certs(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_tls *t, uint32_t n)
{
	struct rs_err cause = { 0 };
	int rc;

	t->certs = rs_plan_alloc(r->mem, n * sizeof(*t->certs));
	t->keys = rs_plan_alloc(r->mem, n * sizeof(*t->keys));
	if (!t->certs || !t->keys)
		return -ENOMEM;
	for (; t->n_certs < n; t->n_certs++) {
		uint32_t i = t->n_certs;

		if ((rc = name_file(r, p, "cert", i, &t->certs[i])) != 0 || (rc = name_file(r, p, "key", i, &t->keys[i])) != 0)
			return rc;
		if (r->io->cert && (rc = r->io->cert(t->certs[i], t->keys[i], t->expired, &cause)) != 0)
			return rs_part_fail(r, p, "cert", rc == -ENOMEM ? rc : -EINVAL, "%s", cause.text);
	}
	return 0;
}

/* --- profiles --- */

int
rs_read_tls(struct rs_reader *r)
{
	struct rs_part all = rs_part_of(r, RS_SECTION_TLS, -1);
	struct rs_plan *plan = r->plan;
	uint32_t n = all.node ? all.node->n : 0;
	int rc;

	if (n > RS_MAX_TLS)
		return rs_part_fail(r, &all, NULL, -EINVAL, "%u profiles: at most %d", n, RS_MAX_TLS);
	plan->tls = rs_plan_alloc(r->mem, (n ? n : 1) * sizeof(*plan->tls));
	if (!plan->tls)
		return -ENOMEM;
	while (plan->n_tls < n) {
		struct rs_part p = rs_part_of(r, RS_SECTION_TLS, (int)plan->n_tls);
		struct rs_plan_tls *t = &plan->tls[plan->n_tls++];

		t->line = p.node->line;
		if ((rc = rs_part_read(r, &p, t)) != 0 || (rc = rs_part_check_name(r, &p, t->name)) != 0 ||
			(rc = read_versions(r, &p, t)) != 0 || (rc = read_suites(r, &p, t)) != 0 ||
			(rc = read_groups(r, &p, t)) != 0 || (rc = read_alpn(r, &p, t)) != 0 ||
			(rc = read_trust(r, &p, t)) != 0 || (rc = check_cert_settings(r, &p, t)) != 0)
			return rc;
		if (t->timeout_ns < 1000000)
			return rs_part_fail(r, &p, "timeout", -EINVAL, "is out of range: at least 1ms");
		for (const struct rs_plan_tls *o = plan->tls; o < t; o++)
			if (strcmp(o->name, t->name) == 0)
				return rs_part_fail(
					r, &p, "name", -EINVAL, "there is another profile \"%s\" (line %d)", o->name, o->line);
	}
	return 0;
}

int
rs_read_group_tls(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	const char *name = rs_part_text(r, p, "tls"), *names[RS_MAX_TLS];
	char near[100];

	g->tls = -1;
	if (!name && rs_transport_is_secure((enum rs_transport)g->transport))
		return rs_part_fail(r, p, "transport", -EINVAL,
			"\"%s\" needs a TLS profile: add tls = ( { name = \"default\"; } ) to the plan, and tls = "
			"\"default\" here",
			rs_transport_word((enum rs_transport)g->transport));
	if (name && !rs_transport_is_secure((enum rs_transport)g->transport))
		return rs_part_fail(r, p, "tls", -EINVAL,
			"is for transport = \"tls\" and \"wss\", but it is \"%s\": remove it, or set transport",
			rs_transport_word((enum rs_transport)g->transport));
	if (!name)
		return 0;
	for (uint32_t i = 0; i < r->plan->n_tls; i++) {
		names[i] = r->plan->tls[i].name;
		if (strcmp(names[i], name) == 0)
			g->tls = (int32_t)i;
	}
	if (g->tls >= 0)
		return 0;
	return rs_part_fail(r, p, "tls", -EINVAL, "there is no TLS profile \"%.60s\"%s", name,
		r->plan->n_tls == 0 ? ": add tls = ( { name = \"...\"; } )"
				    : rs_did_you_mean(name, names, r->plan->n_tls, near, sizeof(near)));
}

int
rs_read_certs(const struct rs_reader *r)
{
	int rc = 0;

	for (uint32_t i = 0; i < r->plan->n_tls && rc == 0; i++) {
		struct rs_part p = rs_part_of(r, RS_SECTION_TLS, (int)i);
		const char *text = rs_part_text(r, &p, "cert");
		uint32_t n = 1;

		if (!text)
			continue;
		for (uint32_t g = 0; strchr(text, '{') && g < r->plan->n_groups; g++)
			if (r->plan->groups[g].tls == (int32_t)i && r->plan->groups[g].count > n)
				n = r->plan->groups[g].count;
		if (n > RS_MAX_TLS_CERTS)
			return rs_part_fail(r, &p, "cert", -EINVAL,
				"one for each of %u endpoints: at most %d; name one for all, or make groups of fewer", n, RS_MAX_TLS_CERTS);
		rc = load_certs(r, &p, &r->plan->tls[i], n);
	}
	return rc;
}
