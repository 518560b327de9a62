/* SPDX-License-Identifier: BSD-3-Clause */
/* `run`: a whole test, from the plan to the report, with Ctrl-C in order. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "loadctl.h"
#include "observe/observe.h"

#define LIVE_MS  1000
#define LATER_MS 60 /* the daemon closes an interval just after its second */

struct session {
	const struct args *a;
	struct link *link;
	struct live *live; /* NULL: quiet */
	int signal_fd;
	int signals;          /* how many came */
	int live_id, wait_id; /* requests on their way, 0: none */
};

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A request whose answer is needed now; others that come meanwhile are of no interest. @return exit status */
static int
call(struct session *s, const char *method, json_t *params, json_t **result)
{
	json_t *message;
	int id = link_send(s->link, method, params), status;

	*result = NULL;
	for (;;) {
		if (id < 0 || link_receive(s->link, -1, &message) != 0)
			return link_lost(s->a);
		if (message_id(message) == id)
			break;
		json_decref(message);
	}
	status = message_result(message, result);
	json_decref(message);
	return status;
}

static int
begin(struct session *s)
{
	json_t *params = json_pack("{s:o}", "set", sets_json(s->a)), *result;
	int status;

	if (s->a->n_words) {
		char *plan = absolute(s->a->words[0]);

		json_object_set_new(params, "plan", json_string(plan));
		free(plan);
	}
	status = call(s, "run", params, &result);
	json_decref(result);
	return status;
}

static void
take_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	s->signals++;
	fprintf(stderr, "%s\n",
		s->signals == 1 ? "\nstopping: no new calls; once more to end at once"
				: "\nending at once");
	link_send(s->link, "stop", json_pack("{s:s}", "how", s->signals == 1 ? "drain" : "now"));
}

/* @return -1: go on; else the run's exit status */
static int
take_message(struct session *s, const json_t *message)
{
	json_t *result = NULL;
	int id = message_id(message), status = -1;

	if (id == s->live_id) {
		s->live_id = 0;
		if (json_object_get(message, "result"))
			live_show(s->live, json_object_get(message, "result"));
	} else if (id == s->wait_id) {
		status = message_result(message, &result);
		if (status == 0)
			status = (int)json_integer_value(json_object_get(result, "status"));
		json_decref(result);
	}
	return status;
}

/* Until the run has ended: answers, signals, and a request for the live line every second. @return exit status */
static int
watch(struct session *s)
{
	uint64_t next_ms = rs_clock_mono_ms() + LIVE_MS + LATER_MS;
	json_t *message;

	s->wait_id = link_send(s->link, "wait", NULL);
	if (s->wait_id < 0)
		return link_lost(s->a);
	for (;;) {
		struct pollfd fds[] = { { .fd = link_fd(s->link), .events = POLLIN },
			{ .fd = s->signal_fd, .events = POLLIN } };
		uint64_t now = rs_clock_mono_ms();

		if (!link_ready(s->link))
			poll(fds, 2, next_ms > now ? (int)(next_ms - now) : 0);
		if (fds[1].revents)
			take_signal(s);
		int rc = link_receive(s->link, 0, &message);

		if (rc == -EPIPE)
			return link_lost(s->a);
		if (rc == 0) {
			int status = take_message(s, message);

			json_decref(message);
			if (status >= 0)
				return status;
		}
		now = rs_clock_mono_ms();
		if (s->live && now >= next_ms) {
			next_ms = now + LIVE_MS - (now - next_ms) % LIVE_MS;
			if (s->live_id == 0)
				s->live_id = link_send(s->link, "live", NULL);
		} else if (now >= next_ms) {
			next_ms = now + LIVE_MS;
		}
	}
}

static int
not_writable(const char *file)
{
	fprintf(stderr, "loadctl: %s: the report cannot be written there: %s\n", file, strerror(errno));
	return EXIT_RESOURCE;
}

static int
write_report(const char *file, const json_t *report)
{
	if (strcmp(file, "-") == 0) {
		print_json(report);
		return 0;
	}
	if (json_dump_file(report, file, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0)
		return 0;
	return not_writable(file);
}

/* Known before the run rather than after it. The file is not emptied: a run that does not begin leaves the last report. */
static int
check_writable(const char *file)
{
	int fd;

	if (!file || strcmp(file, "-") == 0)
		return 0;
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return not_writable(file);
	close(fd);
	return 0;
}

static int
finish(struct session *s, bool text)
{
	json_t *figures, *report;
	int status;

	if (s->live && call(s, "live", NULL, &figures) == 0) {
		live_show(s->live, figures);
		json_decref(figures);
	}
	live_end(s->live);
	s->live = NULL;
	status = call(s, "report", NULL, &report);
	if (status == 0 && text)
		rs_report_print(stdout, report);
	if (status == 0 && s->a->json_file)
		status = write_report(s->a->json_file, report);
	json_decref(report);
	return status;
}

int
verb_run(const struct args *a)
{
	bool text = !a->json_file || strcmp(a->json_file, "-") != 0;
	struct session s = { .a = a, .signal_fd = -1 };
	int status = check_writable(a->json_file), told;

	if (status == 0)
		status = link_open(a->socket, &s.link);
	if (status)
		return status;
	s.signal_fd = open_signals();
	status = begin(&s);
	if (status == 0) {
		s.live = text ? live_begin() : NULL;
		status = watch(&s);
		if (status != EXIT_NO_DAEMON) {
			told = finish(&s, text);
			status = told ? told : status;
		}
		live_end(s.live);
	}
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	link_close(s.link);
	return status;
}
