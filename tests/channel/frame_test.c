/* frame_test.c - frames survive the way, and what is not a frame is refused */
#include "channel/frame.h"

#include <string.h>

#include "channel/channel.h"
#include "tests/harness/harness.h"

static struct frame_job a_job(void)
{
    return (struct frame_job){
        .seq = 7,
        .priority = -3,
        .retries = 2,
        .retry_attempt = 1,
        .run_no = 4,
        .job_class = "WelcomeUserJob",
        .parameters = "{\"args\": [], \"kwargs\": {}}",
        .queue = "default",
        .concurrency_key = "",
        .source = "app.c:1",
    };
}

/* The payload of the one frame in b. */
static struct frame only_frame(const struct buf *b)
{
    struct channel_header header;

    memcpy(&header, b->data, sizeof(header));
    assert_int_equal(header.length + sizeof(header), b->len);
    return (struct frame){.kind = (enum frame_kind)header.kind,
                          .payload = b->data + sizeof(header),
                          .length = header.length};
}

static void a_job_arrives_as_it_was_sent(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct frame_job sent = a_job(), got;

    (void)state;
    memset(sent.token.bytes, 9, sizeof(sent.token.bytes));
    frame_put_job(&b, FRAME_JOB, &sent);
    struct frame f = only_frame(&b);
    assert_int_equal(f.kind, FRAME_JOB);
    assert_true(frame_get_job(&f, &got));
    assert_int_equal(got.seq, 7);
    assert_int_equal(got.priority, -3);
    assert_int_equal(got.run_no, 4);
    assert_memory_equal(&got.token, &sent.token, sizeof(sent.token));
    assert_string_equal(got.job_class, sent.job_class);
    assert_string_equal(got.parameters, sent.parameters);
    assert_string_equal(got.concurrency_key, "");
    buf_release(&b);
}

static void parameters_may_be_null_and_a_class_may_not(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct frame_job sent = a_job(), got;

    (void)state;
    sent.parameters = NULL;
    frame_put_job(&b, FRAME_JOB, &sent);
    struct frame f = only_frame(&b);
    assert_true(frame_get_job(&f, &got));
    assert_null(got.parameters);
    buf_reset(&b);
    sent.job_class = NULL;
    frame_put_job(&b, FRAME_JOB, &sent);
    f = only_frame(&b);
    assert_false(frame_get_job(&f, &got));
    buf_release(&b);
}

static void every_cut_and_every_changed_length_is_refused_or_harmless(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct frame_job sent = a_job(), got;

    (void)state;
    frame_put_job(&b, FRAME_JOB, &sent);
    struct frame whole = only_frame(&b);
    for (size_t n = 0; n < whole.length; n++) {
        struct frame cut = {.kind = FRAME_JOB, .payload = whole.payload, .length = n};

        assert_false(frame_get_job(&cut, &got));
    }
    char hostile[4096];
    for (size_t at = 0; at < whole.length; at++) { /* reads stay inside, whatever the byte says */
        memcpy(hostile, whole.payload, whole.length);
        hostile[at] = (char)0xff;
        struct frame changed = {.kind = FRAME_JOB, .payload = hostile, .length = whole.length};

        (void)frame_get_job(&changed, &got);
    }
    buf_release(&b);
}

static void an_end_of_unknown_kind_is_refused(void **state)
{
    struct buf b = BUF_INIT(4096);
    struct frame_end sent = {
        .seq = 1, .kind = 99, .error_type = "", .error_message = "", .error = ""};
    struct frame_end got;

    (void)state;
    frame_put_end(&b, &sent);
    struct frame f = only_frame(&b);
    assert_false(frame_get_end(&f, &got));
    buf_release(&b);
}

/* A deferral stays one, whatever has overwritten its words: as a failure it would be the last. */
static void an_end_without_its_words_is_still_that_end(void **state)
{
    const struct progress_how how = {
        .kind = END_DEFERRED, .delay_ms = 5000, .exit_code = 75, .exit_signal = -1};
    const struct progress_how nonsense = {.kind = 99};
    const struct progress_times times = {.started_us = 1, .ended_us = 2};
    const struct frame_end sent = {
        .seq = 1, .kind = END_LOST, .error_type = "T", .error_message = "words", .error = ""};
    struct buf b = BUF_INIT(4096);

    (void)state;
    struct frame_end end = frame_end_noted(NULL, 0, &how, &times);
    assert_int_equal(end.kind, END_DEFERRED);
    assert_int_equal(end.delay_ms, 5000);
    assert_int_equal(end.exit_code, 75);
    assert_int_equal(end.ended_us, 2);
    assert_string_equal(end.error_type, "Lost");
    assert_int_equal(frame_end_noted(NULL, 0, &nonsense, &times).kind, END_FAILED);
    frame_put_end(&b, &sent);
    end = frame_end_noted(b.data, b.len, &how, &times);
    assert_int_equal(end.kind, END_LOST);
    assert_string_equal(end.error_message, "words");
    buf_release(&b);
}

