-- Up Migration

-- A visitor's claim on seats of a concert. Money is in the smallest unit of the currency.
CREATE TABLE booking.reservations (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  concert_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'ordered', 'released', 'expired', 'declined')),
  amount integer NOT NULL CHECK (amount >= 0),
  currency char(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX reservations_due_idx ON booking.reservations (expires_at) WHERE status = 'held';

-- Which seats a reservation has or had. A seat can be in one active row only, whatever the code does: this is what
-- makes selling a seat twice impossible, even if catalog.seats.status were wrong.
CREATE TABLE booking.reserved_seats (
  reservation_id uuid NOT NULL REFERENCES booking.reservations (id),
  seat_id uuid NOT NULL,
  active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (reservation_id, seat_id)
);
CREATE UNIQUE INDEX reserved_seats_once_idx ON booking.reserved_seats (seat_id) WHERE active;

-- One order a reservation. Its payment token goes as soon as it is not needed any more.
CREATE TABLE booking.orders (
  id uuid PRIMARY KEY,
  reservation_id uuid NOT NULL UNIQUE REFERENCES booking.reservations (id),
  user_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'confirmed', 'declined')),
  payment_token text CHECK ((payment_token IS NULL) = (status <> 'pending')),
  decline_reason text CHECK ((decline_reason IS NULL) = (status <> 'declined')),
  -- Milliseconds, as in JSON: a cursor must name exactly the value that the index holds.
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  confirmed_at timestamptz(3) CHECK ((confirmed_at IS NULL) = (status <> 'confirmed')),
  -- When a worker asks payments again, and how often it has.
  next_attempt_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- traceparent, tracestate, baggage of the request: what is done later belongs to the same trace.
  trace_context jsonb NOT NULL
);
CREATE INDEX orders_of_user_idx ON booking.orders (user_id, created_at DESC, id DESC);
CREATE INDEX orders_pending_idx ON booking.orders (next_attempt_at) WHERE status = 'pending';

-- Events that are to be published, written in the transaction that makes them true.
CREATE TABLE booking.outbox (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  subject text NOT NULL,
  payload jsonb NOT NULL,
  trace_context jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
CREATE INDEX outbox_unsent_idx ON booking.outbox (sequence) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent_idx ON booking.outbox (sent_at) WHERE sent_at IS NOT NULL;

-- What was answered to whom. The row is written in the transaction of the effect: there is both or none.
CREATE TABLE booking.idempotency_keys (
  user_id uuid NOT NULL,
  key text NOT NULL,
  -- SHA-256 of route and body.
  fingerprint bytea NOT NULL,
  answer jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created_idx ON booking.idempotency_keys (created_at);

-- Least privilege. The inventory is the catalog's; booking moves seats between available, held and sold.
GRANT USAGE ON SCHEMA booking, catalog TO booking_service;
GRANT SELECT ON catalog.concerts, catalog.seats TO booking_service;
GRANT UPDATE (status) ON catalog.seats TO booking_service;
GRANT SELECT, INSERT ON booking.reservations, booking.reserved_seats, booking.orders, booking.outbox,
  booking.idempotency_keys TO booking_service;
GRANT UPDATE (status) ON booking.reservations TO booking_service;
GRANT UPDATE (active) ON booking.reserved_seats TO booking_service;
GRANT UPDATE (status, payment_token, decline_reason, confirmed_at, next_attempt_at, attempts)
  ON booking.orders TO booking_service;
GRANT UPDATE (sent_at), DELETE ON booking.outbox TO booking_service;
GRANT DELETE ON booking.idempotency_keys TO booking_service;

-- Down Migration

DROP TABLE booking.idempotency_keys, booking.outbox, booking.orders, booking.reserved_seats, booking.reservations;
REVOKE ALL ON catalog.concerts, catalog.seats FROM booking_service;
REVOKE USAGE ON SCHEMA booking, catalog FROM booking_service;
