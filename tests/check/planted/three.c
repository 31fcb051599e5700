/* Uses one.c: the circle is closed. */
#include "tests/check/planted/planted.h"

int planted_three(int n)
{
	return n > 0 ? planted_one(n - 1) : 0;
}
