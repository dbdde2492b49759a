-- schedules.sql - schedules, and the ledger of their slots

-- :name schedule_find
-- $1 text  name, or NULL for all
-- $2 int4  most
-- A job is under way while a request of it waits or an attempt runs. The clock is that of the
-- statement: it comes with the row, and alone when there is none.
SELECT clock.now, s.name, s.hash, s.cron, s.timezone, s.dst, s.job_class, s.started_at,
       s.started_by, s.slot_at, s.skip_until, s.skip_reason, s.paused_at, s.paused_by,
       s.pause_reason, s.removed_at, s.last_request,
       s.last_request IS NOT NULL
       AND (EXISTS (SELECT 1 FROM {schema}.plainjobs_pending(s.last_request))
            OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                        WHERE COALESCE(p.root_uuid, p.job_request_uuid) = s.last_request)),
       k.slot_at, k.status, k.reason, e.status, e.created_at
  FROM (SELECT clock_timestamp() AS now) clock
  LEFT JOIN {schema}.plainjobs_schedule s ON $1::text IS NULL OR s.name = $1::text
  LEFT JOIN LATERAL (SELECT m.slot_at, m.status, m.reason FROM {schema}.plainjobs_slot m
                      WHERE m.schedule = s.name ORDER BY m.slot_at DESC LIMIT 1) k ON true
  LEFT JOIN LATERAL (SELECT t.status, t.created_at
                       FROM {schema}.plainjobs_attempts(s.last_request) t
                      ORDER BY t.id DESC LIMIT 1) e ON true
 ORDER BY s.name LIMIT $2::int4;

-- :name schedule_declare
-- $1 text         name
-- $2 text         hash
-- $3 text         cron
-- $4 text         timezone
-- $5 int4         dst
-- $6 text         job_class
-- $7 timestamptz  started_at
-- $8 text         started_by
-- $9 timestamptz  slot_at
-- The mark of a schedule whose times stay the same is kept: a slot that is due may lie behind it.
-- The later start wins; of two at the same moment the one that was written first. Returns how many
-- rows were written.
WITH made AS (
    INSERT INTO {schema}.plainjobs_schedule AS s
           (name, hash, cron, timezone, dst, job_class, started_at, started_by, slot_at)
    VALUES ($1::text, $2::text, $3::text, $4::text, $5::int4, $6::text, $7::timestamptz, $8::text,
            $9::timestamptz)
        ON CONFLICT ON CONSTRAINT plainjobs_schedule_unique_name DO UPDATE SET
           slot_at = CASE WHEN s.cron = excluded.cron AND s.timezone = excluded.timezone
                           AND s.dst = excluded.dst THEN s.slot_at
                          ELSE greatest(s.slot_at, excluded.slot_at) END,
           skip_until = CASE WHEN s.removed_at < excluded.started_at THEN excluded.slot_at
                             ELSE s.skip_until END,
           skip_reason = CASE WHEN s.removed_at < excluded.started_at THEN 'it was removed'
                              ELSE s.skip_reason END,
           hash = excluded.hash, cron = excluded.cron, timezone = excluded.timezone,
           dst = excluded.dst, job_class = excluded.job_class, removed_at = NULL,
           started_at = greatest(s.started_at, excluded.started_at),
           started_by = CASE WHEN s.started_at < excluded.started_at THEN excluded.started_by
                             ELSE s.started_by END
     WHERE s.hash = excluded.hash OR s.started_at < excluded.started_at
    RETURNING 1)
SELECT count(*) FROM made;

-- :name schedule_remove
-- $1 text         name
-- $2 timestamptz  started_at of the worker that does not have it
-- $3 timestamptz  now
WITH made AS (
    UPDATE {schema}.plainjobs_schedule SET removed_at = $3::timestamptz
     WHERE name = $1::text AND removed_at IS NULL AND started_at < $2::timestamptz
    RETURNING 1)
