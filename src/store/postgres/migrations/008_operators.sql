INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (8, 'operators');
