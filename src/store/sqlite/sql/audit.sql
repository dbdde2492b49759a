-- What people did.

-- :name note
-- ?1 integer now
-- ?2 text actor
-- ?3 text action
-- ?4 text target
-- ?5 blob uuid, or null
-- ?6 text detail
-- ?7 integer how many, or null
INSERT INTO plainjobs_audit (at, actor, action, target, uuid, detail, n)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- :name list_audit
-- ?1 integer below this id
-- ?2 blob uuid of a job or worker, or null for any
-- ?3 integer most
-- Newest first.
SELECT * FROM (
    SELECT * FROM (SELECT id, at, actor, action, target, uuid, detail, n FROM plainjobs_audit
                    WHERE id < ?1 AND ?2 IS NULL ORDER BY id DESC LIMIT ?3)
    UNION ALL
    SELECT id, at, actor, action, target, uuid, detail, n FROM plainjobs_audit
     WHERE id < ?1 AND uuid = ?2)
 ORDER BY id DESC LIMIT ?3;
