/*
 * Escaping of texts from outside before they are shown: terminal control characters are written as
 * escapes (\x1b, \u202e), line breaks and tabs as blanks, and invalid UTF-8 as U+FFFD.
 * utf8_hidden() selects the characters. JSON is escaped by buf_add_json.
 */
#ifndef DROP_BASE_VISIBLE_H
#define DROP_BASE_VISIBLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

/* Appends s; lines: its line breaks stay, as of a text that we laid out ourselves. */
void visible_add(struct buf *out, const char *s, bool lines);
/* s itself if there is nothing to escape, else a copy in a. NULL stays NULL. */
const char *visible_text(struct arena *a, const char *s);

#endif
