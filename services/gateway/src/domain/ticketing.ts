import {
  createdWebhookSchema,
  ticketSchema,
  type WebhookRequest,
  webhookListSchema,
} from '@faultline/contracts'
import { DependencyError, type HttpAnswer } from '@faultline/service-kit'
import type { UpstreamRepository, UserCallContext } from '../repositories/upstream.ts'
import { type Answer, checkAnswer } from './answers.ts'

/** Name of ticketing in problems and as `peer.service`. */
export const TICKETING = 'ticketing'

/** A ticket to print, or why there is none. */
export type DocumentAnswer = { kind: 'document'; bytes: Buffer } | Extract<Answer, { kind: 'refused' }>

/** The part of the box office that ticketing answers. Every call throws DependencyError when it does not. */
export interface Ticketing {
  getTicket(orderId: string, context: UserCallContext): Promise<Answer>
  getDocument(orderId: string, context: UserCallContext): Promise<DocumentAnswer>
  createWebhook(request: WebhookRequest, context: UserCallContext): Promise<Answer>
  listWebhooks(context: UserCallContext): Promise<Answer>
  deleteWebhook(id: string, context: UserCallContext): Promise<Answer>
}

export function createTicketing(repository: UpstreamRepository): Ticketing {
  return {
    async getTicket(orderId, context) {
      const call = { method: 'GET', path: `/orders/${orderId}/ticket` } as const
      return checkAnswer(TICKETING, { 200: ticketSchema }, await repository.send(call, context))
    },
    async getDocument(orderId, context) {
      const call = { method: 'GET', path: `/orders/${orderId}/ticket.pdf`, encoding: 'latin1' } as const
      return checkDocument(await repository.send(call, context))
    },
    async createWebhook(body, context) {
      const call = { method: 'POST', path: '/webhooks', body } as const
      return checkAnswer(TICKETING, { 201: createdWebhookSchema }, await repository.send(call, context))
    },
    async listWebhooks(context) {
      const call = { method: 'GET', path: '/webhooks' } as const
      return checkAnswer(TICKETING, { 200: webhookListSchema }, await repository.send(call, context))
    },
    async deleteWebhook(id, context) {
      const call = { method: 'DELETE', path: `/webhooks/${id}`, idempotent: true } as const
      return checkAnswer(TICKETING, { 204: null }, await repository.send(call, context))
    },
  }
}

/** @throws DependencyError when the answer is no PDF document */
function checkDocument(answer: HttpAnswer): DocumentAnswer {
  if (answer.status === 200) {
    if (answer.headers['content-type'] !== 'application/pdf' || !answer.body.startsWith('%PDF-')) {
      throw new DependencyError(TICKETING, 'invalid_answer', new Error('the document is no PDF'))
    }
    return { kind: 'document', bytes: Buffer.from(answer.body, 'latin1') }
  }
  const body = Buffer.from(answer.body, 'latin1').toString('utf8')
  const checked = checkAnswer(TICKETING, {}, { ...answer, body })
  if (checked.kind === 'refused') return checked
  throw new DependencyError(TICKETING, 'invalid_answer', new Error(`answered ${answer.status}`))
}
