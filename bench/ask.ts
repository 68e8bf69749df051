/** One request, for preparing and checking. Resolves to the body of the answer; throws unless it is a success. */
export async function ask(method: 'POST' | 'PUT', address: string, key: string, body: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const answer = await fetch(address, { method, headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${address} was answered ${answer.status}: ${text}`)
  return text
}
