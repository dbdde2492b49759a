-- Schedules, and the ledger of their slots.

-- :name schedule_find
-- ?1 text name, or null for all
-- ?2 integer most
-- A job is under way while a request of it waits or an attempt runs.
SELECT s.name, s.hash, s.cron, s.timezone, s.dst, s.job_class, s.started_at, s.started_by,
       s.slot_at, s.skip_until, s.skip_reason, s.paused_at, s.paused_by, s.pause_reason,
       s.removed_at, s.last_request,
       s.last_request IS NOT NULL
       AND (EXISTS (SELECT 1 FROM plainjobs_pending q WHERE q.root = s.last_request)
            OR EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                        WHERE COALESCE(p.root_uuid, p.job_request_uuid) = s.last_request)),
       k.slot_at, k.status, k.reason, e.status, e.created_at
  FROM plainjobs_schedule s
  LEFT JOIN plainjobs_slot k
    ON k.schedule = s.name
   AND k.slot_at = (SELECT max(m.slot_at) FROM plainjobs_slot m WHERE m.schedule = s.name)
  LEFT JOIN plainjobs_jobresult e
    ON e.id = (SELECT max(t.id) FROM plainjobs_jobresult t WHERE t.root_uuid = s.last_request)
 WHERE ?1 IS NULL OR s.name = ?1
 ORDER BY s.name LIMIT ?2;

-- :name schedule_declare
-- ?1 text name
-- ?2 text hash
-- ?3 text cron
-- ?4 text timezone
-- ?5 integer dst
-- ?6 text job_class
-- ?7 integer started_at
-- ?8 text started_by
-- ?9 integer slot_at
-- The mark of a schedule whose times stay the same is kept: a slot that is due may lie behind it.
-- The later start wins; of two at the same moment the one that was written first.
INSERT INTO plainjobs_schedule AS s
       (name, created_at, hash, cron, timezone, dst, job_class, started_at, started_by, slot_at)
VALUES (?1, ?9, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (name) DO UPDATE SET
       slot_at = CASE WHEN s.cron = excluded.cron AND s.timezone = excluded.timezone
                       AND s.dst = excluded.dst THEN s.slot_at
                      ELSE max(s.slot_at, excluded.slot_at) END,
       skip_until = CASE WHEN s.removed_at < excluded.started_at THEN excluded.slot_at
                         ELSE s.skip_until END,
       skip_reason = CASE WHEN s.removed_at < excluded.started_at THEN 'it was removed'
                          ELSE s.skip_reason END,
       hash = excluded.hash, cron = excluded.cron, timezone = excluded.timezone,
       dst = excluded.dst, job_class = excluded.job_class, removed_at = NULL,
       started_at = max(s.started_at, excluded.started_at),
       started_by = CASE WHEN s.started_at < excluded.started_at THEN excluded.started_by
                         ELSE s.started_by END
 WHERE s.hash = excluded.hash OR s.started_at < excluded.started_at;

-- :name schedule_remove
-- ?1 text name
-- ?2 integer started_at of the worker that does not have it
-- ?3 integer now
UPDATE plainjobs_schedule SET removed_at = ?3
 WHERE name = ?1 AND removed_at IS NULL AND started_at < ?2;

-- :name schedule_lock
-- ?1 text name
SELECT slot_at, hash, paused_at IS NOT NULL FROM plainjobs_schedule WHERE name = ?1;

-- :name schedule_slot
-- ?1 text schedule
-- ?2 integer slot_at
-- ?3 integer created_at
-- ?4 text status
-- ?5 text reason
-- ?6 blob request_uuid, or null
INSERT INTO plainjobs_slot (schedule, slot_at, created_at, status, reason, request_uuid)
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (schedule, slot_at) DO NOTHING;

-- :name schedule_skip
-- ?1 text schedule
-- ?2 integer slot_at
-- ?3 text reason
-- The run that was written before its job was found to be impossible.
UPDATE plainjobs_slot SET status = 'SKIPPED', reason = ?3, request_uuid = NULL
 WHERE schedule = ?1 AND slot_at = ?2;

-- :name schedule_move
-- ?1 text name
-- ?2 integer the new mark
UPDATE plainjobs_schedule SET slot_at = ?2 WHERE name = ?1;

-- :name schedule_last
-- ?1 text name
-- ?2 blob request
UPDATE plainjobs_schedule SET last_request = ?2 WHERE name = ?1;

-- :name schedule_forget
-- ?1 text schedule
-- ?2 integer before
-- ?3 integer most
DELETE FROM plainjobs_slot WHERE schedule = ?1 AND slot_at IN
    (SELECT slot_at FROM plainjobs_slot WHERE schedule = ?1 AND slot_at < ?2
      ORDER BY slot_at LIMIT ?3);

-- :name schedule_pause
-- ?1 text name
-- ?2 text by
-- ?3 text reason
-- ?4 integer now
INSERT INTO plainjobs_schedule AS s
       (name, created_at, slot_at, paused_at, paused_by, pause_reason)
VALUES (?1, ?4, ?4, ?4, ?2, ?3)
    ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at,
       paused_by = excluded.paused_by, pause_reason = excluded.pause_reason
 WHERE s.paused_at IS NULL;

-- :name schedule_resume
-- ?1 text name
-- ?2 integer now
UPDATE plainjobs_schedule
   SET skip_until = ?2,
       skip_reason = 'paused by ' || paused_by
                     || CASE WHEN pause_reason = '' THEN '' ELSE ': ' || pause_reason END,
       paused_at = NULL, paused_by = '', pause_reason = ''
 WHERE name = ?1 AND paused_at IS NOT NULL;
