/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * `rfc3261` mode: client and server transactions (RFC 3261, 17; RFC 6026) and the dialog (12) between the wire and a leg's scenario.
 * The scenario says what is sent and what is waited for; what is repeated, acknowledged, answered twice or given up is decided here.
 * A leg of an activity in this mode has one of these at its own slot of a parallel array; legs in `sipp` mode never touch it.
 */
#ifndef RS_ENGINE_DIALOG_H
#define RS_ENGINE_DIALOG_H

#include "engine/internal.h"
#include "proto/sip/compose.h"

#define CLIENTS 4 /* transactions that one leg has under way at a time */
#define SERVERS 4
#define FORKS	4 /* early dialogs told apart */

/** Requests and answers that no step has sent, in place of the step. */
enum own { OWN_NONE = -1, OWN_BYE = -2, OWN_CANCEL = -3, OWN_PRACK = -4, OWN_UPDATE = -5, OWN_REINVITE = -6, OWN_ANSWER = -7 };

enum txn_state {
	TXN_FREE,
	TXN_TRYING,	/* client: nothing came yet; server: nothing was sent yet */
	TXN_PROCEEDING, /* a provisional */
	TXN_COMPLETED,	/* INVITE: refused, the ACK is repeated (client) or waited for (server) */
	TXN_ACCEPTED,	/* INVITE: a 2xx (RFC 6026, 7.1 and 8.7) */
	TXN_CONFIRMED,	/* server, INVITE: acknowledged */
};

struct client {
	uint64_t due_ns;     /* of the next copy; 0: none */
	uint64_t give_up_ns; /* timer B or F; 0: none */
	uint64_t interval_ns;
	uint32_t cseq;
	uint32_t about;	     /* PRACK: the RSeq it acknowledges */
	uint16_t branch;     /* number behind the token in its branch */
	int16_t step;	     /* or enum own */
	uint8_t state, method;
	uint8_t tries;	     /* challenges answered for this request */
	uint8_t cause;	     /* why it could not be sent at all: enum rs_cause */
};

struct server {
	uint64_t key;	     /* of the request: server_key() */
	uint32_t cseq;
	uint16_t status;     /* last one sent; 0: none */
	int16_t step;	     /* that sent it; OWN_ANSWER */
	uint8_t state, method;
};

enum dialog_flag {
	DIALOG_MADE = 1 << 0,	     /* both parties' headers are known */
	DIALOG_CONFIRMED = 1 << 1,   /* by a 2xx */
	DIALOG_CANCEL_WANTED = 1 << 2, /* as soon as a provisional comes */
	DIALOG_BYE_WANTED = 1 << 3,  /* as soon as the ACK comes, or is given up */
	DIALOG_CLOSING = 1 << 4,     /* the call is counted; its transactions are brought to an end */
	DIALOG_ACK_SENT = 1 << 5,    /* for the 2xx to our INVITE */
	DIALOG_NEXT = 1 << 6,	     /* `next` is set */
	DIALOG_MOVED = 1 << 7,	     /* route set or target are new: `next` is to be found out */
	DIALOG_REL_OPEN = 1 << 8,    /* our reliable provisional has no PRACK yet */
	DIALOG_REL_SDP = 1 << 9,     /* and carried a session description: no 2xx before the PRACK (RFC 3262, 3) */
	DIALOG_HELD = 1 << 10,	     /* the step that is next waits for that PRACK */
	DIALOG_ANSWER_GOT = 1 << 11, /* a reliable provisional has answered the offer of our INVITE */
	DIALOG_ANSWER_SENT = 1 << 12, /* and one of ours that of the peer's */
};

