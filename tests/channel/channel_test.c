/* channel_test.c - a stream in any pieces gives the same frames; the end of the other side is told
 */
#include "channel/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static void open_pair(struct channel *ours, struct channel *theirs)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    channel_init(ours, pair[0]);
    channel_init(theirs, pair[1]);
}

static void frames_arrive_whole_when_they_come_byte_by_byte(void **state)
{
    struct channel ours, theirs;
    struct frame f;
    uint64_t seq, expected = 1;

    (void)state;
    open_pair(&ours, &theirs);
    frame_put_seq(&theirs.out, FRAME_DONE, 1);
    frame_put_seq(&theirs.out, FRAME_SKIP, 2);
    for (size_t i = 0; i < theirs.out.len; i++) {
        assert_int_equal(send(theirs.fd, theirs.out.data + i, 1, 0), 1);
        assert_int_equal(channel_fill(&ours), 1);
        while (channel_next(&ours, &f)) {
            assert_true(frame_get_seq(&f, &seq));
            assert_int_equal(seq, expected++);
        }
    }
    assert_int_equal(expected, 3);
    assert_int_equal(channel_fill(&ours), 0); /* nothing now */
    channel_release(&ours);
    channel_release(&theirs);
}

static void what_does_not_fit_is_written_later(void **state)
{
    struct channel ours, theirs;
    struct frame f;
    size_t got = 0, sent = 200000;

    (void)state;
    open_pair(&ours, &theirs);
    for (size_t i = 0; i < sent; i++)
        frame_put_seq(&ours.out, FRAME_DONE, i);
    assert_int_equal(channel_flush(&ours), 1);
    while (got < sent) {
        assert_true(channel_fill(&theirs) > 0);
        while (channel_next(&theirs, &f))
            got++;
        assert_true(channel_flush(&ours) >= 0);
    }
    assert_int_equal(channel_flush(&ours), 0);
    channel_release(&ours);
    channel_release(&theirs);
}

static bool sentinel_is_readable(const struct channel *c)
{
    struct pollfd file = {.fd = c->sentinel, .events = POLLIN};

    return poll(&file, 1, 0) == 1 && file.revents == POLLIN;
}

/* A job that closed it, and whose next file has its number. */
static void a_pinned_channel_writes_into_no_other_file(void **state)
{
    struct channel ours, theirs;
    char bytes[8];
    int other[2];

    (void)state;
    open_pair(&ours, &theirs);
    channel_pin(&ours);
    frame_put_seq(&ours.out, FRAME_DONE, 1);
    assert_int_equal(channel_flush(&ours), 0);
    assert_true(channel_is_ours(&ours));
    assert_true(sentinel_is_readable(&ours));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, other), 0);
    assert_int_equal(dup2(other[0], ours.fd), ours.fd);
    assert_false(channel_is_ours(&ours));
    assert_false(sentinel_is_readable(&ours));
    frame_put_seq(&ours.out, FRAME_DONE, 2);
    assert_int_equal(channel_flush(&ours), -1);
    assert_true(ours.broken);
    assert_int_equal(recv(other[1], bytes, sizeof(bytes), 0), -1);
    (void)close(other[0]);
    (void)close(other[1]);
    channel_release(&ours);
    channel_release(&theirs);
}

static void garbage_breaks_the_channel(void **state)
{
    struct channel ours, theirs;
    struct frame f;

    (void)state;
    open_pair(&ours, &theirs);
    assert_int_equal(send(theirs.fd, "this is no frame at all", 23, 0), 23);
    assert_true(channel_fill(&ours) > 0);
    assert_false(channel_next(&ours, &f));
    assert_true(ours.broken);
    channel_release(&ours);
    channel_release(&theirs);
}

/* The other end has sent a frame and is gone. */
static void open_last_words(struct channel *ours)
{
    struct channel theirs;

    open_pair(ours, &theirs);
    frame_put_seq(&theirs.out, FRAME_DONE, 1);
    assert_int_equal(channel_flush(&theirs), 0);
    channel_release(&theirs);
}

static void the_other_end_going_away_is_told_after_what_it_sent(void **state)
{
    struct channel ours;
    struct frame f;

    (void)state;
    open_last_words(&ours);
    assert_true(channel_fill(&ours) > 0);
    assert_true(channel_next(&ours, &f));
    assert_int_equal(channel_fill(&ours), -1);
    assert_true(ours.broken);
    frame_put_seq(&ours.out, FRAME_DONE, 2);
    assert_int_equal(channel_flush(&ours), -1);
    channel_release(&ours);
}

static void what_was_sent_is_read_after_a_write_has_failed(void **state)
{
    struct channel ours;
    struct frame f;

    (void)state;
    open_last_words(&ours);
    frame_put_seq(&ours.out, FRAME_DONE, 2);
    assert_int_equal(channel_flush(&ours), -1);
    assert_true(ours.shut);
    assert_false(ours.broken);
    assert_true(channel_fill(&ours) > 0);
    assert_true(channel_next(&ours, &f));
    channel_release(&ours);
}

HARNESS_MAIN(frames_arrive_whole_when_they_come_byte_by_byte, what_does_not_fit_is_written_later,
             a_pinned_channel_writes_into_no_other_file, garbage_breaks_the_channel,
             the_other_end_going_away_is_told_after_what_it_sent,
             what_was_sent_is_read_after_a_write_has_failed)
