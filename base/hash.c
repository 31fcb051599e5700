/* SipHash-2-4 under the process's key, and FNV-1a for what has to stay the same; see hash.h. */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/* Set once at the start of a program, constant from then on. */
static struct hash_key process_key;

void hash_seed(struct hash_key key)
{
	process_key = key;
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline struct sip sip_start(struct hash_key key)
{
	return (struct sip){key.k[0] ^ 0x736f6d6570736575ULL, key.k[1] ^ 0x646f72616e646f6dULL,
			    key.k[0] ^ 0x6c7967656e657261ULL, key.k[1] ^ 0x7465646279746573ULL};
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* The remaining bytes, and the finish; before: how many bytes were fed already. */
static inline uint64_t sip_end(struct sip *s, size_t before, const void *p, size_t n)
{
	const unsigned char *at = p;
	size_t left = n;
	uint64_t word;
	for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sip_word(s, le64toh(word));
	}
	word = (uint64_t)(before + n) << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)at[i] << (8 * i);
	sip_word(s, word);
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t hash_keyed(struct hash_key key, const void *p, size_t n)
{
	struct sip s = sip_start(key);
	return sip_end(&s, 0, p, n);
}

/* What was hashed so far is the first word of the next piece. */
uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	struct sip s = sip_start(process_key);
	sip_word(&s, h);
	return sip_end(&s, sizeof(h), p, n);
}

uint64_t hash_str(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "", 0) : hash_bytes(h, s, strlen(s));
}

uint64_t hash_stable_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;
	for (size_t i = 0; i < n; i++) {
		h ^= s[i];
		h *= 0x100000001b3ULL;
	}
	return h;
}

uint64_t hash_stable_str(uint64_t h, const char *s)
{
	return s == NULL ? hash_stable_bytes(h, "", 1) : hash_stable_bytes(h, s, strlen(s) + 1);
}
