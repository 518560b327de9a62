/* SPDX-License-Identifier: BSD-3-Clause */
/** Read a file as a run would, and say what was found in it: one line, or the error. */
#include <stdio.h>
#include <stdlib.h>

#include "media/payload.h"
#include "media/replay.h"

static const char usage[] =
	"usage: payload FILE CODEC [PTIME_MS [octet-align]]   frames of CODEC (PCMU, PCMA, G722, G729, opus, AMR, AMR-WB, iLBC)\n"
	"       payload FILE replay [PORT]                    an RTP stream out of a capture\n";

static int
show_replay(const char *path, const char *port)
{
	struct rs_replay_want want = { .port = port ? (uint16_t)atoi(port) : 0 };
	struct rs_replay *r;
	struct rs_err err;

	if (rs_replay_open(path, &want, &r, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("%s: %u packets of SSRC 0x%08x to port %u, %.3f s, %zu bytes; %u streams in the capture\n",
		path, r->n, r->ssrc, r->port, (double)r->packets[r->n - 1].due_ns / 1e9,
		r->block_len, r->n_streams);
	rs_replay_free(r);
	return 0;
}

int
main(int argc, char **argv)
{
	struct rs_payload_want want = { .loop = true };
	struct rs_payload *p;
	struct rs_err err;
	uint32_t sent = 0;

	if (argc < 3) {
		fputs(usage, stderr);
		return 2;
	}
	if (rs_slice_is(rs_slice_str(argv[2]), "replay"))
		return show_replay(argv[1], argc > 3 ? argv[3] : NULL);
	if (rs_codec_find(rs_slice_str(argv[2]), &want.codec)) {
		fprintf(stderr, "%s is no codec\n%s", argv[2], usage);
		return 2;
	}
	want.ptime_ns = argc > 3 ? (uint64_t)(atof(argv[3]) * 1e6) : 0;
	want.octet_align = argc > 4;
	if (rs_payload_open(argv[1], &want, &p, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (uint32_t k = 0; k < p->n_frames; k++)
		sent += p->frames[k].kind != RS_FRAME_NONE;
	printf("%s: %s/%u, %u packets of %g ms (%u with something in them), %.3f s, at most %u bytes\n",
		argv[1], rs_codec_info(p->codec)->name, p->clock_hz, p->n_frames,
		(double)p->ptime_ns / 1e6, sent, (double)p->ptime_ns * p->n_frames / 1e9,
		p->max_len);
	rs_payload_free(p);
	return 0;
}
