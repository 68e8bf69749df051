import { existsSync } from 'node:fs'
import { type Entry, parseEntry, parseVkey, TlogError, verifyContent, verifyProof } from '#platform/tlog'
import { type Context, exit, type ExitCode, textOf, UsageError } from '../command.ts'
import { readBytes, readGivenKeys, readText } from './given-keys.ts'
import { filesBeside } from './proof.ts'

type Content = 'matches' | 'not given' | 'does not match'

export async function verifyEntry(context: Context, file: string): Promise<ExitCode> {
  const keys = (await readGivenKeys(context))?.split(/\s+/).filter(Boolean).map(readKey)
  if (!keys?.length)
    throw new UsageError("Usage: vouch log verify-proof FILE --key VKEY\nThe log's key comes from its owner, not from the proof.") // prettier-ignore
  const beside = filesBeside(file)
  const proof = await readBytes(file)
  const bytes = await readBytes(textOf(context, 'entry') ?? beside.entry)
  const verdict = verifyProof(proof, bytes, keys)
  const entry = readEntry(bytes)
  const contentFile = textOf(context, 'content') ?? (existsSync(beside.content) ? beside.content : undefined)
  const content: Content =
    contentFile === undefined
      ? 'not given'
      : entry && opens(entry, await readText(contentFile))
        ? 'matches'
        : 'does not match'
  const why = !verdict.ok
    ? verdict.why
    : entry === undefined
      ? 'the entry is not of a known form'
      : content === 'does not match'
        ? 'the content is not what the entry committed to'
        : null
  const { origin, size, root } = verdict.ok ? verdict.checkpoint : { origin: null, size: null, root: null }
  const index = verdict.ok ? verdict.index : null
  const ok = why === null
  context.answer(
    { ok, origin, index, size, root: root?.toString('base64') ?? null, entry: entry ?? null, content, why },
    [
      ok ? '● the proof holds: the entry is in the log' : `✕ the proof does not hold: ${why}`,
      ...(entry ? [`  entry    ${entry.id}, ${entry.type}, ${entry.at}`] : []),
      ...(ok ? [`  log      ${origin}, entry ${index} of ${size}`] : []),
      `  content  ${content}`,
    ].join('\n'),
  )
  return ok ? exit.ok : exit.failed
}

function readKey(vkey: string) {
  try {
    return parseVkey(vkey)
  } catch (error) {
    throw error instanceof TlogError ? new UsageError(error.message) : error
  }
}

function readEntry(bytes: Buffer): Entry | undefined {
  try {
    return parseEntry(bytes)
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}

/** Is this line of a content what the entry committed to? */
function opens(entry: Entry, line: string): boolean {
  const read = readLine(line)
  if (typeof read !== 'object' || read === null || !('salt' in read) || !('content' in read)) return false
  const { salt, content } = read
  if (typeof salt !== 'string' || !/^[0-9a-f]{64}$/.test(salt) || typeof content !== 'string') return false
  return verifyContent(entry, Buffer.from(salt, 'hex'), content)
}

function readLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
