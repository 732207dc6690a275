-- One statement, one round trip, one transaction, under the public role: it sets the tenant that row-level security
-- compares with for just that transaction.

-- What a request with this key has made before: outcome replay or key_reused; null for a new key.
CREATE OR REPLACE FUNCTION payment_of_key(p jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN it.idem_hash IS NULL OR it.idem_hash = p ->> 'idem_hash'
              THEN jsonb_build_object('outcome', 'replay', 'payment', payment_row(it))
              ELSE jsonb_build_object('outcome', 'key_reused') END
    FROM payment it
   WHERE it.tenant_id = (p ->> 'tenant')::uuid AND it.mode = p ->> 'mode' AND it.idem_key = p ->> 'idem_key'
$$;

-- Every field of p is made by the program; outcome is one of created, replay, key_reused, overloaded,
-- organization_not_found, organization_archived, connection_required, connection_not_ready, provider_unavailable,
-- amount_too_large, desk_of_other_organization, desk_in_other_trade_point, trade_point_unknown, trade_point_required,
-- reference_locked. An unknown desk is made at its first payment. A repeat gets its payment whatever else is wrong by now:
-- before a refusal, and before a desk is made, the key is looked for. A new key costs no look-up at all, because the
-- insert itself finds out.
CREATE OR REPLACE FUNCTION create_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant   uuid := p ->> 'tenant';
  the_mode     text := p ->> 'mode';
  the_time     timestamptz := p ->> 'now';
  the_desk     text := p ->> 'desk';
  trade_point_given uuid := p ->> 'trade_point';
  largest      bigint;
  known        jsonb;
  refusal      jsonb;
  held         payment;
  made         payment;
  at_door      record;
  desk_at      record;
  point        record;
  body         jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  -- A second turn follows where another request took the key, the reference or the desk's name at this very moment.
  FOR turn IN 1..5 LOOP
    SELECT o.max_amount, o.archived_at, c.id AS connection_id, c.version, c.health, c.reason
      INTO at_door
      FROM organization o
      LEFT JOIN connection c ON c.organization_id = o.id AND c.provider = p ->> 'provider' AND c.enabled
     WHERE o.id = (p ->> 'organization')::uuid AND o.tenant_id = the_tenant AND o.mode = the_mode;
    largest := least(at_door.max_amount, (p ->> 'max_amount')::bigint);
    refusal := CASE
      WHEN (p ->> 'overloaded')::boolean THEN jsonb_build_object('outcome', 'overloaded')
      WHEN NOT FOUND THEN jsonb_build_object('outcome', 'organization_not_found')
      WHEN at_door.archived_at IS NOT NULL THEN jsonb_build_object('outcome', 'organization_archived')
      WHEN at_door.connection_id IS NULL THEN jsonb_build_object('outcome', 'connection_required')
      WHEN at_door.health IN ('unknown', 'refused') THEN
        jsonb_build_object('outcome', 'connection_not_ready', 'connection', at_door.connection_id,
                           'health', at_door.health, 'reason', at_door.reason)
      WHEN at_door.health = 'down' THEN
        jsonb_build_object('outcome', 'provider_unavailable', 'reason', at_door.reason)
      WHEN (p ->> 'amount')::bigint > largest THEN
        jsonb_build_object('outcome', 'amount_too_large', 'max_amount', largest) END;
    IF refusal IS NOT NULL THEN
      RETURN coalesce(payment_of_key(p), refusal);
    END IF;

    SELECT d.id, d.organization_id, d.trade_point_id INTO desk_at FROM desk d
     WHERE d.tenant_id = the_tenant AND d.mode = the_mode AND d.external_id = the_desk AND d.deleted_at IS NULL;
    IF FOUND THEN
      IF desk_at.organization_id <> (p ->> 'organization')::uuid THEN
        RETURN coalesce(payment_of_key(p), jsonb_build_object('outcome', 'desk_of_other_organization'));
      ELSIF desk_at.trade_point_id <> trade_point_given THEN
        RETURN coalesce(payment_of_key(p), jsonb_build_object('outcome', 'desk_in_other_trade_point',
                                                              'trade_point', desk_at.trade_point_id));
      END IF;
    ELSE
      desk_at.id := NULL;
      desk_at.trade_point_id := NULL;
    END IF;
    point := NULL;
    IF (p ->> 'trade_points')::boolean THEN
      SELECT min(t.id::text)::uuid AS id, min(t.provider_ref) AS ref, count(*) AS known INTO point FROM trade_point t
       WHERE t.organization_id = (p ->> 'organization')::uuid AND t.provider = p ->> 'provider'
         AND t.id = coalesce(desk_at.trade_point_id, trade_point_given, t.id)
         -- A desk that works is not shut because its trade point is missing from the provider's newest list.
         AND (t.active OR t.id = desk_at.trade_point_id);
      IF point.known <> 1 THEN
        RETURN coalesce(payment_of_key(p), jsonb_build_object(
          'outcome', CASE WHEN trade_point_given IS NULL THEN 'trade_point_required' ELSE 'trade_point_unknown' END));
      END IF;
    ELSE
      SELECT NULL::uuid AS id, NULL::text AS ref INTO point;
    END IF;
    IF desk_at.id IS NULL OR (desk_at.trade_point_id IS NULL AND point.id IS NOT NULL) THEN
      known := payment_of_key(p);
      IF known IS NOT NULL THEN
        RETURN known;
      END IF;
    END IF;
    IF desk_at.id IS NULL THEN
      INSERT INTO desk (id, tenant_id, mode, organization_id, trade_point_id, external_id, created_at, updated_at)
      VALUES ((p ->> 'desk_id')::uuid, the_tenant, the_mode, (p ->> 'organization')::uuid, point.id, the_desk, the_time, the_time)
      ON CONFLICT DO NOTHING RETURNING id INTO desk_at.id;
      CONTINUE WHEN desk_at.id IS NULL;
    ELSIF desk_at.trade_point_id IS NULL AND point.id IS NOT NULL THEN
      UPDATE desk SET trade_point_id = point.id, updated_at = the_time WHERE id = desk_at.id AND trade_point_id IS NULL;
    END IF;

    INSERT INTO payment (id, tenant_id, mode, organization_id, connection_id, connection_version, desk_id, desk,
                         trade_point_ref, provider, method, method_data, amount, currency, status, start_by, idem_key,
                         idem_hash, reference, reference_lock, items, metadata, created_at, updated_at)
    VALUES ((p ->> 'id')::uuid, the_tenant, the_mode, (p ->> 'organization')::uuid, at_door.connection_id, at_door.version,
            desk_at.id, the_desk, point.ref, p ->> 'provider', p ->> 'method', p -> 'method_data',
            (p ->> 'amount')::bigint, p ->> 'currency', 'created', (p ->> 'start_by')::timestamptz, p ->> 'idem_key',
            p ->> 'idem_hash', p ->> 'reference', p ->> 'reference' IS NOT NULL, nullif(p -> 'items', 'null'),
            p -> 'metadata', the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING * INTO made;
    IF FOUND THEN
      body := payment_start_body(made);
      PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.created', made, the_time);
      PERFORM send_message(p -> 'outbox', body);
      RETURN jsonb_build_object('outcome', 'created', 'payment', payment_row(made), 'body', body);
    END IF;
    known := payment_of_key(p);
    IF known IS NOT NULL THEN
      RETURN known;
    END IF;
    SELECT * INTO held FROM payment
     WHERE tenant_id = the_tenant AND mode = the_mode AND organization_id = (p ->> 'organization')::uuid
       AND reference = p ->> 'reference' AND reference_lock;
    IF FOUND THEN
      RETURN jsonb_build_object('outcome', 'reference_locked', 'payment', payment_row(held));
    END IF;
  END LOOP;
  RAISE EXCEPTION 'a payment could neither be made nor found in five turns' USING ERRCODE = '40001';
END
$$;
