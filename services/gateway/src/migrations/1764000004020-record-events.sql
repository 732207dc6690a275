-- Raised by hand, by replacing this function, when the database was restored into a server whose transaction ids start anew.
-- It stands here and not among the files of functions, because its value is the database's own: nothing may put it back.
CREATE FUNCTION event_era() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 1 $$;

-- Where the newest event of a subject stands, and where readers who look for one subject go.
CREATE INDEX event_by_subject ON event (subject, era, txid, seq);
