/* See manifests.h. */
#include "sim/nodes/manifests.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "sim/nodes/registry.h"

#define OCI          "application/vnd.oci.image."
#define TYPE_INDEX   OCI "index.v1+json"
#define TYPE_IMAGE   OCI "manifest.v1+json"
#define TYPE_CONFIG  OCI "config.v1+json"
#define TYPE_LAYER   OCI "layer.v1.tar+gzip"
#define EMPTY_DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void digest_of_bytes(const void *bytes, size_t n, char out[DIGEST_TEXT_MAX])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (EVP_Digest(bytes, n, raw, &len, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory */
	int used = snprintf(out, DIGEST_TEXT_MAX, "sha256:");
	for (unsigned i = 0; i < len; i++)
		used += snprintf(out + used, DIGEST_TEXT_MAX - (size_t)used, "%02x", raw[i]);
}

void manifest_digest(const struct buf *text, char out[DIGEST_TEXT_MAX])
{
	digest_of_bytes(text->data, text->len, out);
}

const char *manifest_write_platform(const struct sim_content *c, const char *platform,
				    struct buf *out)
{
	char digest[DIGEST_TEXT_MAX];
	buf_adds(out, "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_IMAGE "\",\"config\":{"
		      "\"mediaType\":\"" TYPE_CONFIG "\",\"digest\":\"" EMPTY_DIGEST
		      "\",\"size\":0},\"layers\":[");
	for (size_t i = 0; i < c->n_layers; i++) {
		digest_of_bytes(&c->layers[i].id, sizeof(c->layers[i].id), digest);
		buf_addf(out,
			 "%s{\"mediaType\":\"" TYPE_LAYER "\",\"digest\":\"%s\",\"size\":%" PRId64
			 "}",
			 i == 0 ? "" : ",", digest, c->layers[i].size);
	}
	/* What makes images of the same layers differ. */
	buf_addf(out, "],\"annotations\":{\"platform\":\"%s\",\"scratch\":\"%s\"}}", platform,
		 c->scratch ? "true" : "false");
	return TYPE_IMAGE;
}

const char *manifest_write(const struct sim_content *c, struct buf *out)
{
	struct buf one = {0};
	char digest[DIGEST_TEXT_MAX];
	if (c->n_platforms == 0)
		return manifest_write_platform(c, "", out);
	buf_adds(out, "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_INDEX "\",\"manifests\":[");
	for (size_t i = 0; i < c->n_platforms; i++) {
		const char *platform = c->platforms[i], *arch = strchr(platform, '/');
		buf_clear(&one, SIZE_MAX);
		manifest_write_platform(c, platform, &one);
		manifest_digest(&one, digest);
		buf_addf(out,
			 "%s{\"mediaType\":\"" TYPE_IMAGE "\",\"digest\":\"%s\",\"size\":%zu,"
			 "\"platform\":{\"os\":\"%.*s\",\"architecture\":\"%s\"}}",
			 i == 0 ? "" : ",", digest, one.len, (int)(arch - platform), platform,
			 arch + 1);
	}
	buf_done(&one);
	buf_adds(out, "]}");
	return TYPE_INDEX;
}
