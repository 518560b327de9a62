/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets a second that one core protects and unprotects, beside libsrtp2 and beside a bare
 * ipsec-mb loop.
 *
 * The bare loop is the least that anybody must do: IV, ROC and job for each packet, the burst
 * calls, the tag put or compared. It has its own keys, as far apart as ours, and prefetches them 16
 * packets ahead. It knows nothing of headers, indices, replays or failures. libsrtp2 has a session
 * for each key; at most 1,000, since each takes 29 KiB and up to 155 us.
 *
 * Packets come in batches of 64, keys in random order. All three take turns within a round; a
 * figure is the median over all batches. What is measured begins with filled packets and includes
 * filling the batch's items or jobs; packets to unprotect are protected outside of the measured
 * time.
 */
#include <srtp2/srtp.h>

#include "base/arena.h"
#include "bench.h"
#include "bench_srtp_bare.h"
#include "proto/srtp/srtp.h"

#define BATCH   64
#define BATCHES 48 /* of a round */
#define WARM    16 /* of them not counted */
#define ROUNDS  15
#define ROOM    1280
#define PEER    1000 /* keys that libsrtp2 gets at most */

enum who { OURS, BARE, LIBSRTP2, PEERS };

struct bench {
	struct rs_srtp_engine *e;
	struct bare bare;
	struct rs_srtp_ctx *tx, *rx;
	uint8_t *gcm; /* key data of all tx, then of all rx */
	uint16_t *seq;
	srtp_t peer_tx[PEER], peer_rx[PEER];
	uint32_t keys, payload, draw;
	bool is_gcm, unprotect;
	uint32_t order[BATCH + BARE_AHEAD]; /* key of each packet; the bare loop looks ahead */
	uint8_t packets[BATCH][ROOM] __attribute__((aligned(64)));
	struct rs_srtp_item items[BATCH];
};

static uint32_t
draw(struct bench *b)
{
	b->draw = b->draw * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)b->draw * b->keys >> 32);
}

static void
check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_srtp: %s\n", what);
		exit(1);
	}
}

static void
master(uint32_t k, uint8_t *out)
{
	uint64_t x = 0x9e3779b97f4a7c15ull * (k + 1);

	for (int i = 0; i < 30; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		out[i] = (uint8_t)(x >> 56);
	}
}

static void
new_peer(struct bench *b, uint32_t k)
{
	srtp_policy_t policy;
	uint8_t key[30];

	memset(&policy, 0, sizeof(policy));
	master(k, key);
	policy.key = key;
	if (b->is_gcm) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	} else {
		srtp_crypto_policy_set_rtp_default(&policy.rtp);
		srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
	}
	policy.ssrc.type = ssrc_any_outbound;
	check(srtp_create(&b->peer_tx[k], &policy) == srtp_err_status_ok,
		"libsrtp2 makes no session");
	policy.ssrc.type = ssrc_any_inbound;
	check(srtp_create(&b->peer_rx[k], &policy) == srtp_err_status_ok,
		"libsrtp2 makes no session");
}

static void
new_keys(struct bench *b, struct rs_arena *arena)
{
	b->tx = rs_arena_alloc(arena, b->keys * sizeof(*b->tx), 64);
	b->rx = rs_arena_alloc(arena, b->keys * sizeof(*b->rx), 64);
	b->seq = rs_arena_alloc(arena, b->keys * sizeof(*b->seq), 64);
	b->gcm = b->is_gcm ? rs_arena_alloc(arena, 2ull * b->keys * RS_SRTP_GCM_BYTES, 64) : NULL;
	check(b->seq != NULL && (!b->is_gcm || b->gcm != NULL), "no memory");
	for (uint32_t k = 0; k < b->keys; k++) {
		uint8_t key[30];
		struct rs_srtp_keys keys = { .suite = b->is_gcm ? RS_SRTP_AEAD_AES_128_GCM
								: RS_SRTP_AES_CM_128_SHA1_80,
			.key = { key, 16 },
			.salt = { key + 16, b->is_gcm ? 12 : 14 } };
		uint8_t *gcm = b->is_gcm ? b->gcm + (size_t)k * RS_SRTP_GCM_BYTES : NULL;

		master(k, key);
		check(rs_srtp_init(b->e, &keys, gcm, &b->tx[k]) == 0, "keys are refused");
		if (b->is_gcm)
			gcm += (size_t)b->keys * RS_SRTP_GCM_BYTES;
		check(rs_srtp_init(b->e, &keys, gcm, &b->rx[k]) == 0, "keys are refused");
		if (k < PEER && b->keys <= PEER)
			new_peer(b, k);
	}
	check(bare_keys(&b->bare, arena, b->keys, b->is_gcm) == 0, "no memory");
}

