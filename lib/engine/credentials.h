/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Credentials of endpoints, and the header lines made of them and of a challenge: for calls, registrations and what a user agent
 * sends of its own accord alike. Private to lib/engine.
 */
#ifndef RS_ENGINE_CREDENTIALS_H
#define RS_ENGINE_CREDENTIALS_H

#include "engine/internal.h"
#include "proto/sip/auth.h"

#define MAX_CHALLENGES 4  /* realms of one response that are answered */
#define MAX_CREDENTIAL 256 /* bytes of a user name or a password */

/**
 * User name that endpoint @index of @g authenticates with: of the group's `credentials` file (line @index, first field), else
 * `auth_user`, else `user`. @return bytes, -ENOSPC
 */
int endpoint_auth_user(const struct rs_plan_group *g, uint32_t index, uint8_t *out, size_t cap);
/** Its password: of the same line (second field), else `password`. @return bytes; -ENOENT: it has none; -ENOSPC */
int endpoint_password(const struct rs_plan_group *g, uint32_t index, uint8_t *out, size_t cap);

/** What the credentials of one request are made of, beside the challenges. */
struct credentials {
	struct rs_slice user, password;
	struct rs_slice method, uri; /* of the request: its Request-URI */
	uint32_t nc;		     /* how often the nonce has been used, this time included */
	uint64_t cnonce;	     /* any number; the same one gives the same bytes again, as a retransmission must */
};

/**
 * Whole header lines, Authorization or Proxy-Authorization, one for each of the @n challenges, ends of line included.
 * @return bytes, 0 without challenges; -ENOSPC
 */
int leg_credentials(struct rs_engine *e, const struct rs_auth_challenge *c, unsigned n, const struct credentials *in, uint8_t *out,
	size_t cap);

/** rs_auth_challenges(), and challenges that cannot be answered are counted by kind. */
int challenges_of(struct rs_engine *e, const struct rs_sip_msg *msg, struct rs_auth_challenge *out, unsigned cap);

/* challenge.c: of calls */
/**
 * Keep the challenges of @msg for what the leg sends from now on, beside those of other realms that are kept already; nothing when
 * they cannot be answered. @return false without memory
 */
bool leg_keep_challenges(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** Is a challenge of the realm of @c kept, so that requests have had credentials for it? */
bool leg_is_answered(struct rs_engine *e, const struct leg *leg, const struct rs_auth_challenge *c);
/**
 * The lines of [authentication] in a request that is rendered up to @out, the last one without its end.
 * @param request   where the request begins
 * @param user      absent: the endpoint's own; likewise @password
 * @return bytes; 0: no challenge is kept, or there is no password; -ENOSPC
 */
int leg_authenticate(struct rs_engine *e, struct leg *leg, struct rs_slice user, struct rs_slice password, const uint8_t *request,
	uint8_t *out, size_t cap);
/**
 * Are there credentials in @msg that are those of @user with @password, for the method of the request? Realm, nonce and URI are
 * taken as the request has them.
 */
bool leg_verify(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, struct rs_slice user, struct rs_slice password);

#endif
