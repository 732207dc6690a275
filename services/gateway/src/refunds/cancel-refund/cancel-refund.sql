-- p: tenant, mode, organizations, id, now, reason, event_id, outbox {provider: rows}. Outcome: not_found, unchanged, requested
-- (with the message's rows and body).
CREATE OR REPLACE FUNCTION cancel_refund(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_time timestamptz := p ->> 'now';
  it       refund;
  rows     jsonb;
  body     jsonb;
  is_possible boolean;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO it FROM refund
   WHERE id = (p ->> 'id')::uuid AND tenant_id = (p ->> 'tenant')::uuid AND mode = p ->> 'mode' FOR UPDATE;
  IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
    RETURN jsonb_build_object('outcome', 'not_found');
  ELSIF it.cancel_requested_at IS NOT NULL OR it.status IN ('failed', 'canceled') THEN
    RETURN jsonb_build_object('outcome', 'unchanged', 'refund', refund_row(it));
  END IF;
  is_possible := refund_can_move(it.status, 'canceled');
  UPDATE refund
     SET cancel_requested_at = the_time, cancel_reason = p ->> 'reason',
         cancel_result = CASE WHEN is_possible THEN 'pending' ELSE 'not_possible' END,
         version = version + 1, updated_at = the_time
   WHERE id = it.id RETURNING * INTO it;
  PERFORM record_refund_event((p ->> 'event_id')::uuid, 'refund.updated', it, the_time);
  IF NOT is_possible THEN
    RETURN jsonb_build_object('outcome', 'unchanged', 'refund', refund_row(it));
  END IF;
  body := refund_cancel_body(it);
  rows := message_about(p -> 'outbox' -> it.provider, body ->> 'subject_id', body ->> 'lane');
  PERFORM send_message(rows, body);
  RETURN jsonb_build_object('outcome', 'requested', 'refund', refund_row(it), 'body', body, 'outbox', rows);
END
$$;
