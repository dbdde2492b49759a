INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (7, 'stops');
