-- Opening and closing attention, for the two places that move payments: the provider's facts and a person's decision.

-- The row as the program reads it and as events keep it.
CREATE OR REPLACE FUNCTION attention_row(a attention) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(a)
$$;

-- False where one of this kind is open already: then nothing happens.
CREATE OR REPLACE FUNCTION open_attention(p payment, the_kind text, what jsonb, id_like uuid, at timestamptz)
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
CREATE OR REPLACE FUNCTION close_attention(payment_id uuid, kinds text[], by_whom text, the_outcome text, the_reason text,
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
