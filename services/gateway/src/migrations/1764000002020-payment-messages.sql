-- What payments look like outside the database: ids, times, commands, snapshots. A spec holds each of these functions to
-- its twin in the program.

CREATE FUNCTION base32_digit(bits bit varying, place integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits FROM place FOR 5)::bit(5)::integer + 1, 1)
$$;

-- A UUID as the public id: prefix and 26 characters of lower-case Crockford base32, two zero bits first. Written out,
-- because it stands on the path of every payment: string_agg over generate_series takes eight times as long (40 µs against 5).
CREATE FUNCTION public_id(prefix text, id uuid) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  bits bit varying := B'00' || ('x' || replace(id::text, '-', ''))::bit(128);
BEGIN
  RETURN prefix || '_' || base32_digit(bits, 1) || base32_digit(bits, 6) || base32_digit(bits, 11) || base32_digit(bits, 16)
      || base32_digit(bits, 21) || base32_digit(bits, 26) || base32_digit(bits, 31) || base32_digit(bits, 36)
      || base32_digit(bits, 41) || base32_digit(bits, 46) || base32_digit(bits, 51) || base32_digit(bits, 56)
      || base32_digit(bits, 61) || base32_digit(bits, 66) || base32_digit(bits, 71) || base32_digit(bits, 76)
      || base32_digit(bits, 81) || base32_digit(bits, 86) || base32_digit(bits, 91) || base32_digit(bits, 96)
      || base32_digit(bits, 101) || base32_digit(bits, 106) || base32_digit(bits, 111) || base32_digit(bits, 116)
      || base32_digit(bits, 121) || base32_digit(bits, 126);
END
$$;

CREATE FUNCTION rfc3339(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What every command about a payment carries (contracts: commandShape).
CREATE FUNCTION payment_command(p payment, op text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH it AS MATERIALIZED (SELECT public_id('pay', p.id) AS id)
  SELECT jsonb_build_object(
    'op_id', it.id || '.' || op,
    'subject_id', it.id,
    'connection_id', public_id('con', p.connection_id),
    'connection_version', p.connection_version,
    'device_id', public_id('dsk', p.desk_id),
    'lane', it.id)
    FROM it
$$;

-- The start, the same whenever it is sent: everything in it is fixed when the payment is created.
CREATE FUNCTION payment_start_body(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'start') || jsonb_build_object(
    'method', p.method, 'amount', p.amount, 'currency', p.currency, 'reference', p.reference,
    'trade_point_ref', p.trade_point_ref, 'start_by', rfc3339(p.start_by))
$$;

CREATE FUNCTION payment_cancel_body(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'cancel') || jsonb_build_object('reason', p.cancel_reason)
$$;

-- Every report is asked anew, so each has an operation id of its own.
CREATE FUNCTION payment_report_body(p payment, asked_at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'report.' || floor(extract(epoch FROM asked_at) * 1000)::bigint)
         || jsonb_build_object('kind', 'payment', 'start_by', rfc3339(p.start_by))
$$;

-- The row as the program reads it and as events keep it; what only the database needs stays behind.
CREATE FUNCTION payment_row(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(p) - '{tenant_id,idem_key,idem_hash,provider_seq,connection_version,trade_point_ref,asked_at,cancel_reason,reference_lock,reserved,items}'::text[]
$$;

-- libs/domain's table of transitions.
CREATE FUNCTION payment_can_move(source text, target text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE source
    WHEN 'created' THEN target IN ('requires_customer', 'requires_amount', 'processing', 'succeeded', 'declined', 'canceled',
                                   'expired', 'failed', 'unknown')
    WHEN 'requires_customer' THEN target IN ('processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'requires_amount' THEN target IN ('processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'processing' THEN target IN ('succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')
    WHEN 'unknown' THEN target IN ('succeeded', 'declined', 'canceled', 'expired', 'failed')
    WHEN 'succeeded' THEN false
    ELSE target = 'succeeded'
  END
$$;

CREATE FUNCTION payment_is_closed_unpaid(status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT status IN ('declined', 'canceled', 'expired', 'failed')
$$;

CREATE FUNCTION record_payment_event(event_id uuid, type text, p payment, at timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (id, created_at, tenant_id, mode, type, subject, version, snapshot)
  VALUES (event_id, at, p.tenant_id, p.mode, type, p.id, p.version, payment_row(p))
$$;

-- Puts the rows of one message into the outbox; the program made everything but the body.
CREATE FUNCTION send_message(rows jsonb, body jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO outbox (id, topic, consumer, key, headers, body)
  SELECT id, topic, consumer, key, headers, body
    FROM jsonb_to_recordset(rows) AS r (id uuid, topic text, consumer text, key text, headers jsonb)
$$;
