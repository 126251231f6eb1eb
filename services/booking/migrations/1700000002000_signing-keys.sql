-- Up Migration

-- What booking signs its own tokens with, towards payments: in the database, so that all replicas sign with one key.
CREATE TABLE booking.signing_keys (
  kid uuid PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  -- JWE (dir, A256GCM) of the private JWK: a copy of the database is not enough to sign.
  private_jwe text NOT NULL,
  created_at timestamptz NOT NULL,
  -- Published from the start, signs from here on.
  signs_from timestamptz NOT NULL CHECK (signs_from >= created_at)
);
GRANT SELECT, INSERT, DELETE ON booking.signing_keys TO booking_service;

-- Down Migration

DROP TABLE booking.signing_keys;
