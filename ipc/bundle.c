/* Headers of messages in a bundle. The bytes come from another process and are not trusted. */
#include "ipc/bundle.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static_assert(BUNDLE_FULL + BUNDLE_HEAD < BUS_SLACK, "nng refuses what is longer");

void bundle_begin(struct buf *bundle)
{
	static const uint8_t room[BUNDLE_HEAD];
	buf_add(bundle, room, sizeof(room));
}

void bundle_end(struct buf *bundle, size_t start, uint32_t id)
{
	const uint32_t head[2] = {htobe32(id),
				  htobe32((uint32_t)(bundle->len - start - BUNDLE_HEAD))};
	memcpy(bundle->data + start, head, BUNDLE_HEAD);
}

bool bundle_next(const uint8_t **data, size_t *len, struct bundle_part *ret)
{
	uint32_t head[2];
	if (*len < BUNDLE_HEAD)
		return false;
	memcpy(head, *data, BUNDLE_HEAD);
	size_t n = be32toh(head[1]);
	if (n > *len - BUNDLE_HEAD)
		return false;
	*ret = (struct bundle_part){be32toh(head[0]), *data + BUNDLE_HEAD, n};
	*data += BUNDLE_HEAD + n;
	*len -= BUNDLE_HEAD + n;
	return true;
}
