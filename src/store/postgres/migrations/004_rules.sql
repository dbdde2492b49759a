-- Classes with a rule of their own count their live jobs by class and key. Jobs without a key pay
-- for these indexes only when they came by such a rule.
CREATE INDEX plainjobs_jobrequest_key ON {schema}.plainjobs_jobrequest (job_class, concurrency_key)
    WHERE concurrency_key <> '' OR key_shared;
CREATE INDEX plainjobs_jobprocess_key ON {schema}.plainjobs_jobprocess (job_class, concurrency_key)
    WHERE concurrency_key <> '' OR key_shared;

-- TRUNCATE empties a table for everybody, whatever its own transaction sees. One with an older
-- snapshot would free the key of a job that was claimed since, and keep those of requests that it
-- does not see.
CREATE OR REPLACE FUNCTION {schema}.plainjobs_key_free_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'PJ505: truncate % in READ COMMITTED: this transaction does not see which '
            'concurrency keys are held', TG_TABLE_NAME USING ERRCODE = 'PJ505';
    END IF;
    DELETE FROM {schema}.plainjobs_jobkey k
     WHERE NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobrequest r WHERE r.uuid = k.request_uuid)
       AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                        WHERE p.job_request_uuid = k.request_uuid AND p.concurrency_key <> '');
    RETURN NULL;
END $$;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (4, 'rules');
