-- cycle.sql - the hot path: claims, ends, and claims put back; each one statement for many jobs

-- :name claim_jobs
-- $1 text[]         queues
-- $2 int4[]         per queue: the priority that the last claim reached
-- $3 timestamptz[]  per queue: the due time of the last row claimed there
-- $4 int8[]         per queue: its id
-- $5 text[]         job classes that the runners know
-- $6 int4           limit
-- $7 uuid[]         fresh attempt tokens, limit of them
-- $8 uuid           worker
--
-- Three things keep a claim as fast with a million rows pending as with ten:
-- * Each queue is a walk of the index (queue, priority DESC, due_at, id), so nothing that is
--   pending is sorted. The priorities in use are found one by one, highest first, each by one
--   probe; within one, the due rows lie together, so that rows which wait for a time are never
--   walked over.
-- * At the priority of the last claim the walk goes on behind the last row claimed, and that
--   priority is not probed for: in front of the bound lie the dead entries of what was claimed.
-- * The inner LIMITs stop each walk, and its locks, at the limit.
-- Nothing is claimed unless the worker's own row says that it lives: see lease.sql. What is paused is
-- left out: see claim_gate.
-- Of several queues the best rows are taken; the locks on the others end with the transaction. The
-- rows come back in any order.
WITH lease AS MATERIALIZED (
    SELECT 1 FROM {schema}.plainjobs_workerheartbeat
     WHERE worker_id = $8::uuid AND rescuer_id IS NULL AND wish IS NULL
       AND (claims_after IS NULL OR claims_after < ($7::uuid[])[1])
       AND last_heartbeat_at >= statement_timestamp()
               - COALESCE(lease_ms, 300000) * interval '1 ms'
       FOR KEY SHARE),
bound AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::int4[], $3::timestamptz[], $4::int8[])
        AS b (queue, priority, due_at, id)
     WHERE EXISTS (SELECT 1 FROM lease)
       AND NOT EXISTS (
        SELECT 1 FROM {schema}.plainjobs_pause p
         WHERE p.kind = 'queue'
           AND (p.name = b.queue
                OR (right(p.name, 1) = '*' AND starts_with(b.queue, left(p.name, -1)))))),
found AS MATERIALIZED (
    SELECT f.t, f.priority, f.due_at, f.id
      FROM bound b CROSS JOIN LATERAL (
        WITH RECURSIVE step (priority) AS (
            SELECT COALESCE(
                (SELECT r.priority::int4 FROM {schema}.plainjobs_jobrequest r
                  WHERE r.queue = b.queue AND r.priority > b.priority
                  ORDER BY r.priority DESC LIMIT 1),
                b.priority)
            UNION ALL
            SELECT COALESCE(
                (SELECT r.priority::int4 FROM {schema}.plainjobs_jobrequest r
                  WHERE r.queue = b.queue AND r.priority < s.priority
                    AND r.priority > CASE WHEN s.priority > b.priority THEN b.priority
                                          ELSE -32769 END
                  ORDER BY r.priority DESC LIMIT 1),
                CASE WHEN s.priority > b.priority THEN b.priority END)
              FROM step s WHERE s.priority IS NOT NULL)
        SELECT j.t, j.priority, j.due_at, j.id
          FROM step s CROSS JOIN LATERAL (
            SELECT r.ctid AS t, r.priority, r.due_at, r.id
              FROM {schema}.plainjobs_jobrequest r
             WHERE r.queue = b.queue AND r.priority = s.priority
               AND r.due_at <= statement_timestamp()
               AND (r.due_at, r.id) >
                   (CASE WHEN s.priority = b.priority THEN b.due_at ELSE '-infinity' END,
                    CASE WHEN s.priority = b.priority THEN b.id
                         ELSE '-9223372036854775808'::int8 END)
               AND r.job_class = ANY (ARRAY(
                    SELECT c FROM unnest($5::text[]) AS c
                     WHERE NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_pause p
                                        WHERE p.kind = 'class' AND p.name = c)))
             ORDER BY r.due_at, r.id
             LIMIT $6::int4
               FOR UPDATE SKIP LOCKED) j
         LIMIT $6::int4) f),
