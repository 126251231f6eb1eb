import type { Database, Deadline } from '@faultline/service-kit'

export interface StoredWebhook {
  id: string
  url: string
  createdAt: Date
}

export interface NewWebhook {
  id: string
  ownerId: string
  url: string
  secret: string
}

/** A webhook that has to be told of an event. */
export interface DueWebhook {
  id: string
  url: string
  secret: string
}

/** What can be settled with a webhook for good. */
export type SettledOutcome = 'delivered' | 'address_refused'

export interface WebhookRepository {
  /** Stores a webhook unless its owner has as many as are allowed. @returns when, or undefined */
  insert(webhook: NewWebhook, limit: number, deadline: Deadline): Promise<Date | undefined>
  list(ownerId: string, deadline: Deadline): Promise<StoredWebhook[]>
  /** @returns whether there was one */
  delete(id: string, ownerId: string, deadline: Deadline): Promise<boolean>
  /** Those that have not been told of the event yet. */
  due(eventId: string, deadline: Deadline): Promise<DueWebhook[]>
  settle(eventId: string, webhookId: string, outcome: SettledOutcome, deadline: Deadline): Promise<void>
}

export function createWebhookRepository(database: Database): WebhookRepository {
  return {
    insert: (webhook, limit, deadline) =>
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

    list: (ownerId, deadline) =>
      database.query<StoredWebhook>(
        {
          name: 'list-webhooks',
          text: `SELECT id, url, created_at AS "createdAt" FROM webhooks
                 WHERE owner_id = $1 ORDER BY created_at, id`,
          values: [ownerId],
        },
        deadline,
      ),

    async delete(id, ownerId, deadline) {
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

    due: (eventId, deadline) =>
      database.query<DueWebhook>(
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

    async settle(eventId, webhookId, outcome, deadline) {
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