static void
free_keys(struct bench *b)
{
	for (uint32_t k = 0; k < b->keys && b->keys <= PEER; k++) {
		srtp_dealloc(b->peer_tx[k]);
		srtp_dealloc(b->peer_rx[k]);
	}
}

static void
fill_items(struct bench *b, struct rs_srtp_ctx *ctx, uint32_t len)
{
	for (int i = 0; i < BATCH; i++)
		b->items[i] = (struct rs_srtp_item){
			.ctx = &ctx[b->order[i]], .packet = b->packets[i], .len = len, .room = ROOM
		};
}

/* The next batch: keys, headers, and protected where that is wanted. Not measured. */
static void
prepare(struct bench *b, bool protected)
{
	memmove(b->order, b->order + BATCH, BARE_AHEAD * sizeof(b->order[0]));
	for (int i = BARE_AHEAD; i < BATCH + BARE_AHEAD; i++)
		b->order[i] = draw(b);
	for (int i = 0; i < BATCH; i++) {
		uint32_t k = b->order[i];
		uint8_t *p = b->packets[i];

		b->seq[k]++;
		memcpy(p,
			(uint8_t[12]){ 0x80, 0, (uint8_t)(b->seq[k] >> 8), (uint8_t)b->seq[k], 0, 0,
				0, 0, (uint8_t)(k >> 24), (uint8_t)(k >> 16), (uint8_t)(k >> 8),
				(uint8_t)k },
			12);
		memset(p + 12, i, b->payload);
	}
	if (!protected)
		return;
	fill_items(b, b->tx, 12 + b->payload);
	check(rs_srtp_protect_batch(b->e, b->items, BATCH) == BATCH, "a packet is not protected");
}

static void
run_peer(struct bench *b, uint32_t len)
{
	for (int i = 0; i < BATCH; i++) {
		srtp_err_status_t status;
		int l = (int)len;

		if (b->unprotect)
			status = srtp_unprotect(b->peer_rx[b->order[i]], b->packets[i], &l);
		else
			status = srtp_protect(b->peer_tx[b->order[i]], b->packets[i], &l);
		check(status == srtp_err_status_ok, "libsrtp2 refuses a packet");
	}
}

/** @return cycles of one batch */
static uint64_t
run(struct bench *b, enum who who)
{
	uint32_t len = 12 + b->payload + (b->unprotect ? (b->is_gcm ? 16 : 10) : 0);
	uint64_t start;
	unsigned ok = BATCH;

	prepare(b, b->unprotect);
	start = rs_bench_tsc();
	if (who == OURS) {
		fill_items(b, b->unprotect ? b->rx : b->tx, len);
		ok = (b->unprotect ? rs_srtp_unprotect_batch : rs_srtp_protect_batch)(
			b->e, b->items, BATCH);
	} else if (who == BARE) {
		bare_run(&b->bare, b->order, &b->packets[0][0], ROOM, BATCH, b->payload,
			b->unprotect);
	} else {
		run_peer(b, len);
	}
	start = rs_bench_tsc() - start;
	check(ok == BATCH, "a packet is refused");
	return start;
}

/* One line of the table. @cycles out: a packet, by each; 0: not measured */
static void
measure(struct bench *b, double cycles[PEERS])
{
	static uint64_t samples[PEERS][ROUNDS * (BATCHES - WARM)];
	size_t n[PEERS] = { 0 };

	for (int round = 0; round < ROUNDS; round++)
		for (int turn = 0; turn < PEERS; turn++) {
			int who = (turn + round) %
				PEERS; /* whoever follows libsrtp2 finds colder caches */

			if (who == LIBSRTP2 && b->keys > PEER)
				continue;
			for (int i = 0; i < BATCHES; i++) {
				uint64_t took = run(b, (enum who)who);

				if (i >= WARM)
					samples[who][n[who]++] = took;
			}
		}
	for (int who = OURS; who < PEERS; who++)
		cycles[who] = n[who] != 0 ? rs_bench_median(samples[who], n[who]) / BATCH : 0;
}

