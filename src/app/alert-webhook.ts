import { createHmac } from 'node:crypto'
import type { BudgetAlerted } from '../core/events.ts'
import { formatUsd } from '../core/money.ts'
import type { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { readBalanceId } from '../ledger/balance-id.ts'

/** Who is told of alerts. */
export interface WebhookTarget {
  readonly url: string
  readonly secret: Secret
}

interface AlertWebhookDeps {
  readonly world: World
  /** The one in force; undefined where nobody is to be told. */
  readonly target: () => WebhookTarget | undefined
  /** Takes what could not be told, in a sentence. */
  readonly report: (message: string) => void
}

const ATTEMPTS = 8
const FIRST_PAUSE_MS = 1000
const LAST_PAUSE_MS = 180_000
const ANSWER_MS = 10_000
/** Alerts that may be on their way at a time. */
const MOST_WAITING = 1000

/** Sends alerts of budgets by POST, signed; tries again for some minutes, and gives up then. Holds up nobody. */
export class AlertWebhook {
  readonly #deps: AlertWebhookDeps
  #waiting = 0

  constructor(deps: AlertWebhookDeps) {
    this.#deps = deps
  }

  /** Sends an alert in the background. It is in the log whatever becomes of this. */
  send(alert: BudgetAlerted): void {
    if (this.#deps.target() === undefined) return
    if (this.#waiting >= MOST_WAITING) {
      this.#deps.report(
        `The webhook of budgets is behind by ${MOST_WAITING} alerts; that of ${alert.balance} is not sent. It is in the event log.`,
      )
      return
    }
    this.#waiting++
    void this.#deliver(alert).finally(() => this.#waiting--)
  }

  async #deliver(alert: BudgetAlerted): Promise<void> {
    const { world, report } = this.#deps
    const body = JSON.stringify(describe(alert))
    let pauseMs = FIRST_PAUSE_MS
    for (let attempt = 1; ; attempt++) {
      const target = this.#deps.target()
      // Nobody is to be told any more.
      if (target === undefined) return
      const failure = await this.#post(target, body)
      if (failure === undefined) return
      if (attempt === ATTEMPTS) {
        report(
          `The webhook of budgets did not take the alert of ${alert.balance} in ${ATTEMPTS} attempts: ${failure}. It is in the event log.`,
        )
        return
      }
      await new Promise<void>((resolve) => world.after(pauseMs, resolve))
      pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)
    }
  }

  /** @returns what went wrong */
  async #post({ url, secret }: WebhookTarget, body: string): Promise<string | undefined> {
    const { world } = this.#deps
    const seconds = Math.floor(world.now() / 1000)
    const leaving = new AbortController()
    const cancel = world.after(ANSWER_MS, () => leaving.abort())
    try {
      const headers = { 'content-type': 'application/json', 'x-signalbox-signature': signature(secret, seconds, body) }
      const response = await world.fetch(url, { method: 'POST', headers, body, signal: leaving.signal })
      await response.body?.cancel()
      return response.ok ? undefined : `it answered ${response.status}`
    } catch {
      return leaving.signal.aborted ? `it did not answer within ${ANSWER_MS / 1000} s` : 'it could not be reached'
    } finally {
      cancel()
    }
  }
}

/** `t=<seconds>,v1=<hexadecimal HMAC-SHA-256 of "<seconds>.<body>">`: the time is signed too, so that an old alert cannot be sent again. */
function signature(secret: Secret, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret.reveal()).update(`${seconds}.${body}`).digest('hex')}`
}

function describe({ atMs, balance, mode, limit, percent, settled, resetsAtMs }: BudgetAlerted) {
  const key = readBalanceId(balance)
  const show = (amount: number) => (key?.unit === 'usd' ? formatUsd(amount) : String(amount))
  return {
    type: 'budget.alerted',
    at: new Date(atMs).toISOString(),
    balance,
    account: key?.account,
    unit: key?.unit,
    mode,
    percent,
    limit: show(limit),
    settled: show(settled),
    resetsAt: resetsAtMs === undefined ? undefined : new Date(resetsAtMs).toISOString(),
  }
}
