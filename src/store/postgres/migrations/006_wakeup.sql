-- Waking workers that wait.

-- Tells workers of new requests, but only those that said that they wait and could run one of them:
-- a commit with a NOTIFY in it takes a lock that all such commits share. What waits for a time is
-- told when that is near; a worker looks often enough for the rest. In a transaction that began
-- before a worker said so this finds nobody; such a worker looks until all of those have ended.
-- What is told is the schema, and the id of a request that is due and the only one of its statement:
-- then a worker need not look for it, unless something is paused. Only sessions that commit each request by itself have
-- plainjobs.tells_ids: in a transaction with many, equal words are told once, and ids differ.
-- One query without groups: what it takes to begin one is a seventh of an enqueue. LATERAL, so that
-- the waiting workers are found first, whatever the plan was made for: mostly there is none.
CREATE FUNCTION {schema}.plainjobs_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('plainjobs_wake', TG_TABLE_SCHEMA || ' ' ||
                CASE WHEN f.due_at <= statement_timestamp()
                          AND current_setting('plainjobs.tells_ids', true) = 'on'
                          AND (SELECT true FROM fresh OFFSET 1 LIMIT 1) IS NULL
                          AND NOT h.has_pauses
                     THEN f.id::text ELSE '' END)
       FROM {schema}.plainjobs_workerheartbeat h
      CROSS JOIN LATERAL (
            SELECT r.id, r.due_at FROM fresh r
             WHERE h.classes ? r.job_class AND r.queue LIKE ANY (h.queue_patterns)
               AND r.due_at < statement_timestamp() + interval '3 s'
             LIMIT 1) f
      WHERE h.idle_at IS NOT NULL
      LIMIT 1;
    RETURN NULL;
END $$;
CREATE TRIGGER plainjobs_wake AFTER INSERT ON {schema}.plainjobs_jobrequest
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.plainjobs_wake();

-- What an idle worker asks, once in a while: whether something is due in these queues for these
-- classes, when the next will be, and the oldest and the next transaction number. A function, since
-- it has settings for its own plans: they must walk the indexes whatever the statistics say. As in a
-- claim the priorities are found one by one, so that delayed requests are not walked over.
CREATE FUNCTION {schema}.plainjobs_look(
    queues text[], classes text[], OUT seen_at timestamptz, OUT is_due boolean,
    OUT next_due timestamptz, OUT oldest bigint, OUT newest bigint)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    seen_at := statement_timestamp();
    oldest := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    newest := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    -- That is behind the newest that has ended. Those that run may be newer; their locks tell, with
    -- numbers of 32 bits.
    newest := newest + COALESCE((
        SELECT max(ahead) + 1
          FROM (SELECT (l.transactionid::text::bigint - newest % 4294967296 + 4294967296)
                           % 4294967296 AS ahead
                  FROM pg_catalog.pg_locks l
                 WHERE l.locktype = 'transactionid' AND l.granted
                   AND l.mode = 'ExclusiveLock') AS running
         WHERE ahead < 2147483648), 0);
    -- What is paused is not there: a worker that looked would go on to a claim that is empty.
    IF EXISTS (SELECT 1 FROM {schema}.plainjobs_pause) THEN
        queues := ARRAY(
            SELECT q FROM unnest(queues) AS q
             WHERE NOT EXISTS (
                SELECT 1 FROM {schema}.plainjobs_pause p
                 WHERE p.kind = 'queue'
                   AND (p.name = q
                        OR (right(p.name, 1) = '*' AND starts_with(q, left(p.name, -1))))));
        classes := ARRAY(
            SELECT c FROM unnest(classes) AS c
             WHERE NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_pause p
                                WHERE p.kind = 'class' AND p.name = c));
    END IF;
    is_due := EXISTS (
        SELECT 1 FROM unnest(queues) AS b (queue) CROSS JOIN LATERAL (
            WITH RECURSIVE step (priority) AS (
                SELECT (SELECT r.priority::int4 FROM {schema}.plainjobs_jobrequest r
                         WHERE r.queue = b.queue ORDER BY r.priority DESC LIMIT 1)
                UNION ALL
                SELECT (SELECT r.priority::int4 FROM {schema}.plainjobs_jobrequest r
                         WHERE r.queue = b.queue AND r.priority < s.priority
                         ORDER BY r.priority DESC LIMIT 1)
                  FROM step s WHERE s.priority IS NOT NULL)
            SELECT 1 FROM step s CROSS JOIN LATERAL (
                SELECT 1 FROM {schema}.plainjobs_jobrequest r
                 WHERE r.queue = b.queue AND r.priority = s.priority
                   AND r.due_at <= statement_timestamp() AND r.job_class = ANY (classes)
                 LIMIT 1) j
             LIMIT 1) f);
    next_due := (
        SELECT min(d.due_at) FROM unnest(queues) AS b (queue) CROSS JOIN LATERAL (
            SELECT r.due_at FROM {schema}.plainjobs_jobrequest r
             WHERE r.queue = b.queue AND r.start_at IS NOT NULL
               AND r.due_at > statement_timestamp() AND r.job_class = ANY (classes)
             ORDER BY r.due_at LIMIT 1) d);
END $$;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (6, 'wakeup');
