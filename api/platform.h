/*
 * Platforms as registries and nodes name them: "linux/amd64", "linux/arm/v7" (behaviour 35, 39).
 * Pure.
 */
#ifndef DROP_API_PLATFORM_H
#define DROP_API_PLATFORM_H

#include <stddef.h>

/* Characters of a name that is kept, with a NUL; longer ones are cut. */
#define PLATFORM_SIZE 52

/*
 * How well an image of this platform suits a node "os/arch"; 0: it cannot run there. amd64 also
 * runs 386, arm64 also arm, a Windows node what is for Windows. "" is an image that is no index: it
 * is taken everywhere.
 */
int platform_suits(const char *image, const char *node);

#endif
