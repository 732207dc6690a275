-- Takes in a sale that was made before, so that it can be refunded. Nothing is sent. p: tenant, mode, organizations, id, event_id,
-- desk_id, idem_key, idem_hash, now, organization, desk, trade_point, trade_points, provider, provider_ref, amount, max_amount,
-- currency, method, schemes, paid_at, reference, metadata. Outcome: created, replay, key_reused, organization_not_found,
-- connection_required, method_not_available, amount_too_large, desk_required, payment_already_known, reference_locked, and
-- what desk_place says.
CREATE OR REPLACE FUNCTION import_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  the_time   timestamptz := p ->> 'now';
  the_organization uuid := p ->> 'organization';
  largest    bigint;
  known      jsonb;
  over       connection;
  place      record;
  held       payment;
  made       payment;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  -- A second turn follows where another request took the key, the reference or the desk's name at this very moment.
  FOR turn IN 1..5 LOOP
    known := payment_of_key(p);
    IF known IS NOT NULL THEN
      RETURN known;
    END IF;
    SELECT least(o.max_amount, (p ->> 'max_amount')::bigint) INTO largest FROM organization o
     WHERE o.id = the_organization AND o.tenant_id = the_tenant AND o.mode = the_mode;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('outcome', 'organization_not_found');
    ELSIF (p ->> 'amount')::bigint > largest THEN
      RETURN jsonb_build_object('outcome', 'amount_too_large', 'max_amount', largest);
    END IF;
    SELECT * INTO over FROM connection c WHERE c.organization_id = the_organization AND c.provider = p ->> 'provider' AND c.enabled;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('outcome', 'connection_required');
    ELSIF NOT p -> 'schemes' ? over.scheme THEN
      RETURN jsonb_build_object('outcome', 'method_not_available', 'scheme', over.scheme);
    END IF;
    IF p ->> 'desk' IS NULL THEN
      -- Any desk of the trade point will do: its device is what the provider wants to see when it refunds.
      p := p || jsonb_build_object('desk', (
        SELECT d.external_id FROM desk d
         WHERE d.organization_id = the_organization AND d.trade_point_id = (p ->> 'trade_point')::uuid AND d.deleted_at IS NULL
         ORDER BY d.id LIMIT 1));
      IF p ->> 'desk' IS NULL THEN
        RETURN jsonb_build_object('outcome', 'desk_required');
      END IF;
    END IF;
    SELECT * INTO place FROM desk_place(p, the_organization, p ->> 'provider');
    IF place.refusal IS NOT NULL THEN
      RETURN place.refusal;
    END IF;
    -- Over all connections of the organization: it may be known from one that has been replaced since.
    SELECT * INTO held FROM payment x
     WHERE x.provider_ref = p ->> 'provider_ref'
       AND x.connection_id IN (SELECT c.id FROM connection c WHERE c.organization_id = the_organization AND c.provider = p ->> 'provider')
     LIMIT 1;
    IF FOUND THEN
      -- The same request may have made it since the key was looked for.
      RETURN coalesce(payment_of_key(p), jsonb_build_object('outcome', 'payment_already_known', 'payment', payment_row(held)));
    END IF;
    SELECT * INTO held FROM payment x
     WHERE x.tenant_id = the_tenant AND x.mode = the_mode AND x.organization_id = the_organization
       AND x.reference = p ->> 'reference' AND x.reference_lock;
    IF FOUND THEN
      RETURN coalesce(payment_of_key(p), jsonb_build_object('outcome', 'reference_locked', 'payment', payment_row(held)));
    END IF;
    IF NOT place.is_settled THEN
      place.desk_id := settle_desk(p, the_organization, place.desk_id, place.trade_point);
      CONTINUE WHEN place.desk_id IS NULL;
    END IF;

    INSERT INTO payment (id, tenant_id, mode, organization_id, connection_id, connection_version, desk_id, desk,
                         trade_point_ref, provider, method, amount, currency, status, start_by, idem_key, idem_hash,
                         reference, reference_lock, provider_ref, metadata, imported, paid_at, created_at, updated_at)
    VALUES ((p ->> 'id')::uuid, the_tenant, the_mode, the_organization, over.id, over.version, place.desk_id, p ->> 'desk',
            place.trade_point_ref, p ->> 'provider', p ->> 'method', (p ->> 'amount')::bigint, p ->> 'currency', 'succeeded',
            the_time, p ->> 'idem_key', p ->> 'idem_hash', p ->> 'reference', p ->> 'reference' IS NOT NULL,
            p ->> 'provider_ref', p -> 'metadata', true, (p ->> 'paid_at')::timestamptz, the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING * INTO made;
    CONTINUE WHEN NOT FOUND;
    PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.imported', made, the_time);
    RETURN jsonb_build_object('outcome', 'created', 'payment', payment_row(made));
  END LOOP;
  RAISE EXCEPTION 'a payment could neither be imported nor found in five turns' USING ERRCODE = '40001';
END
$$;
