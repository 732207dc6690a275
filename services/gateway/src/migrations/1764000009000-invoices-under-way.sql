-- A method that names a buyer lets one payment to him be under way or in doubt at a time: both are looked for by his digest.
-- The list is small, because a payment leaves it as soon as its provider has answered.
DROP INDEX payment_in_doubt;
CREATE INDEX payment_in_doubt ON payment (doubt_digest)
  WHERE status IN ('created', 'unknown') AND doubt_digest IS NOT NULL;