struct dialog {
	struct client clients[CLIENTS];
	struct server servers[SERVERS];
	uint64_t armed_ns;	/* of the leg's timer; 0: not armed */
	uint64_t trying_ns;	/* 100 is due (RFC 3261, 17.2.1); 0: not */
	uint64_t answer_ns;	/* the final response to the INVITE goes again: timer G, or 13.3.1.4; 0: not */
	uint64_t answer_interval_ns;
	uint64_t answer_give_up_ns; /* timer H, or 64*T1 for the ACK to a 2xx */
	uint64_t close_ns;	/* DIALOG_CLOSING: not longer than this */
	uint64_t session_ns;	/* session timer (RFC 4028): refresh, or the end; 0: none */
	struct rs_path reply;	/* where the answer to the last request goes: RFC 3261, 18.2.2 and RFC 3581 */
	struct rs_path invite_reply; /* those to the INVITE, whatever came since, and by what way */
	struct rs_path next;	/* where requests in the dialog go; the leg's own path stays that of its INVITE */
	struct rs_blob parties; /* values of From and To as a request of ours has them: see dialog_party */
	struct rs_blob invite;	/* kept headers of the INVITE, put aside while its answer may go again */
	uint32_t remote_cseq;	/* highest of the peer's requests */
	uint64_t glare_ns;	/* the re-INVITE of glare_step goes again after a 491 (14.1); 0: none */
	uint64_t session_end_ns; /* without a refresh the session is over */
	uint64_t rel_ns, rel_give_up_ns; /* a reliable provisional goes again (RFC 3262, 3); 0: none */
	uint32_t session_s;	/* session interval agreed, or asked for after a 422; 0: none */
	uint32_t least_s;	/* the largest Min-SE that a 422 has told us; 0: none has */
	uint32_t rseq;		/* last reliable provisional sent (RFC 3262) */
	uint32_t peer_rseq[FORKS + 1]; /* last one of each branch received; of all branches that are not told apart */
	uint32_t forks[FORKS];	/* hashes of the tags that answered our INVITE */
	int16_t invite_recv;	/* the recv that `invite` belongs to */
	int16_t glare_step;
	int16_t ack_step;	/* that acknowledged the 2xx; OWN_NONE: none */
	int16_t sdp_step;	/* whose body is the present SDP; OWN_NONE: none */
	uint16_t ack_branch;
	uint16_t branches;	/* numbers used so far */
	uint16_t flags;		/* enum dialog_flag */
	uint16_t refused;	/* what the user agent refused the INVITE with that its scenario still waits for; 0: nothing */
	uint8_t n_forks;
	uint8_t refresher;	/* 1: we refresh the session */
	bool rel;		/* our provisionals are reliable */
	bool peer_update, peer_timer; /* the peer takes UPDATE; knows session timers */
};
_Static_assert(sizeof(struct dialog) <= 640, "what rfc3261 mode adds to a leg is at most ten cache lines");

static inline struct dialog *
leg_dialog(const struct rs_engine *e, const struct leg *leg)
{
	return &e->dialogs[leg_slot(e, leg)];
}

/** Where the answer to a request of @method goes. */
static inline const struct rs_path *
dialog_reply(const struct dialog *d, uint8_t method)
{
	return method == RS_SIP_INVITE ? &d->invite_reply : &d->reply;
}

static inline bool
leg_is_rfc(const struct rs_engine *e, const struct leg *leg)
{
	return leg_activity(e, leg)->rfc;
}

