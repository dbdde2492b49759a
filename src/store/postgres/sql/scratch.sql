-- scratch.sql - a schema to try something in, and what figures depend on

-- :name facts
-- As they hold for this session: a role, a database and a URL may have their own. Names of standbys
-- only where there are some, since then a commit waits for them.
SELECT name::text,
       CASE name WHEN 'server_version' THEN split_part(current_setting(name), ' ', 1)
                 ELSE current_setting(name) END
  FROM unnest(ARRAY['server_version', 'fsync', 'synchronous_commit', 'full_page_writes',
                    'synchronous_standby_names']) WITH ORDINALITY AS asked (name, n)
 WHERE current_setting(name) <> ''
 ORDER BY n;

-- :name drop_scratch
-- Its name was checked: {schema} begins with plainjobs_bench_.
DROP SCHEMA IF EXISTS {schema} CASCADE;
