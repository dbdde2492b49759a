#include "store/postgres/failure.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define LINK_LOST "08006"

enum remedy {
    BY_TABLE,
    BY_TEST,
    BY_LOGIN,
    BY_CREATEDB,
    BY_MIGRATE,
    BY_GRANT,
    BY_RIGHTS,
    BY_POOLER
};

/* The longest prefix stands first. An error that our own triggers raise bears its PJ number. */
static const struct failure_kind {
    const char *sqlstate;
    int code, pj;
    bool lost;
    bool later; /* retryable, though its code is not */
    enum remedy remedy;
} kinds[] = {
    {"PJ505", PLAIN_E_ISOLATION, 505, false, false, BY_TABLE},
    {"PJ5", PLAIN_E_REFUSED, 0, false, false, BY_TABLE},
    {"PJ", PLAIN_E_INVALID, 0, false, false, BY_TABLE},
    {"25006", PLAIN_E_UNREACHABLE, 301, true, false, BY_TEST},   /* read-only: a standby  */
    {"26000", PLAIN_E_UNREACHABLE, 301, true, false, BY_POOLER}, /* no such statement     */
    {"3D000", PLAIN_E_UNREACHABLE, 301, true, false, BY_CREATEDB},
    {"3F000", PLAIN_E_SCHEMA, 302, false, false, BY_MIGRATE},
    {"40001", PLAIN_E_BUSY, 305, false, false, BY_TABLE},
    {"40P01", PLAIN_E_BUSY, 305, false, false, BY_TABLE},
    {"42501", PLAIN_E_DB, 304, false, false, BY_GRANT},
    {"42703", PLAIN_E_SCHEMA, 302, false, false, BY_MIGRATE},
    {"42883", PLAIN_E_SCHEMA, 302, false, false, BY_MIGRATE},
    {"42P01", PLAIN_E_SCHEMA, 302, false, false, BY_MIGRATE},
    {"42P05", PLAIN_E_UNREACHABLE, 301, true, false, BY_POOLER}, /* statement exists      */
    {"53300", PLAIN_E_UNREACHABLE, 301, true, false, BY_TEST},   /* too many connections  */
    {"55P03", PLAIN_E_BUSY, 305, false, false, BY_TABLE},
    {"57014", PLAIN_E_TIMEOUT, 305, false, false, BY_TABLE},
    {"57P0", PLAIN_E_UNREACHABLE, 301, true, false, BY_TEST}, /* shut down, starting up */
    {"08", PLAIN_E_UNREACHABLE, 301, true, false, BY_TEST},
    {"28", PLAIN_E_UNREACHABLE, 301, true, false, BY_LOGIN},
    {"53", PLAIN_E_DB, 304, false, true, BY_TABLE}, /* disk full, out of memory */
    {"", PLAIN_E_DB, 304, false, false, BY_TABLE},
};

/* While it connects libpq tells no SQLSTATE, only the server's words. */
static const struct refusal {
    const char *words, *sqlstate;
} refusals[] = {
    {"authentication failed", "28P01"},
    {"no password supplied", "28P01"},
    {"no pg_hba.conf entry", "28000"},
    {"permission denied", "28000"},
    {"too many c", "53300"},
    {"connection slots", "53300"},
    {"session is read-only", "25006"},
    {"starting up", "57P03"},
    {"shutting down", "57P03"},
    {"role \"", "28000"},
    {"database \"", "3D000"},
};

static const struct failure_kind *find_kind(const char *sqlstate)
{
    const struct failure_kind *k = kinds;

    while (!text_starts_with(sqlstate, k->sqlstate))
        k++;
    return k;
}

