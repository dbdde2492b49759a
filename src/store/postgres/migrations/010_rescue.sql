-- Who rescues the jobs of a dead worker. A row with a rescuer is nobody's lease any more: its worker
-- claims nothing and cannot renew it. Its last_heartbeat_at and lease_ms are then the rescuer's time
-- to finish; zero stands for a row that was made since its worker had none.
ALTER TABLE {schema}.plainjobs_workerheartbeat ADD COLUMN rescuer_id uuid;

-- A worker that lost its connection in a claim gives its tokens back, and then no claim is made with
-- tokens up to this one: the server may not have begun with it. NULL: that never happened.
ALTER TABLE {schema}.plainjobs_workerheartbeat ADD COLUMN claims_after uuid;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (10, 'rescue');
