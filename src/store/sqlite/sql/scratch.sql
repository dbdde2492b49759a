-- scratch.sql - what figures depend on

-- :name facts
-- synchronous is the connection's own setting, the journal the file's.
SELECT sqlite_version(),
       (SELECT journal_mode FROM pragma_journal_mode),
       (SELECT synchronous FROM pragma_synchronous);
