#include "schedule/cron.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"

enum { MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, FIELD_COUNT };

enum { SUNDAY = 0, SUNDAY_AGAIN = 7, QUOTE_SIZE = 28 };

/* Numbers that do not fit any field are told apart from numbers that no computer should hold. */
enum { NUMBER_MAX = INT32_MAX };

struct field {
    const char *name;
    int low;
    int high;
    const char *const *names; /* names[i] is the value low + i; NULL: numbers only */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field field_table[FIELD_COUNT] = {
    [MINUTE] = {"minute", 0, 59, NULL},
    [HOUR] = {"hour", 0, 23, NULL},
    [DAY_OF_MONTH] = {"day of month", 1, 31, NULL},
    [MONTH] = {"month", 1, 12, month_names},
    [DAY_OF_WEEK] = {"day of week", SUNDAY, SUNDAY_AGAIN, weekday_names},
};

static const struct {
    const char *name;
    const char *text;
} macros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* Reads one field: text[at] is the next byte, text[end] the first behind the field. */
struct reader {
    const char *text;
    size_t at;
    size_t end;
    const struct field *field;
    struct cron_fault *fault;
};

/* What the fields mean so far. */
struct sets {
    uint64_t bits[FIELD_COUNT];
    bool star[FIELD_COUNT]; /* the field starts with * */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool fail(struct cron_fault *fault, const char *field, size_t at, size_t length,
                 const char *fmt, ...) PLAIN_PRINTF(5, 6);

/* Always false, so that a caller can return it. */
static bool fail(struct cron_fault *fault, const char *field, size_t at, size_t length,
                 const char *fmt, ...)
{
    va_list ap;

    fault->field = field;
    fault->at = at;
    fault->length = length;
    va_start(ap, fmt);
    (void)vsnprintf(fault->reason, sizeof(fault->reason), fmt, ap);
    va_end(ap);
    return false;
}

/* The first bytes of a piece of the text as valid UTF-8, for a reason. */
static const char *quote(char out[QUOTE_SIZE], const char *text, size_t length)
{
    (void)utf8_clean(out, QUOTE_SIZE, text, length);
    return out;
}

static char peek(const struct reader *r)
{
    return r->at < r->end ? r->text[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || r->text[r->at] != c)
        return false;
    r->at++;
    return true;
}

/* The end of the piece that starts at at and that a comma or the end of the field ends. */
static size_t piece_end(const struct reader *r, size_t at)
{
    while (at < r->end && r->text[at] != ',')
        at++;
    return at;
}

/* Digits only. Saturates: nothing wraps, and the fault shows the text, not the number. */
static bool read_number(const char *text, size_t length, int *out)
{
    int64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]))
            return false;
        if (value <= NUMBER_MAX)
            value = value * 10 + (text[i] - '0');
    }
    *out = value > NUMBER_MAX ? NUMBER_MAX : (int)value;
    return length > 0;
}

static bool read_name(const struct field *field, const char *text, size_t length, int *out)
{
    char name[4] = "";

    if (!field->names || length != sizeof(name) - 1)
        return false;
    memcpy(name, text, length);
    for (int i = 0; field->names[i]; i++) {
        if (text_equal_nocase(name, field->names[i])) {
            *out = field->low + i;
            return true;
        }
    }
    return false;
}

/* What stands where a value should. */
static bool fail_value(const struct reader *r)
{
    size_t length = piece_end(r, r->at) - r->at;
    const char *name = r->field->name;
    char shown[QUOTE_SIZE];

    if (length == 0)
        return fail(r->fault, name, r->at, 0, "a value is missing");
    if (peek(r) == '-')
        return fail(r->fault, name, r->at, length, "'%s' has no number before the '-'",
                    quote(shown, r->text + r->at, length));
    if (peek(r) == '*')
        return fail(r->fault, name, r->at, 1, "'*' cannot be part of a range");
    return fail(r->fault, name, r->at, length, "'%s' is not a number%s",
                quote(shown, r->text + r->at, length),
                r->field->names ? " or a name of three letters" : "");
}

