import type { Database, Deadline } from '@faultline/service-kit'

export type WebhookRepository = ReturnType<typeof createWebhookRepository>

export function createWebhookRepository(database: Database) {
  return {
    /** Stores a webhook unless its owner has as many as are allowed. @returns when, or undefined */
    insert: (
      webhook: { id: string; ownerId: string; url: string; secret: string },
      limit: number,
      deadline: Deadline,
    ) =>
      database.transaction(async (transaction) => {
        // One registration of an owner at a time, so that the count holds.
        await transaction.query(
          { text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', values: [webhook.ownerId] },
          deadline,
        )
        const [row] = await transaction.query<{ createdAt: Date }>(
          {
            text: `INSERT INTO webhooks (id, owner_id, url, secret)
                   SELECT $1, $2, $3, $4
                   WHERE (SELECT count(*) FROM webhooks WHERE owner_id = $2) < $5
                   RETURNING created_at AS "createdAt"`,
            values: [webhook.id, webhook.ownerId, webhook.url, webhook.secret, limit],
          },
          deadline,
        )
        return row?.createdAt
      }, deadline),

    list: (ownerId: string, deadline: Deadline) =>
      database.query<{ id: string; url: string; createdAt: Date }>(
        {
          name: 'list-webhooks',
          text: `SELECT id, url, created_at AS "createdAt" FROM webhooks
                 WHERE owner_id = $1 ORDER BY created_at, id`,
          values: [ownerId],
        },
        deadline,
      ),

    /** @returns whether there was one */
    async delete(id: string, ownerId: string, deadline: Deadline): Promise<boolean> {
      const rows = await database.query(
        {
          name: 'delete-webhook',
          text: 'DELETE FROM webhooks WHERE id = $1 AND owner_id = $2 RETURNING 1',
          values: [id, ownerId],
        },
        deadline,
      )
      return rows.length > 0
    },

    /** Those that have not been told of the event yet. */
    due: (eventId: string, deadline: Deadline) =>
      database.query<{ id: string; url: string; secret: string }>(
        {
          name: 'due-webhooks',
          text: `SELECT id, url, secret FROM webhooks w
                 WHERE NOT EXISTS (
                   SELECT 1 FROM webhook_deliveries d WHERE d.event_id = $1 AND d.webhook_id = w.id
                 )`,
          values: [eventId],
        },
        deadline,
      ),

    /** Notes what became of a webhook for good. */
    async settle(
      eventId: string,
      webhookId: string,
      outcome: 'delivered' | 'address_refused',
      deadline: Deadline,
    ): Promise<void> {
      // The webhook may have been deleted meanwhile.
      await database.query(
        {
          name: 'settle-webhook',
          text: `INSERT INTO webhook_deliveries (event_id, webhook_id, outcome)
                 SELECT $1, id, $3 FROM webhooks WHERE id = $2
                 ON CONFLICT DO NOTHING`,
          values: [eventId, webhookId, outcome],
        },
        deadline,
      )
    },
  }
}
