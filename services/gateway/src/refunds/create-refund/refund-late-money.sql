-- Sends late money back by itself, once per payment, from the statement that learns of it. late: ways (as create_refund has
-- them), within_ms (how long the start may be sent), outbox {provider: rows to be filled in}. The rows of the message with
-- their body, or null where a person has to look.
CREATE OR REPLACE FUNCTION refund_late_money(it payment, late jsonb, id_like uuid, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  over connection;
  made refund;
  rows jsonb;
  body jsonb;
BEGIN
  -- A program of the release before gives no pattern of the message.
  IF late IS NULL OR it.provider_ref IS NULL OR refundable(it) <= 0 THEN
    RETURN NULL;
  END IF;
  SELECT * INTO over FROM connection c
   WHERE c.organization_id = it.organization_id AND c.provider = it.provider AND c.enabled;
  IF NOT FOUND OR late -> 'ways' -> over.provider ->> over.scheme IS DISTINCT FROM 'at_once' THEN
    RETURN NULL;
  END IF;
  INSERT INTO refund (id, tenant_id, mode, organization_id, connection_id, connection_version, payment_id, desk_id, desk,
                      trade_point_ref, provider, source, amount, currency, status, start_by, reference, purchase_ref,
                      created_at, updated_at)
  VALUES (id_beside(id_like), it.tenant_id, it.mode, it.organization_id, over.id, over.version, it.id, it.desk_id, it.desk,
          it.trade_point_ref, it.provider, 'late', refundable(it), it.currency, 'pending',
          at + (late ->> 'within_ms')::bigint * interval '1 ms', it.reference, it.provider_ref, at, at)
  ON CONFLICT DO NOTHING RETURNING * INTO made;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  PERFORM record_refund_event(id_beside(id_like), 'refund.pending', made, at);
  PERFORM move_refunded(it.id, made.amount, 0, id_like, at);
  body := refund_start_body(made);
  rows := message_like(late -> 'outbox' -> made.provider, made.tenant_id, made.mode, body ->> 'subject_id', body ->> 'lane', id_like);
  PERFORM send_message(rows, body);
  RETURN (SELECT jsonb_agg(r || jsonb_build_object('body', body)) FROM jsonb_array_elements(rows) AS r);
END
$$;
