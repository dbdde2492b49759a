INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (5, 'workers');