static void
report(struct rs_bench *out, const struct bench *b, const double cycles[PEERS], double hz)
{
	static char names[2 * 2 * 2 * 3 * PEERS + 32][48];
	static unsigned used;
	static const char *const who_names[] = { "", "bare_", "libsrtp2_" };
	const char *what = b->unprotect ? "unprotect" : "protect", *gcm = b->is_gcm ? "gcm_" : "";
	const char *keys = b->keys == 1 ? "1" : b->keys == 1000 ? "1k" : "100k";

	for (int who = OURS; who < PEERS; who++)
		if (cycles[who] != 0) {
			snprintf(names[used], sizeof(names[0]), "%s%s%s_%u_%s_mpps", who_names[who],
				gcm, what, b->payload, keys);
			rs_bench_figure(out, names[used++], hz / cycles[who] / 1e6, "Mpps");
		}
	printf("%-18s %-9s %5u B %4s keys %9.0f %9.0f",
		b->is_gcm ? "AEAD_AES_128_GCM" : "AES_CM_128_SHA1_80", what, b->payload, keys,
		cycles[OURS], cycles[BARE]);
	if (cycles[LIBSRTP2] != 0)
		printf(" %9.0f", cycles[LIBSRTP2]);
	printf("\n");
	fflush(stdout);
	if (b->payload != 160 || b->keys == 1000)
		return;
	snprintf(names[used], sizeof(names[0]), "%s%s_%svs_bare", gcm, what,
		b->keys == 1 ? "" : "100k_");
	rs_bench_ratio(out, names[used++], cycles[BARE] / cycles[OURS]);
	if (b->keys == 1) {
		snprintf(names[used], sizeof(names[0]), "%s%s_vs_libsrtp2", gcm, what);
		rs_bench_ratio(out, names[used++], cycles[LIBSRTP2] / cycles[OURS]);
	} else {
		snprintf(names[used], sizeof(names[0]), "%s%s_100k_mpps", gcm, what);
		rs_bench_figure(out, names[used++], hz / cycles[OURS] / 1e6, "Mpps");
	}
}

/* With keys of their own, so that all begin at sequence number 0 and nobody misses a ROC. */
static void
measure_one(struct rs_bench *out, struct bench *b, double hz)
{
	struct rs_arena arena;
	double cycles[PEERS];

	check(rs_arena_init(&arena, 1ull << 30) == 0, "no memory");
	new_keys(b, &arena);
	for (int i = 0; i < BATCH + BARE_AHEAD; i++)
		b->order[i] = draw(b);
	measure(b, cycles);
	report(out, b, cycles, hz);
	free_keys(b);
	rs_arena_fini(&arena);
}

int
main(int argc, char **argv)
{
	static const uint32_t key_counts[] = { 1, 1000, 100000 };
	static struct bench b;
	struct rs_bench out;
	struct rs_clock clock;
	void *memory = aligned_alloc(RS_SRTP_ALIGN, (rs_srtp_engine_size() + 63) / 64 * 64);

	if (rs_bench_begin(&out, "srtp", argc, argv) != 0)
		return 2;
	rs_clock_init(&clock, 50 * RS_NS_PER_MS);
	check(srtp_init() == srtp_err_status_ok, "libsrtp2 does not start");
	check(memory != NULL && rs_srtp_engine_init(memory, RS_SRTP_BEST, &b.e) == 0, "no engine");
	check(bare_init(&b.bare) == 0,
		"this machine cannot do ipsec-mb: there is no bare loop to compare with");
	printf("%s; batches of %d; TSC cycles a packet\n%-49s %9s %9s %9s\n",
		rs_srtp_engine_name(b.e), BATCH, "", "ringstorm", "bare loop", "libsrtp2");
	for (int i = 0; i < 2 * 2 * 3 * 2; i++) { /* all combinations */
		b.is_gcm = i / 12 != 0;
		b.payload = i / 6 % 2 != 0 ? 1100 : 160;
		b.keys = key_counts[i / 2 % 3];
		b.unprotect = i % 2 != 0;
		measure_one(&out, &b, (double)clock.hz);
	}
	rs_srtp_engine_fini(b.e);
	bare_fini(&b.bare);
	free(memory);
	return rs_bench_end(&out);
}