/* rfc.c: what leg_receive, timers and the end of a call are in this mode */
void rfc_open(struct rs_engine *e, struct leg *leg);
void rfc_receive(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
void rfc_timer(struct rs_engine *e, struct leg *leg);
/** A message that the scenario does not wait for. */
void rfc_unexpected(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
/** Tell the peer that the call is over: CANCEL, BYE, a refusal, whatever its state asks for. */
void rfc_hang_up(struct rs_engine *e, struct leg *leg);
/** Is there a transaction that has to be brought to its end although the call is over? */
bool rfc_outstanding(const struct rs_engine *e, const struct leg *leg);
/** The call is over and counted: its transactions go on. */
void rfc_close(struct rs_engine *e, struct leg *leg);
/** The leg goes: what its transactions may still be asked becomes tombstones. */
void rfc_bury(struct rs_engine *e, struct leg *leg);
/** Something is due at @due_ns at the latest. */
void rfc_due(struct rs_engine *e, struct leg *leg, uint64_t due_ns);
/** A transaction of a leg that is closing has ended. @return false when the leg is gone with it */
bool rfc_settled(struct rs_engine *e, struct leg *leg);

/* client.c */
/** May the scenario's step send its request now? false: it has been done already (ACK to a refusal), or will be (CANCEL). */
bool client_may_send(struct rs_engine *e, struct leg *leg, const struct rs_step *s);
/** Branch and number of a request about to be rendered; @again: the transaction it belongs to, else NULL. */
void client_prepare(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct client *again, struct texts *t);
/** A step's request has been sent. */
void client_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, const struct sent *sent);
/** @return true when the scenario is to see the response */
bool client_response(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
/** @return false when the leg is gone */
bool client_timers(struct rs_engine *e, struct leg *leg);
struct client *client_find(struct dialog *d, uint32_t cseq, uint8_t method);
/** That of our last INVITE; NULL: none was sent, or it was given up. */
struct client *client_invite(struct dialog *d);
struct client *client_open(struct rs_engine *e, struct leg *leg, uint8_t method, int16_t step, uint32_t cseq, uint16_t branch);
/** An INVITE is being sent: forget what the one before has left. */
void client_begin_invite(const struct leg *leg, struct dialog *d);

/* client_own.c */
/** ACK to the refusal @msg of our INVITE. */
void client_acknowledge(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg, bool again);
/** The request of an enum own, for the first time or @again. */
void client_transmit(struct rs_engine *e, struct leg *leg, struct client *c, bool again);
/** A request of our own, by the dialog. @about: PRACK: the RSeq. @return its transaction, NULL: none was begun */
struct client *client_own(struct rs_engine *e, struct leg *leg, enum own what, uint32_t about);
/** The ACK to a 2xx, of our own. */
void client_own_ack(struct rs_engine *e, struct leg *leg);
/** Is an answer still waited for? */
bool client_outstanding(const struct dialog *d);
void client_bury(struct rs_engine *e, const struct leg *leg);

/* server.c */
/** Of the request being dealt with; reckoned once. */
uint64_t server_key(struct rs_engine *e, const struct rs_sip_msg *msg);
/** @return true when the scenario, or the user agent, is to see the request */
bool server_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
/** May the scenario's step send this response? false: its request has had its final answer. */
bool server_may_send(struct rs_engine *e, struct leg *leg, const struct rs_step *s);
void server_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, const struct sent *sent);
/** @return false when the leg is gone */
bool server_timers(struct rs_engine *e, struct leg *leg);
struct server *server_invite(struct dialog *d);
/** The last response to the INVITE once more. */
void server_repeat(struct rs_engine *e, struct leg *leg);
/** The transaction of the request with this number. */
struct server *server_answered(struct dialog *d, const struct rs_sip_cseq *cseq);
/** @status was sent, by step @step or OWN_ANSWER. */
void server_note(struct rs_engine *e, struct leg *leg, struct server *s, uint16_t status, int16_t step);
/* server_own.c */
/** Answer @msg (NULL: the INVITE that waits, from its kept headers) ourselves. @extra: whole header lines, "" for none */
void server_own(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status, const char *extra,
	struct rs_slice sdp);
/** Refuse @msg without a transaction: asked again it says the same again. */
void server_refuse(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status);
/** What the INVITE's answer is made from when nothing of the wire is at hand; in e->kept_msg. NULL: nothing was kept */
const struct rs_sip_msg *server_kept_invite(struct rs_engine *e, struct leg *leg);
/** Is an ACK still waited for? */
bool server_outstanding(const struct dialog *d);
void server_bury(struct rs_engine *e, const struct leg *leg);
/** The kept headers are about to be overwritten: are they what the INVITE's answer is rendered from? */
void server_put_aside(struct rs_engine *e, struct leg *leg);

/* dialog.c */
/** From a response to our INVITE, or the INVITE we got: parties, route set, remote target (RFC 3261, 12.1). @return 0 or a cause */
uint32_t dialog_learn(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** A 18x or 2xx of ours: our own To, as it goes out with its tag, and the caller's From. */
void dialog_learn_local(struct rs_engine *e, struct leg *leg, struct rs_slice from, struct rs_slice to);
/** Is the request of the leg's dialog (12.2.2)? One without a To tag may be anybody's. */
bool dialog_has(const struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg);
/** Value of From (@local) or To of our requests in the dialog; absent before it is made. */
struct rs_slice dialog_party(const struct rs_engine *e, const struct leg *leg, bool local);
/** A request or 2xx inside the dialog may move the remote target (12.2). */
void dialog_refresh_target(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** Where an answer to what came by @rx goes. */
void reply_path(const struct rs_rx *rx, const struct rs_sip_msg *msg, struct rs_path *out);
/** The path of a request in the dialog. */
const struct rs_path *dialog_path(const struct rs_engine *e, const struct leg *leg);
/** The tag that we have in this dialog. */
struct rs_slice dialog_tag(const struct rs_engine *e, const struct leg *leg);
/** "z9hG4bK<token>-<number>" into @out. @return bytes */
size_t branch_text(const struct leg *leg, uint16_t number, uint8_t *out);

/* stray.c: messages of no leg */
/** @return true when a tombstone knew it */
bool stray_response(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq);
bool stray_request(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq);
/** Is it one of stray_end's branches? */
bool stray_branch(struct rs_slice branch);
/** A request that begins nothing at a group whose endpoints answer by themselves (481, 405, 200 to OPTIONS ...). @return answered */
bool stray_answer(struct rs_engine *e, const struct group *g, const struct rs_rx *rx, const struct rs_sip_msg *msg);
/** A call that is not taken: 503 in rfc3261 mode; in `sipp` mode nothing is said, as by SIPp. */
void stray_decline(struct rs_engine *e, const struct activity *a, const struct rs_rx *rx, const struct rs_sip_msg *msg);
/** ACK, and BYE when @bye, to a 2xx of a dialog that no leg has: another branch of a fork, or a late copy. */
void stray_end(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq, bool bye);

/* ua.c: what a user agent does of its own accord */
/** The present SDP of our side, rendered again (in e->scratch2); absent when there was none. */
struct rs_slice ua_sdp(struct rs_engine *e, struct leg *leg);
/** A provisional with a tag came, of branch @fork (FORKS: one of the others). @return false when it is a copy (of a reliable one) */
bool ua_provisional(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, unsigned fork);
/** The INVITE (or a session refresh) was answered with a 2xx, by the peer or by us. @msg: the response, or the request we answered */
void ua_established(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** @return true when the refusal was dealt with: another request is under way (422) or the refresh was our own */
bool ua_refused(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_sip_msg *msg);
/** A request of our own other than INVITE was answered, or never was. */
void ua_answered(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg);
void ua_gave_up(struct rs_engine *e, struct leg *leg, const struct client *c);
/** The session timer is due. @return false when the leg is gone */
bool ua_session(struct rs_engine *e, struct leg *leg);
/** The wait after a 491 is over. @return false when the leg is gone */
bool ua_glare_over(struct rs_engine *e, struct leg *leg);
/** Does the message's Allow name @method? */
bool ua_allows(const struct rs_sip_msg *msg, enum rs_sip_method method);
/** Before the scenario sees a request. @return false: it was refused (420, 422) */
bool ua_admits(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** Lines that a step's INVITE, or its answer to one, lacks. @sent: what it has */
void ua_put_invite(struct rs_engine *e, struct leg *leg, const struct sent *sent, struct rs_sip_out *o);
void ua_put_answer(struct rs_engine *e, struct leg *leg, uint16_t status, const struct sent *sent, struct rs_sip_out *o);
/** Must this step wait for a PRACK (RFC 3262, 3)? It goes on in rel_go_on. */
bool rel_holds(struct rs_engine *e, struct leg *leg, const struct rs_step *s);
/** The PRACK that a step waits for has come. */
void rel_go_on(struct rs_engine *e, struct leg *leg);
/** A reliable provisional is due again, or given up. @return false when the leg is gone */
bool rel_timer(struct rs_engine *e, struct leg *leg);
/** Lines that go with every answer @status to a request of @method, in a call or out of any; "": none */
const char *ua_fixed_lines(uint8_t method, uint16_t status);
/** Our own answer @status to @msg (NULL: the INVITE, as it was kept), whole with all that it says. */
void ua_answer(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status);
/** @return true when the request inside a call was answered */
bool ua_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);

#endif
