/**
 * What docker-compose.yml and deploy/processes.yml say of the kit, and backends/toxiproxy/proxies.json, with no
 * variable set. Written by `npm run topology:generate`.
 */

/** Every service with the numbers that its named TCP ports have in a container. */
export const SERVICES = {
  "edge": {
    "http": 8080,
    "https": 8443,
    "metrics": 2019
  },
  "gateway": {
    "http": 8081,
    "admin": 9081
  },
  "gateway-migrate": {},
  "catalog-1": {
    "http": 8082,
    "admin": 9082
  },
  "catalog-2": {
    "http": 8083,
    "admin": 9083
  },
  "catalog-migrate": {},
  "booking": {
    "http": 8084,
    "admin": 9084
  },
  "booking-migrate": {},
  "payments": {
    "http": 8085,
    "admin": 9085
  },
  "payments-migrate": {},
  "payment-provider": {
    "http": 8086,
    "admin": 9086
  },
  "ticketing": {
    "http": 8087,
    "admin": 9087
  },
  "ticketing-migrate": {},
  "postgres": {
    "postgres": 5432
  },
  "valkey": {
    "redis": 6380
  },
  "nats": {
    "nats": 4222,
    "monitor": 8222
  },
  "toxiproxy": {
    "api": 8474,
    "catalog-1": 18082,
    "catalog-2": 18083,
    "booking": 18084,
    "payments": 18085,
    "payment-provider": 18086,
    "ticketing": 18087,
    "nats": 14222,
    "postgres": 15432,
    "valkey": 16380
  },
  "collector": {
    "otlp-grpc": 4317,
    "otlp-http": 4318,
    "health": 13133,
    "metrics": 8888
  },
  "prometheus": {
    "http": 9090
  },
  "pager": {
    "http": 9093
  },
  "loki": {
    "http": 3100
  },
  "tempo": {
    "http": 3200
  },
  "pyroscope": {
    "http": 4040
  },
  "grafana": {
    "http": 3000
  },
  "ready": {
    "http": 8090
  },
  "kit": {},
  "k6": {},
  "alertmanager": {
    "http": 9094
  },
  "embedded-store": {}
} as const

/** Services by the `service.name` of their telemetry. */
export const REPLICAS = {
  "edge": [
    "edge"
  ],
  "gateway": [
    "gateway"
  ],
  "catalog": [
    "catalog-1",
    "catalog-2"
  ],
  "booking": [
    "booking"
  ],
  "payments": [
    "payments"
  ],
  "payment-provider": [
    "payment-provider"
  ],
  "ticketing": [
    "ticketing"
  ]
} as const

/** Every proxy: the port of Toxiproxy that it listens on, and the service and port that it leads to. */
export const PROXIES = {
  "catalog-1": {
    "listen": 18082,
    "service": "catalog-1",
    "port": "http"
  },
  "catalog-2": {
    "listen": 18083,
    "service": "catalog-2",
    "port": "http"
  },
  "booking": {
    "listen": 18084,
    "service": "booking",
    "port": "http"
  },
  "payments": {
    "listen": 18085,
    "service": "payments",
    "port": "http"
  },
  "payment-provider": {
    "listen": 18086,
    "service": "payment-provider",
    "port": "http"
  },
  "ticketing": {
    "listen": 18087,
    "service": "ticketing",
    "port": "http"
  },
  "nats": {
    "listen": 14222,
    "service": "nats",
    "port": "nats"
  },
  "valkey": {
    "listen": 16380,
    "service": "valkey",
    "port": "redis"
  },
  "postgres": {
    "listen": 15432,
    "service": "postgres",
    "port": "postgres"
  }
} as const

/** The highest port of the kit on this machine. */
export const HIGHEST_DEFAULT_PORT = 18087

/** Connection URL of the database's owner, as containers have it. */
export const DATABASE_OWNER_URL = "postgres://postgres:postgres@postgres:5432/box_office"
