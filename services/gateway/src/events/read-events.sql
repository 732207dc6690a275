-- Reading events by a cursor. A transaction that stays open somewhere on the server with an id of its own holds back what
-- began after it: the roles of the services may run a statement for 15 s and idle inside a transaction for 30 s, so
-- readers lag by that at most as long as nobody else writes on this server.

-- Whether a key sees the event: limited keys see what belongs to their organizations or to none, and what concerns the
-- webhook endpoint only who may change it.
CREATE OR REPLACE FUNCTION key_may_see_event(e event, organizations jsonb, sees_endpoints boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN e.type = 'test' OR e.type LIKE 'webhook\_endpoint.%' THEN sees_endpoints
              ELSE key_may_see((e.snapshot ->> 'organization_id')::uuid, organizations) END
$$;

CREATE OR REPLACE FUNCTION event_row(e event) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', e.id, 'type', e.type, 'mode', e.mode, 'created_at', e.created_at, 'snapshot', e.snapshot,
                            'era', e.era, 'txid', e.txid::text, 'seq', e.seq)
$$;

-- p: tenant, mode, organizations (null: all), endpoints (whether the key sees those), era, txid, seq (what the reader has seen;
-- null: nothing yet), latest (true: give only the place of now), subject and types (null: any), limit, scan (most events
-- to look at). Answer: rows (up to limit + 1, in order), last (the last one looked at, where scan was not enough, else
-- null), era and horizon (everything before them has been looked at), held (something is committed behind the horizon).
CREATE OR REPLACE FUNCTION read_events(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant  uuid := p ->> 'tenant';
  the_mode    text := p ->> 'mode';
  the_subject uuid := p ->> 'subject';
  kinds       text[] := CASE WHEN jsonb_typeof(p -> 'types') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(p -> 'types')) END;
  seen_era    integer := coalesce((p ->> 'era')::integer, 0);
  seen_txid   xid8 := coalesce(p ->> 'txid', '0')::xid8;
  seen_seq    bigint := coalesce((p ->> 'seq')::bigint, 0);
  most        integer := p ->> 'limit';
  scan        integer := p ->> 'scan';
  -- Taken before the rows are read: each statement here has a snapshot of its own, and the later one sees all of this.
  horizon     xid8 := pg_snapshot_xmin(pg_current_snapshot());
  e           event;
  looked_at   integer := 0;
  rows        jsonb[] := '{}';
  events      CURSOR FOR
    SELECT * FROM event v
     WHERE v.tenant_id = the_tenant AND v.mode = the_mode AND (v.era, v.txid, v.seq) > (seen_era, seen_txid, seen_seq)
       AND (v.era < event_era() OR v.txid < horizon)
     ORDER BY v.era, v.txid, v.seq LIMIT scan;
  events_of_subject CURSOR FOR
    SELECT * FROM event v
     WHERE v.subject = the_subject AND v.tenant_id = the_tenant AND v.mode = the_mode
       AND (v.era, v.txid, v.seq) > (seen_era, seen_txid, seen_seq) AND (v.era < event_era() OR v.txid < horizon)
     ORDER BY v.era, v.txid, v.seq LIMIT scan;
  found_rows  refcursor;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  IF NOT coalesce((p ->> 'latest')::boolean, false) THEN
    IF the_subject IS NULL THEN
      OPEN events;
      found_rows := events;
    ELSE
      OPEN events_of_subject;
      found_rows := events_of_subject;
    END IF;
    WHILE looked_at < scan LOOP
      FETCH found_rows INTO e;
      EXIT WHEN NOT FOUND;
      looked_at := looked_at + 1;
      CONTINUE WHEN e.type <> ALL (kinds)
                 OR NOT key_may_see_event(e, p -> 'organizations', (p ->> 'endpoints')::boolean);
      rows := rows || event_row(e);
      EXIT WHEN cardinality(rows) > most;
    END LOOP;
    CLOSE found_rows;
  END IF;
  RETURN jsonb_build_object('rows', to_jsonb(rows), 'era', event_era(), 'horizon', horizon::text,
                            'last', CASE WHEN looked_at = scan THEN event_row(e) - 'snapshot' END,
                            'held', EXISTS (SELECT FROM event v
                                             WHERE v.tenant_id = the_tenant AND v.mode = the_mode
                                               AND (v.era, v.txid, v.seq) > (event_era(), horizon, 0)));
END
$$;

-- p: tenant, mode, organizations, endpoints, id. The row, or null. By its id an event can be read as soon as it is committed.
CREATE OR REPLACE FUNCTION read_event(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  e event;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO e FROM event v
   WHERE v.id = (p ->> 'id')::uuid AND v.tenant_id = (p ->> 'tenant')::uuid AND v.mode = p ->> 'mode';
  IF NOT FOUND OR NOT key_may_see_event(e, p -> 'organizations', (p ->> 'endpoints')::boolean) THEN
    RETURN NULL;
  END IF;
  RETURN event_row(e);
END
$$;

-- For all who wait in one process with one question. waiting: [{n, tenant, mode, era, txid, seq}]; per n whether the next
-- event can be read now, or is there but held back; n with nothing new is left out.
CREATE OR REPLACE FUNCTION news_of_events(waiting jsonb)
RETURNS TABLE (n integer, ready boolean) LANGUAGE sql STABLE AS $$
  SELECT w.n, next.era < event_era() OR next.txid < pg_snapshot_xmin(pg_current_snapshot())
    FROM jsonb_to_recordset(waiting) AS w (n integer, tenant uuid, mode text, era integer, txid text, seq bigint)
   CROSS JOIN LATERAL (
     SELECT v.era, v.txid FROM event v
      WHERE v.tenant_id = w.tenant AND v.mode = w.mode AND (v.era, v.txid, v.seq) > (w.era, w.txid::xid8, w.seq)
      ORDER BY v.era, v.txid, v.seq LIMIT 1) AS next
$$;
