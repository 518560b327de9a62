/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs as they are played, and one taking the place of another while calls go on. What a program needs beside itself is made by
 * control, so that the worker only changes a pointer: calls that are open keep theirs, and when the last one has ended control is told
 * that nobody has it any more.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/internal.h"

#define ALIGNED(n) (((uint64_t)(n) + 63) & ~63ull)

uint64_t
play_bytes(const struct rs_program *p)
{
	return ALIGNED((p->n_templates + 1) * sizeof(uint64_t)) + ALIGNED((p->n_templates + 1) * sizeof(struct facts)) +
		ALIGNED(p->n_vars * sizeof(struct value)) + ALIGNED(p->ere_scratch + 16);
}

/* The values of an [authentication] are rendered with the message: what they need is made ready with it. */
static void
auth_slots(struct rs_play *play, uint32_t template)
{
	const struct rs_program *p = play->program;
	const struct rs_template *t = &p->templates[template];

	for (uint32_t i = 0; i < t->n_ops; i++) {
		if (t->ops[i].slot != RS_SLOT_AUTH)
			continue;
		const struct rs_auth_ref *auth = &p->auths[t->ops[i].aux];

		if (auth->username >= 0)
			play->slots[template] |= play->slots[auth->username];
		if (auth->password >= 0)
			play->slots[template] |= play->slots[auth->password];
	}
}

static void
read_slots(struct rs_play *play)
{
	const struct rs_program *p = play->program;

	for (uint32_t t = 0; t < p->n_templates; t++) {
		for (uint32_t i = 0; i < p->templates[t].n_ops; i++)
			play->slots[t] |= 1ull << p->templates[t].ops[i].slot;
		play->wants_peer_tag |= play->slots[t] >> RS_SLOT_PEER_TAG_PARAM & 1;
		play->wants_dynamic_id |= play->slots[t] >> RS_SLOT_DYNAMIC_ID & 1;
	}
	for (uint32_t t = 0; t < p->n_templates; t++)
		auth_slots(play, t);
}

int
play_setup(struct rs_play *play, const struct rs_program *p, struct rs_program_account *account, uint16_t number, uint8_t *memory)
{
	uint64_t frame = p->n_vars * sizeof(struct value) + p->n_rtds * sizeof(uint64_t);

	if (frame > UINT16_MAX)
		return -EINVAL;
	play->program = p;
	play->account = account;
	play->number = number;
	play->frame_bytes = (uint32_t)frame;
	play->slots = (uint64_t *)(void *)memory;
	memory += ALIGNED((p->n_templates + 1) * sizeof(*play->slots));
	play->facts = (struct facts *)(void *)memory;
	memory += ALIGNED((p->n_templates + 1) * sizeof(*play->facts));
	play->globals = (struct value *)(void *)memory;
	memory += ALIGNED(p->n_vars * sizeof(*play->globals));
	play->ere_scratch = memory;
	read_slots(play);
	facts_read(p, play->facts);
	return 0;
}

int
rs_play_create(const struct rs_program *p, struct rs_program_account *account, uint16_t number, struct rs_play **out)
{
	uint64_t head = ALIGNED(sizeof(struct rs_play)), bytes = head + play_bytes(p);
	uint8_t *memory = aligned_alloc(64, bytes);
	int rc;

	if (!memory)
		return -ENOMEM;
	memset(memory, 0, bytes);
	*out = (struct rs_play *)(void *)memory;
	rc = play_setup(*out, p, account, number, memory + head);
	if (rc)
		free(memory);
	return rc;
}

void
rs_play_free(struct rs_play *p)
{
	free(p);
}

bool
rs_play_is_over(const struct rs_play *p)
{
	return atomic_load_explicit(&p->over, memory_order_acquire);
}

const struct rs_play *
rs_engine_first_play(const struct rs_engine *e, uint32_t activity)
{
	return &e->activities[activity].first;
}

void
play_leave(struct rs_engine *e, struct activity *a, struct leg *leg)
{
	struct rs_play *play = a->plays[leg->play];

	if (--play->legs == 0 && play != a->now)
		e->plays_end = true; /* not now: who has ended the leg may still look at the step it was in */
}

static void
end_of(struct rs_engine *e, struct activity *a, struct rs_play *play)
{
	for (uint32_t i = 0; i < play->program->n_vars; i++)
		rs_blob_clear(&e->blobs, &play->globals[i].text);
	a->plays[play->slot] = NULL;
	atomic_store_explicit(&play->over, true, memory_order_release); /* control's from here on */
}

void
plays_end(struct rs_engine *e)
{
	e->plays_end = false;
	for (uint32_t i = 0; i < e->n_activities; i++) {
		struct activity *a = &e->activities[i];

		for (uint32_t k = 0; k < RS_MAX_PLAYS; k++)
			if (a->plays[k] && a->plays[k] != a->now && a->plays[k]->legs == 0)
				end_of(e, a, a->plays[k]);
	}
}

int
rs_engine_swap(struct rs_engine *e, uint32_t activity, struct rs_play *play)
{
	struct activity *a = &e->activities[activity];
	uint8_t slot = 0;

	while (slot < RS_MAX_PLAYS && a->plays[slot])
		slot++;
	if (slot == RS_MAX_PLAYS)
		return -EBUSY;
	play->slot = slot;
	a->plays[slot] = play;
	a->now = play;
	plays_end(e);
	return 0;
}
