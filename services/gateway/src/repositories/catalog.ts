import { type Deadline, type HttpAnswer, type HttpClient, requestIdDefaults } from '@faultline/service-kit'

/** What is known of the request that a call to the catalog is made for. */
export interface CallContext {
  requestId: string
  deadline: Deadline
}

/** The catalog's HTTP interface; answers are as they came. */
export interface CatalogRepository {
  /**
   * @param path path and query
   * @param ifNoneMatch entity tag that the client has; the answer may then be 304
   * @throws DependencyError
   */
  get(path: string, context: CallContext, ifNoneMatch?: string): Promise<HttpAnswer>
  /** Sends a query that changes nothing, so that it may be repeated. */
  query(path: string, body: unknown, context: CallContext): Promise<HttpAnswer>
}

export function createCatalogRepository(client: HttpClient): CatalogRepository {
  return {
    get(path, { requestId, deadline }, ifNoneMatch) {
      const headers = {
        [requestIdDefaults.header]: requestId,
        ...(ifNoneMatch && { 'if-none-match': ifNoneMatch }),
      }
      return client.call({ method: 'GET', path, headers, deadline })
    },
    query(path, body, { requestId, deadline }) {
      const headers = { [requestIdDefaults.header]: requestId, 'content-type': 'application/json' }
      return client.call({
        method: 'POST',
        path,
        headers,
        deadline,
        body: JSON.stringify(body),
        idempotent: true,
      })
    },
  }
}
