/* sqlite_stops_test.c - limits, cancelling and completing on SQLite */
#include "tests/store/conformance_stops.h"
#include "tests/store/sqlite_database.h"

STOPS_MAIN(&sqlite_database)
