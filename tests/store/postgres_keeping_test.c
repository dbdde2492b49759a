/* postgres_keeping_test.c - deleting and figures on PostgreSQL */
#include "tests/store/cluster.h"
#include "tests/store/conformance_keeping.h"

KEEPING_MAIN(&cluster_database)
