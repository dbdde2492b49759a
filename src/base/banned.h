/*
 * banned.h - what nobody should call; included by the build in front of every file of src/
 * (the idea is git's banned.h). Each has a checked counterpart in base/.
 */
#ifndef PLAIN_BASE_BANNED_H
#define PLAIN_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca /* a macro of glibc, which gcc will not poison */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol atoll
#pragma GCC poison gmtime localtime ctime asctime system popen alloca

#endif
