const PARAMETERS = ['sslmode', 'search_path', 'application_name']
/** The driver knows no `verify-ca`: a certificate of an authority that one trusts for every name. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-full']

/** What is wrong with the URL of a database, or undefined. Never holds the URL, which may hold a password. */
export function postgresUrlProblem(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return 'is not the URL of a database; write postgres://user@host/database'
  const url = new URL(text)
  if (url.pathname.length < 2) return 'names no database; write postgres://user@host/database'
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) return `has a parameter that is not known; the URL of a database may have ${PARAMETERS.join(', ')}`
  const mode = url.searchParams.get('sslmode')
  return mode === null || SSL_MODES.includes(mode) ? undefined : `has an sslmode that is not known; write one of ${SSL_MODES.join(', ')}`
}

/** Whether a password stands in the URL. */
export function hasPassword(text: string): boolean {
  return URL.canParse(text) && new URL(text).password !== ''
}
