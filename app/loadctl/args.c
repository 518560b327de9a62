/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: options anywhere, verbs of one or two words, everything checked against the verb's table entry. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "loadctl.h"

static const struct {
	const char *name;
	unsigned bit;
	bool value;
} options[] = {
	{ "--set", OPT_SET, true },
	{ "--wait", OPT_WAIT, false },
	{ "--hangup", OPT_HANGUP, false },
	{ "--now", OPT_NOW, false },
	{ "--timeout", OPT_TIMEOUT, true },
	{ "--by", OPT_BY, true },
	{ "--failed", OPT_FAILED, false },
	{ "--watch", OPT_WATCH, false },
	{ "--state", OPT_STATE, true },
	{ "--activity", OPT_ACTIVITY, true },
	{ "--cause", OPT_CAUSE, true },
	{ "--messages", OPT_MESSAGES, false },
	{ "--limit", OPT_LIMIT, true },
	{ "--call", OPT_CALL, true },
	{ "--direction", OPT_DIRECTION, true },
	{ "--share", OPT_SHARE, true },
	{ "--rst", OPT_RST, false },
	{ "--fin", OPT_FIN, false },
	{ "--silent", OPT_SILENT, false },
	{ "--partial", OPT_PARTIAL, false },
	{ "--json", OPT_JSON, false },
};

/* Verbs of the whole design that this version refuses by name. */
static const char *const later[] = { "registrations", "legs",
	 "webrtc", "capture", "trace", "search", "profile" };

/* --socket is remembered in `a`, the rest in words and option bits; which of them fit is seen when the verb is known. */
struct reader {
	int argc, at;
	char **argv;
	struct args *a;
	const char *words[MAX_WORDS + 2];
	unsigned n_words;
	bool help, version;
};

/* Is it "--name" or "--name=value"? */
static bool
is_option(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) == 0 && (arg[n] == '\0' || arg[n] == '=');
}

/* The value of the option at hand. @return NULL with a message when there is none */
static const char *
value_of(struct reader *r, const char *arg, const char *name)
{
	if (arg[strlen(name)] == '=')
		return arg + strlen(name) + 1;
	if (r->at < r->argc)
		return r->argv[r->at++];
	fprintf(stderr, "loadctl: %s needs a value\n", name);
	return NULL;
}

static int
keep_value(struct args *a, unsigned bit, const char *value)
{
	switch (bit) {
	case OPT_SET:
		if (a->n_sets == MAX_SETS) {
			fprintf(stderr,
				"loadctl: more than %d --set: put the settings into the plan\n",
				MAX_SETS);
			return -1;
		}
		if (!strchr(value, '=') || value[0] == '=') {
			fprintf(stderr,
				"loadctl: --set %s: give PATH=VALUE, e.g. --set run.seed=7\n",
				value);
			return -1;
		}
		a->sets[a->n_sets++] = value;
		break;
	case OPT_TIMEOUT: a->timeout = value; break;
	case OPT_BY: a->by = value; break;
	case OPT_STATE: a->state = value; break;
	case OPT_ACTIVITY: a->activity = value; break;
	case OPT_CAUSE: a->cause = value; break;
	case OPT_LIMIT: a->limit = value; break;
	case OPT_CALL: a->call = value; break;
	case OPT_DIRECTION: a->direction = value; break;
	case OPT_SHARE: a->share = value; break;
	}
	return 0;
}

/* --json takes a FILE for `run` only, whose name may come before or behind it; the verb is the first word. */
static bool
is_run(const struct reader *r)
{
	if (r->n_words > 0)
		return strcmp(r->words[0], "run") == 0;
	for (int i = r->at; i < r->argc; i++)
		if (r->argv[i][0] != '-')
			return strcmp(r->argv[i], "run") == 0;
	return false;
}

static int
read_json_option(struct reader *r, const char *arg)
{
	if (!is_run(r)) {
		if (arg[strlen("--json")] == '=') {
			fputs("loadctl: only `run` takes --json FILE: this verb prints to standard output\n",
				stderr);
			return -1;
		}
		r->a->given |= OPT_JSON;
		return 0;
	}
	r->a->given |= OPT_JSON_FILE;
	r->a->json_file = value_of(r, arg, "--json");
	return r->a->json_file ? 0 : -1;
}

static int
read_option(struct reader *r, const char *arg)
{
	const char *value;

	if (is_option(arg, "--socket") || strcmp(arg, "-s") == 0) {
		r->a->socket = value_of(r, arg, arg[1] == 's' ? "-s" : "--socket");
		return r->a->socket ? 0 : -1;
	}
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		r->help = true;
		return 0;
	}
	if (strcmp(arg, "--version") == 0) {
		r->version = true;
		return 0;
	}
	if (is_option(arg, "--json"))
		return read_json_option(r, arg);
	for (size_t i = 0; i < COUNT(options); i++) {
		if (!is_option(arg, options[i].name))
			continue;
		r->a->given |= options[i].bit;
		if (!options[i].value) {
			if (arg[strlen(options[i].name)] == '\0')
				return 0;
			fprintf(stderr, "loadctl: %s takes no value\n", options[i].name);
			return -1;
		}
		value = value_of(r, arg, options[i].name);
		return value ? keep_value(r->a, options[i].bit, value) : -1;
	}
	fprintf(stderr, "loadctl: unknown option %s (try: loadctl --help)\n", arg);
	return -1;
}