/* A number or a name within the field's limits. */
static bool read_value(struct reader *r, int *out)
{
    const struct field *field = r->field;
    const char *text = r->text + r->at;
    char shown[QUOTE_SIZE];
    size_t length = 0;

    while (r->at + length < r->end && is_word(text[length]))
        length++;
    if (!read_number(text, length, out) && !read_name(field, text, length, out))
        return fail_value(r);
    if (*out < field->low || *out > field->high)
        return fail(r->fault, field->name, r->at, length, "%s is %s %d", quote(shown, text, length),
                    *out < field->low ? "below" : "above",
                    *out < field->low ? field->low : field->high);
    r->at += length;
    return true;
}

static bool read_step(struct reader *r, int *out)
{
    const char *text = r->text + r->at;
    size_t length = piece_end(r, r->at) - r->at;
    char shown[QUOTE_SIZE];

    if (!read_number(text, length, out))
        return fail(r->fault, r->field->name, r->at, length,
                    "the step '%s' is not a positive number", quote(shown, text, length));
    if (*out == 0)
        return fail(r->fault, r->field->name, r->at, length, "the step must not be 0");
    if (*out == NUMBER_MAX)
        return fail(r->fault, r->field->name, r->at, length, "the step %s is too large",
                    quote(shown, text, length));
    r->at += length;
    return true;
}

/* "*", "a", "a-b" or the first part of "a/s", where the range goes to the end of the field. */
static bool read_range(struct reader *r, int *first, int *last)
{
    size_t start = r->at;
    char shown[QUOTE_SIZE];

    *first = r->field->low;
    *last = r->field->high;
    if (take(r, '*'))
        return true;
    if (!read_value(r, first))
        return false;
    if (peek(r) == '/')
        return true;
    if (!take(r, '-')) {
        *last = *first;
        return true;
    }
    if (!read_value(r, last))
        return false;
    if (*last == SUNDAY && *first > SUNDAY && r->field->high == SUNDAY_AGAIN)
        *last = SUNDAY_AGAIN;
    if (*first > *last)
        return fail(r->fault, r->field->name, start, r->at - start, "the range %s runs backward",
                    quote(shown, r->text + start, r->at - start));
    return true;
}

static bool read_item(struct reader *r, uint64_t *bits)
{
    int first, last, step = 1;
    char shown[QUOTE_SIZE];

    if (!read_range(r, &first, &last) || (take(r, '/') && !read_step(r, &step)))
        return false;
    if (r->at < r->end && r->text[r->at] != ',') {
        size_t length = piece_end(r, r->at) - r->at;

        return fail(r->fault, r->field->name, r->at, length, "'%s' does not belong here",
                    quote(shown, r->text + r->at, length));
    }
    /* last - step < value is the same as value + step > last, which could overflow. */
    for (int value = first;; value += step) {
        *bits |= UINT64_C(1) << value;
        if (value > last - step)
            break;
    }
    return true;
}

/* The list of items in text[at, end). */
static bool read_field(int number, const char *text, size_t at, size_t end, struct sets *sets,
                       struct cron_fault *fault)
{
    struct reader r = {text, at, end, &field_table[number], fault};

    sets->star[number] = peek(&r) == '*';
    do {
        if (!read_item(&r, &sets->bits[number]))
            return false;
    } while (take(&r, ','));
    return true;
}

static void sets_finish(const struct sets *sets, bool either_day, plain_schedule *out)
{
    uint64_t weekdays = sets->bits[DAY_OF_WEEK];
    bool restricted = !sets->star[DAY_OF_MONTH] && !sets->star[DAY_OF_WEEK];
    bool wildcard = sets->star[MINUTE] || sets->star[HOUR];

    if (weekdays >> SUNDAY_AGAIN)
        weekdays = (weekdays | 1u << SUNDAY) & ~(UINT64_C(1) << SUNDAY_AGAIN);
    *out = (plain_schedule){
        .minutes = sets->bits[MINUTE],
        .hours = (uint32_t)sets->bits[HOUR],
        .days = (uint32_t)sets->bits[DAY_OF_MONTH],
        .months = (uint16_t)sets->bits[MONTH],
        .weekdays = (uint8_t)weekdays,
        .flags = (uint8_t)((either_day && restricted ? PLAIN_SCHEDULE_EITHER_DAY : 0) |
                           (wildcard ? PLAIN_SCHEDULE_WILDCARD : 0)),
    };
}

