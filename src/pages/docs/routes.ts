/** Addresses of the documentation. */
import Type from 'typebox'
import { Fault } from '#kernel/fault'
import { type OpenRoute, openRoute } from '#kernel/route'
import { LanguageQuery, type Reader, readerOf } from '../language.ts'
import type { Site } from '../layout.ts'
import { keptAWhile, page, pageHeaders } from '../routes.ts'
import { type Library, longestQuestion } from './frame.ts'
import type { Guide, Guides } from './guides.ts'
import { operationPage } from './operation-page.ts'
import { readOperations } from './operations.ts'
import { guidePage, indexPage, overviewPage } from './pages.ts'
import { createSearch } from './search.ts'
import { searchPage } from './search-page.ts'
import { createShelf } from './shelf.ts'

/** Pages that are kept in memory, of about 30 kB each. */
const mostKept = 64

export function docsRoutes(needs: { site: Site; guides: Guides; openapi(): unknown }): OpenRoute[] {
  const { site, guides } = needs
  // The document of the interface is whole only once all routes are on the server.
  let made: Library | undefined
  const library = (): Library => (made ??= { site, guides, operations: readOperations(needs.openapi()) })
  const shelf = createShelf(mostKept)
  const search = createSearch(library)

  const answer = (path: string, reader: Reader, make: () => string) => {
    const { body, etag } = shelf(`${path} ${reader.language} ${reader.chosen}`, make)
    return { body, headers: { ...pageHeaders(reader.language), ...keptAWhile, etag } }
  }
  const answerGuide = (path: string, reader: Reader) => {
    const slug = path.replace(/\.md$/, '')
    const guide: Guide | undefined = guides.find(slug)
    if (!guide) throw new Fault('not_found', 'There is no such page. GET /docs lists them.')
    if (slug === path) return answer(path, reader, () => guidePage(library(), guide, reader))
    const headers = {
      'content-type': 'text/markdown; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    }
    return { body: guide.markdown, headers: { ...headers, ...keptAWhile } }
  }
  const closed = { additionalProperties: false } as const
  const word = Type.String()

  return [
    openRoute({
      ...page, path: '/docs', summary: 'Documentation: what is where', rate: 'read',
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        return answer('/docs', reader, () => indexPage(library(), reader))
      },
    }),
    openRoute({
      ...page, path: '/docs/api', summary: 'Documentation: what all operations share, and a list of them', rate: 'read',
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        return answer('/docs/api', reader, () => overviewPage(library(), reader))
      },
    }),
    openRoute({
      ...page, path: '/docs/api/{operation}', summary: 'Documentation: one operation', rate: 'read',
      params: Type.Object({ operation: word }, closed),
      async run({ params, query, headers }) {
        const operation = library().operations.find(({ id }) => id === params.operation)
        if (!operation) throw new Fault('not_found', 'There is no such operation. GET /docs/api lists them.')
        const reader = readerOf(query, headers['accept-language'])
        return answer(`/docs/api/${operation.id}`, reader, () => operationPage(library(), operation, reader))
      },
    }),
    openRoute({
      ...page, path: '/docs/search', summary: 'Documentation: search', rate: 'read',
      query: Type.Object({ ...LanguageQuery.properties, q: Type.Optional(Type.String({ maxLength: longestQuestion, description: 'Words to look for.' })) }, closed),
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        const question = query.q ?? ''
        return { body: searchPage(library(), reader, question, await search(question)), headers: pageHeaders(reader.language) }
      },
    }),
    openRoute({
      ...page, path: '/docs/{guide}', summary: 'Documentation: a guide; with `.md` after its name, as it is written', rate: 'read',
      params: Type.Object({ guide: word }, closed),
      run: async ({ params, query, headers }) => answerGuide(params.guide, readerOf(query, headers['accept-language'])),
    }),
    openRoute({
      ...page, path: '/docs/{folder}/{guide}', summary: 'Documentation: a guide about one field; with `.md` after its name, as it is written', rate: 'read',
      params: Type.Object({ folder: word, guide: word }, closed),
      run: async ({ params, query, headers }) =>
        answerGuide(`${params.folder}/${params.guide}`, readerOf(query, headers['accept-language'])),
    }),
  ] // prettier-ignore
}
