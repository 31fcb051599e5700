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
 * Reads the answer. 1: somebody's token, and the body of the question what he may is appended;
 * 0: nobody's; -1: the answer is not understood.
 */
int review_access_body(struct buf *out, const char *answer, size_t len);
/* 1: he may; 0: he may not; -1: the answer is not understood. */
int review_allowed(const char *answer, size_t len);

#endif
