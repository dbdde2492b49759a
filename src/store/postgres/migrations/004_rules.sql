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

-- As before, but for a holder that seems to be gone: in an older snapshot that is no proof, since a
-- TRUNCATE by others empties the table of requests there too. Such a key stays held.
CREATE OR REPLACE FUNCTION {schema}.plainjobs_key_take() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holder uuid;
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            INSERT INTO {schema}.plainjobs_jobkey (job_class, concurrency_key, request_uuid)
            VALUES (NEW.job_class, NEW.concurrency_key, NEW.uuid);
            RETURN NEW;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
        SELECT k.request_uuid INTO holder FROM {schema}.plainjobs_jobkey k
         WHERE k.job_class = NEW.job_class AND k.concurrency_key = NEW.concurrency_key FOR UPDATE;
        EXIT WHEN holder IS NOT NULL;
    END LOOP;
    IF holder IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PJ501', MESSAGE = format(
            'PJ501: concurrency key "%s" of %s is held by a request that was committed after '
            'this transaction''s snapshot', NEW.concurrency_key, NEW.job_class);
    END IF;
    -- Our own row is no obstacle: that of a request whose uuid is being changed, or of a claim that
    -- the same statement puts back. One that is still being processed is.
    IF holder <> NEW.uuid AND (TG_OP = 'INSERT' OR holder <> OLD.uuid) AND EXISTS (
            SELECT 1 FROM {schema}.plainjobs_jobrequest r
             WHERE r.uuid = holder AND r.job_class = NEW.job_class
               AND r.concurrency_key = NEW.concurrency_key AND r.key_shared IS NOT TRUE)
        OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                    WHERE p.job_request_uuid = holder AND p.job_class = NEW.job_class
                      AND p.concurrency_key = NEW.concurrency_key
                      AND p.concurrency_key <> '' AND p.key_shared IS NOT TRUE) THEN
        RAISE EXCEPTION 'PJ501: concurrency key "%" of % is held by request %',
            NEW.concurrency_key, NEW.job_class, holder USING ERRCODE = 'PJ501';
    END IF;
    IF holder <> NEW.uuid THEN
        IF (TG_OP = 'INSERT' OR holder <> OLD.uuid)
                AND current_setting('transaction_isolation')
                    IN ('repeatable read', 'serializable') THEN
            RAISE EXCEPTION 'PJ501: concurrency key "%" of % is held by request %, which this '
                'transaction does not see', NEW.concurrency_key, NEW.job_class, holder
                USING ERRCODE = 'PJ501';
        END IF;
        UPDATE {schema}.plainjobs_jobkey
           SET request_uuid = NEW.uuid, taken_at = statement_timestamp()
         WHERE job_class = NEW.job_class AND concurrency_key = NEW.concurrency_key;
    END IF;
    RETURN NEW;
END $$;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (4, 'rules');
