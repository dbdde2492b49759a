#include "base/tail.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { FIRST_ROOM = 256, REPLACEMENT_BYTES = 3, NOTE_SIZE = 64 };

/* Room for n more bytes, where that is below two times max. */
static bool reserve(struct tail *t, size_t n)
{
    size_t room = t->room ? t->room : FIRST_ROOM;

    while (room < t->used + n + 1)
        room *= 2;
    if (room == t->room)
        return true;
    char *data = mem_grow(t->data, room, 1);
    if (!data)
        return false;
    t->data = data;
    t->room = room;
    return true;
}

void tail_add(struct tail *t, const char *p, size_t n)
{
    t->total += (int64_t)n;
    if (n > t->max) {
        p += n - t->max;
        n = t->max;
    }
    if (t->used + n > 2 * t->max) { /* n is at most max, so max - n more are worth keeping */
        size_t keep = t->max - n;

        memmove(t->data, t->data + t->used - keep, keep);
        t->used = keep;
    }
    if (n == 0 || !reserve(t, n))
        return;
    memcpy(t->data + t->used, p, n);
    t->used += n;
    t->data[t->used] = '\0';
}

void tail_release(struct tail *t)
{
    mem_free(t->data);
    *t = (struct tail)TAIL_INIT(t->max);
}

/* Bytes of the character at p, and how many it has in a clean text. */
static size_t step(const char *p, size_t *clean)
{
    unsigned cp;

    if (*p == '\0') {
        *clean = REPLACEMENT_BYTES;
        return 1;
    }
    size_t n = utf8_next(p, &cp);
    *clean = n == 1 && ((unsigned char)*p & 0x80) ? REPLACEMENT_BYTES : n;
    return n;
}

/* Where the text begins: the last bytes from a character on, so many that they fit when clean. */
static size_t find_start(const struct tail *t, size_t *clean_size)
{
    size_t at = t->used > t->max ? t->used - t->max : 0, total = 0, clean;

    if ((int64_t)t->used < t->total || at > 0) { /* not in the middle of a character */
        for (int i = 0; i < 3 && at < t->used && ((unsigned char)t->data[at] & 0xC0) == 0x80; i++)
            at++;
    }
    for (size_t i = at; i < t->used; total += clean)
        i += step(t->data + i, &clean);
    while (total > t->max) {
        at += step(t->data + at, &clean);
        total -= clean;
    }
    *clean_size = total;
    return at;
}

char *tail_text(const struct tail *t)
{
    char note[NOTE_SIZE] = "";
    size_t size;

    if (t->used == 0)
        return NULL;
    size_t start = find_start(t, &size);
    int64_t missing = t->total - (int64_t)(t->used - start);
    if (missing > 0)
        (void)snprintf(note, sizeof(note), "[%" PRId64 " bytes before this are not kept]\n",
                       missing);
    size_t n = strlen(note);
    char *text = mem_alloc(n + size + 1);
    if (!text)
        return NULL;
    memcpy(text, note, n + 1);
    (void)utf8_clean(text + n, size + 1, t->data + start, t->used - start);
    return text;
}
