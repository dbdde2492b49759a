-- queues.sql - the queues that have requests, and what is paused

-- :name queue_names
-- $1 text  behind this name
-- $2 int4  most
-- Each is found by one probe of the claim index, so in the order of that.
WITH RECURSIVE found (queue, n) AS (
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r WHERE r.queue > $1::text
             ORDER BY r.queue LIMIT 1), 1
    UNION ALL
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r WHERE r.queue > found.queue
             ORDER BY r.queue LIMIT 1), n + 1
      FROM found WHERE found.queue IS NOT NULL AND n < $2::int4)
SELECT queue FROM found WHERE queue IS NOT NULL;

-- :name list_pauses
SELECT kind, name, paused_at, reason, paused_by FROM {schema}.plainjobs_pause
 ORDER BY kind DESC, name;

-- :name claim_gate
-- Instead of plan_switches where a claim follows, so that it costs no statement more. A pause waits
-- for the claims that began before it, and a claim that begins while one is being made waits for its
-- commit and then sees it: so nothing is claimed after a pause was committed. It ends with the
-- transaction. The other side is plainjobs_pause_gate(): a lock on the table would wait for every
-- backup that reads it, and hold all claims up meanwhile.
SELECT statement_timestamp(),
       pg_advisory_xact_lock_shared(hashtextextended('plainjobs_pause of {schema}', 0)),
       set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true),
       set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true),
       set_config('enable_material', 'off', true);

-- :name pause
-- $1 text  kind
-- $2 text  name
-- $3 text  reason
-- $4 text  paused_by
-- Pausing again keeps when and by whom, and takes a reason when there is one. Returns whether it is
-- new.
WITH paused AS (
    INSERT INTO {schema}.plainjobs_pause AS p (kind, name, reason, paused_by)
    VALUES ($1::text, $2::text, $3::text, $4::text)
        ON CONFLICT (kind, name)
        DO UPDATE SET reason = CASE WHEN excluded.reason <> '' THEN excluded.reason
                                    ELSE p.reason END
    RETURNING paused_at = statement_timestamp() AS is_new),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, detail)
    SELECT $4::text, $1::text || '.pause', $2::text, $3::text FROM paused
     WHERE is_new OR $3::text <> '')
SELECT is_new FROM paused;

-- :name resume
-- $1 text  kind
-- $2 text  name
-- $3 text  who resumes
-- Returns how many were paused. Wakes every worker of the schema: what waited is due now.
WITH gone AS (
    DELETE FROM {schema}.plainjobs_pause WHERE kind = $1::text AND name = $2::text RETURNING 1),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target)
    SELECT $3::text, $1::text || '.resume', $2::text FROM gone)
SELECT count(*), pg_notify('plainjobs_wake', trim(both '"' from '{schema}') || ' ') FROM gone;
