/* sqlite_keeping_test.c - deleting and figures on SQLite */
#include "tests/store/conformance_keeping.h"
#include "tests/store/sqlite_database.h"

KEEPING_MAIN(&sqlite_database)
