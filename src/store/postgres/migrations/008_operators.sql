-- What one does for all, as deleting old results: who does it, and until when nobody else may.
-- done_at: when it was last done; of 'purge' it tells which jobs may be gone.
CREATE TABLE {schema}.plainjobs_duty (
    name text PRIMARY KEY,
    holder uuid,
    until_at timestamptz,
    done_at timestamptz
);

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (8, 'operators');
