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
-- method_not_available, amount_too_large, desk_of_other_organization, desk_in_other_trade_point, trade_point_unknown,
-- trade_point_required, invoice_in_doubt (the payment that it is held by is unknown, or still created), reference_locked. An unknown desk is made at its first payment. A repeat gets its
-- payment whatever else is wrong by now: before a refusal, and before a desk is made, the key is looked for. A new key
-- costs no look-up at all, because the insert itself finds out.
CREATE OR REPLACE FUNCTION create_payment(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant   uuid := p ->> 'tenant';
  the_mode     text := p ->> 'mode';
  the_time     timestamptz := p ->> 'now';
  largest      bigint;
  known        jsonb;
  refusal      jsonb;
  held         payment;
  made         payment;
  at_door      record;
  place        record;
  body         jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  -- Two requests for one buyer at the same moment see each other: the second waits for the first, holding nothing yet.
  IF p ->> 'doubt_digest' IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(p ->> 'doubt_digest', 0));
  END IF;
  -- A second turn follows where another request took the key, the reference or the desk's name at this very moment.
  FOR turn IN 1..5 LOOP
    SELECT o.max_amount, o.archived_at, c.id AS connection_id, c.version, c.health, c.reason, c.scheme
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
      -- A program of the release before does not say under which schemes its method works: under all that it knew.
      WHEN NOT coalesce(p -> 'schemes', jsonb_build_array(at_door.scheme)) ? at_door.scheme THEN
        jsonb_build_object('outcome', 'method_not_available', 'scheme', at_door.scheme)
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

    SELECT * INTO place FROM desk_place(p, (p ->> 'organization')::uuid, p ->> 'provider');
    IF place.refusal IS NOT NULL THEN
      RETURN coalesce(payment_of_key(p), place.refusal);
    ELSIF NOT place.is_settled THEN
      known := payment_of_key(p);
      IF known IS NOT NULL THEN
        RETURN known;
      END IF;
      place.desk_id := settle_desk(p, (p ->> 'organization')::uuid, place.desk_id, place.trade_point);
      CONTINUE WHEN place.desk_id IS NULL;
    END IF;

    -- Only for methods that name a buyer: he may hold one that nobody knows of, and get the one that is just being made.
    IF p ->> 'doubt_digest' IS NOT NULL THEN
      SELECT * INTO held FROM payment
       WHERE doubt_digest = decode(p ->> 'doubt_digest', 'hex') AND status IN ('created', 'unknown')
         AND tenant_id = the_tenant AND mode = the_mode AND desk_id = place.desk_id AND amount = (p ->> 'amount')::bigint
       ORDER BY id DESC LIMIT 1;
      IF FOUND THEN
        RETURN coalesce(payment_of_key(p), jsonb_build_object('outcome', 'invoice_in_doubt', 'payment', payment_row(held)));
      END IF;
    END IF;

    INSERT INTO payment (id, tenant_id, mode, organization_id, connection_id, connection_version, desk_id, desk,
                         trade_point_ref, provider, method, method_data, amount, currency, status, start_by, idem_key,
                         idem_hash, reference, reference_lock, items, metadata, sealed, doubt_digest,
                         created_at, updated_at)
    VALUES ((p ->> 'id')::uuid, the_tenant, the_mode, (p ->> 'organization')::uuid, at_door.connection_id, at_door.version,
            place.desk_id, p ->> 'desk', place.trade_point_ref, p ->> 'provider', p ->> 'method', p -> 'method_data',
            (p ->> 'amount')::bigint, p ->> 'currency', 'created', (p ->> 'start_by')::timestamptz, p ->> 'idem_key',
            p ->> 'idem_hash', p ->> 'reference', p ->> 'reference' IS NOT NULL, nullif(p -> 'items', 'null'),
            p -> 'metadata', decode(p ->> 'sealed', 'base64'), decode(p ->> 'doubt_digest', 'hex'), the_time, the_time)
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
