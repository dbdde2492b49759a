-- audit.sql - what people did

-- :name list_audit
-- $1 int8  below this id
-- $2 uuid  of a job or worker, or NULL for any
-- $3 int4  most
-- Newest first.
SELECT id, at, actor, action, target, uuid, detail, n FROM {schema}.plainjobs_audit
 WHERE id < $1::int8 AND ($2::uuid IS NULL OR uuid = $2::uuid)
 ORDER BY id DESC LIMIT $3::int4;
