-- The status of a refund, and what follows from it. A spec holds the first two to their twins in libs/domain.

-- libs/domain's table of transitions.
CREATE OR REPLACE FUNCTION refund_can_move(source text, target text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE source
    WHEN 'pending' THEN target IN ('requires_customer', 'processing', 'succeeded', 'failed', 'canceled', 'unknown')
    WHEN 'requires_customer' THEN target IN ('processing', 'succeeded', 'failed', 'canceled', 'unknown')
    WHEN 'processing' THEN target IN ('succeeded', 'failed', 'unknown')
    WHEN 'unknown' THEN target IN ('succeeded', 'failed')
    ELSE false
  END
$$;

CREATE OR REPLACE FUNCTION refund_is_final(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT status IN ('succeeded', 'failed', 'canceled')
$$;

-- What of a payment can still be given back.
CREATE OR REPLACE FUNCTION refundable(p payment) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p.status = 'succeeded' THEN p.amount - p.refunded - p.reserved ELSE 0 END
$$;

-- A refund of this payment of which nobody knows whether it was carried out; another one could return the money twice.
CREATE OR REPLACE FUNCTION refund_in_doubt(the_payment uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT r.id FROM refund r WHERE r.payment_id = the_payment AND r.status = 'unknown' ORDER BY r.id LIMIT 1
$$;

-- Moves money of a payment between paid, reserved and refunded, in minor units. The caller holds the payment's row.
CREATE OR REPLACE FUNCTION move_refunded(the_payment uuid, to_reserved bigint, to_refunded bigint, id_like uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  it payment;
BEGIN
  UPDATE payment
     SET reserved = reserved + to_reserved, refunded = refunded + to_refunded, version = version + 1, updated_at = at
   WHERE id = the_payment RETURNING * INTO it;
  PERFORM record_payment_event(id_beside(id_like), 'payment.updated', it, at);
END
$$;

-- What the end of a refund means for the payment that it is of.
CREATE OR REPLACE FUNCTION settle_reservation(r refund, id_like uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF r.payment_id IS NOT NULL AND refund_is_final(r.status) THEN
    PERFORM move_refunded(r.payment_id, -r.amount, CASE WHEN r.status = 'succeeded' THEN r.amount ELSE 0 END, id_like, at);
  END IF;
END
$$;

-- A cancel that was asked for, once the refund has moved.
CREATE OR REPLACE FUNCTION refund_cancel_result_after(held text, status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN held IS DISTINCT FROM 'pending' OR NOT refund_is_final(status) THEN held
    WHEN status = 'succeeded' THEN 'refused'
    ELSE 'done' END
$$;