static void a_failure_keeps_its_words(void **state)
{
    struct buf b = BUF_INIT(4096);
    plain_error sent = {.code = PLAIN_E_MODULE, .pj = 109, .message = "no symbol"}, got;

    (void)state;
    frame_put_failed(&b, &sent);
    struct frame f = only_frame(&b);
    assert_true(frame_get_failed(&f, &got));
    assert_int_equal(got.pj, 109);
    assert_string_equal(got.message, "no symbol");
    buf_release(&b);
}

static void a_log_record_and_output_arrive_as_they_were_sent(void **state)
{
    struct buf b = BUF_INIT((size_t)1024 * 1024);
    struct frame_log got_log;
    struct frame_output got;
    char longest[3 * LOG_TEXT_MAX];

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    frame_put_output(&b, &(struct frame_output){.seq = 3, .bytes = "a\0b", .size = 3});
    struct frame f = only_frame(&b);
    assert_int_equal(f.kind, FRAME_OUTPUT);
    assert_true(frame_get_output(&f, &got));
    assert_int_equal(got.seq, 3);
    assert_int_equal(got.size, 3);
    assert_memory_equal(got.bytes, "a\0b", 3);
    f.length = 7;
    assert_false(frame_get_output(&f, &got));
    buf_reset(&b);

    struct frame_log sent = {.seq = 4, .level = LOG_ERROR, .event = "e", .count = 3};
    sent.pairs[0] = LOG_TEXT("k", "v");
    sent.pairs[1] = LOG_NUMBER("n", -5);
    sent.pairs[2] = LOG_TEXT("long", longest);
    frame_put_log(&b, &sent);
    f = only_frame(&b);
    assert_int_equal(f.kind, FRAME_LOG);
    assert_true(frame_get_log(&f, &got_log));
    assert_int_equal(got_log.level, LOG_ERROR);
    assert_string_equal(got_log.event, "e");
    assert_int_equal(got_log.count, 3);
    assert_string_equal(got_log.pairs[0].text, "v");
    assert_null(got_log.pairs[1].text);
    assert_int_equal(got_log.pairs[1].number, -5);
    assert_int_equal(strlen(got_log.pairs[2].text), LOG_TEXT_MAX - 1);
    for (size_t n = 0; n < f.length; n++) { /* a cut is refused, or ends behind a pair */
        struct frame cut = {.kind = FRAME_LOG, .payload = f.payload, .length = n};

        if (frame_get_log(&cut, &got_log))
            assert_true(got_log.count < 3);
    }
    buf_release(&b);
}

static void too_many_pairs_and_an_unknown_level_are_refused(void **state)
{
    struct buf b = BUF_INIT((size_t)64 * 1024);
    struct frame_log sent = {.event = "e", .count = LOG_PAIRS_MAX}, got;

    (void)state;
    for (size_t i = 0; i < LOG_PAIRS_MAX; i++)
        sent.pairs[i] = LOG_NUMBER("n", 1);
    frame_put_log(&b, &sent);
    struct frame f = only_frame(&b);
    assert_true(frame_get_log(&f, &got));
    size_t pair = sizeof(uint32_t) * 2 + sizeof("n") + sizeof(int64_t);
    buf_put(&b, b.data + b.len - pair, pair);
    f = (struct frame){.kind = FRAME_LOG,
                       .payload = b.data + sizeof(struct channel_header),
                       .length = b.len - sizeof(struct channel_header)};
    assert_false(frame_get_log(&f, &got));
    buf_reset(&b);
    sent.level = LOG_ERROR + 1;
    frame_put_log(&b, &sent);
    f = only_frame(&b);
    assert_false(frame_get_log(&f, &got));
    buf_release(&b);
}

HARNESS_MAIN(a_log_record_and_output_arrive_as_they_were_sent,
             too_many_pairs_and_an_unknown_level_are_refused, a_job_arrives_as_it_was_sent,
             parameters_may_be_null_and_a_class_may_not,
             every_cut_and_every_changed_length_is_refused_or_harmless,
             an_end_of_unknown_kind_is_refused, an_end_without_its_words_is_still_that_end,
             a_failure_keeps_its_words)
