/*
 * Decides what is valid UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF). Reads never pass the terminating NUL, because a NUL is
 * not a continuation byte.
 */
#include "base/utf8.h"

#include <string.h>

static bool cont(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return cont(s[1]) ? 2 : 0;
	if ((s[0] & 0xf0) == 0xe0) {
		unsigned char low = s[0] == 0xe0 ? 0xa0 : 0x80;
		unsigned char high = s[0] == 0xed ? 0x9f : 0xbf;
		return s[1] >= low && s[1] <= high && cont(s[2]) ? 3 : 0;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		unsigned char low = s[0] == 0xf0 ? 0x90 : 0x80;
		unsigned char high = s[0] == 0xf4 ? 0x8f : 0xbf;
		return s[1] >= low && s[1] <= high && cont(s[2]) && cont(s[3]) ? 4 : 0;
	}
	return 0;
}

size_t utf8_cut(const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);
	if (n <= max)
		return n;
	n = max;
	while (n > 0 && cont((unsigned char)s[n]))
		n--;
	return n;
}

unsigned utf8_code(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t n = utf8_len(text);
	unsigned code = s[0] & masks[n];
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

bool utf8_hidden(const char *s)
{
	static const unsigned ranges[][2] = {
		{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
	};
	if ((unsigned char)*s >= ' ' && (unsigned char)*s < 0x7f)
		return false;
	unsigned code = utf8_code(s);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}
