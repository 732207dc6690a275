-- Opening and closing attention, for the places that move payments and refunds: the provider's facts and a person's decision;
-- and for the walk over certificates.

-- The row as the program reads it and as events keep it.
CREATE OR REPLACE FUNCTION attention_row(a attention) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(a)
$$;

-- What is the operator's alone is told to no tenant.
CREATE OR REPLACE FUNCTION tell_attention(a attention, id_like uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF a.tenant_id IS NOT NULL THEN
    PERFORM record_attention_event(id_beside(id_like), a, at);
  END IF;
END
$$;

-- False where one of this kind is open already: then nothing happens. `admin_text` among the details is for whoever can do
-- something about it, and stands apart from them.
CREATE OR REPLACE FUNCTION open_attention_row(a attention, id_like uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  opened attention;
BEGIN
  INSERT INTO attention (id, tenant_id, mode, organization_id, subject_kind, subject, payment_id, kind, opened_at, details,
                         admin_text)
  VALUES (id_beside(id_like), a.tenant_id, a.mode, a.organization_id, a.subject_kind, a.subject, a.payment_id, a.kind,
          a.opened_at, jsonb_strip_nulls(a.details) - 'admin_text', nullif(a.details -> 'admin_text', 'null'))
  ON CONFLICT (subject, kind) WHERE closed_at IS NULL DO NOTHING
  RETURNING * INTO opened;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM tell_attention(opened, id_like, opened.opened_at);
  RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION open_attention(p payment, the_kind text, what jsonb, id_like uuid, at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  a attention;
BEGIN
  SELECT p.tenant_id, p.mode, p.organization_id, 'payment', p.id, the_kind, at,
         jsonb_build_object('amount', p.amount, 'currency', p.currency, 'reference', p.reference, 'desk', p.desk,
                            'provider_id', p.provider_ref) || what
    INTO a.tenant_id, a.mode, a.organization_id, a.subject_kind, a.subject, a.kind, a.opened_at, a.details;
  RETURN open_attention_row(a, id_like);
END
$$;

CREATE OR REPLACE FUNCTION open_attention(r refund, the_kind text, what jsonb, id_like uuid, at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  a attention;
BEGIN
  SELECT r.tenant_id, r.mode, r.organization_id, 'refund', r.id, r.payment_id, the_kind, at,
         jsonb_build_object('amount', r.amount, 'currency', r.currency, 'reference', r.reference, 'desk', r.desk,
                            'provider_id', r.provider_ref, 'purchase', r.purchase_ref) || what
    INTO a.tenant_id, a.mode, a.organization_id, a.subject_kind, a.subject, a.payment_id, a.kind, a.opened_at, a.details;
  RETURN open_attention_row(a, id_like);
END
$$;

-- What a person is shown of an answer that does not fit.
CREATE OR REPLACE FUNCTION misfit_details(fact jsonb, ref_told text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'provider_status', fact ->> 'phase', 'provider_amount', nullif((fact ->> 'amount')::bigint, 0),
    'provider_id_told', ref_told, 'code', fact #>> '{failure,code}', 'provider_code', fact #>> '{failure,provider_code}',
    'provider_message', fact #>> '{failure,provider_message}', 'admin_text', fact #> '{failure,admin_text}')
$$;

-- What a person is shown of a payment or refund that became unknown.
CREATE OR REPLACE FUNCTION unknown_details(status_before text, failure jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'status_before', status_before, 'code', failure ->> 'code', 'provider_code', failure ->> 'provider_code',
    'provider_message', failure ->> 'provider_message', 'admin_text', failure -> 'admin_text')
$$;

-- Closes what is open of these kinds.
DROP FUNCTION IF EXISTS close_attention(uuid, text[], text, text, text, text, uuid, timestamptz);
CREATE OR REPLACE FUNCTION close_attention(the_subject uuid, kinds text[], by_whom text, the_outcome text, the_reason text,
                                           the_evidence text, id_like uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  closed attention;
BEGIN
  FOR closed IN
    UPDATE attention SET closed_at = at, closed_by = by_whom, outcome = the_outcome, reason = the_reason,
                         evidence = the_evidence
     WHERE subject = the_subject AND kind = ANY (kinds) AND closed_at IS NULL
    RETURNING *
  LOOP
    PERFORM tell_attention(closed, id_like, at);
  END LOOP;
END
$$;
