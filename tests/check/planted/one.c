/* Uses two.c. */
#include "tests/check/planted/planted.h"

int planted_one(int n)
{
	return n > 0 ? planted_two(n - 1) : 0;
}
