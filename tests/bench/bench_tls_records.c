/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench_tls_records [--json FILE]
 *
 * Cycles of one record, written and read: by ours with keys expanded for each record, by ours with
 * keys kept expanded (kept_), and by SSL_write() and SSL_read() of OpenSSL (openssl_) over memory BIOs.
 * All take turns within a round, over the same number of connections in random order; a figure is the
 * median over all batches. Of OpenSSL the bytes that go through a BIO count: without it there is
 * nothing to send, or to read. A name is <direction>_<version>_<suite>_<bytes>[_<connections>].
 */
#include "../unit/tls_pair.h"
#include "bench.h"

#define BATCH   16
#define BATCHES 40 /* of a round */
#define WARM    8  /* of them not counted */
#define ROUNDS  15
#define MANY    20000 /* connections at most, of ours */
#define PAIRS   1000  /* connections at most, of OpenSSL's */
#define ROOM    (16384 + 64)

enum who { OURS, KEPT, OPENSSL, PEERS };

struct ends {
	struct rs_tls tx, rx;
};

struct bench {
	struct rs_tls_engine *e;
	struct ends *ours, *kept;
	uint8_t *gcm; /* of the kept ones: a client's and a server's for each */
	SSL *client[PAIRS], *server[PAIRS];
	uint32_t keys, draw;
	bool with_openssl;
	size_t len;
	uint32_t order[BATCH];
	uint8_t records[BATCH][ROOM];
	size_t record_len[BATCH];
	uint8_t text[ROOM];
};

static struct bench b;

static void
check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_tls_records: %s\n", what);
		exit(1);
	}
}

static void
new_ends(enum rs_tls_version version, enum rs_tls_suite suite, uint32_t k, bool kept,
	struct ends *out)
{
	struct rs_tls_keys client = kit_keys(version, suite, false), server;
	uint8_t *gcm = kept ? b.gcm + (size_t)k * 4 * RS_TLS_GCM_BYTES : NULL;

	/* Each connection has keys of its own. */
	memcpy(client.tx.secret, &k, sizeof(k));
	memcpy(client.tx.key, &k, sizeof(k));
	server = client;
	server.server = true;
	server.tx = client.rx;
	server.rx = client.tx;
	check(rs_tls_init(b.e, &client, gcm, &out->tx) == 0, "keys are refused");
	check(rs_tls_init(b.e, &server, kept ? gcm + 2 * RS_TLS_GCM_BYTES : NULL, &out->rx) == 0,
		"keys are refused");
	/* For as long as the bench goes, as in a run. */
	rs_tls_set_limit(&out->tx, UINT64_MAX);
}

static void
new_pair(enum rs_tls_version version, enum rs_tls_suite suite, uint32_t k)
{
	static struct pair p;

	pair_begin(&p, version, suite, CLIENT, &(struct pair_options){ .tickets = true });
	for (int side = 0; side < 2; side++)
		SSL_CTX_free(p.ctx[side]); /* its SSL holds it */
	rs_tls_tap_detach(&p.tap, p.ssl[CLIENT]);
	b.client[k] = p.ssl[CLIENT];
	b.server[k] = p.ssl[SERVER];
}

/* What is read is what OpenSSL or we have written a moment before, outside of the measured time. */
static uint64_t
run_openssl(bool read)
{
	uint64_t start, took = 0;
	char *data;

	for (int i = 0; i < BATCH; i++) {
		SSL *from = b.client[b.order[i]], *to = b.server[b.order[i]];

		start = rs_bench_tsc();
		check(SSL_write(from, b.text, (int)b.len) == (int)b.len, "OpenSSL does not write");
		b.record_len[i] = (size_t)BIO_get_mem_data(SSL_get_wbio(from), &data);
		memcpy(b.records[i], data, b.record_len[i]);
		(void)BIO_reset(SSL_get_wbio(from));
		took += read ? 0 : rs_bench_tsc() - start;
		start = rs_bench_tsc();
		BIO_write(SSL_get_rbio(to), b.records[i], (int)b.record_len[i]);
		check(SSL_read(to, b.text, ROOM) == (int)b.len, "OpenSSL does not read");
		took += read ? rs_bench_tsc() - start : 0;
	}
	return took;
}

static uint64_t
run_ours(struct ends *ends, bool read)
{
	uint64_t start, took = 0;
	struct rs_tls_record r;

	start = rs_bench_tsc();
	for (int i = 0; i < BATCH; i++)
		check(rs_tls_protect(b.e, &ends[b.order[i]].tx, b.text, b.len, b.records[i], ROOM,
			      &b.record_len[i]) == 0,
			"a record is not written");
	took += read ? 0 : rs_bench_tsc() - start;
	start = rs_bench_tsc();
	for (int i = 0; i < BATCH; i++)
		check(rs_tls_unprotect(b.e, &ends[b.order[i]].rx, b.records[i], b.record_len[i],
			      &r) == RS_TLS_DATA &&
				r.data.len == b.len,
			"a record is not read");
	return took + (read ? rs_bench_tsc() - start : 0);
}

static uint64_t
run(enum who who, bool read)
{
	for (int i = 0; i < BATCH; i++) {
		b.draw = b.draw * 1664525u + 1013904223u;
		b.order[i] = (uint32_t)((uint64_t)b.draw * b.keys >> 32);
	}
	if (who == OPENSSL)
		return run_openssl(read);
	return run_ours(who == OURS ? b.ours : b.kept, read);
}