best AS MATERIALIZED (
    SELECT t FROM found ORDER BY priority DESC, due_at, id LIMIT $6::int4),
claimed AS (
    DELETE FROM {schema}.plainjobs_jobrequest
     WHERE ctid = ANY (ARRAY(SELECT t FROM best))
    RETURNING *),
started AS MATERIALIZED (
    SELECT ($7::uuid[])[row_number() OVER ()] AS token, c.* FROM claimed c),
processes AS (
    INSERT INTO {schema}.plainjobs_jobprocess (uuid, started_at, job_request_uuid, requested_at,
        start_at, worker_id, job_class, parameters, priority, source, queue, retries, retry_attempt,
        concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared,
        timeout_ms, lost_count)
    SELECT token, statement_timestamp(), uuid, created_at, start_at, $8::uuid, job_class,
           parameters, priority, source, queue, retries, retry_attempt, concurrency_key, trace_id,
           span_id, root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count
      FROM started)
SELECT token, uuid, COALESCE(root_uuid, uuid), job_class, parameters::text, queue, concurrency_key,
       source, priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0),
       created_at, due_at, id, COALESCE(timeout_ms, 0), COALESCE(lost_count, 0)
  FROM started;

-- :name claim_told
-- $1 int8    id of the request that the worker was told of
-- $2 text[]  queues
-- $3 text[]  job classes that the runners know
-- $4 uuid    fresh attempt token
-- $5 uuid    worker
--
-- What claim_jobs does, for the one request that a waiting worker was told of: less than half of
-- its work. Nothing while anything is paused, and no gate in front of it, whose work would be a tenth
-- more: see plainjobs_note_pauses() and listen_settings.
WITH claimed AS (
    DELETE FROM {schema}.plainjobs_jobrequest
     WHERE ctid = ANY (ARRAY(
        SELECT r.ctid FROM {schema}.plainjobs_jobrequest r
         WHERE r.id = $1::int8 AND r.due_at <= statement_timestamp()
           AND r.queue = ANY ($2::text[]) AND r.job_class = ANY ($3::text[])
           AND EXISTS (SELECT 1 FROM {schema}.plainjobs_workerheartbeat
                        WHERE worker_id = $5::uuid AND NOT has_pauses
                          AND rescuer_id IS NULL AND wish IS NULL
                          AND (claims_after IS NULL OR claims_after < $4::uuid)
                          AND last_heartbeat_at >= statement_timestamp()
                                  - COALESCE(lease_ms, 300000) * interval '1 ms'
                          FOR KEY SHARE)
           FOR UPDATE SKIP LOCKED))
    RETURNING *)
INSERT INTO {schema}.plainjobs_jobprocess (uuid, started_at, job_request_uuid, requested_at,
    start_at, worker_id, job_class, parameters, priority, source, queue, retries, retry_attempt,
    concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared,
    timeout_ms, lost_count)
SELECT $4::uuid, statement_timestamp(), uuid, created_at, start_at, $5::uuid, job_class,
       parameters, priority, source, queue, retries, retry_attempt, concurrency_key, trace_id,
       span_id, root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count
  FROM claimed
RETURNING uuid, job_request_uuid, COALESCE(root_uuid, job_request_uuid), job_class,
       parameters::text, queue, concurrency_key, source, priority, retries, retry_attempt,
       COALESCE(run_no, 1), COALESCE(crash_count, 0), requested_at,
       COALESCE(start_at, requested_at), $1::int8, COALESCE(timeout_ms, 0),
       COALESCE(lost_count, 0), started_at;

-- :name next_due
-- $1 text[]       queues
-- $2 text[]       job classes that the runners know
-- $3 timestamptz  the time after which it is asked for
-- One probe of the index on delayed requests for each queue. NULL when nothing waits for a time.
SELECT statement_timestamp(), min(d.due_at)
  FROM unnest($1::text[]) AS q (queue) CROSS JOIN LATERAL (
    SELECT r.due_at FROM {schema}.plainjobs_jobrequest r
     WHERE r.queue = q.queue AND r.start_at IS NOT NULL AND r.due_at > $3::timestamptz
       AND r.job_class = ANY ($2::text[])
     ORDER BY r.due_at LIMIT 1) d;

