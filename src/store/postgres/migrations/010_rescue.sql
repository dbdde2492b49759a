INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (10, 'rescue');
