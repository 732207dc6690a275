-- Refunds are subjects beside payments, and doubt about a call is settled by several readings.
-- Wider than the one before, so what is there needs no check.
ALTER TABLE subject DROP CONSTRAINT subject_kind_check,
                    ADD CONSTRAINT subject_kind_check CHECK (kind IN ('payment', 'refund', 'connection', 'device')) NOT VALID;

-- How often a critical call has left this machine.
ALTER TABLE operation ADD COLUMN sends integer NOT NULL DEFAULT 0;
-- Readings in a row that showed no effect of a critical call, and when the first of them was made.
ALTER TABLE operation ADD COLUMN unchanged integer NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN unchanged_since timestamptz;
-- Until when a call that is proven not performed may be made again, where that is not the deadline of its start.
ALTER TABLE operation ADD COLUMN repeat_until timestamptz;