-- :name finish_jobs
-- Arrays with one item for each ended attempt; NULL stands for an array of nothing but NULLs.
-- $1 uuid[]          tokens
-- $2 text[]          status
-- $3 timestamptz[]   started_at
-- $4 timestamptz[]   ended_at
-- $5 text[]          error
-- $6 text[]          error_type
-- $7 text[]          error_message
-- $8 text[]          error_fingerprint
-- $9 int4[]          exit_code
-- $10 int4[]         exit_signal
-- $11 int4[]         crash_count
-- $12 int4[]         runner_pid
-- $13 int8[]         cpu_us
-- $14 int8[]         max_rss_kb
-- $15 uuid[]         successor
-- $16 timestamptz[]  successor_start_at
-- $17 int4[]         successor_retry_attempt
-- $18 int4[]         lost_count
-- $19 text[]         output
-- $20 uuid           worker
-- $21 text           host
-- $22 int4           pid
-- $23 int4           shard of the counters
-- $24 uuid[]         those that their job may be completing in a transaction of its own, or NULL
-- The plan is a nested loop over the unique token of each; a hash join would read the whole table.
-- A result names the worker that had claimed the attempt; it may be another, that was rescued.
-- A successor is inserted after its attempt was deleted, so the key's trigger lets the key pass on.
-- Counters are written in the order of their key, so that two workers cannot block each other.
-- What somebody cancelled ends CANCELLED without a successor, unless it succeeded; its text gets to say
-- by whom here.
-- Of $24 only rows that nobody has locked are ended: the job's transaction decides about the others.
-- Returns how many attempts ended, and of the others how many are recorded as successful.
WITH ended AS MATERIALIZED (
    DELETE FROM {schema}.plainjobs_jobprocess p
     USING (SELECT unnest($1::uuid[]) AS token, unnest($2::text[]) AS status,
                   unnest($3::timestamptz[]) AS started, unnest($4::timestamptz[]) AS ended_at,
                   unnest($5::text[]) AS error, unnest($6::text[]) AS error_type,
                   unnest($7::text[]) AS error_message, unnest($8::text[]) AS fingerprint,
                   unnest($9::int4[]) AS exit_code, unnest($10::int4[]) AS exit_signal,
                   unnest($11::int4[]) AS crashes, unnest($12::int4[]) AS runner_pid,
                   unnest($13::int8[]) AS cpu_us, unnest($14::int8[]) AS max_rss_kb,
                   unnest($15::uuid[]) AS successor, unnest($16::timestamptz[]) AS successor_start_at,
                   unnest($17::int4[]) AS successor_retry_attempt, unnest($18::int4[]) AS losses,
                   unnest($19::text[]) AS output) AS e
     WHERE p.uuid = e.token
       AND ($24::uuid[] IS NULL OR e.token <> ALL ($24::uuid[])
            OR p.ctid = ANY (ARRAY(SELECT q.ctid FROM {schema}.plainjobs_jobprocess q
                                    WHERE q.uuid = ANY ($24::uuid[]) FOR UPDATE SKIP LOCKED)))
    RETURNING p.*, e.*, p.cancel_at IS NOT NULL AND e.status <> 'SUCCESSFUL' AS cancelled),
