/* See facts.h: the texts of a table. One row an end, in the order of the enum. */
#include "discoverer/facts/facts.h"

const char *facts_text(enum facts_end end)
{
#define FACTS_TEXT(name, text) [FACTS_##name] = text,
	static const char *const texts[] = {FACTS_ENDS(FACTS_TEXT)};
	return texts[end];
}
