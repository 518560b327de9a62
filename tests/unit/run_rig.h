/* SPDX-License-Identifier: BSD-3-Clause */
/** A daemon on a pair of ring ports that two workers share, and what tests of its runs ask of it. */
#ifndef RS_TESTS_RUN_RIG_H
#define RS_TESTS_RUN_RIG_H

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_mempool.h>

#include "run/daemon.h"
#include "unit.h"

enum { RIG_RING, RIG_CALL };

#define RIG_RINGS(more)                                                                                                \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; " more " } );\n"
#define RIG_CALLS(more)                                                                                                \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"       \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " } );\n"

/* @run: members of `run` */
static inline struct rs_plan *
rig_plan(const char *activities, const char *run)
{
	struct rs_err err = { 0 };
	struct rs_plan *plan;
	char text[4096];

	snprintf(text, sizeof(text),
		"targets = [ \"198.18.0.0/20\" ];\n"
		"workers = { cores = [ %s ]; idle = \"sleep\"; memory_mb = 128; mbufs = 8191; };\n"
		"ports = ( { name = \"a\"; device = \"ring:run/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:run/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 4000; addresses = \"198.18.4.1-198.18.4.100\"; },\n"
		"              { name = \"callees\"; port = \"b\"; count = 4000; addresses = \"198.18.8.1-198.18.8.100\"; } );\n"
		/* A busy machine must not turn a story's verdict: bounds on the generator have tests of their own. */
		"%s\nrun = { %s %s limited_percent = 100; health = { gap_percent = 100; lateness_p99_ms = 60000; busy_percent = 100; }; };\n",
		sysconf(_SC_NPROCESSORS_ONLN) > 1 ? "0, 1" : "0", activities, run,
		strstr(run, "max_calls") ? "" : "max_calls = 4000;");
	if (rs_plan_parse("run.conf", text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s", err.text);
	return plan;
}

static inline int
rig_open(void **state)
{
	struct rs_daemon_cfg cfg = { .plan = rig_plan(RIG_CALLS("rate = 10;"), ""), .version = "test", .quiet = true };
	struct rs_err err = { 0 };
	struct rs_daemon *d;

	if (rs_daemon_open(&cfg, &d, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		rs_plan_free(cfg.plan);
		return -1;
	}
	*state = d;
	return 0;
}

static inline int
rig_close(void **state)
{
	rs_daemon_close(*state);
	return 0;
}

static inline void
rig_start(struct rs_daemon *d)
{
	struct rs_err err = { 0 };

	if (rs_daemon_start(d, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(rs_daemon_state(d), RS_STATE_RUNNING);
}

static inline uint64_t
rig_now_ms(void)
{
	return rs_clock_mono_ns() / RS_NS_PER_MS;
}

/* Control's own turns, for @ms. */
static inline void
rig_play(struct rs_daemon *d, uint64_t ms)
{
	for (uint64_t until = rig_now_ms() + ms; rig_now_ms() < until; usleep(2000))
		rs_daemon_poll(d);
}

static inline void
rig_until(struct rs_daemon *d, enum rs_state state, uint64_t ms)
{
	for (uint64_t until = rig_now_ms() + ms; rs_daemon_state(d) != state; usleep(2000)) {
		rs_daemon_poll(d);
		if (rig_now_ms() > until && rs_daemon_state(d) != state)
			fail_msg("still %s after %llu ms", rs_state_name(rs_daemon_state(d)), (unsigned long long)ms);
	}
}

static inline void
rig_until_done(struct rs_daemon *d, uint64_t ms)
{
	rig_until(d, RS_STATE_DONE, ms);
}

static inline void
rig_silence(struct rs_daemon *d)
{
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_NOW, NULL), 0);
	rig_until_done(d, 1000);
}

static inline void
rig_load(struct rs_daemon *d, const char *activities, const char *run)
{
	struct rs_plan *plan = rig_plan(activities, run);
	struct rs_err err = { 0 };

	if (rs_daemon_stop(d, NULL, RS_STOP_NOW, NULL) == 0) /* of a test that failed */
		rig_until_done(d, 1000);
	if (rs_daemon_load(d, plan, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(rs_daemon_state(d), RS_STATE_IDLE);
}

/* An activity's figures as `activities` tells them. */
static inline struct rs_call_totals
rig_activity(struct rs_daemon *d, uint32_t activity)
{
	json_t *list = rs_daemon_activities(d), *a = json_array_get(list, activity);
	struct rs_call_totals t = {
		.offered = (uint64_t)json_integer_value(json_object_get(a, "offered")),
		.not_started = (uint64_t)json_integer_value(json_object_get(a, "not_started")),
		.started = (uint64_t)json_integer_value(json_object_get(a, "started")),
		.completed = (uint64_t)json_integer_value(json_object_get(a, "completed")),
		.failed = (uint64_t)json_integer_value(json_object_get(a, "failed")),
		.open = (uint64_t)json_integer_value(json_object_get(a, "open")),
	};

	assert_int_equal(t.offered, t.started + t.not_started);
	assert_int_equal(t.started, t.completed + t.failed + t.open);
	json_decref(list);
	return t;
}

static inline uint64_t
rig_offered(struct rs_daemon *d)
{
	return rig_activity(d, RIG_CALL).offered;
}

static inline const char *
rig_text(const json_t *report, const char *part, const char *name)
{
	return json_string_value(json_object_get(json_object_get(report, part), name));
}

static inline uint64_t
rig_count(const json_t *report, const char *side, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(json_object_get(json_object_get(report, "calls"), side), name));
}

static inline uint64_t
rig_address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &pages), 1);
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static inline void
rig_add_in_use(struct rte_mempool *pool, void *sum)
{
	*(uint32_t *)sum += rte_mempool_in_use_count(pool);
}

static inline uint32_t
rig_packets_in_use(void)
{
	uint32_t sum = 0;

	rte_mempool_walk(rig_add_in_use, &sum);
	return sum;
}

static atomic_bool rig_held, rig_stands;

static inline void
rig_stand(int number)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	(void)number;
	atomic_store(&rig_stands, true);
	while (atomic_load(&rig_held))
		nanosleep(&ts, NULL);
	atomic_store(&rig_stands, false);
}

/* The thread of worker 0, by the name EAL gives it. */
static inline pid_t
rig_worker_thread(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	pid_t found = 0;

	while (dir && (e = readdir(dir)) != NULL) {
		char path[300], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && (strcmp(name, "lcore-worker-0\n") == 0 || strcmp(name, "rte-worker-0\n") == 0))
			found = (pid_t)atoi(e->d_name);
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	assert_true(found > 0);
	return found;
}

/* Hold worker 0 up, as a machine that takes its core away does; or let it go on. */
static inline void
rig_hold_worker(bool hold)
{
	const struct sigaction act = { .sa_handler = rig_stand };

	atomic_store(&rig_held, hold);
	if (hold) {
		sigaction(SIGUSR1, &act, NULL);
		assert_int_equal(syscall(SYS_tgkill, getpid(), rig_worker_thread(), SIGUSR1), 0);
	}
	while (atomic_load(&rig_stands) != hold)
		usleep(1000);
}

#endif
