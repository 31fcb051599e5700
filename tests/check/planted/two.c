/* Uses three.c. */
#include "tests/check/planted/planted.h"

int planted_two(int n)
{
	return n > 0 ? planted_three(n - 1) : 0;
}
