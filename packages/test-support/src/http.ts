import type { Problem } from '@faultline/contracts'

/** A JSON response, with what tests look at. */
export interface JsonResponse<Body> {
  status: number
  headers: Headers
  /** undefined where there was none */
  body: Body
}

export async function fetchJson<Body = Problem>(
  url: string,
  init?: RequestInit,
): Promise<JsonResponse<Body>> {
  const response = await fetch(url, init)
  const text = await response.text()
  const { status, headers } = response
  return { status, headers, body: (text === '' ? undefined : JSON.parse(text)) as Body }
}
