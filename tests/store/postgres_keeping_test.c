/* postgres_keeping_test.c - deleting and figures on PostgreSQL */
#include "tests/store/cluster.h"
#include "tests/store/conformance_keeping.h"

static const struct conformance_database postgres = {cluster_fresh, cluster_number};

KEEPING_MAIN(&postgres)
