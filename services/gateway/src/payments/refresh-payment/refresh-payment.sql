-- A person wants to know now. p: tenant, mode, organizations, id, now, every_ms, outbox {provider: rows}. Whoever comes within
-- every_ms of the last question gets what is known, in whatever process: the one that may ask is found by compare-and-set on
-- the row. Outcome: not_found, known (with wait_ms, where asking again later makes sense), asked (with the message's rows and
-- body).
CREATE OR REPLACE FUNCTION refresh_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_time timestamptz := p ->> 'now';
  every    interval := (p ->> 'every_ms')::bigint * interval '1 ms';
  it       payment;
  body     jsonb;
  rows     jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO it FROM payment
   WHERE id = (p ->> 'id')::uuid AND tenant_id = (p ->> 'tenant')::uuid AND mode = p ->> 'mode';
  IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
    RETURN jsonb_build_object('outcome', 'not_found');
  END IF;
  UPDATE payment x SET refreshed_at = the_time
   WHERE x.id = it.id AND x.provider_ref IS NOT NULL AND x.status NOT IN ('created', 'succeeded')
     AND (x.refreshed_at IS NULL OR x.refreshed_at <= the_time - every)
  RETURNING * INTO it;
  IF NOT FOUND THEN
    SELECT * INTO it FROM payment WHERE id = (p ->> 'id')::uuid;
    RETURN jsonb_build_object('outcome', 'known', 'payment', payment_row(it), 'wait_ms',
      CASE WHEN it.status <> 'succeeded' AND it.refreshed_at > the_time - every
           THEN ceil(extract(epoch FROM it.refreshed_at + every - the_time) * 1000) END);
  END IF;
  body := payment_refresh_body(it, the_time);
  rows := message_about(p -> 'outbox' -> it.provider, body ->> 'subject_id', body ->> 'lane');
  PERFORM send_message(rows, body);
  RETURN jsonb_build_object('outcome', 'asked', 'payment', payment_row(it), 'body', body, 'outbox', rows);
END
$$;
