/*
 * Texts from outside on their way to people: what a terminal would obey instead of show is written
 * as an escape (\x1b, \u202e), line breaks and tabs as blanks, and bytes that are no UTF-8 as
 * U+FFFD. What is hidden is decided by utf8_hidden(). JSON has escapes of its own (buf_add_json).
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
