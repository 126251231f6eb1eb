/** Where the service listens unless `PORT` and `ADMIN_PORT` say otherwise. */
export const defaultPorts = { port: 8086, adminPort: 9086 } as const