SELECT count(*) FROM made;

-- :name schedule_lock
-- $1 text  name
SELECT slot_at, hash, paused_at IS NOT NULL FROM {schema}.plainjobs_schedule
 WHERE name = $1::text FOR UPDATE;

-- :name schedule_slot
-- $1 text           schedule
-- $2 timestamptz[]  slot_at
-- $3 text[]         status
-- $4 text[]         reason
-- $5 timestamptz    the slot that is to run, or NULL
-- $6 uuid           its request
-- Returns whether the slot that is to run was not in the ledger.
WITH made AS (
    INSERT INTO {schema}.plainjobs_slot (schedule, slot_at, status, reason, request_uuid)
    SELECT $1::text, u.slot_at, u.status, u.reason,
           CASE WHEN u.slot_at = $5::timestamptz THEN $6::uuid END
      FROM unnest($2::timestamptz[], $3::text[], $4::text[]) AS u (slot_at, status, reason)
        ON CONFLICT ON CONSTRAINT plainjobs_slot_unique_slot DO NOTHING
    RETURNING slot_at)
SELECT EXISTS (SELECT 1 FROM made WHERE slot_at = $5::timestamptz);

-- :name schedule_skip
-- $1 text         schedule
-- $2 timestamptz  slot_at
-- $3 text         reason
-- The run that was written before its job was found to be impossible.
UPDATE {schema}.plainjobs_slot SET status = 'SKIPPED', reason = $3::text, request_uuid = NULL
 WHERE schedule = $1::text AND slot_at = $2::timestamptz;

-- :name schedule_move
-- $1 text         name
-- $2 timestamptz  the new mark
UPDATE {schema}.plainjobs_schedule SET slot_at = $2::timestamptz WHERE name = $1::text;

-- :name schedule_last
-- $1 text  name
-- $2 uuid  request
UPDATE {schema}.plainjobs_schedule SET last_request = $2::uuid WHERE name = $1::text;

-- :name schedule_forget
-- $1 text         schedule
-- $2 timestamptz  before
-- $3 int4         most
DELETE FROM {schema}.plainjobs_slot WHERE schedule = $1::text AND slot_at = ANY (ARRAY(
    SELECT k.slot_at FROM {schema}.plainjobs_slot k
     WHERE k.schedule = $1::text AND k.slot_at < $2::timestamptz
     ORDER BY k.slot_at LIMIT $3::int4));

-- :name schedule_pause
-- $1 text         name
-- $2 text         by
-- $3 text         reason
-- $4 timestamptz  now
WITH made AS (
    INSERT INTO {schema}.plainjobs_schedule AS s (name, slot_at, paused_at, paused_by, pause_reason)
    VALUES ($1::text, $4::timestamptz, $4::timestamptz, $2::text, $3::text)
        ON CONFLICT ON CONSTRAINT plainjobs_schedule_unique_name DO UPDATE SET
           paused_at = excluded.paused_at, paused_by = excluded.paused_by,
           pause_reason = excluded.pause_reason
     WHERE s.paused_at IS NULL
    RETURNING 1),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, detail)
    SELECT $2::text, 'schedule.pause', $1::text, $3::text FROM made)
SELECT count(*) FROM made;

-- :name schedule_resume
-- $1 text         name
-- $2 timestamptz  now
-- $3 text         who resumes
WITH made AS (
    UPDATE {schema}.plainjobs_schedule
       SET skip_until = $2::timestamptz,
           skip_reason = 'paused by ' || paused_by
                         || CASE WHEN pause_reason = '' THEN '' ELSE ': ' || pause_reason END,
           paused_at = NULL, paused_by = '', pause_reason = ''
     WHERE name = $1::text AND paused_at IS NOT NULL
    RETURNING 1),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target)
    SELECT $3::text, 'schedule.resume', $1::text FROM made)
SELECT count(*) FROM made;
