#include "channel/progress.h"

#include <string.h>

/* FNV-1a: finds what was torn or overwritten, not what was forged. */
static uint32_t check_bytes(uint32_t check, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++)
        check = (check ^ p[i]) * 16777619U;
    return check;
}

static uint32_t entry_check(uint64_t seq, const plain_uuid *token)
{
    return check_bytes(check_bytes(2166136261U, &seq, sizeof(seq)), token->bytes,
                       sizeof(token->bytes));
}

void progress_begin(struct progress *p, uint64_t next, const struct process_mark *runner)
{
    p->runner = *runner;
    atomic_store(&p->entered, next - 1);
    atomic_store(&p->ended, next - 1);
    atomic_store(&p->entered_us, 0);
    atomic_store(&p->revoke_from, 0);
    atomic_store(&p->revoke_to, 0);
    atomic_store(&p->asked, 0);
    atomic_store(&p->heard, 0);
    atomic_store(&p->cpu_before_us, 0);
    atomic_store(&p->reading, 0);
    atomic_store(&p->logged, 0);
    atomic_store(&p->short_of_memory, 0);
    atomic_store(&p->ran_out_before, 0);
    p->crash[0] = '\0';
}

uint64_t progress_next_free(struct progress *p, uint64_t seq)
{
    for (uint64_t end = seq + PROGRESS_RING; seq < end; seq++) {
        if (atomic_load_explicit(&progress_entry(p, seq)->seq, memory_order_relaxed) == 0)
            return seq;
    }
    return 0;
}

struct progress_entry *progress_give(struct progress *p, uint64_t seq, const plain_uuid *token)
{
    struct progress_entry *e = progress_entry(p, seq);

    e->token = *token;
    e->check = entry_check(seq, token);
    e->frame_length = 0;
    e->completing = 0;
    e->output_from = e->output_to = e->output_missing = 0;
    atomic_store_explicit(&e->state, PROGRESS_GIVEN, memory_order_relaxed);
    atomic_store_explicit(&e->seq, seq, memory_order_release);
    return e;
}

void progress_forget(struct progress_entry *e)
{
    if (e)
        atomic_store_explicit(&e->seq, 0, memory_order_release);
}

bool progress_begin_unnoted(struct progress *p, uint64_t seq, int64_t now_us)
{
    atomic_store_explicit(&p->entered_us, now_us, memory_order_relaxed);
    atomic_store(&p->entered, seq);
    return seq < atomic_load(&p->revoke_from) || seq >= atomic_load(&p->revoke_to);
}

bool progress_enter(struct progress *p, uint64_t seq, int64_t now_us)
{
    if (!progress_begin_unnoted(p, seq, now_us))
        return false;
    atomic_store_explicit(&progress_entry(p, seq)->state, PROGRESS_ENTERED, memory_order_release);
    return true;
}

void progress_succeed(struct progress *p, uint64_t seq, const struct progress_times *times)
{
    struct progress_entry *e = progress_entry(p, seq);

    e->times = *times;
    atomic_store_explicit(&e->state, PROGRESS_SUCCEEDED, memory_order_release);
}

bool progress_end(struct progress *p, uint64_t seq, const struct progress_how *how,
                  const struct progress_times *times, const char *frame, size_t length)
{
    struct progress_entry *e = progress_entry(p, seq);
    uint32_t at = p->frames_at;

    if (length > PROGRESS_FRAMES_SIZE / 2)
        return false;
    if (at > PROGRESS_FRAMES_SIZE - length) /* also when a job has written nonsense there */
        at = 0;
    memcpy(p->frames + at, frame, length);
    p->frames_at = at + (uint32_t)length;
    e->how = *how;
    e->times = *times;
    e->frame_at = at;
    e->frame_length = (uint32_t)length;
    e->frame_check = check_bytes(2166136261U, frame, length);
    atomic_store_explicit(&e->state, PROGRESS_ENDED, memory_order_release);
    return true;
}

uint64_t progress_revoke(struct progress *p, uint64_t next)
{
    uint64_t ended = atomic_load(&p->ended), entered = atomic_load(&p->entered);
    uint64_t before = atomic_load(&p->revoke_to);

    if (entered + 1 >= next)
        return entered;
    atomic_store(&p->revoke_to, next);
    /* Where the runner has not gone through the range that was revoked before, that one only grows:
     * it may have written `entered` for a job of it and not have looked yet. */
    if (ended + 1 >= before)
        atomic_store(&p->revoke_from, entered + 1);
    return atomic_load(&p->entered);
}

bool progress_entry_is_sound(const struct progress *p, size_t i)
{
    const struct progress_entry *e = &p->ring[i];
    uint64_t seq = atomic_load(&e->seq);

    return seq == 0 || (seq % PROGRESS_RING == i && e->check == entry_check(seq, &e->token) &&
                        atomic_load(&e->state) < PROGRESS_STATES);
}

const char *progress_frame(const struct progress *p, const struct progress_entry *e, size_t *length)
{
    if (e->frame_length == 0 || e->frame_length > PROGRESS_FRAMES_SIZE ||
        e->frame_at > PROGRESS_FRAMES_SIZE - e->frame_length)
        return NULL;
    const char *frame = p->frames + e->frame_at;
    if (check_bytes(2166136261U, frame, e->frame_length) != e->frame_check)
        return NULL;
    *length = e->frame_length;
    return frame;
}

void progress_note_output(struct progress *p, struct progress_entry *e, const char *bytes, size_t n)
{
    uint64_t at = atomic_load_explicit(&p->output_noted, memory_order_relaxed);

    if (e->output_to != at) { /* its first, or another's came between */
        e->output_missing += e->output_to - e->output_from;
        e->output_from = e->output_to = at;
    }
    atomic_store(&p->output_begun, at + n);
    size_t skipped = n > PROGRESS_OUTPUT_SIZE ? n - PROGRESS_OUTPUT_SIZE : 0;
    for (size_t i = skipped; i < n;) {
        size_t place = (size_t)((at + i) % PROGRESS_OUTPUT_SIZE);
        size_t piece = PROGRESS_OUTPUT_SIZE - place < n - i ? PROGRESS_OUTPUT_SIZE - place : n - i;

        memcpy(p->output + place, bytes + i, piece);
        i += piece;
    }
    atomic_store(&p->output_noted, at + n);
    e->output_to = at + n;
}

size_t progress_output(const struct progress *p, const struct progress_entry *e, char *out,
                       int64_t *missing)
{
    uint64_t begun = atomic_load(&p->output_begun), noted = atomic_load(&p->output_noted);
    uint64_t from = e->output_from, to = e->output_to;
    uint64_t oldest = begun > PROGRESS_OUTPUT_SIZE ? begun - PROGRESS_OUTPUT_SIZE : 0;

    *missing = 0;
    if (from > to || to > noted || noted > begun || e->output_missing > INT64_MAX / 2 ||
        to > INT64_MAX / 2)
        return 0;
    uint64_t start = from > oldest ? from : oldest;
    if (start > to)
        start = to;
    *missing = (int64_t)(e->output_missing + (start - from));
    for (uint64_t n = start; out && n < to; n++)
        out[n - start] = p->output[n % PROGRESS_OUTPUT_SIZE];
    return (size_t)(to - start);
}
