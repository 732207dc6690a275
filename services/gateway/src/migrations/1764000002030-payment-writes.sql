-- What the public API does with payments: each call is one statement, one round trip, one transaction, and sets the tenant
-- that row-level security compares with for just that transaction.

-- Every field of p is made by the program; outcome is one of created, replay, key_reused, overloaded,
-- organization_not_found, organization_archived, connection_required, connection_not_ready, provider_unavailable,
-- amount_too_large, desk_of_other_organization, desk_in_other_trade_point, trade_point_unknown, trade_point_required,
-- reference_locked. An unknown desk is made at its first payment. A repeat gets its payment whatever else is wrong by now, so the key comes first.
CREATE FUNCTION create_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant   uuid := p ->> 'tenant';
  the_mode     text := p ->> 'mode';
  the_time     timestamptz := p ->> 'now';
  the_desk     text := p ->> 'desk';
  trade_point_given uuid := p ->> 'trade_point';
  largest      bigint;
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
    SELECT * INTO held FROM payment
     WHERE tenant_id = the_tenant AND mode = the_mode AND idem_key = p ->> 'idem_key';
    IF FOUND THEN
      IF held.idem_hash IS NULL OR held.idem_hash = p ->> 'idem_hash' THEN
        RETURN jsonb_build_object('outcome', 'replay', 'payment', payment_row(held));
      END IF;
      RETURN jsonb_build_object('outcome', 'key_reused');
    END IF;
    IF (p ->> 'overloaded')::boolean THEN
      RETURN jsonb_build_object('outcome', 'overloaded');
    END IF;

    SELECT o.max_amount, o.archived_at, c.id AS connection_id, c.version, c.health, c.reason
      INTO at_door
      FROM organization o
      LEFT JOIN connection c ON c.organization_id = o.id AND c.provider = p ->> 'provider' AND c.enabled
     WHERE o.id = (p ->> 'organization')::uuid AND o.tenant_id = the_tenant AND o.mode = the_mode;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('outcome', 'organization_not_found');
    ELSIF at_door.archived_at IS NOT NULL THEN
      RETURN jsonb_build_object('outcome', 'organization_archived');
    ELSIF at_door.connection_id IS NULL THEN
      RETURN jsonb_build_object('outcome', 'connection_required');
    ELSIF at_door.health IN ('unknown', 'refused') THEN
      RETURN jsonb_build_object('outcome', 'connection_not_ready', 'connection', at_door.connection_id,
                                'health', at_door.health, 'reason', at_door.reason);
    ELSIF at_door.health = 'down' THEN
      RETURN jsonb_build_object('outcome', 'provider_unavailable', 'reason', at_door.reason);
    END IF;
    largest := least(at_door.max_amount, (p ->> 'max_amount')::bigint);
    IF (p ->> 'amount')::bigint > largest THEN
      RETURN jsonb_build_object('outcome', 'amount_too_large', 'max_amount', largest);
    END IF;

    SELECT d.id, d.organization_id, d.trade_point_id INTO desk_at FROM desk d
     WHERE d.tenant_id = the_tenant AND d.mode = the_mode AND d.external_id = the_desk AND d.deleted_at IS NULL;
    IF FOUND THEN
      IF desk_at.organization_id <> (p ->> 'organization')::uuid THEN
        RETURN jsonb_build_object('outcome', 'desk_of_other_organization');
      ELSIF desk_at.trade_point_id <> trade_point_given THEN
        RETURN jsonb_build_object('outcome', 'desk_in_other_trade_point', 'trade_point', desk_at.trade_point_id);
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
        RETURN jsonb_build_object('outcome', CASE WHEN trade_point_given IS NULL THEN 'trade_point_required'
                                                  ELSE 'trade_point_unknown' END);
      END IF;
    ELSE
      SELECT NULL::uuid AS id, NULL::text AS ref INTO point;
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
    SELECT * INTO held FROM payment
     WHERE tenant_id = the_tenant AND mode = the_mode AND organization_id = (p ->> 'organization')::uuid
       AND reference = p ->> 'reference' AND reference_lock AND idem_key <> p ->> 'idem_key';
    IF FOUND THEN
      RETURN jsonb_build_object('outcome', 'reference_locked', 'payment', payment_row(held));
    END IF;
  END LOOP;
  RAISE EXCEPTION 'a payment could neither be made nor found in five turns' USING ERRCODE = '40001';
END
$$;

