/*
 * build_once.h - of several workers that notice the same change, one builds
 *
 * The lock is flock() on .plain/build of the current folder, which only its owner may enter. In the
 * file stands what the last build made of which sources; its number rises with each build. Who had
 * to wait and finds that a build has been made since it last looked, of the sources that it sees,
 * takes that outcome. Where the file cannot be made or locked (NFS without locks),
 * everybody builds.
 */
#ifndef PLAIN_WORKER_BUILD_ONCE_H
#define PLAIN_WORKER_BUILD_ONCE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed at first, but fd -1. */
struct build_once {
    int fd;        /* while it is locked */
    uint64_t seen; /* number of the last build that was looked at */
};

/* At the start: builds that were made before this do not count. */
void build_once_look(struct build_once *b);

enum build_turn {
    BUILD_WAIT,   /* somebody else builds: ask again soon                    */
    BUILD_OURS,   /* build, then call build_once_done()                      */
    BUILD_MADE,   /* somebody else has built these sources                   */
    BUILD_BROKEN, /* somebody else has tried, and it failed                  */
};
enum build_turn build_once_ask(struct build_once *b, uint64_t sources);

/* Writes down how it went, and unlocks. */
void build_once_done(struct build_once *b, uint64_t sources, bool good);
/* Unlocks without a word: the build was given up. */
void build_once_drop(struct build_once *b);

#endif