results AS (
    INSERT INTO {schema}.plainjobs_jobresult (uuid, started_at, ended_at, requested_at,
        job_process_uuid, job_request_uuid, retry_job_request_uuid, status, error, job_class,
        parameters, priority, source, queue, retries, retry_attempt, concurrency_key, trace_id,
        span_id, root_uuid, retry_of, run_no, crash_count, key_shared, worker_id, worker_host,
        worker_pid, runner_pid, error_type, error_message, error_fingerprint, exit_code,
        exit_signal, cpu_us, max_rss_kb, timeout_ms, lost_count, output)
    SELECT token, started, ended_at, requested_at, token, job_request_uuid,
           CASE WHEN NOT cancelled THEN successor END,
           CASE WHEN cancelled THEN 'CANCELLED' ELSE status END,
           CASE WHEN cancelled AND starts_with(error, 'Cancelled: cancelled')
                THEN 'Cancelled: cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), '')
                     || substr(error, length('Cancelled: cancelled') + 1)
                ELSE COALESCE(error, '') END, job_class,
           parameters, priority, source, queue, retries, retry_attempt, concurrency_key, trace_id,
           span_id, COALESCE(root_uuid, job_request_uuid), retry_of, run_no, crashes, key_shared,
           worker_id,
           CASE WHEN worker_id = $20::uuid THEN $21::text
                ELSE (SELECT h.hostname FROM {schema}.plainjobs_workerheartbeat h
                       WHERE h.worker_id = ended.worker_id) END,
           CASE WHEN worker_id = $20::uuid THEN $22::int4
                ELSE (SELECT h.pid FROM {schema}.plainjobs_workerheartbeat h
                       WHERE h.worker_id = ended.worker_id) END,
           runner_pid, CASE WHEN cancelled THEN 'Cancelled' ELSE error_type END,
           CASE WHEN cancelled THEN 'cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), '')
                ELSE error_message END,
           fingerprint, exit_code, exit_signal, cpu_us, max_rss_kb, timeout_ms, losses, output
      FROM ended),
successors AS (
    INSERT INTO {schema}.plainjobs_jobrequest (uuid, created_at, job_class, parameters, priority,
        source, queue, retries, retry_attempt, concurrency_key, trace_id, span_id, start_at,
        root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count)
    SELECT successor, ended_at, job_class, parameters, priority, source, queue, retries,
           successor_retry_attempt, concurrency_key, trace_id, span_id, successor_start_at,
           COALESCE(root_uuid, job_request_uuid), token,
           LEAST(COALESCE(run_no, 1), 2147483646) + 1, crashes, key_shared, timeout_ms, losses
      FROM ended WHERE successor IS NOT NULL AND NOT cancelled),
counters AS (
    INSERT INTO {schema}.plainjobs_counter AS k (minute, job_class, queue, status, shard, n)
    SELECT date_trunc('minute', ended_at, 'UTC'), job_class, queue,
           CASE WHEN cancelled THEN 'CANCELLED' ELSE status END, $23::int4, count(*)
      FROM ended GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (minute, job_class, queue, status, shard) DO UPDATE SET n = k.n + excluded.n)
SELECT (SELECT count(*) FROM ended),
       CASE WHEN (SELECT count(*) FROM ended) < cardinality($1::uuid[])
            THEN (SELECT count(*) FROM unnest($1::uuid[]) AS u (token)
                    JOIN {schema}.plainjobs_jobresult t ON t.job_process_uuid = u.token
                   WHERE t.status = 'SUCCESSFUL')
            ELSE 0 END;

-- :name finish_plain
-- $1 uuid[]         tokens
-- $2 timestamptz[]  started_at
-- $3 timestamptz[]  ended_at
-- $4 int4[]         runner_pid
-- $5 int8[]         cpu_us
-- $6 int8[]         max_rss_kb
-- $7 uuid           worker
-- $8 text           host
-- $9 int4           pid
-- $10 int4          shard of the counters
-- What finish_jobs does, for ends of which there is no more to tell: successes of jobs that nothing
-- happened to, most of all. A fifth less work.
WITH ended AS MATERIALIZED (
    DELETE FROM {schema}.plainjobs_jobprocess p
     USING (SELECT unnest($1::uuid[]) AS token, unnest($2::timestamptz[]) AS started,
                   unnest($3::timestamptz[]) AS ended_at, unnest($4::int4[]) AS runner_pid,
                   unnest($5::int8[]) AS cpu_us, unnest($6::int8[]) AS max_rss_kb) AS e
     WHERE p.uuid = e.token
    RETURNING p.*, e.*),
