-- The status of a payment, and what follows from it. A spec holds the first two to their twins in libs/domain.

-- libs/domain's table of transitions.
CREATE OR REPLACE FUNCTION payment_can_move(source text, target text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE source
    WHEN 'created' THEN target IN ('requires_customer', 'requires_amount', 'processing', 'succeeded', 'declined', 'canceled',
                                   'expired', 'failed', 'unknown')
    WHEN 'requires_customer' THEN target IN ('processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'requires_amount' THEN target IN ('processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'processing' THEN target IN ('succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'unknown' THEN target IN ('succeeded', 'declined', 'canceled', 'expired', 'failed')
    WHEN 'succeeded' THEN false
    ELSE target = 'succeeded'
  END
$$;

CREATE OR REPLACE FUNCTION payment_is_closed_unpaid(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT status IN ('declined', 'canceled', 'expired', 'failed')
$$;

-- A cancel that was asked for, once the payment has moved: `told` is what the provider says of it.
CREATE OR REPLACE FUNCTION cancel_result_after(held text, status text, told text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN held IS NULL OR held NOT IN ('pending', 'done', 'refused') THEN held
    WHEN status = 'succeeded' THEN 'refused'
    WHEN payment_is_closed_unpaid(status) THEN 'done'
    ELSE coalesce(told, held) END
$$;
