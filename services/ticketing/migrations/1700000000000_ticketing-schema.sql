-- Up Migration

-- One ticket an order, whatever is delivered how often: the event's id makes a redelivery of the same message a
-- no-op, the order's id one of a message that was published twice.
CREATE TABLE ticketing.tickets (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL UNIQUE,
  event_id uuid NOT NULL UNIQUE,
  user_id uuid NOT NULL,
  concert_id uuid NOT NULL,
  seat_ids uuid[] NOT NULL CHECK (cardinality(seat_ids) > 0),
  -- Milliseconds, as in JSON.
  issued_at timestamptz(3) NOT NULL DEFAULT now(),
  document bytea NOT NULL
);
-- A PDF is compressed already.
ALTER TABLE ticketing.tickets ALTER COLUMN document SET STORAGE EXTERNAL;

CREATE TABLE ticketing.webhooks (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL,
  url text NOT NULL,
  secret text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_owner_idx ON ticketing.webhooks (owner_id, created_at, id);

-- What has been settled with a webhook about an event, so that a redelivery asks only the others again.
CREATE TABLE ticketing.webhook_deliveries (
  event_id uuid NOT NULL,
  webhook_id uuid NOT NULL REFERENCES ticketing.webhooks (id) ON DELETE CASCADE,
  outcome text NOT NULL CHECK (outcome IN ('delivered', 'address_refused')),
  settled_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (event_id, webhook_id)
);
CREATE INDEX webhook_deliveries_webhook_idx ON ticketing.webhook_deliveries (webhook_id);

-- Least privilege: a ticket that was issued cannot be changed or taken back.
GRANT USAGE ON SCHEMA ticketing TO ticketing_service;
GRANT SELECT, INSERT ON ticketing.tickets, ticketing.webhook_deliveries TO ticketing_service;
GRANT SELECT, INSERT, DELETE ON ticketing.webhooks TO ticketing_service;

-- Down Migration

DROP TABLE ticketing.webhook_deliveries, ticketing.webhooks, ticketing.tickets;
REVOKE USAGE ON SCHEMA ticketing FROM ticketing_service;
