-- Jobs that are stopped: by their timeout or by somebody; and jobs that end in a transaction of the
-- application's own.

-- What is counted in a transaction of the application's own, or by a removal of results, is a row of
-- its own, so that it waits for nobody and nobody for it. Workers fold these rows into their own.
CREATE SEQUENCE {schema}.plainjobs_counter_shard AS integer MINVALUE 64 CYCLE;
-- Whoever deletes a result takes a number: who may write to the tables need not have another right.
GRANT USAGE ON SEQUENCE {schema}.plainjobs_counter_shard TO PUBLIC;
CREATE INDEX plainjobs_counter_unfolded ON {schema}.plainjobs_counter (shard) WHERE shard >= 64;

-- The first request of the job that a request, a running attempt or a first request belongs to;
-- NULL: there is no such job.
CREATE FUNCTION {schema}.plainjobs_root_of(job uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT COALESCE(
        (SELECT COALESCE(r.root_uuid, r.uuid) FROM {schema}.plainjobs_jobrequest r
          WHERE r.uuid = job),
        (SELECT COALESCE(p.root_uuid, p.job_request_uuid) FROM {schema}.plainjobs_jobprocess p
          WHERE p.uuid = job OR p.job_request_uuid = job OR p.root_uuid = job LIMIT 1),
        (SELECT COALESCE(t.root_uuid, t.job_request_uuid) FROM {schema}.plainjobs_jobresult t
          WHERE t.job_request_uuid = job LIMIT 1),
        (SELECT job FROM {schema}.plainjobs_attempts(job) LIMIT 1),
        (SELECT job FROM {schema}.plainjobs_pending(job) LIMIT 1))
$$;

-- Asks the running attempt of a job to end; false when there is none. Who asks first is noted.
CREATE FUNCTION {schema}.plainjobs_ask_to_end(root uuid, by_whom text, action text)
    RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    WITH asked AS (
        UPDATE {schema}.plainjobs_jobprocess p
           SET cancel_at = clock_timestamp(), cancel_by = by_whom
         WHERE COALESCE(p.root_uuid, p.job_request_uuid) = root AND p.cancel_at IS NULL
        RETURNING p.job_class)
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid, detail)
    SELECT COALESCE(by_whom, ''), action, asked.job_class, root, 'running' FROM asked;
    RETURN FOUND OR EXISTS (
        SELECT 1 FROM {schema}.plainjobs_jobprocess p
         WHERE COALESCE(p.root_uuid, p.job_request_uuid) = root);
END $$;

-- Cancels the job that a request, an attempt or a first request belongs to. Returns 'cancelled' when
-- it was pending, 'asked' when it is running (its worker stops it), 'ended' when there is nothing
-- left to cancel, NULL when there is no such job. A job that moves on while it is looked for is
-- looked for again.
CREATE FUNCTION {schema}.plain_jobs_cancel(job uuid, cancelled_by text DEFAULT '')
    RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    root uuid;
    gone {schema}.plainjobs_jobrequest%ROWTYPE;
    token uuid;
BEGIN
    FOR i IN 1..5 LOOP
        root := COALESCE(
            {schema}.plainjobs_root_of(job),
            (SELECT COALESCE(t.root_uuid, t.job_request_uuid) FROM {schema}.plainjobs_jobresult t
              WHERE t.job_process_uuid = job));
        CONTINUE WHEN root IS NULL;
        -- One, unless somebody has made a second by SQL.
        FOR gone IN
            DELETE FROM {schema}.plainjobs_jobrequest r
             WHERE r.id IN (SELECT q.id FROM {schema}.plainjobs_pending(root) q)
            RETURNING r.*
        LOOP
            token := gen_random_uuid();
            INSERT INTO {schema}.plainjobs_jobresult (uuid, ended_at, requested_at,
                job_process_uuid, job_request_uuid, status, error, job_class, parameters, priority,
                source, queue, retries, retry_attempt, concurrency_key, trace_id, span_id,
                root_uuid, retry_of, run_no, crash_count, key_shared, worker_id, error_type,
                error_message, timeout_ms, lost_count, aborted_hook_at)
            VALUES (token, clock_timestamp(), gone.created_at, token, gone.uuid, 'CANCELLED', '',
                gone.job_class, gone.parameters, gone.priority, gone.source, gone.queue,
                gone.retries, gone.retry_attempt, gone.concurrency_key, gone.trace_id,
                gone.span_id, root, gone.retry_of, COALESCE(gone.run_no, 1), gone.crash_count,
                gone.key_shared, '00000000-0000-0000-0000-000000000000', 'Cancelled',
                'cancelled' || COALESCE(' by ' || NULLIF(cancelled_by, ''), ''), gone.timeout_ms,
                gone.lost_count, clock_timestamp());
            INSERT INTO {schema}.plainjobs_counter (minute, job_class, queue, status, shard, n)
            VALUES (date_trunc('minute', clock_timestamp(), 'UTC'), gone.job_class, gone.queue,
                    'CANCELLED', nextval('{schema}.plainjobs_counter_shard'), 1);
            INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid, detail)
            VALUES (COALESCE(cancelled_by, ''), 'job.cancel', gone.job_class, root, 'pending');
        END LOOP;
        IF FOUND THEN
            RETURN 'cancelled';
        END IF;
        IF {schema}.plainjobs_ask_to_end(root, cancelled_by, 'job.cancel') THEN
            RETURN 'asked';
        END IF;
        EXIT WHEN EXISTS (SELECT 1 FROM {schema}.plainjobs_attempts(root) t
                           WHERE t.retry_job_request_uuid IS NULL);
    END LOOP;
    RETURN CASE WHEN root IS NOT NULL THEN 'ended' END;
