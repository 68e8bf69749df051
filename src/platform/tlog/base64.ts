/** RFC 4648 section 4, padded, and only the one text that encoding gives: two texts never mean the same bytes. */
export function readBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
