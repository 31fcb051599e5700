/*
 * Two machines: one for the grammar between tokens, one inside a token. Invariant: depth
 * counts open brackets, and a value's path is level[1..depth] when its event is told.
 */
#include "discoverer/json/jsonsax.h"

#include <string.h>

enum state { VALUE, FIRST_VALUE, FIRST_NAME, NAME, COLON, AFTER, DONE }; /* what is expected */
enum token { NONE, STRING, NUMBER, LITERAL };
enum number { SIGN, ZERO, INT, DOT, FRACTION, E, E_SIGN, EXPONENT };

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_TERMINAL, "not valid JSON: %s", what);
}

static bool in_array(const struct sax *s)
{
	return s->depth > 0 && (s->arrays >> (s->depth - 1) & 1);
}

static struct sax_level *here(struct sax *s)
{
	return s->depth > 0 && s->depth <= SAX_PATH_MAX ? &s->level[s->depth] : NULL;
}

static void value_ended(struct sax *s)
{
	s->state = s->depth == 0 ? DONE : AFTER;
}

static void keep(struct sax *s, const char *bytes, size_t n)
{
	size_t room = SAX_TEXT_MAX - s->len;
	if (s->whole != NULL && s->total < s->whole_max) {
		size_t free = s->whole_max - s->total;
		memcpy(s->whole + s->total, bytes, n < free ? n : free);
	}
	s->total += n;
	if (n > room) {
		s->cut = true;
		n = room;
	}
	memcpy(s->text + s->len, bytes, n);
	s->len += n;
}

static void token_begins(struct sax *s, enum token token)
{
	s->token = token;
	s->len = s->total = 0;
	s->cut = false;
}

/* A value begins: it is the next element of the array we are in. */
static void count_value(struct sax *s)
{
	struct sax_level *level = here(s);
	if (level != NULL && level->array)
		level->index++;
}

/* ---- strings ---- */

static void add_rune(struct sax *s, uint32_t c)
{
	char out[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[n] | c);
	keep(s, out, n);
}

static int unit_ended(struct sax *s, struct err *err)
{
	uint32_t c = s->unit;
	bool low = c >= 0xdc00 && c <= 0xdfff, high = c >= 0xd800 && c <= 0xdbff;
	if (s->lead != 0 && !low)
		return bad(err, "half of a surrogate pair");
	if (s->lead == 0 && low)
		return bad(err, "half of a surrogate pair");
	if (high) {
		s->lead = c;
		return 0;
	}
	if (low)
		c = 0x10000 + ((s->lead - 0xd800) << 10) + (c - 0xdc00);
	s->lead = 0;
	add_rune(s, c);
	return 0;
}

/* s->escape: 5 after a backslash, 4 to 1 digits to come. */
static int escape_byte(struct sax *s, char c, struct err *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (s->escape == 5) {
		if (c == 'u') {
			s->escape = 4;
			s->unit = 0;
			return 0;
		}
		const char *found = c != '\0' ? strchr(from, c) : NULL;
		if (found == NULL)
			return bad(err, "an escape that there is not");
		if (s->lead != 0)
			return bad(err, "half of a surrogate pair");
		keep(s, &to[found - from], 1);
		s->escape = 0;
		return 0;
	}
	int digit = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : -1;
	if (digit < 0)
		return bad(err, "an escape that there is not");
	s->unit = s->unit << 4 | (uint32_t)digit;
	return --s->escape == 0 ? unit_ended(s, err) : 0;
}

/* RFC 3629: what may follow a first byte. */
static int utf8_begins(struct sax *s, uint8_t c, struct err *err)
{
	s->low = 0x80;
	s->high = 0xbf;
	if (c >= 0xc2 && c <= 0xdf) {
		s->more = 1;
	} else if (c >= 0xe0 && c <= 0xef) {
		s->more = 2;
		if (c == 0xe0)
			s->low = 0xa0;
		else if (c == 0xed)
			s->high = 0x9f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		s->more = 3;
		if (c == 0xf0)
			s->low = 0x90;
		else if (c == 0xf4)
			s->high = 0x8f;
	} else {
		return bad(err, "invalid UTF-8");
	}
	return 0;
}

