/*
 * JSON of TokenReview and SubjectAccessReview (authentication.k8s.io/v1, authorization.k8s.io/v1):
 * which user a token belongs to, and whether that user may GET the non-resource URL /metrics. Pure.
 */
#ifndef DROP_METRICSD_REVIEW_JSON_H
#define DROP_METRICSD_REVIEW_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define REVIEW_TOKEN_PATH  "/apis/authentication.k8s.io/v1/tokenreviews"
#define REVIEW_ACCESS_PATH "/apis/authorization.k8s.io/v1/subjectaccessreviews"

void review_token_body(struct buf *out, const char *token);
/*
 * Reads a TokenReview. 1: a user's token, and the body of the SubjectAccessReview is appended; 0:
 * not a valid token; -1: not a TokenReview.
 */
int review_access_body(struct buf *out, const char *answer, size_t len);
/* Reads a SubjectAccessReview. 1: authorized; 0: not; -1: not a SubjectAccessReview. */
int review_allowed(const char *answer, size_t len);

#endif
