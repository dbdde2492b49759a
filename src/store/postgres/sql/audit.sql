-- audit.sql - what people did

-- :name note
-- $1 text  actor
-- $2 text  action
-- $3 text  target
-- $4 uuid  of a job or worker, or NULL
-- $5 text  detail
-- $6 int8  how many, or NULL
INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid, detail, n)
VALUES ($1::text, $2::text, $3::text, $4::uuid, $5::text, $6::int8);

-- :name list_audit
-- $1 int8  below this id
-- $2 uuid  of a job or worker, or NULL for any
-- $3 int4  most
-- Newest first.
SELECT * FROM (
    (SELECT id, at, actor, action, target, uuid, detail, n FROM {schema}.plainjobs_audit
      WHERE id < $1::int8 AND $2::uuid IS NULL ORDER BY id DESC LIMIT $3::int4)
    UNION ALL
    SELECT id, at, actor, action, target, uuid, detail, n FROM {schema}.plainjobs_audit
     WHERE id < $1::int8 AND uuid = $2::uuid) AS a
 ORDER BY id DESC LIMIT $3::int4;
