-- What operators alarm on. All go over open rows only (partial indexes attention_waiting,
-- refund_open and payment_open).
CREATE OR REPLACE FUNCTION attention_counts(now_at timestamptz)
RETURNS TABLE (kind text, open bigint, oldest_age_s double precision) LANGUAGE sql STABLE AS $$
  SELECT kind, count(*), extract(epoch FROM now_at - min(opened_at))::double precision
    FROM attention WHERE closed_at IS NULL GROUP BY kind
$$;

CREATE OR REPLACE FUNCTION open_refunds(now_at timestamptz)
RETURNS TABLE (status text, count bigint, oldest_age_s double precision) LANGUAGE sql STABLE AS $$
  SELECT r.status, count(*), extract(epoch FROM now_at - min(r.created_at))::double precision
    FROM refund r
   WHERE r.status IN ('pending', 'requires_customer', 'processing', 'unknown')
   GROUP BY r.status
$$;

CREATE OR REPLACE FUNCTION open_payments(now_at timestamptz)
RETURNS TABLE (status text, count bigint, oldest_age_s double precision) LANGUAGE sql STABLE AS $$
  SELECT p.status, count(*), extract(epoch FROM now_at - min(p.created_at))::double precision
    FROM payment p
   WHERE p.status IN ('created', 'requires_customer', 'requires_amount', 'processing', 'unknown')
   GROUP BY p.status
$$;
