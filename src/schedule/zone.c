#include "schedule/zone.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/civil.h"
#include "schedule/tzif.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

/* The largest zone file that is believed: the real ones have at most 4 KB. */
enum { FILE_MAX = 256 * 1024, PATH_SIZE = 512, BUCKETS = 64 };

/* UTC has no folder to come from: jobs run without tzdata too. */
static const struct zone_change utc_changes[] = {{ZONE_BEGIN, 0}};
static const struct zone utc = {.name = "UTC", .changes = utc_changes, .count = 1};

static _Atomic(const struct zone *) cache[BUCKETS];

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-';
}

bool zone_name_is_valid(const char *name)
{
    size_t length = strnlen(name, ZONE_NAME_SIZE);
    char before = '/';

    if (length == 0 || length == ZONE_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_name_character(name[i]) && (name[i] != '/' || before == '/'))
            return false;
        before = name[i];
    }
    return before != '/';
}

static int fail_unknown(plain_error *err, const char *name)
{
    error_set(err, PLAIN_E_INVALID, 403, "timezone", "there is no time zone '%.*s'", ZONE_NAME_SIZE,
              name);
    error_fix(err, "use a name like Europe/Berlin; `ls " ZONE_FOLDER "` shows them");
    return PLAIN_E_INVALID;
}

/* The file could not be opened: is it the name, or has this machine no zone files? */
static int fail_open(plain_error *err, const char *folder, const char *name, int error_number)
{
    struct stat st;

    if (error_number != ENOENT && error_number != ENOTDIR)
        return error_set_errno(err, PLAIN_E_IO, 403, "timezone", error_number,
                               "reading time zone '%s'", name);
    if (stat(folder, &st) == 0)
        return fail_unknown(err, name);
    error_set(err, PLAIN_E_NOT_FOUND, 403, "timezone",
              "time zone '%s': this machine has no zone files (%s is missing)", name, folder);
    error_fix(err, "install them: apt-get install tzdata");
    return PLAIN_E_NOT_FOUND;
}

/* Reads up to size bytes; -1 and errno on failure. */
static ssize_t read_whole(int fd, unsigned char *bytes, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = read(fd, bytes + have, size - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static int load_open_file(int fd, const char *name, struct zone **out, plain_error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_set_errno(err, PLAIN_E_IO, 403, "timezone", errno, "reading time zone '%s'",
                               name);
    if (!S_ISREG(st.st_mode)) /* "Europe" is a folder */
        return fail_unknown(err, name);
    if (st.st_size > FILE_MAX)
        return error_set(err, PLAIN_E_IO, 403, "timezone", "the file of time zone '%s' is damaged",
                         name);

    size_t size = (size_t)st.st_size;
    unsigned char *bytes = mem_alloc(size);
    if (!bytes)
        return error_nomem(err);
    ssize_t n = read_whole(fd, bytes, size);
    int r = n < 0 ? error_set_errno(err, PLAIN_E_IO, 403, "timezone", errno,
                                    "reading time zone '%s'", name)
                  : tzif_parse(name, bytes, (size_t)n, out, err);
    mem_free(bytes);
    return r;
}

int zone_load(const char *folder, const char *name, struct zone **out, plain_error *err)
{
    char path[PATH_SIZE];

    if (!zone_name_is_valid(name))
        return fail_unknown(err, name);
    int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fail_unknown(err, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_open(err, folder, name, errno);
    int r = load_open_file(fd, name, out, err);
    (void)close(fd);
    return r;
}

/* FNV-1a. */
static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % BUCKETS;
}

static const struct zone *list_find(const struct zone *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

/* Puts a zone into the cache. When another thread was faster, its zone is taken and ours freed. */
static const struct zone *cache_put(size_t bucket, struct zone *zone)
{
    const struct zone *head = atomic_load_explicit(&cache[bucket], memory_order_acquire);

    do {
        const struct zone *other = list_find(head, zone->name);

        if (other) {
            mem_free(zone);
            return other;
        }
        zone->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&cache[bucket], &head, zone,
                                                    memory_order_release, memory_order_acquire));
    return zone;
}

int zone_find(const char *name, const struct zone **out, plain_error *err)
{
    struct zone *loaded = NULL;

    if (!name || !*name || !strcmp(name, utc.name)) {
        *out = &utc;
        return PLAIN_OK;
    }
    size_t bucket = bucket_of(name);
    *out = list_find(atomic_load_explicit(&cache[bucket], memory_order_acquire), name);
    if (*out)
        return PLAIN_OK;
    int r = zone_load(ZONE_FOLDER, name, &loaded, err);
    if (loaded)
        *out = cache_put(bucket, loaded);
    return r;
}

/* The last recorded change at or before at. */
static size_t find_change(const struct zone *zone, int64_t at)
{
    size_t low = 0, high = zone->count;

    assert(zone->count > 0 && at >= ZONE_BEGIN);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (zone->changes[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/*
 * Narrows a span that reaches beyond the recorded changes by those that the rule makes around at. A
 * summer time that ends when the next one begins is one that never ends, so of two changes at one
 * moment the later one holds.
 */
static void apply_rule(const struct zone *zone, int64_t at, struct zone_span *span)
{
    int year = civil_from_days(civil_floor_div(at, SECONDS_PER_DAY)).year;

    for (int y = year - 1; y <= year + 1; y++) {
        struct zone_change changes[2];

        rule_changes(&zone->rule, y, changes);
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
            const struct zone_change *c = &changes[i];

            if (c->at <= zone->rule_from)
                continue;
            if (c->at > at && c->at < span->end)
                span->end = c->at;
            if (c->at <= at && c->at >= span->start) {
                span->start = c->at;
                span->offset = c->offset;
            }
        }
    }
}

void zone_span_at(const struct zone *zone, int64_t at, struct zone_span *out)
{
    size_t i = find_change(zone, at);

    *out = (struct zone_span){
        .start = zone->changes[i].at,
        .end = i + 1 < zone->count ? zone->changes[i + 1].at : ZONE_END,
        .offset = zone->changes[i].offset,
    };
    if (!zone->has_rule || out->end != ZONE_END)
        return;
    if (at < zone->rule_from)
        out->end = zone->rule_from;
    else
        apply_rule(zone, at, out);
}

int64_t zone_from_local(const struct zone *zone, int64_t local)
{
    struct zone_span span;

    /* The first stretch that could show it; then later ones, until one does or begins beyond it. */
    zone_span_at(zone, local - ZONE_OFFSET_MAX, &span);
    int32_t before = span.offset;
    while (span.end != ZONE_END && local >= span.end + span.offset) {
        before = span.offset;
        zone_span_at(zone, span.end, &span);
    }
    return local - (local < span.start + span.offset ? before : span.offset);
}
