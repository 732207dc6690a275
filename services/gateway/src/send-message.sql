-- Puts the rows of one message into the outbox; the program made everything but the body.
CREATE OR REPLACE FUNCTION send_message(rows jsonb, body jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO outbox (id, topic, consumer, key, headers, body)
  SELECT id, topic, consumer, key, headers, body
    FROM jsonb_to_recordset(rows) AS r (id uuid, topic text, consumer text, key text, headers jsonb)
$$;
