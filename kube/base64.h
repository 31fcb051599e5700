/*
 * Base64 (RFC 4648, section 4) as kubeconfig files hold it: padded, blanks and line
 * breaks allowed between characters. Pure.
 */
#ifndef DROP_KUBE_BASE64_H
#define DROP_KUBE_BASE64_H

#include <stddef.h>

/*
 * Decodes text into a new NUL-terminated block (free() it; *ret_len without the NUL).
 * NULL for anything that is not base64.
 */
char *base64_decode(const char *text, size_t *ret_len);
/* Encodes n bytes; a new string. */
char *base64_encode(const void *bytes, size_t n);

#endif
