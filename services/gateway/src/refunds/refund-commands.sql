-- The commands about a refund as providers get them. A spec holds them to the contracts.

-- Refunds of one purchase happen one at a time, so they share a lane: that of the payment, or, where the purchase was not
-- made through us, one of its own, however many connections its organization has had. A digest, because a provider's id may
-- be longer than a lane. Until the purchase is known no money can move, and the refund has a lane to itself.
CREATE OR REPLACE FUNCTION refund_lane(r refund) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN r.payment_id IS NOT NULL THEN public_id('pay', r.payment_id)
    WHEN r.purchase_ref IS NOT NULL THEN
      public_id('org', r.organization_id) || '.' || encode(sha256(convert_to(r.purchase_ref, 'UTF8')), 'hex')
    ELSE public_id('ref', r.id) END
$$;

-- What every command about a refund carries (contracts: commandShape).
CREATE OR REPLACE FUNCTION refund_command(r refund, op text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH it AS MATERIALIZED (SELECT public_id('ref', r.id) AS id)
  SELECT jsonb_build_object(
    'op_id', it.id || '.' || op,
    'subject_id', it.id,
    'connection_id', public_id('con', r.connection_id),
    'connection_version', r.connection_version,
    'device_id', public_id('dsk', r.desk_id),
    'lane', refund_lane(r))
    FROM it
$$;

-- The start, the same whenever it is sent: it is sent only until the provider has answered, and nothing in it changes
-- before that.
CREATE OR REPLACE FUNCTION refund_start_body(r refund) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT refund_command(r, 'start') || jsonb_build_object(
    'payment_id', public_id('pay', r.payment_id), 'purchase_ref', r.purchase_ref, 'amount', r.amount,
    'currency', r.currency, 'trade_point_ref', r.trade_point_ref, 'start_by', rfc3339(r.start_by))
$$;

CREATE OR REPLACE FUNCTION refund_choose_body(r refund) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT refund_command(r, 'choose') || jsonb_build_object(
    'payment_id', public_id('pay', r.payment_id), 'purchase_ref', r.purchase_ref, 'amount', r.amount,
    'start_by', rfc3339(r.choose_by))
$$;

CREATE OR REPLACE FUNCTION refund_cancel_body(r refund) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT refund_command(r, 'cancel') || jsonb_build_object('reason', r.cancel_reason)
$$;

-- Every report is asked anew, so each has an operation id of its own.
CREATE OR REPLACE FUNCTION refund_report_body(r refund, asked_at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT refund_command(r, 'report.' || floor(extract(epoch FROM asked_at) * 1000)::bigint)
         || jsonb_build_object('kind', 'refund', 'start_by', rfc3339(r.start_by))
$$;
