-- Up Migration

-- Owned by the role that migrates; the service's own role gets single rights below and cannot change a table.
CREATE TABLE payments.charges (
  id uuid PRIMARY KEY,
  -- One charge an order, whatever the code does.
  order_id uuid NOT NULL UNIQUE,
  amount bigint NOT NULL CHECK (amount >= 0),
  currency char(3) NOT NULL,
  -- What the charge was asked for, so that another request for the same order is told apart after the token is gone.
  request_hash bytea NOT NULL,
  -- Kept only as long as it may be needed to ask the provider again.
  payment_token text,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'declined')),
  provider_charge_id text UNIQUE,
  decline_reason text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  settled_at timestamptz(3),
  -- Times that reconciliation has asked the provider, and when it does next.
  reconcile_attempts integer NOT NULL DEFAULT 0,
  reconcile_at timestamptz NOT NULL,
  CHECK ((status = 'pending') = (payment_token IS NOT NULL)),
  CHECK ((status = 'pending') = (settled_at IS NULL)),
  CHECK ((status = 'pending') = (provider_charge_id IS NULL)),
  CHECK ((status = 'declined') = (decline_reason IS NOT NULL))
);
CREATE INDEX charges_pending_idx ON payments.charges (reconcile_at) WHERE status = 'pending';

-- What is settled stays as it is: money does not change its mind.
CREATE FUNCTION payments.keep_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'pending' THEN
    RAISE EXCEPTION 'charge % is settled', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER charges_keep_settled BEFORE UPDATE ON payments.charges
  FOR EACH ROW EXECUTE FUNCTION payments.keep_settled();

-- Least privilege: no DELETE, and what a charge is for cannot be changed.
GRANT USAGE ON SCHEMA payments TO payments_service;
GRANT SELECT, INSERT ON payments.charges TO payments_service;
GRANT UPDATE (status, payment_token, provider_charge_id, decline_reason, settled_at, reconcile_attempts, reconcile_at)
  ON payments.charges TO payments_service;

-- Down Migration

DROP TABLE payments.charges;
DROP FUNCTION payments.keep_settled();
REVOKE USAGE ON SCHEMA payments FROM payments_service;
