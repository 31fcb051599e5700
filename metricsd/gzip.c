/* zlib at its fastest level: at any level metrics are a tenth of their size. */
#include "metricsd/gzip.h"

#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

/* windowBits of zlib: the largest window, with a gzip header. */
#define WINDOW_GZIP (15 + 16)
#define MEMORY      8

void gzip_add(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};
	unsigned char piece[16384];
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort(); /* out of memory */
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	int rc;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = deflate(&z, Z_FINISH);
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	} while (rc == Z_OK);
	deflateEnd(&z);
}
