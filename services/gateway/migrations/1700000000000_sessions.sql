-- Up Migration

-- Owned by the role that migrates; the service's own role gets single rights below and cannot change a table.
CREATE TABLE gateway.users (
  id uuid PRIMARY KEY,
  username text NOT NULL UNIQUE,
  -- PHC string: $scrypt$ln=…,r=…,p=…$salt$hash
  password_hash text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gateway.sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES gateway.users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_because text CHECK (revoked_because IN ('signed_out', 'token_reuse')),
  CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
);
CREATE INDEX sessions_user_idx ON gateway.sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON gateway.sessions (expires_at);
-- What the gateway reads every second: few, as it asks for the last minutes only.
CREATE INDEX sessions_revoked_at_idx ON gateway.sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- Every refresh token that a session ever had: a second use of any of them is noticed.
CREATE TABLE gateway.refresh_tokens (
  -- SHA-256 of the token. Tokens are 256 random bits, so a slow hash would protect nothing.
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  session_id uuid NOT NULL REFERENCES gateway.sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz
);
CREATE INDEX refresh_tokens_session_idx ON gateway.refresh_tokens (session_id);
-- Of the tokens of a session one works, at most.
CREATE UNIQUE INDEX refresh_tokens_unused_idx ON gateway.refresh_tokens (session_id) WHERE used_at IS NULL;

CREATE TABLE gateway.signing_keys (
  kid uuid PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  -- JWE (dir, A256GCM) of the private JWK: a copy of the database is not enough to sign.
  private_jwe text NOT NULL,
  created_at timestamptz NOT NULL,
  -- Published from the start, signs from here on.
  signs_from timestamptz NOT NULL CHECK (signs_from >= created_at)
);

GRANT USAGE ON SCHEMA gateway TO gateway_service;
GRANT SELECT ON gateway.users TO gateway_service;
GRANT SELECT, INSERT, DELETE ON gateway.sessions TO gateway_service;
GRANT UPDATE (revoked_at, revoked_because) ON gateway.sessions TO gateway_service;
GRANT SELECT, INSERT, DELETE ON gateway.refresh_tokens TO gateway_service;
GRANT UPDATE (used_at) ON gateway.refresh_tokens TO gateway_service;
GRANT SELECT, INSERT, DELETE ON gateway.signing_keys TO gateway_service;

-- Down Migration

DROP TABLE gateway.signing_keys, gateway.refresh_tokens, gateway.sessions, gateway.users;
REVOKE USAGE ON SCHEMA gateway FROM gateway_service;
