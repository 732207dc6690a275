-- Payments that share the chain's own order id.

-- Equal signs alone would let a planner without statistics take an index that goes through all payments of the tenant. The
-- comparison of whole rows fits the index payment_of_reference only.
CREATE OR REPLACE FUNCTION other_payments_of_reference(it payment) RETURNS SETOF payment LANGUAGE sql STABLE AS $$
  SELECT * FROM payment other
   WHERE other.reference = it.reference
     AND (other.reference, other.tenant_id, other.mode) >= (it.reference, it.tenant_id, it.mode)
     AND (other.reference, other.tenant_id, other.mode) <= (it.reference, it.tenant_id, it.mode)
     AND other.organization_id = it.organization_id AND other.id <> it.id
$$;

-- Another payment of the same reference that got money too; null where there is none. Two payments of one reference that
-- get money at the same moment wait here for each other, so that the second of them always sees the first.
CREATE OR REPLACE FUNCTION paid_twin(it payment) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  IF it.reference IS NULL OR NOT EXISTS (SELECT FROM other_payments_of_reference(it)) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', it.tenant_id, it.mode, it.organization_id, it.reference), 0));
  RETURN (SELECT other.id FROM other_payments_of_reference(it) AS other WHERE other.status = 'succeeded' ORDER BY other.id LIMIT 1);
END
$$;

-- Whether a payment that got money holds its reference from now on: it does unless another one does.
CREATE OR REPLACE FUNCTION holds_reference(it payment) RETURNS boolean LANGUAGE sql AS $$
  SELECT it.reference IS NOT NULL
         AND (it.reference_lock OR NOT EXISTS (SELECT FROM other_payments_of_reference(it) AS other WHERE other.reference_lock))
$$;
