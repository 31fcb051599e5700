/* Four files of which three use each other in a circle; circles.py must find it. Never linked. */
#ifndef DROP_TESTS_CHECK_PLANTED_H
#define DROP_TESTS_CHECK_PLANTED_H

int planted_one(int n);
int planted_two(int n);
int planted_three(int n);
int planted_user(int n);

#endif