static void put_fix(const struct failure_context *c, enum remedy remedy, plain_error *err)
{
    static const char *const fixes[] = {
        [BY_TEST] = "test the server with `%s`",
        [BY_LOGIN] = "check user and password of the URL with `plain config DATABASE_URL`, and the "
                     "server's pg_hba.conf",
        [BY_CREATEDB] = "create it with `createdb %s`, or correct the name in the URL",
        [BY_MIGRATE] = "run `plain migrate`",
        [BY_GRANT] = "as the owner run `GRANT USAGE, CREATE ON SCHEMA %s TO` the user, or migrate "
                     "as the owner of the schema; for one that only enqueues see docs/sql.md",
        [BY_RIGHTS] = "connect as the owner of the tables, or let them grant what is missing; "
                      "docs/sql.md lists what one needs that only enqueues",
        [BY_POOLER] = "let the pooler keep prepared statements (PgBouncer 1.21, "
                      "max_prepared_statements), or connect to the server itself",
    };
    const char *const about[] = {[BY_TEST] = c->test,
                                 [BY_CREATEDB] = c->database,
                                 [BY_GRANT] = c->schema,
                                 [BY_POOLER] = NULL};

    if (!err || remedy == BY_TABLE)
        return;
    const char *fix = fixes[remedy];
    const char *place = strstr(fix, "%s");
    if (place)
        error_fix(err, "%.*s%s%s", (int)(place - fix), fix, about[remedy], place + 2);
    else
        error_fix(err, "%s", fix);
}

/* A message may quote what was sent to the server: the password never gets out. */
static void hide_password(const char *password, char *text)
{
    enum { STARS = 3, SHORTEST = 4 }; /* what is shorter is in words that say nothing of it */
    size_t length = strlen(password);

    if (length < SHORTEST)
        return;
    for (char *p = strstr(text, password); p; p = strstr(p, password)) {
        size_t shown = length < STARS ? length : STARS;

        for (size_t i = 0; i < shown; i++)
            p[i] = '*';
        memmove(p + shown, p + length, strlen(p + length) + 1);
        p += shown;
    }
}

/* "PJ105: ..." of our own triggers says its number once more. */
static const char *skip_number(const char *text)
{
    const char *colon = strstr(text, ": ");

    return text_starts_with(text, "PJ") && colon ? colon + 2 : text;
}

static int pj_of(const struct failure_kind *kind, const char *sqlstate)
{
    int64_t number;

    if (kind->pj)
        return kind->pj;
    return text_parse_int64(sqlstate + 2, 0, 999, &number) ? (int)number : 304;
}

static int fill(const struct failure_context *c, const char *sqlstate, const char *text, bool *lost,
                plain_error *err)
{
    const struct failure_kind *kind = find_kind(sqlstate);
    char said[sizeof(err->message)];

    *lost = kind->lost;
    if (!err)
        return kind->code;
    (void)text_copy(said, sizeof(said), skip_number(text));
    said[strcspn(said, "\n")] = '\0';
    hide_password(c->password, said);
    (void)error_set(err, kind->code, pj_of(kind, sqlstate), "", "cannot %s: %s", c->doing, said);
    bool of_schema = strstr(said, "for schema") != NULL;
    put_fix(c, kind->remedy == BY_GRANT && !of_schema ? BY_RIGHTS : kind->remedy, err);
    (void)text_copy(err->sqlstate, sizeof(err->sqlstate), sqlstate);
    err->retryable = err->retryable || kind->later;
    return kind->code;
}

/* Whatever it was: of a commit that was under way then, nobody knows. */
static bool ended_session(const PGresult *result)
{
    const char *severity = libpq.PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    return severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

int failure_of_result(const struct failure_context *c, const PGresult *result, bool *lost,
                      plain_error *err)
{
    const char *sqlstate = libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = libpq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    /* An error without SQLSTATE is libpq's own: the link broke, or its memory is out. */
    if (!sqlstate) {
        *lost = true;
        return failure_of_link(c, libpq.PQresultErrorMessage(result), err);
    }
    if (ended_session(result) && !find_kind(sqlstate)->lost)
        sqlstate = LINK_LOST;
    return fill(c, sqlstate, text ? text : "no reason given", lost, err);
}

int failure_of_link(const struct failure_context *c, const char *text, plain_error *err)
{
    const char *sqlstate = LINK_LOST;
    bool lost;

    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (strstr(text, refusals[i].words)) {
            sqlstate = refusals[i].sqlstate;
            break;
        }
    }
    return fill(c, sqlstate, *text ? text : "the connection was lost", &lost, err);
}
