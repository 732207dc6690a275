-- p: tenant, mode, organizations, id. The row, or null.
CREATE OR REPLACE FUNCTION read_refund(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  it refund;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO it FROM refund
   WHERE id = (p ->> 'id')::uuid AND tenant_id = (p ->> 'tenant')::uuid AND mode = p ->> 'mode';
  IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
    RETURN NULL;
  END IF;
  RETURN refund_row(it);
END
$$;