static size_t skip_blanks(const char *text, size_t at)
{
    while (is_blank(text[at]))
        at++;
    return at;
}

static size_t skip_word(const char *text, size_t at)
{
    while (text[at] && !is_blank(text[at]))
        at++;
    return at;
}

static bool parse_five(const char *text, plain_schedule *out, struct cron_fault *fault)
{
    struct sets sets = {0};
    size_t at = skip_blanks(text, 0);
    char shown[QUOTE_SIZE];

    for (int i = 0; i < FIELD_COUNT; i++) {
        size_t end = skip_word(text, at);

        if (end == at)
            return fail(fault, field_table[i].name, at, 0,
                        "missing: only %d of the 5 fields are there", i);
        if (!read_field(i, text, at, end, &sets, fault))
            return false;
        at = skip_blanks(text, end);
    }
    if (text[at])
        return fail(fault, "schedule", at, strlen(text + at), "'%s' stands behind the 5 fields",
                    quote(shown, text + at, strlen(text + at)));
    sets_finish(&sets, true, out);
    return true;
}

static bool parse_macro(const char *text, size_t at, plain_schedule *out, struct cron_fault *fault)
{
    size_t length = skip_word(text, at) - at;
    bool alone = !text[skip_blanks(text, at + length)];
    char shown[QUOTE_SIZE];

    for (size_t i = 0; alone && i < ARRAY_SIZE(macros); i++) {
        if (strlen(macros[i].name) == length && !strncmp(text + at, macros[i].name, length))
            return parse_five(macros[i].text, out, fault);
    }
    return fail(fault, "schedule", at, strlen(text + at),
                "'%s' is none of @yearly @annually @monthly @weekly @daily @midnight @hourly",
                quote(shown, text + at, strlen(text + at)));
}

static bool check_length(const char *text, const char *field, struct cron_fault *fault)
{
    if (strnlen(text, PLAIN_SCHEDULE_MAX_TEXT + 1) <= PLAIN_SCHEDULE_MAX_TEXT)
        return true;
    return fail(fault, field, PLAIN_SCHEDULE_MAX_TEXT, 0, "longer than %d bytes",
                PLAIN_SCHEDULE_MAX_TEXT);
}

bool cron_parse(const char *text, plain_schedule *out, struct cron_fault *fault)
{
    if (!check_length(text, "schedule", fault))
        return false;
    size_t at = skip_blanks(text, 0);
    if (!text[at])
        return fail(fault, "schedule", 0, at, "empty");
    return text[at] == '@' ? parse_macro(text, at, out, fault) : parse_five(text, out, fault);
}

bool cron_parse_fields(const plain_schedule_fields *fields, plain_schedule *out,
                       struct cron_fault *fault)
{
    const char *const texts[FIELD_COUNT] = {
        [MINUTE] = fields->minute,
        [HOUR] = fields->hour,
        [DAY_OF_MONTH] = fields->day_of_month,
        [MONTH] = fields->month,
        [DAY_OF_WEEK] = fields->day_of_week,
    };
    struct sets sets = {0};

    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *text = texts[i] ? texts[i] : "*";

        if (!check_length(text, field_table[i].name, fault) ||
            !read_field(i, text, 0, strlen(text), &sets, fault))
            return false;
    }
    sets_finish(&sets, fields->either_day, out);
    return true;
}

/* The bits of all values of a field. */
static uint64_t full_set(int low, int high)
{
    return (UINT64_C(2) << high) - (UINT64_C(1) << low);
}

bool cron_is_sound(const plain_schedule *s)
{
    const struct {
        uint64_t bits, full;
    } sets[] = {
        {s->minutes, full_set(0, 59)}, {s->hours, full_set(0, 23)},   {s->days, full_set(1, 31)},
        {s->months, full_set(1, 12)},  {s->weekdays, full_set(0, 6)},
    };

    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        if (!sets[i].bits || sets[i].bits & ~sets[i].full)
            return false;
    }
    return true;
}
