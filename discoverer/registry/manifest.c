/*
 * See manifest.h. Invariant: layers[] are the distinct digests of layers, bytes is the sum of their
 * sizes and the config's.
 */
#include "discoverer/registry/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Bytes of an image that are believed: 2^50. */
#define SIZE_MAX_BYTES ((int64_t)1 << 50)

bool digest_valid(const char *text)
{
	return strncmp(text, "sha256:", 7) == 0 && strlen(text + 7) == 64 &&
	       strspn(text + 7, "0123456789abcdef") == 64;
}

static int wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_TERMINAL, "not a manifest: %s", what);
}

/* ---- an index ---- */

static void take_entry(struct manifest *m)
{
	const struct platform_entry *e = &m->entry;
	if (e->os[0] == '\0' || e->arch[0] == '\0' || strcmp(e->os, "unknown") == 0 ||
	    strcmp(e->arch, "unknown") == 0 || e->digest[0] == '\0')
		return;
	if (m->entries == NULL)
		m->entries = xcalloc(MANIFEST_ENTRIES_MAX, sizeof(*m->entries));
	m->entries[m->n_entries++] = *e;
}

/* A name of a platform: what does not fit, or is not plain, is as if it were not said. */
static void take_name(char out[16], const struct sax *s)
{
	bool plain = !s->cut && s->len < 16 &&
		     strspn(s->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-") == s->len;
	snprintf(out, 16, "%s", plain ? s->text : "");
}

static int on_index(struct manifest *m, const struct sax *s, enum sax_event event, struct err *err)
{
	struct platform_entry *e = &m->entry;
	if (sax_at(s, "manifests.*") && event == SAX_OBJECT) {
		if (m->seen_entries++ == MANIFEST_ENTRIES_MAX)
			return wrong(err, "an index with too many entries");
		*e = (struct platform_entry){0};
	} else if (sax_at(s, "manifests.*") && event == SAX_OBJECT_END) {
		take_entry(m);
	} else if (sax_at(s, "manifests.*")) {
		return wrong(err, "an entry of its index is no object");
	} else if (sax_at(s, "manifests.*.digest")) {
		if (event != SAX_STRING)
			return wrong(err, "a digest is no text");
		/* One of another algorithm cannot be asked for by us. */
		snprintf(e->digest, sizeof(e->digest), "%s",
			 !s->cut && s->len == strlen(s->text) && digest_valid(s->text) ? s->text
										       : "");
	} else if (event == SAX_STRING && sax_at(s, "manifests.*.platform.os")) {
		take_name(e->os, s);
	} else if (event == SAX_STRING && sax_at(s, "manifests.*.platform.architecture")) {
		take_name(e->arch, s);
	} else if (event == SAX_STRING && sax_at(s, "manifests.*.platform.variant")) {
		take_name(e->variant, s);
	}
	return 0;
}

/* ---- an image ---- */

static bool known(const struct manifest *m)
{
	for (size_t i = 0; i < m->n_layers; i++)
		if (strcmp(m->layers[i], m->digest) == 0)
			return true;
	return false;
}

static int take_blob(struct manifest *m, bool layer, struct err *err)
{
	if (m->digest[0] == '\0' || m->size < 0)
		return wrong(err, "a layer or config without digest or size");
	if (layer && known(m))
		return 0;
	m->bytes += m->size;
	if (m->bytes > SIZE_MAX_BYTES)
		return wrong(err, "its size is beyond belief");
	if (!layer)
		return 0;
	if (m->layers == NULL)
		m->layers = xcalloc(MANIFEST_LAYERS_MAX, sizeof(*m->layers));
	memcpy(m->layers[m->n_layers++], m->digest, DIGEST_SIZE);
	return 0;
}

static int take_size(struct manifest *m, const struct sax *s, enum sax_event event, struct err *err)
{
	bool whole = event == SAX_NUMBER && strspn(s->text, "0123456789") == s->len && s->len < 17;
	m->size = whole ? strtoll(s->text, NULL, 10) : -1;
	return whole && m->size <= SIZE_MAX_BYTES ? 0 : wrong(err, "a size is no number of bytes");
}

static int take_digest(struct manifest *m, const struct sax *s, enum sax_event event,
		       struct err *err)
{
	/* Of any algorithm: it only tells one layer from another. */
	if (event != SAX_STRING || s->cut || s->len == 0 || s->len != strlen(s->text))
		return wrong(err, "a digest is no text");
	if (s->len >= DIGEST_SIZE)
		return wrong(err, "a digest is too long");
	snprintf(m->digest, sizeof(m->digest), "%s", s->text);
	return 0;
}

static int on_image(struct manifest *m, const struct sax *s, enum sax_event event, struct err *err)
{
	bool layer = sax_at(s, "layers.*");
	if (layer || sax_at(s, "config")) {
		if (event == SAX_OBJECT) {
			if (layer && m->seen_layers++ == MANIFEST_LAYERS_MAX)
				return wrong(err, "an image with too many layers");
			m->digest[0] = '\0';
			m->size = -1;
			return 0;
		}
		return event == SAX_OBJECT_END ? take_blob(m, layer, err)
					       : wrong(err, "a layer or config is no object");
	}
	if (sax_at(s, "layers.*.size") || sax_at(s, "config.size"))
		return take_size(m, s, event, err);
	if (sax_at(s, "layers.*.digest") || sax_at(s, "config.digest"))
		return take_digest(m, s, event, err);
	return 0;
}

/* ---- both ---- */

static int note_kind(struct manifest *m, const struct sax *s, enum sax_event event, struct err *err)
{
	struct {
		const char *name;
		enum sax_event want;
		bool *has;
	} parts[] = {{"manifests", SAX_ARRAY, &m->has_manifests},
		     {"layers", SAX_ARRAY, &m->has_layers},
		     {"config", SAX_OBJECT, &m->has_config}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!sax_at(s, parts[i].name) || event == SAX_OBJECT_END || event == SAX_ARRAY_END)
			continue;
		if (event != parts[i].want)
			return wrong(err, "a part of it is of another type");
		if (*parts[i].has)
			return wrong(err, "a part of it is there twice");
		*parts[i].has = true;
	}
	if (m->has_manifests && (m->has_layers || m->has_config))
		return wrong(err, "an index and an image at once");
	return 0;
}

static int on_event(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct manifest *m = ctx;
	if (s->depth == 0)
		return event == SAX_OBJECT || event == SAX_OBJECT_END
			       ? 0
			       : wrong(err, "it is no object");
	if (s->depth == 1 && note_kind(m, s, event, err) < 0)
		return -1;
	if (m->has_manifests)
		return on_index(m, s, event, err);
	return m->has_layers || m->has_config ? on_image(m, s, event, err) : 0;
}

int manifest_feed(struct manifest *m, const char *bytes, size_t n, struct err *err)
{
	return sax_feed(&m->sax, bytes, n, on_event, m, err);
}

int manifest_end(struct manifest *m, struct err *err)
{
	if (sax_end(&m->sax, on_event, m, err) < 0)
		return -1;
	if (!m->has_manifests && !(m->has_layers && m->has_config))
		return wrong(err, "neither an index nor an image");
	return 0;
}

bool manifest_is_index(const struct manifest *m)
{
	return m->has_manifests;
}

void manifest_done(struct manifest *m)
{
	free(m->entries);
	free(m->layers);
	*m = (struct manifest){0};
}
