-- Jobs that are stopped: by their timeout or by somebody; and jobs that end in a transaction of the
-- application's own.

-- As before, with timeout_ms.
DROP FUNCTION {schema}.plainjobs_insert_request(
    uuid, text, jsonb, text, timestamptz, integer, integer, text, text);
CREATE FUNCTION {schema}.plainjobs_insert_request(
    uuid uuid, job_class text, parameters jsonb, queue text, start_at timestamptz, priority integer,
    retries integer, concurrency_key text, source text, timeout_ms bigint)
    RETURNS uuid LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF $8 <> '' THEN
        BEGIN
            INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at,
                priority, retries, concurrency_key, source, root_uuid, timeout_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1, $10)
            ON CONFLICT ON CONSTRAINT plainjobs_jobrequest_unique_uuid DO NOTHING;
        EXCEPTION WHEN SQLSTATE 'PJ501' THEN
            RETURN NULL;
        END;
    ELSE
        INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at,
            priority, retries, source, root_uuid, timeout_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $9, $1, $10)
        ON CONFLICT ON CONSTRAINT plainjobs_jobrequest_unique_uuid DO NOTHING;
    END IF;
    RETURN $1;
END $$;

-- As before, with timeout.
DROP FUNCTION {schema}.plain_jobs_enqueue(
    text, jsonb, text, interval, timestamptz, integer, integer, text, uuid, text);
CREATE FUNCTION {schema}.plain_jobs_enqueue(
    job_class text, parameters jsonb DEFAULT '{}', queue text DEFAULT 'default',
    delay interval DEFAULT NULL, start_at timestamptz DEFAULT NULL, priority integer DEFAULT 0,
    retries integer DEFAULT 0, concurrency_key text DEFAULT '', uuid uuid DEFAULT NULL,
    source text DEFAULT '', timeout interval DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    stored jsonb := parameters;
BEGIN
    IF delay IS NOT NULL AND start_at IS NOT NULL THEN
        RAISE EXCEPTION 'PJ105: give delay or start_at, not both' USING ERRCODE = 'PJ105';
    END IF;
    IF delay < interval '0' THEN
        RAISE EXCEPTION 'PJ105: delay must not be negative' USING ERRCODE = 'PJ105';
    END IF;
    IF timeout < interval '1 millisecond' OR timeout > interval '365000 days' THEN
        RAISE EXCEPTION 'PJ105: timeout must be 1 ms to 365000 days' USING ERRCODE = 'PJ105';
    END IF;
    IF retries IS NULL OR retries NOT BETWEEN 0 AND 32767 THEN
        RAISE EXCEPTION 'PJ105: retries must be 0 to 32767' USING ERRCODE = 'PJ105';
    END IF;
    IF priority IS NULL OR priority NOT BETWEEN -32768 AND 32767 THEN
        RAISE EXCEPTION 'PJ105: priority must be -32768 to 32767' USING ERRCODE = 'PJ105';
    END IF;
    IF jsonb_typeof(stored) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'PJ602: parameters must be a JSON object' USING ERRCODE = 'PJ602';
    END IF;
    -- The stored form has exactly these two; anything else is the parameters by name.
    IF NOT (stored ?& '{args,kwargs}' AND stored - '{args,kwargs}'::text[] = '{}') THEN
        stored := jsonb_build_object('args', '[]'::jsonb, 'kwargs', stored);
    END IF;
    IF uuid IS NOT NULL AND {schema}.plainjobs_is_repeated(uuid) THEN
        RETURN uuid;
    END IF;
    RETURN {schema}.plainjobs_insert_request(
        COALESCE(uuid, gen_random_uuid()), job_class, stored, queue,
        COALESCE(start_at, statement_timestamp() + delay), priority, retries, concurrency_key,
        source, (extract(epoch FROM timeout) * 1000)::bigint);
END $$;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (7, 'stops');
