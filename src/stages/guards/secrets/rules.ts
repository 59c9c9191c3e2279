import { decodedText } from '../encoded.ts'

/** The shape of a secret. */
export interface SecretRule {
  readonly kind: string
  /** Begins with letters of its own and repeats one class of characters: matching takes time that grows with the text, not with its square. */
  readonly pattern: string
  /** The secret is what stands behind a name: only that is found. */
  readonly isValue?: true
}

/**
 * Shapes of the tokens that services give out, from their own documentation (read 2026-11-21). A token has bounds on its length, so that a stream
 * holds back no more than that. Names are found in any case, tokens as they are.
 */
export const SECRET_RULES: readonly SecretRule[] = [
  { kind: 'AWS_KEY', pattern: '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])' },
  { kind: 'GITHUB_TOKEN', pattern: 'gh[pousr]_[A-Za-z0-9]{36,255}' },
  { kind: 'GITHUB_TOKEN', pattern: 'github_pat_[A-Za-z0-9_]{22,255}' },
  { kind: 'GITLAB_TOKEN', pattern: 'gl(?:pat|dt|rt|cbt|ptt|ft|oas|imt|agent|soat)-[A-Za-z0-9_-]{20,255}' },
  { kind: 'SLACK_TOKEN', pattern: 'xox[abeoprs]-[A-Za-z0-9-]{10,250}' },
  { kind: 'SLACK_TOKEN', pattern: 'xapp-\\d-[A-Za-z0-9-]{10,250}' },
  { kind: 'SLACK_WEBHOOK', pattern: 'hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,120}' },
  { kind: 'STRIPE_KEY', pattern: '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,250}' },
  { kind: 'STRIPE_KEY', pattern: 'whsec_[A-Za-z0-9+/=]{24,100}' },
  { kind: 'ANTHROPIC_KEY', pattern: 'sk-ant-[A-Za-z0-9_-]{20,250}' },
  { kind: 'OPENROUTER_KEY', pattern: 'sk-or-[A-Za-z0-9_-]{20,250}' },
  { kind: 'OPENAI_KEY', pattern: 'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,250}' },
  { kind: 'OPENAI_KEY', pattern: 'sk-[A-Za-z0-9]{32,64}(?![A-Za-z0-9])' },
  { kind: 'GROQ_KEY', pattern: 'gsk_[A-Za-z0-9]{40,120}' },
  { kind: 'XAI_KEY', pattern: 'xai-[A-Za-z0-9]{40,160}' },
  { kind: 'PERPLEXITY_KEY', pattern: 'pplx-[A-Za-z0-9]{40,120}' },
  { kind: 'GOOGLE_KEY', pattern: 'AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])' },
  { kind: 'GOOGLE_TOKEN', pattern: 'ya29\\.[A-Za-z0-9_-]{20,500}' },
  { kind: 'GOOGLE_TOKEN', pattern: 'GOCSPX-[A-Za-z0-9_-]{20,60}' },
  { kind: 'HUGGINGFACE_TOKEN', pattern: 'hf_[A-Za-z]{30,60}' },
  { kind: 'REPLICATE_TOKEN', pattern: 'r8_[A-Za-z0-9]{30,60}' },
  { kind: 'NPM_TOKEN', pattern: 'npm_[A-Za-z0-9]{36,60}' },
  { kind: 'PYPI_TOKEN', pattern: 'pypi-AgE[A-Za-z0-9_-]{40,250}' },
  { kind: 'RUBYGEMS_KEY', pattern: 'rubygems_[a-f0-9]{48}' },
  { kind: 'DOCKER_TOKEN', pattern: 'dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,80}' },
  { kind: 'SENDGRID_KEY', pattern: 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}' },
  { kind: 'MAILGUN_KEY', pattern: 'key-[a-f0-9]{32}(?![a-f0-9])' },
  { kind: 'TWILIO_KEY', pattern: '(?:SK|AC)[a-f0-9]{32}(?![a-f0-9])' },
  { kind: 'SHOPIFY_TOKEN', pattern: 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}' },
  { kind: 'SQUARE_TOKEN', pattern: '(?:sq0atp|sq0csp)-[A-Za-z0-9_-]{22,64}' },
  { kind: 'DIGITALOCEAN_TOKEN', pattern: 'do[por]_v1_[a-f0-9]{64}' },
  { kind: 'CLOUDFLARE_KEY', pattern: 'v1\\.0-[a-f0-9]{24}-[a-f0-9]{100,160}' },
  { kind: 'DATABRICKS_TOKEN', pattern: 'dapi[a-f0-9]{32}(?:-\\d)?' },
  { kind: 'VAULT_TOKEN', pattern: 'hv[sbr]\\.[A-Za-z0-9_-]{24,250}' },
  { kind: 'PULUMI_TOKEN', pattern: 'pul-[a-f0-9]{40}' },
  { kind: 'DOPPLER_TOKEN', pattern: 'dp\\.(?:pt|st|ct|scim|audit)\\.[A-Za-z0-9]{40,44}' },
  { kind: 'LINEAR_KEY', pattern: 'lin_(?:api|oauth)_[A-Za-z0-9]{32,64}' },
  { kind: 'NOTION_TOKEN', pattern: '(?:secret_|ntn_)[A-Za-z0-9]{40,60}' },
  { kind: 'ATLASSIAN_TOKEN', pattern: 'ATATT3[A-Za-z0-9_=-]{60,250}' },
  { kind: 'POSTMAN_KEY', pattern: 'PMAK-[a-f0-9]{24}-[a-f0-9]{34}' },
  { kind: 'NEW_RELIC_KEY', pattern: 'NRAK-[A-Z0-9]{27}' },
  { kind: 'GRAFANA_TOKEN', pattern: 'gl(?:sa|c)_[A-Za-z0-9_+/=]{32,250}' },
  { kind: 'SENTRY_TOKEN', pattern: 'sntr[ysu]{1,2}_[A-Za-z0-9_+/=-]{40,250}' },
  { kind: 'TELEGRAM_TOKEN', pattern: '\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])' },
  { kind: 'DISCORD_WEBHOOK', pattern: 'discord(?:app)?\\.com/api/webhooks/\\d{17,20}/[A-Za-z0-9_-]{60,80}' },
  { kind: 'AGE_KEY', pattern: 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}' },
  { kind: 'SIGNALBOX_KEY', pattern: 'sb_[A-Za-z0-9]{6,40}_[A-Za-z0-9_-]{16,120}' },
  { kind: 'JWT', pattern: 'eyJ[A-Za-z0-9_-]{10,2000}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{10,700}' },
  { kind: 'AZURE_KEY', pattern: '(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,90}={0,2}', isValue: true },
  {
    kind: 'URL_PASSWORD',
    pattern:
      '(?:https?|ftps?|sftp|ssh|postgres(?:ql)?|mysql|mariadb|mongodb(?:\\+srv)?|rediss?|amqps?|smtps?|ldaps?|nats)://[^\\s:@/"\'<>`,;(){}]{0,64}:[^\\s:@/"\'<>`,;(){}]{3,128}(?=@)',
    isValue: true,
  },
  {
    kind: 'PASSWORD',
    pattern:
      '(?i:(?:[a-z0-9]{1,16}[_-]){0,3}password|passwd|passphrase|passwort|contraseña|mot de passe|senha|пароль|密码|密碼|パスワード)["\']?\\s{0,2}(?:is\\s|ist\\s|est\\s|es\\s|é\\s|:=|=>|[:=：是は])\\s{0,2}["\'`]?[^\\s"\'`,;<>(){}]{6,128}',
    isValue: true,
  },
  {
    kind: 'SECRET',
    pattern:
      '(?i:(?:[a-z0-9]{1,16}[_-]){0,3}(?:api[_-]?key|apikey|secret(?:[_-](?:access[_-])?key)?|access[_-]?token|auth[_-]?token|private[_-]?token))["\']?\\s{0,2}(?::=|=>|[:=])\\s{0,2}["\'`]?[A-Za-z0-9_./+~=-]{16,256}',
    isValue: true,
  },
  {
    kind: 'BEARER_TOKEN',
    pattern: '(?i:authorization["\']?\\s{0,2}[:=]\\s{0,2}["\']?(?:bearer|basic|token)\\s)[A-Za-z0-9_./+~=-]{16,2000}',
    isValue: true,
  },
  // A name and a password, as `Authorization: Basic` and the files of Docker's clients have them.
  { kind: 'BASIC_AUTH', pattern: '(?:(?i:basic\\s)|(?i:auth["\']\\s{0,2}:\\s{0,2}["\']))[A-Za-z0-9+/]{8,2000}={0,2}', isValue: true },
]

