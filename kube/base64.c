/*
 * Base64 in both directions. Decoding is strict about everything but white space,
 * because a cut or doubled certificate must be refused here and not by TLS later.
 */
#include "kube/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or -1. */
static int sextet(char c)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);
	return at ? (int)(at - alphabet) : -1;
}

char *base64_decode(const char *text, size_t *ret_len)
{
	char *out = xmalloc(strlen(text) / 4 * 3 + 4);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t bits = 0;
	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		int v = *text == '=' ? 0 : sextet(*text);
		if (*text == '=')
			pads++;
		if (v < 0 || (pads > 0 && *text != '='))
			goto bad;
		bits = bits << 6 | (uint32_t)v;
		if (++digits % 4 != 0)
			continue;
		out[n++] = (char)(bits >> 16);
		out[n++] = (char)(bits >> 8);
		out[n++] = (char)bits;
	}
	if (digits % 4 != 0 || pads > 2)
		goto bad;
	n -= pads;
	out[n] = '\0';
	*ret_len = n;
	return out;
bad:
	explicit_bzero(out, n);
	free(out);
	return NULL;
}

char *base64_encode(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	char *out = xmalloc((n + 2) / 3 * 4 + 1), *o = out;
	for (size_t i = 0; i < n; i += 3) {
		uint32_t b = (uint32_t)p[i] << 16;
		b |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		b |= i + 2 < n ? p[i + 2] : 0;
		*o++ = alphabet[b >> 18];
		*o++ = alphabet[b >> 12 & 63];
		*o++ = i + 1 < n ? alphabet[b >> 6 & 63] : '=';
		*o++ = i + 2 < n ? alphabet[b & 63] : '=';
	}
	*o = '\0';
	return out;
}
