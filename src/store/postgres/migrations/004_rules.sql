-- Classes with a rule of their own count their live jobs by class and key. Jobs without a key pay
-- for these indexes only when they came by such a rule.
CREATE INDEX plainjobs_jobrequest_key ON {schema}.plainjobs_jobrequest (job_class, concurrency_key)
    WHERE concurrency_key <> '' OR key_shared;
CREATE INDEX plainjobs_jobprocess_key ON {schema}.plainjobs_jobprocess (job_class, concurrency_key)
    WHERE concurrency_key <> '' OR key_shared;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (4, 'rules');
