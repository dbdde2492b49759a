INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (6, 'wakeup');
