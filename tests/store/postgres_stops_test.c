/* postgres_stops_test.c - limits, cancelling and completing on PostgreSQL */
#include "tests/store/cluster.h"
#include "tests/store/conformance_stops.h"

static const struct conformance_database postgres = {cluster_fresh, cluster_number};

STOPS_MAIN(&postgres)
