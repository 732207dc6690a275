-- p: tenant, mode, organizations, id or key. The row, or null.
CREATE OR REPLACE FUNCTION read_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  it payment;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  IF p ->> 'id' IS NULL THEN
    SELECT * INTO it FROM payment
     WHERE tenant_id = (p ->> 'tenant')::uuid AND mode = p ->> 'mode' AND idem_key = p ->> 'key';
  ELSE
    SELECT * INTO it FROM payment
     WHERE id = (p ->> 'id')::uuid AND tenant_id = (p ->> 'tenant')::uuid AND mode = p ->> 'mode';
  END IF;
  IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
    RETURN NULL;
  END IF;
  RETURN payment_row(it);
END
$$;