/** Examples that documentation shows to everybody. */
const KNOWN_EXAMPLES: ReadonlySet<string> = new Set(['AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'])
const STAND_IN =
  /example|placeholder|your[_-]?|changeme|change_me|redacted|xxxx|\*\*\*|\.\.\.|dummy|process\.env|os\.environ|getenv|\$\{|^\[/i
const COMMON = /^(?:password|pass|secret|user|root|admin|postgres|guest)$/i

/** Whether what a rule matched may be a secret: not an example, a stand-in, or a word. */
export function maySecret(kind: string, secret: string): boolean {
  if (KNOWN_EXAMPLES.has(secret) || /^(.)\1*$/.test(secret)) return false
  if (kind === 'URL_PASSWORD') return !STAND_IN.test(secret) && !COMMON.test(secret)
  if (kind === 'PASSWORD') return !STAND_IN.test(secret) && /\d/.test(secret) && /\p{L}/u.test(secret)
  if (kind === 'BEARER_TOKEN' && isNameAndPassword(decodedText(secret))) return true
  if (kind === 'SECRET' || kind === 'BEARER_TOKEN') {
    return !STAND_IN.test(secret) && /\d/.test(secret) && /[A-Za-z]/.test(secret) && bitsOf(secret) >= 3
  }
  if (kind === 'BASIC_AUTH') return isNameAndPassword(decodedText(secret))
  return true
}

/** Whether a text is `name:password`, and neither is a stand-in. */
function isNameAndPassword(text: string | undefined): boolean {
  const parts = text === undefined ? null : /^[^\s:]{1,64}:(\S{3,128})$/.exec(text)
  return parts !== null && !STAND_IN.test(parts[0]) && !COMMON.test(parts[1] ?? '')
}

/** Entropy a character, in bits, by the text's own frequencies. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
