/*
 * The manifests of simulated images, as a registry serves them: an image manifest, or an index if
 * the scenario names platforms. Their SHA-256 is the digest that nodes list. Each text follows
 * from the content alone, so none is kept. Layers are named by hashes and have no bytes that could
 * be fetched; the config of each image is empty, so that an image has the bytes of its layers.
 */
#ifndef DROP_SIM_NODES_MANIFESTS_H
#define DROP_SIM_NODES_MANIFESTS_H

#include "base/buf.h"

struct sim_content;

#define DIGEST_TEXT_MAX                                                                            \
	sizeof("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")

/* What a tag of the content means. Appends. Returns its media type. */
const char *manifest_write(const struct sim_content *c, struct buf *out);
/* What its index means for a platform ("linux/amd64"). Appends. Returns its media type. */
const char *manifest_write_platform(const struct sim_content *c, const char *platform,
				    struct buf *out);
/* "sha256:..." of the bytes. */
void manifest_digest(const struct buf *text, char out[DIGEST_TEXT_MAX]);

#endif