static int string_ends(struct sax *s, sax_fn fn, void *ctx, struct err *err)
{
	struct sax_level *level = here(s);
	s->token = NONE;
	s->text[s->len] = '\0';
	if (!s->name) {
		int rc = fn(ctx, s, SAX_STRING, err);
		value_ended(s);
		return rc;
	}
	s->name = false;
	s->state = COLON;
	if (level != NULL) {
		bool fits = s->len <= SAX_KEY_MAX && !s->cut;
		memcpy(level->key, s->text, fits ? s->len : 0);
		level->key[fits ? s->len : 0] = '\0';
	}
	return 0;
}

/* One byte of a string that is not plain ASCII text. */
static int string_byte(struct sax *s, char byte, sax_fn fn, void *ctx, struct err *err)
{
	uint8_t c = (uint8_t)byte;
	if (s->escape != 0)
		return escape_byte(s, byte, err);
	if (s->more > 0) {
		if (c < s->low || c > s->high)
			return bad(err, "invalid UTF-8");
		s->low = 0x80;
		s->high = 0xbf;
		s->more--;
		keep(s, &byte, 1);
		return 0;
	}
	if (byte == '\\') {
		s->escape = 5;
		return 0;
	}
	if (s->lead != 0)
		return bad(err, "half of a surrogate pair");
	if (byte == '"')
		return string_ends(s, fn, ctx, err);
	if (c < 0x20)
		return bad(err, "a control character in a string");
	if (c >= 0x80 && utf8_begins(s, c, err) < 0)
		return -1;
	keep(s, &byte, 1);
	return 0;
}

/* ---- numbers and literals ---- */

static bool number_byte(struct sax *s, char c)
{
	bool digit = c >= '0' && c <= '9', e = c == 'e' || c == 'E';
	int next = -1;
	switch (s->number) {
	case SIGN:
		next = c == '0' ? ZERO : digit ? INT : -1;
		break;
	case ZERO:
		next = c == '.' ? DOT : e ? E : -1;
		break;
	case INT:
		next = digit ? INT : c == '.' ? DOT : e ? E : -1;
		break;
	case DOT:
		next = digit ? FRACTION : -1;
		break;
	case FRACTION:
		next = digit ? FRACTION : e ? E : -1;
		break;
	case E:
		next = digit ? EXPONENT : c == '+' || c == '-' ? E_SIGN : -1;
		break;
	default:
		next = digit ? EXPONENT : -1;
		break;
	}
	if (next < 0)
		return false;
	s->number = next;
	return true;
}

static int word_ends(struct sax *s, sax_fn fn, void *ctx, struct err *err)
{
	enum token token = (enum token)s->token;
	s->token = NONE;
	s->text[s->len] = '\0';
	if (token == NUMBER && s->number != ZERO && s->number != INT && s->number != FRACTION &&
	    s->number != EXPONENT)
		return bad(err, "a number that ends early");
	if (token == LITERAL && strcmp(s->text, "true") != 0 && strcmp(s->text, "false") != 0 &&
	    strcmp(s->text, "null") != 0)
		return bad(err, "a word that is no value");
	int rc = fn(ctx, s, token == NUMBER ? SAX_NUMBER : SAX_LITERAL, err);
	value_ended(s);
	return rc;
}

/* ---- brackets and what is between values ---- */

static int open_bracket(struct sax *s, bool array, sax_fn fn, void *ctx, struct err *err)
{
	if (s->depth == SAX_DEPTH_MAX)
		return err_set(err, ERR_TERMINAL, "JSON nested more than %d deep", SAX_DEPTH_MAX);
	if (fn(ctx, s, array ? SAX_ARRAY : SAX_OBJECT, err) < 0)
		return -1;
	uint64_t bit = (uint64_t)1 << s->depth;
	s->arrays = array ? s->arrays | bit : s->arrays & ~bit;
	s->depth++;
	struct sax_level *level = here(s);
	if (level != NULL)
		*level = (struct sax_level){.array = array};
	s->state = array ? FIRST_VALUE : FIRST_NAME;
	return 0;
}

