/* postgres_stops_test.c - limits, cancelling and completing on PostgreSQL */
#include "tests/store/cluster.h"
#include "tests/store/conformance_stops.h"

STOPS_MAIN(&cluster_database)