/* "-5" is a number, "-" a file. */
static bool
is_word(const char *arg)
{
	return arg[0] != '-' || arg[1] == '\0' || (arg[1] >= '0' && arg[1] <= '9') || arg[1] == '.';
}

static int
read_all(struct reader *r)
{
	while (r->at < r->argc) {
		const char *arg = r->argv[r->at++];

		if (!is_word(arg)) {
			if (read_option(r, arg) != 0)
				return -1;
		} else if (r->n_words == COUNT(r->words)) {
			fprintf(stderr, "loadctl: too many arguments, from \"%s\" on\n", arg);
			return -1;
		} else {
			r->words[r->n_words++] = arg;
		}
	}
	return 0;
}

static bool
is_verb(const struct reader *r, const char *name, unsigned *words)
{
	char two[64];

	*words = 1;
	if (strcmp(name, r->words[0]) == 0)
		return true;
	*words = 2;
	if (r->n_words < 2)
		return false;
	snprintf(two, sizeof(two), "%s %s", r->words[0], r->words[1]);
	return strcmp(name, two) == 0;
}

static void
refuse_verb(const struct reader *r)
{
	const char *names[64], *near = NULL;
	unsigned words;
	size_t n = 0;
	char said[64];

	for (size_t i = 0; i < COUNT(later); i++) {
		if (is_verb(r, later[i], &words)) {
			fprintf(stderr, "loadctl: %s: not in this version\n", later[i]);
			return;
		}
	}
	for (const struct verb *v = verbs; v->name && n < COUNT(names); v++) {
		size_t first = strcspn(v->name, " ");

		if (v->name[first] && r->n_words == 1 && strlen(r->words[0]) == first &&
			strncmp(v->name, r->words[0], first) == 0) {
			fprintf(stderr, "loadctl: %s what? Try: loadctl %s --help\n", r->words[0],
				v->name);
			return;
		}
		names[n++] = v->name;
	}
	snprintf(said, sizeof(said), "%s%s%s", r->words[0], r->n_words > 1 ? " " : "",
		r->n_words > 1 ? r->words[1] : "");
	for (size_t i = 0; i < n && !near; i++)
		near = strncmp(names[i], said, strlen(said)) == 0 ? names[i] : NULL;
	if (!near)
		near = rs_text_nearest(said, names, n);
	if (!near && strlen(r->words[0]) < sizeof(said))
		near = rs_text_nearest(r->words[0], names, n);
	fprintf(stderr, "loadctl: no verb \"%s\"%s%s%s (all of them: loadctl --help)\n",
		r->words[0], near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static const struct verb *
find_verb(const struct reader *r, unsigned *words)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (is_verb(r, v->name, words))
			return v;
	return NULL;
}

static const char *
option_name(unsigned bits)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (bits & options[i].bit)
			return options[i].name;
	return "--json";
}

static enum ask
fit(const struct reader *r, const struct verb *v, unsigned used)
{
	struct args *a = r->a;
	unsigned strange = a->given & ~v->options;

	if (strange) {
		fprintf(stderr, "loadctl: %s takes no %s (try: loadctl %s --help)\n", v->name,
			option_name(strange), v->name);
		return ASK_WRONG;
	}
	a->n_words = r->n_words - used;
	if (a->n_words < v->min_words || a->n_words > v->max_words) {
		fprintf(stderr, "loadctl: usage: loadctl %s %s\n", v->name, v->usage);
		return ASK_WRONG;
	}
	memcpy(a->words, r->words + used, a->n_words * sizeof(a->words[0]));
	return ASK_VERB;
}

enum ask
args_read(int argc, char **argv, struct args *a, const struct verb **verb)
{
	struct reader r = { .argc = argc, .at = 1, .argv = argv, .a = a };
	unsigned used = 0;

	*verb = NULL;
	if (read_all(&r) != 0)
		return ASK_WRONG;
	if (!a->socket)
		a->socket = getenv("RINGSTORM_SOCKET");
	if (!a->socket || !a->socket[0])
		a->socket = DEFAULT_SOCKET;
	if (r.version)
		return ASK_VERSION;
	if (r.n_words == 0) {
		if (r.help)
			return ASK_HELP;
		fputs("loadctl: no verb (try: loadctl --help)\n", stderr);
		return ASK_WRONG;
	}
	*verb = find_verb(&r, &used);
	if (!*verb) {
		refuse_verb(&r);
		return ASK_WRONG;
	}
	return r.help ? ASK_HELP : fit(&r, *verb, used);
}

int
args_number(const char *text, const char *what, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (end != text && *end == '\0' && errno == 0 && isfinite(*out))
		return 0;
	fprintf(stderr, "loadctl: \"%s\": %s must be a number\n", text, what);
	return -1;
}

int
args_count(const char *text, const char *what, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0 && text[0] != '-' && *out <= INT64_MAX)
		return 0;
	fprintf(stderr, "loadctl: \"%s\": %s must be a whole number from 0\n", text, what);
	return -1;
}
