-- Keeping house: results go, and what the counters say of them stays true.

-- What results were there, less n_removed, is what is stored.
ALTER TABLE {schema}.plainjobs_counter ADD COLUMN n_removed bigint NOT NULL DEFAULT 0;

-- In order of age, for clearing them and for pages.
CREATE INDEX plainjobs_jobresult_created ON {schema}.plainjobs_jobresult (created_at, id)
  WITH (deduplicate_items = off); -- no two are alike

-- Whoever deletes results. One without a worker was written by the Python package, which counts
-- nothing. What a removal counts are rows of its own, so that it waits for nobody, however long its
-- transaction is: see plainjobs_counter_shard.
CREATE FUNCTION {schema}.plainjobs_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own integer := nextval('{schema}.plainjobs_counter_shard');
BEGIN
    INSERT INTO {schema}.plainjobs_counter AS k
           (minute, job_class, queue, status, shard, n, n_removed)
    SELECT date_trunc('minute', COALESCE(ended_at, created_at), 'UTC'), job_class, queue, status,
           own, 0, count(*)
      FROM removed WHERE worker_id IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (minute, job_class, queue, status, shard)
        DO UPDATE SET n_removed = k.n_removed + excluded.n_removed;
    RETURN NULL;
END $$;
CREATE TRIGGER plainjobs_result_deleted AFTER DELETE ON {schema}.plainjobs_jobresult
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.plainjobs_count_removed();

-- TRUNCATE leaves no result, whatever its transaction sees: an older snapshot misses counters.
CREATE FUNCTION {schema}.plainjobs_count_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'PJ505: truncate % in READ COMMITTED: this transaction does not see which '
            'results were counted', TG_TABLE_NAME USING ERRCODE = 'PJ505';
    END IF;
    UPDATE {schema}.plainjobs_counter SET n_removed = n WHERE n_removed <> n;
    RETURN NULL;
END $$;
CREATE TRIGGER plainjobs_result_truncated AFTER TRUNCATE ON {schema}.plainjobs_jobresult
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.plainjobs_count_truncated();

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (2, 'keeping');