static void
measure(bool read, double cycles[PEERS])
{
	static uint64_t samples[PEERS][ROUNDS * (BATCHES - WARM)];
	size_t n[PEERS] = { 0 };

	for (int round = 0; round < ROUNDS; round++)
		for (int turn = 0; turn < PEERS; turn++) {
			enum who who = (enum who)((turn + round) % PEERS);

			if (who == OPENSSL && !b.with_openssl)
				continue;
			for (int i = 0; i < BATCHES; i++) {
				uint64_t took = run(who, read);

				if (i >= WARM)
					samples[who][n[who]++] = took;
			}
		}
	for (int who = 0; who < PEERS; who++)
		cycles[who] = n[who] != 0 ? rs_bench_median(samples[who], n[who]) / BATCH : 0;
}

static void
report(struct rs_bench *out, const char *name, bool read, const double cycles[PEERS])
{
	static char names[128][64];
	static unsigned used;
	static const char *const who_names[] = { "", "kept_", "openssl_" };

	for (int who = 0; who < PEERS; who++)
		if (cycles[who] != 0) {
			snprintf(names[used], sizeof(names[0]), "%s%s_%s", who_names[who],
				read ? "read" : "write", name);
			rs_bench_figure(out, names[used++], cycles[who], "cycles");
		}
	if (cycles[OPENSSL] != 0) {
		snprintf(names[used], sizeof(names[0]), "%s_%s_vs_openssl", read ? "read" : "write",
			name);
		rs_bench_ratio(out, names[used++], cycles[OPENSSL] / cycles[OURS]);
	}
}

static void
bench(struct rs_bench *out, enum rs_tls_version version, enum rs_tls_suite suite, size_t len,
	uint32_t keys)
{
	static const char *const suites[] = { "aes128", "aes256", "chacha" };
	double cycles[PEERS];
	char name[40];

	b.keys = keys;
	b.len = len;
	b.with_openssl = keys <= PAIRS;
	for (uint32_t k = 0; k < keys; k++) {
		new_ends(version, suite, k, false, &b.ours[k]);
		new_ends(version, suite, k, true, &b.kept[k]);
		if (b.with_openssl)
			new_pair(version, suite, k);
	}
	snprintf(name, sizeof(name), keys == 1 ? "%s_%s_%zu" : "%s_%s_%zu_%u",
		version == RS_TLS_1_3 ? "13" : "12", suites[suite], len, keys);
	for (int read = 0; read < 2; read++) {
		measure(read != 0, cycles);
		report(out, name, read != 0, cycles);
	}
	for (uint32_t k = 0; k < keys && b.with_openssl; k++) {
		SSL_free(b.client[k]);
		SSL_free(b.server[k]);
	}
}

/* What it costs to go over to new keys, once for each direction. */
static void
bench_update(struct rs_bench *out)
{
	static uint64_t samples[1001];
	uint8_t record[RS_TLS_SETTLE_MAX];
	struct rs_tls_record r;
	size_t n;

	new_ends(RS_TLS_1_3, RS_TLS_AES_128_GCM, 0, false, &b.ours[0]);
	for (int i = 0; i < 1001; i++) {
		uint64_t start = rs_bench_tsc();

		rs_tls_update(b.e, &b.ours[0].tx, false, record, sizeof(record), &n);
		rs_tls_unprotect(b.e, &b.ours[0].rx, record, n, &r);
		samples[i] = rs_bench_tsc() - start;
		check(r.updates == 1, "a KeyUpdate is not read");
	}
	rs_bench_figure(out, "key_update", rs_bench_median(samples, 1001), "cycles");
}

int
main(int argc, char **argv)
{
	struct rs_bench out;

	if (rs_bench_begin(&out, "tls_records", argc, argv) != 0)
		return 2;
	b.e = kit_engine(RS_TLS_BEST);
	b.ours = aligned_alloc(64, MANY * sizeof(*b.ours));
	b.kept = aligned_alloc(64, MANY * sizeof(*b.kept));
	b.gcm = aligned_alloc(64, (size_t)MANY * 4 * RS_TLS_GCM_BYTES);
	check(b.e != NULL && b.ours != NULL && b.kept != NULL && b.gcm != NULL, "no memory");
	kit_fill(b.text, sizeof(b.text), 1);
	printf("%s\n", rs_tls_engine_name(b.e));
	bench(&out, RS_TLS_1_3, RS_TLS_AES_128_GCM, 500, 1);
	bench(&out, RS_TLS_1_3, RS_TLS_AES_128_GCM, 500, PAIRS);
	bench(&out, RS_TLS_1_3, RS_TLS_AES_128_GCM, 500, MANY);
	bench(&out, RS_TLS_1_3, RS_TLS_AES_128_GCM, 1400, 1);
	bench(&out, RS_TLS_1_3, RS_TLS_AES_128_GCM, 16384, 1);
	bench(&out, RS_TLS_1_3, RS_TLS_AES_256_GCM, 500, 1);
	bench(&out, RS_TLS_1_3, RS_TLS_CHACHA20_POLY1305, 500, 1);
	bench(&out, RS_TLS_1_3, RS_TLS_CHACHA20_POLY1305, 16384, 1);
	bench(&out, RS_TLS_1_2, RS_TLS_AES_128_GCM, 500, 1);
	bench_update(&out);
	free(b.ours);
	free(b.kept);
	free(b.gcm);
	kit_engine_free(b.e);
	rs_bench_figure(&out, "connection_bytes", sizeof(struct rs_tls), "bytes");
	return rs_bench_end(&out);
}
