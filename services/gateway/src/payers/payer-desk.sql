-- Whom to ask whose phone it is. p: tenant, mode, organizations, desk, schemes {provider: [schemes under which it can be asked]}.
-- Outcome: desk_not_found, question_not_available, what connection_refusal says, found.
CREATE OR REPLACE FUNCTION payer_desk(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at_desk desk;
  over    connection;
  refusal jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO at_desk FROM desk d
   WHERE d.tenant_id = (p ->> 'tenant')::uuid AND d.mode = p ->> 'mode' AND d.external_id = p ->> 'desk' AND d.deleted_at IS NULL;
  IF NOT FOUND OR NOT key_may_see(at_desk.organization_id, p -> 'organizations') THEN
    RETURN jsonb_build_object('outcome', 'desk_not_found');
  END IF;
  SELECT * INTO over FROM connection c
   WHERE c.organization_id = at_desk.organization_id AND c.enabled AND p -> 'schemes' -> c.provider ? c.scheme
   ORDER BY c.id LIMIT 1;
  IF NOT FOUND THEN
    RETURN jsonb_build_object('outcome', 'question_not_available');
  END IF;
  refusal := connection_refusal(over);
  IF refusal IS NOT NULL THEN
    RETURN refusal;
  END IF;
  RETURN jsonb_build_object(
    'outcome', 'found', 'desk', at_desk.id, 'connection', over.id, 'connection_version', over.version, 'provider', over.provider,
    'trade_point_ref', (SELECT t.provider_ref FROM trade_point t WHERE t.id = at_desk.trade_point_id AND t.provider = over.provider));
END
$$;
