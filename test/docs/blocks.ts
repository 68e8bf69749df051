/**
 * The fenced blocks of a page of docs/, and what their info strings ask for:
 *
 *   sh                       run, in the order of the page, in one shell and one folder
 *   js, python               run as it stands
 *   LANGUAGE FILE            written to that file, before the shell begins
 *   json METHOD /path        sent with a key that may do everything, and accepted
 *   json answer, text answer what the block before it printed; `…` stands for anything
 *   console                  commands after `$ `, known to the command line; not run
 *   cel                      accepted as the condition of a rule
 *   text                     shown, not run
 *   ANYTHING norun: reason   not run, for that reason
 */
import { Marked, type Token } from 'marked'

export type Block = { language: string; rest: string; text: string }
export type Use =
  | { is: 'run' | 'file' | 'answer' | 'commands' | 'condition' | 'shown' }
  | { is: 'send'; method: string; path: string }
  | { is: 'offence'; why: string }

/** Every block of code, wherever it stands: also in lists, and indented ones, which have no info string. */
export function blocksOf(markdown: string): Block[] {
  const found: Block[] = []
  const marked = new Marked()
  void marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type !== 'code') return
    const [, language = '', rest = ''] = /^(\S*)\s*([^]*)$/.exec(token['lang'] ?? '') ?? []
    found.push({ language, rest: rest.trim(), text: token['text'] })
  })
  return found
}

const programs = new Set(['sh', 'js', 'python'])

/** What is to be done with a block. One that says nothing of it is an offence. */
export function useOf({ language, rest }: Block): Use {
  const [, reason] = /^norun: (.*)$/.exec(rest) ?? []
  if (reason !== undefined)
    return reason.length >= 10 ? { is: 'shown' } : { is: 'offence', why: 'norun without a reason' }
  if (rest === 'answer') return language === 'json' || language === 'text' ? { is: 'answer' } : { is: 'offence', why: `an answer in ${language}` } // prettier-ignore
  const [, method, path] = /^(POST|PUT) (\/v1\/\S+)$/.exec(rest) ?? []
  if (language === 'json' && method && path) return { is: 'send', method, path }
  if (rest !== '')
    return /^(\/tmp\/)?[\w-]+\.\w+$/.test(rest) ? { is: 'file' } : { is: 'offence', why: `"${rest}" says nothing` }
  if (programs.has(language)) return { is: 'run' }
  if (language === 'console') return { is: 'commands' }
  if (language === 'cel') return { is: 'condition' }
  if (language === 'text') return { is: 'shown' }
  return { is: 'offence', why: `neither run nor marked: \`\`\`${language}` }
}
