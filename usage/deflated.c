/* See deflated.h. zlib's own check sum says whether what comes back is what went in. */
#include "usage/deflated.h"

#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

#define PIECE 16384

void deflated_add(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};
	unsigned char piece[PIECE];
	int rc;
	if (deflateInit(&z, Z_BEST_SPEED) != Z_OK)
		abort(); /* out of memory */
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = deflate(&z, Z_FINISH);
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	} while (rc == Z_OK);
	deflateEnd(&z);
}

int inflated_add(struct buf *out, const void *bytes, size_t len, struct err *err)
{
	z_stream z = {0};
	unsigned char piece[PIECE];
	int rc;
	if (inflateInit(&z) != Z_OK)
		abort(); /* out of memory */
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = inflate(&z, Z_NO_FLUSH);
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	} while (rc == Z_OK && !out->full);
	bool whole = rc == Z_STREAM_END && z.avail_in == 0 && !out->full;
	inflateEnd(&z);
	return whole ? 0 : err_set(err, ERR_TERMINAL, "compressed bytes that are damaged");
}
