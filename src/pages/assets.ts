/** The stylesheet and the icon, under addresses that change with their bytes: whoever has one keeps it for ever. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

/** Drops comments, and white space that means nothing. Our sheets have no text in which either could matter. */
const shrink = (css: string): string =>
  css
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([{};,]) ?/g, '$1')
    .replaceAll(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()

type Asset = { file: string; path: string; bytes: Buffer; contentType: string }

function makeAsset(text: string, extension: string, contentType: string): Asset {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const file = `${digest}.${extension}`
  return { file, path: `/assets/${file}`, bytes: Buffer.from(text), contentType }
}

/** A ring that a check closes. */
export const mark = (colour: string): string =>
  `<path d="M20.7 9.3A9 9 0 1 1 16 4" fill="none" stroke="${colour}" stroke-width="2.4" stroke-linecap="round"/><path d="m8 11.6 3.6 3.6L21 5.4" fill="none" stroke="${colour}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>`

const sheets = ['tokens.css', 'pages.css', 'docs/docs.css'].map(read).join('')
export const stylesheet = makeAsset(shrink(sheets), 'css', 'text/css; charset=utf-8')
export const icon = makeAsset(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${mark('#1b7a63')}</svg>`,
  'svg',
  'image/svg+xml',
)
export const assets: ReadonlyMap<string, Asset> = new Map([stylesheet, icon].map((asset) => [asset.file, asset]))