-- p: tenant, mode, now, id or key, organizations (null: all), reason, event_id, tombstone_id, and for every provider the
-- outbox rows that a cancel would become. Outcome: not_found, unchanged, requested (with the message's rows and body),
-- tombstone.
CREATE FUNCTION cancel_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  the_time   timestamptz := p ->> 'now';
  it         payment;
  body       jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  FOR turn IN 1..3 LOOP
    SELECT * INTO it FROM payment
     WHERE tenant_id = the_tenant AND mode = the_mode
       AND CASE WHEN p ->> 'id' IS NULL THEN idem_key = p ->> 'key' ELSE id = (p ->> 'id')::uuid END
       FOR UPDATE;
    IF FOUND THEN
      IF NOT key_may_see(it.organization_id, p -> 'organizations') THEN
        RETURN jsonb_build_object('outcome', 'not_found');
      ELSIF it.cancel_requested_at IS NOT NULL OR payment_is_closed_unpaid(it.status) THEN
        RETURN jsonb_build_object('outcome', 'unchanged', 'payment', payment_row(it));
      END IF;
      UPDATE payment
         SET cancel_requested_at = the_time, cancel_reason = p ->> 'reason',
             cancel_result = CASE WHEN it.status = 'succeeded' THEN 'not_possible' ELSE 'pending' END,
             version = version + 1, updated_at = the_time
       WHERE id = it.id RETURNING * INTO it;
      PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.updated', it, the_time);
      IF it.status = 'succeeded' THEN
        RETURN jsonb_build_object('outcome', 'unchanged', 'payment', payment_row(it));
      END IF;
      body := payment_cancel_body(it);
      PERFORM send_message(message_about(p -> 'outbox' -> it.provider, it.id), body);
      RETURN jsonb_build_object('outcome', 'requested', 'payment', payment_row(it), 'body', body,
                                'outbox', message_about(p -> 'outbox' -> it.provider, it.id));
    ELSIF p ->> 'id' IS NOT NULL THEN
      RETURN jsonb_build_object('outcome', 'not_found');
    END IF;
    INSERT INTO payment (id, tenant_id, mode, status, idem_key, cancel_requested_at, cancel_result, cancel_reason,
                         created_at, updated_at)
    VALUES ((p ->> 'tombstone_id')::uuid, the_tenant, the_mode, 'canceled', p ->> 'key', the_time, 'done', p ->> 'reason',
            the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING * INTO it;
    IF FOUND THEN
      PERFORM record_payment_event((p ->> 'event_id')::uuid, 'payment.canceled', it, the_time);
      RETURN jsonb_build_object('outcome', 'tombstone', 'payment', payment_row(it));
    END IF;
  END LOOP;
  RAISE EXCEPTION 'a payment could neither be found nor its key taken in three turns' USING ERRCODE = '40001';
END
$$;

-- A key may be limited to some organizations; a tombstone belongs to none of them and hides nothing.
CREATE FUNCTION key_may_see(organization uuid, organizations jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT organization IS NULL OR coalesce(organizations, 'null') = 'null' OR organizations ? organization::text
$$;

-- Rows of a message whose subject and key only the database learns: fills both in.
CREATE FUNCTION message_about(rows jsonb, payment_id uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(r || jsonb_build_object(
           'key', public_id('pay', payment_id),
           'headers', r -> 'headers' || jsonb_build_object('ce_subject', public_id('pay', payment_id))))
    FROM jsonb_array_elements(rows) AS r
$$;

-- p: tenant, mode, organizations, id or key. The row, or null.
CREATE FUNCTION read_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- p: tenant, mode, organizations, limit, and any of status (array), organization, desk, reference, provider,
-- created_after, created_before, after (id of the last one seen). Newest first: ids rise with time. Planned for the filters that are really given.
CREATE FUNCTION list_payments(p jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  statuses   text[] := CASE WHEN jsonb_typeof(p -> 'status') = 'array'
                            THEN ARRAY(SELECT jsonb_array_elements_text(p -> 'status')) END;
  the_organization uuid := p ->> 'organization';
  the_desk   text := p ->> 'desk';
  the_reference text := p ->> 'reference';
  the_provider text := p ->> 'provider';
  since      timestamptz := p ->> 'created_after';
  until      timestamptz := p ->> 'created_before';
  last_seen  uuid := p ->> 'after';
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  RETURN QUERY
    SELECT payment_row(it) FROM payment it
     WHERE it.tenant_id = the_tenant AND it.mode = the_mode
       AND (statuses IS NULL OR it.status = ANY (statuses))
       AND (the_organization IS NULL OR it.organization_id = the_organization)
       AND (the_desk IS NULL OR it.desk = the_desk)
       AND (the_reference IS NULL OR it.reference = the_reference)
       AND (the_provider IS NULL OR it.provider = the_provider)
       AND (since IS NULL OR it.created_at >= since)
       AND (until IS NULL OR it.created_at < until)
       AND (last_seen IS NULL OR it.id < last_seen)
       AND key_may_see(it.organization_id, p -> 'organizations')
     ORDER BY it.id DESC
     LIMIT (p ->> 'limit')::integer;
END
$$;
