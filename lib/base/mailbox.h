/* SPDX-License-Identifier: BSD-3-Clause */
/** Mailboxes: one ring a pair of threads, one writer, one reader, 64-byte messages by value. Nobody waits. */
#ifndef RS_BASE_MAILBOX_H
#define RS_BASE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

struct rs_mail {
	uint16_t type;	  /* what it says; each pair of parties has its own list */
	uint16_t from;	  /* worker number of the sender, or RS_MAIL_CONTROL */
	uint32_t request; /* a reply echoes it */
	uint64_t handle;  /* what it is about */
	uint64_t arg[5];
	void *data;	  /* optional block; the reader sends it back when it is done with it */
};
_Static_assert(sizeof(struct rs_mail) == 64, "a mail is one cache line");

#define RS_MAIL_CONTROL UINT16_MAX

struct rs_mailbox;

/** @param cap  messages, a power of two. @return NULL without memory */
struct rs_mailbox *rs_mailbox_create(uint32_t cap);
void rs_mailbox_free(struct rs_mailbox *m);

/** Writer's side. @return false when the ring is full: the message is the sender's to keep or count */
bool rs_mailbox_send(struct rs_mailbox *m, const struct rs_mail *mail);
/** Reader's side. @return how many of @cap were copied to @out */
uint32_t rs_mailbox_receive(struct rs_mailbox *m, struct rs_mail *out, uint32_t cap);
/** Either side: messages inside now (a hint). */
uint32_t rs_mailbox_count(const struct rs_mailbox *m);

#endif
