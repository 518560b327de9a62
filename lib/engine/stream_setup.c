/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a worker's media. */
#include <errno.h>

#include "engine/stream.h"

uint32_t
streams_count(const struct rs_media_setup *setup, uint64_t legs)
{
	uint64_t n = legs, kinds = 1;

	if (!setup || setup->n_profiles == 0)
		return 0;
	for (uint32_t i = 0; i < setup->n_profiles; i++)
		for (uint64_t k = 1; k < RS_MEDIA_KINDS; k++)
			if (setup->profiles[i].sdp[k] && kinds <= k)
				kinds = k + 1;
	if (setup->streams && setup->streams < n)
		n = setup->streams;
	n *= kinds;
	return n < UINT32_MAX / 4 ? (uint32_t)n : UINT32_MAX / 4;
}

static bool
is_secure(const struct rs_media_setup *setup)
{
	for (uint32_t i = 0; i < setup->n_profiles; i++)
		for (uint32_t k = 0; k < RS_MEDIA_KINDS; k++)
			if (setup->profiles[i].sdp[k] && setup->profiles[i].sdp[k]->srtp != RS_SDP_SRTP_FORBIDDEN)
				return true;
	return false;
}

static bool
hears_digits(const struct rs_media_setup *setup)
{
	for (uint32_t i = 0; i < setup->n_profiles; i++)
		if (setup->profiles[i].hear_digits)
			return true;
	return false;
}

#define GCM_BYTES (2 * RS_SRTP_GCM_BYTES)

uint64_t
streams_reserve(const struct rs_plan *plan, const struct rs_media_setup *setup, uint32_t worker, uint64_t legs)
{
	uint64_t n = streams_count(setup, legs), bytes;

	if (n == 0)
		return 0;
	/* The calls' own part too: it is there, whoever the setup is from. */
	bytes = n * (STREAM_BYTES + rs_pool_cost(0)) + legs * rs_pool_cost(sizeof(struct media)) + sizeof(struct rs_sdp) +
		calendar_reserve((uint32_t)n) + media_ports_reserve(plan, worker, n) + rs_srtp_engine_size() +
		sizeof(struct streams) + sizeof(struct stream_batch) + SENT_RUNS * sizeof(struct sent_run) +
		MAX_RX_PROFILES * sizeof(struct rs_rtp_profile) + SCRATCH_BYTES + 64 * 4096;
	if (is_secure(setup))
		bytes += n * (rs_pool_cost(sizeof(struct stream_keys)) + sizeof(struct stream_secrets) + rs_pool_cost(GCM_BYTES));
	if (hears_digits(setup))
		bytes += n * rs_pool_cost(sizeof(struct rs_dtmf_detector));
	bytes += HELD_MAX * (sizeof(struct held) + sizeof(struct held *)); /* whatever the plan says: it can be asked for later */
	return bytes;
}

static int
secure_setup(struct rs_engine *e, struct streams *ms, uint32_t n)
{
	void *memory = rs_arena_alloc(&e->arena, rs_srtp_engine_size(), 64);
	int rc = memory ? rs_srtp_engine_init(memory, RS_SRTP_BEST, &ms->srtp) : -ENOMEM;

	if (rc == 0)
		rc = rs_pool_init(&ms->keys, &e->arena, sizeof(struct stream_keys), n);
	if (rc == 0)
		rc = rs_pool_init(&ms->gcm, &e->arena, GCM_BYTES, n);
	ms->secrets = rs_arena_alloc(&e->arena, (size_t)n * sizeof(*ms->secrets), 64);
	return rc ? rc : ms->secrets ? 0 : -ENOMEM;
}

static int
held_setup(struct rs_engine *e, struct streams *ms)
{
	ms->helds = rs_arena_alloc(&e->arena, HELD_MAX * sizeof(*ms->helds), 64);
	ms->heap = rs_arena_alloc(&e->arena, HELD_MAX * sizeof(*ms->heap), 64);
	if (!ms->helds || !ms->heap)
		return -ENOMEM;
	for (uint32_t i = 0; i < HELD_MAX; i++)
		ms->heap[i] = &ms->helds[i];
	return 0;
}

int
streams_setup(struct rs_engine *e, const struct rs_media_setup *setup, uint64_t legs, uint32_t first_node)
{
	uint32_t n = streams_count(setup, legs);
	struct streams *ms;
	int rc;

	if (n == 0)
		return 0;
	ms = rs_arena_alloc(&e->arena, sizeof(*ms), 64);
	if (!ms)
		return -ENOMEM;
	ms->setup = setup;
	streams_impair_look(ms);
	ms->first_node = first_node;
	for (uint32_t i = 0; i < setup->n_profiles; i++)
		ms->images |= setup->profiles[i].images;
	ms->rng.state = rs_random_at(e->plan->seed, 0x6d, e->worker);
	rc = rs_pool_init(&ms->pool, &e->arena, sizeof(struct stream), n);
	if (rc == 0)
		rc = calendar_init(&ms->calendar, &e->arena, n, e->now);
	if (rc == 0)
		rc = media_ports_init(&ms->ports, &e->arena, e->plan, e->steer_bits, e->worker, n);
	if (rc == 0 && is_secure(setup))
		rc = secure_setup(e, ms, n);
	if (rc == 0 && hears_digits(setup))
		rc = rs_pool_init(&ms->detectors, &e->arena, sizeof(struct rs_dtmf_detector), n);
	if (rc == 0)
		rc = held_setup(e, ms);
	ms->rx = rs_arena_alloc(&e->arena, (size_t)n * sizeof(*ms->rx), 64);
	ms->cold = rs_arena_alloc(&e->arena, (size_t)n * sizeof(*ms->cold), 64);
	ms->profiles = rs_arena_alloc(&e->arena, MAX_RX_PROFILES * sizeof(*ms->profiles), 64);
	ms->runs = rs_arena_alloc(&e->arena, SENT_RUNS * sizeof(*ms->runs), 64);
	ms->batch = rs_arena_alloc(&e->arena, sizeof(*ms->batch), 64);
	ms->scratch = rs_arena_alloc(&e->arena, SCRATCH_BYTES, 64);
	e->streams = ms; /* so that streams_free() finds its engine */
	if (rc == 0 && (!ms->rx || !ms->cold || !ms->profiles || !ms->runs || !ms->batch || !ms->scratch))
		rc = -ENOMEM;
	return rc;
}

void
streams_free(struct rs_engine *e)
{
	if (e->streams && e->streams->srtp)
		rs_srtp_engine_fini(e->streams->srtp);
}

void
streams_gauges(struct rs_engine *e)
{
	const struct streams *ms = e->streams;
	struct rs_metrics *m = &e->account->media;

	rs_metric_set(m, RS_MEDIA_W_PORTS, ms->ports.used);
	rs_metric_set(m, RS_MEDIA_W_STREAMS, ms->pool.used);
	rs_metric_set(m, RS_MEDIA_W_BYTES,
		e->media.used * (uint64_t)rs_pool_cost(sizeof(struct media)) + ms->pool.used * (uint64_t)STREAM_BYTES +
			ms->keys.used * (uint64_t)(STREAM_SECURE_BYTES - STREAM_BYTES) +
			ms->gcm.used * (uint64_t)rs_pool_cost(GCM_BYTES) +
			ms->detectors.used * (uint64_t)rs_pool_cost(sizeof(struct rs_dtmf_detector)));
}
