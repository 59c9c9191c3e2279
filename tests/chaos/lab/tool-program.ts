import { readdirSync, readFileSync } from 'node:fs'

/** An MCP server in plain sh, which starts in a millisecond: `pid` tells its process, `die` kills it in mid-call. */
const SERVE = `reply() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$1"; }
while IFS= read -r line; do
  case $line in *'"id":'*) ;; *) continue ;; esac
  id=\${line#*'"id":'}; id=\${id%%[,\\}]*}
  case $line in
    *'"initialize"'*) reply '{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"sh","version":"1"}}' ;;
    *'"tools/list"'*) reply '{"tools":[{"name":"pid","inputSchema":{"type":"object"}},{"name":"die","inputSchema":{"type":"object"}}]}' ;;
    *'"die"'*) kill -9 $$ ;;
    *) reply '{"content":[{"type":"text","text":"'$$'"}]}' ;;
  esac
done
`

/** The end of its input and SIGTERM mean nothing to it; and it has a child of its own. */
const STAY = `trap '' TERM
sleep 1000 &
${SERVE}
while :; do sleep 1; done
`

const MARK = 'SIGNALBOX_CHAOS_MARK'

/** A server of the configuration, whose processes can be found by the mark. */
export function toolProgram(mark: string, how: 'well-behaved' | 'stubborn' = 'well-behaved') {
  return { command: ['/bin/sh', '-c', how === 'stubborn' ? STAY : SERVE], env: { [MARK]: mark } }
}

/** All processes with this mark: the servers, what they started, and what watches over them. */
export function processesOf(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(`${MARK}=${mark}\0`))
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    // It has ended meanwhile, or is another's.
    return ''
  }
}