results AS (
    INSERT INTO {schema}.plainjobs_jobresult (uuid, started_at, ended_at, requested_at,
        job_process_uuid, job_request_uuid, status, job_class, parameters, priority, source, queue,
        retries, retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no,
        crash_count, key_shared, worker_id, worker_host, worker_pid, runner_pid, cpu_us, max_rss_kb,
        timeout_ms, lost_count)
    SELECT token, started, ended_at, requested_at, token, job_request_uuid, 'SUCCESSFUL', job_class,
           parameters, priority, source, queue, retries, retry_attempt, concurrency_key, trace_id,
           span_id, COALESCE(root_uuid, job_request_uuid), retry_of, run_no, 0, key_shared,
           worker_id,
           CASE WHEN worker_id = $7::uuid THEN $8::text
                ELSE (SELECT h.hostname FROM {schema}.plainjobs_workerheartbeat h
                       WHERE h.worker_id = ended.worker_id) END,
           CASE WHEN worker_id = $7::uuid THEN $9::int4
                ELSE (SELECT h.pid FROM {schema}.plainjobs_workerheartbeat h
                       WHERE h.worker_id = ended.worker_id) END,
           runner_pid, cpu_us, max_rss_kb, timeout_ms, 0
      FROM ended),
counters AS (
    INSERT INTO {schema}.plainjobs_counter AS k (minute, job_class, queue, status, shard, n)
    SELECT date_trunc('minute', ended_at, 'UTC'), job_class, queue, 'SUCCESSFUL', $10::int4, count(*)
      FROM ended GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (minute, job_class, queue, status, shard) DO UPDATE SET n = k.n + excluded.n)
SELECT (SELECT count(*) FROM ended),
       CASE WHEN (SELECT count(*) FROM ended) < cardinality($1::uuid[])
            THEN (SELECT count(*) FROM unnest($1::uuid[]) AS u (token)
                    JOIN {schema}.plainjobs_jobresult t ON t.job_process_uuid = u.token
                   WHERE t.status = 'SUCCESSFUL')
            ELSE 0 END;

-- :name still_processing
-- $1 uuid[]  tokens
-- Which of them are still there.
SELECT p.uuid FROM unnest($1::uuid[]) AS u (token)
  JOIN {schema}.plainjobs_jobprocess p ON p.uuid = u.token;

-- :name watch_jobs
-- $1 uuid[]  tokens of attempts that are running
-- Those that somebody cancelled (1), and who; those whose row is gone because they completed in a
-- transaction of their own (2), or for another reason (0).
SELECT u.token,
       CASE WHEN p.uuid IS NOT NULL THEN 1 WHEN t.status = 'SUCCESSFUL' THEN 2 ELSE 0 END::int4,
       p.cancel_by
  FROM unnest($1::uuid[]) AS u (token)
  LEFT JOIN {schema}.plainjobs_jobprocess p ON p.uuid = u.token
  LEFT JOIN {schema}.plainjobs_jobresult t ON p.uuid IS NULL AND t.job_process_uuid = u.token
 WHERE p.uuid IS NULL OR p.cancel_at IS NOT NULL;

-- :name fold_counters
-- $1 int4  shard
-- $2 int4  most of each kind
-- $3 int4  days for which minutes are kept
-- Rows of transactions of the application's own and of removals become this worker's; so do those of minutes
-- that nobody asks for any more, as one of minute 0: else they would be ever more, and all of them
-- are summed. A removal of so old a result writes its minute again, until the next time.
WITH taken AS MATERIALIZED (
    DELETE FROM {schema}.plainjobs_counter
     WHERE ctid = ANY (
        ARRAY(SELECT ctid FROM {schema}.plainjobs_counter WHERE shard >= 64
               LIMIT $2::int4 FOR UPDATE SKIP LOCKED) ||
        ARRAY(SELECT ctid FROM {schema}.plainjobs_counter
               WHERE minute > to_timestamp(0)
                 AND minute < statement_timestamp() - make_interval(days => $3::int4)
               ORDER BY minute LIMIT $2::int4 FOR UPDATE SKIP LOCKED))
    RETURNING *),
