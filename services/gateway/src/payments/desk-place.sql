-- Where a desk stands, for whatever is done at it: an unknown desk is made at its first use. p: tenant, mode, desk,
-- trade_point (or null), trade_points (whether the provider wants to know), desk_id (for one that is made), now.

-- refusal: desk_of_other_organization, desk_in_other_trade_point, trade_point_unknown, trade_point_required. Where
-- is_settled is false, settle_desk has to make the desk or put it into its trade point before it is used.
CREATE OR REPLACE FUNCTION desk_place(p jsonb, the_organization uuid, the_provider text,
                                      OUT refusal jsonb, OUT desk_id uuid, OUT trade_point uuid, OUT trade_point_ref text,
                                      OUT is_settled boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  given   uuid := p ->> 'trade_point';
  desk_at record;
  point   record;
BEGIN
  SELECT d.id, d.organization_id, d.trade_point_id INTO desk_at FROM desk d
   WHERE d.tenant_id = (p ->> 'tenant')::uuid AND d.mode = p ->> 'mode' AND d.external_id = p ->> 'desk' AND d.deleted_at IS NULL;
  IF FOUND THEN
    IF desk_at.organization_id <> the_organization THEN
      refusal := jsonb_build_object('outcome', 'desk_of_other_organization');
      RETURN;
    ELSIF desk_at.trade_point_id <> given THEN
      refusal := jsonb_build_object('outcome', 'desk_in_other_trade_point', 'trade_point', desk_at.trade_point_id);
      RETURN;
    END IF;
    desk_id := desk_at.id;
    trade_point := desk_at.trade_point_id;
  END IF;
  IF (p ->> 'trade_points')::boolean THEN
    SELECT min(t.id::text)::uuid AS id, min(t.provider_ref) AS ref, count(*) AS known INTO point FROM trade_point t
     WHERE t.organization_id = the_organization AND t.provider = the_provider
       AND t.id = coalesce(trade_point, given, t.id)
       -- A desk that works is not shut because its trade point is missing from the provider's newest list.
       AND (t.active OR t.id = trade_point);
    IF point.known <> 1 THEN
      refusal := jsonb_build_object('outcome', CASE WHEN given IS NULL THEN 'trade_point_required' ELSE 'trade_point_unknown' END);
      RETURN;
    END IF;
    is_settled := trade_point IS NOT NULL;
    trade_point := point.id;
    trade_point_ref := point.ref;
  ELSE
    is_settled := desk_id IS NOT NULL;
    trade_point := NULL;
  END IF;
END
$$;

-- Null where another request has taken the desk's name at this very moment.
CREATE OR REPLACE FUNCTION settle_desk(p jsonb, the_organization uuid, known uuid, the_point uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  the_time timestamptz := p ->> 'now';
  settled  uuid := known;
BEGIN
  IF known IS NULL THEN
    INSERT INTO desk (id, tenant_id, mode, organization_id, trade_point_id, external_id, created_at, updated_at)
    VALUES ((p ->> 'desk_id')::uuid, (p ->> 'tenant')::uuid, p ->> 'mode', the_organization, the_point, p ->> 'desk', the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING id INTO settled;
  ELSE
    UPDATE desk SET trade_point_id = the_point, updated_at = the_time WHERE id = known AND trade_point_id IS NULL;
  END IF;
  RETURN settled;
END
$$;
