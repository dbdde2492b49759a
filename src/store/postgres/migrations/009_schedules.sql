INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (9, 'schedules');
