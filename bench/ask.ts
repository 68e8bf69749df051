/** One request. Resolves to the body of the answer; throws unless it is a success. */
export async function ask(
  method: 'GET' | 'POST' | 'PUT',
  address: string,
  key: string,
  body?: string,
): Promise<string> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { authorization: `Bearer ${key}`, ...json }
  const answer = await fetch(address, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${address} was answered ${answer.status}: ${text}`)
  return text
}