END $$;

-- Deletes what a uuid stands for: of an attempt that has ended its result alone; else the job, with
-- the results of its attempts. Returns 'deleted', 'asked' when the job is running (its worker stops
-- it, and its CANCELLED result stays), NULL when there is no such job.
CREATE FUNCTION {schema}.plain_jobs_delete(job uuid, deleted_by text DEFAULT '')
    RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    root uuid;
    gone {schema}.plainjobs_jobresult%ROWTYPE;
    class text;
    state text;
    results bigint;
BEGIN
    DELETE FROM {schema}.plainjobs_jobresult t WHERE t.job_process_uuid = job RETURNING t.* INTO gone;
    IF FOUND THEN
        -- The attempt before it is continued by the one behind it, so that the job stays one chain.
        UPDATE {schema}.plainjobs_jobresult t SET retry_job_request_uuid = gone.retry_job_request_uuid
         WHERE t.id IN (SELECT a.id FROM {schema}.plainjobs_attempts(gone.root_uuid) a
                         WHERE a.retry_job_request_uuid = gone.job_request_uuid)
           AND gone.retry_job_request_uuid IS NOT NULL;
        INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid, detail)
        VALUES (COALESCE(deleted_by, ''), 'job.delete', gone.job_class, gone.job_request_uuid,
                'ended attempt');
        RETURN 'deleted';
    END IF;
    FOR i IN 1..5 LOOP
        root := {schema}.plainjobs_root_of(job);
        CONTINUE WHEN root IS NULL;
        FOR class IN
            DELETE FROM {schema}.plainjobs_jobrequest r
             WHERE r.id IN (SELECT q.id FROM {schema}.plainjobs_pending(root) q)
            RETURNING r.job_class
        LOOP
            state := 'pending';
        END LOOP;
        EXIT WHEN FOUND;
        IF {schema}.plainjobs_ask_to_end(root, deleted_by, 'job.delete') THEN
            RETURN 'asked';
        END IF;
        EXIT WHEN EXISTS (SELECT 1 FROM {schema}.plainjobs_attempts(root) t
                           WHERE t.retry_job_request_uuid IS NULL);
    END LOOP;
    IF root IS NULL THEN
        RETURN NULL;
    END IF;
    WITH removed AS (
        DELETE FROM {schema}.plainjobs_jobresult t
         WHERE t.id IN (SELECT a.id FROM {schema}.plainjobs_attempts(root) a)
        RETURNING t.job_class)
    SELECT COALESCE(class, max(removed.job_class)), NULLIF(count(*), 0) INTO class, results
      FROM removed;
    IF class IS NULL THEN -- somebody else was first
        RETURN NULL;
    END IF;
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid, detail, n)
    VALUES (COALESCE(deleted_by, ''), 'job.delete', class, root, COALESCE(state, 'ended'), results);
    RETURN 'deleted';
END $$;

-- Ends an attempt SUCCESSFUL in the caller's transaction, so that it commits with what the job
-- wrote. An attempt that is not running any more is refused: what it wrote must not stay.
CREATE FUNCTION {schema}.plain_jobs_complete(attempt uuid) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    p {schema}.plainjobs_jobprocess%ROWTYPE;
BEGIN
    DELETE FROM {schema}.plainjobs_jobprocess WHERE uuid = attempt RETURNING * INTO p;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'PJ507: attempt % is not running any more: it was ended before', attempt
            USING ERRCODE = 'PJ507';
    END IF;
    INSERT INTO {schema}.plainjobs_jobresult (uuid, started_at, ended_at, requested_at,
        job_process_uuid, job_request_uuid, status, error, job_class, parameters, priority, source,
        queue, retries, retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of,
        run_no, crash_count, key_shared, worker_id, worker_host, worker_pid, timeout_ms, lost_count)
    SELECT p.uuid, COALESCE(p.started_at, p.created_at), clock_timestamp(), p.requested_at, p.uuid,
           p.job_request_uuid, 'SUCCESSFUL', '', p.job_class, p.parameters, p.priority, p.source,
           p.queue, p.retries, p.retry_attempt, p.concurrency_key, p.trace_id, p.span_id,
           COALESCE(p.root_uuid, p.job_request_uuid), p.retry_of, COALESCE(p.run_no, 1),
           p.crash_count, p.key_shared, p.worker_id,
           (SELECT h.hostname FROM {schema}.plainjobs_workerheartbeat h
             WHERE h.worker_id = p.worker_id),
           (SELECT h.pid FROM {schema}.plainjobs_workerheartbeat h
             WHERE h.worker_id = p.worker_id),
           p.timeout_ms, p.lost_count;
    INSERT INTO {schema}.plainjobs_counter (minute, job_class, queue, status, shard, n)
    VALUES (date_trunc('minute', clock_timestamp(), 'UTC'), p.job_class, p.queue, 'SUCCESSFUL',
            nextval('{schema}.plainjobs_counter_shard'), 1);
END $$;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (7, 'stops');
