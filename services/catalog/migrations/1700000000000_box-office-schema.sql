-- Up Migration

-- Owned by the role that migrates; the service's own role gets single rights below and cannot change a table.
CREATE TABLE catalog.venues (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  city text NOT NULL,
  country char(2) NOT NULL,
  capacity integer NOT NULL CHECK (capacity > 0),
  version integer NOT NULL DEFAULT 1
);
CREATE INDEX venues_name_idx ON catalog.venues (name, id);

CREATE TABLE catalog.concerts (
  id uuid PRIMARY KEY,
  venue_id uuid NOT NULL REFERENCES catalog.venues (id),
  title text NOT NULL,
  artist text NOT NULL,
  genre text NOT NULL,
  description text NOT NULL,
  -- Milliseconds, as in JSON: a cursor must name exactly the value that the index holds.
  starts_at timestamptz(3) NOT NULL,
  status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'postponed', 'cancelled')),
  seat_count integer NOT NULL CHECK (seat_count >= 0),
  lowest_price integer NOT NULL CHECK (lowest_price >= 0),
  currency char(3) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now(),
  -- 'simple' neither stems nor drops words: names of artists are not prose.
  words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', title || ' ' || artist || ' ' || genre)) STORED
);
CREATE INDEX concerts_starts_at_idx ON catalog.concerts (starts_at, id);
CREATE INDEX concerts_venue_idx ON catalog.concerts (venue_id);
CREATE INDEX concerts_words_idx ON catalog.concerts USING gin (words);

CREATE TABLE catalog.seats (
  id uuid PRIMARY KEY,
  concert_id uuid NOT NULL REFERENCES catalog.concerts (id),
  section text NOT NULL,
  row_label text NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  status text NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'held', 'sold')),
  price integer NOT NULL CHECK (price >= 0),
  currency char(3) NOT NULL
);

-- The one index that leads with the concert: it keeps a place from being sold twice, gives the pages of seats
-- their order, and lets the search count free seats without touching the table (status is included).
CREATE UNIQUE INDEX seats_concert_place_idx
  ON catalog.seats (concert_id, section, row_label, number) INCLUDE (status);

-- Version and time of a change are the database's business, so that no writer can forget them.
CREATE FUNCTION catalog.stamp_concert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER concerts_stamp BEFORE UPDATE ON catalog.concerts
  FOR EACH ROW EXECUTE FUNCTION catalog.stamp_concert();

-- Explicit invalidation: every replica listens, whoever made the change. Delivered when the change commits.
CREATE FUNCTION catalog.notify_concert_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('catalog_invalidation', json_build_object('entity', 'concert', 'id', NEW.id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER concerts_notify AFTER UPDATE ON catalog.concerts
  FOR EACH ROW EXECUTE FUNCTION catalog.notify_concert_changed();

-- Least privilege: read, and change what PATCH may change; nothing else.
GRANT USAGE ON SCHEMA catalog TO catalog_service;
GRANT SELECT ON catalog.venues, catalog.concerts, catalog.seats TO catalog_service;
GRANT UPDATE (title, description, starts_at, status) ON catalog.concerts TO catalog_service;
DO $$ BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

-- Down Migration

DROP TABLE catalog.seats, catalog.concerts, catalog.venues;
DROP FUNCTION catalog.stamp_concert(), catalog.notify_concert_changed();
REVOKE USAGE ON SCHEMA catalog FROM catalog_service;
