/*
 * uuid.c - how the uuids of a process are kept rising and apart
 *
 * The first 60 bits that are not version or variant hold time: 48 bits of milliseconds and 12 bits
 * of 1/4096 milliseconds (RFC 9562, section 6.2, method 3). They come from one atomic number, which
 * every new uuid moves on to the time or, where the time has not moved or went back, by one. So no
 * two uuids of a process share them, in whatever thread they are made.
 *
 * The other 62 bits come from the kernel, POOL_SIZE bytes at a time for each thread. A child
 * throws away what it inherited, since parent and child also share the 60 bits.
 */
#include "base/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

enum { POOL_SIZE = 1024, TICKS_PER_MS = 4096 };

struct pool {
    unsigned char bytes[POOL_SIZE];
    size_t left;
    unsigned generation; /* of the process that filled it */
};

static _Thread_local struct pool pool;
static atomic_uint generation; /* how many forks lie between the first process and this one */
static _Atomic uint64_t last_tick;

static void note_fork(void)
{
    atomic_fetch_add(&generation, 1);
}

static void watch_forks(void)
{
    /* Without the handler a child would repeat its parent's randomness. */
    if (pthread_atfork(NULL, NULL, note_fork) != 0)
        abort();
}

static void fill_pool(unsigned now)
{
    size_t got = 0;

    while (got < POOL_SIZE) {
        ssize_t n = getrandom(pool.bytes + got, POOL_SIZE - got, 0);

        if (n > 0)
            got += (size_t)n;
        else if (errno != EINTR)
            abort();
    }
    pool.left = POOL_SIZE;
    pool.generation = now;
}

unsigned long long random_u64(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t value;

    (void)pthread_once(&once, watch_forks);
    unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
    if (pool.left < sizeof(value) || pool.generation != now)
        fill_pool(now);
    pool.left -= sizeof(value);
    memcpy(&value, pool.bytes + pool.left, sizeof(value));
    return value;
}

/* The wall clock in 1/4096 ms. */
static uint64_t read_tick(void)
{
    int64_t us = clock_wall_us();
    uint64_t positive = us > 0 ? (uint64_t)us : 0;

    return positive / US_PER_MS * TICKS_PER_MS + positive % US_PER_MS * TICKS_PER_MS / US_PER_MS;
}

static uint64_t next_tick(void)
{
    uint64_t now = read_tick();
    uint64_t last = atomic_load_explicit(&last_tick, memory_order_relaxed);
    uint64_t next;

    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&last_tick, &last, next));
    return next;
}

static void put_big_endian(unsigned char *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)value;
}

plain_uuid uuid_new(void)
{
    uint64_t tick = next_tick();
    uint64_t version = UINT64_C(7) << 12;
    uint64_t variant = UINT64_C(2) << 62;
    plain_uuid u = {{0}};

    put_big_endian(u.bytes, tick / TICKS_PER_MS << 16 | version | tick % TICKS_PER_MS);
    put_big_endian(u.bytes + 8, variant | random_u64() >> 2);
    return u;
}

bool uuid_is_zero(const plain_uuid *u)
{
    return uuid_equal(u, &(plain_uuid){{0}});
}

bool uuid_equal(const plain_uuid *a, const plain_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

plain_uuid plain_uuid_new(void)
{
    return uuid_new();
}

/* Whether the text of a uuid has a hyphen in front of this byte. */
static bool has_hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

const char *plain_uuid_format(const plain_uuid *uuid, char out[PLAIN_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;

    for (size_t i = 0; i < sizeof(uuid->bytes); i++) {
        if (has_hyphen_before(i))
            *p++ = '-';
        *p++ = digits[uuid->bytes[i] >> 4];
        *p++ = digits[uuid->bytes[i] & 15];
    }
    *p = '\0';
    return out;
}

/* The value of a hexadecimal digit, -1 for any other character. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool plain_uuid_parse(const char *text, plain_uuid *out)
{
    plain_uuid u;

    if (!text)
        return false;
    bool hyphens = strlen(text) == PLAIN_UUID_TEXT - 1;
    if (!hyphens && strlen(text) != 2 * sizeof(u.bytes))
        return false;
    for (size_t i = 0; i < sizeof(u.bytes); i++) {
        if (hyphens && has_hyphen_before(i) && *text++ != '-')
            return false;
        int high = hex_value(text[0]);
        int low = hex_value(text[1]);
        if (high < 0 || low < 0)
            return false;
        u.bytes[i] = (unsigned char)(high << 4 | low);
        text += 2;
    }
    *out = u;
    return true;
}
