-- One statement, one round trip, one transaction, under the public role: it sets the tenant that row-level security
-- compares with for just that transaction. Wherever a refund and its payment are locked, the payment comes first.

-- What a request with this key has made before: outcome replay or key_reused; null for a new key.
CREATE OR REPLACE FUNCTION refund_of_key(p jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN it.idem_hash = p ->> 'idem_hash' THEN jsonb_build_object('outcome', 'replay', 'refund', refund_row(it))
              ELSE jsonb_build_object('outcome', 'key_reused') END
    FROM refund it
   WHERE it.tenant_id = (p ->> 'tenant')::uuid AND it.mode = p ->> 'mode' AND it.idem_key = p ->> 'idem_key'
$$;

-- Why nothing can be sent over a connection now; null where it works. An absent one has a null id.
CREATE OR REPLACE FUNCTION connection_refusal(c connection) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN c.id IS NULL THEN jsonb_build_object('outcome', 'connection_required')
    WHEN c.health IN ('unknown', 'refused') THEN
      jsonb_build_object('outcome', 'connection_not_ready', 'connection', c.id, 'health', c.health, 'reason', c.reason,
                         'provider', c.provider)
    WHEN c.health = 'down' THEN
      jsonb_build_object('outcome', 'provider_unavailable', 'reason', c.reason, 'provider', c.provider) END
$$;

-- Why a payment cannot be refunded by this amount; null where it can. `own` is what the asking refund holds of it already.
CREATE OR REPLACE FUNCTION refund_refusal(p payment, amount bigint, own bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN p.status <> 'succeeded' THEN
      jsonb_build_object('outcome', 'payment_not_refundable', 'payment', p.id, 'status', p.status)
    WHEN refundable(p) + own <= 0 OR amount > refundable(p) + own THEN
      jsonb_build_object('outcome', 'refund_too_much', 'refundable', refundable(p) + own, 'currency', p.currency) END
$$;

-- p: tenant, mode, organizations, id, event_id, desk_id, idem_key, idem_hash, now, start_by, overloaded, payment, desk,
-- trade_point, amount, reference, reason, source, metadata, ways {provider: {scheme: at_once, with_buyer or by_hand}},
-- providers {provider: {trade_points, currency}}, outbox {provider: rows}. Outcome: created, replay, key_reused, overloaded,
-- payment_not_found, payment_not_refundable, purchase_unknown, refund_too_much, refund_in_doubt, refund_not_supported,
-- payment_required, desk_not_found, amount_too_large, and what desk_place and connection_refusal say.
CREATE OR REPLACE FUNCTION create_refund(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant  uuid := p ->> 'tenant';
  the_mode    text := p ->> 'mode';
  the_time    timestamptz := p ->> 'now';
  is_external boolean := p ->> 'source' = 'external';
  the_organization uuid;
  the_amount  bigint;
  known       jsonb;
  refusal     jsonb;
  doubt       uuid;
  largest     bigint;
  it          payment;
  over        connection;
  place       record;
  made        refund;
  body        jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  -- A second turn follows where another request took the key or the desk's name at this very moment.
  FOR turn IN 1..5 LOOP
    known := refund_of_key(p);
    IF known IS NOT NULL THEN
      RETURN known;
    ELSIF (p ->> 'overloaded')::boolean AND NOT is_external THEN
      RETURN jsonb_build_object('outcome', 'overloaded');
    END IF;
    it := NULL;
    over := NULL;
    the_amount := (p ->> 'amount')::bigint;

    IF p ->> 'payment' IS NOT NULL THEN
      SELECT * INTO it FROM payment
       WHERE id = (p ->> 'payment')::uuid AND tenant_id = the_tenant AND mode = the_mode FOR UPDATE;
      IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
        RETURN jsonb_build_object('outcome', 'payment_not_found');
      END IF;
      -- The same request may have waited for this row and be through with it.
      known := refund_of_key(p);
      IF known IS NOT NULL THEN
        RETURN known;
      END IF;
      refusal := refund_refusal(it, the_amount, 0);
      IF refusal IS NOT NULL THEN
        RETURN refusal;
      END IF;
      the_amount := coalesce(the_amount, refundable(it));
      IF NOT is_external THEN
        doubt := refund_in_doubt(it.id);
        IF doubt IS NOT NULL THEN
          RETURN jsonb_build_object('outcome', 'refund_in_doubt', 'refund', doubt);
        ELSIF it.provider_ref IS NULL THEN
          RETURN jsonb_build_object('outcome', 'purchase_unknown', 'payment', it.id);
        END IF;
        -- The connection of today: the one that the payment was made over may have been replaced since.
        SELECT * INTO over FROM connection c
         WHERE c.organization_id = it.organization_id AND c.provider = it.provider AND c.enabled;
        IF p -> 'ways' -> over.provider ->> over.scheme = 'by_hand' THEN
          RETURN jsonb_build_object('outcome', 'refund_not_supported', 'provider', over.provider, 'scheme', over.scheme);
        END IF;
      END IF;
      SELECT it.desk_id AS desk_id, NULL::uuid AS trade_point, it.trade_point_ref AS trade_point_ref, true AS is_settled INTO place;
      the_organization := it.organization_id;
    ELSE
      SELECT coalesce(
        (SELECT d.organization_id FROM desk d
          WHERE d.tenant_id = the_tenant AND d.mode = the_mode AND d.external_id = p ->> 'desk' AND d.deleted_at IS NULL),
        (SELECT t.organization_id FROM trade_point t
          WHERE t.id = (p ->> 'trade_point')::uuid AND t.tenant_id = the_tenant AND t.mode = the_mode))
        INTO the_organization;
      IF the_organization IS NULL THEN
        RETURN jsonb_build_object(
          'outcome', CASE WHEN p ->> 'trade_point' IS NULL THEN 'trade_point_required' ELSE 'trade_point_unknown' END);
      ELSIF NOT key_may_see(the_organization, p -> 'organizations') THEN
        RETURN jsonb_build_object('outcome', 'desk_not_found');
      END IF;
      SELECT * INTO over FROM connection c
       WHERE c.organization_id = the_organization AND c.enabled
         AND p -> 'ways' -> c.provider ->> c.scheme = 'with_buyer' ORDER BY c.id LIMIT 1;
      IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', CASE WHEN EXISTS (
          SELECT FROM connection c WHERE c.organization_id = the_organization AND c.enabled)
          THEN 'payment_required' ELSE 'connection_required' END);
      END IF;
      SELECT o.max_amount INTO largest FROM organization o WHERE o.id = the_organization;
      IF the_amount > largest THEN
        RETURN jsonb_build_object('outcome', 'amount_too_large', 'max_amount', largest,
                                  'currency', p -> 'providers' -> over.provider ->> 'currency');
      END IF;
      SELECT * INTO place FROM desk_place(p || (p -> 'providers' -> over.provider), the_organization, over.provider);
      IF place.refusal IS NOT NULL THEN
        RETURN place.refusal;
      END IF;
    END IF;
    refusal := CASE WHEN NOT is_external THEN connection_refusal(over) END;
    IF refusal IS NOT NULL THEN
      RETURN refusal;
    END IF;
    IF NOT place.is_settled THEN
      place.desk_id := settle_desk(p, the_organization, place.desk_id, place.trade_point);
      CONTINUE WHEN place.desk_id IS NULL;
    END IF;

    INSERT INTO refund (id, tenant_id, mode, organization_id, connection_id, connection_version, payment_id, desk_id, desk,
                        trade_point_ref, provider, source, amount, currency, status, start_by, idem_key, idem_hash,
                        reference, reason, purchase_ref, evidence, metadata, created_at, updated_at)
    VALUES ((p ->> 'id')::uuid, the_tenant, the_mode, the_organization, over.id, over.version, it.id, place.desk_id,
            coalesce(p ->> 'desk', it.desk), place.trade_point_ref, coalesce(it.provider, over.provider), p ->> 'source',
            the_amount, coalesce(it.currency, p -> 'providers' -> over.provider ->> 'currency'),
            CASE WHEN is_external THEN 'succeeded' ELSE 'pending' END, (p ->> 'start_by')::timestamptz, p ->> 'idem_key',
            p ->> 'idem_hash', p ->> 'reference', p ->> 'reason', it.provider_ref,
            CASE WHEN is_external THEN 'person' END, p -> 'metadata', the_time, the_time)
    ON CONFLICT DO NOTHING RETURNING * INTO made;
    CONTINUE WHEN NOT FOUND;
    PERFORM record_refund_event((p ->> 'event_id')::uuid, 'refund.' || made.status, made, the_time);
    IF it.id IS NOT NULL THEN
      PERFORM move_refunded(it.id, CASE WHEN is_external THEN 0 ELSE the_amount END,
                            CASE WHEN is_external THEN the_amount ELSE 0 END, (p ->> 'event_id')::uuid, the_time);
    END IF;
    IF is_external THEN
      RETURN jsonb_build_object('outcome', 'created', 'refund', refund_row(made), 'outbox', '[]'::jsonb);
    END IF;
    body := refund_start_body(made);
    PERFORM send_message(p -> 'outbox' -> made.provider, body);
    RETURN jsonb_build_object('outcome', 'created', 'refund', refund_row(made), 'body', body,
                              'outbox', p -> 'outbox' -> made.provider);
  END LOOP;
  RAISE EXCEPTION 'a refund could neither be made nor found in five turns' USING ERRCODE = '40001';
END
$$;
