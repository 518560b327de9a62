/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of loadctl share. */
#ifndef LOADCTL_H
#define LOADCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DEFAULT_SOCKET "/run/ringstorm/ringstorm.sock"
#define MAX_WORDS      10
#define MAX_SETS       64
#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))

/** Exit statuses: see loadctl(1). Those of a run come from the daemon. */
enum exit_status {
	EXIT_OBEYED = 0,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
	EXIT_RESOURCE = 6,
};

/** Options by their bit in a verb's table entry. */
enum option_bit {
	OPT_JSON = 1 << 0,
	OPT_JSON_FILE = 1 << 1,
	OPT_SET = 1 << 2,
	OPT_WAIT = 1 << 3,
	OPT_HANGUP = 1 << 4,
	OPT_NOW = 1 << 5,
	OPT_TIMEOUT = 1 << 6,
	OPT_BY = 1 << 7,
	OPT_FAILED = 1 << 8,
	OPT_WATCH = 1 << 9,
	OPT_STATE = 1 << 10,
	OPT_ACTIVITY = 1 << 11,
	OPT_CAUSE = 1 << 12,
	OPT_MESSAGES = 1 << 13,
	OPT_LIMIT = 1 << 14,
	OPT_CALL = 1 << 15,
	OPT_DIRECTION = 1 << 16,
	OPT_SHARE = 1 << 17,
	OPT_RST = 1 << 18,
	OPT_FIN = 1 << 19,
	OPT_SILENT = 1 << 20,
	OPT_PARTIAL = 1 << 21,
};

/** The command line, read. */
struct args {
	const char *socket;
	const char *words[MAX_WORDS]; /* behind the verb */
	unsigned n_words;
	unsigned given; /* option bits */
	const char *json_file, *timeout, *by, *state, *activity, *cause, *limit, *call, *direction, *share;
	const char *sets[MAX_SETS];
	unsigned n_sets;
};

struct verb {
	const char *name;  /* "rate", "plan check" */
	const char *usage; /* what follows it */
	const char *what;  /* one line */
	const char *more;  /* NULL, or paragraphs that end in a newline */
	const char *example;
	unsigned options;
	unsigned min_words, max_words;
	int (*fn)(const struct args *a); /* @return the exit status */
};

/** All verbs, ended by a NULL name. */
extern const struct verb verbs[];

/* args.c */
/** What the command line asks for besides a verb's function. */
enum ask { ASK_VERB, ASK_HELP, ASK_VERSION, ASK_WRONG /* told on stderr */ };
/** @param verb  out: NULL when none is named (help and version may come without) */
enum ask args_read(int argc, char **argv, struct args *a, const struct verb **verb);
/** @return 0 with @out, or -1 with a message */
int args_number(const char *text, const char *what, double *out);
int args_count(const char *text, const char *what, uint64_t *out);

/* help.c */
void help_all(void);
void help_verb(const struct verb *v);

/* connect.c: one connection to the daemon, with time-outs and several requests on their way */
struct link;
/** @return 0, or an exit status (told on stderr) */
int link_open(const char *socket, struct link **out);
void link_close(struct link *l);
int link_fd(const struct link *l);
/** Send a request; @params is given away and may be NULL. @return its id, or -1 when the daemon is gone */
int link_send(struct link *l, const char *method, json_t *params);
/**
 * The next message: an answer or a notification.
 * @param timeout_ms  -1: for ever
 * @return 0 with @message (a new reference); -EAGAIN (time is over); -EPIPE (the daemon is gone)
 */
int link_receive(struct link *l, int timeout_ms, json_t **message);
/** Does what was received already hold a whole message? */
bool link_ready(const struct link *l);
/** Id of an answer, -1 for a notification. */
int message_id(const json_t *message);
/**
 * Take an answer apart. @return 0 with @result (a new reference), or the exit status of its error, told on stderr
 */
int message_result(const json_t *message, json_t **result);

/** Connect, ask, take the answer, disconnect. @return 0 with @result, or an exit status */
int ask(const struct args *a, const char *method, json_t *params, json_t **result);
/** The same for verbs whose answer is only printed with --json. */
int tell(const struct args *a, const char *method, json_t *params);
/** Settings that cannot be changed, a line each, on stderr. */
void print_refused(const json_t *list);
/** Said when the connection ends under a request. @return EXIT_NO_DAEMON */
int link_lost(const struct args *a);

/* print.c */
void print_json(const json_t *json);
/** One line, for streams. */
void print_json_line(const json_t *json);
struct column {
	const char *key, *title;
	bool left; /* text */
};
/** A list of objects as a table. */
void print_table(
	const json_t *list, const struct column *columns, size_t n, const char *when_empty);

/* live.c */
struct live;
/** The line goes to stdout: rewritten in place on a terminal, otherwise one line each. */
struct live *live_begin(void);
void live_show(struct live *l, const json_t *figures);
/** Leave the line as it is and begin a new one. */
void live_end(struct live *l);

/* verbs_*.c */
json_t *sets_json(const struct args *a);
/** An absolute path for the daemon, whose directory is another one. @return to be freed */
char *absolute(const char *path);
/** Wait for the end of the run, on @l. @return its exit status */
int wait_for_end(const struct args *a, struct link *l, json_t *params, json_t **result);
int verb_run(const struct args *a);
int verb_load(const struct args *a);
int verb_plan_check(const struct args *a);
int verb_scenario_check(const struct args *a);
int verb_scenario_show(const struct args *a);
int verb_scenario_swap(const struct args *a);
int verb_plan_apply(const struct args *a);
int verb_start(const struct args *a);
int verb_stop(const struct args *a);
int verb_pause(const struct args *a);
int verb_resume(const struct args *a);
int verb_wait(const struct args *a);
int verb_reset(const struct args *a);
int verb_quit(const struct args *a);
int verb_rate(const struct args *a);
int verb_limit(const struct args *a);
int verb_activities(const struct args *a);
int verb_status(const struct args *a);
int verb_stats(const struct args *a);
int verb_health(const struct args *a);
int verb_calls(const struct args *a);
int verb_endpoints(const struct args *a);
int verb_media(const struct args *a);
int verb_streams(const struct args *a);
int verb_impair(const struct args *a);
int verb_connections(const struct args *a);
int verb_connections_drop(const struct args *a);
int verb_events(const struct args *a);
int verb_report(const struct args *a);

#endif