folded AS (
    INSERT INTO {schema}.plainjobs_counter AS k
           (minute, job_class, queue, status, shard, n, n_removed)
    SELECT CASE WHEN minute < statement_timestamp() - make_interval(days => $3::int4)
                THEN to_timestamp(0) ELSE minute END,
           job_class, queue, status, $1::int4, sum(n), sum(n_removed)
      FROM taken GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (minute, job_class, queue, status, shard)
        DO UPDATE SET n = k.n + excluded.n, n_removed = k.n_removed + excluded.n_removed)
SELECT count(*) FROM taken;

-- :name settle_claims
-- $1 uuid    worker that claimed
-- $2 uuid[]  tokens, among them those of claims of which it is not known whether they were made
-- Waits until no claim of the worker is under way: each holds this row to its end, also one whose
-- connection was lost while it waited for its commit. One that comes later, since its server process
-- was not so far, reads the row and finds that its tokens are too old. So what was claimed is there
-- now to be released, or never will be.
UPDATE {schema}.plainjobs_workerheartbeat
   SET claims_after = greatest(claims_after, (SELECT max(t::text)::uuid FROM unnest($2::uuid[]) AS t))
 WHERE worker_id = (SELECT worker_id FROM {schema}.plainjobs_workerheartbeat
                     WHERE worker_id = $1::uuid FOR UPDATE);

-- :name release_jobs
-- $1 uuid[]  tokens of claims that were not started
-- $2 int4    shard of the counters
-- Each becomes the request again that it was: same uuid, times and attempt; a request of that uuid
-- that somebody made meanwhile is this job. What somebody cancelled meanwhile ends instead. What a
-- transaction has locked, of somebody who cancels it, stays. Returns how many did not.
WITH released AS MATERIALIZED (
    DELETE FROM {schema}.plainjobs_jobprocess
     WHERE ctid = ANY (ARRAY(SELECT p.ctid FROM {schema}.plainjobs_jobprocess p
                              WHERE p.uuid = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED))
    RETURNING *),
requests AS (
    INSERT INTO {schema}.plainjobs_jobrequest (uuid, created_at, job_class, parameters, priority,
        source, queue, retries, retry_attempt, concurrency_key, trace_id, span_id, start_at,
        root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count)
    SELECT job_request_uuid, COALESCE(requested_at, created_at), job_class, parameters, priority,
           source, queue, retries, retry_attempt, concurrency_key, trace_id, span_id, start_at,
           root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count
      FROM released WHERE cancel_at IS NULL
        ON CONFLICT ON CONSTRAINT plainjobs_jobrequest_unique_uuid DO NOTHING),
results AS (
    INSERT INTO {schema}.plainjobs_jobresult (uuid, ended_at, requested_at, job_process_uuid,
        job_request_uuid, status, error, job_class, parameters, priority, source, queue, retries,
        retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no, crash_count,
        key_shared, worker_id, error_type, error_message, timeout_ms, lost_count, aborted_hook_at)
    SELECT uuid, statement_timestamp(), requested_at, uuid, job_request_uuid, 'CANCELLED', '',
           job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
           trace_id, span_id, COALESCE(root_uuid, job_request_uuid), retry_of, run_no, crash_count,
           key_shared, worker_id, 'Cancelled',
           'cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), ''), timeout_ms, lost_count,
           statement_timestamp()
      FROM released WHERE cancel_at IS NOT NULL),
counters AS (
    INSERT INTO {schema}.plainjobs_counter AS k (minute, job_class, queue, status, shard, n)
    SELECT date_trunc('minute', statement_timestamp(), 'UTC'), job_class, queue, 'CANCELLED',
           $2::int4, count(*)
      FROM released WHERE cancel_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (minute, job_class, queue, status, shard) DO UPDATE SET n = k.n + excluded.n)
SELECT count(*) FROM released;
