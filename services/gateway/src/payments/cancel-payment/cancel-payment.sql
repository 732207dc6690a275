-- p: tenant, mode, now, id or key, organizations (null: all), reason, again_after_ms, event_id, tombstone_id, and for every
-- provider the outbox rows that a cancel would become. A cancel that is still pending may have met a provider that nobody
-- could reach: asked for again again_after_ms after the last request that was sent, it is sent again. Outcome: not_found,
-- unchanged, requested (with the message's rows and body), tombstone.
CREATE OR REPLACE FUNCTION cancel_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  the_time   timestamptz := p ->> 'now';
  it         payment;
  is_due     boolean;
  body       jsonb;
  rows       jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  FOR turn IN 1..3 LOOP
    SELECT * INTO it FROM payment
     WHERE tenant_id = the_tenant AND mode = the_mode
       AND CASE WHEN p ->> 'id' IS NULL THEN idem_key = p ->> 'key' ELSE id = (p ->> 'id')::uuid END
       FOR UPDATE;
    IF FOUND THEN
      IF NOT key_may_see(it.organization_id, p -> 'organizations') THEN
        RETURN jsonb_build_object('outcome', 'not_found');
      END IF;
      -- A program of the release before names no time: it sends a cancel once.
      is_due := it.cancel_requested_at IS NULL
                OR coalesce(it.cancel_result = 'pending' AND it.cancel_requested_at
                              <= the_time - (p ->> 'again_after_ms')::bigint * interval '1 ms', false);
      IF NOT is_due OR payment_is_closed_unpaid(it.status) THEN
        RETURN jsonb_build_object('outcome', 'unchanged', 'payment', payment_row(it));
      END IF;
      UPDATE payment
         SET cancel_requested_at = the_time, cancel_reason = coalesce(p ->> 'reason', it.cancel_reason),
             cancel_result = CASE WHEN it.status = 'succeeded' THEN 'not_possible' ELSE 'pending' END,
             version = version + 1, updated_at = the_time
       WHERE id = it.id RETURNING * INTO it;
      PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.updated', it, the_time);
      IF it.status = 'succeeded' THEN
        RETURN jsonb_build_object('outcome', 'unchanged', 'payment', payment_row(it));
      END IF;
      body := payment_cancel_body(it);
      rows := message_about(p -> 'outbox' -> it.provider, body ->> 'subject_id', body ->> 'lane');
      PERFORM send_message(rows, body);
      RETURN jsonb_build_object('outcome', 'requested', 'payment', payment_row(it), 'body', body, 'outbox', rows);
    ELSIF p ->> 'id' IS NOT NULL THEN
      RETURN jsonb_build_object('outcome', 'not_found');
    END IF;
    INSERT INTO payment (id, tenant_id, mode, status, idem_key, cancel_requested_at, cancel_result, cancel_reason,
                         created_at, updated_at)
    VALUES ((p ->> 'tombstone_id')::uuid, the_tenant, the_mode, 'canceled', p ->> 'key', the_time, 'done', p ->> 'reason',
            the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING * INTO it;
    IF FOUND THEN
      PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.canceled', it, the_time);
      RETURN jsonb_build_object('outcome', 'tombstone', 'payment', payment_row(it));
    END IF;
  END LOOP;
  RAISE EXCEPTION 'a payment could neither be found nor its key taken in three turns' USING ERRCODE = '40001';
END
$$;
