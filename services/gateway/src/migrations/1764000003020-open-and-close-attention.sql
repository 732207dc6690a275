-- Opening and closing attention, for the two places that move payments: the provider's facts and a person's decision.

-- The row as the program reads it and as events keep it.
CREATE FUNCTION attention_row(a attention) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(a)
$$;

CREATE FUNCTION record_attention_event(event_id uuid, a attention, at timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (id, created_at, tenant_id, mode, type, subject, version, snapshot)
  VALUES (event_id, at, a.tenant_id, a.mode, CASE WHEN a.closed_at IS NULL THEN 'attention.opened' ELSE 'attention.closed' END,
          a.id, CASE WHEN a.closed_at IS NULL THEN 1 ELSE 2 END, attention_row(a))
$$;

-- False where one of this kind is open already: then nothing happens.
CREATE FUNCTION open_attention(p payment, the_kind text, what jsonb, id_like uuid, at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  opened attention;
BEGIN
  INSERT INTO attention (id, tenant_id, mode, organization_id, subject, kind, opened_at, details)
  VALUES (id_beside(id_like), p.tenant_id, p.mode, p.organization_id, p.id, the_kind, at,
          jsonb_strip_nulls(jsonb_build_object('amount', p.amount, 'currency', p.currency, 'reference', p.reference,
                                               'desk', p.desk, 'provider_id', p.provider_ref) || what))
  ON CONFLICT (subject, kind) WHERE closed_at IS NULL DO NOTHING
  RETURNING * INTO opened;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM record_attention_event(id_beside(id_like), opened, at);
  RETURN true;
END
$$;

-- Closes what is open of these kinds.
CREATE FUNCTION close_attention(payment_id uuid, kinds text[], by_whom text, the_outcome text, the_reason text,
                                the_evidence text, id_like uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  closed attention;
BEGIN
  FOR closed IN
    UPDATE attention SET closed_at = at, closed_by = by_whom, outcome = the_outcome, reason = the_reason,
                         evidence = the_evidence
     WHERE subject = payment_id AND kind = ANY (kinds) AND closed_at IS NULL
    RETURNING *
  LOOP
    PERFORM record_attention_event(id_beside(id_like), closed, at);
  END LOOP;
END
$$;

-- Another payment of the same reference that got money too; null where there is none. Two payments of one reference that
-- get money at the same moment wait here for each other, so that the second of them always sees the first.
CREATE FUNCTION paid_twin(it payment) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  IF it.reference IS NULL OR NOT EXISTS (
       SELECT FROM payment other
        WHERE other.tenant_id = it.tenant_id AND other.mode = it.mode AND other.organization_id = it.organization_id
          AND other.reference = it.reference AND other.id <> it.id) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', it.tenant_id, it.mode, it.organization_id, it.reference), 0));
  RETURN (SELECT other.id FROM payment other
           WHERE other.tenant_id = it.tenant_id AND other.mode = it.mode AND other.organization_id = it.organization_id
             AND other.reference = it.reference AND other.status = 'succeeded' AND other.id <> it.id
           ORDER BY other.id LIMIT 1);
END
$$;

-- Whether a payment that got money holds its reference from now on: it does unless another one does.
CREATE FUNCTION holds_reference(it payment) RETURNS boolean LANGUAGE sql AS $$
  SELECT it.reference IS NOT NULL AND (it.reference_lock OR NOT EXISTS (
    SELECT FROM payment other
     WHERE other.tenant_id = it.tenant_id AND other.mode = it.mode AND other.organization_id = it.organization_id
       AND other.reference = it.reference AND other.reference_lock AND other.id <> it.id))
$$;

-- A cancel that was asked for, once the payment has moved: `told` is what the provider says of it.
CREATE FUNCTION cancel_result_after(held text, status text, told text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN held IS NULL OR held NOT IN ('pending', 'done', 'refused') THEN held
    WHEN status = 'succeeded' THEN 'refused'
    WHEN payment_is_closed_unpaid(status) THEN 'done'
    ELSE coalesce(told, held) END
$$;

-- What operators alarm on. Both go over open rows only (partial indexes attention_waiting and payment_open).
CREATE FUNCTION attention_counts(now_at timestamptz) RETURNS TABLE (kind text, open bigint, oldest_age_s double precision)
LANGUAGE sql STABLE AS $$
  SELECT kind, count(*), extract(epoch FROM now_at - min(opened_at))::double precision
    FROM attention WHERE closed_at IS NULL GROUP BY kind
$$;

CREATE FUNCTION open_payments(now_at timestamptz) RETURNS TABLE (status text, count bigint, oldest_age_s double precision)
LANGUAGE sql STABLE AS $$
  SELECT p.status, count(*), extract(epoch FROM now_at - min(p.created_at))::double precision
    FROM payment p
   WHERE p.status IN ('created', 'requires_customer', 'requires_amount', 'processing', 'unknown')
   GROUP BY p.status
$$;