static int close_bracket(struct sax *s, char c, sax_fn fn, void *ctx, struct err *err)
{
	bool array = c == ']';
	bool may = s->state == AFTER || s->state == (array ? FIRST_VALUE : FIRST_NAME);
	if (!may || s->depth == 0 || in_array(s) != array)
		return bad(err, "a bracket in the wrong place");
	s->depth--;
	int rc = fn(ctx, s, array ? SAX_ARRAY_END : SAX_OBJECT_END, err);
	value_ended(s);
	return rc;
}

static int value_begins(struct sax *s, char c, sax_fn fn, void *ctx, struct err *err)
{
	count_value(s);
	if (c == '{' || c == '[')
		return open_bracket(s, c == '[', fn, ctx, err);
	if (c == '"') {
		token_begins(s, STRING);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		token_begins(s, NUMBER);
		s->number = c == '-' ? SIGN : c == '0' ? ZERO : INT;
		keep(s, &c, 1);
	} else if (c >= 'a' && c <= 'z') {
		token_begins(s, LITERAL);
		keep(s, &c, 1);
	} else {
		return bad(err, "a value is missing");
	}
	return 0;
}

static int between(struct sax *s, char c, sax_fn fn, void *ctx, struct err *err)
{
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return 0;
	if (c == '}' || c == ']')
		return close_bracket(s, c, fn, ctx, err);
	switch (s->state) {
	case VALUE:
	case FIRST_VALUE:
		return value_begins(s, c, fn, ctx, err);
	case FIRST_NAME:
	case NAME:
		if (c != '"')
			return bad(err, "a name is missing");
		token_begins(s, STRING);
		s->name = true;
		return 0;
	case COLON:
		s->state = VALUE;
		return c == ':' ? 0 : bad(err, "a colon is missing");
	case AFTER:
		s->state = in_array(s) ? VALUE : NAME;
		return c == ',' ? 0 : bad(err, "a comma is missing");
	default:
		return bad(err, "something follows the value");
	}
}

/* The longest run of plain text in a string; most bytes of an answer go this way. */
static size_t plain_run(const struct sax *s, const char *p, size_t n)
{
	size_t i = 0;
	if (s->escape != 0 || s->more != 0 || s->lead != 0)
		return 0;
	while (i < n && (uint8_t)p[i] >= 0x20 && (uint8_t)p[i] < 0x80 && p[i] != '"' &&
	       p[i] != '\\')
		i++;
	return i;
}

int sax_feed(struct sax *s, const char *bytes, size_t n, sax_fn fn, void *ctx, struct err *err)
{
	for (size_t i = 0; i < n;) {
		if (s->token == STRING) {
			size_t run = plain_run(s, bytes + i, n - i);
			keep(s, bytes + i, run);
			i += run;
			if (i < n && string_byte(s, bytes[i++], fn, ctx, err) < 0)
				return -1;
		} else if (s->token == NUMBER && number_byte(s, bytes[i])) {
			keep(s, bytes + i++, 1);
		} else if (s->token == LITERAL && bytes[i] >= 'a' && bytes[i] <= 'z') {
			keep(s, bytes + i++, 1);
		} else if (s->token != NONE) {
			if (word_ends(s, fn, ctx, err) < 0) /* the byte is looked at again */
				return -1;
		} else if (between(s, bytes[i++], fn, ctx, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int sax_end(struct sax *s, sax_fn fn, void *ctx, struct err *err)
{
	if ((s->token == NUMBER || s->token == LITERAL) && word_ends(s, fn, ctx, err) < 0)
		return -1;
	return s->state == DONE ? 0 : bad(err, "it ends early");
}

bool sax_at(const struct sax *s, const char *path)
{
	int depth = 0;
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, ".");
		if (++depth > s->depth || depth > SAX_PATH_MAX)
			return false;
		const struct sax_level *level = &s->level[depth];
		bool any = n == 1 && *p == '*';
		if (any != level->array ||
		    (!any && (strncmp(level->key, p, n) != 0 || level->key[n] != '\0')))
			return false;
		p += n;
		p += *p == '.';
	}
	return depth == s->depth;
}
