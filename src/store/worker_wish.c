/*
 * worker_wish.c - what an operator asks of a worker, as it stands in the database
 */
#include <string.h>

#include "store/store.h"

const char *const worker_wish_names[WISH_COUNT] = {
    [WISH_NONE] = "",
    [WISH_QUIET] = "quiet",
    [WISH_STOP] = "stop",
};

enum worker_wish worker_wish_of(const char *text)
{
    for (int i = WISH_QUIET; text && i < WISH_COUNT; i++) {
        if (strcmp(worker_wish_names[i], text) == 0)
            return (enum worker_wish)i;
    }
    return WISH_NONE;
}
